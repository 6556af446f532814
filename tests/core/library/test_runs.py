from __future__ import annotations

import math
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.library.records import RunRecord
from core.library.store import Library
from tests.shelf import encoder

METRICS = ("loss", "accuracy", "lr", "grad_norm")


def start(library: Library, name: str = "self-paper", **more: object) -> RunRecord:
    choices: dict[str, object] = {
        "strategy": "self",
        "preset": "paper",
        "config": {"lr": 0.001},
        "steps": 300,
    }
    return library.runs.create(name, **(choices | more))  # type: ignore[arg-type] # a test's shorthand


def as_lists(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, tuple[list[int], list[float]]]:
    return {metric: (steps.tolist(), values.tolist()) for metric, (steps, values) in curves.items()}


def count(library: Library) -> int:
    with closing(sqlite3.connect(library.path)) as connection:
        return int(connection.execute("SELECT count(*) FROM run_point").fetchone()[0])


def test_a_run_comes_back_as_it_went_in_and_as_it_was_changed(library: Library) -> None:
    job = library.jobs.start("train", {})
    run = start(library, job_id=job, predicted={"seconds": 12.5}, chance=1 / 64)
    assert (run.name, run.strategy, run.preset, run.config) == ("self-paper", "self", "paper", {"lr": 0.001})
    assert (run.state, run.step, run.steps, run.job_id, run.chance) == ("running", 0, 300, job, 1 / 64)
    assert (run.predicted, run.figures, run.verdicts, run.panel) == ({"seconds": 12.5}, {}, [], {})
    verdicts = [{"kind": "collapse", "sentence": "All tracks look alike."}]
    library.runs.update(
        run.id, state="finished", figures={"loss": math.nan}, verdicts=verdicts, encoder="mine"
    )
    changed = library.runs.get("self-paper")
    assert (changed.state, changed.figures, changed.encoder) == ("finished", {"loss": None}, "mine")
    assert changed.verdicts == verdicts
    assert [changed] == library.runs.all() == [library.runs.get(run.id)]


def test_a_wish_is_heard_until_it_is_taken_back(library: Library) -> None:
    run = start(library)
    library.runs.wish(run.id, "finish")
    assert library.runs.get(run.id).wish == "finish"
    library.runs.wish(run.id, "")
    assert library.runs.get(run.id).wish == ""


def test_a_run_that_is_not_there_is_named_with_those_that_are(library: Library) -> None:
    assert library.runs.find("a") is None
    with pytest.raises(UserError) as nothing:
        library.runs.get("a")
    assert nothing.value.hint == "There are: none yet."
    start(library, "b")
    with pytest.raises(UserError, match="no run called a") as others:
        library.runs.get("a")
    assert others.value.hint == "There are: b."
    with pytest.raises(UserError, match="not there any more"):
        library.runs.get(99)


def test_a_name_is_given_once_and_case_does_not_make_it_new(library: Library) -> None:
    start(library, "Mine")
    with pytest.raises(UserError, match="called Mine already"):
        start(library, "mine")
    encoder(library, "mine-2")
    (library.sidecar("runs") / "mine-3").mkdir()  # what an older copy of the library left
    assert library.runs.unused_name("mine") == "mine-4"
    assert library.runs.unused_name("mine", ["Mine-4", "other"]) == "mine-5"
    assert library.runs.unused_name("../other") == "other"
    assert library.runs.unused_name("\0") == "run"
    assert len(library.runs.all()) == 1


def test_points_come_back_by_metric_in_order_and_no_number_as_none(library: Library) -> None:
    run, other = start(library), start(library, "other")
    library.runs.log(
        run.id, [(1, "loss", 2.5), (1, "lr", 1e-3), (2, "loss", math.nan), (3, "loss", math.inf)], step=3
    )
    library.runs.log(other.id, [(1, "loss", 9.0)])
    points = library.runs.points(run.id)
    steps, values = points.curves["loss"]
    assert (steps.dtype, values.dtype) == (np.int64, np.float64)
    assert steps.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(values, [2.5, math.nan, math.inf])
    assert as_lists({"lr": points.curves["lr"]}) == {"lr": ([1], [1e-3])}
    assert (library.runs.get(run.id).step, library.runs.get(other.id).step) == (3, 0)
    assert library.runs.points(99).curves == {}


def test_a_reader_that_keeps_up_reads_only_what_is_new(library: Library) -> None:
    run = start(library)
    assert library.runs.follow(run.id, None).curves == {}
    library.runs.log(run.id, [(1, "loss", 3.0)])
    first = library.runs.follow(run.id, None)
    assert library.runs.follow(run.id, first) is first
    library.runs.log(run.id, [(2, "loss", 2.0), (2, "val_loss", 2.5)])
    assert as_lists(library.runs.points(run.id, first.last).curves) == {
        "loss": ([2], [2.0]),
        "val_loss": ([2], [2.5]),
    }
    second = library.runs.follow(run.id, first)
    assert as_lists(second.curves) == {"loss": ([1, 2], [3.0, 2.0]), "val_loss": ([2], [2.5])}
    assert as_lists(second.curves) == as_lists(library.runs.points(run.id).curves)


