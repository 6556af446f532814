"""The paper's published loader and network, written anew from their description, for `paper_step` to measure.

What the published code does for every pair of every step: open the file and decode it from its beginning to the end
of the segment, once for each side; mix down, resample the segment; shift pitch and speed of the positive; one mel
spectrogram an item; a standard `DataLoader`. The network is trained in float32, in torch's default layout.
"""

from __future__ import annotations

import math
import multiprocessing
import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import torch
import torchaudio
import torchaudio.functional as audio
from torch import Tensor, nn
from torch.utils.data import Dataset

RATE = 16_000
SEGMENT_S = 3.0
SEGMENT = 48_000
GAP_S = 0.5
SEMITONES = (-2, -1, 1, 2)
CHANNELS = (128, 256, 256, 512, 512)
POOLS = ((2, 2), (2, 2), (2, 2), (4, 4), (5, 3))

Augment = Callable[[Tensor], Tensor]
"""(1, samples) at 16 kHz -> (1, any samples)."""


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Log-free mel spectrograms (188, 96) of the two sides of a pair; one item a file.

    Parameters
    ----------
    same
        The positive is the anchor's own segment (`self`), else the one after it (`adjacent`).
    augment
        What is done to the positive; None: nothing.
    """

    def __init__(self, files: Sequence[Path], same: bool, augment: Augment | None) -> None:
        self.files, self.same, self.augment = files, same, augment
        self.made = multiprocessing.Value("q", 0)
        """Items so far, by all processes together."""
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate=RATE, n_fft=512, win_length=512, hop_length=256, n_mels=96
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        file = self.files[index]
        length = SEGMENT_S if self.same else 2 * SEGMENT_S + GAP_S
        start = random.uniform(0, max(0.0, duration(file) - length - 0.1))
        anchor = segment(file, start)
        positive = anchor.clone() if self.same else segment(file, start + SEGMENT_S + GAP_S)
        if self.augment is not None:
            positive = self.augment(positive)
        with self.made.get_lock():
            self.made.value += 1
        first, second = (self._standardised(padded(wave)) for wave in (anchor, positive))
        return first, second

    def _standardised(self, wave: Tensor) -> Tensor:
        mel: Tensor = self.mel(wave).squeeze(0)
        return ((mel - 0.153) / 0.171).T.contiguous()


def duration(file: Path) -> float:
    """Seconds, as the container says."""
    with av.open(str(file)) as container:
        return (container.duration or 0) / av.time_base


def segment(file: Path, start: float) -> Tensor:
    """3 s from `start` seconds on, (1, about 48000) at 16 kHz: decoded from the file's beginning up to their end."""
    kept, at = [], 0
    with av.open(str(file)) as container:
        stream = container.streams.audio[0]
        rate = int(stream.rate)
        first, last = round(start * rate), round((start + SEGMENT_S) * rate)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        for frame in container.decode(stream):
            for mono in resampler.resample(frame):
                if at + mono.samples > first:
                    kept.append(mono.to_ndarray()[0, max(0, first - at) : max(0, last - at)])
                at += mono.samples
            if at >= last:
                break
    wave = torch.from_numpy(np.concatenate(kept) if kept else np.zeros(1, np.float32))
    return audio.resample(wave[None], rate, RATE)


def padded(wave: Tensor) -> Tensor:
    """Cut, or padded with zeros, to one segment."""
    return nn.functional.pad(wave[:, :SEGMENT], (0, max(0, SEGMENT - wave.shape[1])))


def with_torchaudio(wave: Tensor) -> Tensor:
    """The paper's five augmentations by torchaudio's functions."""
    wave = audio.pitch_shift(wave, RATE, random.choice(SEMITONES))
    wave = stretched(wave, random.uniform(0.8, 1.2))
    if random.random() < 0.5:
        decay = torch.randn(RATE // 2) * torch.exp(-torch.arange(RATE // 2) / (0.1 * RATE))
        wave = audio.fftconvolve(wave, (decay / decay.norm())[None])[:, : wave.shape[1]]
    if random.random() < 0.5:
        wave = audio.add_noise(wave, torch.randn_like(wave), torch.tensor([random.uniform(5, 25)]))
    return -wave if random.random() < 0.5 else wave


def stretched(wave: Tensor, speed: float) -> Tensor:
    """Phase vocoder, which keeps the pitch."""
    window = torch.hann_window(512)
    spectrum = torch.stft(wave, 512, 256, window=window, return_complex=True)
    advance = torch.linspace(0, math.pi * 256, 257)[:, None]
    slower = audio.phase_vocoder(spectrum, speed, advance)
    return torch.istft(slower, 512, 256, window=window, length=round(wave.shape[1] / speed))


def with_sox(wave: Tensor) -> Tensor:
    """Pitch and speed by SoX, as in the published code, which called it through a part of torchaudio that is gone."""
    raw = ["-t", "f32", "-r", str(RATE), "-c", "1", "-"]
    pitch, speed = random.randint(-200, 200), random.uniform(0.8, 1.2)
    command = ["sox", "-V0", *raw, *raw, "pitch", str(pitch), "speed", f"{speed:.5f}", "rate", str(RATE)]
    done = subprocess.run(command, input=wave.numpy().tobytes(), capture_output=True, check=True)
    return torch.from_numpy(np.frombuffer(done.stdout, np.float32).copy())[None]


class Encoder(nn.Module):
    """Five blocks: convolution, batch norm, ReLU, max pool; then a linear layer to 128."""

    def __init__(self, width: float) -> None:
        super().__init__()
        channels = [1, *(int(count * width) for count in CHANNELS)]
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 5, padding=2), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(pool))
                for a, b, pool in zip(channels, channels[1:], POOLS, strict=False)
            )
        )
        self.head = nn.Linear(channels[-1], 128)

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, 188, 96) -> (batch, 128)."""
        out: Tensor = self.head(self.blocks(mel.unsqueeze(1)).flatten(1))
        return out


def step(encoder: Encoder, optimiser: torch.optim.Optimizer, anchors: Tensor, positives: Tensor) -> float:
    """Dot products, log-softmax, Adam."""
    total = encoder(anchors) @ encoder(positives).T
    loss = -total.log_softmax(1).diagonal().mean()
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return float(loss.item())
