"""Playlists out (M3U8, XSPF) and in (M3U, M3U8).

Paths are bytes, and a playlist must find the file again whatever they hold:

- M3U8 holds paths as text, as the disk spells them, relative to the playlist. A path that cannot be a
  line of UTF-8 text (other bytes, a line break, blanks at its end) becomes a `file://` address
  with percent signs, which players understand as well.
- XSPF holds `file://` addresses made from the raw bytes throughout.
"""

from __future__ import annotations

import os
import re
import unicodedata
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.files import atomic

_LARGEST = 64 * 2**20
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]+:")
_XSPF = "http://xspf.org/ns/0/"


@dataclass(frozen=True)
class Entry:
    """A track in a playlist; `path` is absolute, `seconds` None where unknown."""

    path: bytes
    title: str = ""
    artist: str = ""
    album: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Playlist:
    """What was read, in order.

    Parameters
    ----------
    paths
        Absolute.
    missing
        How many of them are not there.
    urls
        How many addresses of streams were passed over.
    """

    paths: tuple[bytes, ...]
    missing: int
    urls: int


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a playlist in the format that the suffix names, relative paths in M3U8.

    Raises
    ------
    UserError
        An unknown suffix, or a place that cannot be written.
    """
    writers: dict[str, Callable[[Path, Iterable[Entry]], None]] = {".m3u8": write_m3u8, ".xspf": write_xspf}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        known = " or ".join(writers)
        raise UserError(
            f"{path.name} does not say which kind of playlist it is.", f"End the name in {known}."
        )
    writer(path, entries)


def write_m3u8(path: Path, entries: Iterable[Entry], relative: bool = True, nfc: bool = False) -> None:
    """Write `#EXTM3U` with UTF-8 text.

    Parameters
    ----------
    relative
        Paths from the playlist's folder, so that both can move together; else absolute ones.
    nfc
        Compose accents. Only for players that need it: the disk may spell the name otherwise.
    """
    folder = os.path.realpath(os.fsencode(path.parent))
    with atomic(path) as file:
        file.write(b"#EXTM3U\n")
        for entry in entries:
            seconds = -1 if entry.seconds is None else round(entry.seconds)
            names = " - ".join(filter(None, (plain(entry.artist), plain(entry.title))))
            line = _line(entry.path, folder if relative else None)
            if nfc:
                line = unicodedata.normalize("NFC", line.decode("utf-8")).encode()
            file.write(f"#EXTINF:{seconds},{names}\n".encode() + line + b"\n")


def write_xspf(path: Path, entries: Iterable[Entry]) -> None:
    """Write XSPF 1 with absolute addresses, length in ms."""
    ET.register_namespace("", _XSPF)
    root = ET.Element(f"{{{_XSPF}}}playlist", version="1")
    tracks = ET.SubElement(root, f"{{{_XSPF}}}trackList")
    for entry in entries:
        fields = {
            "location": address(entry.path),
            "title": plain(entry.title),
            "creator": plain(entry.artist),
            "album": plain(entry.album),
            "duration": "" if entry.seconds is None else str(round(entry.seconds * 1000)),
        }
        track = ET.SubElement(tracks, f"{{{_XSPF}}}track")
        for name, value in fields.items():
            if value:
                ET.SubElement(track, f"{{{_XSPF}}}{name}").text = value
    ET.indent(root)
    with atomic(path) as file:
        ET.ElementTree(root).write(file, "utf-8", xml_declaration=True)


def read_m3u(path: Path) -> Playlist:
    """Read M3U in any of its spellings.

    UTF-8, UTF-16 with its mark, else Windows' Latin-1; paths relative to the playlist, with either
    slash; comments skipped. Of several ways to read a line the first whose file exists is taken,
    else the first.

    Raises
    ------
    UserError
        Not a readable file, or far too large for a playlist.
    """
    folder = os.path.realpath(os.fsencode(path.parent))
    found: list[bytes] = []
    missing = urls = 0
    for line in lines(path):
        if is_stream(line):
            urls += 1
            continue
        place, there = resolved(folder, line)
        missing += not there
        found.append(place)
    return Playlist(tuple(found), missing, urls)


def resolved(folder: bytes, line: bytes) -> tuple[bytes, bool]:
    """The absolute path that a line means, from the playlist's folder, and whether it is there."""
    choices = [os.path.normpath(os.path.join(folder, choice)) for choice in spellings(line)]  # noqa: PTH118 - bytes
    there = next((choice for choice in choices if os.path.exists(choice)), None)  # noqa: PTH110 - bytes
    return (choices[0], False) if there is None else (there, True)


def plain(text: str) -> str:
    """One line without control characters, for a title in a text format."""
    return _CONTROL.sub(" ", text).strip()


def address(path: bytes) -> str:
    """The `file://` address of an absolute path, byte for byte."""
    if os.name == "nt":
        return Path(os.fsdecode(path)).as_uri()
    return "file://" + urllib.parse.quote_from_bytes(path, safe="/")


def _line(path: bytes, folder: bytes | None) -> bytes:
    """A path as a line of an M3U8 file; relative to `folder`, where there is one."""
    line = path if folder is None else _relative(path, folder)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return address(path).encode()
    if _CONTROL.search(text) or text != text.rstrip():
        return address(path).encode()
    # Not to be taken for a comment, an address, or something to strip.
    return b"./" + line if text[0] in "#\ufeff" or text[0].isspace() or _SCHEME.match(line) else line


def _relative(path: bytes, folder: bytes) -> bytes:
    """From the folder, with the slash that every player reads; as it is where it lies on another drive."""
    try:
        return os.path.relpath(path, folder).replace(os.sep.encode(), b"/")
    except ValueError:
        return path


def is_stream(line: bytes) -> bool:
    """Whether a line is the address of something that is no file."""
    return bool(_SCHEME.match(line)) and b"://" in line and not line.lower().startswith(b"file:")


def lines(path: Path) -> Iterator[bytes]:
    """The lines that name something."""
    return (line for line in all_lines(path) if not line.startswith(b"#"))


def content_of(path: Path) -> bytes:
    """A playlist file whole.

    Raises
    ------
    UserError
        Not a readable file, or far too large.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            raise UserError(f"{path} is not a playlist.", "Choose an .m3u, .m3u8 or .xspf file.")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def all_lines(path: Path) -> Iterator[bytes]:
    """The lines of an M3U file, comments too, in UTF-8 where that can be told."""
    content = content_of(path)
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        content = content.decode("utf-16", "replace").encode()
    for line in content.removeprefix(b"\xef\xbb\xbf").splitlines():
        if stripped := line.strip():
            yield stripped


def spellings(line: bytes) -> Iterator[bytes]:
    """The paths that a line may mean, the likeliest first."""
    if line.lower().startswith(b"file:"):
        yield _unaddressed(line)
        return
    try:
        text = line.decode("utf-8")
        yield line
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
        yield text.encode()
        yield line
    for variant in (text.replace("\\", "/"), *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))):
        yield variant.encode()
        yield variant.replace("\\", "/").encode()


def _unaddressed(line: bytes) -> bytes:
    """The path in a `file:` address, percent signs resolved to bytes."""
    rest = line[len(b"file:") :]
    if rest.startswith(b"//"):
        rest = b"/" + rest[2:].partition(b"/")[2]
    path = urllib.parse.unquote_to_bytes(rest)
    return path.removeprefix(b"/") if re.match(rb"/[A-Za-z]:", path) else path
