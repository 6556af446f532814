"""Long curves made short enough to draw: smoothed, cut to what is in view, and thinned without losing a peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 256
"""Values summed at a time; 256 of the smallest weight's inverse powers still fit into a double."""

LEAST_WEIGHT, MOST_WEIGHT = 0.1, 0.9999


def smooth(values: Floats, weight: float) -> Floats:
    """The exponential moving average of `values` (n,), as TensorBoard draws it.

    y_t = sum_k w^k x_(t-k) / sum_k w^k over all k <= t: the division keeps the start from being pulled to 0.

    Parameters
    ----------
    weight
        Of the past, in [0, 1); 0: the values as they are.
    """
    if weight <= 0 or len(values) < 2:
        return values
    weight = min(max(weight, LEAST_WEIGHT), MOST_WEIGHT)
    blocks = -(-len(values) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(values)] = values
    powers = weight ** np.arange(BLOCK)
    within = np.cumsum(padded.reshape(blocks, BLOCK) / powers, axis=1) * powers
    carried = np.empty(blocks)  # what all blocks before add to the sum at a block's start
    carry = 0.0
    for block, last in enumerate(within[:, -1]):
        carried[block] = carry
        carry = last + carry * weight**BLOCK
    sums = (within + carried[:, None] * (powers * weight)).reshape(-1)[: len(values)]
    counts = -np.expm1(np.arange(1, len(values) + 1) * np.log(weight)) / (1 - weight)
    result: Floats = sums / counts
    return result


def thin(x: Floats, y: Floats, span: tuple[float, float] | None, cells: int) -> tuple[Floats, Floats]:
    """At most about `2 * cells` points of a curve that look like all of it.

    Each cell keeps its lowest and its highest value, in their order. One point on either side of `span` stays,
    so that the line goes on to the edges.

    Parameters
    ----------
    x, y
        (n,) each, x ascending.
    span
        What is in view; None: everything.
    """
    if span is not None:
        first = max(int(np.searchsorted(x, span[0])) - 1, 0)
        last = int(np.searchsorted(x, span[1], side="right")) + 1
        x, y = x[first:last], y[first:last]
    if len(x) <= 2 * cells:
        return x, y
    size = -(-len(x) // cells)
    whole = len(x) // size * size
    parts = y[:whole].reshape(-1, size)
    offsets = np.arange(len(parts)) * size
    found = [parts.argmin(axis=1) + offsets, parts.argmax(axis=1) + offsets, np.array([0, len(x) - 1])]
    if whole < len(x):  # the rest, which fills no cell
        found.append(np.array([y[whole:].argmin(), y[whole:].argmax()]) + whole)
    places = np.unique(np.concatenate(found))
    return x[places], y[places]
