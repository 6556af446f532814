from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from core.projection import plane

RNG = np.random.default_rng(0)


def test_principal_axes_are_those_of_scikit_learn() -> None:
    rows = (RNG.standard_normal((500, 12)) * np.arange(12, 0, -1) + 5).astype(np.float32)
    found = plane.principal(rows, 3)
    theirs = PCA(3).fit_transform(rows.astype(np.float64))
    signs = np.sign((found * theirs).sum(axis=0))
    np.testing.assert_allclose(found, theirs * signs, atol=1e-3)
    # Not mirrored by chance: the heaviest weight of an axis points up it.
    np.testing.assert_allclose(plane.principal(-rows)[:, 0], -found[:, 0], atol=1e-3)


def test_fewer_directions_than_asked_for_are_zero() -> None:
    found = plane.principal(np.arange(5, dtype=np.float32)[:, None])
    assert found.shape == (5, 2)
    assert found[:, 0].tolist() == pytest.approx([-2, -1, 0, 1, 2])
    assert not found[:, 1].any()


def test_every_map_has_one_size() -> None:
    found = plane.centred(RNG.uniform(5, 900, (200, 2)))
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert (found**2).sum(axis=1).mean() == pytest.approx(1)
    assert not plane.centred(np.full((4, 2), 3.0)).any()


@settings(max_examples=30)
@given(
    angle=st.floats(0, 6.28), scale=st.floats(0.01, 100), shift=st.floats(-50, 50), mirrored=st.booleans(),
    noise=st.sampled_from([0.0, 0.01]),
)  # fmt: skip
def test_a_map_is_turned_back_whatever_was_done_to_it(
    angle: float, scale: float, shift: float, mirrored: bool, noise: float
) -> None:
    onto = np.random.default_rng(1).standard_normal((60, 2)) * [3, 1]
    turned = onto @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turned = turned * [-1, 1]
    noisy = (turned + noise * np.random.default_rng(2).standard_normal((60, 2))) * scale + shift
    found = plane.turn(noisy, onto)(noisy)
    assert np.abs(found - onto).max() < 1e-3 + 6 * noise


def test_maps_that_disagree_keep_their_size() -> None:
    one, other = RNG.standard_normal((400, 2)), RNG.standard_normal((400, 2))
    found = plane.turn(one, other)(one)
    assert found.std() == pytest.approx(other.std(), rel=0.05)


def test_only_the_tracks_that_both_have_decide() -> None:
    onto = RNG.standard_normal((10, 2)).astype(np.float32)
    points = np.concatenate((onto[4:][::-1] * [-1, 1] * 7, [[100, 100], [5, -50]])).astype(np.float32)
    tracks = np.array([9, 8, 7, 6, 5, 4, 77, 78])
    found = plane.aligned(tracks, points, np.arange(10), onto)
    assert found is not None
    np.testing.assert_allclose(found[:6], onto[4:][::-1], atol=1e-4)
    assert plane.aligned(np.array([1, 2, 77]), points[:3], np.arange(10), onto) is None


def test_how_far_a_point_moved_is_told_in_the_maps_radius() -> None:
    onto = np.array([[3, 0], [-3, 0], [0, 3], [0, -3]], np.float32)
    assert plane.moved(onto + np.array([0, 1.5], np.float32), onto).tolist() == pytest.approx([0.5] * 4)
    assert plane.moved(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)).tolist() == [0, 0]
