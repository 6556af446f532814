"""From a library to its clips: told before, decoded once, counts that add up, and nothing lost on the way."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from core import clips_build, paths
from core.audio.clip_store import store_bytes
from core.audio.clips import ClipSet
from core.audio.pool import DecodePool
from core.clips_plan import Music, clips_folder, plan, recording_key, stored_clips
from core.jobs.events import Ended, Event, Progress, Skipped
from core.jobs.process import JobProcess
from core.library.store import Library
from core.settings import AudioSettings, Settings, TrainingSettings
from tests.accidents import careless
from tests.audio_files import tone
from tests.clip_tools import InThisProcess, check_digests, no_file_larger_than, sounds_of
from tests.hearing import write_noise
from tests.library_tools import Recorder, embed, run_job, scan

RATE = 16_000
SECONDS = 4.0


def write_album(folder: Path, count: int, seconds: float = 5.0, artist: str = "Ann", first: int = 0) -> Path:
    """Tracks of noise in FLAC at 16 kHz, each another."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        path = write_noise(folder / f"{number:02}.flac", seconds, RATE, seed=number)
        tag(path, title=f"Song {number}x", artist=artist, album=folder.name, albumartist=f"{artist} & Co")
    return folder


def tag(path: Path, **values: str) -> None:
    file = FLAC(path)
    file.update(values)
    file.save()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "lib" / "a.earmap") as opened:
        yield opened


@pytest.fixture
def album(library: Library, tmp_path: Path) -> Path:
    """Six tracks, scanned and never listened to."""
    folder = write_album(tmp_path / "music" / "First", 6)
    scan(library, folder)
    return folder


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The names of the files that were decoded, one entry for each time."""
    names: list[bytes] = []
    monkeypatch.setattr(clips_build, "DecodePool", InThisProcess(names))
    return names


def run(library: Library, listener: Any = None, settings: Settings | None = None, **params: Any) -> Ended:
    return run_job(library, "clips", settings, listener=listener, **({"seconds": SECONDS} | params))


def build(library: Library, **params: Any) -> tuple[ClipSet, dict[str, Any]]:
    """The whole store after a run that went well, and the run's figures, which add up."""
    heard = Recorder()
    ended = run(library, heard, **params)
    assert ended.outcome == "completed", (ended.title, ended.details)
    figures = ended.result
    assert figures["asked"] == figures["clips"] + figures["left_out"]
    assert figures["left_out"] == len(heard.of(Skipped))
    clips = ClipSet.open(Path(figures["folder"]))
    check_digests(clips)
    return clips, figures


def titles(clips: ClipSet) -> list[str]:
    return sorted(clip.title for clip in clips.clips)


# -- what is stored --------------------------------------------------------------------------------


def test_clips_are_the_middle_of_each_track_to_the_last_sample(library: Library, album: Path) -> None:
    clips, figures = build(library)  # in processes of their own, as people have it
    assert (figures["clips"], figures["decoded"], figures["clipped"]) == (6, 6, 0)
    for row, clip in enumerate(clips.clips):
        whole, _ = soundfile.read(album / f"{int(clip.title[5:-1]):02}.flac", dtype="int16")
        begin = (len(whole) - clip.samples) // 2
        assert clip.samples == SECONDS * RATE
        np.testing.assert_array_equal(clips.read(row, 0, clip.samples), whole[begin : begin + clip.samples])
        assert (clip.artist, clip.album, clip.album_artist) == ("Ann", "First", "Ann & Co")


def test_whole_tracks_on_wish(library: Library, album: Path, decoded: list[bytes]) -> None:
    clips, figures = build(library, seconds=0)
    assert (clips.plan, figures["plan"]) == ("whole", "whole")
    assert {clip.samples for clip in clips.clips} == {5 * RATE}


