"""How healthy a representation is: figures that a loss alone does not show.

Everything is measured in float64, on what the loss sees, term by term (a term is a level, or a step ahead) and
averaged over the terms: each has an InfoNCE of its own and lives on a sphere of its own.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

FLAT = 1e-6
"""A cloud of points whose spread is under this share of their length is one point and rounding."""


def measure(anchors: Tensor, positives: Tensor, logits: Tensor) -> dict[str, float]:
    """All figures of one validation.

    Parameters
    ----------
    anchors, positives
        (n, terms, dim), row by row a pair.
    logits
        (n, n), or (groups, c, c) where pairs are compared in groups of c candidates; positives on the diagonal.

    Returns
    -------
    `accuracy`, `alignment`, `uniformity` (of anchors and positives, averaged), `effective_rank` (of the positives)
    and `logit_std`; NaN where a number is not finite.
    """
    near, far = _exact(anchors), _exact(positives)
    both = (near, far)
    return {
        "accuracy": accuracy(logits),
        "alignment": _mean([alignment(a, p) for a, p in zip(near.unbind(1), far.unbind(1), strict=True)]),
        "uniformity": _mean([uniformity(term) for side in both for term in side.unbind(1)]),
        "effective_rank": _mean([effective_rank(term) for term in far.unbind(1)]),
        "logit_std": logit_std(logits),
    }


def alignment(anchors: Tensor, positives: Tensor) -> float:
    """Mean squared distance of a pair on the unit sphere: 0 (the same point) to 4 (opposite).

    Wang & Isola (2020), arXiv 2005.10242, section 4.1 with alpha = 2.

    Parameters
    ----------
    anchors, positives
        (n, dim).
    """
    apart = functional.normalize(anchors, dim=1) - functional.normalize(positives, dim=1)
    return float(apart.square().sum(1).mean())


def uniformity(vectors: Tensor) -> float:
    """How evenly points cover the unit sphere: 0 where all are one, about -4 for a uniform cloud in many dimensions.

    Wang & Isola (2020), arXiv 2005.10242, section 4.1 with t = 2: the logarithm of the mean Gaussian potential
    over all pairs of two different items.

    Parameters
    ----------
    vectors
        (n, dim), n at least 2.
    """
    if len(vectors) < 2:
        return math.nan
    unit = functional.normalize(vectors, dim=1)
    # On the sphere |x - y|^2 = 2 - 2 x.y, but a difference of two nearly equal numbers would lose what is small.
    exponents = -2 * torch.pdist(unit).square()
    return float(exponents.logsumexp(0) - math.log(len(exponents)))


def effective_rank(vectors: Tensor) -> float:
    """In how many directions the points spread: 1 (a line, or one point) to min(n - 1, dim).

    Roy & Vetterli (2007), "The effective rank": exp of the entropy of the singular values divided by their sum. It
    is taken of the centred vectors, since what all have in common tells no two tracks apart.

    Parameters
    ----------
    vectors
        (n, dim).
    """
    if not vectors.isfinite().all():
        return math.nan
    centred = vectors - vectors.mean(0)
    if (
        centred.norm() <= FLAT * vectors.norm()
    ):  # one point: what is left are rounding errors in every direction
        return 1.0
    values: Tensor = torch.linalg.svdvals(centred)
    return float(torch.special.entr(values / values.sum()).sum().exp())


def logit_std(logits: Tensor) -> float:
    """How far an anchor's candidates lie apart before the softmax: population deviation, root mean square over anchors.

    Parameters
    ----------
    logits
        (..., n, c). What all candidates of an anchor share is left out, as the softmax leaves it out.
    """
    return float(_exact(logits).var(-1, correction=0).mean().sqrt())


def accuracy(logits: Tensor) -> float:
    """Share of anchors that find their positive; one that shares the first place with k others counts 1 / (k + 1).

    Parameters
    ----------
    logits
        (..., c, c), positives on the diagonal.
    """
    if not logits.isfinite().all():
        return math.nan
    own = logits.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
    first = (own >= logits).all(-1)
    return float((first / (logits == own).sum(-1)).double().mean())


def _exact(values: Tensor) -> Tensor:
    return values.detach().to("cpu", torch.float64)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan
