"""A shuffled queue that need not be sorted for each question, ids that are never given twice, accents aside."""

from collections.abc import Callable

from alembic import op

from core.library.text import fold

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _rebuild("root", lambda sql: sql.replace("UNIQUE (raw_path)", "UNIQUE (kind, raw_path)"))
    _rebuild("embedding", _lasting_ids)
    queue = "shuffle INTEGER DEFAULT (random()) NOT NULL"
    _rebuild(
        "file",
        lambda sql: _lasting_ids(sql).replace(
            "revision INTEGER NOT NULL", f"revision INTEGER NOT NULL, {queue}"
        ),
    )
    op.execute("CREATE INDEX ix_file_counts ON file (root_id, present, state, duplicate, track_id)")
    op.execute("CREATE INDEX ix_file_priority ON file (priority) WHERE priority > 0")
    op.execute("CREATE INDEX ix_file_unread ON file (shuffle, state, root_id) WHERE present AND NOT verified")
    op.execute(
        "CREATE INDEX ix_file_read ON file (shuffle, state, root_id, track_id) "
        "WHERE present AND verified AND NOT duplicate"
    )
    op.get_bind().connection.create_function("fold", 1, fold)
    op.execute("UPDATE file SET search = fold(search)")


def _lasting_ids(sql: str) -> str:
    once = sql.replace("PRIMARY KEY (id), ", "")
    return once.replace("id INTEGER NOT NULL", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", 1)


def _rebuild(table: str, change: Callable[[str], str]) -> None:
    """Copy a table into one that was declared otherwise; SQLite cannot change one in its place."""
    run = op.get_bind().exec_driver_sql
    sql = " ".join(run("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one().split())
    indices = run(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name = ?", (table,)
    ).all()
    columns = ", ".join(row.name for row in run(f"PRAGMA table_info({table})"))
    run(change(sql).replace(f"CREATE TABLE {table}", f"CREATE TABLE new_{table}", 1))
    run(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")  # noqa: S608 - our own names
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE new_{table} RENAME TO {table}")
    for index in indices:
        run(index.sql)
