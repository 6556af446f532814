"""The Train view on a library of invented tracks and runs: all real, but for the music and the torch behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import pytest

from app.training import Training
from app.views.training.train_view import TrainView
from core.settings import data_dir
from core.training import describe
from tests import synthetic_runs
from tests.scene import Scene
from tests.synthetic import Mix, fill
from tests.synthetic_runs import STORIES, Story

MIX = Mix(80, folders=2, failed=0, partial=0, skipped=0)


@pytest.fixture(scope="session")
def catalogue() -> dict[str, Any]:
    """What a child process would find out."""
    return describe.describe()


class TrainScene:
    """A library with runs, and the view on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.search = ""

    @cached_property
    def training(self) -> Training:
        """Looks at nothing yet."""
        return Training(self.scene.session, self.scene.context)

    @cached_property
    def view(self) -> TrainView:
        """The page, on the screen."""
        view = TrainView(self.training, self.scene.player, lambda: self.search)
        self.scene.qtbot.addWidget(view)
        view.resize(744, 600)
        view.show()
        return view

    def fill(self, *stories: Story, mix: Mix = MIX) -> None:
        """Write the library."""
        fill(self.scene.context.library.path, mix)
        synthetic_runs.fill(self.scene.context.library.path, stories)

    def open(self, *stories: Story, mix: Mix = MIX) -> TrainView:
        """Write the library and show its runs."""
        self.fill(*stories, mix=mix)
        self.scene.session.start()
        view, training = self.view, self.training
        self.until(lambda: training.catalogue is not None and self.scene.session.census is not None)
        self.until(lambda: len(training.runs) == len(stories))
        return view

    def open_charts(self, *stories: Story) -> TrainView:
        """As `open`, as far as the first curves."""
        view = self.open(*(stories or STORIES))
        panel = view.runs.curves
        self.until(lambda: bool(panel.charts) and not panel._to_make)
        self.until(lambda: bool(panel.charts["loss"].lines) and not panel._to_show)
        return view

    def until(self, done: Callable[[], bool]) -> None:
        """Let the window run until `done`."""
        self.scene.until(done)

    def close(self) -> None:
        """Stop what was started; readers first, lest Python collects widgets in their threads."""
        self.scene.context.background.close()
        if "training" in self.__dict__:
            self.training.close()


@pytest.fixture
def train(scene: Scene, catalogue: dict[str, Any]) -> Iterator[TrainScene]:
    """Nothing is filled or shown yet; the strategies are known as if the child had been asked before."""
    data_dir().mkdir(parents=True, exist_ok=True)
    (data_dir() / f"strategies-{describe._key()}.json").write_text(json.dumps(catalogue))
    made = TrainScene(scene)
    yield made
    made.close()
