"""MFCC statistics and random encoders against slow readings of their description."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core import strategies
from core.audio import SEGMENT
from core.audio.features import MFCC, LogMel
from core.errors import UserError
from core.nets.encoder import WIDTHS
from core.strategies.base import CHUNK, EncoderStrategy


def noise(segments: int, seed: int = 0) -> Tensor:
    """Segments of different loudness, in order of it: the worst case for statistics taken in chunks."""
    waves = torch.randn(segments, SEGMENT, generator=torch.Generator().manual_seed(seed))
    return waves * torch.linspace(0.01, 0.5, segments)[:, None]


def random(name: str = "random", **config: float) -> EncoderStrategy:
    built = strategies.build(name, {"width": 0.125, **config})
    assert isinstance(built, EncoderStrategy)
    return built


def batch_norms(strategy: EncoderStrategy) -> list[nn.BatchNorm2d]:
    return [module for module in strategy.modules() if isinstance(module, nn.BatchNorm2d)]


def test_mfcc_is_means_then_deviations() -> None:
    waves = noise(3)
    frames = MFCC().double()(waves.double()).numpy()
    vectors = strategies.build("mfcc").embed(waves).numpy()
    assert vectors[:, :20] == pytest.approx(frames.mean(1), abs=1e-3)
    assert vectors[:, 20:] == pytest.approx(frames.std(1), abs=1e-3)


def test_mfcc_of_a_track_pools_its_frames() -> None:
    waves = noise(5)
    mfcc = strategies.build("mfcc")
    frames = MFCC().double()(waves.double()).numpy().reshape(-1, 20)
    summary = mfcc.summarise(mfcc.embed(waves)).numpy()
    assert summary[:20] == pytest.approx(frames.mean(0), abs=1e-3)
    assert summary[20:] == pytest.approx(frames.std(0), abs=1e-3)


def test_mfcc_pooling_survives_means_far_from_zero() -> None:
    """The design's formula with E[x^2] - m^2 would lose this deviation in float32."""
    vectors = torch.cat([torch.full((1000, 20), -1132.0), torch.full((1000, 20), 0.01)], 1)
    summary = strategies.build("mfcc").summarise(vectors)
    assert summary[20:].numpy() == pytest.approx(0.01, rel=1e-4)


def test_summary_is_mean_and_population_deviation() -> None:
    strategy = random()
    vectors = torch.randn(7, 128, generator=torch.Generator().manual_seed(2)) + 100
    summary = strategy.summarise(vectors).numpy()
    assert summary[:128] == pytest.approx(vectors.numpy().mean(0), rel=1e-5)
    assert summary[128:] == pytest.approx(vectors.double().numpy().std(0), rel=1e-5)


@pytest.mark.parametrize("name", ["random", "random-multi"])
def test_one_segment_has_no_deviation(name: str) -> None:
    strategy = random(name)
    vectors = strategy.embed(noise(1))
    summary = strategy.summarise(vectors)
    assert torch.equal(summary[: strategy.dim], vectors[0])
    assert not summary[strategy.dim :].any()


def test_dims() -> None:
    dims = {name: strategies.build(name) for name in ("mfcc", "random", "random-multi")}
    assert {name: (s.dim, s.track_dim) for name, s in dims.items()} == {
        "mfcc": (40, 40),
        "random": (128, 256),
        "random-multi": (640, 1280),
    }


def test_calibration_standardises_the_log_mel() -> None:
    strategy, waves = random(), noise(30)
    strategy.calibrate(waves)
    values = strategy.standardise(LogMel()(waves)).double()
    assert abs(values.mean()) < 1e-4
    assert abs(values.std(correction=0) - 1) < 1e-4


def test_calibration_measures_the_first_batch_norm_exactly() -> None:
    strategy, waves = random(), noise(2 * CHUNK)
    strategy.calibrate(waves)
    first = strategy.encoder.trunk.blocks[0]
    with torch.no_grad():
        inputs = first.conv(strategy.standardise(strategy.log_mel(waves)).unsqueeze(1))
    assert torch.allclose(first.norm.running_mean, inputs.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(first.norm.running_var, inputs.var((0, 2, 3)), rtol=0.1)


def test_calibrated_batch_norms_see_unit_scale() -> None:
    """In eval mode every block's normalised values are close to mean 0 and deviation 1 on that audio."""
    strategy, waves = random(), noise(60)
    strategy.calibrate(waves)
    seen: dict[nn.Module, Tensor] = {}
    hooks = [
        norm.register_forward_hook(lambda m, _, out: seen.__setitem__(m, out))
        for norm in batch_norms(strategy)
    ]
    strategy.embed(waves)
    for hook in hooks:
        hook.remove()
    assert len(seen) == 5
    for values in seen.values():
        assert values.mean((0, 2, 3)).abs().mean() < 0.1
        assert values.std((0, 2, 3)).mean() == pytest.approx(1, abs=0.15)


def test_calibration_leaves_eval_mode_and_momentum() -> None:
    strategy = random()
    strategy.calibrate(noise(10))
    assert not strategy.training
    assert {norm.momentum for norm in batch_norms(strategy)} == {0.1}


def test_calibration_again_starts_afresh() -> None:
    once, twice = random(), random()
    once.calibrate(noise(30, seed=1))
    twice.calibrate(noise(30, seed=0))
    twice.calibrate(noise(30, seed=1))
    for name, tensor in once.state_dict().items():
        assert torch.allclose(tensor.float(), twice.state_dict()[name].float(), atol=1e-5), name


def test_calibration_reports_and_can_be_stopped() -> None:
    told: list[tuple[int, int]] = []
    random().calibrate(noise(2 * CHUNK + 1), lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        random().calibrate(noise(2), stop)


def test_the_seed_decides() -> None:
    waves = noise(2)
    zero, other = random(seed=0).embed(waves), random(seed=1).embed(waves)
    assert torch.equal(zero, random(seed=0).embed(waves))
    assert not torch.allclose(zero, other)


@pytest.mark.parametrize("width", [0.3, 0, -1, 2, 1000, float("nan"), float("inf"), "wide"])
def test_only_known_widths(width: object) -> None:
    with pytest.raises(UserError, match="width"):
        strategies.build("random", {"width": width})


def test_a_form_can_offer_the_widths() -> None:
    schema = strategies.available()["random"].Config.model_json_schema()
    assert schema["properties"]["width"]["enum"] == list(WIDTHS)
