from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation import panels, picture
from core.evaluation.columns import Comparison
from core.evaluation.comparison import compare
from tests.evaluation_results import Shelf, add_classes, add_playlists, full

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    shelf = full()
    return compare(shelf.records, shelf.arrays)


def small(*, names: dict[str, str], tasks: int = 1) -> Comparison:
    shelf = Shelf()
    for number in range(tasks):
        add_classes(shelf, names, task=f"Task {number}", kind="csv", probes=["svm"], n=40, groups=40)
    return compare(shelf.records, shelf.arrays)


def pixels(content: bytes) -> NDArray[np.float64]:
    return np.asarray(image.imread(io.BytesIO(content), format="png"), np.float64)


def words(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything that is written in a picture, in order."""
    settings = picture.settings
    monkeypatch.setattr(picture, "settings", lambda: settings() | {"svg.fonttype": "none"})
    root = ET.fromstring(picture.draw(comparison, "svg"))
    return "\n".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))


def test_a_picture_says_all(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    text = words(comparison, monkeypatch)
    for name in comparison.encoders:
        assert name in text
    assert re.search(r"^most frequent class$", text, re.MULTILINE)
    assert text.count("chance") == 6, "of every panel where it is known"
    assert "n = 300, 100 groups, 5 seeds" in text
    assert "n = 28,435, 5,687 groups, 1 seed\n" in text
    assert "MPR (\u2190 lower is better)" in text
    assert "HR@10 (higher is better \u2192)" in text
    assert "One training run of each trained encoder" in text
    assert "Choi et al. 2022 only" in text
    assert "not measured here" in text
    assert "The library's report without labels is in the table." in text
    assert "Same artist" not in text
    column = comparison.columns[0]
    for cell in column.cells:
        assert f"{cell.figure.mean:.3f}" + " =" * bool(cell.tie) in text
    assert "Differences are not paired, and no ties told: MSD, 50 tags, logistic regression" in text


def test_what_went_wrong_is_in_the_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    notes = ("C = 100: 3 of 25 fits did not converge; 1 of these were used.", "9 files are missing.")
    add_classes(
        shelf, {"mfcc": "mfcc"}, notes=notes, details={"trained_on": 5}, n=40, groups=40, task="T", kind="csv"
    )
    add_playlists(shelf, {"mfcc": "mfcc", "random": "random"}, n=40)
    text = words(compare(shelf.records, shelf.arrays), monkeypatch).replace("\n", " ")
    assert "T: 3 of 25 fits with C = 100 did not converge; 1 of these were used (1 encoder)." in text
    assert "T: 9 files are missing." in text
    assert "T: Items that an encoder was trained on: mfcc 5." in text
    assert "T, linear SVM: not measured for random." in text


def test_light_and_dark_differ_in_colour_alone() -> None:
    comparison = small(names={"mfcc": "mfcc", "self-1": "self"})
    light, dark = (pixels(picture.draw(comparison, dark=dark)) for dark in (False, True))
    assert light.shape == dark.shape
    assert light[0, 0, :3].tolist() == [1, 1, 1]
    assert dark[0, 0, :3].mean() < 0.15
    for paint in (panels.LIGHT, panels.DARK):
        colours = [mpl.colors.to_rgb(c) for c in (paint.text, paint.muted, paint.svm, paint.logistic)]
        for colour in colours:
            assert contrast(colour, mpl.colors.to_rgb(paint.ground)) > 2.9


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """WCAG 2.1."""

    def luminance(colour: tuple[float, float, float]) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_probes_differ_by_shape_as_well() -> None:
    assert len({panels.shape(probe) for probe in ("svm", "logistic", "cosine")}) == 3


def test_names_of_any_kind_are_drawn_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "$x^2$ \\frac": "self",
        "音楽 \u05d0": "adjacent",
        "new\nline\x00": "melcpc",
        "long-" * 30: "same-track",
    }
    text = words(small(names=names), monkeypatch)
    assert "$x^2$ \\frac" in text
    assert "new line" in text
    assert "\u2026" in text
    assert picture.draw(small(names=names), "png")


@pytest.mark.parametrize(("tasks", "across", "down"), [(1, 1, 1), (4, 4, 1), (5, 3, 2), (12, 4, 3)])
def test_panels_stand_in_lines_that_fit_a_page(tasks: int, across: int, down: int) -> None:
    layout = picture._layout(small(names={"mfcc": "mfcc", "self-1": "self"}, tasks=tasks), ["note"])
    assert [max(len(strip.panels) for strip in layout.strips), len(layout.strips)] == [across, down]
    places = [layout.place(i, j) for i, strip in enumerate(layout.strips) for j in range(len(strip.panels))]
    assert len(places) == tasks
    for left, bottom, width, height in places:
        assert 0 < left < left + width < 1
        assert 0 < bottom < bottom + height < 1
    assert layout.width < 11.5


def test_twenty_encoders_have_a_row_each() -> None:
    names = {f"adjacent-w0.25-run-{i:02}": "adjacent" for i in range(17)}
    comparison = small(names={"mfcc": "mfcc", "random": "random", "random-multi": "random-multi"} | names)
    (strip,) = picture._layout(comparison, []).strips
    places = [place for _, place in strip.rows.places()]
    assert len(places) == 20
    assert min(b - a for a, b in pairwise(places)) == 1
    assert strip.rows.sections[0].banded
    assert [line.name for line in strip.rows.sections[0].lines] == ["mfcc", "random", "random-multi"]
    assert strip.row * 72 > panels.SMALL * 1.2


def test_a_picture_is_the_same_twice_and_leaves_matplotlib_as_it_was() -> None:
    comparison = small(names={"mfcc": "mfcc", "self-1": "self"})
    before = {name: mpl.rcParams[name] for name in picture.settings()}
    for kind, start in (("svg", b"<?xml"), ("pdf", b"%PDF")):
        first = picture.draw(comparison, kind)
        assert first.startswith(start)
        assert first == picture.draw(comparison, kind)
    assert {name: mpl.rcParams[name] for name in before} == before


def test_files_say_their_format(tmp_path: Path) -> None:
    comparison = small(names={"mfcc": "mfcc"})
    picture.write(tmp_path / "one.PNG", comparison)
    assert (tmp_path / "one.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="which format"):
        picture.write(tmp_path / "one.gif", comparison)
    with pytest.raises(UserError, match="nothing to draw"):
        picture.draw(compare([], Shelf().arrays))
    assert [path.name for path in tmp_path.iterdir()] == ["one.PNG"]


def test_what_is_wrapped_keeps_both_its_ends() -> None:
    assert panels.wrapped("short", 10, 2) == "short"
    assert panels.wrapped("two words", 5, 2) == "two\nwords"
    text = panels.wrapped("begins " + "x" * 200 + " ends", 12, 2)
    lines = text.splitlines()
    assert len(lines) <= 2
    assert max(map(len, lines)) <= 12
    assert text.startswith("begin")
    assert text.endswith("ends")
