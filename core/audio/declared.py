"""How long a file says it is, and whether that is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.stream import Disposition, Stream

from core.audio import headers
from core.audio.doorway import AudioFile
from core.audio.source import Source

_COUNTED = {
    "aiff", "ape", "asf", "au", "avi", "caf", "dsf", "flac", "iff", "mov", "matroska", "mpc", "mpc8", "ogg", "osq",
    "rm", "shn", "tak", "tta", "voc", "w64", "wav", "wv",
}  # fmt: skip
"""Containers that count their samples or carry an index; of the others FFmpeg estimates the duration."""
_AGREES = 2.0
"""Factor up to which two bit rates of one file are taken for the same; a hole counts as bytes without sound."""


@dataclass(frozen=True)
class Declared:
    """A duration in seconds (`None`: nothing is said) and whether a shorter file is a broken one."""

    seconds: float | None
    reliable: bool


def declared(source: Source, file: AudioFile) -> Declared:
    """What the container or its header says, after the packets have been read."""
    names = set(source.container.format.name.split(","))
    said = _by_container(source, names)
    if "mp3" in names:
        return _mp3(source, file, said)
    if "wav" in names and said.seconds and (data := headers.riff(file)) and data.there:
        return Declared(said.seconds * data.size / data.there, reliable=True)
    if "asf" in names and (seconds := headers.asf_seconds(file)):
        return Declared(seconds, reliable=True)
    return said


def _by_container(source: Source, names: set[str]) -> Declared:
    stream, container = source.stream, source.container
    counted = bool(names & _COUNTED)
    if stream.duration is not None and stream.duration > 0:
        return Declared(float(stream.duration * source.tick), counted)
    if container.duration is None or container.duration <= 0:
        return Declared(None, reliable=False)
    # A film's length is not that of its sound.
    alone = all(other.type != "video" or _is_picture(other) for other in container.streams)
    return Declared(container.duration / av.time_base, alone and counted)


def _is_picture(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _mp3(source: Source, file: AudioFile, estimate: Declared) -> Declared:
    """Believe a Xing header where the file has been cut, or where its bit rate is that of the packets.

    Else the header is wrong, which does happen and does no harm.
    """
    header = headers.xing(file)
    if header is None or not source.rate or not source.seconds:
        return Declared(estimate.seconds, reliable=False)
    seconds = header.count * (1152 if source.rate >= 32_000 else 576) / source.rate
    ratio = header.size / seconds / (source.size / source.seconds)
    return Declared(seconds, 1 / _AGREES < ratio < _AGREES or header.there < 0.99 * header.size)
