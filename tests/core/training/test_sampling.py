from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.audio import SEGMENT
from core.training.sampling import Batches, Purpose, generator, starts


class Pairs:
    """A strategy as far as starts go."""

    def starts(self, samples: int, rng: np.random.Generator, crop: tuple[int, int]) -> tuple[int, int]:
        first = int(rng.integers(samples - sum(crop)))
        return first, first + crop[0]


def batches(tracks: int, size: int, seed: int = 0, versions: int = 1) -> Batches:
    rows = np.arange(tracks * versions, dtype=np.int64) * 3  # rows need not be dense
    return Batches(rows, [f"song {n // versions}" for n in range(len(rows))], size, seed)


def test_a_batch_holds_one_pair_per_recording() -> None:
    found = batches(20, 8, versions=3)
    for step in range(50):
        songs = (found.rows(step) // 9).tolist()
        assert len(set(songs)) == len(songs) == 8


def test_a_batch_never_exceeds_the_recordings_there_are() -> None:
    found = batches(5, 64, versions=4)
    assert found.size == 5
    for step in range(20):
        assert sorted((found.rows(step) // 12).tolist()) == [0, 1, 2, 3, 4]


def test_every_version_has_its_turn() -> None:
    found = batches(4, 4, versions=3)
    seen = Counter(row for step in range(60) for row in found.rows(step).tolist())
    assert len(seen) == 12
    assert min(seen.values()) > 8


def test_an_epoch_hears_each_recording_once_and_every_epoch_in_another_order() -> None:
    found = batches(23, 5)
    assert found.per_epoch == 4
    epochs = [[row for step in range(4) for row in found.rows(4 * e + step).tolist()] for e in range(40)]
    for epoch in epochs:
        assert len(set(epoch)) == 20  # three are left over, others each time
    assert len({tuple(epoch) for epoch in epochs}) == 40
    assert {row for epoch in epochs for row in epoch} == {3 * n for n in range(23)}


def test_batches_are_functions_of_seed_and_step_alone() -> None:
    forwards, backwards = batches(30, 4), batches(30, 4)
    some = [forwards.rows(step).tolist() for step in range(20)]
    assert [backwards.rows(step).tolist() for step in reversed(range(20))] == some[::-1]
    assert batches(30, 4, seed=1).rows(0).tolist() != some[0]


def test_places_of_the_generator_do_not_overlap() -> None:
    wanted = [(0, 0), (0, 1), (1, 0), (1, 1), (2**31, 5)]
    streams = [
        generator(seed, purpose, step, row).integers(0, 2**63, 4000)
        for seed in (0, 1)
        for purpose in (Purpose.ORDER, Purpose.STARTS)
        for step, row in wanted
    ]
    together = np.concatenate(streams)
    assert len(np.unique(together)) == len(together)


def test_a_row_starts_where_seed_step_and_row_say_whoever_is_beside_it() -> None:
    lengths, crop = [20 * SEGMENT] * 10, (SEGMENT, SEGMENT)
    alone = {row: starts(Pairs(), lengths, np.array([row]), 7, 3, crop)[0] for row in range(10)}
    together = starts(Pairs(), lengths, np.array([9, 2, 5]), 7, 3, crop)
    assert together.tolist() == [alone[9].tolist(), alone[2].tolist(), alone[5].tolist()]
    assert len({int(place[0]) for place in alone.values()}) == 10
    assert starts(Pairs(), lengths, np.array([2]), 7, 4, crop)[0].tolist() != alone[2].tolist()
    assert starts(Pairs(), lengths, np.array([2]), 8, 3, crop)[0].tolist() != alone[2].tolist()


@pytest.mark.parametrize("size", [1, 3])
def test_no_rows_give_no_starts(size: int) -> None:
    assert starts(Pairs(), [SEGMENT] * size, np.empty(0, np.int64), 0, 0, (1, 1)).shape == (0, 2)
