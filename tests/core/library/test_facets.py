"""Columns as numbers, checked against the rows that the table shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.library import facets
from core.library.facet_columns import UNKNOWN
from core.library.facets import Facets
from core.library.records import Row
from core.library.store import Library
from tests.synthetic import Mix, fill

MIX = Mix(400, folders=2, waiting=0.1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 400 files, some of them without a track yet."""
    made = tmp_path_factory.mktemp("facets") / "library.earmap"
    fill(made, MIX)
    return made


@pytest.fixture(scope="module")
def rows(path: Path) -> dict[int, Row]:
    """What the table shows of each track."""
    with Library(path) as library:
        ids = library.rows.order(1, "whole")
        found = library.rows.page(1, "whole", ids)
    return {row.track_id: row for row in found if row.track_id is not None}


@pytest.mark.parametrize(("name", "column"), [("album", "album"), ("artist", "artist"), ("genre", "genre"),
                                              ("format", "codec"), ("folder", "folder")])  # fmt: skip
def test_a_tracks_value_is_the_one_in_its_row(
    path: Path, rows: dict[int, Row], name: str, column: str
) -> None:
    with Library(path) as library:
        found = library.facets.categories(name)
    assert found.tracks.tolist() == sorted(rows)
    told = {track: found.values[code] for track, code in zip(found.tracks.tolist(), found.codes, strict=True)}
    assert told == {track: getattr(row, column) for track, row in rows.items()}
    counted = Counter(told.values())
    assert [counted[value] for value in found.values] == found.counts.tolist()
    assert found.counts.tolist() == sorted(counted.values(), reverse=True)


def test_files_and_numbers_are_those_of_the_rows(path: Path, rows: dict[int, Row]) -> None:
    with Library(path) as library:
        tracks, files = library.facets.files()
        years, lengths = library.facets.numbers("year"), library.facets.numbers("length")
    assert dict(zip(tracks.tolist(), files.tolist(), strict=True)) == {
        t: row.file_id for t, row in rows.items()
    }
    assert years.values.tolist() == [rows[track].year for track in tracks.tolist()]
    assert lengths.values.tolist() == [rows[track].seconds for track in tracks.tolist()]


def test_what_has_no_value_and_what_is_not_there_is_unknown(path: Path, rows: dict[int, Row]) -> None:
    with Library(path) as library:
        first, second = sorted(rows)[:2]
        with library._db.write() as connection:
            connection.exec_driver_sql(f"UPDATE file SET album = '', year = NULL WHERE track_id = {first}")
        try:
            albums, years = library.facets.categories("album"), library.facets.numbers("year")
        finally:
            library._db.close()
    asked = np.array([second, first, 10_000_000])
    assert albums.values[albums.of(asked)[0]] == rows[second].album
    assert albums.of(asked)[1:].tolist() == [UNKNOWN, UNKNOWN]
    assert years.of(asked)[0] == rows[second].year
    assert np.isnan(years.of(asked)[1:]).all()


def test_of_several_genres_the_first_counts_and_of_several_labels(tmp_path: Path) -> None:
    fill(tmp_path / "l.earmap", Mix(3, failed=0, partial=0, skipped=0, folders=1))
    with Library(tmp_path / "l.earmap") as library:
        with library._db.write() as connection:
            connection.exec_driver_sql("UPDATE file SET genre = ' Dub; Folk' WHERE id = 1")
        library.labels.set([1, 2], "sad")
        library.labels.set([1], "calm")
        genres, labels = library.facets.categories("genre"), library.facets.categories("label")
    assert genres.values[genres.of(np.array([1]))[0]] == "Dub"
    assert [labels.values[code] if code >= 0 else "" for code in labels.codes] == ["calm", "sad", ""]


def test_names_as_frequent_as_each_other_stand_by_their_letters(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "_SORTED", 3)
    with Library(path) as library:
        found = library.facets.categories("album")
    pairs = [(-count, value) for count, value in zip(found.counts.tolist(), found.values, strict=True)]
    assert pairs == sorted(pairs)
    assert len(set(pairs)) == len(pairs) > 10


def test_an_empty_library_has_columns_too(tmp_path: Path) -> None:
    with Library(tmp_path / "new.earmap") as library:
        columns: Facets = library.facets
        assert columns.files()[0].tolist() == []
        assert columns.categories("album").of(np.array([3])).tolist() == [UNKNOWN]
        assert np.isnan(columns.numbers("year").of(np.array([3]))).all()
