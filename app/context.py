"""What every view is given: the services that live as long as the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.background import Background
from app.jobs import Jobs
from app.library_door import LibraryDoor
from app.notify import Notifier
from app.theme import Theme
from core.settings import Settings


@dataclass
class Context:
    """Services shared by the views.

    `settings` is replaced, never changed in place, when a person changes the preferences.
    """

    library: LibraryDoor
    settings: Settings
    theme: Theme
    notifier: Notifier
    background: Background
    jobs: Jobs
    log_path: Path
