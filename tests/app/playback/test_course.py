"""The way through a queue: what the engine is told, and what its answers mean."""

from __future__ import annotations

import itertools
import random

import pytest

from app.playback.course import Course, Repeat, Turn
from app.playback.queue import Playable, Queue


def track(number: int) -> Playable:
    return Playable(number, b"%d" % number, f"Title {number}", "", 1.0)


def course_of(*numbers: int, repeat: Repeat = "off", seed: int = 1) -> Course:
    """Entries 1, 2, 3 and so on hold these tracks; names of turns come after those of entries."""
    keys = itertools.count(1)
    return Course(Queue(keys, random.Random(seed), [track(number) for number in numbers]), keys, repeat)


def told(course: Course, count: int) -> list[int]:
    """Tracks that the engine plays by itself."""
    return [int(item.path) for item in course.items(count)]


def hear(course: Course, place: int, count: int = 20) -> bool:
    """The engine has come to this item of what it was told."""
    turn = course.turn(course.items(count)[place].key)
    assert turn is not None
    return course.take(turn)


def numbers(course: Course) -> list[int]:
    return [playable.track_id for playable in course.queue.playables]


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [("off", [2, 3]), ("all", [2, 3, 1, 2, 3, 1, 2]), ("one", [2, 2, 2, 3])],
)
def test_what_follows_by_itself(repeat: Repeat, expected: list[int]) -> None:
    course = course_of(1, 2, 3, repeat=repeat)
    course.take(course.turn_from(1))
    assert told(course, 7) == expected
    names = [item.key for item in course.items(7)]
    assert len(set(names)) == len(names), "each turn has a name of its own"
    assert [item.key for item in course.items(7)] == names, (
        "which it keeps: what is decoded is not thrown away"
    )


def test_the_same_track_again_and_again_and_then_on() -> None:
    course = course_of(1, 2, repeat="one")
    course.take(course.turn_from(0))
    for _ in range(5):
        names = [item.key for item in course.items(9)]
        assert told(course, 9) == [1, 1, 1, 2]
        hear(course, 1)
        assert [item.key for item in course.items(9)][:2] == names[1:3]
    course.repeat = "off"
    assert told(course, 9) == [1, 2]
    assert course.items(9)[0].key == names[1], "what sounds goes on"


def test_a_track_that_fails_when_it_begins_anew_gives_way() -> None:
    course = course_of(1, 2, repeat="one")
    course.take(course.turn_from(0))
    course.queue.bad.add(1)
    assert told(course, 9) == [1, 2]


def test_broken_ones_are_left_out_of_every_lap_and_nothing_but_broken_ones_ends() -> None:
    course = course_of(1, 2, 3, repeat="all")
    course.take(course.turn_from(0))
    course.queue.bad.add(2)
    assert told(course, 5) == [1, 3, 1, 3, 1]
    course.queue.bad.update((1, 3))
    assert told(course, 5) == [1], "no further than what is being tried"
    assert course.turn_from(1) is None
    assert not course.goes_on


def test_next_goes_around_only_where_the_queue_is_repeated() -> None:
    course = course_of(1, 2)
    course.take(course.turn_from(1))
    assert (course.goes_on, course.turn_from(2)) == (False, None)
    course.repeat = "one"
    assert not course.goes_on
    course.repeat = "all"
    assert course.goes_on
    turn = course.turn_from(2)
    assert turn == Turn(1, 1)
    assert course.take(turn)
    assert told(course, 3) == [1, 2, 1]


def test_every_lap_of_a_shuffled_queue_is_in_another_order_which_is_the_one_that_was_told() -> None:
    course = course_of(*range(1, 9), repeat="all", seed=3)
    course.queue.shuffle(first=4)
    course.take(course.turn_from(0))
    orders = [tuple(numbers(course))]
    for _ in range(6):
        following = told(course, 16)
        assert tuple(following[:8]) == orders[-1]
        assert hear(course, 8, 16)
        orders.append(tuple(numbers(course)))
        assert tuple(following[8:]) == orders[-1]
        assert orders[-1][0] != orders[-2][-1]
        assert sorted(orders[-1]) == list(range(1, 9))
    assert len(set(orders)) == len(orders)


def test_what_is_added_and_taken_out_changes_the_laps_to_come_and_no_more_than_it_must() -> None:
    course = course_of(*range(1, 6), repeat="all", seed=8)
    course.queue.shuffle(first=0)
    course.take(course.turn_from(0))
    later = told(course, 10)[5:]
    course.queue.add([track(9)])
    course.queue.remove([course.queue.playables.index(track(3))])
    lap, following = told(course, 10)[:5], told(course, 10)[5:]
    assert sorted(lap) == sorted(following) == [1, 2, 4, 5, 9]
    assert [n for n in following if n != 9] == [n for n in later if n != 3]


def test_without_shuffling_the_next_lap_is_in_the_queues_own_order() -> None:
    course = course_of(*range(1, 7), repeat="all")
    course.queue.shuffle(first=3)
    course.take(course.turn_from(0))
    course.queue.restore()
    assert told(course, 12) == [4, 1, 2, 3, 5, 6, 1, 2, 3, 4, 5, 6]
    assert hear(course, 6)
    assert numbers(course) == [1, 2, 3, 4, 5, 6]
    assert course.queue.place == 0


def test_what_the_engine_said_before_it_heard_of_a_change_is_understood() -> None:
    course = course_of(1, 2, repeat="one")
    course.take(course.turn_from(0))
    anew = course.items(9)[1].key
    course.repeat = "off"
    course.items(9)
    turn = course.turn(anew)
    assert turn is not None
    assert not course.take(turn)
    assert (told(course, 9), course.items(9)[0].key) == ([1, 2], anew)
    assert course.turn(999) is None
    course.queue.remove([0])
    assert course.turn(anew) is None


def test_what_the_next_lap_begins_with_is_what_the_engine_is_told() -> None:
    course = course_of(*range(1, 7), repeat="all", seed=5)
    course.queue.shuffle(first=2)
    course.take(course.turn_from(0))
    coming = [playable.track_id for playable in course.next_lap(4)]
    assert told(course, 10)[6:] == coming
    assert len(course.next_lap(99)) == 6, "that lap alone"
    course.queue.bad.add(1)
    assert len(course.next_lap(99)) == 5
    course.repeat = "one"
    assert course.next_lap(4) == []
