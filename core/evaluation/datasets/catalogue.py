"""What the library holds of a data set, or of a person's own music, found by path, by name, or by artist and title."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from core import paths
from core.errors import UserError
from core.evaluation.datasets.names import artist_key, artist_keys, title_key
from core.folders import AUDIO_SUFFIXES
from core.library.listing import ListedFile
from core.library.records import RootRecord
from core.library.store import Library

_ENDINGS = frozenset(suffix.decode() for suffix in AUDIO_SUFFIXES)

Parts = tuple[str, ...]


class Catalogue:
    """Files in order of their paths.

    Parameters
    ----------
    place
        The folder that paths are relative to; b"" for a person's music, which may lie in several.
    """

    def __init__(self, files: Iterable[ListedFile], place: bytes = b"") -> None:
        self.files = tuple(files)
        self.place = place
        self._artist_keys: dict[str, str] = {}
        self._found: dict[tuple[str, str], ListedFile | None] = {}

    @classmethod
    def of(cls, library: Library, root: bytes | None) -> Catalogue:
        """What a loader needs: the files below its root, else the person's music."""
        return cls.of_music(library) if root is None else cls.of_root(library, root)

    @classmethod
    def of_root(cls, library: Library, raw_path: bytes) -> Catalogue:
        """The files below an absolute path, which was looked through as a data set, or as music.

        Raises
        ------
        UserError
            It was not.
        """
        root = holder(library, raw_path)
        if root is None:
            name = paths.display(raw_path)
            raise UserError(f"{name} has not been looked through yet.", "Running an evaluation does so.")
        below = paths.relative(raw_path, root.raw_path) or b""
        rebased = (_rebased(file, raw_path, below) for file in library.files.listing(root.id))
        return cls((file for file in rebased if file is not None), raw_path)

    @classmethod
    def of_music(cls, library: Library) -> Catalogue:
        """The person's own music, duplicates included."""
        return cls(library.files.listing())

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def _by_path(self) -> dict[bytes, ListedFile]:
        return {os.path.normcase(file.path): file for file in self.files}

    @cached_property
    def _by_stem(self) -> dict[str, list[tuple[Parts, ListedFile]]]:
        found: defaultdict[str, list[tuple[Parts, ListedFile]]] = defaultdict(list)
        for file in self.files:
            parts = tuple(part.casefold() for part in file.parts)
            found[stem(parts[-1])].append((parts, file))
        return dict(found)

    @cached_property
    def _by_folder(self) -> dict[tuple[str, str], list[tuple[Parts, ListedFile]]]:
        found: defaultdict[tuple[str, str], list[tuple[Parts, ListedFile]]] = defaultdict(list)
        for name, files in self._by_stem.items():
            for parts, file in files:
                if len(parts) > 1:
                    found[parts[-2], name].append((parts, file))
        return dict(found)

    @cached_property
    def _by_names(self) -> dict[tuple[str, str], list[ListedFile]]:
        found: defaultdict[tuple[str, str], list[ListedFile]] = defaultdict(list)
        keys: dict[tuple[str, str], set[str]] = {}
        for file in self.files:
            names = (file.artist, file.album_artist)
            if names not in keys:
                keys[names] = artist_keys(file.artist) | artist_keys(file.album_artist)
            for name in _names(file, keys[names]):
                found[name].append(file)
        return dict(found)

    def exactly(self, path: bytes) -> ListedFile | None:
        """The file at an absolute path."""
        return self._by_path.get(os.path.normcase(path))

    def like(self, path: str, agree: int = 2) -> ListedFile | None:
        """The file that a list calls so, wherever its author kept it, and in whichever format it is now.

        Parameters
        ----------
        path
            Any kind of slash.
        agree
            How many of the last parts (the name is one) have to be the same, if the path has so many.

        Returns
        -------
        None where there is none, or where several tracks fit equally well.
        """
        asked = _split(path)
        if not asked:
            return None
        name = stem(asked[-1])
        near = self._by_folder.get((asked[-2], name), []) if len(asked) > 1 else []
        if not near and min(agree, len(asked)) < 2:
            near = self._by_stem.get(name, [])
        scores = [_agreement(asked, parts) for parts, _ in near]
        best = max(scores, default=None)
        return one_track([file for (_, file), score in zip(near, scores, strict=True) if score == best])

    def called(self, artist: str, title: str) -> ListedFile | None:
        """A file of that artist and title, one that can be read if there is any; the first of several."""
        if (artist, title) not in self._found:  # lists say the same names over and over, and keys are dear
            if artist not in self._artist_keys:
                self._artist_keys[artist] = artist_key(artist)
            found = self._by_names.get((self._artist_keys[artist], title_key(title)), [])
            self._found[artist, title] = min(found, key=lambda file: bool(file.problem), default=None)
        return self._found[artist, title]


def holder(library: Library, raw_path: bytes) -> RootRecord | None:
    """The innermost folder in the library that `raw_path` lies in; data sets before music. None: has to be added."""
    holders = [root for root in library.roots.all() if paths.relative(raw_path, root.raw_path) is not None]
    return max(holders, key=lambda root: (root.kind == "dataset", len(root.raw_path)), default=None)


def stem(name: str) -> str:
    """A name without what says that it is audio."""
    before, dot, after = name.rpartition(".")
    return before if before and dot + after.lower() in _ENDINGS else name


def one_track(files: Sequence[ListedFile]) -> ListedFile | None:
    """The first that can be read, if all that can are one track; else None."""
    readable = [file for file in files if not file.problem]
    if len({file.track_id for file in readable}) > 1:
        return None
    return next(iter(readable or files), None)


def _split(path: str) -> Parts:
    plain = unicodedata.normalize("NFC", path).casefold().replace("\\", "/")
    return tuple(part for part in plain.split("/") if part not in ("", ".", ".."))


def _agreement(asked: Parts, have: Parts) -> tuple[int, bool]:
    """How many last parts agree, the name's ending aside, and whether that does too."""
    same = 1
    while same < min(len(asked), len(have)) and asked[-1 - same] == have[-1 - same]:
        same += 1
    return same, asked[-1] == have[-1]


def _names(file: ListedFile, artists: set[str]) -> set[tuple[str, str]]:
    """Keys of artist and title that a file goes by; `artists` are those of its tags."""
    titles = {title_key(file.title)}
    if not artists and " - " in file.title:  # made of a name that says both
        artist, _, title = file.title.partition(" - ")
        artists, titles = artist_keys(artist), {title_key(title)}
    return {(artist, title) for artist in artists for title in titles - {""}}


def _rebased(file: ListedFile, place: bytes, below: bytes) -> ListedFile | None:
    """The file as seen from `place`, which is `below` in its root; None where it lies elsewhere."""
    relative = paths.relative(file.raw_path, below) if below else file.raw_path
    return None if relative is None else file._replace(root=place, raw_path=relative)
