from __future__ import annotations

from dataclasses import dataclass

from core.training.albums import albums


@dataclass(frozen=True)
class Tags:
    artist: str = ""
    album: str = ""
    album_artist: str = ""


def parts(clips: list[Tags]) -> list[set[int]]:
    """Which clips are of one album; those without one are left out."""
    keys = albums(clips)
    return [{row for row, key in enumerate(keys) if key == one} for one in dict.fromkeys(keys) if one]


def test_albums_of_one_name_are_told_apart_by_their_artists() -> None:
    told = [Tags(f"guest {n}", "Greatest Hits", "Ann" if n < 3 else "Bob") for n in range(5)]
    assert parts(told) == [{0, 1, 2}, {3, 4}]
    untold = [Tags("Ann" if n < 3 else "Bob", " greatest hits") for n in range(6)]
    assert parts(untold) == [{0, 1, 2}, {3, 4, 5}]
    assert parts([Tags("ann ", "A", "ANN"), Tags("x", "a ", "Ann")]) == [{0, 1}]


def test_no_album_is_torn_in_two_where_tags_leave_it_open() -> None:
    compilation = [Tags(f"artist {n}", "Summer") for n in range(6)]
    guest = [*(Tags("Ann", "Live") for _ in range(4)), Tags("Ann feat. Bob", "Live")]
    nameless = [*(Tags("Ann", "Demos") for _ in range(3)), Tags("", "Demos")]
    forgotten = [*(Tags("Ann", "Best", "Various") for _ in range(3)), Tags("Bob", "Best")]
    for clips in (compilation, guest, nameless, forgotten):
        assert parts(clips) == [set(range(len(clips)))]
    assert albums([Tags("Ann"), Tags("Bob", "  ")]) == ["", ""]
