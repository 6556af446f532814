"""From an encoder's name to a strategy that is ready to embed, its row, and its file beside the library.

`mfcc` has no weights. An encoder that has to hear music first (`random` measures its batch norm) is
calibrated once on the library's own tracks, then kept, so that its vectors stay comparable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from core import bundled, strategies
from core.audio import SEGMENT
from core.audio.pool import DecodePool
from core.audio.records import Request, Window
from core.bundled import Bundled, DamagedError
from core.errors import UserError
from core.jobs.runner import JobContext
from core.library.records import Candidate, EncoderRecord
from core.nets import checkpoint
from core.nets.card import RefusedError
from core.nets.device import Embedder, Precision, beside_decoding, choose, computes_in, present
from core.settings import DEFAULT_ENCODER, FALLBACK_ENCODER, DeviceName
from core.strategies import Strategy
from core.taking import checked_copy

CALIBRATION_FILES = 25  # read side by side: their segments are put in order in memory
CALIBRATION_PER_TRACK = 10
FEWEST_CALIBRATION = 50

_NAME = re.compile(
    r"^(?P<strategy>.+?)(-w(?P<width>0?\.\d+|1))?(-(?P<blocks>lean))?(-(?P<log_mel>modern))?(-l(?P<level_dim>\d{1,3}))?$"
)


def ready(ctx: JobContext, name: str) -> tuple[EncoderRecord, Strategy]:
    """The encoder called `name`: from the library, else taken from what came with the program, else made now.

    Parameters
    ----------
    name
        As in the library, or of what came with the program; or a strategy that needs no training, with its
        width, blocks, log-mel and length of a level's vector where they are not the paper's (`random-w0.25`,
        `random-multi-w0.25-lean-l32`: the baseline of an encoder of that shape).

    Raises
    ------
    UserError
        No such encoder; its file is missing or broken; too little music to calibrate on.
    """
    record = bundled.known(ctx.library.encoders.all(), bundled.available(), name)
    if record is not None:
        return record, _load(ctx, record)
    shipped = bundled.find(name)
    return _create(ctx, name) if shipped is None else _take(ctx, shipped)


def ready_or_stand_in(ctx: JobContext, name: str) -> tuple[EncoderRecord, Strategy, DamagedError | None]:
    """As `ready`, but a default encoder that came damaged is stood in for; why is told, and returned."""
    try:
        return *ready(ctx, name), None
    except DamagedError as error:
        if not name == DEFAULT_ENCODER == ctx.settings.embedding.encoder:
            raise
        ctx.skip("encoder", f"{error} Meanwhile {FALLBACK_ENCODER} listens.")
        return *ready(ctx, FALLBACK_ENCODER), error


def _take(ctx: JobContext, shipped: Bundled) -> tuple[EncoderRecord, Strategy]:
    """Copy an encoder that came with the program beside the library, and look at what is in it."""
    try:
        with checked_copy(ctx.library, shipped.path) as copy:
            return copy.keep(shipped.name), copy.strategy
    except RefusedError as error:
        raise bundled.damaged(shipped.name, error) from error


def _load(ctx: JobContext, record: EncoderRecord) -> Strategy:
    """The strategy whose vectors the library keeps under that record, and no other."""
    if not record.file:
        strategy = strategies.build(record.strategy, record.config)
        if strategy.front_end != record.front_end:
            raise UserError(
                f"The encoder {record.name} was made with {record.front_end}, this Earmap has {strategy.front_end}.",
                "Its vectors do not mix with new ones. Use the Earmap that made them, or another encoder.",
            )
        return strategy
    strategy, card = checkpoint.load(_place(ctx, record))
    if card["weights_hash"] != record.weights_hash:
        raise UserError(
            f"{record.file} holds other weights than those of the encoder {record.name}.",
            "Vectors of the two do not mix. Put the right file back.",
        )
    return strategy


def _place(ctx: JobContext, record: EncoderRecord) -> Path:
    """Where an encoder's file is; one that is gone from beside the library may have come with the program."""
    path = ctx.library.sidecar("encoders") / record.file
    same = (one.path for one in bundled.available() if one.weights_hash == record.weights_hash)
    return path if path.exists() else next(same, path)


