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
