"""Small real audio files in every format, written by FFmpeg's own encoders through PyAV."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Format:
    """How one kind of file is written.

    Attributes
    ----------
    codec, container
        FFmpeg's names of the encoder and the muxer.
    label
        What a person calls it (`core.library.tags.Tags.format`).
    lossless
        Whether samples come back as they went in, to 16 bit.
    rate
        The only sample rate (Hz) that the encoder takes, 0 for any.
    bit_rate
        In bits/s, 0 for the encoder's own choice.
    """

    codec: str
    container: str
    label: str
    lossless: bool = False
    rate: int = 0
    bit_rate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


FORMATS: dict[str, Format] = {
    "mp3": Format("libmp3lame", "mp3", "MP3"),
    "m4a": Format("aac", "ipod", "AAC"),
    "alac.m4a": Format("alac", "ipod", "ALAC", lossless=True),
    "flac": Format("flac", "flac", "FLAC", lossless=True),
    "ogg": Format("vorbis", "ogg", "Vorbis", options={"strict": "experimental"}),
    "oga": Format("flac", "oga", "FLAC", lossless=True),
    "opus": Format("libopus", "opus", "Opus", rate=48_000),
    "wav": Format("pcm_s16le", "wav", "WAV", lossless=True),
    "aiff": Format("pcm_s16be", "aiff", "AIFF", lossless=True, options={"write_id3v2": "1"}),
    "wma": Format("wmav2", "asf", "WMA", bit_rate=128_000),
    "wv": Format("wavpack", "wv", "WavPack", lossless=True),
    "mp2": Format("mp2", "mp2", "MP2"),
    "aac": Format("aac", "adts", "AAC"),
    "tta": Format("tta", "tta", "TTA", lossless=True),
    "ac3": Format("ac3", "ac3", "AC3"),
    "mka": Format("flac", "matroska", "MKA", lossless=True),
    "caf": Format("pcm_s16le", "caf", "CAF", lossless=True),
    "au": Format("pcm_s16be", "au", "AU", lossless=True),
}
"""By file name ending; the longest that fits a name is taken."""

ISSUE_FORMATS = ("mp3", "m4a", "alac.m4a", "flac", "ogg", "opus", "wav", "aiff", "wma", "wv")
"""The formats promised by name; the others are what else FFmpeg reads."""


def format_of(name: str) -> Format:
    """The format that a file name's ending stands for."""
    endings = sorted((e for e in FORMATS if name.lower().endswith("." + e)), key=len)
    return FORMATS[endings[-1]]


def tone(seconds: float = 1.0, rate: int = 44_100, channels: int = 2, frequency: float = 440.0) -> Samples:
    """A sine of amplitude 0.5, `(samples, channels)`; each further channel an octave higher."""
    t = np.arange(round(seconds * rate)) / rate
    waves = [0.5 * np.sin(2 * np.pi * frequency * 2**channel * t) for channel in range(channels)]
    return np.stack(waves, axis=1).astype(np.float32)


def music(seconds: float = 4.0, rate: int = 44_100, seed: int = 0) -> Samples:
    """Something with onsets, harmonics and noise, mono `(samples, 1)`, different for each seed."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    out = 0.02 * rng.standard_normal(t.size)
    for onset in np.arange(0, seconds, 0.25):
        sounding = slice(
            *np.searchsorted(t, (onset, onset + 4.0))
        )  # after 4 s a note is below what float32 tells
        pitch, since = 110 * 2 ** rng.uniform(0, 3), t[sounding] - onset
        notes = sum(np.sin(2 * np.pi * k * pitch * since) / k for k in (1, 2, 3))
        out[sounding] += np.exp(-6 * since) * notes * 0.2
    return np.clip(out, -0.95, 0.95).astype(np.float32)[:, None]


def write(
    path: str | bytes | os.PathLike[str],
    samples: Samples,
    rate: int = 44_100,
    *,
    kind: Format | None = None,
    tags: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Encode samples `(n,)` or `(n, channels)` into a file.

    Parameters
    ----------
    path
        Where to; text or raw bytes. The ending decides the format unless `kind` does.
    tags
        Written by FFmpeg under its own names (`title`, `artist`, `album`, `date`, `track`, ...).
    options
        Further options of the container.
    """
    target = Path(os.fsdecode(path))
    kind = kind or format_of(target.name)
    kind = replace(kind, options={**kind.options, **(options or {})})
    waves = samples[:, None] if samples.ndim == 1 else samples
    with target.open("wb") as file:
        _encode(file, waves, rate, kind, tags or {})
    return target


def _encode(file: BinaryIO, waves: Samples, rate: int, kind: Format, tags: Mapping[str, str]) -> None:
    layout = {1: "mono", 2: "stereo"}[waves.shape[1]]
    options = dict(kind.options)
    with av.open(file, "w", format=kind.container, options=options) as container:
        container.metadata.update(tags)
        add_stream = cast("Any", container.add_stream)  # the stub knows only the encoders' literal names
        stream = add_stream(kind.codec, rate=kind.rate or rate, layout=layout, options=options)
        if kind.bit_rate:
            stream.bit_rate = kind.bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(waves.T), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packets in (stream.encode(frame), stream.encode(None)):
            container.mux(packets)


def write_tone(
    path: str | bytes | os.PathLike[str],
    seconds: float = 1.0,
    rate: int = 44_100,
    channels: int = 2,
    frequency: float = 440.0,
    **how: Any,
) -> Path:
    """Write `tone(...)`; `how` goes to `write`."""
    return write(path, tone(seconds, rate, channels, frequency), rate, **how)


def write_music(
    path: str | bytes | os.PathLike[str], seconds: float = 4.0, seed: int = 0, **how: Any
) -> Path:
    """Write `music(...)` at 44.1 kHz; `how` goes to `write`."""
    return write(path, music(seconds, seed=seed), **how)
