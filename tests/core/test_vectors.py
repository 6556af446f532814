"""The vector cache against a dictionary, under crashes, rivals and broken files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import UserError
from core.recommend import Standardisation, measure, unit_rows
from core.vectors import Snapshot, VectorCache
from core.vectors.layout import Layout

DIM = 3
STATS = Standardisation(np.array([1, 2, 3], np.float32), np.array([1, 0.5, 0], np.float32), 40)


def vector(key: int, salt: int = 0) -> NDArray[np.float32]:
    return np.array([key, salt, key * 0.5 + 1], np.float32)


def batch(keys: list[int], salt: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.array(keys, np.int64), np.array([vector(k, salt) for k in keys], np.float32).reshape(-1, DIM)


def check(snapshot: Snapshot, expected: dict[int, NDArray[np.float32]]) -> None:
    """Same content, and everything in the snapshot agrees with everything else in it."""
    assert sorted(snapshot.ids.tolist()) == sorted(expected)
    assert snapshot.raw.shape == snapshot.unit.shape == (len(expected), DIM)
    keys = [*expected, -7, 10**12]
    rows = snapshot.rows(keys)
    assert rows.tolist()[-2:] == [-1, -1]
    for key, row in zip(expected, rows, strict=False):
        assert snapshot.ids[row] == key
        assert snapshot.raw[row].tolist() == expected[key].tolist()
    assert np.array_equal(snapshot.unit, unit_rows(snapshot.raw, snapshot.standardisation))


keys = st.lists(st.integers(0, 12), unique=True, max_size=8)
steps = st.lists(
    st.tuples(st.sampled_from(["put", "put", "remove", "restandardise", "rebuild"]), keys, st.integers(0, 2)),
    max_size=8,
)


@settings(max_examples=40)
@given(steps)
def test_the_cache_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, list[int], int]]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache, model = VectorCache(folder, "k", DIM), dict[int, NDArray[np.float32]]()
    stats: Standardisation | None = None
    stamp = 0
    for number, (what, some, salt) in enumerate(story, 1):
        if what == "put":
            cache.put(*batch(some, salt), stamp=number)
            model |= {key: vector(key, salt) for key in some}
            stamp = number
        elif what == "remove":
            cache.remove(some)
            model = {key: row for key, row in model.items() if key not in some}
        elif what == "restandardise":
            stats = STATS if salt else None
            cache.restandardise(stats)
        else:
            stats = STATS if salt == 2 else None
            cache.rebuild([batch(some[:2], salt), batch(some[2:], salt)], stats, stamp=number)
            model, stamp = {key: vector(key, salt) for key in some}, number
        for reader in (cache, VectorCache(folder, "k", DIM)):
            check(reader.read(), model)
            assert reader.read().stamp == stamp
            assert (reader.read().standardisation is None) == (stats is None)


def test_a_snapshot_stays_as_it_was(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1, 2, 3]))
    before, copy = cache.read(), np.array(cache.read().raw)
    unit = np.array(before.unit)
    cache.put(*batch([4]))
    cache.put(*batch([1], salt=5))
    cache.restandardise(STATS)
    cache.remove([2])
    assert before.ids.tolist() == [1, 2, 3]
    assert np.array_equal(before.raw, copy)
    assert np.array_equal(before.unit, unit)
    assert sorted(cache.read().ids.tolist()) == [1, 3, 4]


def test_the_same_object_until_something_changes(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1, 2]), stamp=5)
    first = cache.read()
    assert cache.read() is first
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    cache.put(*batch([1]))
    cache.remove([9])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.suffix != ".lock"} == {
        path: time for path, time in written.items() if path.suffix != ".lock"
    }
    VectorCache(tmp_path, "k", DIM).put(*batch([3]))
    assert cache.read() is not first
    assert cache.read().stamp == 5


def test_arrays_cannot_be_written_to(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1, 2]))
    for array in (cache.read().ids, cache.read().raw, cache.read().unit):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_only_the_files_in_use_are_kept(tmp_path: Path) -> None:
    cache, other = VectorCache(tmp_path, "k", DIM), VectorCache(tmp_path, "l", DIM)
    other.put(*batch([1]))
    for salt in range(4):
        cache.put(*batch([1, 2], salt))
        cache.restandardise(STATS)
    assert len([path for path in tmp_path.iterdir() if path.suffix in {".ids", ".raw", ".unit"}]) == 6
    check(other.read(), {1: vector(1)})


def test_a_file_that_cannot_be_deleted_yet_is_deleted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1]))

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix in {".ids", ".raw", ".unit"}:
            raise PermissionError(13, "in use", str(path))

    with monkeypatch.context() as windows:
        windows.setattr(Path, "unlink", refuse)
        cache.put(*batch([1], salt=1))
    check(cache.read(), {1: vector(1, 1)})
    assert len(list(tmp_path.glob("*.raw"))) == 2
    cache.put(*batch([2]))
    assert len(list(tmp_path.glob("*.raw"))) == 1


# Broken and foreign


def test_what_a_crash_left_behind_the_last_row_is_overwritten(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1, 2]))
    for path in tmp_path.glob("*.[iru]*"):
        with path.open("ab") as file:
            file.write(b"\xff" * 101)
    check(VectorCache(tmp_path, "k", DIM).read(), {1: vector(1), 2: vector(2)})
    cache.put(*batch([3]))
    check(VectorCache(tmp_path, "k", DIM).read(), {k: vector(k) for k in (1, 2, 3)})


def cut(part: str) -> Callable[[Path], None]:
    def breaking(folder: Path) -> None:
        path = next(folder.glob(f"*.{part}"))
        os.truncate(path, path.stat().st_size - 1)

    return breaking


def headed(**fields: object) -> Callable[[Path], None]:
    def breaking(folder: Path) -> None:
        path = next(folder.glob("*.json"))
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return breaking


def content(data: bytes) -> Callable[[Path], None]:
    return lambda folder: next(folder.glob("*.json")).write_bytes(data) and None


@pytest.mark.parametrize(
    "breaking",
    [
        cut("ids"), cut("raw"), cut("unit"), content(b""), content(b"\xff\x00"), content(b"[1]"), content(b"{}"),
        content(b"null"), headed(n=10**12), headed(n=-1), headed(n="2"), headed(n=2.0), headed(n=None),
        headed(rows=99), headed(unit="../../x"), headed(dim=4), headed(key="another"), headed(format="vectors 99"),
        headed(mean=[1.0], std=[1.0]), headed(mean=[1.0, 2.0, 3.0]), headed(mean="abc", std="abc"), headed(extra=1),
        headed(mean=[None, 1.0, 2.0], std=[1.0, 1.0, 1.0]), headed(stamp=[]),
    ],
)  # fmt: skip
def test_what_is_broken_or_foreign_counts_as_empty_and_is_made_anew(
    tmp_path: Path, breaking: Callable[[Path], None]
) -> None:
    VectorCache(tmp_path, "k", DIM).put(*batch([1, 2]), stamp=8)
    breaking(tmp_path)
    cache = VectorCache(tmp_path, "k", DIM)
    assert (len(cache.read()), cache.read().stamp) == (0, 0)
    cache.put(*batch([5]), stamp=9)
    check(VectorCache(tmp_path, "k", DIM).read(), {5: vector(5)})


def test_the_same_folder_holds_caches_of_several_widths(tmp_path: Path) -> None:
    VectorCache(tmp_path, "k", DIM).put(*batch([1]))
    assert len(VectorCache(tmp_path, "k", 7).read()) == 0
    assert len(VectorCache(tmp_path, "another", DIM).read()) == 0
    assert len(VectorCache(tmp_path / "not there", "k", DIM).read()) == 0


@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        ([1, 1], [[0, 0, 0]] * 2),
        ([1], [[0, 0]]),
        ([1, 2], [[0, 0, 0]]),
        ([1], [[np.nan, 0, 0]]),
        ([1], [[np.inf, 0, 0]]),
    ],
)
def test_senseless_batches_are_refused(tmp_path: Path, ids: list[int], rows: list[list[float]]) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([7]))
    with pytest.raises(ValueError, match=r"vectors|twice"):
        cache.put(np.array(ids), np.array(rows, np.float32))
    with pytest.raises(ValueError, match=r"vectors|twice"):
        cache.rebuild([(np.array(ids), np.array(rows, np.float32))])
    check(cache.read(), {7: vector(7)})


# Crashes and rivals, in real processes

WRITER = """
import sys, time, numpy as np
from pathlib import Path
from core.vectors import VectorCache
first, step, last = map(int, sys.argv[2:5])
cache = VectorCache(Path(sys.argv[1]), "k", 3)
print("ready", flush=True)
for start in range(first, last, step):
    keys = [k for k in range(start, start + step)]
    rows = np.array([[k, 0, k * 0.5 + 1] for k in keys], np.float32)
    cache.put(np.array(keys), rows, stamp=start + step)
    time.sleep(0.003)  # the lock is polled: who never rests keeps it
