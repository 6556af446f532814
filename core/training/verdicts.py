"""What the curves of a run say, in words: what goes wrong, by which figures, and what to do about it.

Torch-free. Every threshold says why it is what it is. A verdict that scares without need is worse than none, so
each waits until the first steps, where all curves are wild, are over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.library.records import Curve
from core.training.config import RunConfig

Kind = Literal["diverged", "collapse", "saturation", "few_negatives", "by_heart", "starved"]

ONE_POINT = -0.05
"""Uniformity above which all tracks are one: a mean squared distance of 0.025 on the unit sphere, a cosine of 0.99."""
FEW_DIRECTIONS = 2.0
"""Effective rank under which there is a line and nothing beside it. Untrained encoders have five or more."""
NEAR_CHANCE = 3.0
"""Accuracy below so many times chance is chance: guessing on 64 pairs among 64 reaches it less than once in ten."""
NEAR_BLIND = 0.95
"""Share of the loss of guessing from which on a loss is that: a run that learns is below it within some steps."""
SATURATED = 10.0
"""Logit spread at which the softmax over 64 candidates has one winner that takes nearly all: it gives no gradient."""
WORSE = 1.2
"""Times the loss of guessing: an encoder that says nothing has that loss, and nearly so for long at times."""
LONG = 100
"""Steps after the warm-up in which every preset that works has come below the loss of guessing."""
EASY = 0.95
"""Accuracy above which InfoNCE has told all that so many candidates can tell, ln N (van den Oord et al. 2018)."""
EARLY = 0.25
"""Share of the steps in which a task that is solved was too easy."""
SMALL_BATCH = 128
"""From here on the presets' own sizes begin; more candidates then cost more than they give."""
RISEN = 0.05
"""Share by which the validation loss has to rise over its best: overlaid runs of one config differ by about 0.02."""
STARVED = 0.2
"""Share of the time spent waiting for audio that nobody should accept: the clip store needs under a hundredth."""
WINDOW = 20
"""Values of a noisy curve that are averaged."""


@dataclass(frozen=True)
class Verdict:
    """One finding. `problem`: this run leads nowhere; `warning`: it could be better."""

    kind: Kind
    severity: Literal["problem", "warning"]
    sentence: str
    advice: str

    def as_json(self) -> dict[str, Any]:
        """As it is kept in the run's row."""
        return asdict(self)


@dataclass(frozen=True)
class _Run:
    curves: Mapping[str, Curve]
    config: RunConfig
    chance: float
    terms: int

    def steps(self, metric: str) -> NDArray[np.int64]:
        return self.curves[metric][0] if metric in self.curves else np.empty(0, np.int64)

    def values(self, metric: str) -> NDArray[np.float64]:
        return self.curves[metric][1] if metric in self.curves else np.empty(0)

    @property
    def warm(self) -> float:
        """The step at which the warm-up is over."""
        return self.config.training.warmup * self.config.training.steps

    @property
    def guessing(self) -> float:
        """The training loss of guessing blindly: ln N, once for each term."""
        return self.terms * math.log(self.config.training.batch)

    @property
    def slower(self) -> str:
        return f"{self.config.training.lr / 3:.1g}"


def verdicts(curves: Mapping[str, Curve], config: RunConfig, chance: float, terms: int = 1) -> list[Verdict]:
    """All that is wrong with a run so far, what is worst first; empty for a healthy one.

    Parameters
    ----------
    curves
        (steps, values) by metric, as `Points.curves`; metrics that are missing say nothing.
    config
        What the run was told.
    chance
        Validation accuracy of guessing: 1 / candidates.
    terms
        How many InfoNCE losses are summed (`ContrastiveStrategy.terms`).
    """
    run = _Run(curves, config, chance, terms)
    diverged = _diverged(run)
    if diverged is not None:  # what follows from it needs no verdict of its own
        return [diverged]
    run = replace(
        run, curves={metric: (s[np.isfinite(v)], v[np.isfinite(v)]) for metric, (s, v) in curves.items()}
    )
    found = [_collapse(run), _saturation(run), _few_negatives(run), _by_heart(run), _starved(run)]
    return sorted((v for v in found if v is not None), key=lambda v: v.severity != "problem")


def _diverged(run: _Run) -> Verdict | None:
    """The loss has not been a number lately; a single step without one is passed over by the trainer."""
    since = [
        step
        for metric in ("loss", "val_loss")
        if (step := _lost(run.steps(metric), run.values(metric))) is not None
    ]
    if not since:
        return None
    return Verdict(
        "diverged", "problem",
        f"The training has blown up: since step {min(since)} its error is no longer a number.",
        f"Start a new run with a learning rate of {run.slower} or less (it was {_short(run.config.training.lr)}), "
        "or with a longer warm-up.",
    )  # fmt: skip


def _lost(steps: NDArray[np.int64], values: NDArray[np.float64]) -> int | None:
    """The step since which no value was a number; None where the last one is."""
    finite = np.flatnonzero(np.isfinite(values))
    after = int(finite[-1]) + 1 if len(finite) else 0
    return int(steps[after]) if after < len(steps) else None


