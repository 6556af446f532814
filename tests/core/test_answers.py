"""Lists with their receipts over a real library: rules, paths, radio, moments, and what cannot be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from core.asking import Request, kept, refreshed
from core.audio.spread import starts
from core.errors import UserError
from core.library.records import Read
from core.library.store import Library
from core.neighbours import Neighbours, Rules, Spacing
from core.recommend import measure, unit_rows
from core.recommend.path import way
from core.recommend.rules import clock
from tests.shelf import DIM, Shelf

PLAN = "spread-10"
N = 24


def tagged(shelf: Shelf, tracks: list[int]) -> None:
    """Artist and year by number, four artists, one track of each without a year; folders of six."""
    statement = text("""
        UPDATE file SET artist = :artist, album = :album, year = :year, genre = :genre, seconds = 100.0
        WHERE track_id = :track
    """)
    with shelf.library._db.write() as connection:
        for number, track in enumerate(tracks):
            values = {
                "track": track, "artist": f"Artist {number % 4}", "album": f"Album {number % 8}",
                "year": None if number < 4 else 1970 + number, "genre": "Jazz" if number % 2 else "Rock",
            }  # fmt: skip
            connection.execute(statement, values)


def segments(number: int) -> np.ndarray:
    """Of a track by its place on the shelf: ids of tracks go by the order of reading, which is another each time."""
    return np.random.default_rng(number).standard_normal((10, DIM)).astype(np.float16)


def filled(folder: Path) -> Shelf:
    """24 tracks with vectors under "spread-10", the first twenty with those of their segments."""
    (folder / "music").mkdir()
    shelf = Shelf(Library(folder / "a.earmap"), folder / "music")
    for number in range(N):
        shelf.write(f"{number // 6}/{number:02}.mp3", f"C{number}")
    shelf.both()
    tracks = tracks_of(shelf)
    tagged(shelf, tracks)
    for number in range(N):
        own = segments(number)
        read = Read(
            shelf.row(f"{number // 6}/{number:02}.mp3").file_id, "ok", identity=f"C{number}", seconds=100.0,
            vector=own.astype(np.float32).mean(axis=0), segments=own if number < 20 else None, n_segments=10,
        )  # fmt: skip
        shelf.library.files.record([read], shelf.encoder.id, PLAN, "cpu", "float32")
    return shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """For questions: no file is changed in it."""
    shelf = filled(tmp_path_factory.mktemp("answers"))
    with shelf.library:
        yield shelf


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Shelf]:
    """For tests that change files."""
    shelf = filled(tmp_path)
    with shelf.library:
        yield shelf


def tracks_of(shelf: Shelf) -> list[int]:
    return [shelf.row(f"{number // 6}/{number:02}.mp3").track_id or 0 for number in range(N)]


@pytest.fixture
def tracks(shelf: Shelf) -> list[int]:
    return tracks_of(shelf)


def fresh(shelf: Shelf) -> Neighbours:
    made = Neighbours(shelf.library, shelf.encoder, PLAN)
    made.refresh()
    return made


@pytest.fixture
def known(shelf: Shelf) -> Neighbours:
    return fresh(shelf)


def test_rules_and_their_receipt(shelf: Shelf, tracks: list[int], known: Neighbours) -> None:
    shelf.library.labels.set(tracks[:12], "calm")
    known._facts_due = 0.0
    known.refresh()
    folders = frozenset({shelf.row("1/06.mp3").folder, shelf.row("0/00.mp3").folder})
    rules = Rules(
        other_artists=True, years=(1974, 1990), genres=frozenset({"jazz"}), labels=frozenset({"Calm"}),
        folders=folders, fold=False,
    )  # fmt: skip
    found = known.ask([tracks[5]], n=10, rules=rules)
    assert {tracks.index(match.track_id) for match in found.matches} == {7, 11}
    assert found.receipt == (
        "24 tracks compared, as Timbre (MFCC) hears them.",
        "Other artists: 5 tracks left out.",
        "Years 1974 to 1990: 5 tracks left out, 3 of them without a year.",
        "Genre jazz: 9 tracks left out.",
        f"Folder {' or '.join(sorted(folders))}: 2 tracks left out.",
        "Label Calm: no track left out.",
        "Only 2 of the 10 that were asked for: no more are left.",
    )


def test_a_list_without_rules_is_the_similar_one(tracks: list[int], known: Neighbours) -> None:
    found = known.ask(tracks[:2], more=[tracks[2]], less=[tracks[3]], n=5)
    assert list(found.matches) == known.similar(tracks[:3], [tracks[3]], 5)
    assert found.receipt == (
        "24 tracks compared, as Timbre (MFCC) hears them.", "More like 1 track: counted as chosen.",
        "Less like 1 track: that likeness counts half, against.", "All 5 that were asked for.",
    )  # fmt: skip
    doubled = known.ask([tracks[0], tracks[0]], more=[tracks[0]], less=[tracks[0]])
    assert doubled.matches == known.ask([tracks[0]]).matches


def test_hubs_are_corrected_and_it_is_said_what_that_changed(tracks: list[int], known: Neighbours) -> None:
    plain = {match.track_id for match in known.ask([tracks[0]], n=8).matches}
    found = known.ask([tracks[0]], n=8, rules=Rules(hubness="local"))
    new = len({match.track_id for match in found.matches} - plain)
    assert f"Hubs corrected: {new} of these 8 would not be here without." in found.receipt
    effect = known.hub_effect()
    assert effect is not None
    assert effect.rows == N
    again = Neighbours(known._library, known.encoder, PLAN)
    again.refresh()
    assert again.ask([tracks[0]], n=8, rules=Rules(hubness="local")) == found, "read from beside the vectors"


def test_new_tracks_get_their_surroundings_and_broken_files_are_made_again(
    own: Shelf,
) -> None:
    before = fresh(own)._scale()
    (kept_file,) = own.library.sidecar("vectors").glob("hubs-*.npz")
    kept_file.write_bytes(b"PK\x03\x04 nothing")
    again = fresh(own)
    assert (again._scale() == before).all()
    own.write("new.mp3", "NEW")
    own.both()
    row = own.row("new.mp3")
    read = Read(row.file_id, "ok", identity="NEW", vector=np.ones(DIM, np.float32), n_segments=1)
    own.library.files.record([read], own.encoder.id, PLAN, "cpu", "float32")
    again.refresh()
    after = again._scale()
    assert len(after) == N + 1
    place = int(again.snapshot.rows([row.track_id or 0])[0])
    assert (np.delete(after, place) == before).all(), "one more changes nobody's surroundings yet"
    assert after[place] != 1


def test_a_path_and_its_receipt(tracks: list[int], known: Neighbours) -> None:
    found = known.path(tracks[0], tracks[1], 6, [tracks[2]], Rules(years=(1980, None)))
    ids = [match.track_id for match in found.matches]
    assert (ids[0], ids[-1], len(set(ids))) == (tracks[0], tracks[1], 6)
    assert tracks[2] in ids[1:-1]
    assert all(tracks.index(one) >= 10 for one in ids[1:-1] if one != tracks[2])
    unit = known.snapshot.unit[known.snapshot.rows(ids)]
    likeness = [float(a @ b) for a, b in pairwise(unit)]
    assert [match.score for match in found.matches] == pytest.approx([1.0, *likeness], abs=1e-5)
    assert f"steps of {min(likeness):.2f} to {max(likeness):.2f}" in found.receipt[2]
    assert found.receipt[1].startswith("Years from 1980: ")
    assert found.receipt[-1] == "All 6 that were asked for."


def test_hubs_on_a_path_are_corrected(tracks: list[int], known: Neighbours) -> None:
    changed = 0
    for a, b in combinations(tracks[:6], 2):
        plain = {match.track_id for match in known.path(a, b, 6).matches}
        found = known.path(a, b, 6, rules=Rules(hubness="local"))
        ids = [match.track_id for match in found.matches]
        stops = known.snapshot.rows([a, b]).tolist()
        expected = way(known.snapshot.unit, stops, 6, known.files < 0, known._catalogue, known._scale())
        assert known.snapshot.rows(ids).tolist() == list(expected.rows)
        new = len(set(ids) - plain)
        assert f"Hubs corrected: {new} of these 6 would not be here without." in found.receipt
        changed += new
    assert changed


def test_paths_that_cannot_be(tracks: list[int], known: Neighbours) -> None:
    same = known.path(tracks[0], tracks[0])
    assert same.matches == ()
    assert "choose two different ones" in same.receipt[0]
    gone = known.path(tracks[0], 10**9)
    assert gone.matches == ()
    assert "has no vector yet" in gone.receipt[0]
    # More stops than places, twice the same, one that nobody has heard: the rest is a path all the same.
    found = known.path(tracks[0], tracks[1], 3, [tracks[4], tracks[5], tracks[4], tracks[0], 10**9])
    assert [match.track_id for match in found.matches] == [tracks[0], tracks[4], tracks[5], tracks[1]]
    assert "A track that was named twice is passed once." in found.receipt
    assert "1 track on the way without a vector yet: passed over." in found.receipt
    few = known.path(tracks[0], tracks[1], 50, rules=Rules(genres=frozenset({"Jazz"})))
    assert few.receipt[-1] == f"Only {len(few.matches)} of the 50 that were asked for: no more are left."


def test_a_radio_and_its_receipt(tracks: list[int], known: Neighbours) -> None:
    found = known.radio([tracks[0]], 8, Spacing(2, 0))
    numbers = [0, *(tracks.index(match.track_id) for match in found.matches)]
    assert all(numbers[i] % 4 not in {n % 4 for n in numbers[max(0, i - 2) : i]} for i in range(1, 9))
    assert "Spacing, 2 other tracks between two of one artist: kept throughout." in found.receipt
    more = known.radio(
        [tracks[0]], 8, Spacing(2, 0), played=[tracks[0], *(m.track_id for m in found.matches)]
    )
    assert not {m.track_id for m in more.matches} & {m.track_id for m in found.matches}
    whole = known.radio([tracks[0]], 60, Spacing(9, 9), Rules(genres=frozenset({"Rock"})))
    assert len(whole.matches) == 11
    assert any("relaxed for" in line and "artist" in line for line in whole.receipt)
    assert whole.receipt[-1] == "Only 11 of the 60 that were asked for: no more are left."


@pytest.mark.parametrize("seeds", [[], [10**9], [10**9, 10**8]])
def test_nothing_to_start_from(known: Neighbours, seeds: list[int]) -> None:
    for found in (known.ask(seeds), known.radio(seeds)):
        assert found.matches == ()
        assert found.receipt[0] == (
            "None of the chosen tracks has been listened to yet." if seeds else "Choose a track."
        )


def test_an_empty_library_answers_too(tmp_path: Path) -> None:
    with Library(tmp_path / "empty.earmap") as library:
        (tmp_path / "m").mkdir()
        empty = Neighbours(library, Shelf(library, tmp_path / "m").encoder, PLAN)
        empty.refresh()
        assert empty.ask([1], rules=Rules(hubness="local")).matches == ()
        assert empty.radio([1]).matches == ()
        assert empty.path(1, 2).matches == ()
        assert empty.hub_effect() is None
        with pytest.raises(UserError, match="No moments"):
            empty.moment(1, 0, 3)


def test_a_file_that_is_gone_is_in_no_list(own: Shelf) -> None:
    known, tracks = fresh(own), tracks_of(own)
    best = known.ask([tracks[0]], n=1).matches[0]
    number = tracks.index(best.track_id)
    (own.folder / f"{number // 6}/{number:02}.mp3").unlink()
    own.scan()
    known._facts_due = 0.0
    known.refresh()
    found = known.ask([tracks[0]], n=50)
    assert best.track_id not in {match.track_id for match in found.matches}
    assert found.receipt[0] == "23 tracks compared, as Timbre (MFCC) hears them."
    assert best.track_id not in {match.track_id for match in known.radio([tracks[0]], 50).matches}
    assert best.track_id not in {match.track_id for match in known.moment(tracks[0], 0, 100, 50).matches}


def standardised(tracks: list[int]) -> dict[int, np.ndarray]:
    every = np.concatenate([segments(number) for number in range(20)]).astype(np.float32)
    stats = measure(every, halves=False)
    return {
        track: unit_rows(segments(number).astype(np.float32), stats)
        for number, track in enumerate(tracks[:20])
    }


def test_why_two_tracks_are_alike(tracks: list[int], known: Neighbours) -> None:
    unit = standardised(tracks)
    found = known.why(tracks[0], tracks[1])
    cosine = unit[tracks[0]] @ unit[tracks[1]].T
    i, j = np.unravel_index(cosine.argmax(), cosine.shape)
    at = [one / 16_000 for one in starts(1_600_000, 10)]
    assert (found[0].start_a, found[0].start_b, found[0].seconds) == (at[i], at[j], 3.0)
    assert found[0].score == pytest.approx(float(cosine.max()), abs=1e-5)
    assert len(found) == 3
    turned = known.why(tracks[1], tracks[0])
    assert [(p.start_b, p.start_a) for p in turned] == [(p.start_a, p.start_b) for p in found]


def test_a_moment_is_found_in_the_whole_library(tracks: list[int], known: Neighbours) -> None:
    unit, at = standardised(tracks), [one / 16_000 for one in starts(1_600_000, 10)]
    answer = known.moment(tracks[0], at[3] - 1, at[4] + 4, 30)  # two segments
    found = answer.matches
    assert known.heard(tracks[0], at[3] - 1, at[4] + 4) == (at[3], at[4])
    query = unit[tracks[0]][3:5].mean(axis=0)
    query /= np.linalg.norm(query)
    expected = {track: float((unit[track] @ query).max()) for track in tracks[1:20]}
    assert [m.track_id for m in found] == sorted(expected, key=lambda track: -expected[track])
    assert [m.score for m in found] == pytest.approx(sorted(expected.values(), reverse=True), abs=1e-3)
    best = found[0]
    assert best.start_s == at[int((unit[best.track_id] @ query).argmax())]
    assert known.file(best.track_id) == best.file_id
    assert answer.receipt == (
        "24 tracks compared, as Timbre (MFCC) hears them.",
        f"Heard for this: 3 s from {clock(at[3])}, {clock(at[4])}.",
        "Without stored moments: 4 tracks left out.",
        "Only 19 of the 30 that were asked for: no more are left.",
    )
    # Between two segments the nearer one stands for the seconds.
    assert known.heard(tracks[0], at[5] + 3.2, at[5] + 3.6) == (at[5],)


def test_moments_go_by_the_same_rules_as_other_lists(tracks: list[int], known: Neighbours) -> None:
    every = known.moment(tracks[0], 0, 100, 50).matches
    rules = Rules(other_artists=True, years=(1974, None), genres=frozenset({"jazz"}), hubness="local")
    found = known.moment(tracks[0], 0, 100, 50, rules)
    left = [match for match in every if (n := tracks.index(match.track_id)) >= 4 and n % 2 and n % 4]
    assert found.matches == tuple(left)
    assert found.receipt[2:] == (
        "Without stored moments: 4 tracks left out.",
        "Other artists: 4 tracks left out.",
        "Years from 1974: 3 tracks left out, 3 of them without a year.",
        "Genre jazz: 4 tracks left out.",
        "Hubs are not corrected for a moment: they are measured on whole tracks, not on their seconds.",
        "Only 8 of the 50 that were asked for: no more are left.",
    )
    assert known.moment(tracks[0], 0, 100, 3, rules).matches == found.matches[:3]
    nothing = known.moment(tracks[0], 0, 100, 3, Rules(genres=frozenset({"polka"})))
    assert nothing.matches == ()
    assert nothing.receipt[0] == "No track is left under these rules."


def test_versions_are_folded_under_the_best_moment(own: Shelf) -> None:
    tracks = tracks_of(own)
    own.write("again.mp3", "AGAIN")
    own.both()
    row, nearly = own.row("again.mp3"), segments(5) + np.float16(0.02)
    again = row.track_id or 0
    read = Read(
        row.file_id, "ok", identity="AGAIN", seconds=100.0, vector=nearly.astype(np.float32).mean(axis=0),
        segments=nearly, n_segments=10,
    )  # fmt: skip
    own.library.files.record([read], own.encoder.id, PLAN, "cpu", "float32")
    with own.library._db.write() as connection:
        for track, title in ((tracks[5], "Song"), (again, "Song (Remastered)")):
            statement = text(
                "UPDATE file SET title = :title, artist = 'Ann', seconds = 100 WHERE track_id = :track"
            )
            connection.execute(statement, {"track": track, "title": title})
    known = fresh(own)
    plain = known.moment(tracks[0], 0, 100, 50, Rules(fold=False))
    found = known.moment(tracks[0], 0, 100, 50)
    assert (len(plain.matches), len(found.matches)) == (20, 19)
    best = next(one for one in plain.matches if one.track_id in (tracks[5], again))
    (head,) = (one for one in found.matches if one.folded)
    assert replace(head, folded=()) == best
    assert {head.track_id, *head.folded} == {tracks[5], again}
    assert "Versions of one recording folded: 1 under the lines shown." in found.receipt
    of_itself = known.moment(tracks[5], 0, 100, 50)
    assert again not in {one.track_id for one in of_itself.matches}
    assert "Versions of one recording folded: 1 left out as versions of what was chosen." in of_itself.receipt


def test_moments_that_were_stored_later_are_found(own: Shelf) -> None:
    tracks, known = tracks_of(own), fresh(own)
    before = known.moment(tracks[0], 0, 3, 50)
    assert known.moment(tracks[0], 0, 3, 50) == before
    read = Read(
        own.row("3/22.mp3").file_id, "ok", identity="C22", seconds=100.0,
        vector=np.ones(DIM, np.float32), segments=segments(22), n_segments=10,
    )  # fmt: skip
    own.library.files.record([read], own.encoder.id, PLAN, "cpu", "float32")
    after = known.moment(tracks[0], 0, 3, 50)
    assert {one.track_id for one in after.matches} == {one.track_id for one in before.matches} | {tracks[22]}
    every = np.concatenate([segments(number) for number in [*range(20), 22]]).astype(np.float32)
    unit = unit_rows(segments(22).astype(np.float32), measure(every, halves=False))
    query = unit_rows(segments(0).astype(np.float32), measure(every, halves=False))[0]
    (new,) = (one for one in after.matches if one.track_id == tracks[22])
    assert new.score == pytest.approx(float((unit @ query).max()), abs=1e-3), "the statistics are of all 21"


def test_moments_that_cannot_be(tracks: list[int], known: Neighbours) -> None:
    with pytest.raises(UserError, match="No moments of this track are stored under mfcc"):
        known.why(tracks[0], tracks[22])
    with pytest.raises(UserError, match="No moments"):
        known.moment(tracks[22], 0, 9)
    with pytest.raises(UserError, match="No moments"):
        known.moment(10**9, 0, 9)
    with pytest.raises(UserError, match="like itself"):
        known.why(tracks[0], tracks[0])
    for start, end in ((5, 5), (9, 3), (-1, 3)):
        with pytest.raises(UserError, match="no seconds of a track"):
            known.moment(tracks[0], start, end)


@pytest.mark.parametrize("kind", ["similar", "path", "radio"])
def test_a_kept_list_is_made_again_by_its_question(
    shelf: Shelf, tracks: list[int], known: Neighbours, kind: str
) -> None:
    request = Request(
        kind, "mfcc", PLAN, (tracks[0], tracks[1]), 7, spacing=Spacing(1, 0),  # type: ignore[arg-type] # a parameter
        rules=Rules(genres=frozenset({"Rock", "Jazz"}), years=(1970, 1999), hubness="local"),
    )  # fmt: skip
    found = request.answer(known)
    record = kept(shelf.library, "Mine", request, found)
    assert (record.kind, record.n) == (kind, 7)
    assert Request.of(record.rule) == request
    shelf.library.playlists.set_items(record.id, tracks[:3])
    again, list_again = refreshed(shelf.library, record)
    assert list_again == found
    items = shelf.library.playlists.items(again.id)
    assert [item.track_id for item in items] == [match.track_id for match in found.matches]


def test_lists_that_cannot_be_made_again(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    with pytest.raises(UserError, match="by hand"):
        refreshed(shelf.library, lists.create("Hand", tracks[:2]))
    whole = Request("similar", "mfcc", PLAN, (tracks[0],)).rule()
    changes: tuple[dict[str, Any], ...] = (
        {"kind": "magic"}, {"seeds": "1"}, {"n": 0}, {"n": True}, {"spacing": [1]}, {"rules": {"x": 1}},
        {"rules": []}, {"seeds": [1.5]}, {"encoder": 5},
        {"kind": "moment"}, {"kind": "moment", "span": [1]}, {"kind": "moment", "span": "12"},
        {"kind": "moment", "span": ["a", 2]},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(UserError, match="cannot be understood"):
            Request.of({**whole, **change})
    with pytest.raises(UserError, match="cannot be understood"):
        Request.of({"seeds": [1]})
    gone = lists.create("Gone", tracks[:2], "similar", {**whole, "seeds": [10**9]})
    with pytest.raises(UserError, match="listened to"):
        refreshed(shelf.library, gone)
    assert lists.get(gone.id).n == 2, "it stays as it was"
    with pytest.raises(UserError, match="nobody"):
        refreshed(shelf.library, lists.create("No", tracks[:1], "similar", {**whole, "encoder": "nobody"}))
