"""Keeps a signal within full scale by looking ahead; what is within it passes bit by bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.playback.ring import Samples

_AHEAD_S, _HOLD_S = 0.01, 0.04
"""The gain begins to fall so long before a peak, and to rise so long after it (s)."""


def sliding_minimum(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The least of each `width` neighbours, (n - width + 1,), in about log2(width) passes."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    if rest:
        values = np.minimum(values[:-rest], values[rest:])
    return values


def sliding_mean(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The mean of each `width` neighbours, (n - width + 1,)."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    means: NDArray[np.float32] = ((sums[width:] - sums[:-width]) / width).astype(np.float32)
    return means


class Limiter:
    """A gain that is 1 wherever the signal and its surroundings are within full scale.

    The gain that each frame needs is held over its surroundings (a sliding minimum) and smoothed (a
    sliding mean no wider than the look-ahead), which never exceeds what is needed.

    Parameters
    ----------
    rate
        Frames a second.
    """

    def __init__(self, rate: int) -> None:
        self._ahead, self._hold = round(_AHEAD_S * rate), round(_HOLD_S * rate)
        self._waiting: Samples = np.zeros((0, 2), np.float32)
        self._needs: NDArray[np.float32] = np.ones(self._hold + self._ahead, np.float32)

    def push(self, samples: Samples) -> Samples:
        """(frames, 2) in; as many out, `ahead` frames later."""
        return self._go_on(samples, self._ahead)

    def flush(self) -> Samples:
        """What still waits; the end of the signal."""
        self._needs = np.concatenate([self._needs, np.ones(self._ahead, np.float32)])
        return self._go_on(self._waiting[:0], 0)

    def _go_on(self, samples: Samples, keep: int) -> Samples:
        need = 1.0 / np.maximum(np.abs(samples).max(axis=1, initial=0.0), 1.0)
        waiting = np.concatenate([self._waiting, samples])
        past = self._hold + self._ahead
        # Gains needed by the `past` frames before the first that waits, by those that wait, and beyond.
        needs = np.concatenate([self._needs, need.astype(np.float32)])
        count = max(len(waiting) - keep, 0)
        self._waiting, self._needs = waiting[count:], needs[count:]
        out = waiting[:count]
        around = needs[: past + count + self._ahead]
        if not count or around.min() == 1.0:
            return out
        held = sliding_minimum(around, self._hold + self._ahead + 1)
        gain = sliding_mean(held, self._ahead + 1)[:count]
        return np.clip(out * gain[:, None], -1.0, 1.0)
