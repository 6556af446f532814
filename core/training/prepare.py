"""What a run needs before its first step: its music, its split, its config; found anew or read back.

Everything that may not change while a run goes on is decided here and written into its folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from pydantic import BaseModel, Field

from core import clips_build, strategies
from core.audio import SAMPLE_RATE
from core.audio.clips import ClipSet
from core.bundled import is_bundled, reserved
from core.clips_plan import Music, music_files
from core.encoders import is_baseline
from core.errors import UserError
from core.jobs.runner import JobContext
from core.library import names
from core.library.records import RunRecord
from core.library.runs import FOLDER
from core.library.store import Library
from core.nets.device import present
from core.settings import DeviceName
from core.strategies.contrastive import ContrastiveStrategy
from core.training import ledger as ledgers
from core.training import machine, state
from core.training.config import DEFAULT_PRESET, RunConfig, resolve
from core.training.ledger import Ledger
from core.training.split import Split, split
from core.training.state import Frozen
from core.training.validation import needed
from core.training.world import World

FINISHED = "Its encoder is in the library. Start a new run to train on."


class Params(BaseModel):
    """What to train, and on what; what is left out comes from the preset and the settings."""

    strategy: str = ""
    preset: str = DEFAULT_PRESET
    name: str = ""
    """Of the run and its encoder; made up where empty. With `resume`: empty is the last run that is not finished."""
    overrides: dict[str, Any] = Field(default_factory=dict)
    """See `core.training.config.resolve`."""
    music: Music = Field(default_factory=Music)
    clip_seconds: float | None = Field(None, ge=0, le=3600)
    pins: list[int] = Field(default_factory=list)
    """Track ids whose neighbours are watched while it learns."""
    resume: bool = False
    finish: bool = False
    """With `resume`: take the encoder as it is."""
    clips: str = ""
    """A folder of clips to learn from, instead of the library's music."""
    device: DeviceName | None = None
    predicted: dict[str, Any] = Field(default_factory=dict)
    """What a trial said; kept beside what it really takes."""


@dataclass(frozen=True)
class Prepared:
    """A run that can go on.

    Attributes
    ----------
    saved
        None: from the beginning.
    folder
        The run's own.
    """

    run: RunRecord
    ledger: Ledger
    clips: ClipSet
    folder: Path
    saved: state.State | None = None


@dataclass(frozen=True)
class Material:
    """Music that a strategy can be trained on."""

    clips: ClipSet
    split: Split
    recordings: int
    """That are trained on: no batch can be larger."""


def run_folder(library: Library, name: str) -> Path:
    """Where a run's state lies."""
    return library.sidecar(FOLDER) / names.checked(name)


def material(ctx: JobContext, params: Params, config: RunConfig) -> Material:
    """The clips that are asked for, decoded where they are not there yet; those that can be used, and their split.

    Raises
    ------
    UserError
        Too little music, or no room for it.
    """
    found = _clips(ctx, params)
    strategy = cast("ContrastiveStrategy", strategies.build(config.strategy, config.model))
    wanted = needed(strategy, config.augment)
    usable = found.at_least(wanted)
    if len(usable) < len(found):
        short = len(found) - len(usable)
        ctx.skip(
            "music", f"{short} tracks are shorter than the {wanted / SAMPLE_RATE:.1f} s that are needed."
        )
    parts = split(usable.clips, config.training.validation_share, config.training.candidates)
    recordings = len({usable.clips[row].recording for row in parts.train.tolist()})
    return Material(usable, parts, recordings)


def _clips(ctx: JobContext, params: Params) -> ClipSet:
    if params.clips:
        return ClipSet.open(Path(params.clips))
    wishes = ctx.settings.training
    seconds = wishes.clip_seconds if params.clip_seconds is None else params.clip_seconds
    return clips_build.build(ctx, params.music, seconds, round(wishes.clips_budget_gb * clips_build.GB))


