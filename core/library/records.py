"""What goes in and comes out of the library: frozen records, no rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FileState = Literal["pending", "ok", "partial", "failed", "skipped"]
JobState = Literal["queued", "running", "completed", "cancelled", "failed", "interrupted"]
RunState = Literal["running", "paused", "finished", "failed", "interrupted"]
Side = Literal["a", "b"]
Choice = Literal["a", "b", "tie", "skip"]


@dataclass(frozen=True)
class RootRecord:
    """A folder in the library, with what was found below it."""

    id: int
    raw_path: bytes
    path: str
    kind: str
    online: bool
    scanned_at: float | None
    other_files: int


@dataclass(frozen=True)
class Known:
    """What the library knows of a file, to tell whether it changed."""

    id: int
    size: int
    mtime_ns: int
    state: str
    present: bool


@dataclass(frozen=True)
class Found:
    """A file as the scan saw it. `tags` are columns of the file table; `state` is pending or skipped."""

    raw_path: bytes
    folder: str
    name: str
    size: int
    mtime_ns: int
    state: FileState = "pending"
    reason: str = ""
    tags: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A file that the embed job still has to read.

    `identity` is what its track is known by ("" if unknown); `has_vector` says that the track has its
    vector already, so that only the identity is to be confirmed. `failures`: how often reading it has gone
    wrong since it last changed.
    """

    file_id: int
    path: bytes
    identity: str
    has_vector: bool
    failures: int = 0


@dataclass(frozen=True)
class Read:
    """A file that was read (state ok or partial), failed, or has gone missing.

    `unchanged`: only its identity was read; its state stays.
    """

    file_id: int
    state: Literal["ok", "partial", "failed", "pending", "skipped", "missing", "unchanged"]
    reason: str = ""
    identity: str = ""
    seconds: float | None = None
    codec: str = ""
    sample_rate: int | None = None
    channels: int | None = None
    bit_rate: int | None = None
    vector: NDArray[np.float32] | None = None  # (track_dim,)
    segments: NDArray[np.float16] | None = None  # (n_segments, dim)
    n_segments: int = 0


@dataclass(frozen=True)
class Counts:
    """found = embedded + partial + failed + skipped + pending; the others are counted apart."""

    found: int = 0
    embedded: int = 0
    partial: int = 0
    failed: int = 0
    skipped: int = 0
    pending: int = 0
    duplicates: int = 0
    offline: int = 0
    missing: int = 0
    other_files: int = 0


@dataclass(frozen=True)
class Row:
    """A line of the library table. `path` is absolute."""

    file_id: int
    track_id: int | None
    path: bytes
    title: str
    artist: str
    album: str
    genre: str
    year: int | None
    seconds: float | None
    codec: str
    folder: str
    added_at: float
    state: str  # embedded, partial, failed, skipped, pending
    reason: str
    online: bool
    labels: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What filters and folding ask of a track that can be played now."""

    file_id: int
    title: str
    artist: str
    album: str
    album_artist: str
    seconds: float | None
    folder: str
    year: int | None = None
    genre: str = ""


@dataclass(frozen=True)
class Failure:
    """A file that gave nothing, or only a part, and why."""

    file_id: int
    path: bytes
    state: str
    reason: str


@dataclass(frozen=True)
class EncoderRecord:
    """A model in the encoder switch."""

    id: int
    name: str
    strategy: str
    config: dict[str, object]
    dim: int
    track_dim: int
    front_end: str
    weights_hash: str
    card: dict[str, object]
    file: str


@dataclass(frozen=True)
class JobRecord:
    """A run of a job."""

    id: int
    kind: str
    params: dict[str, object]
    state: JobState
    stage: str
    done: int
    total: int | None
    skipped: int
    metrics: dict[str, object]
    result: dict[str, object]
    title: str
    hint: str
    details: str
    pid: int
    created_at: float
    heartbeat: float
    finished_at: float | None


@dataclass(frozen=True)
class RunRecord:
    """A training run.

    `encoder` names what it made ("" as yet); `wish` is what a person asks of the job that trains it
    ("finish"); `chance` is the accuracy of picking the positive blindly.
    """

    id: int
    name: str
    strategy: str
    preset: str
    config: dict[str, Any]
    state: RunState
    step: int
    steps: int
    job_id: int | None
    encoder: str
    wish: str
    created_at: float
    predicted: dict[str, Any]
    figures: dict[str, Any]
    verdicts: list[dict[str, Any]]
    panel: dict[str, Any]
    chance: float
    rewinds: int


Curve = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Steps (n,) and values (n,), in the order in which they were logged."""


