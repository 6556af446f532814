from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from core.projection import quality
from core.projection.graph import nearest
from core.recommend import unit_rows
from tests.map_tools import vectors

N = 400
UNIT = unit_rows(vectors(range(N), 16), None)
POINTS = (UNIT[:, :2] + 0.2 * np.random.default_rng(0).standard_normal((N, 2))).astype(np.float32)


@pytest.mark.parametrize("k", [1, 5, 15])
def test_trustworthiness_is_that_of_scikit_learn(k: int) -> None:
    theirs = trustworthiness(UNIT.astype(np.float64), POINTS, n_neighbors=k, metric="cosine")
    assert quality.trustworthiness(UNIT, POINTS, k) == pytest.approx(theirs, abs=2e-5)


def test_a_sample_says_nearly_the_same() -> None:
    whole = quality.trustworthiness(UNIT, POINTS)
    assert quality.trustworthiness(UNIT, POINTS, queries=150) == pytest.approx(whole, abs=0.02)
    assert quality.trustworthiness(UNIT, POINTS, queries=150) != whole


def test_a_perfect_map_and_a_blind_one() -> None:
    flat = unit_rows(vectors(range(200), 2), None)
    assert quality.trustworthiness(flat, flat) > 0.999
    blind = np.random.default_rng(1).standard_normal((N, 2)).astype(np.float32)
    assert quality.trustworthiness(UNIT, blind) == pytest.approx(0.5, abs=0.05)
    share = quality.kept(nearest(UNIT, 15)[0], blind)
    assert share.mean() == pytest.approx(quality.blind(N), abs=0.02)
    assert np.isnan(quality.trustworthiness(UNIT[:2], POINTS[:2]))


def test_the_share_of_neighbours_kept_is_counted_track_by_track() -> None:
    true = nearest(UNIT, 10)[0]
    away = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
    np.fill_diagonal(away, np.inf)
    seen = np.argsort(away, axis=1)[:, :10]
    expected = [len(set(a) & set(b)) / 10 for a, b in zip(true.tolist(), seen.tolist(), strict=True)]
    np.testing.assert_allclose(quality.kept(true, POINTS, 10), expected, atol=1e-6)


def test_points_on_one_spot_are_not_their_own_neighbours() -> None:
    found = quality.on_map(np.zeros((30, 2)), 5)
    assert found.shape == (30, 5)
    assert (found != np.arange(30)[:, None]).all()
    assert quality.on_map(np.zeros((1, 2))).shape == (1, 0)


def test_a_place_sees_the_points_around_it() -> None:
    line = np.stack([np.arange(9.0), np.zeros(9)], axis=1)
    assert quality.on_map_of(np.array([[2.2, 1.0]]), line, 3).tolist() == [[2, 3, 1]]
    assert quality.on_map_of(np.empty((0, 2)), line, 3).shape == (0, 3)


def test_shares_without_neighbours_are_no_numbers() -> None:
    assert np.isnan(quality.shared(np.empty((3, 0), int), np.empty((3, 0), int))).all()
    assert quality.shared(np.array([[1, 2], [3, 4]]), np.array([[2, 9], [8, 7]])).tolist() == [0.5, 0]
