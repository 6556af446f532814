"""Colours of the points: categories that eyes of any kind tell apart, and gradients for numbers. Knows no widget.

The twenty were found by farthest-point search in OKLab (Ottosson 2020) over hues, chromas and lightnesses, the
distance of two being the least of what a normal eye and three kinds of colour-blind eyes (Machado et al. 2009) see
in the light and in the dark variant; every one has 3:1 of contrast to its ground (WCAG 2.2, 1.4.11). Twenty cannot
all be far apart: the first eight are, and names, legend and hovering tell the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.theme import Colours

Colour8 = NDArray[np.uint8]

CATEGORIES = 20
"""Categories with a colour of their own: 0 to 19."""

OTHER, NOTHING = 20, 255
"""The category of all that has no colour of its own, and of what has no value."""

STEPS = 255
"""Steps of a gradient: 0 to 254; 255 is NOTHING."""

LIGHT_HUES = (
    "#0a71b1", "#c9690c", "#860257", "#13a08d", "#9174f9", "#472aaa", "#b6143f", "#694e00", "#5d8e0c", "#ad2f8d",
    "#3549c3", "#740988", "#096338", "#0680da", "#054a5e", "#454605", "#906106", "#016770", "#0d8963", "#ee5590",
)  # fmt: skip
DARK_HUES = (
    "#31a8fd", "#feb07a", "#b64181", "#3fe0cb", "#cfc9ff", "#6d60cf", "#e86374", "#9f7808", "#95cc51", "#e273c1",
    "#6481ed", "#9d4daf", "#099757", "#80bdfc", "#0e7492", "#6d6e0a", "#d59114", "#139ca8", "#0dca94", "#fdcedb",
)  # fmt: skip

# From low to high; the lightness runs one way only, so that the order is seen without seeing the hue.
LIGHT_RAMP = ("#c47f0a", "#cf5b3c", "#b93a70", "#86308f", "#4b2f8d", "#1c2260")
DARK_RAMP = ("#3f5fd0", "#7a68dc", "#b874d4", "#ea8cb0", "#fcbd8e", "#fbf2ac")


@dataclass(frozen=True, eq=False)
class Palette:
    """(256, 3) colours for a light and for a dark ground; a category is the number of its row."""

    light: Colour8
    dark: Colour8

    def of(self, colours: Colours) -> Colour8:
        """The (256, 3) for a theme."""
        return self.dark if colours.name == "dark" else self.light

    def colour(self, category: int, colours: Colours) -> str:
        """One as `#rrggbb`, for a legend."""
        return "#{:02x}{:02x}{:02x}".format(*self.of(colours)[category].tolist())


def ground(colours: Colours) -> str:
    """What the points lie on, as `#rrggbb`."""
    return colours.sunken if colours.name == "dark" else colours.surface


def categorical() -> Palette:
    """Categories 0 to 19, then OTHER (and whatever follows) and NOTHING in two greys."""
    return Palette(_listed(LIGHT_HUES, "#858d97", "#8f969e"), _listed(DARK_HUES, "#7d8793", "#656f7b"))


def gradient() -> Palette:
    """Numbers: see `steps`."""
    return Palette(_ramp(LIGHT_RAMP, "#8f969e"), _ramp(DARK_RAMP, "#656f7b"))


def single() -> Palette:
    """One colour, the accent, for points that are not told apart."""
    return Palette(*(np.tile(_rgb(hues[0]), (256, 1)) for hues in (LIGHT_HUES, DARK_HUES)))


def steps(values: ArrayLike, low: float, high: float) -> NDArray[np.uint8]:
    """Categories of a gradient: `low` and less is 0, `high` and more 254, what is no finite number NOTHING."""
    given = np.asarray(values, np.float64)
    known = np.isfinite(given)
    share = (np.where(known, given, low) - low) / ((high - low) or 1.0)
    return np.where(known, np.rint(np.clip(share, 0, 1) * (STEPS - 1)), NOTHING).astype(np.uint8)


def mixed(colours: Colour8, other: str, share: float) -> Colour8:
    """(n, 3) colours with that share of another."""
    result: Colour8 = np.rint(colours * (1 - share) + _rgb(other).astype(np.float64) * share).astype(np.uint8)
    return result


def packed(colours: Colour8) -> NDArray[np.uint32]:
    """(n, 3) colours as (n,) opaque pixels of Qt's formats of 32 bits."""
    red, green, blue = colours.astype(np.uint32).T
    result: NDArray[np.uint32] = np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue
    return result


def _rgb(value: str) -> Colour8:
    return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def _listed(hues: tuple[str, ...], other: str, nothing: str) -> Colour8:
    result = np.tile(_rgb(other), (256, 1))
    result[: len(hues)] = [_rgb(hue) for hue in hues]
    result[NOTHING] = _rgb(nothing)
    return result


def _ramp(stops: tuple[str, ...], nothing: str) -> Colour8:
    table = np.array([_rgb(stop) for stop in stops], np.float64)
    at = np.linspace(0, len(stops) - 1, STEPS)
    result = np.tile(_rgb(nothing), (256, 1))
    for channel in range(3):
        result[:STEPS, channel] = np.rint(np.interp(at, np.arange(len(stops)), table[:, channel]))
    return result
