"""What happens when: actions, drops, jobs and preferences joined to the window and to each other."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QStandardPaths, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app import wording
from app.context import Context
from app.dialogs import ask
from app.drops import is_playlist_file
from app.encoder_files import EncoderFiles, is_encoder_file
from app.forms import Choices
from app.job_view import JobView
from app.libraries import Libraries
from app.main_window import MainWindow, Parts
from app.notify import Message
from app.theme import Mode
from app.views.credits import CreditsDialog
from app.views.preferences import Preferences
from core import bundled_music, paths
from core import settings as settings_module
from core.bundled_music import Credit
from core.machine import version_of
from core.settings import Settings

if TYPE_CHECKING:  # they bring NumPy and SQLAlchemy, which the window can open without
    from core.library.records import Counts, JobRecord
    from core.library.store import Library

HISTORY = 30  # earlier jobs that Activity shows
MODES: tuple[Mode, ...] = ("system", "light", "dark")


class Furniture(Protocol):
    """The views of an open library, and what stands behind them."""

    parts: Parts

    def apply(self, settings: Settings) -> None:
        """Go by new settings."""

    def library_state(self) -> str:
        """What the table remembers."""

    def close(self) -> None:
        """Stop timers, sound and questions."""


@dataclass(frozen=True)
class Opened:
    """The library as it was found."""

    library: Library
    jobs: tuple[JobRecord, ...]
    furnish: Furnish


Building = Generator[None, None, Furniture]
"""Makes the views step by step; each step is short enough for the event loop."""
Furnish = Callable[["Wiring", "Library", str], Building]


class Wiring(QObject):
    """Joins the window to the services.

    Parameters
    ----------
    remembered
        What the table remembered of the last time.
    music
        Raw paths to add once the library is open.
    furnish
        Makes the views; the real ones if missing.
    demo
        Show the bundled music once the library is open.

    Signals
    -------
    playlists_given(list[bytes])
        Playlist files were dropped, chosen or named.
    """

    playlists_given = Signal(object)

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        remembered: str = "",
        music: Sequence[bytes] = (),
        furnish: Furnish | None = None,
        demo: bool = False,
    ) -> None:
        super().__init__(window)
        self.context, self.window = context, window
        self._choices: dict[str, Choices] = {}
        self._remembered, self._music, self._furnish = remembered, list(music), furnish
        self._demo = demo
        self._furniture: Furniture | None = None
        self._building: Generator[None, None, None] | None = None
        self._next_step = QTimer(self, singleShot=True)
        self._next_step.timeout.connect(self._build_on)
        self._preferences: Preferences | None = None
        self._look_again = False
        self._look_in = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
        self._storing = threading.Lock()
        self.encoder_files = EncoderFiles(context, window, window.actions_table)
        self.libraries = Libraries(context, window)
        self.libraries.again.connect(self.open_library)
        self._connect()

    # -- opening and closing

    def open_library(self) -> None:
        """Open the library and fill the window's places, without making it wait."""
        self.window.say("Opening your library…")
        self.context.background.run(self._open, self._take_opened, self.libraries.refuse)

    def close(self) -> None:
        """Nothing happens any more."""
        self._next_step.stop()
        if self._building is not None:
            self._building.close()
            self._building = None
        if self._furniture is not None:
            self._furniture.close()

    def library_state(self) -> str:
        """What the table wants to remember."""
        return self._remembered if self._furniture is None else self._furniture.library_state()

    def _open(self) -> Opened:
        library = self.context.library()
        library.jobs.bury_dead()
        recent = tuple(reversed(library.jobs.recent(HISTORY)))
        return Opened(library, recent, self._furnish or _real_furniture())

    def _take_opened(self, opened: Opened) -> None:
        self.window.actions_table.allow("add-folder")  # it may have been shut before
        self.context.jobs.remember(opened.jobs)
        self._building = self._build(opened)
        self._build_on()

    def _build(self, opened: Opened) -> Generator[None, None, None]:
        """Make the views and put them into the window, step by step."""
        self._furniture = furniture = yield from opened.furnish(self, opened.library, self._remembered)
        yield
        yield from self.window.placing(furniture.parts)
        music, self._music = self._music, []
        if music:
            self.add(music)
        if self._demo:
            self.window.actions_table["try-bundled"].trigger()

    def _build_on(self) -> None:
        """One step in a turn of the event loop: all views together would hold it up for too long."""
        assert self._building is not None
        try:
            next(self._building)
        except StopIteration:
            self._building = None
        else:
            self._next_step.start(0)

    # -- music

    def add(self, music: Sequence[bytes]) -> None:
        """Scan folders and files (raw paths; none: all folders), and listen to what is found while that goes on.

        Encoders' and playlists' files among them are imported.
        """
        if self._furniture is None:
            self._music += music
            return
        encoders = [path for path in music if is_encoder_file(path)]
        self.encoder_files.take(encoders)
        playlists = [path for path in music if is_playlist_file(path)]
        if playlists:
            self.playlists_given.emit(playlists)
        rest = [path for path in music if path not in encoders and path not in playlists]
        if music and not rest:
            return
        sounding = [paths.json_text(path) for path in rest]
        asked = time.time()
        self.context.jobs.start("scan", {"paths": sounding})
        self.window.show_start(False)  # there what is found appears
        self.read_pending(scan_asked=asked)

    def rescan(self, folders: Sequence[bytes] = ()) -> None:
        """Look for changes in these folders, or in all."""
        self.add(folders)

    def read_pending(self, scan_asked: float = 0.0) -> None:
        """Listen to what was not listened to yet, unless that is being done; also to what a scan finds meanwhile.

        Parameters
        ----------
        scan_asked
            Clock time (s) at which it was asked for.
        """
        encoder = self.context.settings.embedding.encoder
        jobs = [view for view in self.context.jobs.running if view.kind == "embed"]
        if not any(view.params.get("encoder") == encoder for view in jobs):
            more = {"scan_asked": scan_asked} if scan_asked else {}
            self.context.jobs.start("embed", {"encoder": encoder, "follow": bool(scan_asked), **more})

    def read_if_pending(self) -> None:
        """As `read_pending`, if there is anything: asks the library first."""
        self.context.background.run(self._count, self._take_counts, latest="pending")

    def _count(self) -> Counts:
        from core import bundled
        from core.library.store import plan_name

        library, wishes = self.context.library(), self.context.settings.embedding
        encoder = bundled.known(library.encoders.all(), bundled.available(), wishes.encoder)
        return library.files.counts(encoder.id if encoder else 0, plan_name(wishes.segments))

    def _take_counts(self, counts: Counts) -> None:
        if counts.pending:
            self.read_pending()

    def _job_ended(self, view: JobView) -> None:
        self._tell(view)
        embedding = any(other.kind == "embed" for other in self.context.jobs.running)
        if view.kind == "scan":
            self._look_again = embedding
        if (view.kind == "scan" and not embedding) or (view.kind == "embed" and self._look_again):
            self._look_again = False
            if view.state == "completed":
                self.read_if_pending()

    def _tell(self, view: JobView) -> None:
        if view.state == "failed":
            self.context.notifier.post(Message("error", view.title, view.hint, view.details))
        elif view.state == "completed" and view.kind == "scan" and not view.result.get("found", 1):
            hint = "Earmap looks for MP3, M4A, FLAC, Ogg, Opus, WAV and other audio files."
            self.context.notifier.warning("No music was found there.", hint)
        elif view.state == "completed" and view.kind == "embed" and (read := view.result.get("read", 0)):
            bad = view.result.get("failed_now", 0) + view.result.get("skipped_now", 0)
            hint = f"{wording.count(bad, 'file')} could not be read; Activity says why." if bad else ""
            self.context.notifier.done(f"Listened to {wording.count(read, 'track')}.", hint)
            if damage := view.result.get("damaged"):
                self.context.notifier.warning(*damage)
        elif view.state == "completed" and view.kind == "train":
            self._trained(str(view.result.get("encoder", "")))
        elif view.state == "completed" and view.kind == "evaluate":
            told = wording.outcome(view.kind, view.result) or "Nothing new was found out"
            passed = wording.count(view.skipped_count, "thing")
            hint = f"{passed} could not be asked; Activity says why." if view.skipped_count else ""
            self.context.notifier.done(f"The evaluation is done: {told}.", hint)

    def _trained(self, encoder: str) -> None:
        """An encoder has learned: it is in the switch, and listens to the library if that is wished."""
        hint = "It is in the list of encoders at the top."
        if self.context.settings.training.embed_when_done:
            hint += " Earmap listens to your music with it now."
            self.context.jobs.start("embed", {"encoder": encoder, "follow": False})
        self.context.notifier.done(f"{encoder} has finished learning.", hint)

    # -- settings

    def set_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on, and store them."""
        before, self.context.settings = self.context.settings, settings
        if settings.window.theme != before.window.theme:
            self.context.theme.set_mode(settings.window.theme)
        self._check_theme()
        if self._furniture is not None:
            self._furniture.apply(settings)
        if self._preferences is not None and self._preferences.settings != settings:
            self._preferences.show_settings(settings)
        self.context.background.run(self._store_settings, latest="settings")

    def change(self, group: str, **fields: object) -> None:
        """Set some fields of a group of the settings."""
        settings = self.context.settings
        changed = getattr(settings, group).model_copy(update=fields)
        self.set_settings(settings.model_copy(update={group: changed}))

    def offer(self, field: str, choices: Choices) -> None:
        """Let the preferences offer these values for `group.field` (the audio devices there are)."""
        self._choices[field] = choices

    def show_preferences(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self._preferences is None:
            self._preferences = Preferences(self.context.settings, self._choices, self.window)
            self._preferences.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._preferences.changed.connect(self.set_settings)
            self._preferences.destroyed.connect(self._forget_preferences)
        self._preferences.show()
        self._preferences.raise_()

    def _forget_preferences(self) -> None:
        self._preferences = None

    def _store_settings(self) -> None:
        with self._storing:  # two threads at it: the second writes what is newest
            settings_module.save(self.context.settings)

    def _check_theme(self) -> None:
        self.window.actions_table[f"theme-{self.context.settings.window.theme}"].setChecked(True)

    # -- the rest

    def _connect(self) -> None:
        self.window.add_wanted.connect(self.add)
        self.context.jobs.ended.connect(self._job_ended)
        self.window.actions_table.connect_all({
            "add-folder": self._choose_folder, "rescan": self._rescan_all,
            "preferences": self.show_preferences, "log": self._show_log, "about": self._about,
            "credits": self.show_credits,
            **{f"theme-{mode}": partial(self._set_theme, mode) for mode in MODES},
        })  # fmt: skip
        self._check_theme()

    def _rescan_all(self) -> None:
        self.rescan()

    def _set_theme(self, mode: Mode) -> None:
        self.change("window", theme=mode)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self.window, "Add a folder of music", self._look_in)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        ask(dialog, self._take_folder)

    def _take_folder(self, chosen: list[bytes]) -> None:
        self._look_in = str(Path(os.fsdecode(chosen[0])).parent)
        self.add(chosen)

    def show_credits(self, path: object = b"") -> None:
        """Show whose the bundled music is; the track at a raw path first."""
        wanted = Path(os.fsdecode(path)).name if isinstance(path, bytes) else ""
        self.context.background.run(bundled_music.credit_list, partial(self._show_credits, wanted))

    def _show_credits(self, wanted: str, found: tuple[Credit, ...]) -> None:
        dialog = CreditsDialog(found, self.window)
        dialog.show_file(wanted)
        dialog.show()

    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.context.log_path.parent)))

    def _about(self) -> None:
        self.context.background.run(partial(version_of, "earmap"), self._show_about)

    def _show_about(self, number: str) -> None:
        box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About Earmap")
        box.setIconPixmap(self.context.theme.pixmap("earmap", 64))
        box.setText(f"Earmap {number}")
        box.setInformativeText(
            "Drop a folder, hear what sounds alike.\n\n"
            "Free software under the GNU General Public License, version 3 or later."
        )
        box.open()


def _real_furniture() -> Furnish:
    from app.furniture import furnish

    return furnish
