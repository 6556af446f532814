"""Chance that depends on (seed, step, row, side) and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.audio.augment_draws import Draws, on_device

COLUMNS = ("a", "b", "c")
ROWS = np.array([5, 3, 1000, 0, 77])


def table(rows: np.ndarray = ROWS, seed: int = 1, step: int = 2, side: int = 0) -> np.ndarray:
    draws = Draws(COLUMNS, seed, step, rows, side)
    return np.stack([draws.between(name, 0, 1) for name in COLUMNS], 1)


def test_an_item_has_the_same_draws_in_any_batch() -> None:
    whole = table()
    order = [4, 0, 2]
    assert (table(ROWS[order]) == whole[order]).all()


def test_a_new_column_changes_no_other() -> None:
    before, after = Draws(COLUMNS, 1, 2, ROWS, 0), Draws((*COLUMNS, "d"), 1, 2, ROWS, 0)
    for name in COLUMNS:
        assert (before.between(name, 0, 1) == after.between(name, 0, 1)).all()


@pytest.mark.parametrize("other", [{"seed": 2}, {"step": 3}, {"side": 1}, {"rows": ROWS + 1}])
def test_each_part_of_the_key_counts(other: dict[str, int]) -> None:
    assert not np.isin(table(), table(**other)).any()


def test_step_and_row_cannot_stand_for_one_another() -> None:
    assert not np.isin(table(np.array([7]), step=9), table(np.array([9]), step=7)).any()


def test_a_seed_may_be_any_whole_number() -> None:
    assert not np.isin(table(seed=-1), table(seed=2**31 - 1)).any()


def test_draws_are_uniform() -> None:
    draws = Draws(COLUMNS, 0, 0, np.arange(4000), 0)
    assert draws.on("a", 0.3).mean() == pytest.approx(0.3, abs=0.03)  # four deviations
    assert draws.between("b", 2, 4).mean() == pytest.approx(3, abs=0.04)
    assert np.bincount(draws.below("c", 4)) == pytest.approx([1000] * 4, abs=120)
    assert np.log2(draws.octaves("b", 100, 400)).mean() == pytest.approx(np.log2(200), abs=0.04)
    assert np.abs(np.corrcoef([draws.between(n, 0, 1) for n in COLUMNS]) - np.eye(3)).max() < 0.07


def test_never_and_always_are_exact() -> None:
    draws = Draws(COLUMNS, 0, 0, np.arange(1000), 0)
    assert not draws.on("a", 0).any()
    assert draws.on("a", 1).all()


def test_what_was_drawn_keeps_its_kind() -> None:
    cpu = torch.device("cpu")
    kinds = [on_device(values, cpu).dtype for values in (np.ones(2), np.arange(2), np.ones(2, bool))]
    assert kinds == [torch.float32, torch.int64, torch.bool]
