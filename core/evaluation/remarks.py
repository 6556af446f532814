"""What is to be said of a column, and which of the paper's figures stand beside it. NumPy and SciPy alone."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from core.evaluation import reference
from core.evaluation.columns import PaperMark
from core.evaluation.said import listed, told
from core.library.records import EvaluationRecord, Figure

UNKNOWN = "Nobody knows here which tracks the encoder was trained on."
"""A result's note: the same for every encoder, so that a caption says it once."""
_WITH_A_NAME = re.compile(r"^Nobody knows here which tracks .+ was trained on\.$")
"""As earlier versions kept it."""
_FEW = 4
"""Encoders that a caption names one by one."""
_ENOUGH = 20
"""From so many groups on, intervals hold what they promise (`intervals`)."""
_PAPER_N = {"fma": 800, "irmas": 6705, "aotm": 7245}
"""Tracks tested, clips, and playlists of the paper."""
_HEARD = "Items that an encoder was trained on: "
_UNFIT = re.compile(r"^C = (\S+): (\d+) of (\d+) fits did not converge; (\d+) of these were used\.$")


def notes(
    records: Sequence[EvaluationRecord], figure: Figure, *, brief: bool, beside: bool
) -> tuple[str, ...]:
    """Everything that is to be said of a column.

    Parameters
    ----------
    figure
        One of the column's: what was asked is the same for all.
    brief
        Without a word on each encoder.
    beside
        Whether the paper's figures stand beside.
    """
    about = (*_few_groups(figure), *(_unlike_paper(records[0], figure) if beside else ()))
    return (*about, *_said(records, brief=brief), *_trained_on(records, brief=brief))


def paper_marks(record: EvaluationRecord, metric: str) -> tuple[PaperMark, ...]:
    """The paper's figures where the data set is the paper's and embeddings are whole."""
    columns: dict[tuple[str, str, str], reference.Column] = {
        ("fma", "accuracy", "svm"): "genre-svm",
        ("fma", "accuracy", "logistic"): "genre-logistic",
        ("irmas", "accuracy", "svm"): "instrument-svm",
        ("irmas", "accuracy", "logistic"): "instrument-logistic",
        ("aotm", "hit_rate", "cosine"): "hit-rate",
        ("aotm", "percentile", "cosine"): "percentile",
    }
    kind, options = str(record.spec.get("kind", "")), record.spec.get("options") or {}
    other = (kind == "fma" and "small" not in record.task.casefold()) or "category" in options
    if other or record.config.get("pca"):
        return ()
    if kind == "msd" and metric == "roc_auc":
        return tuple(
            PaperMark({"MelCPC": "melcpc"}.get(name, name), value) for name, value in reference.AUTO_TAGGING
        )
    column = columns.get((kind, metric, record.probe))
    return tuple(PaperMark(row.strategy, row.value(column)) for row in reference.PAPER) if column else ()


def _few_groups(figure: Figure) -> tuple[str, ...]:
    if not math.isfinite(figure.low) or figure.groups >= _ENOUGH:
        return ()
    return (f"With {figure.groups} groups, intervals may be too narrow.",)


def _unlike_paper(record: EvaluationRecord, figure: Figure) -> tuple[str, ...]:
    """Said where a data set is called as the paper's and is not all of it."""
    theirs = _PAPER_N.get(str(record.spec.get("kind")), figure.n)
    if theirs == figure.n:
        return ()
    return (f"Not the very data of {reference.SOURCE}: {theirs:,} were asked there, {figure.n:,} here.",)


def _said(records: Sequence[EvaluationRecord], *, brief: bool) -> tuple[str, ...]:
    """What the results say, once each, with the encoders of which it is true where it is not true of all."""
    said: dict[str, list[str]] = defaultdict(list)
    unfit: dict[str, list[_Unfit]] = defaultdict(list)
    for record in records:
        for note in record.notes:
            found = _UNFIT.match(note)
            if found:
                unfit[record.encoder].append(_Unfit(found[1], *map(int, found.groups()[1:])))
            else:
                said[_WITH_A_NAME.sub(UNKNOWN, note)].append(record.encoder)
    lines: list[str] = []
    for note, names in said.items():
        short = note.removesuffix(".")
        if len(names) == len(records):
            lines.append(note)
        elif brief:
            lines.append(f"{short} ({len(names)} of {len(records)} encoders).")
        else:
            lines.append(listed(f"{short} (", names, ")."))
    about = _unfit_brief if brief else _unfit_each
    return (*lines, *(about(unfit) if unfit else ()))


class _Unfit(NamedTuple):
    """Fits of one C that did not converge."""

    c: str
    failed: int
    fits: int
    used: int


def _unfit_each(unfit: dict[str, list[_Unfit]]) -> list[str]:
    each = (
        (name, ": " + ", ".join(f"C = {one.c} {one.failed} of {one.fits} ({one.used} used)" for one in fits))
        for name, fits in unfit.items()
    )
    return [told("Fits that did not converge: ", each, ".", "; ")]


def _unfit_brief(unfit: dict[str, list[_Unfit]]) -> list[str]:
    every = [each for fits in unfit.values() for each in fits]
    values = dict.fromkeys(each.c for each in every)
    failed, fits, used = (sum(getattr(each, name) for each in every) for name in ("failed", "fits", "used"))
    return [
        f"{failed:,} of {fits:,} fits with C = {', '.join(values)} did not converge; {used:,} of these were used "
        f"({len(unfit)} encoder{'s' * (len(unfit) > 1)})."
    ]


def _trained_on(records: Sequence[EvaluationRecord], *, brief: bool) -> list[str]:
    """How many of the items encoders had heard in training, and how many were left out for that."""
    heard = {record.encoder: count for record in records if (count := _count(record, "trained_on"))}
    lines: list[str] = []
    if brief and len(heard) > _FEW:
        many = f"{min(heard.values()):,} to {max(heard.values()):,} for each of {len(heard)} encoders"
        lines.append(f"{_HEARD}{many}.")
    elif heard:
        lines.append(told(_HEARD, ((name, f" {count:,}") for name, count in heard.items()), ".", ", "))
    excluded = {_count(record, "excluded") for record in records} - {0}
    return lines + [
        f"Left out because an encoder was trained on them: {count:,} items." for count in sorted(excluded)
    ]


def _count(record: EvaluationRecord, name: str) -> int:
    """Of `details`; what other versions kept there may be anything."""
    value = record.details.get(name)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0
