"""The `earmap` command: with a subcommand the command line, which needs no Qt; else the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.errors import UserError


@dataclass(frozen=True)
class WindowArguments:
    """What the window is started with: a library file, music to add (raw paths), the bundled music."""

    library: Path | None = None
    music: tuple[bytes, ...] = ()
    demo: bool = False


def window_arguments(arguments: Sequence[str]) -> WindowArguments | None:
    """How to open the window, or None where the arguments are the command line's.

    `[--library FILE] [--demo] [FOLDER...]` opens the window; a word that is no path is a subcommand, or a mistake that
    the command line explains.
    """
    rest = list(arguments)
    library, demo = None, False
    while rest and rest[0].startswith("--"):
        if rest[0] == "--demo":
            demo, rest = True, rest[1:]
        elif rest[0] == "--library" and len(rest) > 1:
            library, rest = Path(rest[1]), rest[2:]
        elif rest[0].startswith("--library="):
            library, rest = Path(rest[0].partition("=")[2]), rest[1:]
        else:
            return None
    if any(word.startswith("-") or not os.path.lexists(word) for word in rest):
        return None
    if rest and os.sep not in rest[0] and _is_command(rest[0]):
        return None
    return WindowArguments(library, tuple(paths.raw(word) for word in rest), demo)


def _is_command(word: str) -> bool:
    """Whether the command line knows `word`; asked only where a file of that name lies here, too."""
    from core.cli import cli

    return word in cli.commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    wanted = window_arguments(sys.argv[1:] if arguments is None else arguments)
    if wanted is None:
        from core.cli import main as command_line

        command_line(arguments)  # exits
    try:
        from app.startup import open_window
    except ImportError as error:
        print(f"The window cannot be opened: {error}", file=sys.stderr)  # noqa: T201 - there is no window to say it
        return 1
    try:
        return open_window(wanted.library, wanted.music, wanted.demo)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no window to say it
        return 1


if __name__ == "__main__":
    sys.exit(main())
