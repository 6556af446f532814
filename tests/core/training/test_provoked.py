"""Verdicts on runs that really go wrong, and on one that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.library.records import Curve
from core.training import health
from core.training.verdicts import verdicts
from tests.training_tools import Kept, run_config, trainer, write_clips

FAR_TOO_FAST = {"lr": 1.0, "schedule": "constant", "warmup": 0.0}
"""Under a plain dot product; with cosines it depends on the processor's rounding whether all is lost in 8 steps."""


def curves(kept: Kept) -> dict[str, Curve]:
    """As they are kept in the library."""
    points = list(kept.points)
    for step, found in kept.validations:
        figures = health.measure(found.anchors, found.positives, found.logits)
        points += [(step, name, value) for name, value in figures.items() if name != "accuracy"]
        points += [(step, "val_loss", found.loss), (step, "val_accuracy", found.accuracy)]
    names = {name for _, name, _ in points}
    parted = {name: [(step, value) for step, metric, value in points if metric == name] for name in names}
    return {
        name: (np.array([s for s, _ in pairs], np.int64), np.array([v for _, v in pairs]))
        for name, pairs in parted.items()
    }


@pytest.mark.parametrize(
    ("preset", "choices", "first"), [("paper", FAR_TOO_FAST, ["collapse"]), ("modern", {}, [])]
)
def test_a_collapse_is_called_by_its_name_and_a_good_run_is_not(
    preset: str, choices: dict[str, Any], first: list[str], tmp_path: Path
) -> None:
    clips = write_clips(tmp_path, 32, album_of=4)
    config = run_config(
        "adjacent", preset, steps=8, batch=8, candidates=8, validate_every=4, sides=[], **choices
    )
    made, kept = trainer(clips, config), Kept()
    made.run(kept)
    found = curves(kept)
    said = verdicts(found, config, made.validation.chance, made.strategy.terms)
    assert [verdict.kind for verdict in said][:1] == first, {k: v[1].tolist() for k, v in found.items()}
