from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs import runner
from core.jobs.events import Progress
from core.jobs.scan import Params, Scan
from core.library import tags
from core.library.store import Library
from core.settings import Settings
from tests.audio_files import write_tone
from tests.library_tools import Recorder, counts, run_job, scan

TALLY = ("found", "new", "changed", "unchanged", "missing", "other")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "lib" / "a.earmap") as opened:
        yield opened


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    write_tone(folder / "one.flac", 0.5, tags={"title": "One", "artist": "Ann"})
    write_tone(folder / "album" / "two.mp3", 0.5, frequency=300, tags={"title": "Two"})
    (folder / "notes.txt").write_text("not audio")
    return folder


def tally(library: Library, *folders: Path) -> dict[str, int]:
    return {key: value for key, value in scan(library, *folders).items() if value}


def titles(library: Library) -> list[str]:
    order = library.rows.order(-1, "whole", "", [("title", False)])
    return [row.title for row in library.rows.page(-1, "whole", order.tolist())]


def test_finds_reads_tags_and_counts_the_rest(library: Library, music: Path) -> None:
    assert tally(library, music) == {"found": 2, "new": 2, "other": 1}
    assert titles(library) == ["One", "Two"]
    assert counts(library).pending == 2
    assert counts(library).other_files == 1


def test_an_unchanged_library_opens_no_file(library: Library, music: Path) -> None:
    scan(library, music)
    opened: list[bytes] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and watching and isinstance(args[0], (str, bytes)):
            path = os.fsencode(args[0])
            opened.extend([path] if path.startswith(os.fsencode(music)) else [])

    watching = True
    sys.addaudithook(watch)
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}
    assert opened == []
    (music / "one.flac").touch()
    assert tally(library) == {"found": 2, "unchanged": 1, "changed": 1, "other": 1}
    watching = False
    assert set(opened) == {os.fsencode(music / "one.flac")}


def test_moved_and_renamed_files_keep_their_row(library: Library, music: Path) -> None:
    scan(library, music)
    record(library)
    before = {row.title: row.file_id for row in rows(library)}
    (music / "album").rename(music / "box set")
    (music / "one.flac").rename(music / "uno.flac")
    scan(library)
    assert {row.title: row.file_id for row in rows(library)} == before
    assert counts(library).missing == 0


def test_a_copy_is_not_a_move(library: Library, music: Path) -> None:
    scan(library, music)
    record(library)
    shutil.copy2(music / "one.flac", music / "copy.flac")
    assert tally(library)["new"] == 1
    assert len({row.file_id for row in rows(library)}) == 3


def record(library: Library) -> None:
    """Give every file an identity, as a reading pass would."""
    from core.library.records import Read

    reads = [Read(int(key), "ok", identity=f"id{key}") for key in library.rows.order(-1, "whole").tolist()]
    library.files.record(reads, -1, "whole", "cpu", "float32")


def rows(library: Library) -> list:
    return library.rows.page(-1, "whole", library.rows.order(-1, "whole").tolist())


def test_a_deleted_file_is_missing_and_comes_back(library: Library, music: Path, tmp_path: Path) -> None:
    scan(library, music)
    shutil.move(music / "one.flac", tmp_path / "away.flac")
    assert tally(library)["missing"] == 1
    assert (counts(library).found, counts(library).missing) == (1, 1)
    shutil.move(tmp_path / "away.flac", music / "one.flac")
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}
    assert (counts(library).found, counts(library).missing) == (2, 0)


@pytest.mark.parametrize("emptied", [True, False])
def test_an_unmounted_drive_keeps_everything(library: Library, music: Path, emptied: bool) -> None:
    scan(library, music)
    shutil.move(music, music.with_name("unplugged"))
    if emptied:
        music.mkdir()
    scan(library)
    assert (counts(library).found, counts(library).offline, counts(library).missing) == (0, 2, 0)
    if emptied:
        music.rmdir()
    shutil.move(music.with_name("unplugged"), music)
    scan(library)
    assert (counts(library).found, counts(library).offline) == (2, 0)


