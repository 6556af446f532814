"""Blind listening on a real library and a real player without a sound card: what is asked, kept, and not told."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QWidget,
)

from app import tracks
from app.actions import Actions
from app.listening import Listening
from app.listening_rounds import Drawer, Prepared, Sitting
from app.main_window import MainWindow
from app.notify import Message
from app.views.compare.blind_round import MOST_BROKEN, BlindListening
from app.views.player_bar import PlayerBar
from app.views.rows_delegate import TWO_LINES
from core.evaluation.listening import Round
from core.library.records import Choice, ListeningRecord, Side
from tests.scene import Scene
from tests.synthetic import Mix, tags
from tests.two_encoders import fill_both, known

MIX = Mix(240, folders=1, failed=0, partial=0, skipped=0)
NAMES = ("mfcc", "second")
LETTERS = {"A": Qt.Key.Key_A, "B": Qt.Key.Key_B, "T": Qt.Key.Key_T, "S": Qt.Key.Key_S}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with two encoders, to be copied."""
    path = tmp_path_factory.mktemp("blind") / "library.earmap"
    fill_both(path, MIX)
    return path


@pytest.fixture
def page(
    scene: Scene, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[BlindListening]:
    """The form, on the screen; nothing is heard."""
    (tmp_path / "asound.conf").write_text("pcm.!default { type unheard_of }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    shutil.copy(library, scene.context.library.path)
    page = BlindListening(Listening(scene.session), scene.player)
    scene.qtbot.addWidget(page)
    page.resize(744, 600)
    page.show()
    scene.session.start()
    scene.until(lambda: page.setup.names == NAMES)
    yield page
    scene.context.background.close()  # before Python collects widgets in a reader's thread


def begin(scene: Scene, page: BlindListening) -> Prepared:
    page.setup.start.click()
    scene.until(lambda: page.prepared is not None)
    assert page.prepared is not None
    return page.prepared


def hear(scene: Scene, page: BlindListening, *places: int) -> None:
    """What the engine would tell after a second of each of these."""
    for place in places:
        page.play(place)
        current = scene.player.current
        assert current is not None
        scene.player.position.emit(current.start_s + 1.1)


def answer(scene: Scene, page: BlindListening, letter: str) -> Prepared:
    """Hear both and answer by key; the round that was answered."""
    prepared = page.prepared
    assert prepared is not None
    hear(scene, page, 1, 2)
    QTest.keyClick(page, LETTERS[letter])
    return prepared


def stored(scene: Scene, count: int) -> list[ListeningRecord]:
    found: list[ListeningRecord] = []

    def there() -> bool:
        found[:] = scene.ask(lambda reader: reader.library.listening.all(NAMES))
        return len(found) == count

    scene.until(there)
    return found


def texts(root: QWidget) -> str:
    """All that can be seen, pointed at or read aloud below `root`."""
    said: list[str] = []
    for widget in (root, *root.findChildren(QWidget)):
        if not widget.isVisibleTo(root):
            continue
        said += [widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle()]
        said += [widget.accessibleName(), widget.accessibleDescription(), widget.objectName()]
        said += [widget.text() for kind in (QLabel, QAbstractButton) if isinstance(widget, kind)]
        said += [widget.currentText()] if isinstance(widget, QComboBox) else []
    return "\n".join(said)


# -- blindness


def test_nothing_tells_which_tracks_or_encoders_they_are(
    scene: Scene, page: BlindListening, qapp: QApplication, window: MainWindow
) -> None:
    actions = Actions(window, scene.context.theme)
    bar = PlayerBar(scene.player, scene.context.theme, actions)
    scene.qtbot.addWidget(bar)
    bar.show()
    for _ in range(6):
        prepared = begin(scene, page)
        for place in (1, 2):
            hear(scene, page, place)
            told = "\n".join((texts(page.round), texts(bar), *(action.toolTip() for action in actions)))
            secrets = [text for row in (prepared.a, prepared.b) for text in (row.title, row.path.decode())]
            secrets += ["mfcc", "MFCC", "second"]
            assert [secret for secret in secrets if re.search(rf"\b{re.escape(secret)}\b", told)] == []
            assert (bar.elapsed.text(), bar.total.text(), bar.strip.isVisible()) == ("0:01", "", False)
        assert prepared.query.title in texts(page.round)
        page.finish()
        page._show_setup()
    assert scene.player._sketcher._host.pid == 0  # no waveform was ever asked for


def test_what_plays_is_marked_nowhere_else(scene: Scene, page: BlindListening) -> None:
    begin(scene, page)
    scene.panel.how_many.activated.emit(2)
    scene.select(*(row + 1 for row in known(MIX)[:3]))
    scene.until(lambda: len(scene.panel.neighbours) == 50)
    rows = scene.ask(lambda reader: reader.page(range(1, MIX.tracks + 1)))
    for place in (0, 1, 2):
        hear(scene, page, place)
        model = scene.panel.list.model()
        assert not any(model.index(row, 0).data(TWO_LINES).marked for row in range(50))
        # The table marks the row whose number the player's track has.
        assert scene.player.current is not None
        assert all(tracks.number(row) != scene.player.current.track_id for row in rows)


def test_a_round_looks_the_same_whichever_candidate_is_a(scene: Scene, page: BlindListening) -> None:
    prepared = begin(scene, page)
    bar = PlayerBar(scene.player, scene.context.theme, Actions(page, scene.context.theme))
    scene.qtbot.addWidget(bar)
    bar.resize(900, 130)
    bar.show()
    scene.until(lambda: "no audio device" in bar.notice.text)
    pictures = []
    for left in ("a", "b"):
        turned = replace(prepared, round=replace(prepared.round, left=left))
        page._wait()
        page._listening._waiting.appendleft(turned)
        page._next()
        page.play(1)
        scene.qtbot.wait(50)
        pictures.append((page.grab().toImage(), bar.grab().toImage(), scene.player.current))
    (page_a, bar_a, sounds_a), (page_b, bar_b, sounds_b) = pictures
    assert sounds_a is not None
    assert sounds_b is not None
    assert sounds_a.path != sounds_b.path  # another candidate plays, and
    assert (page_a == page_b, bar_a == bar_b) == (True, True)
    assert replace(sounds_a, path=b"", start_s=0) == replace(sounds_b, path=b"", start_s=0)


def test_tracks_are_named_only_after_the_answer_and_encoders_not_even_then(
    scene: Scene, page: BlindListening
) -> None:
    begin(scene, page)
    prepared = answer(scene, page, "A")
    page.round.before.resize(2000, 20)
    told = page.round.before.text()
    left, right = (prepared.of(side).title for side in prepared.shown)
    assert f"A was “{left}”" in told
    assert f"B was “{right}”" in told
    assert not any(name in told for name in (*NAMES, "MFCC"))


def test_no_query_is_among_what_is_selected(scene: Scene, library: Path) -> None:
    shutil.copy(library, scene.context.library.path)
    drawer, every = Drawer(np.random.default_rng(0)), [number + 1 for number in known(MIX)]
    allowed = set(every[:4])
    for _ in range(6):
        draw = partial(drawer.draw, Sitting(NAMES), Counter(), frozenset(every) - allowed)
        assert scene.ask(draw).round.query in allowed


# -- answers


def test_an_answer_is_kept_under_the_encoder_that_it_was(scene: Scene, page: BlindListening) -> None:
    said: list[tuple[Choice, str]] = [("a", "A"), ("b", "B"), ("tie", "T"), ("skip", "S")]
    wanted = []
    begin(scene, page)
    sides: tuple[Side, Side] = ("a", "b")
    for left in sides:
        for choice, letter in said:
            scene.until(lambda: page.prepared is not None)
            assert page.prepared is not None
            page.prepared = replace(page.prepared, round=replace(page.prepared.round, left=left))
            asked = answer(scene, page, letter).round
            turned: Choice = choice if left == "a" else {"a": "b", "b": "a"}.get(choice, choice)
            wanted.append((asked.query, asked.track_a, asked.track_b, left, turned))
    records = stored(scene, 8)
    assert {(one.encoder_a, one.weights_b) for one in records} == {("mfcc", "w-second")}
    assert {(one.query, one.track_a, one.track_b, one.left, one.choice) for one in records} == set(wanted)


def test_no_round_waits_and_no_query_comes_twice(scene: Scene, page: BlindListening) -> None:
    begin(scene, page)
    listening, asked = page._listening, set[int]()
    for number in range(12):
        scene.until(lambda: listening.waiting >= 1)
        prepared = answer(scene, page, "ABTS"[number % 4])
        asked.add(prepared.round.query)
        assert page.prepared is not None  # at once
        assert page.prepared != prepared
        assert page.round.number.text() == f"Round {1 + sum(n % 4 != 3 for n in range(number + 1))}"
    assert len(asked) == 12
    assert len(stored(scene, 12)) == 12


def test_both_have_to_be_heard_before_one_is_preferred(scene: Scene, page: BlindListening) -> None:
    prepared = begin(scene, page)
    buttons = page.round.prefer_a, page.round.prefer_b, page.round.tie
    hear(scene, page, 0, 1)
    assert not any(button.isEnabled() for button in buttons)
    assert all("Listen to both first." in button.toolTip() for button in buttons)
    QTest.keyClick(page, Qt.Key.Key_A)
    assert page.prepared is prepared
    assert "Listen to both first." in page.round.before.text()
    hear(scene, page, 2)
    assert all(button.isEnabled() for button in buttons)
    page.round.prefer_b.click()
    assert page.prepared is not prepared


def test_the_drawn_order_is_played(scene: Scene, page: BlindListening) -> None:
    prepared = begin(scene, page)
    page.prepared = replace(prepared, round=Round(1, 2, 3, 1, left="a", first="b"))
    page.play_all()
    assert [one.title for one in scene.player.queue] == ["Track", "B", "A"]
    page.prepared = replace(prepared, round=Round(1, 2, 3, 1, left="b", first="b"))
    page.play_all()
    assert [one.title for one in scene.player.queue] == ["Track", "A", "B"]
    assert all(one.hidden and one.length_s == 10.0 for one in scene.player.queue)


# -- keys


def test_keys_of_a_round_are_kept_from_the_window(
    scene: Scene, page: BlindListening, window: MainWindow
) -> None:
    triggered: list[str] = []
    for name in ("audition", "play"):
        window.actions_table.allow(name)
        window.actions_table[name].triggered.connect(lambda _=False, name=name: triggered.append(name))
    window.pages.addWidget(page)
    window.pages.setCurrentWidget(page)
    prepared = begin(scene, page)
    assert page.hasFocus()
    assert page.sounding
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert not page.sounding
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert scene.player.queue[0].title == "Track"
    for key, title in ((Qt.Key.Key_1, "A"), (Qt.Key.Key_2, "B"), (Qt.Key.Key_0, "Track")):
        QTest.keyClick(window.focusWidget(), key)
        assert scene.player.current is not None
        assert scene.player.current.title == title
    hear(scene, page, 1, 2)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_A)
    assert page.prepared is not prepared
    assert triggered == []
    page.finish()
    page.setFocus()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_A)  # no round goes on: the window's again
    assert triggered == ["audition"]
    window.pages.removeWidget(page)
    page.setParent(None)


