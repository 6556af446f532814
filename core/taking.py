"""An encoder's file from somewhere else, taken into a library: what is checked is the copy that stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import bundled, files
from core.library import names
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint
from core.nets.card import SUFFIX, clean
from core.strategies import Strategy

NOT_SHOWN = ("run",)
"""A run's name means something in one library alone."""


@dataclass(frozen=True)
class Copy:
    """A checked copy of a file, in a place that is gone afterwards unless it is kept."""

    library: Library
    path: Path
    strategy: Strategy
    card: dict[str, Any]

    def keep(self, name: str) -> EncoderRecord:
        """Let it stay beside the library, and make it known as `name`.

        Raises
        ------
        UserError
            The name belongs to other weights; no room.
        """
        strategy, card, weights = self.strategy, self.card, self.card["weights_hash"]
        file = f"{strategy.name}-{weights[:12]}{SUFFIX}"
        files.replace(self.path, self.library.sidecar("encoders") / file)
        shown = {key: clean(value) for key, value in card.items() if key not in NOT_SHOWN}
        shown["bundled"] = weights in {
            one.weights_hash for one in bundled.available()
        }  # a card may say anything
        return self.library.encoders.add(
            name=name, strategy=strategy.name, config=card["config"], dim=strategy.dim, track_dim=strategy.track_dim,
            front_end=strategy.front_end, weights_hash=weights, card=shown | {"name": name}, file=file,
        )  # fmt: skip


@contextmanager
def checked_copy(library: Library, path: Path) -> Iterator[Copy]:
    """Copy a file beside the library and look at the copy: nobody can exchange it in between.

    Raises
    ------
    UserError
        It is missing, broken or hostile (see `checkpoint.load`); no room.
    """
    content = checkpoint.read(path)
    with _place(library.sidecar("encoders")) as place:
        copy = place / f"{names.proposal(path.stem, 'encoder')}{SUFFIX}"  # not every name is UTF-8
        with files.atomic(copy) as target:
            target.write(content)
        yield Copy(library, copy, *checkpoint.load(copy))


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as place:
            yield Path(place)
    except OSError as error:
        raise files.unwritable(folder, error) from error
