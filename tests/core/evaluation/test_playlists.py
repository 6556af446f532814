from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import UserError
from core.evaluation import playlists
from core.evaluation.intervals import difference
from core.evaluation.playlists import CHANCE_HIT_RATE, Drawn, Rules, draw, evaluate, ranks
from core.evaluation.tasks import Task

RNG = np.random.default_rng(3)


def lists(n: int = 300, count: int = 40, longest: int = 12) -> Task:
    """`count` playlists of 4 to `longest` tracks among `n`."""
    rng = np.random.default_rng(count)
    entries = [
        (i, row) for i in range(count) for row in rng.choice(n, rng.integers(4, longest + 1), replace=False)
    ]
    names = tuple(f"playlist {i}" for i in range(count))
    return Task("Playlists", "playlists", tuple(range(n)), names, np.array(entries, np.int64))


def noise(n: int = 300, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(2, 3, (n, dim)).astype(np.float32)


def oracle(task: Task) -> np.ndarray:
    """A direction for each playlist, shared by its tracks."""
    vectors = np.zeros((len(task.items), len(task.names)), np.float32)
    vectors[task.targets[:, 1], task.targets[:, 0]] = 1
    return vectors


def slow(task: Task, drawn: Drawn, vectors: np.ndarray) -> list[float]:
    """The protocol, a case after the other."""
    matrix = vectors[drawn.pool].astype(np.float64)
    deviation = matrix.std(0)
    matrix = (matrix - matrix.mean(0)) / np.where(deviation > 0, deviation, 1)
    matrix[:, matrix.shape[1] // 2 :] /= 2  # deviations over a track's segments count half

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    found = []
    for ask, wanted, outside in zip(drawn.asks, drawn.wanted, drawn.outside, strict=True):
        queries = [matrix[query] for query in drawn.queries[ask]]
        own = sum(cosine(query, matrix[wanted]) for query in queries)
        others = [sum(cosine(query, matrix[other]) for query in queries) for other in outside]
        found.append(1.0 + sum(other > own for other in others))
    return found


@pytest.mark.parametrize("dense", [0, 20])
def test_what_is_drawn_is_what_the_protocol_says(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlists, "_DENSE", dense)
    monkeypatch.setattr(playlists, "_BLOCK", 7)
    task = lists()
    drawn = draw(task, Rules(seeds=2))
    own = {i: set(task.targets[task.targets[:, 0] == i, 1].tolist()) for i in range(40)}
    assert len(drawn.queries) == 80
    assert (drawn.outside.shape, drawn.outside.dtype) == ((len(drawn.asks), 100), np.int32)
    for ask in range(80):
        cases = drawn.asks == ask
        (playlist,) = set(drawn.playlists[cases].tolist())
        queries, wanted = drawn.queries[ask].tolist(), drawn.wanted[cases].tolist()
        assert len(queries) == 3
        assert sorted(queries + wanted) == sorted(own[playlist])
        for outside in drawn.outside[cases].tolist():
            assert len(set(outside)) == 100
            assert not set(outside) & own[playlist]
    assert drawn.outside.min() == 0
    assert drawn.outside.max() == 299
    assert len({tuple(sorted(queries)) for queries in drawn.queries.tolist()}) > 60, (
        "seeds draw other queries"
    )


@pytest.mark.parametrize("dense", [0, 20])
def test_every_track_outside_is_as_likely(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlists, "_DENSE", dense)
    own, cases = [np.array([0, 3, 4, 119])], np.array([6000])
    counts = np.bincount(playlists._outside(own, cases, 120, np.random.default_rng(0)).ravel(), minlength=120)
    assert not counts[own[0]].any()
    others = np.delete(counts, own[0])
    expected = 6000 * 100 / 116
    assert np.abs(others - expected).max() < 4.5 * np.sqrt(expected * (1 - 100 / 116))


def test_ranks_are_those_of_a_plain_double_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playlists, "_BLOCK", 16)
    task = lists()
    drawn = draw(task, Rules(seeds=2), trained=np.arange(300) % 10 == 0)
    expected = slow(task, drawn, noise())
    assert ranks(drawn, noise()).tolist() == expected
    found = evaluate(drawn, noise())
    assert found.hit_rate.mean == pytest.approx(np.mean([rank <= 10 for rank in expected]))
    assert found.percentile.mean == pytest.approx(np.mean([(rank - 1) / 100 for rank in expected]))
    assert found.reciprocal.mean == pytest.approx(np.mean([1 / rank for rank in expected]))
    assert found.cases == len(expected)


def test_random_vectors_are_at_chance() -> None:
    task = lists(2000, 400)
    vectors = RNG.normal(0, 1, (2000, 32)).astype(np.float32)
    found = evaluate(draw(task), vectors)
    assert pytest.approx(0.099, abs=1e-4) == CHANCE_HIT_RATE
    assert found.hit_rate.low < CHANCE_HIT_RATE < found.hit_rate.high
    assert found.percentile.low < 0.5 < found.percentile.high
    assert found.hit_rate.high - found.hit_rate.low < 0.03
    assert found.reciprocal.mean == pytest.approx(np.mean(1 / np.arange(1, 102)), abs=0.005)
    assert (found.playlists, found.hit_rate.groups, found.rules.seeds) == (400, 400, 5)


def test_an_oracle_finds_everything() -> None:
    task = Task(
        "Apart",
        "playlists",
        tuple(range(200)),
        tuple("abcdefghij"),
        np.stack([np.arange(200) // 20, np.arange(200)], 1),
    )
    found = evaluate(draw(task), oracle(task))
    assert (found.hit_rate.mean, found.percentile.mean, found.reciprocal.mean) == (1, 0, 1)


def test_ties_take_the_average_rank() -> None:
    drawn = draw(lists())
    flat = evaluate(drawn, np.full((300, 4), 7, np.float32))
    assert (flat.percentile.mean, flat.hit_rate.mean) == (0.5, 0)
    # Copies of two tracks, apart by what float32 does to them: whoever is asked for, half of the others tie.
    rng = np.random.default_rng(0)
    copies = rng.normal(0, 1, (2, 200)).astype(np.float32)[rng.integers(0, 2, 300)]
    found = ranks(drawn, copies)
    kind = copies[:, 0]
    tied = (kind[drawn.outside] == kind[drawn.wanted][:, None]).sum(1)
    assert set(np.minimum(np.abs(found - 1 - tied / 2), np.abs(found - 101 + tied / 2))) == {0}


def test_what_an_encoder_was_trained_on_stays_out_and_is_counted() -> None:
    task, trained = lists(), np.arange(300) % 4 == 0
    drawn = draw(task, trained=trained)
    assert drawn.excluded == 75
    numbers = [drawn.queries.ravel(), drawn.wanted, drawn.outside.ravel()]
    assert not trained[drawn.pool[np.concatenate(numbers)]].any()
    hidden = noise()
    hidden[trained] = np.nan
    assert evaluate(drawn, hidden).percentile == evaluate(drawn, noise()).percentile
    assert evaluate(drawn, noise()).excluded == 75
    assert draw(task, trained=np.roll(trained, 1)).split != drawn.split == draw(task, trained=trained).split
    kept = draw(task, Rules(keep_trained=True), trained)
    assert (kept.excluded, len(kept.pool)) == (0, 300)


def test_bounds_on_length_are_kept_and_what_they_leave_out_is_counted() -> None:
    task = replace(lists(), missing=("7 tracks are not in the library.",))
    lengths = np.bincount(task.targets[:, 0])
    rules = Rules(shortest=6, longest=9)
    found = evaluate(draw(task, rules), noise())
    fitting = (lengths >= 6) & (lengths <= 9)
    assert found.playlists == fitting.sum()
    assert found.rules == rules
    assert found.notes[0] == "7 tracks are not in the library."
    assert found.notes[1].startswith(f"{(~fitting).sum()} playlists with fewer than 6")


def test_a_track_that_comes_twice_counts_once() -> None:
    task = lists()
    twice = replace(task, targets=np.concatenate([task.targets, task.targets[::-3]]))
    assert ranks(draw(twice), noise()).tolist() == ranks(draw(task), noise()).tolist()


def test_fewer_than_a_hundred_outside_are_refused() -> None:
    entries = np.stack([np.zeros(10, np.int64), np.arange(10)], 1)
    task = Task("Small", "playlists", tuple(range(110)), ("one", "none"), entries)
    found = evaluate(draw(task), noise(110))
    assert (found.playlists, found.cases) == (1, 35)
    small = Task("Small", "playlists", tuple(range(109)), ("one",), entries)
    with pytest.raises(UserError, match="100 others outside"):
        draw(small)
    with pytest.raises(UserError, match="Small"):
        draw(task, trained=np.arange(110) == 109)


def test_a_playlist_with_too_few_outside_stays_out_alone() -> None:
    entries = [(0, row) for row in range(60)] + [(1, row) for row in range(100, 110)]
    task = Task("Uneven", "playlists", tuple(range(150)), ("long", "short"), np.array(entries))
    found = evaluate(draw(task), noise(150))
    assert found.playlists == 1
    assert found.notes == ("1 playlist with fewer than 100 tracks outside, not asked.",)


def test_encoders_over_the_same_draws_are_paired() -> None:
    task = lists()
    drawn = draw(task)
    good, bad = evaluate(drawn, oracle(task)), evaluate(drawn, noise())
    apart = difference(good.hits, bad.hits)
    assert apart.mean == pytest.approx(good.hit_rate.mean - bad.hit_rate.mean)
    assert apart.low > 0
