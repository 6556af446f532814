from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import DamagedError, UserError
from core.library.health import set_aside, trouble
from core.library.store import Library
from tests.shelf import encoder

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library of some pages."""
    path = tmp_path / "library.earmap"
    with Library(path) as library:
        for number in range(200):
            encoder(library, f"encoder {number}")
    return path


def told(path: Path, *, thorough: bool = False) -> str:
    found = trouble(path, thorough=thorough)
    return "" if found is None else found.title


def test_a_whole_library_and_none_at_all_are_well_and_stay_as_they_are(path: Path) -> None:
    before = path.read_bytes()
    assert told(path, thorough=True) == ""
    assert path.read_bytes() == before
    missing = path.with_name("missing.earmap")
    assert told(missing, thorough=True) == ""
    assert not missing.exists()


def test_one_that_is_open_is_well(path: Path) -> None:
    with Library(path) as library:
        encoder(library, "more")
        assert told(path, thorough=True) == ""


@pytest.mark.parametrize("content", [b"notes and no library. " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_library_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.earmap"
    path.write_bytes(content)
    assert "damaged or not a library" in told(path)


def test_another_program_s_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.earmap"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (id)")
    found = trouble(path, thorough=True)
    assert found is not None
    assert "some other program's" in found.title
    assert not isinstance(found, DamagedError)  # it is not to be set aside


def test_a_newer_format_is_told(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer Earmap" in told(path)


def test_pages_that_opening_does_not_read_are_read_when_thorough(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        ask = "SELECT rootpage FROM sqlite_master WHERE name = 'encoder'"
        (page,) = connection.execute(ask).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa5" * PAGE)
    assert told(path) == ""
    assert "damaged" in told(path, thorough=True)
    found = trouble(path, thorough=True)
    assert isinstance(found, UserError)
    assert "your music files are untouched" in found.hint


def test_a_library_goes_aside_with_all_that_lies_beside_it_and_can_be_opened_there(path: Path) -> None:
    (path.parent / "library.earmap.encoders").mkdir()
    (path.parent / "library.earmap.encoders" / "mine.safetensors").write_text("weights")
    (path.parent / "library.earmap-wal").write_text("")
    (path.parent / "library.earmapper").write_text("another's")
    (path.parent / "library.damaged-1.earmap.before-0003").write_text("of an earlier time")
    aside = set_aside(path)
    assert aside.name == "library.damaged-2.earmap"
    assert (path.parent / "library.damaged-2.earmap.encoders" / "mine.safetensors").read_text() == "weights"
    left = {one.name for one in path.parent.iterdir() if "damaged-2" not in one.name}
    assert left == {"library.earmapper", "library.damaged-1.earmap.before-0003"}
    with Library(aside) as library:
        assert len(library.encoders.all()) == 200
    with Library(path) as library:
        assert library.encoders.all() == []


def test_a_file_that_is_gone_cannot_be_set_aside(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        set_aside(tmp_path / "library.earmap")
