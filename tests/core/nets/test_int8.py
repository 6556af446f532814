"""Eight-bit encoders against the float32 ones that they were made of."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core import strategies
from core.audio import SEGMENT
from core.nets import checkpoint, int8
from core.nets.encoder import Encoder
from core.strategies import Strategy

pytestmark = pytest.mark.skipif(not int8.knows("cpu"), reason="this processor's torch has no integer kernels")


def sounds(segments: int = 12) -> Tensor:
    """Chords with noise, each at another pitch and loudness."""
    rng, time_s = np.random.default_rng(3), np.arange(SEGMENT) / 16_000
    pitches, k = rng.uniform(80, 900, (segments, 3)), np.arange(1, 6)[:, None]
    chords = np.stack(
        [(np.sin(2 * np.pi * k * time_s * pitch[:, None, None]) / k).sum((0, 1)) for pitch in pitches]
    )
    noise = rng.normal(0, 0.1, (segments, SEGMENT))
    return torch.tensor(
        (chords * 0.1 + noise) * np.geomspace(0.01, 1, segments)[:, None], dtype=torch.float32
    )


def converted(strategy: Strategy) -> Strategy:
    made = copy.deepcopy(strategy).eval()
    int8.convert(made)
    return made


ENCODERS = Path(__file__).parents[3] / "resources" / "encoders"
SHIPPED = [path for path in sorted(ENCODERS.glob("*.safetensors")) if "multi" not in path.name]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_vectors_of_what_ships_point_where_float32_ones_do(path: Path) -> None:
    strategy, _ = checkpoint.load(path)
    assert int8.fits(strategy)
    exact, rough = (one.embed(sounds()) for one in (strategy, converted(strategy)))
    assert functional.cosine_similarity(exact, rough).min() > 0.998
    assert (exact.norm(dim=1) / rough.norm(dim=1)).sub(1).abs().max() < 0.02
    assert not torch.equal(exact, rough)


def test_channels_may_reach_further_than_others() -> None:
    torch.manual_seed(0)
    encoder, log_mel = Encoder(width=0.125), torch.randn(24, 188, 96)
    for block in encoder.trunk.blocks:
        norm = block.norm
        assert isinstance(norm, nn.BatchNorm2d)
        norm.momentum = None  # the mean over all that it sees
        norm.weight.data.copy_(torch.logspace(-1, 1, norm.num_features))  # a hundred times as loud as others
        norm.bias.data.normal_(0, 0.3)
    with torch.no_grad():
        for _ in range(6):  # a block sees what the blocks before it give
            encoder(log_mel)
        encoder.eval()
        made = copy.deepcopy(encoder)
        int8.convert(made)
        cosines = functional.cosine_similarity(encoder(log_mel), made(log_mel))
    assert cosines.min() > 0.99


def test_it_does_not_depend_on_the_batch_or_on_autocast() -> None:
    strategy = converted(strategies.build("random", {"width": 0.125}))
    waves = sounds(5)
    together = strategy.embed(waves)
    with torch.autocast("cpu", torch.bfloat16):
        alone = torch.cat([strategy.embed(wave[None]) for wave in waves])
    torch.testing.assert_close(together, alone, rtol=0.02, atol=0.02)


def test_what_cannot_be_converted() -> None:
    assert not int8.fits(strategies.build("mfcc"))
    assert not int8.fits(strategies.build("random-multi", {"width": 0.125}))
    assert int8.fits(strategies.build("random", {"width": 0.125}))
    without = strategies.build("random", {"width": 0.125})
    next(part for part in without.modules() if isinstance(part, Encoder)).trunk.blocks[2].norm = nn.Identity()
    assert not int8.fits(without)
    assert not int8.knows("cuda")


def test_the_engine_of_other_integer_networks_is_left_alone() -> None:
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "onednn"
    try:
        converted(strategies.build("random", {"width": 0.125}))
        assert torch.backends.quantized.engine == "onednn"
    finally:
        torch.backends.quantized.engine = before
