"""Where and how a strategy runs: measured on this machine, said out loud, never changed silently."""

from __future__ import annotations

import copy
import gc
import math
import time
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from core.audio import SAMPLE_RATE, SEGMENT
from core.errors import UserError
from core.nets import int8
from core.settings import DeviceName
from core.strategies import Strategy

Precision = Literal["float32", "bfloat16", "int8"]
Floats = NDArray[np.float32]

GAIN = 1.2
"""What rounds more has to be so many times as fast, else noise in the measurement would decide a vector's precision."""
COSINES: dict[Precision, float] = {"bfloat16": 0.999, "int8": 0.998}
"""What its vectors must share with those of float32.

Of 110 tracks in eight bits, under the default encoder (0.9991 by this measure) and one of the paper's (0.9965),
HR@10 differed from that in float32 by -0.003 to +0.004, inside the intervals.
"""
ROUNDING: tuple[Precision, ...] = ("int8", "bfloat16")
"""What rounds more than float32, the likeliest to be the fastest first."""
LARGEST_BATCH = {"cpu": 32, "cuda": 512, "mps": 128}
UNMEASURED_BATCH = 16
"""Where batches of any size take the same time a segment."""
FIRST_TRY_MS = 30.0
"""What a pass may take when ways are compared."""
DECODE_MS = 5.0
"""Of a core, to decode 3 s of compressed music: measured over 30 files of Vorbis, Opus and MP3, 4.2 to 4.9."""
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "could not create a memory")


@dataclass(frozen=True)
class ExecutionPlan:
    """How segments are embedded; plain values, so that it can be stored and sent to another process."""

    device: str
    dtype: Precision
    channels_last: bool
    batch: int
    ms_per_segment: float = math.inf
    note: str = ""
    """What was chosen and why, for a person."""


class Embedder:
    """A copy of a strategy, set up as a plan says.

    Parameters
    ----------
    strategy
        Calibrated or trained; it is left as it is.
    plan
        From `choose`, or from an earlier run.
    """

    def __init__(self, strategy: Strategy, plan: ExecutionPlan) -> None:
        self.plan = plan
        self.batch = plan.batch
        self.notes: list[str] = []
        """What did not go as planned, for a person."""
        self._strategy = copy.deepcopy(strategy).eval().to(plan.device)
        if plan.dtype == "int8":
            int8.convert(self._strategy)
        if plan.channels_last:
            self._strategy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs

    def __call__(self, waves: Floats) -> Floats:
        """(n, 48000) -> (n, dim), in batches that halve when memory runs out.

        Raises
        ------
        UserError
            Not even one segment fits into memory, or the device fails.
        """
        vectors = np.empty((len(waves), self._strategy.dim), np.float32)
        done = 0
        while done < len(waves):
            batch = self._forward(waves[done : done + self.batch])
            if batch is None:
                self._shrink()
                continue
            vectors[done : done + len(batch)] = batch
            done += len(batch)
        return vectors

    def summarise(self, vectors: Floats) -> Floats:
        """(segments, dim) -> (track_dim,): the strategy's summary of a track."""
        with torch.inference_mode():
            summary: Floats = (
                self._strategy.summarise(torch.tensor(vectors, device=self.plan.device)).cpu().numpy()
            )
        return summary

    def _forward(self, waves: Floats) -> Floats | None:
        """One batch, or None where it does not fit into memory."""
        autocast = torch.autocast(self.plan.device, torch.bfloat16, enabled=self.plan.dtype == "bfloat16")
        try:
            with autocast:
                # torch.tensor copies: what comes from shared memory may be read-only.
                vectors: Floats = (
                    self._strategy.embed(torch.tensor(waves, device=self.plan.device)).cpu().numpy()
                )
        except (RuntimeError, MemoryError) as error:
            if _is_out_of_memory(error):
                return None
            if self.plan.device == "cpu":
                raise
            raise UserError(  # a driver that crashed, a card that was unplugged
                f"The device {self.plan.device} failed: {_first_line(error)}.",
                "Start again, or choose the processor instead (--device cpu).",
            ) from error
        return vectors

    def _shrink(self) -> None:
        gc.collect()
        if self.plan.device == "cuda":
            torch.cuda.empty_cache()
        if self.batch == 1:
            raise UserError(
                "There is not enough memory to embed a single segment.",
                "Close other programs, choose another device, or use a smaller encoder.",
            )
        self.batch //= 2
        self.notes.append(f"Memory ran out: {self.batch} segments at a time from here on.")