def test_links_and_things_that_are_no_files(library: Library, music: Path) -> None:
    (music / "loop").symlink_to(music)
    (music / "circle.mp3").symlink_to(music / "circle.mp3")
    (music / "dangling.mp3").symlink_to(music / "nowhere.mp3")
    os.mkfifo(music / "pipe.mp3")
    (music / "zero.wav").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(music / "socket.flac"))
        assert tally(library, music)["found"] == 7
    reasons = {Path(os.fsdecode(f.path)).name: f.reason for f in library.files.failures()}
    assert counts(library).skipped == 5
    assert set(reasons) == {"circle.mp3", "dangling.mp3", "pipe.mp3", "zero.wav", "socket.flac"}
    assert "link" in reasons["dangling.mp3"]
    assert "pipe" in reasons["pipe.mp3"]


def test_names_of_any_bytes(library: Library, music: Path) -> None:
    raw = os.fsencode(music) + b"/caf\xe9\n.flac"
    shutil.copy(music / "one.flac", raw)
    scan(library, music)
    record(library)
    found = library.rows.find(raw)
    assert found is not None
    assert library.rows.page(-1, "whole", [found])[0].path == raw
    assert tally(library) == {"found": 3, "unchanged": 3, "other": 1}


def test_a_single_file_can_be_added(library: Library, music: Path) -> None:
    assert tally(library, music / "one.flac") == {"found": 1, "new": 1}
    assert rows(library)[0].path == os.fsencode(music / "one.flac")
    assert tally(library) == {"found": 1, "unchanged": 1}


def test_a_folder_inside_a_root_is_scanned_alone(library: Library, music: Path) -> None:
    scan(library, music)
    (music / "one.flac").unlink()
    assert tally(library, music / "album") == {"found": 1, "unchanged": 1}
    assert counts(library).missing == 0  # only a scan of its own folder may miss it
    assert len(library.roots.all()) == 1


def test_a_folder_that_cannot_be_read_proves_nothing(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, music)
    real = os.scandir

    def refuse(path: bytes) -> object:  # permissions do not stop root, under whom tests may run
        if os.fsencode(path).endswith(b"album"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert tally(library)["found"] == 1
    assert counts(library).missing == 0


@pytest.mark.parametrize("missing", ["album", "everything"])
def test_a_drive_that_goes_away_meanwhile_costs_nothing(library: Library, music: Path, missing: str) -> None:
    """Files that were listed and cannot be looked at any more keep their state, their track and their vector."""
    scan(library, music)
    record(library)
    before = {row.title: (row.track_id, row.state) for row in rows(library)}
    ctx_seen: list[int] = []

    def unplug(event: object) -> None:
        if isinstance(event, Progress) and not ctx_seen:
            ctx_seen.append(event.done)
            (music / "album" if missing == "album" else music).rename(music.with_name("unplugged"))

    ended = run_job(library, "scan", listener=unplug)
    assert ended.outcome == "completed", ended.details
    if missing == "everything":
        assert (counts(library).offline, counts(library).missing) == (2, 0)
        music.with_name("unplugged").rename(music)
    else:
        music.with_name("unplugged").rename(music / "album")
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}
    assert {row.title: (row.track_id, row.state) for row in rows(library)} == before
    assert counts(library).skipped == 0


def test_a_file_that_cannot_be_looked_at_keeps_what_is_known_of_it(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, music)
    record(library)
    real = os.stat

    def refuse(path: object, **how: object) -> os.stat_result:
        if path == os.fsencode(music / "one.flac"):
            raise OSError(5, "Input/output error")
        return real(path, **how)

    tracks = [row.track_id for row in rows(library)]
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}
    assert [row.track_id for row in rows(library)] == tracks
    assert None not in tracks
    assert (counts(library).missing, counts(library).skipped) == (0, 0)


def test_a_link_whose_drive_is_away_is_missing_and_comes_back(
    library: Library, music: Path, tmp_path: Path
) -> None:
    (tmp_path / "drive").mkdir()
    shutil.move(music / "one.flac", tmp_path / "drive" / "one.flac")
    (music / "link.flac").symlink_to(tmp_path / "drive" / "one.flac")
    scan(library, music)
    record(library)
    tracks = {row.track_id for row in rows(library)}
    (tmp_path / "drive").rename(tmp_path / "away")
    assert tally(library) == {"found": 1, "unchanged": 1, "missing": 1, "other": 1}
    (tmp_path / "away").rename(tmp_path / "drive")
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}
    assert {row.track_id for row in rows(library)} == tracks


