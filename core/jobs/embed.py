"""Embed: read every track that has no vector yet, and give it one. Resumes after any stop.

Decoding runs in processes of its own, and windows of sound meet here in batches that may hold several
tracks. What is finished is stored about once a second, so that it can be used while the job goes on.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from core import encoders, paths
from core.audio import SEGMENT
from core.audio.pool import DecodePool
from core.audio.records import Failed, Finished, Request, Window
from core.errors import UserError
from core.jobs.runner import Job, JobContext
from core.library.records import Candidate, Counts, EncoderRecord, Read
from core.library.store import plan_name
from core.nets.device import DeviceName, Embedder, choose
from core.recommend import measure, needs_refresh

Floats = NDArray[np.float32]

STORE_S = 1.0
FETCH = 4  # few, so that a clicked track is next
RECOUNT_S = 5.0
STATISTICS_ROWS = 50_000  # read in shuffled order, so the first are a fair sample
HOPELESS = 20
"""So many in a row without a usable vector: the encoder or the device is at fault, not the files."""


class Params(BaseModel):
    """What to embed with; what is left out comes from the settings."""

    encoder: str = ""
    device: DeviceName | None = None
    segments: int | None = Field(None, ge=0, le=1000)
    keep_segments: bool | None = None
    follow: bool = False
    """Wait for a scan that is still finding files."""


class Embed(Job[Params]):
    """Give every track its vector."""

    kind: ClassVar[str] = "embed"
    title: ClassVar[str] = "Listening to the music"
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Embed until nothing is left; counts, rates and the device are the result."""
        wishes = ctx.settings.embedding
        ctx.report("Preparing the encoder", 0)
        record, strategy = encoders.ready(ctx, self.params.encoder or wishes.encoder)
        segments = wishes.segments if self.params.segments is None else self.params.segments
        keep = wishes.keep_segments if self.params.keep_segments is None else self.params.keep_segments
        # Two threads that meet at every step wait for each other while decoders keep the cores busy; only a
        # network is worth that.
        threads = 0 if any(True for _ in strategy.parameters()) else 1
        embedder = Embedder(strategy, choose(strategy, self.params.device or wishes.device, threads=threads))
        run = _Run(ctx, record, embedder, segments, keep=keep)
        audio = ctx.settings.audio
        with DecodePool(audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h) as pool:
            while run.go_through(pool) or (self.params.follow and ctx.library.jobs.running("scan")):
                time.sleep(0.2)
        run.refresh_statistics(final=True)
        return run.result()


@dataclass(eq=False)
class _Track:
    """A file on its way: its segments' vectors so far, and how reading it ended."""

    candidate: Candidate
    vectors: list[Floats] = field(default_factory=list)  # each (n, dim)
    waiting: int = 0  # segments in the batch that is being filled
    samples: int = 0
    finished: Finished | None = None


@dataclass
class _Rates:
    """Where the time goes."""

    started: float = field(default_factory=time.monotonic)
    decode_cpu_s: float = 0.0
    embed_s: float = 0.0
    audio_s: float = 0.0
    tracks: int = 0

    def metrics(self) -> dict[str, float]:
        elapsed = max(time.monotonic() - self.started, 1e-9)
        return {
            "tracks_per_s": round(self.tracks / elapsed, 3),
            "decode_x": round(self.audio_s / max(self.decode_cpu_s, 1e-9), 1),
            "encode_x": round(self.audio_s / max(self.embed_s, 1e-9), 1),
        }


class _Batch:
    """Segments of several tracks, side by side."""

    def __init__(self, size: int) -> None:
        self.waves = np.empty((size, SEGMENT), np.float32)
        self.owners: list[_Track] = []

    @property
    def full(self) -> bool:
        return len(self.owners) == len(self.waves)

    def add(self, track: _Track, wave: Floats) -> None:
        """Put in a segment; shorter ones are padded with zeros."""
        row = self.waves[len(self.owners)]
        row[: len(wave)] = wave
        row[len(wave) :] = 0
        self.owners.append(track)
        track.waiting += 1


