"""What every command stands on: an open library, settings, and one way to speak to a person or a program."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from core import bundled, paths, progress
from core import settings as settings_module
from core.errors import UserError
from core.library.records import EncoderRecord
from core.library.store import Library, plan_name
from core.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


class ReaderGoneError(Exception):
    """Whoever read standard output, such as `head`, has seen enough."""


@dataclass
class Session:
    """What every command works on."""

    library: Library
    settings: Settings
    as_json: bool

    @property
    def plan(self) -> str:
        """The segment plan that the settings ask for."""
        return plan_name(self.settings.embedding.segments)

    def encoder(self, name: str | None) -> EncoderRecord:
        """The encoder asked for, else the one of the settings; UserError where the library does not know it."""
        if not self.library.encoders.all():
            hint = "Add music with: earmap add FOLDER, or make vectors with: earmap embed"
            raise UserError("Nothing has been embedded in this library yet.", hint)
        return bundled.chosen(self.library, name or "", self.settings)

    def run(self, kind: str, **params: Any) -> dict[str, Any]:
        """Run a job, watched unless the output is for a machine."""
        return progress.run(self.library, self.settings, kind, params, quiet=self.as_json)

    def tell(self, document: dict[str, Any], text: str) -> None:
        """The one document on standard output, or what a person reads."""
        print_text(document_text(document) if self.as_json else progress.printable_lines(text))


def document_text(values: dict[str, Any]) -> str:
    """The one document of `--json`."""
    return json.dumps(values, indent=2, allow_nan=False)


def print_text(text: str) -> None:
    """Write to standard output.

    Raises
    ------
    ReaderGoneError, UserError
        Nobody reads it any more, or it cannot be written.
    """
    try:
        click.echo(text)
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EINVAL):  # Windows says the latter
            raise ReaderGoneError from error
        raise UserError(f"The output cannot be written: {error.strerror}.") from error


def command(function: F) -> F:
    """Give a command `--library`, `--json` (both are taken before it as well) and an open session."""
    return _with_session(function, begins=True)


def reading_command(function: F) -> F:
    """`command` for what asks a library: one that was named and is not there is a mistake, not a new one."""
    return _with_session(function, begins=False)


def _with_session(function: F, *, begins: bool) -> F:
    @click.option("--library", "library_file", type=click.Path(path_type=Path), help="Another library file.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
    @wraps(function)
    def wrapper(*args: Any, library_file: Path | None, as_json: bool, **kwargs: Any) -> Any:
        before = click.get_current_context().find_root().params
        library_file, as_json = library_file or before["library_file"], as_json or before["as_json"]
        if library_file and not begins:
            _check_there(library_file)
        settings, note = settings_module.load()
        if note:
            click.echo(note, err=True)
        with Library(library_file or settings_module.default_library()) as library:
            library.jobs.bury_dead()
            return function(Session(library, settings, as_json), *args, **kwargs)

    return wrapper  # type: ignore[return-value] # click calls it with the options as well


def _check_there(file: Path) -> None:
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        hint = "Check its name. A new one is made by: earmap add FOLDER --library FILE"
        raise UserError(f"There is no library {paths.display(os.fsencode(file))}.", hint) from None
    except OSError:
        return  # the library itself says what is wrong with it
