"""`earmap export encoder` and `earmap import encoder`."""

from __future__ import annotations

from pathlib import Path

import click

from core.cli_base import Session, command, reading_command


@click.command("encoder")
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace OUT if it is there already.")
@reading_command
def export_encoder(session: Session, name: str, out: Path, force: bool) -> None:
    """Write the encoder NAME with its card to OUT, a file to give away (.safetensors) or a folder."""
    from core.bundles import export_named

    path = export_named(session.library, name, out, overwrite=force)
    session.tell(
        {"encoder": name, "file": str(path), "bytes": path.stat().st_size}, f"{name} written to {path}."
    )


@click.command("encoder")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="What it shall be called here; its own name by default.")
@command
def import_encoder(session: Session, file: Path, name: str | None) -> None:
    """Take an encoder from FILE, which another Earmap has written; what it claims is checked first."""
    from core.bundles import import_encoder as take
    from core.nets.card import learned

    before = {record.name for record in session.library.encoders.all()}
    record = take(session.library, file, name)
    known = record.name in before
    told = learned(record.card)
    text = (
        f"It is here already, as {record.name}." if known
        else f"{record.name} is here now. {told}".strip()
        + f"\nMake its vectors with: earmap embed --encoder {record.name}"
    )  # fmt: skip
    document = {
        "encoder": record.name,
        "strategy": record.strategy,
        "dim": record.track_dim,
        "new": not known,
    }
    session.tell(document, text)
