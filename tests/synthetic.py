"""A real library file full of invented tracks, written fast: for tests and benchmarks of what reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from core import paths
from core.library.database import Database, next_revision
from core.library.models import Embedding, Encoder, File, Root, Track
from core.library.search import search_text

DIM = 40
BATCH = 5000
_FIRST = (
    "Amber", "Blue", "Cold", "Distant", "Electric", "Falling", "Golden", "Hollow", "Iron", "Jade", "Kind",
    "Late", "Midnight", "Northern", "Open", "Paper",
)  # fmt: skip
_SECOND = (
    "Harbour", "River", "Signal", "Garden", "Engine", "Window", "Season", "Mirror", "Station", "Orchard",
    "Radio", "Tide", "Valley", "Winter", "Lantern",
)  # fmt: skip
_GENRES = (
    "Ambient", "Blues", "Classical", "Dub", "Electronic", "Folk", "Hip-Hop", "Jazz", "Metal", "Pop", "Rock",
    "Soul",
)  # fmt: skip
_CODECS = ("vorbis", "mp3float", "flac", "opus", "aac", "pcm_s16le")
_FAILURES = {
    "failed": "No sound could be decoded: the file is cut off after 2 kB.",
    "partial": "Read 143 s of 201 s: the rest is damaged.",
    "skipped": "Not audio: a picture with the wrong ending.",
}


@dataclass(frozen=True)
class Mix:
    """What a synthetic library is made of.

    Parameters
    ----------
    tracks
        Files, each a track of its own.
    folders
        Roots that they are spread over.
    waiting
        Share without a vector yet.
    failed, partial, skipped
        Every so many-th file (0: none).
    offline
        Roots, from the last, that cannot be reached.
    vectors
        Whether tracks that were read have a vector; without, nothing was read yet.
    """

    tracks: int
    folders: int = 2
    waiting: float = 0.0
    failed: int = 211
    partial: int = 307
    skipped: int = 997
    offline: int = 0
    vectors: bool = True


def _pick(words: Sequence[str], number: int) -> str:
    return words[number % len(words)]


def tags(number: int) -> dict[str, Any]:
    """Tags of the file `number`: ten tracks to an album, four albums to an artist."""
    album, artist = number // 10, number // 40
    name = f"{_pick(_FIRST, artist * 7)} {_pick(_SECOND, artist)}"
    several = artist // (len(_FIRST) * len(_SECOND))
    return {
        "title": f"{_pick(_FIRST, number * 11)} {_pick(_SECOND, number * 4 + artist).lower()}, No. {number}",
        "artist": f"{name} {several + 1}" if several else name,
        "album": f"{_pick(_SECOND, album * 2 + 3)} and {_pick(_FIRST, album * 5)}",
        "album_artist": "", "genre": _pick(_GENRES, artist * 5), "year": 1958 + album * 7 % 66,
        "track_number": number % 10 + 1, "disc_number": 1, "seconds": 95.0 + number * 37 % 400,
        "codec": _pick(_CODECS, album), "sample_rate": 44100, "channels": 2,
    }  # fmt: skip


def state(number: int, mix: Mix) -> str:
    """The state of the file `number`."""
    for name in ("failed", "partial", "skipped"):
        every = getattr(mix, name)
        if every and number % every == every - 1:
            return name
    share = 1.0 if not mix.vectors else mix.waiting
    return "pending" if (number * 0.618034) % 1.0 < share else "ok"


def _file(number: int, mix: Mix, revision: int) -> dict[str, Any]:
    told = tags(number)
    now = state(number, mix)
    name = f"{told['track_number']:02} {told['title']}.ogg"
    folder = f"{told['artist']}/{told['album']}"
    root = number * mix.folders // mix.tracks
    return {
        "id": number + 1, "root_id": root + 1, "raw_path": f"{folder}/{name}".encode(), "folder": folder, "name": name,
        "size": 3_000_000 + number, "mtime_ns": 1_700_000_000_000_000_000 + number, "present": True,
        "verified": now in ("ok", "partial"), "state": now, "reason": _FAILURES.get(now, ""),
        "track_id": number + 1 if now in ("ok", "partial") else None, "search": search_text(name, told),
        "added_at": 1_700_000_000.0 + number, "revision": revision, **told,
    }  # fmt: skip


def vectors(numbers: Sequence[int], dim: int = DIM) -> np.ndarray:
    """Vectors (n, dim) float32 of the files: an artist's are near each other."""
    artists = np.stack([np.random.default_rng(n // 40).standard_normal(dim) for n in numbers])
    own = np.random.default_rng(numbers[0]).standard_normal((len(numbers), dim))
    return (artists + 0.6 * own).astype("<f4")


def _embeddings(numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number, vector in zip(numbers, vectors(numbers), strict=True):
        yield {
            "track_id": number + 1, "encoder_id": 1, "plan": "whole", "vector": vector.tobytes(), "segments": None,
            "n_segments": 60, "device": "cpu", "precision": "float32",
        }  # fmt: skip


def _frame(connection: Connection, mix: Mix, base: Path) -> None:
    """The folders and the encoder."""
    for number in range(mix.folders):
        path = paths.raw(base / ("Music" if number == 0 else f"Archive {number}"))
        online = number < mix.folders - mix.offline
        row = {"raw_path": path, "path": paths.display(path), "kind": "music", "online": online}
        connection.execute(
            insert(Root).values(**row, added_at=time.time(), scanned_at=time.time(), other_files=17)
        )
    encoder = {
        "name": "mfcc",
        "strategy": "mfcc",
        "config": {},
        "dim": DIM,
        "track_dim": DIM,
        "front_end": "mfcc-1",
    }
    connection.execute(
        insert(Encoder).values(**encoder, weights_hash="none", card={}, file="", created_at=time.time())
    )


def fill(path: Path, mix: Mix) -> None:
    """Write the library file `path`."""
    database = Database(path)
    with database.write() as connection:
        revision = next_revision(connection)
        _frame(connection, mix, path.parent)
        for start in range(0, mix.tracks, BATCH):
            numbers = range(start, min(start + BATCH, mix.tracks))
            rows = [_file(number, mix, revision) for number in numbers]
            read = [row["id"] - 1 for row in rows if row["track_id"] is not None]
            if read:
                tracks = [{"id": number + 1, "identity": f"synthetic-{number}"} for number in read]
                connection.execute(insert(Track), tracks)
            connection.execute(insert(File), rows)
            if read and mix.vectors:
                connection.execute(insert(Embedding), list(_embeddings(read)))
    database.close()


def draw(path: Path, mix: Mix, segments: int = 0) -> None:
    """Store a map of the tracks that have a vector: artists are heaps, heaps of one genre lie together."""
    from core.library.projections import Points
    from core.library.store import Library, plan_name

    numbers = np.array([n for n in range(mix.tracks) if state(n, mix) in ("ok", "partial")])
    artists, rng = numbers // 40, np.random.default_rng(0)
    genres = rng.normal(0, 1, (len(_GENRES), 2))[artists * 5 % len(_GENRES)]
    heaps = rng.normal(0, 0.35, (artists.max() + 1, 2))[artists]
    xy = genres + heaps + rng.normal(0, 0.03, (len(numbers), 2))
    xy = (xy - xy.mean(axis=0)) / np.sqrt((xy**2).sum(axis=1).mean())
    points = Points(numbers + 1, xy.astype(np.float32), rng.random(len(numbers)).astype(np.float32))
    with Library(path) as library:
        figures = {"n": len(numbers), "trustworthiness": 0.9, "recall": 0.3}
        library.projections.put(1, plan_name(segments), "umap", {"seed": 0}, figures, points)


def embed(path: Path, file_ids: Sequence[int]) -> None:
    """Let waiting files of a synthetic library have been read now, as the embed job would leave them."""
    from core.library.records import Read
    from core.library.store import Library

    with Library(path) as library:
        numbers = [file_id - 1 for file_id in file_ids]
        reads = [
            Read(n + 1, "ok", identity=f"synthetic-{n}", seconds=tags(n)["seconds"], vector=v, n_segments=60)
            for n, v in zip(numbers, vectors(numbers), strict=True)
        ]
        library.files.record(reads, 1, "whole", "cpu", "float32")


def waiting(mix: Mix) -> Iterator[int]:
    """Ids of the files of `mix` that wait to be read."""
    return (number + 1 for number in range(mix.tracks) if state(number, mix) == "pending")


def first_waiting(mix: Mix, count: int) -> list[int]:
    """The first `count` of them."""
    return list(islice(waiting(mix), count))
