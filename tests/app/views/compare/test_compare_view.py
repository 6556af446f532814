"""The Compare view: what it says when empty, its charts and table, filters, exports, and news while it is looked at."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from app.charts.bar_drawing import Bar
from app.job_view import JobView
from app.notify import Message
from app.views.compare import words
from app.views.compare.compare_view import TABS
from core.library.store import Library
from tests import synthetic_evaluations
from tests.app.views.compare.conftest import TRACKS, CompareScene
from tests.evaluation_results import ENCODERS, Shelf, add_classes, spec


def bar(compare: CompareScene, title: str, encoder: str) -> Bar:
    """An encoder's bar in the chart of that title and probe (`Genre: Accuracy / linear SVM`)."""
    wanted, _, probe = title.partition(" / ")
    page = compare.charts("report" if ":" not in title else "charts")
    chart = next(bars for bars in page.bars if bars.title == wanted and bars.note.startswith(probe))
    return next(bar for bar in chart.bars if bar.key == encoder)


def test_an_empty_library_of_results_says_what_to_do(compare: CompareScene) -> None:
    view = compare.open()
    compare.until(lambda: "How good are your encoders?" in view.empty.text())
    assert view.empty.isVisible()
    assert not view.tools.tasks.isVisible()
    view.empty.linkActivated.emit("run")
    assert view.dialog is not None
    assert view.dialog.isVisible()
    view.dialog.reject()


def test_every_figure_has_a_chart_with_baselines_above_the_others(
    compare: CompareScene, shelf: Shelf
) -> None:
    compare.open(shelf)
    page = compare.charts()
    titles = [bars.title for bars in page.bars]
    assert titles.count("Genre: Accuracy") == 2
    assert {"Tagged clips: ROC-AUC", "Albums as playlists: HR@10", "Albums as playlists: MPR"} < set(titles)
    assert not any("Hubness" in title for title in titles)
    for bars in page.bars:
        flags = [bar.baseline for bar in bars.bars]
        assert flags == sorted(flags, reverse=True)
        assert {"mfcc", "random", "random-multi"} <= {bar.key for bar in bars.bars if bar.baseline}
        assert bars.chance is not None or "MRR" in bars.title
    assert bar(compare, "Genre: Accuracy / linear SVM", words.NOBODY).label == words.MAJORITY


def test_the_best_and_what_is_tied_with_it_is_strong_and_says_so(compare: CompareScene, shelf: Shelf) -> None:
    compare.open(shelf)
    comparison = compare.evaluation.comparison
    assert comparison is not None
    column = next(column for column in comparison.columns if column.task == "Genre" and column.probe == "svm")
    tied = {cell.record.encoder for cell in column.cells if cell.best or cell.tie}
    assert 1 < len(tied) < len(column.cells)
    for encoder in comparison.encoders:
        shown = bar(compare, "Genre: Accuracy / linear SVM", encoder)
        assert shown.strong == (encoder in tied)
        assert ("Behind the best" in shown.tip) == (encoder not in tied)


def test_what_is_said_of_results_calls_encoders_as_their_bars_do(compare: CompareScene) -> None:
    shelf = Shelf()
    add_classes(shelf, {"mfcc": "mfcc", "melcpc-1": "melcpc"}, split="a" * 16, probes=["svm"])
    add_classes(shelf, {"melcpc-1": "melcpc"}, split="b" * 16, probes=["svm"])
    compare.open(shelf)
    said = compare.charts().notes.text()
    assert "left out, and with them Timbre (MFCC)." in said
    comparison = compare.evaluation.comparison
    assert comparison is not None
    assert any("and with them mfcc." in note for note in comparison.notes), "files go by names"


def test_an_encoder_that_is_gone_keeps_its_bar_and_is_said_to_be_gone(
    compare: CompareScene, shelf: Shelf
) -> None:
    compare.open(shelf)
    assert not bar(compare, "Genre: Accuracy / linear SVM", "mfcc").faint
    gone = bar(compare, "Genre: Accuracy / linear SVM", "melcpc-1")
    assert gone.faint
    assert words.GONE in gone.tip


