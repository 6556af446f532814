"""The music that comes with the program: where it lies, and whose it is. Nothing is ever written there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from core.errors import UserError

CREDITS = "credits.json"
FIRST = "folk-fledgling-kingdom.opus"
"""What is selected first: its nearest neighbours are all of its own kind."""
MEND = "Install Earmap again to mend it."


@dataclass(frozen=True)
class Credit:
    """Whose a track is, and under which terms it may be passed on; see `tests/bench/first_day/bundled_music.py`.

    Parameters
    ----------
    file
        Its name in the folder.
    licence, licence_name, licence_url
        SPDX name, words, and where the text is.
    excerpt, whole_s
        From where to where (s) in a piece of which length.
    notice
        What the licence asks to be passed on, word by word.
    """

    file: str
    title: str
    artist: str
    style: str
    copyright: str
    licence: str
    licence_name: str
    licence_url: str
    source: str
    source_url: str
    package: str
    excerpt: tuple[float, float]
    whole_s: float
    album: str = ""
    notice: str = ""


def folder() -> Path:
    """The folder of the music that comes with the program (`EARMAP_MUSIC_DIR` overrides it)."""
    own = os.environ.get("EARMAP_MUSIC_DIR")
    return Path(own) if own else Path(str(resources.files("resources"))) / "music"


def raw_folder() -> bytes:
    """The folder as the library keeps paths."""
    return os.fsencode(folder())


def holds(path: bytes) -> bool:
    """Whether a file (or the folder itself) is part of it."""
    mine = raw_folder()
    return path == mine or path.startswith(mine + os.sep.encode())


def first() -> bytes:
    """The track to begin with."""
    return os.fsencode(folder() / FIRST)


def credit_list() -> tuple[Credit, ...]:
    """One for each track, by style and title.

    Raises
    ------
    UserError
        The installation is damaged.
    """
    try:
        read = json.loads((folder() / CREDITS).read_text("utf-8"))
        found = [_credit(entry) for entry in read]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError("The list of the bundled music cannot be read.", MEND) from error
    return tuple(sorted(found, key=lambda one: (one.style, one.title.casefold())))


def _credit(entry: dict[str, Any]) -> Credit:
    known = {field.name for field in fields(Credit)}
    values = {name: value for name, value in entry.items() if name in known}
    begin, end = values.pop("excerpt")
    return Credit(**values, excerpt=(float(begin), float(end)))
