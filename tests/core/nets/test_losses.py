"""Losses against slow loops written from the papers' formulas, and against numbers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.nets.losses import info_nce, info_nce_sum, similarities

E = math.e


def vectors(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slow_similarity(y: list[float], z: list[float], kind: str, temperature: float) -> float:
    dot = sum(a * b for a, b in zip(y, z, strict=True))
    if kind == "cosine":
        dot /= math.sqrt(sum(a * a for a in y)) * math.sqrt(sum(b * b for b in z))
    return dot / temperature


def slow_info_nce(
    anchors: list[list[float]],
    positives: list[list[float]],
    kind: str = "dot",
    temperature: float = 1.0,
    decoupled: bool = False,
    offset: int = 0,
) -> float:
    """Equation 1: -1/N sum_i log( exp(sim(y_i, y_i+)) / sum_j exp(sim(y_i, y_j+)) ); decoupled without j = i."""
    total = 0.0
    for i, anchor in enumerate(anchors):
        numerator, denominator = 0.0, 0.0
        for j, positive in enumerate(positives):
            value = math.exp(slow_similarity(anchor, positive, kind, temperature))
            if j == i + offset:
                numerator = value
            if j != i + offset or not decoupled:
                denominator += value
        total -= math.log(numerator / denominator)
    return total / len(anchors)


@pytest.mark.parametrize("kind", ["dot", "cosine"])
@pytest.mark.parametrize("temperature", [1.0, 0.2])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
def test_equation_1(kind: Any, temperature: float, decoupled: bool, symmetric: bool) -> None:
    a, p = vectors(5, 4), vectors(5, 4, seed=1)
    expected = slow_info_nce(a.tolist(), p.tolist(), kind, temperature, decoupled)
    if symmetric:
        expected = (expected + slow_info_nce(p.tolist(), a.tolist(), kind, temperature, decoupled)) / 2
    loss = info_nce(a, p, similarity=kind, temperature=temperature, symmetric=symmetric, decoupled=decoupled)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(expected, rel=1e-9)


def test_equation_2_and_3_are_sums_over_terms() -> None:
    """InfoNCE-Multi over levels and CPC over the steps ahead: each term among its own kind alone."""
    a, p = vectors(4, 3, 6), vectors(4, 3, 6, seed=1)
    expected = sum(slow_info_nce(a[:, t].tolist(), p[:, t].tolist()) for t in range(3))
    assert info_nce_sum(a, p).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("offset", [0, 2, 4])
def test_gathered_negatives(offset: int, decoupled: bool) -> None:
    a, p = vectors(2, 3, 4), vectors(6, 3, 4, seed=1)
    expected = sum(
        slow_info_nce(a[:, t].tolist(), p[:, t].tolist(), "cosine", 0.5, decoupled, offset) for t in range(3)
    )
    loss = info_nce_sum(a, p, similarity="cosine", temperature=0.5, decoupled=decoupled, offset=offset)
    assert loss.item() == pytest.approx(expected, rel=1e-9)


def test_parts_with_gathered_negatives_make_up_the_whole() -> None:
    """The mean over two machines' anchors, each among all positives, is the loss of the whole batch."""
    a, p = vectors(6, 4), vectors(6, 4, seed=1)
    parts = [info_nce(a[:3], p, offset=0), info_nce(a[3:], p, offset=3)]
    assert (sum(parts) / 2).item() == pytest.approx(info_nce(a, p).item(), rel=1e-12)


def test_by_hand() -> None:
    """Similarities [[1, 0], [0, 2]]: what each option makes of them."""
    a, p = torch.eye(2), torch.diag(torch.tensor([1.0, 2.0]))
    plain = (math.log(1 + 1 / E) + math.log(1 + 1 / E**2)) / 2
    assert info_nce(a, p).item() == pytest.approx(plain, rel=1e-6)
    assert info_nce(a, p, decoupled=True).item() == pytest.approx(-1.5, rel=1e-6)
    assert info_nce(a, p, similarity="cosine").item() == pytest.approx(math.log(1 + 1 / E), rel=1e-6)
    assert info_nce(a, p, temperature=0.5).item() == pytest.approx(
        (math.log(1 + E**-2) + math.log(1 + E**-4)) / 2, rel=1e-6
    )


def test_symmetric_by_hand() -> None:
    """Similarities [[0, 1], [0, 0]]: over rows ln(1 + e) and ln 2, over columns ln 2 and ln(1 + e)."""
    a, p = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [1.0]])
    assert info_nce(a, p).item() == pytest.approx((math.log(1 + E) + math.log(2)) / 2, rel=1e-6)
    # Similarities [[1, 1], [0, 0]]: over rows ln 2 twice, over columns ln(1 + 1/e) and ln(1 + e).
    p = torch.tensor([[1.0], [1.0]])
    columns = (math.log(1 + 1 / E) + math.log(1 + E)) / 2
    assert info_nce(a, p).item() == pytest.approx(math.log(2), rel=1e-6)
    assert info_nce(a, p, symmetric=True).item() == pytest.approx((math.log(2) + columns) / 2, rel=1e-6)


