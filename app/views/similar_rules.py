"""The rules of a list, behind one button: what may be in it, and what a person chose of many names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QIntValidator, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.census import Reader
from app.columns import clock
from app.theme import Theme
from app.views.similar_words import hub_effect, named
from core.recommend.hubs import Effect
from core.recommend.radio import Spacing
from core.recommend.rules import Lengths, Rules, Years

TYPING_MS = 350
WIDTH = 332
ANY = "Any"
MOST_SHOWN = 400
"""Of many names so many are listed; typing finds the others."""
VALUE = int(Qt.ItemDataRole.UserRole)
FIELDS = (("genres", "Genre", "genre"), ("folders", "Folder", "folder"), ("labels", "Label", "label"))
"""Of the rules, for a person, and of the library's columns."""

FOLD_TIP = "A remaster, or the same recording on another album, is folded under the one that fits best."
HUBS_TIP = (
    "Some tracks are near to almost everything and turn up in every list. Ticked, nearness is measured by each "
    "track's own surroundings (local scaling), so that they step back."
)

Named = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Choices:
    """Names with the numbers of their tracks, the most frequent first."""

    genres: Named = ()
    folders: Named = ()
    labels: Named = ()


def look_up(reader: Reader) -> Choices:
    """In a thread: what there is to choose from."""
    columns = [reader.library.facets.categories(column) for _, _, column in FIELDS]
    genres, folders, labels = (tuple(zip(one.values, one.counts.tolist(), strict=True)) for one in columns)
    return Choices(genres, folders, labels)


class Names(QWidget):
    """A list of names to tick, with a search field: a page of its own, since there may be thousands.

    Signals
    -------
    changed
        `ticked` has.
    done
        Back to the rules.
    """

    changed = Signal()
    done = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.ticked: frozenset[str] = frozenset()
        self._names: Named = ()
        self.title, self.search, self.list = QLabel(), QLineEdit(), QListWidget()
        self.none = QPushButton(ANY)
        back = QToolButton()
        theme.set_icon(back, "back")
        back.setToolTip("Back to the filters")
        back.setAccessibleName("Back")
        back.clicked.connect(self.done)
        self.title.setProperty("role", "strong")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.list.setAccessibleName("Names to choose from")
        top = QHBoxLayout()
        for widget in (back, self.title):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.none)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        self.search.textChanged.connect(self._narrow)
        self.list.itemChanged.connect(self._tick)
        self.list.itemActivated.connect(self._turn)
        self.none.clicked.connect(self._clear)

    def offer(self, title: str, names: Named, ticked: frozenset[str]) -> None:
        """Show these names, what is ticked first."""
        self.ticked = ticked
        missing = [(value, 0) for value in sorted(ticked - {value for value, _ in names})]
        self._names = tuple(sorted([*names, *missing], key=lambda entry: entry[0] not in ticked))
        self.title.setText(title)
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._narrow("")
        self.none.setEnabled(bool(ticked))

    def _narrow(self, text: str) -> None:
        """The first of the names that hold all the words: a list of all would hold up the window."""
        words = text.casefold().split()
        found = (entry for entry in self._names if all(word in entry[0].casefold() for word in words))
        self.list.blockSignals(True)
        self.list.clear()
        for value, count in islice(found, MOST_SHOWN):
            item = QListWidgetItem(f"{value}  ({count:,})", self.list)
            item.setData(VALUE, value)
            item.setToolTip(value)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
            )
            item.setCheckState(Qt.CheckState.Checked if value in self.ticked else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)

    def _tick(self, item: QListWidgetItem) -> None:
        value = str(item.data(VALUE))
        on = item.checkState() == Qt.CheckState.Checked
        self.ticked = self.ticked | {value} if on else self.ticked - {value}
        self.none.setEnabled(bool(self.ticked))
        self.changed.emit()

    @staticmethod
    def _turn(item: QListWidgetItem) -> None:
        on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _clear(self) -> None:
        self.ticked = frozenset()
        self._narrow(self.search.text())
        self.none.setEnabled(False)
        self.changed.emit()


