"""Training as a job on a real library: music decoded, a run's row and curves, pauses, kills, the encoder at the end."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from core.errors import UserError
from core.files import unwritable
from core.jobs.events import Ended, Event, Progress, Skipped
from core.jobs.process import JobProcess
from core.jobs.train import locked
from core.library.records import RunRecord
from core.library.store import Library
from core.nets import checkpoint
from core.settings import Settings
from core.training import ledger, prepare, state
from core.training.config import RunConfig
from core.training.step import Step
from core.training.world import World
from tests.audio_files import write
from tests.library_tools import Recorder, run_job, scan
from tests.training_tools import SMALL, run_config, sound, trainer, write_clips

TRACKS = 12
TINY = SMALL | {"steps": 4, "batch": 2, "validate_every": 2}
LEARNED = ("loss", "accuracy", "grad_norm", "lr", "val_loss", "val_accuracy", "effective_rank")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for number in range(TRACKS):
        tags = {"title": f"Piece {number}", "artist": f"Artist {number}", "album": f"Album {number // 3}"}
        wave = sound(number, 9.0).astype(np.float32) / 32_768
        write(folder / f"{number:02}.wav", wave[:, None], 16_000, tags=tags)
    write(folder / "short.wav", np.zeros((16_000, 1), np.float32), 16_000)
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Path:
    """A library whose clips are made."""
    path = tmp_path_factory.mktemp("library") / "a.earmap"
    with Library(path) as library:
        scan(library, music)
        assert run_job(library, "clips").outcome == "completed"
    return path


@pytest.fixture
def library(prepared: Path, tmp_path: Path) -> Iterator[Library]:
    """A copy of it."""
    shutil.copytree(prepared.parent, tmp_path / "own")
    with Library(tmp_path / "own" / "a.earmap") as library:
        yield library


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """A run sets the threads of its process, which here is that of all tests."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(library: Library, listener: Any = None, **params: Any) -> Ended:
    overrides = TINY | params.pop("overrides", {})
    wanted = {"strategy": "adjacent", "device": "cpu", "overrides": overrides} | params
    if params.get("resume"):
        wanted["overrides"] = {}
    return run_job(library, "train", listener=listener, **wanted)


def learned(library: Library, run: str) -> dict[str, list[tuple[int, float]]]:
    """The curves of what was learned; a step that was taken twice would be there twice."""
    curves = library.runs.points(library.runs.get(run).id).curves
    return {
        metric: list(zip(steps.tolist(), values.tolist(), strict=True))
        for metric, (steps, values) in curves.items() if metric in LEARNED
    }  # fmt: skip


class StopAfter:
    """A listener that asks for a stop once so many steps are done."""

    def __init__(self, steps: int) -> None:
        self.cancelled, self.steps = threading.Event(), steps

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "Training" and event.done >= self.steps:
            self.cancelled.set()


def paused(library: Library, steps: int, **params: Any) -> RunRecord:
    """A run that was paused about there."""
    stop = StopAfter(steps)
    ended = train(library, stop, name="r", cancelled=stop.cancelled, **params)
    assert ended.outcome == "cancelled", (ended.title, ended.details)
    return library.runs.get("r")


def test_an_encoder_with_its_card_comes_out(library: Library, music: Path) -> None:
    heard = Recorder()
    ended = train(library, heard, pins=[1])
    assert ended.outcome == "completed", (ended.title, ended.details)
    run = library.runs.get(ended.result["run"])
    assert (run.state, run.step, run.encoder) == ("finished", 4, "adjacent-modern-w0.125")
    assert run.chance == 1 / 3  # twelve recordings, a quarter of them kept
    assert run.job_id is not None
    record = library.encoders.get(run.encoder)
    strategy, card = checkpoint.load(library.sidecar("encoders") / record.file)
    assert card["weights_hash"] == record.weights_hash
    assert record.card["data"] == card["data"]
    assert card["data"]["tracks"] == TRACKS
    assert card["data"]["train_tracks"] + card["data"]["validation_tracks"] == TRACKS
    assert card["data"]["seconds"] == pytest.approx(9 * TRACKS)
    assert card["training"]["batch"] == 2
    assert card["training"]["precision"] == "float32"
    assert card["standardisation"]["std"] == pytest.approx(float(strategy.state_dict()["standardise.std"]))
    assert set(card["versions"]) == {"earmap", "torch", "numpy"}
    assert card["curves"]["val_loss"][0] == [0, 2, 4]
    assert card["figures"]["val_loss"] == card["curves"]["val_loss"][1][-1] or card["figures"]["val_loss"] > 0
    assert card["figures"]["chance"] == run.chance
    again = RunConfig.model_validate(
        {key: card[key] for key in ("strategy", "preset", "training", "augment")} | {"model": card["config"]}
    )
    assert again.model_dump(mode="json") == run.config, "a card alone says how to train it again"
    assert run.figures["seconds"] > 0
    assert run.panel["tracks"] > 0
    assert len(learned(library, run.name)["loss"]) == 4
    short = [event for event in heard.of(Skipped) if "shorter" in event.reason]
    assert len(short) == 1
    embedded = run_job(library, "embed", encoder=run.encoder, device="cpu")
    assert embedded.result["embedded"] == TRACKS + 1


