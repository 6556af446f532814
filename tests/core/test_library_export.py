from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.library.store import Library
from core.library_export import export_playlist, export_vectors
from tests.library_tools import PLAN
from tests.shelf import Shelf, encoder, vector


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    (tmp_path / "music").mkdir()
    with Library(tmp_path / "a.earmap") as library:
        made = Shelf(library, tmp_path / "music")
        for name in ("a", "b", "c", "d"):
            made.write(f"{name}.mp3", name.upper())
        made.both()
        yield made


def written(shelf: Shelf, out: Path) -> dict[str, np.ndarray]:
    export_vectors(shelf.library, shelf.encoder, PLAN, out)
    with np.load(out) as arrays:
        return dict(arrays)


def test_each_row_is_a_track_with_its_own_vector(shelf: Shelf, tmp_path: Path) -> None:
    found = written(shelf, tmp_path / "v.npz")
    assert sorted(found["title"]) == ["a", "b", "c", "d"]
    for title, row, key in zip(found["title"], found["vector"], found["id"], strict=True):
        np.testing.assert_array_equal(row, vector(str(title).upper()))
        assert shelf.row(f"{title}.mp3").track_id == key


def test_what_is_gone_or_doubled_is_left_out(shelf: Shelf, tmp_path: Path) -> None:
    (shelf.folder / "b.mp3").unlink()
    shelf.write("copy of c.mp3", "C")
    shelf.both()
    found = written(shelf, tmp_path / "v.npz")
    assert sorted(found["title"]) == ["a", "c", "d"]
    for title, row in zip(found["title"], found["vector"], strict=True):
        np.testing.assert_array_equal(row, vector(str(title).upper()))


def test_nothing_to_write_says_why(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "v.npz"
    with pytest.raises(UserError, match="other has embedded nothing yet"):
        export_vectors(shelf.library, encoder(shelf.library, "other"), PLAN, out)
    shelf.library.roots.set_online(shelf.library.roots.all()[0].id, online=False)
    with pytest.raises(UserError, match="can be reached now"):
        export_vectors(shelf.library, shelf.encoder, PLAN, out)
    with pytest.raises(UserError, match="no track to write"):
        export_playlist(shelf.library, [], out.with_suffix(".m3u8"))
    assert not out.exists()


def test_a_playlist_keeps_the_order_and_finds_the_files(shelf: Shelf, tmp_path: Path) -> None:
    files = [shelf.row(f"{name}.mp3").file_id for name in "cab"]
    for name, relative in (("r.m3u8", True), ("a.m3u8", False)):
        assert export_playlist(shelf.library, files, tmp_path / name, relative=relative) == 3
        lines = (tmp_path / name).read_text("utf-8").splitlines()
        places = [line for line in lines if not line.startswith("#")]
        assert [Path(place).name for place in places] == ["c.mp3", "a.mp3", "b.mp3"]
        assert [Path(place).is_absolute() for place in places] == [not relative] * 3
        assert all((tmp_path / place).exists() for place in places)
    assert export_playlist(shelf.library, files, tmp_path / "x.xspf") == 3
    assert "file:///" in (tmp_path / "x.xspf").read_text("utf-8")


@pytest.mark.parametrize("name", ["", "nowhere/v", "folder", "v.docx", "no suffix"])
def test_places_that_cannot_be_written_are_sentences(shelf: Shelf, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "folder.m3u8").mkdir()
    files = [shelf.row("a.mp3").file_id]
    bare = "." in name or " " in name or not name
    for suffix, write in (
        (".npz", lambda out: export_vectors(shelf.library, shelf.encoder, PLAN, out)),
        (".m3u8", lambda out: export_playlist(shelf.library, files, out)),
    ):
        with pytest.raises(UserError) as error:
            write(tmp_path / (name if bare else name + suffix))
        assert error.value.hint


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_name_of_any_bytes_can_be_written_to(shelf: Shelf, tmp_path: Path) -> None:
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xff.npz"))
    assert len(written(shelf, out)["id"]) == 4
    assert export_playlist(shelf.library, [shelf.row("a.mp3").file_id], out.with_suffix(".m3u8")) == 1
