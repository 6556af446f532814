from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.whereabouts import ROOM, Whereabouts

CLOSE, FAR = st.integers(0, 60), st.integers(-(2**61), 2**61)


@given(st.data(), st.sampled_from([CLOSE, FAR]))
def test_places_are_those_that_a_comparison_of_each_with_each_finds(
    data: st.DataObject, numbers: st.SearchStrategy[int]
) -> None:
    ids = np.array(data.draw(st.lists(numbers, unique=True, max_size=30)), np.int64)
    known = st.sampled_from(ids.tolist()) if len(ids) else numbers
    wanted = np.array(data.draw(st.lists(numbers | known, max_size=30)), np.int64)
    found = Whereabouts(ids).among(wanted)
    assert found.tolist() == np.flatnonzero(np.isin(ids, wanted)).tolist()


@pytest.mark.parametrize("gap", [1, ROOM - 1, 10**12])
def test_ids_far_apart_take_no_more_memory(gap: int) -> None:
    ids = np.arange(1, 1001, dtype=np.int64) * gap
    held = Whereabouts(ids[::-1].copy())
    assert held._table.nbytes <= 4 * ROOM * len(ids)
    assert held.among([gap, 1000 * gap, 1001 * gap, 0]).tolist() == [0, 999]
