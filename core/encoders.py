"""From an encoder's name to a strategy that is ready to embed, its row, and its file beside the library.

`mfcc` has no weights. An encoder that has to hear music first (`random` measures its batch norm) is
calibrated once on the library's own tracks, then kept, so that its vectors stay comparable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from core import strategies
from core.audio import SEGMENT
from core.audio.pool import DecodePool
from core.audio.records import Request, Window
from core.errors import UserError
from core.jobs.runner import JobContext
from core.library.records import EncoderRecord
from core.nets import checkpoint
from core.strategies import Strategy

CALIBRATION_PER_TRACK = 10
FEWEST_CALIBRATION = 50

_WIDTH = re.compile(r"^(?P<strategy>.+)-w(?P<width>0?\.\d+|1)$")


def ready(ctx: JobContext, name: str) -> tuple[EncoderRecord, Strategy]:
    """The encoder called `name`: from the library, or made now where its strategy needs no training.

    Parameters
    ----------
    name
        As in the library; or a strategy, with its width where it has one (`random-w0.25`).

    Raises
    ------
    UserError
        No such encoder; its file is missing or broken; too little music to calibrate on.
    """
    record = ctx.library.encoders.find(name)
    if record is None:
        return _create(ctx, name)
    if not record.file:
        return record, strategies.build(record.strategy, record.config)
    strategy, _ = checkpoint.load(ctx.library.sidecar("encoders") / record.file)
    return record, strategy


def _create(ctx: JobContext, name: str) -> tuple[EncoderRecord, Strategy]:
    strategy = _build(name)
    file, card = "", dict[str, object](name=name)
    if strategy.calibration_segments:
        waves = torch.from_numpy(_calibration_audio(ctx, strategy.calibration_segments))
        card["calibration_segments"] = len(waves)
        strategy.calibrate(waves, lambda done, total: _report(ctx, done, total))
        file = checkpoint.save(strategy, ctx.library.sidecar("encoders"), card).name
    record = ctx.library.encoders.add(
        name=name, strategy=strategy.name, config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
        track_dim=strategy.track_dim, front_end=strategy.front_end,
        weights_hash=checkpoint.weights_hash(strategy), card=card, file=file,
    )  # fmt: skip
    return record, strategy


def _report(ctx: JobContext, done: int, total: int) -> None:
    ctx.check()
    ctx.report("Calibrating the encoder", done, total)


def _build(name: str) -> Strategy:
    """A strategy by name; UserError where it would have to be trained first."""
    match = _WIDTH.match(name)
    base, config = (match["strategy"], {"width": float(match["width"])}) if match else (name, {})
    known = strategies.available()
    untrained = sorted(key for key, strategy in known.items() if not strategy.trainable)
    if base not in untrained:
        raise UserError(
            f"There is no encoder called {name} in this library.", f"Ready at once: {', '.join(untrained)}."
        )
    return strategies.build(base, config)


def _calibration_audio(ctx: JobContext, wanted: int) -> NDArray[np.float32]:
    """Up to `wanted` segments (n, 48000), spread over the library's tracks; the same for the same library."""
    files = ctx.library.files.readable()
    np.random.default_rng(0).shuffle(files)
    waves = np.empty((wanted, SEGMENT), np.float32)
    count = 0
    requests: Iterator[Request] = (Request(f.file_id, f.path, segments=CALIBRATION_PER_TRACK) for f in files)
    audio = ctx.settings.audio
    with DecodePool(audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h) as pool:
        for event in pool.stream(requests):
            ctx.check()
            if isinstance(event, Window) and len(event.samples) >= SEGMENT:
                waves[count] = event.samples[:SEGMENT]
                count += 1
                ctx.report("Listening for calibration", count, wanted)
                if count == wanted:
                    break
    if count < FEWEST_CALIBRATION:
        raise UserError(
            f"There is too little music to calibrate this encoder: {count} segments of 3 s, at least "
            f"{FEWEST_CALIBRATION} are needed.", "Add more music first.",
        )  # fmt: skip
    return waves[:count]