def test_resuming_is_like_not_stopping_also_in_the_library(library: Library) -> None:
    train(library, name="whole")
    assert paused(library, 2).state == "paused"
    between = library.runs.get("r").step
    assert 2 <= between < 4
    assert train(library, name="r", resume=True).outcome == "completed"
    assert learned(library, "r") == learned(library, "whole")
    hashes = {library.encoders.get(name).weights_hash for name in ("whole", "r")}
    assert len(hashes) == 1


def test_a_killed_process_loses_nothing_that_was_saved_and_goes_on_to_the_same_end(library: Library) -> None:
    overrides = TINY | {"steps": 24, "checkpoint_every": 4, "validate_every": 8}
    train(library, name="whole", overrides=overrides)
    params = {"strategy": "adjacent", "device": "cpu", "overrides": overrides, "name": "r"}
    process = JobProcess(library.path, "train", params, Settings())
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        process.poll(0.05)
        run = library.runs.find("r")
        if run is not None and run.step >= 6:
            break
    psutil.Process(process.pid).kill()
    process.close()
    library.jobs.bury_dead()
    killed = library.runs.get("r")
    assert (killed.state, killed.encoder) == ("interrupted", "")
    assert 6 <= killed.step < 24
    assert train(library, name="r", resume=True).outcome == "completed"
    assert learned(library, "r") == learned(library, "whole")
    assert library.encoders.get("r").weights_hash == library.encoders.get("whole").weights_hash


def test_finish_now_takes_the_encoder_as_it_is(library: Library) -> None:
    class Wishes:
        def __call__(self, event: Event) -> None:
            if isinstance(event, Progress) and event.stage == "Training" and event.done == 1:
                library.runs.wish(library.runs.get("r").id, "finish")

    ended = train(library, Wishes(), name="r", overrides={"steps": 100_000, "validate_every": 1000})
    run = library.runs.get("r")
    assert (ended.outcome, run.state, run.wish) == ("completed", "finished", "")
    assert ended.result["ending"] == "finish"
    assert 1 <= run.step < 100_000
    assert library.encoders.get("r").card["steps"] == run.step


def test_a_paused_run_can_be_finished_without_its_music(library: Library) -> None:
    step = paused(library, 2).step
    shutil.rmtree(library.sidecar("clips"))
    ended = train(library, name="r", resume=True, finish=True)
    assert ended.outcome == "completed"
    assert library.encoders.get("r").card["steps"] == step
    again = train(library, name="r", resume=True)
    assert (again.outcome, again.title) == ("failed", "r is finished.")


def test_clips_that_are_gone_are_made_again_and_the_run_goes_on(library: Library) -> None:
    train(library, name="whole")
    paused(library, 2)
    shutil.rmtree(library.sidecar("clips"))
    assert train(library, name="r", resume=True).outcome == "completed"
    assert learned(library, "r") == learned(library, "whole")


def test_music_that_is_gone_or_changed_is_said_with_a_way_on(library: Library, tmp_path: Path) -> None:
    clips = write_clips(tmp_path / "clips", 12, 8.0)
    paused(library, 2, clips=str(clips.folder))
    folder = prepare.run_folder(library, "r")
    kept = ledger.load(folder)
    gone = kept.model_copy(update={"identities": [*kept.identities[:-1], "f" * 32]})
    ledger.save(gone, folder)
    ended = train(library, name="r", resume=True)
    assert ended.title == "1 of the 12 tracks of this run are not there any more."
    assert "--finish" in ended.hint
    ledger.save(kept, folder)
    write_clips(tmp_path / "others", 12, 8.5)  # the same identities, other sound
    ended = train(library, name="r", resume=True, clips=str(tmp_path / "others"))
    assert "not what it was" in ended.title
    assert library.runs.get("r").state == "paused"
    assert train(library, name="r", resume=True).outcome == "completed"