def test_what_was_playing_is_there_again_afterwards(scene: Scene, page: BlindListening) -> None:
    rows = scene.ask(lambda reader: reader.page([5]))
    scene.player.play([tracks.playable(rows[0])])
    begin(scene, page)
    assert scene.player.auditioning
    page.finish()
    assert scene.player.current is not None
    assert (scene.player.current.title, scene.player.state) == (tags(4)["title"], "paused")


def test_nothing_sounds_while_the_page_is_hidden(scene: Scene, page: BlindListening) -> None:
    prepared = begin(scene, page)
    page.hide()
    assert not page.sounding
    page.show()
    assert page.prepared is prepared
    QTest.keyClick(page, Qt.Key.Key_Space)
    assert page.sounding


# -- results


def test_the_tally_is_told_only_when_asked_for(scene: Scene, page: BlindListening) -> None:
    prepared = begin(scene, page)
    answer(scene, page, "A")
    stored(scene, 1)
    scene.qtbot.wait(100)
    assert page.round.standing.text() == ""
    page.round.tally.click()
    first = prepared.shown[0] == "a"
    page.round.standing.resize(2000, 20)
    wanted = f"So far: Timbre (MFCC) {int(first)}, second {int(not first)}, 0 ties."
    scene.until(lambda: page.round.standing.text() == wanted)


