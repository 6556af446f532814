"""Agreement of the front-ends with librosa on real files.

    python tests/bench/frontends.py FOLDER [--files 30] [--seconds 60] [--json FILE]

librosa reads and resamples, so that nothing of ours is judged by ours. It then computes in float64
(the reference) and in float32 (its default): the last shows how much of a difference is the precision's.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core import strategies
from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.features import MFCC, LogMel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa

Waves = NDArray[np.floating[Any]]
SUFFIXES = {".ogg", ".opus", ".mp3", ".wav", ".flac"}


def librosa_mel(waves: Waves, bands: int, power: float) -> Waves:
    """(n, 48000) -> (n, 188, bands)."""
    mel: Waves = librosa.feature.melspectrogram(
        y=waves, sr=SAMPLE_RATE, n_fft=512, hop_length=256, n_mels=bands, power=power, pad_mode="reflect"
    )
    return mel.swapaxes(1, 2)


def librosa_log_mel(waves: Waves) -> Waves:
    """The design's definition, from librosa's mel."""
    values: Waves = np.log10(1 + 10 * librosa_mel(waves, 96, power=1.0))
    return values


def librosa_mfcc(waves: Waves) -> Waves:
    """The design's definition, from librosa's mel and DCT."""
    decibels = 10 * np.log10(np.maximum(librosa_mel(waves, 128, power=2.0), 1e-10))
    frames: Waves = librosa.feature.mfcc(S=decibels.swapaxes(1, 2), n_mfcc=20).swapaxes(1, 2)
    return frames


def librosa_vector(waves: Waves) -> Waves:
    """20 means and 20 deviations of a segment."""
    frames = librosa_mfcc(waves)
    return np.concatenate([frames.mean(1), frames.std(1)], axis=1)


def segments_of(folder: Path, files: int, seconds: float) -> Iterator[tuple[Path, Waves]]:
    """Files spread over the folder, each as (n, 48000)."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for path in found[:: max(1, len(found) // files)][:files]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wave, _ = librosa.load(path, sr=SAMPLE_RATE, mono=True, duration=seconds)
        whole = len(wave) // SEGMENT
        if whole:
            yield path, wave[: whole * SEGMENT].reshape(whole, SEGMENT)


def main() -> None:
    """Print the differences over all files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    log_mel, mfcc, strategy = LogMel(), MFCC(), strategies.build("mfcc")
    pairs: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[Waves], Waves]]] = {
        "log-mel": (log_mel, librosa_log_mel),
        "mfcc frames": (mfcc, librosa_mfcc),
        "mfcc vector": (strategy.embed, librosa_vector),
    }
    gathered: dict[str, list[tuple[Waves, Waves, Waves]]] = {name: [] for name in pairs}
    count = 0
    for path, waves in segments_of(options.folder, options.files, options.seconds):
        count += 1
        print(f"\r{count} {path.name[:60]:<60}", end="", flush=True)
        for name, (ours, theirs) in pairs.items():
            exact = theirs(waves.astype(np.float64))
            gathered[name].append(
                (ours(torch.from_numpy(waves)).numpy() - exact, theirs(waves) - exact, exact)
            )
    print(f"\r{count} files" + 70 * " ")
    report = {}
    for name, triples in gathered.items():
        ours_off, theirs_off, exact = (
            np.concatenate([triple[k].ravel() for triple in triples]) for k in range(3)
        )
        scale = exact.std()
        report[name] = {
            "values": exact.size,
            "largest": float(np.abs(ours_off).max()),
            "largest_relative_to_std": float(np.abs(ours_off).max() / scale),
            "rms_relative_to_std": float(np.sqrt((ours_off**2).mean()) / scale),
            "librosa_float32_largest": float(np.abs(theirs_off).max()),
        }
        print(f"{name:<12}" + ", ".join(f"{key} {value:.3g}" for key, value in report[name].items()))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
