from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UserError
from core.training import describe as module
from core.training.config import TrainingConfig, all_trainable, resolve
from core.training.describe import describe, described, stored
from tests.eighth import an_eighth_strategy


def test_a_preset_decides_what_nobody_chose() -> None:
    paper, modern = resolve("adjacent", "paper"), resolve("adjacent", "modern")
    assert (paper.training.optimiser, paper.training.lr, paper.training.batch) == ("adam", 1e-3, 48)
    assert (modern.training.optimiser, modern.training.schedule) == ("adamw", "cosine")
    assert (paper.model["similarity"], modern.model["similarity"]) == ("dot", "cosine")
    assert paper.training.steps == TrainingConfig().steps  # a preset that says nothing of it


def test_own_choices_reach_every_section_however_they_are_written() -> None:
    found = resolve(
        "self", "modern",
        {"width": 0.25, "training.steps": "7", "model.seed": 3, "noise.p": 0.9, "augment.stretch.low": 0.7},
    )  # fmt: skip
    assert (found.model["width"], found.model["seed"], found.training.steps) == (0.25, 3, 7)
    assert (found.augment.noise.p, found.augment.stretch.low) == (0.9, 0.7)
    default = resolve("self", "modern")
    assert found.augment.noise.snr_low == default.augment.noise.snr_low  # its neighbours stay
    assert found.augment.stretch.p == default.augment.stretch.p
    assert default.augment.noise.p != 0.9  # and the preset itself was not written into


def test_the_learning_rate_follows_the_batch_unless_it_is_given() -> None:
    at_128 = resolve("adjacent", "modern").training.lr
    assert at_128 == pytest.approx(3e-4)
    assert resolve("adjacent", "modern", {"batch": 512}).training.lr == pytest.approx(2 * at_128)
    assert resolve("adjacent", "modern", {"batch": 512}, most=32).training.lr == pytest.approx(at_128 / 2)
    assert resolve("adjacent", "modern", {"batch": 512, "lr": 0.01}).training.lr == 0.01
    assert resolve("adjacent", "paper", {"batch": 512}).training.lr == 1e-3


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("sides", 1, (1,)), ("sides", "0,1", (0, 1)), ("augment.sides", [0], (0,)), ("sides", "", ()),
        ("pitch.semitones", "-1, 1", (-1, 1)), ("pitch.semitones", -2, (-2,)), ("pitch.semitones", (3,), (3,)),
    ],
)  # fmt: skip
def test_a_field_of_several_values_takes_them_as_a_person_types_them(
    key: str, value: object, wanted: tuple[int, ...]
) -> None:
    augment = resolve("self", "modern", {key: value}).augment
    assert (augment.sides if "sides" in key else augment.pitch.semitones) == wanted


@pytest.mark.parametrize(
    ("key", "value"), [("sides", "left"), ("sides", 2), ("pitch.semitones", ""), ("sides", None)]
)
def test_values_that_make_no_sense_in_a_list_are_told(key: str, value: object) -> None:
    with pytest.raises(UserError, match="cannot be set up") as told:
        resolve("self", "modern", {key: value})
    assert key in told.value.hint


def test_a_batch_is_never_larger_than_the_music_allows() -> None:
    capped = resolve("adjacent", "modern", {"chunk": 100}, most=20).training
    assert (capped.batch, capped.chunk) == (20, 20)
    assert resolve("adjacent", "modern", most=1000).training.batch == 128


@pytest.mark.parametrize(
    ("key", "said"),
    [("batsh", "batch"), ("noise.q", "noise.p"), ("model.widht", "width"), ("augment", "There is"), ("", "There is")],
)  # fmt: skip
def test_a_name_that_nothing_has_gets_the_nearest_ones(key: str, said: str) -> None:
    with pytest.raises(UserError) as told:
        resolve("adjacent", "modern", {key: 1})
    assert said in told.value.hint


def test_a_name_that_two_things_have_is_asked_back() -> None:
    with pytest.raises(UserError) as told:
        resolve("adjacent", "modern", {"seed": 1})
    assert "model.seed" in told.value.hint
    assert "training.seed" in told.value.hint


@pytest.mark.parametrize(
    ("strategy", "preset", "overrides", "word"),
    [
        ("adjacant", "modern", {}, "adjacent"),
        ("mfcc", "modern", {}, "trained"),
        ("adjacent", "ancient", {}, "paper"),
        ("adjacent", "modern", {"lr": -1}, "lr"),
        ("adjacent", "modern", {"lr": "fast"}, "lr"),
        ("adjacent", "modern", {"lr": float("nan")}, "lr"),
        ("adjacent", "modern", {"width": 0.3}, "width"),
        ("adjacent", "modern", {"noise": 5}, "noise"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    strategy: str, preset: str, overrides: dict[str, object], word: str
) -> None:
    with pytest.raises(UserError) as told:
        resolve(strategy, preset, overrides)
    assert word in f"{told.value.title} {told.value.hint}"


def test_a_field_inside_of_what_was_set_as_a_whole() -> None:
    given = {"noise": {"p": 0.5}, "noise.snr_low": 7.0}
    noise = resolve("self", "modern", given).augment.noise
    assert (noise.p, noise.snr_low) == (0.5, 7.0)
    assert given["noise"] == {"p": 0.5}, "left as it was"
    with pytest.raises(UserError, match=r"noise\.p cannot be set"):
        resolve("self", "modern", {"noise": 3, "noise.p": 0.5})


def test_the_schemas_need_no_torch() -> None:
    code = (
        "import sys, core.training.config, core.training.describe as d;"
        "d.TrainingConfig.model_json_schema(); d.AugmentConfig.model_json_schema();"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_strategy_is_described_also_one_that_was_just_added(tmp_path: Path) -> None:
    with an_eighth_strategy(tmp_path) as name:
        found = {entry["name"]: entry for entry in json.loads(json.dumps(describe()))["strategies"]}
        assert set(found) == set(all_trainable())
        assert name in found
    assert len(found) == 8
    assert found["melcpc"]["needed_s"] == 24
    presets = found["adjacent"]["presets"]
    assert presets["paper"]["training"]["batch"] == 48
    assert (presets["paper"]["lr_batch"], presets["modern"]["lr_batch"]) == (0, 128)
    assert all(entry["learns"] and entry["model"]["properties"]["width"] for entry in found.values())


def test_a_window_gets_the_description_from_a_child_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    assert stored(folder) is None
    answer = described(folder)
    assert {entry["name"] for entry in answer["strategies"]} == set(all_trainable())
    monkeypatch.setattr(module.subprocess, "run", None)  # a second child would be an error
    assert described(folder) == stored(folder) == answer
    next(folder.iterdir()).write_text("{broken")
    assert stored(folder) is None
