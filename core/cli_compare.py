"""`earmap compare`: what was evaluated, side by side, as a picture or a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from core.cli_base import Session, reading_command
from core.errors import UserError
from core.library.records import EvaluationRecord

if TYPE_CHECKING:  # SciPy comes in with them
    from core.evaluation.columns import Comparison
    from core.evaluation.reference import Probe, TaskName

PICTURES = (".png", ".svg", ".pdf")
TABLES = (".csv", ".md", ".tex")
ROLES: tuple[TaskName, ...] = ("genre", "instrument", "hit-rate")


@click.command()
@click.option("--out", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A picture (.png, .svg, .pdf) or a table (.csv, .md, .tex); may be repeated.")  # fmt: skip
@click.option("--task", "tasks", multiple=True, help="Only tasks with this in their name; may be repeated.")
@click.option("--encoder", "encoders", multiple=True, help="Only these, and the baselines; may be repeated.")
@click.option("--probe", type=click.Choice(["svm", "logistic"]), help="Only this probe.")
@click.option(
    "--reduced", is_flag=True, help="Embeddings reduced to 128 dimensions, as evaluate --pca made them."
)
@click.option("--directions", is_flag=True, help="Whether what the paper's tables say holds here.")
@click.option("--as", "roles", multiple=True, metavar="ROLE=TASK",
              help="With --directions: which task stands for genre, instrument or hit-rate.")  # fmt: skip
@click.option("--dark", is_flag=True, help="A picture on a dark ground.")
@reading_command
def compare(session: Session, files: Sequence[Path], **options: Any) -> None:
    """Show results of `earmap evaluate`: strategies by tasks, with baselines and the paper's numbers beside."""
    _check(files, directions=options["directions"])
    comparison = _comparison(session, options)
    if options["directions"]:
        _tell_directions(session, comparison, files, options)
    else:
        _tell(session, comparison, files, dark=options["dark"])


def _check(files: Sequence[Path], *, directions: bool) -> None:
    """Refuse what could not be written before anything is computed."""
    known = TABLES if directions else (*PICTURES, *TABLES)
    for file in files:
        if file.suffix.lower() not in known:
            raise UserError(
                f"{file.name} does not say which format to write.", f"End the name in {', '.join(known)}."
            )


def _comparison(session: Session, options: dict[str, Any]) -> Comparison:
    from core.evaluation.comparison import compare as side_by_side

    records = session.library.evaluations.all()
    if not records:
        raise UserError("Nothing has been evaluated in this library yet.", "Begin with: earmap evaluate")
    records = _of_tasks(_of_encoders(records, options["encoders"]), options["tasks"])
    found = side_by_side(records, session.library.evaluations.arrays, reduced=options["reduced"])
    if options["probe"]:
        found = found.only(
            lambda column: column.probe not in ("svm", "logistic") or column.probe == options["probe"]
        )
    if not found.columns:
        how = "with embeddings reduced" if options["reduced"] else "with whole embeddings"
        raise UserError(f"Nothing like this has been evaluated {how}.", "See: earmap evaluate --help")
    return found


def _of_encoders(records: Sequence[EvaluationRecord], names: Sequence[str]) -> list[EvaluationRecord]:
    """Those of some encoders; baselines stay."""
    from core.evaluation.columns import BASELINES, MAJORITY

    known = {record.encoder for record in records if record.probe != MAJORITY}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UserError(
            f"The encoder {unknown[0]} has not been evaluated.", f"There are: {', '.join(sorted(known))}."
        )
    return [
        record
        for record in records
        if not names or record.encoder in names or record.probe == MAJORITY or record.strategy in BASELINES
    ]


def _of_tasks(records: Sequence[EvaluationRecord], parts: Sequence[str]) -> list[EvaluationRecord]:
    tasks = dict.fromkeys(record.task for record in records)
    for part in parts:
        if not any(_speaks_of(record, part) for record in records):
            raise UserError(f"No task is called {part}.", f"There are: {'; '.join(tasks)}.")
    return [record for record in records if not parts or any(_speaks_of(record, part) for part in parts)]


def _speaks_of(record: EvaluationRecord, part: str) -> bool:
    """By its name, or by what kind of data set it is."""
    return part.casefold() in record.task.casefold() or part.casefold() == record.spec.get("kind")


def _tell(session: Session, comparison: Comparison, files: Sequence[Path], *, dark: bool) -> None:
    from core.evaluation import tables
    from core.evaluation.footnotes import footnotes

    for file in files:
        if file.suffix.lower() in PICTURES:
            from core.evaluation import picture

            picture.write(file, comparison, dark=dark)
        else:
            tables.write(file, comparison)
    notes = footnotes(comparison)
    document = {
        "encoders": list(comparison.encoders), "tasks": list(comparison.tasks), "reduced": comparison.reduced,
        "results": tables.rows(comparison), "notes": list(notes), "files": [str(file) for file in files],
    }  # fmt: skip
    session.tell(document, _written(files, comparison.notes) if files else tables.text(comparison))


def _written(files: Sequence[Path], notes: Sequence[str]) -> str:
    return "\n".join([*(f"{file} written." for file in files), *notes])


def _tell_directions(
    session: Session, comparison: Comparison, files: Sequence[Path], options: dict[str, Any]
) -> None:
    from core.evaluation import sheets, tables
    from core.evaluation.directions import basis, directions

    roles, probe = _roles(options["roles"]), cast("Probe", options["probe"] or "svm")
    judged = directions(comparison, session.library.evaluations.arrays, probe, roles)
    ground = basis(comparison, probe, roles)
    for file in files:
        tables.write_directions(file, judged, ground)
    notes = tables.directions_notes(judged, ground)
    document = {
        "probe": probe, "directions": tables.directions_rows(judged), "notes": list(notes),
        "files": [str(file) for file in files],
    }  # fmt: skip
    page = sheets.text([tables.directions_sheet(judged)], notes)
    session.tell(document, _written(files, ()) if files else page)


def _roles(pairs: Sequence[str]) -> dict[TaskName, str]:
    """`genre=TASK` as a person writes it."""
    found: dict[TaskName, str] = {}
    for pair in pairs:
        role, _, task = pair.partition("=")
        known = next((each for each in ROLES if each == role.strip().casefold()), None)
        if known is None or not task.strip():
            raise UserError(f"{pair!r} is not of the form ROLE=TASK.", f"Roles are: {', '.join(ROLES)}.")
        found[known] = task.strip()
    return found
