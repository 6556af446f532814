"""Embed: read every track that has no vector yet, and give it one. Resumes after any stop.

Decoding runs in processes of its own, and windows of sound meet here in batches that may hold several
tracks. It begins while torch is still being loaded. What is finished is stored about once a second, so that it
can be used while the job goes on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, Field

from core import bundled, paths
from core.audio.decode import WINDOW
from core.audio.pool import DecodePool
from core.audio.records import Failed, Finished, Request, Window
from core.batches import Batches, Track
from core.errors import UserError
from core.folders import reachable
from core.jobs.runner import Job, JobContext
from core.library.records import Candidate, Counts, EncoderRecord, Read
from core.library.store import plan_name
from core.machine import CROWDED, OtherPrograms
from core.recommend import measure, needs_refresh
from core.settings import DeviceName

if TYPE_CHECKING:  # torch comes in with it
    from core.nets.device import Embedder

STAGE, PREPARING = "Listening to the music", "Preparing the encoder"
STORE_S = 1.0
RECOUNT_S = 5.0
PAUSE_S = 0.2
SCAN_PATIENCE_S = 60.0
"""A scan that was asked for, and whose process has not come up by then, is waited for no longer."""
ASKING_SHARE = 0.1
"""Asking for more while there was nothing may take at most this share of the time."""
MOST_EARLY = 20
"""Windows of a whole track (1.9 MB each), or files, that may be read before there is an encoder to take them."""
NO_ENCODER = -1
"""No encoder's id: under it nothing has a vector."""
NOT_IN_ORDER = (
    "{name} has learned how music goes on, and hears {segments} segments from all over a track as if they followed "
    "one another. Whole tracks (0 segments) are what it is made for."
)
STATISTICS_ROWS = 50_000  # read in shuffled order, so the first are a fair sample
MOST_ATTEMPTS = 4
"""Times that a run begins one file: to identify it, to read it, and again after a crash. No run goes on for ever."""
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
    scan_asked: float = 0.0
    """Clock time (s) at which that scan was asked for: its process may come up after this one's."""
    roots: list[int] | None = None
    """Folders to read from, and no others; all of them where it is None."""


