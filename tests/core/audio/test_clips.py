"""Reading a clip store: exact, frozen, bounded in memory, and closed to what is broken or hostile."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.clip_index import INDEX, plan_name, plan_seconds, shard_path
from core.audio.clips import ClipSet, is_plan, quantise
from core.errors import UserError
from tests.clip_tools import bare, noise, sounds_of, write_store

LENGTHS = (1, 40, 999, 1000, 5000)


@pytest.fixture(scope="module")
def sounds() -> dict[str, np.ndarray]:
    return {f"t{i}": noise(i, size) for i, size in enumerate(LENGTHS)}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, sounds: dict[str, np.ndarray]) -> ClipSet:
    """Five clips in three shards."""
    return write_store(tmp_path_factory.mktemp("store"), sounds, shard_bytes=1500)


# -- from float to 16 bit --------------------------------------------------------------------------


def test_what_came_from_16_bit_goes_back_unchanged() -> None:
    every = np.arange(-32_768, 32_768, dtype=np.int16)
    back, clipped = quantise(every.astype(np.float32) / 32_768)
    np.testing.assert_array_equal(back, every)
    assert clipped == 0


def test_beyond_full_scale_is_clipped_and_counted_never_wrapped() -> None:
    loud = np.array([1.0, 0.99999, -1.0, -1.00002, 3.0, -3.0, 1e5], np.float32)
    back, clipped = quantise(loud)
    assert back.tolist() == [32_767, 32_767, -32_768, -32_768, 32_767, -32_768, 32_767]
    assert clipped == 6  # all but -1


@given(st.floats(-0.5, 0.9375, width=32))
def test_rounding_is_to_the_nearest(value: float) -> None:
    (back,), clipped = quantise(np.array([value], np.float32))
    assert abs(float(back) - value * 32_768) <= 0.5
    assert not clipped


# -- reading ---------------------------------------------------------------------------------------


def test_clips_come_in_the_order_of_their_identities(tmp_path: Path, sounds: dict[str, np.ndarray]) -> None:
    one = write_store(tmp_path / "1", sounds)
    other = write_store(tmp_path / "2", dict(reversed(sounds.items())), shard_bytes=100)
    assert [clip.identity for clip in one.clips] == [clip.identity for clip in other.clips] == sorted(sounds)
    assert one.fingerprint == other.fingerprint
    assert sounds_of(one) == {key: sound.tobytes() for key, sound in sounds.items()} == sounds_of(other)
    assert (one.bytes, len(one)) == (2 * sum(LENGTHS), len(LENGTHS))


@given(data=st.data())
def test_gathering_is_slicing(clips: ClipSet, sounds: dict[str, np.ndarray], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 1200))
    count = data.draw(st.integers(0, 8))
    rows = data.draw(st.lists(st.integers(0, len(clips) - 1), min_size=count, max_size=count))
    starts = data.draw(st.lists(st.integers(0, 6000), min_size=count, max_size=count))
    wanted = np.zeros((count, size), np.int16)
    for target, row, start in zip(wanted, rows, starts, strict=True):
        piece = sounds[clips.clips[row].identity][start : start + size]
        target[: len(piece)] = piece
    got = clips.gather(np.array(rows, np.int64), np.array(starts, np.int64), size)
    assert (got.dtype, got.flags.c_contiguous, got.flags.writeable) == (np.int16, True, True)
    np.testing.assert_array_equal(got, wanted)
    for index in range(count):
        np.testing.assert_array_equal(clips.read(rows[index], starts[index], size), wanted[index])


@pytest.mark.parametrize(("rows", "starts"), [([-1], [0]), ([0], [-1]), ([0, 1], [0])])
def test_no_row_and_no_start_counts_from_the_end(clips: ClipSet, rows: list[int], starts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"begin at 0|zip"):
        clips.gather(rows, starts, 10)


def test_a_row_too_many_is_an_error(clips: ClipSet) -> None:
    with pytest.raises(IndexError):
        clips.gather([len(clips)], [0], 10)


def test_what_is_gathered_is_the_callers_own(clips: ClipSet) -> None:
    first = clips.gather([4], [0], 100)
    kept = first.copy()
    first += 1
    np.testing.assert_array_equal(clips.gather([4], [0], 100), kept)


def test_a_subset_is_sorted_and_has_a_fingerprint_of_its_own(clips: ClipSet) -> None:
    some = clips.subset(["t4", "t1", "unknown"])
    assert [clip.identity for clip in some.clips] == ["t1", "t4"]
    assert some.fingerprint != clips.fingerprint
    assert some.fingerprint == clips.subset({"t1", "t4"}).fingerprint
    assert clips.subset(sounds_of(clips)).fingerprint == clips.fingerprint
    assert [clip.samples for clip in clips.at_least(1000).clips] == [1000, 5000]
    assert some.read(1, 10, 50).tobytes() == clips.read(4, 10, 50).tobytes()


def test_the_fingerprint_hangs_on_every_sample_and_the_plan_and_not_on_tags(tmp_path: Path) -> None:
    sound = noise(1, 100)
    changed = sound.copy()
    changed[50] += 1
    prints = {
        write_store(tmp_path / "a", {"x": sound}).fingerprint,
        write_store(tmp_path / "b", {"x": changed}).fingerprint,
        write_store(tmp_path / "c", {"x": sound[:99]}).fingerprint,
        write_store(tmp_path / "d", {"y": sound}).fingerprint,
        write_store(tmp_path / "e", {"x": sound}, plan="whole").fingerprint,
    }
    assert len(prints) == 5
    from core.audio.clip_store import ClipStore

    with ClipStore(tmp_path / "f", "middle-30") as store:
        store.add(bare("x", title="Another", album="Tag"), [sound])
    assert ClipSet.open(tmp_path / "f").fingerprint in prints


def test_memory_does_not_grow_with_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.audio.clips._RESIDENT", 4 << 20)
    clips = write_store(tmp_path, {f"t{i}": np.zeros(1 << 20, np.int16) for i in range(32)})  # 64 MB
    rng, process = np.random.default_rng(0), psutil.Process()
    clips.gather(rng.integers(0, 32, 8), rng.integers(0, 1 << 20, 8), 48_000)
    before = process.memory_info().rss
    for _ in range(100):
        clips.gather(rng.integers(0, 32, 16), rng.integers(0, 1 << 20, 16), 48_000)
    assert process.memory_info().rss - before < 24 << 20


# -- plans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(30, "middle-30"), (0, "whole"), (7.5, "middle-7.5"), (3600, "middle-3600"), (0.5, "middle-0.5")],
)
def test_plans_have_names_that_can_be_folders(seconds: float, name: str) -> None:
    assert plan_name(seconds) == name
    assert plan_seconds(name) == seconds
    assert is_plan(name)


@pytest.mark.parametrize(
    "name", ["", "..", "middle-", "middle-0", "middle-0.0", "middle-30/..", "middle--1", "WHOLE", None, 3]
)
def test_nothing_else_is_a_plan(name: object) -> None:
    assert not is_plan(name)


# -- what is broken or hostile ---------------------------------------------------------------------


def forged(folder: Path, change: Callable[[dict[str, Any]], object], line: int = 1) -> None:
    """Change what a line of the index says, with a right checksum."""
    lines = (folder / INDEX).read_bytes().splitlines(keepends=True)
    values = json.loads(lines[line].partition(b" ")[2])
    change(values)
    body = json.dumps(values).encode()
    lines[line] = b"%08x %s\n" % (zlib.crc32(body), body)
    (folder / INDEX).write_bytes(b"".join(lines))


def test_a_line_from_before_album_artists_were_kept_is_read(tmp_path: Path) -> None:
    write_store(tmp_path, {"t": noise(0, 1000)})
    forged(tmp_path, lambda values: values.pop("album_artist"))
    [clip] = ClipSet.open(tmp_path).clips
    assert (clip.album, clip.album_artist) == ("First", "")


@pytest.mark.parametrize(
    "lie",
    [
        {"samples": 10**9}, {"samples": 0}, {"samples": -1}, {"samples": 2**70}, {"samples": "1000"},
        {"at": 10**9}, {"at": -1}, {"shard": 7}, {"shard": -1}, {"shard": "../../x"}, {"samples": 99.5},
        {"identity": "../../etc/passwd"}, {"identity": "a/b"}, {"identity": ""}, {"identity": 5},
        {"digest": "x"}, {"title": "x" * 10**6}, {"title": None}, {"clipped": -5}, {"imported": 1},
        {"more": "of it"}, {"samples": True},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, lie: dict[str, Any]) -> None:
    write_store(tmp_path, {"t": noise(0, 1000)})
    forged(tmp_path, lambda values: values.update(lie))
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path)


@pytest.mark.parametrize("lie", [{"plan": "../x"}, {"next_shard": -1}, {"format": "earmap clips 99"}])
def test_a_foreign_header_is_refused(tmp_path: Path, lie: dict[str, Any]) -> None:
    write_store(tmp_path, {"t": noise(0, 1000)})
    forged(tmp_path, lambda values: values.update(lie), line=0)
    with pytest.raises(UserError):
        ClipSet.open(tmp_path)


def test_a_shard_that_is_short_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    write_store(tmp_path, {"t": noise(0, 1000)})
    path = shard_path(tmp_path, 0)
    os.truncate(path, 1998)
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path)
    path.unlink()
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path)
    path.mkdir()
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_shard_that_is_a_link_to_elsewhere_is_refused(tmp_path: Path) -> None:
    write_store(tmp_path / "s", {"t": noise(0, 1000)})
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(4000))
    shard_path(tmp_path / "s", 0).unlink()
    shard_path(tmp_path / "s", 0).symlink_to(secret)
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path / "s")


@pytest.mark.parametrize("content", [None, b"", b"\x00" * 500, b"hello\n", b"x" * 100_000 + b"\n" * 1000])
def test_where_there_is_no_store_that_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / INDEX).write_bytes(content)
    with pytest.raises(UserError, match="no clips"):
        ClipSet.open(tmp_path)


def test_a_hole_in_the_index_is_damage_and_not_a_torn_end(tmp_path: Path) -> None:
    write_store(tmp_path, {f"t{i}": noise(i, 10) for i in range(4)})
    content = bytearray((tmp_path / INDEX).read_bytes())
    content[content.index(b"t1")] ^= 1
    (tmp_path / INDEX).write_bytes(bytes(content))
    with pytest.raises(UserError, match="damaged"):
        ClipSet.open(tmp_path)
