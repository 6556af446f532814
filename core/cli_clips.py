"""`earmap export clips` and `earmap import clips`: the music to train from, for a machine that has none."""

from __future__ import annotations

from pathlib import Path

import click

from core.cli_base import Session, command, reading_command


@click.command("clips")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--codec", type=click.Choice(["flac", "opus"]), default="flac", show_default=True,
              help="flac gives every sample back; opus is far smaller.")  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(0, 3600), help="From the middle of each track; 0: whole tracks."
)
@click.option(
    "--search", "query", default="", help="Only what a search finds, such as 'genre:jazz year:1959'."
)
@reading_command
def export_clips(session: Session, out: Path, codec: str, seconds: float | None, query: str) -> None:
    """Pack the music that encoders learn from into the new folder OUT, in files of at most 60 MB."""
    result = session.run("clips", out=str(out), codec=codec, seconds=seconds, query=query)
    session.tell(
        result,
        f"{result['clips']} clips ({result['plan']}), {result['bytes'] / 1e6:.1f} MB, packed into "
        f"{result['files']} files of {result['packed_bytes'] / 1e6:.1f} MB in {out}. Take them in with: "
        f"earmap import clips FOLDER",
    )


@click.command("clips")
@click.argument("folder", type=click.Path(path_type=Path))
@command
def import_clips(session: Session, folder: Path) -> None:
    """Unpack the clips of FOLDER beside this library, so that it can train without the music."""
    result = session.run("unpack", folder=str(folder))
    session.tell(
        result,
        f"{result['clips']} clips ({result['plan']}), {result['bytes'] / 1e6:.1f} MB; {result['imported']} of "
        f"them from elsewhere. Train with: earmap train",
    )
