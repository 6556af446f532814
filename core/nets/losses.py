"""InfoNCE and what it is summed over: plain functions of two matrices (method, section 3).

Choi et al. (2022, arXiv 2207.04471): equation 1 is `info_nce`, equations 2 (five levels) and 3 (four steps
ahead) are both `info_nce_sum`. All of it is computed in float32 at least, also under autocast: a dot product of
an encoder as initialised spreads over a hundred, where bf16 has steps of a half.
"""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

import torch
from torch import Tensor
from torch.nn import functional

Similarity = Literal["dot", "cosine"]

SHORTEST = 1e-6
"""Vectors shorter than this count as so long under the cosine, so that the gradient at zero is finite."""


class Options(TypedDict, total=False):
    """What `info_nce` and `info_nce_sum` take beside the vectors; see `info_nce`."""

    similarity: Similarity
    temperature: float
    symmetric: bool
    decoupled: bool


def similarities(
    anchors: Tensor, positives: Tensor, similarity: Similarity = "dot", temperature: float = 1.0
) -> Tensor:
    """How alike each anchor and each positive are, (n, dim) and (m, dim) -> (n, m), float32 or better.

    Parameters
    ----------
    similarity
        dot: the plain product (equation 1). cosine: of the angle alone.
    temperature
        Similarities are divided by it.
    """
    with torch.autocast(anchors.device.type, enabled=False):
        a, p = _exact(anchors), _exact(positives)
        if similarity == "cosine":
            a, p = (functional.normalize(side, dim=1, eps=SHORTEST) for side in (a, p))
        return a @ p.T / temperature


def info_nce(
    anchors: Tensor,
    positives: Tensor,
    *,
    similarity: Similarity = "dot",
    temperature: float = 1.0,
    symmetric: bool = False,
    decoupled: bool = False,
    offset: int = 0,
) -> Tensor:
    """Cross-entropy of finding each anchor's positive among all positives, a mean over anchors (equation 1).

    Parameters
    ----------
    anchors
        (n, dim).
    positives
        (m, dim); anchor i belongs to positive `offset + i`, all others are its negatives.
    symmetric
        The mean of this and of finding each positive's anchor among all anchors.
    decoupled
        The positive is left out of the denominator (Yeh et al. 2021, arXiv 2110.06848): small
        batches then learn as fast as large ones. Such a loss can be negative.
    offset
        Where the anchors' own positives begin, when positives of other machines were gathered around them.

    Returns
    -------
    A scalar.

    Raises
    ------
    ValueError
        An anchor without a positive; `symmetric` where not every positive has its anchor here; `decoupled`
        where there is no negative.
    """
    n, m = len(anchors), len(positives)
    if not 0 < n <= m - offset <= m:
        raise ValueError(f"{n} anchors at offset {offset} of {m} positives")
    if symmetric and n != m:
        raise ValueError("a symmetric loss needs every positive's anchor: gather both sides")
    if decoupled and m < 2:
        raise ValueError("a decoupled loss needs a negative")
    logits = similarities(anchors, positives, similarity, temperature)  # (n, m)
    loss = _cross_entropy(logits, decoupled, offset)
    return (loss + _cross_entropy(logits.T, decoupled, 0)) / 2 if symmetric else loss


def info_nce_sum(
    anchors: Tensor, positives: Tensor, *, offset: int = 0, **options: Unpack[Options]
) -> Tensor:
    """InfoNCE of each term, summed: over levels (equation 2), over the steps that are predicted (equation 3).

    Parameters
    ----------
    anchors
        (n, terms, dim).
    positives
        (m, terms, dim); term t of an anchor is compared with term t of the positives alone.
    offset, options
        As of `info_nce`.
    """
    pairs = zip(anchors.unbind(1), positives.unbind(1), strict=True)
    return torch.stack([info_nce(a, p, offset=offset, **options) for a, p in pairs]).sum()


def _cross_entropy(logits: Tensor, decoupled: bool, offset: int) -> Tensor:
    """Mean over rows of log(sum(exp(row))) - its own entry's value, in column `offset + row`."""
    own = logits.diagonal(offset)  # (n,)
    if decoupled:
        rows = torch.arange(len(logits), device=logits.device)
        mine = functional.one_hot(rows + offset, logits.shape[1]).bool()
        logits = logits.masked_fill(mine, -torch.inf)
    return (logits.logsumexp(dim=1) - own).mean()


def _exact(vectors: Tensor) -> Tensor:
    """At least float32; float64 stays."""
    return vectors.to(torch.promote_types(vectors.dtype, torch.float32))
