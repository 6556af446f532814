from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from core.training import health

RNG = torch.Generator().manual_seed(3)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


def slow_alignment(x: np.ndarray, y: np.ndarray) -> float:
    """E ||f(x) - f(y)||^2 over positive pairs, f on the sphere."""
    total = 0.0
    for a, b in zip(x, y, strict=True):
        short, long = math.sqrt(sum(a**2)), math.sqrt(sum(b**2))
        total += sum((u / short - v / long) ** 2 for u, v in zip(a, b, strict=True))
    return total / len(x)


def slow_uniformity(x: np.ndarray) -> float:
    """log E exp(-2 ||f(x) - f(y)||^2) over pairs of two items."""
    unit = [row / math.sqrt(sum(row**2)) for row in x]
    potentials = [
        math.exp(-2 * sum((u - v) ** 2 for u, v in zip(unit[i], unit[j], strict=True)))
        for i in range(len(x))
        for j in range(len(x))
        if i != j
    ]
    return math.log(sum(potentials) / len(potentials))


def slow_effective_rank(x: np.ndarray) -> float:
    """exp(-sum p log p), p = singular values / their sum; by the eigenvalues of A^T A."""
    centred = x - x.mean(0)
    values = np.sqrt(np.clip(np.linalg.eigvalsh(centred.T @ centred), 0, None))
    shares = [value / values.sum() for value in values if value > 1e-9]
    return math.exp(-sum(share * math.log(share) for share in shares))


def test_figures_are_those_of_the_papers() -> None:
    anchors, positives = noise(12, 3, 7), noise(12, 3, 7) + 2
    logits = noise(12, 12)
    figures = health.measure(anchors.float(), positives.float(), logits)
    a, p = anchors.numpy(), positives.numpy()
    assert figures["alignment"] == pytest.approx(
        np.mean([slow_alignment(a[:, t], p[:, t]) for t in range(3)]), rel=1e-5
    )
    assert figures["uniformity"] == pytest.approx(
        np.mean([slow_uniformity(side[:, t]) for side in (a, p) for t in range(3)]), rel=1e-5
    )
    assert figures["effective_rank"] == pytest.approx(
        np.mean([slow_effective_rank(p[:, t]) for t in range(3)]), rel=1e-5
    )
    deviations = [np.std(row) for row in logits.numpy()]
    assert figures["logit_std"] == pytest.approx(math.sqrt(np.mean(np.square(deviations))))
    assert figures["accuracy"] == np.mean([np.argmax(row) == i for i, row in enumerate(logits.numpy())])


def test_one_point_is_a_collapse() -> None:
    same = torch.full((20, 2, 16), 0.3) + 1e-9 * noise(20, 2, 16).float()
    figures = health.measure(same, same, torch.ones(20, 20))
    assert figures == {
        "accuracy": pytest.approx(1 / 20),
        "alignment": pytest.approx(0, abs=1e-9),
        "uniformity": pytest.approx(0, abs=1e-9),
        "effective_rank": 1.0,
        "logit_std": 0.0,
    }
    assert health.effective_rank(torch.zeros(5, 4)) == 1.0


def test_a_line_has_rank_one_however_long_it_is() -> None:
    line = torch.outer(noise(50), noise(8)) + noise(8)
    assert health.effective_rank(line) == pytest.approx(1, abs=1e-6)


def test_orthonormal_vectors_have_full_rank_and_known_distances() -> None:
    basis = torch.eye(16, dtype=torch.float64)
    # Centring takes one dimension; the others are equally long.
    assert health.effective_rank(basis) == pytest.approx(15)
    assert health.uniformity(basis) == pytest.approx(-4)  # every distance is the root of two
    assert health.alignment(basis, basis.roll(1, 0)) == pytest.approx(2)
    assert health.alignment(basis, -basis) == pytest.approx(4)


def test_an_isotropic_cloud_fills_its_space() -> None:
    cloud = noise(4000, 24)
    assert 23 < health.effective_rank(cloud) <= 24
    # On the sphere in d dimensions E exp(-2 |x - y|^2) = exp(-4) E exp(4 x.y), x.y of variance 1 / d.
    assert health.uniformity(cloud) == pytest.approx(-4 + 8 / 24, abs=0.03)
    assert health.alignment(cloud, noise(4000, 24)) == pytest.approx(2, abs=0.05)


def test_a_common_offset_and_scale_change_no_rank() -> None:
    cloud = noise(60, 10)
    assert health.effective_rank(1e4 * cloud + 300) == pytest.approx(health.effective_rank(cloud))


def test_what_all_candidates_of_an_anchor_share_is_no_spread() -> None:
    logits = noise(9, 9)
    assert health.logit_std(logits + 100 * torch.arange(9).unsqueeze(1)) == pytest.approx(
        health.logit_std(logits)
    )


def test_groups_of_candidates_are_compared_within_themselves() -> None:
    groups = noise(3, 8, 8)
    each = [health.accuracy(group) for group in groups]
    assert health.accuracy(groups) == pytest.approx(np.mean(each))
    assert health.accuracy(torch.eye(8).expand(3, 8, 8)) == 1.0
    assert health.accuracy(1 - torch.eye(8)) == 0.0


def test_what_is_no_number_is_said_and_stops_nothing() -> None:
    broken = noise(8, 2, 4)
    broken[3, 1, 2] = math.nan
    logits = noise(8, 8)
    logits[0, 0] = math.inf
    figures = health.measure(broken, broken, logits)
    assert all(math.isnan(value) for value in figures.values()), figures
    assert math.isnan(health.uniformity(noise(1, 4)))


def test_low_precision_and_gradients_are_taken() -> None:
    vectors = noise(16, 1, 8).bfloat16().requires_grad_()
    exact = health.measure(vectors.detach().double(), vectors.detach().double(), torch.eye(16))
    assert health.measure(vectors, vectors, torch.eye(16, dtype=torch.bfloat16)) == pytest.approx(exact)
