"""What an evaluation would compute, what of it is known, and about how long the rest takes. Knows no Qt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from app import wording
from core.evaluation.spec import TaskSpec
from core.library.records import EncoderRecord, EvaluationRecord

COSTS: Mapping[tuple[str, str], float] = {
    ("class", "svm"): 8e-6, ("class", "logistic"): 8e-6, ("tags", "logistic"): 2e-6,
    ("playlists", "cosine"): 1e-6, ("report", ""): 6e-6,
}  # fmt: skip
"""Seconds for each item, dimension, class and seed on two cores, where no earlier result tells: by kind and probe."""
LIKELY_COST = 1e-6
EACH_S = 0.2
"""Seconds that a result takes however small it is."""
DRAWN_ONCE = (0, 1)
"""Seeds that a result has which draws nothing: a report, an official split."""
LIKELY_DIM = 256
REDUCED_DIM = 128
LIKELY_RATE = 3.0
"""Tracks a second that are listened to, where no earlier job tells."""


@dataclass(frozen=True)
class Question:
    """A task as far as it is known beforehand.

    Parameters
    ----------
    key
        `TaskSpec.key`.
    kind
        `class`, `tags`, `playlists` or `report`.
    items
        Tracks; None where the music has to be read first.
    classes
        Or tags, each of which is learned; 1 where nothing is.
    """

    key: str
    kind: str
    items: int | None
    classes: int = 1


@dataclass(frozen=True)
class Plan:
    """What would be done.

    Parameters
    ----------
    results, known
        All, and those that need not be computed.
    seconds
        For the others; None where it cannot be foretold.
    tracks, listening
        Tracks that are listened to first, all encoders together, and seconds for that.
    """

    results: int
    known: int
    seconds: float | None
    tracks: int = 0
    listening: float = 0.0


def probes_of(kind: str, probes: Sequence[str]) -> tuple[str, ...]:
    """Which of the chosen probes a kind of task is put to."""
    if kind == "class":
        return tuple(probes)
    return {"tags": ("logistic",), "playlists": ("cosine",)}.get(kind, ("",))


def foretell(
    questions: Sequence[Question], encoders: Sequence[str], probes: Sequence[str], seeds: int, *, pca: bool,
    records: Iterable[EvaluationRecord], there: Iterable[EncoderRecord],
    waiting: Mapping[str, int], rate: float | None,
) -> Plan:  # fmt: skip
    """Count results and guess times.

    Parameters
    ----------
    records
        Earlier results: what is known, and how long such things took.
    there
        The encoders in the library.
    waiting
        Tracks that each encoder has not listened to.
    rate
        Tracks listened to a second, as an earlier job had it.
    """
    earlier, by_name = list(records), {record.name: record for record in there}
    known = {_asked(record, seeds) for record in earlier}
    costs = {**COSTS, **_measured(earlier)}
    asked = [(q, probe, name) for q in questions for probe in probes_of(q.kind, probes) for name in encoders]
    left = [
        (q, probe, by_name.get(name))
        for q, probe, name in asked
        if name not in by_name or (q.key, name, by_name[name].weights_hash, probe, seeds, pca) not in known
    ]
    seconds: float | None = None
    if all(q.items is not None for q, _, _ in left):
        sizes = [(q.kind, probe, _size(q, encoder, seeds, pca=pca)) for q, probe, encoder in left]
        seconds = sum(EACH_S + costs.get((kind, probe), LIKELY_COST) * size for kind, probe, size in sizes)
    tracks = sum(waiting.get(name, 0) for name in encoders) if questions else 0
    return Plan(len(asked), len(asked) - len(left), seconds, tracks, tracks / (rate or LIKELY_RATE))


def _size(question: Question, encoder: EncoderRecord | None, seeds: int, *, pca: bool) -> int:
    """What the time grows with: items x dimensions x classes x seeds."""
    dim = encoder.track_dim if encoder else LIKELY_DIM
    draws = 1 if question.kind == "report" else seeds
    return (question.items or 0) * question.classes * (min(dim, REDUCED_DIM) if pca else dim) * draws


def _asked(record: EvaluationRecord, seeds: int) -> tuple[Any, ...]:
    drawn = seeds if record.seeds in DRAWN_ONCE else record.seeds
    return (
        _key(record.spec), record.encoder, record.weights_hash, record.probe, drawn,
        bool(record.config.get("pca")),
    )  # fmt: skip


def _key(spec: Mapping[str, Any]) -> str:
    try:
        return TaskSpec(**spec).key
    except ValueError:  # as another version wrote it
        return json.dumps(spec, sort_keys=True, default=str)


def _measured(records: Sequence[EvaluationRecord]) -> dict[tuple[str, str], float]:
    """Seconds for each item, dimension, class and seed, as they were."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        n = max((figure.n for figure in record.figures.values()), default=0)
        learned = record.details.get("classes") or record.details.get("tags") or (None,)
        size = n * record.dim * max(record.seeds, 1) * len(learned)
        if size and record.seconds > 0:
            found.setdefault((record.task_kind, record.probe), []).append(record.seconds / size)
    return {key: median(costs) for key, costs in found.items()}


def told(plan: Plan, encoders: int) -> str:
    """A plan in sentences."""
    if not plan.results:
        return "Nothing is chosen."
    parts = [f"{wording.count(plan.results, 'result')} with {wording.count(encoders, 'encoder')}."]
    if plan.known == plan.results:
        parts.append("All of them are known already: nothing is computed again.")
        return " ".join(parts)
    if plan.known:
        parts.append(f"{plan.known:,} of them known already.")
    if plan.tracks:
        how_long = f", {about(plan.listening)}" if plan.listening >= 5 else ""
        parts.append(f"First {wording.count(plan.tracks, 'track')} are listened to{how_long}.")
    if plan.seconds is None:
        parts.append("How long it takes is known when the data set’s music has been looked through.")
    else:
        parts.append(f"The rest takes {about(plan.seconds)} on this computer." if plan.tracks else
                     f"It takes {about(plan.seconds)} on this computer.")  # fmt: skip
    return " ".join(parts)


def about(seconds: float) -> str:
    """`about 4 min`, no more exact than can be known."""
    return wording.time_left(seconds).removesuffix(" left")
