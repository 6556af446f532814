"""Words cover neither each other nor what they must leave free, and are drawn once."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.map.text import LONGEST, RIM, Room, Style, Words, beside
from app.map.titles import KEPT, Titles

STYLE = Style(12, QFont.Weight.Normal, "#000000", "#ffffff")


def test_no_two_words_are_on_one_place() -> None:
    room, rng = Room((800, 600)), np.random.default_rng(0)
    dots = rng.uniform(0, 600, (200, 2))
    boxes = np.concatenate([dots - 4, dots + 4], axis=1)
    room.keep_free(boxes)
    placed = [room.take(beside(x, y, 70, 16, 6)) for x, y in dots.tolist()]
    found = [place for place in placed if place is not None]
    assert len(found) > 30
    for number, place in enumerate(found):
        assert not any(place.intersects(other) for other in found[:number])
        assert not any(place.intersects(QRectF(x - 4, y - 4, 8, 8)) for x, y in dots.tolist())


def test_what_has_to_be_said_is_said_where_there_is_no_room() -> None:
    room, place = Room((100, 100)), QRectF(10, 10, 50, 20)
    assert room.take([place]) == place
    assert room.take([place]) is None
    assert room.take([place], anyhow=True) == place
    assert room.take([QRectF(500, 500, 9, 9)], anyhow=True) is None  # out of the picture


def test_a_word_stands_rather_where_it_is_read_whole() -> None:
    cut, whole = QRectF(80, 10, 50, 20), QRectF(25, 10, 50, 20)
    assert Room((100, 100)).take([cut, whole]) == whole
    assert Room((100, 100)).take([cut]) is None
    assert Room((100, 100)).take([cut], anyhow=True) == cut


@pytest.mark.parametrize("radius", [2.0, 4.0, 7.0, 12.0])
def test_each_place_beside_a_dot_leaves_the_dot_free(radius: float) -> None:
    """As the overlay keeps a dot free, and asks for a title's place beside it."""
    dot = np.array([[200, 200, 200, 200]]) + (radius - 1) * np.array([[-1, -1, 1, 1]])
    for place in beside(200, 200, 90, 20, radius + 3 - RIM / 2):
        room = Room((400, 400))
        room.keep_free(dot)
        assert room.take([place]) == place


def test_a_word_above_a_dot_at_the_edge_moves_until_it_is_read_whole() -> None:
    room = Room((100, 100))
    assert room.inward(QRectF(-20, 10, 50, 20)) == QRectF(0, 10, 50, 20)
    assert room.inward(QRectF(70, 10, 50, 20)) == QRectF(50, 10, 50, 20)
    assert room.inward(QRectF(30, 10, 50, 20)) == QRectF(30, 10, 50, 20)
    away = QRectF(-40, 10, 50, 20)
    assert room.inward(away) == away, "its dot is out of the picture"


def test_words_are_cut_kept_and_of_one_line(qapp: QApplication) -> None:
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    painter, words = QPainter(image), Words()
    extent = words.extent(painter, "An endless title " * 40, STYLE)
    assert extent is not None
    assert extent[0] <= LONGEST + 2 * RIM + 1
    other = words.extent(painter, "one\nline\x00", STYLE)
    assert other is not None
    assert other[1] == extent[1]
    assert words._pixmap("again", STYLE, painter) is words._pixmap("again", STYLE, painter)
    painter.end()


def test_a_frame_draws_no_more_words_than_it_has_time_for_and_the_next_goes_on(qapp: QApplication) -> None:
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    painter, words, titles = QPainter(image), Words(), [f"Title {n}" for n in range(5)]
    frames = 0
    while frames == 0 or words.behind:
        words.begin(seconds=0)
        for title in titles:
            words.draw(painter, QRectF(0, 0, 100, 20), title, STYLE)
        frames += 1
        assert len(words._kept) == min(frames, len(titles))
    assert frames == len(titles) + 1
    words.begin()
    for n in range(5, 30):
        words.draw(painter, QRectF(0, 0, 100, 20), f"Title {n}", STYLE)
    assert not words.behind
    assert len(words._kept) == 30
    painter.end()


def test_a_frame_measures_no_more_words_than_it_has_time_for_and_those_it_knows_cost_nothing(
    qapp: QApplication,
) -> None:
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    painter, words, titles = QPainter(image), Words(), [f"Title {n}" for n in range(5)]
    for frame in range(7):
        words.begin(seconds=0)
        known = [words.extent(painter, title, STYLE) is not None for title in titles]
        assert known == [number <= frame for number in range(5)]
        assert words.behind == (frame < 5)
    painter.end()


def test_titles_of_a_long_walk_are_forgotten() -> None:
    titles = Titles(lambda: None)
    titles.set_source(lambda rows: [str(row) for row in rows])
    for start in range(0, KEPT + 400, 200):
        assert len(titles.of(list(range(start, start + 200)))) == 200
    assert len(titles._known) < KEPT
    assert titles.of([3]) == {3: "3"}
