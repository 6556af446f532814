"""Menus and shortcuts as a table: an action is a row here, and whoever performs it connects to it.

`actions["play"].triggered.connect(player.toggle)`; `actions.forbid("audition", "Choose a track first.")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)  # fmt: skip

from app.theme import Theme

SEPARATOR = "-"
NO_TRACK = "Choose a track first."
NO_LIBRARY = "Wait until the library is open."
TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)


@dataclass(frozen=True)
class ActionInfo:
    """One thing a person can do.

    Parameters
    ----------
    name
        What the program calls it.
    text
        What the menu calls it.
    tip
        One sentence for the tooltip and the status bar.
    keys
        Shortcuts, portable text; the first is shown.
    group
        Checkable; of one group exactly one is checked.
    reason
        Why it cannot be done yet when the window opens; empty: it can.
    """

    name: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    group: str = ""
    reason: str = ""


TABLE: tuple[ActionInfo, ...] = (
    ActionInfo("add-folder", "&Add folder…", "Add a folder of music to the library.", ("Ctrl+O",),
               "folder-add"),
    ActionInfo("rescan", "&Look for changes", "Look for new, changed and missing files in your folders.",
               ("F5",), "retry", reason="Add a folder first."),
    ActionInfo("open-library", "&Open another library…", "Open a library of its own, or begin one, in another window.",
               icon="library"),
    ActionInfo("encoder-cards", "E&ncoders…", "What each encoder is, what it learned from and how good it is.",
               ("Ctrl+I",), "info", reason="Wait until the library is open."),
    ActionInfo("try-bundled", "&Try the bundled music", "Add the music that comes with Earmap, and show it on the map.",
               icon="note", reason=NO_LIBRARY),
    ActionInfo("remove-bundled", "Remove the &bundled music",
               "Take the music that comes with Earmap out of the library.", reason=NO_LIBRARY),
    ActionInfo("import-encoder", "&Import encoder…", "Take an encoder that somebody gave you.",
               reason="Wait until the library is open."),
    ActionInfo("export-encoder", "&Export encoder…", "Write the chosen encoder to a file to give away.",
               icon="export", reason="Wait until the library is open."),
    ActionInfo("preferences", "&Preferences…", "Change how Earmap looks, sounds and works.", ("Ctrl+,",),
               "settings"),
    ActionInfo("quit", "&Quit", "Close Earmap; running jobs stop and can be resumed.", ("Ctrl+Q",)),
    ActionInfo("play", "&Play or pause", "Play or pause.",
               ("Space", "Media Play", "Toggle Media Play/Pause", "Media Pause"), "play", reason=NO_TRACK),
    ActionInfo("previous", "P&revious track", "Play the previous track.",
               ("Ctrl+Left", "Media Previous"), "previous",
               reason="Nothing was played before."),
    ActionInfo("next", "&Next track", "Play the next track.", ("Ctrl+Right", "Media Next"), "next",
               reason="The queue is empty."),
    ActionInfo("seek-back", "&Back 10 s", "Go back 10 seconds.", ("Alt+Left",), "seek-back",
               reason="Nothing is playing."),
    ActionInfo("seek-forward", "&Forward 10 s", "Go forward 10 seconds.", ("Alt+Right",), "seek-forward",
               reason="Nothing is playing."),
    ActionInfo("stop-playing", "S&top", "Stop, and forget where it was.", ("Media Stop",), "stop",
               reason="Nothing is playing."),
    ActionInfo("shuffle", "S&huffle", "Play what comes in no order; once more, and it is in its own order again.",
               ("Ctrl+S",), "shuffle", checkable=True, reason=NO_LIBRARY),
    ActionInfo("repeat", "Change &repeat", "Repeat the queue, this track, or nothing.", ("Ctrl+R",), "repeat",
               checkable=True, reason=NO_LIBRARY),
    ActionInfo("repeat-off", "&Off", "After the queue's last track comes silence.", checkable=True, group="repeat",
               reason=NO_LIBRARY),
    ActionInfo("repeat-all", "The whole &queue", "After the queue's last track comes the first.", checkable=True,
               group="repeat", reason=NO_LIBRARY),
    ActionInfo("repeat-one", "This &track", "The track that sounds begins anew at its end; Next still goes on.",
               checkable=True, group="repeat", reason=NO_LIBRARY),
    ActionInfo("louder", "&Louder", "Turn the volume up.", ("Ctrl+Up",), "volume"),
    ActionInfo("quieter", "&Quieter", "Turn the volume down.", ("Ctrl+Down",), "volume-low"),
    ActionInfo("audition", "&Audition", "A click on a track plays its neighbours in turn, 10 s each.", ("A",),
               "audition", checkable=True),
    ActionInfo("stop-preview", "&Stop the preview", "Stop a preview or an audition.", ("Esc",), "stop",
               reason="No preview is playing."),
    ActionInfo("view-library", "&Library", "Your tracks.", ("Ctrl+1",), "library", checkable=True,
               group="view"),
    ActionInfo("view-map", "&Map", "Your tracks as points: what sounds alike lies together.", ("Ctrl+2",), "map",
               checkable=True, group="view"),
    ActionInfo("view-train", "T&rain", "Teach an encoder with your own music.", ("Ctrl+3",), "train",
               checkable=True, group="view"),
    ActionInfo("view-compare", "C&ompare", "What your encoders are worth, beside each other.", ("Ctrl+4",), "compare",
               checkable=True, group="view"),
    ActionInfo("view-activity", "A&ctivity", "What is being done, and what was skipped and why.", ("Ctrl+5",),
               "activity", checkable=True, group="view"),
    ActionInfo("search", "&Search", "Search your library.", ("Ctrl+F",), "search"),
    ActionInfo("find-on-map", "Fi&nd on map", "Show where the selected track lies on the map.", ("Ctrl+M",), "map"),
    ActionInfo("similar", "Similar &panel", "Show or hide the tracks that sound like the chosen one.",
               ("Ctrl+D",), "similar", checkable=True),
    ActionInfo("queue", "Play &queue", "Show or hide what is played next.", ("Ctrl+U",), "queue", checkable=True),
    ActionInfo("theme-system", "As the &system", "Light or dark as the rest of the desktop.", checkable=True,
               group="theme"),
    ActionInfo("theme-light", "&Light", "Dark text on light.", checkable=True, group="theme"),
    ActionInfo("theme-dark", "&Dark", "Light text on dark.", checkable=True, group="theme"),
    ActionInfo("full-screen", "&Full screen", "Use the whole screen, or stop doing so.", ("F11",),
               "full-screen", checkable=True),
    ActionInfo("credits", "&Music credits…", "Who made the bundled music, and under which licence.", icon="note"),
    ActionInfo("check", "&Check this installation…", "See whether Earmap has all that it needs here.", icon="check"),
    ActionInfo("log", "Show the &log file", "Open the folder of the log file.", icon="folder"),
    ActionInfo("about", "&About Earmap", "Version and licence.", icon="info"),
)  # fmt: skip

# A name begins a submenu where it is a tuple: (title, names...).
MENUS: tuple[tuple[str, tuple[str | tuple[str, ...], ...]], ...] = (
    ("&File", ("add-folder", "rescan", "open-library", SEPARATOR, "try-bundled", "remove-bundled", SEPARATOR,
               "encoder-cards", "import-encoder", "export-encoder", SEPARATOR, "preferences", SEPARATOR, "quit")),
    ("&Play", ("play", "previous", "next", "stop-playing", SEPARATOR, "seek-back", "seek-forward", SEPARATOR, "shuffle",
               ("R&epeat", "repeat-off", "repeat-all", "repeat-one", SEPARATOR, "repeat"), SEPARATOR, "louder",
               "quieter", SEPARATOR, "audition", "stop-preview")),
    ("&View", ("view-library", "view-map", "view-train", "view-compare", "view-activity", SEPARATOR, "search",
               "find-on-map", "similar", "queue", SEPARATOR,
               ("&Theme", "theme-system", "theme-light", "theme-dark"), "full-screen")),
    ("&Help", ("credits", "check", SEPARATOR, "log", "about")),
)  # fmt: skip

# Where macOS wants them; it moves these to the program's own menu.
MAC_ROLES = {
    "quit": QAction.MenuRole.QuitRole,
    "preferences": QAction.MenuRole.PreferencesRole,
    "about": QAction.MenuRole.AboutRole,
}


class Actions(QObject):
    """The table's rows as Qt actions, by name.

    Parameters
    ----------
    window
        Where the shortcuts work.
    theme
        Gives the icons.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._groups: dict[str, QActionGroup] = {}
        self._infos = {info.name: info for info in TABLE}
        self._actions = {info.name: self._made(info, window, theme) for info in TABLE}
        self._guard = ShortcutGuard(self)
        for info in TABLE:
            self.forbid(info.name, info.reason)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def connect_all(self, slots: dict[str, Callable[..., object]]) -> None:
        """Connect many: name -> what `triggered(checked)` calls."""
        for name, slot in slots.items():
            self._actions[name].triggered.connect(slot)

    def forbid(self, name: str, reason: str) -> None:
        """Disable `name` and let its tooltip say why; an empty reason allows it."""
        action, info = self._actions[name], self._infos[name]
        action.setEnabled(not reason)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        text = f"{info.tip} ({keys})" if keys else info.tip
        action.setToolTip(f"{text}\nNot now: {reason}" if reason else text)
        action.setStatusTip(f"{info.tip} Not now: {reason}" if reason else info.tip)

    def add_to_tip(self, name: str, sentence: str) -> None:
        """Let the tooltip of `name` say more, until it is forbidden or allowed again."""
        action = self._actions[name]
        action.setToolTip(f"{action.toolTip()}\n{sentence}")

    def allow(self, name: str) -> None:
        """Enable `name`."""
        self.forbid(name, "")

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus."""
        for title, names in MENUS:
            self._fill_menu(bar.addMenu(title), names)

    def claims(self, sequence: QKeySequence) -> bool:
        """Whether `sequence` is the shortcut of any action here."""
        return any(sequence == keys for action in self for keys in action.shortcuts())

    def _fill_menu(self, menu: QMenu, names: tuple[str | tuple[str, ...], ...]) -> None:
        menu.setToolTipsVisible(True)
        for name in names:
            if isinstance(name, tuple):
                self._fill_menu(menu.addMenu(name[0]), name[1:])
            elif name == SEPARATOR:
                menu.addSeparator()
            else:
                menu.addAction(self[name])

    def _made(self, info: ActionInfo, window: QWidget, theme: Theme) -> QAction:
        action = QAction(info.text, window)
        action.setObjectName(info.name)
        action.setIconText(f" {info.text}".replace("&", "").rstrip("…"))  # the blank: space beside the icon
        action.setShortcuts([QKeySequence(keys) for keys in info.keys])
        action.setCheckable(info.checkable)
        action.setMenuRole(MAC_ROLES.get(info.name, QAction.MenuRole.NoRole))
        if info.icon:
            theme.set_icon(action, info.icon)
        if info.group:
            action.setActionGroup(self._groups.setdefault(info.group, QActionGroup(window)))
        window.addAction(action)
        return action


class ShortcutGuard(QObject):
    """Keeps the shortcuts from a text field that has the focus, and Space from a focused button.

    Qt asks the focused widget first (ShortcutOverride); this answers for it, and only while it has the
    focus, so that no other event passes through Python.
    """

    def __init__(self, actions: Actions) -> None:
        super().__init__(actions)
        self._actions = actions
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Give the key to the field where it is one of ours."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        sequence = QKeySequence(event.keyCombination())
        space_only = not isinstance(watched, TEXT_FIELDS) and not _editable(watched)
        if (space_only and sequence != QKeySequence("Space")) or not self._actions.claims(sequence):
            return False
        if "Media" in sequence.toString():  # no text field has a use for them
            return False
        event.accept()
        return True

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if isinstance(new, (*TEXT_FIELDS, QAbstractButton, QComboBox)):
            new.installEventFilter(self)


def _editable(widget: QObject) -> bool:
    return isinstance(widget, QComboBox) and widget.isEditable()
