"""Labels of the selected tracks: a tick for each, and a field for a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.census import Reader
from app.session import Session

Checks = dict[str, Qt.CheckState]


class LabelDialog(QDialog):
    """Every label there is; ticked: all of the tracks have it, half ticked: some.

    Parameters
    ----------
    track_ids
        The tracks.
    checks
        Every label, with the tick that it has now.
    """

    def __init__(self, session: Session, track_ids: Sequence[int], checks: Checks, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Labels")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._track_ids, self._before = session, list(track_ids), checks
        self.list = QListWidget()
        self.list.setAccessibleName("Labels")
        for label, tick in checks.items():
            item = QListWidgetItem(label, self.list)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(tick)
        self.list.setVisible(bool(checks))
        self.fresh = QLineEdit()
        self.fresh.setPlaceholderText("New label")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(f"Labels of {wording.count(len(track_ids), 'track')}"))
        for widget in (self.list, self.fresh, buttons):
            layout.addWidget(widget)
        self.fresh.setFocus()
        self.accepted.connect(self._apply)

    def _apply(self) -> None:
        """Store what was changed."""
        items = [self.list.item(row) for row in range(self.list.count())]
        changed = {
            item.text(): item.checkState() for item in items if item.checkState() != self._before[item.text()]
        }
        fresh = self.fresh.text().strip()
        if fresh:
            changed[fresh] = Qt.CheckState.Checked
        ids = self._track_ids
        if changed:
            self._session.ask(lambda reader: store(reader, ids, changed), lambda _: self._session.refresh())


def store(reader: Reader, track_ids: Sequence[int], changed: Checks) -> None:
    """In a thread: give and take labels."""
    for label, tick in changed.items():
        if tick == Qt.CheckState.Checked:
            reader.library.labels.set(track_ids, label)
        else:
            reader.library.labels.remove(track_ids, label)


def look_up(reader: Reader, track_ids: Sequence[int]) -> Checks:
    """In a thread: every label, and whether all, some or none of the tracks have it."""
    have = list(reader.library.labels.of(track_ids).values())
    checks: Checks = {}
    for label, _ in reader.library.labels.all():
        number = sum(label in labels for labels in have)
        some = Qt.CheckState.PartiallyChecked if number else Qt.CheckState.Unchecked
        checks[label] = Qt.CheckState.Checked if number == len(track_ids) else some
    return checks


def ask(session: Session, track_ids: Sequence[int], parent: QWidget) -> None:
    """Open the dialog for these tracks, once their labels are known."""
    session.ask(
        lambda reader: look_up(reader, track_ids),
        lambda checks: LabelDialog(session, track_ids, checks, parent).open(),
        latest="labels",
    )