def _collapse(run: _Run) -> Verdict | None:
    """All tracks at one place, or on a line, at the last two validations, after the warm-up."""
    rank, spread, right, loss = (
        _last_two(run, metric) for metric in ("effective_rank", "uniformity", "val_accuracy", "val_loss")
    )
    if rank is None or spread is None or right is None or loss is None:
        return None
    one_point = bool((spread > ONE_POINT).all())
    # Under a plain dot product what all tracks have in common may grow for nothing; only with the results of
    # guessing does it mean that there is nothing else.
    blind = run.terms * math.log(1 / run.chance)
    guesses = (right < NEAR_CHANCE * run.chance) | (loss > NEAR_BLIND * blind)
    if not ((rank < FEW_DIRECTIONS).all() or (one_point and guesses.all())):
        return None
    # For small distances uniformity is -2 E|x - y|^2, and the cosine of x and y is 1 - |x - y|^2 / 2.
    how = (
        f"any two are {_percent(1 + spread[-1] / 4)} alike"
        if one_point
        else f"they differ in {rank[-1]:.1f} ways"
    )
    found = (
        f"It finds what belongs together in {_percent(right[-1])} of the cases; guessing finds {_percent(run.chance)}."
        if right[-1] < NEAR_CHANCE * run.chance
        else f"Its error on music that it does not train on is {_short(loss[-1])}; that of guessing is {_short(blind)}."
    )
    return Verdict(
        "collapse", "problem",
        f"To this encoder all tracks sound nearly the same: {how}. {found}",
        f"Stop it, and start a new run with a learning rate of {run.slower} or less (it was "
        f"{_short(run.config.training.lr)}). If that does not help: a larger batch, or a longer warm-up.",
    )  # fmt: skip


def _saturation(run: _Run) -> Verdict | None:
    """Scores so far apart that the softmax has one winner, and the wrong one, for long after the warm-up."""
    steps, losses, spread = run.steps("loss"), run.values("loss"), run.values("logit_std")
    if not len(spread) or spread[0] < SATURATED or not len(steps):
        return None
    if steps[-1] < min(run.warm + LONG, run.config.training.steps):
        return None
    loss = float(np.median(losses[-min(WINDOW, 1 + len(losses) // 4) :]))
    if loss <= WORSE * run.guessing:
        return None
    return Verdict(
        "saturation", "warning",
        f"The encoder is sure of itself and wrong: after {steps[-1]} steps its error is {_short(loss)}, more than "
        f"that of guessing ({_short(run.guessing)}). It began with scores that lie {spread[0]:.0f} apart, too far to "
        "learn from.",
        "Choose the preset modern (cosine with a temperature), or a longer warm-up; or wait, if the error is falling.",
    )  # fmt: skip


def _few_negatives(run: _Run) -> Verdict | None:
    """A small batch, solved in the first quarter of the run and ever since."""
    steps, right = run.steps("accuracy"), run.values("accuracy")
    batch = run.config.training.batch
    if batch >= SMALL_BATCH or len(right) < WINDOW:
        return None
    means = np.convolve(
        right, np.full(WINDOW, 1 / WINDOW), "valid"
    )  # [i]: of the WINDOW values up to i + WINDOW - 1
    solved = steps[WINDOW - 1 :][means >= EASY]
    if not len(solved) or solved[0] > EARLY * run.config.training.steps or means[-1] < EASY:
        return None
    return Verdict(
        "few_negatives", "warning",
        f"The task is too easy: among {batch} tracks it picked the right one in {_percent(means[-1])} of the cases, "
        f"as early as step {solved[0]} of {run.config.training.steps}. There is little left to learn from.",
        f"Choose a larger batch, such as {4 * batch}; a chunk of {min(batch, 32)} keeps it within this machine's "
        "memory. A batch needs as many tracks: add music if there are fewer. Stronger augmentation helps as well.",
    )  # fmt: skip


def _by_heart(run: _Run) -> Verdict | None:
    """The training loss goes on falling while the validation loss has been rising for three validations."""
    steps, losses = run.steps("val_loss"), run.values("val_loss")
    if len(losses) < 4:
        return None
    best = int(losses.argmin())
    later = losses[best + 1 :]
    if len(later) < 3 or later[-3:].min() < losses[best] + RISEN * abs(losses[best]):
        return None
    before, now = _around(run, int(steps[best])), _around(run, int(steps[-1]))
    if before is None or now is None or now >= before:
        return None
    return Verdict(
        "by_heart", "warning",
        f"It has begun to learn these tracks by heart: since step {steps[best]} its error on music that it does not "
        f"train on rose from {_short(losses[best])} to {_short(losses[-1])}, while that on its own fell from "
        f"{_short(before)} to {_short(now)}.",
        "More steps make it worse. Finish now; next time train on more music, with stronger augmentation, or for "
        f"{steps[best]} steps.",
    )  # fmt: skip


def _starved(run: _Run) -> Verdict | None:
    """Much of the time goes into waiting for audio."""
    shares = run.values("share_data")
    if len(shares) < WINDOW // 4:
        return None
    share = float(np.median(shares[-WINDOW:]))
    if share <= STARVED:
        return None
    return Verdict(
        "starved", "warning",
        f"The training waits for music: {_percent(share)} of its time goes into reading it.",
        "Keep the library's file on a faster disk, close programs that use the disk, or train on shorter clips.",
    )  # fmt: skip


def _last_two(run: _Run, metric: str) -> NDArray[np.float64] | None:
    """The last two values after the warm-up; None where there are fewer."""
    values = run.values(metric)[run.steps(metric) > run.warm][-2:]
    return values if len(values) == 2 else None


def _around(run: _Run, step: int) -> float | None:
    """Mean training loss of the last values up to a step."""
    values = run.values("loss")[run.steps("loss") <= step][-WINDOW:]
    return float(values.mean()) if len(values) else None


def _short(value: float) -> str:
    return f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"
