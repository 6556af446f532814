"""The tables.

A `track` is a piece of audio content; a `file` is a place on disk where that content was found.
Vectors belong to tracks, so that moved, renamed, retagged and doubled files share them.
"""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Files whose content is known and that stand for their tracks.
_READ = "present AND verified AND NOT duplicate"


class Base(DeclarativeBase):
    """What all tables share."""


class Meta(Base):
    """Single values of the library, such as the running revision."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class Root(Base):
    """A folder (or single file) that a person added."""

    __tablename__ = "root"
    id: Mapped[int] = mapped_column(primary_key=True)
    raw_path: Mapped[bytes] = mapped_column(LargeBinary)
    path: Mapped[str]
    kind: Mapped[str] = mapped_column(default="music")  # music or dataset
    online: Mapped[bool] = mapped_column(default=True)
    added_at: Mapped[float]
    scanned_at: Mapped[float | None]
    other_files: Mapped[int] = mapped_column(default=0)  # files there that do not look like audio
    __table_args__ = (UniqueConstraint("kind", "raw_path"),)


class Track(Base):
    """Audio content. Its identity is the hash of its packets; None until a pass has read them."""

    __tablename__ = "track"
    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str | None] = mapped_column(unique=True)
    seconds: Mapped[float | None]


class File(Base):
    """An audio file as found on disk; `raw_path` is relative to its root (empty where the root is the file)."""

    __tablename__ = "file"
    id: Mapped[int] = mapped_column(primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("root.id", ondelete="CASCADE"))
    track_id: Mapped[int | None] = mapped_column(ForeignKey("track.id", ondelete="SET NULL"), index=True)
    raw_path: Mapped[bytes] = mapped_column(LargeBinary)
    folder: Mapped[str]
    name: Mapped[str]
    size: Mapped[int]
    mtime_ns: Mapped[int]
    present: Mapped[bool] = mapped_column(default=True)
    verified: Mapped[bool] = mapped_column(default=False)  # identity read from these very bytes
    duplicate: Mapped[bool] = mapped_column(default=False)  # another file stands for the same track
    state: Mapped[str] = mapped_column(default="pending")  # pending, ok, partial, failed, skipped
    reason: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(default="")
    artist: Mapped[str] = mapped_column(default="")
    album: Mapped[str] = mapped_column(default="")
    album_artist: Mapped[str] = mapped_column(default="")
    genre: Mapped[str] = mapped_column(default="")
    year: Mapped[int | None]
    track_number: Mapped[int | None]
    disc_number: Mapped[int | None]
    seconds: Mapped[float | None]
    codec: Mapped[str] = mapped_column(default="")
    sample_rate: Mapped[int | None]
    channels: Mapped[int | None]
    bit_rate: Mapped[int | None]
    tag_note: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(default="")
    added_at: Mapped[float]
    revision: Mapped[int] = mapped_column(default=0, index=True)
    shuffle: Mapped[int] = mapped_column(server_default=text("(random())"))  # its place in the queue
    __table_args__ = (
        UniqueConstraint("root_id", "raw_path"),
        Index("ix_file_state", "state", "verified"),
        Index("ix_file_size", "size", "mtime_ns"),
        Index("ix_file_counts", "root_id", "present", "state", "duplicate", "track_id"),
        Index("ix_file_priority", "priority", sqlite_where=text("priority > 0")),
        Index("ix_file_unread", "shuffle", "state", "root_id", sqlite_where=text("present AND NOT verified")),
        Index("ix_file_read", "shuffle", "state", "root_id", "track_id", sqlite_where=text(_READ)),
        # What a window that holds ids may have in hand is never given to another file.
        {"sqlite_autoincrement": True},
    )


class Label(Base):
    """A value that a person or a data set gave to a track."""

    __tablename__ = "label"
    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id", ondelete="CASCADE"))
    field: Mapped[str]
    value: Mapped[str]
    __table_args__ = (UniqueConstraint("track_id", "field", "value"),)


class Job(Base):
    """One run of a job, from the queue to its outcome."""

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    params: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str]  # queued, running, completed, cancelled, failed, interrupted
    stage: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    skipped: Mapped[int] = mapped_column(default=0)
    metrics: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    title: Mapped[str] = mapped_column(default="")
    hint: Mapped[str] = mapped_column(default="")
    details: Mapped[str] = mapped_column(default="")
    pid: Mapped[int]
    created_at: Mapped[float]
    heartbeat: Mapped[float]
    finished_at: Mapped[float | None]


class JobSkip(Base):
    """One item that a job passed over, and why."""

    __tablename__ = "job_skip"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), index=True)
    item: Mapped[str]
    reason: Mapped[str]


class Encoder(Base):
    """A model that makes vectors, with the card that says how it came to be."""

    __tablename__ = "encoder"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    strategy: Mapped[str]
    config: Mapped[dict[str, object]] = mapped_column(JSON)
    dim: Mapped[int]  # of one 3 s segment
    track_dim: Mapped[int]  # of a whole track
    front_end: Mapped[str]
    weights_hash: Mapped[str]
    card: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    file: Mapped[str] = mapped_column(default="")  # below the library's encoder folder; empty: no weights
    created_at: Mapped[float]


class Embedding(Base):
    """The vector of one track under one encoder and one segment plan ("whole" or "spread-N")."""

    __tablename__ = "embedding"
    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id", ondelete="CASCADE"))
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"))
    plan: Mapped[str]
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float32, little endian
    segments: Mapped[bytes | None] = mapped_column(LargeBinary)  # float16 (n_segments, dim), where asked for
    n_segments: Mapped[int]
    device: Mapped[str]
    precision: Mapped[str]
    __table_args__ = (
        UniqueConstraint("track_id", "encoder_id", "plan"),
        Index("ix_embedding_encoder", "encoder_id", "plan", "id"),
        # Readers ask for what is newer than the last id that they saw.
        {"sqlite_autoincrement": True},
    )


class Standardisation(Base):
    """Mean and standard deviation of an encoder's vectors in this library, frozen until refreshed."""

    __tablename__ = "standardisation"
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    plan: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    mean: Mapped[bytes] = mapped_column(LargeBinary)
    std: Mapped[bytes] = mapped_column(LargeBinary)


