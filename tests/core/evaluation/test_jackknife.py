from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.intervals import Floats, interval, of_mean
from core.evaluation.jackknife import PARTS, pseudo_values
from core.evaluation.ranking import ranked


def test_of_a_mean_the_shares_are_the_groups_own_values() -> None:
    values = np.array([1.0, 4.0, 2.0, 8.0])
    found = pseudo_values(lambda weights: weights @ values / weights.sum(1), 4)
    order = np.random.default_rng(4).permutation(4) % 4
    np.testing.assert_allclose(found.totals[order], values)
    assert found.counts.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("groups", [40, 3 * PARTS])
def test_shares_of_an_area_have_its_mean_and_its_interval(groups: int) -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(groups) < 0.4
    ranking = ranked(positive + rng.standard_normal(groups), positive)

    def area(weights: Floats) -> Floats:
        return ranking.areas(weights)[0]

    found = pseudo_values(area, groups)
    exact, paired = interval(area, groups, groups), of_mean(found)
    assert len(found.totals) == min(groups, PARTS)
    assert paired.mean == pytest.approx(exact.mean)
    width = exact.high - exact.low
    assert paired.low == pytest.approx(exact.low, abs=0.15 * width)
    assert paired.high == pytest.approx(exact.high, abs=0.15 * width)


def test_what_a_figure_cannot_do_without_counts_for_nothing() -> None:
    positive = np.array([True, False, False, False, False])
    ranking = ranked(np.array([2.0, 3, 1, 1, 0]), positive)
    found = pseudo_values(lambda weights: ranking.areas(weights)[0], 5)
    assert sorted(found.counts.tolist()) == [0, 1, 1, 1, 1]
    assert found.mean == pytest.approx(0.75)
    assert not len(pseudo_values(lambda weights: weights.sum(1), 1).totals)
    assert not pseudo_values(lambda weights: np.full(len(weights), np.nan), 3).counts.any()
