"""The queue on a real player: what is shown, and what a person does with mouse and keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.player import Playable, Player
from app.theme import Theme
from app.views.dock_title import DockTitle
from app.views.queue_panel import QueuePanel
from app.views.rows_delegate import TWO_LINES, TwoLines

ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier


def track(number: int) -> Playable:
    path = os.fsencode(f"/nowhere/{number} \udcff.mp3")
    return Playable(number, path, f"Title {number}", "Artist", 60.0 * number)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    (tmp_path / "asound.conf").write_text("pcm.!default { type unheard_of }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    player = Player()
    yield player
    player.close()


@pytest.fixture
def holder(qtbot: QtBot) -> QWidget:
    holder = QWidget()
    qtbot.addWidget(holder)
    return holder


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication, player: Player, holder: QWidget) -> QueuePanel:
    """Under its heading, as in the window."""
    theme = Theme(qapp, "light")
    panel, title = QueuePanel(player, theme), DockTitle("Queue", QAction(holder), theme)
    title.put_beside(panel.head)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(title)
    column.addWidget(panel)
    holder.resize(420, 540)
    holder.move(0, 0)
    QCursor.setPos(5, 5)  # at the heading: the test before may have left it where the list is
    holder.show()
    qtbot.waitExposed(holder)
    assert title.isAncestorOf(panel.about)
    assert panel.about.isVisible()
    return panel


def numbers(player: Player) -> list[int]:
    return [playable.track_id for playable in player.queue]


def lines(panel: QueuePanel, row: int) -> TwoLines:
    shown = panel.list.rows.index(row).data(TWO_LINES)
    assert isinstance(shown, TwoLines)
    return shown


def test_says_what_to_do_while_there_is_nothing(panel: QueuePanel, player: Player) -> None:
    assert panel.empty.isVisible()
    assert (panel.about.text(), panel.clear.isEnabled()) == ("", False)
    player.append([track(1)])
    assert not panel.empty.isVisible()
    assert panel.about.text() == "1 queued · 1:00 to go"


def test_shows_where_the_queue_is(panel: QueuePanel, player: Player) -> None:
    player.play([track(n) for n in (1, 2, 3)], at=1)
    assert panel.about.text() == "2 of 3 · 5:00 to go"
    assert [lines(panel, row).marked for row in range(3)] == [False, True, False]
    assert [lines(panel, row).faint for row in range(3)] == [True, False, False]
    assert (lines(panel, 2).title, lines(panel, 2).text) == ("Title 3", "Artist · 3:00")
    player.next()
    assert panel.about.text() == "3 of 3 · 3:00 to go"
    assert lines(panel, 2).marked


def test_a_hidden_track_is_not_given_away(panel: QueuePanel, player: Player) -> None:
    player.audition([replace(track(1), hidden=True, start_s=10.0, length_s=5.0)])
    index = panel.list.rows.index(0)
    told = [lines(panel, 0).title, lines(panel, 0).text, panel.about.text()]
    told += [index.data(Qt.ItemDataRole.AccessibleTextRole), index.data(Qt.ItemDataRole.ToolTipRole)]
    assert told == ["A hidden track", "", "1 of 1", "playing: A hidden track", None]
    assert not panel.list.rows.mimeData([index]).urls()


def test_keys(qtbot: QtBot, panel: QueuePanel, player: Player) -> None:
    player.play([track(n) for n in (1, 2, 3, 4)])
    panel.list.choose(1, 2)
    for key, modifier, order, chosen in (
        (Qt.Key.Key_Down, ALT, [1, 4, 2, 3], [2, 3]), (Qt.Key.Key_Down, ALT, [1, 4, 2, 3], [2, 3]),
        (Qt.Key.Key_Up, ALT, [1, 2, 3, 4], [1, 2]), (Qt.Key.Key_Up, ALT, [2, 3, 1, 4], [0, 1]),
        (Qt.Key.Key_Up, ALT, [2, 3, 1, 4], [0, 1]), (Qt.Key.Key_Delete, NONE, [1, 4], [0]),
    ):  # fmt: skip
        qtbot.keyClick(panel.list, key, modifier)
        assert (numbers(player), panel.list.chosen) == (order, chosen)
    assert player.current == track(1)
    panel.list.choose(1, 1)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert player.current == track(4)


def test_mouse_and_menu(qtbot: QtBot, panel: QueuePanel, player: Player) -> None:
    player.play([track(n) for n in (1, 2, 3, 4)])
    place = panel.list.visualRect(panel.list.rows.index(2)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert player.current == track(3)
    panel.list.choose(0, 1)
    actions = {action.text(): action for action in panel.menu().actions()}
    actions["Play next"].trigger()
    assert numbers(player) == [2, 3, 1, 4]
    actions["Move to the end"].trigger()
    assert numbers(player) == [2, 3, 4, 1]
    assert player.current == track(3)
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert numbers(player) == [2, 3]
    assert not panel.clear.isEnabled()


def test_rows_are_dropped_elsewhere_and_go_to_other_programs(panel: QueuePanel, player: Player) -> None:
    player.play([track(n) for n in (1, 2, 3, 4)])
    model, move = panel.list.rows, Qt.DropAction.MoveAction
    data = model.mimeData([model.index(3), model.index(1)])
    assert [url.toEncoded().data() for url in data.urls()] == [
        b"file:///nowhere/2%20%FF.mp3",
        b"file:///nowhere/4%20%FF.mp3",
    ]
    assert not model.dropMimeData(data, move, 0, 0, model.index(-1)), "Qt is to remove no row"
    assert (numbers(player), panel.list.chosen) == ([2, 4, 1, 3], [0, 1])
    model.dropMimeData(model.mimeData([model.index(0)]), move, -1, -1, model.index(-1))
    assert numbers(player) == [4, 1, 3, 2]
    player.play([track(9)])
    model.dropMimeData(data, move, 0, 0, model.index(-1))
    model.dropMimeData(QMimeData(), move, 0, 0, model.index(-1))
    assert numbers(player) == [9]


def test_a_long_queue_is_no_burden(qtbot: QtBot, panel: QueuePanel, player: Player) -> None:
    player.play([track(n % 9 + 1) for n in range(20_000)], at=10_000)
    assert panel.about.text().startswith("10,001 of 20,000")
    rect = panel.list.visualRect(panel.list.rows.index(10_000))
    assert panel.list.viewport().rect().contains(rect), "what sounds is in sight"


def test_a_shuffled_queue_that_is_repeated_tells_what_its_next_round_begins_with(
    qtbot: QtBot, panel: QueuePanel, player: Player
) -> None:
    player.play([track(n) for n in range(1, 9)])
    assert panel.after.isHidden()
    player.set_modes(shuffle=True)
    assert panel.after.isHidden(), "nothing comes after the last"
    player.set_modes(repeat="all")
    assert panel.after.isVisible()
    coming = [one.title for one in player.next_round(99)]
    assert sorted(coming) == sorted(f"Title {n}" for n in range(1, 9))
    panel.resize(900, 500)
    qtbot.waitUntil(lambda: panel.after.text() == f"Next round: {' · '.join(coming[:5])} …")
    player.jump(7)
    player.next()  # that round begins
    assert [one.title for one in player.queue] == coming
    assert panel.after.isVisible()
    player.set_modes(shuffle=False)
    assert panel.after.isHidden(), "the list itself says it"
