"""Neighbours, filters and folding, against slow double loops that know no matrix."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.recommend import (
    LESS_WEIGHT,
    Catalogue,
    Query,
    Standardisation,
    measure,
    needs_refresh,
    neighbours,
    same_recording,
    similar,
    unit_rows,
    version_key,
)

Matrix = NDArray[np.float32]


@st.composite
def matrices(draw: st.DrawFn, least: int = 3, most: int = 40) -> Matrix:
    """Small integers, so that equal rows, zero rows, constant columns and ties are common."""
    n, dim = draw(st.integers(least, most)), draw(st.integers(1, 5))
    cells = draw(st.lists(st.integers(-3, 3), min_size=n * dim, max_size=n * dim))
    return np.array(cells, np.float32).reshape(n, dim)


def slow_cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return math.fsum(float(x) * float(y) for x, y in zip(a, b, strict=True))


def slow_scores(unit: Matrix, seeds: list[int], less: list[int]) -> dict[int, float]:
    scores = {}
    for row in range(len(unit)):
        if row in seeds or row in less:
            continue
        score = sum(slow_cosine(unit[row], unit[seed]) for seed in set(seeds)) / len(set(seeds))
        if less:
            score -= (
                LESS_WEIGHT * sum(slow_cosine(unit[row], unit[one]) for one in set(less)) / len(set(less))
            )
        scores[row] = score
    return scores


@given(st.data())
def test_neighbours_are_those_of_a_double_loop(data: st.DataObject) -> None:
    unit = unit_rows(data.draw(matrices()), None)
    rows = st.integers(0, len(unit) - 1)
    seeds = data.draw(st.lists(rows, min_size=1, max_size=4))
    less = [row for row in data.draw(st.lists(rows, max_size=3)) if row not in seeds]
    n = data.draw(st.integers(0, len(unit) + 2))
    excluded = np.array(data.draw(st.lists(st.booleans(), min_size=len(unit), max_size=len(unit))))
    before = excluded.copy()
    found = neighbours(unit, seeds, less, n, excluded)
    expected = {row: score for row, score in slow_scores(unit, seeds, less).items() if not excluded[row]}
    best = sorted(expected.values(), reverse=True)[:n]
    assert np.allclose(found.scores, best, atol=1e-6)
    assert len(set(found.rows.tolist())) == len(found.rows) == len(best)
    assert all(abs(expected[row] - score) < 1e-6 for row, score in zip(found.rows, found.scores, strict=True))
    assert (excluded == before).all()


@given(matrices(), st.integers(1, 40))
def test_equal_rows_come_in_order_of_row(vectors: Matrix, n: int) -> None:
    unit = np.concatenate([unit_rows(vectors, None)] * 3)
    found = neighbours(unit, [0], n=n)
    keys = [(-score, row) for row, score in zip(found.rows.tolist(), found.scores.tolist(), strict=True)]
    assert keys == sorted(keys)
    # Nothing that was left out would have come before the last: not even an equal row with a lower number.
    everything = neighbours(unit, [0], n=len(unit))
    assert everything.rows[:n].tolist() == found.rows.tolist()


def test_order_does_not_depend_on_where_a_row_lies() -> None:
    rng = np.random.default_rng(3)
    unit = unit_rows(rng.standard_normal((5000, 67), np.float32), None)
    unit[2500:] = unit[:2500]  # float32 products of equal rows differ by where they stand in a block
    found = neighbours(unit, [17], n=2000)
    assert found.rows[0] == 2517
    twins = found.rows[1:-1].reshape(-1, 2)
    assert (twins[:, 0] + 2500 == twins[:, 1]).all()


def test_a_direction_that_is_zero_ranks_nothing_above_another() -> None:
    unit = unit_rows(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32), None)
    found = neighbours(unit, [0], n=2)
    assert found.rows.tolist() == [1, 2]
    assert found.scores.tolist() == [0, 0]


@pytest.mark.parametrize(("seeds", "less"), [([], []), ([-1], []), ([4], []), ([0], [-1]), ([0], [4])])
def test_rows_that_are_not_there_are_refused(seeds: list[int], less: list[int]) -> None:
    with pytest.raises(ValueError, match=r"seed|rows"):
        neighbours(np.eye(4, dtype=np.float32), seeds, less)


def test_less_like_moves_the_search_away() -> None:
    angles = np.radians([0, -10, 10, 60])
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert neighbours(unit, [0], [3], 2).rows.tolist() == [1, 2]
    cosines = np.cos(np.radians([10, 70]))
    assert neighbours(unit, [0], [3], 1).scores[0] == pytest.approx(cosines[0] - LESS_WEIGHT * cosines[1])


# Standardising


def test_statistics_merge_over_blocks_as_if_taken_at_once() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal((10_001, 3)) * [1, 100, 1e-3] + [1e4, 0, 5]).astype(np.float32)
    found = measure(vectors)
    assert found is not None
    assert found.n == 10_001
    assert np.allclose(found.mean, vectors.astype(np.float64).mean(axis=0), rtol=1e-6)
    assert np.allclose(found.std, vectors.astype(np.float64).std(axis=0), rtol=1e-5)


@given(matrices(least=20), st.integers(1, 3), st.booleans())
def test_unit_rows_are_those_of_a_loop(vectors: Matrix, scale: int, halves: bool) -> None:
    stats = measure(vectors * np.float32(10.0**scale), halves=halves)
    assert stats is not None
    means = vectors.shape[1] // 2 if halves else vectors.shape[1]
    for row, got in zip(vectors, unit_rows(vectors, stats), strict=True):
        parts = [
            (1 if i < means else 0.5) * (float(x) - float(m)) / float(s) if s > 1e-6 * abs(m) else 0.0
            for i, (x, m, s) in enumerate(zip(row, stats.mean, stats.std, strict=True))
        ]
        length = math.sqrt(math.fsum(p * p for p in parts))
        assert np.allclose(got, [p / length if length else 0.0 for p in parts], atol=1e-5)


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_a_column_that_does_not_vary_counts_for_nothing(jitter: float) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((500, 3)).astype(np.float32)
    vectors[:, 1] = np.float32(1000) + rng.integers(0, 2, 500) * np.spacing(np.float32(1000)) * jitter
    stats = measure(vectors)
    odd = vectors[:1].copy()
    odd[0, 1] = 1e9
    assert unit_rows(odd, stats).tolist() == unit_rows(vectors[:1], stats).tolist()


def test_rows_without_a_direction_are_zero_and_spoil_nothing() -> None:
    vectors = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
    clean = measure(vectors)
    bad = np.array([[np.nan, 0, 0, 0], [np.inf, 1, 1, 1], [0, 0, 0, 0], [3e38, 3e38, 0, 0]], np.float32)
    assert unit_rows(bad, None).tolist()[:3] == [[0, 0, 0, 0]] * 3
    assert np.allclose(unit_rows(bad, None)[3], [0.5**0.5, 0.5**0.5, 0, 0])
    mixed = measure(np.concatenate((bad[:2], vectors)))
    assert clean is not None
    assert mixed is not None
    assert np.allclose(mixed.mean, clean.mean)


def test_few_tracks_have_no_statistics() -> None:
    assert measure(np.ones((19, 2), np.float32)) is None
    assert measure(np.ones((20, 2), np.float32)) is not None


@pytest.mark.parametrize(
    ("stats_n", "n", "due"),
    [
        (0, 19, False),
        (0, 20, True),
        (20, 39, False),
        (20, 40, True),
        (470, 939, False),
        (470, 940, True),
        (30, 10, False),
    ],
)
def test_statistics_are_taken_at_twenty_and_at_each_doubling(stats_n: int, n: int, due: bool) -> None:
    assert needs_refresh(stats_n, n) is due


# Filters


def spread(n: int, dim: int = 16) -> Matrix:
    return unit_rows(np.random.default_rng(7).standard_normal((n, dim)).astype(np.float32), None)


@given(
    st.lists(st.integers(-1, 3), min_size=30, max_size=30),
    st.lists(st.integers(0, 29), min_size=1, max_size=3),
)
def test_the_seeds_artists_are_left_out_and_unknown_ones_kept(artists: list[int], seeds: list[int]) -> None:
    unit, codes = spread(30), np.array(artists)
    query = Query(seeds, n=30, exclude_artist=True, fold=False)
    rows = {match.row for match in similar(unit, query, Catalogue(artist=codes)).matches}
    banned = {artists[seed] for seed in seeds} - {-1}
    assert rows == {row for row in range(30) if row not in seeds and artists[row] not in banned}
    by_album = Query(seeds, n=30, exclude_album=True, fold=False)
    assert {
        m.row for m in similar(unit, by_album, Catalogue(album=codes, artist=np.zeros(30, int))).matches
    } == rows


def test_a_mask_and_both_filters_hold_together() -> None:
    unit = spread(6)
    known = Catalogue(artist=np.array([0, 0, 1, 2, 3, 4]), album=np.array([0, 1, 0, 2, 3, 4]))
    mask = np.array([False, False, False, True, False, False])
    query = Query([0], n=9, exclude=mask, exclude_artist=True, exclude_album=True)
    assert sorted(match.row for match in similar(unit, query, known).matches) == [4, 5]


# Folding


def versions(of: Matrix, copies: list[int]) -> Matrix:
    """Rows of `of`, with small differences, as other masters of them would have."""
    rng = np.random.default_rng(1)
    return unit_rows(
        of[copies] + rng.standard_normal((len(copies), of.shape[1])).astype(np.float32) * 0.02, None
    )


def test_versions_share_one_line_and_the_list_stays_full() -> None:
    songs = spread(12)
    unit = np.concatenate((songs, *(versions(songs, list(range(12))) for _ in range(20))))
    known = Catalogue(
        artist=np.zeros(len(unit), int),
        seconds=np.full(len(unit), 200.0),
        titles=[f"Song {i % 12}" + (" (Remaster)" if i >= 12 else "") for i in range(len(unit))],
    )
    found = similar(unit, Query([0], n=11), known)
    assert {match.row % 12 for match in found.matches} == set(range(1, 12))
    assert sorted(row % 12 for row in found.seed_versions) == [0] * 20
    listed = [row for match in found.matches for row in (match.row, *match.versions)]
    assert sorted((*listed, *found.seed_versions)) == [row for row in range(len(unit)) if row]
    scores = {int(r): s for r, s in zip(*vars(neighbours(unit, [0], n=len(unit))).values(), strict=True)}
    for match in found.matches:
        assert all(row % 12 == match.row % 12 and scores[row] <= match.score for row in match.versions)


def test_seeds_that_are_versions_of_each_other_are_not_listed() -> None:
    unit = np.concatenate([spread(4)] * 3)
    known = Catalogue(np.zeros(12, int), None, np.full(12, 100.0), ["Song", "B", "C", "D"] * 3)
    found = similar(unit, Query([0, 4, 1], n=10), known)
    assert sorted(found.seed_versions) == [5, 8, 9]
    assert sorted(match.row % 4 for match in found.matches) == [2, 3]


def test_without_folding_every_version_has_its_line() -> None:
    unit = np.concatenate([spread(4)] * 2)
    known = Catalogue(np.zeros(8, int), None, np.full(8, 100.0), ["Song"] * 8)
    found = similar(unit, Query([0], n=10, fold=False), known)
    assert sorted(match.row for match in found.matches) == list(range(1, 8))
    assert found.seed_versions == ()


@given(st.data())
def test_folding_is_that_of_a_double_loop(data: st.DataObject) -> None:
    songs = spread(5, 4)
    picks = data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=60))
    unit = versions(songs, picks)
    seconds = np.array([data.draw(st.sampled_from([100.0, 102.0, 140.0, math.nan])) for _ in picks])
    artist = np.array([data.draw(st.integers(-1, 1)) for _ in picks])
    titles = [data.draw(st.sampled_from(["", "A", "B", "B (live)", "B - 2009 Remaster"])) for _ in picks]
    n = data.draw(st.integers(1, 8))
    found = similar(unit, Query([0], n=n), Catalogue(artist, None, seconds, titles))

    def same(a: int, b: int) -> bool:
        keys = version_key(titles[a]), version_key(titles[b])
        cosine = float(unit[a] @ unit[b])
        return same_recording(cosine, keys, (seconds[a], seconds[b]), (artist[a], artist[b]))

    lines: list[list[int]] = [[0]]
    for row in neighbours(unit, [0], n=len(unit)).rows.tolist():
        rivals = [line for line in lines if same(row, line[0])]
        # A title in common counts for more than the sound of a nameless file.
        key = version_key(titles[row])
        rivals.sort(key=lambda line, key=key: bool(key) and version_key(titles[line[0]]) != key)
        (rivals[0].append(row) if rivals else lines.append([row]))
        if len(lines) > n + 1:
            break
    assert [match.row for match in found.matches] == [line[0] for line in lines[1 : n + 1]]
    groups = [set(match.versions) for match in found.matches]
    assert sum(map(len, groups)) + len(found.seed_versions) == sum(len(line) - 1 for line in lines[: n + 1])
    for match in found.matches:
        assert all(same(row, match.row) for row in match.versions)
    assert all(same(row, 0) for row in found.seed_versions)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song", "song (Remaster)"),
        ("Song", "Song - 2011 Remaster"),
        ("Song", "Song [Mono]"),
        ("Song", "01 Song"),
        ("Song", "03. Song"),
        ("Song", "Song (2009 Digital Remaster) [Explicit]"),
        ("Song", "Song - Remastered 2009 - Mono Version"),
        ("Song", "Song (50th Anniversary Edition)"),
        ("Song", "Song (feat. Somebody Else)"),
        ("Song", "Song feat. Somebody"),
        ("Song & Dance", "Song and Dance!"),
        ("Caf\u00e9 de l’Inde", "CAFE\u0301 DE L'INDE"),
        ("99 Luftballons", "99 luftballons (Album Version)"),
        ("Song (Live)", "Song [live]"),
    ],
)
def test_titles_of_one_recording_have_one_key(one: str, other: str) -> None:
    assert version_key(one) == version_key(other) != ""


@pytest.mark.parametrize(
    "other",
    ["Song (Live)", "Song - Live at Leeds", "Song (Demo)", "Song (Club Mix)", "Song, Part 2", "Song II",
     "Song (Acoustic)", "Song (Somebody's 2011 Remix)", "Song (Instrumental)", "Song (2)", "99 Song"],
)  # fmt: skip
def test_titles_of_another_recording_have_another_key(other: str) -> None:
    assert version_key("Song") != version_key(other)


@pytest.mark.parametrize(
    "title", ["", "  ", "Track 3", "track03", "AudioTrack 12", "Untitled", "07", "03 - Track 3"]
)
def test_titles_that_say_nothing_have_no_key(title: str) -> None:
    assert version_key(title) == ""


@pytest.mark.parametrize(
    "title", ["???", "(Remastered)", "2011", "The Version", "(((", "- - -", "feat. Nobody", "1 - Remaster"]
)
def test_odd_titles_are_titles(title: str) -> None:
    assert version_key(title) == version_key(title.upper())


@given(st.text(max_size=60))
def test_any_title_has_a_key_that_is_its_own_key(title: str) -> None:
    key = version_key(title)
    assert key == key.strip()


def test_absurd_titles_take_no_time() -> None:
    start = time.perf_counter()
    for title in (
        "(" * 20_000,
        " - " * 20_000,
        "a " * 20_000,
        "feat " * 10_000,
        "[a" * 10_000,
        " " * 50_000 + "x",
    ):
        version_key(title)
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    ("cosine", "keys", "seconds", "artists", "same"),
    [
        (0.96, ("a", "a"), (200, 203), (1, 1), True),
        (0.94, ("a", "a"), (200, 203), (1, 1), False),  # too unlike
        (0.999, ("a", "b"), (200, 200), (1, 1), False),  # two names for sure
        (0.96, ("a", "a"), (200, 230), (1, 1), False),  # another take
        (0.96, ("a", "a"), (200, 200), (1, 2), False),  # a cover
        (0.999, ("a", "a"), (200, 200), (1, 2), True),  # "Beatles" and "The Beatles"
        (0.96, ("a", "a"), (200, 200), (-1, -1), False),  # unknown is not equal
        (0.999, ("", "a"), (200, 201), (-1, 1), True),  # a copy without tags
        (0.999, ("", ""), (200, 203), (-1, -1), False),
        (0.999, ("a", "a"), (math.nan, 200), (1, 1), True),
        (0.96, ("a", "a"), (math.nan, 200), (1, 1), False),
    ],
)
def test_what_counts_as_one_recording(
    cosine: float, keys: tuple[str, str], seconds: tuple[float, float], artists: tuple[int, int], same: bool
) -> None:
    assert same_recording(cosine, keys, seconds, artists) is same
    assert same_recording(cosine, keys[::-1], seconds[::-1], artists[::-1]) is same


def test_a_hundred_thousand_equal_tracks_fold_in_seconds() -> None:
    unit = np.ones((20_000, 4), np.float32) / 2
    start = time.perf_counter()
    found = similar(unit, Query([0], n=10), Catalogue(seconds=np.full(20_000, 60.0)))
    assert (found.matches, len(found.seed_versions)) == ((), 19_999)
    assert time.perf_counter() - start < 5.0


def test_standardisation_knows_its_scale() -> None:
    stats = Standardisation(np.array([1, 5], np.float32), np.array([2, 0], np.float32), 30)
    assert stats.scale.tolist() == [0.5, 0.0]
