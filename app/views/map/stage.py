"""One canvas with a map on it: what is pointed at, chosen and found on it is the window's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import tracks
from app.drawing import Drawing
from app.map.canvas import MapCanvas
from app.map.palette import Palette, categorical, gradient
from app.map.points import Points
from app.map_colours import ALL, HIDDEN, Filter, Scheme, categories
from app.mapping import Mapping
from app.player import Player
from app.views.map.hover_card import HoverCard
from core.library.facet_columns import Ids, places_of
from core.library.records import Row

MORPH_MS = 600
LINGER_MS = 200
"""A pointer that only passes is not listened to."""
NEAR = 10
"""True neighbours that lines lead to."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A map that is ready to be shown.

    Parameters
    ----------
    start
        Its tracks where the last map had them, as far as it did; None: they are all there already.
    points
        Where they go.
    """

    drawing: Drawing
    start: Points | None
    points: Points


class Stage(QWidget):
    """A map.

    Parameters
    ----------
    mapping
        Asks the library.
    player
        Plays what is clicked twice, or pointed at.

    Signals
    -------
    arranged
        `drawing` is another one.
    menu_wanted(QPoint)
        A context menu at this place on the screen.
    """

    arranged = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, mapping: Mapping, player: Player) -> None:
        super().__init__()
        self._mapping, self._session, self._player = mapping, mapping.session, player
        self.drawing: Drawing | None = None
        self.scheme: Scheme | None = None
        self.shown: Filter = ALL
        self.hues: Palette = categorical()
        self.previews = False
        self._lines = True
        self._found: Ids | None = None
        self._chosen: tuple[Drawing | None, Ids | None, Ids] = None, None, np.empty(0, np.int64)
        self._mine = False
        self._linger = QTimer(self, singleShot=True, interval=LINGER_MS)
        self._linger.timeout.connect(self._ask_preview)
        self.canvas = MapCanvas(self._session.theme)
        self.card = HoverCard(self._session, self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self._connect()

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.set_titles(self._titles_of)
        canvas.hovered.connect(self._hovered)
        canvas.clicked.connect(self._clicked)
        canvas.opened.connect(self._opened)
        canvas.cleared.connect(lambda: self.select(np.empty(0, np.int64)))
        canvas.gathered.connect(self._gathered)
        canvas.camera_changed.connect(self.card.leave)
        canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        canvas.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(canvas.mapToGlobal(at)))
        self._session.selection_changed.connect(self._follow)

    # -- what is shown

    def show_drawing(self, drawing: Drawing) -> None:
        """Take a map; where another is shown, its points go over to the new places."""
        question = partial(_prepared, self.drawing, drawing)
        self._session.background.run(question, self._take, latest=f"map points {id(self)}")

    def _take(self, prepared: Prepared) -> None:
        first, self.drawing = self.drawing is None, prepared.drawing
        if prepared.start is not None:
            self.canvas.titles.forget()
            self.canvas.set_points(prepared.start)
        self.arranged.emit()  # colours first, so that no frame shows the new points in the old ones
        self._show_selection()
        self._show_found()
        if not first:
            self.canvas.morph_to(prepared.points, MORPH_MS)
        self._show_lines()

    def show_scheme(self, scheme: Scheme, shown: Filter = ALL) -> None:
        """Colour the points by a column of this map."""
        if self.drawing is None or scheme.n != len(self.drawing):
            return
        self.scheme, self.shown = scheme, shown
        self.hues = gradient() if scheme.info.kind == "numbers" else categorical()
        self.canvas.set_colours(categories(scheme, shown), self.hues)
        self.canvas.set_alpha_off([HIDDEN])

    def colour(self, category: int) -> QColor:
        """The colour of a category now."""
        return QColor(self.hues.colour(category, self._session.theme.colours))

    # -- pointing

    def _hovered(self, row: int, at: QPoint) -> None:
        if self.drawing is None or not 0 <= row < len(self.drawing):
            self.card.leave()
            self._stop_preview()
            return
        file_id = int(self.drawing.files[row])
        if file_id != self.card.file_id and self.previews:
            self._linger.start()
        self.card.show_at(file_id, float(self.drawing.kept[row]), at)

    def set_previews(self, on: bool) -> None:
        """Whether what is pointed at is heard."""
        self.previews = on
        if not on:
            self._stop_preview()

    def _ask_preview(self) -> None:
        if self.card.file_id and self.previews:
            self._mapping.rows([self.card.file_id], self._preview, "map preview")

    def _preview(self, rows: list[Row]) -> None:
        if rows and self.previews and rows[0].file_id == self.card.file_id and rows[0].online:
            middle = (rows[0].seconds or 0.0) / 3
            self._player.preview(tracks.playable(rows[0]), middle)

    def _stop_preview(self) -> None:
        self._linger.stop()
        self._player.stop_preview()

    def _titles_of(self, rows: list[int]) -> None:
        """Ask for the titles of some points."""
        if self.drawing is not None:
            files = self.drawing.files[rows].tolist()
            self._mapping.rows(files, partial(self._take_titles, self.drawing, rows), "")

    def _take_titles(self, drawing: Drawing, rows: list[int], found: list[Row]) -> None:
        if self.drawing is not None and np.array_equal(drawing.tracks, self.drawing.tracks):
            names = {row.file_id: row.title for row in found}
            self.canvas.titles_ready(rows, [names.get(key, "") for key in drawing.files[rows].tolist()])

    def forget_titles(self) -> None:
        """Tags may have changed."""
        self.canvas.titles.forget()

    # -- choosing

    def _clicked(self, row: int, modifiers: Qt.KeyboardModifier) -> None:
        if self.drawing is None or not 0 <= row < len(self.drawing):
            return
        file_id = int(self.drawing.files[row])
        chosen = self._session.selection
        if modifiers & Qt.KeyboardModifier.ControlModifier and file_id in chosen:
            self.select(chosen[chosen != file_id])
        elif modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self.select(np.append(chosen, file_id))
        else:
            self.select(np.array([file_id]))

    def _opened(self, row: int) -> None:
        if self.drawing is not None and 0 <= row < len(self.drawing):
            self.play([int(self.drawing.files[row])])

    def _gathered(self, rows: NDArray[np.int64], modifiers: Qt.KeyboardModifier) -> None:
        if self.drawing is None:
            return
        rows = np.asarray(rows, np.int64)
        files = self.drawing.files[rows]
        if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            files = np.concatenate([self._session.selection, files])
            files = files[np.sort(np.unique(files, return_index=True)[1])]
        else:
            self._chosen = self.drawing, files, rows  # as soon as these files are the selection
        self.select(files)

    def select(self, files: Ids) -> None:
        """Make these the window's selection, without moving the map."""
        self._mine = True
        self._session.select(files)
        self._mine = False

    def play(self, files: list[int]) -> None:
        """Play these files."""
        self._mapping.rows(files, self._play, "map play")

    def _play(self, rows: list[Row]) -> None:
        there = [tracks.playable(row) for row in rows if row.online]
        if there:
            self._player.play(there)
        else:
            self._session.notifier.info(
                "This track cannot be reached now.", "Connect the disk that it is on."
            )

    # -- the window's selection

    @property
    def chosen(self) -> Ids:
        """The rows of the selected files."""
        if self.drawing is None:
            return np.empty(0, np.int64)
        drawing, selection, rows = self._chosen
        if drawing is not self.drawing or selection is not self._session.selection:
            rows = self.drawing.rows(self._session.selection)
            self._chosen = self.drawing, self._session.selection, rows
        return rows

    def _follow(self) -> None:
        rows = self._show_selection()
        self._show_lines()
        if len(rows) == 1 and not self._mine and self.isVisible():
            self.bring_into_view(int(rows[0]))

    def _show_selection(self) -> Ids:
        rows = self.chosen
        self.canvas.set_selection(rows)
        return rows

    def bring_into_view(self, row: int) -> None:
        """Move to a point that is out of sight."""
        if not self.canvas.in_view(row):
            self.canvas.centre_on(row)

    def find_selection(self) -> bool:
        """Centre the selected track; whether it is on the map."""
        rows = self.chosen
        if len(rows):
            self.canvas.centre_on(int(rows[0]))
        return bool(len(rows))

    # -- true neighbours

    def set_lines(self, on: bool) -> None:
        """Whether lines lead to the true neighbours of the selected track."""
        self._lines = on
        self._show_lines()

    def _show_lines(self) -> None:
        rows = self.chosen
        self.canvas.set_lines(-1, np.empty(0, np.int64))
        if self._lines and len(rows) == 1 and self.drawing is not None and self.drawing.settled:
            row, drawing = int(rows[0]), self.drawing
            self._mapping.near(
                drawing, row, NEAR, partial(self._take_near, drawing, row), f"map near {id(self)}"
            )

    def _take_near(self, drawing: Drawing, row: int, near: Ids) -> None:
        if drawing is self.drawing and self._lines and self.chosen.tolist() == [row]:
            self.canvas.set_lines(row, near)

    # -- what a search found

    def set_found(self, files: Ids | None) -> None:
        """These files stand out; None: no search."""
        self._found = files
        self._show_found()

    def _show_found(self) -> None:
        rows = None if self._found is None or self.drawing is None else self.drawing.rows(self._found)
        self.canvas.set_highlight(rows)

    def found(self) -> int:
        """How many points stand out."""
        return 0 if self._found is None or self.drawing is None else len(self.drawing.rows(self._found))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The card is at a place that is no more."""
        super().resizeEvent(event)
        self.card.leave()


def _prepared(before: Drawing | None, drawing: Drawing) -> Prepared:
    """In a thread: sort the points, those of the last map where they lay there."""
    points = Points.build(drawing.xy)
    if before is None:
        return Prepared(drawing, points, points)
    if np.array_equal(before.tracks, drawing.tracks):
        return Prepared(drawing, None, points)
    places, there = places_of(before.tracks, drawing.tracks)
    start = drawing.xy.copy()
    start[there] = before.xy[places[there]]
    return Prepared(drawing, Points.build(start), points)
