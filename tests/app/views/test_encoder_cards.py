"""The dialog of encoders: a card for each, whatever its origin; use it, give it away, read all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.context import Context
from app.views.card_page import CardPage
from app.views.encoder_cards import EncoderCards
from core.library.store import Library
from tests import shipped
from tests.app.test_encoder_card import TRAINED
from tests.scene import Scene
from tests.synthetic import Mix


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: Context, qtbot: QtBot) -> Iterator[Scene]:
    """A library that MFCC has listened to, with a trained encoder, and one that came with the program."""
    place = shipped.folder(monkeypatch, tmp_path / "shipped")
    shipped.ship(place)
    made = Scene(context, qtbot)
    made.fill(Mix(20, folders=1, failed=0, partial=0, skipped=0))
    with Library(context.library.path) as library:
        library.encoders.add(
            name="mine", strategy="self", config={"width": 0.25}, dim=128, track_dim=256, front_end="logmel-2",
            weights_hash="w", card=TRAINED, file="self-w.safetensors",
        )  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def dialog(scene: Scene, qtbot: QtBot) -> Iterator[EncoderCards]:
    scene.session.start()
    scene.until(lambda: scene.session.encoder is not None)
    parent = QWidget()
    qtbot.addWidget(parent)
    made = EncoderCards(scene.session, parent, {"self": {"title": "Self", "learns": "What stays the same."}})
    made.show()
    yield made
    assert parent  # it owns the dialog


def texts(page: CardPage | None) -> list[str]:
    assert page is not None
    return [label.text() for label in page.findChildren(QLabel) if not label.isHidden()]


def test_every_encoder_has_a_card_and_the_one_in_use_is_shown(dialog: EncoderCards) -> None:
    names = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert names == ["Timbre (MFCC)", "mine", "Earmap 2"]
    assert dialog.name == "mfcc"
    assert dialog.origin.text() == "mfcc · Needs no training · in use"
    assert not dialog.use.isEnabled()
    assert "it is in use" in dialog.use.toolTip()
    assert not dialog.export.isEnabled()
    assert "no weights to give away" in dialog.export.toolTip()
    assert "Nothing: it was never trained." in texts(dialog.page)
    assert any("Others are measured against it" in text for text in texts(dialog.page))


def test_the_keyboard_goes_through_the_cards(dialog: EncoderCards, scene: Scene) -> None:
    dialog.list.setFocus()
    scene.qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert (dialog.title.text(), dialog.origin.text()) == ("mine", "Trained here")
    assert "What stays the same." in texts(dialog.page)
    scene.qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.origin.text() == "earmap-2 · Came with Earmap · not listened with yet"
    with scene.qtbot.waitSignal(dialog.finished):
        scene.qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_a_card_tells_what_it_learned_from_how_good_it_is_and_what_it_cannot_do(
    dialog: EncoderCards, scene: Scene
) -> None:
    dialog.show_encoder("earmap-2")
    told = texts(dialog.page)
    for text in ("26.1 h from 470 tracks", "CC BY-SA 3.0", "0.480\n[0.440, 0.520]", "Better than both."):
        assert text in told
    assert any("It has heard little jazz." in text for text in told)
    assert shipped.CARD["rebuild"] in told
    assert any(label.toolTip() == "By several" for label in dialog.findChildren(QLabel))


def test_curves_are_drawn_when_they_can_be(dialog: EncoderCards, scene: Scene) -> None:
    from app.charts.curves import CurveChart

    dialog.show_encoder("earmap-2")
    page = dialog.page
    assert page is not None
    scene.until(lambda: len(page.findChildren(CurveChart)) == 2)
    loss, picks = page.findChildren(CurveChart)
    assert [line.key for line in loss.lines] == ["loss", "val_loss"]
    assert (picks.title, picks.lines[1].curve.y.tolist()) == ("Right picks", [0.1, 0.5])
    dialog.show_encoder("mine")
    page = dialog.page
    assert page is not None
    scene.until(lambda: len(page.findChildren(CurveChart)) == 1)


def test_what_is_said_in_words_stands_as_json_one_click_away(dialog: EncoderCards) -> None:
    dialog.show_encoder("earmap-2")
    dialog.raw.click()
    assert dialog.json.isVisible()
    assert json.loads(dialog.json.toPlainText())["data"]["sources"] == shipped.SOURCES
    assert '"mean": [' in dialog.json.toPlainText()
    assert dialog.json.document().blockCount() < 200, "a list of numbers takes one line"
    dialog.raw.click()
    assert dialog.area.isVisible()


def test_the_buttons_tell_which_encoder_is_meant(dialog: EncoderCards, scene: Scene) -> None:
    dialog.show_encoder("earmap-2")
    assert dialog.use.text() == "Listen with it"
    with scene.qtbot.waitSignal(dialog.use_wanted) as used:
        dialog.use.click()
    with scene.qtbot.waitSignal(dialog.export_wanted) as exported:
        dialog.export.click()
    assert (used.args, exported.args) == (["earmap-2"], ["earmap-2"])
    dialog.show_encoder("mine")
    assert dialog.use.text() == "Use it"


def test_the_dialog_follows_the_library(dialog: EncoderCards, scene: Scene) -> None:
    dialog.show_encoder("mine")
    with Library(scene.context.library.path) as library:
        library.encoders.add(
            name="new", strategy="self", config={}, dim=128, track_dim=256, front_end="logmel-2", weights_hash="n",
            card={"name": "new"}, file="n.safetensors",
        )  # fmt: skip
    scene.session.refresh()
    scene.until(lambda: dialog.list.count() == 4)
    assert dialog.name == "mine", "what was looked at stays"
    dialog.show_encoder("new")
    assert "Its card does not say what it learned from." in texts(dialog.page)


def test_a_strangers_words_are_shown_as_they_are(dialog: EncoderCards, scene: Scene) -> None:
    evil = "<b>bold</b><img src='file:///etc/passwd'>"
    with Library(scene.context.library.path) as library:
        library.encoders.add(
            name="evil", strategy="self", config={}, dim=128, track_dim=256, front_end="logmel-2", weights_hash="e",
            card={"title": evil, "description": evil, "limits": [evil], "rebuild": evil}, file="e.safetensors",
        )  # fmt: skip
    scene.session.refresh()
    scene.until(lambda: dialog.list.count() == 4)
    dialog.show_encoder("evil")
    assert dialog.page is not None
    for label in dialog.page.findChildren(QLabel):
        rich = label.textFormat() != Qt.TextFormat.PlainText
        assert not (rich and "<b>" in label.text())
    assert evil in texts(dialog.page)