class Run(Base):
    """A training run: what was asked for, how far it is, and what was found. Its curves are `RunPoint`s."""

    __tablename__ = "run"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # also of its folder below the library's `runs`
    strategy: Mapped[str]
    preset: Mapped[str]
    config: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str]  # running, paused, finished, failed, interrupted
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    encoder: Mapped[str] = mapped_column(default="")  # name of what it made
    wish: Mapped[str] = mapped_column(default="")  # what a person asks of the running job
    created_at: Mapped[float]
    predicted: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    figures: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    verdicts: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    panel: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    chance: Mapped[float] = mapped_column(default=0.0)  # accuracy of picking the positive blindly
    rewinds: Mapped[int] = mapped_column(default=0)  # how often points were taken back
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way to say it


class RunPoint(Base):
    """One value of one curve. NULL stands for what is no number: SQLite keeps no NaN."""

    __tablename__ = "run_point"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    step: Mapped[int]
    metric: Mapped[str]
    value: Mapped[float | None]
    __table_args__ = (
        Index("ix_run_point_run", "run_id", "id"),
        # Readers ask for what is newer than the last id that they saw.
        {"sqlite_autoincrement": True},
    )


class Evaluation(Base):
    """What one encoder scored in one task. `key` is the hash of everything that the figures follow from.

    Encoders are named, not referred to: a result outlives its encoder, and says which weights it was.
    """

    __tablename__ = "evaluation"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    task: Mapped[str]
    task_kind: Mapped[str]  # class, tags, playlists, report
    spec: Mapped[dict[str, object]] = mapped_column(JSON)
    encoder: Mapped[str]
    strategy: Mapped[str]
    weights_hash: Mapped[str]
    plan: Mapped[str]
    probe: Mapped[str]
    config: Mapped[dict[str, object]] = mapped_column(JSON)
    split: Mapped[str]
    dim: Mapped[int]
    seeds: Mapped[int]
    figures: Mapped[dict[str, object]] = mapped_column(JSON)
    details: Mapped[dict[str, object]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)
    versions: Mapped[dict[str, object]] = mapped_column(JSON)
    seconds: Mapped[float]
    created_at: Mapped[float]
    # Readers ask whether anything newer than the last id that they saw has come.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way to say it


