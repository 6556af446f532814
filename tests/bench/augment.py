"""Augmentations on real music: milliseconds a view, the naive calls' time in the same run, and how good they sound.

    OMP_WAIT_POLICY=PASSIVE python tests/bench/augment.py FOLDER [--views 32] [--threads 2] [--repeats 5] [--json FILE]

Naive is what one writes with torchaudio, item by item: `pitch_shift`, `TimeStretch` between STFT and its inverse,
`fftconvolve` with a room's response, `add_noise`. Each of ours is timed in turn with its naive call, so that a busy
machine is busy for both; the best of the repeats counts. Threads wait as in a job.
Quality is the spectral convergence (lower is better) of 3 s against the spectrogram that the stretched sound
should have: the source's, at the moments that it was taken from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import torchaudio
from frontends import segments_of
from torch import Tensor

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.augment import WaveAugment
from core.audio.augment_config import MODERN, PAPER, AugmentConfig
from core.audio.augment_mel import MelAugment
from core.audio.augment_room import impulse_responses

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa

CROP = 57_600
SPEEDS = (0.8, 0.9, 1.1, 1.2)
WAVE_EFFECTS = ("pitch", "stretch", "filter", "reverb", "noise", "polarity")
MEL_EFFECTS = ("mixup", "resize_crop")
STFT = {"n_fft": 1024, "hop_length": 256, "window": torch.hann_window(1024)}


def views_of(folder: Path, count: int) -> Tensor:
    """(count, 57600) from as many files as can be had."""
    found = []
    for _, waves in segments_of(folder, count, 30):
        flat = waves.ravel()
        if len(flat) >= 2 * CROP:
            found.append(torch.from_numpy(flat[CROP : 2 * CROP].astype(np.float32)))
    return torch.stack([found[row % len(found)] for row in range(count)])


def naive_stretch(wave: Tensor, speed: float) -> Tensor:
    """One wave through torchaudio's phase vocoder."""
    spectrum = torch.stft(wave, **STFT, return_complex=True)
    stretched = torchaudio.transforms.TimeStretch(hop_length=256, n_freq=513)(spectrum, speed)
    return torch.istft(stretched, **STFT)[:SEGMENT]


def naive_pitch(wave: Tensor, semitones: int) -> Tensor:
    """One wave through torchaudio's pitch shift."""
    shifted: Tensor = torchaudio.functional.pitch_shift(wave, SAMPLE_RATE, semitones)
    return shifted[:SEGMENT]


def naive_reverb(wave: Tensor, response: Tensor) -> Tensor:
    """One wave convolved with a second of a room."""
    wet = torchaudio.functional.fftconvolve(wave[:SEGMENT], response)[:SEGMENT]
    return 0.7 * wave[:SEGMENT] + 0.3 * wet


def naive_noise(wave: Tensor, snr: float) -> Tensor:
    """One wave and torchaudio's `add_noise`."""
    noisy: Tensor = torchaudio.functional.add_noise(wave[:SEGMENT], torch.randn(SEGMENT), torch.tensor(snr))
    return noisy


def naive_calls(waves: Tensor) -> dict[str, tuple[Callable[[], Any], int]]:
    """By effect: the call, and how many views it computes (`pitch_shift` takes seconds for each)."""
    room = impulse_responses(torch.tensor([0.5]))[0]
    return {
        "pitch": (lambda: [naive_pitch(waves[0], 1)], 1),
        "stretch": (lambda: [naive_stretch(wave, 0.9) for wave in waves], len(waves)),
        "reverb": (lambda: [naive_reverb(wave, room) for wave in waves], len(waves)),
        "noise": (lambda: [naive_noise(wave, 15.0) for wave in waves], len(waves)),
    }


