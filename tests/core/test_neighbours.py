"""Neighbours follow a real library: what is stored, taken out, moved away and renamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import neighbours as module
from core.library.known import Known
from core.library.records import Fact, Read
from core.library.store import Library
from core.neighbours import Neighbours
from core.recommend import measure, unit_rows
from core.vectors import VectorCache
from tests.library_tools import PLAN
from tests.shelf import DIM, Shelf, encoder, vector


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    (tmp_path / "music").mkdir()
    with Library(tmp_path / "a.earmap") as library:
        yield Shelf(library, tmp_path / "music")


def fill(shelf: Shelf, count: int, start: int = 0) -> list[int]:
    """Files with a content, so a track and a vector, of their own; the tracks."""
    for i in range(start, start + count):
        shelf.write(f"{i:02}.mp3", f"C{i}")
    shelf.both()
    return [track(shelf, f"{i:02}.mp3") for i in range(start, start + count)]


def track(shelf: Shelf, name: str) -> int:
    found = shelf.row(name).track_id
    assert found is not None
    return found


def fresh(shelf: Shelf) -> Neighbours:
    made = Neighbours(shelf.library, shelf.encoder, PLAN)
    made.refresh()
    return made


def ranked(found: Neighbours, seed: int, n: int = 100) -> list[int]:
    return [match.track_id for match in found.similar([seed], n=n, fold=False)]


def expected(tracks: list[int], contents: list[str], seed: int) -> list[int]:
    """Cosine over the raw vectors, by a plain sort."""
    unit = unit_rows(np.stack([vector(content) for content in contents]), None)
    order = np.argsort(-(unit @ unit[tracks.index(seed)]), kind="stable")
    return [tracks[row] for row in order if tracks[row] != seed]


def test_the_nearest_come_first_with_the_files_that_stand_for_them(shelf: Shelf) -> None:
    tracks = fill(shelf, 12)
    found = fresh(shelf)
    contents = [f"C{i}" for i in range(12)]
    assert len(found) == 12
    for seed in tracks[:3]:
        assert ranked(found, seed) == expected(tracks, contents, seed)
    (best, *_) = found.similar([tracks[0]], n=1)
    assert shelf.library.rows.files_of([best.track_id]) == {best.track_id: best.file_id}


def test_nothing_to_compare_with(shelf: Shelf) -> None:
    empty = fresh(shelf)
    assert (len(empty), empty.similar([1]), empty.has(1)) == (0, [], False)
    (only,) = fill(shelf, 1)
    empty.refresh()
    assert empty.has(only)
    assert empty.similar([only]) == []
    assert empty.similar([only + 99, 10**12]) == []


def test_it_says_whether_anything_may_have_changed(shelf: Shelf) -> None:
    fill(shelf, 3)
    found = Neighbours(shelf.library, shelf.encoder, PLAN)
    assert found.refresh()
    assert not found.refresh()
    fill(shelf, 1, start=3)
    assert found.refresh()
    assert len(found) == 4


def test_what_is_taken_out_and_put_in_is_followed(shelf: Shelf) -> None:
    tracks = fill(shelf, 6)
    found = fresh(shelf)
    shelf.library.files.reread([shelf.row("01.mp3").file_id, shelf.row("05.mp3").file_id])
    found.refresh()
    assert [found.has(key) for key in tracks] == [True, False, True, True, True, False]
    shelf.write("01.mp3", "CHANGED")
    fill(shelf, 1, start=6)
    found.refresh()
    contents = ["C0", "C2", "C3", "C4", "C5", "CHANGED", "C6"]
    now = [track(shelf, f"{i:02}.mp3") for i in (0, 2, 3, 4, 5, 1, 6)]
    assert len(found) == 7
    assert ranked(found, now[0]) == expected(now, contents, now[0])


def test_the_same_number_of_vectors_are_not_the_same_vectors(shelf: Shelf) -> None:
    """One goes and another comes between two looks."""
    fill(shelf, 4)
    found = fresh(shelf)
    shelf.library.files.reread([shelf.row("03.mp3").file_id])
    shelf.write("03.mp3", "ANOTHER")
    shelf.both()
    found.refresh()
    assert len(found) == 4
    tracks = [track(shelf, f"{i:02}.mp3") for i in range(4)]
    assert all(found.has(key) for key in tracks)
    assert ranked(found, tracks[3]) == expected(tracks, ["C0", "C1", "C2", "ANOTHER"], tracks[3])


def test_what_a_job_stores_in_between_is_no_reason_to_begin_anew(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shelf, 5)
    found = fresh(shelf)
    rebuilt: list[object] = []
    real, rebuild = shelf.library.vectors.after, VectorCache.rebuild

    def after(*arguments: Any, **more: Any) -> Any:
        if len(shelf.library.rows.order(1, PLAN)) == 5:
            fill(shelf, 1, start=5)
        return real(*arguments, **more)

    monkeypatch.setattr(shelf.library.vectors, "after", after)
    monkeypatch.setattr(VectorCache, "rebuild", lambda *a: rebuilt.append(a) or rebuild(*a))
    found.refresh()
    assert rebuilt == []
    assert len(found) == 6


def test_answers_stay_those_of_the_last_look(shelf: Shelf) -> None:
    """Another process may write to the cache at any time."""
    tracks = fill(shelf, 5)
    found = fresh(shelf)
    before = found.similar([tracks[0]])
    fill(shelf, 20, start=5)
    fresh(shelf)
    assert found.similar([tracks[0]]) == before
    assert len(found) == 5


def test_new_statistics_change_the_scores(shelf: Shelf) -> None:
    tracks = fill(shelf, 25)
    found = fresh(shelf)
    raw = {match.track_id: match.score for match in found.similar([tracks[0]], n=30)}
    matrix = shelf.library.vectors.after(shelf.encoder.id, PLAN, 0)[2]
    fit = measure(matrix)
    assert fit is not None
    shelf.library.vectors.set_standardisation(shelf.encoder.id, PLAN, fit.mean, fit.std, fit.n)
    assert found.refresh()
    unit = unit_rows(np.stack([vector(f"C{i}") for i in range(25)]), fit)
    scores = {match.track_id: match.score for match in found.similar([tracks[0]], n=30)}
    assert scores == {
        key: pytest.approx(float(unit[i] @ unit[0]), abs=1e-5) for i, key in enumerate(tracks) if i
    }
    assert scores != raw


def test_what_cannot_be_played_is_no_neighbour_but_can_be_asked_about(shelf: Shelf) -> None:
    tracks = fill(shelf, 6)
    (shelf.folder / "02.mp3").unlink()
    shelf.write("04 copy.mp3", "C4")
    shelf.both()
    found = fresh(shelf)
    assert tracks[2] not in ranked(found, tracks[0])
    assert len(ranked(found, tracks[2])) == 5
    (shelf.folder / "04.mp3").unlink()
    shelf.both()
    found = fresh(shelf)
    files = {match.track_id: match.file_id for match in found.similar([tracks[0]], n=9)}
    assert files[tracks[4]] == shelf.row("04 copy.mp3").file_id


def test_a_folder_that_goes_offline_takes_its_tracks_along(shelf: Shelf) -> None:
    tracks = fill(shelf, 4)
    found = fresh(shelf)
    root = shelf.library.roots.all()[0].id
    shelf.library.roots.set_online(root, online=False)
    found._facts_due = 0.0
    assert found.refresh()
    assert found.similar([tracks[0]]) == []
    shelf.library.roots.set_online(root, online=True)
    found._facts_due = 0.0
    found.refresh()
    assert len(found.similar([tracks[0]])) == 3


def _tag(shelf: Shelf, name: str, **columns: str) -> None:
    from sqlalchemy import text

    with shelf.library._db.write() as connection:
        for column, value in columns.items():
            statement = text(f"UPDATE file SET {column} = :value WHERE name = :name")
            connection.execute(statement, {"value": value, "name": name})


def test_the_same_artist_and_the_same_album_can_be_left_out(shelf: Shelf) -> None:
    tracks = fill(shelf, 6)
    _tag(shelf, "00.mp3", artist="Ann", album="Greatest Hits")
    _tag(shelf, "01.mp3", artist="ANN", album="Greatest Hits")
    _tag(shelf, "02.mp3", artist="Bob", album="Greatest Hits", folder="/elsewhere")
    _tag(shelf, "03.mp3", artist="Cyd", album="Sampler", album_artist="Various")
    _tag(shelf, "04.mp3", artist="Dan", album="Sampler", album_artist="Various")
    found = fresh(shelf)

    def left(seed: int, **filters: bool) -> set[int]:
        return {tracks.index(match.track_id) for match in found.similar([tracks[seed]], n=9, **filters)}

    assert left(0) == {1, 2, 3, 4, 5}
    assert left(0, exclude_artist=True) == {2, 3, 4, 5}
    assert left(0, exclude_album=True) == {2, 3, 4, 5}, "another artist's album of that name is another album"
    assert left(3, exclude_album=True) == {0, 1, 2, 5}
    assert left(5, exclude_album=True, exclude_artist=True) == {0, 1, 2, 3, 4}, "no name equals nothing"


def test_less_like_and_several_seeds(shelf: Shelf) -> None:
    tracks = fill(shelf, 8)
    found = fresh(shelf)
    scores = {m.track_id: m.score for m in found.similar(tracks[:2], n=9)}
    assert set(scores) == set(tracks[2:])
    away = [m.track_id for m in found.similar([tracks[0]], [tracks[5]], n=9)]
    assert tracks[5] not in away
    assert found.similar([tracks[0], 10**9], n=9) == found.similar([tracks[0]], n=9)


def test_what_is_known_of_the_tracks_is_not_read_at_every_change(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shelf, 3)
    found = fresh(shelf)
    asked: list[int] = []
    real = shelf.library.facets.known
    monkeypatch.setattr(shelf.library.facets, "known", lambda: asked.append(1) or real())
    monkeypatch.setattr(module, "FACTS_SHARE", 1e-6)
    found._facts_due = 0.0
    for _ in range(5):
        shelf.library.files.prioritise(1)
        shelf.library.files.retry()
        found.refresh()
    assert len(asked) <= 1
    fill(shelf, 1, start=3)
    found.refresh()
    assert len(asked) <= 2
    assert found.similar([track(shelf, "03.mp3")], n=9) != []


def test_another_library_at_the_same_place_is_another(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for contents in (["A", "B", "C"], ["D", "E"]):
        with Library(tmp_path / "a.earmap") as library:
            shelf = Shelf(library, tmp_path / "music")
            for content in contents:
                shelf.write(f"{content}.mp3", content)
            shelf.both()
            found = fresh(shelf)
            assert len(found) == len(contents)
            names = [f"{content}.mp3" for content in contents]
            assert ranked(found, track(shelf, names[0])) == expected(
                [track(shelf, name) for name in names], contents, track(shelf, names[0])
            )
        for content in contents:
            (tmp_path / "music" / f"{content}.mp3").unlink()
        (tmp_path / "a.earmap").unlink()


def test_encoders_and_plans_do_not_share_vectors(shelf: Shelf) -> None:
    fill(shelf, 3)
    other = encoder(shelf.library, "other")
    read = Read(1, "ok", identity="C0", vector=np.ones(DIM, np.float32), n_segments=1)
    shelf.library.files.record([read], other.id, "spread-2", "cpu", "float32")
    sizes = {}
    for record in (shelf.encoder, other):
        for plan in (PLAN, "spread-2"):
            made = Neighbours(shelf.library, record, plan)
            made.refresh()
            sizes[record.name, plan] = len(made)
    assert sizes == {("mfcc", PLAN): 3, ("mfcc", "spread-2"): 0, ("other", PLAN): 0, ("other", "spread-2"): 1}


def test_rows_are_of_the_vectors_whichever_tracks_are_known() -> None:
    facts = {
        7: Fact(1, "One", "A", "B", "", 1.0, "/m", 1999, "Dub"),
        9: Fact(2, "Two", "a", "", "", None, "/n"),
    }
    known, files = module.catalogue(Known.of_facts(facts), np.array([9, 8, 7, 20]))
    assert files.tolist() == [2, -1, 1, -1]
    assert known.titles is not None
    assert [known.titles[row] for row in range(4)] == ["Two", "", "One", ""]
    assert known.artist is not None
    assert known.artist.tolist() == [0, -1, 0, -1]
    assert known.album is not None
    assert known.album.tolist() == [-1, -1, 0, -1]
    assert known.seconds is not None
    assert known.seconds.tolist() == pytest.approx([np.nan, np.nan, 1.0, np.nan], nan_ok=True)
    assert known.year is not None
    assert known.year.tolist() == pytest.approx([np.nan, np.nan, 1999, np.nan], nan_ok=True)
    assert known.genre is not None
    assert known.folder is not None
    assert [known.genre.texts[code] if code >= 0 else "" for code in known.genre.codes] == ["", "", "Dub", ""]
    assert [known.folder.texts[code] if code >= 0 else "" for code in known.folder.codes] == [
        "/n",
        "",
        "/m",
        "",
    ]
