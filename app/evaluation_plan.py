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
    ("class", "svm"): 1.5e-5, ("class", "logistic"): 1e-5, ("tags", "logistic"): 1e-5,
    ("playlists", "cosine"): 1e-6, ("report", ""): 6e-6,
}  # fmt: skip
"""Seconds for each item, dimension and seed on two cores, where no earlier result tells: by kind and probe."""
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
        Tracks or playlists; None where the music has to be read first.
    """

    key: str
    kind: str
    items: int | None


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
    earlier = list(records)
    encoder_of = {record.name: record for record in there}
    known = {_asked(record, seeds) for record in earlier}
    costs = {**COSTS, **_measured(earlier)}
    results = already = 0
    seconds: float | None = 0.0
    for question in questions:
        for probe in probes_of(question.kind, probes):
            for name in encoders:
                results += 1
                encoder = encoder_of.get(name)
                weights = encoder.weights_hash if encoder else ""
                if encoder and (question.key, name, weights, probe, seeds, pca) in known:
                    already += 1
                elif question.items is None:
                    seconds = None
                elif seconds is not None:
                    dim = encoder.track_dim if encoder else LIKELY_DIM
                    size = question.items * (min(dim, REDUCED_DIM) if pca else dim)
                    seconds += EACH_S + costs.get((question.kind, probe), 1e-6) * size * _draws(
                        question, seeds
                    )
    tracks = sum(waiting.get(name, 0) for name in encoders) if questions else 0
    return Plan(results, already, seconds, tracks, tracks / (rate or LIKELY_RATE))


def _draws(question: Question, seeds: int) -> int:
    return 1 if question.kind == "report" else seeds


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
    """Seconds for each item, dimension and seed, as they were."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        n = max((figure.n for figure in record.figures.values()), default=0)
        size = n * record.dim * max(record.seeds, 1)
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
