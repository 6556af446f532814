from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from core import paths
from core.library.records import Found, RootRecord
from core.library.store import Library
from tests.library_tools import PLAN
from tests.shelf import Shelf


def put(library: Library, root: RootRecord, *names: bytes) -> None:
    batch = [Found(name, "", paths.display(name), zlib.crc32(name), 1) for name in names]
    library.files.put(root.id, batch, library.files.known(root.id))


def everything(library: Library) -> list[bytes]:
    rows = library.rows.page(0, PLAN, library.rows.order(0, PLAN).tolist())
    return sorted(row.path for row in rows)


@pytest.mark.parametrize("parent", [b"/music", b"/"])
def test_a_folder_around_others_takes_their_files_over(library: Library, parent: bytes) -> None:
    for name in (b"/music/a", b"/music/b/c", b"/music/single.mp3"):
        put(library, library.roots.add(name), b"" if name.endswith(b"mp3") else b"x\xff.mp3")
    before, ids = everything(library), library.rows.order(0, PLAN).tolist()
    revision = library.rows.revision()
    root = library.roots.add(parent)
    assert [r.raw_path for r in library.roots.all()] == [parent]
    assert (
        everything(library)
        == before
        == [b"/music/a/x\xff.mp3", b"/music/b/c/x\xff.mp3", b"/music/single.mp3"]
    )
    assert library.rows.order(0, PLAN).tolist() == ids
    assert library.rows.revision() > revision
    assert library.files.counts(0, PLAN, root.id).found == 3


def test_a_folder_inside_another_is_part_of_it(library: Library) -> None:
    root = library.roots.add(b"/music")
    assert library.roots.add(b"/music/jazz") == root
    assert library.roots.add(b"/music/a.mp3") == root
    assert library.roots.add(b"/music") == root
    assert library.roots.add(b"/music2") != root
    assert library.roots.add(b"/mus") != root
    assert [r.raw_path for r in library.roots.all()] == [b"/music", b"/music2", b"/mus"]


def test_neighbours_with_a_common_beginning_stay_apart(library: Library) -> None:
    for name in (b"/music2", b"/music\\", b"/music"):
        put(library, library.roots.add(name), b"a.mp3")
    assert len(library.roots.all()) == 3
    assert everything(library) == [b"/music/a.mp3", b"/music2/a.mp3", b"/music\\/a.mp3"]


def test_a_data_set_and_music_may_share_a_folder(library: Library) -> None:
    music, data = library.roots.add(b"/fma"), library.roots.add(b"/fma", "dataset")
    inner = library.roots.add(b"/fma/small", "dataset")
    assert (music.id, inner) != (data.id, music)
    assert inner == data
    put(library, music, b"a.mp3")
    put(library, data, b"a.mp3")
    assert everything(library) == [b"/fma/a.mp3"]
    assert library.files.counts(0, PLAN).found == 1
    key = library.rows.find(b"/fma/a.mp3")
    assert key == library.rows.order(0, PLAN)[0]


def test_an_offline_folder_inside_a_new_one_waits_for_its_drive(library: Library) -> None:
    """Its files would be missing from the new one, instead of offline."""
    drive = library.roots.add(b"/mnt/usb")
    put(library, drive, b"a.mp3", b"b.mp3")
    ids = library.rows.order(0, PLAN).tolist()
    library.roots.set_online(drive.id, online=False)
    parent = library.roots.add(b"/mnt")
    put(library, parent, b"c.mp3")
    assert len(library.roots.all()) == 2
    assert library.files.counts(0, PLAN).offline == 2
    assert library.roots.add(b"/mnt/usb").id == drive.id
    assert library.roots.add(b"/mnt/other").id == parent.id
    # The drive is back; the scan of the folder around it met its files first.
    library.roots.set_online(drive.id, online=True)
    put(library, parent, b"usb/a.mp3")
    library.roots.add(b"/mnt")
    assert [r.raw_path for r in library.roots.all()] == [b"/mnt"]
    assert everything(library) == [b"/mnt/c.mp3", b"/mnt/usb/a.mp3", b"/mnt/usb/b.mp3"]
    assert set(ids) < set(library.rows.order(0, PLAN).tolist())


def test_a_root_that_goes_offline_keeps_everything(shelf: Shelf) -> None:
    for name, content in (("a", "A"), ("p", "P"), ("f", "F"), ("wait", "W")):
        shelf.write(f"{name}.mp3", content)
    shelf.scan()
    waiting = shelf.row("wait.mp3").file_id
    shelf.record(*(shelf.outcome(c) for c in shelf.candidates(busy=(waiting,))))
    rows, vectors = shelf.rows(), shelf.vectors()
    shelf.folder.rename(shelf.folder.with_name("unplugged"))
    shelf.library.roots.set_online(1, online=False)
    counts = shelf.counts()
    assert (counts.found, counts.offline, counts.failed, counts.missing) == (0, 4, 0, 0)
    assert shelf.candidates() == []
    assert shelf.vectors() == vectors
    assert [row.state for row in shelf.rows()] == [row.state for row in rows]
    assert not any(row.online for row in shelf.rows())
    assert len(shelf.rows("state:offline")) == 4
    assert shelf.library.rows.facts() == {}
    assert shelf.library.files.failures() == []
    shelf.folder.with_name("unplugged").rename(shelf.folder)
    shelf.both()
    assert sorted(row.file_id for row in shelf.rows()) == sorted(row.file_id for row in rows)
    assert shelf.shown() == {
        "a.mp3": "embedded",
        "p.mp3": "partial",
        "f.mp3": "failed",
        "wait.mp3": "embedded",
    }


def test_forgetting_deletes_nothing_from_disk_and_keeps_the_vectors(shelf: Shelf) -> None:
    path = shelf.write("a.mp3", "A")
    shelf.both()
    track = shelf.row("a.mp3").track_id
    assert track is not None
    shelf.library.labels.set([track], "calm")
    before = shelf.library.rows.revision()
    shelf.library.roots.forget(1)
    assert path.exists()
    assert shelf.rows() == []
    assert shelf.library.rows.revision() > before
    assert shelf.vectors() == {track}
    shelf.both()
    assert shelf.row("a.mp3").track_id == track
    assert shelf.row("a.mp3").labels == "calm"


def test_scanned_is_noted(library: Library) -> None:
    root = library.roots.add(paths.raw(Path("/music")))
    assert root.scanned_at is None
    library.roots.scanned(root.id, 5)
    [after] = library.roots.all()
    assert after.scanned_at is not None
    assert after.other_files == 5
    assert library.files.counts(0, PLAN).other_files == 5
