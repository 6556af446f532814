from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.spread import starts
from core.recommend import measure, unit_rows
from core.recommend.moments import Best, pairs, start_of


def rows(n: int, dim: int = 5, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32), None)


def test_the_most_alike_moments_are_found_and_lie_apart() -> None:
    a, b = rows(9), rows(12, seed=1)
    found = pairs(a, b, 4)
    i, j, score = found[0]
    assert (i, j) == np.unravel_index((a @ b.T).argmax(), (9, 12))
    assert score == pytest.approx(float(a[i] @ b[j]))
    assert [one[2] for one in found] == sorted((one[2] for one in found), reverse=True)
    for k in (0, 1):
        places = sorted(one[k] for one in found)
        assert np.diff(places).min() > 1, "two neighbouring segments are one moment"


def test_short_tracks_have_fewer_pairs() -> None:
    assert len(pairs(rows(1), rows(30, seed=1), 3)) == 1
    assert len(pairs(rows(3), rows(4, seed=1), 9)) <= 2


@given(st.lists(st.integers(1, 7), min_size=1, max_size=12), st.booleans())
def test_the_best_moment_of_each_track_is_that_of_a_plain_search(
    counts: list[int], standardised: bool
) -> None:
    segments = (np.random.default_rng(sum(counts)).standard_normal((sum(counts), 4)) * 3 + 1).astype(
        np.float16
    )
    stats = (
        measure(np.random.default_rng(1).standard_normal((40, 4)).astype(np.float32))
        if standardised
        else None
    )
    unit = unit_rows(segments.astype(np.float32), stats)
    query = unit[0]
    best = Best(query, stats)
    firsts = np.cumsum([0, *counts])
    half = len(counts) // 2
    for some in (slice(0, half), slice(half, None)):  # in two batches
        tracks = np.arange(100, 100 + len(counts))[some]
        own = np.array(counts)[some]
        begin = firsts[: len(counts)][some]
        part = segments[begin[0] : begin[-1] + own[-1]] if len(begin) else segments[:0]
        best.add(tracks, own, part)
    expected = []
    for track in range(len(counts)):
        scores = unit[firsts[track] : firsts[track + 1]] @ query
        expected.append((100 + track, int(scores.argmax()), float(scores.max())))
    expected.sort(key=lambda one: -one[2])
    found = best.found()
    assert found.scores.tolist() == pytest.approx([one[2] for one in expected], abs=1e-4)
    assert found.counts.tolist() == [counts[track - 100] for track in found.tracks]
    for track, place, score in zip(found.tracks, found.places, found.scores, strict=True):
        inside = unit[firsts[track - 100] : firsts[track - 99]] @ query
        assert score == pytest.approx(float(inside[place]), abs=1e-4)
        assert score == pytest.approx(float(inside.max()), abs=1e-4)


def test_segments_without_a_number_or_a_direction_are_like_nothing() -> None:
    segments = np.array([[0, 0], [np.inf, 1], [np.nan, 1], [1, 1]], np.float16)
    best = Best(np.array([1.0, 0.0], np.float32), None)
    with np.errstate(invalid="ignore"):
        best.add(np.array([1, 2, 3, 4]), np.ones(4, np.int64), segments)
    found = best.found()
    assert found.tracks.tolist() == [4, 1, 2, 3]
    assert found.scores.tolist() == pytest.approx([0.5**0.5, 0, 0, 0], abs=1e-6)


def test_nothing_that_passes_by_leaves_nothing() -> None:
    best = Best(np.array([1.0, 0.0], np.float32), None)
    best.add(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 2), np.float16))
    assert len(best.found().tracks) == len(best.found().scores) == 0


def test_segments_begin_where_the_plan_put_them() -> None:
    assert start_of(7, 40, 0, 120.0) == 21
    at = starts(100 * 16_000, 10)
    assert [start_of(place, 10, 10, 100.0) for place in range(10)] == [one / 16_000 for one in at]
    assert start_of(2, 3, 10, 10.0) == 6, "a track too short for so many is taken whole"
    assert start_of(3, 10, 10, None) == 9, "nobody knows how long it is"
