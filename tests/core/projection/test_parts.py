"""Placing, groups, names of regions, and two maps compared."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.library.projections import Points
from core.projection import clusters
from core.projection.compare import compare
from core.projection.place import place
from core.projection.regions import regions
from core.recommend import unit_rows
from tests.map_tools import vectors

RNG = np.random.default_rng(0)


def heaps(counts: list[int], apart: float = 10.0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Heaps of points on a circle, and the heap of each."""
    codes = np.repeat(np.arange(len(counts)), counts)
    angle = codes / len(counts) * 2 * np.pi
    middle = apart * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (middle + RNG.standard_normal((len(codes), 2))).astype(np.float32), codes


def test_a_new_track_lies_at_the_median_of_its_nearest() -> None:
    unit = unit_rows(vectors(range(120), 16), None)
    points = RNG.standard_normal((100, 2)).astype(np.float32)
    found, rows = place(unit[100:], unit[:100], points, 7)
    nearest = np.argsort(-(unit[100:] @ unit[:100].T), axis=1)[:, :7]
    np.testing.assert_allclose(found, np.median(points[nearest], axis=1), atol=1e-6)
    assert rows.shape == (20, 7)
    assert place(unit[100:], unit[:4], points[:4])[1].shape == (20, 4)


def test_groups_by_sound_are_found_whatever_the_map() -> None:
    true = np.repeat([0, 1, 2, 3], [90, 70, 50, 30])
    rows = RNG.standard_normal((4, 32))[true] + 0.3 * RNG.standard_normal((240, 32))
    order = RNG.permutation(240)
    unit = unit_rows(rows[order].astype(np.float32), None)
    assert clusters.k_means(unit, 4).tolist() == true[order].tolist()
    assert (clusters.k_means(unit, 9) == clusters.k_means(unit, 9)).all()


def test_groups_are_numbered_by_size() -> None:
    assert clusters.by_size(np.array([7, 2, 2, -1, 2, 7, 5], np.int16)).tolist() == [1, 0, 0, -1, 0, 1, 2]
    assert [clusters.how_many(n) for n in (2, 5, 50, 469, 10**6)] == [2, 2, 5, 15, 20]
    assert clusters.by_size(np.empty(0, np.int16)).tolist() == []


def test_groups_keep_their_numbers_where_they_are_mostly_the_same() -> None:
    before = np.array([0, 0, 0, 1, 1, 1, 2, 2, -1], np.int16)
    now = np.array([1, 1, 1, 0, 0, 2, 2, 2, 0], np.int16)
    assert clusters.named_as(now, before).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 1]
    # One more than before takes a number that none had.
    assert clusters.named_as(np.array([0, 0, 1, 3], np.int16), np.array([1, 1, 0, -1], np.int16)).tolist()[
        :3
    ] == [1, 1, 0]


def test_dense_heaps_are_groups_and_what_lies_between_is_in_none() -> None:
    points, codes = heaps([60, 40, 30])
    found = clusters.dense(np.concatenate((points, [[0, 0], [50, 50]])))
    for group, code in ((0, 0), (1, 1), (2, 2)):
        assert (found[:-2][codes == code] == group).mean() > 0.9
    assert found[-1] == -1
    assert clusters.dense(points[:4], 5).tolist() == [0] * 4


def test_regions_are_named_by_what_is_there_and_nowhere_else() -> None:
    points, codes = heaps([50, 30, 20])
    found = regions(points, codes, ["jazz", "dub", "folk"])
    assert [region.text for region in found] == ["jazz", "dub", "folk"]
    for region, code in zip(found, range(3), strict=True):
        assert np.hypot(*(points[codes == code].mean(axis=0) - (region.x, region.y))) < 1.5
    assert found[0].weight > found[1].weight > found[2].weight


def test_a_name_that_is_everywhere_names_nothing() -> None:
    points, codes = heaps([40, 40, 40])
    mixed = RNG.integers(0, 3, len(codes))
    assert regions(points, mixed, ["a", "b", "c"]) == []
    assert regions(points, np.full(len(codes), -1), ["a"]) == []
    assert regions(points[:2], codes[:2], ["a"]) == []


def test_names_do_not_stand_on_each_other() -> None:
    points, codes = heaps([30] * 12, apart=20)
    found = regions(
        np.concatenate((points, points)), np.concatenate((codes, codes)), [str(c) for c in range(12)], most=7
    )
    assert len(found) == 7
    spots = np.array([(region.x, region.y) for region in found])
    away = np.linalg.norm(spots[:, None] - spots, axis=2) + 1e9 * np.eye(7)
    assert away.min() > 2


def test_one_spot_has_no_regions() -> None:
    assert regions(np.ones((9, 2)), np.arange(9) % 2, ["drone", "dub"]) == []


def test_a_map_compared_with_its_mirror_image_has_not_moved() -> None:
    points = RNG.standard_normal((80, 2)).astype(np.float32)
    one = Points(np.arange(80), points)
    other = Points(np.arange(80)[::-1].copy(), (points[::-1] * [-3, 3] + 7).astype(np.float32))
    found = compare(one, other)
    assert found.mean == 1
    assert found.moved.max() < 1e-4
    assert found.blind == pytest.approx(15 / 79)


def test_the_track_that_moved_most_comes_first() -> None:
    points, _ = heaps([40, 40])
    strayed = points.copy()
    strayed[5], strayed[50] = strayed[45], strayed[50] + 3
    found = compare(Points(np.arange(80) + 100, points), Points(np.arange(80) + 100, strayed))
    assert found.tracks[found.moved_most(2)].tolist() == [105, 150]
    assert found.overlap[5] == 0
    assert found.mean > 0.8


def test_maps_without_common_tracks_say_nothing() -> None:
    one, other = (
        Points(np.arange(9), np.zeros((9, 2), np.float32)),
        Points(np.arange(7, 16), np.zeros((9, 2), np.float32)),
    )
    found = compare(one, other)
    assert len(found.tracks) == 0
    assert np.isnan(found.mean)
