"""The Compare view on a library of invented tracks and results: all real, but for the music and what was computed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

from app.evaluation import Evaluation
from app.listening import Listening
from app.views.compare.charts_page import ChartsPage
from app.views.compare.compare_view import CompareView
from tests import synthetic_evaluations
from tests.evaluation_results import Shelf
from tests.scene import Scene
from tests.synthetic import Mix

MIX = Mix(120, folders=1, failed=0, partial=0, skipped=0)
TRACKS = tuple(range(1, 121))


class CompareScene:
    """A library with results, and the view on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @cached_property
    def evaluation(self) -> Evaluation:
        """Looks at nothing yet."""
        return Evaluation(self.scene.session, self.scene.context)

    @cached_property
    def view(self) -> CompareView:
        """The page, on the screen."""
        view = CompareView(self.evaluation, Listening(self.scene.session), self.scene.player)
        self.scene.qtbot.addWidget(view)
        view.resize(744, 600)
        view.show()
        return view

    def fill(self, shelf: Shelf | None, mix: Mix = MIX) -> None:
        """Write the library."""
        self.scene.fill(mix)
        if shelf is not None:
            synthetic_evaluations.fill(self.scene.context.library.path, shelf)

    def open(self, shelf: Shelf | None = None, mix: Mix = MIX) -> CompareView:
        """Write the library, and show its results."""
        self.fill(shelf, mix)
        self.scene.session.start()
        view = self.view
        self.until(lambda: self.evaluation.comparison is not None and self.scene.session.census is not None)
        return view

    def page(self, name: str) -> Any:
        """Bring a page to the front and give it back."""
        self.view.show_page(name)
        self.until(lambda: self.view.pages.currentWidget() is self.view.made.get(name))
        return self.view.made[name]

    def charts(self, name: str = "charts") -> ChartsPage:
        """The charts, all of them drawn."""
        page = self.page(name)
        assert isinstance(page, ChartsPage)
        self.until(lambda: page.ready and bool(page.charts))
        return page

    def until(self, done: Any) -> None:
        """Let the window run until `done`."""
        self.scene.until(done)

    def close(self) -> None:
        """Stop what was started; readers first, lest Python collects widgets in their threads."""
        self.scene.context.background.close()
        if "evaluation" in self.__dict__:
            self.evaluation.close()


@pytest.fixture
def compare(scene: Scene) -> Iterator[CompareScene]:
    """Nothing is filled or shown yet."""
    made = CompareScene(scene)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """One task of every kind; nobody changes it."""
    return synthetic_evaluations.shelf_of(TRACKS)
