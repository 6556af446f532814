from __future__ import annotations

import re
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.schema import CreateIndex, CreateTable

from core.errors import UserError
from core.library import upgrade
from core.library.models import Base
from core.library.store import Library
from tests.shelf import encoder

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


def test_head_is_the_newest_script() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert scripts.get_heads() == [upgrade.HEAD]
    assert [script.revision for script in scripts.walk_revisions()] == sorted(
        (script.revision for script in scripts.walk_revisions()), reverse=True
    )


def test_a_new_library_is_what_the_models_say(library: Library) -> None:
    engine = library._db.engine
    with engine.connect() as connection, warnings.catch_warnings():
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []

    def words(sql: str) -> list[str]:  # a table's constraints may stand in any order
        found = re.findall(r"\w+|[^\w\s\"]", sql)
        return sorted(found) if "CREATE TABLE" in sql else found

    with closing(sqlite3.connect(library.path)) as plain:
        stored = dict(plain.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    declared: dict[str, str] = {}
    for table in Base.metadata.sorted_tables:
        declared[table.name] = str(CreateTable(table).compile(engine))
        declared |= {str(index.name): str(CreateIndex(index).compile(engine)) for index in table.indexes}
    extra = {"alembic_version", "sqlite_sequence"}
    assert set(stored) - extra == set(declared)
    assert {n: words(sql) for n, sql in stored.items() if n not in extra} == {
        n: words(s) for n, s in declared.items()
    }


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
    assert revision(path) == upgrade.HEAD
    copy = tmp_path / f"old.earmap.before-{upgrade.HEAD}"
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
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    for source in (SCRIPTS / "env.py", *(SCRIPTS / "versions").glob("0*.py")):
        (scripts / source.relative_to(SCRIPTS)).write_text(source.read_text())
    (scripts / "versions" / "0004_bad.py").write_text(
        "from alembic import op\nrevision = '0004'\ndown_revision = '0003'\n"
        "def upgrade():\n    op.execute('DROP TABLE label')\n    op.execute('INSERT INTO nowhere VALUES(1)')\n"
    )
    monkeypatch.setattr(upgrade, "HEAD", "0004")
    monkeypatch.setattr(upgrade, "migrations", lambda: scripts)
    with pytest.raises(Exception, match="nowhere"):
        Library(path)
    monkeypatch.undo()
    assert revision(path) == "0003"
    assert (tmp_path / "library.earmap.before-0004").exists()
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