def clock(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall and of processor."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def ours(effects: dict[str, Any], waves: Tensor) -> Callable[[], Any]:
    """Our augmentation of both kinds, as a call."""
    config = AugmentConfig(**{**effects, "sides": (1,)})
    wave, mel = WaveAugment(config), MelAugment(config)
    cut, rows = waves[:, : config.crop(1)].contiguous(), np.arange(len(waves))
    log_mels = torch.rand(len(waves), 1, 188, 96)
    on_waves = any(config.model_dump()[name]["p"] for name in WAVE_EFFECTS)
    on_mels = any(config.model_dump()[name]["p"] for name in MEL_EFFECTS)

    def call() -> None:
        if on_waves:
            wave(cut, 0, 0, rows, 1)
        if on_mels:
            mel(log_mels, 0, 0, rows, 1)

    return call


def speeds(waves: Tensor, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds a view of each effect, of the presets, and of what is naive."""
    chosen: dict[str, dict[str, Any]] = {name: {name: {"p": 1.0}} for name in (*WAVE_EFFECTS, *MEL_EFFECTS)}
    chosen |= {"PAPER": PAPER, "MODERN": MODERN}
    naive = naive_calls(waves)
    report = {}
    for name, effects in chosen.items():
        call, (plain, count) = ours(effects, waves), naive.get(name, (None, 1))
        call()
        times, naive_times = [], []
        for _ in range(repeats):
            times.append(clock(call))
            if plain and (count > 1 or len(naive_times) < 2):
                naive_times.append(clock(plain))
        wall, processor = (1e3 * min(t[k] for t in times) / len(waves) for k in range(2))
        row = {"wall_ms": wall, "processor_ms": processor}
        if naive_times:
            row["naive_ms"] = 1e3 * min(t[0] for t in naive_times) / count
            row["ratio"] = row["naive_ms"] / wall
        report[name] = row
        print(f"{name:<12}" + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
    return report


def magnitudes(wave: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(centres, 257) spectra of 32 ms."""
    frames = np.stack([wave[centre - 256 : centre + 256] for centre in centres])
    return np.abs(np.fft.rfft(frames * np.hanning(512)))


def sox(wave: np.ndarray, *effect: str) -> np.ndarray:
    """`wave` through a sox effect."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, wave, SAMPLE_RATE, subtype="FLOAT")
        subprocess.run(["sox", source, out, *effect], check=True, stderr=subprocess.DEVNULL)
        heard: np.ndarray = soundfile.read(out)[0]
    return heard


def quality(waves: Tensor) -> dict[str, dict[str, float]]:
    """Mean spectral convergence of time stretches, by tool and speed."""
    report: dict[str, dict[str, float]] = {}
    for speed in SPEEDS:
        stretch = {"p": 1.0, "low": speed, "high": speed}
        rows = np.arange(len(waves))
        heard = WaveAugment(AugmentConfig(stretch=stretch))(waves, 0, 0, rows, 1).numpy()
        tools = {
            "ours": heard,
            "librosa": [librosa.effects.time_stretch(w, rate=speed, n_fft=1024) for w in waves.numpy()],
            "torchaudio": [naive_stretch(wave, speed).numpy() for wave in waves],
        }
        if shutil.which("sox"):
            tools["sox"] = [sox(wave, "tempo", "-m", str(speed)) for wave in waves.numpy()]
        centres = np.arange(1024, 38_000, 96)
        wanted = [magnitudes(wave, np.round(centres * speed).astype(int)) for wave in waves.numpy()]
        for name, results in tools.items():
            found = [magnitudes(result, centres) for result in results]
            away = [np.linalg.norm(f - w) / np.linalg.norm(w) for f, w in zip(found, wanted, strict=True)]
            report.setdefault(name, {})[str(speed)] = float(np.mean(away))
    for name, by_speed in report.items():
        print(f"{name:<12}" + ", ".join(f"{speed}: {value:.3f}" for speed, value in by_speed.items()))
    return report


def main() -> None:
    """Print times and quality."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    waves = views_of(options.folder, options.views)
    print(f"{len(waves)} views, {options.threads} threads")
    report = {"speed": speeds(waves, options.repeats), "quality": quality(waves[: min(12, len(waves))])}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
