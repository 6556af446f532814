"""A run as it is between two steps, as one file: safetensors, with the rest as JSON in its metadata.

All that the next step depends on is in it: parameters, buffers, the optimiser's moments, the schedule, the early
stop. The file is replaced as a whole, so that a killed program leaves the last one. Nothing is unpickled, and what
a file claims is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core import files
from core.errors import UserError
from core.machine import version_of
from core.training.config import RunConfig

FILE = "state.safetensors"
METADATA_KEY = "earmap-run"
LARGEST_FILE = 4 * 2**30
LARGEST_HEADER = 2**24
NETWORK, OPTIMISER = "network.", "optimiser."
AFRESH = "Start a new run; this one cannot go on."


class Frozen(BaseModel):
    """What may not change while a run goes on, since every number depends on it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    config: RunConfig
    """With the batch and the precision that are really used."""
    device: str = Field(max_length=20)
    threads: int = Field(ge=1, le=4096)
    ranks: int = Field(1, ge=1, le=65_536)
    fingerprint: str = Field(max_length=200)
    """Of the clips."""


class Patience(BaseModel):
    """The early stop: how long the validation loss has not got better."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    best: float | None = None
    waited: int = Field(0, ge=0)

    def hear(self, loss: float) -> Patience:
        """After a validation loss."""
        if loss == loss and (self.best is None or loss < self.best):  # noqa: PLR0124 - not a NaN
            return Patience(best=loss)
        return Patience(best=self.best, waited=self.waited + 1)


class Header(BaseModel):
    """The JSON of a state."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    earmap: str = Field(max_length=100)
    torch: str = Field(max_length=100)
    frozen: Frozen
    step: int = Field(ge=0)
    schedule: dict[str, Any]
    patience: Patience
    validated: int = Field(-1, ge=-1)
    """The last step that was validated; -1: none yet."""
    meters: dict[str, float]
    """Sums of what has not been logged yet."""
    seconds: float = Field(0.0, ge=0)
    """Spent in steps and validations so far."""
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    """Of all tensors."""


@dataclass(frozen=True)
class State:
    """A run between two steps; tensors on the CPU."""

    frozen: Frozen
    step: int
    network: Mapping[str, Tensor]
    optimiser: Mapping[str, Tensor]
    schedule: Mapping[str, Any]
    patience: Patience
    validated: int
    meters: Mapping[str, float]
    seconds: float
    note: str = ""
    """Why the numbers may differ from those of a run that was not interrupted; for a person."""


def versions() -> dict[str, str]:
    """Of the programs that a run's numbers depend on."""
    return {"earmap": version_of("earmap"), "torch": str(torch.__version__)}


def save(state: State, folder: Path) -> None:
    """Write it, whole or not at all: until it is there, the one before stands.

    Raises
    ------
    UserError
        The disk is full, or the folder cannot be written to.
    """
    tensors = {NETWORK + name: _plain(tensor) for name, tensor in state.network.items()}
    tensors |= {OPTIMISER + name: _plain(tensor) for name, tensor in state.optimiser.items()}
    header = Header(
        **versions(), frozen=state.frozen, step=state.step, schedule=dict(state.schedule), patience=state.patience,
        validated=state.validated, meters=dict(state.meters), seconds=state.seconds, digest=_digest(tensors),
    )  # fmt: skip
    content = safetensors.torch.save(tensors, {METADATA_KEY: header.model_dump_json()})
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(folder, error) from error
    with files.atomic(folder / FILE) as file:
        file.write(content)


def load(folder: Path) -> State:
    """Read what `save` wrote.

    Raises
    ------
    UserError
        It is missing, damaged, from another version, or not what it claims to be.
    """
    path = folder / FILE
    try:
        _check_size(path)
        with safe_open(path, framework="pt") as file:
            header = _header((file.metadata() or {}).get(METADATA_KEY))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except FileNotFoundError:
        raise UserError("The saved state of this run is not there.", AFRESH) from None
    except (SafetensorError, OSError, RuntimeError) as error:
        _refuse(f"it is damaged ({error})")
    if _digest(tensors) != header.digest:
        _refuse("it is damaged: its numbers are not those that were written")
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        _refuse("not all of its numbers are finite")
    return State(
        header.frozen, header.step, _below(tensors, NETWORK), _below(tensors, OPTIMISER), header.schedule,
        header.patience, header.validated, header.meters, header.seconds, _note(header),
    )  # fmt: skip


def check_network(found: Mapping[str, Tensor], network: torch.nn.Module) -> None:
    """Whether these are the tensors of `network` and no others; UserError where they are not."""
    wanted = {name: (tensor.dtype, tensor.shape) for name, tensor in network.state_dict().items()}
    claimed = {name: (tensor.dtype, tensor.shape) for name, tensor in found.items()}
    if wanted != claimed:
        name = next(name for name in wanted | claimed if wanted.get(name) != claimed.get(name))
        _refuse(f"its tensor {name[:100]} is missing, unknown or of another shape")


def _check_size(path: Path) -> None:
    """Before anything is parsed: a regular file, none too large, and a header that is not a bomb."""
    if not path.exists():
        raise FileNotFoundError(path)
    if not path.is_file():
        _refuse("it is not a file")
    if path.stat().st_size > LARGEST_FILE:
        _refuse("it is larger than any encoder")
    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > LARGEST_HEADER:
            _refuse("it is damaged, or something else")


def _header(text: str | None) -> Header:
    if text is None:
        _refuse("it was not written by this program")
    try:
        return Header.model_validate_json(text)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) or problem["msg"] for problem in error.errors())
        _refuse(f"it makes no sense, or is from another version of Earmap ({fields[:200]})")


def _note(header: Header) -> str:
    now, then = versions(), {"earmap": header.earmap, "torch": header.torch}
    changed = [f"{name} {then[name]}, now {now[name]}" for name in now if now[name] != then[name]]
    if not changed:
        return ""
    return f"This run began under {'; '.join(changed)}: its numbers may differ a little from here on."


def _refuse(reason: str) -> NoReturn:
    raise UserError(f"The saved state of this run cannot be used: {reason}.", AFRESH)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous()


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and numbers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