class Embed(Job[Params]):
    """Give every track its vector."""

    kind: ClassVar[str] = "embed"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Embed until nothing is left; counts, rates and the device are the result."""
        audio = ctx.settings.audio
        ctx.report(PREPARING, 0)
        with (
            DecodePool(audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h) as pool,
            ThreadPoolExecutor(1, "torch") as loader,
        ):
            pool.start()
            run = _Run(ctx, self.params, loader.submit(import_module, "core.encoders"))
            while True:
                # Asked before looking: what a scan finds in its last moments is not missed.
                scanning = self.params.follow and run.is_scanning()
                seen = ctx.library.rows.revision()
                if run.go_through(pool):
                    continue
                if not scanning:
                    break
                run.wait_for_scan(seen)
        run.refresh_statistics(final=True)
        return run.result()


@dataclass
class _Rates:
    """Where the time goes."""

    started: float = field(default_factory=time.monotonic)
    decode_cpu_s: float = 0.0
    audio_s: float = 0.0
    tracks: int = 0

    def metrics(self, embed_s: float) -> dict[str, float]:
        """Tracks a second, and how many times faster than it plays music is decoded and embedded."""
        elapsed = max(time.monotonic() - self.started, 1e-9)
        return {
            "tracks_per_s": round(self.tracks / elapsed, 3),
            "decode_x": round(self.audio_s / max(self.decode_cpu_s, 1e-9), 1),
            "encode_x": round(self.audio_s / max(embed_s, 1e-9), 1),
        }


@dataclass(frozen=True)
class _Encoder:
    """What makes the vectors, and its row."""

    record: EncoderRecord
    embedder: Embedder


class _Run:
    """The state of one run of the job.

    Parameters
    ----------
    loaded
        Done when `core.encoders`, and torch with it, can be used without waiting.
    """

    def __init__(self, ctx: JobContext, params: Params, loaded: Future[ModuleType]) -> None:
        wishes = ctx.settings.embedding
        self.ctx, self._loaded = ctx, loaded
        self.name, self.device = params.encoder or wishes.encoder, params.device or wishes.device
        self.segments = wishes.segments if params.segments is None else params.segments
        self.keep = wishes.keep_segments if params.keep_segments is None else params.keep_segments
        self.plan, self.roots = plan_name(self.segments), params.roots
        self.scan_asked = params.scan_asked
        known = bundled.known(ctx.library.encoders.all(), bundled.available(), self.name)
        self.encoder_id = known.id if known else NO_ENCODER
        self.begun: _Encoder | None = None
        self.damage: UserError | None = None  # of the encoder that was wanted
        self.batches = Batches()
        self.tracks: dict[int, Track] = {}
        self.reads: list[Read] = []
        self.doubtful: list[Read] = []  # without usable numbers: the files' fault, unless it is every file
        self.attempts: Counter[int] = Counter()
        self.given_up: set[int] = set()
        self.outcomes: Counter[str] = Counter()
        self.rates, self.others = _Rates(), OtherPrograms()
        self.notes_told = self.total = 0
        self.stored = self.counted = 0.0
        self.nothing_at, self.ask_again = -1, 0.0

    # -- the encoder ------------------------------------------------------------------------------

    @property
    def encoder(self) -> _Encoder:
        """The encoder on its device, which has to be ready."""
        assert self.begun is not None
        return self.begun

    def _begin_if_ready(self) -> None:
        """Take the encoder as soon as it can be had, or as soon as no more can be kept without it."""
        full = max(self.batches.early / WINDOW, self.attempts.total()) >= MOST_EARLY
        if full or self._loaded.done():
            self._begin()

    def _begin(self) -> None:
        """Wait for torch, make the encoder ready on its device, and give it what was read so far."""
        while not self._loaded.done():
            self.ctx.check()
            self._say_waiting()
            wait([self._loaded], PAUSE_S)
        self._loaded.result()
        from core import encoders

        record, strategy, self.damage = encoders.ready_or_stand_in(self.ctx, self.name)
        self.name = record.name
        self.ctx.check()
        if strategy.in_order and self.segments:
            self.ctx.skip("encoder", NOT_IN_ORDER.format(name=record.name, segments=self.segments))
        embedder = encoders.embedder(self.ctx, record, strategy, self.plan, self.device)
        self.begun, self.encoder_id = _Encoder(record, embedder), record.id
        self._complete(self.batches.begin(embedder))

    # -- the loop ---------------------------------------------------------------------------------

    def go_through(self, pool: DecodePool) -> bool:
        """Read what there is to read; False where there was nothing."""
        self.ctx.check()
        self.nothing_at, self.ask_again = -1, 0.0
        before = self.attempts.total()
        try:
            for event in pool.stream(self._requests(), self._tick):
                self._take(event)
                self._tick()
            if self.begun is None:
                self._begin()
            self._flush()
            self._believe_doubtful()
        finally:
            self._store()  # a stop loses nothing that is finished
        return self.attempts.total() > before

    def wait_for_scan(self, seen: int) -> None:
        """Until the library is no longer at revision `seen`, or no scan is left that could change it."""
        while self.ctx.library.rows.revision() == seen and self.is_scanning():
            self._tick()
            time.sleep(PAUSE_S)

    def is_scanning(self) -> bool:
        """Whether a scan finds files, or one that was asked for has yet to begin."""
        jobs = self.ctx.library.jobs
        if jobs.running("scan"):
            return True
        if time.time() - self.scan_asked > SCAN_PATIENCE_S:
            return False
        return not any(job.kind == "scan" and job.created_at >= self.scan_asked for job in jobs.recent(10))

    def _requests(self) -> Iterator[Request | None]:
        """Candidates one by one: what was clicked in the meantime is next. None while there is nothing."""
        while True:
            candidate = self._next()
            if candidate is None:
                yield None
                continue
            self.tracks[candidate.file_id] = Track(candidate)
            only_identity = candidate.has_vector
            yield Request(
                candidate.file_id, candidate.path, segments=self.segments, identify_only=only_identity
            )

    def _next(self) -> Candidate | None:
        """What is to be read next. In a large library "nothing" is a dear answer: not asked for too often."""
        revision, start = self.ctx.library.rows.revision(), time.monotonic()
        if revision == self.nothing_at or start < self.ask_again:
            return None
        busy = [*self.tracks, *(read.file_id for read in (*self.reads, *self.doubtful)), *self.given_up]
        files = self.ctx.library.files
        found = files.candidates(self.encoder_id, self.plan, 1, busy, self.roots, keep=self.keep)
        if not found:
            now = time.monotonic()
            self.nothing_at, self.ask_again = revision, now + (now - start) / ASKING_SHARE
            return None
        key = found[0].file_id
        self.attempts[key] += 1
        if self.attempts[key] == MOST_ATTEMPTS:
            self.given_up.add(key)
        return found[0]

    def _take(self, event: Window | Finished | Failed) -> None:
        track = self.tracks[event.key]
        if isinstance(event, Window):
            self._complete(self.batches.hear(track, event.samples))
            return
        if isinstance(event, Failed):
            self._fail(track, event)
            return
        track.finished = event
        self.rates.decode_cpu_s += event.cpu_seconds
        self.rates.audio_s += event.seconds if event.decoded else 0.0
        self._complete([track] if track.complete else [])

    def _tick(self) -> None:
        """Now and then, also while nothing happens."""
        self.ctx.check()
        if self.begun is None:
            self._say_waiting()
            self._begin_if_ready()
            return
        if time.monotonic() - self.stored > STORE_S:
            self._flush()
            self._store()
        done = self.outcomes.total()
        plan = self.encoder.embedder.plan
        rates = self.rates.metrics(self.batches.seconds)
        rates |= self._crowd()
        self.ctx.report(STAGE, done, max(self.total, done), device=f"{plan.device} {plan.dtype}", **rates)

    def _crowd(self) -> dict[str, float]:
        """What other programs take of the processors, where that is why this takes long."""
        share = self.others.share()
        return {"others": round(share, 2)} if share > CROWDED else {}

    def _say_waiting(self) -> None:
        self.ctx.report(PREPARING, 0, None, **self._crowd())

    def _flush(self) -> None:
        self._complete(self.batches.flush())
        notes = self.encoder.embedder.notes
        for note in notes[self.notes_told :]:  # what did not go as planned is never hidden
            self.ctx.skip("device", note)
        self.notes_told = len(notes)

    # -- how files end ----------------------------------------------------------------------------

    def _complete(self, tracks: list[Track]) -> None:
        for track in tracks:
            done = track.finished
            assert done is not None
            if track.vectors:
                self._summarise(track, done)
            elif done.decoded:
                self._end(track, Read(track.candidate.file_id, "failed", "There is no sound in this file."))
            else:  # only the identity was asked for: what the library holds of this content stands
                self._end(track, Read(track.candidate.file_id, "unchanged", identity=done.identity))

    def _summarise(self, track: Track, done: Finished) -> None:
        matrix, vector = track.matrix(), self.batches.summarise(track)
        if not np.isfinite(vector).all():
            self._doubt(track)
            return
        self._believe_doubtful()
        read = Read(
            track.candidate.file_id, "partial" if done.partial else "ok", done.reason, identity=done.identity,
            seconds=done.seconds, codec=done.codec, sample_rate=done.sample_rate, channels=done.channels,
            bit_rate=done.bit_rate, vector=vector, n_segments=len(matrix),
            segments=matrix.astype(np.float16) if self.keep else None,
        )  # fmt: skip
        self._end(track, read)

    def _doubt(self, track: Track) -> None:
        """A track without usable numbers; after many in a row none of them is blamed."""
        if len(self.doubtful) == HOPELESS - 1:
            plan = self.encoder.embedder.plan
            raise UserError(
                f"The encoder {self.name} gave no usable numbers for {HOPELESS} tracks in a row.",
                f"It was running on {plan.device} with {plan.dtype}; try another device.",
            )
        self.tracks.pop(track.candidate.file_id)
        reason = f"The encoder {self.name} gave no usable numbers."
        self.doubtful.append(Read(track.candidate.file_id, "failed", reason))
        self._count(track, self.doubtful[-1])

    def _believe_doubtful(self) -> None:
        """It was the files' fault: others were embedded since, or there are no more."""
        self.reads += self.doubtful
        self.doubtful = []

    def _fail(self, track: Track, failed: Failed) -> None:
        """A file that could not be read; one that crashed the decoder gets a second try, then quarantine."""
        candidate = track.candidate
        accident = failed.kind in ("crashed", "memory")
        if not accident and failed.kind != "stalled" and self._is_offline(candidate.path):
            del self.tracks[candidate.file_id]
        elif failed.kind == "missing":
            self._end(track, Read(candidate.file_id, "missing", failed.reason))
        elif failed.kind == "not-regular":
            self._end(track, Read(candidate.file_id, "skipped", failed.reason))
        elif accident and not candidate.failures:
            self._end(track, Read(candidate.file_id, "pending", failed.reason))
        else:
            self._end(track, Read(candidate.file_id, "failed", failed.reason))

    def _is_offline(self, path: bytes) -> bool:
        """Whether a file gave nothing because its whole folder is away: that says nothing about the file."""
        for root in self.ctx.library.roots.all():
            if paths.relative(path, root.raw_path) is None:
                continue
            if not root.online:
                return True
            if not reachable(root.raw_path, had_music=True):
                self.ctx.library.roots.set_online(root.id, online=False)
                reason = "This folder cannot be reached any more. Its tracks keep everything and wait for it."
                self.ctx.skip(root.path, reason)
                return True
        return False

    def _end(self, track: Track, read: Read) -> None:
        self.tracks.pop(track.candidate.file_id)
        self.reads.append(read)
        self._count(track, read)

    def _count(self, track: Track, read: Read) -> None:
        path = paths.display(track.candidate.path)
        if read.file_id in self.given_up and read.state in ("pending", "unchanged"):
            self.ctx.skip(path, "This file keeps changing while it is read. The next run tries again.")
        if read.state == "pending":
            return
        self.outcomes[read.state] += 1
        self.rates.tracks += 1
        if read.state in ("failed", "skipped", "partial"):
            self.ctx.skip(path, read.reason)

    # -- storing ----------------------------------------------------------------------------------

    def _store(self) -> None:
        """Write what is finished, in one transaction; what cannot be written is kept for another attempt."""
        if self.reads and self.begun:
            plan = self.begun.embedder.plan
            self.ctx.library.files.record(self.reads, self.encoder_id, self.plan, plan.device, plan.dtype)
            self.reads = []
            self.refresh_statistics()
        self.stored = time.monotonic()
        if self.stored - self.counted > RECOUNT_S:
            self.total = self.outcomes.total() + self._left()
            self.counted = self.stored

    def _left(self) -> int:
        """Files still to be read, those in hand included."""
        if self.roots is None and not self.keep:
            return self.counts().pending
        roots = [root.id for root in self.ctx.library.roots.all()] if self.roots is None else self.roots
        return self.ctx.library.files.due(self.encoder_id, self.plan, roots, keep=self.keep)

    def counts(self) -> Counts:
        """The library's figures under this encoder."""
        return self.ctx.library.files.counts(self.encoder_id, self.plan)

    def refresh_statistics(self, *, final: bool = False) -> None:
        """Measure the standardisation again when the library has doubled, and once when all is embedded.

        Data sets have no say in it: neighbours are of the person's own music.
        """
        vectors, here = self.ctx.library.vectors, (self.encoder_id, self.plan)
        known = vectors.standardisation(*here)
        measured_on = known[2] if known else 0

        def due(n: int) -> bool:
            return needs_refresh(measured_on, n) or (final and n > 1.1 * measured_on)

        # Counting everything is quick, and no less than what counts.
        if not due(vectors.count(*here)) or not due(n := vectors.count_own(*here)):
            return
        fresh = measure(vectors.sample_own(*here, STATISTICS_ROWS))
        if fresh is not None:
            vectors.set_standardisation(*here, fresh.mean, fresh.std, n)

    def result(self) -> dict[str, Any]:
        """What the job leaves behind."""
        counts, damage = self.counts(), self.damage
        plan, rates, embed_s = self.encoder.embedder.plan, self.rates, self.batches.seconds
        return {
            **({"damaged": [damage.title, damage.hint]} if damage else {}),
            "encoder": self.name, "plan": self.plan, "device": plan.device, "precision": plan.dtype,
            "note": plan.note, "seconds": round(time.monotonic() - rates.started, 2), "read": rates.tracks,
            "audio_s": round(rates.audio_s, 1), "decode_cpu_s": round(rates.decode_cpu_s, 3),
            "embed_s": round(embed_s, 3), **rates.metrics(embed_s),
            **{f"{state}_now": n for state, n in self.outcomes.items()},
            "found": counts.found, "embedded": counts.embedded, "partial": counts.partial, "failed": counts.failed,
            "skipped": counts.skipped, "pending": counts.pending,
        }  # fmt: skip
