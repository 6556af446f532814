"""What may be chosen about augmentation, and what the presets choose."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from core.audio.augment_config import MODERN, PAPER, AugmentConfig, Effect

EFFECTS = {"pitch", "stretch", "filter", "reverb", "noise", "polarity", "mixup", "resize_crop"}


def probabilities(config: AugmentConfig) -> dict[str, float]:
    return {name: effect.p for name, effect in config if isinstance(effect, Effect)}


def test_everything_is_off_unless_asked_for() -> None:
    assert probabilities(AugmentConfig()) == dict.fromkeys(EFFECTS, 0.0)


def test_paper_is_the_papers() -> None:
    config = AugmentConfig(**PAPER)
    on = {"pitch": 1.0, "stretch": 1.0, "reverb": 0.5, "noise": 0.5, "polarity": 0.5}
    assert probabilities(config) == dict.fromkeys(EFFECTS, 0.0) | on
    assert config.sides == (1,)
    assert sorted(config.pitch.semitones) == [-2, -1, 1, 2]
    assert (config.stretch.low, config.stretch.high) == (0.8, 1.2)
    assert (config.noise.snr_low, config.noise.snr_high) == (5, 25)


def test_modern_filters_and_mixes_and_leaves_pitch_time_and_room() -> None:
    config = AugmentConfig(**MODERN)
    off = {name for name, p in probabilities(config).items() if p == 0}
    assert off == {"pitch", "polarity", "stretch", "reverb"}
    assert config.sides == (0, 1)
    assert (config.mixup.low, config.mixup.high) == (0.2, 0.4)


@pytest.mark.parametrize(
    ("choice", "side", "segments", "samples"),
    [
        ({}, 0, 1, 48_000),
        ({}, 1, 4, 192_000),
        (PAPER, 0, 1, 48_000),
        (PAPER, 1, 1, 57_600),
        (MODERN, 0, 1, 48_000),
        ({"stretch": {"p": 0.5}, "sides": (0, 1)}, 0, 1, 57_600),
        ({"stretch": {"p": 0.5}, "sides": (0,)}, 0, 4, 230_400),
        ({"stretch": {"p": 0.5}, "sides": (0,)}, 1, 4, 192_000),
        ({"pitch": {"p": 0.1}}, 0, 1, 57_600),
        ({"stretch": {"p": 0.1, "high": 1.5}}, 0, 1, 72_000),
        ({"noise": {"p": 1}}, 0, 1, 48_000),
    ],
)
def test_what_is_stretched_is_cut_longer(
    choice: dict[str, Any], side: int, segments: int, samples: int
) -> None:
    assert AugmentConfig(**choice).crop(side, segments) == samples


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise": {"snr_low": 30.0}},
        {"reverb": {"wet_low": 0.9}},
        {"filter": {"high_pass_low": 700.0}},
        {"stretch": {"low": 1.3}},
        {"stretch": {"low": 0.0}},
        {"stretch": {"low": float("nan")}},
        {"pitch": {"p": 1.1}},
        {"pitch": {"semitones": ()}},
        {"pitch": {"semitones": (7,)}},
        {"mixup": {"high": 0.6}},
        {"resize_crop": {"time_high": 1.1}},
        {"sides": (2,)},
        {"echo": {"p": 0.5}},
        {"polarity": {"p": 0.5, "low": 1}},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AugmentConfig(**wrong)


@pytest.mark.parametrize("preset", [PAPER, MODERN])
def test_a_config_survives_json(preset: dict[str, Any]) -> None:
    config = AugmentConfig(**preset)
    assert AugmentConfig.model_validate_json(config.model_dump_json()) == config


def test_every_field_has_a_title_and_a_description() -> None:
    fields = [*AugmentConfig.model_fields.values()]
    for effect in EFFECTS:
        kind = AugmentConfig.model_fields[effect].annotation
        assert isinstance(kind, type)
        assert issubclass(kind, Effect)
        assert kind.__doc__
        fields += kind.model_fields.values()
    assert all(
        field.title and (field.description or isinstance(field.default_factory, type)) for field in fields
    )


def test_the_window_can_show_it_without_torch() -> None:
    code = "import sys, core.audio.augment_config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
