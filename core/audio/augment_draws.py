"""What chance decides about each item of a batch: a function of (seed, step, row, side) and of nothing else.

Each item has a Philox counter of its own, so that neither the rest of the batch, nor its order, nor the number
of devices changes what happens to it. Every draw has a column of its own, so that an effect that is turned off
does not change the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TAG = 0x6175676D656E74
"""Second half of every key ("augment"): other draws for the same (seed, step, row) have nothing in common."""
WORD = 2**64


class Draws:
    """Uniform numbers for each item.

    Parameters
    ----------
    columns
        Names of what is drawn; a name's numbers depend on its place.
    seed, step, side
        Of the run, of the batch, and which view of the pair it is.
    rows
        (n,) which tracks the items are cut from.
    """

    def __init__(
        self, columns: Sequence[str], seed: int, step: int, rows: NDArray[np.integer[Any]], side: int
    ) -> None:
        table = np.empty((len(rows), len(columns)))
        for values, row in zip(table, rows, strict=True):
            key = np.array([seed % WORD, TAG], np.uint64)
            counter = np.array([0, side, int(row) % WORD, step], np.uint64)  # counts up in the first word
            np.random.Generator(np.random.Philox(key=key, counter=counter)).random(out=values)
        self._table = dict(zip(columns, table.T, strict=True))

    def on(self, name: str, p: float) -> NDArray[np.bool_]:
        """(n,) who is among the share `p`."""
        return self._table[name] < p

    def between(self, name: str, low: float, high: float) -> NDArray[np.float64]:
        """(n,) uniform in [low, high)."""
        return low + (high - low) * self._table[name]

    def octaves(self, name: str, low: float, high: float) -> NDArray[np.float64]:
        """(n,) in [low, high), each octave as likely."""
        return low * (high / low) ** self._table[name]

    def below(self, name: str, count: int) -> NDArray[np.int64]:
        """(n,) one of 0 ... count - 1, each as likely."""
        return (self._table[name] * count).astype(np.int64)


KINDS = {"f": torch.float32, "i": torch.int64, "b": torch.bool}


def on_device(values: NDArray[Any], device: torch.device) -> Tensor:
    """What was drawn, beside the waves: float32, int64 or bool."""
    return torch.from_numpy(values).to(device, KINDS[values.dtype.kind])