@dataclass(frozen=True)
class Points:
    """Curves of a run. `last` is the newest row that was read, `rewinds` how often points were taken back."""

    last: int
    curves: dict[str, Curve]
    rewinds: int = 0


@dataclass(frozen=True)
class Figure:
    """One figure of a result.

    Parameters
    ----------
    mean
        NaN where it has no meaning.
    low, high
        Where it lies with 95 % confidence; NaN where there is no interval.
    n, groups
        Items that were asked, and the groups that they come from.
    chance
        What guessing gives; NaN where nobody knows.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    groups: int = 0
    chance: float = math.nan


@dataclass(frozen=True, kw_only=True)
class EvaluationRecord:
    """What one encoder scored in one task.

    Parameters
    ----------
    key
        Hash of all that the figures follow from: the same question is never computed twice.
    task, task_kind
        As a person reads it; `class`, `tags`, `playlists` or `report`.
    spec
        Where the task came from (`core.evaluation.spec.TaskSpec` as plain values).
    weights_hash, plan, dim
        What the encoder was, how its vectors were made, and how wide they were when they were judged.
    probe
        `svm`, `logistic`, `majority`, `cosine` (playlists), or "" (report).
    config
        Grid of C, folds, PCA, bounds of playlists: what was chosen by hand.
    split, seeds
        Results of one task and one split were asked the same, and can be paired.
    figures
        accuracy; roc_auc, pr_auc; hit_rate, percentile, mrr; or same_artist, hubness and so on.
    details
        Plain values: rows of classes or tags, C, how many items the encoder was trained on. None for no number.
    """

    key: str
    task: str
    task_kind: str
    spec: dict[str, Any]
    encoder: str
    strategy: str
    weights_hash: str
    plan: str
    probe: str
    config: dict[str, Any]
    split: str
    dim: int
    seeds: int
    figures: dict[str, Figure]
    details: dict[str, Any]
    notes: tuple[str, ...]
    versions: dict[str, str]
    seconds: float
    created_at: float = 0.0
    id: int = 0


@dataclass(frozen=True)
class ListeningRecord:
    """One blind question and its answer; `left` says whose track was shown there."""

    id: int
    created_at: float
    query: int
    encoder_a: str
    encoder_b: str
    weights_a: str
    weights_b: str
    track_a: int
    track_b: int
    left: Side
    choice: Choice

    def turned(self) -> ListeningRecord:
        """The same round with the two encoders named the other way round."""
        other: dict[str, Side] = {"a": "b", "b": "a"}
        return ListeningRecord(
            self.id, self.created_at, self.query, self.encoder_b, self.encoder_a, self.weights_b, self.weights_a,
            self.track_b, self.track_a, other[self.left], other.get(self.choice, self.choice),
        )  # fmt: skip


@dataclass(frozen=True)
class PlaylistRecord:
    """A list that a person keeps.

    `kind` is list, similar, path, radio, moment, lasso or import; `rule` is how it came about, {} where by hand.
    """

    id: int
    name: str
    kind: str
    rule: dict[str, Any]
    created_at: float
    changed_at: float
    n: int


@dataclass(frozen=True)
class PlaylistItemRecord:
    """A place in a playlist.

    Parameters
    ----------
    position
        Order in the list; reordering names places by it.
    track_id, file_id
        None where the library has no such track, or no file of it.
    title, artist, raw_path
        As they are now; as they were when it was put in where the track or file is gone.
    """

    position: int
    track_id: int | None
    file_id: int | None
    title: str
    artist: str
    raw_path: bytes


@dataclass(frozen=True)
class ImportRecord:
    """What became of a list from elsewhere: places `found` in the library, `missing` from it, `moved` elsewhere."""

    playlist: PlaylistRecord
    found: int
    missing: int
    moved: int


@dataclass(frozen=True)
class ProjectionRecord:
    """One map of an encoder's tracks; its points are `core.library.projections.Points`.

    Parameters
    ----------
    method
        A key of `core.projection.methods.METHODS`.
    params
        What it was drawn with: seed, neighbours, epochs.
    figures
        What is known of it: `n`, `n_fitted`, `trustworthiness`, `recall`, `seed_overlap`, `seconds` and so on.
        What was not measured is not there.
    created_at
        When it was drawn; adding tracks leaves it, and the id, as they are.
    """

    id: int
    encoder_id: int
    plan: str
    method: str
    params: dict[str, Any]
    figures: dict[str, Any]
    created_at: float
