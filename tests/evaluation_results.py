"""Results of evaluations as a run would leave them: encoders of known quality over the same items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.evaluation.intervals import Floats, Scores, of_mean
from core.library.evaluations import Arrays
from core.library.records import EvaluationRecord, Figure

ENCODERS = {
    "mfcc": "mfcc", "random": "random", "random-multi": "random-multi", "self-1": "self", "adjacent-1": "adjacent",
    "adjacent-multi-1": "adjacent-multi", "melcpc-1": "melcpc",
}  # fmt: skip
QUALITY = {
    "mfcc": 0.42, "random": 0.38, "random-multi": 0.44, "self": 0.46, "self-multi": 0.5, "adjacent": 0.52,
    "adjacent-multi": 0.61, "same-track": 0.45, "same-track-multi": 0.58, "melcpc": 0.6,
}  # fmt: skip


def spec(kind: str, path: str = "") -> dict[str, Any]:
    """Where a task came from."""
    return {"kind": kind, "path": path, "options": {}}


@dataclass
class Shelf:
    """Records and what lies behind them, as the library would hand them out."""

    records: list[EvaluationRecord] = field(default_factory=list)
    behind: dict[int, Arrays] = field(default_factory=dict)

    def arrays(self, key: int) -> Arrays:
        """What lies behind a result."""
        return self.behind[key]

    def add(
        self, figures: Mapping[str, Figure], arrays: Arrays | None = None, **values: Any
    ) -> EvaluationRecord:
        """Keep a result."""
        number = len(self.records) + 1
        given: dict[str, Any] = {
            "key": f"key {number}", "task": "Genres", "task_kind": "class", "spec": spec("fma"), "encoder": "mfcc",
            "strategy": "mfcc", "plan": "all-3s", "probe": "svm", "config": {"pca": False}, "split": "5" * 16,
            "dim": 128, "seeds": 5, "details": {}, "notes": (), "versions": {}, "seconds": 1.0,
            "created_at": float(number),
            "id": number,
        }  # fmt: skip
        given |= values
        record = EvaluationRecord(
            figures=dict(figures), **{"weights_hash": f"hash of {given['encoder']}"} | given
        )
        self.records.append(record)
        self.behind[number] = arrays or Arrays()
        return record


def figure(scores: Scores, chance: float) -> Figure:
    """As a probe tells it."""
    found = of_mean(scores)
    return Figure(found.mean, found.low, found.high, found.n, found.groups, chance)


def answers(quality: float, luck: Floats, groups: int) -> Scores:
    """(n,) luck in 0 to 1, the same for every encoder: a better one is right wherever a worse one is, nearly."""
    n = len(luck)
    noise = np.random.default_rng(round(1e4 * quality)).normal(0, 0.15, n)
    return Scores(((luck + noise) < quality).astype(np.float64) * 5, np.full(n, 5.0), np.arange(n) % groups)


def add_classes(
    shelf: Shelf,
    encoders: Mapping[str, str] = ENCODERS,
    *,
    task: str = "FMA small, genre",
    kind: str = "fma",
    probes: Sequence[str] = ("svm", "logistic"),
    n: int = 300,
    groups: int = 100,
    classes: int = 8,
    shift: float = 0.0,
    **values: Any,
) -> None:
    """A class task of every encoder and probe."""
    luck = np.random.default_rng(len(task)).random(n)
    base = {"task": task, "spec": spec(kind, f"/data/{kind}")} | values
    for probe in probes:
        for name, strategy in encoders.items():
            better = shift + 0.01 * (probe == "logistic") + 0.002 * (len(name) % 5)
            scores = answers(QUALITY[strategy] + better, luck, groups)
            arrays = Arrays(items=np.arange(n), scores={"accuracy": scores})
            shelf.add(
                {"accuracy": figure(scores, 1 / classes)}, arrays, encoder=name, strategy=strategy, probe=probe, **base
            )  # fmt: skip


def add_majority(shelf: Shelf, share: float = 0.2, **values: Any) -> None:
    """What naming the most frequent class scores."""
    shelf.add(
        {"accuracy": Figure(share, share - 0.03, share + 0.03, 300, 100, 0.125)}, probe="majority", **values
    )


def add_playlists(
    shelf: Shelf, encoders: Mapping[str, str] = ENCODERS, *, task: str = "Albums as playlists", kind: str = "albums",
    n: int = 150, **values: Any,
) -> None:  # fmt: skip
    """A task of playlists, in which a low percentile is good."""
    luck = np.random.default_rng(5).random(n)
    for name, strategy in encoders.items():
        hits = answers(QUALITY[strategy] - 0.2, luck, n)
        ranks = Scores(5 * (0.9 - QUALITY[strategy] + 0.3 * (luck - 0.5)), hits.counts, hits.groups)
        figures = {
            "hit_rate": figure(hits, 10 / 101),
            "percentile": figure(ranks, 0.5),
            "mrr": Figure(0.1, 0.08, 0.12, n, n),
        }
        arrays = Arrays(items=np.arange(n), scores={"hit_rate": hits, "percentile": ranks})
        shelf.add(
            figures, arrays, task=task, task_kind="playlists", spec=spec(kind),
            encoder=name, strategy=strategy, probe="cosine", **values,
        )  # fmt: skip


def add_tags(shelf: Shelf, encoders: Mapping[str, str] = ENCODERS, **values: Any) -> None:
    """A task of tags: areas that cannot be paired."""
    for name, strategy in encoders.items():
        roc = 0.5 + 0.6 * (QUALITY[strategy] - 0.3)
        figures = {
            "roc_auc": Figure(roc, roc - 0.02, roc + 0.02, 28435, 5687, 0.5),
            "pr_auc": Figure(roc - 0.4, roc - 0.43, roc - 0.37, 28435, 5687, 0.04),
        }
        shelf.add(
            figures, task="MSD, 50 tags", task_kind="tags", spec=spec("msd", "/data/msd"), encoder=name,
            strategy=strategy, probe="logistic", seeds=1, **values,
        )  # fmt: skip


def add_report(shelf: Shelf, encoders: Mapping[str, str] = ENCODERS) -> None:
    """A report without labels: figures without intervals."""
    for name, strategy in encoders.items():
        share = QUALITY[strategy] / 2
        figures = {
            "same_artist": Figure(share, n=470, groups=40, chance=0.03),
            "hubness": Figure(3 - share, n=470, chance=math.nan),
        }
        shelf.add(
            figures, task="The library", task_kind="report", spec=spec("report"),
            encoder=name, strategy=strategy, probe="", seeds=1,
        )  # fmt: skip


def full() -> Shelf:
    """One task of every kind."""
    shelf = Shelf()
    add_classes(shelf)
    add_majority(shelf, task="FMA small, genre", spec=spec("fma", "/data/fma"))
    add_classes(shelf, task="IRMAS, instrument", kind="irmas", n=400, groups=200, classes=11, shift=0.05)
    add_playlists(shelf)
    add_tags(shelf)
    add_report(shelf)
    return shelf
