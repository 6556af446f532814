"""Rounds of blind listening and what answers say, against slow references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.evaluation import listening
from core.evaluation.listening import Ranked, by_pair, draw, queries, shared, wilson, win_rate
from core.library.records import Choice, ListeningRecord

Z = 1.959963984540054


def record(
    number: int, choice: Choice, query: int | None = None, names: tuple[str, str] = ("one", "two"), weights: str = "w"
) -> ListeningRecord:  # fmt: skip
    own = number if query is None else query
    return ListeningRecord(number, 0.0, own, *names, weights, weights, 1, 2, "a", choice)


def nearest_of(lists: dict[int, tuple[Ranked, Ranked]]) -> Callable[[int], tuple[Ranked, Ranked]]:
    return lambda query: lists[query]


# -- the interval


def slow_wilson(share: float, n: int) -> tuple[float, float]:
    """The shares p at which (share - p)^2 = z^2 p (1 - p) / n, by halving."""
    ends = []
    for edge in (0.0, 1.0):
        inside, outside = share, edge
        for _ in range(200):
            middle = (inside + outside) / 2
            held = (share - middle) ** 2 <= Z**2 * middle * (1 - middle) / n
            inside, outside = (middle, outside) if held else (inside, middle)
        ends.append(inside)
    return ends[0], ends[1]


@given(st.integers(1, 400), st.floats(0, 1))
def test_wilson_solves_its_equation(n: int, share: float) -> None:
    assert wilson(share, n) == pytest.approx(slow_wilson(share, n), abs=1e-9)


def test_wilson_as_published() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert np.isnan(wilson(float("nan"), 0)).all()


@pytest.mark.parametrize(("a", "tie"), [(0.5, 0.0), (0.7, 0.0), (0.4, 0.3), (0.85, 0.1)])
@pytest.mark.parametrize("n", [10, 40])
def test_the_interval_holds_the_truth_with_ties_and_without(a: float, tie: float, n: int) -> None:
    rng = np.random.default_rng([n, int(100 * a)])
    truth, draws, held = a + tie / 2, 1500, 0
    for _ in range(draws):
        share = float(rng.choice([1.0, 0.5, 0.0], n, p=[a, tie, 1 - a - tie]).mean())
        low, high = wilson(share, n)
        held += low <= truth <= high
    assert held / draws > 0.92


# -- the win rate


def slow_win_rate(records: list[ListeningRecord]) -> float:
    points = {"a": 1.0, "b": 0.0, "tie": 0.5}
    by_query: dict[int, list[float]] = {}
    for one in records:
        if one.choice != "skip":
            by_query.setdefault(one.query, []).append(points[one.choice])
    return sum(sum(several) / len(several) for several in by_query.values()) / len(by_query)


ROUNDS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["a", "b", "tie", "skip"])), max_size=30)


@given(ROUNDS)
def test_win_rate_by_query_with_ties_half(rounds: list[tuple[int, Choice]]) -> None:
    records = [record(number, choice, query) for number, (query, choice) in enumerate(rounds)]
    found, counts = win_rate(records), Counter(choice for _, choice in rounds)
    assert (found.a, found.b, found.ties, found.skipped) == tuple(
        counts[choice] for choice in ("a", "b", "tie", "skip")
    )
    assert found.rounds == len(rounds) - counts["skip"]
    assert found.queries == len({query for query, choice in rounds if choice != "skip"})
    if found.rounds:
        assert found.mean == pytest.approx(slow_win_rate(records))
        assert found.low <= found.mean <= found.high
        turned = win_rate([one.turned() for one in records])
        assert (turned.mean, turned.low, turned.high) == pytest.approx(
            (1 - found.mean, 1 - found.high, 1 - found.low)
        )
    else:
        assert np.isnan([found.mean, found.low, found.high]).all()
        assert found.tie


def test_a_query_asked_often_counts_once() -> None:
    often = [record(number, "a", query=1) for number in range(50)]
    found = win_rate([*often, record(50, "b", query=2)])
    assert (found.mean, found.queries, found.rounds) == (0.5, 2, 51)
    assert found.tie


def test_pairs_are_told_apart_by_name_and_weights_and_turned_one_way() -> None:
    records = [
        record(1, "a", names=("one", "two")),
        record(2, "b", names=("two", "one")),  # the same answer, asked the other way round
        record(3, "a", names=("one", "two"), weights="newer"),
        record(4, "skip", names=("one", "three")),
    ]
    results = by_pair(records)
    assert [(one.names, one.weights, one.rate.a, one.rate.rounds) for one in results] == [
        (("one", "two"), ("w", "w"), 2, 2),
        (("one", "two"), ("newer", "newer"), 1, 1),
        (("one", "three"), ("w", "w"), 0, 0),
    ]


# -- drawing


def far_apart(tracks: int, depth: int) -> dict[int, tuple[Ranked, Ranked]]:
    """Lists without a common track."""
    return {
        q: ([(1000 + 10 * q + r,) for r in range(depth)], [(5000 + 10 * q + r,) for r in range(depth)])
        for q in range(tracks)
    }


def test_side_order_and_rank_are_drawn_evenly_and_apart_from_each_other() -> None:
    rng, lists, seen = np.random.default_rng(1), far_apart(1, 5), Counter[tuple[object, ...]]()
    for _ in range(4000):
        drawn = draw(rng, [0], nearest_of(lists), 5)
        one = drawn.round
        assert (one.track_a, one.track_b) == (999 + one.rank, 4999 + one.rank)
        seen[one.left, one.first, one.rank] += 1
    assert len(seen) == 20
    expected = 4000 / 20
    chi = sum((count - expected) ** 2 / expected for count in seen.values())
    assert chi < 43.8  # the 99.9 % quantile of chi-square with 19 degrees of freedom


def test_identical_candidates_are_passed_over_and_counted() -> None:
    lists: dict[int, tuple[Ranked, Ranked]] = {
        1: ([(7,)], [(7,)]),
        2: ([(7, 8)], [(8,)]),  # another version of one recording
        3: ([(7,)], [(9,)]),
    }
    drawn = draw(np.random.default_rng(0), [1, 2, 3], nearest_of(lists), 1)
    assert (drawn.round.query, drawn.round.track_a, drawn.round.track_b, drawn.identical) == (3, 7, 9, 2)


def test_what_cannot_be_asked_is_refused_with_a_reason() -> None:
    alike: dict[int, tuple[Ranked, Ranked]] = {q: ([(7,)], [(7,)]) for q in range(4)}
    with pytest.raises(UserError, match=r"choose the same tracks.*4 rounds"):
        draw(np.random.default_rng(0), range(4), nearest_of(alike), 1)
    with pytest.raises(UserError, match="enough neighbours"):
        draw(np.random.default_rng(0), [1], nearest_of({1: ([], [(2,)])}), 1)
    with pytest.raises(UserError, match="no track to ask about"):
        draw(np.random.default_rng(0), [], nearest_of({}), 1)
    with pytest.raises(UserError, match="same encoder"):
        listening.check(("one", "one"), 100)
    with pytest.raises(UserError, match="19 of your tracks"):
        listening.check(("one", "two"), 19)
    listening.check(("one", "two"), 20)


def test_what_was_heard_least_is_asked_first_and_else_at_random() -> None:
    rng, tracks = np.random.default_rng(2), np.arange(10, 30)
    heard = {10: 2, 11: 1}
    firsts = Counter[int]()
    for _ in range(300):
        order = queries(rng, tracks, heard).tolist()
        assert sorted(order) == tracks.tolist()
        assert order[-2:] == [11, 10]
        firsts[order[0]] += 1
    assert len(firsts) == 18


# -- what two lists share

GROUPS = st.lists(st.lists(st.integers(0, 25), min_size=1, max_size=3, unique=True), max_size=8)


def disjoint(groups: list[list[int]]) -> list[tuple[int, ...]]:
    """A list never holds a track twice."""
    seen: set[int] = set()
    kept = []
    for group in groups:
        fresh = tuple(track for track in group if track not in seen)
        seen |= set(fresh)
        if fresh:
            kept.append(fresh)
    return kept


@given(GROUPS, GROUPS)
def test_shared_places(one: list[list[int]], other: list[list[int]]) -> None:
    left, right = disjoint(one), disjoint(other)
    wanted: list[tuple[int, int]] = []
    for i, group in enumerate(left):
        for j, rival in enumerate(right):
            if set(group) & set(rival) and all(j != taken for _, taken in wanted):
                wanted.append((i, j))
                break
    found = shared(left, right)
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)
    assert all(set(left[i]) & set(right[j]) for i, j in found)
    if all(len(group) == 1 for group in left + right):
        assert list(found) == wanted
