"""Light and dark: colours, style sheet and icons drawn in the palette's colour.

Accents are from the Okabe-Ito set, which people with any kind of colour blindness tell apart; state is
never told by colour alone (an icon or a word goes with it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from string import Template
from typing import Literal, Protocol
from weakref import ref

from PySide6.QtCore import QByteArray, QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel
from shiboken6 import isValid

Mode = Literal["system", "light", "dark"]
ICON_SIZES = (
    16,
    20,
    24,
    32,
    40,
    48,
    64,
)  # with those, a 24 px icon is sharp on a display of any scale to 2.5

# Okabe and Ito's eight, for curves, bars and the map's categories.
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7F7F7F")


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, each `#rrggbb`; the style sheet names them as `$window` and so on."""

    name: Literal["light", "dark"]
    window: str
    surface: str
    sunken: str
    hover: str
    border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str
    on_selection: str
    ok: str
    warning: str
    error: str


LIGHT = Colours(
    name="light", window="#f4f5f7", surface="#ffffff", sunken="#eceef1", hover="#e6e9ee", border="#d9dde3",
    text="#1b1f24", muted="#58616c", faint="#98a1ac", accent="#0b6bb0", accent_hover="#095a95",
    on_accent="#ffffff", selection="#d6e8f6", on_selection="#0f2a3f", ok="#00735a", warning="#8f5600",
    error="#b03f00",
)  # fmt: skip
DARK = Colours(
    name="dark", window="#14171b", surface="#1b1f24", sunken="#101316", hover="#282e36", border="#2d333b",
    text="#e8ebef", muted="#a0a9b4", faint="#66707c", accent="#56b4e9", accent_hover="#7cc6f0",
    on_accent="#0a1a24", selection="#1f435b", on_selection="#f2f7fb", ok="#35c79e", warning="#f0b13c",
    error="#ff8f62",
)  # fmt: skip


class TakesIcon(Protocol):
    """A button, an action, a label's owner: whatever has `setIcon`."""

    def setIcon(self, icon: QIcon, /) -> None:  # noqa: N802 - Qt's name
        """Show `icon`."""


def palette(colours: Colours) -> QPalette:
    """Qt's palette for `colours`, for what the style sheet does not reach (delegates, native dialogs)."""
    result = QPalette()
    role = QPalette.ColorRole
    for which, value in {
        role.Window: colours.window, role.WindowText: colours.text, role.Base: colours.surface,
        role.AlternateBase: colours.sunken, role.Text: colours.text, role.Button: colours.surface,
        role.ButtonText: colours.text, role.BrightText: colours.on_accent, role.Highlight: colours.selection,
        role.HighlightedText: colours.on_selection, role.ToolTipBase: colours.surface,
        role.ToolTipText: colours.text, role.PlaceholderText: colours.muted, role.Link: colours.accent,
        role.LinkVisited: colours.accent, role.Accent: colours.accent, role.Mid: colours.border,
        role.Light: colours.hover, role.Midlight: colours.hover, role.Dark: colours.border,
        role.Shadow: colours.sunken,
    }.items():  # fmt: skip
        result.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.faint))
    return result


def read_style() -> Template:
    """The style sheet with names in place of colours; read once, like the icons."""
    return Template((files("resources") / "theme" / "window.qss").read_text("utf-8"))


def style_sheet(style: Template, colours: Colours) -> str:
    """The window's style sheet in `colours`."""
    return style.substitute(asdict(colours))


def read_icons() -> dict[str, str]:
    """Every icon's SVG text by name; read once, so that no later icon costs a disk access."""
    folder = files("resources") / "icons"
    return {f.name[:-4]: f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".svg")}


def draw(svg: str, size: int, colour: str) -> QPixmap:
    """`svg` as a `size` x `size` pixmap, its `currentColor` being `colour`."""
    return painted(coloured(svg, colour), size)


def coloured(svg: str, colour: str) -> QSvgRenderer:
    """`svg`, its `currentColor` being `colour`, read once for all sizes."""
    return QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))


def painted(drawing: QSvgRenderer, size: int) -> QPixmap:
    """A `size` x `size` pixmap of it."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter)
    painter.end()
    return pixmap


def repaint_links(labels: Iterable[QLabel]) -> None:
    """Give links the palette's colour: a label keeps the one that its text was read with, and reads no text twice."""
    for label in labels:
        if "<a " in (text := label.text()):
            label.clear()
            label.setText(text)


class Theme(QObject):
    """The application's looks; `changed` fires after every switch.

    Parameters
    ----------
    app
        The application that is dressed.
    mode
        `system` follows the desktop's light or dark, also while running.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: Mode = "system") -> None:
        super().__init__(app)
        self._app = app
        self._svg, self._style = read_icons(), read_style()
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._dressed: list[tuple[ref[TakesIcon], str, str]] = []
        self.mode: Mode = mode
        self.colours = LIGHT
        QDir.setSearchPaths("theme", [str(files("resources") / "theme")])
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self.set_mode(mode)

    def set_mode(self, mode: Mode) -> None:
        """Switch to `mode` at once."""
        self.mode = mode
        wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            mode, Qt.ColorScheme.Unknown
        )
        self._app.styleHints().setColorScheme(wanted)  # so that title bars and native dialogs go along
        self._dress()

    def icon(self, name: str, role: str = "muted") -> QIcon:
        """The icon `name` in the palette's colour `role` (`text`, `muted`, `accent`, `error`, ...).

        Raises
        ------
        KeyError
            No such icon in `resources/icons`.
        """
        key = (name, role)
        if key not in self._icons:
            self._icons[key] = self._drawn(self._svg[name], getattr(self.colours, role))
        return self._icons[key]

    def pixmap(self, name: str, size: int, role: str = "muted") -> QPixmap:
        """The icon `name` at `size` logical pixels, sharp on this screen."""
        ratio = self._app.devicePixelRatio()
        result = draw(self._svg[name], round(size * ratio), getattr(self.colours, role))
        result.setDevicePixelRatio(ratio)
        return result

    def set_icon(self, target: TakesIcon, name: str, role: str = "muted") -> None:
        """Give `target` the icon `name`, now and after every switch of the theme."""
        self._dressed = [entry for entry in self._live() if entry[0]() is not target]
        self._dressed.append((ref(target), name, role))
        target.setIcon(self.icon(name, role))

    def _drawn(self, svg: str, colour: str) -> QIcon:
        icon = QIcon()
        for mode, shade in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, self.colours.faint)):
            drawing = coloured(svg, shade)
            for size in ICON_SIZES:
                icon.addPixmap(painted(drawing, size), mode)
        return icon

    def _live(self) -> Iterator[tuple[ref[TakesIcon], str, str]]:
        """The dressed targets that still exist, in Python and in Qt."""
        return (entry for entry in self._dressed if (target := entry[0]()) is not None and isValid(target))

    def _follow(self) -> None:
        if self.mode == "system":
            self._dress()

    def _dark(self) -> bool:
        if self.mode != "system":
            return self.mode == "dark"
        return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark

    def _dress(self) -> None:
        self.colours = DARK if self._dark() else LIGHT
        self._icons.clear()
        self._app.setPalette(palette(self.colours))
        self._app.setStyleSheet(style_sheet(self._style, self.colours))
        self._dressed = list(self._live())
        for entry, name, role in self._dressed:
            if (target := entry()) is not None:
                target.setIcon(self.icon(name, role))
        repaint_links(widget for widget in self._app.allWidgets() if isinstance(widget, QLabel))
        self.changed.emit()
