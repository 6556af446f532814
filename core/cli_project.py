"""`earmap project`: draw the map of an encoder's tracks, and write it as a picture or a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from core.cli_base import Session, reading_command
from core.projection.methods import METHODS

COLOURS = ("folder", "album", "artist", "genre", "label", "cluster", "kept")


@click.command()
@click.option("--encoder", help="Encoder's name.")
@click.option(
    "--method", type=click.Choice(list(METHODS)), default="umap", show_default=True, help="How to draw."
)
@click.option("--refit", is_flag=True, help="Draw anew, from where the map is now, instead of adding to it.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 2), help="Another one draws anew, from nothing. [default: 0]"
)
@click.option("--onto", "compare", multiple=True, metavar="ENCODER", help="Turn it onto this encoder's map.")
@click.option("--out", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A picture (.png, .svg) or a table (.csv); may be repeated.")  # fmt: skip
@click.option("--colour", type=click.Choice(COLOURS), default="folder", show_default=True,
              help="What colour stands for in a picture.")  # fmt: skip
@click.option(
    "--no-baseline", is_flag=True, help="Do not draw it twice to see what a mere change of seed does."
)
@reading_command
def project(session: Session, files: Sequence[Path], colour: str, **options: Any) -> None:
    """Draw the map: each track a point, alike tracks near each other.

    A map that is there stays as it is; tracks that are new find their place on it.
    """
    if files:
        from core.projection import picture

        for file in files:
            picture.checked(file)
    encoder = session.encoder(options["encoder"])
    result = session.run(
        "project", encoder=encoder.name, method=options["method"], seed=options["seed"],
        refit=options["refit"], compare=list(options["compare"]), baseline=not options["no_baseline"],
    )  # fmt: skip
    for file in files:
        _write(session, encoder.id, file, colour, result)
    session.tell(
        result | {"files": [str(file) for file in files]},
        "\n".join([_text(result), *(f"Written to {file}." for file in files)]),
    )


def _write(session: Session, encoder_id: int, file: Path, colour: str, result: dict[str, Any]) -> None:
    from core.projection import picture

    maps = session.library.projections
    record = maps.find(encoder_id, session.plan, result["method"])
    assert record is not None
    points = maps.arrays(record.id)
    if file.suffix.lower() == ".csv":
        picture.write_table(file, session.library, points)
        return
    how = picture.colouring(session.library, colour, points)
    title = f"{result['n']} tracks as {result['encoder']} hears them ({METHODS[result['method']].title})"
    picture.write(file, points, how, title, f"Near means alike; directions mean nothing. {_worth(result)}")


def _text(result: dict[str, Any]) -> str:
    """What was done, and what the map is worth."""
    name = METHODS[result["method"]].title
    lines = [f"{result['n']} tracks as {result['encoder']} hears them, {name}, in {result['seconds']} s."]
    if not result["drawn"]:
        lines.append(
            f"The map stayed as it was: {result['added']} tracks added, {result['dropped']} dropped."
        )
    return "\n".join([*lines, _worth(result)])


def _worth(figures: dict[str, Any]) -> str:
    """The figures as sentences; those that were not measured are left out."""
    said = []
    if figures.get("recall") is not None:
        kept = f"{figures['recall']:.0%} of each track's {figures['k']} nearest are near it on the map"
        said.append(f"{kept} (drawn blindly: {figures['blind']:.0%}).")
    if figures.get("seed_overlap") is not None:
        said.append(f"With another seed {figures['seed_overlap']:.0%} of those that are near stay so.")
    if figures.get("trustworthiness") is not None:
        said.append(f"Trustworthiness {figures['trustworthiness']:.3f}.")
    return " ".join(said)