def begin(ctx: JobContext, params: Params, world: World) -> Prepared:
    """A new run.

    Raises
    ------
    UserError
        No such strategy or field, a name that is taken, too little music, no such device.
    """
    asked = resolve(
        params.strategy, params.preset, params.overrides
    )  # mistakes are told before anything is decoded
    name = _free_name(ctx.library, params, asked)
    found = material(ctx, params, asked)
    config = fitted(ctx, params, asked, found.recordings, world)
    ctx.report("Trying out the device", 0)
    device = machine.choose_device(params.device)
    config = machine.with_precision(config, device)
    threads = max(1, torch.get_num_threads() // world.size)
    frozen = Frozen(
        config=config, device=device, threads=threads, ranks=world.size, fingerprint=found.clips.fingerprint
    )
    seconds = ctx.settings.training.clip_seconds if params.clip_seconds is None else params.clip_seconds
    ledger = Ledger(
        frozen=frozen, folder=params.clips and str(Path(params.clips).absolute()), clip_seconds=seconds,
        seconds=found.clips.seconds, identities=[clip.identity for clip in found.clips.clips],
        train=found.split.train.tolist(), validation=found.split.validation.tolist(), music=asdict(params.music),
        pins=_pinned(ctx.library, params.pins),
    )  # fmt: skip
    folder = run_folder(ctx.library, name)
    run = ctx.library.runs.create(
        name, strategy=config.strategy, preset=config.preset, config=config.model_dump(mode="json"),
        steps=config.training.steps, job_id=ctx.job_id, predicted=params.predicted,
    )  # fmt: skip
    ledgers.save(ledger, folder)
    return Prepared(run, ledger, found.clips, folder)


def fitted(ctx: JobContext, params: Params, asked: RunConfig, recordings: int, world: World) -> RunConfig:
    """The config with a batch that the music and the processes allow; what had to change is said."""
    batch = min(asked.training.batch, recordings)
    batch -= batch % world.size
    if batch < 2 * world.size:
        raise UserError(
            f"{world.size} processes cannot share batches of {min(asked.training.batch, recordings)} pairs: each needs "
            "two of them.",
            "Start fewer, or choose a larger batch or more music.",
        )
    if batch == asked.training.batch:
        return asked
    why = (
        "there are no more tracks to train on"
        if batch >= recordings - world.size
        else "all processes share it"
    )
    ctx.skip("batch", f"A batch has {batch} pairs instead of {asked.training.batch}: {why}.")
    return resolve(params.strategy, params.preset, params.overrides, most=batch)


def _pinned(library: Library, tracks: list[int]) -> list[str]:
    """Identities of tracks."""
    if not tracks:
        return []
    return [file.identity for file in music_files(library, Music(track_ids=tracks)) if file.identity]


def _free_name(library: Library, params: Params, config: RunConfig) -> str:
    """The run's name, which is also its encoder's."""
    if not params.name:
        return proposed(library, config)
    name = names.checked(params.name)
    if is_baseline(name) or is_bundled(name) or library.encoders.find(name) is not None:
        raise UserError(f"An encoder is called {name} already.", "Choose another name.")
    if library.runs.find(name) is not None:
        raise UserError(f"There is a run called {name} already.", "Choose another name, or resume that run.")
    return name


def proposed(library: Library, config: RunConfig) -> str:
    """A name for a run that was given none."""
    width = config.model.get("width")
    ending = f"-w{width:g}" if isinstance(width, float) else ""
    return library.runs.unused_name(f"{config.strategy}-{config.preset}{ending}", reserved())


def unfinished(library: Library, name: str) -> RunRecord:
    """The run to resume: that name's, else the last one that is not finished.

    Raises
    ------
    UserError
        There is none, or it is finished.
    """
    if name:
        run = library.runs.get(name)
        if run.state == "finished":
            raise UserError(f"{run.name} is finished.", FINISHED)
        return run
    open_runs = [run for run in library.runs.all() if run.state != "finished"]
    if not open_runs:
        raise UserError("There is no run to resume.", "Start one with: earmap train STRATEGY")
    return open_runs[-1]


def resume(ctx: JobContext, params: Params, world: World) -> Prepared:
    """A run that was begun before, as it was saved last.

    Raises
    ------
    UserError
        Its state is missing, damaged or another version's; its music changed; its device is not here.
    """
    run = unfinished(ctx.library, params.name)
    if params.overrides:
        raise UserError(
            "A run goes on as it began: nothing can be set when it is resumed.", "Start a new run for that."
        )
    folder = run_folder(ctx.library, run.name)
    ledger = ledgers.load(folder)
    if not (folder / state.FILE).exists() and run.step == 0:
        saved = None  # it was ended before its first step
    else:
        saved = state.load(folder)
        ledger = ledger.model_copy(update={"frozen": saved.frozen})
        if saved.note:
            ctx.skip("versions", saved.note)
    frozen = _here(ctx, ledger.frozen, params.device, world)
    clips = _same_clips(ctx, params, ledger)
    ledger = ledger.model_copy(update={"frozen": frozen})
    if saved is not None:
        saved = replace(saved, frozen=frozen)
    return Prepared(run, ledger, clips, folder, saved)


def _here(ctx: JobContext, frozen: Frozen, device: DeviceName | None, world: World) -> Frozen:
    """What was frozen, on this machine; every change is a person's choice, and is said."""
    there = present()
    wanted = frozen.device if device in (None, "auto") else str(device)
    if wanted not in there:
        raise UserError(
            f"This run was trained on {wanted}, which this machine does not have.",
            f"Go on with --device {there[0]}; its numbers will then differ a little from those of one machine.",
        )
    if world.size != frozen.ranks:
        raise UserError(
            f"This run was trained by {frozen.ranks} processes, now there are {world.size}.",
            "Start as many as then: each of them has its part of every batch.",
        )
    if wanted != frozen.device:
        ctx.skip(
            "device", f"This run began on {frozen.device} and goes on on {wanted}: numbers differ a little."
        )
    return frozen.model_copy(update={"device": wanted})


def _same_clips(ctx: JobContext, params: Params, ledger: Ledger) -> ClipSet:
    """The run's own clips, made again where they are gone."""
    folder = params.clips or ledger.folder
    if folder:
        return ledger.clips(ClipSet.open(Path(folder)))
    store = clips_build.clips_folder(ctx.library, ledger.clip_seconds)
    try:
        return ledger.clips(ClipSet.open(store))
    except UserError:
        again = params.model_copy(update={"music": _music(ledger.music), "clip_seconds": ledger.clip_seconds})
        return ledger.clips(_clips(ctx, again))


def _music(values: Mapping[str, Any]) -> Music:
    try:
        return Music(**values)
    except TypeError:
        return Music()