def test_what_was_frozen_stays_and_another_machine_is_said(library: Library) -> None:
    paused(library, 2)
    ended = run_job(library, "train", resume=True, name="r", overrides={"lr": 1})
    assert "nothing can be set" in ended.title
    folder = prepare.run_folder(library, "r")
    saved = state.load(folder)
    assert saved.frozen.config.training.precision == "float32"
    elsewhere = saved.frozen.model_copy(update={"device": "mps"})
    state.save(prepare.replace(saved, frozen=elsewhere), folder)
    ended = run_job(library, "train", resume=True, name="r")
    assert "trained on mps" in ended.title
    assert "--device cpu" in ended.hint
    heard = Recorder()
    assert (
        run_job(library, "train", resume=True, name="r", device="cpu", listener=heard).outcome == "completed"
    )
    assert any("goes on on cpu" in event.reason for event in heard.of(Skipped))


def test_a_broken_state_is_refused_and_nothing_is_lost(library: Library) -> None:
    paused(library, 2)
    path = prepare.run_folder(library, "r") / state.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    ended = train(library, name="r", resume=True)
    assert ended.outcome == "failed"
    assert "saved state" in ended.title
    points = learned(library, "r")
    path.write_bytes(whole)
    assert train(library, name="r", resume=True).outcome == "completed"
    assert all(learned(library, "r")[metric][: len(old)] == old for metric, old in points.items())


def test_a_run_is_trained_by_one_job_at_a_time(library: Library) -> None:
    paused(library, 1)
    with locked(prepare.run_folder(library, "r")):
        ended = train(library, name="r", resume=True)
    assert ended.title == "This run is being trained already."