class Between(QWidget):
    """Two fields: from, to; either may be empty.

    Signals
    -------
    changed
        A person typed.
    """

    changed = Signal()

    def __init__(self, what: str, lengths: bool) -> None:
        super().__init__()
        self._lengths = lengths
        self.low, self.high = QLineEdit(), QLineEdit()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for field, word in ((self.low, "from"), (self.high, "to")):
            field.setPlaceholderText(f"{word} 3:30" if lengths else word)
            field.setAccessibleName(f"{what} {word}")
            field.setAcceptDrops(False)
            field.setValidator(
                QRegularExpressionValidator(r"\d{0,3}(:[0-5]?\d?)?", field)
                if lengths
                else QIntValidator(0, 9999, field)
            )
            field.textEdited.connect(lambda _: self.changed.emit())
            layout.addWidget(field)

    def value(self) -> tuple[float | None, float | None] | None:
        """Both ends; None where neither is given."""
        low, high = (_number(field.text(), self._lengths) for field in (self.low, self.high))
        return None if low is None and high is None else (low, high)

    def show_value(self, span: Years | Lengths | None) -> None:
        """Show these ends, unless that is what the fields say already."""
        if span != self.value():
            for field, number in zip((self.low, self.high), span or (None, None), strict=True):
                field.setText("" if number is None else clock(number) if self._lengths else str(number))


