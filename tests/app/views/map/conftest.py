"""The Map view on a library of invented tracks whose maps are stored: all real, but for music and fit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.drawing import Drawing
from app.mapping import Mapping
from app.playlists import Playlists
from app.views.map.map_view import MapView
from app.views.map.stage import Stage
from tests import maps
from tests.scene import Scene
from tests.synthetic import Mix
from tests.two_encoders import fill_both

MIX = Mix(120, folders=1, failed=0, partial=0, skipped=0)


class MapScene:
    """A library with two encoders and their maps, and the view on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.session = scene.session

    @cached_property
    def mapping(self) -> Mapping:
        """Not watched before the view is shown."""
        return Mapping(self.scene.session, self.scene.context)

    @cached_property
    def view(self) -> MapView:
        """On the screen, with the first map arranged and coloured."""
        view = self.bare
        self.scene.until(lambda: view.stage.scheme is not None)
        return view

    @cached_property
    def bare(self) -> MapView:
        """On the screen; there may be no map."""
        view = MapView(self.mapping, self.scene.player, Playlists(self.scene.session))
        self.scene.qtbot.addWidget(view)
        view.resize(900, 640)
        view.show()
        self.scene.session.start()
        session = self.scene.session
        self.scene.until(
            lambda: self.mapping.looked is not None or (session.census is not None and not session.encoders)
        )
        return view

    @property
    def drawing(self) -> Drawing:
        """What is on the stage."""
        assert self.view.stage.drawing is not None
        return self.view.stage.drawing

    def spot(self, row: int, stage: Stage | None = None) -> QPoint:
        """Where a point is in its canvas."""
        at = (stage or self.view.stage).canvas.spot(row)
        assert at is not None
        return QPoint(round(at[0]), round(at[1]))

    def click(self, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Click a point."""
        QTest.mouseClick(self.view.stage.canvas, Qt.MouseButton.LeftButton, keys, self.spot(row))

    def around(self, *rows: int) -> None:
        """Draw a lasso around points."""
        spots = np.array([[self.spot(row).x(), self.spot(row).y()] for row in rows])
        (left, top), (right, bottom) = spots.min(axis=0) - 6, spots.max(axis=0) + 6
        canvas = self.view.stage.canvas
        ends = [
            QPoint(*map(int, one)) for one in ((left, top), (right, top), (right, bottom), (left, bottom))
        ]
        steps = [
            a + (b - a) * k / 5 for a, b in zip(ends, [*ends[1:], ends[0]], strict=True) for k in range(5)
        ]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=ends[0])
        for step in steps:
            QTest.mouseMove(canvas, step)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=steps[-1])

    def close(self) -> None:
        """Stop what was started."""
        if "mapping" in self.__dict__:
            self.mapping.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with two encoders and their maps, to be copied."""
    path = tmp_path_factory.mktemp("maps") / "library.earmap"
    fill_both(path, MIX)
    maps.store(path)
    maps.store(path, "second", seed=1)
    return path


@pytest.fixture
def on_map(scene: Scene, library: Path) -> Iterator[MapScene]:
    """Nothing is shown yet."""
    shutil.copy(library, scene.context.library.path)
    made = MapScene(scene)
    yield made
    made.close()
