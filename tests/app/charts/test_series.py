"""What is drawn of a run's points."""

from __future__ import annotations

import numpy as np
import pytest

from app.charts.series import Curve, curve, extent, seconds, stacked
from core.library.records import Points


def points(**metrics: list[tuple[int, float]]) -> Points:
    arrays = {
        name: (np.array([s for s, _ in pairs], np.int64), np.array([v for _, v in pairs], np.float64))
        for name, pairs in metrics.items()
    }
    return Points(1, arrays)


def test_a_metric_that_is_not_there_is_an_empty_curve() -> None:
    assert not len(curve(points(), "loss").x)


def test_what_is_no_number_is_left_out_and_does_not_spoil_the_average() -> None:
    told = points(loss=[(1, 4.0), (2, float("nan")), (3, 2.0), (4, float("inf"))])
    drawn = curve(told, "loss", weight=0.5)
    assert drawn.x.tolist() == [1, 3]
    assert drawn.y == pytest.approx([4.0, (2 + 0.5 * 4) / 1.5])


def test_time_is_the_sum_of_what_the_steps_took() -> None:
    # 64 pairs a step: 2 s each up to step 10 (32 pairs/s), then 1 s each (64 pairs/s)
    at, rates = np.array([10, 20]), np.array([32.0, 64.0])
    assert seconds(np.array([0.0, 5, 10, 15, 20, 25]), at, rates, 64) == pytest.approx(
        [0, 10, 20, 25, 30, 35]
    )


def test_without_a_rate_no_time_is_known() -> None:
    assert curve(points(loss=[(5, 1.0)]), "loss", batch=64).x.tolist() == [0]


def test_validation_and_training_share_one_clock() -> None:
    told = points(loss=[(10, 1.0), (20, 1.0)], val_loss=[(20, 2.0)], pairs_per_s=[(10, 32.0), (20, 64.0)])
    assert curve(told, "loss", batch=64).x[-1] == curve(told, "val_loss", batch=64).x[0] == pytest.approx(30)


def test_stacked_curves_stand_on_each_other() -> None:
    x = np.array([0.0, 1.0, 2.0])
    lower, upper = stacked([Curve(x, np.array([1.0, 2.0, 3.0])), Curve(x[::2], np.array([1.0, 1.0]))])
    assert lower.y.tolist() == [1, 2, 3]
    assert upper.y.tolist() == [2, 3, 4]


def test_the_extent_spans_all_curves() -> None:
    some, none = Curve(np.array([3.0, 8.0]), np.zeros(2)), Curve(np.empty(0), np.empty(0))
    assert extent([some, none, Curve(np.array([5.0, 11.0]), np.zeros(2))]) == (3, 11)
    assert extent([none]) is None
