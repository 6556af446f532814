"""What the trained strategies share: two sides of a pair, represented in terms, pulled together by InfoNCE.

A side is some consecutive 3 s segments of a clip. Each side becomes (batch, terms, dim), and the loss is the sum
over terms of InfoNCE (method, section 3): one term for a single-level encoder, one a level for a multi-level
one, one a step ahead for a predictive one. Training needs to know nothing more of a strategy.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from core.audio import SEGMENT
from core.audio.augment_config import MODERN
from core.nets.encoder import initialise
from core.nets.losses import Options, Similarity, info_nce_sum, similarities
from core.strategies.base import EncoderStrategy, NetworkConfig
from core.training.preset import Preset

ANCHOR, POSITIVE = 0, 1
"""The two sides of a pair."""
Crop = tuple[int, int]
"""Samples that are cut from a clip for each side, all its segments in one piece."""


class ContrastiveConfig(NetworkConfig):
    """The encoder, and the loss it is trained with."""

    similarity: Similarity = Field(
        "dot",
        title="Similarity",
        description="dot: the plain product, as the paper. cosine: the angle alone.",
    )
    temperature: float = Field(
        1.0, ge=0.01, le=10, title="Temperature",
        description="Similarities are divided by it: the lower, the more the hardest negatives count.",
    )  # fmt: skip
    symmetric: bool = Field(
        False,
        title="Symmetric loss",
        description="Also find the anchor of each positive, not only the reverse.",
    )
    decoupled: bool = Field(
        False, title="Decoupled loss",
        description="Leave the positive out of the denominator: made for small batches (Yeh et al. 2021).",
    )  # fmt: skip
    head: Literal["none", "mlp"] = Field(
        "none", title="Head",
        description="mlp: the loss sees the embedding through two more layers, which embedding leaves out.",
    )  # fmt: skip


class Head(nn.Module):
    """A two-layer perceptron with batch norm for each term; only the loss sees what comes out.

    Parameters
    ----------
    terms
        How many vectors an item has.
    dim
        Length of each, before and after.
    """

    def __init__(self, terms: int, dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Linear(dim, dim, bias=False), nn.BatchNorm1d(dim), nn.ReLU(), nn.Linear(dim, dim)
            )
            for _ in range(terms)
        )
        self.apply(initialise)

    def forward(self, vectors: Tensor) -> Tensor:
        """(batch, terms, dim) -> the same shape."""
        return torch.stack(
            [layers(term) for layers, term in zip(self.layers, vectors.unbind(1), strict=True)], 1
        )


class ContrastiveStrategy(EncoderStrategy):
    """A strategy that learns from pairs of sides of one clip.

    A subclass sets the class variables, builds its network in `__init__` (all of it inside `drawn`), and says
    with `distance` which segments belong together and with `terms_of` what the loss sees of them.
    """

    trainable = True
    segments: ClassVar[tuple[int, int]]
    """How many consecutive 3 s segments each side has."""
    terms: ClassVar[int]
    """How many InfoNCE losses are summed."""
    presets: ClassVar[Mapping[str, Preset]]
    """Defaults by name: `paper`, `modern`."""
    learns: ClassVar[str]
    """One sentence on what it learns to tell apart, for somebody who chooses."""
    Config = ContrastiveConfig

    config: ContrastiveConfig

    def __init__(self, config: ContrastiveConfig, encoder: nn.Module, dim: int, term_dim: int) -> None:
        super().__init__(config, encoder, dim)
        self.head: nn.Module = Head(self.terms, term_dim) if config.head == "mlp" else nn.Identity()

    @abstractmethod
    def distance(self, crop: Crop) -> int:
        """Samples from the anchor's start to the positive's; where it varies, when nothing is between them."""

    @abstractmethod
    def terms_of(self, side: int, log_mels: Tensor) -> Tensor:
        """(batch, segments[side], 188, 96) -> (batch, terms, dim), before the head."""

    def needed(self, crop: Crop | None = None) -> int:
        """Samples a clip must have to be trained on.

        Parameters
        ----------
        crop
            Samples that are cut for each side: more than are heard (the default, 3 s a segment) where that side's
            augmentation stretches time (`AugmentConfig.crop`).
        """
        crop = crop or self._heard
        return max(crop[ANCHOR], self.distance(crop) + crop[POSITIVE])

    def starts(self, samples: int, rng: np.random.Generator, crop: Crop | None = None) -> tuple[int, int]:
        """Where the two sides begin in a clip, uniform over all there is; side s ends `crop[s]` later.

        What is cut for one side is never cut for the other, unless both are the same segment by intent.

        Parameters
        ----------
        samples
            Length of the clip.
        crop
            As of `needed`.

        Raises
        ------
        ValueError
            The clip is shorter than `needed(crop)`.
        """
        crop = crop or self._heard
        spare = samples - self.needed(crop)
        if spare < 0:
            raise ValueError(f"a clip of {samples} samples, where {self.needed(crop)} are needed")
        return self.places(spare, rng, crop)

    def places(self, spare: int, rng: np.random.Generator, crop: Crop) -> tuple[int, int]:
        """The starts in a clip that is `spare` samples longer than needed: here, at a fixed distance."""
        start = int(rng.integers(spare + 1))
        return start, start + self.distance(crop)

    def log_mels(self, waves: Tensor) -> Tensor:
        """Standardised log-mel of each segment by itself, (batch, k, 48000) -> (batch, k, 188, 96), float32."""
        frames: Tensor = self.standardise(self.log_mel(waves.flatten(0, 1)))
        return frames.view(*waves.shape[:2], *frames.shape[1:])

    def represent(self, side: int, log_mels: Tensor) -> Tensor:
        """What the loss sees of a side, (batch, segments[side], 188, 96) -> (batch, terms, dim)."""
        if log_mels.shape[1] != self.segments[side]:
            raise ValueError(f"side {side} has {self.segments[side]} segments, got {log_mels.shape[1]}")
        vectors: Tensor = self.head(self.terms_of(side, log_mels))
        return vectors

    def loss(self, anchors: Tensor, positives: Tensor, offset: int = 0) -> Tensor:
        """The sum over terms of InfoNCE, (n, terms, dim) and (m, terms, dim) -> a scalar.

        Parameters
        ----------
        offset
            Where the anchors' own positives begin (see `core.nets.losses.info_nce`).
        """
        return info_nce_sum(anchors, positives, **self._options(), offset=offset)

    def logits(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """What the loss ranks by, summed over terms: (n, terms, dim) and (m, terms, dim) -> (n, m)."""
        pairs = zip(anchors.unbind(1), positives.unbind(1), strict=True)
        similarity, temperature = self.config.similarity, self.config.temperature
        return torch.stack([similarities(a, p, similarity, temperature) for a, p in pairs]).sum(0)

    @property
    def _heard(self) -> Crop:
        """Samples of each side that the encoder hears."""
        return self.segments[ANCHOR] * SEGMENT, self.segments[POSITIVE] * SEGMENT

    def _options(self) -> Options:
        config = self.config
        return Options(
            similarity=config.similarity,
            temperature=config.temperature,
            symmetric=config.symmetric,
            decoupled=config.decoupled,
        )


def paper(augment: Mapping[str, Any] | None = None) -> Preset:
    """What the paper does (method, section 5); clean audio unless said otherwise."""
    training = {
        "optimiser": "adam", "lr": 1e-3, "weight_decay": 0.0, "schedule": "plateau", "plateau_factor": 0.2,
        "plateau_patience": 5, "clip": 1.0, "warmup": 0.02, "batch": 48,
    }  # fmt: skip
    model = {"similarity": "dot", "temperature": 1.0, "symmetric": False, "head": "none", "log_mel": "paper"}
    # Nothing is on: `sides` only says where an effect goes that somebody turns on.
    return Preset(model=model, training=training, augment=dict(augment or {"sides": (POSITIVE,)}))


def modern(*sides: int) -> Preset:
    """What later work found to be better (method, section 5), with the sides that are augmented.

    The spectrogram is the paper's: with the other one three strategies lost 0.06 to 0.09 HR@10 on soundtracks they had
    not heard, and on copies with one codec, bandwidth and loudness none was shown to gain
    (`tests/bench/first_day/switches.py`).
    """
    training = {
        "optimiser": "adamw", "lr": 3e-4, "weight_decay": 1e-5, "schedule": "cosine", "clip": 1.0,
        "warmup": 0.05, "batch": 128,
    }  # fmt: skip
    model = {
        "similarity": "cosine", "temperature": 0.1, "symmetric": True, "head": "mlp", "log_mel": "paper",
    }  # fmt: skip
    return Preset(model=model, training=training, augment={**MODERN, "sides": sides}, scale_lr=True)
