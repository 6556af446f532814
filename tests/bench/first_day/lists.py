"""Which soundtracks encoders learn from, which they are chosen by, and which they are judged by, once, at the end.

Soundtracks by several people were kept for the report, so that "not by the same artist" means something there; those
by many hands and of many hours were learned from; nothing was moved after the first score. The report was scored, so
that a later default is judged by folds: each third of all soundtracks by a training without it. The thirds have as many
hours and were written down before anything was scored by them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Part = Literal["train", "choose", "report", "fold-1", "fold-2", "fold-3"]

PARTS: dict[Part, tuple[str, ...]] = {
    "train": ("0ad-data", "asc-music", "naev-data", "ufoai-music", "warzone2100-music"),
    "choose": (
        "enigma-data", "extremetuxracer-data", "fillets-ng-data", "fretsonfire-songs-sectoid", "hedgewars-data",
        "singularity-music", "widelands-data",
    ),
    "report": (
        "colobot-common-sounds", "fretsonfire-songs-muldjord", "nexuiz-music", "pushover-data", "supertuxkart-data",
        "wesnoth-1.16-music", "xmoto-data",
    ),
    "fold-1": (
        "asc-music", "colobot-common-sounds", "hedgewars-data", "pushover-data", "ufoai-music", "widelands-data",
    ),
    "fold-2": (
        "enigma-data", "fillets-ng-data", "fretsonfire-songs-sectoid", "naev-data", "nexuiz-music",
        "warzone2100-music",
    ),
    "fold-3": (
        "0ad-data", "extremetuxracer-data", "fretsonfire-songs-muldjord", "singularity-music", "supertuxkart-data",
        "wesnoth-1.16-music", "xmoto-data",
    ),
}  # fmt: skip
FOLDS: tuple[Part, ...] = ("fold-1", "fold-2", "fold-3")
EVERY: tuple[str, ...] = tuple(sorted(name for fold in FOLDS for name in PARTS[fold]))
"""All soundtracks."""
SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".wav", ".flac", ".m4a"}


def tracks(music: Path, part: Part) -> list[Path]:
    """The audio files of a part's soundtracks, sorted; every soundtrack must be there.

    Raises
    ------
    FileNotFoundError
        A soundtrack is missing: the part would not be the same.
    """
    missing = [name for name in PARTS[part] if not (music / name).is_dir()]
    if missing:
        raise FileNotFoundError(f"{music} lacks {', '.join(missing)}")
    return [
        path for name in PARTS[part] for path in sorted((music / name).iterdir())
        if path.suffix.lower() in SUFFIXES
    ]  # fmt: skip
