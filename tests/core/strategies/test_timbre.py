"""Timbre beside what was learned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core import strategies
from core.audio import SEGMENT
from core.nets import checkpoint, int8
from core.strategies.contrastive import ContrastiveStrategy

SMALL = {"width": 0.125}
NAMES = ["random", "same-track", "melcpc", "self-multi"]


def waves(n: int = 3) -> torch.Tensor:
    """Noise of different loudness."""
    generator = torch.Generator().manual_seed(2)
    return torch.randn(n, SEGMENT, generator=generator) * torch.linspace(0.01, 0.3, n)[:, None]


@pytest.mark.parametrize("log_mel", ["paper", "modern"])
@pytest.mark.parametrize("name", NAMES)
def test_a_segment_is_what_was_learned_and_then_its_mfcc(name: str, log_mel: str) -> None:
    plain = strategies.build(name, {**SMALL, "log_mel": log_mel})
    both = strategies.build(name, {**SMALL, "log_mel": log_mel, "timbre": True})
    mfcc = strategies.build("mfcc")
    assert both.state_dict().keys() == plain.state_dict().keys(), "nothing is learned for it"
    assert (both.dim, both.track_dim) == (plain.dim + 40, 2 * plain.dim + 80)
    assert both.front_end == f"{plain.front_end}+{mfcc.front_end}"
    found = both.embed(waves())
    torch.testing.assert_close(found[:, : plain.dim], plain.embed(waves()))
    torch.testing.assert_close(found[:, plain.dim :], mfcc.embed(waves()))


def test_a_predictive_track_has_what_its_context_says_and_the_timbre_of_its_segments() -> None:
    plain, both = (strategies.build("melcpc", {**SMALL, "timbre": on}).eval() for on in (False, True))
    segments = both.embed(waves(5))
    told, alone = both.summarise(segments), plain.summarise(segments[:, : plain.dim])
    means, deviations = told.view(2, -1)
    torch.testing.assert_close(means[: plain.dim], alone[: plain.dim])
    torch.testing.assert_close(deviations[: plain.dim], alone[plain.dim :])
    torch.testing.assert_close(means[plain.dim :], segments[:, plain.dim :].mean(0))


def test_training_does_not_see_it() -> None:
    plain, both = (strategies.build("same-track", {**SMALL, "timbre": on}).eval() for on in (False, True))
    assert isinstance(plain, ContrastiveStrategy)
    assert isinstance(both, ContrastiveStrategy)
    sides = waves()[:, None]
    seen = [strategy.represent(0, strategy.log_mels(sides)) for strategy in (plain, both)]
    assert seen[0].shape == (3, 1, plain.dim)
    torch.testing.assert_close(seen[0], seen[1])


def test_it_is_another_encoder_and_survives_a_file(tmp_path: Path) -> None:
    plain, both = (strategies.build("same-track", {**SMALL, "timbre": on}).eval() for on in (False, True))
    assert checkpoint.weights_hash(plain) != checkpoint.weights_hash(both)
    path = checkpoint.save(both, tmp_path, {"name": "both"})
    read, card = checkpoint.load(path)
    assert (card["dim"], card["front_end"]) == (both.dim, both.front_end)
    torch.testing.assert_close(read.embed(waves()), both.embed(waves()))


@pytest.mark.skipif(not int8.knows("cpu"), reason="this processor's torch has no integer kernels")
def test_eight_bits_leave_the_mfcc_as_they_are() -> None:
    both = strategies.build("random", {**SMALL, "timbre": True}).eval()
    before = both.embed(waves())
    int8.convert(both)
    torch.testing.assert_close(both.embed(waves())[:, -40:], before[:, -40:])
