"""The library as the window reaches it: opened in the background, and never touched by the GUI thread."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # SQLAlchemy is imported with the first use, so that the window opens before
    from core.library.store import Library


class LibraryDoor:
    """Opens the library file at first use, in whichever background thread comes first.

        background.run(lambda: door().files.failures(), self.show)

    Parameters
    ----------
    path
        The library file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._library: Library | None = None
        self._closed = False

    def __call__(self) -> Library:
        """The open library.

        Raises
        ------
        UserError
            The file cannot be opened.
        RuntimeError
            Asked for on the main thread, which belongs to the window, or after the end.
        """
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("the library was asked for on the GUI thread; use Background.run")
        with self._lock:
            if self._closed:
                raise RuntimeError("the library is closed")
            if self._library is None:
                from core.library.store import Library

                self._library = Library(self.path)
            return self._library

    @property
    def is_open(self) -> bool:
        """Whether the library could be opened, by now."""
        return self._library is not None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            if self._library is not None:
                self._library.close()
                self._library = None
