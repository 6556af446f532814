from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import ID3, TIT2

from core.audio import SAMPLE_RATE, SEGMENT, spread
from core.audio.records import Samples
from tests.audio_files import FORMATS, tone, write, write_tone
from tests.hearing import hear, write_noise

LOSSLESS = [kind for kind, form in FORMATS.items() if form.lossless]


@given(total=st.integers(0, 10**9), segments=st.integers(1, 1000))
def test_starts_lie_within_the_track_apart_and_evenly(total: int, segments: int) -> None:
    at = spread.starts(total, segments)
    assert at == sorted(set(at))
    assert 1 <= len(at) <= segments
    if total >= SEGMENT:
        assert at[0] >= 0
        assert at[-1] + SEGMENT <= total
    gaps = np.diff(at)
    assert all(gaps >= SEGMENT)
    assert np.ptp(gaps) <= 1 if gaps.size else True
    if total >= segments * SEGMENT:
        assert len(at) == segments
        assert abs(at[0] - (total - at[-1] - SEGMENT)) <= 1  # as far from the end as from the beginning


@given(
    sizes=st.lists(st.integers(1, 3 * SEGMENT), max_size=12),
    starts=st.sets(st.integers(0, 20), min_size=1, max_size=6),
)
def test_cutting_does_not_depend_on_the_chunks(sizes: list[int], starts: set[int]) -> None:
    sound = np.arange(sum(sizes), dtype=np.float32)
    chunks = np.split(sound, np.cumsum(sizes)[:-1]) if sizes else []
    at = [start * SEGMENT for start in sorted(starts)]
    whole = list(spread.cut([sound] if sizes else [], at))
    parts = list(spread.cut(chunks, at))
    assert [start for start, _ in parts] == [start for start, _ in whole]
    for (start, part), (_, same) in zip(parts, whole, strict=True):
        assert part.size == SEGMENT
        np.testing.assert_array_equal(part, same)
        there = sound[start : start + SEGMENT]
        np.testing.assert_array_equal(part[: there.size], there)


def lag(part: Samples, whole: Samples, start: int) -> int:
    """By how many samples `part` lies off `start` in `whole`, found by correlation (up to 0.5 s)."""
    reach = SAMPLE_RATE // 2
    begin = max(0, start - reach)
    around = whole[begin : start + part.size + reach]
    size = around.size + part.size
    product = np.fft.irfft(np.fft.rfft(around, size) * np.fft.rfft(part, size).conj(), size)
    return int(np.argmax(product[: around.size])) - (start - begin)


def low(samples: Samples) -> Samples:
    return np.convolve(samples, np.ones(16, np.float32), "valid")


@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus", "wma", "aac", "ac3", "flac"])
def test_segments_are_what_the_whole_file_has_there(kind: str, tmp_path: Path) -> None:
    path = write_noise(tmp_path / f"x.{kind}", 61.0)
    whole = hear(path)
    heard = hear(path, segments=4)
    assert [samples.size for _, samples in heard.windows] == [SEGMENT] * 4
    assert [start for start, _ in heard.windows] == spread.starts(
        int(heard.finished.seconds * SAMPLE_RATE), 4
    )
    for start, samples in heard.windows:
        off = lag(samples, whole.samples, start)
        assert abs(off) <= (0.5 if kind == "wma" else 0.12) * SAMPLE_RATE, f"{off / SAMPLE_RATE:.3f} s off"
        there = whole.samples[start + off : start + off + SEGMENT]
        # Low frequencies only: the resampler may begin between two samples.
        assert np.corrcoef(low(samples), low(there))[0, 1] > 0.97
    assert not heard.finished.partial, heard.finished.reason


@pytest.mark.parametrize("kind", LOSSLESS)
def test_of_a_lossless_file_they_are_just_that(kind: str, tmp_path: Path) -> None:
    path = write_noise(tmp_path / f"x.{kind}", 61.0, SAMPLE_RATE)
    whole = hear(path).samples
    for start, samples in hear(path, segments=7).windows:
        np.testing.assert_array_equal(samples, whole[start : start + SEGMENT])


