"""The channel between window and helper process."""

from __future__ import annotations

import io
import os
import queue

import pytest

from app.playback.protocol import Channel, Item, decode, encode


def test_any_path_survives() -> None:
    item = Item(7, b"/music/caf\xe9\n\xff \xf0\x9f\x8e\xb5.mp3", 1.5, 10.0)
    line = encode({"item": item.to_json()})
    assert line.count(b"\n") == 1
    assert Item.from_json(decode(line)["item"]) == item


def test_commands_come_in_order_and_the_end_is_told() -> None:
    channel = Channel(io.BytesIO(encode({"do": "a"}) + encode({"do": "b"})), io.BytesIO())
    assert channel.receive(5)["do"] == "a"
    assert channel.receive(5)["do"] == "b"
    with pytest.raises(EOFError):
        channel.receive(5)


def test_waiting_has_an_end() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source, os.fdopen(write, "wb"):
        channel = Channel(source, io.BytesIO())
        with pytest.raises(queue.Empty):
            channel.receive(0.01)
        assert not channel.pending()


def test_a_window_that_is_gone_ends_the_work() -> None:
    read, write = os.pipe()
    os.close(read)
    keep_open, hold = os.pipe()
    with (
        os.fdopen(write, "wb", buffering=0) as sink,
        os.fdopen(keep_open, "rb") as source,
        os.fdopen(hold, "wb"),
    ):
        channel = Channel(source, sink)
        channel.send(event="hello")
        with pytest.raises(EOFError):
            channel.receive(5)
