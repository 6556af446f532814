from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import UserError
from core.library import upgrade
from core.library.database import Database
from core.library.store import Library
from tests.shelf import encoder

ROOT = Path(__file__).parents[3]
posix_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="needs another user to be refused"
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "library.earmap")
    yield database
    database.close()


def python(
    code: str, *arguments: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=env
    )


def intact(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# -- what cannot be opened -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"These are my shopping notes, and no library at all.\n" * 50,
        b"short",
        b"SQLite format 3\0" + b"\xff" * 5000,
        bytes(4096),
    ],
    ids=["text", "short", "header only", "zeros"],
)
def test_a_file_that_is_no_library_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged or not a library"):
        Library(path)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("tables", [["notes"], ["alembic_version"]])
def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, tables: list[str]) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table}(version_num TEXT)")
            connection.execute(f"INSERT INTO {table} VALUES('zz')")
    before = path.read_bytes()
    with pytest.raises(UserError, match="some other program"):
        Library(path)
    assert path.read_bytes() == before


def use(path: Path) -> None:
    with Library(path) as library:
        library.encoders.all()
        library.rows.order(1, "whole")
        library.jobs.recent()


def test_a_damaged_library_says_so_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    with Library(path) as library:
        encoder(library)
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        use(path)
    assert len(path.read_bytes()) == len(content)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a file"):
        Library(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="needs pipes")
