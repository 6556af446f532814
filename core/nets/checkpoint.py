"""An encoder as one file: safetensors, with its card as JSON in the file's metadata (see `core.nets.card`).

Weights that are all exact in 16 bits (`half` makes them so) take only these. Nothing is ever unpickled, and what a
file claims is checked before it is believed: a person may have got it from anybody.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core import files, strategies
from core.audio import SEGMENT
from core.errors import UserError
from core.nets.card import LARGEST_FILE, METADATA_KEY, SUFFIX, Card, check_size, doors, parse, refuse
from core.strategies import Strategy

DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
"""What weights and counters are kept as, in safetensors' words."""
HALF = "F16"


def weights_hash(strategy: Strategy, config: dict[str, Any] | None = None) -> str:
    """SHA-256 of all that a vector depends on: strategy, config, front-end, tensors (64 hex digits).

    Parameters
    ----------
    config
        As it was written, where it was: choices that came later are not in it, and have their defaults.
    """
    digest = hashlib.sha256()
    config = strategy.config.model_dump(mode="json") if config is None else config
    digest.update(json.dumps([strategy.name, config, strategy.front_end], sort_keys=True).encode())
    for name, tensor in sorted(_tensors(strategy).items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def half(strategy: Strategy) -> Strategy:
    """A copy whose matrices and kernels are rounded to 16 bits, which halves its file; the hash is then of these.

    Biases and batch norm's numbers stay in float32: they take no room, and a running variance may be beyond 65,504.

    Raises
    ------
    UserError
        A weight is beyond what 16 bits can say.
    """
    rounded = copy.deepcopy(strategy)
    with torch.no_grad():
        for name, tensor in rounded.state_dict().items():
            if _large(tensor):
                tensor.copy_(tensor.half())
                if not tensor.isfinite().all():
                    raise UserError(f"The weights {name} of this encoder do not fit into 16 bits.")
    return rounded


def save(strategy: Strategy, folder: Path, card: dict[str, Any]) -> Path:
    """Write `<strategy>-<hash>.safetensors`, whole or not at all; card and errors as of `write`.

    Returns
    -------
    The file.
    """
    path = folder / f"{strategy.name}-{weights_hash(strategy)[:12]}{SUFFIX}"
    write(strategy, path, card)
    return path


def write(strategy: Strategy, path: Path, card: dict[str, Any]) -> None:
    """Write an encoder's file, whole or not at all.

    Parameters
    ----------
    card
        JSON values to keep beside what is written anyway (see `Card`): name, figures, training data ...

    Raises
    ------
    UserError
        No room, or the place cannot be written to.
    """
    full = Card.model_validate(
        {
            **card,
            "strategy": strategy.name,
            "config": strategy.config.model_dump(mode="json"),
            "dim": strategy.dim,
            "track_dim": strategy.track_dim,
            "front_end": strategy.front_end,
            "weights_hash": weights_hash(strategy),
            "created": card.get("created", datetime.now(UTC)),
            "versions": card.get("versions", {"torch": str(torch.__version__), "numpy": np.__version__}),
        }
    )
    with files.atomic(path) as file:
        file.write(_content(strategy, full))


def content(strategy: Strategy, card: dict[str, Any]) -> bytes:
    """The file of an encoder with a complete card, as `load` returned both; what else is on the card may differ."""
    return _content(strategy, Card.model_validate(card))


def _content(strategy: Strategy, card: Card) -> bytes:
    return safetensors.torch.save(_stored(strategy), {METADATA_KEY: card.model_dump_json()})


def load(path: Path) -> tuple[Strategy, dict[str, Any]]:
    """Read an encoder that `save` wrote.

    Returns
    -------
    The strategy in eval mode on the CPU, and its card.

    Raises
    ------
    UserError
        The file is missing, broken, hostile, or made for another version of the program.
    """
    with _doors(path):
        check_size(path)
        with safe_open(path, framework="pt") as file:
            card = parse(path, (file.metadata() or {}).get(METADATA_KEY))
            strategy = _build(path, card)
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
            _check_shapes(path, slices, strategy)
            strategy.load_state_dict({name: file.get_tensor(name) for name in slices})
    _check_weights(path, strategy, card)
    return strategy, card.model_dump(mode="json")


def read(path: Path) -> bytes:
    """What is in a file that may be an encoder's; UserError where it is missing, or too large for one."""
    with _doors(path):
        check_size(path)
        with path.open("rb") as file:
            return file.read(LARGEST_FILE)


@contextmanager
def _doors(path: Path) -> Iterator[None]:
    with doors(path):
        try:
            yield
        except SafetensorError as error:
            refuse(path, f"It is damaged: {error}.")


def _build(path: Path, card: Card) -> Strategy:
    """The network that the card describes, its weights still those of the start."""
    try:
        strategy = strategies.build(card.strategy, card.config)
    except UserError as error:
        refuse(path, str(error))
    if (card.dim, card.track_dim) != (strategy.dim, strategy.track_dim):
        refuse(path, "Its vectors have another length here.")
    if card.front_end != strategy.front_end:
        refuse(path, f"It expects the front-end {card.front_end}, and this version has {strategy.front_end}.")
    return strategy


def _check_shapes(path: Path, slices: dict[str, Any], strategy: Strategy) -> None:
    """Every tensor of the network and no other, in its shape and precision; float32 may be kept in 16 bits."""
    wanted = {name: (DTYPES[value.dtype], list(value.shape)) for name, value in strategy.state_dict().items()}
    claimed = {name: (value.get_dtype(), value.get_shape()) for name, value in slices.items()}
    for name, (dtype, shape) in claimed.items():
        if dtype == HALF and wanted.get(name, (None,))[0] == DTYPES[torch.float32]:
            claimed[name] = (DTYPES[torch.float32], shape)
    if wanted != claimed:
        name = next(name for name in wanted | claimed if wanted.get(name) != claimed.get(name))
        refuse(path, f"Its tensor {name[:100]} is missing, unknown or of another shape.")


def _check_weights(path: Path, strategy: Strategy, card: Card) -> None:
    """The content is what the card says, and it turns sound and silence into numbers."""
    if weights_hash(strategy, card.config) != card.weights_hash:
        refuse(path, "Its weights are not those that its card names: it is damaged.")
    generator = torch.Generator().manual_seed(0)
    noise = 0.1 * torch.randn(1, SEGMENT, generator=generator)
    vectors = strategy.embed(torch.cat([noise, torch.zeros_like(noise)]))
    if not all(tensor.isfinite().all() for tensor in (vectors, *strategy.state_dict().values())):
        refuse(path, "Its weights are not all numbers.")


def _tensors(strategy: Strategy) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in strategy.state_dict().items()}


def _stored(strategy: Strategy) -> dict[str, Tensor]:
    """The tensors as they are kept: the large ones in 16 bits where all of them stay what they are to the last bit."""
    tensors = _tensors(strategy)
    halves = {name: tensor.half() for name, tensor in tensors.items() if _large(tensor)}
    exact = all(torch.equal(tensor.float(), tensors[name]) for name, tensor in halves.items())
    return tensors | halves if exact else tensors


def _large(tensor: Tensor) -> bool:
    """A matrix or kernels: what a file's size comes from."""
    return tensor.dtype == torch.float32 and tensor.ndim > 1
