from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.recommend import Catalogue, Names, query_vector, unit_rows
from core.recommend.radio import DRIFT, Queue, Spacing, queue

LOOSE = Spacing(0, 0)


def cloud(n: int, dim: int = 6, seed: int = 0) -> NDArray[np.float32]:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32), None)


def play(
    unit: NDArray[np.float32], n: int, spacing: Spacing = LOOSE, known: Catalogue | None = None,
    played: tuple[int, ...] = (0,), fold: bool = True,
) -> Queue:  # fmt: skip
    query = query_vector(unit, np.array([0]), np.empty(0, np.int64))
    return queue(
        unit, query, np.zeros(len(unit), np.bool_), known or Catalogue(), n, spacing, played, fold=fold
    )


def gaps(codes: NDArray[np.int64], rows: list[int]) -> list[int]:
    """Other tracks between each track and the one of the same code before it."""
    return [
        place - max(before) - 1
        for place, row in enumerate(rows)
        if codes[row] >= 0 and (before := [p for p in range(place) if codes[rows[p]] == codes[row]])
    ]


def test_each_next_track_is_the_best_for_the_seeds_and_what_has_just_played() -> None:
    unit = cloud(30)
    found = play(unit, 10).rows
    history = [0]
    for row in found:
        score = unit @ unit[0] + DRIFT * (unit @ unit[history[-2:]].mean(axis=0))
        score[history] = -np.inf
        assert row == int(score.argmax())
        history.append(row)


def test_scores_are_likenesses_to_the_seeds() -> None:
    unit = cloud(12)
    found = play(unit, 11)
    assert sorted(found.rows) == list(range(1, 12))
    assert found.scores == pytest.approx([float(unit[0] @ unit[row]) for row in found.rows], abs=1e-6)


@given(st.lists(st.integers(-1, 5), min_size=8, max_size=40), st.integers(0, 4), st.integers(0, 3))
def test_spacing_is_kept_or_its_relaxing_is_counted(codes: list[int], artist: int, album: int) -> None:
    artists = np.array(codes)
    albums = np.where(artists >= 0, artists * 2 + np.arange(len(codes)) % 2, -1)
    found = play(
        cloud(len(codes)), len(codes), Spacing(artist, album), Catalogue(artist=artists, album=albums)
    )
    rows = [0, *found.rows]
    assert len(set(rows)) == len(rows) == len(codes)
    assert sum(gap < artist for gap in gaps(artists, rows)) == found.artist
    assert sum(gap < album for gap in gaps(albums, rows)) == found.album


def test_nothing_is_relaxed_while_anything_else_is_left() -> None:
    artists = np.array([0] * 10 + [1] * 10 + [2] * 10)
    found = play(cloud(30), 20, Spacing(2, 0), Catalogue(artist=artists))
    assert found.artist == 0
    assert min(gaps(artists, [0, *found.rows])) == 2
    # With two artists for a spacing of two it has to be, but no more than that.
    found = play(cloud(20), 19, Spacing(2, 0), Catalogue(artist=artists[:20]))
    assert found.artist > 0
    assert min(gaps(artists, [0, *found.rows])[:15]) == 1


def test_a_folder_stands_for_an_album_that_tags_do_not_name() -> None:
    folders = Names.of(["a", "a", "a", "b", "b", "b", "", ""])
    known = Catalogue(album=np.array([-1, -1, -1, -1, -1, 0, 0, -1]), folder=folders)
    found = play(cloud(8), 7, Spacing(0, 1), known)
    codes = np.array([1, 1, 1, 2, 2, 0, 0, -1])
    assert sum(gap < 1 for gap in gaps(codes, [0, *found.rows])) == found.album == 0


def test_it_goes_on_where_it_stopped() -> None:
    artists = np.arange(60) % 7
    known = Catalogue(artist=artists)
    unit = cloud(60)
    whole = play(unit, 20, Spacing(5, 0), known)
    first = play(unit, 8, Spacing(5, 0), known)
    second = play(unit, 12, Spacing(5, 0), known, (0, *first.rows))
    assert first.rows + second.rows == whole.rows


def test_it_ends_with_the_library() -> None:
    unit = cloud(5)
    assert sorted(play(unit, 50).rows) == [1, 2, 3, 4]
    assert play(unit, 3, played=(0, 1, 2, 3, 4)).rows == ()
    hidden = np.array([False, True, True, False, True])
    query = query_vector(unit, np.array([0]), np.empty(0, np.int64))
    assert queue(unit, query, hidden, Catalogue(), 9, LOOSE, [0]).rows == (3,)


def test_another_version_of_what_has_played_is_passed_over() -> None:
    unit = cloud(6)
    unit[3] = unit[0]
    known = Catalogue(
        artist=np.arange(6) % 3, seconds=np.full(6, 90.0), titles=["A", "B", "C", "A (Mono)", "D", "E"]
    )
    found = play(unit, 9, known=known)
    assert (sorted(found.rows), found.folded) == ([1, 2, 4, 5], 1)
    assert len(play(unit, 9, known=known, fold=False).rows) == 5


def test_spacing_is_a_number_of_tracks() -> None:
    with pytest.raises(ValueError, match="number of tracks"):
        Spacing(-1, 0)
