"""The index of a clip store: one line a clip, each with its checksum, only ever added to.

    0a1b2c3d {"format": "earmap clips 1", "plan": "middle-30"}
    4e5f6071 {"identity": "...", "shard": 0, "at": 0, "samples": 480000, ...}
    89abcdef {"gone": "..."}

A later line about a clip replaces an earlier one. A line is added only when its samples are on the disk, so a
reader, or a crash, sees the clip or does not; a torn last line is cut off by whoever writes next.
"""

from __future__ import annotations

import json
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.library.text import storable

FORMAT = "earmap clips 1"
INDEX = "index"
SAMPLE_BYTES = 2
LONGEST = 240 * 3600 * 16_000
"""Samples that a clip may have: as long as the longest file that is read (240 h)."""
MOST_SHARDS = 1_000_000

TEXTS = ("title", "artist", "album", "recording", "album_artist")
LONGEST_TEXT = 500
"""Letters of a title or a name that are kept."""
_LARGEST_INDEX = 2 << 30
_IDENTITY = re.compile(r"[\w.-]{1,100}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{32}")
_PLAN = re.compile(r"whole|middle-(?!0+(\.0+)?$)\d{1,4}(\.\d{1,3})?")
HINT = "Delete this folder: clips are made again from the music."


@dataclass(frozen=True)
class Clip:
    """One track's sound in a store.

    Attributes
    ----------
    identity
        Hash of the track's packets (`core.library`).
    samples
        How many there are, at 16 kHz.
    recording
        Alike for versions of one recording; the identity where title or artist are unknown.
    digest
        Hash of the samples.
    clipped
        Samples that were beyond full scale.
    imported
        It came from another machine; its music may not be here.
    shard, at
        In which file, from which sample on.
    album_artist
        As in the tags; "" too where a line was written before this was kept.
    """

    identity: str
    samples: int
    title: str
    artist: str
    album: str
    recording: str
    digest: str
    clipped: int = 0
    imported: bool = False
    shard: int = 0
    at: int = 0
    album_artist: str = ""

    def __post_init__(self) -> None:
        """Texts as JSON and people can bear them."""
        for name in TEXTS:
            object.__setattr__(self, name, storable(getattr(self, name))[:LONGEST_TEXT])


def plan_name(seconds: float) -> str:
    """The plan that takes so many seconds from the middle of each track; 0: all of it."""
    return f"middle-{seconds:.5g}" if seconds >= 0.1 else "whole"


def plan_seconds(plan: str) -> float:
    """The other way round."""
    return 0.0 if plan == "whole" else float(plan.removeprefix("middle-"))


def is_plan(name: object) -> bool:
    """Whether that names a plan, and nothing else such as a path."""
    return isinstance(name, str) and _PLAN.fullmatch(name) is not None


def shard_path(folder: Path, number: int) -> Path:
    """The file of a shard's samples: 16 bit, little endian, 16 kHz, mono."""
    return folder / f"shard-{number:05}.i16"


@dataclass(frozen=True)
class Index:
    """What an index says.

    Attributes
    ----------
    clips
        By identity, in the order of their first line.
    next_shard
        A number that no shard has had.
    sound_bytes
        Up to here the file is whole.
    lines
        So far.
    """

    plan: str
    clips: dict[str, Clip]
    next_shard: int = 0
    sound_bytes: int = 0
    lines: int = 0

    def ends(self) -> dict[int, int]:
        """Samples of each shard that are spoken for."""
        found: dict[int, int] = {}
        for clip in self.clips.values():
            found[clip.shard] = max(found.get(clip.shard, 0), clip.at + clip.samples)
        return found


def line(values: dict[str, Any]) -> bytes:
    """One line with its checksum."""
    text = json.dumps(values, ensure_ascii=True).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def header(plan: str, next_shard: int = 0) -> bytes:
    """The first line."""
    return line({"format": FORMAT, "plan": plan, "next_shard": next_shard})


def clip_line(clip: Clip) -> bytes:
    """The line of a clip."""
    return line(asdict(clip))


