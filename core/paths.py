"""Paths as bytes: not every name is UTF-8, and one name has two Unicode spellings."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from types import ModuleType


def raw(path: str | Path) -> bytes:
    """The absolute path as the operating system spells it, links left as they are."""
    absolute = os.path.abspath(os.fsencode(path))  # noqa: PTH100 - pathlib knows no bytes
    # POSIX lets "//music" be something else than "/music"; no system that Earmap runs on makes use of it.
    return b"/" + absolute.lstrip(b"/") if os.sep == "/" and absolute.startswith(b"//") else absolute


def display(path: bytes) -> str:
    """The path for a person: NFC, undecodable bytes shown as replacement signs."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "replace"))


def json_text(path: bytes) -> str:
    """The path for a machine: reversible, undecodable bytes as surrogate escapes."""
    return path.decode("utf-8", "surrogateescape")


def join(root: bytes, relative: bytes) -> bytes:
    """The absolute path of a file below `root` (`relative` is empty where the root itself is the file)."""
    return os.path.join(root, relative) if relative else root  # noqa: PTH118 - pathlib knows no bytes


def relative(path: bytes, root: bytes, system: ModuleType = os.path) -> bytes | None:
    """What `join` needs to make `path` of `root`: empty for the root itself, None for a path outside it.

    Parameters
    ----------
    system
        Whose rules hold: `posixpath`, or `ntpath`, where case and the kind of slash say nothing.
    """
    slash = system.sep.encode()
    folder = root if system.normcase(root).endswith(slash) else root + slash
    if system.normcase(path) == system.normcase(root):
        return b""
    inside = system.normcase(path).startswith(system.normcase(folder))
    return path[len(folder) :] if inside else None
