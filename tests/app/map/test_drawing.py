"""Every point is on the picture where it belongs, in its colour, however it is drawn and however one got there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from app.map.camera import Camera
from app.map.frame import Frame, drawn, view_of
from app.map.palette import CATEGORIES, categorical, ground, packed, single
from app.map.points import Points
from app.map.raster import PAD, Sheet, View, blend, blocks, discs, pixels, soft
from app.map.scene import Scene
from app.theme import DARK, LIGHT, Colours

pytestmark = pytest.mark.usefixtures("qapp")
WHITE = 0xFFFFFFFF


def crowd(n: int, seed: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    scene = Scene()
    scene.set_points(Points.build(rng.normal(size=(n, 2)) * (1.5, 1)))
    scene.set_colours(rng.integers(0, CATEGORIES, n).astype(np.uint8), categorical())
    return scene


def seen(scene: Scene, camera: Camera, colours: Colours = LIGHT) -> NDArray[np.uint32]:
    return drawn(scene, view_of(camera, 400, 300, 1.0), 1.0, colours).inner.copy()


def white(width: int = 60, height: int = 40) -> Sheet:
    sheet = Sheet(width, height)
    sheet.flat.fill(WHITE)
    return sheet


def test_a_disc_has_its_area_and_its_middle_to_a_fraction_of_a_pixel() -> None:
    for middle in ((0.0, 0.0), (3.3, -2.6), (0.5, 0.75)):
        sheet, x = white(), np.array([middle[0]], np.float32)
        y = np.array([middle[1]], np.float32)
        discs(sheet, x, y, np.array([0xFF000000], np.uint32), View(0, 0, 1, 60, 40), 5.0, 0.0, WHITE)
        dark = 1 - (sheet.inner & 0xFF) / 255
        assert dark.sum() == pytest.approx(np.pi * 25, rel=0.03)
        down, right = np.mgrid[0:40, 0:60] + 0.5
        assert (dark * right).sum() / dark.sum() == pytest.approx(30 + middle[0], abs=0.15)
        assert (dark * down).sum() / dark.sum() == pytest.approx(20 + middle[1], abs=0.15)


def test_discs_that_overlap_are_told_apart_by_a_rim() -> None:
    sheet, x = white(), np.array([-3, 3], np.float32)
    colours = np.array([0xFFFF0000, 0xFF0000FF], np.uint32)
    discs(sheet, x, np.zeros(2, np.float32), colours, View(0, 0, 1, 60, 40), 5.0, 1.5, WHITE)
    row = sheet.inner[20].tolist()
    assert row[24] == 0xFFFF0000
    assert row[33] == 0xFF0000FF
    assert any(value >> 16 & 0xFF > 150 and value & 0xFF > 150 for value in row[25:29])  # white between


@pytest.mark.parametrize("how", ["discs", "soft", "blocks"])
def test_what_is_out_of_view_is_nowhere_in_the_picture(how: str) -> None:
    sheet, view = white(), View(0, 0, 1, 60, 40)
    x = np.array([-1e6, 1e6, 0, 0, -45, 52], np.float32)
    y = np.array([0, 0, -1e6, 1e6, 0, 40], np.float32)
    colours = np.zeros(6, np.uint32)
    if how == "discs":
        discs(sheet, x, y, colours, view, 6.0, 1.0, WHITE)
    elif how == "soft":
        soft(sheet, pixels(x, y, view, sheet.stride), colours, 3.0)
    else:
        blocks(sheet, pixels(x, y, view, sheet.stride), colours, 3)
    assert (sheet.inner == WHITE).all()
    assert sheet.flat.size == (60 + 2 * PAD) * (40 + 2 * PAD)


def test_colours_mix_as_they_should() -> None:
    red, white_ = np.array([0xFFFF0000], np.uint32), np.array([WHITE], np.uint32)
    assert blend(white_, red, np.uint32(256)).tolist() == [0xFFFF0000]
    assert blend(white_, red, np.uint32(0)).tolist() == [WHITE]
    half = int(blend(white_, red, np.uint32(128))[0])
    assert (half >> 16 & 0xFF, half >> 8 & 0xFF, half & 0xFF) == (255, 127, 127)


@pytest.mark.parametrize(
    ("n", "scale", "kind"), [(200, 150, "round"), (400_000, 600, "soft"), (400_000, 120, "square")]
)
@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_point_leaves_its_mark(n: int, scale: float, kind: str, colours: Colours) -> None:
    scene = Scene()
    points = Points.build(np.random.default_rng(1).uniform(size=(n, 2)))
    scene.set_points(points)
    camera = Camera(0, 0, scale)
    view = view_of(camera, 400, 300, 1.0)
    assert scene.dots(view, 1.0).kind == kind
    picture = seen(scene, camera, colours)
    column = np.floor(points.x * camera.scale + 200).astype(int)
    row = np.floor(points.y * camera.scale + 150).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < 400) & (row < 300)
    plain = int(packed(single().of(colours)[:1])[0])
    below = int(ground(colours)[1:], 16) | 0xFF000000
    marks = picture[row[inside], column[inside]]
    assert inside.sum() > 100
    assert (marks != below).mean() > 0.9999  # but for the rounding of a pixel's edge
    if kind == "round":
        assert (marks == plain).mean() > 0.85  # but for those under another's rim


@pytest.mark.parametrize("n", [300, 3_000, 40_000, 150_000])
@pytest.mark.parametrize("way", [(17, 0), (0, -23), (-40, 31), (250, 190), (-3, -2)])
def test_a_dragged_picture_is_the_one_that_would_be_drawn_anew(n: int, way: tuple[int, int]) -> None:
    scene, frame = crowd(n), Frame()
    camera = Camera(0.1, 0.05, 260)
    frame.image(scene, view_of(camera, 400, 300, 1.0), 1.0, LIGHT)
    moved = camera.panned(*way)
    frame.image(scene, view_of(moved, 400, 300, 1.0), 1.0, LIGHT)
    far = abs(way[0]) > 240 or abs(way[1]) > 180
    if n <= 3_000:  # of more, as many as there is time for decide how large dots are
        assert (frame.drawn, frame.moved) == ((2, 0) if far else (1, 1))
    fresh = seen(scene, moved)
    kept = np.asarray(frame._sheet.inner)
    channels = [np.abs((kept >> s & 0xFF).astype(int) - (fresh >> s & 0xFF).astype(int)) for s in (0, 8, 16)]
    assert (np.max(channels, axis=0) > 24).mean() < 0.002  # rounding to a quarter of a pixel


def test_nothing_is_drawn_twice_for_nothing(qapp: QApplication) -> None:
    scene, frame, view = crowd(500), Frame(), view_of(Camera(0, 0, 200), 400, 300, 1.0)
    for _ in range(3):
        frame.image(scene, view, 1.0, LIGHT)
    assert (frame.drawn, frame.moved) == (1, 0)
    scene.set_selection([3])
    frame.image(scene, view, 1.0, LIGHT)
    frame.image(scene, view, 1.0, DARK)
    assert frame.drawn == 3


def test_categories_that_are_off_are_not_drawn_and_not_found() -> None:
    scene = crowd(400)
    camera = Camera(0, 0, 150)
    scene.set_off([one for one in range(CATEGORIES) if one != 4])
    hue = int(packed(categorical().light)[4])
    picture = seen(scene, camera)
    others = np.isin(picture, packed(categorical().light)[[0, 1, 2, 3, 5, 6]])
    assert (picture == hue).sum() > 50
    assert not others.any()
    on = scene.on()
    assert on is not None
    assert (scene.categories[scene.points.order[on]] == 4).all()
    scene.set_colours(np.where(scene.categories == 4, 3, 4).astype(np.uint8), categorical())
    assert np.array_equal(scene.on(), ~on)
    scene.set_points(Points.build(np.random.default_rng(9).normal(size=(400, 2))))
    assert np.array_equal(scene.on(), scene.categories[scene.points.order] == 4)
    scene.set_off([])
    assert scene.on() is None
    scene.set_off([9])
    assert scene.on() is None, "nobody is of that category: no frame looks for it"
    scene.set_colours(np.where(scene.categories == 4, 9, 4).astype(np.uint8), categorical())
    assert np.array_equal(scene.on(), scene.categories[scene.points.order] == 4), "until somebody is"


def test_what_is_found_lies_over_what_has_faded() -> None:
    xy = np.zeros((1_001, 2))
    xy[1:] = np.random.default_rng(0).normal(size=(1_000, 2)) * 1e-6
    xy = np.concatenate([xy, [[1.0, 1.0], [-1.0, -1.0]]])
    scene = Scene()
    scene.set_points(Points.build(xy))
    scene.set_colours(np.r_[1, np.zeros(1_002)].astype(np.uint8), categorical())
    scene.set_highlight([0])
    picture = seen(scene, Camera(0, 0, 150))
    assert picture[150, 200] == packed(categorical().light)[1]
    scene.set_highlight(None)
    assert not scene.fading


def test_few_selected_points_fade_no_others_and_many_do() -> None:
    scene = crowd(3000)
    scene.set_selection(np.arange(50))
    assert not scene.fading
    scene.set_selection(np.arange(1000))
    assert scene.fading
    assert len(scene.marked) == 1000
    scene.set_selection([-4, 99_999, 7])  # rows that are no more
    assert scene.selection.tolist() == [7]


def test_as_many_categories_as_rows() -> None:
    scene = crowd(30)
    with pytest.raises(ValueError, match="30 points"):
        scene.set_colours(np.zeros(29, np.uint8), categorical())


def test_dots_grow_with_the_zoom_and_not_beyond_a_limit() -> None:
    scene = crowd(5000)
    radii = [scene.dots(view_of(Camera(0, 0, s), 400, 300, 1.0), 1.0).radius for s in (100, 400, 1600, 9e4)]
    assert radii == sorted(radii)
    assert radii[0] < 2 < radii[-1] <= 6.5
    fine = scene.dots(view_of(Camera(0, 0, 9e4), 400, 300, 2.0), 2.0)
    assert fine.radius == pytest.approx(2 * radii[-1])  # as large on a finer screen