class _Run:
    """The state of one run of the job."""

    def __init__(
        self, ctx: JobContext, record: EncoderRecord, embedder: Embedder, segments: int, *, keep: bool
    ) -> None:
        self.ctx, self.record, self.embedder, self.keep = ctx, record, embedder, keep
        self.segments, self.plan = segments, plan_name(segments)
        self.batch = _Batch(embedder.plan.batch)
        self.tracks: dict[int, _Track] = {}
        self.reads: list[Read] = []
        self.crashes: Counter[int] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.rates = _Rates()
        self.requested = self.hopeless = self.notes_told = 0
        self.stored = self.counted = 0.0
        self.total = 0

    # -- the loop ---------------------------------------------------------------------------------

    def go_through(self, pool: DecodePool) -> bool:
        """Read what there is to read now; False where there was nothing."""
        before = self.requested
        try:
            for event in pool.stream(self._requests()):
                self._take(event)
                self._tick()
            self._embed()
        finally:
            self._store()  # a stop loses nothing that is finished
        return self.requested > before

    def _requests(self) -> Iterator[Request]:
        """Candidates a few at a time: what was clicked in the meantime comes first."""
        while True:
            busy = [*self.tracks, *(read.file_id for read in self.reads)]
            fetched = self.ctx.library.files.candidates(self.record.id, self.plan, FETCH, busy)
            if not fetched:
                return
            for candidate in fetched:
                self.tracks[candidate.file_id] = _Track(candidate)
                self.requested += 1
                yield Request(
                    candidate.file_id,
                    candidate.path,
                    segments=self.segments,
                    identify_only=candidate.has_vector,
                )

    def _take(self, event: Window | Finished | Failed) -> None:
        track = self.tracks[event.key]
        if isinstance(event, Window):
            self._hear(track, event.samples)
        elif isinstance(event, Finished):
            track.finished = event
            self.rates.decode_cpu_s += event.cpu_seconds
            self.rates.audio_s += event.seconds if event.decoded else 0.0
            self._complete(track)
        else:
            self._fail(track, event)

    def _tick(self) -> None:
        self.ctx.check()
        if time.monotonic() - self.stored > STORE_S:
            self._embed()
            self._store()
        self._report()

    def _report(self) -> None:
        plan = self.embedder.plan
        device = f"{plan.device} {plan.dtype}"
        self.ctx.report(
            "Listening to the music", self.outcomes.total(), self.total, device=device, **self.rates.metrics()
        )

    # -- sound to vectors -------------------------------------------------------------------------

    def _hear(self, track: _Track, samples: Floats) -> None:
        """Cut a window into segments; a rest shorter than one counts only where it is all there is."""
        first = track.samples == 0
        track.samples += len(samples)
        whole = len(samples) // SEGMENT
        pieces = [samples[i * SEGMENT : (i + 1) * SEGMENT] for i in range(whole)] or (
            [samples] if first else []
        )
        for piece in pieces:
            if self.batch.full:
                self._embed()
            self.batch.add(track, piece)

    def _embed(self) -> None:
        """Turn the batch into vectors and hand them to their tracks."""
        owners = self.batch.owners
        if not owners:
            return
        start = time.perf_counter()
        vectors = self.embedder(self.batch.waves[: len(owners)])
        self.rates.embed_s += time.perf_counter() - start
        self._tell_notes()
        self.batch.owners = []
        for track, vector in zip(owners, vectors, strict=True):
            track.vectors.append(vector[None])
            track.waiting -= 1
        for track in dict.fromkeys(owners):
            self._complete(track)

    def _tell_notes(self) -> None:
        """Whatever did not go as planned on the device is said, never hidden."""
        for note in self.embedder.notes[self.notes_told :]:
            self.ctx.skip("device", note)
        self.notes_told = len(self.embedder.notes)

    # -- how files end ----------------------------------------------------------------------------

    def _complete(self, track: _Track) -> None:
        """Once a file is read to its end and all its segments have vectors, it is done."""
        done = track.finished
        if done is None or track.waiting:
            return
        if track.vectors:
            self._end(track, self._with_vector(track, done))
        else:  # only the identity was asked for: what the library holds of this content stands
            self._end(track, Read(track.candidate.file_id, "unchanged", identity=done.identity))

    def _with_vector(self, track: _Track, done: Finished) -> Read:
        matrix = np.concatenate(track.vectors)
        start = time.perf_counter()
        vector = self.embedder.summarise(matrix)
        self.rates.embed_s += time.perf_counter() - start
        if not np.isfinite(vector).all():
            return self._no_vector(track)
        self.hopeless = 0
        return Read(
            track.candidate.file_id, "partial" if done.partial else "ok", done.reason, identity=done.identity,
            seconds=done.seconds, codec=done.codec, sample_rate=done.sample_rate, channels=done.channels,
            bit_rate=done.bit_rate, vector=vector, n_segments=len(matrix),
            segments=matrix.astype(np.float16) if self.keep else None,
        )  # fmt: skip

    def _no_vector(self, track: _Track) -> Read:
        self.hopeless += 1
        if self.hopeless == HOPELESS:
            raise UserError(
                f"The encoder {self.record.name} gave no usable numbers for {HOPELESS} tracks in a row.",
                f"It was running on {self.embedder.plan.device} with {self.embedder.plan.dtype}; try another device.",
            )
        return Read(
            track.candidate.file_id, "failed", f"The encoder {self.record.name} gave no usable numbers."
        )

    def _fail(self, track: _Track, failed: Failed) -> None:
        """A file that could not be read; one that crashed the decoder gets a second try, then quarantine."""
        key = track.candidate.file_id
        if failed.kind == "missing" and self._root_is_gone(track.candidate.path):
            del self.tracks[key]
            return
        self.crashes[key] += failed.kind in ("crashed", "memory")
        if failed.kind == "missing":
            read = Read(key, "missing", failed.reason)
        elif failed.kind == "not-regular":
            read = Read(key, "skipped", failed.reason)
        elif self.crashes[key] == 1:
            read = Read(key, "pending", failed.reason)
        else:
            read = Read(key, "failed", failed.reason)
        self._end(track, read)

    def _root_is_gone(self, path: bytes) -> bool:
        """Whether a file is missing because its whole folder is: then the root is offline, and nothing is lost."""
        for root in self.ctx.library.roots.all():
            if path.startswith(root.raw_path) and not Path(os.fsdecode(root.raw_path)).exists():
                self.ctx.library.roots.set_online(root.id, online=False)
                self.ctx.skip(
                    root.path, "This folder cannot be reached any more. Its tracks keep everything."
                )
                return True
        return False

    def _end(self, track: _Track, read: Read) -> None:
        key = track.candidate.file_id
        self.tracks.pop(key)
        self.reads.append(read)
        if read.state == "pending":
            return
        self.outcomes[read.state] += 1
        self.rates.tracks += 1
        if read.state in ("failed", "skipped", "partial"):
            self.ctx.skip(paths.display(track.candidate.path), read.reason)

    # -- storing ----------------------------------------------------------------------------------

    def _store(self) -> None:
        """Write what is finished, in one transaction."""
        reads, self.reads = self.reads, []
        if reads:
            plan = self.embedder.plan
            self.ctx.library.files.record(reads, self.record.id, self.plan, plan.device, plan.dtype)
            self.refresh_statistics()
        self.stored = time.monotonic()
        if self.stored - self.counted > RECOUNT_S:
            self.total = self.outcomes.total() + self.counts().pending
            self.counted = self.stored

    def counts(self) -> Counts:
        """The library's figures under this encoder."""
        return self.ctx.library.files.counts(self.record.id, self.plan)

    def refresh_statistics(self, *, final: bool = False) -> None:
        """Measure the standardisation again when the library has doubled, and once when all is embedded."""
        vectors = self.ctx.library.vectors
        known = vectors.standardisation(self.record.id, self.plan)
        measured_on = known[2] if known else 0
        n = vectors.count(self.record.id, self.plan)
        grown = final and n > 1.1 * measured_on
        if needs_refresh(measured_on, n) or grown:
            _, _, matrix = vectors.after(self.record.id, self.plan, 0, limit=STATISTICS_ROWS)
            fresh = measure(matrix)
            if fresh is not None:
                vectors.set_standardisation(self.record.id, self.plan, fresh.mean, fresh.std, n)

    def result(self) -> dict[str, Any]:
        """What the job leaves behind."""
        counts = self.counts()
        plan = self.embedder.plan
        rates = self.rates
        return {
            "encoder": self.record.name, "plan": self.plan, "device": plan.device, "precision": plan.dtype,
            "note": plan.note, "seconds": round(time.monotonic() - rates.started, 2), "read": rates.tracks,
            "audio_s": round(rates.audio_s, 1), "decode_cpu_s": round(rates.decode_cpu_s, 3),
            "embed_s": round(rates.embed_s, 3), **rates.metrics(), **{f"{k}_now": v for k, v in self.outcomes.items()},
            "found": counts.found, "embedded": counts.embedded, "partial": counts.partial, "failed": counts.failed,
            "skipped": counts.skipped, "pending": counts.pending,
        }  # fmt: skip
