from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.library.store import Library
from tests.shelf import Shelf


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.earmap") as library:
        yield library


@pytest.fixture
def shelf(library: Library, tmp_path: Path) -> Shelf:
    folder = tmp_path / "music"
    folder.mkdir()
    return Shelf(library, folder)
