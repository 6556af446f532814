"""Twenty seconds of real steps on real sound: what a run will take, said before it is begun."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from core import clips_plan, strategies
from core.audio.clip_store import ClipStore
from core.audio.clips import Clip, ClipSet, plan_name, quantise
from core.audio.pool import DecodePool
from core.audio.records import Failed, Request, Window
from core.errors import UserError
from core.jobs.runner import JobContext
from core.library.music import MusicFile
from core.strategies.contrastive import ContrastiveStrategy
from core.training import machine, panel, sampling, views
from core.training.config import RunConfig, resolve
from core.training.loop import Trainer
from core.training.prepare import Params
from core.training.recorder import peak_memory
from core.training.split import FEWEST, Split, target
from core.training.state import Frozen
from core.training.validation import grouping, needed

STAGE = "Trying it out"
BUDGET_S = 20.0
SAMPLED = 16
"""Tracks that are decoded for a trial where there are no clips yet."""
LONGEST_S = 60.0
"""Of each of them."""
STEP_S = 2.0
"""A batch whose step takes this long tells enough; larger ones are taken to cost as much a pair."""
STATE_BYTES = 12
"""A parameter and its two moments."""


@dataclass
class Prediction:
    """What a run will take.

    Attributes
    ----------
    predicted_s
        All of it: decoding, steps, validations.
    disk_bytes
        That will be written: clips that are not there yet, and the run's state.
    memory_bytes
        At most, GPU included.
    """

    steps_per_s: float = 0.0
    pairs_per_s: float = 0.0
    predicted_s: float = 0.0
    decode_s: float = 0.0
    disk_bytes: int = 0
    memory_bytes: int = 0
    batch: int = 0
    steps: int = 0
    tracks: int = 0
    device: str = ""
    precision: str = ""
    note: str = ""
    shares: dict[str, float] = field(default_factory=dict)


def predict(ctx: JobContext, params: Params) -> dict[str, Any]:
    """Try a run out.

    Raises
    ------
    UserError
        It could not be trained either: no such strategy or device, too little music.
    """
    config = resolve(params.strategy, params.preset, params.overrides)
    began = time.monotonic()
    with _material(ctx, params, config) as (clips, tracks, decode_s, new_bytes):
        recordings = int(tracks * (1 - config.training.validation_share))
        config = resolve(params.strategy, params.preset, params.overrides, most=max(2, recordings))
        ctx.report("Trying out the device", 0)
        device = machine.choose_device(params.device)
        trainer = _trainer(machine.with_precision(config, device), clips, device)
        found = _measured(ctx, trainer, began)
        found.predicted_s += _validations_s(trainer, tracks)
    found.decode_s, found.tracks, found.device = decode_s, tracks, device
    parameters = sum(weight.numel() for weight in trainer.strategy.parameters())
    found.disk_bytes = new_bytes + parameters * STATE_BYTES
    found.predicted_s += decode_s
    return asdict(found)


def _trainer(config: RunConfig, clips: ClipSet, device: str) -> Trainer:
    rows = np.arange(len(clips), dtype=np.int64)
    frozen = Frozen(config=config, device=device, threads=torch.get_num_threads(), fingerprint="")
    return Trainer(frozen, clips, Split(rows, rows))


# -- music ------------------------------------------------------------------------------------------


@contextmanager
def _material(
    ctx: JobContext, params: Params, config: RunConfig
) -> Iterator[tuple[ClipSet, int, float, int]]:
    """Some clips; how many tracks there are in all; seconds and bytes that the missing clips will take."""
    strategy = cast("ContrastiveStrategy", strategies.build(config.strategy, config.model))
    least = needed(strategy, config.augment)
    if params.clips:
        clips = _enough(ClipSet.open(Path(params.clips)).at_least(least))
        yield clips, len(clips), 0.0, 0
        return
    wishes = ctx.settings.training
    seconds = wishes.clip_seconds if params.clip_seconds is None else params.clip_seconds
    plan = clips_plan.plan(ctx.library, params.music, seconds)
    files = clips_plan.music_files(ctx.library, params.music)
    known = clips_plan.stored_clips(clips_plan.clips_folder(ctx.library, seconds))
    there = [file.identity for file in files if file.identity in known]
    if not plan.to_decode and len(there) >= FEWEST:
        clips = ClipSet.open(clips_plan.clips_folder(ctx.library, seconds)).subset(there)
        yield _enough(clips.at_least(least)), plan.tracks, 0.0, 0
        return
    with tempfile.TemporaryDirectory(prefix="earmap-trial-", ignore_cleanup_errors=True) as folder:
        store, decode_s = _decoded(ctx, files, seconds, Path(folder))
        yield _enough(store.at_least(least)), plan.tracks, plan.to_decode * decode_s, plan.bytes_to_write


def _enough(clips: ClipSet) -> ClipSet:
    if len({clip.recording for clip in clips.clips}) < FEWEST:
        raise UserError(
            "There is too little music to try this out.",
            f"At least {FEWEST} tracks that are long enough are needed.",
        )
    return clips


def _decoded(ctx: JobContext, files: list[MusicFile], seconds: float, folder: Path) -> tuple[ClipSet, float]:
    """Clips of a few tracks, the same every time, and the seconds that one took."""
    readable = [file for file in files if file.online and file.state not in ("failed", "skipped")]
    order = np.random.default_rng(0).permutation(len(readable))[:SAMPLED]
    some = {readable[i].file_id: readable[i] for i in order}
    length = min(seconds or LONGEST_S, LONGEST_S)
    heard: dict[int, list[np.ndarray[Any, np.dtype[np.int16]]]] = {key: [] for key in some}
    requests = (Request(file.file_id, file.path, middle_s=length) for file in some.values())
    audio, done = ctx.settings.audio, 0
    with (
        ClipStore(folder, plan_name(length)) as store,
        DecodePool(audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h) as pool,
    ):
        pool.start()
        began = time.monotonic()
        for event in pool.stream(requests, ctx.check):
            ctx.check()
            if isinstance(event, Window):
                heard[event.key].append(quantise(event.samples)[0])
                continue
            done += 1
            ctx.report("Decoding a few tracks", done, len(some))
            if not isinstance(event, Failed):
                name = event.identity
                store.add(Clip(name, 0, "", "", "", name, ""), heard.pop(event.key))
    elapsed = time.monotonic() - began
    if not store.clips:
        raise UserError("None of the tracks could be read.", "The list of failures says why.")
    return ClipSet.open(folder), elapsed / max(1, done)


# -- steps ------------------------------------------------------------------------------------------


def _measured(ctx: JobContext, trainer: Trainer, began: float) -> Prediction:
    """Real steps until the time is up, in batches that grow as long as they are quick."""
    config = trainer.config
    found = Prediction(batch=config.batch, steps=config.steps, precision=config.precision)
    before, pairs, seconds = peak_memory(), 2, math.inf
    while True:
        try:
            seconds = _step(trainer, pairs)
        except (torch.OutOfMemoryError, MemoryError):
            pairs = max(2, pairs // 2)
            found.note = f"Memory ran out above {pairs} pairs at a time: set chunk to {pairs // 2 or 1}."
            break
        _tell(ctx, pairs, seconds)
        if pairs == config.batch or seconds > STEP_S or time.monotonic() - began > BUDGET_S:
            break
        pairs = min(2 * pairs, config.batch)
    times = [seconds]
    while time.monotonic() - began < BUDGET_S and not found.note:
        times.append(_step(trainer, pairs))
        _tell(ctx, pairs, times[-1])
    each = float(np.median(times)) * config.batch / pairs
    found.steps_per_s, found.pairs_per_s = 1 / each, config.batch / each
    found.predicted_s = config.steps * each
    at_once = min(config.batch, config.chunk or config.batch)
    found.memory_bytes = round(before + (peak_memory() - before) * max(1.0, at_once / pairs))
    return found


def _tell(ctx: JobContext, pairs: int, seconds: float) -> None:
    ctx.check()
    ctx.report(STAGE, 0, None, pairs_per_s=round(pairs / seconds, 2))


def _step(trainer: Trainer, pairs: int) -> float:
    """Seconds of one step with so many pairs; tracks are taken several times where there are too few."""
    began = time.perf_counter()
    rows = np.resize(trainer.split.train, pairs)
    lengths = [clip.samples for clip in trainer.clips.clips]
    crop = views.crops(trainer.strategy, trainer.frozen.config.augment)
    starts = sampling.starts(trainer.strategy, lengths, rows, 0, 0, crop)
    trainer.learn(views.cut(trainer.clips, 0, rows, starts, crop))
    return time.perf_counter() - began


def _validations_s(trainer: Trainer, tracks: int) -> float:
    """Seconds that all validations of a library of so many tracks would take, with their looks at the panel."""
    began = time.perf_counter()
    trainer.validation()
    measured = sum(len(rows) for rows, _ in trainer.validation.pairs)
    each = (time.perf_counter() - began) / measured
    config, segments = trainer.config, sum(trainer.strategy.segments)
    kept = max(1, target(tracks, config.validation_share, config.candidates))
    validations, shown = config.steps // config.validate_every + 1, min(tracks, panel.MOST)
    looks = validations / panel.pause(shown, config, segments * config.batch)
    return each * (
        validations * math.prod(grouping(kept, config.candidates))
        + looks * shown * len(panel.PLACES) / segments
    )
