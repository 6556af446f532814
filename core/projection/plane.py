"""Positions in the plane: principal axes to begin from, one size for every map, one map turned onto another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.standardise import chunks

Plane = NDArray[np.float32]
"""(n, 2)."""

FEWEST_COMMON = 3


def principal(unit: NDArray[np.float32], dims: int = 2) -> NDArray[np.float32]:
    """(n, dims) coordinates along the directions in which (n, dim) rows vary most; zero where there are fewer.

    Worked out from the covariance in bounded memory; each direction's largest weight is positive, so that the
    picture never comes out mirrored.
    """
    n, dim = unit.shape
    mean = unit.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((dim, dim))
    for part in chunks(n):
        away = unit[part] - mean
        covariance += away.T @ away
    _, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, ::-1][:, :dims]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    result = np.zeros((n, dims), np.float32)
    for part in chunks(n):
        result[part, : axes.shape[1]] = (unit[part] - mean) @ axes
    return result


def centred(points: NDArray[np.floating]) -> Plane:
    """Shifted and scaled to a mean of 0 and a mean square distance of 1 from there."""
    away, length = points - points.mean(axis=0, dtype=np.float64), size(points)
    return np.asarray(away / length if length > 0 else away, np.float32)


def size(points: NDArray[np.floating]) -> float:
    """Root of the mean square distance from the mean: a map's radius."""
    away = points - points.mean(axis=0, dtype=np.float64)
    return float(np.sqrt((away**2).sum(axis=1).mean()))


@dataclass(frozen=True, eq=False)
class Turn:
    """Rotation or reflection, scale and shift: y = scale * (x - origin) @ matrix + target.

    Parameters
    ----------
    matrix
        (2, 2), orthogonal.
    origin, target
        (2,).
    """

    matrix: NDArray[np.float64]
    scale: float
    origin: NDArray[np.float64]
    target: NDArray[np.float64]

    def __call__(self, points: NDArray[np.floating]) -> Plane:
        """(n, 2) points, turned."""
        return np.asarray(self.scale * (points - self.origin) @ self.matrix + self.target, np.float32)


def turn(points: NDArray[np.floating], onto: NDArray[np.floating]) -> Turn:
    """What brings (n, 2) points nearest to (n, 2) others of the same tracks (orthogonal Procrustes).

    Schoenemann (1966), Psychometrika 31: the matrix is U V' of the singular value decomposition of X' Y. The scale
    makes both equally large: the least-squares one shrinks a map the more, the less the two agree.
    """
    x, y = points.astype(np.float64), onto.astype(np.float64)
    origin, target = x.mean(axis=0), y.mean(axis=0)
    x, y = x - origin, y - target
    u, _, v = np.linalg.svd(x.T @ y)
    sizes = np.sqrt((x**2).sum()), np.sqrt((y**2).sum())
    scale = sizes[1] / sizes[0] if min(sizes) > 0 else 1.0
    return Turn(u @ v, float(scale), origin, target)


def common(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the tracks that both have, in the same order."""
    _, rows, others = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return rows, others


def aligned(
    tracks: NDArray[np.int64], points: Plane, onto_tracks: NDArray[np.int64], onto: Plane
) -> Plane | None:
    """The points turned onto another map's by the tracks that both have; None under three of them."""
    rows, others = common(tracks, onto_tracks)
    if len(rows) < FEWEST_COMMON:
        return None
    return turn(points[rows], onto[others])(points)


def moved(points: Plane, onto: Plane) -> NDArray[np.float32]:
    """(n,) how far each point lies from itself on another map, in that map's radius."""
    return np.asarray(np.linalg.norm(points - onto, axis=1) / (size(onto) or 1.0), np.float32)
