from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import UserError
from core.library import upgrade
from core.library.models import Base
from core.library.store import Library
from tests.shelf import encoder

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(upgrade.__file__).parent / "migrations"


def config(path: Path, scripts: Path = SCRIPTS) -> Config:
    made = Config()
    made.set_main_option("script_location", str(scripts))
    made.attributes["path"] = path
    return made


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def set_revision(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (value,))


def first_format(path: Path) -> None:
    """A library as the first revision made it, with a file that has a vector, in a folder that is known twice."""
    command.upgrade(config(path), "0001")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("""
            INSERT INTO root(id, raw_path, path, kind, online, added_at, other_files)
            VALUES(1, x'2f6d', '/m', 'music', 1, 0, 0);
            INSERT INTO track(id, identity, seconds) VALUES(7, 'A', 3);
            INSERT INTO file(id, root_id, track_id, raw_path, folder, name, size, mtime_ns, present, verified,
              duplicate, state, reason, failures, priority, title, artist, album, album_artist, genre, codec, tag_note,
              search, added_at, revision)
            VALUES(5, 1, 7, x'612e6d7033', '/m', 'a.mp3', 1, 2, 1, 1, 0, 'ok', '', 0, 0, 'Jóga', 'Björk', '', '', '',
              '', '', 'jóga' || char(10) || 'björk', 0, 1);
            INSERT INTO encoder(id, name, strategy, config, dim, track_dim, front_end, weights_hash, card, file,
              created_at)
            VALUES(1, 'mfcc', 'mfcc', '{}', 1, 1, '1', '', '{}', '', 0);
            INSERT INTO embedding(id, track_id, encoder_id, plan, vector, n_segments, device, precision)
            VALUES(3, 7, 1, 'whole', x'0000803f', 1, 'cpu', 'float32');
            INSERT INTO label(track_id, field, value) VALUES(7, 'label', 'calm');
        """)


def test_head_is_what_alembic_finds() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert scripts.get_heads() == [upgrade.head()]
    assert [script.revision for script in scripts.walk_revisions()] == sorted(
        (script.revision for script in scripts.walk_revisions()), reverse=True
    )


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """An empty file that went through every migration."""
    path = tmp_path / "migrated.earmap"
    command.upgrade(config(path), "head")
    return path


def words(sql: str) -> list[str]:
    """A statement without its layout; a table's columns and constraints may stand in any order."""
    found = re.findall(r"\w+|[^\w\s\"]", sql)
    return sorted(found) if "CREATE TABLE" in sql else found


