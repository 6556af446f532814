"""Which lines the charts of some runs have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.charts.drawings import CHARTS, SHARES, STAGES, Drawing, Overlaid, Wish, draw
from core.library.records import Points, RunRecord
from core.library.store import Library
from tests.synthetic_runs import STORIES, add


@pytest.fixture
def runs(tmp_path: Path) -> list[tuple[RunRecord, Points]]:
    with Library(tmp_path / "library.earmap") as library:
        made = [add(library, story) for story in STORIES]
        return [(run, library.runs.points(run.id)) for run in made]


def drawn(runs: list[tuple[RunRecord, Points]], **wishes: object) -> Drawing:
    chances = ({"chance": run.chance, "knn_album_chance": 0.1 * place} for place, (run, _) in enumerate(runs))
    shown = [
        Overlaid(run.id, run.name, f"#00000{place}", 64, chance)
        for place, ((run, _), chance) in enumerate(zip(runs, chances, strict=True))
    ]
    wish = Wish(tuple(shown), **wishes)  # type: ignore[arg-type] # fields of Wish
    return draw(wish, {run.id: points for run, points in runs})


def test_every_chart_has_a_line_for_each_run(runs: list[tuple[RunRecord, Points]]) -> None:
    drawing = drawn(runs)
    for chart in CHARTS:
        colours = {line.colour for line in drawing.lines[chart.key]}
        assert colours == {"#000000", "#000001", "#000002", "#000003"}, chart.title
    assert drawing.span == (0, 400)


def test_only_what_was_measured_on_held_out_music_is_called_so() -> None:
    notes = {chart.key: chart.note for chart in CHARTS}
    assert notes["loss"] == "line: training · dots: held out"
    assert notes["uniformity"] == "held-out music"
    assert (
        notes["knn_album"] == "up to 256 tracks"
    )  # of those that are trained on as well, see core.training.panel
    assert notes["lr"] == ""


def test_training_is_a_line_and_validation_dots_in_one_colour(runs: list[tuple[RunRecord, Points]]) -> None:
    loss = drawn(runs[:1]).lines["loss"]
    assert [line.style for line in loss] == ["line", "marks"]
    assert loss[1].curve.x.tolist() == list(range(0, 401, 50))


def test_what_was_measured_stays_in_sight_behind_its_average(runs: list[tuple[RunRecord, Points]]) -> None:
    loss = drawn(runs[:1], weight=0.9).lines["loss"]
    assert [line.style for line in loss] == ["faint", "line", "marks"]
    assert loss[0].name is None
    noise = [np.abs(np.diff(line.curve.y)).mean() for line in loss[:2]]
    assert noise[1] < noise[0] / 3
    assert [line.style for line in drawn(runs[:1], weight=0.9).lines["lr"]] == ["line"]


def test_the_stages_are_those_of_the_chosen_run_and_add_up(runs: list[tuple[RunRecord, Points]]) -> None:
    assert drawn(runs).lines[SHARES.key] == ()
    lines = drawn(runs, chosen=runs[1][0].id).lines[SHARES.key]
    assert [line.name for line in lines] == [name for _, name, _ in STAGES][::-1]
    told = sum(line.told.y[-1] for line in lines if line.told is not None)
    assert lines[0].curve.y[-1] == pytest.approx(told)


def test_chance_is_drawn_where_all_runs_have_the_same(runs: list[tuple[RunRecord, Points]]) -> None:
    drawing = drawn(runs)
    assert drawing.chance["accuracy"] == pytest.approx(1 / 64)
    assert drawing.chance["knn_album"] is None  # 0.1, 0.2, 0.3: one line would lie to two of them
    assert drawn(runs[1:2]).chance["loss"] is None


def test_only_what_is_in_view_is_drawn(runs: list[tuple[RunRecord, Points]]) -> None:
    drawing = drawn(runs, span=(100.0, 110.0))
    (line,) = [line for line in drawing.lines["lr"] if line.colour == "#000003"]
    assert (line.curve.x[0], line.curve.x[-1]) == (99, 111)
    assert drawing.span == (100, 110)
