from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import skew

from core.recommend import Query, hubs, similar, unit_rows


def cloud(n: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Some rows lie more in the middle than others: these are near to almost all."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, dim)) + rng.uniform(0, 2, (n, 1))
    return unit_rows(vectors.astype(np.float32), None)


def slow_surroundings(unit: NDArray[np.float32], row: int, among: list[int]) -> float:
    near = sorted(1 - float(unit[row].astype(float) @ unit[other]) for other in among if other != row)
    return max(float(np.mean(near[: hubs.K])), hubs.NEAREST)


def test_surroundings_are_mean_distances_to_the_nearest_others() -> None:
    unit = cloud(60, 8)
    found = hubs.surroundings(unit)
    assert found == pytest.approx(
        [slow_surroundings(unit, row, list(range(60))) for row in range(60)], abs=1e-5
    )
    some, among = np.array([3, 7, 50]), np.array([1, 7, *range(20, 60)])
    assert hubs.surroundings(unit, some, among) == pytest.approx(
        [slow_surroundings(unit, row, among.tolist()) for row in some], abs=1e-5
    )


def test_few_rows_and_copies_of_one_row() -> None:
    assert hubs.surroundings(cloud(1, 4)).tolist() == [1]
    assert hubs.surroundings(np.empty((0, 4), np.float32)).shape == (0,)
    copies = np.repeat(cloud(1, 4), 30, axis=0)
    assert hubs.surroundings(copies) == pytest.approx([hubs.NEAREST] * 30)
    assert np.isfinite(hubs.scale(hubs.surroundings(copies))).all()


def test_a_sample_stands_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = cloud(400, 6)
    monkeypatch.setattr(hubs, "MOST_REFERENCES", 100)
    found = hubs.surroundings(unit)
    assert found == pytest.approx(
        [slow_surroundings(unit, row, list(range(0, 400, 4))) for row in range(400)], abs=1e-5
    )


@pytest.mark.parametrize(
    ("n", "k"), [(3, 3), (10, 1), (160, 10), (176, 10), (191, 10), (2000, 10), (2003, 1)]
)
def test_the_largest_of_each_row_wherever_they_stand(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    values = rng.integers(0, 400, (300, n)).astype(np.float32)  # many are equal
    values[100:200] = np.sort(values[100:200], axis=1)  # all in neighbouring columns, at the end
    values[0, :-1] = -np.inf  # as of a row that is compared with itself
    before = values.copy()
    found = hubs.largest(values, k)
    assert all(len(set(row)) == k for row in found.tolist())
    assert (
        np.sort(np.take_along_axis(values, found, axis=1), axis=1).tolist()
        == np.sort(before, axis=1)[:, n - k :].tolist()
    )
    assert np.array_equal(values, before)


def test_a_corrected_list_is_ranked_by_scaled_distances_and_shows_cosines() -> None:
    unit = cloud(80, 10)
    scale = hubs.scale(hubs.surroundings(unit))
    matches = similar(unit, Query([5], n=79, fold=False, scale=scale)).matches
    distances = (1 - unit @ unit[5]) * scale
    order = [row for row in np.argsort(distances, kind="stable").tolist() if row != 5]
    assert [match.row for match in matches] == order
    assert [match.score for match in matches] == pytest.approx((unit @ unit[5])[order], abs=1e-5)


def test_what_is_unwanted_is_scaled_alike() -> None:
    """A list under Rocchio is that of the distances' weighted sum."""
    unit = cloud(50, 5)
    scale = hubs.scale(hubs.surroundings(unit))
    matches = similar(unit, Query([0, 1], [2], n=47, fold=False, scale=scale)).matches
    distance = 1 - unit @ unit[:3].T
    total = (distance[:, :2].mean(axis=1) - 0.5 * distance[:, 2]) * scale
    assert [m.row for m in matches] == [r for r in np.argsort(total, kind="stable").tolist() if r > 2]


def test_the_effect_is_that_of_the_lists_themselves() -> None:
    unit = cloud(300, 40)
    scale, among = hubs.scale(hubs.surroundings(unit)), np.arange(300)
    group = np.arange(300) % 3
    group[:30] = -1
    found = hubs.effect(unit, scale, among, group)
    times = [np.zeros(300), np.zeros(300)]
    shares: list[list[float]] = [[], []]
    for row in range(300):
        for place, measure in enumerate((None, scale)):
            rows = [m.row for m in similar(unit, Query([row], n=10, fold=False, scale=measure)).matches]
            times[place][rows] += 1
            if group[row] >= 0:
                shares[place].append(float(np.mean(group[rows] == group[row])))
    assert (found.skew, found.skew_corrected) == pytest.approx((skew(times[0]), skew(times[1])), rel=1e-6)
    assert (found.same, found.same_corrected) == pytest.approx((np.mean(shares[0]), np.mean(shares[1])))
    assert (found.unreached, found.unreached_corrected) == pytest.approx([(t == 0).mean() for t in times])
    assert (found.queries, found.rows) == (300, 300)
    assert found.skew > 1
    assert found.skew_corrected < found.skew / 2, "what it is for"


def test_only_rows_that_count_are_counted() -> None:
    unit = cloud(100, 8)
    among = np.arange(0, 100, 2)
    scale = np.ones(100, np.float32)
    found = hubs.effect(unit, scale, among, np.full(100, -1))
    alone = hubs.effect(unit[among], scale[among], np.arange(50), np.full(50, -1))
    assert found.skew == pytest.approx(alone.skew)
    assert (found.rows, found.queries) == (50, 50)
    assert np.isnan(found.same)
