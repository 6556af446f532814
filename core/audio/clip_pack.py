"""Clips packed small, to travel to another machine: audio files that any player plays, and a manifest.

All clips one after the other are one long sound, cut into files of at most 60 MB wherever one is full:
FLAC gives every sample back, Ogg Opus is a seventh of its size. `manifest.json` is written last.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np

from core.audio import SAMPLE_RATE
from core.audio.clip_manifest import Codec, Manifest, PackedClip, PackedShard, shard_name, write_manifest
from core.audio.clips import ClipSet, Int16
from core.errors import UserError
from core.files import unwritable

SHARD_BYTES = 60_000_000
OPUS_BIT_RATE = 48_000
_MARGIN = 256 << 10
"""Bytes that may still be on their way through the muxer when a file counts as full."""
_LONGEST_SHARD = 8 * 3600 * SAMPLE_RATE
"""Samples of one file at most: silence takes next to no bytes."""
_PIECE = SAMPLE_RATE
_FORMATS = {"flac": ("flac", "flac", "s16"), "opus": ("libopus", "ogg", "s16")}  # encoder, container, samples

Report = Callable[[int, int], None]
"""Told (done, total) now and then; may raise to stop."""


class _Encoder:
    """One audio file that is being written."""

    def __init__(self, file: BinaryIO, codec: Codec) -> None:
        name, container, self._format = _FORMATS[codec]
        self.samples = 0
        self._file = file
        self._container = av.open(file, "w", format=container)
        add_stream = cast(
            "Any", self._container.add_stream
        )  # the stub knows only the encoders' literal names
        self._stream = add_stream(name, rate=SAMPLE_RATE, layout="mono", format=self._format)
        if codec == "opus":
            self._stream.bit_rate = OPUS_BIT_RATE

    def write(self, samples: Int16) -> None:
        """Encode `(n,)`."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), self._format, "mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self.samples, Fraction(1, SAMPLE_RATE)
        self._container.mux(self._stream.encode(frame))
        self.samples += samples.size

    def full(self, limit: int) -> bool:
        """Whether the next second may not fit any more."""
        return self._file.tell() > limit - _MARGIN or self.samples >= _LONGEST_SHARD - _PIECE

    def close(self) -> None:
        """Write what is left."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


def pack(clips: ClipSet, out: Path, codec: Codec, report: Report, shard_bytes: int = SHARD_BYTES) -> Manifest:
    """Write clips into a new or empty folder.

    Parameters
    ----------
    shard_bytes
        Most bytes of a file, 1 MB or more.

    Raises
    ------
    UserError
        The folder is not empty, or there is no room; nothing is left behind then.
    """
    written: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UserError(f"{out} is not empty.", "Choose a new folder.")
        shards = [
            _finish(path, samples)
            for path, samples in _encode(clips, out, codec, report, shard_bytes, written)
        ]
        manifest = Manifest(
            plan=clips.plan, codec=codec, fingerprint=clips.fingerprint, shards=shards,
            clips=[PackedClip.of(clip) for clip in clips.clips],
        )  # fmt: skip
        write_manifest(manifest, out)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(out, error) from error
        raise
    return manifest


def _encode(
    clips: ClipSet, out: Path, codec: Codec, report: Report, shard_bytes: int, written: list[Path]
) -> Iterator[tuple[Path, int]]:
    """Write the files; each with its number of samples once it is complete."""
    sound = _sound(clips, report)
    piece = next(sound, None)
    while piece is not None:
        path = out / shard_name(len(written), codec)
        written.append(path)
        with path.open("xb") as file:
            encoder = _Encoder(file, codec)
            while piece is not None and not encoder.full(shard_bytes):
                encoder.write(piece)
                piece = next(sound, None)
            encoder.close()
        yield path, encoder.samples


def _sound(clips: ClipSet, report: Report) -> Iterator[Int16]:
    """All clips, at most a second at a time."""
    told = 0.0
    for row, clip in enumerate(clips.clips):
        for start in range(0, clip.samples, _PIECE):
            if time.monotonic() - told > 0.1:
                report(row, len(clips))
                told = time.monotonic()
            yield clips.read(row, start, min(_PIECE, clip.samples - start))
    report(len(clips), len(clips))


def _finish(path: Path, samples: int) -> PackedShard:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PackedShard(name=path.name, bytes=path.stat().st_size, samples=samples, sha256=digest)
