"""The encoder: five convolutional blocks over a log-mel segment, and its two heads (method, section 2).

At width 1 it has 12,361,856 parameters with the single-level head of 128, 14,525,056 with the
multi-level one, and takes 6.6 GMAC for a segment of 3 s. The lean blocks take 2.2 GMAC.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (1.0, 0.5, 0.25, 0.125)
"""Multipliers of every channel count; the cost falls with their square."""


class Shape(NamedTuple):
    """What one block does at width 1."""

    channels: int
    pool: tuple[int, int]
    """Max pooling over (time, mel)."""
    mels: int
    """Mel bins that are left after pooling, of 96."""
    stride: int = 1
    """Of the convolution, over time and mel."""


BlocksName = Literal["paper", "lean"]
BLOCKS: dict[BlocksName, tuple[Shape, ...]] = {
    "paper": (
        Shape(128, (2, 2), 48),
        Shape(256, (2, 2), 24),
        Shape(256, (2, 2), 12),
        Shape(512, (4, 4), 3),
        Shape(512, (5, 3), 1),
    ),
    # More than half of the paper's products, and nearly all its memory traffic, are in what the first two blocks
    # compute and pool away at once. These stride instead, with half the channels.
    "lean": (
        Shape(64, (1, 1), 48, stride=2),
        Shape(128, (1, 1), 24, stride=2),
        Shape(256, (2, 2), 12),
        Shape(512, (4, 4), 3),
        Shape(512, (5, 3), 1),
    ),
}
"""What is done to a segment, by name: as in the paper, or for a fraction of the time."""
LEVELS = 5
"""Blocks in each of them."""
LEVEL_DIM = 128
"""Length of a level's vector."""


class Block(nn.Module):
    """Convolution 5x5, batch norm, ReLU, max pool."""

    def __init__(self, channels_in: int, channels: int, pool: tuple[int, int], stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, kernel_size=5, padding=2, stride=stride)
        self.norm: nn.Module = nn.BatchNorm2d(channels)
        self.pool: nn.Module = nn.Identity() if pool == (1, 1) else nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels_in, time, mel) -> (batch, channels, time // stride // pool, mel // stride // pool)."""
        # ReLU and max commute, and after pooling there is a quarter or less to rectify.
        return torch.relu(self.pool(self.norm(self.conv(x))))


class Trunk(nn.Module):
    """The five blocks.

    Parameters
    ----------
    width
        Multiplier of the channel counts, one of `WIDTHS`.
    blocks
        Which of `BLOCKS`.
    """

    def __init__(self, width: float = 1.0, blocks: BlocksName = "paper") -> None:
        super().__init__()
        shapes = BLOCKS[blocks]
        self.channels = [int(shape.channels * width) for shape in shapes]
        sources = [1, *self.channels[:-1]]
        self.blocks = nn.ModuleList(
            Block(source, channels, shape.pool, shape.stride)
            for source, channels, shape in zip(sources, self.channels, shapes, strict=True)
        )

    def forward(self, log_mel: Tensor) -> list[Tensor]:
        """(batch, 188, 96) -> the output of every block, as (batch, channels, time, mel)."""
        x = log_mel.unsqueeze(1)  # (batch, 1, 188, 96)
        levels = []
        for block in self.blocks:
            x = block(x)  # (batch, 128, 94, 48), (256, 47, 24), (256, 23, 12), (512, 5, 3), (512, 1, 1)
            levels.append(x)
        return levels


class Encoder(nn.Module):
    """A segment's vector from the last block alone.

    Parameters
    ----------
    dim
        Length of the vector: 128 (siamese) or 256 (MelCPC).
    width, blocks
        See `Trunk`.
    """

    def __init__(self, dim: int = 128, width: float = 1.0, blocks: BlocksName = "paper") -> None:
        super().__init__()
        self.dim = dim
        self.trunk = Trunk(width, blocks)
        self.head = nn.Linear(self.trunk.channels[-1], dim)
        self.apply(initialise)

    def forward(self, log_mel: Tensor) -> Tensor:
        """(batch, 188, 96) -> (batch, dim)."""
        last = self.trunk(log_mel)[-1]  # (batch, 512, 1, 1)
        out: Tensor = self.head(last.flatten(1))  # (batch, dim)
        return out


class MultiLevelEncoder(nn.Module):
    """Five vectors of a segment, one from every block, end to end.

    Parameters
    ----------
    width, blocks
        See `Trunk`.
    level_dim
        Length of each level's vector.
    """

    def __init__(self, width: float = 1.0, blocks: BlocksName = "paper", level_dim: int = LEVEL_DIM) -> None:
        super().__init__()
        self.dim = level_dim * LEVELS
        self.trunk = Trunk(width, blocks)
        self.heads = nn.ModuleList(
            nn.Linear(channels * shape.mels, level_dim)
            for channels, shape in zip(self.trunk.channels, BLOCKS[blocks], strict=True)
        )
        self.apply(initialise)

    def forward(self, log_mel: Tensor) -> Tensor:
        """(batch, 188, 96) -> (batch, 5 * 128), the first block's vector first."""
        levels = self.trunk(log_mel)
        peaks = [_peaks(level).flatten(1) for level in levels]  # (batch, channels * mel)
        vectors = [head(peak) for head, peak in zip(self.heads, peaks, strict=True)]
        return torch.cat(vectors, dim=1)  # (batch, 640)


def _peaks(level: Tensor) -> Tensor:
    """(batch, channels, time, mel) -> (batch, channels, 1, mel), maxima over time.

    On a CPU in bf16 `amax` takes thirty times as long, forward and backward: a tenth of a whole step.
    """
    return functional.adaptive_max_pool2d(level, (1, level.shape[3]))


def initialise(module: nn.Module) -> None:
    """Kaiming uniform for convolutions, Xavier uniform for linear layers, zero biases."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