def test_the_papers_figures_stand_beside_ours_where_the_data_set_is_the_papers(compare: CompareScene) -> None:
    shelf = Shelf()
    add_classes(shelf, task="IRMAS, instrument", kind="irmas", classes=11)
    compare.open(shelf)
    shown = bar(compare, "IRMAS, instrument: Accuracy / linear SVM", "melcpc-1")
    assert shown.mark == pytest.approx(0.490)
    assert "Choi et al. 2022, measured there: 0.490" in shown.tip
    assert bar(compare, "IRMAS, instrument: Accuracy / linear SVM", "random").mark is None
    signs = compare.charts().legend.signs
    assert any(sign.kind == "paper" and "Choi et al. 2022" in sign.text for sign in signs)


def test_filters_leave_out_tasks_encoders_and_probes_but_no_baseline(
    compare: CompareScene, shelf: Shelf
) -> None:
    view = compare.open(shelf)
    compare.charts()
    view.tools.probe.setCurrentIndex(view.tools.probe.findData("logistic"))
    assert [bars.title for bars in compare.charts().bars].count("Genre: Accuracy") == 1
    tick = {action.data(): action for action in view.tools.encoders.menu().actions()}
    assert not tick["mfcc"].isEnabled()
    tick["self-1"].setChecked(False)
    assert view.tools.encoders.text() == f" Encoders ({len(ENCODERS) - 1} of {len(ENCODERS)})"
    assert all("self-1" not in {bar.key for bar in bars.bars} for bars in compare.charts().bars)
    tick = {action.data(): action for action in view.tools.tasks.menu().actions()}
    tick["Tagged clips"].setChecked(False)
    assert not any("Tagged" in bars.title for bars in compare.charts().bars)
    view.tools.tasks.show_all()
    view.tools.encoders.show_all()
    assert any("Tagged" in bars.title for bars in compare.charts().bars)


def test_the_switch_for_equal_dimensions_says_why_it_cannot_be_used(
    compare: CompareScene, shelf: Shelf
) -> None:
    view = compare.open(shelf)
    compare.charts()
    assert not view.tools.same.isEnabled()
    assert "There are none yet" in view.tools.same.toolTip()


def test_the_switch_for_equal_dimensions_shows_those_results(compare: CompareScene) -> None:
    shelf = Shelf()
    add_classes(shelf, probes=("svm",))
    add_classes(shelf, task="Reduced", probes=("svm",), config={"pca": True}, spec=spec("gtzan"))
    view = compare.open(shelf)
    assert [bars.title for bars in compare.charts().bars] == ["FMA small, genre: Accuracy"]
    assert view.tools.same.isEnabled()
    view.tools.same.click()
    compare.until(lambda: [bars.title for bars in compare.charts().bars] == ["Reduced: Accuracy"])
    view.tools.same.click()
    compare.until(lambda: [bars.title for bars in compare.charts().bars] == ["FMA small, genre: Accuracy"])


def test_new_results_appear_while_the_view_is_looked_at(compare: CompareScene, shelf: Shelf) -> None:
    compare.open(shelf)
    compare.charts()
    more = Shelf()
    add_classes(more, task="Later", probes=("svm",), spec=spec("gtzan"))
    with Library(compare.scene.context.library.path) as library:
        synthetic_evaluations.put(library, more)
    compare.evaluation.refresh()
    compare.until(lambda: any(bars.title == "Later: Accuracy" for bars in compare.charts().bars))


def test_the_report_without_labels_has_a_page_of_its_own(compare: CompareScene, shelf: Shelf) -> None:
    compare.open(shelf)
    titles = [bars.title for bars in compare.charts("report").bars]
    assert titles[:2] == ["Same artist", "Same album"]
    assert "Hubness" in titles
    assert "less is better" in next(
        bars.note for bars in compare.charts("report").bars if bars.title == "Hubness"
    )
    assert bar(compare, "Effective rank", "melcpc-1").value > 50


def test_without_a_report_one_click_starts_it(compare: CompareScene) -> None:
    view = compare.open()
    view.show_page("report")
    compare.until(lambda: "Look at your library now" in view.empty.text())
    started: list[JobView] = []
    compare.scene.context.jobs.changed.connect(started.append)
    view.empty.linkActivated.emit("report")
    assert started[0].kind == "evaluate"
    assert started[0].params["specs"] == [{"kind": "report", "path": "", "options": {}}]
    compare.scene.context.jobs.stop_all(0)
    compare.until(lambda: not compare.scene.context.jobs.running)


