from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.evaluation import spread
from core.evaluation.spread import consistency, effective_rank
from core.training import health

RNG = np.random.default_rng(8)


def test_the_effective_rank_is_that_of_the_training_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_ROWS", 7)
    rows = (RNG.standard_normal((30, 5)) * [9, 3, 1, 0.5, 0.1] + 4).astype(np.float32)
    assert effective_rank(rows) == pytest.approx(
        health.effective_rank(torch.from_numpy(rows).double()), rel=1e-3
    )


@pytest.mark.parametrize(("n", "dim"), [(4, 9), (200, 3)])
def test_an_even_cloud_fills_what_it_can(n: int, dim: int) -> None:
    rows = np.linalg.qr(RNG.standard_normal((max(n, dim), max(n, dim))))[0][:n, :dim].astype(np.float32)
    assert effective_rank(rows) == pytest.approx(min(n - 1, dim), rel=0.1)


def test_one_point_and_a_line_have_one_direction() -> None:
    point = RNG.standard_normal((1, 6)).astype(np.float32)
    assert effective_rank(np.repeat(point, 9, 0)) == 1
    assert effective_rank(point * np.arange(9, dtype=np.float32)[:, None]) == pytest.approx(1, abs=0.01)
    assert math.isnan(effective_rank(np.empty((0, 3), np.float32)))


def test_consistency_is_the_share_of_variance_between_tracks() -> None:
    segments = RNG.standard_normal((50, 8, 4)) + 2 * RNG.standard_normal((50, 1, 4))
    tracks = np.concatenate([segments.mean(1), segments.std(1)], 1).astype(np.float32)
    flat = segments.reshape(-1, 4)
    eta = segments.mean(1).var(0) / flat.var(0)
    assert consistency(tracks) == pytest.approx(eta.mean(), rel=1e-5)
    alike = tracks.copy()
    alike[:, 4:] = 1e-9
    assert consistency(alike) == pytest.approx(1)


def test_tracks_of_one_segment_say_nothing_of_consistency() -> None:
    tracks = RNG.standard_normal((6, 4)).astype(np.float32)
    tracks[:, 2:] = np.abs(tracks[:, 2:])
    whole = consistency(tracks[:4])
    tracks[4:, 2:] = 0
    assert consistency(tracks) == pytest.approx(whole)
    tracks[1:, 2:] = 0
    assert math.isnan(consistency(tracks))
