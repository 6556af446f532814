"""Decoding in this process, for tests: everything of a file at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.decode import decode
from core.audio.records import Failed, Finished, Request, Samples, Window
from tests.audio_files import write


@dataclass(frozen=True)
class Heard:
    """All events of one file; `windows` are copies."""

    windows: list[tuple[int, Samples]]
    end: Finished | Failed

    @property
    def samples(self) -> Samples:
        """All windows in one, `(n,)`."""
        return np.concatenate([np.empty(0, np.float32), *(samples for _, samples in self.windows)])

    @property
    def finished(self) -> Finished:
        """The end, which has to be a good one."""
        assert isinstance(self.end, Finished), self.end
        return self.end

    @property
    def failed(self) -> Failed:
        """The end, which has to be a bad one."""
        assert isinstance(self.end, Failed), self.end
        return self.end


def hear(
    path: Path,
    *,
    segments: int = 0,
    identify_only: bool = False,
    known: str = "",
    longest_s: float = 3600,
    middle_s: float = 0.0,
) -> Heard:
    """Decode a file in this process."""
    request = Request(7, os.fsencode(path), segments, identify_only, known, middle_s)
    windows: list[tuple[int, Samples]] = []
    for event in decode(request, longest_s, lambda: None):
        assert event.key == request.key
        if isinstance(event, Window):
            windows.append((event.start, event.samples.copy()))
        else:
            return Heard(windows, event)
    raise AssertionError("the decoder ended without a word")


def write_noise(path: Path, seconds: float, rate: int = 44_100, seed: int = 0) -> Path:
    """A mono file of noise whose loudness rises and falls; made in no time, however long."""
    t = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal(t.size)
    wave = 0.2 * noise * (1.1 + np.sin(2 * np.pi * t / 7))
    return write(path, np.clip(wave, -1, 1).astype(np.float32)[:, None], rate)


def identity(path: Path) -> str:
    """Hash of a file's packets."""
    return hear(path, identify_only=True).finished.identity
