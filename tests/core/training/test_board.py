from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from core.training.board import Board, tag


def crc32c(content: bytes) -> int:
    """Castagnoli's checksum, a bit at a time."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(content: bytes) -> int:
    value = crc32c(content)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> Iterator[bytes]:
    """TFRecord: length, its checksum, the content, its checksum."""
    content, at = path.read_bytes(), 0
    while at < len(content):
        head = content[at : at + 8]
        (length,) = struct.unpack("<Q", head)
        body = content[at + 12 : at + 12 + length]
        assert struct.unpack("<I", content[at + 8 : at + 12]) == (masked(head),)
        assert struct.unpack("<I", content[at + 12 + length : at + 16 + length]) == (masked(body),)
        at += 16 + length
        yield body


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows: a file that begins with a start takes back what others say of later steps."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.iterdir()):
        first, *events = [Event.FromString(record) for record in records(path)]
        assert first.file_version == "brain.Event:2"
        for event in events:
            if event.HasField("session_log"):
                assert event.session_log.status == event.session_log.START
                curves = {name: [p for p in points if p[0] < event.step] for name, points in curves.items()}
            for value in event.summary.value:
                curves.setdefault(value.tag, []).append((event.step, value.simple_value))
    return curves


def unheard(sentence: str) -> None:
    pytest.fail(sentence)


def test_the_curves_can_be_read_back(tmp_path: Path) -> None:
    with Board(tmp_path / "board", unheard) as board:
        board.log([(1, "loss", 2.5), (1, "share_data", 0.125)])
        board.log([(2, "loss", 2.25), (2, "val_loss", 3.0), (2, "effective_rank", 12.0)])
    assert shown(tmp_path / "board") == {
        "train/loss": [(1, 2.5), (2, 2.25)],
        "time/share_data": [(1, 0.125)],
        "validation/val_loss": [(2, 3.0)],
        "health/effective_rank": [(2, 12.0)],
    }


def test_a_resumed_run_takes_the_place_of_what_it_goes_back_behind(tmp_path: Path) -> None:
    with Board(tmp_path, unheard) as board:
        board.log([(step, "loss", 1.0) for step in range(1, 6)])
    with Board(tmp_path, unheard, resumed_at=3) as board:
        board.log([(4, "loss", 2.0)])
    assert len(list(tmp_path.iterdir())) == 2
    assert shown(tmp_path) == {"train/loss": [(1, 1.0), (2, 1.0), (3, 1.0), (4, 2.0)]}


def test_a_full_disk_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "board"
    board = Board(folder, said.append)
    assert board._writer is not None
    board._writer.close()
    board._writer._writer = Path("/dev/full").open("wb")  # noqa: SIM115 - the board closes it
    for step in range(3):
        board._flushed = 0
        board.log([(step, "loss", 1.0)])
    board.close()
    assert len(said) == 1
    assert "no longer written for TensorBoard" in said[0]
    assert "no room" in said[0]


def test_a_place_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "board").write_text("in the way")
    with Board(tmp_path / "board", said.append, resumed_at=1) as board:
        board.log([(1, "loss", 1.0)])
    assert len(said) == 1


def test_every_metric_has_a_group() -> None:
    assert {tag(m) for m in ("loss", "val_accuracy", "share_forward", "knn_album")} == {
        "train/loss", "validation/val_accuracy", "time/share_forward", "health/knn_album",
    }  # fmt: skip
