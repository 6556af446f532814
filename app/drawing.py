"""A map as the window holds it: which track lies where, read in threads from what the job has stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.census import Reader
from app.whereabouts import Whereabouts
from core.library.facet_columns import Ids, places_of
from core.library.records import EncoderRecord

Key = tuple[int, str, str]
"""Encoder's id, plan, method."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A map. All arrays are in the order of `tracks`.

    Parameters
    ----------
    key
        Whose it is.
    encoder
        The same, whole.
    tracks
        (n,) ids, ascending: those that have a file now.
    files
        (n,) the file that stands for each.
    xy
        (n, 2) float32.
    kept
        (n,) float32, the share of its true neighbours that lie near it here; NaN where it was not measured.
    clusters
        (n,) int64, -1 for none.
    placed
        (n,) put among its neighbours after the map was drawn.
    figures
        Of the whole map: trustworthiness, recall, seed_overlap, n, seconds.
    settled
        False for a picture that is still being drawn.
    stamp
        Changes with what is stored.
    """

    key: Key
    encoder: EncoderRecord
    tracks: Ids
    files: Ids
    xy: NDArray[np.float32]
    kept: NDArray[np.float32]
    clusters: Ids
    placed: NDArray[np.bool_]
    figures: Mapping[str, Any] = field(default_factory=dict)
    settled: bool = True
    stamp: tuple[object, ...] = ()

    def __len__(self) -> int:
        return len(self.tracks)

    def rows(self, file_ids: Ids) -> Ids:
        """The rows of those files that are on the map, ascending."""
        return self.whereabouts.among(file_ids)

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """Of the files."""
        return Whereabouts(self.files)

    def rows_of(self, track_ids: Ids) -> Ids:
        """The rows of those tracks that are on the map, in the order asked for."""
        places, there = places_of(self.tracks, np.asarray(track_ids, np.int64))
        return places[there]

    def figure(self, name: str) -> float:
        """One of `figures`; NaN where it was not measured."""
        value = self.figures.get(name)
        return float(value) if isinstance(value, int | float) else math.nan


@dataclass(frozen=True, eq=False)
class Looked:
    """What one look found.

    Parameters
    ----------
    drawing
        None: there is none, or (`same`) it is as it was.
    heard
        Tracks of the person's music that have a vector.
    missing
        Of these, how many are not on the map.
    gone
        On the map, but without a vector or a file now.
    """

    key: Key
    drawing: Drawing | None = None
    same: bool = False
    heard: int = 0
    missing: int = 0
    gone: int = 0


def key_of(reader: Reader, method: str) -> Key:
    """Whose map it would be."""
    return reader.encoder_id, reader.plan, method


def look(method: str, before: Drawing | None, reader: Reader) -> Looked:
    """In a thread: the stored map of the reader's encoder, and how far it is behind the library."""
    key = key_of(reader, method)
    if reader.encoder is None:
        return Looked(key)
    library = reader.library
    record = library.projections.find(*key)
    seen = (record, library.vectors.stamp(reader.encoder.id, reader.plan), library.rows.revision())
    if before is not None and before.key == key and before.stamp == seen:
        return Looked(key, None, True, len(before))
    heard = library.facets.heard(reader.encoder.id, reader.plan)
    if record is None:
        return Looked(key, heard=len(heard), missing=len(heard))
    points = library.projections.arrays(record.id)
    clusters = getattr(points, "clusters", None)
    drawing = arrange(
        reader, key, points.tracks, points.points, kept=points.kept, placed=points.placed, clusters=clusters,
        figures=record.figures, stamp=seen,
    )  # fmt: skip
    known = np.isin(heard, points.tracks)
    return Looked(
        key, drawing, False, len(heard), int(np.count_nonzero(~known)),
        len(points.tracks) - int(np.count_nonzero(known)),
    )  # fmt: skip


def arrange(
    reader: Reader, key: Key, tracks: Ids, xy: NDArray[np.float32], *, kept: NDArray[Any] | None = None,
    placed: NDArray[np.bool_] | None = None, clusters: NDArray[Any] | None = None,
    figures: Mapping[str, Any] | None = None, settled: bool = True, stamp: tuple[object, ...] = (),
) -> Drawing:  # fmt: skip
    """In a thread: a map in the order of its tracks, less those that have no file now."""
    assert reader.encoder is not None
    shown, files = reader.library.facets.files()
    places, there = places_of(shown, tracks)
    rows = np.flatnonzero(there & np.isfinite(xy).all(axis=1))
    rows = rows[np.argsort(tracks[rows], kind="stable")]
    n = len(rows)
    result = Drawing(
        key, reader.encoder, tracks[rows], files[places[rows]], np.ascontiguousarray(xy[rows], np.float32),
        np.full(n, np.nan, np.float32) if kept is None else kept[rows].astype(np.float32),
        np.full(n, -1, np.int64) if clusters is None else clusters[rows].astype(np.int64),
        np.zeros(n, np.bool_) if placed is None else placed[rows].astype(np.bool_),
        dict(figures or {}), settled, stamp,
    )  # fmt: skip
    _ = result.whereabouts  # here and not where it would be waited for
    return result