def test_a_name_that_changes_what_it_is(library: Library, music: Path) -> None:
    """A file becomes a folder of that name, and a file again."""
    scan(library, music)
    (music / "one.flac").rename(music / "kept")
    (music / "one.flac").mkdir()
    (music / "kept").rename(music / "one.flac" / "inside.flac")
    assert tally(library) == {"found": 2, "new": 1, "missing": 1, "unchanged": 1, "other": 1}
    (music / "one.flac" / "inside.flac").rename(music / "kept")
    (music / "one.flac").rmdir()
    (music / "kept").rename(music / "one.flac")
    assert tally(library) == {"found": 2, "missing": 1, "unchanged": 2, "other": 1}
    assert (counts(library).found, titles(library)) == (2, ["One", "Two"])


@pytest.mark.parametrize("when", [-(10**9), 0, 2**33, 10**10])
def test_times_of_any_century(library: Library, music: Path, when: int) -> None:
    os.utime(music / "one.flac", (when, when))
    scan(library, music)
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}


def test_a_file_that_grows_while_it_is_read_is_read_again(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tags.read

    def slow(path: bytes) -> object:
        with Path(os.fsdecode(path)).open("ab") as file:
            file.write(bytes(1000))
        os.utime(path, (10**9, 10**9))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(tags, "read", slow)
        scan(library, music)
    assert tally(library) == {"found": 2, "changed": 2, "other": 1}


def test_several_places_at_once(library: Library, music: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    write_tone(tmp_path / "more" / "three.wav", 0.2)
    inside_first = [music / "album", music, music / "one.flac", tmp_path / "more", music]
    assert tally(library, *inside_first) == {"found": 3, "new": 3, "other": 1}
    assert {root.raw_path for root in library.roots.all()} == {
        os.fsencode(music),
        os.fsencode(tmp_path / "more"),
    }


def test_one_wrong_place_among_several_adds_nothing(library: Library, music: Path) -> None:
    ended = run_job(library, "scan", paths=[str(music), str(music / "nowhere")])
    assert "nowhere" in ended.title
    assert library.roots.all() == []


def test_a_folder_around_one_that_is_known_takes_it_over(library: Library, music: Path) -> None:
    scan(library, music / "album")
    record(library)
    assert tally(library, music) == {"found": 2, "new": 1, "unchanged": 1, "other": 1}
    assert len(library.roots.all()) == 1
    assert {row.title: row.track_id is None for row in rows(library)} == {"One": True, "Two": False}


def test_music_inside_a_data_set_is_counted_apart(library: Library, music: Path) -> None:
    data_set = Scan(Params(paths=[str(music)], kind="dataset"))
    ended = runner.run(data_set, library, Settings(), Recorder(), threading.Event())
    assert ended.result["found"] == 2
    assert counts(library).found == 0
    assert tally(library, music / "album") == {"found": 1, "new": 1}
    assert counts(library).found == 1
    assert tally(library)["unchanged"] == 3


def test_a_root_with_an_odd_end_to_its_name(library: Library, music: Path) -> None:
    odd = music.rename(music.with_name("music\\"))
    assert tally(library, odd) == {"found": 2, "new": 2, "other": 1}
    assert {row.path for row in rows(library)} == {
        os.fsencode(odd / "one.flac"), os.fsencode(odd / "album" / "two.mp3"),
    }  # fmt: skip
    assert tally(library) == {"found": 2, "unchanged": 2, "other": 1}


def test_a_scan_can_be_stopped_and_goes_on(library: Library, music: Path) -> None:
    for i in range(30):
        write_tone(music / f"{i}.wav", 0.1)
    cancelled = threading.Event()

    def stop(event: object) -> None:
        if isinstance(event, Progress) and event.done == 10:
            cancelled.set()

    ended = run_job(library, "scan", cancelled=cancelled, listener=stop, paths=[str(music)])
    assert ended.outcome == "cancelled"
    assert counts(library).missing == 0
    scan(library)
    assert counts(library).found == 32


def test_nothing_there_is_a_sentence(library: Library, tmp_path: Path) -> None:
    ended = run_job(library, "scan", paths=[str(tmp_path / "nowhere")])
    assert ended.outcome == "failed"
    assert "There is nothing at" in ended.title