def test_a_long_track_waits_on_the_disk_and_is_the_same(
    library: Library, album: Path, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.audio.spool.IN_MEMORY", 1000)
    clips, _ = build(library, seconds=0)
    for row, clip in enumerate(clips.clips):
        whole, _ = soundfile.read(album / f"{int(clip.title[5:-1]):02}.flac", dtype="int16")
        np.testing.assert_array_equal(clips.read(row, 0, clip.samples), whole)


def test_what_is_too_loud_is_counted(library: Library, tmp_path: Path, decoded: list[bytes]) -> None:
    (tmp_path / "m").mkdir()
    soundfile.write(tmp_path / "m" / "loud.wav", 1.5 * tone(2.0, RATE, 1) / 0.5, RATE, subtype="FLOAT")
    scan(library, tmp_path / "m")
    clips, figures = build(library)
    (clip,) = clips.clips
    wave = np.rint(1.5 * tone(2.0, RATE, 1)[:, 0] / 0.5 * 32_768)
    over = int(((wave > 32_767) | (wave < -32_768)).sum())
    assert clip.clipped == figures["clipped"] == over > 0
    np.testing.assert_allclose(clips.read(0, 0, clip.samples), np.clip(wave, -32_768, 32_767), atol=1)


def test_a_library_that_was_never_embedded_learns_who_its_files_are(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    clips, _ = build(library)
    files = library.files.music(None, "", None)
    assert {file.identity for file in files} == set(sounds_of(clips))
    assert all(file.verified for file in files)
    assert embed(library)["embedded"] == 6, "embedding has all to do that it had before"
    again, figures = build(library)
    assert figures["decoded"] == 0
    assert again.fingerprint == clips.fingerprint


# -- once ------------------------------------------------------------------------------------------


def test_nothing_is_decoded_twice(library: Library, album: Path, decoded: list[bytes]) -> None:
    build(library)
    _, figures = build(library)
    assert figures["decoded"] == 0
    write_album(album, 2, first=6)
    scan(library)
    clips, figures = build(library)
    assert (figures["decoded"], len(clips)) == (2, 8)
    assert Counter(decoded) == Counter(f"{n:02}.flac".encode() for n in range(8))


def test_retagged_tracks_say_the_new_and_are_not_decoded(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    clips, _ = build(library)
    tag(album / "03.flac", title="Renamed", album="Other", comment="x" * 5000)
    (album / "04.flac").rename(album / "moved.flac")
    scan(library)
    again, figures = build(library)
    assert figures["decoded"] == 0
    assert len(decoded) == 6
    assert titles(again) == ["Renamed", *(f"Song {n}x" for n in (0, 1, 2, 4, 5))]
    assert [clip.album for clip in again.clips if clip.title == "Renamed"] == ["Other"]
    assert again.fingerprint == clips.fingerprint


def test_a_file_with_other_sound_gets_another_clip(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    first, _ = build(library)
    write_noise(album / "00.flac", 5.0, RATE, seed=99)
    scan(library)
    clips, figures = build(library)
    assert (figures["decoded"], figures["clips"], len(clips)) == (1, 6, 7)  # the old one stays in the store
    assert len(set(sounds_of(clips)) - set(sounds_of(first))) == 1


def test_copies_are_one_clip(library: Library, album: Path, decoded: list[bytes]) -> None:
    shutil.copy(album / "00.flac", album / "copy.flac")
    scan(library)
    heard = Recorder()
    figures = run(library, heard).result
    assert (figures["asked"], figures["clips"], figures["left_out"]) == (7, 6, 1)
    assert ["same sound" in skipped.reason for skipped in heard.of(Skipped)] == [True]
    _, figures = build(library)  # now the library knows
    assert (figures["asked"], figures["clips"], figures["left_out"]) == (6, 6, 0)


def test_a_run_that_is_stopped_goes_on_where_it_was(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    cancelled = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= 3:
            cancelled.set()

    ended = run_job(library, "clips", cancelled=cancelled, listener=listen, seconds=SECONDS)
    assert ended.outcome == "cancelled"
    held = len(ClipSet.open(clips_folder(library, SECONDS)))
    assert held == len(decoded) >= 3
    _, figures = build(library)
    assert figures["decoded"] == 6 - held
    assert max(Counter(decoded).values()) == 1


def test_a_job_that_is_killed_goes_on_where_it_was(library: Library, album: Path) -> None:
    write_album(album, 300, seconds=8.0, first=6)
    scan(library)
    one_worker = Settings(audio=AudioSettings(workers=1))
    job = JobProcess(library.path, "clips", {"seconds": SECONDS}, one_worker)
    store = clips_folder(library, SECONDS)
    limit = time.monotonic() + 60
    while not stored_clips(store) and time.monotonic() < limit:  # the first second's are stored for good
        job.poll(0.02)
    job.close(0.0)
    held = len(stored_clips(store))
    assert 0 < held < 306
    clips, figures = build(library)
    assert (len(clips), figures["decoded"]) == (306, 306 - held)


# -- which music -----------------------------------------------------------------------------------


@pytest.fixture
def two(library: Library, album: Path, tmp_path: Path) -> Path:
    """A second folder, by another artist."""
    folder = write_album(tmp_path / "music2" / "Second", 3, artist="Bob", first=10)
    scan(library, folder)
    return folder


def test_music_is_chosen_by_folder_search_and_track(
    library: Library, two: Path, decoded: list[bytes]
) -> None:
    roots = {Path(os.fsdecode(root.raw_path)).name: root.id for root in library.roots.all()}
    tracks = [row.track_id for row in library.rows.page(-1, "", library.rows.order(-1, "", "artist:ann"))]
    assert tracks == [None] * 6  # nobody has listened to them yet
    assert build(library, query="artist:bob title:11x")[1]["clips"] == 1
    assert build(library, roots=[roots["Second"]])[1]["clips"] == 3
    assert build(library, roots=[roots["First"], roots["Second"]])[1]["clips"] == 9
    assert build(library, roots=[roots["First"]], query="-title:3x")[1]["clips"] == 5
    tracks = [row.track_id for row in library.rows.page(-1, "", library.rows.order(-1, "", "artist:ann"))]
    assert build(library, track_ids=tracks[:2])[1]["clips"] == 2
    assert build(library, query="state:pending")[1]["clips"] == build(library)[1]["clips"] == 9
    assert len(decoded) == 9
    assert run(library, track_ids=tracks, query="artist:bob").title == "There is no music to learn from."


def test_nothing_to_learn_from_is_a_sentence(library: Library, album: Path, decoded: list[bytes]) -> None:
    ended = run(library, query="artist:nobody")
    assert (ended.outcome, ended.title) == ("failed", "There is no music to learn from.")
    assert "Choose other music" in ended.hint


def test_data_sets_are_used_only_where_they_are_named(
    library: Library, album: Path, tmp_path: Path, decoded: list[bytes]
) -> None:
    folder = write_album(tmp_path / "data" / "Set", 2, first=20)
    library.roots.add(paths.raw(folder), kind="dataset")
    scan(library)
    (data,) = [root.id for root in library.roots.all() if root.kind == "dataset"]
    assert build(library)[1]["clips"] == 6
    assert build(library, roots=[data])[1]["clips"] == 2


def test_versions_of_a_recording_share_a_key() -> None:
    assert recording_key("Song (Remastered 2011)", "Ann", "1") == recording_key("song", "ANN ", "2")
    assert recording_key("Song (live)", "Ann", "1") != recording_key("Song", "Ann", "2")
    assert recording_key("Song", "Bob", "1") != recording_key("Song", "Ann", "2")
    assert recording_key("Track 03", "Ann", "id") == recording_key("Song", "", "id") == "id"


# -- what goes wrong -------------------------------------------------------------------------------


def test_broken_files_are_left_out_with_a_reason_and_remembered(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    (album / "bad.flac").write_bytes(b"no sound at all" * 100)
    (album / "gone.flac").write_bytes((album / "00.flac").read_bytes()[:-1])
    scan(library)
    (album / "gone.flac").unlink()
    heard = Recorder()
    figures = run(library, heard).result
    assert (figures["asked"], figures["clips"], figures["left_out"]) == (8, 6, 2)
    reasons = {Path(skipped.item).name: skipped.reason for skipped in heard.of(Skipped)}
    assert set(reasons) == {"bad.flac", "gone.flac"}
    assert all(reason.endswith(".") for reason in reasons.values())
    (failure,) = library.files.failures()
    assert failure.reason == reasons["bad.flac"]
    scan(library)
    assert build(library)[1]["left_out"] == 1


def test_a_file_that_crashes_the_decoder_costs_that_file(
    library: Library, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_build, "DecodePool", partial(DecodePool, decoder=careless))
    (album / "03.flac").rename(album / "exit.flac")
    scan(library)
    _, figures = build(library)
    assert (figures["clips"], figures["left_out"]) == (5, 1)
    assert library.files.failures() == []  # it gets a second chance
    build(library)
    assert len(library.files.failures()) == 1


def test_a_drive_that_is_away_takes_no_clip_away(library: Library, album: Path, decoded: list[bytes]) -> None:
    build(library)
    write_album(album, 1, first=6)
    scan(library)
    album.rename(album.with_name("away"))
    scan(library)
    assert plan(library, Music(), SECONDS).unreadable == 1
    _, figures = build(library)
    assert (figures["clips"], figures["left_out"], figures["decoded"]) == (6, 1, 0)


def test_a_drive_unplugged_while_clips_are_made_blames_no_file(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    album.rename(album.with_name("away"))
    ended = run(library)
    assert ended.title == "There is no music to learn from."
    assert library.files.failures() == []
    album.with_name("away").rename(album)
    assert build(library)[1]["clips"] == 6


def test_the_budget_is_kept_and_said(library: Library, album: Path, decoded: list[bytes]) -> None:
    size = int(SECONDS * RATE * 2)
    small = Settings(training=TrainingSettings(clips_budget_gb=5.5 * size / 1e9))
    ended = run(library, settings=small)
    assert ended.outcome == "failed"
    assert "clips may take" in ended.title
    assert (ended.details, decoded) == ("", [])
    enough = Settings(training=TrainingSettings(clips_budget_gb=6 * size / 1e9))
    assert build(library, settings=enough)[1]["clips"] == 6


def test_tags_that_lie_about_lengths_do_not_break_the_budget(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    with library._db.write() as connection:
        connection.exec_driver_sql("UPDATE file SET seconds = 0.1")
    size = 5 * RATE * 2
    small = Settings(training=TrainingSettings(clips_budget_gb=3.5 * size / 1e9))
    ended = run(library, settings=small, seconds=0)
    assert ended.outcome == "failed"
    assert "have reached" in ended.title
    assert len(ClipSet.open(clips_folder(library, 0))) == 3
    assert store_bytes(clips_folder(library, 0)) == 3 * size


def test_clips_of_music_that_has_left_make_way(library: Library, album: Path, decoded: list[bytes]) -> None:
    build(library)
    shutil.rmtree(album)
    album.mkdir()
    write_album(album, 4, first=30)
    scan(library)
    size = int(SECONDS * RATE * 2)
    for budget, left in ((10 * size, 10), (9 * size, 4)):
        settings = Settings(training=TrainingSettings(clips_budget_gb=budget / 1e9))
        write_album(album, 1, first=40 + left)
        scan(library)
        clips, figures = build(library, settings=settings)
        assert figures["clips"] == len(library.files.music(None, "", None))
        assert clips.bytes <= budget


def test_clips_that_a_run_has_written_down_do_not_make_way(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    clips, _ = build(library)
    run_folder = library.sidecar("runs") / "first"
    run_folder.mkdir()
    (run_folder / "clips.json").write_text(json.dumps({"identities": list(sounds_of(clips))}))
    shutil.rmtree(album)
    write_album(album, 1, first=30)
    scan(library)
    full = Settings(training=TrainingSettings(clips_budget_gb=clips.bytes / 1e9))
    ended = run(library, settings=full)
    assert "clips may take" in ended.title
    assert sounds_of(ClipSet.open(clips.folder)) == sounds_of(clips)


def test_a_full_disk_is_a_sentence_and_the_next_run_goes_on(
    library: Library, album: Path, decoded: list[bytes]
) -> None:
    with no_file_larger_than(int(3.5 * SECONDS * RATE * 2)):
        ended = run(library)
    assert (ended.outcome, ended.details) == ("failed", "")
    assert "no room" in ended.title
    assert len(ClipSet.open(clips_folder(library, SECONDS))) == 3
    _, figures = build(library)
    assert (figures["clips"], figures["decoded"]) == (6, 3)


def test_too_little_room_on_the_disk_is_said_before_anything_is_done(
    library: Library, album: Path, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_build, "SPARE_BYTES", 10**18)
    ended = run(library)
    assert "the disk has" in ended.title
    assert decoded == []


def test_two_at_once_are_a_sentence(library: Library, album: Path, decoded: list[bytes]) -> None:
    folder = clips_folder(library, SECONDS)
    folder.mkdir()
    with filelock.FileLock(folder / "lock"):
        ended = run(library)
    assert "Another run" in ended.title
    build(library)
    with filelock.FileLock(folder / "lock"):
        assert build(library)[1]["clips"] == 6, "who has nothing to write waits for nobody"


def test_a_damaged_store_is_said_and_not_touched(library: Library, album: Path, decoded: list[bytes]) -> None:
    clips, _ = build(library)
    os.truncate(clips.folder / "shard-00000.i16", 1000)
    write_album(album, 1, first=6)
    scan(library)
    ended = run(library)
    assert "damaged" in ended.title
    assert "Delete this folder" in ended.hint


# -- told before -----------------------------------------------------------------------------------


def test_the_plan_tells_what_comes(library: Library, two: Path, decoded: list[bytes]) -> None:
    write_album(two, 1, seconds=2.0, artist="Bob", first=15)
    scan(library)
    told = plan(library, Music(), SECONDS)
    assert (told.plan, told.tracks, told.to_decode, told.too_short, told.unknown) == (
        "middle-4",
        10,
        10,
        1,
        0,
    )
    assert told.seconds == pytest.approx(9 * SECONDS + 2, abs=0.01)
    clips, _ = build(library)
    assert told.bytes == told.bytes_to_write == pytest.approx(clips.bytes, rel=0.001)
    assert told.free_bytes > 0
    told = plan(library, Music(), SECONDS)
    assert (told.tracks, told.to_decode, told.bytes, told.bytes_to_write) == (10, 0, clips.bytes, 0)
    assert plan(library, Music(query="artist:bob"), SECONDS).tracks == 4
    assert plan(library, Music(), 0).seconds == pytest.approx(9 * 5 + 2, abs=0.01)


def test_lengths_that_nobody_knows_are_guessed_and_counted(library: Library, album: Path) -> None:
    with library._db.write() as connection:
        connection.exec_driver_sql("UPDATE file SET seconds = NULL WHERE id > 2")
    told = plan(library, Music(), 0)
    assert (told.unknown, told.tracks) == (4, 6)
    assert told.seconds == pytest.approx(30, abs=0.1)
