"""From what a data set lists to a task: one item a track, and every entry that is not used is counted with a reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation.tasks import Rows, Split, Task
from core.library.listing import ListedFile

PARTS = ("train", "validation", "test")
ABSENT = "are listed, and no such file is here"
SAME_SOUND = "have the very sound of others, and count once with these"
OTHER_SOUND = "have the very sound of others, which are labelled otherwise or in another part of the split"
NO_PART = "are in no part of the split"
_REASONS = 8
"""Why files cannot be read, each told by itself; the rarer ones are told as one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a data set lists.

    Parameters
    ----------
    file
        None where the library has none.
    target
        A class, or tags.
    group
        What it belongs together with; None: it stands alone.
    part
        Of the official split, one of `PARTS`; "": none.
    problem
        Why it is not asked about, to follow "N"; "" where nothing speaks against it.
    """

    file: ListedFile | None
    target: str | tuple[str, ...] = ""
    group: Hashable = None
    part: str = ""
    problem: str = ""

    @property
    def why_not(self) -> str:
        """Why it is not used; "" where it is."""
        if self.problem:
            return self.problem
        return ABSENT if self.file is None else self.file.problem


@dataclass
class Tally:
    """What was used, and why the rest was not."""

    used: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Everything that was listed."""
        return self.used + self.reasons.total()

    def sentences(self, what: str = "tracks") -> tuple[str, ...]:
        """For a person; none where all is used."""
        if not self.reasons:
            return ()
        unread = Counter({why: n for why, n in self.reasons.items() if why.startswith("cannot be read:")})
        rare = sum(n for _, n in unread.most_common()[_REASONS:])
        told = {why for why, _ in unread.most_common(_REASONS)}
        kept = [(why, n) for why, n in self.reasons.most_common() if why not in unread or why in told]
        others = [("cannot be read for other reasons", rare)] if rare else []
        return (
            f"{self.used:,} of {self.total:,} listed {what} are used.",
            *(f"{n:,} {why}." for why, n in (*kept, *others)),
        )


@dataclass
class _Item:
    """A track with all entries that are it."""

    entry: Entry
    count: int = 1
    torn: bool = False


def _items(entries: Iterable[Entry], tally: Tally) -> list[tuple[int, Entry]]:
    """Tracks and their entries, in order of first appearance."""
    found: dict[int, _Item] = {}
    for entry in entries:
        why = entry.why_not
        if why or entry.file is None or entry.file.track_id is None:
            tally.reasons[why or ABSENT] += 1
            continue
        item = found.setdefault(entry.file.track_id, _Item(entry, 0))
        item.count += 1
        item.torn |= (item.entry.target, item.entry.part) != (entry.target, entry.part)
    kept = [(track, item.entry) for track, item in found.items() if not item.torn]
    tally.used += len(kept)
    for reason, n in (
        (SAME_SOUND, sum(item.count - 1 for item in found.values() if not item.torn)),
        (OTHER_SOUND, sum(item.count for item in found.values() if item.torn)),
    ):
        if n:
            tally.reasons[reason] += n
    return kept


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
    kept = _items(parted, tally)
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
                tally.reasons["come again in one playlist, and count once"] += 1
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
