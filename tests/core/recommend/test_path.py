from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.recommend import Catalogue, hubs, unit_rows
from core.recommend.path import POWER, steps, way


def arc(degrees: list[float]) -> NDArray[np.float32]:
    """Points on a circle."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def cloud(n: int, dim: int = 12, seed: int = 0) -> NDArray[np.float32]:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32), None)


def nobody(unit: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.zeros(len(unit), np.bool_)


def cost(unit: NDArray[np.float32], rows: tuple[int, ...]) -> float:
    return float(((1 - steps(unit, rows)) ** POWER).sum())


def test_the_way_takes_even_steps_where_there_are_tracks_for_them() -> None:
    unit = arc([0, 5, 20, 40, 41, 60, 75, 80, 200])
    assert way(unit, [0, 7], 5, nobody(unit)).rows in ((0, 2, 3, 5, 7), (0, 2, 4, 5, 7))


def test_it_is_the_best_of_all_ways_where_the_places_allow_all() -> None:
    """One place: every row may stand there, so nothing is better."""
    unit = cloud(40)
    found = way(unit, [0, 1], 3, nobody(unit)).rows
    best = min(((0, row, 1) for row in range(2, 40)), key=lambda rows: cost(unit, rows))
    assert cost(unit, found) == pytest.approx(cost(unit, best))


def test_it_is_better_than_nearly_all_other_orders_of_its_tracks() -> None:
    unit = cloud(200)
    found = way(unit, [0, 1], 8, nobody(unit)).rows
    others = [cost(unit, (0, *middle, 1)) for middle in permutations(found[1:-1])]
    assert np.mean(np.array(others) < cost(unit, found) - 1e-12) < 0.02


@pytest.mark.parametrize("n", [2, 3, 12, 38, 50])
def test_no_track_comes_twice_and_the_ends_are_the_ends(n: int) -> None:
    unit = cloud(40)
    hidden = nobody(unit)
    hidden[5:9] = True
    before = hidden.copy()
    rows = way(unit, [3, 4], n, hidden).rows
    assert (rows[0], rows[-1]) == (3, 4)
    assert len(set(rows)) == len(rows) == min(n, 36)
    assert not set(rows) & {5, 6, 7, 8}
    assert (hidden == before).all()


def test_stops_are_passed_in_their_order_and_longer_legs_have_more_tracks() -> None:
    unit = arc([*range(0, 91, 2), 180])
    rows = way(unit, [0, 5, 45], 11, nobody(unit), fold=False).rows  # 0, 10 and 90 degrees
    assert rows[0] == 0
    assert rows[-1] == 45
    assert rows.index(5) == 2, "one between the first two, seven between the others"
    assert len(rows) == 11
    # A stop is a stop even where there is no room for anything else.
    assert way(unit, [0, 9, 5, 45], 2, nobody(unit)).rows == (0, 9, 5, 45)


def test_ends_that_sound_the_same_and_ends_that_are_opposite() -> None:
    unit = np.concatenate([arc([0, 0, 10, -5, 90, 170, 180]), np.zeros((1, 2), np.float32)])
    assert set(way(unit, [0, 1], 4, nobody(unit), fold=False).rows) == {0, 1, 2, 3}
    opposite = way(unit, [0, 6], 4, nobody(unit), fold=False).rows
    assert (opposite[0], opposite[-1], len(set(opposite))) == (0, 6, 4)
    assert len(way(unit, [0, 7], 5, nobody(unit), fold=False).rows) == 5, (
        "a row without a direction is an end like another"
    )


def test_versions_of_one_recording_are_folded() -> None:
    unit = arc([0, 30, 30.2, 60, 90])
    known = Catalogue(
        artist=np.zeros(5, np.int64), seconds=np.full(5, 100.0), titles=["A", "B", "B (Remastered)", "C", "D"]
    )
    found = way(unit, [0, 4], 5, nobody(unit), known)
    assert len(found.rows) == 4
    assert found.folded == 1
    assert way(unit, [0, 4], 5, nobody(unit), known, fold=False).rows == (0, 1, 2, 3, 4)
    # A version of an end does not lie on the way either.
    known = Catalogue(artist=known.artist, seconds=known.seconds, titles=["B", "B (Live)", "B", "C", "D"])
    assert 2 not in way(arc([0, 30, 0.1, 60, 90]), [0, 4], 5, nobody(unit), known).rows


def test_the_same_question_has_the_same_answer() -> None:
    unit = np.concatenate([cloud(60)] * 3)
    assert way(unit, [0, 1], 9, nobody(unit)) == way(unit.copy(), [0, 1], 9, nobody(unit))


def clustered(n: int, dim: int) -> NDArray[np.float32]:
    """Groups of unlike density: what is in a narrow one is near to many."""
    rng = np.random.default_rng(0)
    group, width = rng.integers(0, 12, n), rng.uniform(0.3, 1.6, (n, 1))
    raw = rng.standard_normal((12, dim))[group] + width * rng.standard_normal((n, dim))
    return unit_rows(((raw - raw.mean(axis=0)) / raw.std(axis=0)).astype(np.float32), None)


def test_corrected_ways_pass_by_way_of_hubs_less_often() -> None:
    unit = clustered(600, 60)
    scale = hubs.scale(hubs.surroundings(unit))
    lists = np.argsort(-(unit @ unit.T - 2 * np.eye(600)), axis=1)[:, :10]
    strongest = np.argsort(-np.bincount(lists.ravel(), minlength=600))[:12]
    rng = np.random.default_rng(1)
    pairs = [rng.choice(600, 2, replace=False).tolist() for _ in range(40)]

    def share(measure: NDArray[np.float32] | None) -> float:
        ways = [way(unit, pair, 10, nobody(unit), None, measure, fold=False).rows[1:-1] for pair in pairs]
        return float(np.isin(np.concatenate(ways), strongest).mean())

    before, after = share(None), share(scale)
    assert before > 0.04, "twice as often as any other row"
    assert after < 0.6 * before


def test_a_scale_that_says_nothing_changes_nothing() -> None:
    unit = cloud(120)
    even = np.full(120, 0.7, np.float32)
    assert way(unit, [0, 1], 9, nobody(unit), None, even) == way(unit, [0, 1], 9, nobody(unit))


@pytest.mark.parametrize("ends", [[0, 1], [0, 6], [0, 7]])
def test_ends_without_a_plane_are_corrected_too(ends: list[int]) -> None:
    unit = np.concatenate([arc([0, 0, 10, -5, 90, 170, 180]), np.zeros((1, 2), np.float32)])
    scale = hubs.scale(hubs.surroundings(unit))
    rows = way(unit, ends, 4, nobody(unit), None, scale, fold=False).rows
    assert [rows[0], rows[-1], len(set(rows))] == [*ends, 4]