class EvaluationArrays(Base):
    """What each item of a result scored: a compressed npz, apart so that a table of results is read quickly."""

    __tablename__ = "evaluation_arrays"
    evaluation_id: Mapped[int] = mapped_column(
        ForeignKey("evaluation.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ListeningRound(Base):
    """One blind question: which of two encoders' neighbours fits a track better. Nobody was told whose is whose."""

    __tablename__ = "listening_round"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[float]
    query: Mapped[int] = mapped_column(ForeignKey("track.id", ondelete="CASCADE"))
    encoder_a: Mapped[str]
    encoder_b: Mapped[str]
    weights_a: Mapped[str]
    weights_b: Mapped[str]
    track_a: Mapped[int] = mapped_column(ForeignKey("track.id", ondelete="CASCADE"))
    track_b: Mapped[int] = mapped_column(ForeignKey("track.id", ondelete="CASCADE"))
    left: Mapped[str]  # a or b: whose was shown on the left
    choice: Mapped[str]  # a, b, tie, skip
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way to say it


class Projection(Base):
    """One map: where an encoder's tracks lie in the plane. There is one of each method; a new fit replaces it."""

    __tablename__ = "projection"
    id: Mapped[int] = mapped_column(primary_key=True)
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"))
    plan: Mapped[str]
    method: Mapped[str]  # umap, pca, tsne
    params: Mapped[dict[str, object]] = mapped_column(JSON)
    figures: Mapped[dict[str, object]] = mapped_column(JSON)
    created_at: Mapped[float]
    __table_args__ = (
        UniqueConstraint("encoder_id", "plan", "method"),
        # Readers ask whether a map is newer than the one they show.
        {"sqlite_autoincrement": True},
    )


class ProjectionArrays(Base):
    """A map's points, by blocks of columns: a million rows of a table would take seconds to read."""

    __tablename__ = "projection_arrays"
    projection_id: Mapped[int] = mapped_column(
        ForeignKey("projection.id", ondelete="CASCADE"), primary_key=True
    )
    tracks: Mapped[bytes] = mapped_column(LargeBinary)  # (n,) int64, ids
    points: Mapped[bytes] = mapped_column(LargeBinary)  # (n, 2) float32
    kept: Mapped[bytes] = mapped_column(
        LargeBinary
    )  # (n,) float16, share of true neighbours; NaN not measured
    placed: Mapped[bytes] = mapped_column(
        LargeBinary
    )  # (n,) uint8, 1 where neighbours placed it after the fit


class Playlist(Base):
    """A list of tracks that a person keeps; `rule` is how it came about, so that it can be refreshed."""

    __tablename__ = "playlist"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # list, similar, path, radio, moment, lasso, import
    rule: Mapped[dict[str, object]] = mapped_column(JSON)
    created_at: Mapped[float]
    changed_at: Mapped[float]
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way to say it


class PlaylistItem(Base):
    """A place in a playlist. Texts are kept beside the track: a list outlives what it names."""

    __tablename__ = "playlist_item"
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int | None] = mapped_column(ForeignKey("track.id", ondelete="SET NULL"), index=True)
    title: Mapped[str]
    artist: Mapped[str]
    raw_path: Mapped[bytes] = mapped_column(LargeBinary)  # where it was when it was put in