class RulesPopover(QFrame):
    """Over the panel, until a person clicks elsewhere.

    Signals
    -------
    changed(Rules)
        A person changed them.
    spacing_changed(Spacing)
        Of a radio.
    """

    changed = Signal(object)
    spacing_changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "popover")
        self.setFixedWidth(WIDTH)
        self.rules, self.choices = Rules(), Choices()
        self._field = ""
        self.other_artists = _box("By other artists", "Leave out tracks by the same artist.")
        self.other_albums = _box("Of other albums", "Leave out tracks of the same album.")
        self.fold = _box("One line for all versions of a recording", FOLD_TIP)
        self.hubs = _box("Fewer tracks that turn up everywhere", HUBS_TIP)
        self.years, self.seconds = Between("Year", lengths=False), Between("Length", lengths=True)
        self.choosers = {field: QPushButton(ANY) for field, _, _ in FIELDS}
        self.artist_gap, self.album_gap = _gap(5), _gap(3)
        self.reset = QPushButton("Show everything")
        self.names = Names(theme)
        self.pages = QStackedWidget()
        self.room = QWidget()
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._connect()
        self.show_rules(self.rules)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[str, QWidget]] = [("Year", self.years), ("Length", self.seconds)]
        rows += [(title, self.choosers[field]) for field, title, _ in FIELDS]
        for number, (title, widget) in enumerate(rows):
            label = QLabel(title)
            label.setBuddy(widget)
            grid.addWidget(label, number, 0)
            grid.addWidget(widget, number, 1)
        for button in self.choosers.values():
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        main = QWidget()
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        heading = QLabel("Only tracks")
        heading.setProperty("role", "strong")
        for widget in (heading, self.other_artists, self.other_albums):
            column.addWidget(widget)
        column.addLayout(grid)
        for widget in (_line(), self.fold, self.hubs, self._lay_out_room()):
            column.addWidget(widget)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        self.pages.addWidget(main)
        self.pages.addWidget(self.names)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.addWidget(self.pages)

    def _lay_out_room(self) -> QWidget:
        """How far apart a radio keeps tracks of one artist and of one album."""
        grid = QGridLayout(self.room)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(_line(), 0, 0, 1, 2)
        for row, (text, field) in enumerate(
            (
                ("Tracks between two of one artist", self.artist_gap),
                ("Tracks between two of one album", self.album_gap),
            ),
            1,
        ):
            label = QLabel(text)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        return self.room

    def _connect(self) -> None:
        for box in (self.other_artists, self.other_albums, self.fold, self.hubs):
            box.toggled.connect(self._changed)
        for field in (self.years, self.seconds):
            field.changed.connect(self._typing.start)
        self._typing.timeout.connect(self._changed)
        for field_name, title, _ in FIELDS:
            self.choosers[field_name].clicked.connect(partial(self._choose, field_name, title))
        for gap in (self.artist_gap, self.album_gap):
            gap.valueChanged.connect(lambda _: self.spacing_changed.emit(self.spacing))
        self.names.changed.connect(self._named)
        self.names.done.connect(lambda: self.pages.setCurrentIndex(0))
        self.reset.clicked.connect(self.clear)

    @property
    def spacing(self) -> Spacing:
        """Of a radio."""
        return Spacing(self.artist_gap.value(), self.album_gap.value())

    def open_at(self, place: QPoint, radio: bool) -> None:
        """Show at this place on the screen; `radio`: with its spacing."""
        self.room.setVisible(radio)
        self.pages.setCurrentIndex(0)
        self.adjustSize()
        room = self.screen().availableGeometry()
        self.move(
            max(min(place.x(), room.right() - self.width()), room.left()),
            max(min(place.y(), room.bottom() - self.height()), room.top()),
        )
        self.show()
        self.other_artists.setFocus(Qt.FocusReason.PopupFocusReason)

    def offer(self, choices: Choices) -> None:
        """What there is to choose from."""
        self.choices = choices
        for field, title, _ in FIELDS:
            there = bool(getattr(choices, field)) or bool(getattr(self.rules, field))
            self.choosers[field].setEnabled(there)
            self.choosers[field].setToolTip("" if there else f"No track has a {title.lower()}.")

    def offer_effect(self, effect: Effect | None) -> None:
        """What hub correction does in this library, where that is known."""
        self.hubs.setToolTip(f"{HUBS_TIP}\n\n{hub_effect(effect)}" if effect is not None else HUBS_TIP)

    def show_rules(self, rules: Rules) -> None:
        """Show these."""
        self.rules = rules
        ticks = (rules.other_artists, rules.other_albums, rules.fold, rules.hubness != "none")
        boxes = (self.other_artists, self.other_albums, self.fold, self.hubs)
        for box, on in zip(boxes, ticks, strict=True):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.years.show_value(rules.years)
        self.seconds.show_value(rules.seconds)
        for field, _, _ in FIELDS:
            chosen = getattr(rules, field)
            self.choosers[field].setText(named(chosen, field == "folders").replace("&", "&&") or ANY)
        self.reset.setEnabled(rules != Rules())

    def clear(self) -> None:
        """No rules."""
        self._typing.stop()
        self._take(Rules())

    def _changed(self) -> None:
        self._typing.stop()
        years = self.years.value()
        self._take(
            replace(
                self.rules, other_artists=self.other_artists.isChecked(), other_albums=self.other_albums.isChecked(),
                fold=self.fold.isChecked(), hubness="local" if self.hubs.isChecked() else "none",
                years=None if years is None else (_whole(years[0]), _whole(years[1])), seconds=self.seconds.value(),
            )
        )  # fmt: skip

    def _choose(self, field: str, title: str) -> None:
        self._field = field
        self.names.offer(title, getattr(self.choices, field), getattr(self.rules, field))
        self.pages.setCurrentIndex(1)
        self.names.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _named(self) -> None:
        self._take(replace(self.rules, **{self._field: self.names.ticked}))  # type: ignore[arg-type] # a field of names

    def _take(self, rules: Rules) -> None:
        if rules != self.rules:
            self.show_rules(rules)
            self.changed.emit(rules)


def _number(text: str, length: bool) -> float | None:
    """A year, or minutes and seconds as seconds; None where there is none yet."""
    found = re.fullmatch(r"(\d+)(?::(\d{1,2}))?", text.strip())
    if not found:
        return None
    return float(found[1]) * 60 + float(found[2] or 0) if length else int(found[1])


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _box(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box


def _gap(value: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, 50)
    field.setValue(value)
    field.setToolTip("0: they may follow each other.")
    return field


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setProperty("role", "line")
    return line
