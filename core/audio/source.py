"""One pass over the packets of a file's best audio stream: tolerant, counted, hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard

from core.audio import SAMPLE_RATE, reasons
from core.audio.doorway import AudioFile
from core.audio.records import UnusableError
from core.audio.timing import Timing

FORMATS = (
    "aac,ac3,act,adx,aea,aiff,amr,amrnb,amrwb,ape,apc,aptx,asf,au,avi,avr,bonk,caf,dsf,dts,dtshd,eac3,flac,flv,"
    "gsm,hca,iamf,iff,ilbc,ircam,latm,loas,lc3,matroska,webm,mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,musx,mxf,"
    "nistsphere,nsv,nut,ogg,oma,osq,paf,pvf,qcp,qoa,rka,rl2,rm,sds,sdx,shn,siff,sox,tak,truehd,tta,voc,vqf,w64,"
    "wav,wavarc,wsd,wtv,wv,wve,xwma"
)
"""The containers that are read. Not on it is what makes FFmpeg open other files or the network (playlists,
`concat`, SDP, DASH), what is text or a picture, and what takes anything for sound."""

_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "none", "max_size": "32768"}
"""`max_size`: bytes of a WAV packet; FFmpeg's own choice is 50 ms, and three times slower."""
_BUFFER = 1 << 16
_RETRIES = 8
"""Times that reading goes on behind an error of the container."""
_BEAT_EVERY = 8
"""Packets between two signs of life."""
_MOST_EMPTY = 100_000
"""Empty packets in a row after which the container is taken for a liar."""

Alive = Callable[[], None]
AudioPacket: TypeAlias = "Packet[AudioStream]"


class Placed(NamedTuple):
    """A packet, and from which sample to which (mono, 16 kHz) it reaches."""

    begin: float
    end: float
    packet: AudioPacket


class _EndlessError(Exception):
    """The container names the same bytes again and again."""


def _deny(url: str, flags: int, options: dict[str, str]) -> object:
    """Refuse every further file that a container asks for."""
    raise ValueError(f"{url!r} was asked for ({flags}, {options})")


def _open(file: AudioFile) -> InputContainer:
    reasons.refuse_foreign(file)
    try:
        return av.open(
            file, mode="r", options=_OPTIONS, metadata_errors="replace", buffer_size=_BUFFER, io_open=_deny
        )  # fmt: skip
    except av.error.MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        file.check()
        raise reasons.not_opened(file) from error


def _best(container: InputContainer) -> AudioStream:
    """The stream that FFmpeg thinks best, or the first one that can be decoded."""
    streams = list(container.streams.audio)
    if not streams:
        raise UnusableError("no-audio", "There is no sound in this file.")
    best = container.streams.best("audio")
    for stream in [best, *streams]:
        if isinstance(stream, AudioStream) and stream.codec_context is not None:
            return stream
    raise UnusableError("unreadable", "It is encoded in a way that this program cannot decode.")


class Source:
    """The packets of one file, once through.

    Parameters
    ----------
    counts
        Whether packets are hashed and timed: an eighth of what they cost.

    Attributes
    ----------
    size
        Bytes of the packets so far.
    error
        The last error of the container, `None` when it read to its end.
    """

    def __init__(self, file: AudioFile, alive: Alive, *, counts: bool = True) -> None:
        self.container = _open(file)
        self.stream = _best(self.container)
        self._timing = Timing()
        self.error: Exception | None = None
        for other in self.container.streams:
            if other.index != self.stream.index:
                other.discard = Discard.all
        self.context = self.stream.codec_context
        self.context.thread_count = 1  # files are decoded side by side, not frames
        self.codec = self.context.codec.canonical_name
        self.rate = self.context.sample_rate or 0
        self.channels = self.context.channels or 0
        self._file, self._counts = file, counts
        self._length = file.length
        self.alive = alive
        self._digest = hashlib.blake2b(f"{self.codec} {self.rate} {self.channels}\n".encode(), digest_size=16)
        self.size = 0

    @property
    def identity(self) -> str:
        """Hash of the packets so far, 32 hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def seconds(self) -> float:
        """Duration of the packets so far, as the container times them; 0 where it does not."""
        return float(self._timing.end * self.tick)

    @property
    def longest_packet_s(self) -> float:
        """Duration of the longest of them."""
        return float(self._timing.longest * self.tick)

    @property
    def tick(self) -> Fraction:
        """Seconds of one unit of the packets' times."""
        return self.stream.time_base or Fraction(1, self.rate or 1)

    @property
    def bit_rate(self) -> int:
        """In bits/s, of the stream, else of the file, else 0."""
        return self.context.bit_rate or self.container.bit_rate or 0

    def packets(self) -> Iterator[AudioPacket]:
        """Give every packet of the stream, then an empty one that flushes the decoder.

        Raises
        ------
        OSError
            The disk failed: what has been read so far is not the file.
        """
        for _ in range(_RETRIES):
            before, self.error = self.size, None
            try:
                yield from self._demux()
            except av.error.MemoryError:
                raise
            except (av.error.FFmpegError, ValueError, _EndlessError) as error:
                self.error = error
            self._file.check()
            if self.error is None:
                return
            if self.size == before or isinstance(self.error, _EndlessError):
                break
        flush = cast("AudioPacket", Packet())
        flush.stream = self.stream
        yield flush

    def placed(self) -> Iterator[Placed]:
        """As `packets`, each with its place."""
        scale, timing = float(self.tick) * SAMPLE_RATE, self._timing
        for packet in self.packets():
            yield Placed(timing.begin * scale, timing.end * scale, packet)

    def digest(self) -> hashlib.blake2b:
        """A hash of the packets so far, to be gone on with."""
        return self._digest.copy()

    def measured(self, digest: hashlib.blake2b, size: int, end: int, longest: int) -> None:
        """Know of all packets what `packets` would have found (times in ticks), from another way of looking at them."""
        self._digest, self.size = digest, size
        self._timing.end, self._timing.longest = end, longest

    def _demux(self) -> Iterator[AudioPacket]:
        beat = empty = 0
        update, take, counts = self._digest.update, self._timing.take, self._counts
        for packet in self.container.demux(self.stream):
            size = packet.size
            if size:
                if counts:
                    update(packet)
                    take(packet)
                self.size += size
                empty = 0
            else:
                empty += 1
            beat += 1
            if beat >= _BEAT_EVERY:
                beat = 0
                self.alive()
                if self.size > 4 * self._length + _BUFFER or empty > _MOST_EMPTY:
                    raise _EndlessError
            yield packet

    def close(self) -> None:
        """Let go of the container; the file stays open."""
        self.container.close()
