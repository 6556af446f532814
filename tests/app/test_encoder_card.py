"""A card in words: what is told of each kind of encoder, and nothing that a stranger's card makes up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.encoder_card import (
    BASELINES,
    NOTHING_LEARNED,
    UNTOLD,
    Figure,
    Score,
    Source,
    sheet_of,
)
from core.library.records import EncoderRecord
from tests import shipped

TRAINED: dict[str, Any] = {
    "run": "mine", "preset": "modern", "steps": 300, "created": "2026-11-23T03:00:00Z",
    "data": {
        "fingerprint": "cd" * 32, "tracks": 469, "validation_tracks": 65, "seconds": 14_070.0, "clip_seconds": 30.0,
    },
    "figures": {"val_accuracy": 0.9375, "val_loss": 0.8486, "chance": 1 / 64, "ending": "end"},
    "curves": {"loss": [[1, 2], [3.5, 2.5]], "lr": [[1], [0.1]]}, "standardisation": {"mean": 1.5, "std": 1.2},
}  # fmt: skip


def record(
    card: dict[str, Any], strategy: str = "self", file: str = "x.safetensors", name: str = "mine"
) -> EncoderRecord:
    return EncoderRecord(1, name, strategy, {"width": 0.25}, 128, 256, "logmel-2", "w", card, file)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return shipped.folder(monkeypatch, tmp_path / "shipped")


def test_what_came_with_the_program_tells_all_of_its_card(place: Path) -> None:
    sheet = sheet_of(shipped.ship(place), {"adjacent": {"title": "Adjacent", "learns": "What follows."}})
    assert (sheet.title, sheet.origin, sheet.unheard, sheet.weights) == (
        "Earmap 2",
        "Came with Earmap",
        True,
        True,
    )
    assert sheet.about == shipped.CARD["description"]
    facts = dict(sheet.facts)
    assert facts["Strategy"] == "Adjacent"
    assert facts["A track becomes"] == "256 numbers"
    assert facts["A 3-minute track takes"] == "812 ms"
    assert dict(sheet.learning)["Music"] == "26.1 h from 470 tracks"
    assert sheet.sources[1] == Source("Wesnoth", "GPL-2.0-or-later", "several", 2.0, 35)
    assert [score.metric for score in sheet.scores] == ["HR@10", "MPR"]
    assert sheet.scores[0].own.text == "0.480\n[0.440, 0.520]"
    assert sheet.scores[0].note == "n 120 · 5 draws"
    assert sheet.scores[1].others["mfcc"].text == "0.320", "no interval is known"
    assert sheet.curves["loss"] == ([0, 100, 200], [4.0, 2.0, 1.5])
    assert (sheet.limits, sheet.rebuild) == (("It has heard little jazz.",), shipped.CARD["rebuild"])
    assert json.loads(sheet.text)["standardisation"]["n"] == 400
    assert sheet.untold == ""


def test_an_encoder_trained_here_tells_of_its_run() -> None:
    sheet = sheet_of(record(TRAINED), {"self": {"title": "Self", "learns": "What stays the same."}})
    assert (sheet.origin, sheet.about) == ("Trained here", "What stays the same.")
    assert dict(sheet.facts) == {
        "Strategy": "Self, preset modern", "Size": "width 0.25 of the paper's network", "Training": "300 steps",
        "A track becomes": "256 numbers", "Made": "2026-11-23",
    }  # fmt: skip
    assert sheet.learning[:2] == (
        ("Music", "3.9 h from 469 tracks, 30 s of each"), ("Kept aside to check it", "65 tracks"),
    )  # fmt: skip
    assert [line[:2] for line in sheet.measured] == [
        ("Right picks, held out", "94 %"),
        ("Loss, held out", "0.849"),
    ]
    assert (sheet.chance, set(sheet.curves)) == (1 / 64, {"loss"}), "what is charted, and no more"
    assert json.loads(sheet.text)["front_end"] == "logmel-2", "the library knows what the card does not say"


def test_an_imported_one_says_what_its_card_says_or_that_it_does_not() -> None:
    told = sheet_of(record({key: value for key, value in TRAINED.items() if key != "run"}))
    assert (told.origin, told.untold) == ("Imported", "")
    silent = sheet_of(record({"name": "mine"}))
    assert (silent.origin, silent.untold, silent.scores) == ("Imported", UNTOLD, ())


@pytest.mark.parametrize("strategy", BASELINES)
def test_a_baseline_has_a_card_too(strategy: str) -> None:
    sheet = sheet_of(
        record({"name": strategy}, strategy, "r.safetensors" if strategy != "mfcc" else "", strategy)
    )
    assert (sheet.origin, sheet.untold, sheet.weights) == ("Needs no training", NOTHING_LEARNED, False)
    assert sheet.about == BASELINES[strategy]
    assert sheet.title != strategy
    assert dict(sheet.facts)["Strategy"] == sheet.title


def score(
    others: dict[str, Figure], own: tuple[float, float, float] = (0.5, 0.4, 0.6), *, higher: bool = True
) -> Score:
    return Score("task", "metric", Figure(*own), others, higher)


WORSE, LEVEL, BETTER, VAGUE = Figure(0.2, 0.1, 0.3), Figure(0.5, 0.3, 0.7), Figure(0.8, 0.7, 0.9), Figure(0.2)


@pytest.mark.parametrize(
    ("others", "higher", "told"),
    [
        ({"mfcc": WORSE, "random": WORSE}, True, "Better than both."),
        ({"mfcc": WORSE, "random": WORSE}, False, "Worse than Timbre (MFCC) and Untrained."),
        (
            {"mfcc": WORSE, "random": LEVEL},
            True,
            "Better than Timbre (MFCC), no clear difference from Untrained.",
        ),
        (
            {"mfcc": BETTER, "random": LEVEL},
            True,
            "Worse than Timbre (MFCC), no clear difference from Untrained.",
        ),
        ({"mfcc": BETTER}, False, "Better than Timbre (MFCC)."),
        ({"mfcc": VAGUE, "random": LEVEL}, True, "No clear difference from Untrained."),
        ({"mfcc": VAGUE}, True, ""),
        ({}, True, ""),
    ],
)
def test_a_verdict_goes_by_the_intervals(others: dict[str, Figure], higher: bool, told: str) -> None:
    assert score(others, higher=higher).verdict == told


ABOVE, AROUND, BELOW = Figure(0.1, 0.05, 0.2), Figure(0.1, -0.05, 0.2), Figure(-0.1, -0.2, -0.05)


@pytest.mark.parametrize(
    ("differences", "higher", "told"),
    [
        ({"mfcc": ABOVE, "random": ABOVE}, True, "Better than both."),
        ({"mfcc": BELOW, "random": BELOW}, False, "Better than both."),
        (
            {"mfcc": BELOW, "random": AROUND},
            True,
            "Worse than Timbre (MFCC), no clear difference from Untrained.",
        ),
        ({"mfcc": ABOVE}, True, "Better than Timbre (MFCC), no clear difference from Untrained."),
        ({"mfcc": VAGUE}, True, "No clear difference from Timbre (MFCC) and Untrained."),
    ],
)
def test_differences_of_the_same_items_tell_more_than_intervals_side_by_side(
    differences: dict[str, Figure], higher: bool, told: str
) -> None:
    rows = {"this": 0.5, "mfcc": 0.4, "random": 0.4}
    line: dict[str, Any] = {
        "better": "higher" if higher else "lower",
        "rows": {key: {"mean": mean, "low": 0.3, "high": 0.6} for key, mean in rows.items()},
        "differences": {key: vars(figure) for key, figure in differences.items()},
    }
    (found,) = sheet_of(record({"figures": {"table": [line]}})).scores
    assert found.verdict == told


def test_lean_blocks_are_said() -> None:
    lean = replace(record(TRAINED), config={"width": 0.25, "blocks": "lean"})
    assert dict(sheet_of(lean).facts)["Size"] == "width 0.25 of the paper's network, with lean blocks"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["sources", "table", "rows", "this", "mean", "loss", "title", "hours", "steps", "heard"]), inner
    ),
    max_leaves=12,
)  # fmt: skip
KEYS = (
    "title", "summary", "description", "data", "figures", "curves", "training", "limits", "rebuild", "preset", "steps",
    "created", "bundled", "run",
)  # fmt: skip


@given(card=st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_no_card_stops_the_window(card: dict[str, Any]) -> None:
    sheet = sheet_of(record(card))
    assert sheet.title
    assert json.loads(sheet.text)["strategy"] == "self"
    for steps, values in sheet.curves.values():
        assert len(steps) == len(values) > 0
