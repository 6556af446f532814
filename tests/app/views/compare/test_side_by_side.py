"""Two encoders beside each other on a real library: lists, links, hovering, playing, walking on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.pairing import Beside
from app.views.compare.side_by_side import SideBySide
from app.views.compare.side_list import SideList, seed_place
from core.recommend import Standardisation, unit_rows
from tests.scene import Scene
from tests.synthetic import Mix, vectors
from tests.two_encoders import PLAN, fill_both, known, own_vectors

MIX = Mix(240, folders=1, failed=0, partial=0, skipped=0)
SEED = 57


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with two encoders, to be copied."""
    path = tmp_path_factory.mktemp("two") / "library.earmap"
    fill_both(path, MIX)
    return path


@pytest.fixture
def page(scene: Scene, library: Path) -> SideBySide:
    """Shown; two encoders; nothing selected."""
    shutil.copy(library, scene.context.library.path)
    page = SideBySide(scene.session, scene.player)
    scene.qtbot.addWidget(page)
    page.resize(744, 600)
    page.show()
    scene.session.start()
    scene.until(lambda: len(scene.session.encoders) == 2 and page.encoders["right"].isEnabled())
    return page


@pytest.fixture
def filled(scene: Scene, page: SideBySide) -> SideBySide:
    scene.select(SEED)
    scene.until(lambda: bool(page.answer.left))
    return page


def listed(side: SideList) -> list[int]:
    return [one.row.file_id for one in side.neighbours.found]


def nearest(scene: Scene, encoder: int, matrix: np.ndarray, n: int = 10) -> list[int]:
    """File ids of the seed's nearest, one product at a time."""
    frozen = scene.ask(lambda reader: reader.library.vectors.standardisation(encoder, PLAN))
    unit, seed = unit_rows(matrix, None if frozen is None else Standardisation(*frozen)), SEED
    scores = [(float(row @ unit[seed - 1]), -number) for number, row in enumerate(unit) if number != seed - 1]
    return [-number + 1 for _, number in sorted(scores, reverse=True)[:n]]


def links_of(answer: Beside) -> set[tuple[int, int]]:
    """The places that hold one file, by comparing all with all."""
    return {
        (i, j)
        for i, one in enumerate(answer.left)
        for j, other in enumerate(answer.right)
        if one.row.file_id == other.row.file_id
    }