def gone_line(identity: str) -> bytes:
    """The line that takes a clip back."""
    return line({"gone": identity})


def read(folder: Path) -> Index | None:
    """What is in a store; None where there is none yet.

    Raises
    ------
    UserError
        It is broken, foreign, newer than this program, or claims what cannot be.
    """
    try:
        content = _content(folder / INDEX)
    except OSError as error:
        raise UserError(f"The clips in {folder} cannot be read: {error.strerror}.") from error
    if content is None:
        return None
    lines, sound_bytes = _sound_lines(content, folder)
    if not lines:  # killed while it was begun
        return None
    plan, next_shard = _header(lines[0], folder)
    clips: dict[str, Clip] = {}
    for values in lines[1:]:
        if set(values) == {"gone"}:
            clips.pop(str(values["gone"]), None)
            continue
        clip = checked(values, folder)
        clips[clip.identity] = clip
        next_shard = max(next_shard, clip.shard + 1)
    index = Index(plan, clips, next_shard, sound_bytes, len(lines))
    _check_shards(folder, index)
    return index


def _content(path: Path) -> bytes | None:
    if not path.exists():
        return None
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_INDEX:
        raise damaged(path.parent)
    return path.read_bytes()


def damaged(folder: Path) -> UserError:
    """It is not what this program wrote."""
    return UserError(f"The clips in {folder} are damaged.", HINT)


def _sound_lines(content: bytes, folder: Path) -> tuple[list[dict[str, Any]], int]:
    """Lines up to a torn end, and where that begins; a hole with sound lines behind it is damage."""
    lines: list[dict[str, Any]] = []
    position, sound = 0, 0
    for text in content.splitlines(keepends=True):
        position += len(text)
        values = _values(text)
        if values is None:
            continue
        if sound != position - len(text):
            raise damaged(folder)
        lines.append(values)
        sound = position
    return lines, sound


def _values(text: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is torn."""
    checksum, _, body = text.rstrip(b"\n").partition(b" ")
    if not text.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        return None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _header(values: dict[str, Any], folder: Path) -> tuple[str, int]:
    if values.get("format") != FORMAT:
        raise UserError(
            f"{folder} holds no clips that this Earmap can read.",
            "They may be of a newer one, or something else.",
        )
    if not is_plan(values.get("plan")) or not _count(values.get("next_shard"), MOST_SHARDS):
        raise damaged(folder)
    return str(values["plan"]), int(values["next_shard"])


def _count(value: object, most: int, least: int = 0) -> bool:
    return type(value) is int and least <= value <= most


def checked(values: dict[str, Any], folder: Path) -> Clip:
    """A clip as its line has it.

    Raises
    ------
    UserError
        Something that this program does not write.
    """
    values = {"album_artist": ""} | values
    sound = (
        set(values) == {field.name for field in fields(Clip)}
        and all(isinstance(values[name], str) and len(values[name]) <= LONGEST_TEXT for name in TEXTS)
        and isinstance(values["identity"], str) and _IDENTITY.fullmatch(values["identity"])
        and isinstance(values["digest"], str) and _DIGEST.fullmatch(values["digest"])
        and _count(values["samples"], LONGEST, 1) and _count(values["at"], LONGEST)
        and _count(values["clipped"], LONGEST) and _count(values["shard"], MOST_SHARDS)
        and isinstance(values["imported"], bool)
    )  # fmt: skip
    if not sound:
        raise damaged(folder)
    return Clip(**values)


def _check_shards(folder: Path, index: Index) -> None:
    """Every shard is there, a file, and as long as its clips need."""
    for number, end in index.ends().items():
        path = shard_path(folder, number)
        try:
            status = path.lstat()
        except OSError:
            raise damaged(folder) from None
        if not stat.S_ISREG(status.st_mode) or status.st_size < end * SAMPLE_BYTES:
            raise damaged(folder)


def all_lines(index: Index) -> Iterator[bytes]:
    """The whole index anew, without what was replaced."""
    yield header(index.plan, index.next_shard)
    yield from map(clip_line, index.clips.values())
