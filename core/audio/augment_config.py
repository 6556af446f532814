"""What may be done to a view before the encoder hears it; torch-free, since the window shows it too."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.audio import SEGMENT

MARGIN = 1.2
"""A view that is stretched is cut from this times its length, so that it is never padded."""


class Effect(BaseModel):
    """Something done to a share of the items; ranges are drawn from uniformly."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    p: float = Field(0.0, ge=0, le=1, title="Probability", description="Share of the items; 0: off, 1: all.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """`..._low` (or `low`) may not exceed its `..._high`."""
        for name in type(self).model_fields:
            high = name.removesuffix("low") + "high"
            if name.endswith("low") and getattr(self, name) > getattr(self, high):
                raise ValueError(f"{name} is above {high}")
        return self


class Pitch(Effect):
    """Pitch shift that keeps the duration."""

    semitones: tuple[Annotated[int, Field(ge=-4, le=4)], ...] = Field(
        (-2, -1, 1, 2), min_length=1, title="Semitones", description="One of these, each as likely."
    )


class Stretch(Effect):
    """Time stretch that keeps the pitch: what lasted d seconds lasts d / speed."""

    low: float = Field(0.8, ge=0.5, le=2, title="Lowest speed", description="Below 1: slower.")
    high: float = Field(1.2, ge=0.5, le=2, title="Highest speed", description="Above 1: faster.")


class Filter(Effect):
    """Second-order low-pass or high-pass (Butterworth), as likely the one as the other, as each octave of corners."""

    low_pass_low: float = Field(
        1500.0, ge=20, le=7900, title="Lowest low-pass corner (Hz)", description="Where it is 3 dB down."
    )
    low_pass_high: float = Field(
        7000.0, ge=20, le=7900, title="Highest low-pass corner (Hz)", description="Where it is 3 dB down."
    )
    high_pass_low: float = Field(
        60.0, ge=20, le=7900, title="Lowest high-pass corner (Hz)", description="Where it is 3 dB down."
    )
    high_pass_high: float = Field(
        600.0, ge=20, le=7900, title="Highest high-pass corner (Hz)", description="Where it is 3 dB down."
    )


class Reverb(Effect):
    """Reverberation: a room's exponentially decaying noise, mixed with the sound."""

    decay_low: float = Field(
        0.2, ge=0.05, le=1, title="Shortest decay (s)", description="Until it is 60 dB down (RT60)."
    )
    decay_high: float = Field(
        1.0, ge=0.05, le=1, title="Longest decay (s)", description="Until it is 60 dB down (RT60)."
    )
    wet_low: float = Field(
        0.1, ge=0, le=1, title="Smallest wet share", description="0: the sound alone, 1: the room alone."
    )
    wet_high: float = Field(
        0.5, ge=0, le=1, title="Largest wet share", description="0: the sound alone, 1: the room alone."
    )


class Noise(Effect):
    """White noise, so far below the item's own power."""

    snr_low: float = Field(
        5.0, ge=-20, le=80, title="Lowest signal-to-noise ratio (dB)", description="To the item's own power."
    )
    snr_high: float = Field(
        25.0,
        ge=-20,
        le=80,
        title="Highest signal-to-noise ratio (dB)",
        description="To the item's own power.",
    )


class Polarity(Effect):
    """The wave upside down. A magnitude spectrogram does not see it; kept for the record."""


class Mixup(Effect):
    """Another item of the batch in the background (log-mel)."""

    low: float = Field(
        0.2, ge=0, le=0.5, title="Smallest share", description="Of the other item's magnitude."
    )
    high: float = Field(
        0.4, ge=0, le=0.5, title="Largest share", description="Of the other item's magnitude."
    )


class ResizeCrop(Effect):
    """A part of the log-mel, stretched over the whole: other tempo, transposed, nothing invented."""

    time_low: float = Field(
        0.6, ge=0.1, le=1, title="Smallest part of the time", description="1: all of it, as it is."
    )
    time_high: float = Field(
        1.0, ge=0.1, le=1, title="Largest part of the time", description="1: all of it, as it is."
    )
    mel_low: float = Field(
        0.6, ge=0.1, le=1, title="Smallest part of the mel bands", description="1: all of it, as it is."
    )
    mel_high: float = Field(
        1.0, ge=0.1, le=1, title="Largest part of the mel bands", description="1: all of it, as it is."
    )


class AugmentConfig(BaseModel):
    """Augmentations in the order in which they are applied; all are off unless asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sides: tuple[Literal[0, 1], ...] = Field(
        (0, 1), title="Augmented sides", description="0: the anchor or context, 1: the positive or target."
    )
    pitch: Pitch = Field(default_factory=Pitch, title="Pitch shift")
    stretch: Stretch = Field(default_factory=Stretch, title="Time stretch")
    filter: Filter = Field(default_factory=Filter, title="Filter")
    reverb: Reverb = Field(default_factory=Reverb, title="Reverberation")
    noise: Noise = Field(default_factory=Noise, title="Noise")
    polarity: Polarity = Field(default_factory=Polarity, title="Polarity inversion")
    mixup: Mixup = Field(default_factory=Mixup, title="Mixup")
    resize_crop: ResizeCrop = Field(default_factory=ResizeCrop, title="Random resize crop")

    def crop(self, side: int, segments: int = 1) -> int:
        """Samples to cut for a view of so many segments of 3 s: 57,600 a segment where it is stretched."""
        if side not in self.sides or not (self.pitch.p or self.stretch.p):
            return SEGMENT * segments
        return segments * math.ceil(SEGMENT * max(MARGIN, self.stretch.high))


PAPER: dict[str, Any] = {
    "sides": (1,),
    "pitch": {"p": 1.0},
    "stretch": {"p": 1.0},
    "reverb": {"p": 0.5},
    "noise": {"p": 0.5},
    "polarity": {"p": 0.5},
}
"""The paper's five, of the positive alone (`self` and `self-multi`; the other strategies hear clean audio)."""

MODERN: dict[str, Any] = {
    "sides": (0, 1),
    "filter": {"p": 0.5},
    "noise": {"p": 0.5},
    "mixup": {"p": 0.5},
    "resize_crop": {"p": 0.5},
}
"""Both views of the siamese strategies, without pitch shift; MelCPC takes `sides` (0,).

Time stretch and reverb take longest, and were not shown to help `same-track` or `self`
(`tests/bench/first_day/switches.py`).
"""