def choose(
    strategy: Strategy,
    device: DeviceName = "auto",
    *,
    precision: Precision | None = None,
    threads: int = 0,
    budget_s: float = 2.5,
) -> ExecutionPlan:
    """Measure `strategy` with real forward passes and take the fastest way.

    One without weights runs on the CPU unless another device is asked for; then there is nothing to measure.

    Parameters
    ----------
    device
        auto: the fastest one there is; else this one and no other.
    precision
        None: the fastest one that says the same; else this one and no other.
    threads
        Threads of the CPU, for the whole process; 0 leaves torch's choice.
    budget_s
        Seconds after which nothing new is tried.

    Raises
    ------
    UserError
        The device that was asked for is not there, or the strategy does not run on it (in that precision).
    """
    if threads:
        torch.set_num_threads(threads)
    there = present()
    if device != "auto" and device not in there:
        raise UserError(f"This machine has no device {device!r}.", f"There is: {', '.join(there)}.")
    if device in ("auto", "cpu") and not _has_weights(strategy):
        return _without_weights(precision)
    names = there if device == "auto" else [device]
    found, notes = [], []
    for name in names:
        try:
            plans = _candidates(strategy, name, precision)
            found.append(_search(strategy, plans, time.perf_counter() + budget_s / len(names)))
        except (RuntimeError, UserError) as error:  # an old driver, a missing kernel, a full card
            if name == "cpu":
                raise
            notes.append(f"{name} was not used: {_first_line(error)}.")
    if not found:
        raise UserError(f"The device {device!r} does not work here.", notes[0])
    best = min(found, key=lambda plan: plan.ms_per_segment)
    return replace(best, note=" ".join([best.note, *notes]))


def beside_decoding(plan: ExecutionPlan) -> ExecutionPlan:
    """`plan`, with as many of the processor's threads as its share of the work beside decoders on all cores.

    Threads of one step wait for each other: one that stands in line behind a decoder keeps all others. On two cores
    whole tracks went through the default encoder 1.24 times as fast with one thread as with two.
    """
    threads = torch.get_num_threads()
    if plan.device != "cpu" or not math.isfinite(plan.ms_per_segment):
        return plan
    alone = plan.ms_per_segment * threads
    enough = math.ceil(threads * alone / (alone + DECODE_MS))
    if enough >= threads:
        return plan
    torch.set_num_threads(enough)
    return replace(plan, note=f"{plan.note} Beside decoding, {enough} of {threads} threads are enough.")


def present() -> list[str]:
    """The devices of this machine."""
    cuda = ["cuda"] if torch.cuda.is_available() else []
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*cuda, *mps, "cpu"]


def computes_in(device: str, precision: str, strategy: Strategy | None = None) -> bool:
    """Whether a device of this machine knows that precision, and the strategy can be put into it."""
    if precision == "int8":
        return int8.knows(device) and (strategy is None or int8.fits(strategy))
    return precision == "float32" or device == "cpu" or (device == "cuda" and torch.cuda.is_bf16_supported())


def _search(strategy: Strategy, plans: list[ExecutionPlan], deadline: float) -> ExecutionPlan:
    """The fastest precision and layout on a small batch, then larger batches as long as they pay."""
    first = _first(strategy, plans[0])
    others = (replace(plan, batch=first.batch) for plan in plans[1:])
    tried = [first, *(_timed(strategy, plan) for plan in others if time.perf_counter() < deadline)]
    best = _fastest(strategy, tried)
    while best.batch < LARGEST_BATCH[best.device]:
        larger = replace(best, batch=2 * best.batch)
        if time.perf_counter() + 3 * larger.batch * best.ms_per_segment / 1000 > deadline:
            break
        larger = _timed(strategy, larger)
        if larger.ms_per_segment > 0.98 * best.ms_per_segment:
            break
        best = larger
    return replace(best, note=_note(best, tried))


def _first(strategy: Strategy, plan: ExecutionPlan) -> ExecutionPlan:
    """`plan` with its time, on several segments if it is quick and they pay: alone, calls count and not the work."""
    one = _timed(strategy, plan)
    batch = one.batch
    while 2 * batch * one.ms_per_segment <= FIRST_TRY_MS and 2 * batch <= LARGEST_BATCH[plan.device]:
        batch *= 2
    if batch == one.batch:
        return one
    return min(one, _timed(strategy, replace(plan, batch=batch)), key=lambda found: found.ms_per_segment)


def _without_weights(precision: Precision | None) -> ExecutionPlan:
    """On the CPU in float32: there is no weight that could be elsewhere or in bf16, and large batches gain nothing."""
    plan = ExecutionPlan("cpu", precision or "float32", channels_last=False, batch=UNMEASURED_BATCH)
    return replace(
        plan, note=f"{_where(plan)}, {plan.batch} segments at a time (no weights: nothing to choose)."
    )