def test_nothing_of_a_run_is_read_before_it_is_the_jobs_own(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused(library, 1)
    real, read = state.load, []

    def load(folder: Path) -> state.State:
        with pytest.raises(UserError, match="being trained already"), locked(folder):
            pass
        read.append(folder)
        return real(folder)

    monkeypatch.setattr(state, "load", load)
    assert train(library, name="r", resume=True).outcome == "completed"
    assert read == [prepare.run_folder(library, "r")]


def test_a_batch_is_capped_and_that_is_said(library: Library) -> None:
    heard = Recorder()
    ended = train(library, heard, name="r", overrides={"batch": 500, "steps": 1})
    assert ended.outcome == "completed"
    assert library.runs.get("r").config["training"]["batch"] == 9  # of twelve, three are kept
    said = [event.reason for event in heard.of(Skipped) if event.item == "batch"]
    assert said == ["A batch has 9 pairs instead of 500: there are no more tracks to train on."]


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"strategy": "mfcc"}, "trained"),
        ({"overrides": {"lrr": 1}}, "lrr"),
        ({"music": {"query": "title:nothing"}}, "no music"),
        ({"music": {"query": 'album:"Album 1"'}}, "too little music"),
        ({"strategy": "melcpc"}, "too little music"),
        ({"name": "a/b"}, "name"),
        ({"name": "mfcc"}, "is called mfcc"),
        ({"name": "random-w0.25-modern"}, "is called random-w0.25-modern"),
        ({"clips": "/nowhere"}, "no clips"),
        ({"resume": True}, "no run"),
        ({"resume": True, "name": "x"}, "no run called x"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_leaves_no_run(
    library: Library, params: dict[str, Any], word: str
) -> None:
    ended = train(library, **params)
    assert ended.outcome == "failed"
    assert not ended.details, ended.details
    assert word in f"{ended.title} {ended.hint}"
    assert library.runs.all() == []


def test_names_are_not_given_twice(library: Library) -> None:
    train(library, name="r", overrides={"steps": 1})
    assert "is called r already" in train(library, name="r").title
    first = train(library, overrides={"steps": 1}).result["run"]
    second = train(library, overrides={"steps": 1}).result["run"]
    assert second != first


def test_a_full_disk_stops_the_run_and_keeps_the_last_state(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = state.save

    def full(now: state.State, folder: Path) -> None:
        if now.step >= 2:
            raise unwritable(folder, OSError(errno.ENOSPC, "No space left on device"))
        real(now, folder)

    monkeypatch.setattr(state, "save", full)
    ended = train(library, name="r", overrides={"checkpoint_every": 1})
    assert "no room" in ended.title
    assert library.runs.get("r").state == "failed"
    monkeypatch.undo()
    assert state.load(prepare.run_folder(library, "r")).step == 1
    assert train(library, name="r", resume=True).outcome == "completed"


def test_a_run_that_diverges_says_so_in_its_curves_and_in_words(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Step._clip
    monkeypatch.setattr(
        Step, "_clip", lambda step: real(step) * (float("nan") if step.optimiser.tensors() else 1.0)
    )
    ended = train(library, name="r", overrides={"steps": 100, "validate_every": 100})
    run = library.runs.get("r")
    assert "diverged" in ended.title
    assert (run.state, [verdict["kind"] for verdict in run.verdicts]) == ("failed", ["diverged"])
    steps, losses = library.runs.points(run.id).curves["loss"]
    assert steps.tolist() == list(range(1, 11))
    assert np.isfinite(losses).tolist() == [True] + 9 * [False]


def test_a_trial_predicts_and_the_run_keeps_it_beside_what_it_took(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import trial

    monkeypatch.setattr(trial, "BUDGET_S", 1.0)
    params = {"strategy": "adjacent", "device": "cpu", "overrides": TINY}
    found = run_job(library, "trial", **params).result
    assert found["predicted_s"] > 0
    assert found["steps_per_s"] == pytest.approx(found["pairs_per_s"] / 2)
    assert found["disk_bytes"] > 100_000
    assert found["memory_bytes"] > 10**7
    assert library.runs.all() == []
    train(library, name="r", predicted=found)
    run = library.runs.get("r")
    assert run.predicted == found
    assert run.figures["steps_per_s"] > 0


def test_a_trial_counts_the_pairs_that_the_whole_library_will_be_validated_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import trial

    small = trainer(write_clips(tmp_path, 16, 8.0), run_config())
    pairs = sum(len(rows) for rows, _ in small.validation.pairs)
    clock = iter((0.0, float(pairs)))
    monkeypatch.setattr(trial.time, "perf_counter", lambda: next(clock))  # a pair takes a second
    small.validation = lambda: None  # type: ignore[assignment] # its pairs are asked for below
    small.validation.pairs = [(np.arange(pairs), None)]  # type: ignore[attr-defined] # as above
    # Of 100 tracks ten are kept: two groups of four, at steps 0, 3 and 6. The panel's 200 segments, each half a pair,
    # may cost 5 % of the 3 x 8 that a step of 4 pairs costs: there is a look every 56th time.
    assert trial._validations_s(small, 100) == pytest.approx(3 * 8 + 3 / 56 * 100)


def test_more_processes_than_pairs_is_a_sentence(library: Library) -> None:
    class Context:
        def skip(self, item: str, reason: str) -> None: ...

    params = prepare.Params(strategy="adjacent", overrides={"batch": 16})
    asked = run_config(batch=16)
    context: Any = Context()
    assert prepare.fitted(context, params, asked, 100, World("cpu", 0, 8)) == asked
    for processes in (9, 16, 200):
        with pytest.raises(UserError, match="cannot share"):
            prepare.fitted(context, params, asked, 100, World("cpu", 0, processes))


def test_a_trial_on_music_that_nobody_has_heard_decodes_a_little(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import trial

    monkeypatch.setattr(trial, "BUDGET_S", 0.5)
    with Library(tmp_path / "new.earmap") as library:
        scan(library, music)
        ended = run_job(library, "trial", strategy="self", device="cpu", overrides=TINY)
        assert ended.outcome == "completed", (ended.title, ended.details)
        assert ended.result["decode_s"] > 0
        assert ended.result["tracks"] == TRACKS + 1
        assert not list(library.sidecar("clips").iterdir())
        assert ended.result["disk_bytes"] > 9 * TRACKS * 32_000


def test_curves_are_also_written_for_tensorboard(library: Library) -> None:
    train(library, name="r", overrides={"tensorboard": True, "steps": 2})
    files = list((prepare.run_folder(library, "r") / "tensorboard").iterdir())
    assert len(files) == 1
    assert b"train/loss" in files[0].read_bytes()
