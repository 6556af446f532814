"""What a folder of packed clips says of itself, believed only as far as it can be checked."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Annotated, Literal, Self

import av
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.audio.clip_index import LONGEST, LONGEST_TEXT, Clip, is_plan
from core.errors import UserError
from core.files import atomic

MANIFEST = "manifest.json"
MOST_SHARD_BYTES = 64_000_000
MOST_SHARD_SAMPLES = 24 * 3600 * 16_000
_LARGEST = 1 << 30

Codec = Literal["flac", "opus"]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]+$", min_length=32, max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PackedShard(_Strict):
    """One audio file; its name is a bare one."""

    name: str = Field(pattern=r"^clips-\d{4}\.(flac|opus)$")
    bytes: int = Field(gt=0, le=MOST_SHARD_BYTES)
    samples: int = Field(gt=0, le=MOST_SHARD_SAMPLES)
    sha256: Hex


class PackedClip(_Strict):
    """One clip; its samples follow those of the clip before."""

    identity: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")
    samples: int = Field(gt=0, le=LONGEST)
    title: Text
    artist: Text
    album: Text
    recording: Text
    digest: Hex
    clipped: int = Field(ge=0, le=LONGEST)
    album_artist: Text = ""

    @classmethod
    def of(cls, clip: Clip) -> Self:
        """As it is in a store, less the place."""
        return cls(**{name: getattr(clip, name) for name in cls.model_fields})

    def clip(self, *, exact: bool) -> Clip:
        """For a store; without the samples' hash where they are not given back exactly."""
        values = self.model_dump() | ({} if exact else {"digest": ""})
        return Clip(**values, imported=True)


class Manifest(_Strict):
    """All of a folder."""

    format: Literal["earmap packed clips 1"] = "earmap packed clips 1"
    plan: str
    codec: Codec
    fingerprint: Hex
    encoder: str = Field(default_factory=lambda: f"PyAV {av.__version__}", max_length=100)
    shards: list[PackedShard]
    clips: list[PackedClip]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not is_plan(self.plan):
            raise ValueError("no such plan")
        if [shard.name for shard in self.shards] != [
            shard_name(i, self.codec) for i in range(len(self.shards))
        ]:
            raise ValueError("files out of order")
        if sum(shard.samples for shard in self.shards) != sum(clip.samples for clip in self.clips):
            raise ValueError("files and clips differ in length")
        if len({clip.identity for clip in self.clips}) != len(self.clips):
            raise ValueError("a clip twice")
        return self


def shard_name(number: int, codec: Codec) -> str:
    """Of an audio file."""
    return f"clips-{number:04}.{codec}"


def is_packed(folder: Path) -> bool:
    """Whether that folder looks like one of packed clips."""
    return (folder / MANIFEST).is_file()


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """The last file of a folder: without it there is nothing."""
    with atomic(folder / MANIFEST) as file:
        file.write(manifest.model_dump_json(indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """What a folder holds; its files are not looked at yet.

    Raises
    ------
    UserError
        There is no manifest, or it says what cannot be.
    """
    path = folder / MANIFEST
    try:
        if not is_packed(folder):
            raise UserError(
                f"There are no packed clips in {folder}.", "Pack some with: earmap export clips FOLDER"
            )
        if path.stat().st_size > _LARGEST:
            raise wrong(folder)
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise wrong(folder) from error


def wrong(folder: Path) -> UserError:
    """It is not what `pack` wrote."""
    return UserError(
        f"The packed clips in {folder} are damaged, or of a newer Earmap.",
        "Copy them again, or pack them anew.",
    )


def verify(folder: Path, shard: PackedShard) -> Path:
    """The file, once it is known to be the one that was packed.

    Raises
    ------
    UserError
        Missing, no plain file, or with another content.
    """
    path = folder / shard.name
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != shard.bytes:
            raise wrong(folder)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != shard.sha256:
                raise wrong(folder)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", "Copy the packed clips again."
        ) from error
    return path
