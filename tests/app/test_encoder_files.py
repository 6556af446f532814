"""Encoders taken and given by the window: dialogs, drops, toasts; no torch in its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.context import Context
from app.encoder_files import EncoderFiles, is_encoder_file
from app.main_window import MainWindow
from app.notify import Message
from core import strategies
from core.audio import SEGMENT
from core.bundles import export_encoder
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint
from tests.file_dialogs import choose

LIMIT_MS = 60_000


@pytest.fixture
def files(context: Context, window: MainWindow) -> EncoderFiles:
    return EncoderFiles(context, window, window.actions_table)


def made(path: Path, name: str = "mine") -> EncoderRecord:
    """An encoder with weights in a library."""
    strategy = strategies.build("random", {"width": 0.125})
    strategy.calibrate(0.1 * torch.randn(2, SEGMENT, generator=torch.Generator().manual_seed(1)))
    with Library(path) as library:
        file = checkpoint.save(strategy, library.sidecar("encoders"), {"name": name})
        return library.encoders.add(
            name=name, strategy="random", config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
            track_dim=strategy.track_dim, front_end=strategy.front_end,
            weights_hash=checkpoint.weights_hash(strategy), card={}, file=file.name,
        )  # fmt: skip


@pytest.fixture
def gift(tmp_path: Path) -> Path:
    """A file from somebody else."""
    record = made(tmp_path / "theirs.earmap", "theirs")
    with Library(tmp_path / "theirs.earmap") as library:
        return export_encoder(library, record, tmp_path / "gift")


@pytest.fixture
def settled(context: Context, qtbot: QtBot) -> Iterator[Callable[[], None]]:
    """Wait until every job is over."""
    yield lambda: qtbot.waitUntil(lambda: not context.jobs.running, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=LIMIT_MS)


def test_a_chosen_file_is_imported_and_what_became_of_it_is_said(
    context: Context, window: MainWindow, files: EncoderFiles, gift: Path, tmp_path: Path,
    messages: list[Message], settled: Callable[[], None],
) -> None:  # fmt: skip
    files.set_current(None)
    window.actions_table["import-encoder"].trigger()
    choose(window, gift)
    settled()
    with Library(tmp_path / "library.earmap") as library:
        assert [encoder.name for encoder in library.encoders.all()] == ["theirs"]
    [view] = context.jobs.views
    context.jobs.ended.emit(
        replace(view, result={"encoder": "theirs", "new": False})
    )  # as a second time ends
    assert [(message.level, message.title) for message in messages] == [
        ("done", "theirs is here now."),
        ("info", "This encoder is here already: it is called theirs."),
    ]


def test_the_chosen_encoder_is_exported_where_a_person_says(
    context: Context, window: MainWindow, files: EncoderFiles, tmp_path: Path, messages: list[Message],
    settled: Callable[[], None],
) -> None:  # fmt: skip
    files.set_current(made(tmp_path / "library.earmap"))
    window.actions_table["export-encoder"].trigger()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.selectedFiles()[0].endswith("mine.safetensors")
    out = tmp_path / "gift.safetensors"
    choose(window, out)
    settled()
    assert checkpoint.load(out)[1]["name"] == "mine"
    assert [(message.level, message.title, message.hint) for message in messages] == [
        ("done", "mine can be given away now.", str(out))
    ]


def test_what_cannot_be_given_away_says_why(window: MainWindow, files: EncoderFiles, tmp_path: Path) -> None:
    export = window.actions_table["export-encoder"]
    with Library(tmp_path / "library.earmap") as library:
        plain = library.encoders.add(
            name="mfcc", strategy="mfcc", config={}, dim=40, track_dim=40, front_end="1", weights_hash="m", card={},
            file="",
        )  # fmt: skip
    for record, reason in ((None, "no encoder yet"), (plain, "mfcc has no weights")):
        files.set_current(record)
        assert not export.isEnabled()
        assert reason in export.toolTip()
        assert window.actions_table["import-encoder"].isEnabled()
    files.set_current(made(tmp_path / "library.earmap"))
    assert export.isEnabled()


def test_an_encoder_is_told_from_music_by_its_name() -> None:
    assert is_encoder_file(b"/a/b.safetensors")
    assert is_encoder_file(b"/a/\xff.SAFETENSORS")
    assert not is_encoder_file(b"/a/b.mp3")