def hover(side: SideList, row: int) -> None:
    at = QPointF(side.place(row).center())
    move = QMouseEvent(
        QEvent.Type.MouseMove, at, side.viewport().mapToGlobal(at), Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(side.viewport(), move)


def test_each_column_holds_its_own_encoders_neighbours(scene: Scene, filled: SideBySide) -> None:
    numbers = known(MIX)
    assert listed(filled.left) == nearest(scene, 1, vectors(numbers))
    assert listed(filled.right) == nearest(scene, 2, own_vectors(numbers))
    assert listed(filled.left) != listed(filled.right)
    assert [filled.encoders["left"].currentText(), filled.encoders["right"].currentText()] == [
        "Timbre (MFCC)", "second",
    ]  # fmt: skip


def test_what_both_hold_is_linked_and_counted(filled: SideBySide) -> None:
    wanted = links_of(filled.answer)
    assert 1 < len(wanted) < 10
    assert set(filled.answer.links) == wanted
    assert filled.overlap.text() == f"{len(wanted)} of 10 in both"
    assert f"would share {100 / 239:.1f}" in filled.overlap.toolTip()
    left, right = min(wanted)
    told = filled.left.model().index(left, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert f"Also number {right + 1} in the right list." in told
    alone = next(row for row in range(10) if row not in dict(wanted))
    assert "Also" not in filled.left.model().index(alone, 0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_pointing_at_a_shared_track_marks_its_partner_and_the_line(filled: SideBySide) -> None:
    left, right = min(filled.answer.links)
    before = filled.links.grab().toImage()
    hover(filled.left, left)
    assert filled.right.linked == right
    assert filled.links.grab().toImage() != before
    hover(filled.right, right)
    assert (filled.left.linked, filled.right.linked) == (left, -1)
    hover(filled.left, next(row for row in range(10) if row not in dict(filled.answer.links)))
    assert (filled.left.linked, filled.right.linked) == (-1, -1)


def test_lines_end_where_their_tracks_are(filled: SideBySide) -> None:
    picture: QImage = filled.links.grab().toImage()
    background = picture.pixel(picture.width() // 2, picture.height() - 1)
    for left, right in filled.answer.links:
        for x, side, row in ((3, filled.left, left), (picture.width() - 4, filled.right, right)):
            y = side.place(row).center().y()
            assert any(picture.pixel(x, near) != background for near in range(y - 2, y + 3))


def test_a_click_plays_the_column_from_there(scene: Scene, filled: SideBySide) -> None:
    place = filled.right.place(3).center() - QPoint(60, 0)
    QTest.mouseClick(filled.right.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert scene.player.current is not None
    assert scene.player.current.track_id == filled.answer.right[3].row.track_id
    assert len(scene.player.queue) == 10
    assert scene.session.selection.tolist() == [SEED]


@pytest.mark.parametrize("how", ["button", "key", "menu"])
def test_a_neighbour_becomes_the_seed(scene: Scene, filled: SideBySide, how: str) -> None:
    wanted = listed(filled.right)[2]
    if how == "button":
        place = seed_place(filled.right.place(2)).center()
        QTest.mouseClick(filled.right.viewport(), Qt.MouseButton.LeftButton, pos=place)
    else:
        filled.right.setCurrentIndex(filled.right.model().index(2, 0))
        if how == "key":
            QTest.keyClick(filled.right, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
            QTest.keyRelease(filled.right, Qt.Key.Key_Shift)  # else Qt takes it for held in all later tests
        else:
            actions = filled.menu("right").actions()
            next(action for action in actions if action.text() == "Ask both about this").trigger()
    assert scene.session.selection.tolist() == [wanted]
    assert scene.player.current is None
    scene.until(lambda: [row.file_id for row in filled.answer.seeds] == [wanted])
    assert wanted not in listed(filled.left) + listed(filled.right)


def test_the_same_encoder_on_both_sides_swaps_them(scene: Scene, filled: SideBySide) -> None:
    before = listed(filled.left), listed(filled.right)
    box = filled.encoders["left"]
    box.setCurrentIndex(box.findData("second"))
    box.activated.emit(box.currentIndex())
    scene.until(lambda: (listed(filled.right), listed(filled.left)) == before)
    assert filled.encoders["right"].currentData() == "mfcc"


def test_more_neighbours_and_filters(scene: Scene, filled: SideBySide) -> None:
    filled.how_many.setCurrentIndex(1)
    filled.how_many.activated.emit(1)
    scene.until(lambda: len(filled.answer.left) == 25)
    assert filled.overlap.text() == f"{len(links_of(filled.answer))} of 25 in both"
    artist = filled.answer.seeds[0].artist
    filled.other_artists.click()
    scene.until(lambda: all(one.row.artist != artist for one in filled.answer.left + filled.answer.right))


def test_before_a_selection_it_says_what_to_do(page: SideBySide) -> None:
    assert page.message.isVisible()
    assert "Select a track" in page.message.text()


def test_one_encoder_is_not_enough(scene: Scene) -> None:
    scene.fill(MIX)
    page = SideBySide(scene.session, scene.player)
    scene.qtbot.addWidget(page)
    page.show()
    scene.session.start()
    scene.session.select([SEED])
    scene.until(lambda: "only one encoder" in page.message.text())


def test_both_choose_from_the_tracks_that_both_know(scene: Scene) -> None:
    half = known(MIX)[::2]
    fill_both(scene.context.library.path, MIX, only=half)
    page = SideBySide(scene.session, scene.player)
    scene.qtbot.addWidget(page)
    page.resize(744, 600)
    page.show()
    scene.session.start()
    scene.session.select([half[5] + 1])
    scene.until(lambda: bool(page.answer.left))
    assert {file_id - 1 for file_id in listed(page.left)} <= set(half)
    assert (page.answer.compared, page.answer.only) == (len(half) - 1, (len(known(MIX)) - len(half), 0))
    scene.session.select([half[5] + 2])  # the one after it was only heard by the first
    scene.until(lambda: "second has not listened to this track" in page.message.text())


def test_a_hidden_page_asks_nothing_until_it_is_seen(scene: Scene, filled: SideBySide) -> None:
    before = listed(filled.left)
    filled.hide()
    scene.select(3)
    scene.qtbot.wait(200)
    assert listed(filled.left) == before
    filled.show()
    scene.until(lambda: [row.file_id for row in filled.answer.seeds] == [3])
