from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from core.evaluation import intervals
from core.evaluation.intervals import Scores, contrast, difference, interval, of_mean


def scores(seed: int, groups: int = 40, accuracy: float = 0.8, size: int = 4) -> Scores:
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.permutation(groups) * 7, rng.integers(1, 2 * size, groups))
    share = dict(
        zip(np.unique(codes).tolist(), rng.beta(4 * accuracy, 4 - 4 * accuracy, groups), strict=True)
    )
    right = rng.random(len(codes)) < [share[code] for code in codes.tolist()]
    return Scores(right.astype(np.float64), np.ones(len(codes)), codes)


def test_the_mean_is_over_items_and_groups_are_what_is_drawn() -> None:
    found = scores(0)
    result = of_mean(found)
    assert result.mean == pytest.approx(found.totals.mean())
    assert found.mean == result.mean
    assert (result.n, result.groups) == (len(found.totals), 40)
    assert 0 <= result.low < result.mean < result.high <= 1
    blind = of_mean(Scores(found.totals, found.counts, np.arange(len(found.totals))))
    assert result.high - result.low > 1.2 * (blind.high - blind.low)


def test_with_many_equal_groups_it_is_the_textbook_interval() -> None:
    found = scores(1, groups=400)
    result = of_mean(found, draws=20_000)
    mean = found.totals.mean()
    away = [(found.totals[found.groups == group] - mean).sum() for group in np.unique(found.groups)]
    deviation = math.sqrt(np.sum(np.square(away))) / len(found.totals)
    assert result.high - result.low == pytest.approx(2 * 1.966 * deviation, rel=0.03)


def test_it_is_scipys_bca_but_for_the_tails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        intervals, "stdtrit", lambda freedom, q: norm.ppf(q) * np.sqrt(freedom / (freedom + 1))
    )
    values = np.random.default_rng(2).beta(9, 1, 30)
    found = of_mean(Scores(values, np.ones(30), np.arange(30)), draws=40_000)
    theirs = bootstrap((values,), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(0))
    wide = found.high - found.low
    assert found.low == pytest.approx(theirs.confidence_interval.low, abs=0.03 * wide)
    assert found.high == pytest.approx(theirs.confidence_interval.high, abs=0.03 * wide)
    assert found.mean - found.low > 1.1 * (found.high - found.mean), "the skew of the values has to show"


def test_the_bend_over_many_groups_taken_in_parts_is_that_of_single_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(3).exponential(1, 3000) ** 2

    def mean(weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights @ values / weights.sum(1))

    parts = intervals._bend(mean, 3000)
    monkeypatch.setattr(intervals, "_BLOCKS", 3000)
    single = intervals._bend(mean, 3000)
    assert single > 0.01
    assert parts == pytest.approx(single, rel=0.4)


def test_it_holds_the_truth_about_as_often_as_it_says() -> None:
    # 12 groups of four, where the percentile interval holds it in 89 %.
    # tests/bench/interval_coverage.py has 1,000 draws.
    held = [of_mean(scores(seed, 12), draws=500) for seed in range(400)]
    assert 0.92 <= np.mean([each.low <= 0.8 <= each.high for each in held]) <= 0.98


def test_a_seed_draws_the_same_groups_for_everybody() -> None:
    assert of_mean(scores(0), seed=1) == of_mean(scores(0), seed=1) != of_mean(scores(0), seed=2)


def test_a_pair_shows_what_two_intervals_hide() -> None:
    one = scores(4, groups=60, accuracy=0.6)
    worse = one.totals.copy()
    worse[np.flatnonzero(worse)[::12]] = 0
    other = Scores(worse, one.counts, one.groups)
    assert of_mean(other).high > of_mean(one).low
    apart = difference(one, other)
    assert apart.mean == pytest.approx(one.mean - other.mean)
    assert apart.low > 0
    assert not apart.tie
    back = difference(other, one)
    assert (back.mean, back.low, back.high) == pytest.approx((-apart.mean, -apart.high, -apart.low), rel=0.1)
    assert not back.tie


def test_equal_encoders_tie() -> None:
    one, other = scores(5), scores(5)
    noise = np.random.default_rng(0).permutation(len(one.totals))
    assert difference(one, other).tie
    assert difference(one, Scores(one.totals[noise], one.counts, one.groups)).tie


def test_a_contrast_is_the_weighted_sum_of_means() -> None:
    one = scores(6)
    parts = [
        (w, Scores(np.roll(one.totals, i), one.counts, one.groups))
        for i, w in enumerate([1.0, -1.0, -1.0, 1.0])
    ]
    parts[0] = (1.0, Scores(one.totals / 2, one.counts, one.groups))
    assert contrast(parts).mean == pytest.approx(-one.mean / 2)


def test_items_of_which_one_was_asked_more_often_are_not_paired() -> None:
    one = scores(7)
    twice = Scores(one.totals, one.counts * 2, one.groups)
    elsewhere = Scores(one.totals, one.counts, one.groups + 1)
    for other in (twice, elsewhere):
        with pytest.raises(ValueError, match="paired"):
            difference(one, other)


def test_items_that_were_never_asked_do_not_count() -> None:
    one = scores(8)
    more = Scores(np.r_[one.totals, 0, 0], np.r_[one.counts, 0, 0], np.r_[one.groups, 1, 2])
    assert of_mean(more) == of_mean(one)


def test_a_single_group_has_no_interval_and_agreement_is_a_point() -> None:
    alone = of_mean(Scores(np.array([1.0, 0]), np.ones(2), np.zeros(2, np.int64)))
    assert (alone.mean, alone.n, alone.groups) == (0.5, 2, 1)
    assert math.isnan(alone.low)
    assert alone.tie
    same = of_mean(Scores(np.ones(9), np.ones(9), np.arange(9)))
    assert (same.mean, same.low, same.high) == (1, 1, 1)


def test_draws_of_which_the_figure_has_no_meaning_are_left_out() -> None:
    values = np.arange(8.0)

    def picky(weights: np.ndarray) -> np.ndarray:
        return np.where(weights[:, 0] > 0, weights @ values / 8, math.nan)

    found = interval(picky, 8, 8)
    assert found.mean == 3.5
    assert found.low < 3.5 < found.high
