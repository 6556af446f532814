"""`earmap train`: a run begun, resumed or tried out from the command line; alone or under torchrun.

`torchrun --nproc-per-node 2 -m core.cli train STRATEGY ...` trains with two processes; only the first one knows
the library.
"""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, get_args

import click

from core import settings as settings_module
from core.cli_base import Session, command
from core.errors import Cancelled, UserError
from core.jobs import runner
from core.library.names import checked
from core.settings import DeviceName

F = TypeVar("F", bound=Callable[..., Any])

SEEN = ("loss", "val_loss", "val_accuracy")


def _first_process(function: F) -> F:
    """Have torchrun's other processes follow the first one, which alone knows the library, where it trains."""

    @wraps(function)
    def wrapper(**options: Any) -> Any:
        if not int(os.environ.get("RANK", "0")):
            return function(**options)
        if options["listing"] or options["trial"]:
            return None
        runner.find("train")
        from core.jobs.train import follow
        from core.training.prepare import Params

        return follow(Params.model_validate(_params(options)))

    return wrapper  # type: ignore[return-value] # click calls it with the options


def _setting(_context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Any]:
    """`key=value` as a person writes it; a value may be JSON."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"{pair!r} is not of the form key=value.")
        try:
            values[key.strip()] = json.loads(value)
        except ValueError:
            values[key.strip()] = value.strip()
    return values


@click.command()
@click.argument("strategy", required=False, default="")
@click.option("--list", "listing", is_flag=True, help="Show what can be trained, and what each learns.")
@click.option(
    "--preset", default="modern", show_default=True, help="paper: as published. modern: later findings."
)
@click.option("--width", type=float, help="Of every layer: 1, 0.5, 0.25 or 0.125.")
@click.option("--steps", type=click.IntRange(1), help="How many.")
@click.option("--name", default="", help="Of the run and its encoder.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", callback=_setting,
              help="Any field, such as batch=64, lr=1e-3 or noise.p=0.3; may be repeated.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run --name, else with the last one.")
@click.option("--finish", is_flag=True, help="With --resume: take its encoder as it is.")
@click.option("--device", type=click.Choice(get_args(DeviceName)), help="auto: a GPU where there is one.")
@click.option(
    "--seconds", type=click.FloatRange(0, 3600), help="From the middle of each track; 0: all of it."
)
@click.option("--query", default="", help="Learn from what this search finds, such as 'genre:jazz'.")
@click.option("--clips", default="", help="Learn from this folder of clips instead of the library's music.")
@click.option("--trial", is_flag=True, help="Only say what it would take, after 20 s of it.")
@click.option("--embed", is_flag=True, help="Afterwards embed the library with the new encoder.")
@_first_process
@command
def train(session: Session, **options: Any) -> None:
    """Train an encoder on the library's music: STRATEGY as `earmap train --list` shows them.

    Ctrl-C pauses; --resume goes on from there, with the very numbers that it would have had.
    """
    if options["listing"]:
        _tell_list(session)
        return
    params = _params(options)
    if options["trial"]:
        found = session.run("trial", **params)
        session.tell(found, _trial_text(found))
        return
    params["name"] = name = _name(session, params)
    try:
        result = session.run("train", **params)
    except Cancelled:
        raise Cancelled(_how_to_resume(session, name)) from None
    record = session.library.encoders.get(result["encoder"])
    document = result | {"card": record.card, "curves": _curves(session, result["run"])}
    if options["embed"]:
        document["embed"] = session.run("embed", encoder=record.name)
    session.tell(document, _text(document))


def _params(options: dict[str, Any]) -> dict[str, Any]:
    """Of the job, from what was typed."""
    strategy, resume = options["strategy"], options["resume"]
    if not strategy and not resume:
        raise UserError("Which strategy?", "See them with: earmap train --list")
    overrides = dict(options["overrides"])
    overrides |= {key: options[key] for key in ("width", "steps") if options[key] is not None}
    return {
        "strategy": strategy, "preset": options["preset"], "name": options["name"], "overrides": overrides,
        "resume": resume, "finish": options["finish"], "device": options["device"], "clips": options["clips"],
        "clip_seconds": options["seconds"], "music": {"query": options["query"]},
    }  # fmt: skip


def _name(session: Session, params: dict[str, Any]) -> str:
    """The run's name, known before it begins so that it can be told when it is paused."""
    runner.find("train")  # first: it says how threads wait, which torch reads when it is loaded
    from core.training.config import resolve
    from core.training.prepare import proposed, unfinished

    if params["resume"]:
        return unfinished(session.library, params["name"]).name
    if params["name"]:
        return checked(params["name"])
    return proposed(session.library, resolve(params["strategy"], params["preset"], params["overrides"]))


def _how_to_resume(session: Session, name: str) -> str:
    run = session.library.runs.find(name)
    if run is None:
        return "Nothing had been learned yet; clips that were made are kept."
    elsewhere = session.library.path != settings_module.default_library()
    library = f" --library {shlex.quote(str(session.library.path))}" if elsewhere else ""
    return (
        f"{name} is paused after step {run.step} of {run.steps}. "
        f"Go on with: earmap train --resume --name {shlex.quote(name)}{library}"
    )


def _curves(session: Session, name: str) -> dict[str, dict[str, list[Any]]]:
    points = session.library.runs.points(session.library.runs.get(name).id)
    return {
        metric: {
            "steps": steps.tolist(),
            "values": [value if math.isfinite(value) else None for value in values.tolist()],
        }
        for metric, (steps, values) in points.curves.items()
    }


def _tell_list(session: Session) -> None:
    from core.training.describe import describe

    found = describe()["strategies"]
    lines = [f"{entry['name']:18} {entry['summary']}\n{'':18} {entry['learns']}" for entry in found]
    session.tell({"strategies": found}, "\n".join(lines))


def _text(document: dict[str, Any]) -> str:
    figures = document["figures"]
    seen = [
        f"{key} {document['card']['figures'][key]:.4g}" for key in SEEN if key in document["card"]["figures"]
    ]
    return (
        f"{document['encoder']}: {document['steps']} steps in {figures.get('seconds', 0):.0f} s; {', '.join(seen)} "
        f"(chance {document['card']['figures']['chance']:.4g}).\n"
        f"Use it with: earmap embed --encoder {shlex.quote(document['encoder'])}"
    )


def _trial_text(found: dict[str, Any]) -> str:
    minutes = found["predicted_s"] / 60
    return (
        f"{found['steps']} steps on {found['device']} ({found['precision']}) would take about {minutes:.1f} min: "
        f"{found['pairs_per_s']:.1f} pairs a second in batches of {found['batch']}; {found['decode_s'] / 60:.1f} min "
        f"of it to decode {found['tracks']} tracks.\n"
        f"Disk {found['disk_bytes'] / 1e6:.0f} MB, memory {found['memory_bytes'] / 1e6:.0f} MB. {found['note']}"
    )
