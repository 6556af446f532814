"""Ogg files are read page by page, and nothing that anybody sees tells."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from core.audio import ogg
from core.audio.decode import decode
from core.audio.doorway import Excerpt, open_regular
from core.audio.packets import Paged, look_through
from core.audio.records import Request
from core.audio.source import Source
from tests.hearing import Heard, hear, write_noise

SECONDS = 60.0


@pytest.fixture(scope="module", params=["vorbis", "opus"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with quiet and loud places: libsndfile's Vorbis has blocks of two sizes then."""
    path = tmp_path_factory.mktemp("ogg") / f"x.{request.param}"
    if request.param == "opus":
        return write_noise(path, SECONDS).read_bytes()
    rng, rate = np.random.default_rng(0), 44_100
    with soundfile.SoundFile(path, "w", rate, 2, format="OGG", subtype="VORBIS") as file:
        for _ in range(int(SECONDS)):
            beat = rng.standard_normal((rate, 2)) * np.exp(-np.arange(rate) / 3000)[:, None]
            file.write(0.2 * beat)
    return path.read_bytes()


@pytest.fixture
def by_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Heard]:
    """Hears a file with every packet demuxed."""

    def heard(path: Path) -> Heard:
        with monkeypatch.context() as patch:
            patch.setattr(ogg, "HEADERS", {})
            return hear(path, segments=4)

    return heard


def paged(path: Path) -> bool:
    """Whether a file's packets are known by its pages."""
    with open_regular(os.fsencode(path)) as file:
        source = Source(file, lambda: None)
        found = isinstance(look_through(file, source, keep=False), Paged)
        source.close()
    return found


def same(one: Heard, other: Heard) -> None:
    assert one.finished.identity == other.finished.identity
    assert (one.finished.partial, one.finished.reason) == (other.finished.partial, other.finished.reason)
    assert one.finished.seconds == pytest.approx(other.finished.seconds, abs=1e-9)
    assert [start for start, _ in one.windows] == [start for start, _ in other.windows]
    np.testing.assert_array_equal(one.samples, other.samples)


def test_segments_identity_and_length_are_those_of_all_packets(
    whole: bytes, by_ffmpeg: Callable[[Path], Heard], tmp_path: Path
) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(whole)
    assert paged(path)
    heard = hear(path, segments=4)
    assert len(heard.windows) == 4
    same(heard, by_ffmpeg(path))


def pages(data: bytes) -> list[bytes]:
    """A file's pages."""
    found = []
    while data:
        size = 27 + data[26] + sum(data[27 : 27 + data[26]])
        found.append(data[:size])
        data = data[size:]
    return found


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def without_a_page(data: bytes) -> bytes:
    found = pages(data)
    return b"".join(found[: len(found) // 2] + found[len(found) // 2 + 1 :])


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        without_a_page,
        lambda data: data + data,  # two streams, one behind the other
        lambda data: data[: len(data) * 2 // 3],
        lambda data: data + b"something else",
        lambda data: data[:-20] + bytes(20),
    ],
)
def test_what_is_not_whole_is_left_to_ffmpeg(
    damage: Callable[[bytes], bytes], whole: bytes, by_ffmpeg: Callable[[Path], Heard], tmp_path: Path
) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(damage(whole))
    assert not paged(path)
    same(hear(path, segments=4), by_ffmpeg(path))


def test_only_pages_around_the_segments_are_demuxed(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(whole)
    with open_regular(os.fsencode(path)) as file:
        source = Source(file, lambda: None)
        everything = sum(1 for _ in source.packets())
        source.close()
        source = Source(file, lambda: None)
        packets = look_through(file, source, keep=True)
        assert packets is not None
        begin, end = 20.0 * 16_000, 26.0 * 16_000
        near = list(packets.near([(begin, end)]))
        source.close()
    assert sum(1 for placed in near if placed.packet.size) < (6 + 5) / SECONDS * everything
    inside = [placed for placed in near if placed.end > begin and placed.begin < end]
    assert inside[0].begin <= begin  # no hole where it begins or ends
    assert inside[-1].end >= end
    assert all(a.end == pytest.approx(b.begin, abs=800) for a, b in itertools.pairwise(inside))


def test_the_identity_alone_takes_no_packet_but_the_first(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(whole)
    beats: list[None] = []
    list(decode(Request(0, os.fsencode(path), identify_only=True), 86_400, lambda: beats.append(None)))
    assert 0 < len(beats) <= 1 + len(pages(whole)) / 8


@given(
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=20),
    spans=st.lists(st.tuples(st.integers(-10, 300), st.integers(1, 60)), max_size=4),
)
def test_stretches_hold_the_spans_and_do_not_meet(sizes: list[int], spans: list[tuple[int, int]]) -> None:
    times = np.cumsum(sizes).tolist()
    laid = ogg.Pages(7, [7 + time for time in times], times, times[-1], 0)  # a byte for a tick
    ordered = sorted((begin, begin + length) for begin, length in spans)
    found = laid.around(ordered)
    assert found[0][0] == 0
    assert found[0][1] >= 7
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))
    for begin, end in ordered:
        wanted = range(max(begin, 0), min(end, times[-1]))
        assert all(any(a <= tick + 7 < b for a, b in found) for tick in wanted)


@given(data=st.data())
def test_an_excerpt_is_its_stretches_in_one(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "excerpt.bin"
    content = bytes(range(200))
    path.write_bytes(content)
    marks = sorted(data.draw(st.sets(st.integers(0, 200), min_size=2, max_size=8)))
    stretches = list(zip(marks[::2], marks[1::2], strict=False))
    wanted = b"".join(content[begin:end] for begin, end in stretches)
    with open_regular(os.fsencode(path)) as file:
        excerpt = Excerpt(file, stretches)
        assert excerpt.length == len(wanted)
        at = data.draw(st.integers(0, len(wanted) + 5))
        assert excerpt.seek(at) == at
        read = b""
        while piece := excerpt.read(data.draw(st.integers(1, 30))):
            read += piece
        assert read == wanted[at:]
        assert excerpt.tell() == max(at, len(wanted))
        assert excerpt.seek(-len(wanted), io.SEEK_END) == 0
        assert excerpt.read(1) == wanted[:1]
        assert excerpt.seek(-2, io.SEEK_CUR) < 0
        excerpt.close()
        assert file.read(1) is not None  # the file itself is still open
