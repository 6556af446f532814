from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import mutagen
import numpy as np
import pytest
import torch

from core import encoders, strategies
from core.audio.decode import decode
from core.audio.records import Request, Window
from core.jobs.events import Event, Progress, Skipped
from core.library.store import Library
from core.nets import checkpoint
from core.settings import EmbeddingSettings, Settings
from core.strategies import Strategy
from tests.audio_files import write_music, write_tone
from tests.library_tools import Recorder, counts, embed, run_job, scan, vectors, write_noise


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "lib" / "a.earmap") as opened:
        yield opened


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six short pieces in as many formats."""
    folder = tmp_path_factory.mktemp("songs")
    for seed, ending in enumerate(("flac", "mp3", "aiff", "opus", "wav", "m4a")):
        write_music(folder / f"{seed}.{ending}", 5.0 + seed, seed=seed, tags={"artist": f"Artist {seed % 2}"})
    return folder


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """Sixty tracks of a fifth of a second."""
    (tmp_path / "tones").mkdir()
    for i in range(60):
        write_tone(tmp_path / "tones" / f"{i}.wav", 0.2, frequency=200 + i)
    return tmp_path / "tones"


@pytest.fixture
def music(songs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(songs, tmp_path / "music"))


def test_every_track_gets_the_vector_of_its_segments(library: Library, music: Path) -> None:
    scan(library, music)
    result = embed(library)
    assert (result["read"], result["embedded"], result["pending"]) == (6, 6, 0)
    strategy = strategies.build("mfcc")
    raw = _wave(music / "4.wav")
    segments = torch.from_numpy(raw[: len(raw) // 48_000 * 48_000].reshape(-1, 48_000))
    wanted = strategy.summarise(strategy.embed(segments)).numpy()
    file = library.rows.find(os.fsencode(music / "4.wav"))
    row = library.rows.page(1, "whole", [file])[0]
    stored = np.frombuffer(vectors(library)[str(row.track_id)], np.float32)
    np.testing.assert_allclose(stored, wanted, rtol=1e-4, atol=1e-3)
    assert (row.codec, row.state) == ("pcm_s16le", "embedded")
    assert row.seconds == pytest.approx(9.0, abs=0.05)


def _wave(path: Path) -> np.ndarray:
    """The file at 16 kHz mono, decoded here and now: (samples,)."""
    events = decode(Request(0, os.fsencode(path)), 3600.0, lambda: None)
    return np.concatenate([event.samples.copy() for event in events if isinstance(event, Window)])


def test_a_second_run_reads_nothing(library: Library, music: Path) -> None:
    scan(library, music)
    embed(library)
    assert embed(library)["read"] == 0


def test_moved_renamed_and_retagged_files_keep_their_vectors(library: Library, music: Path) -> None:
    scan(library, music)
    embed(library)
    before = vectors(library)
    (music / "sub").mkdir()
    for path in list(music.glob("*.*")):
        if path.suffix not in (".wav", ".aiff"):  # mutagen has no easy tags for these two
            tags = mutagen.File(path, easy=True)
            tags["title"] = ["A new name"]
            tags.save()
        path.rename(music / "sub" / f"renamed {path.name}")
    scan(library)
    run = embed(library)
    assert vectors(library) == before
    assert run["found"] == run["embedded"] == 6
    assert [row.title for row in _rows(library)].count("A new name") == 4


def test_a_changed_file_gets_a_new_vector(library: Library, music: Path) -> None:
    scan(library, music)
    embed(library)
    before = vectors(library)
    write_music(music / "0.flac", 7.0, seed=99)
    scan(library)
    assert embed(library)["embedded"] == 6
    assert len(vectors(library).items() - before.items()) == 1


def test_copies_are_one_track_with_several_paths(library: Library, music: Path) -> None:
    shutil.copy(music / "0.flac", music / "zero again.flac")
    scan(library, music)
    embed(library)
    assert (counts(library).found, counts(library).embedded, counts(library).duplicates) == (7, 7, 1)
    assert len(vectors(library)) == 6
    assert len(library.rows.order(1, "whole")) == 6


def test_one_bad_file_costs_that_file_only(library: Library, music: Path) -> None:
    (music / "text.mp3").write_text("This is no music. " * 500)
    (music / "cut.flac").write_bytes((music / "0.flac").read_bytes()[:30_000])
    listener = Recorder()
    scan(library, music)
    assert run_job(library, "embed", listener=listener).outcome == "completed"
    figures = counts(library)
    assert (figures.found, figures.embedded, figures.pending) == (8, 6, 0)
    assert figures.failed + figures.skipped >= 1
    skipped = {Path(event.item).name: event.reason for event in listener.of(Skipped)}
    assert set(skipped) == {"text.mp3", "cut.flac"}
    assert all(len(reason) > 15 for reason in skipped.values())
    assert embed(library)["read"] == 0, "what failed is not tried again by itself"
    library.files.retry()
    assert embed(library)["read"] == figures.failed


def test_short_tracks_are_padded_and_the_rest_of_long_ones_dropped(library: Library, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_tone(tmp_path / "m" / "short.wav", 0.5)
    write_tone(tmp_path / "m" / "long.wav", 8.9)
    scan(library, tmp_path / "m")
    embed(library, keep_segments=True)
    kept = {row.title: library.vectors.segments(row.track_id, 1, "whole") for row in _rows(library)}
    assert {title: segments.shape for title, segments in kept.items()} == {"short": (1, 40), "long": (2, 40)}


def test_segments_that_were_not_kept_are_made_up_for(library: Library, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_tone(tmp_path / "m" / "one.wav", 7.0)
    scan(library, tmp_path / "m")
    embed(library)
    before = library.vectors.after(1, "whole", 0)
    (track,) = before[1].tolist()
    assert library.vectors.segments(track, 1, "whole") is None
    assert embed(library)["read"] == 0  # nothing more is asked for
    assert embed(library, keep_segments=True)["read"] == 1
    assert library.vectors.segments(track, 1, "whole").shape == (2, 40)
    after = library.vectors.after(1, "whole", 0)
    assert after[0] == before[0]  # the very same vector
    np.testing.assert_array_equal(after[2], before[2])
    assert embed(library, keep_segments=True)["read"] == 0


def _rows(library: Library) -> list:
    return library.rows.page(1, "whole", library.rows.order(1, "whole").tolist())


def test_spread_segments_are_a_plan_of_their_own(library: Library, music: Path) -> None:
    scan(library, music)
    embed(library)
    assert embed(library, segments=1)["read"] == 6
    assert len(vectors(library, plan="spread-1")) == 6
    assert vectors(library, plan="spread-1") != vectors(library)


def test_an_encoder_that_hears_segments_in_their_order_says_what_spread_ones_are_to_it(
    library: Library, music: Path
) -> None:
    scan(library, music)
    strategy = strategies.build("melcpc", {"width": 0.125})
    card = {"name": "foretells"}
    file = checkpoint.save(strategy, library.sidecar("encoders"), dict(card)).name
    library.encoders.add(
        name="foretells", strategy="melcpc", config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
        track_dim=strategy.track_dim, front_end=strategy.front_end, weights_hash=checkpoint.weights_hash(strategy),
        card=card, file=file,
    )  # fmt: skip
    told = {}
    for segments in (0, 1):
        heard = Recorder()
        embed(library, encoder="foretells", segments=segments, device="cpu", listener=heard)
        told[segments] = [event.reason for event in heard.of(Skipped) if event.item == "encoder"]
    assert told[0] == []
    assert ["Whole tracks" in reason and "foretells" in reason for reason in told[1]] == [True]


def test_a_stop_keeps_what_is_finished_and_goes_on(library: Library, tones: Path) -> None:
    scan(library, tones)
    cancelled = threading.Event()

    def stop_after_two(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= 2:
            cancelled.set()

    assert run_job(library, "embed", cancelled=cancelled, listener=stop_after_two).outcome == "cancelled"
    done = counts(library).embedded
    assert 2 <= done < 60
    assert embed(library)["read"] == 60 - done
    assert counts(library).embedded == 60


def test_a_folder_that_vanishes_is_offline_and_loses_nothing(library: Library, music: Path) -> None:
    scan(library, music)
    music.rename(music.with_name("unplugged"))
    embed(library)
    assert (counts(library).offline, counts(library).missing, counts(library).failed) == (6, 0, 0)
    music.with_name("unplugged").rename(music)
    scan(library)
    assert embed(library)["embedded"] == 6


def test_a_clicked_track_is_next(library: Library, music: Path) -> None:
    scan(library, music)
    file = library.rows.find(os.fsencode(music / "5.m4a"))
    library.files.prioritise(file)
    record = library.encoders.add(
        name="x", strategy="x", config={}, dim=1, track_dim=1, front_end="", weights_hash="", card={}
    )
    assert library.files.candidates(record.id, "whole", 1, [])[0].file_id == file


def test_random_encoders_are_calibrated_once_and_kept(library: Library, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    write_noise(tmp_path / "many", 12, 16.0)
    scan(library, tmp_path / "many")
    result = embed(library, encoder="random-w0.125")
    assert result["embedded"] == 12
    record = library.encoders.get("random-w0.125")
    assert (record.strategy, record.track_dim) == ("random", 256)
    assert (library.sidecar("encoders") / record.file).stat().st_size > 100_000
    assert embed(library, encoder="random-w0.125")["read"] == 0
    before = vectors(library, "random-w0.125")
    library.files.reread([row.file_id for row in _rows(library)])
    embed(library, encoder="random-w0.125")
    after = vectors(library, "random-w0.125")
    for key in before:
        a, b = (np.frombuffer(v[key], np.float32) for v in (before, after))
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.999


def test_too_little_music_to_calibrate_is_a_sentence(library: Library, music: Path) -> None:
    scan(library, music)
    ended = run_job(library, "embed", encoder="random-w0.125")
    assert ended.outcome == "failed"
    assert "too little music" in ended.title


def test_an_unknown_encoder_is_a_sentence(library: Library) -> None:
    ended = run_job(library, "embed", encoder="nonsense")
    assert "no encoder called nonsense" in ended.title
    assert "mfcc" in ended.hint


class _Broken(Strategy):
    """An encoder whose weights have gone bad."""

    name = "broken"
    title = summary = front_end = "broken"
    dim = 4

    def forward(self, waves: torch.Tensor) -> torch.Tensor:
        return torch.full((len(waves), 4), torch.nan)


def test_an_encoder_without_numbers_stops_and_says_so(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, tones)
    monkeypatch.setattr(encoders, "_build", lambda name: _Broken(Strategy.Config()))
    ended = run_job(library, "embed", encoder="broken")
    assert ended.outcome == "failed"
    assert "no usable numbers for 20 tracks in a row" in ended.title


def test_settings_choose_encoder_and_segments(library: Library, music: Path) -> None:
    scan(library, music)
    settings = Settings(embedding=EmbeddingSettings(segments=1))
    assert run_job(library, "embed", settings).result["plan"] == "spread-1"
