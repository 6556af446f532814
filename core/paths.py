"""Paths as bytes: not every name is UTF-8, and one name has two Unicode spellings."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


def raw(path: str | Path) -> bytes:
    """The absolute path as the operating system spells it, links left as they are."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - pathlib knows no bytes


def display(path: bytes) -> str:
    """The path for a person: NFC, undecodable bytes shown as replacement signs."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "replace"))


def json_text(path: bytes) -> str:
    """The path for a machine: reversible, undecodable bytes as surrogate escapes."""
    return path.decode("utf-8", "surrogateescape")


def join(root: bytes, relative: bytes) -> bytes:
    """The absolute path of a file below `root` (`relative` is empty where the root itself is the file)."""
    return os.path.join(root, relative) if relative else root  # noqa: PTH118 - pathlib knows no bytes
