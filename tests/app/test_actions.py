from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDoubleSpinBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import MENUS, SEPARATOR, TABLE, ActionInfo, Actions
from app.context import Context
from app.main_window import MainWindow
from app.theme import read_icons
from app.wiring import Wiring

# What the design asks for, key by key.
WANTED = {
    "play": "Space", "previous": "Ctrl+Left", "next": "Ctrl+Right", "louder": "Ctrl+Up", "quieter": "Ctrl+Down",
    "seek-back": "Alt+Left", "seek-forward": "Alt+Right", "search": "Ctrl+F", "view-library": "Ctrl+1",
    "view-map": "Ctrl+2", "view-train": "Ctrl+3", "view-compare": "Ctrl+4", "view-activity": "Ctrl+5",
    "preferences": "Ctrl+,", "queue": "Ctrl+U", "shuffle": "Ctrl+S", "repeat": "Ctrl+R",
    "quit": "Ctrl+Q", "full-screen": "F11", "stop-preview": "Esc", "audition": "A",
}  # fmt: skip
FIELDS = (QLineEdit, QPlainTextEdit, QDoubleSpinBox)


class Opener(QObject):
    """Stands for the desktop's file manager."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener()
    QDesktopServices.setUrlHandler("file", made, "open")
    yield made
    QDesktopServices.unsetUrlHandler("file")


@pytest.fixture
def wiring(window: MainWindow, context: Context) -> Wiring:
    return Wiring(context, window)


def allow_all(actions: Actions) -> Counter[str]:
    """Allow every action, and count what fires."""
    fired: Counter[str] = Counter()
    for info in TABLE:
        actions.allow(info.name)
        actions[info.name].triggered.connect(lambda _=False, name=info.name: fired.update([name]))
    return fired


@pytest.mark.parametrize("info", TABLE, ids=lambda info: info.name)
def test_every_action_can_be_triggered(
    info: ActionInfo, wiring: Wiring, window: MainWindow, opener: Opener, qtbot: QtBot
) -> None:
    actions = window.actions_table
    actions.allow(info.name)
    with qtbot.waitSignal(actions[info.name].triggered):
        actions[info.name].trigger()
    qtbot.wait(20)
    for dialog in window.findChildren(QDialog):
        dialog.close()
    assert actions[info.name].toolTip().startswith(info.tip)
    if info.name == "log":
        assert opener.opened == [QUrl.fromLocalFile(str(wiring.context.log_path.parent))]
    window.showNormal()


@pytest.mark.parametrize(("name", "keys"), WANTED.items())
def test_the_keys_of_the_design_fire_once(name: str, keys: str, window: MainWindow) -> None:
    fired = allow_all(window.actions_table)
    window.pages.setFocus()
    press(window, keys)
    assert fired == {name: 1}
    window.showNormal()


@pytest.mark.parametrize("field", FIELDS)
def test_no_shortcut_fires_while_a_text_field_has_the_focus(
    field: type[QWidget], window: MainWindow, qtbot: QtBot
) -> None:
    fired = allow_all(window.actions_table)
    editor = field(window)
    editor.show()
    editor.setFocus()
    assert window.focusWidget() is not None
    for info in TABLE:
        for keys in info.keys:
            if "Media" not in keys:
                press(QApplication.focusWidget(), keys)
    assert fired == {}
    press(QApplication.focusWidget(), "Media Next")  # no field has a use for it
    assert fired == {"next": 1}
    fired.clear()
    editor.clearFocus()
    window.pages.setFocus()
    press(window, "A")
    assert fired == {"audition": 1}


def test_typing_in_a_field_still_writes_the_letters_of_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    allow_all(window.actions_table)
    line = QLineEdit(window)
    line.show()
    line.setFocus()
    qtbot.keyClicks(line, "a a")
    assert line.text() == "a a"


def test_space_works_the_button_that_the_keyboard_is_on(window: MainWindow) -> None:
    fired = allow_all(window.actions_table)
    button, pressed = QPushButton(window), list[bool]()
    button.clicked.connect(lambda: pressed.append(True))
    button.show()
    button.setFocus()
    press(button, "Space")
    assert (pressed, fired) == ([True], {})
    press(button, "Ctrl+1")
    assert fired == {"view-library": 1}


def test_a_forbidden_action_says_why(window: MainWindow) -> None:
    actions = window.actions_table
    actions.forbid("next", "The queue is empty.")
    assert not actions["next"].isEnabled()
    assert "The queue is empty." in actions["next"].toolTip()
    assert "The queue is empty." in actions["next"].statusTip()
    actions.allow("next")
    assert actions["next"].isEnabled()
    assert "queue is empty" not in actions["next"].toolTip()


def test_the_table_is_whole() -> None:
    names = [info.name for info in TABLE]
    assert len(names) == len(set(names))
    keys = [key for info in TABLE for key in info.keys]
    assert len(keys) == len(set(keys))
    assert all(not QKeySequence(key).isEmpty() for key in keys)
    assert {info.icon for info in TABLE if info.icon} <= set(read_icons())
    assert all(info.tip.endswith(".") for info in TABLE)
    listed = [
        n
        for _, entries in MENUS
        for e in entries
        for n in (e[1:] if isinstance(e, tuple) else (e,))
        if n != SEPARATOR
    ]
    assert sorted(listed) == sorted(names)


def test_menus_show_all_and_letters_are_used_once(window: MainWindow) -> None:
    menus = [menu for menu in window.menuBar().findChildren(QMenu) if menu.actions()]
    assert {a.objectName() for menu in menus for a in menu.actions() if a.objectName()} == {
        i.name for i in TABLE
    }
    for menu in menus:
        letters = [text[text.index("&") + 1].lower() for a in menu.actions() if "&" in (text := a.text())]
        assert len(letters) == len(set(letters)), menu.title()


def test_the_log_folder_need_not_exist(
    wiring: Wiring, window: MainWindow, opener: Opener, tmp_path: Path
) -> None:
    window.actions_table["log"].trigger()
    assert [url.toLocalFile() for url in opener.opened] == [str(tmp_path / "log")]


def press(widget: QWidget | None, keys: str) -> None:
    """Press a key combination, the way that shortcuts hear it too."""
    assert widget is not None
    QTest.keySequence(widget, QKeySequence(keys))


def test_press_helper_reaches_text(window: MainWindow) -> None:
    line = QLineEdit(window)
    line.show()
    line.setFocus(Qt.FocusReason.OtherFocusReason)
    press(line, "B")
    assert line.text() == "b"
