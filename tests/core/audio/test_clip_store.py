"""Writing a clip store: whatever happens in between, it opens, holds what was committed, and goes on."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.clip_index import INDEX, read, shard_path
from core.audio.clip_store import ClipStore, store_bytes
from core.audio.clips import ClipSet, Int16
from core.errors import UserError
from tests.clip_tools import PLAN, bare, check_digests, no_file_larger_than, noise, sounds_of, write_store
from tests.library_tools import write_tones


def add(store: ClipStore, *seeds: int, samples: int = 100) -> None:
    for seed in seeds:
        store.add(bare(f"t{seed}"), [noise(seed, samples)])


# -- adding ----------------------------------------------------------------------------------------


def test_a_clip_is_there_once_it_is_committed_and_not_before(tmp_path: Path) -> None:
    with ClipStore(tmp_path, PLAN) as store:
        add(store, 1)
        store.commit()
        add(store, 2)
        assert [clip.identity for clip in ClipSet.open(tmp_path).clips] == ["t1"]
    assert [clip.identity for clip in ClipSet.open(tmp_path).clips] == ["t1", "t2"]


def test_nothing_is_stored_twice(tmp_path: Path) -> None:
    with ClipStore(tmp_path, PLAN) as store:
        add(store, 1, 1)
        store.commit()
        add(store, 1)
    assert store_bytes(tmp_path) == 200


def test_an_empty_clip_is_none(tmp_path: Path) -> None:
    with ClipStore(tmp_path, PLAN) as store:
        store.add(bare("x"), [])
    assert not len(ClipSet.open(tmp_path))


def test_new_tags_replace_the_old_and_move_no_sound(tmp_path: Path) -> None:
    write_store(tmp_path, {"a": noise(0, 100)})
    before = store_bytes(tmp_path)
    with ClipStore(tmp_path, PLAN) as store:
        store.describe(replace(store.clips["a"], title="Better", album="Other"))
    (clip,) = ClipSet.open(tmp_path).clips
    assert (clip.title, clip.album, clip.artist) == ("Better", "Other", "Ann")
    assert store_bytes(tmp_path) == before


def test_tags_that_json_and_people_cannot_bear(tmp_path: Path) -> None:
    with ClipStore(tmp_path, PLAN) as store:
        store.add(bare("a", title="x\udcff\0\n" + "y" * 10_000), [noise(0, 10)])
    (clip,) = ClipSet.open(tmp_path).clips
    assert clip.title.startswith("x")
    assert len(clip.title) <= 500


def test_shards_are_bounded_and_a_long_clip_has_its_own(tmp_path: Path) -> None:
    sizes = (300, 300, 300, 5000, 300)
    clips = write_store(tmp_path, {f"t{i}": noise(i, n) for i, n in enumerate(sizes)}, shard_bytes=1000)
    assert [clip.shard for clip in clips.clips] == [0, 0, 1, 1, 2]
    check_digests(clips)


def test_an_index_that_says_most_things_twice_is_written_anew(tmp_path: Path) -> None:
    write_store(tmp_path, {"a": noise(0, 10)})
    with ClipStore(tmp_path, PLAN) as store:
        for number in range(1500):
            store.describe(replace(store.clips["a"], title=str(number)))
    long = (tmp_path / INDEX).stat().st_size
    with ClipStore(tmp_path, PLAN):
        pass
    assert (tmp_path / INDEX).stat().st_size < long / 100
    assert ClipSet.open(tmp_path).clips[0].title == "1499"


# -- torn ends -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_store(folder, {f"t{i}": noise(i, 50 + i) for i in range(6)}, shard_bytes=250)
    return folder


@given(cut=st.integers(0, 2000), tail=st.binary(max_size=200), more=st.integers(0, 500))
def test_an_index_cut_anywhere_opens_with_what_is_whole_and_goes_on(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes, more: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    content = (whole / INDEX).read_bytes()
    ends = [i + 1 for i, letter in enumerate(content) if letter == ord("\n")]
    left = max(0, sum(end <= cut for end in ends) - 1)
    (folder / INDEX).write_bytes(content[:cut] + tail)
    for path in whole.glob("shard-*"):
        (folder / path.name).write_bytes(path.read_bytes())
    with shard_path(folder, 2).open("ab") as file:
        file.write(bytes(more))
    if any(end <= cut for end in ends):
        assert len(ClipSet.open(folder)) == left
    with ClipStore(folder, PLAN) as store:
        assert len(store.clips) == left
        store.add(bare("new"), [noise(9, 70)])
    clips = ClipSet.open(folder)
    assert [clip.identity for clip in clips.clips] == ["new", *(f"t{i}" for i in range(left))]
    check_digests(clips)
    # What no line speaks for has been cut off.
    assert store_bytes(folder) == clips.bytes


def test_samples_are_on_the_disk_before_the_line_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        seen.append((name, (tmp_path / INDEX).stat().st_size if (tmp_path / INDEX).exists() else 0))
        sync(handle)

    with ClipStore(tmp_path, PLAN) as store:
        before = (tmp_path / INDEX).stat().st_size
        add(store, 1)
        monkeypatch.setattr(os, "fsync", watched)
        store.commit()
    assert [name for name, _ in seen] == ["shard-00000.i16", INDEX]
    assert seen[0][1] == before, "the line came first"


def test_a_disk_that_fails_to_sync_makes_nothing_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with ClipStore(tmp_path, PLAN) as store:
        add(store, 1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing)
            with pytest.raises(UserError, match="Input/output error"):
                store.commit()
        assert not len(ClipSet.open(tmp_path))
    assert len(ClipSet.open(tmp_path)) == 1, "the next commit tries again"


# -- a full disk -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    sounds = {f"t{i}": noise(i, 100_000) for i in range(5)}
    with no_file_larger_than(500_000), pytest.raises(UserError, match="no room"):
        write_store(tmp_path, sounds)
    assert list(sounds_of(ClipSet.open(tmp_path))) == ["t0", "t1"]
    assert store_bytes(tmp_path) == 400_000, "what did not fit takes no room"
    assert sounds_of(write_store(tmp_path, sounds)) == {k: v.tobytes() for k, v in sounds.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_an_index_that_cannot_grow_stays_whole(tmp_path: Path) -> None:
    write_store(tmp_path, {"a": noise(0, 10)})
    size = (tmp_path / INDEX).stat().st_size
    with ClipStore(tmp_path, PLAN) as store:
        add(store, 1, 2, samples=10)
        with no_file_larger_than(size + 100), pytest.raises(UserError, match="no room"):
            store.commit()
        assert (tmp_path / INDEX).stat().st_size == size
        assert [clip.identity for clip in ClipSet.open(tmp_path).clips] == ["a"]
    assert [clip.identity for clip in ClipSet.open(tmp_path).clips] == ["a", "t1", "t2"]


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[Int16]:
        yield noise(0, 100)
        raise UserError("It broke off.")

    with ClipStore(tmp_path, PLAN) as store:
        add(store, 1)
        with pytest.raises(UserError, match="broke"):
            store.add(bare("x"), broken())
        add(store, 2)
    clips = ClipSet.open(tmp_path)
    assert [clip.identity for clip in clips.clips] == ["t1", "t2"]
    check_digests(clips)
    assert store_bytes(tmp_path) == 400


# -- one at a time ---------------------------------------------------------------------------------


def test_two_writers_are_one_too_many(tmp_path: Path) -> None:
    with ClipStore(tmp_path, PLAN), pytest.raises(UserError, match="Another run"), ClipStore(tmp_path, PLAN):
        pass
    with ClipStore(tmp_path, PLAN):
        pass


def test_a_store_of_another_plan_is_not_written_into(tmp_path: Path) -> None:
    write_store(tmp_path, {"a": noise(0, 10)})
    with pytest.raises(UserError), ClipStore(tmp_path, "whole"):
        pass
    with ClipStore(tmp_path, PLAN):  # the lock is free again
        pass


# -- making room -----------------------------------------------------------------------------------


def test_room_is_made_of_what_nobody_keeps_the_oldest_first(tmp_path: Path) -> None:
    write_store(tmp_path, {f"t{i}": noise(i, 100) for i in range(6)}, shard_bytes=400)
    held = ClipSet.open(tmp_path)
    before = sounds_of(held)
    with ClipStore(tmp_path, PLAN, 400) as store:
        assert store.make_room(150, keep={"t1", "t5"}) == 200
        assert sorted(store.clips) == ["t1", "t2", "t3", "t4", "t5"]
        add(store, 9)
    clips = ClipSet.open(tmp_path)
    assert [clip.identity for clip in clips.clips] == ["t1", "t2", "t3", "t4", "t5", "t9"]
    check_digests(clips)
    assert store_bytes(tmp_path) == clips.bytes == 1200
    assert sounds_of(held) == before, "whoever reads them keeps them"


def test_what_is_kept_is_kept_whatever_is_wanted(tmp_path: Path) -> None:
    write_store(tmp_path, {f"t{i}": noise(i, 100) for i in range(4)}, shard_bytes=400)
    with ClipStore(tmp_path, PLAN) as store:
        assert store.make_room(10**9, keep={"t0", "t3"}) == 400
        assert store.make_room(10**9, keep={"t0", "t3"}) == 0
    clips = ClipSet.open(tmp_path)
    assert [clip.identity for clip in clips.clips] == ["t0", "t3"]
    check_digests(clips)
    assert store_bytes(tmp_path) == 400


def test_killed_while_clips_move_the_file_of_who_reads_them_keeps_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_store(tmp_path, {f"t{i}": noise(i, 100) for i in range(4)})
    held, real = ClipSet.open(tmp_path), ClipStore._append

    def killed(store: ClipStore, lines: bytes) -> None:
        if b'"gone"' in lines:
            raise KeyboardInterrupt
        real(store, lines)

    monkeypatch.setattr(ClipStore, "_append", killed)
    with ClipStore(tmp_path, PLAN) as store, pytest.raises(KeyboardInterrupt):
        store.make_room(10**9, keep={"t3"})
    monkeypatch.undo()
    size = shard_path(tmp_path, 0).stat().st_size
    with ClipStore(tmp_path, PLAN) as store:
        assert shard_path(tmp_path, 0).stat().st_size == size == 800, "mapped: less would be a crash"
        assert sorted(store.clips) == ["t0", "t1", "t2", "t3"]
    assert sounds_of(held) == sounds_of(ClipSet.open(tmp_path))


def test_a_bit_that_has_flipped_is_seen_when_a_clip_is_moved(tmp_path: Path) -> None:
    write_store(tmp_path, {f"t{i}": noise(i, 100) for i in range(2)})
    content = bytearray(shard_path(tmp_path, 0).read_bytes())
    content[250] ^= 1
    shard_path(tmp_path, 0).write_bytes(bytes(content))
    with ClipStore(tmp_path, PLAN) as store, pytest.raises(UserError, match="damaged"):
        store.make_room(1, keep={"t1"})


# -- killed ----------------------------------------------------------------------------------------


class Writer:
    """A program whose children decode files into a store, a commit for every clip."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "tests.clip_writer", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, kill_after: int | None = None, wait_s: float = 0.0) -> list[str]:
        """One child, killed so long after so many clips or not; the clips that it said were stored for good."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline().removeprefix("ready "))
        lines: list[str] = []
        for line in iter(self.process.stdout.readline, "ended\n"):
            lines.append(line)
            if len(lines) == kill_after:
                time.sleep(wait_s)
                os.kill(child, signal.SIGKILL)
        return lines


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_killed_at_ten_random_moments_nothing_is_damaged_and_nothing_read_twice(tmp_path: Path) -> None:
    folder, store, count = write_tones(tmp_path / "music", 10, seconds=1.0), tmp_path / "store", 120
    rng, announced, held = random.Random(0), 0, 0
    writer = Writer(folder, store, count)
    with writer.process:
        for killed in range(1, 11):
            announced += len(writer.run(rng.randint(1, 5), rng.uniform(0, 0.015)))
            index = read(store)
            held = len(index.clips) if index is not None else 0
            assert announced <= held <= announced + killed, (
                "what was said is stored, and one each was not yet said"
            )
            if held:
                check_digests(ClipSet.open(store))
        assert held >= 10
        assert len(writer.run()) == count - held, "only what was missing was decoded"
        assert writer.process.stdin is not None
        writer.process.stdin.close()
    clips = ClipSet.open(store)
    assert len(clips) == count
    check_digests(clips)
    assert store_bytes(store) == clips.bytes
    assert np.abs(clips.gather([0], [0], 14_000)).max() > 10_000  # a tone
