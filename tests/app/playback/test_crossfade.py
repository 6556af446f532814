"""Cross-fades: equal power, half of a short track at most, and nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from app.playback.crossfade import Crossfade
from app.playback.ring import Samples

FADE = 100


def steady(frames: int, level: float) -> Samples:
    return np.full((frames, 2), level, np.float32)


def test_without_a_fade_everything_passes_at_once() -> None:
    fade = Crossfade(0)
    assert len(fade.push(steady(10, 1))) == 10
    assert fade.overlap()[1] == 0
    assert (len(fade.push(steady(5, 1))), len(fade.release())) == (5, 0)


@pytest.mark.parametrize("block", [1, 7, 64, 400])
def test_two_tracks_overlap_at_equal_power(block: int) -> None:
    fade, out = Crossfade(FADE), []
    out += [fade.push(part) for part in np.array_split(steady(400, 0.5), 400 // block)]
    assert sum(map(len, out)) == 300
    certain, common = fade.overlap()
    assert (len(certain), common) == (0, FADE)
    np.testing.assert_array_equal(fade.tail, steady(FADE, 0.5))
    out += [fade.push(part) for part in np.array_split(steady(400, -0.25), 400 // block)]
    whole = np.concatenate([*out, fade.release()])[:, 0]
    assert len(whole) == 700
    turn = (np.arange(FADE) + 0.5) / FADE * np.pi / 2
    np.testing.assert_allclose(whole[300:400], 0.5 * np.cos(turn) - 0.25 * np.sin(turn), atol=1e-6)
    assert (whole[:300] == 0.5).all()
    assert (whole[400:] == -0.25).all()


def test_short_tracks_overlap_by_half_and_are_outlasted() -> None:
    fade = Crossfade(FADE)
    first = fade.push(steady(60, 1))
    certain, common = fade.overlap()
    assert (len(first), len(certain), common) == (0, 30, 30)
    assert len(fade.push(steady(10, 0))) == 0  # over before the fade is
    certain, common = fade.overlap()
    assert common == 5
    tail = np.cos((np.arange(30) + 0.5) / 30 * np.pi / 2)
    np.testing.assert_allclose(np.concatenate([certain, fade.tail])[:, 0], tail, atol=1e-6)


def test_a_track_that_was_taken_back_is_faded_as_if_it_had_not_been() -> None:
    fade = Crossfade(FADE)
    fade.hold(steady(FADE, 1))
    assert fade.overlap()[1] == FADE
    assert fade.push(steady(200, 0))[0, 0] == pytest.approx(np.cos(0.5 / FADE * np.pi / 2))