def test_vorbis_blocks_of_two_sizes_are_timed_right(tmp_path: Path) -> None:
    # Beats change the size of the blocks; FFmpeg then gives packets that are shorter than what they decode to.
    rng, rate, seconds = np.random.default_rng(0), 44_100, 60
    beats = np.exp(-np.arange(rate // 4) / 300) * rng.standard_normal((seconds * 4, rate // 4))
    path = tmp_path / "x.ogg"  # FFmpeg's own encoder knows one size alone, libsndfile's both
    with soundfile.SoundFile(path, "w", rate, 1, format="OGG", subtype="VORBIS") as file:
        for beat in 0.2 * beats:  # libsndfile crashes on a minute at once
            file.write(beat)
    packets = [packet for packet in av.open(path).demux() if packet.size]
    durations = sum(float((packet.duration or 0) * packet.time_base) for packet in packets)
    assert durations < 0.98 * seconds  # else this says nothing
    whole, heard = hear(path), hear(path, segments=4)
    assert not heard.finished.partial, heard.finished.reason
    assert heard.finished.seconds == pytest.approx(whole.finished.seconds, abs=0.05)
    for start, samples in heard.windows:
        assert abs(lag(samples, whole.samples, start)) <= 0.05 * SAMPLE_RATE


def test_only_the_segments_are_decoded(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.mp3", 120.0)
    whole, few = hear(path).finished, hear(path, segments=3).finished
    assert few.cpu_seconds < 0.6 * whole.cpu_seconds
    assert few.seconds == pytest.approx(whole.seconds, abs=0.1)


def test_the_same_every_time_and_whatever_the_tags(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.mp3", 60.0)
    first, again = hear(path, segments=6), hear(path, segments=6)
    np.testing.assert_array_equal(first.samples, again.samples)
    tags = ID3()
    tags.add(TIT2(encoding=3, text="x" * 100_000))
    tags.save(path, v1=2)
    np.testing.assert_array_equal(hear(path, segments=6).samples, first.samples)


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus"])
def test_whether_packets_are_kept_or_read_again_does_not_matter(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_noise(tmp_path / f"x.{kind}", 60.0)
    kept, kept_whole = hear(path, segments=6), hear(path, known="other")
    monkeypatch.setattr("core.audio.decode._KEEP", 1000)
    read, read_whole = hear(path, segments=6), hear(path, known="other")
    np.testing.assert_array_equal(kept.samples, read.samples)
    np.testing.assert_array_equal(kept_whole.samples, read_whole.samples)
    assert read.finished.identity == kept.finished.identity == kept_whole.finished.identity


def test_a_track_too_short_for_so_many_is_taken_whole(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 10.0)
    heard = hear(path, segments=4)
    assert [start for start, _ in heard.windows] == [0, SEGMENT, 2 * SEGMENT]
    np.testing.assert_array_equal(heard.samples, hear(path).samples[: 3 * SEGMENT])


def test_a_track_barely_long_enough_is_cut_without_skipping(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 12.5)
    heard, whole = hear(path, segments=4), hear(path).samples
    assert len(heard.windows) == 4
    for start, samples in heard.windows:
        np.testing.assert_array_equal(samples, whole[start : start + SEGMENT])


def test_a_track_shorter_than_a_segment_is_padded(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.flac", seconds=1.0)
    ((start, samples),) = hear(path, segments=10).windows
    assert start == 0
    np.testing.assert_array_equal(samples[:SAMPLE_RATE], hear(path).samples)
    assert not samples[SAMPLE_RATE:].any()


@pytest.mark.parametrize("factor", [0.1, 5])
def test_a_wrong_declared_length_does_not_move_the_segments(factor: float, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.mp3", 60.0)
    honest = hear(path, segments=5)
    data = bytearray(path.read_bytes())
    at = data.index(b"Info") + 8
    frames = int.from_bytes(data[at : at + 4], "big")
    data[at : at + 4] = int(frames * factor).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    liar = hear(path, segments=5)
    assert [start for start, _ in liar.windows] == [start for start, _ in honest.windows]
    # FFmpeg trims where it takes the end to be, which may fall into one of them.
    same = [np.array_equal(a, b) for (_, a), (_, b) in zip(liar.windows, honest.windows, strict=True)]
    assert sum(same) >= 4


def test_packets_without_times_are_measured_by_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_noise(tmp_path / "x.flac", 30.0)
    timed = hear(path, segments=3)
    monkeypatch.setattr(
        "core.audio.source.Source.seconds", property(lambda _: 0.0, lambda *_: None), raising=False
    )
    untimed = hear(path, segments=3)
    assert [start for start, _ in untimed.windows] == pytest.approx(
        [start for start, _ in timed.windows], abs=500
    )
    assert untimed.finished.seconds == pytest.approx(30, abs=0.1)


def test_a_broken_file_gives_the_segments_it_has(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 60.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard = hear(path, segments=5)
    assert len(heard.windows) == 5
    assert heard.finished.partial
    assert heard.finished.reason == "Only 30 s of 60 s could be read."


def test_segments_of_a_long_file_stay_below_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "x.flac", tone(60.0, channels=1))
    heard = hear(path, segments=4, longest_s=20)
    assert [start for start, _ in heard.windows] == spread.starts(20 * SAMPLE_RATE, 4)
    assert "20 s" in heard.finished.reason
    assert all(a + SEGMENT <= b for a, b in itertools.pairwise(start for start, _ in heard.windows))
