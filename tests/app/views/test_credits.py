from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.views.credits import CreditsDialog, words
from core.bundled_music import credit_list


def test_every_track_has_a_row_and_its_licence_is_a_link(qtbot: QtBot) -> None:
    credits = credit_list()  # noqa: A001 - the word
    dialog = CreditsDialog(credits)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.table.rowCount() == len(credits)
    metal = next(one for one in credits if one.artist == "Muldjord")
    dialog.show_file(metal.file)
    told = dialog.details.text()
    assert metal.title in told
    assert metal.licence_url in told
    assert metal.source_url in told
    assert "composed by El Senator" in told  # what its licence asks to be passed on
    qtbot.keyClick(dialog.table, Qt.Key.Key_Home)
    dialog.table.setCurrentCell(0, 0)
    assert credits[0].title in dialog.details.text()
    dialog.show_file("unknown.opus")
    assert dialog.table.currentRow() == 0


def test_names_are_text_and_no_markup() -> None:
    one = replace(credit_list()[0], title="<b>loud</b>", excerpt=(75.0, 106.0))
    assert "&lt;b&gt;loud" in words(one)
    assert "1:15 to 1:46" in words(one)


def test_the_first_page_offers_both_ways(window: MainWindow, qtbot: QtBot) -> None:
    asked: list[str] = []
    actions = window.actions_table
    actions.allow("try-bundled")
    actions["try-bundled"].triggered.connect(lambda: asked.append("demo"))
    actions["add-folder"].triggered.connect(lambda: asked.append("folder"))
    window.show_start(True)
    qtbot.mouseClick(window.start.demo, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.start.choose, Qt.MouseButton.LeftButton)
    assert asked == ["demo", "folder"]


def test_a_message_offers_its_way_on_as_a_button(
    window: MainWindow, qtbot: QtBot, in_background: Callable[[Callable[[], object]], object]
) -> None:
    from PySide6.QtWidgets import QPushButton

    from app.demo import OWN_MUSIC

    done: list[bool] = []
    window.actions_table.allow("remove-bundled")
    window.actions_table["remove-bundled"].triggered.connect(lambda: done.append(True))
    window.toasts.show_message(OWN_MUSIC)
    button = next(b for b in window.toasts.findChildren(QPushButton) if "bundled" in b.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [True]
    assert window.toasts.messages == []
