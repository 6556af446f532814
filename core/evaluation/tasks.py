"""What an encoder is judged on: items, what is to be told of them, and what must stay together. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

Kind = Literal["class", "tags", "playlists"]
Rows = NDArray[np.int64]
"""Numbers of items, ascending."""


def no_rows() -> Rows:
    """An empty part."""
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Split:
    """Which items teach, which choose the settings, and which are asked.

    Parameters
    ----------
    train, validation, test
        Rows of a task's items; `validation` may be empty: then C is chosen by cross-validation inside `train`.
    seed
        What it was drawn with; 0 for an official one.
    """

    train: Rows
    validation: Rows
    test: Rows
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Task:
    """One data set made into one question; whatever it was read from, the same record.

    Parameters
    ----------
    name
        As a person reads it.
    kind
        `class`: one of several each; `tags`: any number each; `playlists`: what was played together.
    items
        (n,) what the vectors belong to: ids of tracks, or keys of clips.
    names
        Of the classes, tags or playlists.
    targets
        class: (n,) int64, a number into `names`. tags: (n, tags) bool.
        playlists: (entries, 2) int64, the playlist's number and the item's row.
    groups
        (n,) int64: items of one number (a recording, an album, an artist) are never split, and are drawn together
        by a bootstrap. Playlists are their own groups: empty for them.
    official
        The data set's own split, where it has one.
    missing
        What was in the lists and is not here, and why, for a person.

    Raises
    ------
    ValueError
        The parts do not fit each other: the loader is wrong.
    """

    name: str
    kind: Kind
    items: tuple[int, ...] | tuple[str, ...]
    names: tuple[str, ...]
    targets: NDArray[np.int64] | NDArray[np.bool_]
    groups: Rows = field(default_factory=no_rows)
    official: Split | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.items)
        shapes = {"class": (n,), "tags": (n, len(self.names)), "playlists": (len(self.targets), 2)}
        if self.targets.shape != shapes[self.kind] or len(set(self.items)) != n:
            raise ValueError(f"{self.name}: {self.targets.shape} targets of {n} items are no {self.kind}")
        if self.kind != "playlists" and self.groups.shape != (n,):
            raise ValueError(f"{self.name}: {self.groups.shape} groups of {n} items")
        for codes, limit in self._codes():
            if codes.size and not 0 <= codes.min() <= codes.max() < limit:
                raise ValueError(f"{self.name}: a number that stands for nothing")

    def _codes(self) -> list[tuple[Rows, int]]:
        """Numbers of names and of rows, and what they have to be below."""
        if self.kind == "class":
            return [(self.targets.astype(np.int64), len(self.names))]
        if self.kind == "playlists":
            lists, rows = self.targets.astype(np.int64).T
            return [(lists, len(self.names)), (rows, len(self.items))]
        return []

    def only(self, kept: NDArray[np.bool_], why: str) -> Task:
        """The same question without some items (that have no vector, say); names stay, so numbers do too.

        Parameters
        ----------
        kept
            (n,) which stay.
        why
            What the others lack; joined to `missing` with their number.
        """
        if kept.all():
            return self
        items: tuple[int, ...] | tuple[str, ...]
        items = tuple(item for item, stays in zip(self.items, kept, strict=True) if stays)  # type: ignore[assignment]  # one type of key goes in, the same comes out
        moved = np.cumsum(kept) - 1
        targets: NDArray[np.int64] | NDArray[np.bool_]
        if self.kind == "playlists":
            lists, rows = self.targets.astype(np.int64).T
            here = kept[rows]
            targets, groups = np.stack([lists[here], moved[rows[here]]], 1), self.groups
        else:
            targets, groups = self.targets[kept], self.groups[kept]
        return replace(
            self,
            items=items,
            targets=targets,
            groups=groups,
            official=None if self.official is None else _moved(self.official, kept, moved),
            missing=(*self.missing, f"{np.count_nonzero(~kept)} {why}"),
        )


def _moved(split: Split, kept: NDArray[np.bool_], moved: Rows) -> Split:
    train, validation, test = (
        moved[rows[kept[rows]]] for rows in (split.train, split.validation, split.test)
    )
    return Split(train, validation, test, split.seed)


def split_hash(task: Task, splits: Sequence[Split] = ()) -> str:
    """16 hex digits that change with the items, what is asked of them, the groups and who teaches whom."""
    digest = hashlib.sha256(repr((task.kind, task.items, task.names)).encode("utf-8", "surrogatepass"))
    parts = [(s.train, s.validation, s.test, np.array([s.seed])) for s in splits]
    for array in (task.targets.astype(np.int64), task.groups, *(rows for split in parts for rows in split)):
        digest.update(repr(array.shape).encode() + np.ascontiguousarray(array, "<i8").tobytes())
    return digest.hexdigest()[:16]


def need_classes(task: Task) -> None:
    """Refuse what nobody could be asked.

    Raises
    ------
    UserError
        Fewer than two classes have items, none has two, or all items are of one group.
    """
    if task.kind == "class" and len(np.unique(task.targets)) < 2:
        raise UserError(
            f"{task.name} has fewer than two classes.", "Choose labels that tell tracks from each other."
        )
    if task.kind == "class" and np.bincount(task.targets.astype(np.int64)).max() < 2:
        raise UserError(
            f"Every class of {task.name} has one track only, so none can be learned and tested.",
            "Choose labels that several tracks share.",
        )
    if len(np.unique(task.groups)) < 2:
        raise UserError(
            f"All tracks of {task.name} belong together, so none can be kept apart for testing.",
            "Add more music, or group by something else.",
        )
