from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.library.records import Read
from tests.library_tools import PLAN
from tests.shelf import Shelf, vector


def fill(shelf: Shelf, n: int) -> None:
    for i in range(n):
        shelf.write(f"{i}.mp3", f"C{i}")
    shelf.both()


def test_vectors_are_read_a_few_at_a_time_each_once(shelf: Shelf) -> None:
    fill(shelf, 7)
    seen: dict[int, list[float]] = {}
    last, sizes = 0, []
    while True:
        newest, tracks, matrix = shelf.library.vectors.after(shelf.encoder.id, PLAN, last, limit=3)
        if newest == last:
            break
        assert matrix.dtype == np.float32
        sizes.append(len(tracks))
        seen |= dict(zip(tracks.tolist(), matrix.tolist(), strict=True))
        last = newest
    assert sizes == [3, 3, 1]
    wanted = {shelf.row(f"{i}.mp3").track_id: vector(f"C{i}").tolist() for i in range(7)}
    assert seen == wanted
    assert shelf.library.vectors.count(shelf.encoder.id, PLAN) == 7


def test_a_track_keeps_its_first_vector(shelf: Shelf) -> None:
    fill(shelf, 1)
    key = shelf.row("0.mp3").file_id
    other = np.zeros(4, np.float32)
    shelf.record(Read(key, "ok", identity="C0", vector=other, n_segments=1))
    assert shelf.library.vectors.after(shelf.encoder.id, PLAN, 0)[2].tolist() == [vector("C0").tolist()]


def test_the_stamp_changes_whenever_a_vector_comes_or_goes(shelf: Shelf) -> None:
    stamps = set()

    def note() -> None:
        stamps.add(shelf.library.vectors.stamp(shelf.encoder.id, PLAN))

    note()
    fill(shelf, 2)
    note()
    for name in ("1.mp3", "0.mp3"):  # the newest too: its number must not be given again
        shelf.library.files.reread([shelf.row(name).file_id])
        note()
        shelf.embed()
        note()
    assert len(stamps) == 6


def test_bytes_in_the_file_are_little_endian_floats(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.scan()
    [candidate] = shelf.candidates()
    big = vector("A").astype(">f4")
    strided = np.stack([big, big], axis=1)[:, 0]
    shelf.record(Read(candidate.file_id, "ok", identity="A", vector=strided, n_segments=1))
    with closing(sqlite3.connect(shelf.library.path)) as connection:
        [(stored,)] = connection.execute("SELECT vector FROM embedding")
    assert np.frombuffer(stored, "<f4").tolist() == vector("A").tolist()


def test_segments_are_there_only_where_they_were_asked_for(shelf: Shelf) -> None:
    fill(shelf, 1)
    track = shelf.row("0.mp3").track_id
    assert track is not None
    assert shelf.library.vectors.segments(track, shelf.encoder.id, PLAN) is None
    assert shelf.library.vectors.segments(999, shelf.encoder.id, PLAN) is None


def test_statistics_stay_until_they_are_set_again(shelf: Shelf) -> None:
    vectors, here = shelf.library.vectors, (shelf.encoder.id, PLAN)
    assert vectors.standardisation(*here) is None
    for n in (20, 40):
        vectors.set_standardisation(*here, np.full(4, n, np.float64), np.ones(4, np.float32), n)
        known = vectors.standardisation(*here)
        assert known is not None
        assert (known[0].tolist(), known[1].tolist(), known[2]) == ([n] * 4, [1] * 4, n)
        assert known[0].dtype == np.float32
    assert vectors.standardisation(shelf.encoder.id, "spread-3") is None


def test_vectors_of_some_tracks_come_in_the_order_asked_for(shelf: Shelf) -> None:
    fill(shelf, 5)
    tracks = shelf.library.vectors.tracks(shelf.encoder.id, PLAN)
    assert tracks.tolist() == sorted(shelf.vectors())
    _, keys, matrix = shelf.library.vectors.after(shelf.encoder.id, PLAN, 0)
    own = dict(zip(keys.tolist(), matrix, strict=True))
    asked = tracks[[3, 0, 4]].tolist()
    found, segments = shelf.library.vectors.of(shelf.encoder.id, PLAN, asked)
    np.testing.assert_array_equal(found, [own[key] for key in asked])
    assert found.dtype == np.float32
    assert segments.tolist() == [1, 1, 1]
    none, _ = shelf.library.vectors.of(shelf.encoder.id, PLAN, [])
    assert none.shape == (0, 0)
    with pytest.raises(KeyError):
        shelf.library.vectors.of(shelf.encoder.id, PLAN, [asked[0], 999])
    assert not len(shelf.library.vectors.tracks(shelf.encoder.id, "spread-4"))
