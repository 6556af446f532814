"""What every comparison starts from: MFCC statistics, and encoders that learned nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from core.audio.features import MFCC
from core.strategies.base import (
    EncoderStrategy,
    LevelsConfig,
    NetworkConfig,
    Report,
    Strategy,
    StrategyConfig,
    drawn,
    network,
    unwatched,
)


class MfccStrategy(Strategy):
    """20 coefficients, their means and then their population deviations over a segment's frames."""

    name = "mfcc"
    title = "MFCC"
    summary = "The classic description of timbre. Nothing is learned; fast, and ready at once."
    front_end = MFCC.version

    def __init__(self, config: StrategyConfig) -> None:
        super().__init__(config)
        self.mfcc = MFCC()
        self.dim = 2 * self.mfcc.coefficients

    @property
    def track_dim(self) -> int:
        """The frames of a track are pooled, not its segments: no longer than one segment's."""
        return self.dim

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, 48000) -> (batch, 40)."""
        std, mean = torch.std_mean(self.mfcc(waves), dim=1, correction=0)
        return torch.cat([mean, std], dim=1)

    def summarise(self, vectors: Tensor) -> Tensor:
        """(segments, 40) -> (40,): mean and deviation over all frames of all segments, exactly.

        Segments have equally many frames, so the variance over all frames is the mean of the
        segments' variances and the variance of their means.
        """
        means, stds = vectors.double().chunk(2, dim=1)
        variance = stds.square().mean(0) + means.var(0, correction=0)
        return torch.cat([means.mean(0), variance.sqrt()]).float()


class RandomStrategy(EncoderStrategy):
    """The single-level encoder as initialised, its batch norm calibrated."""

    name = "random"
    title = "Random encoder"
    summary = "The network before any training: what its architecture alone already hears."
    Config = NetworkConfig
    calibration_segments = 1000

    def __init__(self, config: NetworkConfig) -> None:
        with drawn(config.seed):
            encoder = network(config)
        super().__init__(config, encoder, encoder.dim)

    def calibrate(self, waves: Tensor, report: Report = unwatched) -> None:
        """Log-mel standardisation first: batch norm sees what it changes."""
        self.measure_standardisation(waves)
        self.calibrate_batch_norm(waves, report)


class RandomMultiStrategy(RandomStrategy):
    """The multi-level encoder as initialised, its batch norm calibrated."""

    name = "random-multi"
    title = "Random encoder, multi-level"
    summary = "The untrained network again, listened to after each of its five blocks."
    Config = LevelsConfig
