from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.audio import SEGMENT
from core.audio.pool import DecodePool
from core.audio.records import Event, Failed, Finished, Request, Window
from tests.torture import LONG, Evil, Torture, cut, lies, nothing

pytestmark = pytest.mark.timeout(300)
STALL_S = 20.0


def outcome(end: Finished | Failed) -> str:
    if isinstance(end, Failed):
        return "failed"
    return "partial" if end.partial else "embedded"


def accepted(file: Evil) -> set[str]:
    """What may come out when the file is opened, although a scan would have passed over it."""
    return {"failed" if word == "skipped" else word for word in file.outcomes}


def requests(evil: list[Evil], segments: int = 0) -> Iterator[Request]:
    return (Request(key, file.path, segments) for key, file in enumerate(evil))


class Verdicts:
    """Gathers what comes out of a pool, checking every window."""

    def __init__(self) -> None:
        self.ends: dict[int, Finished | Failed] = {}
        self.sizes: dict[int, list[int]] = {}
        self.seconds: dict[int, float] = {}
        self._before = time.monotonic()

    def take(self, event: Event) -> None:
        if isinstance(event, Window):
            assert event.samples.dtype == np.float32
            assert np.isfinite(event.samples).all()
            self.sizes.setdefault(event.key, []).append(event.samples.size)
        else:
            assert event.key not in self.ends
            self.ends[event.key] = event
            self.seconds[event.key] = time.monotonic() - self._before
            self._before = time.monotonic()

    def wrong(self, evil: list[Evil]) -> list[str]:
        """Files that ended as they should not."""
        return [
            f"{evil[key].path!r}: {outcome(end)}, not {sorted(accepted(evil[key]))} ({end.reason})"
            for key, end in self.ends.items()
            if outcome(end) not in accepted(evil[key])
        ]


def test_there_are_enough_of_them_and_no_two_alike(evil: list[Evil]) -> None:
    assert len({file.path for file in evil}) == len(evil) >= 60
    assert all(file.outcomes <= {"embedded", "partial", "failed", "skipped"} for file in evil)


@pytest.fixture(scope="module")
def whole(evil: list[Evil]) -> Verdicts:
    """Every file to its end, one by one, so that a file's time is its own."""
    with DecodePool(1, STALL_S, niceness=0) as pool:
        verdicts = Verdicts()
        for event in pool.stream(requests(evil)):
            verdicts.take(event)
    return verdicts


@pytest.fixture(scope="module")
def spread(evil: list[Evil]) -> Verdicts:
    """Ten segments of every file, two files at a time."""
    verdicts = Verdicts()
    with DecodePool(2, STALL_S) as pool:
        for event in pool.stream(requests(evil, 10)):
            verdicts.take(event)
    assert {size for sizes in verdicts.sizes.values() for size in sizes} == {SEGMENT}
    return verdicts


@pytest.mark.parametrize("pass_", ["whole", "spread"])
def test_every_file_ends_as_it_should(pass_: str, evil: list[Evil], request: pytest.FixtureRequest) -> None:
    verdicts: Verdicts = request.getfixturevalue(pass_)
    assert sorted(verdicts.ends) == list(range(len(evil)))  # counts reconcile
    assert not verdicts.wrong(evil)
    for end in verdicts.ends.values():
        if outcome(end) == "embedded":
            assert not end.reason
        else:
            assert end.reason[0].isupper() or end.reason[0].isdigit(), end
            assert end.reason.endswith("."), end
            assert "Errno" not in end.reason, end
    crashed = [end for end in verdicts.ends.values() if isinstance(end, Failed) and end.kind == "crashed"]
    assert not crashed
    finished = [key for key, end in verdicts.ends.items() if isinstance(end, Finished)]
    assert all(verdicts.sizes[key] for key in finished)


def test_no_file_takes_more_than_its_time(evil: list[Evil], whole: Verdicts) -> None:
    slow = {evil[key].path: seconds for key, seconds in whole.seconds.items() if seconds > 5}
    assert not {path for path in slow if not path.endswith(LONG.encode())}


def test_one_sound_is_one_identity_wherever_it_lies(evil: list[Evil]) -> None:
    keys = {os.path.basename(file.path): key for key, file in enumerate(evil)}  # noqa: PTH119 - bytes
    with DecodePool(2) as pool:
        asked = (Request(key, file.path, identify_only=True) for key, file in enumerate(evil))
        found = {event.key: event.identity for event in pool.stream(asked) if isinstance(event, Finished)}

    def same(*names: bytes) -> bool:
        return len({found[keys[name]] for name in names}) == 1

    assert same(b"original.flac", b"copy.flac", b"hard link.flac", b"to a file.flac", b"flac.mp3")
    assert same(b"original.mp3", b"retagged copy.mp3", b"mp3.flac")
    assert same(*(name for name in keys if name.startswith(b"tag - ") and name.endswith(b"bytes.mp3")))
    counts = Counter(found.values())
    assert counts[found[keys[b"original.flac"]]] >= 5


def test_the_folder_is_the_same_every_time(evil: list[Evil], tmp_path: Path) -> None:
    first = Path(os.fsdecode(evil[0].path)).parent
    again = Torture(tmp_path / "again")
    for family in (nothing, cut, lies):
        family(again)
    for name in ("random.mp3", "flipped bits.mp3", "hole.flac", "junk within.mp3", "says days.flac"):
        assert (first / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
