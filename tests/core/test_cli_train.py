"""`earmap train` as scripts use it: found strategies, one JSON document, Ctrl-C that pauses, several processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core import cli
from core.library.store import Library
from core.training.config import all_trainable
from tests.eighth import an_eighth_strategy
from tests.training_tools import SMALL, write_clips

TINY = ["--width", "0.125", "--device", "cpu", *(
    text for key, value in SMALL.items() if key not in ("width", "steps") for text in ("--set", f"{key}={value}")
)]  # fmt: skip


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """A run sets the threads of its process, which here is that of all tests."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    return write_clips(tmp_path / "clips", 12, 12.0).folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "a.earmap"


def earmap(
    capsys: pytest.CaptureFixture[str], library: Path, *arguments: object
) -> tuple[int, dict[str, Any]]:
    """Run `earmap train` here with --json; exit code and document."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", *map(str, arguments), "--library", str(library), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return int(ended.value.code or 0), document


def test_what_can_be_trained_is_found_and_not_listed(
    capsys: pytest.CaptureFixture[str], library: Path, tmp_path: Path
) -> None:
    with an_eighth_strategy(tmp_path) as name:
        code, document = earmap(capsys, library, "--list")
    assert code == 0
    found = {entry["name"]: entry for entry in document["strategies"]}
    assert set(found) == {*all_trainable(), name}
    assert all(entry["summary"] and entry["learns"] for entry in found.values())


def test_an_eighth_strategy_is_trained_like_the_others(
    capsys: pytest.CaptureFixture[str], library: Path, tmp_path: Path
) -> None:
    long = write_clips(tmp_path / "long", 9, 20.0).folder
    (tmp_path / "more").mkdir()
    with an_eighth_strategy(tmp_path / "more") as name:
        code, document = earmap(capsys, library, name, *TINY, "--steps", 1, "--clips", long)
    assert code == 0, document
    assert document["card"]["strategy"] == name
    assert document["encoder"].startswith(name)


def test_one_document_with_encoder_steps_curves_and_card(
    capsys: pytest.CaptureFixture[str], library: Path, clips: Path
) -> None:
    arguments = ["adjacent", *TINY, "--preset", "paper", "--steps", 3, "--name", "mine", "--clips", clips]
    code, document = earmap(capsys, library, *arguments)
    assert code == 0, document
    assert (document["encoder"], document["steps"], document["ending"]) == ("mine", 3, "end")
    assert document["curves"]["loss"]["steps"] == [1, 2, 3]
    assert document["curves"]["val_loss"]["steps"] == [0, 3]
    assert all(isinstance(value, float) for value in document["curves"]["loss"]["values"])
    assert document["card"]["preset"] == "paper"
    assert document["card"]["training"]["batch"] == 4
    assert document["figures"]["seconds"] > 0
    code, document = earmap(capsys, library, *arguments)
    assert (code, "is called mine" in document["error"]["title"]) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([], 1, "--list"),
        (["adjacant"], 1, "adjacent"),
        (["adjacent", "--preset", "new"], 1, "paper"),
        (["adjacent", "--width", "0.3"], 1, "width"),
        (["adjacent", "--set", "lrr=1"], 1, "lr"),
        (["adjacent", "--set", "seed=1"], 1, "training.seed"),
        (["adjacent", "--set", "lr"], 2, "key=value"),
        (["adjacent", "--steps", "0"], 2, "steps"),
        (["adjacent", "--clips", "/nowhere"], 1, "no clips"),
        (["adjacent"], 1, "no music"),
        (["--resume"], 1, "no run"),
    ],
)
def test_mistakes_are_sentences(
    capsys: pytest.CaptureFixture[str], library: Path, arguments: list[str], code: int, word: str
) -> None:
    ended, document = earmap(capsys, library, *arguments)
    assert ended == code
    assert word in f"{document['error']['title']} {document['error']['hint']}"


def test_values_are_numbers_words_lists_and_nested_fields() -> None:
    from core.cli_train import _setting

    found = _setting(
        None,  # type: ignore[arg-type] # click's, which is not used
        None,  # type: ignore[arg-type] # as above
        ("lr=1e-3", "optimiser=adam", "sides=[1]", "noise.p=0.5", "tensorboard=true", "x=a=b"),
    )
    assert found == {
        "lr": 1e-3, "optimiser": "adam", "sides": [1], "noise.p": 0.5, "tensorboard": True, "x": "a=b",
    }  # fmt: skip


def test_ctrl_c_pauses_says_how_to_go_on_and_going_on_does(
    capsys: pytest.CaptureFixture[str], library: Path, clips: Path
) -> None:
    arguments = ["adjacent", *TINY, "--steps", "100000", "--clips", str(clips), "--name", "my run"]
    command = [sys.executable, "-m", "core.cli", "train", *arguments, "--library", str(library)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with Library(library) as opened:
        wait_for_a_step(opened, "my run", process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        run = opened.runs.get("my run")
    assert process.returncode == 130, said
    assert f"my run is paused after step {run.step} of 100000." in said
    assert f"earmap train --resume --name 'my run' --library {library}" in said
    assert run.state == "paused"
    assert run.step > 0
    code, document = earmap(capsys, library, "--resume", "--finish")
    assert code == 0, document
    assert (document["encoder"], document["steps"]) == ("my run", run.step)


def test_several_processes_train_one_encoder_and_one_of_them_writes(
    capsys: pytest.CaptureFixture[str], library: Path, clips: Path
) -> None:
    arguments = ("--steps", "2000", "--set", "batch=5", "--clips", str(clips), "--name", "two")
    processes = two_processes(library, "same-track", *TINY, *arguments)
    with Library(library) as opened:
        wait_for_a_step(opened, "two", processes[0])
        for process in processes:  # as a terminal does
            process.send_signal(signal.SIGINT)
        told = [process.communicate(timeout=100) for process in processes]
        assert [process.returncode for process in processes] == [130, 0], told
        assert told[1][0] == ""
        (run,) = opened.runs.all()
        assert (run.state, len(opened.jobs.recent())) == ("paused", 1)
        losses = opened.runs.points(run.id).curves["loss"][0]
    assert losses.tolist() == list(range(1, run.step + 1))
    code, document = earmap(capsys, library, "--resume")
    assert (code, "by 2 processes" in document["error"]["title"]) == (1, True)
    told = [process.communicate(timeout=100) for process in two_processes(library, "--resume", "--finish")]
    document = json.loads(told[0][0])
    assert document["encoder"] == "two", "and the other one does not wait for ever"
    assert document["card"]["device"]["processes"] == 2
    assert document["card"]["training"]["batch"] == 4  # what two can share


def test_what_trains_nothing_needs_no_second_process(library: Path) -> None:
    other = two_processes(library, "adjacent", "--trial", ranks=(1,))
    assert [(process.communicate(timeout=60), process.returncode) for process in other] == [(("", ""), 0)]


def two_processes(
    library: Path, *arguments: str, ranks: tuple[int, ...] = (0, 1)
) -> list[subprocess.Popen[str]]:
    """`earmap train` as torchrun starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "core.cli", "train", *arguments, "--library", str(library), "--json"]
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            command,
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in ranks
    ]  # fmt: skip


def wait_for_a_step(library: Library, name: str, process: subprocess.Popen[str]) -> None:
    """Until the run has learned something."""
    limit = time.monotonic() + 90
    while time.monotonic() < limit and process.poll() is None:
        run = library.runs.find(name)
        if run is not None and run.step > 0:
            return
        time.sleep(0.05)
