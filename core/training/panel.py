"""The same few tracks, looked at over and over while an encoder learns.

Do albums find together, and whom do a person's pinned tracks stand next to now?
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.audio import SEGMENT
from core.audio.clips import FULL_SCALE, Clip, ClipSet
from core.evaluation.retrieval import HitRate, hit_rate, nearest
from core.recommend import measure, unit_rows
from core.strategies import Strategy
from core.training.albums import albums
from core.training.config import TrainingConfig

MOST = 256
"""Tracks in a panel: 512 segments."""
SHARE = 0.05
"""Of the steps' time that looking may take; with small batches not every validation has a look."""
PASSES = 3
"""Forward passes that a segment costs in a step: its gradients take twice as long."""
MOST_PINS = 8
MOST_OF_ALBUM = 12
"""Tracks of one album, so that a box set does not fill the panel."""
SHOWN = 5
"""Neighbours that are kept of each pinned track."""
LONGEST_HISTORY = 24
"""Moments that are kept of each pinned track; see `remember`."""
PLACES = (0.25, 0.75)
"""Where a track's segments lie: as shares of where one can begin."""
BATCH = 32

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """What one look found: the hit rate on albums, and (rows, scores) next to each pin, best first."""

    album: HitRate
    beside: tuple[tuple[list[int], list[float]], ...]


class Panel:
    """A fixed choice of clips.

    Parameters
    ----------
    clips
        What the run hears.
    pins
        Identities of the tracks to watch; those that have no clip are passed over.
    size
        How many tracks at most.
    precision
        In which the run computes: float32 or bfloat16.
    """

    def __init__(
        self, clips: ClipSet, pins: Sequence[str] = (), size: int = MOST, precision: str = "float32"
    ) -> None:
        self._clips, self._bf16 = clips, precision == "bfloat16"
        self.rows = choose(clips.clips, pins[:MOST_PINS], size)
        chosen = [clips.clips[row] for row in self.rows.tolist()]
        self.clips: tuple[Clip, ...] = tuple(chosen)
        place = {clip.identity: index for index, clip in enumerate(chosen)}
        self.pins = tuple(place[pin] for pin in dict.fromkeys(pins[:MOST_PINS]) if pin in place)
        numbers: dict[str, int] = {"": -1}
        keys = albums(clips.clips)
        self._albums = np.array(
            [numbers.setdefault(keys[row], len(numbers)) for row in self.rows.tolist()], np.int64
        )

    def due(self, step: int, config: TrainingConfig, segments: int) -> bool:
        """Whether the validation after `step` steps has a look: the first and the last one, and as many as are cheap.

        Parameters
        ----------
        segments
            That this process takes through the network in a step.
        """
        every = config.validate_every * pause(len(self.rows), config, segments)
        return step == config.steps or step % every == 0

    def embed(self, strategy: Strategy) -> NDArray[np.float32]:
        """Each track's vector (n, dim): the mean over its segments, in eval mode, on the weights' device."""
        device = next(strategy.parameters()).device
        rows = np.repeat(self.rows, len(PLACES))
        room = np.array([max(self._clips.clips[row].samples - SEGMENT, 0) for row in self.rows.tolist()])
        starts = np.floor(room[:, None] * np.array(PLACES)).astype(np.int64).ravel()
        found = []
        for at in range(0, len(rows), BATCH):
            some = slice(at, at + BATCH)
            waves = torch.from_numpy(self._clips.gather(rows[some], starts[some], SEGMENT))
            with torch.autocast(device.type, torch.bfloat16, enabled=self._bf16):
                found.append(strategy.embed(waves.to(device).float() / FULL_SCALE).cpu())
        if not found:
            return np.empty((0, strategy.dim), np.float32)
        vectors = torch.cat(found).reshape(-1, len(PLACES), strategy.dim).mean(1)
        return np.asarray(vectors.numpy())

    def look(self, strategy: Strategy) -> Look:
        """Embed the panel and see who stands next to whom, by the program's own similarity."""
        vectors = self.embed(strategy)
        unit = unit_rows(vectors, measure(vectors))
        near = nearest(unit)
        beside = tuple(
            (near[pin][:SHOWN].tolist(), _scores(unit, pin, near[pin][:SHOWN])) for pin in self.pins
        )
        return Look(hit_rate(near, self._albums), beside)

    def remember(self, before: Mapping[str, Any], step: int, look: Look) -> dict[str, Any]:
        """What is kept in the run's row, with one more look.

        What was seen at this step or later (before a resumed run went back) is replaced. The first look and the
        newest ones stay; of those between, every second one goes when there are more than `LONGEST_HISTORY`.

        Parameters
        ----------
        before
            What was kept so far; empty at first.

        Returns
        -------
        {"chance", "tracks", "albums", "pins": [{"identity", "title", "artist", "history": [{"step", "neighbours":
        [{"identity", "title", "artist", "score"}]}]}]}
        """
        known = {pin["identity"]: pin["history"] for pin in before.get("pins", [])}
        pins = []
        for pin, (rows, scores) in zip(self.pins, look.beside, strict=True):
            person = _named(self.clips[pin])
            neighbours = [
                _named(self.clips[row]) | {"score": round(score, 4)}
                for row, score in zip(rows, scores, strict=True)
                if row >= 0 and math.isfinite(score)
            ]
            history = [entry for entry in known.get(person["identity"], []) if entry["step"] < step]
            pins.append(person | {"history": _thinned([*history, {"step": step, "neighbours": neighbours}])})
        return {
            "chance": look.album.chance_any if look.album.n else None,
            "tracks": look.album.n,
            "albums": look.album.groups,
            "pins": pins,
        }