"""


def writer(folder: Path, *numbers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(folder), *map(str, numbers)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_killed_at_any_moment_it_holds_whole_batches(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for must_grow in (False, True, True, False, True, True):
        start = VectorCache(tmp_path, "k", DIM).read().stamp
        with writer(tmp_path, start, 50, 10**9) as process:
            until = time.monotonic() + 30  # a busy disk writes nothing for a while
            while (
                must_grow
                and VectorCache(tmp_path, "k", DIM).read().stamp == start
                and time.monotonic() < until
            ):
                time.sleep(0.01)
            time.sleep(0.2 * rng.random())
            process.kill()
        found = VectorCache(tmp_path, "k", DIM).read()
        check(replace(found), {key: vector(key) for key in range(found.stamp)})
        assert found.stamp > start or not must_grow


def test_readers_see_whole_states_while_another_process_writes(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "k", DIM)
    seen: list[int] = []
    with writer(tmp_path, 0, 20, 2000) as process:
        while process.poll() is None:
            now = VectorCache(tmp_path, "k", DIM).read()
            assert now.ids.tolist() == list(range(now.stamp))
            assert np.array_equal(now.raw[:, 0], np.arange(now.stamp))
            assert np.array_equal(now.unit, unit_rows(now.raw, now.standardisation))
            seen.append(now.stamp)
            if len(seen) % 25 == 0:
                cache.restandardise(STATS if len(seen) % 50 else None)
            time.sleep(0.003)
    assert process.returncode == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    check(cache.read(), {key: vector(key) for key in range(2000)})


def test_two_writers_take_turns(tmp_path: Path) -> None:
    with writer(tmp_path, 0, 25, 500) as one, writer(tmp_path, 500, 25, 1000) as other:
        assert (one.wait(), other.wait()) == (0, 0)
    check(VectorCache(tmp_path, "k", DIM).read(), {key: vector(key) for key in range(1000)})


def test_a_full_disk_is_a_sentence_and_costs_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    cache = VectorCache(tmp_path, "k", DIM)
    cache.put(*batch([1, 2]), stamp=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what lies beyond fails as on a full disk
    try:
        with pytest.raises(UserError, match="no room"):
            cache.put(*batch(list(range(10, 3000))), stamp=2)
        with pytest.raises(UserError, match="no room"):
            cache.rebuild([batch(list(range(3000)))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    check(VectorCache(tmp_path, "k", DIM).read(), {1: vector(1), 2: vector(2)})
    cache.put(*batch([3]))
    check(cache.read(), {key: vector(key) for key in (1, 2, 3)})


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        VectorCache(tmp_path / "file" / "cache", "k", DIM).put(*batch([1]))


# Size


def test_a_large_cache_is_opened_and_restandardised_without_being_read_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cache = VectorCache(tmp_path, "k", 64)
    parts = [
        (np.arange(s, s + 20_000), rng.standard_normal((20_000, 64), np.float32))
        for s in range(0, 200_000, 20_000)
    ]
    cache.rebuild(parts)
    del parts
    tracemalloc.start()
    try:
        start = time.perf_counter()
        opened = VectorCache(tmp_path, "k", 64).read()
        assert time.perf_counter() - start < 0.1
        stats = measure(opened.raw)
        cache.restandardise(stats)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20  # of 51 MB
    finally:
        tracemalloc.stop()
    assert np.array_equal(cache.read().unit[123_456], unit_rows(opened.raw[123_456:123_457], stats)[0])


def test_ids_in_any_order_are_found() -> None:
    ids = np.array([50, 3, 9, -4, 2**60], np.int64)
    snapshot = Snapshot.of(ids, np.zeros((5, DIM), np.float32))
    assert snapshot.rows([9, 2**60, 4, 50, -4, 51, 2**61, -5]).tolist() == [2, 4, -1, 0, 3, -1, -1, -1]
    assert Snapshot.of(ids[:0], np.zeros((0, DIM), np.float32)).rows([1, 2]).tolist() == [-1, -1]


def test_the_next_generation_passes_over_what_lies_there(tmp_path: Path) -> None:
    files = Layout(tmp_path, "k", DIM)
    files.path(41, "raw").touch()
    files.path(7, "ids").touch()
    assert files.next_generation() == 42
