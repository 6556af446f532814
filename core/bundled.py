"""Encoders that come with the program: listed by their cards, without torch, since the window lists them.

A file is believed as far as its header; its weights are looked at by whoever uses it first (`core.encoders.ready`),
which copies it beside the library, so that a library moves to another machine whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.library import names
from core.library.records import EncoderRecord
from core.nets import card as cards
from core.settings import DEFAULT_ENCODER, FALLBACK_ENCODER, Settings, encoders_dir

if TYPE_CHECKING:  # it brings SQLAlchemy, which the window opens before
    from core.library.store import Library

SEVERAL = 64
"""Files whose cards are kept in memory; there are about ten."""
MEND = "Install Earmap again to mend it; until then choose another encoder."


class DamagedError(UserError):
    """An encoder that came with the program cannot be used."""


@dataclass(frozen=True)
class Bundled:
    """An encoder that came with the program.

    Parameters
    ----------
    name
        As on the command line, and as the library will call it.
    title, summary
        For lists, and for their tooltips.
    card
        All that its file says of it; not to be changed.
    """

    name: str
    title: str
    summary: str
    path: Path
    card: dict[str, Any]

    @property
    def weights_hash(self) -> str:
        """What tells its vectors from all others."""
        return str(self.card["weights_hash"])


def available() -> tuple[Bundled, ...]:
    """All that can be offered, the default first, then by title; what is damaged is left out."""
    found = (_read(*_state(path)) for path in _files())
    good = [one for one in found if isinstance(one, Bundled)]
    return tuple(sorted(good, key=lambda one: (one.name != DEFAULT_ENCODER, one.title, one.name)))


def find(name: str) -> Bundled | None:
    """The one of that name, or None.

    Raises
    ------
    DamagedError
        There is a file for it, and it is no such encoder.
    """
    for path in _files():
        if path.stem == name:
            found = _read(*_state(path))
            if isinstance(found, DamagedError):
                raise found
            return found
    return None


def reserved() -> tuple[str, ...]:
    """Names of what came with the program, damaged or not: no other may be called so."""
    return tuple(path.stem for path in _files())


def is_bundled(name: str) -> bool:
    """Whether a name is `reserved`; case does not make one new."""
    return name.casefold() in {one.casefold() for one in reserved()}


def damaged(name: str, error: UserError) -> DamagedError:
    """What a person reads of one that cannot be used, and what to do."""
    return DamagedError(f"The encoder {name}, which came with Earmap, is damaged.", f"{error.hint} {MEND}")


# -- together with a library's own --------------------------------------------------------------------


def known(records: Iterable[EncoderRecord], shipped: Iterable[Bundled], name: str) -> EncoderRecord | None:
    """The library's encoder of that name; else the one with the weights of the bundled one that is called so."""
    here = {record.name: record for record in records}
    if name in here:
        return here[name]
    weights = {one.weights_hash for one in shipped if one.name == name}
    return next((record for record in here.values() if record.weights_hash in weights), None)


def in_use(records: Sequence[EncoderRecord], shipped: Iterable[Bundled], name: str) -> EncoderRecord | None:
    """The library's encoder that stands behind everything where the settings say `name`.

    A library that the default encoder has not listened to yet goes on with what was the default before it; and one
    that it has listened to goes on with it where the program came without it.
    """
    others = {DEFAULT_ENCODER: FALLBACK_ENCODER, FALLBACK_ENCODER: DEFAULT_ENCODER}
    return known(records, shipped, name) or known(records, (), others.get(name, ""))


def offered(records: Iterable[EncoderRecord], shipped: Iterable[Bundled]) -> tuple[Bundled, ...]:
    """Those that the library does not have yet."""
    here = list(records)
    taken = {record.name for record in here} | {record.weights_hash for record in here}
    return tuple(one for one in shipped if not taken & {one.name, one.weights_hash})


def current(library: Library, name: str) -> EncoderRecord | None:
    """`in_use` for a library; reads its encoders and the cards."""
    return in_use(library.encoders.all(), available(), name)


def chosen(library: Library, name: str, settings: Settings) -> EncoderRecord:
    """The library's encoder that is asked for: `get`, or without a name `current`; UserError where there is none."""
    wanted = name or settings.embedding.encoder
    return (None if name else current(library, wanted)) or get(library, wanted)


def get(library: Library, name: str) -> EncoderRecord:
    """`known` for a library; UserError where it has no such encoder, which says how to come by it."""
    shipped = available()
    found = known(library.encoders.all(), shipped, name)
    if found is None and name in {one.name for one in shipped}:
        raise UserError(
            f"{name}, which came with Earmap, has not listened to this library yet.",
            f"Make its vectors with: earmap embed --encoder {name}",
        )
    return library.encoders.get(name) if found is None else found


# -- files --------------------------------------------------------------------------------------------


def _files() -> list[Path]:
    """Sorted; empty where there is no such folder."""
    return sorted(encoders_dir().glob(f"*{cards.SUFFIX}"))


def _state(path: Path) -> tuple[Path, int, int]:
    """A file, and what changes when it does."""
    try:
        status = path.stat()
    except OSError:
        return path, 0, 0
    return path, status.st_size, status.st_mtime_ns


@lru_cache(SEVERAL)
def _read(path: Path, _size: int, _changed: int) -> Bundled | DamagedError:
    """What a file says it is: read once as long as it does not change."""
    try:
        card = cards.read(path).model_dump(mode="json")
        if names.checked(str(card.get("name"))) != path.stem:
            raise UserError("", "Its file has another name than its card.")
    except UserError as error:
        return damaged(path.stem, error)
    shown = {key: cards.clean(value) for key, value in card.items()}
    title, summary = (str(shown.get(key) or "") for key in ("title", "summary"))
    return Bundled(path.stem, title or path.stem, summary, path, shown)
