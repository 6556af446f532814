"""What a data set lists, entry by entry: one item a track, and what is not used is counted with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from core.library.listing import ListedFile

PARTS = ("train", "validation", "test")
ABSENT = "are listed, and no such file is here"
SAME_SOUND = "with the very sound of others, counted once with these"
OTHER_SOUND = "with the very sound of others, which are labelled otherwise or in another part of the split"
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


def items(entries: Iterable[Entry], tally: Tally) -> list[tuple[int, Entry]]:
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
