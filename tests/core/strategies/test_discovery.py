"""A strategy is found because its file is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core import cli, strategies
from core.audio import SEGMENT
from core.errors import UserError
from core.nets.encoder import WIDTHS
from core.training.config import resolve
from core.training.describe import describe
from tests.eighth import an_eighth_strategy, files_of

LOUDNESS = """
import torch
from core.strategies.base import Strategy

class Loudness(Strategy):
    name = "{name}"
    title = "Loudness"
    summary = "How loud it is."
    front_end = "wave-1"
    dim = 1

    def forward(self, waves):
        return waves.square().mean(1, keepdim=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files count as files of the package."""
    with files_of(tmp_path):
        yield tmp_path


def test_the_baselines_are_there() -> None:
    assert {"mfcc", "random", "random-multi"} <= set(strategies.available())


def test_a_new_file_is_enough(folder: Path) -> None:
    (folder / "loudness_of_a_test.py").write_text(LOUDNESS.format(name="loudness"))
    assert "loudness" in strategies.available()
    built = strategies.build("loudness")
    assert built.embed(torch.full((1, SEGMENT), 0.5)).item() == pytest.approx(0.25)


def test_two_of_one_name_are_a_mistake(folder: Path) -> None:
    (folder / "loudness_again.py").write_text(LOUDNESS.format(name="mfcc"))
    with pytest.raises(ValueError, match="mfcc"):
        strategies.available()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'typo'.*mfcc, random"):
        strategies.build("typo")


def test_an_eighth_strategy_can_be_trained_and_has_a_form(tmp_path: Path) -> None:
    """One file: its choices, presets and needs are in what the window's form is made of."""
    with an_eighth_strategy(tmp_path) as name:
        (told,) = (entry for entry in describe()["strategies"] if entry["name"] == name)
        assert json.loads(json.dumps(told)) == told
    assert told["needed_s"] == 16
    assert told["segments"] == [1, 1]
    assert told["learns"] == "What stays for ten seconds."
    assert told["model"]["properties"]["width"]["enum"] == list(WIDTHS)
    assert {"similarity", "temperature", "symmetric", "decoupled", "head"} <= set(told["model"]["properties"])
    assert told["presets"]["modern"]["model"]["temperature"] == 0.1
    assert name not in strategies.available()


def test_an_eighth_strategy_is_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = str(tmp_path / "new.earmap")

    def names() -> list[str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["train", "--list", "--json", "--library", library])
        assert not ended.value.code
        return [entry["name"] for entry in json.loads(capsys.readouterr().out)["strategies"]]

    before = names()
    assert len(before) == 7
    with an_eighth_strategy(tmp_path) as name:
        assert set(names()) == {*before, name}
    with an_eighth_strategy(tmp_path):
        assert resolve(name).strategy == name
    with pytest.raises(UserError, match="far-apart"):
        resolve(name)
