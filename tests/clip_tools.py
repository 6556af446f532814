"""Clip stores for tests: written by the real writer, with sound that anybody can make again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from core.audio import SAMPLE_RATE
from core.audio.clip_index import Clip
from core.audio.clip_store import SHARD_BYTES, ClipStore
from core.audio.clips import ClipSet, Int16
from core.audio.decode import decode
from core.audio.records import Event, Request, Samples

PLAN = "middle-30"


def noise(seed: int, samples: int) -> Int16:
    """Samples (n,) of their own for each seed."""
    return np.random.default_rng(seed).integers(-32_768, 32_768, samples, np.int16)


def bare(identity: str, **values: object) -> Clip:
    """A clip before it has a place."""
    texts = {"title": f"Title of {identity}", "artist": "Ann", "album": "First", "recording": identity}
    return Clip(**({"identity": identity, "samples": 0, "digest": "", **texts} | values))


def write_store(
    folder: Path, sounds: dict[str, Int16], plan: str = PLAN, shard_bytes: int = SHARD_BYTES
) -> ClipSet:
    """A store of some clips, opened."""
    with ClipStore(folder, plan, shard_bytes) as store:
        for identity, sound in sounds.items():
            store.add(bare(identity), [sound])
    return ClipSet.open(folder)


def sounds_of(clips: ClipSet) -> dict[str, bytes]:
    """Everything that a set gives, by identity."""
    return {clip.identity: clips.read(row, 0, clip.samples).tobytes() for row, clip in enumerate(clips.clips)}


def check_digests(clips: ClipSet) -> None:
    """What is stored is what was hashed when it was written."""
    for clip, sound in zip(clips.clips, sounds_of(clips).values(), strict=True):
        assert hashlib.blake2b(sound, digest_size=16).hexdigest() == clip.digest, clip


def plain_decode(path: Path) -> Samples:
    """The whole file by a plain PyAV loop, mono float at 16 kHz, (n,): nothing of ours."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The system refuses to let files grow: to a program that is a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class InThisProcess:
    """Decodes as a pool does, without its processes: for tests that count what is decoded."""

    def __init__(self, decoded: list[bytes], decoder: Callable[..., Iterator[Event]] = decode) -> None:
        self.decoded, self.decoder = decoded, decoder

    def __call__(self, *_: object, **__: object) -> InThisProcess:
        return self

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def stream(self, requests: Iterator[Request], idle: Callable[[], None]) -> Iterator[Event]:
        for request in requests:
            for event in self.decoder(request, 86_400, idle):
                if getattr(event, "decoded", False):
                    self.decoded.append(request.path.rpartition(b"/")[2])
                yield event
