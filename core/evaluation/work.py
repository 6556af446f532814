"""One encoder and one question: the key of the result, and the result. Computing a key fits nothing."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass

import numpy as np

from core.evaluation.fits import Watch, unwatched
from core.evaluation.gather import Judged, Vectors
from core.evaluation.questions import MAJORITY, Answer, Question
from core.evaluation.remarks import UNKNOWN
from core.evaluation.spec import SOURCES, TaskSpec
from core.library.evaluations import Arrays
from core.library.records import EvaluationRecord
from core.library.text import storable
from core.machine import version_of

PROTOCOL = 2
"""Goes up whenever the same question would get another answer: results of before are computed anew then."""

_PROGRAMS = ("earmap", "numpy", "scipy", "scikit-learn", "torch")


@dataclass(frozen=True)
class Who:
    """Who is asked, as a result names it."""

    name: str
    strategy: str
    weights_hash: str
    front_end: str
    judged: Judged | None = None

    @classmethod
    def of(cls, judged: Judged) -> Who:
        """An encoder."""
        own = judged.encoder
        return cls(own.name, own.strategy, own.weights_hash, own.front_end, judged)


NOBODY = Who(MAJORITY, "", "", "")
"""Always answers the most frequent class."""


@dataclass(frozen=True)
class Cell:
    """One figure, or a few, to be known."""

    question: Question
    who: Who
    probe: str
    plan: str

    @property
    def key(self) -> str:
        """64 hex digits of everything that the figures follow from."""
        asked, who = self.question, self.who
        parts = [
            PROTOCOL, normal(asked.spec).model_dump(), asked.kind, asked.name, asked.split, asked.configs[self.probe],
            self.probe, self.plan, who.name, who.strategy, who.weights_hash, who.front_end,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def cells(question: Question, encoders: list[Judged], plan: str) -> list[Cell]:
    """All that is to be known of a question, an encoder after the other."""
    nobody = [Cell(question, NOBODY, probe, plan) for probe in question.configs if probe == MAJORITY]
    return nobody + [
        Cell(question, Who.of(judged), probe, plan)
        for judged in encoders
        for probe in question.configs
        if probe != MAJORITY
    ]


def compute(cell: Cell, vectors: Vectors | None, watch: Watch = unwatched) -> tuple[EvaluationRecord, Arrays]:
    """The result.

    Parameters
    ----------
    vectors
        Of the question's items; None for who needs none.
    watch
        Called after each fit; may raise to stop.

    Raises
    ------
    UserError
        The question asks nothing.
    """
    started, asked, who = time.monotonic(), cell.question, cell.who
    seen = _no_vectors(len(asked.items)) if vectors is None else vectors
    answer = asked.ask(cell.probe, seen, watch)
    record = EvaluationRecord(
        key=cell.key, task=storable(asked.name), task_kind=asked.kind, spec=normal(asked.spec).model_dump(),
        encoder=who.name, strategy=who.strategy, weights_hash=who.weights_hash, plan=cell.plan, probe=cell.probe,
        config=asked.configs[cell.probe], split=asked.split, dim=answer.dim, seeds=answer.seeds,
        figures=dict(answer.figures), details=_details(cell, answer, seen), notes=_notes(cell, answer),
        versions={name: version_of(name) for name in _PROGRAMS}, seconds=round(time.monotonic() - started, 3),
    )  # fmt: skip
    return record, answer.arrays


def normal(spec: TaskSpec) -> TaskSpec:
    """The same without options that say what is meant anyway."""
    known = next((source for source in SOURCES if source.kind == spec.kind), None)
    defaults = {option.name: option.default for option in known.options} if known else {}
    options = {name: value for name, value in sorted(spec.options.items()) if defaults.get(name) != value}
    return spec.model_copy(update={"options": options})


def _no_vectors(n: int) -> Vectors:
    return Vectors(np.zeros((n, 1), np.float32), halves=False, segments=False)


def _details(cell: Cell, answer: Answer, seen: Vectors) -> dict[str, object]:
    judged = cell.who.judged
    heard = {"trained_on": judged.count(cell.question.items) if judged else 0}
    return answer.details | heard | {"excluded": cell.question.excluded, "segments": seen.segments}


def _notes(cell: Cell, answer: Answer) -> tuple[str, ...]:
    judged = cell.who.judged
    if judged is None or judged.heard is not None:
        return answer.notes
    return (*answer.notes, UNKNOWN)
