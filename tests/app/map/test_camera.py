"""Looking at a part of the map: what is under the pointer stays there, and nothing is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.map.camera import FARTHEST, NEAREST, Camera

SIZE = (900.0, 600.0)
WHOLE = (-1.0, -0.5, 1.0, 0.5)
spots = st.tuples(st.floats(0, 900), st.floats(0, 600))
cameras = st.builds(Camera, st.floats(-1, 1), st.floats(-0.5, 0.5), st.floats(10, 1e5))


@given(cameras, spots)
def test_screen_and_map_are_each_others_inverse(camera: Camera, spot: tuple[float, float]) -> None:
    assert camera.to_screen(*camera.to_map(*spot, SIZE), SIZE) == pytest.approx(spot, abs=1e-6)


@given(cameras, spots, st.floats(0.05, 20), st.floats(0, 1))
def test_what_is_under_the_pointer_stays_there_all_the_way(
    camera: Camera, spot: tuple[float, float], factor: float, share: float
) -> None:
    held = camera.to_map(*spot, SIZE)
    near = camera.zoomed(factor, spot, SIZE)
    for one in (near, camera.between(near, share)):
        assert one.to_screen(*held, SIZE) == pytest.approx(spot, abs=0.5)


def test_all_is_in_view_and_as_large_as_can_be() -> None:
    camera = Camera.fitted(WHOLE, SIZE)
    left, top, right, bottom = camera.view(SIZE)
    assert left < -1 < 1 < right
    assert top < -0.5 < 0.5 < bottom
    assert min(right - left, (bottom - top) * 2) == pytest.approx(2 / 0.9)


@given(cameras)
def test_limits_hold_and_change_nothing_within_them(camera: Camera) -> None:
    limited = camera.limited(WHOLE, SIZE)
    whole = Camera.fitted(WHOLE, SIZE).scale
    assert whole * FARTHEST <= limited.scale <= whole * NEAREST
    assert -1 <= limited.x <= 1
    assert limited.limited(WHOLE, SIZE) == limited


def test_a_flight_begins_and_ends_where_it_should() -> None:
    here, there = Camera(0, 0, 100), Camera(0.5, -0.2, 3000)
    assert here.between(there, 0) == here
    end = here.between(there, 1)
    assert (end.x, end.y, end.scale) == pytest.approx((0.5, -0.2, 3000))
    side = here.between(Camera(1, 1, 100), 0.5)
    assert (side.x, side.y) == (0.5, 0.5)
    assert here.panned(50, -20) == Camera(-0.5, 0.2, 100)
