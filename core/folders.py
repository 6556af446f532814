"""Looking through folders: the audio files below a place, whatever else lies there, and whether it is there at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

AUDIO_SUFFIXES = frozenset(
    b".mp3 .mp2 .mpga .m4a .m4b .mp4 .aac .alac .flac .ogg .oga .opus .spx .wav .wave .w64 .rf64 .bwf .aif .aiff "
    b".aifc .wma .asf .wv .ape .mpc .mp+ .tta .tak .ac3 .eac3 .dts .amr .au .snd .caf .dsf .dff .mka .webm .weba .ra "
    b".rm .3gp .m4r .shn .ofr .voc .adts .oma".split()
)
"""Names that a person's music has; what is inside is found out when it is read."""

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


@dataclass(frozen=True)
class Entry:
    """A candidate, looked at without opening it.

    Attributes
    ----------
    status
        None where it could not be looked at.
    problem
        Why it cannot be read, a sentence; empty for a regular file.
    gone
        Nothing is behind the name: a link without a target.
    """

    path: bytes
    status: os.stat_result | None
    problem: str = ""
    gone: bool = False


class Walk:
    """One way through the folders below a place; links are followed, loops are not.

    Parameters
    ----------
    at_folder
        Called before each folder; may raise to stop.
    unreadable
        Told of each folder that cannot be read: its path, and the system's reason.

    Attributes
    ----------
    other
        Files met that do not look like audio.
    unread
        Folders that could not be read: what is below them is not known.
    """

    def __init__(self, at_folder: Callable[[], None], unreadable: Callable[[bytes, str], None]) -> None:
        self.other = 0
        self.unread: list[bytes] = []
        self._at_folder, self._unreadable = at_folder, unreadable
        self._visited: set[tuple[int, int]] = set()

    def entries(self, start: bytes) -> Iterator[Entry]:
        """Audio candidates below `start` in the order of their names; `start` itself where it is a file."""
        if not os.path.isdir(start):
            yield from look_at(start)
            return
        todo = [start]
        while todo:
            self._at_folder()
            children = self._children(todo.pop())
            folders = [child.path for child in children if _is_folder(child)]
            todo += reversed(folders)
            inside = set(folders)
            yield from self._candidates([child for child in children if child.path not in inside])

    def _children(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in self._visited and status.st_ino:
                return []
            self._visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.unread.append(folder)
            self._unreadable(folder, error.strerror or str(error))
            return []

    def _candidates(self, children: list[os.DirEntry[bytes]]) -> Iterator[Entry]:
        for child in children:
            # "._name" is what macOS leaves on foreign drives: attributes, no audio.
            if os.path.splitext(child.name)[1].lower() in AUDIO_SUFFIXES and not child.name.startswith(b"._"):
                yield from look_at(child.path)
            else:
                self.other += 1


def _is_folder(child: os.DirEntry[bytes]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a loop of links
        return False


def look_at(path: bytes) -> Iterator[Entry]:
    """What a name stands for; nothing where it has vanished since the folder was listed."""
    try:
        status = os.stat(path)
    except OSError as error:
        if os.path.islink(path):
            yield Entry(path, None, "This link points to nothing, or in a circle.", gone=True)
        elif error.errno not in _GONE:
            yield Entry(path, None, f"This file cannot be looked at: {error.strerror}.")
        return
    regular = stat.S_ISREG(status.st_mode)
    yield Entry(path, status, "" if regular else "This is not a file but a pipe, a socket or a device.")


def reachable(path: bytes, *, had_music: bool) -> bool:
    """Whether a folder (or single file) that was added is there.

    One that is empty where there was music is an unmounted drive and not an empty library.
    """
    try:
        if not os.path.isdir(path):
            return os.path.lexists(path)
        with os.scandir(path) as entries:
            return not had_music or next(entries, None) is not None
    except OSError:
        return False
