from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from core.evaluation import retrieval
from core.evaluation.retrieval import hit_rate, nearest, of_library, reach
from core.library.known import Known
from core.library.store import Library
from core.recommend import neighbours, unit_rows
from tests.library_tools import PLAN
from tests.shelf import Shelf

RNG = np.random.default_rng(5)


def unit(n: int, dim: int = 6) -> np.ndarray:
    return unit_rows(RNG.standard_normal((n, dim)).astype(np.float32), None)


def test_the_nearest_are_those_that_the_program_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "_ROWS", 7)
    rows = unit(40)
    found = nearest(rows, 5)
    for seed in range(40):
        assert found[seed].tolist() == neighbours(rows, [seed], n=5).rows.tolist()


def test_the_artist_filter_leaves_nobody_of_the_same_artist() -> None:
    rows, artist = unit(12), np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, -1])
    found = nearest(rows, 6, apart=artist)
    for seed in range(11):
        left = [row for row in found[seed].tolist() if row >= 0]
        assert left == [row for row in nearest(rows, 11)[seed].tolist() if artist[row] != artist[seed]][:6]
        assert len(left) == min(6, 12 - Counter(artist.tolist())[artist[seed]])
    assert (found[11] >= 0).all(), "an unknown artist is nobody's namesake"


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_tracks_have_few_neighbours(n: int) -> None:
    found = nearest(unit(n), 10)
    assert found.shape == (n, max(min(10, n - 1), 0))
    rate = hit_rate(found, np.zeros(n, np.int64))
    assert rate.n == (n if n > 1 else 0)
    assert (rate.any_hit == rate.mean_share == 1) if n > 1 else math.isnan(rate.any_hit)


def test_equal_rows_come_in_order_of_row() -> None:
    assert nearest(np.tile(unit(1), (5, 1)), 3)[4].tolist() == [0, 1, 2]


def slow_rates(found: np.ndarray, codes: np.ndarray) -> tuple[float, float, int]:
    hits, shares = [], []
    for seed, own in enumerate(codes):
        if own < 0 or sum(codes == own) < 2:
            continue
        same = [row >= 0 and codes[row] == own for row in found[seed]]
        hits.append(any(same))
        shares.append(sum(same) / len(same))
    return sum(hits) / len(hits), sum(shares) / len(shares), len(hits)


def test_hit_rates_are_those_of_a_plain_count() -> None:
    codes = np.array([*RNG.integers(0, 12, 50), -1, -1, 90])
    found = nearest(unit(53), 10, apart=RNG.integers(0, 3, 53))
    rate = hit_rate(found, codes)
    assert (rate.any_hit, rate.mean_share, rate.n) == pytest.approx(slow_rates(found, codes))
    assert rate.groups == sum(count > 1 for code, count in Counter(codes.tolist()).items() if code >= 0)


def test_chance_is_what_blind_draws_hit() -> None:
    codes = np.array([0, 0, 0, 1, 1, 2, -1])
    rate = hit_rate(nearest(unit(7), 2), codes)
    any_hits, shares = [], []
    for seed in range(5):
        others = [row for row in range(7) if row != seed]
        draws = [[codes[row] == codes[seed] for row in draw] for draw in combinations(others, 2)]
        any_hits.append(np.mean([any(draw) for draw in draws]))
        shares.append(np.mean([np.mean(draw) for draw in draws]))
    assert rate.chance_any == pytest.approx(np.mean(any_hits))
    assert rate.chance_share == pytest.approx(np.mean(shares))


def test_a_hub_skews_the_occurrences_and_hides_others() -> None:
    ring = np.array([[(i + 1) % 20, (i + 2) % 20] for i in range(20)])
    assert reach(ring).hubness == 0
    assert reach(ring).reached == 1
    star = np.array([[0, 1]] * 20)
    counts = np.r_[20, 20, np.zeros(18)]
    expected = np.mean((counts - 2) ** 3) / np.mean((counts - 2) ** 2) ** 1.5
    assert reach(star).hubness == pytest.approx(expected)
    assert reach(star).reached == 0.1
    assert reach(np.full((3, 2), -1)).reached == 0
    assert math.isnan(reach(np.empty((1, 0), np.int64)).hubness)


def test_a_library_is_measured_by_its_tags_and_only_what_can_be_played_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music").mkdir()
    with Library(tmp_path / "a.earmap") as library:
        shelf = Shelf(library, tmp_path / "music")
        contents = [f"A{i}" for i in range(30)]
        for content in contents:
            shelf.write(f"{content}.mp3", content)
        shelf.both()
        facts = library.rows.facts()
        assert len(facts) == 30
        # Tags are not what is tested here; one track is not there any more, the others have artists in pairs.
        tagged = {
            key: replace(fact, artist=f"Pair {i // 2}", album="One" if i < 6 else "")
            for i, (key, fact) in enumerate(list(facts.items())[:-1])
        }
        monkeypatch.setattr(library.facets, "known", lambda: Known.of_facts(tagged))
        found = of_library(library, shelf.encoder, PLAN)
        assert (found.n, found.artist.n, found.artist.groups) == (29, 28, 14)
        assert (found.album.n, found.album.groups) == (6, 1)
        _, ids, matrix = library.vectors.after(shelf.encoder.id, PLAN, 0)
        kept = matrix[[key in tagged for key in ids.tolist()]]
        artist = np.array([int(tagged[key].artist.split()[1]) for key in ids.tolist() if key in tagged])
        expected = slow_rates(nearest(unit_rows(kept, retrieval.measure(kept))), artist)
        assert (found.artist.any_hit, found.artist.mean_share, found.artist.n) == pytest.approx(expected)
