"""The presets against the table of the method, section 5, and section 4 on who hears augmented sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audio import SEGMENT
from core.audio.augment_config import AugmentConfig
from core.training.config import RunConfig, all_trainable, resolve
from tests.eighth import an_eighth_strategy

NAMES = list(all_trainable())
SELF = ("self", "self-multi")
WAVES = ("pitch", "stretch", "filter", "reverb", "noise", "polarity")
LOG_MELS = ("mixup", "resize_crop")


def effects(augment: AugmentConfig) -> set[str]:
    """What is ever done to a view."""
    if not augment.sides:
        return set()
    return {name for name in (*WAVES, *LOG_MELS) if getattr(augment, name).p > 0}


def own(name: str) -> dict[str, float]:
    """Choices that only some have: anywhere in the track; as long a vector of each level as the paper's."""
    reach = {"reach": 0.0} if name.startswith("same-track") else {}
    return reach | ({"level_dim": 128} if name.endswith("-multi") else {})


@pytest.mark.parametrize("name", NAMES)
def test_paper(name: str) -> None:
    run = resolve(name, "paper")
    assert run.model == own(name) | {
        "width": 1.0, "seed": 0, "similarity": "dot", "temperature": 1.0, "symmetric": False, "decoupled": False,
        "head": "none", "log_mel": "paper", "blocks": "paper", "timbre": False,
    }  # fmt: skip
    t = run.training
    assert (t.optimiser, t.lr, t.schedule, t.plateau_factor, t.plateau_patience) == (
        "adam", 1e-3, "plateau", 0.2, 5,
    )  # fmt: skip
    assert (t.clip, t.batch, t.weight_decay) == (1.0, 48, 0.0)
    assert 0 < t.warmup <= 0.05


@pytest.mark.parametrize("name", NAMES)
def test_modern(name: str) -> None:
    run = resolve(name)
    assert run.preset == "modern", "what a person gets by default"
    assert run.model == own(name) | {
        "width": 1.0, "seed": 0, "similarity": "cosine", "temperature": 0.1, "symmetric": True,
        "decoupled": False, "head": "mlp", "log_mel": "paper", "blocks": "paper", "timbre": False,
    }  # fmt: skip
    t = run.training
    assert (t.optimiser, t.lr, t.weight_decay, t.warmup, t.schedule) == ("adamw", 3e-4, 1e-5, 0.05, "cosine")
    assert (t.clip, t.batch) == (1.0, 128)
    assert resolve(name, overrides={"batch": 512}).training.lr == pytest.approx(6e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_paper_augments_the_positive_of_self_alone(name: str) -> None:
    augment = resolve(name, "paper").augment
    if name in SELF:
        assert effects(augment) == {"pitch", "stretch", "reverb", "noise", "polarity"}
        assert augment.sides == (1,)
        assert (augment.reverb.p, augment.noise.p, augment.polarity.p) == (0.5, 0.5, 0.5)
    else:
        assert effects(augment) == set(), "clean, else the comparison of strategies is confounded"


@pytest.mark.parametrize("name", NAMES)
def test_modern_augments_both_views_or_the_context(name: str) -> None:
    augment = resolve(name).augment
    assert augment.sides == ((0,) if name == "melcpc" else (0, 1))
    assert effects(augment) == {"filter", "noise", "mixup", "resize_crop"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("preset", ["paper", "modern"])
def test_clips_of_30_s_are_enough(name: str, preset: str) -> None:
    kind, run = all_trainable()[name], resolve(name, preset, {"width": 0.125})
    crop = (run.augment.crop(0, kind.segments[0]), run.augment.crop(1, kind.segments[1]))
    assert kind(kind.Config(width=0.125)).needed(crop) <= 10 * SEGMENT


def test_an_eighth_strategy_has_presets_too(tmp_path: Path) -> None:
    with an_eighth_strategy(tmp_path) as name:
        run = resolve(name, "paper", {"width": 0.25, "temperature": 0.5, "lr": 0.01})
        assert run.model["width"] == 0.25
        assert run.model["temperature"] == 0.5
        assert RunConfig.model_validate_json(run.model_dump_json()) == run
