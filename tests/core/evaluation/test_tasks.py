from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.evaluation.splits import crossed, draws, shuffled
from core.evaluation.tasks import Split, Task, split_hash


def classes(n: int = 90, kinds: int = 3, size: int = 3, **changes: object) -> Task:
    """`n` items of `kinds` classes; `size` neighbours are a group of one class."""
    targets = np.arange(n) // size % kinds
    names = tuple(f"class {i}" for i in range(kinds))
    task = Task("Synthetic", "class", tuple(range(n)), names, targets, np.arange(n) // size)
    return replace(task, **changes)  # type: ignore[arg-type]  # fields by name


def tagged(n: int = 100) -> Task:
    drawn = np.random.default_rng(0).random((n, 4)) < 0.3
    return Task(
        "Tags", "tags", tuple(f"clip {i}" for i in range(n)), ("a", "b", "c", "d"), drawn, np.arange(n) // 4
    )


def parts(split: Split) -> list[np.ndarray]:
    return [split.train, split.validation, split.test]


def kept_apart(task: Task, split: Split) -> bool:
    return not any(
        set(task.groups[one]) & set(task.groups[other]) for one, other in combinations(parts(split), 2)
    )


def test_every_item_is_asked_once_a_draw_and_no_group_is_on_two_sides() -> None:
    task = classes()
    splits = draws(task, seeds=3)
    assert len(splits) == 15
    for seed in range(3):
        own = [split for split in splits if split.seed == seed]
        assert sorted(np.concatenate([split.test for split in own])) == list(range(90))
    for split in splits:
        assert kept_apart(task, split)
        assert sorted(np.concatenate(parts(split))) == list(range(90))
        assert all(len(part) >= 18 for part in parts(split))
        assert np.bincount(task.targets[split.test]).tolist() == [6, 6, 6]


def test_tags_are_split_once_a_draw() -> None:
    task = tagged()
    for split in draws(task, seeds=4):
        assert kept_apart(task, split)
        assert [len(part) for part in parts(split)] == [60, 20, 20]
        assert sorted(np.concatenate(parts(split))) == list(range(100))


@pytest.mark.parametrize("draw", [lambda task, seed: crossed(task, seed)[0], shuffled])
def test_a_seed_says_what_is_drawn(draw: Callable[[Task, int], Split]) -> None:
    tests = [draw(classes(), seed).test.tolist() for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_an_official_split_is_the_only_one() -> None:
    official = Split(np.arange(60), np.arange(60, 75), np.arange(75, 90))
    assert draws(classes(official=official)) == (official,)


@settings(max_examples=60)
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n)] * 2)
    )
)
def test_however_few_there_are_they_are_split_or_refused(drawn: tuple[list[int], list[int]]) -> None:
    targets, groups = (np.array(numbers) for numbers in drawn)
    task = Task("Few", "class", tuple(range(len(targets))), ("a", "b", "c", "d"), targets, groups)
    if len(set(targets)) < 2 or len(set(groups)) < 2 or max(np.bincount(targets)) < 2:
        with pytest.raises(UserError, match="Few"):
            draws(task)
        return
    for split in draws(task, seeds=1):
        assert kept_apart(task, split)
        assert len(split.train)
        assert len(split.test)
        assert len(np.unique(np.concatenate(parts(split)))) == sum(map(len, parts(split)))
    once = shuffled(task, 0)
    assert kept_apart(task, once)
    assert len(once.train)
    assert len(once.test)


def test_the_hash_changes_with_everything_that_a_result_depends_on() -> None:
    task = classes()
    splits = draws(task, seeds=1)
    turned = task.targets.copy()
    turned[0] += 1
    others = [
        (task, ()),
        (task, splits[:-1]),
        (task, draws(task, seeds=1, folds=4)),
        (task, tuple(replace(split, train=split.train[1:]) for split in splits)),
        (
            task,
            tuple(
                replace(s, train=s.train[:-1], validation=np.r_[s.validation, s.train[-1]]) for s in splits
            ),
        ),
        (replace(task, items=tuple(range(1, 91))), splits),
        (replace(task, items=tuple(map(str, range(90)))), splits),
        (replace(task, targets=turned), splits),
        (replace(task, groups=task.groups // 2), splits),
        (replace(task, names=("class 0", "class 1", "class two")), splits),
    ]
    hashes = [split_hash(*each) for each in [(task, splits), *others]]
    assert len(set(hashes)) == len(hashes)
    assert (
        split_hash(classes(name="Another name", missing=("3 lost",)), draws(classes(), seeds=1)) == hashes[0]
    )


def test_items_without_a_vector_leave_everything_else_as_it_was() -> None:
    task = classes(
        9, 3, 1, official=Split(np.arange(5), np.array([5, 6]), np.array([7, 8])), missing=("1 lost",)
    )
    left = task.only(np.array([1, 0, 1, 1, 1, 1, 0, 1, 1], np.bool_), "have no vector")
    assert left.items == (0, 2, 3, 4, 5, 7, 8)
    assert left.targets.tolist() == [0, 2, 0, 1, 2, 1, 2]
    assert left.groups.tolist() == [0, 2, 3, 4, 5, 7, 8]
    assert left.missing == ("1 lost", "2 have no vector")
    assert left.official is not None
    assert [part.tolist() for part in parts(left.official)] == [[0, 1, 2, 3], [4], [5, 6]]
    assert task.only(np.ones(9, np.bool_), "nothing") is task


def test_playlists_lose_the_items_that_are_not_there() -> None:
    entries = np.array([[0, 0], [0, 2], [1, 2], [1, 3], [0, 3]])
    task = Task("Lists", "playlists", (10, 11, 12, 13), ("one", "two"), entries)
    left = task.only(np.array([True, False, False, True]), "cannot be read")
    assert (left.items, left.names) == ((10, 13), ("one", "two"))
    assert left.targets.tolist() == [[0, 0], [1, 1], [0, 1]]
    assert not left.groups.size


@pytest.mark.parametrize(
    "wrong",
    [
        {"targets": np.zeros(8, np.int64)},
        {"targets": np.full(9, 3)},
        {"targets": np.full(9, -1)},
        {"groups": np.zeros(8, np.int64)},
        {"items": (0,) * 9},
        {"kind": "tags"},
        {"kind": "playlists", "targets": np.array([[0, 9]])},
        {"kind": "playlists", "targets": np.array([[3, 0]])},
    ],
)
def test_parts_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Synthetic"):
        classes(9, **wrong)  # type: ignore[arg-type]  # fields by name
