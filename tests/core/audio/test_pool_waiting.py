"""A pool while nothing happens: its caller is asked now and then, and a crowded system is a sentence."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.audio.pool import DecodePool
from core.audio.records import Finished, Request
from core.errors import Cancelled, UserError
from tests.accidents import careless
from tests.audio_files import write_tone


def test_a_caller_can_stop_while_every_file_hangs(tmp_path: Path) -> None:
    hanging = write_tone(tmp_path / "sleep.wav", 0.1)
    began = time.monotonic()

    def stop() -> None:
        if time.monotonic() - began > 1:
            raise Cancelled

    with DecodePool(1, 600, decoder=careless) as pool, pytest.raises(Cancelled):
        list(pool.stream([Request(0, os.fsencode(hanging))], stop))
    assert time.monotonic() - began < 20


def test_what_turns_up_later_is_read_while_others_are_still_busy(tmp_path: Path) -> None:
    long, late = write_tone(tmp_path / "long.wav", 120.0), write_tone(tmp_path / "late.wav", 0.1)
    asked: list[int] = []

    def wishes() -> Iterator[Request | None]:
        yield Request(0, os.fsencode(long))
        while len(asked) < 2:
            asked.append(0)
            yield None
        yield Request(1, os.fsencode(late))

    with DecodePool(2) as pool:
        ended = [event.key for event in pool.stream(wishes()) if isinstance(event, Finished)]
    assert sorted(ended) == [0, 1]


def test_only_nothing_ends_the_stream_at_once() -> None:
    with DecodePool(2) as pool:
        assert list(pool.stream(iter([None, None, None]))) == []


def test_a_system_that_starts_no_more_processes_is_a_sentence(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    sound = write_tone(tmp_path / "a.wav", 0.1)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with DecodePool(1) as pool:
        resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds(), hard))
        try:
            with pytest.raises(UserError, match="cannot be started") as error:
                list(pool.stream([Request(0, os.fsencode(sound))]))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert "Too many open files" in error.value.hint
        assert [type(event) for event in pool.stream([Request(0, os.fsencode(sound))])][-1] is Finished
