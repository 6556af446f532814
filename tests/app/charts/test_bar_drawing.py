"""What bars look like: read back from the pixels, and from where things lie."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.charts.bar_drawing import Bar, Bars, Layout, axis, draw, legend, rows_of_signs, told
from app.charts.bars import Sheet
from app.charts.rendering import SCALE, rendered
from app.theme import LIGHT

FEW = Bars(
    "k", "Genre: Accuracy", "more is better",
    (
        Bar("mfcc", "Timbre", 0.4, 0.35, 0.45, baseline=True), Bar("a", "adjacent", 0.6, 0.5, 0.7, strong=True),
        Bar("b", "gone", 0.2, 0.1, 0.3, mark=0.9, faint=True),
    ),
    chance=0.1,
)  # fmt: skip
AREA = QRectF(0, 0, 400, FEW.height)
values = st.floats(-5, 500, allow_nan=False)


def painted(bars: Bars, chosen: str = "") -> tuple[QImage, Layout]:
    layout = Layout(bars, AREA, QFont())
    image = QImage(400, round(bars.height), QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.surface))
    painter = QPainter(image)
    draw(painter, layout, LIGHT, chosen=chosen)
    painter.end()
    return image, layout


def near(image: QImage, x: float, y: float, colour: str, reach: int = 0) -> bool:
    """Whether a pixel there has that colour, but for its edges' smoothing."""
    wanted = QColor(colour)
    for across in range(-reach, reach + 1):
        found = image.pixelColor(round(x) + across, round(y))
        if max(abs(a - b) for a, b in zip(found.getRgb()[:3], wanted.getRgb()[:3], strict=True)) < 40:
            return True
    return False


@given(st.lists(values, min_size=1, max_size=9), st.floats(40, 900))
def test_an_axis_is_round_holds_everything_and_bars_begin_at_0(numbers: list[float], width: float) -> None:
    bars = Bars("k", "", "", tuple(Bar(str(i), "", value) for i, value in enumerate(numbers)))
    found = axis(bars, width)
    hair = 1e-6 * (found.high - found.low)  # less than a pixel
    assert found.low <= min(*numbers, 0.0) + hair
    assert found.high >= max(*numbers, 0.0) - hair
    assert 2 <= len(found.ticks) <= max(width / 40, 1) + 3
    assert 0.0 in [round(tick, 9) for tick in found.ticks]
    steps = {round(b - a, 9) for a, b in zip(found.ticks, found.ticks[1:], strict=False)}
    assert len(steps) == 1


def test_dots_need_no_0_but_show_chance_and_the_papers_mark() -> None:
    bars = Bars("k", "", "", (Bar("a", "", 0.6, 0.58, 0.62, mark=0.9),), "dots", 0.5)
    found = axis(bars, 300)
    assert 0.4 <= found.low <= 0.5
    assert found.high >= 0.9


def test_a_bar_ends_at_its_value_and_its_interval_at_both_ends(qapp: QApplication) -> None:
    image, layout = painted(FEW)
    y = layout.rows[1].center().y()
    assert near(image, layout.x(0.55), y - 4, LIGHT.accent)
    assert near(image, layout.x(0.65), y - 4, LIGHT.surface, 1)
    for end in (0.5, 0.7):
        assert near(image, layout.x(end), y + 2, LIGHT.text, 1)
    assert near(image, layout.x(0.65), y, LIGHT.text)


def test_baselines_stand_apart_hatched_in_another_colour(qapp: QApplication) -> None:
    image, layout = painted(FEW)
    first, second, third = layout.rows
    assert second.top() - first.bottom() > 5
    assert third.top() == second.bottom()
    shades = {
        image.pixelColor(round(layout.x(0.2)) + step, round(first.center().y()) - 3).rgb()
        for step in range(12)
    }
    assert len(shades) > 2
    assert not any(
        near(image, layout.x(0.2) + step, first.center().y() - 3, LIGHT.accent) for step in range(12)
    )


def test_chance_is_a_line_through_all_bars(qapp: QApplication) -> None:
    with_line, layout = painted(FEW)
    x = layout.x(0.1)
    ys = range(round(layout.rows[1].top()), round(layout.rows[1].bottom()))
    assert sum(near(with_line, x, y, LIGHT.muted, 1) for y in ys) > 8
    without, layout = painted(Bars("k", "", "", FEW.bars))
    assert sum(near(without, layout.x(0.1), y, LIGHT.muted, 1) for y in ys) < 3


def test_the_papers_mark_is_hollow(qapp: QApplication) -> None:
    image, layout = painted(FEW)
    x, y = layout.x(0.9), layout.rows[2].center().y()
    assert near(image, x - 3.5, y, LIGHT.warning, 2)
    assert near(image, x, y, LIGHT.surface)


def test_the_chosen_line_is_marked(qapp: QApplication) -> None:
    image, layout = painted(FEW, "a")
    assert near(image, layout.rect.right() - 3, layout.rows[1].top() + 4, LIGHT.selection)
    assert near(image, layout.rect.right() - 3, layout.rows[2].top() + 4, LIGHT.surface)


def test_a_figure_that_is_missing_is_a_dash_and_draws_nothing(qapp: QApplication) -> None:
    bars = Bars("k", "", "", (Bar("a", "a", math.nan), Bar("b", "b", 0.5)))
    assert told(bars, bars.bars[0]) == "–"
    image, layout = painted(bars)
    assert not near(image, layout.x(0.2), layout.rows[0].center().y(), LIGHT.accent, 3)


def test_which_bar_is_below_a_point(qapp: QApplication) -> None:
    layout = Layout(FEW, AREA, QFont())
    assert [layout.bar_at(row.center()) for row in layout.rows] == [0, 1, 2]
    assert layout.bar_at(QPointF(5, FEW.height - 2)) == -1


def test_the_legend_explains_what_is_there_and_no_more(qapp: QApplication) -> None:
    kinds = [sign.kind for sign in legend([FEW], "the paper")]
    assert kinds == ["trained", "baseline", "gone", "interval", "chance", "strong", "paper"]
    plain = Bars("k", "", "", (Bar("a", "", 1.0),))
    assert [sign.kind for sign in legend([plain], "the paper")] == ["trained"]
    signs = legend([FEW], "the paper")
    assert [sign for row in rows_of_signs(signs, QFont(), 200) for sign in row] == list(signs)
    assert len(rows_of_signs(signs, QFont(), 200)) > 1


@pytest.mark.parametrize("columns", [1, 2])
def test_a_sheet_is_as_large_as_its_charts_and_can_be_written_both_ways(
    qapp: QApplication, columns: int
) -> None:
    sheet = Sheet((FEW, FEW), legend([FEW], "the paper"), QFont(), LIGHT, 420.0 * columns, columns)
    assert sheet.size.height() > 2 / columns * FEW.height
    image = QImage.fromData(rendered(sheet.paint, sheet.size, LIGHT.surface, "t", ".png"))
    assert image.size() == sheet.size * SCALE
    drawing = rendered(sheet.paint, sheet.size, LIGHT.surface, "Encoders compared", ".svg").decode()
    assert "<title>Encoders compared</title>" in drawing
    assert drawing.count("Genre: Accuracy") == 2
    assert "adjacent" in drawing
    assert "<image" not in drawing  # lines and text alone, sharp at any size
