"""What the report found, on the cards of shipped encoders; weights and all else on them stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.intervals import Interval, Scores, difference, of_mean
from core.files import atomic
from core.nets import checkpoint
from core.strategies import Strategy

MFCC = "mfcc"
SHAPE = ("width", "blocks", "log_mel", "level_dim")
UNHEARD, RENDERED = "Soundtracks that nothing was learned from or chosen by", "Pieces rendered from MIDI"
TASKS = {
    "plain": (UNHEARD, "as they are"),
    "control": (UNHEARD, "all with one codec, bandwidth and loudness"),
    "instruments": (
        RENDERED,
        "the leading instrument: other pieces and another soundfont than the probe learned from",
    ),
    "tags": (RENDERED, "families of instruments that sound: other pieces than the probe learned from"),
}

METRICS = {
    "HR@10": "HR@10 of 101",
    "MPR": "MPR",
    "HR@10, another artist": "HR@10 of 101, by another artist than those that ask",
    "MPR, another artist": "MPR, by another artist than those that ask",
    "soundtrack, svm": "which soundtrack, by a linear SVM",
    "soundtrack, logistic": "which soundtrack, by a logistic probe",
    "instrument, svm": "which instrument, by a linear SVM",
    "instrument, logistic": "which instrument, by a logistic probe",
    "tags, ROC-AUC": "ROC-AUC of a logistic probe",
}


@dataclass(frozen=True)
class Answers:
    """What every encoder scored in one question.

    Parameters
    ----------
    kind
        A key of `TASKS`.
    scores
        By encoder, item by item.
    """

    kind: str
    question: str
    scores: dict[str, Scores]

    @property
    def better(self) -> str:
        """Which figures are good ones."""
        return "lower" if self.question.startswith("MPR") else "higher"


def untrained(strategy: Strategy) -> str:
    """The network of a strategy's shape with the weights that it was begun with, as `score.built` knows it."""
    known = strategy.config.model_dump()
    kind = "random-multi" if "level_dim" in known else "random"
    return f"{kind}:" + ",".join(f"{key}={known[key]}" for key in SHAPE if key in known)


def rival(path: Path) -> str:
    """The untrained network of a file's shape."""
    strategy = checkpoint.load(path)[0]
    return untrained(strategy)


def note(path: Path, found: list[Answers]) -> None:
    """Put the figures on a card before those that it was chosen by; those of an earlier report go."""
    strategy, card = checkpoint.load(path)
    rivals = {"mfcc": MFCC, "random": rival(path)}
    ours = {TASKS[one.kind][0] for one in found}
    older = [each for each in card["figures"].get("table", []) if each["task"] not in ours]
    table = [_row(one, str(path), rivals) for one in found] + older
    whole = checkpoint.content(strategy, card | {"figures": card["figures"] | {"table": table}})
    with atomic(path) as file:
        file.write(whole)


def _row(one: Answers, name: str, rivals: dict[str, str]) -> dict[str, Any]:
    task, how = TASKS[one.kind]
    own = one.scores[name]
    figures = {"this": own} | {key: one.scores[other] for key, other in rivals.items()}
    apart = {key: difference(own, one.scores[other]) for key, other in rivals.items()}
    return {
        "task": task, "metric": METRICS[one.question], "better": one.better, "note": f"{how} · {_counted(one, own)}",
        "rows": {key: _ends(of_mean(scores)) for key, scores in figures.items()},
        "differences": {key: _ends(found) for key, found in apart.items()},
    }  # fmt: skip


def _counted(one: Answers, own: Scores) -> str:
    """How many were asked."""
    items = int(np.count_nonzero(own.counts))
    if one.kind == "tags":  # its scores are shares of an area, not items
        return "5 draws"
    asked = one.question.startswith(("HR", "MPR"))
    return f"{items} soundtracks, 5 draws" if asked else f"n {items:,}"


def _ends(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high}
