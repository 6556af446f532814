"""The window: navigation on the left, pages, Similar on the right, the player below. Wiring only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.actions import Actions
from app.context import Context
from app.drops import DropTarget
from app.notify import Message
from app.views.activity import ActivityView
from app.views.dock_title import DockTitle
from app.views.encoder_switch import EncoderSwitch
from app.views.jobs_button import JobsButton
from app.views.refused import RefusedView
from app.views.start import StartView
from app.views.toasts import Toasts
from core.settings import default_library

VIEWS = ("view-library", "view-map", "view-train", "view-compare", "view-activity")
"""In the order of the pages."""
STOP_LIMIT_S = 8.0
PLAYER_HEIGHT = 84
SMALLEST, LARGEST = QSize(1280, 800), QSize(2400, 1500)  # of a window that opens for the first time


@dataclass(frozen=True)
class Parts:
    """The widgets that others build; the window gives them their places."""

    library: QWidget
    similar: QWidget
    player: QWidget
    train: QWidget
    compare: QWidget
    map: QWidget
    queue: QWidget
    queue_head: QWidget


@dataclass(frozen=True)
class WindowState:
    """What the window remembers until the next start."""

    geometry: bytes = b""
    layout: bytes = b""
    view: str = "view-library"


class MainWindow(QMainWindow):
    """The one window.

    Parameters
    ----------
    context
        The services.

    It opens with empty places, at once; `place` fills them when the library is open.

    Signals
    -------
    add_wanted(list[bytes])
        Raw paths were dropped or chosen.
    closed
        The window is gone and no job runs.
    """

    add_wanted = Signal(object)
    closed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        path = context.library.path
        self.setWindowTitle("Earmap" if path == default_library() else f"{path.stem} — Earmap")
        self.setMinimumSize(960, 600)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._context = context
        self._library: QWidget | None = None
        self._may_close = False
        self.actions_table = Actions(self, context.theme)
        self.encoder = EncoderSwitch()
        self.activity = ActivityView(context)
        self.jobs_button = JobsButton(context)
        self.actions_table.fill(self.menuBar())
        self._add_top()
        self._add_navigation()
        self._add_pages()
        self._add_similar()
        self._add_queue()
        self._add_player()
        self._add_status()
        self.drops = DropTarget(self)
        self.toasts = Toasts(
            self, context.theme, context.notifier, context.log_path, self._below_pages, self.actions_table
        )
        self._connect()

    # -- what others ask of the window

    def show_view(self, name: str) -> None:
        """Bring the page of the action `name` (`view-library`, ...) to the front."""
        self.actions_table[name].setChecked(True)
        self.pages.setCurrentIndex(VIEWS.index(name))

    def come_forward(self) -> None:
        """Be seen; what minimised it is undone."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def placing(self, parts: Parts) -> Iterator[None]:
        """Fill the places, one in a turn of the event loop; what they remember was restored before."""
        self._library = parts.library
        self.library_page.addWidget(parts.library)
        self.library_page.setCurrentWidget(parts.library)
        yield
        parts.similar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.similar.setWidget(parts.similar)
        parts.queue.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.queue.setWidget(parts.queue)
        self._queue_title.put_beside(parts.queue_head)
        self._player.addWidget(parts.player)
        pages = (
            (self.map_page, parts.map),
            (self.train_page, parts.train),
            (self.compare_page, parts.compare),
        )
        for page, view in pages:
            yield
            page.addWidget(view)
            page.setCurrentWidget(view)
        yield
        self.drops.let_through(self)

    def show_start(self, empty: bool) -> None:
        """Show the place to drop a folder instead of an empty table."""
        self.library_page.setCurrentWidget(self.start if empty or self._library is None else self._library)

    def say(self, text: str) -> None:
        """Show a sentence where the table will be, while there is none."""
        self._opening.setText(text)
        self.library_page.setCurrentWidget(self._opening)

    def show_refused(self, message: Message, *, damaged: bool) -> None:
        """Show why the library cannot be opened, and the ways on, whichever page was open the last time."""
        self.refused.show_why(message, damaged=damaged)
        self.library_page.setCurrentWidget(self.refused)
        self.show_view(VIEWS[0])

    def state(self) -> WindowState:
        """What to remember."""
        view = VIEWS[self.pages.currentIndex()]
        return WindowState(bytes(self.saveGeometry().data()), bytes(self.saveState().data()), view)

    def restore(self, state: WindowState) -> None:
        """Come back as `state` says; what does not fit this screen is put right by Qt."""
        if not (state.geometry and self.restoreGeometry(QByteArray(state.geometry))):
            room = self.screen().availableSize()
            self.resize((room * 0.85).boundedTo(LARGEST).expandedTo(SMALLEST).boundedTo(room))
        if state.layout:
            self.restoreState(QByteArray(state.layout))
        self._queue_sized = not self.queue.isHidden()
        self.show_view(state.view if state.view in VIEWS else VIEWS[0])
        self.actions_table["similar"].setChecked(not self.similar.isHidden())
        self.actions_table["queue"].setChecked(not self.queue.isHidden())
        self.actions_table["full-screen"].setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Close at once, or when the jobs that run have stopped; a second try does not wait for them."""
        jobs = self._context.jobs
        if not jobs.running or self._may_close:
            self._may_close = True
            self.toasts.detach()
            event.accept()
            self.closed.emit()
            return
        event.ignore()
        self._may_close = True
        self.setEnabled(False)
        self._context.notifier.info("Stopping what is running…", "What is done so far is kept.")
        jobs.idle.connect(self.close, Qt.ConnectionType.QueuedConnection)
        jobs.stop_all(STOP_LIMIT_S)

    # -- building

    def _add_top(self) -> None:
        logo = QLabel()
        logo.setPixmap(self._context.theme.pixmap("earmap", 26))
        name = QLabel("Earmap")
        name.setProperty("role", "heading")
        top = QWidget()
        top.setObjectName("top")
        layout = QHBoxLayout(top)
        layout.setContentsMargins(18, 9, 16, 9)
        layout.setSpacing(10)
        for widget in (logo, name):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.encoder)
        layout.addWidget(self._button("encoder-cards", text=False))
        layout.addSpacing(8)
        layout.addWidget(self._button("add-folder"))
        layout.addWidget(self._button("similar", text=False))
        self._bar("top-bar", top, Qt.ToolBarArea.TopToolBarArea)

    def _add_navigation(self) -> None:
        column = QWidget()
        column.setObjectName("navigation")
        column.setFixedWidth(176)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(10, 14, 10, 12)
        layout.setSpacing(4)
        for name in VIEWS:
            layout.addWidget(self._button(name, wide=True))
        layout.addStretch(1)
        layout.addWidget(self._button("preferences", wide=True))
        self._bar("navigation-bar", column, Qt.ToolBarArea.LeftToolBarArea)

    def _add_pages(self) -> None:
        actions = self.actions_table
        self.start = StartView(self._context.theme, actions["add-folder"], actions["try-bundled"])
        self._opening = QLabel()
        self._opening.setProperty("role", "muted")
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._opening.setWordWrap(True)
        self.library_page = QStackedWidget()
        self.library_page.addWidget(self._opening)
        self.library_page.addWidget(self.start)
        self.refused = RefusedView(self._context.theme)
        self.library_page.addWidget(self.refused)
        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        # Empty until the library is open.
        self.map_page, self.train_page = QStackedWidget(), QStackedWidget()
        self.compare_page = QStackedWidget()
        self.pages.addWidget(self.library_page)
        self.pages.addWidget(self.map_page)
        self.pages.addWidget(self.train_page)
        self.pages.addWidget(self.compare_page)
        self.pages.addWidget(self.activity)
        self.setCentralWidget(self.pages)

    def _add_similar(self) -> None:
        self.similar = QDockWidget("Similar", self)
        self.similar.setObjectName("similar")
        self.similar.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.similar.setTitleBarWidget(
            DockTitle("Similar", self.actions_table["similar"], self._context.theme)
        )
        self.similar.setWidget(QWidget())
        self.similar.setMinimumWidth(280)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.similar)
        self.resizeDocks([self.similar], [360], Qt.Orientation.Horizontal)
        self.actions_table["similar"].setChecked(True)

    def _add_queue(self) -> None:
        """Below Similar, and hidden until somebody asks for it."""
        self.queue = QDockWidget("Queue", self)
        self.queue.setObjectName("queue")
        self.queue.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self._queue_title = DockTitle("Queue", self.actions_table["queue"], self._context.theme)
        self.queue.setTitleBarWidget(self._queue_title)
        self.queue.setWidget(QWidget())
        self.queue.setMinimumSize(280, 160)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.queue)
        self.splitDockWidget(self.similar, self.queue, Qt.Orientation.Vertical)
        self.queue.hide()
        self._queue_sized = False

    def _add_player(self) -> None:
        frame = QWidget()
        frame.setObjectName("player")
        frame.setMinimumHeight(PLAYER_HEIGHT)  # so that nothing moves when the player comes
        self._player = QVBoxLayout(frame)
        self._player.setContentsMargins(0, 1, 0, 0)
        self._bar("player-bar", frame, Qt.ToolBarArea.BottomToolBarArea)

    def _add_status(self) -> None:
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.addPermanentWidget(self.jobs_button)

    def _bar(self, name: str, widget: QWidget, area: Qt.ToolBarArea) -> None:
        """Put `widget` along an edge of the window, where it stays."""
        bar = QToolBar()
        bar.setObjectName(name)
        bar.setMovable(False)
        bar.setFloatable(False)
        widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        if area == Qt.ToolBarArea.LeftToolBarArea:
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        bar.addWidget(widget)
        self.addToolBar(area, bar)

    def _button(self, name: str, text: bool = True, wide: bool = False) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self.actions_table[name])
        button.setIconSize(QSize(20, 20))
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
        button.setToolButtonStyle(style)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if wide:
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _connect(self) -> None:
        actions = self.actions_table
        for name in VIEWS:
            actions[name].triggered.connect(partial(self.show_view, name))
        actions.connect_all({
            "similar": self._show_similar, "queue": self._show_queue,
            "full-screen": self._full_screen, "quit": self.close,
        })  # fmt: skip
        self.jobs_button.clicked.connect(partial(self.show_view, "view-activity"))
        self.drops.dropped.connect(self.add_wanted)
        self.drops.let_through(self)

    def _show_similar(self, on: bool) -> None:
        self.similar.setVisible(on)

    def _show_queue(self, on: bool) -> None:
        self.queue.setVisible(on)
        if on and not self._queue_sized:
            self._queue_sized = True
            self.resizeDocks([self.similar, self.queue], [3, 2], Qt.Orientation.Vertical)

    def _full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    def _below_pages(self) -> int:
        """Height of player and status bar together."""
        return self.height() - self.pages.mapTo(self, self.pages.rect().bottomLeft()).y()
