"""The charts: drawn, zoomed, smoothed, read out, dressed and saved."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer

from app.charts import saving
from app.charts.drawings import CHARTS, SHARES
from app.theme import DARK, LIGHT
from app.views.training.curves_panel import CurvesPanel
from tests.app.views.training.conftest import TrainScene
from tests.synthetic_runs import STORIES, curves

HEALTHY = STORIES[3]


def settled(train: TrainScene, panel: CurvesPanel) -> None:
    """Wait until what is wished for is drawn."""
    train.until(
        lambda: panel._drawing is not None and panel._drawing.wish == panel.wish and not panel._to_show
    )


@pytest.fixture
def panel(train: TrainScene) -> CurvesPanel:
    panel = train.open_charts(HEALTHY).runs.curves
    settled(train, panel)
    return panel


def test_every_chart_is_there_with_its_curves_and_can_be_told_by_name(panel: CurvesPanel) -> None:
    assert [*panel.charts] == [*(chart.key for chart in CHARTS), SHARES.key]
    for chart in panel.charts.values():
        assert chart.lines, chart.title
        assert chart.plot.accessibleName() == f"Chart: {chart.title}"
    assert panel.charts["accuracy"].reference == pytest.approx(1 / 64)
    assert panel.charts["knn_album"].reference == pytest.approx(0.11)


def test_as_many_charts_side_by_side_as_there_is_room_for(panel: CurvesPanel, train: TrainScene) -> None:
    def columns() -> int:
        return len({chart.x() for chart in panel.charts.values()})

    assert columns() == 2
    train.view.resize(1600, 800)
    train.until(lambda: columns() == 4)
    train.view.resize(640, 600)
    train.until(lambda: columns() == 1)
    assert panel.area.horizontalScrollBar().maximum() == 0


def test_smoothing_draws_an_average_over_what_was_measured(panel: CurvesPanel, train: TrainScene) -> None:
    panel.smoothing.setValue(0)
    settled(train, panel)
    assert [line.style for line in panel.charts["loss"].lines] == ["line", "marks"]
    measured = curves(HEALTHY)["loss"][1]
    assert panel.charts["loss"].lines[0].curve.y == pytest.approx(measured)
    panel.smoothing.setValue(50)
    settled(train, panel)
    raw, smooth, _ = panel.charts["loss"].lines
    assert np.abs(np.diff(smooth.curve.y)).max() < np.abs(np.diff(raw.curve.y)).max() / 3


def test_along_time_each_step_stands_where_it_was_made(panel: CurvesPanel, train: TrainScene) -> None:
    panel.axis.setCurrentIndex(1)
    settled(train, panel)
    rates = curves(HEALTHY)["pairs_per_s"][1]
    assert panel.charts["loss"].lines[-1].curve.x[-1] == pytest.approx((64 / rates).sum())
    assert panel.charts["loss"].axis.tickStrings([0, 300], 1, 300) == ["0", "5 min 0 s"]


def test_zooming_one_chart_zooms_all_and_home_shows_everything(panel: CurvesPanel, train: TrainScene) -> None:
    loss, rank = panel.charts["loss"], panel.charts["effective_rank"]
    train.scene.qtbot.keyClick(loss.plot, Qt.Key.Key_Plus)
    settled(train, panel)
    low, high = rank.plot.box.viewRange()[0]
    assert high - low == pytest.approx(0.8 * 400, rel=0.05)
    assert panel.everything.isVisible()
    train.scene.qtbot.keyClick(loss.plot, Qt.Key.Key_Home)
    settled(train, panel)
    assert rank.plot.box.viewRange()[0][1] == pytest.approx(400, rel=0.02)
    assert not panel.everything.isVisible()


def test_the_readout_tells_each_run_where_the_pointer_is(panel: CurvesPanel, train: TrainScene) -> None:
    panel.smoothing.setValue(0)
    settled(train, panel)
    loss, other = panel.charts["loss"], panel.charts["accuracy"]
    loss.hovered.emit(100.2)
    train.until(loss.readout.isVisible)
    steps, values = curves(HEALTHY)["loss"]
    told = loss.readout.text()
    assert "Step 100" in told
    assert f"{values[steps == 100][0]:.3g}" in told
    assert HEALTHY.name in told
    assert other._cross.isVisible()
    assert not other.readout.isVisible()
    loss.hovered.emit(None)
    train.until(lambda: not loss.readout.isVisible() and not other._cross.isVisible())


def test_charts_follow_the_theme_while_they_are_shown(panel: CurvesPanel, train: TrainScene) -> None:
    theme, chart = train.scene.context.theme, panel.charts["loss"]
    for mode, colours in (("dark", DARK), ("light", LIGHT)):
        theme.set_mode(mode)  # type: ignore[arg-type] # both are modes
        assert chart.plot.backgroundBrush().color().name() == colours.surface
        assert chart.plot.left.textPen().color().name() == colours.muted


def test_the_wheel_scrolls_the_page_and_zooms_only_with_control(
    panel: CurvesPanel, train: TrainScene
) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    plot = panel.charts["loss"].plot
    for key, zooms in ((Qt.KeyboardModifier.NoModifier, False), (Qt.KeyboardModifier.ControlModifier, True)):
        before = panel.wish.span
        event = QWheelEvent(
            QPointF(150, 80), plot.viewport().mapToGlobal(QPointF(150, 80)), QPoint(), QPoint(0, 120),
            Qt.MouseButton.NoButton, key, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(plot.viewport(), event)
        assert (panel.wish.span != before) == zooms


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_chart_is_saved_as_a_picture(
    suffix: str, panel: CurvesPanel, train: TrainScene, tmp_path: Path
) -> None:
    path = tmp_path / f"loss{suffix}"
    panel.save(CHARTS[0], path)
    train.until(path.is_file)
    if suffix == ".png":
        image = QImage(str(path))
        assert image.width() == 3 * panel.charts["loss"].width()
        colours = {
            image.pixelColor(x, y).name()
            for x in range(0, image.width(), 7)
            for y in range(0, image.height(), 3)
        }
        assert panel.wish.runs[0].colour.lower() in colours
    else:
        assert QSvgRenderer(str(path)).isValid()
        assert HEALTHY.name in path.read_text("utf-8")


def test_a_saved_picture_names_every_run_however_many_there_are(
    panel: CurvesPanel, train: TrainScene
) -> None:
    chart = panel.charts["loss"]
    runs = [replace(panel.wish.runs[0], name=f"same-track-multi-modern-{number}") for number in range(9)]
    drawn = saving.picture(chart, runs, ".svg")().decode()
    assert all(run.name in drawn for run in runs)
    rows = saving._rows(chart, [(run.name, run.colour) for run in runs])
    assert len(rows) > 1
    for row in rows:
        width = sum(saving.SIGN + 6 + width for _, _, width in row) + saving.GAP * (len(row) - 1)
        assert width <= chart.width() - 2 * saving.MARGIN
    picture = QImage.fromData(saving.picture(chart, runs, ".png")())
    assert picture.height() == 3 * (chart.height() + saving.LEGEND * len(rows))


def test_a_saved_picture_is_as_sharp_as_it_is_large(panel: CurvesPanel) -> None:
    chart, runs = panel.charts["loss"], panel.wish.runs
    image = QImage.fromData(saving.picture(chart, runs, ".png")())
    inside = range(190, image.width() - 30), range(130, 3 * chart.height() - 90)
    runs_of_colour = [
        len(list(same))
        for y in inside[1]
        for _, same in groupby(image.pixelColor(x, y).name() for x in inside[0])
    ]
    assert len(runs_of_colour) > 1000
    odd = sum(
        length % 3 != 0 for length in runs_of_colour
    )  # none, where each pixel of the screen has become nine
    assert odd > len(runs_of_colour) / 3
    for item in chart._items.values():  # on the screen it is as quick as before
        assert item.cacheMode() == item.CacheMode.DeviceCoordinateCache


def test_a_chart_is_saved_as_every_number_behind_it(
    panel: CurvesPanel, train: TrainScene, tmp_path: Path
) -> None:
    panel._zoom(10.0, 20.0)
    path = tmp_path / "loss.csv"
    panel.save(CHARTS[0], path)
    train.until(path.is_file)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    told = [float(row["value"]) for row in rows if row["metric"] == "loss"]
    assert told == curves(HEALTHY)["loss"][1].tolist()
    assert {row["metric"] for row in rows} == {"loss", "val_loss"}
    assert {row["run"] for row in rows} == {HEALTHY.name}
