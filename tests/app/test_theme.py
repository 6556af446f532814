from __future__ import annotations

import itertools
import re
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.theme import DARK, LIGHT, SERIES, Colours, Theme, read_icons, read_style, style_sheet

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deutan": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritan": np.array([
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip


def linear(colour: str) -> NDArray[np.float64]:
    """sRGB `#rrggbb` as linear RGB, (3,)."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear RGB as CIE L*a*b*, (3,)."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(rgb, 0, 1), 0.0089, None) / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio."""
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda c: c.name)
def test_text_can_be_read_on_every_ground_it_stands_on(colours: Colours) -> None:
    for ground in (colours.window, colours.surface, colours.sunken, colours.hover):
        for text in (colours.text, colours.muted, colours.accent, colours.ok, colours.warning, colours.error):
            assert contrast(text, ground) >= 4.3, (text, ground)
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.on_selection, colours.selection) >= 7
    assert contrast(colours.accent, colours.selection) >= 3


@pytest.mark.parametrize("sight", BLINDNESS)
def test_categories_stay_apart_for_every_kind_of_sight(sight: str) -> None:
    seen = [lab(BLINDNESS[sight] @ linear(colour)) for colour in SERIES]
    distances = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]]))
        for pair in itertools.combinations(range(8), 2)
    }
    assert min(distances.values()) > 5, min(distances, key=lambda pair: distances[pair])


def test_the_style_sheet_uses_no_colour_of_its_own() -> None:
    text = (files("resources") / "theme" / "window.qss").read_text("utf-8")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", text)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda c: c.name)
def test_every_word_of_the_style_sheet_is_filled_in(colours: Colours) -> None:
    sheet = style_sheet(read_style(), colours)
    assert "$" not in sheet
    assert colours.accent in sheet
    for image in re.findall(r"url\(theme:([^)]+)\)", sheet):
        assert (files("resources") / "theme" / image).is_file(), image


def test_dark_and_light_change_palette_and_icons_at_once(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme(qapp, "light")
    button = QPushButton()
    qtbot.addWidget(button)
    theme.set_icon(button, "check", "text")
    assert ink(button.icon()) == QColor(LIGHT.text)
    with qtbot.waitSignal(theme.changed):
        theme.set_mode("dark")
    assert ink(button.icon()) == QColor(DARK.text)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    theme.set_mode("light")
    assert ink(button.icon()) == QColor(LIGHT.text)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)


def test_links_go_along(qapp: QApplication, qtbot: QtBot) -> None:
    """The pixels of a link's text, which a label reads once, with the colour that links have then."""
    theme = Theme(qapp, "light")
    label = QLabel("<a href='there' style='font-size: 40px; font-weight: 900'>IIII</a>")
    qtbot.addWidget(label)
    label.resize(200, 80)
    for colours in (LIGHT, DARK, LIGHT):
        theme.set_mode("dark" if colours is DARK else "light")
        image = label.grab().toImage()
        seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert QColor(colours.accent).name() in seen, colours.name
    assert label.text().startswith("<a href='there'")


def test_a_second_icon_replaces_the_first_for_good(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme(qapp, "light")
    action = QAction()
    theme.set_icon(action, "play")
    theme.set_icon(action, "stop", "error")
    theme.set_mode("dark")
    assert ink(action.icon()) == QColor(DARK.error)


def test_a_widget_that_is_gone_does_no_harm(qapp: QApplication) -> None:
    theme = Theme(qapp, "light")
    theme.set_icon(QPushButton(), "play")
    theme.set_mode("dark")
    assert theme._dressed == []


@pytest.mark.parametrize("name", sorted(read_icons()))
def test_every_icon_draws_something_in_the_asked_colour(qapp: QApplication, name: str) -> None:
    icon = Theme(qapp, "dark").icon(name, "accent")
    for size in (24, 48):
        image = icon.pixmap(QSize(size, size), 1.0).toImage()
        drawn = [
            image.pixelColor(x, y)
            for x in range(size)
            for y in range(size)
            if image.pixelColor(x, y).alpha() > 120
        ]
        assert len(drawn) > size / 4
        if name != "earmap":
            assert all(near(colour, QColor(DARK.accent)) for colour in drawn)


def ink(icon: QIcon) -> QColor:
    """The colour of the most opaque pixel."""
    image = icon.pixmap(QSize(48, 48), 1.0).toImage()
    pixels = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
    best = max(pixels, key=lambda colour: colour.alpha())
    return QColor(best.red(), best.green(), best.blue())


def near(one: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)) <= 3  # type: ignore[index] # four numbers
