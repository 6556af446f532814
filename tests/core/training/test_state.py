from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from core import strategies
from core.errors import UserError
from core.training import state
from core.training.state import Frozen, Patience, State, check_network, load, save
from tests.training_tools import run_config


def some_state(step: int = 7) -> State:
    """A state with tensors of several shapes and types."""
    noise = torch.Generator().manual_seed(step)
    network = {
        "conv.weight": torch.randn(4, 2, 5, 5, generator=noise).to(memory_format=torch.channels_last),
        "norm.num_batches_tracked": torch.tensor(3), "mean": torch.tensor(0.25), "empty": torch.empty(0, 3),
    }  # fmt: skip
    moments = {
        "conv.weight.exp_avg": torch.randn(4, 2, 5, 5, generator=noise),
        "conv.weight.step": torch.tensor(7.0),
    }
    frozen = Frozen(config=run_config(), device="cpu", threads=2, fingerprint="f" * 64)
    schedule = {"plateau_factor": 0.2, "plateau_best": None, "plateau_waited": 1}
    meters = {"loss": 0.1 + 0.2, "count": 2.0}
    return State(frozen, step, network, moments, schedule, Patience(best=1 / 3, waited=2), 6, meters, 12.5)


def as_tensors(found: State) -> dict[str, bytes]:
    both = {**found.network, **{f"o.{name}": tensor for name, tensor in found.optimiser.items()}}
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in both.items()}


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path: Path) -> None:
    written = some_state()
    save(written, tmp_path / "run")
    found = load(tmp_path / "run")
    assert as_tensors(found) == as_tensors(written)
    assert found.network["empty"].shape == (0, 3)
    plain = {"network": {}, "optimiser": {}}
    assert replace(found, **plain) == replace(written, **plain)
    assert found.note == ""


def test_a_state_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(some_state(1), tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="no room"):
        save(some_state(2), tmp_path)
    assert load(tmp_path).step == 1
    assert [path.name for path in tmp_path.iterdir()] == [state.FILE]


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return pytest.fail, ("unpickled",)


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The same tensors, with another header."""
    with safetensors.safe_open(path, "pt") as file:
        header = json.loads(file.metadata()[state.METADATA_KEY])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    change(header)
    path.write_bytes(safetensors.torch.save(tensors, {state.METADATA_KEY: json.dumps(header)}))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


BREAK: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "one bit": flip,
    "noise": lambda path: path.write_bytes(b"\xff" * 5000),
    "a bomb": lambda path: path.write_bytes((2**62).to_bytes(8, "little") + b"{}"),
    "a pickle": lambda path: path.write_bytes(pickle.dumps(Evil())),
    "a torch file": lambda path: torch.save({"a": Evil()}, path),
    "another file": lambda path: path.write_bytes(safetensors.torch.save({"a": torch.ones(1)})),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "newer": lambda path: rewritten(path, lambda header: header.update(format=2)),
    "a field too many": lambda path: rewritten(path, lambda header: header.update(surprise=1)),
    "a negative step": lambda path: rewritten(path, lambda header: header.update(step=-1)),
    "other fields": lambda path: rewritten(path, lambda header: header["frozen"].pop("threads")),
    "no numbers": lambda path: save(
        replace(some_state(), network={"a": torch.tensor(float("nan"))}), path.parent
    ),
}


@pytest.mark.parametrize("harm", BREAK)
def test_a_broken_or_hostile_state_is_refused_with_a_sentence(tmp_path: Path, harm: str) -> None:
    save(some_state(), tmp_path)
    BREAK[harm](tmp_path / state.FILE)
    with pytest.raises(UserError) as told:
        load(tmp_path)
    assert told.value.title.startswith("The saved state of this run")
    assert told.value.title.endswith(".")
    assert told.value.hint


def test_another_version_goes_on_and_is_said(tmp_path: Path) -> None:
    save(some_state(), tmp_path)
    rewritten(tmp_path / state.FILE, lambda header: header.update(torch="1.0", earmap="0.0.1"))
    note = load(tmp_path).note
    assert "torch 1.0" in note
    assert "earmap 0.0.1" in note


def test_another_networks_tensors_are_refused() -> None:
    network = strategies.build("adjacent", {"width": 0.125})
    own = dict(network.state_dict())
    check_network(own, network)
    name = "encoder.head.bias"
    wrong: list[dict[str, torch.Tensor]] = [
        {key: value for key, value in own.items() if key != name}, own | {"more": torch.ones(1)},
        own | {name: own[name][:5]}, own | {name: own[name].double()},
    ]  # fmt: skip
    for tensors in wrong:
        with pytest.raises(UserError, match="tensor"):
            check_network(tensors, network)


def test_patience_counts_what_does_not_get_better() -> None:
    patience = Patience()
    for loss, waited in ((2.0, 0), (2.0, 1), (2.5, 2), (1.9, 0), (float("nan"), 1), (1.8, 0)):
        patience = patience.hear(loss)
        assert patience.waited == waited
    assert patience.best == 1.8
    assert Patience().hear(float("nan")) == Patience(waited=1)
