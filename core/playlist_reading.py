"""Playlists of other programs, M3U or XSPF, with what they say of their tracks. Their paths need not be there."""

from __future__ import annotations

import os
import re
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.playlist import Entry, all_lines, content_of, is_stream, resolved

SUFFIXES = (".m3u", ".m3u8", ".xspf")
_INFO = re.compile(rb"#EXTINF:\s*(-?[\d.]*)[^,]*,(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Listing:
    """The files that a playlist names, in order, and how many addresses of streams were passed over."""

    entries: tuple[Entry, ...]
    streams: int = 0


def read(path: Path) -> Listing:
    """Read a playlist in the format that its suffix names.

    Raises
    ------
    UserError
        An unknown suffix, not a readable file, broken XML, or a file that names nothing at all.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"{path.name} is no playlist that Earmap reads.", f"These are: {', '.join(SUFFIXES)}."
        )
    listing = _xspf(path) if suffix == ".xspf" else _m3u(path)
    if not listing.entries and not listing.streams:
        raise UserError(f"{path.name} names no tracks.", "Is it the right file?")
    return listing


def _m3u(path: Path) -> Listing:
    folder = os.path.realpath(os.fsencode(path.parent))
    entries: list[Entry] = []
    info, streams = b"", 0
    for line in all_lines(path):
        if line.startswith(b"#"):
            info = line if _INFO.match(line) else info
        elif is_stream(line):
            info, streams = b"", streams + 1
        elif b"\0" in line:
            info = b""  # no system has such a name
        else:
            entries.append(_told(resolved(folder, line)[0], info))
            info = b""
    return Listing(tuple(entries), streams)


def _told(path: bytes, info: bytes) -> Entry:
    """A track with what the line above it says: seconds, artist and title."""
    match = _INFO.match(info)
    if match is None:
        return Entry(path)
    try:
        name = match[2].decode("utf-8").strip()
    except UnicodeDecodeError:
        name = match[2].decode("cp1252", "replace").strip()
    artist, dash, title = name.partition(" - ")
    return Entry(
        path, title if dash else name, artist if dash else "", seconds=_seconds(match[1].decode("ascii"))
    )


def _seconds(text: str, unit: float = 1.0) -> float | None:
    """A positive number of seconds; None for what is none (-1 stands for unknown)."""
    try:
        seconds = float(text) / unit
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e9 else None


class _Plain(ET.TreeBuilder):
    """XML without document types: no playlist needs one, and entities within them can grow without end."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        """Refuse."""
        raise ET.ParseError(f"document type {name}")


def _xspf(path: Path) -> Listing:
    try:
        root = ET.fromstring(content_of(path), ET.XMLParser(target=_Plain()))  # noqa: S314 - no document types
    except (ET.ParseError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
        raise UserError(f"{path.name} is damaged: it is no XSPF.", "Export it again.") from error
    folder = os.path.realpath(os.fsencode(path.parent))
    entries: list[Entry] = []
    streams = 0
    for track in root.iter():
        if _local(track) != "track":
            continue
        told = {
            _local(child): (child.text or "").strip() for child in reversed(track)
        }  # the first of each counts
        places = [place for place in _places(track, folder) if place]
        streams += not places and bool(told.get("location"))
        if places:
            seconds = _seconds(told.get("duration", ""), 1000)
            title, artist, album = (told.get(name, "") for name in ("title", "creator", "album"))
            entries.append(Entry(places[0], title, artist, album, seconds))
    return Listing(tuple(entries), streams)


def _local(element: ET.Element) -> str:
    """An element's name, whatever its namespace."""
    return str(element.tag).rpartition("}")[2]


def _places(track: ET.Element, folder: bytes) -> Iterator[bytes]:
    """The paths of a track's locations: those that are there first."""
    found = []
    for child in track:
        line = (child.text or "").strip().encode("utf-8", "replace")
        if _local(child) != "location" or not line or is_stream(line) or b"\0" in line:
            continue
        whole = line if line.lower().startswith(b"file:") else urllib.parse.unquote_to_bytes(line)
        if b"%00" not in line:
            found.append(resolved(folder, whole))
    yield from (place for place, _ in sorted(found, key=lambda one: not one[1]))
