"""`earmap evaluate`: what encoders are worth, on data sets and on the library's own music."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from core import paths
from core.cli_base import Session, command
from core.errors import UserError
from core.evaluation.spec import SOURCES, Source, TaskSpec
from core.settings import DeviceName

OWN = ("report", "albums", "field")
"""Asked of the library's own music where nothing is named."""
PROBES = {"svm": ["svm"], "logistic": ["logistic"], "both": ["svm", "logistic"]}


@click.command()
@click.option(
    "--encoder", "encoders", multiple=True, help="Encoder's name; may be repeated. None: all there are."
)
@click.option("--task", "tasks", multiple=True, metavar="KIND[,OPTION=VALUE...]",
              help="Of the library's own music, such as field,field=artist; may be repeated.")  # fmt: skip
@click.option("--dataset", "sets", multiple=True, metavar="KIND:PATH[,OPTION=VALUE...]",
              help="A data set on disk; a PATH alone is recognised, where it can be. May be repeated.")  # fmt: skip
@click.option(
    "--probe", type=click.Choice(list(PROBES)), help="Without it: both for classes, logistic for tags."
)
@click.option("--seeds", type=click.IntRange(1, 100), default=5, show_default=True,
              help="Draws of splits, or of playlists' queries.")  # fmt: skip
@click.option("--grid", metavar="C,C,...", help="Values of C to choose from, instead of 0.01 to 100.")
@click.option("--pca", is_flag=True, help="Reduce every embedding to 128 dimensions first.")
@click.option("--no-baselines", is_flag=True, help="Leave out MFCC and the untrained networks.")
@click.option(
    "--shortest", type=click.IntRange(2), default=4, show_default=True, help="Tracks of a playlist."
)
@click.option("--longest", type=click.IntRange(0), default=0, help="Tracks of a playlist; 0: any number.")
@click.option("--keep-trained", is_flag=True,
              help="Let tracks take part in playlists that an encoder was trained on.")  # fmt: skip
@click.option("--device", type=click.Choice(get_args(DeviceName)), help="auto: a GPU where there is one.")
@click.option("--list", "listing", is_flag=True, help="Show what can be asked, and how it must look.")
@command
def evaluate(session: Session, **options: Any) -> None:
    """Ask encoders what they know: missing vectors are made first, what is known is not computed again.

    Without --task and --dataset: the report without labels, albums as playlists, and genres, of your own music.
    """
    if options["listing"]:
        _tell_list(session)
        return
    specs = _specs(options["tasks"], options["sets"])
    result = session.run(
        "evaluate", specs=[spec.model_dump() for spec in specs], encoders=list(options["encoders"]),
        probes=PROBES.get(options["probe"], []), seeds=options["seeds"], pca=options["pca"],
        baselines=not options["no_baselines"], device=options["device"],
        rules={key: options[key] for key in ("shortest", "longest", "keep_trained")}, **_grid(options["grid"]),
    )  # fmt: skip
    session.tell(result, _text(result))


def _specs(tasks: Sequence[str], sets: Sequence[str]) -> list[TaskSpec]:
    own = [TaskSpec.parse(text) for text in tasks]
    on_disk = [_on_disk(text) for text in sets]
    return [*own, *on_disk] or [TaskSpec(kind=kind) for kind in OWN]


def _on_disk(text: str) -> TaskSpec:
    """A data set by kind and path, or by a path alone that looks like one."""
    kinds = {source.kind for source in SOURCES}
    if text.partition(":")[0].lower() in kinds or not Path(text).exists():
        return TaskSpec.parse(text)
    from core.evaluation.datasets import recognise

    found = recognise(paths.raw(text))
    if found is None:
        raise UserError(
            f"{paths.display(os.fsencode(text))} looks like no data set that is known.",
            "Name its kind as KIND:PATH. See: earmap evaluate --list",
        )
    return found


def _grid(text: str | None) -> dict[str, list[float]]:
    if text is None:
        return {}
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not values or not all(math.isfinite(value) and 0 < value <= 1e6 for value in values):
        raise UserError(f"The grid cannot be {text[:80]!r}.", "It is numbers above 0, such as 0.1,1,10.")
    return {"grid": values}


def _tell_list(session: Session) -> None:
    document = [
        {
            "kind": source.kind, "title": source.title, "layout": source.layout, "needs": source.needs,
            "asks": source.task_kind,
            "options": [
                {"name": o.name, "help": o.help, "default": o.default, "choices": o.choices} for o in source.options
            ],
        }
        for source in SOURCES
    ]  # fmt: skip
    session.tell({"tasks": document}, "\n".join(line for source in SOURCES for line in _lines(source)))


def _lines(source: Source) -> list[str]:
    how = f"--task {source.kind}" if source.needs == "nothing" else f"--dataset {source.kind}:PATH"
    return [
        f"{how}",
        f"    {source.title}. {source.layout}",
        *(f"    {o.name}={'|'.join(o.choices) or o.default!s}  {o.help}" for o in source.options),
    ]


def _text(result: dict[str, Any]) -> str:
    """Each figure of each task with the encoders below each other."""
    parts: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in result["results"]:
        parts.setdefault((row["task"], row["metric"], row["probe"]), []).append(row)
    lines = [line for rows in parts.values() for line in _block(rows)]
    return "\n".join([*lines, f"{result['computed']} computed, {result['known']} known already."])


def _block(rows: list[dict[str, Any]]) -> list[str]:
    from core.evaluation.columns import metric_title, probe_title

    first = rows[0]
    how = ", ".join(part for part in (metric_title(first["metric"]), probe_title(first["probe"])) if part)
    seeds = f", {first['seeds']} draws" * (first["seeds"] > 1)
    chance = f", chance {first['chance']:.3f}" if first["chance"] is not None else ""
    width = max(len(row["encoder"]) for row in rows)
    return [
        f"{first['task']}: {how} (n {first['n']}{seeds}{chance})",
        *(f"  {row['encoder']:{width}}  {_value(row)}" for row in rows),
        "",
    ]


def _value(row: dict[str, Any]) -> str:
    if row["mean"] is None:
        return "    -"
    between = f"  [{row['low']:.3f}, {row['high']:.3f}]" if row["low"] is not None else ""
    return f"{row['mean']:.3f}{between}"
