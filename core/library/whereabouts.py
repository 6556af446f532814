"""Which files of the library a list of paths means, as a playlist made elsewhere spells them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from core import paths

_ROOTS = text("SELECT id, raw_path FROM root ORDER BY kind = 'music' DESC, id")
_EXACT = text("SELECT id FROM file WHERE root_id = :root AND raw_path = :path")
_NAMED = text("""
    SELECT f.id, r.raw_path, f.raw_path FROM file f JOIN root r ON r.id = f.root_id
    WHERE f.name IN (SELECT value FROM json_each(:names)) AND f.present ORDER BY f.duplicate, f.id
""")


def files_at(connection: Connection, wanted: Sequence[bytes], *, moved: bool = False) -> dict[bytes, int]:
    """The file of each absolute path; paths that mean none are left out.

    A path is taken as the disk spells it, else in another Unicode spelling.

    Parameters
    ----------
    moved
        Also take the one file of that name in a folder of that name, wherever it lies: lists travel
        between machines whose music lies in different places.
    """
    roots = [(key, bytes(raw)) for key, raw in connection.execute(_ROOTS)]
    found = {path: file for path in wanted if (file := _exact(connection, roots, path)) is not None}
    rest = [path for path in wanted if path not in found]
    return found | _spelled(connection, rest, moved=moved) if rest else found


def _exact(connection: Connection, roots: Iterable[tuple[int, bytes]], path: bytes) -> int | None:
    for root, place in roots:
        inside = paths.relative(path, place)
        if inside is not None:
            file = connection.execute(_EXACT, {"root": root, "path": inside}).scalar()
            if file is not None:
                return int(file)
    return None


def _spelled(connection: Connection, rest: Sequence[bytes], *, moved: bool) -> dict[bytes, int]:
    """Files of the same name: the one at that very place, else (`moved`) the only one with that end."""
    names = json.dumps(sorted({_tail(path, 1) for path in rest}))
    whole: dict[str, int] = {}
    ends: dict[str, list[int]] = {}
    for file, root, relative in connection.execute(_NAMED, {"names": names}):
        place = paths.join(root, relative)
        whole.setdefault(paths.display(place), file)
        ends.setdefault(_tail(place, 2).casefold(), []).append(file)
    found: dict[bytes, int] = {}
    for path in rest:
        file = whole.get(paths.display(path))
        alike = ends.get(_tail(path, 2).casefold(), []) if moved else []
        if file is None and len(alike) == 1:
            file = alike[0]
        if file is not None:
            found[path] = file
    return found


def _tail(path: bytes, parts: int) -> str:
    """The last parts of a path as text, with the slashes of every system."""
    shown = unicodedata.normalize("NFC", paths.display(path)).replace("\\", "/")
    return "/".join(shown.rsplit("/", parts)[-parts:])
