"""What a person can choose: one schema for the preferences dialog, the command line and the file.

Kept as JSON in the platform's configuration folder. A broken file never stops the start: the
broken fields take their defaults and the file is set aside.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from core import files
from core.errors import UserError

APP = "earmap"
DEFAULT_ENCODER = "earmap-2"
"""The one of those that come with the program that a person gets who chooses none."""
FALLBACK_ENCODER = "mfcc"
"""What needs no file: in its place where there is none."""


class Section(BaseModel):
    """A group of settings; its bounds hold for what is assigned later, too."""

    model_config = ConfigDict(validate_assignment=True)


DeviceName = Literal["auto", "cpu", "cuda", "mps"]
"""Where an encoder runs."""


class AudioSettings(Section):
    """Reading audio files."""

    workers: int = Field(0, ge=0, le=64, title="Decoding processes", description="0: one for each core.")
    stall_limit_s: float = Field(
        20.0, ge=1, le=600, title="Time limit of a file (s)",
        description="A file that makes no progress for this long is given up. Its length does not matter.",
    )  # fmt: skip
    longest_h: float = Field(
        24.0, gt=0, le=240, title="Longest file (h)",
        description="Only this much from the start of a longer file is used.",
    )  # fmt: skip


def encoders_dir() -> Path:
    """The folder of the encoders that come with the program (`EARMAP_ENCODERS_DIR` overrides it)."""
    own = os.environ.get("EARMAP_ENCODERS_DIR")
    return Path(own) if own else Path(str(resources.files("resources"))) / "encoders"


def default_encoder() -> str:
    """What listens where nobody has chosen; looks for its file alone, which may still be found damaged."""
    there = (encoders_dir() / f"{DEFAULT_ENCODER}.safetensors").is_file()
    return DEFAULT_ENCODER if there else FALLBACK_ENCODER


class EmbeddingSettings(Section):
    """How a track becomes a vector."""

    encoder: str = Field(
        default_factory=default_encoder, title="Encoder", description="The model behind neighbours and map."
    )
    device: DeviceName = Field(
        "auto",
        title="Device",
        description="auto: the fastest one. An encoder keeps its first vectors' precision.",
    )
    segments: int = Field(
        0, ge=0, le=1000, title="Segments of a track",
        description="0: the whole track. Else this many 3 s segments spread over it, and only those are decoded.",
    )  # fmt: skip
    keep_segments: bool = Field(
        False,
        title="Keep segment vectors",
        description="Also store a vector for every 3 s (needs more disk).",
    )


class TrainingSettings(Section):
    """What encoders learn from."""

    clip_seconds: float = Field(
        30.0, ge=0, le=3600, title="Length of clips (s)",
        description="Training hears this much from the middle of each track. 0: whole tracks.",
    )  # fmt: skip
    clips_budget_gb: float = Field(
        20.0, gt=0, le=100_000, title="Disk space for clips (GB)",
        description="Clips lie beside the library, so that no file is decoded twice. 30 s take 1 MB.",
    )  # fmt: skip
    embed_when_done: bool = Field(
        True, title="Listen with a new encoder at once",
        description="When an encoder has been trained, the whole library is embedded with it.",
    )  # fmt: skip


class PlayerSettings(Section):
    """Sound."""

    device: str = Field("", title="Audio device", description="Empty: the system's default.")
    volume: float = Field(0.8, ge=0, le=1, title="Volume")
    shuffle: bool = Field(False, title="Shuffle")
    repeat: Literal["off", "all", "one"] = Field(
        "off", title="Repeat", description="Nothing, the whole queue, or the track that sounds."
    )
    audition_s: float = Field(10.0, ge=2, le=60, title="Audition length (s)")
    crossfade_s: float = Field(
        0.0, ge=0, le=12, title="Cross-fade (s)",
        description="0: tracks follow each other without a gap. Those that follow each other on an album always do.",
    )  # fmt: skip
    replaygain: Literal["track", "album", "off"] = Field(
        "track", title="Even out loudness",
        description="By the ReplayGain tags, where a file has them: each track by itself, or albums as a whole.",
    )  # fmt: skip


class WindowSettings(Section):
    """Looks."""

    theme: Literal["system", "light", "dark"] = Field("system", title="Theme")


class Settings(BaseSettings):
    """All settings; environment variables `EARMAP_AUDIO__WORKERS=2` and the like win over the file."""

    model_config = SettingsConfigDict(
        env_prefix="EARMAP_", env_nested_delimiter="__", validate_assignment=True
    )

    audio: AudioSettings = Field(default_factory=AudioSettings, title="Reading audio")
    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings, title="Embedding")
    training: TrainingSettings = Field(default_factory=TrainingSettings, title="Training")
    player: PlayerSettings = Field(default_factory=PlayerSettings, title="Player")
    window: WindowSettings = Field(default_factory=WindowSettings, title="Window")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes all by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what `load` read from the file."""
        return env_settings, init_settings


