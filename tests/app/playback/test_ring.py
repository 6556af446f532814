"""The ring against the plainest model there is: a list."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.playback.ring import Ring, Samples


def ramp(start: int, count: int) -> Samples:
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], 2, axis=1)


@given(st.integers(1, 50), st.lists(st.tuples(st.booleans(), st.integers(0, 70)), max_size=40))
def test_gives_back_what_went_in_in_order(capacity: int, steps: list[tuple[bool, int]]) -> None:
    ring, sent, model = Ring(capacity), 0, []
    for writes, count in steps:
        if writes:
            taken = ring.write(ramp(sent, count))
            assert taken == min(count, capacity - len(model))
            model += range(sent, sent + taken)
            sent += taken
        else:
            out = np.full((count, 2), -1, np.float32)
            given_ = ring.read_into(out)
            assert given_ == min(count, len(model))
            assert out[:given_, 0].tolist() == model[:given_]
            assert (out[given_:] == -1).all()
            del model[:given_]
        assert ring.filled == len(model)


def test_takes_back_what_is_far_enough_ahead_of_the_reader() -> None:
    ring = Ring(100)
    ring.write(ramp(0, 80))
    ring.read_into(np.zeros((10, 2), np.float32))
    assert not ring.cut(15, margin=10)
    assert not ring.cut(81, margin=10)
    assert ring.cut(40, margin=10)
    ring.write(ramp(500, 5))
    out = np.zeros((35, 2), np.float32)
    assert ring.read_into(out) == 35
    assert out[29:31, 0].tolist() == [39, 500]
