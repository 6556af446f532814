"""Contrastive predictive coding on log-mel: four segments foretell the next four (method, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from core.nets.encoder import Encoder, initialise
from core.strategies.base import drawn
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

DIM = 256
"""Of a segment's vector y and of the context c, at every width."""
CONTEXT = 4
"""Segments that are heard before anything is foretold: 12 s."""
AHEAD = 4
"""K: segments that are foretold."""


class MelCPC(ContrastiveStrategy):
    """A recurrent network over segments' vectors; each step ahead has a linear predictor of its own.

    Every segment is encoded by itself: a convolution that slid over the context's end would hear the target.
    """

    name = "melcpc"
    title = "MelCPC"
    summary = "Hears twelve seconds and foretells the next twelve."
    learns = "How music goes on: what can be foretold from a passage, its form and drift included."
    in_order = True
    segments = (CONTEXT, AHEAD)
    terms = AHEAD
    presets: ClassVar[Mapping[str, Preset]] = {"paper": paper(), "modern": modern(ANCHOR)}

    def __init__(self, config: ContrastiveConfig) -> None:
        with drawn(config.seed):
            super().__init__(config, Encoder(DIM, config.width, config.blocks), DIM, DIM)
            self.context = nn.GRU(DIM, DIM, batch_first=True)
            self.predictors = nn.ModuleList(nn.Linear(DIM, DIM) for _ in range(AHEAD))  # W_1 .. W_K
            self.predictors.apply(initialise)

    def distance(self, crop: Crop) -> int:
        """The context: its targets follow at once, and 24 s are needed."""
        return crop[ANCHOR]

    def terms_of(self, side: int, log_mels: Tensor) -> Tensor:
        """(batch, 4, 188, 96) -> (batch, 4, 256): W_k c_t of the context, y_{t+k} of what follows (equation 3)."""
        vectors: Tensor = self.encoder(log_mels.flatten(0, 1))
        y = vectors.view(*log_mels.shape[:2], DIM)  # (batch, 4, 256)
        if side == POSITIVE:
            return y
        c = self.context(y)[0][:, -1]  # (batch, 256), the last of 4 outputs
        return torch.stack([predict(c) for predict in self.predictors], dim=1)

    def summarise(self, vectors: Tensor) -> Tensor:
        """(segments, 256) -> (512,): mean and population deviation of what the context network says all along.

        The vectors are a track's segments in their order (method, section 6).
        """
        with torch.no_grad():
            outputs = self.context(vectors[None, :, :DIM])[0][0]  # (segments, 256)
            timbre = vectors[:, DIM:].detach()  # if there is any
        return super().summarise(torch.cat([outputs, timbre], dim=1))
