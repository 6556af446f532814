"""Vectors of tracks by any name that the tables of this folder know: our encoders, bliss-audio, other programs'.

`bliss` is the library itself, on whole files. A `.npz` is what another program wrote beside this one: `paths` (n,)
as text, `vectors` (n, dim); it must know every track that is asked about.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from score import Floats, Heard, built, segments_of, vectors

from core.library import tags

BLISS, WRITTEN = "bliss", ".npz"
TIMES, LENGTH = 5, 180.0


def bliss(path: Path) -> list[float]:
    """The 23 features of a file."""
    import bliss_audio

    return list(bliss_audio.Song(str(path)).analysis)


def described(name: str, found: Heard) -> Floats:
    """(n, dim) of all tracks, in order.

    Raises
    ------
    KeyError
        Another program's file lacks a track.
    """
    if name == BLISS:
        with ProcessPoolExecutor() as pool:
            return np.array(list(pool.map(bliss, found.paths, chunksize=4)), np.float32)
    if name.endswith(WRITTEN):
        with np.load(name) as written:
            known = dict(zip(written["paths"].tolist(), written["vectors"], strict=True))
        return np.array([known[str(path)] for path in found.paths], np.float32)
    return vectors(built(name, found.segments), found)


def nearest_to_three_minutes(paths: list[Path]) -> Path:
    """The track that all are timed with."""
    return min(paths, key=lambda path: abs((tags.read(os.fsencode(path))[0].seconds or 0) - LENGTH))


def cost(name: str, path: Path, segments: int) -> float | None:
    """CPU ms for one track, decoding included, the median of some; None for what another program wrote."""
    if name.endswith(WRITTEN):
        return None
    waves = segments_of((path, segments))
    strategy = None if name == BLISS else built(name, waves)
    spent = []
    for _ in range(TIMES + 1):
        began = time.process_time()
        if strategy is None:
            bliss(path)
        else:
            waves = segments_of((path, segments))
            vectors(strategy, Heard(waves, np.array([len(waves)]), np.zeros(1, np.int64), (path,)))
        spent.append(1000 * (time.process_time() - began))
    return float(np.median(spent[1:]))
