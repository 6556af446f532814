"""A strategy is found because its file is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core import strategies
from core.audio import SEGMENT
from core.errors import UserError
from tests.eighth import files_of

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
