"""Numbers and times in words that a musician understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a job is called in the window, and what it counts.
JOBS = {
    "scan": ("Looking for music", "files"),
    "embed": ("Listening to the music", "tracks"),
    "train": ("Training an encoder", "steps"),
    "trial": ("Trying a training", "steps"),
    "evaluate": ("Evaluating encoders", "results"),
    "project": ("Drawing a map", "steps"),
    "import_encoder": ("Importing an encoder", "files"),
    "export_encoder": ("Exporting an encoder", "files"),
}
# What a finished job's result says, in this order: (name, words).
OUTCOMES = {
    "scan": (("found", "found"), ("new", "new"), ("changed", "changed"), ("missing", "missing")),
    "embed": (("embedded", "listened to"), ("partial", "cut short"), ("failed", "failed"),
              ("skipped", "left out"), ("pending", "waiting")),
    "train": (("steps", "steps learned"),),
    "project": (("n", "on the map"), ("added", "new")),
    "evaluate": (("computed", "results computed"), ("known", "known already")),
}  # fmt: skip
# A job's figures in words; one that is shown elsewhere is empty here.
FIGURES = {
    "device": "on {}",
    "decode_x": "reading {:,.0f} × real time",
    "encode_x": "encoder {:,.0f} × real time",
    "tracks_per_s": "",
    "others": "other programs take {:.0%} of the processors",
    "folder": "in {}",
    "loss": "loss {:.3g}",
    "accuracy": "right picks {:.0%}",
    "val_accuracy": "held out {:.0%}",
    "pairs_per_s": "{:,.0f} pairs/s",
    "task": "{}",
    "encoder": "{}",
    "probe": "{}",
    "fits": "{:,} fits",
}
STATES = {
    "waiting": "Waiting", "running": "Running", "stopping": "Stopping…", "completed": "Finished",
    "cancelled": "Stopped", "failed": "Failed", "interrupted": "Interrupted",
}  # fmt: skip


def job_title(kind: str) -> str:
    """What the job `kind` is called."""
    return JOBS[kind][0] if kind in JOBS else kind.replace("-", " ").replace("_", " ").capitalize()


def unit(kind: str) -> str:
    """What the job `kind` counts."""
    return JOBS[kind][1] if kind in JOBS else "steps"


def rate(per_second: float, what: str) -> str:
    """`4.1 tracks/s`, or by the minute where that says more."""
    if per_second >= 100:
        return f"{per_second:,.0f} {what}/s"
    if per_second >= 1:
        return f"{per_second:.1f} {what}/s"
    return f"{per_second * 60:.1f} {what}/min"


def outcome(kind: str, result: Mapping[str, Any]) -> str:
    """`41 found · 3 new`: what a finished job's result says; empty where it says nothing of that kind."""
    parts = [(result.get(name, 0), words) for name, words in OUTCOMES.get(kind, ())]
    return " · ".join(f"{number:,} {words}" for number, words in parts if number)


def figure(name: str, value: object) -> str:
    """One of a job's figures; a name that nobody gave words to is shown as it is."""
    if name in FIGURES:
        return FIGURES[name].format(value)
    text = f"{value:,.3g}" if isinstance(value, float) else str(value)
    return f"{name.replace('_', ' ')} {text}"


def time_left(seconds: float) -> str:
    """`about 3 min left`, no more exact than can be known."""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 55:
        return f"about {max(round(seconds / 5), 1) * 5} s left"
    if seconds < 55 * 60:
        return f"about {max(round(seconds / 60), 1)} min left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"about {hours} h {minutes} min left" if hours < 10 else f"about {round(seconds / 3600)} h left"


def took(seconds: float) -> str:
    """`1 h 4 min`, `2 min 5 s`, `12 s`."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 track`, `1,240 tracks`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
