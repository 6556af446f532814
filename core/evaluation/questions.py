"""Tasks made ready to be asked of any encoder: the same items, splits and draws for all of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.evaluation import playlists, retrieval
from core.evaluation.fits import ProbeName, Recipe, Watch
from core.evaluation.gather import Vectors
from core.evaluation.intervals import Interval
from core.evaluation.playlists import CHANCE_HIT_RATE, CHANCE_PERCENTILE, NEGATIVES, Drawn, Rules
from core.evaluation.probes import probe_classes
from core.evaluation.retrieval import Held, HitRate
from core.evaluation.spec import TaskSpec
from core.evaluation.splits import draws
from core.evaluation.tag_probe import probe_tags
from core.evaluation.tasks import Split, Task, split_hash
from core.evaluation.wishes import Wishes
from core.library.evaluations import Arrays
from core.library.records import Figure

MAJORITY = "majority"
COSINE = "cosine"
REPORT = "report"
CHANCE_RECIPROCAL = sum(1 / rank for rank in range(1, NEGATIVES + 2)) / (NEGATIVES + 1)

Values = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one encoder scored: see `core.library.records.EvaluationRecord`."""

    figures: Mapping[str, Figure]
    details: Values
    arrays: Arrays
    notes: tuple[str, ...]
    dim: int
    seeds: int


@dataclass(frozen=True, eq=False)
class Question:
    """One task. Everything that its figures follow from, beside the encoder, is drawn already.

    Parameters
    ----------
    spec, kind, name
        Of the task.
    items
        Tracks whose vectors are asked for, in that order.
    configs
        What was chosen by hand, by probe: the ways to ask it. The same for every encoder.
    split
        Hash of the items, what is asked of them, and every draw.
    ask
        (probe, vectors, watch) -> the answer; UserError where nothing can be told.
    excluded
        Tracks that are left out because an encoder was trained on them.
    """

    spec: TaskSpec
    kind: str
    name: str
    items: tuple[int, ...]
    configs: Mapping[str, Values]
    split: str
    ask: Callable[[str, Vectors, Watch], Answer]
    excluded: int = 0


def of_task(
    spec: TaskSpec, task: Task, wishes: Wishes, trained: NDArray[np.bool_], device: str = "cpu"
) -> Question:
    """Draw all that is to be drawn.

    Parameters
    ----------
    trained
        (n,) items that any of the encoders to be compared was trained on; playlists leave them out.
    device
        Where many tags are fitted at once.

    Raises
    ------
    UserError
        The task asks nothing: too few classes, groups, playlists or tracks.
    """
    items = cast("tuple[int, ...]", task.items)
    if task.kind == "playlists":
        drawn = playlists.draw(task, rules_of(wishes), trained)
        ask = partial(_playlists, task, drawn)
        return Question(
            spec, task.kind, task.name, items, {COSINE: asdict(drawn.rules)}, drawn.split, ask, drawn.excluded
        )
    splits = draws(task, wishes.seeds, wishes.folds)
    configs = {probe: _config(wishes) for probe in _probes(task, wishes)}
    ask = partial(_classes, task, splits, wishes) if task.kind == "class" else partial(
        _tags, task, splits, wishes, device
    )  # fmt: skip
    return Question(spec, task.kind, task.name, items, configs, split_hash(task, splits), ask)


def of_library(spec: TaskSpec, held: Held) -> Question:
    """The report that needs no labels."""
    digest = hashlib.sha256()
    for array in (held.tracks, held.artist, held.album):
        digest.update(np.ascontiguousarray(array, "<i8").tobytes())
    items, config = tuple(held.tracks.tolist()), {"": {"neighbours": retrieval.K}}
    name = "Report without labels"
    return Question(spec, REPORT, name, items, config, digest.hexdigest()[:16], partial(_report, held))


def rules_of(wishes: Wishes) -> Rules:
    """The protocol's rules, from what was chosen."""
    return Rules(seeds=wishes.seeds, **wishes.rules.model_dump())


def _probes(task: Task, wishes: Wishes) -> list[str]:
    if task.kind == "tags":
        return list(dict.fromkeys(wishes.probes)) or ["logistic"]
    return [MAJORITY, *(dict.fromkeys(wishes.probes) or ("svm", "logistic"))]


