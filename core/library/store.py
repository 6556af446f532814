"""Library: every read and write of the SQLite file, in and out as frozen records and NumPy arrays."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from core.library.database import Database
from core.library.encoders import Encoders
from core.library.evaluations import Evaluations
from core.library.facets import Facets
from core.library.files import Files
from core.library.jobs import Jobs
from core.library.labels import Labels
from core.library.listening import Listening
from core.library.playlists import Playlists
from core.library.projections import Projections
from core.library.roots import Roots
from core.library.rows import Rows
from core.library.runs import Runs
from core.library.vectors import Vectors


class Library:
    """One library file, open. Safe to use from several threads and processes.

    Parameters
    ----------
    path
        The file; made where it is missing.

    Raises
    ------
    UserError
        Damaged, read-only, or written by a newer Earmap.
    """

    def __init__(self, path: Path) -> None:
        self._db = Database(path)
        self.path = path
        self.roots = Roots(self._db)
        self.files = Files(self._db)
        self.rows = Rows(self._db)
        self.facets = Facets(self._db)
        self.encoders = Encoders(self._db)
        self.vectors = Vectors(self._db)
        self.labels = Labels(self._db)
        self.jobs = Jobs(self._db)
        self.runs = Runs(self._db)
        self.evaluations = Evaluations(self._db)
        self.listening = Listening(self._db)
        self.projections = Projections(self._db)
        self.playlists = Playlists(self._db)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @cached_property
    def uid(self) -> int:
        """A number of this library's own, so that what lies beside a deleted one is never taken for its."""
        return self._db.uid()

    def sidecar(self, name: str) -> Path:
        """A folder beside the file for what is large and can be made again (`vectors`) or is shared (`encoders`)."""
        return self._db.sidecar(name)


def plan_name(segments: int) -> str:
    """The segment plan's name: vectors of different plans are never compared silently."""
    return f"spread-{segments}" if segments else "whole"
