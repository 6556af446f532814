"""Runs small enough for tests: real clips, real strategies at the smallest width, batches of a few pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import SAMPLE_RATE
from core.audio.clip_store import ClipStore
from core.audio.clips import ClipSet, Int16
from core.training.config import RunConfig, resolve
from core.training.loop import Trainer, Wish
from core.training.meters import Point
from core.training.split import Split, split
from core.training.state import Frozen, State
from core.training.validation import Validated
from tests.clip_tools import PLAN, bare

SMALL: dict[str, Any] = {
    "width": 0.125, "batch": 4, "steps": 6, "validate_every": 3, "candidates": 4, "checkpoint_every": 100,
    "precision": "float32",
}  # fmt: skip


def sound(seed: int, seconds: float) -> Int16:
    """A chord of its own with a rhythm of its own (samples,): segments of one clip are alike."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    notes = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 4000, 4))
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(1, 8) * time)
    return np.round(3000 * notes * beat + rng.normal(0, 30, len(time))).astype(np.int16)


def write_clips(folder: Path, count: int = 16, seconds: float = 8.0, *, album_of: int = 2) -> ClipSet:
    """Clips of as many recordings, some to an album."""
    with ClipStore(folder, PLAN) as store:
        for number in range(count):
            album = f"Album {number // album_of}"
            store.add(
                bare(f"{number:032x}", album=album, artist=f"Artist {number}"), [sound(number, seconds)]
            )
    return ClipSet.open(folder)


def run_config(strategy: str = "adjacent", preset: str = "modern", **overrides: Any) -> RunConfig:
    """A config of a run of few small steps."""
    return resolve(strategy, preset, SMALL | overrides)


def freeze(clips: ClipSet, config: RunConfig) -> Frozen:
    """That config on this machine's processor, with one thread."""
    return Frozen(config=config, device="cpu", threads=1, fingerprint=clips.fingerprint)


def halves(clips: ClipSet, config: RunConfig) -> Split:
    """What is trained on, and what is kept."""
    return split(clips.clips, config.training.validation_share, config.training.candidates)


def trainer(clips: ClipSet, config: RunConfig) -> Trainer:
    """A run at its beginning."""
    found = Trainer(freeze(clips, config), clips, halves(clips, config))
    found.measure()
    return found


class Kept:
    """A watcher that keeps what it hears, and wants something after so many steps."""

    def __init__(self, wants: Wish = "", after: int = 0) -> None:
        self.points: list[Point] = []
        self.validations: list[tuple[int, Validated]] = []
        self.saved: list[State] = []
        self._wants, self._after, self._at = wants, after, 0

    def log(self, points: Sequence[Point], step: int) -> None:
        self.points += points
        self._at = step

    def validated(self, step: int, found: Validated, trainer: Trainer) -> None:
        self.validations.append((step, found))

    def save(self, now: State) -> None:
        copies = {name: tensor.clone() for name, tensor in now.network.items()}
        self.saved.append(replace(now, network=copies))

    def wish(self) -> Wish:
        return self._wants if self._wants and self._at >= self._after else ""

    def curve(self, metric: str) -> dict[int, float]:
        """The values of a metric by step."""
        return {step: value for step, name, value in self.points if name == metric}

    def losses(self) -> list[tuple[int, float, float]]:
        """Validations: step, loss, accuracy."""
        return [(step, found.loss, found.accuracy) for step, found in self.validations]
