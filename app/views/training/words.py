"""Runs, plans and predictions in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app import wording
from app.run_view import RunView

if TYPE_CHECKING:
    from core.clips_plan import ClipPlan

STATES = {
    "waiting": "Waiting", "preparing": "Preparing", "running": "Learning", "stopping": "Pausing…", "paused": "Paused",
    "finished": "Finished", "failed": "Failed", "interrupted": "Interrupted", "elsewhere": "Learning elsewhere",
}  # fmt: skip
KB, MB, GB = 1e3, 1e6, 1e9


def state(run: RunView) -> str:
    """`About 3 min left` while it learns, else what it is."""
    told = STATES[run.state]
    if run.state == "preparing" and run.job is not None and run.job.stage:
        return f"{run.job.stage} · {_share(run.job.done, run.job.total)}".removesuffix(" · ")
    if run.state == "running" and run.seconds_left is not None:
        left = wording.time_left(run.seconds_left)
        return left[0].upper() + left[1:]
    return told


def _share(done: int, total: int | None) -> str:
    return f"{done:,} of {total:,}" if total else ""


def steps(run: RunView) -> str:
    """`400 / 2,000`."""
    return f"{run.step:,} / {run.steps:,}" if run.steps else ""


def percent(share: float) -> str:
    """`43 %`, `1.6 %`."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"


def size(count: float) -> str:
    """Bytes: `310 MB`, `1.9 GB`."""
    if count >= GB:
        return f"{count / GB:,.1f} GB"
    return f"{count / MB:,.0f} MB" if count >= MB else f"{count / KB:,.0f} kB"


def predicted(told: Mapping[str, Any]) -> str:
    """Time, disk and memory as a trial or the first steps foretell them; empty where nothing is known."""
    seconds, preparing = told.get("predicted_s", told.get("seconds")), float(told.get("decode_s") or 0.0)
    parts = []
    if seconds is not None:  # a trial's figure has the preparing in it, a run's own has none
        before = f" after {wording.took(preparing)} of preparing" if preparing else ""
        parts.append(f"{wording.took(float(seconds) - preparing)}{before}")
    if (disk := told.get("disk_bytes")) is not None:
        parts.append(f"{size(float(disk))} more of disk")
    return ", ".join([*parts, *_memory(told)])


def real(told: Mapping[str, Any]) -> str:
    """Time, disk and memory that a run has taken; empty where nothing is known."""
    parts = []
    if (seconds := told.get("seconds")) is not None:
        parts.append(wording.took(float(seconds)))
    if (own := told.get("disk_bytes")) is not None:
        clips = told.get("clip_bytes")
        beside = "" if clips is None else f" + {size(float(clips))} of prepared music"
        parts.append(f"{size(float(own))}{beside}")
    return ", ".join([*parts, *_memory(told)])


def _memory(told: Mapping[str, Any]) -> list[str]:
    memory = told.get("memory_bytes")
    return [] if memory is None else [f"{size(float(memory))} of memory"]


def plan(told: ClipPlan) -> str:
    """What is heard, what it takes on the disk, and how much of it is there already."""
    heard = (
        f"{wording.count(told.tracks, 'track')}, {length(told.seconds)} of sound, {size(told.bytes)} of disk"
    )
    if not told.to_decode:
        return f"{heard}. All of it is prepared already."
    left = f"{wording.count(told.to_decode, 'track')} to prepare first ({size(told.bytes_to_write)}; "
    return f"{heard}. {left}{size(told.free_bytes)} are free)."


def left_out(told: ClipPlan) -> str:
    """What cannot be used, and why."""
    parts = []
    if told.too_short:
        parts.append(f"{told.too_short:,} too short")
    if told.unreadable:
        parts.append(f"{told.unreadable:,} cannot be read now")
    return f"Left out: {', '.join(parts)}." if parts else ""


def length(seconds: float) -> str:
    """`3.9 h`, `12 min`."""
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:,.0f} min"