def config_dir() -> Path:
    """The folder of the settings file (`EARMAP_CONFIG_DIR` overrides it)."""
    return Path(os.environ.get("EARMAP_CONFIG_DIR") or platformdirs.user_config_dir(APP, appauthor=False))


def data_dir() -> Path:
    """The folder of the default library (`EARMAP_DATA_DIR` overrides it)."""
    return Path(os.environ.get("EARMAP_DATA_DIR") or platformdirs.user_data_dir(APP, appauthor=False))


def default_library() -> Path:
    """The library file used when none is named."""
    return data_dir() / "library.earmap"


def settings_file() -> Path:
    """Where the settings live."""
    return config_dir() / "settings.json"


def _without(values: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """`values` less every field that `error` names."""
    for problem in error.errors():
        node: Any = values
        *parents, leaf = problem["loc"]
        for key in parents:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.pop(leaf, None)
    return values


def _defaults() -> Settings:
    """The defaults, under what the environment says.

    Raises
    ------
    UserError
        The environment says something that makes no sense.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = (f"EARMAP_{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}." for e in error.errors())
        raise UserError("An environment variable makes no sense.", " ".join(wrong)) from error
    except SettingsError as error:
        raise UserError("An environment variable makes no sense.", f"EARMAP_...: {error}.") from error


def _set_aside(path: Path) -> str:
    """Keep a copy of a broken file, since the next save replaces it; says where."""
    copy = path.with_name(path.name + ".broken")
    with suppress(OSError):
        shutil.copyfile(path, copy)
        return f" The file was kept as {copy}."
    return ""


def load(path: Path | None = None) -> tuple[Settings, str | None]:
    """Read the settings; what is broken in the file takes its default.

    Returns
    -------
    The settings, and a sentence for the person where something had to be set aside.

    Raises
    ------
    UserError
        An environment variable makes no sense.
    """
    path = path or settings_file()
    defaults = _defaults()
    try:
        read = json.loads(path.read_text("utf-8"))
        if not isinstance(read, dict):
            raise ValueError("not an object")
    except FileNotFoundError:
        return defaults, None
    except (OSError, ValueError, RecursionError) as error:
        note = f"The settings in {path} could not be read ({error}); defaults are used."
        return defaults, note + _set_aside(path)
    # Only fields: pydantic-settings takes names with an underscore for orders to itself.
    values = {name: value for name, value in read.items() if name in Settings.model_fields}
    try:
        return Settings(**values), None
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
        note = f"Settings that made no sense were set to their defaults: {fields}."
        return Settings(**_without(values, error)), note + _set_aside(path)


def save(settings: Settings, path: Path | None = None) -> None:
    """Write what a person changed, atomically.

    Defaults are not written, and what the environment says stays the environment's, unless it was changed
    since: then the file has it from the next start without that variable on.

    Raises
    ------
    UserError
        The place cannot be written to, or an environment variable makes no sense.
    """
    path = path or settings_file()
    content = json.dumps(_chosen(settings, _stored(path)), indent=2).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(path, error) from error
    with files.atomic(path) as file:
        file.write(content)


def _stored(path: Path) -> dict[str, Any]:
    """What the file holds now; nothing where it is broken, which `load` has said."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _chosen(settings: Settings, stored: dict[str, Any]) -> dict[str, Any]:
    """`stored` with each field as it is now, less defaults; a field that is the environment's stays as it was."""
    environment = _defaults()
    for name in Settings.model_fields:
        section: Section = getattr(settings, name)
        dictated: Section = getattr(environment, name)
        default = type(section)().model_dump(mode="json")
        before = stored.pop(name, {})
        now = before if isinstance(before, dict) else {}
        for key, value in section.model_dump(mode="json").items():
            if key in dictated.model_fields_set and getattr(section, key) == getattr(dictated, key):
                continue
            now.pop(key, None)
            if value != default[key]:
                now[key] = value
        if now:
            stored[name] = now
    return stored