def statements(path: Path) -> dict[tuple[str, str], list[str]]:
    """Every table, index, trigger and view as it was declared."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return {(kind, name): words(sql or "") for kind, name, sql in rows}


def structure(path: Path) -> dict[str, list[Any]]:
    """What SQLite itself understood: columns with their defaults, keys, and what every index holds."""
    with closing(sqlite3.connect(path)) as connection:

        def ask(pragma: str, name: str, first: int) -> list[tuple[Any, ...]]:
            """Rows without the numbers that SQLite gave out, of which `first` comes after."""
            return [row[first:] for row in connection.execute(f"PRAGMA {pragma}({name})")]

        def table(name: str) -> list[Any]:
            indices = connection.execute(f"PRAGMA index_list({name})").fetchall()
            held = [(flags, ask("index_xinfo", index, 2)) for _, index, *flags in indices]
            return [
                sorted(ask("table_xinfo", name, 1)),
                sorted(ask("foreign_key_list", name, 2)),
                sorted(held, key=repr),
            ]

        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: table(name) for (name,) in tables}


def test_a_new_library_is_what_all_migrations_lead_to(library: Library, migrated: Path) -> None:
    assert statements(library.path) == statements(migrated)
    assert structure(library.path) == structure(migrated)
    assert revision(library.path) == revision(migrated) == upgrade.head()
    with closing(sqlite3.connect(library.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE label ADD COLUMN more INTEGER",
        "CREATE INDEX another ON label(value)",
        "DROP INDEX ix_file_priority; CREATE INDEX ix_file_priority ON file(priority) WHERE priority > 1",
        "CREATE TRIGGER t AFTER DELETE ON label BEGIN DELETE FROM label; END",
        "CREATE TABLE more(id INTEGER)",
    ],
)
def test_the_comparison_sees_a_difference(library: Library, migrated: Path, change: str) -> None:
    with closing(sqlite3.connect(migrated)) as connection:
        connection.executescript(change)
    assert statements(library.path) != statements(migrated)


def test_the_comparison_sees_a_default_that_moved(tmp_path: Path) -> None:
    for name, columns in (("a", "x INTEGER DEFAULT 1, y INTEGER"), ("b", "x INTEGER, y INTEGER DEFAULT 1")):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute(f"CREATE TABLE t({columns})")
    assert structure(tmp_path / "a") != structure(tmp_path / "b")


def test_alembic_has_nothing_to_add_to_the_models(library: Library) -> None:
    with library._db.engine.connect() as connection, warnings.catch_warnings():
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_alembic_is_not_loaded_for_a_new_library_nor_for_a_current_one(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from core.library.store import Library
        for _ in range(2):
            Library(Path(sys.argv[1])).close()
            print("alembic" in sys.modules)
    """
    command = [sys.executable, "-c", code, str(tmp_path / "library.earmap")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["False", "False"]


def test_an_older_library_is_copied_aside_and_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.earmap"
    first_format(path)
    before = content(path)
    with Library(path) as library:
        assert [
            row.title for row in library.rows.page(1, "whole", library.rows.order(1, "whole", "bjork joga"))
        ] == ["Jóga"]
        assert library.labels.of([7]) == {7: ("calm",)}
        assert library.vectors.after(1, "whole", 0)[1].tolist() == [7]
        assert library.files.counts(1, "whole").embedded == 1
        library.roots.add(b"/m", "dataset")
    assert revision(path) == upgrade.head()
    copy = tmp_path / f"old.earmap.before-{upgrade.head()}"
    assert content(copy) == before
    assert revision(copy) == "0001"
    assert not list(tmp_path.glob("*.part"))


def test_the_foreign_keys_of_an_upgraded_library_hold(tmp_path: Path) -> None:
    path = tmp_path / "old.earmap"
    first_format(path)
    with Library(path) as library:
        library.roots.forget(1)
        assert library.rows.order(1, "whole").tolist() == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM file").fetchone() == (0,)


def test_a_failed_upgrade_leaves_the_library_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.earmap"
    with Library(path) as library:
        encoder(library)
    newest = upgrade.head()
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    for source in (SCRIPTS / "env.py", *(SCRIPTS / "versions").glob("0*.py")):
        (scripts / source.relative_to(SCRIPTS)).write_text(source.read_text())
    (scripts / "versions" / "9000_bad.py").write_text(
        f"from alembic import op\nrevision = '9000'\ndown_revision = '{newest}'\n"
        "def upgrade():\n    op.execute('DROP TABLE label')\n    op.execute('INSERT INTO nowhere VALUES(1)')\n"
    )
    monkeypatch.setattr(upgrade, "migrations", lambda: scripts)
    with pytest.raises(Exception, match="nowhere"):
        Library(path)
    monkeypatch.undo()
    assert revision(path) == newest
    assert (tmp_path / "library.earmap.before-9000").exists()
    with Library(path) as library:
        assert library.labels.all() == []
        assert len(library.encoders.all()) == 1


def test_a_newer_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.earmap"
    with Library(path):
        pass
    set_revision(path, "9999")
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer Earmap") as refusal:
        Library(path)
    assert "9999" in refusal.value.title
    assert "--library" in refusal.value.hint
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if file.stat().st_size] == ["new.earmap"]
