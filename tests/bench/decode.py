"""Decoding against a plain PyAV loop, and memory by a track's length.

`python -m tests.bench.decode FOLDER [--files 24]`
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import psutil

from core.audio import SAMPLE_RATE
from core.audio.decode import decode
from core.audio.pool import DecodePool
from core.audio.records import Finished, Request, Window
from tests.audio_files import write
from tests.torture import wav

ENDINGS = {".mp3", ".ogg", ".opus", ".flac", ".m4a", ".wav", ".wma", ".aiff"}


def plain(path: Path) -> int:
    """Demux, decode, resample to mono float: samples."""
    with av.open(os.fspath(path)) as container:
        resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        frames = (out for frame in container.decode(audio=0) for out in resampler.resample(frame))
        sizes = [int(out.to_ndarray().shape[1]) for out in frames]
        return sum(sizes) + sum(int(out.to_ndarray().shape[1]) for out in resampler.resample(None))


def ours(path: Path, segments: int = 0, *, identify_only: bool = False) -> int:
    """The same by `decode`, with the identity: samples."""
    request = Request(0, os.fsencode(path), segments, identify_only)
    windows = (event for event in decode(request, 86_400, lambda: None) if isinstance(event, Window))
    return sum(window.samples.size for window in windows)


def best_of(times: int, work: Callable[[], int]) -> tuple[float, int]:
    """Least processor seconds, and the samples."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        samples = work()
        found.append((time.process_time() - begin, samples))
    return min(found)


def speeds(paths: list[Path]) -> None:
    """Processor seconds of each way, over all files, taken in turn."""
    ways: dict[str, Callable[[Path], int]] = {
        "plain loop": plain,
        "decode": ours,
        "decode, 10 segments": lambda path: ours(path, 10),
        "identify only": lambda path: ours(path, identify_only=True),
    }
    total = dict.fromkeys(ways, 0.0)
    samples = dict.fromkeys(ways, 0)
    for path in paths:
        for name, way in ways.items():
            spent, size = best_of(2, functools.partial(way, path))
            total[name] += spent
            samples[name] += size
    seconds = samples["plain loop"] / SAMPLE_RATE
    assert abs(samples["decode"] - samples["plain loop"]) < 0.001 * samples["plain loop"]
    print(f"{len(paths)} files, {seconds / 60:.1f} min of sound")
    for name, spent in total.items():
        print(
            f"  {name:22} {spent:7.2f} CPU s  {seconds / spent:6.0f} x real time  "
            f"{spent / len(paths) * 1000:6.1f} ms a file  {total['plain loop'] / spent:5.2f} x the plain loop"
        )


def pooled(paths: list[Path], workers: int) -> None:
    """Wall time of the pool."""
    with DecodePool(workers, niceness=0) as pool:
        list(pool.stream(Request(0, os.fsencode(path)) for path in paths[:workers]))  # started
        begin, seconds, spent = time.perf_counter(), 0.0, 0.0
        for event in pool.stream(Request(key, os.fsencode(path)) for key, path in enumerate(paths)):
            if isinstance(event, Finished):
                seconds, spent = seconds + event.seconds, spent + event.cpu_seconds
        wall = time.perf_counter() - begin
    print(
        f"pool of {workers}: {wall:.2f} s, {len(paths) / wall:.1f} tracks/s, {seconds / wall:.0f} x real time, "
        f"{spent:.2f} CPU s in the workers ({seconds / spent:.0f} x real time a core)"
    )


def peak_pss(path: Path, segments: int = 0) -> int:
    """Most memory (bytes, summed PSS) of this process and its workers while a file is decoded."""
    peak, done, me = 0, threading.Event(), psutil.Process()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            now = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    now += process.memory_full_info().pss
                except psutil.Error:
                    continue
            peak = max(peak, now)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        with DecodePool(1) as pool:
            for _ in pool.stream(Request(key, os.fsencode(path), segments) for key in range(1)):
                pass
    finally:
        done.set()
        thread.join()
    return peak


def long_file(folder: Path, seconds: int, ending: str) -> Path:
    """A stereo file at 44.1 kHz: a WAV of silence, or an MP3 of one minute of noise again and again."""
    path = folder / f"{seconds}{ending}"
    if ending == ".wav":
        size = seconds * 44_100 * 4
        with path.open("wb") as file:
            file.write(wav(b"", channels=2, rate=44_100, size=size))
            file.truncate(44 + size)
        return path
    minute = folder / f"minute{ending}"
    if not minute.exists():
        noise = np.random.default_rng(0).standard_normal((60 * 44_100, 2)) * 0.05
        write(minute, noise.astype(np.float32))
    with path.open("wb") as file:
        for _ in range(seconds // 60):
            file.write(minute.read_bytes())
    return path


def memory() -> None:
    """A file of 6 h against one of 3 min."""
    with tempfile.TemporaryDirectory() as folder:
        for ending in (".wav", ".mp3"):
            for segments in (0, 10) if ending == ".mp3" else (0,):
                short = peak_pss(long_file(Path(folder), 180, ending), segments)
                long = peak_pss(long_file(Path(folder), 6 * 3600, ending), segments)
                print(
                    f"memory, {ending[1:]}, {segments or 'no'} segments: 3 min {short / 1e6:.1f} MB, "
                    f"6 h {long / 1e6:.1f} MB, {(long - short) / 1e6:+.1f} MB"
                )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    av.logging.set_level(None)
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in ENDINGS)
    chosen = random.Random(0).sample(paths, min(options.files, len(paths)))
    speeds(chosen)
    pooled(chosen, options.workers)
    memory()


if __name__ == "__main__":
    main()
