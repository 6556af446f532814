"""How alembic reaches the library file: in one transaction, so that a failed upgrade leaves nothing behind."""

from alembic import context
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from core.library.models import Base
from core.library.upgrade import connect

path = context.config.attributes["path"]
engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)


@event.listens_for(engine, "begin")
def _begin(connection) -> None:  # type: ignore[no-untyped-def] # pysqlite would commit before DDL
    connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