def test_results_tell_rate_interval_rounds_and_queries(scene: Scene, page: BlindListening) -> None:
    begin(scene, page)
    for number in range(9):
        scene.until(lambda: page.prepared is not None)
        assert page.prepared is not None
        letter = "AB"[page.prepared.shown.index("b")] if number < 8 else "S"
        answer(scene, page, letter)
    stored(scene, 9)
    page.round.finish.click()
    scene.until(lambda: len(page.results.cards) == 1)
    (card,) = page.results.cards
    assert card.headline.text() == "second fits better than Timbre (MFCC)."
    assert "0 % (95 % interval 0 to 32 %)" in card.rate.text()  # Wilson: 0 of 8
    assert "8 rounds on 8 tracks · Timbre (MFCC) 0 · second 8 · 0 ties · 1 skipped" in card.figures.text()


def test_rounds_are_exported_and_cleared(
    scene: Scene, page: BlindListening, tmp_path: Path, messages: list[Message]
) -> None:
    begin(scene, page)
    asked = [answer(scene, page, "T")]
    scene.until(lambda: page.prepared is not None)
    asked.append(answer(scene, page, "S"))
    stored(scene, 2)
    page.finish()
    scene.until(lambda: bool(page.results.cards))
    path = tmp_path / "rounds.csv"
    page._listening.export(path)
    scene.until(lambda: bool(messages))
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["choice"] for line in lines] == ["tie", "skip"]
    assert [line["query_title"] for line in lines] == [one.query.title for one in asked]
    assert [line["track_b_path"] for line in lines] == [one.b.path.decode() for one in asked]
    assert {line["encoder_a"] for line in lines} == {"mfcc"}
    page.results.cards[0].clear.click()
    box = QApplication.activeModalWidget() or page.window().findChild(QMessageBox)
    assert isinstance(box, QDialog)
    next(button for button in box.findChildren(QPushButton) if button.text() == "Clear").click()
    scene.until(lambda: not page.results.cards)
    assert page.results.message.isVisible()
    assert stored(scene, 0) == []


