"""The clip store: making it against plain PyAV loops, and random segments read from it.

`python -m tests.bench.clips FOLDER [--files 60] [--store STORE]`
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
import psutil

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.clips import ClipSet, quantise
from core.audio.decode import decode
from core.audio.records import Request, Samples, Window
from core.clips_build import Build, Music
from core.jobs.runner import JobContext
from core.library.store import Library
from core.settings import AudioSettings, Settings
from tests.bench.decode import ENDINGS, best_of
from tests.clip_tools import plain_decode
from tests.library_tools import scan

SECONDS = 30


def whole(path: Path) -> int:
    """Decode all of it, keep the middle."""
    samples = plain_decode(path)
    begin = max(0, samples.size - SECONDS * SAMPLE_RATE) // 2
    return quantise(samples[begin : begin + SECONDS * SAMPLE_RATE])[0].size


def sought(path: Path) -> int:
    """Seek to shortly before the middle, decode from there on; exact only where the container's times are."""
    with av.open(os.fspath(path)) as container:
        stream = container.streams.audio[0]
        seconds = float((container.duration or 0) / av.time_base)
        start = max(0.0, (seconds - SECONDS) / 2)
        container.seek(int(start * av.time_base))
        resampler, parts, count = av.AudioResampler("flt", "mono", SAMPLE_RATE), list[Samples](), 0
        for frame in container.decode(stream):
            for out in resampler.resample(frame):
                parts.append(out.to_ndarray()[0])
                count += out.samples
            if count >= SECONDS * SAMPLE_RATE:
                break
    return quantise(np.concatenate(parts)[: SECONDS * SAMPLE_RATE])[0].size


def ours(path: Path) -> int:
    """What a worker does: identity of the whole file, exact middle."""
    events = decode(Request(0, os.fsencode(path), middle_s=SECONDS), 86_400, lambda: None)
    return sum(quantise(event.samples)[0].size for event in events if isinstance(event, Window))


def decoding(paths: list[Path]) -> None:
    """Processor seconds of each way, over all files, taken in turn."""
    ways: dict[str, Callable[[Path], int]] = {
        "plain loop, whole file": whole, "plain loop, seeking (no identity)": sought, "ours": ours,
    }  # fmt: skip
    total, samples = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0)
    for path in paths:
        for name, way in ways.items():
            spent, size = best_of(2, partial(way, path))
            total[name] += spent
            samples[name] += size
    print(f"{len(paths)} files, {samples['ours'] / SAMPLE_RATE / 60:.1f} min of clips")
    for name, spent in total.items():
        print(
            f"  {name:34} {spent:6.2f} CPU s  {spent / len(paths) * 1000:6.1f} ms a track  "
            f"{total['plain loop, whole file'] / spent:5.2f} x the plain loop"
        )


def building(paths: list[Path], workers: int) -> None:
    """Wall time of a build with its processes, its index and its syncs, against one plain loop."""
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder, "music")
        music.mkdir()
        for number, path in enumerate(paths):
            (music / f"{number:04}{path.suffix}").symlink_to(path)
        settings = Settings(audio=AudioSettings(workers=workers))
        with Library(Path(folder, "a.earmap")) as library:
            scan(library, music)
            ctx = JobContext(library, settings, 0, lambda _: None, threading.Event())
            begin = time.perf_counter()
            build = Build(ctx, Music(), SECONDS, 10**12)
            clips = build.run()
            wall = time.perf_counter() - begin
            begin = time.perf_counter()
            Build(ctx, Music(), SECONDS, 10**12).run()
            again = time.perf_counter() - begin
    begin = time.perf_counter()
    for path in paths:
        whole(path)
    plain = time.perf_counter() - begin
    print(
        f"build with {workers} workers: {wall:.2f} s, {len(clips) / wall:.1f} tracks/s, "
        f"{build.result()['left_out']} left out; "
        f"again {again * 1000:.0f} ms; plain loop {plain:.2f} s, {len(paths) / plain:.1f} tracks/s: "
        f"{plain / wall:.2f} x"
    )


def reading(folder: Path) -> None:
    """Random segments a second, and the memory that it takes."""
    clips, rng, process = ClipSet.open(folder), np.random.default_rng(0), psutil.Process()
    lengths = np.array([clip.samples for clip in clips.clips])
    batch, rounds = 256, 40
    for name in ("first", "again"):
        before, begin = process.memory_info().rss, time.perf_counter()
        for _ in range(rounds):
            rows = rng.integers(0, len(clips), batch)
            starts = rng.integers(0, np.maximum(1, lengths[rows] - SEGMENT))
            clips.gather(rows, starts, SEGMENT)
        wall = time.perf_counter() - begin
        print(
            f"reading ({name}): {rounds * batch / wall:.0f} segments of 3 s a second, "
            f"{rounds * batch * SEGMENT * 2 / wall / 1e9:.2f} GB/s, "
            f"memory {(process.memory_info().rss - before) / 1e6:+.0f} MB "
            f"({len(clips)} clips, {clips.bytes / 1e6:.0f} MB)"
        )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--store", type=Path, help="a clip store to read from")
    options = parser.parse_args()
    av.logging.set_level(None)
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in ENDINGS)
    chosen = random.Random(0).sample(paths, min(options.files, len(paths)))
    if options.store:
        reading(options.store)
    decoding(chosen)
    building(chosen, options.workers)


if __name__ == "__main__":
    main()