def pause(tracks: int, config: TrainingConfig, segments: int) -> int:
    """Validations from one look at so many tracks to the next; `segments` as in `Panel.due`."""
    between = SHARE * PASSES * segments * config.validate_every
    return max(1, math.ceil(tracks * len(PLACES) / between))


def choose(clips: Sequence[Clip], pins: Sequence[str], size: int) -> Rows:
    """Rows of a panel, ascending: the pins, the rest of their albums, other whole albums, then single tracks.

    One row of each recording, so that two versions of a song are no hit. The same music and pins give the same
    panel on every machine: what is chosen depends on the clips' identities alone.
    """
    pinned = [row for row, clip in enumerate(clips) if clip.identity in set(pins)]
    heard = {clips[row].recording for row in pinned}
    others = []
    for row in sorted(range(len(clips)), key=lambda row: _shuffled(clips[row].identity)):
        if clips[row].recording not in heard:
            heard.add(clips[row].recording)
            others.append(row)
    album_of = albums(clips)
    together: dict[str, list[int]] = defaultdict(list)
    for row in others:
        together[album_of[row]].append(row)
    singles = together.pop("", [])
    own = {album_of[row] for row in pinned}
    # An album of one track gives nothing to hit, unless its other track is pinned.
    whole = [album for album, rows in together.items() if len(rows) > 1 or album in own]
    chosen = list(pinned[:size])
    for album in sorted(whole, key=lambda album: (album not in own, _shuffled(album))):
        rows = together.pop(album)[:MOST_OF_ALBUM]
        if len(chosen) + len(rows) <= size:
            chosen += rows
    rest = [*singles, *(row for rows in together.values() for row in rows if len(rows) == 1)]
    chosen += sorted(rest, key=lambda row: _shuffled(clips[row].identity))[: size - len(chosen)]
    return np.array(sorted(chosen), np.int64)


def _shuffled(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _scores(unit: NDArray[np.float32], row: int, others: Rows) -> list[float]:
    scores: list[float] = (unit[others].astype(np.float64) @ unit[row].astype(np.float64)).tolist()
    return scores


def _named(clip: Clip) -> dict[str, Any]:
    return {"identity": clip.identity, "title": clip.title, "artist": clip.artist}


def _thinned(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every second entry of the older half, where there are too many."""
    if len(history) <= LONGEST_HISTORY:
        return history
    half = LONGEST_HISTORY // 2
    return [*history[:half:2], *history[half:]]
