"""What to ask of encoders: the tags of one's own music, its folders and albums, and data sets that are dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import wording
from app.dialogs import ask
from app.evaluation import Evaluation, Preview
from app.evaluation_plan import Question
from app.notify import message_of
from app.views.compare.option_form import OptionForm
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core import paths
from core.evaluation.spec import SOURCES, Source, TaskSpec
from core.library.records import EvaluationRecord

NUMBER = int(Qt.ItemDataRole.UserRole) + 5
FIELDS = {
    "genre": "Genre", "artist": "Artist", "album": "Album", "album_artist": "Album artist", "year": "Year",
    "label": "Your labels",
}  # fmt: skip
UNITS = {"class": ("class", "classes"), "tags": ("tag", "tags"), "playlists": ("playlist", "playlists")}
LOOKING = "Looking at your music…"
REPORT = (
    "Do neighbours share an artist, an album? Are a few tracks everybody’s neighbours, and how many are nobody’s? "
    "How alike are the parts of one track?"
)
DROP = "Drop a data set’s folder anywhere here, or choose it. Its files are only read."
UNKNOWN = "Earmap does not know this layout. It knows: {}. A table (CSV) of paths and labels fits anything."


@dataclass(frozen=True)
class Offer:
    """A line of the list: a specification, and what is known of it."""

    title: str
    spec: TaskSpec
    source: Source
    preview: Preview | None = None
    trouble: str = ""
    from_music: bool = True

    @property
    def question(self) -> Question:
        """For the plan."""
        items = None if self.preview is None else sum(told[2] for told in self.preview.tasks)
        kind = self.source.task_kind
        if self.preview is not None and self.preview.tasks:
            kind = self.preview.tasks[0][1]  # type: ignore[assignment] # a kind of task is one of these
        tasks = () if self.preview is None or kind not in ("class", "tags") else self.preview.tasks
        return Question(self.spec.key, kind, items, max((told[3] for told in tasks), default=1))

    @property
    def told(self) -> str:
        """What would be asked, in a sentence."""
        if self.trouble:
            return self.trouble
        if self.preview is None:
            return LOOKING if self.from_music else self.source.layout
        if self.spec.kind == "report":
            return REPORT
        parts = []
        for name, kind, items, names, groups in self.preview.tasks:
            one, several = UNITS[kind]
            of = f" of {wording.count(names, one, several)}"
            apart = f", in {wording.count(groups, 'group')} that stay together" if 0 < groups < items else ""
            parts.append(f"{name}: {wording.count(items, 'track')}{of}{apart}.")
        return "\n".join(parts)


class TaskChoice(QWidget):
    """The list at the left, and at the right what belongs to the line that is looked at.

    Signals
    -------
    changed
        Another choice, or more is known of it.
    """

    changed = Signal()

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self._evaluation = evaluation
        theme = evaluation.context.theme
        self.offers: list[Offer] = []
        self.list, self.add = QListWidget(), QPushButton("Add a data set")
        self.title, self.layout_note, self.preview = QLabel(), QLabel(), QLabel()
        self.form: OptionForm | None = None
        self._form_place = QVBoxLayout()
        self.list.setItemDelegate(TwoLinesDelegate(theme, self.list, margin=34))
        self._lay_out()
        self._offer_all()
        self.list.itemChanged.connect(self._ticked)
        self.list.currentRowChanged.connect(self._show)
        menu = QMenu(self.add)
        menu.addAction("A folder…", partial(self._ask_where, QFileDialog.FileMode.Directory))
        menu.addAction(
            "A file (CSV, JSON, M3U)…", partial(self._ask_where, QFileDialog.FileMode.ExistingFile)
        )
        self.add.setMenu(menu)
        self.list.setCurrentRow(0)

    def _lay_out(self) -> None:
        self.list.setAccessibleName("What to ask")
        self.list.setObjectName("choices")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setMinimumWidth(280)
        self.add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add.setAutoDefault(False)
        drop = QLabel(DROP)
        drop.setProperty("role", "small")
        drop.setWordWrap(True)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.list, 1)
        left.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        left.addWidget(drop)
        self.title.setProperty("role", "strong")
        for label, role in ((self.layout_note, "muted"), (self.preview, "")):
            label.setProperty("role", role)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        inside = QWidget()
        inside.setProperty("role", "page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.layout_note)
        column.addLayout(self._form_place)
        column.addWidget(self.preview)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        frame = QFrame()
        frame.setProperty("role", "card")
        frame.setMinimumWidth(330)
        framed = QVBoxLayout(frame)
        framed.setContentsMargins(2, 2, 2, 2)
        framed.addWidget(area)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addLayout(left, 2)
        layout.addWidget(frame, 3)

    # -- what is offered

    def _offer_all(self) -> None:
        sources = {source.kind: source for source in SOURCES}
        specs: list[tuple[str, str, dict[str, str]]] = [("Report without labels", "report", {})]
        specs += [(title, "field", {"field": name}) for name, title in FIELDS.items()]
        specs += [("Folder names", "folders", {}), ("Albums as playlists", "albums", {})]
        for title, kind, options in specs:
            known = sources[kind]
            given = {key: value for key, value in options.items() if value != known.option(key).default}
            self._offer(Offer(title, TaskSpec(kind=kind, options=given), known))
        for spec in _earlier(self._evaluation.records):
            self._offer(Offer(_named(spec, sources[spec.kind]), spec, sources[spec.kind], from_music=False))
        for place in range(len(self.offers)):
            if self.offers[place].from_music:
                self._look(place)

    def _offer(self, offer: Offer, *, ticked: bool = False) -> QListWidgetItem:
        self.offers.append(offer)
        item = QListWidgetItem(self.list)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(NUMBER, len(self.offers) - 1)
        self._write(len(self.offers) - 1)
        return item

    def _write(self, place: int) -> None:
        offer = self.offers[place]
        item = self.list.item(place)
        self.list.blockSignals(True)
        item.setData(TWO_LINES, TwoLines(offer.title, _short(offer), faint=bool(offer.trouble)))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{offer.title}: {_short(offer)}")
        item.setToolTip(offer.told)
        self.list.blockSignals(False)
        if place == self.list.currentRow():
            self.preview.setText(offer.told)
        self.list.viewport().update()

    @property
    def chosen(self) -> list[Offer]:
        """What is ticked and can be asked."""
        ticked = [place for place in range(self.list.count()) if self._is_ticked(place)]
        return [self.offers[place] for place in ticked if not self.offers[place].trouble]

    @property
    def trouble(self) -> str:
        """Why nothing can be asked; empty where something can."""
        if self.chosen:
            return ""
        wrong = [self.offers[place].trouble for place in range(self.list.count()) if self._is_ticked(place)]
        return next(iter(wrong), "Tick what to ask first.")

    def _is_ticked(self, place: int) -> bool:
        return self.list.item(place).checkState() == Qt.CheckState.Checked

    def tick(self, kind: str, on: bool = True, **options: object) -> None:
        """Tick the line of that kind and these options."""
        for place, offer in enumerate(self.offers):
            if offer.spec.kind == kind and all(
                offer.spec.option(key) == value for key, value in options.items()
            ):
                self.list.item(place).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                self.list.setCurrentRow(place)
                return

    def _ticked(self, item: QListWidgetItem) -> None:
        self.list.setCurrentItem(item)
        self.changed.emit()

    # -- the line that is looked at

    def _show(self, place: int) -> None:
        if not 0 <= place < len(self.offers):
            return
        offer = self.offers[place]
        self.title.setText(offer.title)
        where = paths.display(offer.spec.raw_path) if offer.spec.path else ""
        self.layout_note.setText("\n".join(filter(None, (offer.source.layout, where))))
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        named = offer.source.kind == "field"
        options = [option for option in offer.source.options if not (named and option.name == "field")]
        self.form = OptionForm(options, offer.spec.options)
        self.form.changed.connect(partial(self._edited, place))
        self._form_place.addWidget(self.form)
        self.preview.setText(offer.told)

    def _edited(self, place: int) -> None:
        offer = self.offers[place]
        assert self.form is not None
        kept = {key: value for key, value in offer.spec.options.items() if key not in self.form.editors}
        spec = offer.spec.model_copy(update={"options": kept | self.form.values})
        self.offers[place] = replace(offer, spec=spec, preview=None, trouble="")
        self._write(place)
        if offer.from_music:
            self._look(place)
        self.changed.emit()

    def _look(self, place: int) -> None:
        """Find out what would be asked."""
        spec = self.offers[place].spec
        if spec.kind == "report":
            census = self._evaluation.session.census
            total = census.total if census is not None else None
            items = 0 if total is None else total.embedded + total.partial + total.pending
            self._seen(place, spec, Preview((("Your library", "report", items, 0, 0),)))
            return
        self._evaluation.preview(
            spec, partial(self._seen, place, spec), partial(self._not_seen, place, spec), f"preview {place}"
        )

    def _awaits(self, place: int, spec: TaskSpec) -> bool:
        """Whether the answer about a specification is still wanted: the dialog may be closed, the line edited."""
        return isValid(self) and self.offers[place].spec == spec

    def _seen(self, place: int, spec: TaskSpec, preview: Preview) -> None:
        if self._awaits(place, spec):
            self.offers[place] = replace(self.offers[place], preview=preview, trouble="")
            self._write(place)
            self.changed.emit()

    def _not_seen(self, place: int, spec: TaskSpec, error: BaseException) -> None:
        if self._awaits(place, spec):
            told = message_of(error)
            self.offers[place] = replace(self.offers[place], trouble=f"{told.title} {told.hint}".strip())
            self._write(place)
            self.changed.emit()

    # -- data sets

    def take(self, path: bytes) -> None:
        """Offer the data set that lies there."""
        self.preview.setText(f"Looking at {paths.display(path)}…")
        self._evaluation.recognise(path, partial(self._recognised, path), self._not_recognised)

    def _recognised(self, path: bytes, spec: TaskSpec | None) -> None:
        if not isValid(self):
            return
        sources = {source.kind: source for source in SOURCES}
        if spec is None:
            known = ", ".join(source.title for source in SOURCES if source.needs != "nothing")
            self._evaluation.context.notifier.warning(
                f"{paths.display(path)} is no data set that Earmap knows.", UNKNOWN.format(known)
            )
            self._show(self.list.currentRow())
            return
        for place, offer in enumerate(self.offers):
            if (offer.spec.kind, offer.spec.path) == (spec.kind, spec.path):
                self.list.item(place).setCheckState(Qt.CheckState.Checked)
                self.list.setCurrentRow(place)
                return
        source = sources[spec.kind]
        item = self._offer(Offer(_named(spec, source), spec, source, from_music=False), ticked=True)
        self.list.setCurrentItem(item)
        self.list.scrollToItem(item)
        self.changed.emit()

    def _not_recognised(self, error: BaseException) -> None:
        self._evaluation.context.notifier.error(error)
        if isValid(self):
            self._show(self.list.currentRow())

    def _ask_where(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), "Choose a data set")
        dialog.setFileMode(mode)
        ask(dialog, lambda chosen: self.take(chosen[0]))


def _short(offer: Offer) -> str:
    """The second line: how much it asks, or where it is."""
    if offer.trouble:
        return offer.trouble
    if not offer.from_music:
        return paths.display(offer.spec.raw_path)
    if offer.preview is None:
        return LOOKING
    if offer.spec.kind == "report":
        return "No labels needed; seconds"
    _, kind, items, names, _ = offer.preview.tasks[0] if offer.preview.tasks else ("", "class", 0, 0, 0)
    one, several = UNITS[kind]
    return f"{wording.count(items, 'track')}, {wording.count(names, one, several)}"


def _named(spec: TaskSpec, source: Source) -> str:
    name = paths.display(spec.raw_path).rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    return f"{source.title}: {name}" if name else source.title


def _earlier(records: Iterable[EvaluationRecord]) -> list[TaskSpec]:
    """Data sets that were asked before."""
    kinds = {source.kind for source in SOURCES}
    found: dict[str, TaskSpec] = {}
    for record in records:
        if record.spec.get("path") and record.spec.get("kind") in kinds:
            spec = TaskSpec(**record.spec)
            found[spec.key] = spec
    return list(found.values())
