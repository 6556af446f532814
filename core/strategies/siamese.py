"""Two 3 s segments of one track through one encoder, single and multi level (method, section 4).

The three families differ in one thing: which segment is the positive of an anchor. Its multi-level twin compares
the outputs of all five blocks instead of the last one's (equation 2 instead of 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field
from torch import Tensor

from core.audio import SAMPLE_RATE
from core.audio.augment_config import PAPER
from core.nets.encoder import LEVELS
from core.strategies.base import LevelsConfig, drawn, network
from core.strategies.contrastive import (
    ANCHOR,
    POSITIVE,
    ContrastiveConfig,
    ContrastiveStrategy,
    Crop,
    modern,
    paper,
)
from core.training.preset import Preset

GAP = SAMPLE_RATE // 2
"""Samples between an anchor and the segment after it: 0.5 s."""
BOTH = (ANCHOR, POSITIVE)


class Siamese(ContrastiveStrategy):
    """One encoder hears both sides; which segments they are is left to the subclass."""

    segments = (1, 1)
    terms = 1

    def __init__(self, config: ContrastiveConfig) -> None:
        with drawn(config.seed):
            encoder = network(config)
            super().__init__(config, encoder, encoder.dim, encoder.dim // self.terms)

    def terms_of(self, side: int, log_mels: Tensor) -> Tensor:  # noqa: ARG002 - both sides are heard alike
        """(batch, 1, 188, 96) -> (batch, terms, dim): a term for each level."""
        vectors: Tensor = self.encoder(log_mels[:, 0])  # (batch, terms * dim)
        return vectors.view(len(vectors), self.terms, -1)


class Self(Siamese):
    """The positive is the anchor itself; what the augmentation changes is what is learned to be ignored."""

    name = "self"
    title = "Self"
    summary = "Hears a segment and an altered copy of it as the same."
    learns = (
        "What stays when the same three seconds are stretched, filtered or played in another room: timbre and "
        "notes of the moment."
    )
    presets: ClassVar[Mapping[str, Preset]] = {"paper": paper(PAPER), "modern": modern(*BOTH)}

    def distance(self, crop: Crop) -> int:  # noqa: ARG002 - whatever is cut
        """None: 3 s are enough."""
        return 0


class Adjacent(Siamese):
    """The positive is the segment after the anchor, half a second later."""

    name = "adjacent"
    title = "Adjacent"
    summary = "Hears a segment and the one after it as the same."
    learns = "What stays from one moment to the next: instruments, groove and mood of a passage."
    presets: ClassVar[Mapping[str, Preset]] = {"paper": paper(), "modern": modern(*BOTH)}

    def distance(self, crop: Crop) -> int:
        """The anchor and the gap: 6.5 s are needed."""
        return crop[ANCHOR] + GAP


class SameTrackConfig(ContrastiveConfig):
    """How far apart two segments of a track may be."""

    reach: float = Field(
        0.0, ge=0, le=3600, title="Reach (s)",
        description="Most that may lie between the two segments. 0: anything, the whole track.",
    )  # fmt: skip


class SameTrack(Siamese):
    """The positive is any segment of the track that does not overlap the anchor."""

    name = "same-track"
    title = "Same track"
    summary = "Hears any two segments of a track as the same."
    learns = "What a whole track has in common, however its parts differ: style, sound and production."
    presets: ClassVar[Mapping[str, Preset]] = {"paper": paper(), "modern": modern(*BOTH)}
    Config = SameTrackConfig

    config: SameTrackConfig

    def distance(self, crop: Crop) -> int:
        """At the least, the anchor: 6 s are needed."""
        return crop[ANCHOR]

    def places(self, spare: int, rng: np.random.Generator, crop: Crop) -> tuple[int, int]:
        """Uniform over all pairs of places that do not overlap, whichever side is first.

        For either order, a pair is how many samples that are nobody's lie before the first side and how many
        before the second: 0 <= i <= j <= spare, as many pairs for one order as for the other. So a coin draws
        the order, and two distinct numbers below spare + 2, sorted, are (i, j + 1), each equally often.
        """
        farthest = round(self.config.reach * SAMPLE_RATE) or spare
        before, until = _anywhere(spare, rng) if farthest >= spare else _near(spare, farthest, rng)
        first = int(rng.integers(2))
        later = until + crop[first]
        return (before, later) if first == ANCHOR else (later, before)


def _anywhere(spare: int, rng: np.random.Generator) -> tuple[int, int]:
    """(i, j), 0 <= i <= j <= spare, every pair as likely."""
    low, high = sorted(rng.choice(spare + 2, size=2, replace=False).tolist())
    return low, high - 1


def _near(spare: int, farthest: int, rng: np.random.Generator) -> tuple[int, int]:
    """As `_anywhere`, j - i <= farthest <= spare: what does not fit is drawn again, at most every second time."""
    while True:
        start, between = int(rng.integers(spare + 1)), int(rng.integers(farthest + 1))
        if start + between <= spare:
            return start, start + between


class MultiConfig(ContrastiveConfig, LevelsConfig):
    """The loss, and all levels."""


class SameTrackMultiConfig(SameTrackConfig, LevelsConfig):
    """How far apart, the loss, and all levels."""


class SelfMulti(Self):
    """`Self` at all five levels."""

    name = "self-multi"
    title = "Self, multi-level"
    summary = "Hears a segment and an altered copy of it as the same, after each of its five blocks."
    learns = f"{Self.learns.removesuffix('.')}, from single sounds up to the whole segment."
    Config = MultiConfig
    terms = LEVELS


class AdjacentMulti(Adjacent):
    """`Adjacent` at all five levels."""

    name = "adjacent-multi"
    title = "Adjacent, multi-level"
    summary = "Hears a segment and the one after it as the same, after each of its five blocks."
    learns = f"{Adjacent.learns.removesuffix('.')}, from single sounds up to the whole segment."
    Config = MultiConfig
    terms = LEVELS


class SameTrackMulti(SameTrack):
    """`SameTrack` at all five levels."""

    name = "same-track-multi"
    title = "Same track, multi-level"
    summary = "Hears any two segments of a track as the same, after each of its five blocks."
    learns = f"{SameTrack.learns.removesuffix('.')}, from single sounds up to the whole segment."
    Config = SameTrackMultiConfig
    terms = LEVELS
