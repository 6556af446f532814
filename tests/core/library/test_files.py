from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.errors import UserError
from core.library.records import Found, Read
from core.library.store import Library
from tests.library_tools import PLAN
from tests.shelf import Shelf, encoder, vector


def found(name: str, **columns: object) -> Found:
    values: dict[str, object] = {"size": 1, "mtime_ns": 1, **columns}
    return Found(name.encode(), "/music", name, **values)  # type: ignore[arg-type] # columns of a file


# -- moved, renamed, changed -----------------------------------------------------------------------


def test_moved_renamed_and_copied_files_keep_their_vectors(shelf: Shelf) -> None:
    for name in ("one.mp3", "two.mp3", "three.mp3"):
        shelf.write(name, name.upper())
    shelf.both()
    ids = {name: shelf.row(name) for name in ("one.mp3", "two.mp3", "three.mp3")}
    (shelf.folder / "deep/er").mkdir(parents=True)
    (shelf.folder / "one.mp3").rename(shelf.folder / "deep/er/one.mp3")
    (shelf.folder / "two.mp3").rename(shelf.folder / "2.mp3")
    shelf.write("copy.mp3", "THREE.MP3")
    shelf.scan()
    for new, old in (("deep/er/one.mp3", "one.mp3"), ("2.mp3", "two.mp3")):
        row = shelf.row(new)
        assert (row.file_id, row.track_id) == (ids[old].file_id, ids[old].track_id)
        assert row.state == "embedded"  # before anything is read again
    while shelf.embed():
        pass
    counts = shelf.counts()
    assert (counts.found, counts.embedded, counts.duplicates, counts.missing) == (4, 4, 1, 0)
    assert shelf.vectors() == {row.track_id for row in ids.values()}
    assert shelf.row("copy.mp3").track_id == ids["three.mp3"].track_id


def test_a_whole_folder_that_moved_keeps_each_files_own_vector(shelf: Shelf) -> None:
    """Files of one size and one time, as an unpacked album has, are told apart by their names."""
    for i in range(20):
        os.utime(shelf.write(f"album/{i}.wav", f"SAME{i:02}"), ns=(10**18, 10**18))
    shelf.both()
    before = {row.title: (row.file_id, row.track_id) for row in shelf.rows()}
    (shelf.folder / "album/0.wav").unlink()
    (shelf.folder / "album").rename(shelf.folder / "renamed")
    shelf.scan()
    del before["0"]
    assert {row.title: (row.file_id, row.track_id) for row in shelf.rows()} == before
    assert shelf.counts().missing == 1


def test_a_file_taken_for_another_that_moved_is_found_out_when_it_is_read(shelf: Shelf) -> None:
    path = shelf.write("gone.mp3", "GONE")
    shelf.write("stays.mp3", "STAYS")
    shelf.both()
    old = shelf.row("gone.mp3").track_id
    stamp = path.stat().st_mtime_ns
    path.unlink()
    os.utime(shelf.write("new.mp3", "NEWS"), ns=(stamp, stamp))  # of the same size and time
    shelf.both()
    row = shelf.row("new.mp3")
    assert row.track_id not in (old, None)
    assert row.state == "embedded"
    shelf.write("again.mp3", "GONE")
    shelf.scan()
    assert len(shelf.candidates()) == 1
    shelf.embed()
    assert shelf.row("again.mp3").track_id == old  # its vector had been kept


@pytest.mark.parametrize("noticed", [True, False])
def test_a_file_on_a_drive_that_is_gone_has_not_moved(shelf: Shelf, tmp_path: Path, noticed: bool) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    (drive / "a.mp3").write_text("A")
    os.utime(drive / "a.mp3", ns=(5, 5))
    shelf.scan(drive)
    shelf.embed()
    key = shelf.library.rows.find(paths.raw(drive / "a.mp3"))
    root = shelf.library.roots.all()[0]
    shelf.library.roots.set_online(root.id, online=not noticed)
    drive.rename(tmp_path / "unplugged")
    drive.mkdir()  # where it was mounted
    os.utime(shelf.write("a.mp3", "A"), ns=(5, 5))
    shelf.scan()
    assert shelf.library.rows.find(paths.raw(drive / "a.mp3")) == key
    assert shelf.row("a.mp3").file_id != key
    assert shelf.counts().offline == noticed


