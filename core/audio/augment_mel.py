"""Augmentations of log-mel spectrograms: another item in the background, and a part stretched over the whole."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.audio.augment_config import AugmentConfig
from core.audio.augment_draws import Draws, on_device

COLUMNS = ("mixup", "share", "partner", "resize_crop", "time", "start", "mel", "lowest")
"""New ones go to the end: a run keeps its draws."""
STREAM = 2
"""Added to the side: what happens to the log-mel has nothing to do with what happens to the wave."""


class MelAugment(nn.Module):
    """What happens to a view between the front-end and the encoder.

    Parameters
    ----------
    config
        Probabilities and ranges.
    """

    def __init__(self, config: AugmentConfig) -> None:
        super().__init__()
        self.config = config

    @torch.no_grad()
    def forward(
        self,
        log_mels: Tensor,
        seed: int,
        step: int,
        rows: NDArray[np.integer[Any]],
        side: int,
        std: Tensor | float = 1.0,
    ) -> Tensor:
        """Augment a batch of views; to be called with the whole batch, since mixup takes partners from it.

        Parameters
        ----------
        log_mels
            (n, k, frames, bands) of k segments, which share their item's draws; left as they are.
        seed, step, rows, side
            What the items' draws depend on; `rows` is (n,), each once.
        std
            What log10 values were divided by, where they are standardised (their mean does not matter).

        Returns
        -------
        The same shape.
        """
        if side not in self.config.sides:
            return log_mels
        draws = Draws(COLUMNS, seed, step, rows, side + STREAM)
        return self._resized(self._mixed(log_mels, draws, rows, std), draws)

    def _mixed(
        self, log_mels: Tensor, draws: Draws, rows: NDArray[np.integer[Any]], std: Tensor | float
    ) -> Tensor:
        """Mixup as in BYOL-A (Niizumi et al. 2021, eq. 2), in the linear domain.

        Since 1 + c m mixes as m does, log10((1 - a) 10^x + a 10^y) of two x = log10(1 + c m) is exactly the log-mel
        of the mixed (power or magnitude) mel spectrograms: what is louder stays in front, as when two sounds are
        heard at once, where a mean of logarithms would dim both.
        """
        config = self.config.mixup
        chosen = draws.on("mixup", config.p) & (len(rows) > 1)
        if not chosen.any():
            return log_mels
        some = on_device(chosen.nonzero()[0], log_mels.device)
        others = on_device(_partners(draws, rows)[chosen], log_mels.device)
        share = draws.between("share", config.low, config.high)[chosen]
        own, other = (on_device(np.log(np.maximum(s, 1e-30)), log_mels.device) for s in (1 - share, share))
        scale = std * math.log(10)
        mixed = log_mels.clone()
        mixed[some] = torch.logaddexp(
            log_mels[some] * scale + own[:, None, None, None],
            log_mels[others] * scale + other[:, None, None, None],
        ).div_(scale)
        return mixed

    def _resized(self, log_mels: Tensor, draws: Draws) -> Tensor:
        """Random resize crop, of parts that are all inside (BYOL-A's virtual canvas would add silence around)."""
        config = self.config.resize_crop
        chosen = draws.on("resize_crop", config.p)
        if not chosen.any():
            return log_mels
        some = on_device(chosen.nonzero()[0], log_mels.device)
        times = draws.between("time", config.time_low, config.time_high)[chosen]
        bands = draws.between("mel", config.mel_low, config.mel_high)[chosen]
        # In the grid's coordinates an axis goes from -1 to 1, so that a part of it reaches (1 - part) either way.
        later = draws.between("start", -1, 1)[chosen] * (1 - times)
        higher = draws.between("lowest", -1, 1)[chosen] * (1 - bands)
        zero = np.zeros_like(times)
        rows = [[bands, zero, higher], [zero, times, later]]  # x: bands, y: frames
        affine = on_device(np.array(rows).transpose(2, 0, 1), log_mels.device)  # (some, 2, 3)
        parts = log_mels[some]
        grid = functional.affine_grid(affine, list(parts.shape), align_corners=False)
        resized = log_mels.clone()
        resized[some] = functional.grid_sample(parts, grid, padding_mode="border", align_corners=False)
        return resized


def _partners(draws: Draws, rows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """(n,) places of other items, each as likely; by the order of `rows`, whatever order they come in."""
    order = np.argsort(rows, kind="stable")
    place = np.argsort(order, kind="stable")
    count = len(rows)
    partners: NDArray[np.int64] = order[(place + 1 + draws.below("partner", count - 1)) % count]
    return partners
