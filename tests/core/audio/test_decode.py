from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.decode import WINDOW, decode
from core.audio.doorway import AudioFile
from core.audio.records import Request, Samples
from tests.audio_files import FORMATS, music, tone, write, write_tone
from tests.hearing import hear, identity, write_noise
from tests.torture import float_wav, wav


def peaks(samples: Samples) -> dict[int, float]:
    """Amplitude of each whole frequency (Hz) that stands out in one second from the middle."""
    begin = samples.size // 2 - SAMPLE_RATE // 2
    spectrum = np.abs(np.fft.rfft(samples[begin : begin + SAMPLE_RATE])) * 2 / SAMPLE_RATE
    return {int(hz): float(spectrum[hz]) for hz in np.flatnonzero(spectrum > 0.05)}


def by_channels(channels: int, rate: int = SAMPLE_RATE, seconds: float = 2.0) -> tuple[bytes, float]:
    """A float WAV with a constant of its own in each channel, and their mean."""
    values = np.linspace(-0.9, 0.5, channels) ** 3
    samples = np.tile(values, (int(seconds * rate), 1))
    return float_wav(samples, rate, channels), float(values.mean())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_becomes_mono_at_16_khz(kind: str, tmp_path: Path) -> None:
    # LAME takes 5 % off. 440 Hz on the left and 880 Hz on the right, 0.5 each: half of it is left of each.
    heard = hear(write_tone(tmp_path / f"x.{kind}", seconds=5.0))
    assert heard.samples.dtype == np.float32
    assert heard.samples.size == pytest.approx(5 * SAMPLE_RATE, abs=0.05 * SAMPLE_RATE)
    found = peaks(heard.samples)
    assert found[440] == pytest.approx(0.25, rel=0.07)
    if kind != "ogg":  # FFmpeg's own Vorbis encoder blurs the upper tone
        assert found == {440: found[440], 880: pytest.approx(0.25, rel=0.07)}
    assert not heard.finished.partial, heard.finished.reason
    assert heard.finished.seconds == heard.samples.size / SAMPLE_RATE
    assert heard.finished.declared_seconds == pytest.approx(5.0, abs=0.2)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8, 12, 64])
