from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.audio.timing import Timing


@dataclass(frozen=True)
class Packet:
    pts: int | None
    duration: int | None


def timed(*packets: tuple[int | None, int | None]) -> tuple[list[tuple[int, int]], Timing]:
    timing, spans = Timing(), []
    for pts, duration in packets:
        timing.take(Packet(pts, duration))
        spans.append((timing.begin, timing.end))
    return spans, timing


def test_packets_lie_one_behind_the_other() -> None:
    spans, timing = timed((700, 10), (710, 20), (730, 10))
    assert spans == [(0, 10), (10, 30), (30, 40)]
    assert timing.longest == 20


def test_without_times_durations_count_and_without_either_nothing() -> None:
    assert timed((None, 10), (None, 10), (None, 5))[0][-1] == (20, 25)
    assert timed((None, None), (3, None))[1].end == 0


def test_a_duration_that_is_too_short_is_set_right_by_the_next_time() -> None:
    assert timed((0, 576), (1024, 1024), (2048, 1024))[0] == [(0, 576), (1024, 2048), (2048, 3072)]


def test_a_duration_that_is_too_long_too() -> None:
    assert timed((0, 22), (21, 22), (43, 21))[0] == [(0, 22), (21, 43), (43, 64)]


@pytest.mark.parametrize("jump", [5000, -5000])
def test_what_was_lost_or_begins_anew_is_not_heard(jump: int) -> None:
    spans, _ = timed((0, 100), (100 + jump, 100), (200 + jump, 100))
    assert spans == [(0, 100), (100, 200), (200, 300)]


def test_one_packet_without_a_time_between_others() -> None:
    assert timed((0, 10), (None, 10), (20, 10))[0][-1] == (20, 30)