# -- the table


def test_the_table_sorts_by_any_figure_best_first_and_back(compare: CompareScene, shelf: Shelf) -> None:
    compare.open(shelf)
    table = compare.page("table").table
    model = table.figures
    assert model.encoders == list(ENCODERS)
    place = next(i for i, column in enumerate(model.columns) if column.metric == "percentile")
    model.sort(place, Qt.SortOrder.DescendingOrder)
    means = [model.columns[place].cell(name).figure.mean for name in model.encoders]
    assert means == sorted(means)  # less is better
    model.sort(place, Qt.SortOrder.AscendingOrder)
    assert model.encoders[-1] == min(ENCODERS, key=lambda name: model.columns[place].cell(name).figure.mean)
    model.sort(-1)
    assert model.encoders == list(ENCODERS)


def test_below_the_encoders_stand_chance_and_the_papers_rows(compare: CompareScene) -> None:
    shelf = Shelf()
    add_classes(shelf, task="IRMAS, instrument", kind="irmas", classes=11, probes=("svm",))
    compare.open(shelf)
    model = compare.page("table").table.figures
    vertical = Qt.Orientation.Vertical
    heads = [model.headerData(row, vertical) for row in range(model.rowCount())]
    chance, paper = heads.index("By chance"), heads.index("Choi et al. 2022: melcpc")
    assert model.index(chance, 0).data() == "0.091"
    assert model.index(paper, 0).data() == "0.490"
    assert "melcpc-1 (gone)" in heads


def test_a_cell_that_is_chosen_is_chosen_everywhere(compare: CompareScene, shelf: Shelf) -> None:
    view = compare.open(shelf)
    table = compare.page("table").table
    key = table.figures.columns[1].key
    table.setCurrentIndex(table.figures.place((key, "adjacent-1")))
    assert view.looking.chosen == (key, "adjacent-1")
    charts = compare.charts()
    assert charts.charts[key].plot.chosen == "adjacent-1"
    charts.charts[key].plot.picked.emit("mfcc")
    assert compare.page("table").table.currentIndex() == table.figures.place((key, "mfcc"))


def test_results_of_an_encoder_that_is_gone_can_be_forgotten_and_of_no_other(
    compare: CompareScene, shelf: Shelf
) -> None:
    view = compare.open(shelf)
    page = compare.page("table")
    key = page.table.figures.columns[0].key
    forget = "Forget this encoder’s results…"
    for encoder, can in (("mfcc", False), ("melcpc-1", True)):
        view.looking.choose(key, encoder)
        menu = page.menu()
        assert {action.text(): action.isEnabled() for action in menu.actions()}[forget] == can
        menu.deleteLater()
    box = page.ask_forget()
    next(button for button in box.buttons() if button.text() == "Forget").click()
    compare.until(lambda: "melcpc-1" not in page.table.figures.encoders)
    assert "mfcc" in page.table.figures.encoders


# -- writing


@pytest.mark.parametrize(("name", "first"), [("t.md", "|"), ("t.tex", r"\begin"), ("t.csv", "")])
def test_what_is_shown_is_written_as_a_table(
    compare: CompareScene, shelf: Shelf, tmp_path: Path, name: str, first: str, messages: list[Message]
) -> None:
    view = compare.open(shelf)
    compare.page("table")
    view.tools.probe.setCurrentIndex(view.tools.probe.findData("svm"))
    view.export(tmp_path / name)
    compare.until(lambda: any("was written" in message.title for message in messages))
    text = (tmp_path / name).read_text()
    assert first in text
    assert "melcpc" in text
    if name == "t.csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert {row["probe"] for row in rows if row.get("task") == "Genre"} <= {"svm", "majority", ""}


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_charts_are_written_with_their_legend(
    compare: CompareScene, shelf: Shelf, tmp_path: Path, suffix: str, messages: list[Message]
) -> None:
    view = compare.open(shelf)
    compare.charts()
    path = tmp_path / f"charts{suffix}"
    view.export(path)
    compare.until(lambda: any("were written" in message.title for message in messages))
    if suffix == ".svg":
        text = path.read_text()
        assert "Albums as playlists: HR@10" in text
        assert "95 % interval" in text
    else:
        assert QImage(str(path)).width() > 1500