def embedder(
    ctx: JobContext, record: EncoderRecord, strategy: Strategy, plan: str, device: DeviceName
) -> Embedder:
    """`strategy` on a device, in the precision that its vectors in this library have.

    The first run measures and chooses; its precision stays, since what rounds more differs from float32 by more than
    neighbours forgive. The device may change, since in one precision devices all but agree; a change is said.

    Parameters
    ----------
    plan
        Of the segments; vectors of different plans are never compared.
    device
        auto: the fastest in that precision; else this one, also where it does not know the precision.
    """
    made = ctx.library.vectors.made_with(record.id, plan)
    precision = None if made is None else cast("Precision", made[1])
    where = present() if device == "auto" else [device]
    if precision is not None and not any(computes_in(one, precision, strategy) for one in where):
        ctx.skip(
            "device",
            f"{' and '.join(where)} does not compute in {precision}, as the first vectors of {record.name} did: these "
            "are float32, and may differ a little.",
        )
        precision = "float32"
    # Two threads that meet at every step wait for each other while decoders keep the cores busy; only a
    # network is worth that.
    threads = 0 if any(True for _ in strategy.parameters()) else 1
    chosen = choose(strategy, device, precision=precision, threads=threads)
    if made is not None and made[0] != chosen.device:
        ctx.skip(
            "device",
            f"The first vectors of {record.name} were made on {made[0]}, these are made on {chosen.device}, "
            f"in {chosen.dtype}.",
        )
    return Embedder(strategy, beside_decoding(chosen))


def _create(ctx: JobContext, name: str) -> tuple[EncoderRecord, Strategy]:
    strategy = _build(name)
    file, card = "", dict[str, object](name=name)
    if strategy.calibration_segments:
        waves = torch.from_numpy(_calibration_audio(ctx, strategy.calibration_segments))
        card["calibration_segments"] = len(waves)
        strategy.calibrate(waves, lambda done, total: _report(ctx, done, total))
        meanwhile = ctx.library.encoders.find(name)
        if meanwhile is not None:  # another job was faster: its vectors are there already
            return meanwhile, _load(ctx, meanwhile)
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


def is_baseline(name: str) -> bool:
    """Whether `ready` makes an encoder of that name without training: no trained one may be called so."""
    return parts(name.casefold())[0] in _untrained()


def _untrained() -> list[str]:
    return sorted(key for key, strategy in strategies.available().items() if not strategy.trainable)


def parts(name: str) -> tuple[str, dict[str, Any]]:
    """The strategy and the config that a name speaks of, as `ready` understands it."""
    match = _NAME.match(name)
    if not match:
        return name, {}
    config: dict[str, Any] = {"width": float(match["width"])} if match["width"] else {}
    choices = {key: match[key] for key in ("blocks", "log_mel") if match[key]}
    levels = {"level_dim": int(match["level_dim"])} if match["level_dim"] else {}
    return match["strategy"], config | choices | levels


def _build(name: str) -> Strategy:
    """A strategy by name; UserError where it would have to be trained first."""
    base, config = parts(name)
    if base not in _untrained():
        raise UserError(
            f"There is no encoder called {name} in this library.",
            f"Ready at once: {', '.join([*_untrained(), *(one.name for one in bundled.available())])}.",
        )
    return strategies.build(base, config)


def _calibration_audio(ctx: JobContext, wanted: int) -> NDArray[np.float32]:
    """Up to `wanted` segments (n, 48000), spread over the library's tracks; the same for the same library."""
    files = ctx.library.files.readable()
    np.random.default_rng(0).shuffle(files)
    queue = iter(files)
    waves, count = np.empty((wanted, SEGMENT), np.float32), 0
    audio = ctx.settings.audio
    with DecodePool(audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h) as pool:
        while count < wanted and (some := list(islice(queue, CALIBRATION_FILES))):
            for wave in _segments(ctx, pool, some, count, wanted)[: wanted - count]:
                waves[count] = wave
                count += 1
    if count < FEWEST_CALIBRATION:
        raise UserError(
            f"There is too little music to calibrate this encoder: {count} segments of 3 s, at least "
            f"{FEWEST_CALIBRATION} are needed.", "Add more music first.",
        )  # fmt: skip
    return waves[:count]


def _segments(
    ctx: JobContext, pool: DecodePool, files: Sequence[Candidate], before: int, wanted: int
) -> list[NDArray[np.float32]]:
    """Segments of some files in the order of the files, however fast each is read."""
    heard: dict[int, list[NDArray[np.float32]]] = {file.file_id: [] for file in files}
    requests = (Request(file.file_id, file.path, segments=CALIBRATION_PER_TRACK) for file in files)
    for event in pool.stream(requests, ctx.check):
        ctx.check()
        if isinstance(event, Window) and len(event.samples) >= SEGMENT:
            heard[event.key].append(event.samples[:SEGMENT])
            ctx.report(
                "Listening for calibration", min(before + sum(map(len, heard.values())), wanted), wanted
            )
    return [wave for file in files for wave in heard[file.file_id]]