def _candidates(strategy: Strategy, device: str, precision: Precision | None) -> list[ExecutionPlan]:
    """Likeliest winners first: a slow machine has no time for all.

    Raises
    ------
    UserError
        The device does not know the precision.
    """
    if precision is not None and not computes_in(device, precision, strategy):
        raise UserError(f"it does not compute in {precision}")
    layouts = (True, False) if any(weight.ndim == 4 for weight in strategy.parameters()) else (False,)
    batch = 1 if device == "cpu" and _has_weights(strategy) else 16
    dtypes: list[Precision] = ["float32"]
    if _has_weights(strategy):
        dtypes += [dtype for dtype in ROUNDING if computes_in(device, dtype, strategy)]
    if precision is not None:
        dtypes = [precision]
    ways = [(layout, dtype) for layout, dtype in product(layouts, dtypes) if layout or dtype != "int8"]
    return [ExecutionPlan(device, dtype, layout, batch) for layout, dtype in ways]


def _timed(strategy: Strategy, plan: ExecutionPlan) -> ExecutionPlan:
    """`plan` with its time: the better of two runs after a first that is not counted."""
    embedder, waves = Embedder(strategy, plan), _noise(plan.batch)
    seconds = []
    for _ in range(3):
        start = _seconds(plan.device)
        embedder(waves)
        seconds.append(_seconds(plan.device) - start)
    plan = replace(plan, batch=embedder.batch)
    return replace(plan, ms_per_segment=1000 * min(seconds[1:]) / len(waves))


def _seconds(device: str) -> float:
    """By the clock, but of a processor what each thread has computed: the clock measures other programs as well.

    Beside two others on two cores, bf16 in half the time lost against float32, and two segments at a time won.
    """
    return time.process_time() / torch.get_num_threads() if device == "cpu" else time.perf_counter()


def _fastest(strategy: Strategy, tried: list[ExecutionPlan]) -> ExecutionPlan:
    """The fastest plan; where there is a choice, what rounds more only if it gains enough and says the same."""
    ranked = sorted(tried, key=lambda plan: plan.ms_per_segment)
    exact = next((plan for plan in ranked if plan.dtype == "float32"), None)
    if exact is None:
        return ranked[0]
    enough = (plan for plan in ranked if plan.ms_per_segment * GAIN <= exact.ms_per_segment)
    return next((plan for plan in enough if agreement(strategy, plan, exact) >= COSINES[plan.dtype]), exact)


def agreement(strategy: Strategy, one: ExecutionPlan, other: ExecutionPlan) -> float:
    """The least cosine between what a network says in two plans of four sounds; 0 where one is not finite."""
    a, b = (Embedder(strategy, plan)(_sounds())[:, : strategy.network_dim] for plan in (one, other))
    with np.errstate(invalid="ignore"):  # a vector of nothing has no direction
        cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return float(np.nan_to_num(cosine).min())


def _noise(segments: int) -> Floats:
    """White noise, the same every time: (segments, 48000)."""
    return np.random.default_rng(0).normal(0, 0.1, (segments, SEGMENT)).astype(np.float32)


def _sounds() -> Floats:
    """What is as unlike each other as music: noise, beats, a chord and a faint chord; (4, 48000)."""
    time_s = np.arange(SEGMENT) / SAMPLE_RATE
    noise = _noise(2)
    beats = noise[1] * np.exp(-8 * (time_s % 0.5))
    pitches, k = np.array([131, 165, 196]), np.arange(1, 9)
    partials = (
        np.sin(2 * np.pi * np.multiply.outer(np.outer(pitches, k), time_s)) / k[:, None]
    )  # (3, 8, samples)
    chord = 0.1 * partials.sum((0, 1))
    return np.stack([noise[0], beats, chord + 0.1 * beats, 0.01 * chord + 0.001 * noise[1]]).astype(
        np.float32
    )


def _where(plan: ExecutionPlan) -> str:
    device = f"cpu with {torch.get_num_threads()} threads" if plan.device == "cpu" else plan.device
    return f"{device}, {plan.dtype}"


def _note(best: ExecutionPlan, tried: list[ExecutionPlan]) -> str:
    layout = ", channels last" if best.channels_last else ""
    others = {
        plan.dtype: plan.ms_per_segment for plan in sorted(tried, key=lambda plan: -plan.ms_per_segment)
    }
    measured = ", ".join(f"{dtype} {ms:.3g} ms" for dtype, ms in others.items())
    return (
        f"{_where(best)}{layout}, {best.batch} segments at a time: "
        f"{best.ms_per_segment:.3g} ms a segment (first tries: {measured})."
    )


def _has_weights(strategy: Strategy) -> bool:
    return any(True for _ in strategy.parameters())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _is_out_of_memory(error: RuntimeError | MemoryError) -> bool:
    """Only CUDA has a type of its own for this; on a CPU it is a RuntimeError's text."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(words in str(error).lower() for words in OUT_OF_MEMORY)