@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100])
def test_the_mix_is_the_mean_of_all_channels(channels: int, rate: int, tmp_path: Path) -> None:
    data, mean = by_channels(channels, rate)
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    middle = hear(path).samples[SAMPLE_RATE // 2 : -SAMPLE_RATE // 2]
    np.testing.assert_allclose(middle, mean, atol=2e-6)


def test_a_layout_with_names_is_mixed_with_equal_weights_too(tmp_path: Path) -> None:
    surround = np.zeros((2 * 48_000, 6), np.float32)
    surround[:, 3] = 0.6  # the low-frequency channel, which FFmpeg's own mix leaves out
    path = tmp_path / "x.wav"
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("pcm_f32le", rate=48_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(surround.reshape(1, -1), "flt", "5.1")
        frame.sample_rate = 48_000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    np.testing.assert_allclose(hear(path).samples[8_000:-8_000], 0.1, atol=1e-5)


def test_more_channels_than_can_be_mixed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(by_channels(65, seconds=0.5)[0])
    assert "channels" in hear(path).failed.reason or "decoded" in hear(path).failed.reason


def test_16_bit_samples_are_not_rounded_by_the_mix(tmp_path: Path) -> None:
    stereo = np.tile(np.array([1, 0], "<i2"), (SAMPLE_RATE, 1))
    path = tmp_path / "x.wav"
    path.write_bytes(wav(stereo.tobytes(), channels=2))
    np.testing.assert_array_equal(hear(path).samples, np.float32(0.5 / 32_768))


def test_24_bit_samples_keep_their_depth(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(wav(b"\1\0\0" * SAMPLE_RATE, bits=24))
    np.testing.assert_array_equal(hear(path).samples, np.float32(1 / 2**23))


def test_agrees_with_a_plain_loop_over_frames(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 40.0)
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(path) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    plain = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    np.testing.assert_allclose(hear(path).samples, plain, atol=1e-6)


def test_windows_follow_each_other_and_hold_whole_segments(tmp_path: Path) -> None:
    heard = hear(write_noise(tmp_path / "x.flac", 65.0))
    sizes = [samples.size for _, samples in heard.windows]
    assert sizes[:-1] == [WINDOW, WINDOW]
    assert WINDOW % SEGMENT == 0
    assert [start for start, _ in heard.windows] == [0, WINDOW, 2 * WINDOW]
    assert sum(sizes) == 65 * SAMPLE_RATE


def test_the_same_file_gives_the_same_samples(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.mp3", 20.0)
    np.testing.assert_array_equal(hear(path).samples, hear(path).samples)


def test_the_longest_length_cuts_the_sound_and_not_the_identity(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 20.0)
    heard = hear(path, longest_s=8.0)
    assert heard.samples.size == 8 * SAMPLE_RATE
    assert heard.finished.partial
    assert "8.0 s" in heard.finished.reason
    assert heard.finished.identity == identity(path)
    np.testing.assert_array_equal(heard.samples, hear(path).samples[: 8 * SAMPLE_RATE])


def test_a_file_of_exactly_the_longest_length_is_whole(tmp_path: Path) -> None:
    assert not hear(write_noise(tmp_path / "x.flac", 8.0), longest_s=8.0).finished.partial


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav", "aiff", "wma", "wv"])
def test_a_broken_tail_leaves_the_beginning(kind: str, tmp_path: Path) -> None:
    path = write_tone(tmp_path / f"x.{kind}", seconds=20.0)
    whole = hear(path).samples
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    heard = hear(path)
    assert heard.finished.partial
    assert heard.finished.reason in {f"Only {s} s of 20 s could be read." for s in (11, 12)}
    common = min(whole.size, heard.samples.size) - SEGMENT
    np.testing.assert_allclose(heard.samples[:common], whole[:common], atol=1e-5)


def test_a_hole_in_an_mp3_file_is_noticed(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp3", seconds=20.0)
    data = path.read_bytes()
    third = len(data) // 3
    path.write_bytes(data[:third] + bytes(third) + data[2 * third :])
    assert hear(path).finished.reason == "Only 13 s of 20 s could be read."


def test_a_wrong_frame_count_does_no_harm(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp3", seconds=20.0)
    data = bytearray(path.read_bytes())
    at = data.index(b"Info") + 8
    data[at : at + 4] = (10**6).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    assert not hear(path).finished.partial


def test_rate_and_channels_may_change_midway(tmp_path: Path) -> None:
    first = write_tone(tmp_path / "a.mp3", seconds=5.0)
    second = write(tmp_path / "b.mp3", tone(5.0, 32_000, 1, 1000.0), 32_000)
    joined = tmp_path / "c.mp3"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    samples = hear(joined).samples
    assert samples.size == pytest.approx(10 * SAMPLE_RATE, abs=0.2 * SAMPLE_RATE)
    assert set(peaks(samples[: 5 * SAMPLE_RATE])) == {440, 880}
    assert peaks(samples[-5 * SAMPLE_RATE :]) == {1000: pytest.approx(0.5, rel=0.07)}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers_never_come_out(bad: float, tmp_path: Path) -> None:
    wave = music(4.0, 44_100)[:, 0]
    wave[50_000] = bad
    path = tmp_path / "x.wav"
    path.write_bytes(float_wav(wave, 44_100))
    heard = hear(path)
    assert np.isfinite(heard.samples).all()
    assert np.abs(heard.samples).max() <= 1e5
    assert heard.finished.partial
    assert "no numbers" in heard.finished.reason


def test_a_file_full_of_them_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(float_wav(np.full(60_000, np.nan)))
    assert hear(path).failed.kind == "unreadable"


def test_loud_floats_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(float_wav(np.full(60_000, 20_000.0)))
    np.testing.assert_array_equal(hear(path).samples, 20_000.0)


def sound_of(path: Path) -> int:
    with av.open(path) as container:
        return next(container.decode(audio=0)).samples


def test_a_playlist_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tone(tmp_path / "victim.wav")
    path = tmp_path / "x.mp3"
    path.write_bytes(b"ffconcat version 1.0\nfile 'victim.wav'\n")
    assert sound_of(path)  # what FFmpeg does when nobody stops it
    assert "a playlist" in hear(path).failed.reason
    # Should the signature not give it away, FFmpeg itself has to refuse.
    monkeypatch.setattr("core.audio.reasons.refuse_foreign", lambda file: file.seek(0))
    heard = hear(path)
    assert heard.failed.kind == "no-audio"
    assert not heard.windows


def test_an_archive_of_music_is_no_music(tmp_path: Path) -> None:
    song = write_tone(tmp_path / "song.mp3", seconds=4.0)
    path = tmp_path / "x.mp3"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(song, "song.mp3")
    assert sound_of(path)  # FFmpeg finds the frames within
    assert "a ZIP archive" in hear(path).failed.reason


class FailingReads(io.FileIO):
    """A file whose second half cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > os.fstat(self.fileno()).st_size // 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size) or b""


class FailingDisk(AudioFile, FailingReads):
    pass


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg", "wav"])
def test_a_failing_disk_is_no_broken_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else a network that fails for a moment would give the track another identity.
    path = write_tone(tmp_path / f"x.{kind}", seconds=60.0)
    monkeypatch.setattr("core.audio.decode.open_regular", FailingDisk)
    failed = hear(path).failed
    assert failed.kind == "unreadable"
    assert failed.reason == "The file could not be read: Input/output error."


def test_a_sign_of_life_comes_often(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 40.0)
    beats = [0]

    def alive() -> None:
        beats[0] += 1

    list(decode(Request(0, bytes(path)), 3600, alive))
    assert beats[0] >= 40 // 3


def test_an_endless_container_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_noise(tmp_path / "x.flac", 30.0)
    monkeypatch.setattr("core.audio.doorway.AudioFile.length", -(10**9))  # as if the file were far smaller
    assert hear(path).finished.partial
