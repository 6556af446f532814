"""From vectors to a finished map: neighbours, a start, the method, one size and one direction, what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.library.projections import Points
from core.library.records import EncoderRecord
from core.library.store import Library
from core.projection import graph, live, plane, quality
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
    """What is to be drawn: the tracks that are fitted, those that are placed among them, and their neighbours.

    Parameters
    ----------
    unit
        (n, dim) rows of length 1 of the fitted tracks, which are those of the graph.
    rest
        (m,) tracks that neighbours place.
    """

    snapshot: Snapshot
    graph: Graph
    unit: Matrix
    rest: NDArray[np.int64]

    @property
    def tracks(self) -> NDArray[np.int64]:
        """(n,) those that are fitted."""
        return self.graph.tracks


def sheet(
    library: Library, encoder: EncoderRecord, plan: str, snapshot: Snapshot, tracks: NDArray[np.int64], how: Method,
    watch: Stage,
) -> Sheet:  # fmt: skip
    """Neighbours of the tracks, or of a fair sample of them where they are too many for the method."""
    key, fitted = graph_key(library, encoder, plan), tracks
    if len(tracks) > how.most:
        key += f"/{how.sample}"
        fitted = np.sort(np.random.default_rng(0).choice(tracks, how.sample, replace=False))
    found, unit = graph.of_tracks(library.sidecar("maps"), key, snapshot, fitted, watch)
    return Sheet(snapshot, found, unit, np.setdiff1d(tracks, fitted, assume_unique=True))


def graph_key(library: Library, encoder: EncoderRecord, plan: str) -> str:
    """Names the very vectors that neighbours are of."""
    return f"{library.uid}/{encoder.weights_hash}/{encoder.front_end}/{plan}"


def start(on: Sheet, old: Points | None, onto: Points | None) -> plane.Plane:
    """Where the points begin: where an earlier map has them, else along the principal axes, turned onto a map.

    Tracks that an earlier map does not have begin among their neighbours there.
    """
    if old is not None:
        points, known = _old_places(on, old)
        if known.sum() >= min(len(known), quality.K):
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


def task(name: str, on: Sheet, begin: plane.Plane, seed: int, show: Path | None) -> Task:
    """What a method works from."""
    wide = np.empty((len(on.unit), 0), np.float32)
    if name == "tsne":
        wide = plane.principal(on.unit, min(FEATURES, on.unit.shape[1]))
    return Task(name, on.graph.rows, on.graph.distances, begin, wide, seed, live=show)


def positions(work: Task, child: Child | None, watch: Stage) -> plane.Plane:
    """(n, 2) what the method says; without a child, the principal axes that it begins from."""
    return plane.centred(work.start if child is None else child.fit(work, watch))


def shown(on: Sheet, work: Task) -> AbstractContextManager[None]:
    """Pictures for whoever looks on, from where the points begin until the block ends."""
    return nullcontext() if work.live is None else live.shown(work.live, on.tracks, work.start)


def finished(on: Sheet, points: plane.Plane, onto: Points | None, watch: Stage) -> Points:
    """The whole map: turned onto another one, the rest placed, and the share of neighbours kept of every track."""
    turned = None if onto is None else plane.aligned(on.tracks, points, onto.tracks, onto.points)
    fitted = Points(on.tracks, points if turned is None else turned)
    fitted = replace(fitted, kept=quality.kept(on.graph.rows, fitted.points))
    return fitted.joined(added(fitted, on.unit, on.rest, on.snapshot, watch)) if len(on.rest) else fitted


def added(
    fitted: Points, unit: Matrix, tracks: NDArray[np.int64], snapshot: Snapshot, watch: Stage
) -> Points:  # fmt: skip
    """New tracks placed among the fitted ones, in bounded memory.

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
