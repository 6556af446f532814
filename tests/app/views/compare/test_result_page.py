"""One result: whom an encoder confused, the tracks of a cell heard, scores of classes and tags."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from app.player import Playable
from app.views.compare.confusion_panel import NONE, NOTHING
from app.views.compare.result_page import ResultPage
from app.views.compare.scores_table import Head, ScoresModel
from tests.app.views.compare.conftest import CompareScene
from tests.evaluation_results import Shelf
from tests.synthetic_evaluations import GENRES, TAGS


def opened(
    compare: CompareScene, shelf: Shelf, task: str = "Genre", encoder: str = "adjacent-1"
) -> ResultPage:
    """The page of that task's first figure."""
    view = compare.open(shelf)
    comparison = compare.evaluation.comparison
    assert comparison is not None
    column = next(column for column in comparison.columns if column.task == task)
    view.looking.choose(column.key, encoder)
    page = compare.page("result")
    assert isinstance(page, ResultPage)
    if column.task_kind == "class":
        compare.until(lambda: bool(page.confusion.chart.matrix.names))
    return page


def behind(shelf: Shelf, encoder: str = "adjacent-1") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items, targets and answers of the first task."""
    record = next(r for r in shelf.records if r.task == "Genre" and r.encoder == encoder and r.probe == "svm")
    arrays = shelf.behind[record.id]
    return arrays.items, arrays.targets, arrays.answers


def test_the_figure_its_interval_and_what_it_follows_from_are_told(
    compare: CompareScene, shelf: Shelf
) -> None:
    page = opened(compare, shelf, encoder="melcpc-1")
    record = next(
        r for r in shelf.records if r.task == "Genre" and r.encoder == "melcpc-1" and r.probe == "svm"
    )
    figure = record.figures["accuracy"]
    assert page.value.text() == f"{figure.mean:.3f}"
    assert f"95 % interval: {figure.low:.3f} to {figure.high:.3f}" in page.standing.text()
    assert "By chance 0.125" in page.standing.text()
    for told in (
        "120 tracks in 12 groups, 5 seeds",
        "C 0.1, 1",
        "120 of these tracks it was trained on",
        "no longer",
    ):
        assert told in page.facts.text()


def test_a_cell_lists_exactly_the_tracks_that_were_called_so(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    items, targets, answers = behind(shelf)
    wrong = answers[(targets[answers[:, 0]] == 0) & (answers[:, 1] == 1)]
    assert len(wrong) > 1
    page.confusion.chart.choose((0, 1))
    compare.until(lambda: bool(page.confusion.list.confused.found))
    found = page.confusion.list.confused.found
    assert {(one.row.track_id, one.times) for one in found} == {
        (items[row], times) for row, _, times in wrong.tolist()
    }
    assert [one.times for one in found] == sorted((one.times for one in found), reverse=True)
    assert {one.asked for one in found} == {5}
    assert page.confusion.told.text().startswith(f"{GENRES[0]} was called {GENRES[1]}")


def test_a_cell_that_nobody_is_in_says_so(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    counts = page.confusion.chart.matrix.counts
    row, column = (int(place) for place in np.argwhere(counts == 0)[0])
    assert page.confusion.message.text() == NOTHING
    page.confusion.chart.choose((row, column))
    compare.until(lambda: page.confusion.message.text() == NONE)
    assert page.confusion.message.isVisible()


def test_a_click_on_a_confused_track_plays_it_and_similar_follows(
    compare: CompareScene, shelf: Shelf
) -> None:
    page = opened(compare, shelf)
    panel, scene = page.confusion, compare.scene
    panel.chart.choose((0, 1))
    compare.until(lambda: len(panel.list.confused.found) > 1)
    index = panel.list.confused.index(1)
    scene.qtbot.mouseClick(
        panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualRect(index).center()
    )
    row = panel.list.confused.found[1].row
    assert scene.session.selection.tolist() == [row.file_id]
    queue = [playable.track_id for playable in scene.player.queue]
    assert queue == [one.row.track_id for one in panel.list.confused.found]
    assert scene.player.current is not None
    assert scene.player.current.track_id == row.track_id


def test_enter_on_the_matrix_plays_the_cell(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    panel = page.confusion
    heard: list[Playable | None] = []
    compare.scene.player.track_changed.connect(heard.append)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right):
        compare.scene.qtbot.keyClick(panel.chart, key)
    compare.until(lambda: bool(panel.list.confused.found))
    compare.scene.qtbot.keyClick(panel.chart, Qt.Key.Key_Return)
    assert heard[0] is not None
    assert heard[0].track_id == panel.list.confused.found[0].row.track_id


def test_the_menu_of_confused_tracks(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    page.confusion.chart.choose((0, 0))
    compare.until(lambda: bool(page.confusion.list.confused.found))
    page.confusion.list.selectAll()
    menu = page.confusion.menu()
    texts = {action.text(): action for action in menu.actions()}
    assert not texts["Show in folder"].isEnabled()
    texts["Find similar to this"].trigger()
    assert len(compare.scene.session.selection) == len(page.confusion.list.confused.found)
    menu.deleteLater()


def test_the_list_lies_beside_a_wide_matrix_and_below_a_narrow_one(
    compare: CompareScene, shelf: Shelf
) -> None:
    page = opened(compare, shelf)
    assert page.confusion.splitter.orientation() == Qt.Orientation.Vertical
    compare.view.resize(1384, 800)
    QApplication.processEvents()
    assert page.confusion.splitter.orientation() == Qt.Orientation.Horizontal


def test_each_class_has_its_scores_and_they_sort(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    page.tabs.setCurrentIndex(1)
    model = page.scores.scores
    assert page.scores.isVisible()
    assert [row[0] for row in model.rows] == list(GENRES)
    model.sort(1, Qt.SortOrder.DescendingOrder)
    found = [row[1] for row in model.rows]
    assert found == sorted(found, reverse=True)
    record = next(
        r for r in shelf.records if r.task == "Genre" and r.encoder == "adjacent-1" and r.probe == "svm"
    )
    told = {row["name"]: row["recall"] for row in record.details["classes"]}
    assert {row[0]: row[1] for row in model.rows} == told


def test_tags_have_scores_and_no_confusion(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf, "Tagged clips", "self-1")
    assert [page.tabs.tabText(place) for place in range(page.tabs.count())] == ["Tags", "Figures"]
    assert page.scores.isVisible()
    assert {row[0] for row in page.scores.scores.rows} == set(TAGS)


def test_playlists_have_their_figures(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf, "Albums as playlists", "self-1")
    assert page.figures.isVisible()
    names = [str(row[0]).partition(":")[0] for row in page.figures.scores.rows]
    assert names == ["HR@10", "MPR", "MRR"]


def test_another_result_is_chosen_with_the_lists_above(compare: CompareScene, shelf: Shelf) -> None:
    page = opened(compare, shelf)
    before = page.confusion.chart.matrix
    page.encoder.setCurrentIndex(page.encoder.findData("mfcc"))
    assert compare.view.looking.chosen[1] == "mfcc"
    compare.until(lambda: not page.confusion.chart.matrix.same(before))
    place = page.task.findText("Albums as playlists", Qt.MatchFlag.MatchStartsWith)
    page.task.setCurrentIndex(place)
    assert compare.view.looking.chosen[1] == "mfcc"
    assert page.figures.isVisible()


def test_a_double_click_on_a_bar_opens_what_is_behind_it(compare: CompareScene, shelf: Shelf) -> None:
    compare.open(shelf)
    charts = compare.charts()
    bars = charts.bars[0]
    plot = charts.charts[bars.key].plot
    place = plot.layout_of_bars().rows[-1].center().toPoint() + QPoint(0, 0)
    compare.scene.qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    compare.scene.qtbot.mouseDClick(plot, Qt.MouseButton.LeftButton, pos=place)
    assert compare.view.current == "result"
    assert compare.view.looking.chosen == (bars.key, bars.bars[-1].key)


def test_what_has_no_number_is_sorted_last() -> None:
    model = ScoresModel()
    model.show((Head("Name"), Head("Value")), [("b", float("nan")), ("a", 0.5), ("c", 0.7)])
    for order in Qt.SortOrder:
        model.sort(1, order)
        assert model.rows[-1][0] == "b"
    assert model.index(2, 1).data() == "–"
