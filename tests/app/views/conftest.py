"""The library's views on a synthetic library: all real, but for the music."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.context import Context
from tests.scene import Scene


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    """Nothing is filled or shown yet."""
    made = Scene(context, qtbot)
    yield made
    made.close()
