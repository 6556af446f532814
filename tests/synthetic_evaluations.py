"""Results of evaluations in a library of invented tracks: whom each encoder confused, its tags, its report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.intervals import Scores
from core.library.evaluations import Arrays
from core.library.records import EvaluationRecord, Figure
from core.library.store import Library
from tests.evaluation_results import ENCODERS, QUALITY, Shelf, figure, spec

GENRES = ("Ambient", "Blues", "Classical", "Electronic", "Folk", "Hip-Hop", "Jazz", "Rock")
TAGS = ("guitar", "piano", "slow", "vocal", "strings", "techno", "loud", "quiet", "drums", "solo")
DRAWS = 5


def answers(quality: float, targets: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """(k, 3) row, class that it was called, how often of five: wrong ones go to a neighbouring class mostly."""
    rng = np.random.default_rng(seed)
    found: list[tuple[int, int, int]] = []
    for row, target in enumerate(targets.tolist()):
        ease = rng.beta(4 * quality, 4 * (1 - quality))
        right = int(rng.binomial(DRAWS, ease))
        other = (target + int(rng.choice([1, -1, 3, 2], p=[0.5, 0.25, 0.15, 0.1]))) % classes
        found += [(row, target, right)] * (right > 0) + [(row, other, DRAWS - right)] * (right < DRAWS)
    return np.array(found, np.int64)


def class_arrays(
    tracks: Sequence[int], quality: float, names: Sequence[str] = GENRES, seed: int = 0, group: int = 10
) -> Arrays:
    """What lies behind a class task over these tracks."""
    items = np.array(tracks, np.int64)
    targets = (np.arange(len(items)) // group) % len(names)
    told = answers(quality, targets, len(names), seed)
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (targets[told[:, 0]], told[:, 1]), told[:, 2])
    right = told[targets[told[:, 0]] == told[:, 1]]
    totals = np.zeros(len(items))
    totals[right[:, 0]] = right[:, 2]
    scores = Scores(totals, np.full(len(items), float(DRAWS)), np.arange(len(items)) // group)
    return Arrays(items, tuple(names), targets, {"accuracy": scores}, confusion, told)


def class_rows(arrays: Arrays) -> list[dict[str, Any]]:
    """Each class's scores, as a result keeps them."""
    rows = []
    for place, name in enumerate(arrays.names):
        hits, asked = int(arrays.confusion[place, place]), int(arrays.confusion[place].sum())
        said = int(arrays.confusion[:, place].sum())
        recall, precision = hits / max(asked, 1), hits / max(said, 1)
        f1 = 2 * recall * precision / max(recall + precision, 1e-9)
        rows.append({"name": name, "recall": recall, "precision": precision, "f1": f1, "n": asked})
    return rows


def add_classes(
    shelf: Shelf, tracks: Sequence[int], encoders: Mapping[str, str] = ENCODERS, *, task: str = "Genre",
    kind: str = "field", probes: Sequence[str] = ("svm", "logistic"), names: Sequence[str] = GENRES,
    shift: float = 0.0, **values: Any,
) -> None:  # fmt: skip
    """A class task with confusions."""
    for probe in probes:
        for name, strategy in encoders.items():
            quality = QUALITY[strategy] + shift + 0.01 * (probe == "logistic")
            arrays = class_arrays(tracks, quality, names, seed=len(shelf.records))
            details = {
                "classes": class_rows(arrays), "chosen": [0.1, 0.1, 1.0],
                "trained_on": 120 * (strategy in ("self", "melcpc")),
            }  # fmt: skip
            given = {"task": task, "spec": spec(kind), "split": f"{task:x<16}"[:16]} | values
            shelf.add(
                {"accuracy": figure(arrays.scores["accuracy"], 1 / len(names))}, arrays, encoder=name,
                strategy=strategy, probe=probe, details=details, **given,
            )  # fmt: skip


def add_tags(shelf: Shelf, encoders: Mapping[str, str] = ENCODERS, n: int = 400) -> None:
    """A task of tags with a row for each."""
    rng = np.random.default_rng(3)
    for name, strategy in encoders.items():
        areas = np.clip(0.36 + 0.55 * QUALITY[strategy] + 0.07 * rng.standard_normal(len(TAGS)), 0, 1)
        rows = [
            {"name": tag, "roc_auc": float(area), "pr_auc": float(rng.uniform(0.05, 0.6)),
             "positives": int(rng.integers(8, 90))}
            for tag, area in zip(TAGS, areas, strict=True)
        ]  # fmt: skip
        roc = float(np.mean([row["roc_auc"] for row in rows]))
        pr = float(np.mean([row["pr_auc"] for row in rows]))
        figures = {
            "roc_auc": Figure(roc, roc - 0.02, roc + 0.02, n, n // 10, 0.5),
            "pr_auc": Figure(pr, pr - 0.03, pr + 0.03, n, n // 10, 0.08),
        }
        shelf.add(
            figures, task="Tagged clips", task_kind="tags", spec=spec("csv", "/data/clips.csv"), encoder=name,
            strategy=strategy, probe="logistic", seeds=5, details={"tags": rows, "left_out": []},
        )  # fmt: skip


def add_report(shelf: Shelf, tracks: int, encoders: Mapping[str, str] = ENCODERS) -> None:
    """A report without labels."""
    for name, strategy in encoders.items():
        share = QUALITY[strategy]
        figures = {
            "same_artist": Figure(share * 0.9, n=tracks, groups=40, chance=0.03),
            "same_album": Figure(share * 0.7, n=tracks, groups=60, chance=0.01),
            "hubness": Figure(3 - 2 * share, n=tracks, chance=math.nan),
            "reached": Figure(0.5 + 0.6 * share, n=tracks, chance=math.nan),
            "effective_rank": Figure(20 + 80 * share, n=tracks, chance=math.nan),
            "consistency": Figure(0.4 + 0.7 * share, n=tracks, chance=math.nan),
        }
        shelf.add(
            figures, task="Your library", task_kind="report", spec=spec("report"), encoder=name, strategy=strategy,
            probe="", seeds=1,
        )  # fmt: skip


def shelf_of(tracks: Sequence[int], encoders: Mapping[str, str] = ENCODERS) -> Shelf:
    """One task of every kind over these tracks."""
    from tests.evaluation_results import add_majority, add_playlists

    shelf = Shelf()
    add_classes(shelf, tracks, encoders)
    add_majority(shelf, task="Genre", spec=spec("field"), split=f"{'Genre':x<16}"[:16])
    add_playlists(shelf, encoders)
    add_tags(shelf, encoders)
    add_report(shelf, len(tracks), encoders)
    return shelf


def put(library: Library, shelf: Shelf) -> list[EvaluationRecord]:
    """Keep all of a shelf in a library."""
    return [
        library.evaluations.add(
            replace(record, id=0, key=f"{record.task} {record.key}"), shelf.behind[record.id]
        )
        for record in shelf.records
    ]


def fill(path: Path, shelf: Shelf) -> None:
    """Keep all of a shelf in the library file `path`."""
    with Library(path) as library:
        put(library, shelf)