def test_a_pipe_or_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(UserError, match="is not a file"):
            Library(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        Library(tmp_path / "file" / "library.earmap")
    with Library(tmp_path / "library.earmap") as library:
        (tmp_path / "library.earmap.vectors").write_text("")
        with pytest.raises(UserError, match="cannot be made"):
            library.sidecar("vectors")


def test_an_empty_file_becomes_a_library(tmp_path: Path) -> None:
    path = tmp_path / "empty.earmap"
    path.touch()
    with Library(path) as library:
        assert library.roots.all() == []


@pytest.mark.parametrize(
    "name", ["what?#50%.earmap", 'ein Ordner/ü \' "x".db', os.fsdecode(b"\xff\xfe.db"), "file:x"]
)
def test_a_library_can_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with Library(Path(name)) as library:
            encoder(library)
            assert library.path.samefile(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 4096


REFUSED = """
import os, sys
from pathlib import Path
from core.errors import UserError
from core.library.store import Library
import sqlalchemy.dialects.sqlite.pysqlite
os.setuid(65534)
for path in sys.argv[1:]:
    try:
        Library(Path(path))
    except UserError as error:
        print(error.title)
"""


@posix_root
def test_what_may_not_be_written_is_refused_when_opened() -> None:
    # Not below pytest's folders: no other user may enter them.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        paths = [folder / name / "library.earmap" for name in ("file", "folder", "new", "closed")]
        for path, file_mode, folder_mode in zip(
            paths, (0o444, 0o666, 0, 0o666), (0o777, 0o555, 0o555, 0), strict=True
        ):
            path.parent.mkdir()
            if file_mode:
                Library(path).close()
                path.chmod(file_mode)
            path.parent.chmod(folder_mode)
        folder.chmod(0o755)
        ended = python(REFUSED, *paths)
        assert ended.stdout.splitlines() == [f"The library cannot be written: {path}." for path in paths], (
            ended
        )
        assert [sorted(file.name for file in path.parent.iterdir()) for path in paths] == [
            ["library.earmap"],
            ["library.earmap"],
            [],
            ["library.earmap"],
        ]
    finally:
        subprocess.run(["rm", "-r", folder], check=True)


# -- one transaction at a time ---------------------------------------------------------------------


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM meta")).scalar_one())


def insert_and_raise(database: Database, trouble: type[BaseException]) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO meta VALUES('x', 1)"))
        raise trouble


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    before = count(database)
    for trouble in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(trouble):
            insert_and_raise(database, trouble)
    assert count(database) == before
    with database.write() as connection:
        connection.execute(text("INSERT INTO meta VALUES('x', 1)"))
    assert count(database) == before + 1


def test_a_reader_sees_one_snapshot_and_does_not_hold_up_a_writer(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(text("SELECT count(*) FROM meta")).scalar_one() == 0
        with database.write() as writer:
            writer.execute(text("INSERT INTO meta VALUES('x', 1)"))
        assert reader.execute(text("SELECT count(*) FROM meta")).scalar_one() == 0
    assert count(database) == 1


def test_a_bug_stays_a_bug_whatever_it_quotes(database: Database) -> None:
    quoted = "INSERT INTO meta VALUES('database is locked, disk is full, readonly, malformed', NULL)"
    with pytest.raises(Exception, match="NOT NULL") as raised, database.write() as connection:
        connection.execute(text(quoted))
    assert not isinstance(raised.value, UserError)


def test_a_lock_that_is_never_given_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "BUSY_S", 0.1)
    with (
        closing(Database(tmp_path / "library.earmap")) as database,
        closing(sqlite3.connect(database.path, isolation_level=None)) as other,
    ):
        with database.read():
            other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError, match="keeps the library locked"), database.write():
            pass


def test_many_threads_read_at_once(database: Database) -> None:
    barrier = threading.Barrier(30)
    seen: list[int] = []

    def look() -> None:
        with database.read() as connection:
            barrier.wait(30)
            seen.append(int(connection.execute(text("SELECT count(*) FROM meta")).scalar_one()))

    threads = [threading.Thread(target=look) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0] * 30


def _add_many(path: Path, start: float, n: int) -> None:
    time.sleep(max(0.0, start - time.time()))
    with Library(path) as library:
        root = library.roots.add(b"/music")
        for i in range(n):
            with library._db.write() as connection:
                value = connection.execute(
                    text("SELECT coalesce(max(value), 0) FROM meta WHERE key = 'n'")
                ).scalar_one()
                time.sleep(0.001)
                connection.execute(text("INSERT OR REPLACE INTO meta VALUES('n', :v)"), {"v": value + 1})
            library.roots.scanned(root.id, i)


def test_several_processes_make_and_write_one_library(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    start = time.time() + 1.0
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(path, start, 25)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(90)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with Library(path) as library:
        assert len(library.roots.all()) == 1
        with library._db.read() as connection:
            assert connection.execute(text("SELECT value FROM meta WHERE key = 'n'")).scalar_one() == 75
    intact(path)


KILLED = """
import os, sys
from pathlib import Path
from sqlalchemy import text
from core.library.store import Library
library = Library(Path(sys.argv[1]))
with library._db.write() as connection:
    connection.execute(text("PRAGMA cache_spill = 1"))
    connection.execute(text("PRAGMA cache_size = 10"))
    for i in range(5000):
        connection.execute(text("INSERT INTO meta VALUES(:k, 1)"), {"k": f"{i:0200}"})
    print("half", flush=True)
    sys.stdin.read()
"""


def test_killed_in_the_middle_of_a_transaction_nothing_is_lost_and_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    with Library(path) as library:
        encoder(library)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        assert path.with_name("library.earmap-wal").stat().st_size > 500_000  # it had begun to write
        process.kill()
        process.wait()
        assert process.returncode == -signal.SIGKILL
    with Library(path) as library:
        assert count(library._db) == 0
        assert len(library.encoders.all()) == 1
        library.roots.add(b"/music")
    intact(path)


BORN_DEAD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE alembic_version(version_num TEXT)")
for i in range(3000):
    connection.execute("INSERT INTO alembic_version VALUES(?)", ("x" * 200,))
print("half", flush=True)
sys.stdin.read()
"""


def test_killed_while_the_library_was_made_it_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    with subprocess.Popen(
        [sys.executable, "-c", BORN_DEAD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
        process.wait()
    assert path.stat().st_size > 100_000
    assert path.with_name("library.earmap-journal").exists()
    with Library(path) as library:
        encoder(library)
    intact(path)


MADE_HALF = """
import sys
from pathlib import Path
from sqlalchemy import event
from core.library.models import Base
from core.library.store import Library

@event.listens_for(Base.metadata, "after_create")
def stay(*_, **__):
    print("half", flush=True)
    sys.stdin.read()

Library(Path(sys.argv[1]))
"""


def test_killed_with_all_tables_made_but_no_stamp_it_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    with subprocess.Popen(
        [sys.executable, "-c", MADE_HALF, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
        process.wait()
    with Library(path) as library:
        encoder(library)
    intact(path)


# -- a full disk -----------------------------------------------------------------------------------

FULL = """
import resource, signal, sys
from pathlib import Path
from core.errors import UserError
from core.library.records import Found
from core.library.store import Library
library = Library(Path(sys.argv[1]))
root = library.roots.add(b"/music")
batch = lambda start: [Found(b"%d" % i, "/music", "x" * 500, 1, i) for i in range(start, start + 200)]
library.files.put(root.id, batch(0), {})
limit = Path(sys.argv[1] + "-wal").stat().st_size + 30_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    library.files.put(root.id, batch(1000), {})
except UserError as error:
    print(error.title)
print(len(library.files.known(root.id)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
library.files.put(root.id, batch(2000), {})
print(len(library.files.known(root.id)))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_full_disk_is_named_and_what_was_stored_stays(tmp_path: Path) -> None:
    path = tmp_path / "library.earmap"
    ended = python(FULL, path)
    assert ended.stdout.splitlines() == [
        f"The disk that holds the library is full or failing: {path}.", "200", "400",
    ], ended  # fmt: skip
    intact(path)


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_no_room_for_a_new_library(tmp_path: Path) -> None:
    ended = python(
        """
        import resource, sys
        from pathlib import Path
        from core.errors import UserError
        from core.library.store import Library
        import sqlalchemy.dialects.sqlite.pysqlite
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            Library(Path(sys.argv[1]))
        except UserError as error:
            print(error.title)
        """,
        tmp_path / "library.earmap",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert "full or failing" in ended.stdout, ended
    with Library(tmp_path / "library.earmap") as library:
        assert library.roots.all() == []
