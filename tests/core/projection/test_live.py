from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.projection.live import Live, read, shown

TRACKS = np.arange(10, 3010)


def test_pictures_follow_each_other_and_then_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.live"
    assert read(path) is None
    points = np.random.default_rng(0).standard_normal((3000, 2)).astype(np.float32)
    with shown(path, TRACKS, points):
        first = read(path)
        assert first is not None
        np.testing.assert_array_equal(first.tracks, TRACKS)
        np.testing.assert_array_equal(first.points, points)
        Live(path).write(points * 2)
        second = read(path)
        assert second is not None
        assert second.version > first.version
        np.testing.assert_array_equal(second.points, points * 2)
    assert read(path) is None


def test_no_picture_is_ever_torn(tmp_path: Path) -> None:
    path, ended = tmp_path / "a.live", threading.Event()

    def draw() -> None:
        live, turn = Live(path), 0
        while not ended.is_set():
            turn += 1
            live.write(np.full((3000, 2), turn, np.float32))
            time.sleep(0.0005)  # or there would hardly be a moment without a writer

    with shown(path, TRACKS, np.zeros((3000, 2), np.float32)):
        painter = threading.Thread(target=draw)
        painter.start()
        try:
            seen, limit = [], time.monotonic() + 10
            while (
                len({picture.version for picture in seen if picture is not None}) < 50
                and time.monotonic() < limit
            ):
                seen.append(read(path))
        finally:
            ended.set()
            painter.join()
    pictures = [picture for picture in seen if picture is not None]
    assert len({picture.version for picture in pictures}) > 20
    assert all(len(np.unique(picture.points)) == 1 for picture in pictures)
    versions = [picture.version for picture in pictures]
    assert versions == sorted(versions)


@pytest.mark.parametrize(
    "content", [b"", b"EARMAP-1", b"something else altogether, and long enough", b"EARMAP-1" + bytes(50)]
)
def test_a_damaged_file_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.live"
    path.write_bytes(content)
    assert read(path) is None


def test_a_picture_half_written_by_a_process_that_died_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.live"
    with shown(path, TRACKS, np.zeros((3000, 2), np.float32)):
        whole = bytearray(path.read_bytes())
        whole[8:16] = np.array([3], "<i8").tobytes()
        path.write_bytes(whole)
        assert read(path) is None


def test_where_nothing_can_be_written_there_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError),
        shown(tmp_path / "nowhere" / "a.live", TRACKS, np.zeros((3000, 2), np.float32)),
    ):
        pass
    with pytest.raises(UserError):
        Live(tmp_path / "b.live")