def _config(wishes: Wishes) -> Values:
    return {"grid": sorted(wishes.grid), "folds": wishes.folds, "pca": wishes.pca}


def _recipe(probe: str, wishes: Wishes) -> Recipe:
    return Recipe(cast("ProbeName", probe), tuple(wishes.grid), wishes.pca)


def _figure(found: Interval, chance: float) -> Figure:
    return Figure(found.mean, found.low, found.high, found.n, found.groups, chance)


def _classes(
    task: Task, splits: tuple[Split, ...], wishes: Wishes, probe: str, vectors: Vectors, watch: Watch
) -> Answer:
    found = probe_classes(task, vectors.matrix, _recipe(probe, wishes), splits, watch=watch)
    return Answer(
        figures={"accuracy": _figure(found.accuracy, found.chance)},
        details={"classes": [asdict(each) for each in found.classes], "chosen": found.chosen},
        arrays=Arrays(
            items=np.array(task.items, np.int64), names=task.names, targets=task.targets.astype(np.int64),
            scores={"accuracy": found.scores}, confusion=found.confusion, answers=found.answers,
        ),
        notes=found.notes,
        dim=found.dim,
        seeds=found.seeds,
    )  # fmt: skip


def _tags(
    task: Task, splits: tuple[Split, ...], wishes: Wishes, device: str, probe: str, vectors: Vectors, watch: Watch
) -> Answer:  # fmt: skip
    found = probe_tags(task, vectors.matrix, _recipe(probe, wishes), splits, device=device, watch=watch)
    return Answer(
        figures={"roc_auc": _figure(found.roc_auc, 0.5), "pr_auc": _figure(found.pr_auc, found.prevalence)},
        details={
            "tags": [asdict(each) for each in found.tags], "left_out": found.left_out, "chosen": found.chosen,
        },
        arrays=Arrays(
            items=np.array(task.items, np.int64), names=task.names,
            scores={"roc_auc": found.roc_scores, "pr_auc": found.pr_scores},
        ),
        notes=found.notes,
        dim=found.dim,
        seeds=found.seeds,
    )  # fmt: skip


def _playlists(task: Task, drawn: Drawn, _probe: str, vectors: Vectors, watch: Watch) -> Answer:
    found = playlists.evaluate(drawn, vectors.matrix, partial(watch, 0))
    return Answer(
        figures={
            "hit_rate": _figure(found.hit_rate, CHANCE_HIT_RATE),
            "percentile": _figure(found.percentile, CHANCE_PERCENTILE),
            "mrr": _figure(found.reciprocal, CHANCE_RECIPROCAL),
        },
        details={"playlists": found.playlists, "cases": found.cases},
        arrays=Arrays(
            items=np.array(task.items, np.int64), names=task.names,
            scores={"hit_rate": found.hits, "percentile": found.percentiles, "mrr": found.reciprocals},
        ),
        notes=found.notes,
        dim=vectors.matrix.shape[1],
        seeds=found.rules.seeds,
    )  # fmt: skip


def _report(held: Held, _probe: str, vectors: Vectors, watch: Watch) -> Answer:
    found = retrieval.report(
        vectors.matrix, held.artist, held.album, halves=vectors.halves, watch=partial(watch, 0)
    )
    rates = {"artist": found.artist, "album": found.album, "album_other_artists": found.album_other_artists}
    alone = {
        "hubness": found.reach.hubness, "reached": found.reach.reached, "effective_rank": found.effective_rank,
        "consistency": found.consistency,
    }  # fmt: skip
    figures = {
        f"same_{name}": _rate(rate, rate.mean_share, rate.chance_share) for name, rate in rates.items()
    }
    figures |= {f"any_{name}": _rate(rate, rate.any_hit, rate.chance_any) for name, rate in rates.items()}
    figures |= {name: Figure(value, math.nan, math.nan, found.n) for name, value in alone.items()}
    return Answer(figures, {"tracks": found.n}, Arrays(items=held.tracks), (), vectors.matrix.shape[1], 0)


def _rate(rate: HitRate, mean: float, chance: float) -> Figure:
    return Figure(mean, math.nan, math.nan, rate.n, rate.groups, chance)
