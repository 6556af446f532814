"""Encoders as files to give away and to take: weights and card in one, checked before anything is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import bundled, files
from core.bundled import Bundled
from core.encoders import is_baseline
from core.errors import UserError
from core.library import names
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint
from core.nets.card import SUFFIX, RefusedError
from core.strategies import Strategy
from core.taking import NOT_SHOWN, Copy, checked_copy


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
    return _written(strategy, card, record.name, out, overwrite=overwrite)


def export_named(library: Library, name: str, out: Path, *, overwrite: bool = False) -> Path:
    """`export_encoder` by name, also of one that came with the program and has not listened to this library."""
    record = library.encoders.find(name)
    shipped = bundled.find(name) if record is None else None
    if shipped is not None:
        return _export_bundled(shipped, out, overwrite=overwrite)
    return export_encoder(library, record or bundled.get(library, name), out, overwrite=overwrite)


def _export_bundled(shipped: Bundled, out: Path, *, overwrite: bool) -> Path:
    try:
        strategy, card = checkpoint.load(shipped.path)
    except RefusedError as error:
        raise bundled.damaged(shipped.name, error) from error
    return _written(strategy, card, shipped.name, out, overwrite=overwrite)


def _written(strategy: Strategy, card: dict[str, Any], name: str, out: Path, *, overwrite: bool) -> Path:
    path = _target(out, name)
    if path.exists() and not overwrite:
        raise UserError(
            f"There is a file {path} already.", "Choose another name, or say that it may be replaced."
        )
    shown = {key: value for key, value in card.items() if key not in NOT_SHOWN}
    with files.atomic(path) as file:
        file.write(checkpoint.content(strategy, shown | {"name": name}))
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
    with checked_copy(library, path) as copy:
        records, weights = library.encoders.all(), copy.card["weights_hash"]
        known = [record for record in records if record.weights_hash == weights]
        if known:
            return known[0]
        called = _name(path, copy.card, name)
        if _taken(library, called, copy):
            raise UserError(
                f"Another encoder is called {called} already.", "Give this one another name (--name NAME)."
            )
        return copy.keep(called)


def _taken(library: Library, name: str, copy: Copy) -> bool:
    """Whether a name is another's: of the library, of what needs no training, of what came with the program."""
    if library.encoders.find(name) is not None or (copy.strategy.trainable and is_baseline(name)):
        return True
    same = {one.name for one in bundled.available() if one.weights_hash == copy.card["weights_hash"]}
    return bundled.is_bundled(name) and name not in same


def _target(out: Path, name: str) -> Path:
    if out.is_dir():
        return out / f"{names.proposal(name, 'encoder')}{SUFFIX}"
    return out if out.suffix == SUFFIX else out.with_name(out.name + SUFFIX)


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
