"""Mutagen kept within bounds: what it may read of a file, and how it meets hostile ID3 tags.

Mutagen trusts the sizes that files state. Left alone it copies the rest of an ID3 tag once a frame (hours for
16 MB of tiny frames), inflates compressed frames without limit, and reads whole files page by page.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import mutagen
from mutagen import (
    aac,
    ac3,
    aiff,
    apev2,
    asf,
    flac,
    id3,
    monkeysaudio,
    mp3,
    mp4,
    musepack,
    oggflac,
    oggopus,
    oggspeex,
    oggvorbis,
    optimfrog,
    tak,
    trueaudio,
    wave,
    wavpack,
)

MOST_BYTES = 32 << 20
MOST_READS = 100_000
LONGEST_FRAME = 16 << 10
MOST_SLICES = 30_000
MOST_APE_ITEMS = 2_000

_WANTED = (
    "TIT2", "TPE1", "TPE2", "TALB", "TCON", "TDRC", "TDRL", "TDOR", "TYER", "TORY", "TRCK", "TPOS", "TXXX",
)  # fmt: skip
_WANTED_2_2 = ("TT2", "TP1", "TP2", "TAL", "TCO", "TYE", "TOR", "TRK", "TPA", "TXX")
_COMPRESSED = 0x0088  # the flag of version 2.4 or of 2.3; each has the other's bit unused


class Bounded:
    """A file of which only so much may be read, in so many pieces."""

    def __init__(self, file: BinaryIO, name: bytes) -> None:
        self.name = name
        self._file = file
        self._bytes, self._reads = MOST_BYTES, MOST_READS
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """Read like a file.

        Raises
        ------
        mutagen.MutagenError
            Tags ask for more than any honest ones would.
        """
        wanted = self._bytes + 1 if size < 0 else min(size, self._bytes + 1)
        data = self._file.read(wanted)
        self._bytes -= len(data)
        self._reads -= 1
        if self._bytes < 0 or self._reads < 0:
            raise mutagen.MutagenError("they are too large")
        return data


class _Slices:
    """The bytes of an ID3 tag, which mutagen slices: without copying what follows, and not for ever."""

    def __init__(self, view: memoryview, left: Iterator[int]) -> None:
        self._view, self._left = view, left

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, part: slice) -> bytes | _Slices:
        if next(self._left, None) is None:
            raise mutagen.MutagenError("they have too many frames")
        if part.stop is None:
            return _Slices(self._view[part.start :], self._left)
        return bytes(self._view[part][:LONGEST_FRAME])


class Id3(id3.ID3):
    """An ID3 tag of which only the small frames that we show are parsed."""

    def __init__(self, file: Any, **_: Any) -> None:
        base: Any = super()
        base.__init__(file, known_frames=_FRAMES)

    def _read(self, header: Any, data: bytes) -> bytes:
        read: Any = super()._read
        if header.version < (2, 4, 0) and header.f_unsynch:
            # The whole tag is to be decoded first, which takes plain bytes: small tags only.
            rest = read(header, data[: 1 << 18])
        else:
            rest = read(header, _Slices(memoryview(data), iter(range(MOST_SLICES))))
        return bytes(len(rest))


def _plain_only(frame: type[id3.Frame]) -> type[id3.Frame]:
    """The same frame, but one that is compressed counts as junk: no text needs to be."""
    parse: Any = frame._fromData  # noqa: SLF001 - mutagen names no public place for this

    def _from_data(_: Any, header: Any, flags: int, data: bytes) -> Any:
        if flags & _COMPRESSED:
            raise id3.ID3JunkFrameError("compressed")
        return parse(header, flags, data)

    return type(frame.__name__, (frame,), {"_fromData": classmethod(_from_data)})


_FRAMES: dict[str, type[id3.Frame]] = {
    **{name: _plain_only(id3.Frames[name]) for name in _WANTED},
    **{name: id3.Frames_2_2[name] for name in _WANTED_2_2},  # 2.2 has no compression
}


class Mp3(mp3.MP3):
    """MPEG audio whose ID3 tag survives broken frames."""

    def load(self, file: Any, **_: Any) -> None:  # noqa: D102 - the base class says it
        super().load(file, ID3=Id3)


class TrueAudio(trueaudio.TrueAudio):
    """TTA."""

    def load(self, file: Any, **_: Any) -> None:  # noqa: D102 - the base class says it
        super().load(file, ID3=Id3)


class Wave(wave.WAVE):
    """WAV: an ID3 chunk, else the INFO list, which mutagen does not read."""

    def load(self, file: Any, **_: Any) -> None:  # noqa: D102 - the base class says it
        self.info = wave.WaveStreamInfo(file)
        self.tags = chunk_tags(file, "<")


class Aiff(aiff.AIFF):
    """AIFF: an ID3 chunk, else the text chunks, which mutagen does not read."""

    def load(self, file: Any, **_: Any) -> None:  # noqa: D102 - the base class says it
        self.info = aiff.AIFFInfo(file)
        self.tags = chunk_tags(file, ">")


def _check_ape(file: Any) -> None:
    """Look at the count of items that an APE tag states, at either end of the file, before it is believed.

    Raises
    ------
    mutagen.MutagenError
        No honest tag has that many.
    """
    head = file.read(32)
    file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))  # an ID3v1 tag or lyrics may stand behind it
    for part in (head, file.read()):
        start = part.find(b"APETAGEX")
        while start >= 0:
            if int.from_bytes(part[start + 16 : start + 20], "little") > MOST_APE_ITEMS:
                raise mutagen.MutagenError("they have too many items")
            start = part.find(b"APETAGEX", start + 1)
    file.seek(0)


def _with_ape(kind: type[mutagen.FileType]) -> type[mutagen.FileType]:
    """The same kind, but its tag is looked at before it is read."""
    parse: Any = kind.load

    def load(self: Any, file: Any, **_: Any) -> None:
        _check_ape(file)
        parse(self, file)

    return type(kind.__name__, (kind,), {"load": load})


def chunk_tags(file: Any, order: str) -> Any:
    """Tags from the chunks of a RIFF ("<") or AIFF (">") file: a mapping, ID3 if there is one."""
    texts: dict[str, list[str]] = {}
    for name, size in _chunks(file, order):
        if name.lower().rstrip() == b"id3":
            return Id3(io.BytesIO(file.read(size)))
        if name == b"LIST" and file.read(4) == b"INFO":
            info = io.BytesIO(file.read(size - 4))
            texts.update({k.decode("ascii"): [_text(info.read(n))] for k, n in _chunks(info, order, 0)})
        elif name in {b"NAME", b"AUTH"}:
            texts[name.decode()] = [_text(file.read(size))]
    return texts


def _chunks(file: Any, order: str, start: int = 12) -> Iterator[tuple[bytes, int]]:
    """Name and size (bytes) of each chunk, the file standing at its first byte."""
    file.seek(start)
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack(order + "4sI", head)
        if not name.isascii():
            return
        begin = file.tell()
        yield name, size
        file.seek(begin + size + size % 2)


def _text(data: bytes) -> str:
    """Text of no stated encoding, up to its first NUL."""
    data = data.partition(b"\0")[0][:LONGEST_FRAME]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


KINDS: dict[type[mutagen.FileType], str] = {
    Mp3: "mp3",
    TrueAudio: "tta",
    Wave: "pcm",
    Aiff: "pcm",
    oggvorbis.OggVorbis: "vorbis",
    oggopus.OggOpus: "opus",
    oggflac.OggFLAC: "flac",
    oggspeex.OggSpeex: "speex",
    flac.FLAC: "flac",
    mp4.MP4: "aac",
    asf.ASF: "wma",
    _with_ape(wavpack.WavPack): "wavpack",
    _with_ape(musepack.Musepack): "musepack",
    _with_ape(monkeysaudio.MonkeysAudio): "ape",
    _with_ape(optimfrog.OptimFROG): "optimfrog",
    _with_ape(tak.TAK): "tak",
    aac.AAC: "aac",
    ac3.AC3: "ac3",
    _with_ape(apev2.APEv2File): "",
}
"""What mutagen may take a file for, and the codec (FFmpeg's name) where the file says nothing finer."""