def test_a_file_that_changed_is_usable_until_it_is_read_again(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.both()
    track = shelf.row("a.mp3").track_id
    shelf.write("a.mp3", "ANOTHER")
    shelf.scan()
    assert shelf.row("a.mp3").state == "embedded"
    assert [c.has_vector for c in shelf.candidates()] == [True]
    shelf.embed()
    assert shelf.row("a.mp3").track_id not in (track, None)
    assert shelf.candidates() == []


def test_a_file_that_changed_into_rubbish_is_no_longer_its_track(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.write("b.mp3", "A")
    shelf.both()
    assert shelf.shown() == {"a.mp3": "embedded"}
    shelf.write("a.mp3", "FAILS")
    shelf.both()
    assert shelf.shown() == {"a.mp3": "failed", "b.mp3": "embedded"}
    shelf.write("a.mp3", "")
    shelf.both()
    assert shelf.shown() == {"a.mp3": "skipped", "b.mp3": "embedded"}
    shelf.write("a.mp3", "A")
    shelf.both()
    assert shelf.shown() == {"a.mp3": "embedded"}
    assert shelf.counts().duplicates == 1


def test_retagging_replaces_every_tag(library: Library) -> None:
    root = library.roots.add(b"/music")
    tags = {"title": "T", "artist": "Old", "album": "Album", "year": 1990, "seconds": 5.0}
    library.files.put(root.id, [found("a.mp3", tags=tags)], {})
    library.files.put(root.id, [found("a.mp3", size=2, tags={"title": "New"})], library.files.known(root.id))
    [row] = library.rows.page(0, PLAN, library.rows.order(0, PLAN))
    assert (row.title, row.artist, row.album, row.year) == ("New", "", "", None)
    assert library.rows.order(0, PLAN, "old").tolist() == []


# -- what comes from elsewhere ---------------------------------------------------------------------


def test_names_of_any_bytes_and_twins_in_unicode_are_files_of_their_own(shelf: Shelf) -> None:
    names = [
        b"\xff\xfe.mp3",
        "caf\u00e9.mp3".encode(),
        "cafe\u0301.mp3".encode(),
        b"new\nline.mp3",
        b"back\\slash.mp3",
    ]
    for i, name in enumerate(names):
        (shelf.folder / os.fsdecode(name)).write_text(f"CONTENT {i}")
    shelf.both()
    counts = shelf.counts()
    assert (counts.found, counts.embedded, counts.duplicates) == (5, 5, 0)
    stored = {row.path.rpartition(b"/")[2] for row in shelf.rows()}
    assert stored == set(names)
    assert len({shelf.row(name).file_id for name in names}) == 5


def test_text_and_numbers_that_sqlite_cannot_hold_do_not_stop_a_scan(library: Library) -> None:
    root = library.roots.add(b"/music")
    tags = {"title": "A\udc80B\0C", "artist": "\ud83d\ude00", "year": 10**30, "track_number": -(10**19)}
    library.files.put(root.id, [found("a.mp3", tags=tags)], {})
    [row] = library.rows.page(0, PLAN, library.rows.order(0, PLAN, "a\ufffdbc"))
    assert (row.title, row.artist, row.year) == ("A\ufffdBC", "\U0001f600", None)


def test_two_scans_of_one_folder_store_each_file_once(library: Library) -> None:
    root = library.roots.add(b"/music")
    batch = [found("a.mp3"), found("b.mp3", size=2)]
    library.files.put(root.id, batch, {})
    library.files.put(root.id, [*batch, found("c.mp3", size=3)], {})  # what it knew is out of date
    assert len(library.files.known(root.id)) == 3


def test_a_folder_forgotten_while_it_is_scanned_ends_the_scan_with_a_sentence(library: Library) -> None:
    root = library.roots.add(b"/music/a")
    library.roots.add(b"/music")
    with pytest.raises(UserError, match="while it was looked through"):
        library.files.put(root.id, [found("a.mp3")], {})


def test_a_file_forgotten_while_it_is_read_does_no_harm(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.scan()
    [candidate] = shelf.candidates()
    shelf.library.roots.forget(shelf.library.roots.all()[0].id)
    shelf.record(shelf.outcome(candidate))
    assert shelf.counts().found == 0
    shelf.scan()
    assert shelf.candidates()[0].has_vector is False  # not known yet to be the same music
    shelf.embed()
    assert len(shelf.vectors()) == 1


def test_ids_are_never_given_twice(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.both()
    old, stamp = shelf.row("a.mp3").file_id, shelf.library.vectors.stamp(shelf.encoder.id, PLAN)
    shelf.library.files.reread([old])
    shelf.embed()
    assert shelf.library.vectors.stamp(shelf.encoder.id, PLAN) > stamp
    shelf.library.roots.forget(shelf.library.roots.all()[0].id)
    shelf.scan()
    assert shelf.row("a.mp3").file_id > old


def test_a_thousand_alike_files_do_not_make_a_scan_quadratic(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library.roots.add(paths.raw(tmp_path))
    library.files.put(root.id, [found(f"{i}.wav") for i in range(2000)], {})
    looked: list[bytes] = []

    def there(path: bytes) -> bool:
        looked.append(path)
        return True

    monkeypatch.setattr(os.path, "lexists", there)
    library.files.put(root.id, [found(f"new {i}.wav") for i in range(20)], {})
    assert len(looked) == 20 * 100
    assert len(library.files.known(root.id)) == 2020


# -- the queue -------------------------------------------------------------------------------------


def test_candidates_leave_out_what_is_offline_missing_failed_or_busy(shelf: Shelf, tmp_path: Path) -> None:
    other = tmp_path / "drive"
    other.mkdir()
    (other / "x.mp3").write_text("X")
    for name, content in {"ok": "A", "fails": "F", "gone": "G", "busy": "B", "empty": ""}.items():
        shelf.write(f"{name}.mp3", content)
    shelf.scan(shelf.folder, other)
    shelf.library.roots.set_online(shelf.library.roots.all()[1].id, online=False)
    key = {name: shelf.row(f"{name}.mp3").file_id for name in ("ok", "fails", "gone", "busy", "empty")}
    shelf.record(Read(key["fails"], "failed"), Read(key["gone"], "missing"), Read(key["empty"], "skipped"))
    assert [c.file_id for c in shelf.candidates(busy=(key["busy"],))] == [key["ok"]]
    assert {c.file_id for c in shelf.candidates(busy=tuple(range(10_000, 310_000)))} == {
        key["ok"],
        key["busy"],
    }
    assert len(shelf.candidates(limit=1)) == 1


def test_what_was_clicked_comes_first_the_latest_before_all(shelf: Shelf) -> None:
    for i in range(30):
        shelf.write(f"{i}.mp3", f"C{i}")
    shelf.scan()
    first, second = shelf.row("3.mp3").file_id, shelf.row("17.mp3").file_id
    shelf.library.files.prioritise(first)
    shelf.library.files.prioritise(second)
    assert [c.file_id for c in shelf.candidates(limit=2)] == [second, first]
    assert len({c.file_id for c in shelf.candidates()}) == 30
    shelf.embed(limit=2)
    shelf.library.files.prioritise(first)  # it is read already
    assert first not in {c.file_id for c in shelf.candidates()}


def test_the_queue_is_shuffled(shelf: Shelf) -> None:
    for i in range(60):
        shelf.write(f"{i:02}.mp3", f"C{i}")
    shelf.scan()
    order = [c.file_id for c in shelf.candidates()]
    steps = np.abs(np.diff(order))
    assert sorted(order) == list(range(1, 61))
    assert steps.mean() > 10  # 20 when shuffled, 1 in the order of the folders


def test_another_encoder_and_another_plan_read_each_track_once_more(shelf: Shelf) -> None:
    for name, content in (("a", "A"), ("copy", "A"), ("b", "B"), ("p", "P"), ("f", "F")):
        shelf.write(f"{name}.mp3", content)
    shelf.both()
    other = encoder(shelf.library, "other")
    for key, plan in ((other.id, PLAN), (shelf.encoder.id, "spread-4")):
        found = shelf.library.files.candidates(key, plan, 10, [])
        assert sorted(c.identity for c in found) == ["A", "B", "P"]
        assert not any(c.has_vector for c in found)
        counts = shelf.library.files.counts(key, plan)
        assert (counts.found, counts.pending, counts.failed) == (5, 4, 1)


# -- outcomes --------------------------------------------------------------------------------------


def test_failed_files_are_tried_again_when_asked(shelf: Shelf) -> None:
    shelf.write("f.mp3", "FAILS")
    shelf.write("g.mp3", "FAILS TOO")
    shelf.both()
    assert [f.reason for f in shelf.library.files.failures()] == ["No sound could be decoded."] * 2
    assert shelf.library.files.retry([shelf.row("f.mp3").file_id]) == 1
    assert [row.title for row in shelf.rows("state:pending")] == ["f"]
    assert len(shelf.candidates()) == 1
    assert shelf.library.files.retry() == 1
    assert len(shelf.candidates()) == 2
    assert shelf.library.files.failures() == []


def test_a_failure_under_a_second_encoder_can_be_retried_without_getting_lost(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.both()
    key = shelf.row("a.mp3").file_id
    second = encoder(shelf.library, "second")
    shelf.library.files.record([Read(key, "failed", "A crash.")], second.id, PLAN, "cpu", "float32")
    assert shelf.counts().failed == 1
    shelf.library.files.retry()
    assert (shelf.counts().embedded, shelf.counts().pending) == (1, 0)
    assert len(shelf.library.files.candidates(second.id, PLAN, 9, [])) == 1


def test_failures_are_those_that_the_figures_count(shelf: Shelf, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "f.mp3").write_text("FAILS")
    shelf.library.roots.add(paths.raw(data), "dataset")
    for name, content in (("f", "F"), ("p", "P"), ("s", ""), ("a", "A")):
        shelf.write(f"{name}.mp3", content)
    shelf.scan(shelf.folder)
    root = next(r for r in shelf.library.roots.all() if r.kind == "dataset")
    shelf.library.files.put(root.id, [found("f.mp3")], {})
    while shelf.embed():
        pass
    assert [f.state for f in shelf.library.files.failures()] == ["failed", "partial", "skipped"]
    counts = shelf.counts()
    assert (counts.found, counts.failed, counts.partial, counts.skipped, counts.embedded) == (4, 1, 1, 1, 1)


def test_embedding_anew_replaces_the_vector(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.write("b.mp3", "B")
    shelf.both()
    row = shelf.row("a.mp3")
    shelf.library.files.reread([row.file_id])
    assert shelf.vectors() == {shelf.row("b.mp3").track_id}
    assert [c.identity for c in shelf.candidates()] == ["A"]
    shelf.embed()
    assert len(shelf.vectors()) == 2
    assert shelf.row("a.mp3").track_id == row.track_id


def test_figures_of_each_folder_add_up_to_those_of_all(shelf: Shelf, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.mp3").write_text("A")
    (other / "notes.txt").write_text("no audio")
    shelf.write("a.mp3", "A")
    shelf.write("gone.mp3", "G")
    shelf.scan(shelf.folder, other)
    while shelf.embed():
        pass
    (shelf.folder / "gone.mp3").unlink()
    shelf.scan()
    roots = [r.id for r in shelf.library.roots.all()]
    each = [shelf.library.files.counts(shelf.encoder.id, PLAN, key) for key in roots]
    total = shelf.counts()
    for name in total.__dataclass_fields__:
        assert getattr(total, name) == sum(getattr(counts, name) for counts in each), name
    assert (total.found, total.duplicates, total.missing, total.other_files) == (2, 1, 1, 1)


def test_threads_that_store_and_count_at_once_see_figures_that_add_up(shelf: Shelf) -> None:
    for i in range(40):
        shelf.write(f"{i}.mp3", f"C{i % 30}")
    shelf.scan()
    wrong, ended = [], threading.Event()

    def look() -> None:
        while not ended.is_set():
            c = shelf.counts()
            if c.found != 40 or c.found != c.embedded + c.partial + c.failed + c.skipped + c.pending:
                wrong.append(c)

    thread = threading.Thread(target=look)
    thread.start()
    while shelf.embed(limit=5):
        pass
    ended.set()
    thread.join()
    assert wrong == []
    assert (shelf.counts().embedded, shelf.counts().duplicates) == (40, 10)


def test_vectors_come_back_as_they_went_in(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.scan()
    [candidate] = shelf.candidates()
    parts = np.arange(12, dtype=np.float16).reshape(3, 4)
    shelf.record(
        Read(candidate.file_id, "ok", identity="A", seconds=9.0, vector=vector("A"), segments=parts, n_segments=3,
             codec="flac", sample_rate=44100, channels=2, bit_rate=9)
    )  # fmt: skip
    newest, tracks, matrix = shelf.library.vectors.after(shelf.encoder.id, PLAN, 0)
    assert matrix.tolist() == [vector("A").tolist()]
    assert shelf.library.vectors.segments(int(tracks[0]), shelf.encoder.id, PLAN).tolist() == parts.tolist()  # type: ignore[union-attr]
    assert shelf.library.vectors.after(shelf.encoder.id, PLAN, newest)[1].tolist() == []
    row = shelf.row("a.mp3")
    assert (row.codec, row.seconds) == ("flac", 9.0)
