"""From vectors to a finished map: neighbours, a start, the method, one size and one direction, what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.library.projections import Points
from core.library.records import EncoderRecord
from core.library.store import Library
from core.projection import clusters, graph, plane, quality
from core.projection.child import Child
from core.projection.graph import Graph, Matrix
from core.projection.methods import Method, Task
from core.projection.place import place
from core.vectors import Snapshot

FEATURES = 50
"""Principal axes for methods that want more than neighbours."""

Stage = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is to be drawn.

    Parameters
    ----------
    tracks
        (n,) those that are fitted, ascending.
    unit
        (n, dim) their rows of length 1.
    rest
        (m,) those that neighbours place among them, as there are too many for the method.
    """

    snapshot: Snapshot
    tracks: NDArray[np.int64]
    unit: Matrix
    rest: NDArray[np.int64]


def sheet(snapshot: Snapshot, tracks: NDArray[np.int64], how: Method) -> Sheet:
    """All of the tracks, or a fair sample of them to be fitted."""
    fitted = tracks
    if len(tracks) > how.most:
        fitted = np.sort(np.random.default_rng(0).choice(tracks, how.sample, replace=False))
    rest = np.setdiff1d(tracks, fitted, assume_unique=True)
    return Sheet(snapshot, fitted, graph.rows_of(snapshot, fitted), rest)


def neighbours(library: Library, encoder: EncoderRecord, plan: str, on: Sheet, watch: Stage) -> Graph:
    """Who is nearest to whom among the fitted tracks; kept beside the library, apart for each size of a sample."""
    key = f"{library.uid}/{encoder.weights_hash}/{encoder.front_end}/{plan}"
    if len(on.rest):
        key += f"/{len(on.tracks)}"
    return graph.of_tracks(library.sidecar("maps"), key, on.snapshot, on.tracks, watch)


def start(on: Sheet, old: Points | None, onto: Points | None) -> plane.Plane:
    """Where the points begin: where an earlier map has them, else along the principal axes, turned onto a map.

    Tracks that an earlier map does not have begin among their neighbours there.
    """
    if old is not None:
        points, known = _old_places(on, old)
        if not known.all():
            points[~known], _ = place(on.unit[~known], on.unit[known], points[known])
        return points
    points = plane.centred(plane.principal(on.unit))
    turned = None if onto is None else plane.aligned(on.tracks, points, onto.tracks, onto.points)
    return points if turned is None else turned


def _old_places(on: Sheet, old: Points) -> tuple[plane.Plane, NDArray[np.bool_]]:
    """(n, 2) where an earlier map has the fitted tracks, and (n,) whether it has them."""
    points, known = np.zeros((len(on.tracks), 2), np.float32), np.zeros(len(on.tracks), np.bool_)
    rows, others = plane.common(on.tracks, old.tracks)
    points[rows], known[rows] = old.points[others], True
    return points, known


def task(
    name: str, on: Sheet, near: Graph, begin: plane.Plane, seed: int, size: float, show: Path | None
) -> Task:
    """What a method works from."""
    wide = np.empty((len(on.unit), 0), np.float32)
    if name == "tsne":
        wide = plane.principal(on.unit, min(FEATURES, on.unit.shape[1]))
    return Task(name, near.rows, near.distances, begin, wide, seed, size, live=show)


def positions(work: Task, child: Child | None, watch: Stage) -> tuple[plane.Plane, float]:
    """(n, 2) what the method says, and its own size; without a child, the principal axes that it begins from."""
    if child is None:
        return plane.centred(work.start), 1.0
    points = child.fit(work, watch)
    if not np.isfinite(points).all():
        raise UserError("The method gave no usable positions.", "Try another method, or another seed.")
    return plane.centred(points), plane.size(points)


def finished(on: Sheet, near: Graph, points: plane.Plane, onto: Points | None, watch: Stage) -> Points:
    """The whole map: turned onto another one, its groups, the rest placed, and the neighbours kept."""
    turned = None if onto is None else plane.aligned(on.tracks, points, onto.tracks, onto.points)
    fitted = Points(on.tracks, points if turned is None else turned)
    fitted = replace(fitted, kept=quality.kept(near.rows, fitted.points), clusters=clusters.k_means(on.unit))
    return fitted.joined(added(fitted, on.unit, on.rest, on.snapshot, watch)) if len(on.rest) else fitted


def added(
    fitted: Points, unit: Matrix, tracks: NDArray[np.int64], snapshot: Snapshot, watch: Stage
) -> Points:  # fmt: skip
    """New tracks placed among the fitted ones.

    Parameters
    ----------
    unit
        (n, dim) rows of the fitted tracks.
    tracks
        (m,) all in the snapshot.
    """
    queries = snapshot.unit[snapshot.rows(tracks)]
    points, rows = place(queries, unit, fitted.points, watch=watch)
    near = quality.on_map_of(points, fitted.points, rows.shape[1])
    groups = _most_common(fitted.clusters[rows])
    return Points(tracks, points, quality.shared(rows, near), np.ones(len(tracks), np.bool_), groups)


def _most_common(groups: NDArray[np.int16]) -> NDArray[np.int16]:
    """(m,) the group that most of (m, k) neighbours are in."""
    top = int(groups.max(initial=-1)) + 2
    counts = np.zeros((len(groups), top), np.int32)
    for column in groups.T:
        counts[np.arange(len(groups)), column.astype(np.int64) + 1] += 1
    return np.asarray(counts.argmax(axis=1) - 1, np.int16)


def worth(on: Sheet, points: Points, watch: Stage) -> dict[str, Any]:
    """Figures of a finished map, of the tracks that were fitted."""
    fitted = points.take(~points.placed)
    return {
        "trustworthiness": round(quality.trustworthiness(on.unit, fitted.points, watch=watch), 4),
        "recall": round(float(np.nanmean(fitted.kept)), 4),
        "blind": round(quality.blind(len(fitted)), 4),
        "k": quality.K, "n_fitted": len(fitted), "n_queries": min(quality.QUERIES, len(fitted)),
    }  # fmt: skip
