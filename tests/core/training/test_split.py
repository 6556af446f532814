from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.training.split import FEWEST, LARGEST_SHARE, one_each, split


@dataclass(frozen=True)
class Track:
    identity: str
    artist: str = ""
    album: str = ""
    recording: str = ""
    album_artist: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "recording", self.recording or self.identity)


def shelf(albums: int, of: int = 10) -> list[Track]:
    return [Track(f"t{a}-{n}", f"artist {a}", f"album {a}") for a in range(albums) for n in range(of)]


def test_whole_albums_are_kept_and_no_more_than_asked_for() -> None:
    tracks = shelf(100)
    found = split(tracks, 0.1, 64)
    kept = {tracks[row].album for row in found.validation}
    assert len(found.validation) == 100 == 10 * len(kept)
    assert not kept & {tracks[row].album for row in found.train}
    assert sorted([*found.train, *found.validation]) == list(range(1000))


def test_a_small_library_keeps_enough_candidates_but_never_more_than_a_quarter() -> None:
    assert 60 <= len(split(shelf(40), 0.1, 64).validation) <= 64  # 10 % would be 40
    assert 20 <= len(split(shelf(10), 0.1, 64).validation) <= 25


def test_the_split_does_not_depend_on_the_order_of_the_clips_nor_much_on_others() -> None:
    tracks = shelf(50)
    kept = {tracks[row].identity for row in split(tracks, 0.1, 20).validation}
    backwards = tracks[::-1]
    assert {backwards[row].identity for row in split(backwards, 0.1, 20).validation} == kept
    more = [*tracks, Track("new", "somebody", "something")]
    assert {more[row].identity for row in split(more, 0.1, 20).validation} == kept


def test_without_albums_artists_stay_together_and_without_artists_recordings() -> None:
    tracks = [Track(f"a{n}", artist=f"artist {n % 20}") for n in range(100)]
    found = split(tracks, 0.1, 10)
    artists = {tracks[row].artist for row in found.validation}
    assert artists
    assert not artists & {tracks[row].artist for row in found.train}
    nameless = [Track(f"n{n}") for n in range(100)]
    assert len(split(nameless, 0.1, 10).validation) == 10


def test_a_compilation_stays_together_whoever_plays() -> None:
    tracks = [Track(f"c{n}", f"artist {n}", " Hits " if n % 2 else "hits") for n in range(8)]
    tracks += shelf(4)
    found = split(tracks, 0.2, 8)
    held = {tracks[row].album.strip().casefold() for row in found.validation}
    assert len(held) == 1  # one whole group fits, and a second does not
    assert not held & {tracks[row].album.strip().casefold() for row in found.train}


def test_two_albums_of_one_name_are_kept_one_by_one() -> None:
    tracks = [Track(f"g{n}", f"artist {n // 10}", "Greatest Hits") for n in range(100)]
    found = split(tracks, 0.2, 20)
    assert len(found.validation) == 20
    held = {tracks[row].artist for row in found.validation}
    assert len(held) == 2
    assert not held & {tracks[row].artist for row in found.train}


def test_another_version_of_a_kept_recording_is_in_neither_part() -> None:
    tracks = shelf(20, 4)
    for row in split(tracks, 0.1, 8).validation.tolist():
        version = Track("version", "artist x", "Best of", tracks[row].recording)
        rest = [Track(f"b{n}", "artist x", "Best of") for n in range(40)]  # too many to be kept themselves
        found = split([*tracks, version, *rest], 0.1, 8)
        assert row in found.validation
        assert len(tracks) not in [*found.train, *found.validation]


def test_one_large_album_is_cut_by_recordings_since_there_is_nothing_else() -> None:
    tracks = [Track(f"t{n}", "one", "only") for n in range(40)]
    assert len(split(tracks, 0.1, 64).validation) == 10


def test_too_little_music_is_said() -> None:
    with pytest.raises(UserError, match=r"too little music to train on: 7 usable"):
        split(shelf(1, FEWEST - 1), 0.1, 64)
    same = [Track(f"v{n}", recording="one song") for n in range(50)]
    with pytest.raises(UserError, match="1 usable"):
        split(same, 0.1, 64)
    split(shelf(1, FEWEST), 0.1, 64)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 60)), min_size=30, max_size=120),
    st.floats(0.01, 0.5),
    st.integers(2, 64),
)
def test_nothing_is_ever_in_both_parts(
    raw: list[tuple[int, int, int]], share: float, candidates: int
) -> None:
    tracks = [
        Track(str(n), f"artist {b}" if b else "", f"album {a}" if a else "", f"song {c}")
        for n, (a, b, c) in enumerate(raw)
    ]
    recordings = {track.recording for track in tracks}
    if len(recordings) < FEWEST:
        return
    found = split(tracks, share, candidates)
    train, kept = ([tracks[row] for row in rows.tolist()] for rows in (found.train, found.validation))
    assert kept
    assert train
    assert not {t.recording for t in train} & {t.recording for t in kept}
    assert len({t.recording for t in kept}) <= max(LARGEST_SHARE, 0.5) * len(recordings)


def test_one_each_takes_one_version_in_an_order_of_its_own() -> None:
    tracks = [Track(f"t{n}", recording=f"song {n // 2}") for n in range(20)]
    chosen = one_each(tracks, range(20))
    assert sorted(tracks[row].recording for row in chosen) == sorted({t.recording for t in tracks})
    assert chosen != sorted(chosen)
    backwards = one_each(tracks[::-1], range(20))
    assert [tracks[row].identity for row in chosen] == [tracks[19 - row].identity for row in backwards]
