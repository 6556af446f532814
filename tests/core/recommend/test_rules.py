from __future__ import annotations

import json

import numpy as np
import pytest

from core.recommend import Catalogue, Names
from core.recommend.rules import Rules, Sieve

KNOWN = Catalogue(
    artist=np.array([0, 0, 1, -1, 2]),
    album=np.array([0, 1, 1, -1, 1]),
    seconds=np.array([60.0, 125.0, np.nan, 200.0, 300.0]),
    year=np.array([1970, 1975, 1980, np.nan, 1981]),
    genre=Names.of(["Rock", "Jazz; Soul", "", "jazz", "Jazz Rock"]),
    folder=Names.of(["/m/a", "/m/a/b", "/m/ab", "C:\\m\\a", "/m"]),
    labels={"Calm": np.array([1, 3]), "loud": np.array([4])},
)
NOBODY = np.empty(0, np.int64)


def left(rules: Rules, seeds: list[int] | None = None) -> tuple[list[int], list[str]]:
    sieve = Sieve(np.zeros(5, np.bool_))
    sieve.apply(rules, KNOWN, np.array(seeds or [], np.int64))
    return np.flatnonzero(~sieve.hidden).tolist(), sieve.lines


@pytest.mark.parametrize(
    ("rules", "rows", "line"),
    [
        (Rules(), [0, 1, 2, 3, 4], None),
        (Rules(years=(1975, 1980)), [1, 2], "Years 1975 to 1980: 3 tracks left out, 1 of them without a year."),
        (Rules(years=(1981, None)), [4], "Years from 1981: 4 tracks left out, 1 of them without a year."),
        (Rules(years=(None, 1970)), [0], "Years up to 1970: 4 tracks left out, 1 of them without a year."),
        (Rules(seconds=(60, 125)), [0, 1],
         "Length 1:00 to 2:05: 3 tracks left out, 1 of them without a known length."),
        (Rules(genres=frozenset({"JAZZ"})), [1, 3], "Genre JAZZ: 3 tracks left out, 1 of them without a genre."),
        (Rules(genres=frozenset({"jazz; soul", "rock"})), [0, 1],
         "Genre jazz; soul or rock: 3 tracks left out, 1 of them without a genre."),
        (Rules(folders=frozenset({"/m/a"})), [0, 1], "Folder /m/a: 3 tracks left out."),
        (Rules(folders=frozenset({"/m/"})), [0, 1, 2, 4], "Folder /m/: 1 track left out."),
        (Rules(folders=frozenset({"C:\\m"})), [3], "Folder C:\\m: 4 tracks left out."),
        (Rules(labels=frozenset({"calm"})), [1, 3], "Label calm: 3 tracks left out."),
        (Rules(labels=frozenset({"CALM", "loud"})), [1, 3, 4], "Label CALM or loud: 2 tracks left out."),
        (Rules(labels=frozenset({"nobody's"})), [], "Label nobody's: 5 tracks left out."),
    ],
)  # fmt: skip
def test_each_rule_leaves_out_what_does_not_meet_it(rules: Rules, rows: list[int], line: str | None) -> None:
    assert left(rules) == (rows, [] if line is None else [line])


def test_other_artists_and_albums_are_those_of_the_chosen(
) -> None:  # fmt: skip
    assert left(Rules(other_artists=True), [0]) == ([2, 3, 4], ["Other artists: 2 tracks left out."])
    assert left(Rules(other_albums=True), [1, 3]) == ([0, 3], ["Other albums: 3 tracks left out."])
    rows, lines = left(Rules(other_artists=True, other_albums=True), [3])
    assert rows == [0, 1, 2, 3, 4]
    assert [line.endswith("so nothing could be left out.") for line in lines] == [True, True]


def test_what_one_rule_left_out_the_next_does_not_count_again() -> None:
    rows, lines = left(Rules(other_artists=True, years=(1975, None), seconds=(None, 299)), [0])
    assert rows == []
    assert lines == [
        "Other artists: 2 tracks left out.", "Years from 1975: 1 track left out, 1 of them without a year.",
        "Length up to 4:59: 2 tracks left out, 1 of them without a known length.",
    ]  # fmt: skip


def test_nothing_known_meets_no_rule() -> None:
    sieve = Sieve(np.zeros(3, np.bool_))
    rules = Rules(years=(1, 2), seconds=(1, 2), genres=frozenset({"x"}), labels=frozenset({"x"}))
    sieve.apply(rules, Catalogue(), NOBODY)
    assert sieve.hidden.all()
    assert sieve.lines[0] == "Years 1 to 2: 3 tracks left out, 3 of them without a year."
    assert sieve.lines[1] == "Length 0:01 to 0:02: no track left out."


def test_rules_are_kept_as_json() -> None:
    rules = Rules(
        other_albums=True, years=(1970, None), seconds=(1.5, 2), genres=frozenset({"b", "a"}), fold=False,
        hubness="local",
    )  # fmt: skip
    plain = json.loads(json.dumps(rules.plain()))
    assert plain == {
        "other_albums": True, "years": [1970, None], "seconds": [1.5, 2], "genres": ["a", "b"], "fold": False,
        "hubness": "local",
    }  # fmt: skip
    assert Rules.of(plain) == rules
    assert Rules().plain() == {}
    assert Rules.of({}) == Rules()


@pytest.mark.parametrize(
    "plain",
    [{"era": 1}, {"genres": "rock"}, {"labels": [1]}, {"years": [1]}, {"years": ["a", 1]}, {"years": 5},
     {"seconds": [True, 1]}, {"fold": "no"}, {"hubness": "all"}],
)  # fmt: skip
def test_what_is_no_rule_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rules.of(plain)
