"""No SQL, no disk and no decoding on the GUI thread, while the library's views are used."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import Engine, event

from app.census import Reader
from app.context import Context
from app.evaluation import Evaluation
from app.listening import Listening
from app.views.compare.compare_view import CompareView
from tests.scene import Scene
from tests.synthetic import Mix, embed, first_waiting
from tests.synthetic_evaluations import fill, shelf_of

MIX = Mix(2000, waiting=0.1, failed=101)
DISK = (
    "open",
    "os.listdir",
    "os.scandir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "sqlite3.connect",
    "mmap.__new__",
)


class Watch:
    """Notes, while it is on, what the main thread does that it should not. An audit hook cannot be taken off."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._audit)

    def note(self, what: str) -> None:
        if self.on and threading.current_thread() is threading.main_thread():
            self.on = False  # finding out where reads source files
            self.seen.append(f"{what}\n{''.join(traceback.format_stack()[-8:-2])}")
            self.on = True

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if self.on and name in DISK:
            self.note(f"{name} {arguments[:1]}")


WATCH = Watch()


@pytest.fixture
def watch() -> Iterator[Watch]:
    def sql(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        WATCH.note(f"SQL: {statement}")

    event.listen(Engine, "before_cursor_execute", sql)
    WATCH.seen.clear()
    yield WATCH
    WATCH.on = False
    event.remove(Engine, "before_cursor_execute", sql)


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(context, qtbot)
    yield made
    made.close()


def test_the_watch_sees(watch: Watch, scene: Scene) -> None:
    scene.fill(MIX)
    reader = scene.ask(lambda reader: reader)
    watch.on = True
    reader.library.rows.revision()
    assert any("SQL" in seen for seen in watch.seen)
    watch.seen.clear()
    scene.context.library.path.open("rb").close()
    assert any(seen.startswith("open") for seen in watch.seen)


def test_the_library_cannot_be_opened_on_the_gui_thread(scene: Scene) -> None:
    with pytest.raises(RuntimeError, match="GUI thread"):
        scene.context.library()


def test_using_the_library_touches_no_disk_on_the_gui_thread(watch: Watch, scene: Scene) -> None:
    scene.fill(MIX)
    watch.on = True
    view, panel = scene.view, scene.panel
    scene.session.start()
    scene.until(lambda: view.model.row_at(0) is not None and scene.session.census is not None)
    bar = view.table.verticalScrollBar()
    for step in range(8):
        bar.setValue(bar.maximum() * step // 7)
        scene.qtbot.wait(20)
    view.table.header.set_sort((("title", True), ("year", False)))
    view.search_for("harbour")
    scene.until(lambda: 0 < len(view.model.ids) < MIX.tracks and view.model.row_at(0) is not None)
    view.table.selectRow(0)
    scene.until(lambda: bool(panel.neighbours))
    panel.rules.other_artists.click()
    ask_more_of(scene)
    view.search_for("")
    view.tabs.setCurrentIndex(1)
    scene.until(lambda: bool(view.failures.model.failures))
    view.failures.retry.click()
    view.tabs.setCurrentIndex(0)
    view.folders.list.setCurrentRow(1)
    view.menu().deleteLater()
    view.save_state()
    read_more(scene)
    watch.on = False
    assert not watch.seen, "\n".join(watch.seen)


def ask_more_of(scene: Scene) -> None:
    """Paths, radio, reasons, and lists that are kept."""
    panel, view, playlists = scene.panel, scene.view, scene.playlists
    scene.until(lambda: bool(panel.neighbours) and panel._answer.wish == panel._wish)
    panel.list.open(0)
    panel.filter.click()
    scene.until(lambda: bool(panel.rules.choices.genres) and bool(panel.why.pairs.text()))
    panel.rules.hide()
    for mode in ("radio", "moment", "similar"):
        panel.modes.buttons[mode].click()
    panel.find_path([int(key) for key in view.model.ids[:2]])
    scene.until(lambda: bool(panel.neighbours) and panel._answer.wish == panel._wish)
    panel.keep_list.click()
    scene.until(lambda: bool(playlists.records))
    view.lists.strip.choose(playlists.records[0].id)
    scene.until(lambda: view.lists.page.contents is not None)
    view.lists.page.rearrange([1], 0)
    playlists.remove(playlists.records[0].id)
    scene.until(lambda: not playlists.records)


def read_more(scene: Scene) -> None:
    """Let tracks be read meanwhile, in another thread, as a job would."""
    path = scene.context.library.path

    def work(_: Reader) -> bool:
        embed(path, first_waiting(MIX, 20))
        return True

    assert scene.session.census is not None
    before = scene.session.census.total.embedded
    assert scene.ask(work)
    scene.session.recount()
    scene.until(
        lambda: scene.session.census is not None and scene.session.census.total.embedded == before + 20
    )


def test_comparing_encoders_touches_no_disk_on_the_gui_thread(watch: Watch, scene: Scene) -> None:
    scene.fill(MIX)
    fill(scene.context.library.path, shelf_of(range(1, 81)))
    evaluation = Evaluation(scene.session, scene.context)
    view = CompareView(evaluation, Listening(scene.session), scene.player)
    scene.qtbot.addWidget(view)
    scene.session.start()
    scene.until(lambda: scene.session.census is not None)
    watch.on = True
    view.show()
    scene.until(lambda: evaluation.comparison is not None)
    for name in ("charts", "table", "result", "report", "directions", "sides", "listening"):
        view.show_page(name)
        scene.until(lambda name=name: view.pages.currentWidget() is view.made.get(name))
        scene.qtbot.wait(30)
    view.show_page("result")
    confusion = view.page("result").confusion  # type: ignore[attr-defined] # the result's page
    scene.until(lambda: bool(confusion.chart.matrix.names))
    confusion.chart.choose((0, 0))
    scene.until(lambda: bool(confusion.list.confused.found))
    dialog = view.run()
    scene.until(lambda: all(one.preview or one.trouble for one in dialog.tasks.offers if one.from_music))
    dialog.reject()
    watch.on = False
    evaluation.close()
    assert not watch.seen, "\n".join(watch.seen)


def test_the_views_bring_in_neither_a_decoder_nor_sql() -> None:
    code = (
        "import sys, app.views.library, app.views.similar, app.views.compare.compare_view; "
        "print([m for m in ('av', 'sqlalchemy', 'sqlite3', 'torch', 'sklearn', 'umap', 'mutagen') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
