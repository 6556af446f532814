"""From a name to a strategy that embeds as the library's other vectors were made, or a sentence why not."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sqlalchemy import text

from core import encoders, strategies
from core.audio import SEGMENT
from core.errors import Cancelled, UserError
from core.jobs.events import Event, Progress, Skipped
from core.jobs.runner import JobContext
from core.library.records import EncoderRecord, Read
from core.library.store import Library
from core.nets import checkpoint
from core.settings import AudioSettings, Settings
from core.strategies import Strategy
from tests.library_tools import PLAN, Recorder, scan, write_noise, write_tones


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pieces of 22 s: 56 segments."""
    folder = tmp_path_factory.mktemp("songs")
    write_noise(folder, 8, 22.0)
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "a.earmap") as opened:
        yield opened


@pytest.fixture
def threads() -> Iterator[None]:
    """The number of torch's threads is the process's."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def context(library: Library, settings: Settings | None = None, listener: Any = None) -> JobContext:
    return JobContext(library, settings or Settings(), 1, listener or Recorder(), threading.Event())


def small(seed: int = 0) -> Strategy:
    """A network of the smallest size, not calibrated."""
    return strategies.build("random", {"width": 0.125, "seed": seed})


def stored(library: Library, strategy: Strategy, name: str = "mine") -> EncoderRecord:
    """An encoder with its file in the library."""
    file = checkpoint.save(strategy, library.sidecar("encoders"), {"name": name})
    return library.encoders.add(
        name=name, strategy=strategy.name, config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
        track_dim=strategy.track_dim, front_end=strategy.front_end,
        weights_hash=checkpoint.weights_hash(strategy), card={}, file=file.name,
    )  # fmt: skip


# -- which encoder ---------------------------------------------------------------------------------


def test_a_stored_encoder_comes_back_as_it_was(library: Library) -> None:
    record = stored(library, small())
    found, strategy = encoders.ready(context(library), "mine")
    assert found == record
    assert checkpoint.weights_hash(strategy) == record.weights_hash


@pytest.mark.parametrize("harm", ["missing", "cut", "exchanged"])
def test_an_encoders_file_gone_broken_or_exchanged_is_a_sentence(library: Library, harm: str) -> None:
    record = stored(library, small())
    file = library.sidecar("encoders") / record.file
    if harm == "missing":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(file.read_bytes()[:50_000])
    else:
        shutil.copy(checkpoint.save(small(seed=1), library.sidecar("encoders"), {}), file)
    with pytest.raises(UserError) as error:
        encoders.ready(context(library), "mine")
    assert file.name in error.value.title
    words = {"missing": "not there", "cut": "damaged", "exchanged": "do not mix"}
    assert words[harm] in error.value.hint


def test_vectors_of_another_front_end_are_never_mixed_with_new_ones(library: Library) -> None:
    encoders.ready(context(library), "mfcc")
    with library._db.write() as connection:
        connection.execute(text("UPDATE encoder SET front_end = 'mfcc-0'"))
    with pytest.raises(UserError, match="was made with mfcc-0, this Earmap has mfcc-1"):
        encoders.ready(context(library), "mfcc")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("random-w0.3", "cannot be set up"),
        ("mfcc-w1", "cannot be set up"),
        ("mfcc-modern", "cannot be set up"),
        ("random-modern-w0.5", "no encoder called random-modern-w0.5"),
        ("self", "no encoder called self"),
    ],
)
def test_names_that_mean_nothing_are_sentences(library: Library, name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        encoders.ready(context(library), name)
    assert library.encoders.all() == []


@pytest.mark.parametrize(
    ("name", "strategy", "config", "front_end"),
    [
        ("random", "random", {}, "logmel-1"),
        ("random-w0.25", "random", {"width": 0.25}, "logmel-1"),
        ("random-w0.25-modern", "random", {"width": 0.25, "log_mel": "modern"}, "logmel-2"),
        ("random-multi-modern", "random-multi", {"log_mel": "modern"}, "logmel-2"),
        ("random-multi-w1", "random-multi", {}, "logmel-1"),
        (
            "random-multi-w0.25-lean-l32",
            "random-multi",
            {"width": 0.25, "blocks": "lean", "level_dim": 32},
            "logmel-1",
        ),
    ],
)
def test_a_name_says_width_and_log_mel(
    name: str, strategy: str, config: dict[str, object], front_end: str
) -> None:
    """What it takes to have the random encoder beside any that was trained."""
    built = encoders._build(name)
    assert (built.name, built.front_end) == (strategy, front_end)
    assert built.config == built.Config.model_validate(config)


# -- calibration -----------------------------------------------------------------------------------


def test_calibration_hears_the_same_however_many_workers_read(library: Library, songs: Path) -> None:
    scan(library, songs)
    heard = [
        encoders._calibration_audio(context(library, Settings(audio=AudioSettings(workers=n))), 50)
        for n in (1, 2)
    ]
    assert heard[0].shape == (50, SEGMENT)
    assert np.array_equal(heard[0], heard[1])


def test_calibration_can_be_stopped(library: Library, songs: Path) -> None:
    scan(library, songs)
    cancelled = threading.Event()

    def stop(heard: Event) -> None:
        if isinstance(heard, Progress) and heard.done >= 5:
            cancelled.set()

    ctx = JobContext(library, Settings(), 1, stop, cancelled)
    with pytest.raises(Cancelled):
        encoders.ready(ctx, "random-w0.125")
    assert library.encoders.all() == []


def test_of_two_jobs_that_calibrate_at_once_the_first_counts(
    library: Library, songs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, songs)

    def overtaken(self: Strategy, waves: torch.Tensor, report: object = None) -> None:
        stored(library, small(), "random-w0.125")

    monkeypatch.setattr(type(small()), "calibrate", overtaken)
    record, strategy = encoders.ready(context(library), "random-w0.125")
    assert library.encoders.all() == [record]
    assert checkpoint.weights_hash(strategy) == record.weights_hash


# -- device and precision --------------------------------------------------------------------------


def with_vectors(library: Library, tmp_path: Path, device: str, precision: str) -> EncoderRecord:
    """An encoder one of whose vectors is stored."""
    record = stored(library, small())
    scan(library, write_tones(tmp_path / "one", 1))
    vector = np.ones(record.track_dim, np.float32)
    library.files.record(
        [Read(1, "ok", identity="x", vector=vector, n_segments=1)], record.id, PLAN, device, precision
    )
    return record


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_precision_of_the_first_vectors_stays(library: Library, tmp_path: Path, precision: str) -> None:
    record = with_vectors(library, tmp_path, "cpu", precision)
    heard = Recorder()
    for device in ("auto", "cpu"):
        embedder = encoders.embedder(context(library, listener=heard), record, small(), PLAN, device)  # type: ignore[arg-type] # of a literal
        assert (embedder.plan.device, embedder.plan.dtype) == ("cpu", precision)
    assert heard.events == []


def test_another_plan_of_segments_is_free_to_choose(library: Library, tmp_path: Path) -> None:
    record = with_vectors(library, tmp_path, "cuda", "bfloat16")
    heard = Recorder()
    encoders.embedder(context(library, listener=heard), record, small(), "spread-3", "cpu")
    assert heard.events == []


def test_another_device_is_said(library: Library, tmp_path: Path) -> None:
    record = with_vectors(library, tmp_path, "another", "float32")
    heard = Recorder()
    encoders.embedder(context(library, listener=heard), record, small(), PLAN, "auto")
    (said,) = heard.of(Skipped)
    assert said.item == "device"
    assert "made on another, these are made on" in said.reason


def test_a_device_that_was_asked_for_wins_and_its_precision_is_said(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = with_vectors(library, tmp_path, "cpu", "bfloat16")
    knows = "core.encoders.computes_in", "core.nets.device.computes_in"
    for name in knows:
        monkeypatch.setattr(name, lambda device, precision, strategy: precision == "float32")
    heard = Recorder()
    embedder = encoders.embedder(context(library, listener=heard), record, small(), PLAN, "cpu")
    assert embedder.plan.dtype == "float32"
    (said,) = heard.of(Skipped)
    assert "cpu does not compute in bfloat16" in said.reason


def test_vectors_of_eight_bits_go_on_in_float32_where_no_device_knows_these(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = with_vectors(library, tmp_path, "cpu", "int8")
    monkeypatch.setattr("core.nets.int8.knows", lambda _: False)
    heard = Recorder()
    embedder = encoders.embedder(context(library, listener=heard), record, small(), PLAN, "auto")
    assert embedder.plan.dtype == "float32"
    assert "does not compute in int8" in heard.of(Skipped)[0].reason


def test_what_has_no_weights_runs_on_one_thread(library: Library, threads: None) -> None:
    record, strategy = encoders.ready(context(library), "mfcc")
    embedder = encoders.embedder(context(library), record, strategy, PLAN, "auto")
    assert (embedder.plan.device, embedder.plan.dtype, torch.get_num_threads()) == ("cpu", "float32", 1)
