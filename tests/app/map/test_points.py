"""Points are found where they are, whatever positions a map has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.map.points import CELLS, Points


def clusters(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(12, 2))[rng.integers(0, 12, n)] * 3 + rng.normal(size=(n, 2)) * 0.2


def test_every_row_has_its_place_and_its_position() -> None:
    xy = clusters(5000)
    points = Points.build(xy)
    assert np.array_equal(points.order[points.places], np.arange(5000))
    back = np.stack([points.x, -points.y], 1) * points.half + points.centre
    np.testing.assert_allclose(back[points.places], xy, atol=1e-5)
    assert np.abs([points.x, points.y]).max() == pytest.approx(1.0)


def test_what_is_up_in_a_chart_is_up_on_the_screen() -> None:
    points = Points.build([[0, 0], [0, 10], [5, 5]])
    bottom, top = points.at(0), points.at(1)
    assert bottom is not None
    assert top is not None
    assert top[1] < bottom[1]


@settings(max_examples=40)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-1e6, 1e6)),
    st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(0.001, 3),
)  # fmt: skip
def test_the_nearest_is_the_one_that_a_search_of_all_finds(
    xy: np.ndarray, x: float, y: float, reach: float
) -> None:
    points = Points.build(xy)
    far = np.hypot(points.x - x, points.y - y)
    found = points.nearest(x, y, reach)
    if found < 0:
        assert far.min() > reach * (1 - 1e-5)
    else:
        assert far[points.places[found]] == pytest.approx(far.min(), abs=1e-6)


def test_a_rectangle_finds_all_that_is_in_it() -> None:
    points = Points.build(clusters(20_000))
    for box in ((-0.3, -0.2, 0.1, 0.4), (-2, -2, 2, 2), (0.5, 0.5, 0.5, 0.5), (1.5, 0, 2, 1)):
        left, top, right, bottom = box
        inside = (points.x >= left) & (points.x <= right) & (points.y >= top) & (points.y <= bottom)
        found = points.within(*box)
        assert len(np.unique(found)) == len(found)
        assert np.isin(np.flatnonzero(inside), found).all()
    assert len(points.spans(-2, -2, 2, 2)) == 1
    assert len(points.within(-0.01, -0.01, 0.01, 0.01)) < 1000  # and not everything


def test_the_order_inside_a_cell_is_a_fair_sample_and_the_same_each_time() -> None:
    xy = np.concatenate([clusters(4000), clusters(4000) + 40])
    one, other = Points.build(xy), Points.build(xy)
    assert np.array_equal(one.order, other.order)
    share = (one.order[::8] < 4000).mean()
    assert share == pytest.approx(0.5, abs=0.03)
    assert not np.array_equal(one.order, Points.build(xy, seed=1).order)


def test_rows_without_a_position_have_no_place() -> None:
    points = Points.build([[0, 0], [np.nan, 1], [np.inf, 2], [4, 4]])
    assert points.n == 4
    assert points.at(1) is points.at(2) is points.at(9) is None
    assert sorted(points.order.tolist()) == [0, 3]


@pytest.mark.parametrize("xy", [[], [[3.0, 3.0]], [[1, 2]] * 50, [[1e300, 0], [-1e300, 0]]])
def test_strange_maps_stand(xy: list[list[float]]) -> None:
    points = Points.build(np.array(xy).reshape(-1, 2))
    assert points.n == len(xy)
    assert np.isfinite(points.x).all()
    assert len(points.starts) == CELLS**2 + 1
    assert points.nearest(0, 0, 3) >= 0 or not xy


def test_positions_have_two_coordinates() -> None:
    with pytest.raises(ValueError, match="shape"):
        Points.build(np.zeros((3, 3)))


def test_a_straggler_does_not_make_the_view_of_all_small() -> None:
    xy = np.concatenate([clusters(5000), [[4000.0, 0.0]]])
    points = Points.build(xy)
    left, _, right, _ = points.core()
    assert points.bounds()[2] - points.bounds()[0] == pytest.approx(2.0)
    assert right - left < 0.1
    few = Points.build(xy[-100:])
    assert few.core() == few.bounds()  # among few, each counts


def test_the_densest_points_are_those_in_the_middle_of_a_crowd() -> None:
    rng = np.random.default_rng(3)
    points = Points.build(rng.normal(size=(20_000, 2)))
    far = np.hypot(points.x - np.median(points.x), points.y - np.median(points.y))
    middles = [np.median(far[points.levels == level]) for level in range(6)]
    assert middles == sorted(middles, reverse=True)
    np.testing.assert_allclose(np.bincount(points.levels) / 20_000, 1 / 6, atol=0.05)