def test_the_directions_are_judged_shown_and_written(
    compare: CompareScene, tmp_path: Path, messages: list[Message]
) -> None:
    shelf = Shelf()
    add_classes(shelf, task="IRMAS, instrument", kind="irmas", classes=11, n=600, groups=300)
    view = compare.open(shelf)
    page = compare.page("directions")
    compare.until(lambda: page.judged is not None)
    rows = {page.tree.topLevelItem(row).text(0)[:2]: page.tree.topLevelItem(row) for row in range(9)}
    assert rows["4."].text(1) in ("Fails", "Tie", "Not measured")
    assert rows["6."].text(1) == "Not measured"
    assert "genre" in rows["6."].child(0).text(0)
    assert "Needs" in rows["6."].toolTip(1)
    measured = [row.child(place) for row in rows.values() for place in range(row.childCount())]
    assert any(
        item.text(1) == "Holds" and item.text(2).startswith("+") and " to " in item.text(3)
        for item in measured
    )
    view.export(tmp_path / "directions.md")
    compare.until(lambda: any("was written" in message.title for message in messages))
    assert "Instrument" in (tmp_path / "directions.md").read_text()


# -- the job


def test_the_running_job_is_shown_with_its_progress_and_can_be_stopped(
    compare: CompareScene, shelf: Shelf
) -> None:
    view = compare.open(shelf)
    assert not view.strip.isVisible()
    metrics = {"task": "Genre", "encoder": "random", "probe": "svm", "fits": 3}
    live = JobView(1, "evaluate", {}, "running", 5, "Evaluating", 3, 12, metrics=metrics)
    compare.scene.context.jobs._show(live)
    assert view.strip.isVisible()
    assert view.strip.told.text() == "Genre: Untrained, linear SVM"
    assert "3 of 12 results" in view.strip.more.text()
    assert (view.strip.bar.value(), view.strip.bar.maximum()) == (3, 12)
    assert view.strip.stop.isVisible()


def test_a_job_that_failed_says_why_and_can_be_gone_on_with(compare: CompareScene) -> None:
    view = compare.open()
    failed = JobView(
        1, "evaluate", {}, "failed", 5, title="There is no encoder to ask.", hint="Import one.", ended=1.0
    )
    compare.scene.context.jobs._show(failed)
    assert view.strip.told.text() == "There is no encoder to ask."
    assert view.strip.more.text() == "Import one."
    assert view.strip.resume.isVisible()
    view.strip.hide_it.click()
    assert not view.strip.isVisible()


# -- drops and pages


def test_a_folder_that_is_dropped_on_the_page_opens_the_dialog(compare: CompareScene, tmp_path: Path) -> None:
    for name in ("cel", "flu"):
        (tmp_path / "irmas" / name).mkdir(parents=True)
        (tmp_path / "irmas" / name / f"[{name}][cla]0001__1.wav").touch()
    view = compare.open()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "irmas"))])
    copy, no_key = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 300), copy, mime, Qt.MouseButton.LeftButton, no_key)
    QApplication.sendEvent(view, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(300, 300), copy, mime, Qt.MouseButton.LeftButton, no_key)
    QApplication.sendEvent(view, drop)
    assert drop.isAccepted()
    compare.until(
        lambda: view.dialog is not None and any("IRMAS" in offer.title for offer in view.dialog.tasks.chosen)
    )
    assert view.dialog is not None
    view.dialog.reject()


def test_every_page_fits_a_small_window(compare: CompareScene, shelf: Shelf) -> None:
    view = compare.open(shelf)
    for name, _, _ in TABS:
        page = compare.page(name)
        assert page.isVisible()
        assert page.minimumSizeHint().width() <= 744, name
        assert view.minimumSizeHint().width() <= 744, name
        right = view.tools.run.mapTo(view, QPoint(view.tools.run.width(), 0)).x()
        assert right <= view.width(), name


def test_tracks_of_the_library_are_what_results_speak_of(shelf: Shelf) -> None:
    arrays = shelf.behind[1]
    assert arrays.items.tolist() == list(TRACKS)
