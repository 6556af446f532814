"""Whole program against a named peer: `earmap add` and bliss-audio on the same files, in one run.

    python tests/bench/peer.py FOLDER [--files 30] [--rounds 3] [--segments 0] [--encoder NAME]

Both read files from disk, decode, and compute what they compare tracks by: bliss whole ones in a pool of two
processes, Earmap as `add` runs it (scan, tags, identity, decoding, the encoder, SQLite), whole ones or as many spread
segments of 3 s. Rounds alternate, so that a noisy machine is noisy for both. Needs the `bench` dependency group.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core.settings import default_encoder

AUDIO = {".ogg", ".oga", ".opus", ".mp3", ".wav", ".flac", ".m4a"}


def bliss(path: str) -> int:
    """Analyse one file; the number of features."""
    import bliss_audio

    return len(bliss_audio.Song(path).analysis)


def children_cpu_s() -> float:
    """CPU seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(run: Any) -> dict[str, float]:
    """Wall and CPU seconds of a call that works in child processes."""
    cpu, wall = children_cpu_s(), time.perf_counter()
    extra = run()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": children_cpu_s() - cpu, **extra}


def run_bliss(files: list[Path]) -> dict[str, float]:
    """A pool of two processes, ended before the clock stops."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(bliss, map(str, files), chunksize=1)
        pool.close()
        pool.join()
    return {}


def run_earmap(files: list[Path], segments: int, encoder: str) -> dict[str, float]:
    """`add` on a folder of links to the files, into a new library."""
    with tempfile.TemporaryDirectory() as tmp:
        music = Path(tmp) / "music"
        music.mkdir()
        for i, file in enumerate(files):
            (music / f"{i:03}{file.suffix}").symlink_to(file)
        earmap = Path(sys.executable).with_name(
            "earmap"
        )  # what people run; its child processes start lighter
        command = [str(earmap), "add", str(music), "--library", f"{tmp}/a.earmap", "--json"]
        choices = {"EARMAP_EMBEDDING__SEGMENTS": str(segments), "EARMAP_EMBEDDING__ENCODER": encoder}
        environment = {**os.environ, **choices, "EARMAP_CONFIG_DIR": tmp}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    document = json.loads(done.stdout)
    assert document["embedded"] + document["partial"] == len(files), document["failures"]
    return {key: document["embed"][key] for key in ("seconds", "decode_cpu_s", "embed_s")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--segments", type=int, default=0)
    parser.add_argument("--encoder", default=default_encoder())
    args = parser.parse_args()
    found = sorted(path.resolve() for path in args.folder.rglob("*") if path.suffix.lower() in AUDIO)
    files = random.Random(0).sample(found, min(args.files, len(found)))
    rounds: dict[str, list[dict[str, float]]] = {"bliss": [], "earmap": []}
    for _ in range(args.rounds):
        rounds["bliss"].append(measured(lambda: run_bliss(files)))
        rounds["earmap"].append(measured(lambda: run_earmap(files, args.segments, args.encoder)))
    n = len(files)
    summary: dict[str, Any] = {
        "files": n,
        "rounds": args.rounds,
        "segments": args.segments,
        "encoder": args.encoder,
    }
    for name, results in rounds.items():
        middle = {key: statistics.median(r[key] for r in results) for key in results[0]}
        summary[name] = {
            "tracks_per_s": n / middle["wall_s"],
            "cpu_s_per_track": middle["cpu_s"] / n,
            **{key: value / n for key, value in middle.items() if key in ("decode_cpu_s", "embed_s")},
        }
        if "seconds" in middle:
            summary[name]["tracks_per_s_without_start"] = n / middle["seconds"]
    summary["ratio"] = summary["earmap"]["tracks_per_s"] / summary["bliss"]["tracks_per_s"]
    summary["ratio_without_start"] = (
        summary["earmap"]["tracks_per_s_without_start"] / summary["bliss"]["tracks_per_s"]
    )
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
