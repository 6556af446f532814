"""Smoothing against the sum it stands for, and thinning that loses no peak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.thinning import BLOCK, smooth, thin


def averaged(values: np.ndarray, weight: float) -> np.ndarray:
    """The moving average as its definition says, one value after the other."""
    total = count = 0.0
    result = []
    for value in values:
        total, count = total * weight + value, count * weight + 1
        result.append(total / count)
    return np.array(result)


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9, 0.99, 0.9999])
@pytest.mark.parametrize("length", [2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_smoothing_is_the_moving_average(weight: float, length: int) -> None:
    values = np.random.default_rng(length).standard_normal(length) * 5 + 20
    assert smooth(values, weight) == pytest.approx(averaged(values, weight), rel=1e-9)


def test_no_smoothing_changes_nothing() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert smooth(values, 0.0) is values
    assert smooth(values[:1], 0.9) == pytest.approx([3.0])


def test_the_start_is_not_pulled_to_zero() -> None:
    assert smooth(np.full(1000, 7.0), 0.999) == pytest.approx(np.full(1000, 7.0))


@given(st.integers(1, 5000), st.integers(1, 60), st.integers(0, 1000))
def test_thinning_keeps_ends_and_peaks_and_invents_nothing(length: int, cells: int, seed: int) -> None:
    x, y = np.arange(length, dtype=float), np.random.default_rng(seed).standard_normal(length)
    thin_x, thin_y = thin(x, y, None, cells)
    assert len(thin_x) <= 2 * cells + 5
    assert (np.diff(thin_x) > 0).all()
    assert (y[thin_x.astype(int)] == thin_y).all()
    assert (thin_x[0], thin_x[-1]) == (0, length - 1)
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())


def test_a_view_shows_its_part_and_one_point_beyond_each_edge() -> None:
    x = np.arange(0.0, 100.0, 10.0)
    thin_x, _ = thin(x, x, (25.0, 55.0), 400)
    assert thin_x.tolist() == [20, 30, 40, 50, 60]


def test_zooming_in_brings_every_point_back() -> None:
    x = np.arange(200_000.0)
    far, _ = thin(x, np.sin(x), None, 300)
    near, _ = thin(x, np.sin(x), (1000.0, 1200.0), 300)
    assert len(far) <= 605
    assert near.tolist() == list(range(999, 1202))