def test_what_a_resumed_run_draws_anew_takes_the_place_of_what_was_there(library: Library) -> None:
    run, other = start(library), start(library, "other")
    library.runs.log(other.id, [(9, "loss", 1.0)])
    library.runs.log(run.id, [(step, "loss", float(step)) for step in range(1, 10)], step=9)
    known = library.runs.follow(run.id, None)
    library.runs.rewind(run.id, 4)
    assert library.runs.get(run.id).step == 4
    library.runs.log(run.id, [(5, "loss", 50.0)])
    # Rows are never numbered twice: a reader that asks for what is newer misses nothing.
    assert library.runs.points(run.id, known.last).curves["loss"][0].tolist() == [5]
    again = library.runs.follow(run.id, known)
    assert as_lists(again.curves) == {"loss": ([1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 50.0])}
    assert as_lists(library.runs.points(other.id).curves) == {"loss": ([9], [1.0])}


def test_long_curves_are_read_fast_and_by_their_index(library: Library) -> None:
    runs = [start(library, f"run {i}") for i in range(4)]
    for run in runs:
        library.runs.log(run.id, [(i // 4, METRICS[i % 4], i * 0.5) for i in range(50_000)])
    began = time.perf_counter()
    curves = [library.runs.points(run.id).curves for run in runs]
    took = time.perf_counter() - began
    assert {len(steps) for run in curves for steps, _ in run.values()} == {12_500}
    assert curves[2]["lr"][1][:2].tolist() == [1.0, 3.0]
    assert took < 5, "200,000 points: a third of a second on a machine that is not busy"
    with closing(sqlite3.connect(library.path)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id, metric, step, value FROM run_point WHERE run_id = 1 AND id > 7 ORDER BY id"
        ).fetchall()
    assert [row[3] for row in plan] == ["SEARCH run_point USING INDEX ix_run_point_run (run_id=? AND id>?)"]


def test_writers_of_several_runs_do_not_lose_points(library: Library) -> None:
    runs = [start(library, f"run {i}") for i in range(3)]

    def write(run: RunRecord) -> None:
        with Library(library.path) as own:
            for step in range(20):
                own.runs.log(run.id, [(step, metric, step) for metric in METRICS], step=step)

    threads = [threading.Thread(target=write, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        curves = library.runs.points(run.id).curves
        assert as_lists(curves) == dict.fromkeys(METRICS, (list(range(20)), [float(i) for i in range(20)]))


def test_deleting_a_run_takes_its_points_and_its_folder_and_leaves_the_rest(
    library: Library, tmp_path: Path
) -> None:
    run, other = start(library), start(library, "other")
    for each in (run, other):
        (library.sidecar("runs") / each.name).mkdir()
        (library.sidecar("runs") / each.name / "state.safetensors").write_bytes(b"1")
        library.runs.log(each.id, [(1, "loss", 1.0)])
    with pytest.raises(UserError, match="being trained"):
        library.runs.delete(run.id)
    assert count(library) == 2
    library.runs.update(run.id, state="paused")
    library.runs.delete(run.id)
    assert [left.name for left in library.runs.all()] == ["other"]
    assert count(library) == 1
    assert [folder.name for folder in library.sidecar("runs").iterdir()] == ["other"]
    again = start(library)
    assert again.id > other.id, "an id is never given twice"


def test_a_run_whose_folder_is_elsewhere_loses_the_link_alone(library: Library, tmp_path: Path) -> None:
    run = start(library)
    elsewhere = tmp_path / "large disk"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("x")
    (library.sidecar("runs") / run.name).symlink_to(elsewhere, target_is_directory=True)
    library.runs.update(run.id, state="failed")
    library.runs.delete(run.id)
    assert (elsewhere / "mine").exists()
    assert list(library.sidecar("runs").iterdir()) == []


def test_a_run_ends_with_its_job_unless_it_said_how_it_ended(library: Library) -> None:
    runs = {}
    for state in ("failed", "cancelled", "completed"):
        job = library.jobs.start("train", {})
        runs[state] = start(library, state, job_id=job)
        library.jobs.finish(job, state)  # type: ignore[arg-type] # a literal each
    assert library.runs.get("failed").state == "failed"
    assert library.runs.get("cancelled").state == "interrupted"
    job = library.jobs.start("train", {})
    paused = start(library, "paused", job_id=job)
    library.runs.update(paused.id, state="paused")
    library.jobs.finish(job, "cancelled")
    assert library.runs.get("paused").state == "paused"


def test_a_run_whose_job_died_is_interrupted(library: Library) -> None:
    _dead, done, alive = (start(library, name, job_id=library.jobs.start("train", {})) for name in "abc")
    library.runs.update(done.id, state="finished")
    with closing(sqlite3.connect(library.path)) as connection, connection:
        connection.execute("UPDATE job SET pid = ? WHERE id <> ?", (2**22 + 1, alive.job_id))
    assert len(library.jobs.bury_dead()) == 2
    assert [run.state for run in library.runs.all()] == ["interrupted", "finished", "running"]


def test_an_encoder_leads_to_the_run_that_made_it(library: Library) -> None:
    made = encoder(library, "mine")
    assert library.runs.of_encoder(made) is None
    run = start(library)
    library.runs.update(run.id, encoder="mine", state="finished")
    found = library.runs.of_encoder(made)
    assert found is not None
    assert found.id == run.id
    library.runs.delete(run.id)
    assert library.encoders.get("mine") == made
