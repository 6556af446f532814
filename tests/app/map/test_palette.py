"""Colours are seen on their ground and told apart, by colour-blind eyes too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.map.palette import (
    CATEGORIES,
    NOTHING,
    OTHER,
    STEPS,
    Palette,
    categorical,
    gradient,
    ground,
    mixed,
    packed,
    single,
    steps,
)
from app.theme import DARK, LIGHT, Colours

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, severity 1: protanopia, deuteranopia, tritanopia.
EYES = np.array([
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
])  # fmt: skip


def linear(colours: NDArray[np.uint8]) -> Floats:
    value = colours / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colours: NDArray[np.uint8]) -> Floats:
    result: Floats = linear(colours) @ np.array([0.2126, 0.7152, 0.0722])
    return result


def rgb(value: str) -> NDArray[np.uint8]:
    return np.array([[int(value[i : i + 2], 16) for i in (1, 3, 5)]], np.uint8)


def contrast(colours: NDArray[np.uint8], below: str) -> Floats:
    """WCAG 2.2."""
    both = np.broadcast_arrays(luminance(colours), luminance(rgb(below)))
    result: Floats = (np.maximum(*both) + 0.05) / (np.minimum(*both) + 0.05)
    return result


def oklab(light: Floats) -> Floats:
    """Ottosson 2020, of linear RGB."""
    to_lms = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
              [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    to_lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
              [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    result: Floats = np.cbrt(np.clip(light, 0, 1) @ np.transpose(to_lms)) @ np.transpose(to_lab)
    return result


def nearest(colours: NDArray[np.uint8]) -> float:
    """The least distance of any two, to any of the four kinds of eyes."""
    seen = [oklab(linear(colours) @ eye.T) for eye in EYES]
    pairs = np.triu_indices(len(colours), 1)
    return min(float(np.linalg.norm(one[pairs[0]] - one[pairs[1]], axis=1).min()) for one in seen)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_category_is_seen_on_its_ground(colours: Colours) -> None:
    table = categorical().of(colours)
    assert contrast(table[[*range(CATEGORIES), OTHER, NOTHING]], ground(colours)).min() >= 2.9
    assert contrast(table[:CATEGORIES], ground(colours)).min() >= 3.0


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_categories_are_told_apart_by_all_eyes(colours: Colours) -> None:
    table = categorical().of(colours)
    assert nearest(table[:3]) > 0.1
    assert nearest(table[:8]) > 0.06  # three times what is just noticed
    assert nearest(table[:CATEGORIES]) > 0.02
    assert len({tuple(one) for one in table.tolist()}) == CATEGORIES + 2


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_a_gradient_is_seen_and_goes_one_way_for_all_eyes(colours: Colours) -> None:
    table = gradient().of(colours)[:STEPS]
    assert contrast(table, ground(colours)).min() >= 3.0
    for eye in EYES:
        lightness = oklab(linear(table) @ eye.T)[:, 0]
        there = np.diff(lightness[::16])
        assert (there < 0).all() if colours is LIGHT else (there > 0).all()


def test_numbers_become_steps() -> None:
    found = steps([1.0, 2.0, 3.0, -9.0, 99.0, np.nan, np.inf], 1.0, 3.0)
    assert found.tolist() == [0, 127, 254, 0, 254, NOTHING, NOTHING]
    assert steps([5.0, 5.0], 5.0, 5.0).tolist() == [0, 0]


def test_a_legend_can_ask_for_one_colour() -> None:
    palette = categorical()
    assert palette.colour(0, LIGHT) == "#0a71b1"
    assert palette.colour(0, DARK) != palette.colour(0, LIGHT)
    assert palette.colour(30, LIGHT) == palette.colour(OTHER, LIGHT)
    assert len(set(map(tuple, single().light.tolist()))) == 1


def test_colours_become_pixels() -> None:
    table = Palette(rgb("#ff8001"), rgb("#000000"))
    assert packed(table.light).tolist() == [0xFFFF8001]
    assert mixed(table.dark, "#ffffff", 0.5).tolist() == [[128, 128, 128]]
