"""The search text tells its fields apart."""

from alembic import op

from core.library.text import fold

revision = "0003"
down_revision = "0002"

_PARTS = ("title", "artist", "album", "album_artist", "genre", "coalesce(year, '')", "name")


def upgrade() -> None:
    op.get_bind().connection.create_function("fold", 1, lambda text: fold(str(text)))
    parts = " || ".join(f"fold({part}) || char({i})" for i, part in enumerate(_PARTS, 1))
    op.execute(f"UPDATE file SET search = {parts}")  # noqa: S608 - constants only
