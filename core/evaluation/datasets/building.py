"""From entries to tasks: targets, groups and the official split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation.datasets.entries import NO_PART, PARTS, Entry, Tally, items
from core.evaluation.tasks import Rows, Split, Task


def classes(
    name: str, entries: Iterable[Entry], *, official: bool = False, notes: Sequence[str] = ()
) -> Task:
    """Which class each track is of; targets of `entries` are texts.

    Parameters
    ----------
    official
        Whether there is a split: what is in none of its parts is left out.
    notes
        What else a person should know of the task.

    Raises
    ------
    UserError
        Nothing of it is here.
    """
    kept, tally = _kept(name, entries, official)
    names = tuple(sorted({str(entry.target) for _, entry in kept}))
    numbers = {each: i for i, each in enumerate(names)}
    targets = np.array([numbers[str(entry.target)] for _, entry in kept], np.int64)
    return _task(name, "class", kept, names, targets, official, (*tally.sentences(), *notes))


def tags(
    name: str,
    entries: Iterable[Entry],
    names: Sequence[str],
    *,
    official: bool = False,
    notes: Sequence[str] = (),
) -> Task:
    """Which of `names` each track has; targets of `entries` are tuples of texts, of which others are passed over.

    Raises
    ------
    UserError
        Nothing of it is here.
    """
    kept, tally = _kept(name, entries, official)
    numbers = {each: i for i, each in enumerate(names)}
    targets = np.zeros((len(kept), len(names)), np.bool_)
    for row, (_, entry) in enumerate(kept):
        targets[row, [numbers[tag] for tag in entry.target if tag in numbers]] = True
    return _task(name, "tags", kept, tuple(names), targets, official, (*tally.sentences(), *notes))


def _kept(name: str, entries: Iterable[Entry], official: bool) -> tuple[list[tuple[int, Entry]], Tally]:
    tally = Tally()
    parted = (
        Entry(e.file, e.target, e.group, e.part, NO_PART) if official and not e.part and not e.why_not else e
        for e in entries
    )
    kept = items(parted, tally)
    if not kept:
        raise nothing(name, tally)
    return kept, tally


def nothing(name: str, tally: Tally) -> UserError:
    """The sentence for a data set of which nothing can be used."""
    reasons = " ".join(tally.sentences()[1:4])
    return UserError(f"{name}: nothing can be used of what it lists.", reasons or "It lists nothing.")


def _task(
    name: str,
    kind: str,
    kept: Sequence[tuple[int, Entry]],
    names: tuple[str, ...],
    targets: NDArray[np.int64] | NDArray[np.bool_],
    official: bool,
    missing: tuple[str, ...],
) -> Task:
    groups = _groups(entry.group for _, entry in kept)
    split = _split([entry.part for _, entry in kept]) if official else None
    said = _crossing(groups, split)
    if official and split is None:
        said = ("The official split is not used: its training or test part has no track here.",)
    return Task(
        name=name,
        kind="class" if kind == "class" else "tags",
        items=tuple(track for track, _ in kept),
        names=names,
        targets=targets,
        groups=groups,
        official=split,
        missing=(*missing, *said),
    )


def _groups(values: Iterable[Hashable]) -> Rows:
    """Equal values get one number; None stands alone."""
    numbers: defaultdict[Hashable, int] = defaultdict(lambda: len(numbers))
    return np.array(
        [numbers[(i,) if value is None else ("", value)] for i, value in enumerate(values)], np.int64
    )


def _split(parts: Sequence[str]) -> Split | None:
    """None where nobody teaches or nobody is asked."""
    train, validation, test = (
        np.flatnonzero(np.array([part == each for part in parts], np.bool_)) for each in PARTS
    )
    return Split(train, validation, test) if len(train) and len(test) else None


def _crossing(groups: Rows, split: Split | None) -> tuple[str, ...]:
    if split is None:
        return ()
    taught = np.concatenate([groups[split.train], groups[split.validation]])
    both = np.intersect1d(taught, groups[split.test])
    if not len(both):
        return ()
    return (f"The official split has {len(both):,} groups (artists, recordings) on both sides.",)


def playlists(
    name: str,
    lists: Iterable[tuple[str, Iterable[Entry]]],
    notes: Sequence[str] = (),
    left_over: Iterable[Entry] = (),
) -> Task:
    """Which tracks were played together.

    Parameters
    ----------
    lists
        A name and entries each; a track may be in several, and counts once in each.
    left_over
        What is in none, and why.

    Raises
    ------
    UserError
        Nothing of it is here.
    """
    tally, numbers, names, targets = Tally(), dict[int, int](), list[str](), list[tuple[int, int]]()
    tally.reasons.update(entry.why_not for entry in left_over)
    for called, entries in lists:
        seen: set[int] = set()
        for entry in entries:
            track = entry.file.track_id if entry.file is not None and not entry.why_not else None
            if track is None:
                tally.reasons[entry.why_not] += 1
            elif track in seen:
                tally.reasons["listed again in one playlist, counted once"] += 1
            else:
                seen.add(track)
                tally.used += 1
                targets.append((len(names), numbers.setdefault(track, len(numbers))))
        names.append(called)
    if not targets:
        raise nothing(name, tally)
    return Task(
        name=name,
        kind="playlists",
        items=tuple(numbers),
        names=tuple(names),
        targets=np.array(targets, np.int64),
        missing=(*tally.sentences("entries of playlists"), *notes),
    )
