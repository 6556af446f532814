"""Encoders as files to give away and to take: weights and card in one, checked before anything is believed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import files
from core.encoders import is_baseline
from core.errors import UserError
from core.library import names
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint

LONGEST_TEXT = 10_000
"""Of one text on a card that came from somebody else."""


def export_encoder(library: Library, record: EncoderRecord, out: Path, *, overwrite: bool = False) -> Path:
    """Write an encoder with its card to one file, whole or not at all.

    Parameters
    ----------
    out
        A file, or a folder that is there: the file is then called like the encoder. `.safetensors` is added.

    Returns
    -------
    The file.

    Raises
    ------
    UserError
        There is nothing to give away; the file is there already; the encoder is broken; no room.
    """
    if not record.file:
        raise UserError(
            f"{record.name} has no weights to give away.", "Every Earmap has it: choose it by its name."
        )
    strategy, card = checkpoint.load(library.sidecar("encoders") / record.file)
    if card["weights_hash"] != record.weights_hash:
        raise UserError(f"{record.file} holds other weights than those of the encoder {record.name}.")
    path = _target(out, record.name)
    if path.exists() and not overwrite:
        raise UserError(
            f"There is a file {path} already.", "Choose another name, or say that it may be replaced."
        )
    # Without the run's name: it means something in this library alone.
    shown = {key: value for key, value in card.items() if key != "run"}
    with files.atomic(path) as file:
        file.write(checkpoint.content(strategy, shown | {"name": record.name}))
    return path


def import_encoder(library: Library, path: Path, name: str | None = None) -> EncoderRecord:
    """Make an encoder from somewhere else known to a library; one with the same weights is there already.

    Parameters
    ----------
    name
        As it shall be called here; its own name by default.

    Raises
    ------
    UserError
        The file is missing, broken or hostile (see `checkpoint.load`), its name is none or is taken; no room.
    """
    content = checkpoint.read(path)
    folder = library.sidecar("encoders")
    # What is checked is the copy that stays: nobody can exchange it in between.
    with _place(folder) as place:
        copy = place / f"{names.proposal(path.stem, 'encoder')}{checkpoint.SUFFIX}"  # not every name is UTF-8
        with files.atomic(copy) as target:
            target.write(content)
        strategy, card = checkpoint.load(copy)
        known = [record for record in library.encoders.all() if record.weights_hash == card["weights_hash"]]
        if known:
            return known[0]
        called = _name(path, card, name)
        if (strategy.trainable and is_baseline(called)) or library.encoders.find(called) is not None:
            raise UserError(
                f"Another encoder is called {called} already.", "Give this one another name (--name NAME)."
            )
        file = f"{strategy.name}-{card['weights_hash'][:12]}{checkpoint.SUFFIX}"
        files.replace(copy, folder / file)
    shown = {key: clean(value) for key, value in card.items() if key != "run"}
    return library.encoders.add(
        name=called, strategy=strategy.name, config=card["config"], dim=strategy.dim, track_dim=strategy.track_dim,
        front_end=strategy.front_end, weights_hash=card["weights_hash"], card=shown | {"name": called}, file=file,
    )  # fmt: skip


def clean(value: Any) -> Any:
    """A value of somebody else's card, its texts printable and of bounded length."""
    if isinstance(value, dict):
        return {str(clean(str(key))): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() else " " for letter in value[:LONGEST_TEXT])
    return value


def _target(out: Path, name: str) -> Path:
    if out.is_dir():
        return out / f"{names.proposal(name, 'encoder')}{checkpoint.SUFFIX}"
    return out if out.suffix == checkpoint.SUFFIX else out.with_name(out.name + checkpoint.SUFFIX)


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as place:
            yield Path(place)
    except OSError as error:
        raise files.unwritable(folder, error) from error


def _name(path: Path, card: dict[str, Any], wanted: str | None) -> str:
    if wanted is not None:
        return names.checked(wanted)
    own = card.get("name", f"{card['strategy']}-{card['weights_hash'][:8]}")
    try:
        return names.checked(own if isinstance(own, str) else "")
    except UserError as error:
        raise UserError(
            f"The encoder in {path.name} has a name that cannot be used.",
            "Give it another one (--name NAME).",
        ) from error
