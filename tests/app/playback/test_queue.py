"""The queue against the plainest model there is: a list."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playback.queue import Playable, Queue


def track(number: int) -> Playable:
    return Playable(number, b"%d" % number, f"Title {number}", "", 1.0)


def queue_of(*numbers: int) -> Queue:
    return Queue(itertools.count(100), random.Random(1), [track(number) for number in numbers])


def numbers(queue: Queue) -> list[int]:
    return [playable.track_id for playable in queue.playables]


@pytest.mark.parametrize(
    ("places", "to", "order", "first"),
    [
        ([0], 3, [1, 2, 0, 3, 4], 2), ([3], 1, [0, 3, 1, 2, 4], 1), ([4, 1], 0, [1, 4, 0, 2, 3], 0),
        ([1, 2], 5, [0, 3, 4, 1, 2], 3), ([0, 4], 2, [1, 0, 4, 2, 3], 1), ([2], 2, [0, 1, 2, 3, 4], 2),
        ([2], 3, [0, 1, 2, 3, 4], 2),
    ],
)  # fmt: skip
def test_moves(places: list[int], to: int, order: list[int], first: int) -> None:
    queue = queue_of(0, 1, 2, 3, 4)
    assert queue.move(places, to) == first
    assert numbers(queue) == order


@given(st.sets(st.integers(0, 9)), st.integers(0, 10), st.integers(0, 9))
def test_a_move_keeps_everything_and_what_sounds(places: set[int], to: int, sounding: int) -> None:
    queue = queue_of(*range(10))
    queue.key = 100 + sounding
    first = queue.move(places, to)
    assert numbers(queue)[first : first + len(places)] == sorted(places)
    assert [n for n in numbers(queue) if n not in places] == [n for n in range(10) if n not in places]
    assert queue.current == track(sounding)
    assert queue.place == numbers(queue).index(sounding)


def test_new_entries_get_new_names() -> None:
    queue = queue_of(1, 2)
    queue.key = 101
    queue.insert(0, [track(3)])
    queue.insert(3, [track(1)])
    assert numbers(queue) == [3, 1, 2, 1]
    assert list(queue.keys_from(0)) == [102, 100, 101, 103]
    queue.remove([2])
    assert (numbers(queue), queue.place, queue.current) == ([3, 1, 1], None, None)


def test_bad_entries_are_passed_over() -> None:
    queue = queue_of(1, 2, 3)
    queue.bad.add(101)
    entry = queue.playable_from(1)
    assert entry is not None
    assert entry.key == 102
    assert queue.playable_from(3) is None
    assert not queue.hopeless
    queue.bad.update((100, 102))
    assert queue.hopeless
    assert not queue_of().hopeless


# -- shuffled


@given(st.integers(0, 11), st.integers(0, 2**32))
def test_what_comes_is_shuffled_and_put_in_order_again(sounding: int, seed: int) -> None:
    queue = Queue(itertools.count(100), random.Random(seed), [track(number) for number in range(12)])
    queue.key = 100 + sounding
    queue.shuffle()
    played = list(range(sounding + 1))
    assert numbers(queue)[: sounding + 1] == played
    assert sorted(numbers(queue)) == list(range(12))
    assert queue.current == track(sounding)
    queue.restore()
    assert numbers(queue) == list(range(12))


def test_chance_is_fair_and_goes_by_its_seed() -> None:
    def shuffled(seed: int) -> list[int]:
        queue = Queue(itertools.count(100), random.Random(seed), [track(number) for number in range(6)])
        queue.key = 100
        queue.shuffle()
        return numbers(queue)

    second = [shuffled(seed)[1] for seed in range(300)]
    assert all(35 < second.count(number) < 85 for number in range(1, 6))
    assert shuffled(7) == shuffled(7)


def test_all_is_shuffled_behind_the_one_that_was_chosen() -> None:
    queue = queue_of(*range(8))
    queue.shuffle(first=5)
    assert numbers(queue)[0] == 5
    assert sorted(numbers(queue)) == list(range(8))
    assert numbers(queue)[1:] != [0, 1, 2, 3, 4, 6, 7]
    queue.restore()  # nothing sounds: all of it is still to come
    assert numbers(queue) == list(range(8))


def test_what_is_left_takes_its_own_order_and_the_next_lap_all_of_it() -> None:
    queue = queue_of(*range(8))
    queue.shuffle(first=5)
    shown = numbers(queue)
    queue.key = queue.natural[shown[2]]
    queue.restore()
    assert numbers(queue) == shown[:3] + sorted(shown[3:])
    assert queue.natural == list(range(100, 108))
    queue.arrange(queue.natural)
    assert numbers(queue) == list(range(8))


def test_new_ones_are_mixed_in_or_put_where_they_were_wanted() -> None:
    ends = []
    for seed in range(30):
        queue = Queue(itertools.count(100), random.Random(seed), [track(number) for number in range(10)])
        queue.key = 103
        queue.shuffle()
        before = numbers(queue)
        queue.add([track(20), track(21)])
        assert numbers(queue)[:4] == [0, 1, 2, 3]
        assert [n for n in numbers(queue) if n < 20] == before, "what was there keeps its order"
        ends.append(numbers(queue)[-1])
        queue.insert(4, [track(30), track(31)])
        assert numbers(queue)[4:6] == [30, 31]
        queue.remove([queue.playables.index(track(21))])
        queue.restore()
        assert numbers(queue) == [0, 1, 2, 3, 30, 31, 4, 5, 6, 7, 8, 9, 20]
    assert {20, 21} & set(ends)
    assert set(ends) - {20, 21}


def test_what_was_put_in_order_by_hand_stays_so() -> None:
    queue = queue_of(*range(6))
    queue.shuffle(first=3)
    queue.key = 103
    queue.restore()
    assert numbers(queue) == [3, 0, 1, 2, 4, 5]
    queue.move([5], 1)  # 5 behind 3
    assert [key - 100 for key in queue.natural] == [0, 1, 2, 3, 5, 4]
    queue.shuffle()
    queue.move([5], 1)  # the chance of the moment, no wish for later
    assert [key - 100 for key in queue.natural] == [0, 1, 2, 3, 5, 4]


@given(st.integers(2, 9), st.integers(0, 2**32))
def test_a_new_deal_does_not_begin_with_what_was_just_played(count: int, seed: int) -> None:
    queue = Queue(itertools.count(100), random.Random(seed), [track(number) for number in range(count)])
    order = queue.deal((), last=101)
    assert sorted(order) == [100 + n for n in range(count)]
    assert order[0] != 101
    gone = queue.place_of(order[0])
    assert gone is not None
    queue.remove([gone])
    queue.insert(0, [track(50)])
    later = queue.deal(order, last=None)
    assert [key for key in later if key in order] == order[1:], "an order that was dealt is kept"
    assert sorted(later) == sorted([*order[1:], 100 + count])