# -- refusals


def test_encoders_that_choose_alike_are_refused_with_a_sentence(scene: Scene) -> None:
    fill_both(scene.context.library.path, Mix(60, folders=1, failed=0, partial=0, skipped=0), like=1.0)
    page = BlindListening(Listening(scene.session), scene.player)
    scene.qtbot.addWidget(page)
    page.show()
    scene.session.start()
    scene.until(lambda: page.setup.names == NAMES)
    page.setup.start.click()
    scene.until(lambda: "choose the same tracks" in page.setup.problem.text())
    assert page.setup.problem.isVisible()


def test_too_few_common_tracks_are_refused(scene: Scene) -> None:
    fill_both(scene.context.library.path, MIX, only=known(MIX)[:12])
    page = BlindListening(Listening(scene.session), scene.player)
    scene.qtbot.addWidget(page)
    page.show()
    scene.session.start()
    scene.until(lambda: page.setup.names == NAMES)
    page.setup.start.click()
    scene.until(lambda: "listened to 12 of your tracks only" in page.setup.problem.text())


def test_the_same_encoder_twice_cannot_be_asked(page: BlindListening) -> None:
    box = page.setup.encoders[1]
    box.setCurrentIndex(box.findData("mfcc"))
    box.activated.emit(box.currentIndex())
    assert not page.setup.start.isEnabled()
    assert "two different" in page.setup.start.toolTip()


def test_rounds_that_cannot_be_played_are_left_out_and_in_the_end_said(
    scene: Scene, page: BlindListening
) -> None:
    begin(scene, page)
    for number in range(MOST_BROKEN):
        scene.until(lambda: page.prepared is not None)
        assert page.pages.currentWidget() is page.round, number
        scene.player.failed.emit(page._excerpts[1], "The file is gone.")
    assert page.pages.currentWidget() is page.setup
    assert "could not be played" in page.setup.problem.text()
    assert stored(scene, 0) == []
