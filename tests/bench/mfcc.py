"""CPU time of the front-ends over a track of three minutes, one thread, beside librosa in the same run.

    python tests/bench/mfcc.py [--minutes 3] [--repeats 9] [--json FILE]

CPU time of the process, so that other work on the machine does not count; the median of `--repeats`.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray

from core import strategies
from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.features import LogMel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa


def sound(segments: int) -> NDArray[np.float32]:
    """A plucked chord with noise, over and over, that dies away to nothing: (segments, 48000)."""
    time_s = np.arange(SEGMENT) / SAMPLE_RATE
    chord = sum(
        np.sin(2 * np.pi * pitch * k * time_s) / k for pitch in (110, 220, 277, 330) for k in range(1, 9)
    )
    noise = np.random.default_rng(0).normal(0, 0.1, (segments, SEGMENT))
    return ((0.1 * chord + noise) * np.exp(-3 * time_s)).astype(np.float32)


def librosa_mfcc(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same 40 numbers of every segment."""
    mel = librosa.feature.melspectrogram(
        y=waves, sr=SAMPLE_RATE, n_fft=512, hop_length=256, n_mels=128, pad_mode="reflect"
    )
    decibels = librosa.power_to_db(mel, amin=1e-10, top_db=None)
    frames = librosa.feature.mfcc(S=decibels, n_mfcc=20)
    return np.concatenate([frames.mean(-1), frames.std(-1)], axis=-1)


def cpu_ms(work: Callable[[], object], repeats: int) -> float:
    """Median CPU time after a run that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * median(spent)


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    waves = sound(round(options.minutes * 20))
    tensor, mfcc, log_mel = torch.from_numpy(waves), strategies.build("mfcc"), LogMel()
    faint = tensor * 1e-38  # below the smallest normal number, where a processor may slow down
    ways: dict[str, Callable[[], object]] = {
        "mfcc strategy": lambda: mfcc.embed(tensor),
        "mfcc strategy, denormal samples": lambda: mfcc.embed(faint),
        "log-mel": lambda: log_mel(tensor),
        "librosa mfcc": lambda: librosa_mfcc(waves),
    }
    found = {name: cpu_ms(work, options.repeats) for name, work in ways.items()}
    for name, ms in found.items():
        print(f"{name:<34}{ms:8.1f} ms of CPU for {options.minutes:g} min")
    difference = np.abs(mfcc.embed(tensor).numpy() - librosa_mfcc(waves)).max()
    print(
        f"librosa / ours: {found['librosa mfcc'] / found['mfcc strategy']:.1f}; largest difference {difference:.2g}"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
