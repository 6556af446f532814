"""Columns into colours: who has one, who loses it to whom, where a gradient runs."""

from __future__ import annotations

import numpy as np
import pytest

from app.map.palette import CATEGORIES, OTHER
from app.map_colours import (
    ALL,
    BY_NAME,
    HIDDEN,
    NONE,
    STEPS,
    Filter,
    Scheme,
    categories,
    like,
    scheme_of,
    slots,
)
from core.library.facet_columns import Categories, Numbers
from tests.maps import drawing_of

ALBUM, YEAR, TRUST = BY_NAME["album"], BY_NAME["year"], BY_NAME["trust"]


def names(count: int, *codes: int) -> Scheme:
    return Scheme(ALBUM, tuple(f"v{number}" for number in range(count)), np.array(codes or range(count)))


def test_the_most_frequent_have_colours_and_the_rest_is_grey() -> None:
    scheme = names(25, 0, 19, 20, 24, -1)
    assert categories(scheme).tolist() == [0, 19, OTHER, OTHER, NONE]
    assert CATEGORIES == 20


def test_what_is_hidden_is_not_drawn_and_keeps_no_colour_from_who_is_left() -> None:
    scheme = names(25, 3, 4, 22, -1)
    shown = Filter(frozenset({3, -1}))
    assert categories(scheme, shown).tolist() == [HIDDEN, 4, OTHER, HIDDEN]
    alone = Filter(frozenset(range(25)) - {22, 4})
    coloured = slots(scheme, alone)
    assert coloured[4] == 4  # the frequent keep theirs
    assert coloured[22] < CATEGORIES
    assert coloured[22] != 4
    assert set(np.delete(coloured, [4, 22]).tolist()) == {HIDDEN}


def test_a_gradient_runs_over_what_is_usual() -> None:
    years = np.array([1900.0, *np.linspace(1970, 2020, 300), 2999.0, np.nan])
    scheme = Scheme(YEAR, numbers=years)
    low, high = scheme.range
    assert 1970 <= low < 1972
    assert 2018 < high <= 2020
    found = categories(scheme)
    assert (found[0], found[-2], found[-1]) == (0, STEPS - 1, NONE)
    assert (np.diff(found[1:-2].astype(int)) >= 0).all()
    part = categories(scheme, Filter(low=1990, high=2000))
    assert set(part[years < 1990].tolist()) == {HIDDEN}
    assert part[-1] == HIDDEN  # what has no year is not among those of a decade
    assert HIDDEN not in part[(years >= 1990) & (years <= 2000)]


@pytest.mark.parametrize("numbers", [[np.nan, np.nan], [2001.0, 2001.0]])
def test_a_gradient_of_one_number_or_none(numbers: list[float]) -> None:
    scheme = Scheme(YEAR, numbers=np.array(numbers))
    low, high = scheme.range
    assert low < high
    assert len(set(categories(scheme).tolist())) == 1


def test_names_are_ranked_by_how_many_points_of_this_map_have_them() -> None:
    drawing = drawing_of(tracks=[2, 4, 6])
    column = Categories(
        np.array([1, 2, 3, 4, 6]), np.array([0, 1, 0, 2, 2]), ("often", "here once", "here twice")
    )
    scheme = scheme_of(ALBUM, drawing, column)
    assert scheme.values == ("here twice", "here once")
    assert scheme.codes.tolist() == [1, 0, 0]
    assert scheme.counts.tolist() == [2, 1]
    years = scheme_of(YEAR, drawing, Numbers(np.array([2, 6]), np.array([1999.0, 2001.0])))
    assert years.numbers[[0, 2]].tolist() == [1999.0, 2001.0]
    assert years.without == 1


def test_what_follows_from_the_map_and_the_player() -> None:
    drawing = drawing_of(tracks=[2, 4, 6], kept=[0.2, np.nan, 0.8], clusters=[1, -1, 1])
    trust = scheme_of(TRUST, drawing, None)
    assert trust.range == (0.0, 1.0)
    assert trust.without == 1
    assert scheme_of(BY_NAME["played"], drawing, None, {4}).codes.tolist() == [-1, 0, -1]
    groups = scheme_of(BY_NAME["cluster"], drawing, None)
    assert groups.values == ("Group 2",)
    assert groups.codes.tolist() == [0, -1, 0]


def test_one_legend_holds_for_two_maps() -> None:
    first = Scheme(ALBUM, ("a", "b"), np.array([0, 0, 1]))
    second = Scheme(ALBUM, ("b", "c", "a"), np.array([0, 1, 2, -1]))
    assert like(second, first).codes.tolist() == [1, -1, 0, -1]
    assert like(first, first) is first


def test_names_for_a_person() -> None:
    folders = Scheme(BY_NAME["folder"], ("/music/a b/", "C:\\x\\y", "/"))
    assert folders.titles == ["a b", "y", "/", "No folder"]
    assert Scheme(BY_NAME["format"], ("mp3float", "pcm_s16le")).titles[:2] == ["MP3", "PCM"]


def test_a_histogram_has_no_holes_between_whole_numbers() -> None:
    years = Scheme(YEAR, numbers=np.repeat(np.arange(2000.0, 2011.0), 40))
    assert len(years.bars) == 11
    assert years.bars.tolist() == [1.0] * 11
    assert len(Scheme(YEAR, numbers=np.linspace(1900, 2000, 5000)).bars) == 40


def test_nothing_is_hidden_at_first() -> None:
    assert not ALL.active