def test_of_one_pair_nothing_is_learned() -> None:
    assert info_nce(vectors(1, 4), vectors(1, 4, seed=1)).item() == 0


def test_chance_is_the_logarithm_of_the_candidates() -> None:
    assert info_nce(torch.zeros(16, 8), torch.zeros(16, 8)).item() == pytest.approx(math.log(16), rel=1e-6)


@pytest.mark.parametrize("kind", ["dot", "cosine"])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
def test_gradients(kind: Any, decoupled: bool, symmetric: bool) -> None:
    a, p = vectors(3, 2, 4).requires_grad_(), vectors(3, 2, 4, seed=1).requires_grad_()
    options = {"similarity": kind, "temperature": 0.5, "symmetric": symmetric, "decoupled": decoupled}
    assert torch.autograd.gradcheck(lambda x, y: info_nce_sum(x, y, **options), (a, p))


def test_gradients_reach_gathered_negatives() -> None:
    a, p = vectors(2, 1, 4).requires_grad_(), vectors(5, 1, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: info_nce_sum(x, y, offset=2), (a, p))
    info_nce_sum(a, p, offset=2).backward()
    assert p.grad is not None
    assert (p.grad.flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize("options", [{}, {"symmetric": True}, {"decoupled": True}])
def test_saturated_logits_stay_finite(options: dict[str, Any]) -> None:
    """Products of 1e10 and more, as an encoder before training gives a few hundred of."""
    a = vectors(6, 8, scale=1e5).float().requires_grad_()
    p = vectors(6, 8, seed=1, scale=1e5).float().requires_grad_()
    loss = info_nce(a, p, **options)
    loss.backward()
    assert loss.isfinite()
    assert a.grad is not None
    assert p.grad is not None
    assert a.grad.isfinite().all()
    assert p.grad.isfinite().all()


def test_zero_vectors_have_a_finite_gradient() -> None:
    a = torch.zeros(3, 4, requires_grad=True)
    info_nce(a, vectors(3, 4).float(), similarity="cosine", temperature=0.1).backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_float32_under_autocast(dtype: torch.dtype) -> None:
    """What comes in halves is compared in float32: as if it had been rounded and then widened."""
    a, p = vectors(8, 16, scale=3).to(dtype), vectors(8, 16, seed=1, scale=3).to(dtype)
    expected = info_nce(a.float(), p.float())
    with torch.autocast("cpu", torch.bfloat16):
        loss, logits = info_nce(a, p), similarities(a, p)
        wide = similarities(a.float(), p.float())
    assert loss.dtype == logits.dtype == torch.float32
    assert torch.equal(loss, expected)
    assert torch.equal(logits, wide)
    assert torch.equal(logits, a.float() @ p.float().T)


@given(
    n=st.integers(1, 6), more=st.integers(0, 5), terms=st.integers(1, 4), dim=st.integers(1, 7),
    offset=st.integers(0, 5), kind=st.sampled_from(["dot", "cosine"]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_shape(n: int, more: int, terms: int, dim: int, offset: int, kind: Any, seed: int) -> None:
    offset = min(offset, more)
    a, p = vectors(n, terms, dim, seed=seed), vectors(n + more, terms, dim, seed=seed + 100)
    loss = info_nce_sum(a, p, similarity=kind, offset=offset)
    expected = sum(
        slow_info_nce(a[:, t].tolist(), p[:, t].tolist(), kind, offset=offset) for t in range(terms)
    )
    assert loss.item() == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert loss.item() >= 0
    assert similarities(a[:, 0], p[:, 0], kind).shape == (n, n + more)


def test_the_order_of_the_batch_does_not_matter() -> None:
    a, p, order = vectors(5, 2, 4), vectors(5, 2, 4, seed=1), torch.tensor([3, 1, 4, 0, 2])
    assert info_nce_sum(a[order], p[order]).item() == pytest.approx(info_nce_sum(a, p).item(), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "m", "options"),
    [
        (0, 0, {}), (3, 2, {}), (2, 4, {"offset": 3}), (2, 4, {"offset": -1}),
        (2, 4, {"symmetric": True}), (1, 1, {"decoupled": True}),
    ],
)  # fmt: skip
def test_what_makes_no_loss_is_refused(n: int, m: int, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"anchor|negative"):
        info_nce(vectors(n, 3), vectors(m, 3), **options)


def test_terms_belong_together() -> None:
    with pytest.raises(ValueError, match="zip"):
        info_nce_sum(vectors(2, 3, 4), vectors(2, 2, 4))
