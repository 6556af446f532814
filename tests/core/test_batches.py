from __future__ import annotations

import numpy as np
import pytest
import torch

from core import strategies
from core.audio import SEGMENT
from core.audio.records import Finished
from core.batches import Batches, Track
from core.library.records import Candidate
from core.nets.device import Embedder, ExecutionPlan

BATCH = 4


@pytest.fixture
def batches() -> Batches:
    plan = ExecutionPlan("cpu", "float32", channels_last=False, batch=BATCH)
    return Batches(Embedder(strategies.build("mfcc"), plan))


def track(key: int = 1) -> Track:
    return Track(Candidate(key, b"/x", "", has_vector=False))


def finish(one: Track) -> None:
    one.finished = Finished(one.candidate.file_id, "x", 1.0, None, False, "", "", 0, 0, 0, 0.0, True)


def sound(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


def direct(*waves: np.ndarray) -> np.ndarray:
    """Vectors of segments, each embedded by itself: (n, dim)."""
    strategy = strategies.build("mfcc")
    return np.concatenate([strategy.embed(torch.from_numpy(wave)[None]).numpy() for wave in waves])


def test_segments_of_several_tracks_share_batches_and_find_their_way_back(batches: Batches) -> None:
    one, two = track(1), track(2)
    a, b, c = sound(2 * SEGMENT, 1), sound(3 * SEGMENT, 2), sound(SEGMENT, 3)
    assert batches.hear(one, a) == []
    assert batches.hear(two, b) == []  # the first batch is full after two of its segments
    finish(one)
    assert one.complete
    assert batches.hear(two, c) == []
    finish(two)
    assert not two.complete
    assert batches.flush() == [two]
    np.testing.assert_allclose(one.matrix(), direct(*a.reshape(2, SEGMENT)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(two.matrix(), direct(*b.reshape(3, SEGMENT), c), rtol=1e-4, atol=1e-4)
    assert batches.flush() == []
    assert batches.seconds > 0


def test_what_was_heard_before_the_encoder_came_goes_through_it_in_order(batches: Batches) -> None:
    early, one, two, failed = Batches(), track(1), track(2), track(3)
    a, b = sound(2 * SEGMENT + 7, 1), sound(SEGMENT // 2, 2)
    for batch in (early, batches):
        for each in (one, two):
            each.vectors, each.samples, each.finished = [], 0, None
        assert batch.hear(failed, sound(SEGMENT)) == []
        assert batch.hear(one, a) == []
        assert batch.hear(two, b) == []
        finish(one)
        finish(two)
        assert not one.complete
        if batch is early:
            assert (batch.early, batch.flush(), batch.seconds) == (SEGMENT + a.size + b.size, [], 0.0)
            plan = ExecutionPlan("cpu", "float32", channels_last=False, batch=BATCH)
            assert early.begin(Embedder(strategies.build("mfcc"), plan)) == []
            assert early.early == 0
        assert batch.flush() == [one, two]
        np.testing.assert_allclose(
            one.matrix(), direct(*a[: 2 * SEGMENT].reshape(2, SEGMENT)), rtol=1e-4, atol=1e-4
        )
        assert len(two.matrix()) == 1


def test_a_rest_counts_only_where_it_is_all_there_is(batches: Batches) -> None:
    short, long = track(1), track(2)
    piece = sound(SEGMENT // 3)
    batches.hear(short, piece)
    batches.hear(long, sound(SEGMENT))
    batches.hear(long, piece)
    batches.flush()
    padded = np.concatenate([piece, np.zeros(SEGMENT - len(piece), np.float32)])
    np.testing.assert_allclose(short.matrix(), direct(padded), rtol=1e-4, atol=1e-4)
    assert len(long.matrix()) == 1


def test_nothing_of_the_batch_before_is_heard_in_a_padded_segment(batches: Batches) -> None:
    for seed in range(BATCH):
        batches.hear(track(seed), sound(SEGMENT, seed) * 5)
    batches.flush()
    quiet = track(9)
    batches.hear(quiet, np.full(1, 0.01, np.float32))
    batches.flush()
    silence = np.zeros(SEGMENT, np.float32)
    silence[0] = 0.01
    np.testing.assert_allclose(quiet.matrix(), direct(silence), rtol=1e-4, atol=1e-4)


def test_a_tracks_vector_is_the_strategys_summary(batches: Batches) -> None:
    one = track()
    batches.hear(one, sound(3 * SEGMENT))
    batches.flush()
    wanted = strategies.build("mfcc").summarise(torch.from_numpy(one.matrix())).numpy()
    np.testing.assert_array_equal(batches.summarise(one), wanted)


@pytest.mark.parametrize("rest", [0, SEGMENT // 3, SEGMENT])
def test_what_was_heard_before_the_encoder_came_is_complete_once(rest: int) -> None:
    plan = ExecutionPlan("cpu", "float32", channels_last=False, batch=BATCH)
    early, one, two = Batches(), track(1), track(2)
    windows = [sound(BATCH * SEGMENT, 1), sound(SEGMENT + rest, 2)]
    for window in windows:
        assert early.hear(one, window) == []
    early.hear(two, sound(SEGMENT, 3))
    finish(one)
    finish(two)
    complete = early.begin(Embedder(strategies.build("mfcc"), plan)) + early.flush()
    assert sorted(done.candidate.file_id for done in complete) == [1, 2]
    segments = [window[: len(window) // SEGMENT * SEGMENT].reshape(-1, SEGMENT) for window in windows]
    np.testing.assert_allclose(one.matrix(), direct(*np.concatenate(segments)), rtol=1e-4, atol=1e-4)


def test_a_track_whose_last_piece_is_too_short_is_complete_when_the_encoder_comes() -> None:
    plan = ExecutionPlan("cpu", "float32", channels_last=False, batch=1)
    early, one = Batches(), track(1)
    early.hear(one, sound(SEGMENT, 1))
    other = track(2)
    early.hear(other, sound(SEGMENT, 2))
    early.hear(one, sound(SEGMENT // 3, 3))
    finish(one)
    assert early.begin(Embedder(strategies.build("mfcc"), plan)) == [one]
