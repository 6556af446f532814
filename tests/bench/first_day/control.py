"""Copies of a folder of soundtracks without the traces of how each was produced.

    python tests/bench/first_day/control.py MUSIC OUT [--parts fold-1 fold-2 fold-3]

Every track is mixed down to 16 kHz, low-passed at 5 kHz (the lowest sampling rate among them is 11,025 Hz), brought to
-23 LUFS (ITU-R BS.1770) and written as MP3 at 48 kbit/s under OUT/<soundtrack>/. An encoder that tells soundtracks
apart by codec, bandwidth or loudness has nothing to hold on to there. What is there already is not made again.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import numpy as np
import pyloudnorm
from lists import FOLDS, PARTS, tracks
from numpy.typing import NDArray
from scipy import signal

from core.audio import SAMPLE_RATE
from core.audio.decode import decode
from core.audio.records import Request, Window

CORNER_HZ = 5000
LUFS = -23.0
BIT_RATE = 48_000
LONGEST_S = 3600.0


def sound(path: Path) -> NDArray[np.float32]:
    """(n,) mono samples at 16 kHz."""
    events = decode(Request(0, os.fsencode(path)), LONGEST_S, lambda: None)
    return np.concatenate([event.samples.copy() for event in events if isinstance(event, Window)])


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Low-passed and as loud as all others; (n,) to (n,)."""
    filtered = signal.sosfilt(signal.butter(8, CORNER_HZ, fs=SAMPLE_RATE, output="sos"), samples)
    loudness = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(filtered)
    gain = 10 ** ((LUFS - loudness) / 20) if np.isfinite(loudness) else 1.0
    return np.clip(gain * filtered, -1, 1).astype(np.float32)


def write(samples: NDArray[np.float32], path: Path) -> None:
    """An MP3, whole or not at all."""
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono", format="fltp")
        stream.bit_rate = BIT_RATE
        for start in range(0, len(samples), SAMPLE_RATE):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + SAMPLE_RATE], "fltp", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.replace(path)


def copy(path: Path, target: Path) -> None:
    """One track's copy."""
    if not target.exists():
        write(levelled(sound(path)), target)


def main() -> None:
    """Make what is missing, on all cores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(FOLDS))
    options = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        jobs = []
        for part in options.parts:
            for path in tracks(options.music, part):
                # The whole name is kept: two tracks may differ in their suffix alone.
                target = options.out / path.parent.name / f"{path.name}.mp3"
                target.parent.mkdir(parents=True, exist_ok=True)
                jobs.append(pool.submit(copy, path, target))
        for job in jobs:
            job.result()
    print(f"{len(jobs)} tracks")
    sys.exit(0)


if __name__ == "__main__":
    main()
