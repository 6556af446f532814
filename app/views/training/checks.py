"""Whether a run can be started as it was put together, and what the music changes about it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.views.training import words
from app.views.training.more_settings import BATCH, RATE, rate_for
from core.errors import UserError
from core.library import names
from core.training.split import FEWEST, target

if TYPE_CHECKING:
    from core.clips_plan import ClipPlan


def music(plan: ClipPlan, budget_gb: float) -> str:
    """Why there is not enough of it, or no room for it; empty where all is well."""
    usable = plan.tracks - plan.too_short
    if usable < FEWEST:
        return f"There is too little music: {usable} usable tracks, at least {FEWEST} are needed."
    if plan.bytes > budget_gb * words.GB:  # else older clips make way, if need be
        return (
            f"The prepared music would take {words.size(plan.bytes)}, and may take {budget_gb:g} GB: "
            "see Training in the preferences."
        )
    return "There is not enough room on the disk." if plan.bytes_to_write > plan.free_bytes else ""


def clips(strategy: Mapping[str, Any], clip_s: float) -> str:
    """Why clips of so many seconds (0: whole tracks) are too short for a strategy; empty where they are not."""
    needed_s = strategy["needed_s"]
    if not 0 < clip_s < needed_s:
        return ""
    return (
        f"{strategy['title']} needs {needed_s:g} s of each track, but only {clip_s:g} s are prepared: "
        "see Training in the preferences."
    )


def name(text: str) -> str:
    """Why a run cannot be called so; empty where it can."""
    try:
        names.checked(text)
    except UserError as error:
        return f"{error.title} {error.hint}"
    return ""


def largest_batch(plan: ClipPlan, training: Mapping[str, Any], overrides: Mapping[str, Any]) -> int:
    """Pairs in a batch at most: one of each track that is trained on. Versions of one recording make it less."""
    share, candidates = (
        overrides.get(f"training.{key}", training[key]) for key in ("validation_share", "candidates")
    )
    usable = plan.tracks - plan.too_short
    return max(usable - target(usable, share, candidates), 2)


def smaller_batch(preset: Mapping[str, Any], overrides: Mapping[str, Any], most: int) -> str:
    """That batches will have `most` pairs, and what this does to the learning rate; empty where they are smaller."""
    training = preset["training"]
    if most >= overrides.get(BATCH, training["batch"]):
        return ""
    told = f"A batch will have {most:,} pairs at most: there are no more tracks to train on."
    if not preset["lr_batch"] or RATE in overrides:
        return told
    return f"{told} With it the learning rate falls to {rate_for(training, most):.3g}."
