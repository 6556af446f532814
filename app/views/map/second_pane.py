"""The second map beside the first: whose it is, what the two share, and one camera for both."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import encoder_titles
from app.map.canvas import MapCanvas
from app.player import Player
from app.second_map import SecondMap
from app.views.map import words
from app.views.map.stage import Stage


class SecondPane(QWidget):
    """A stage with an encoder of its own.

    Parameters
    ----------
    second, player, first
        Its map, what plays, and the stage that it goes along with.

    Signals
    -------
    arranged
        Its stage has taken another map.
    """

    arranged = Signal()

    def __init__(self, second: SecondMap, player: Player, first: Stage) -> None:
        super().__init__()
        self._second, self._first = second, first
        self._following = False
        self.encoder, self.told = QComboBox(), QLabel()
        self.encoder.setAccessibleName("Encoder of the second map")
        self.encoder.setToolTip("Whose map stands beside the first.")
        self.encoder.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.encoder.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.told.setProperty("role", "small")
        self.told.setWordWrap(True)
        self.stage = Stage(second, player)
        head = QHBoxLayout()
        head.setContentsMargins(10, 4, 8, 2)
        head.addWidget(self.encoder, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        self.told.setContentsMargins(12, 0, 8, 4)
        layout.addWidget(self.told)
        layout.addWidget(self.stage, 1)
        self.setMinimumWidth(220)
        self._connect()

    def _connect(self) -> None:
        second, session = self._second, self._second.session
        self.encoder.activated.connect(lambda _: second.choose(str(self.encoder.currentData())))
        session.encoders_changed.connect(self.offer)
        session.encoder_changed.connect(self.offer)
        second.drawn.connect(self._show_drawing)
        second.state_changed.connect(self._tell)
        second.compared_changed.connect(self._tell)
        self.stage.arranged.connect(self.arranged)
        self.told.linkActivated.connect(lambda _: second.draw())
        self._first.canvas.camera_changed.connect(lambda: self._follow(self._first.canvas, self.stage.canvas))
        self.stage.canvas.camera_changed.connect(lambda: self._follow(self.stage.canvas, self._first.canvas))

    def offer(self) -> None:
        """The encoders besides the window's; the first of them where none is chosen."""
        session, second = self._second.session, self._second
        own = "" if session.encoder is None else session.encoder.name
        others = [encoder_titles.choice(record) for record in session.encoders if record.name != own]
        self.encoder.clear()
        for other in others:
            self.encoder.addItem(other.title, other.key)
        names = [other.key for other in others]
        chosen = second.chosen if second.chosen in names else next(iter(names), "")
        self.encoder.setCurrentIndex(names.index(chosen) if names else -1)
        self.encoder.setEnabled(bool(names))
        if self.isVisible():
            second.choose(chosen)
        self._tell()

    def _show_drawing(self) -> None:
        if self._second.drawing is not None:
            self.stage.show_drawing(self._second.drawing)
        self._tell()

    def _tell(self) -> None:
        self.told.setText(words.second(self._second))

    def _follow(self, one: MapCanvas, other: MapCanvas) -> None:
        """Look at the same part of both maps."""
        if not self._following and self.isVisible():
            self._following = True
            other.set_camera(one.camera)
            self._following = False
