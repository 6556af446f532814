"""An encoder's file: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import strategies
from core.audio import SEGMENT
from core.errors import UserError
from core.nets import checkpoint
from core.strategies import Strategy

Tensors = dict[str, Tensor]
Card = dict[str, Any]


def noise(segments: int = 2) -> Tensor:
    return 0.1 * torch.randn(segments, SEGMENT, generator=torch.Generator().manual_seed(3))


def small(name: str = "random", calibrated: bool = True, **config: Any) -> Strategy:
    built = strategies.build(name, {"width": 0.125, **config})
    if calibrated:
        built.calibrate(noise())
    return built


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint.save(small(), tmp_path_factory.mktemp("good"), {"name": "A good one"})


@pytest.fixture(scope="module")
def good_bytes(good: Path) -> bytes:
    return good.read_bytes()


@pytest.mark.parametrize("name", ["random", "random-multi", "mfcc"])
def test_what_goes_in_comes_out(name: str, tmp_path: Path) -> None:
    strategy = strategies.build("mfcc") if name == "mfcc" else small(name)
    path = checkpoint.save(strategy, tmp_path, {"name": "Mine", "figures": {"loss": 1.5}})
    loaded, card = checkpoint.load(path)
    assert type(loaded) is type(strategy)
    assert loaded.config == strategy.config
    assert not loaded.training
    assert torch.equal(loaded.embed(noise()), strategy.embed(noise()))
    assert checkpoint.weights_hash(loaded) == checkpoint.weights_hash(strategy) == card["weights_hash"]
    assert (card["strategy"], card["name"], card["figures"]) == (name, "Mine", {"loss": 1.5})
    assert (card["dim"], card["track_dim"]) == (strategy.dim, strategy.track_dim)
    assert card["versions"]["torch"]
    assert path.name == f"{name}-{card['weights_hash'][:12]}.safetensors"


def test_a_loaded_encoder_is_saved_as_the_same_file(good: Path, tmp_path: Path) -> None:
    strategy, card = checkpoint.load(good)
    again = checkpoint.save(strategy, tmp_path, card)
    assert again.name == good.name
    assert checkpoint.load(again)[1] == card


def test_rounded_weights_take_half_the_room_and_stay_what_they_are(good: Path, tmp_path: Path) -> None:
    whole = small()
    rounded = checkpoint.half(whole)
    assert checkpoint.weights_hash(whole) == checkpoint.load(good)[1]["weights_hash"], "it is a copy"
    path = tmp_path / "halves.safetensors"
    checkpoint.write(rounded, path, {"name": "halves"})
    assert path.stat().st_size < 0.6 * good.stat().st_size
    loaded, card = checkpoint.load(path)
    assert card["weights_hash"] == checkpoint.weights_hash(rounded) == checkpoint.weights_hash(loaded)
    assert card["weights_hash"] != checkpoint.weights_hash(whole)
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32, torch.int64}
    assert torch.equal(loaded.embed(noise()), rounded.embed(noise()))
    torch.testing.assert_close(loaded.embed(noise()), whole.embed(noise()), rtol=0.01, atol=0.05)
    assert checkpoint.content(loaded, card) == path.read_bytes(), "given away, it is no larger"


def test_a_variance_beyond_16_bits_is_kept_and_a_weight_beyond_them_refused(tmp_path: Path) -> None:
    strategy = small()
    strategy.state_dict()["encoder.trunk.blocks.2.norm.running_var"].fill_(1e6)
    rounded = checkpoint.half(strategy)
    loaded, _ = checkpoint.load(checkpoint.save(rounded, tmp_path, {}))
    assert loaded.state_dict()["encoder.trunk.blocks.2.norm.running_var"].max() == 1e6
    strategy.state_dict()[HEAD].view(-1)[0] = 1e6
    with pytest.raises(UserError, match=r"head\.weight .* do not fit into 16 bits"):
        checkpoint.half(strategy)


def test_a_card_cannot_lie_about_its_encoder(tmp_path: Path) -> None:
    _, card = checkpoint.load(
        checkpoint.save(small(), tmp_path, {"dim": 7, "strategy": "mfcc", "weights_hash": ""})
    )
    assert (card["dim"], card["strategy"]) == (128, "random")


def test_the_hash_is_of_everything_that_matters() -> None:
    hashes = [
        checkpoint.weights_hash(strategy)
        for strategy in (
            small(),
            small(calibrated=False),
            small(seed=1),
            small("random-multi"),
            strategies.build("random", {"width": 0.25}),
            strategies.build("mfcc"),
        )
    ]
    assert len(set(hashes)) == len(hashes)
    assert checkpoint.weights_hash(strategies.build("mfcc")) == hashes[-1]


def test_the_hash_feels_one_bit_and_no_layout() -> None:
    strategy = small()
    before = checkpoint.weights_hash(strategy)
    strategy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    assert checkpoint.weights_hash(strategy) == before
    running = strategy.get_buffer("encoder.trunk.blocks.4.norm.running_mean")
    running.view(torch.int32)[0] ^= 1
    assert checkpoint.weights_hash(strategy) != before


def test_the_hash_knows_the_front_end(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = strategies.build("mfcc")
    before = checkpoint.weights_hash(strategy)
    monkeypatch.setattr(type(strategy), "front_end", "mfcc-2")
    assert checkpoint.weights_hash(strategy) != before


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        checkpoint.save(small(), tmp_path / "missing", {})
    assert not list(tmp_path.iterdir())


def test_a_card_from_before_a_choice_existed_is_still_good(tmp_path: Path) -> None:
    """The hash is of the config as it was written; what is not in it has its default."""
    strategy = small()
    config = {"width": 0.125, "seed": 0}
    assert set(strategy.config.model_dump()) - set(config)
    old = checkpoint.weights_hash(strategy, config)
    assert old != checkpoint.weights_hash(strategy)
    path = tmp_path / "old.safetensors"
    _, card = checkpoint.load(checkpoint.save(strategy, tmp_path, {}))
    text = json.dumps(card | {"config": config, "weights_hash": old})
    path.write_bytes(safetensors.torch.save(dict(strategy.state_dict()), {"earmap": text}))
    loaded, card = checkpoint.load(path)
    assert card["weights_hash"] == old
    assert torch.equal(loaded.embed(noise()), strategy.embed(noise()))


@pytest.mark.parametrize("name", ["random", "random-multi"])
def test_what_an_encoder_hears_decides_its_front_end(name: str, tmp_path: Path) -> None:
    kept = [small(name, log_mel=log_mel) for log_mel in ("paper", "modern")]
    assert [strategy.front_end for strategy in kept] == ["logmel-1", "logmel-2"]
    for strategy in kept:
        loaded, card = checkpoint.load(checkpoint.save(strategy, tmp_path, {}))
        assert card["front_end"] == loaded.front_end == strategy.front_end
        assert torch.equal(loaded.embed(noise()), strategy.embed(noise()))


def forged(good: Path, folder: Path, change: Callable[[Tensors, Card], None]) -> Path:
    """A well-formed file whose tensors and card were changed by somebody."""
    strategy, card = checkpoint.load(good)
    tensors = {name: tensor.clone() for name, tensor in strategy.state_dict().items()}
    change(tensors, card)
    path = folder / "forged.safetensors"
    path.write_bytes(safetensors.torch.save(tensors, {"earmap": json.dumps(card)}))
    return path


def set_card(key: str, value: Any) -> Callable[[Tensors, Card], None]:
    return lambda tensors, card: card.__setitem__(key, value)


HEAD = "encoder.head.weight"
COUNTER = "encoder.trunk.blocks.0.norm.num_batches_tracked"
FORGERIES: dict[str, tuple[Callable[[Tensors, Card], None], str]] = {
    "newer format": (set_card("format", 2), "newer version"),
    "unknown strategy": (set_card("strategy", "telepathy"), "telepathy"),
    "another strategy": (set_card("strategy", "random-multi"), "another length"),
    "a module's name": (set_card("strategy", "os.system"), "no strategy"),
    "huge network": (set_card("config", {"width": 1e9}), "width"),
    "config of another type": (set_card("config", [1]), "config"),
    "unknown choice": (set_card("config", {"width": 0.125, "path": "/etc/passwd"}), "path"),
    "wider than its tensors": (set_card("config", {"width": 0.25}), "shape"),
    "other dim": (set_card("dim", 64), "another length"),
    "other front-end": (set_card("front_end", "logmel-99"), "logmel-99"),
    "the other preset's front-end": (set_card("front_end", "logmel-2"), "logmel-2"),
    "other hash": (set_card("weights_hash", "0" * 64), "damaged"),
    "no hash": (set_card("weights_hash", "../../x"), "weights_hash"),
    "no date": (set_card("created", "yesterday"), "created"),
    "tensor missing": (lambda tensors, card: tensors.__delitem__(HEAD), "head"),
    "tensor too many": (lambda tensors, card: tensors.update(extra=torch.zeros(1)), "extra"),
    "other shape": (lambda tensors, card: tensors.update({HEAD: tensors[HEAD].T.contiguous()}), "head"),
    "other precision": (lambda tensors, card: tensors.update({HEAD: tensors[HEAD].double()}), "head"),
    "fewer bits than they had": (
        lambda tensors, card: tensors.update({HEAD: tensors[HEAD].half()}),
        "damaged",
    ),
    "a counter in halves": (
        lambda tensors, card: tensors.update({COUNTER: tensors[COUNTER].half()}),
        "tracked",
    ),
    "other weights": (lambda tensors, card: tensors.update({HEAD: tensors[HEAD] + 1}), "damaged"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forgery_is_refused(kind: str, good: Path, tmp_path: Path) -> None:
    change, word = FORGERIES[kind]
    with pytest.raises(UserError, match=word) as caught:
        checkpoint.load(forged(good, tmp_path, change))
    assert caught.value.title == "forged.safetensors cannot be used as an encoder."


def test_the_forger_forges_nothing_when_he_changes_nothing(good: Path, tmp_path: Path) -> None:
    loaded, _ = checkpoint.load(forged(good, tmp_path, lambda tensors, card: None))
    assert loaded.name == "random"


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        (HEAD, float("nan")),
        (HEAD, float("inf")),
        ("encoder.trunk.blocks.2.norm.running_var", -1.0),
        ("standardise.std", 0.0),
    ],
)
def test_weights_that_are_not_numbers_are_refused(tensor: str, value: float, tmp_path: Path) -> None:
    """Also where each weight is one, but no vector would be."""
    strategy = small()
    strategy.state_dict()[tensor].view(-1)[0] = value
    with pytest.raises(UserError, match="not all numbers"):
        checkpoint.load(checkpoint.save(strategy, tmp_path, {}))


class Bomb:
    """What a hostile pickle looks like."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def content_of(kind: str, good: bytes, tmp_path: Path) -> bytes:
    length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + length])
    del header["__metadata__"]
    bare = json.dumps(header).encode()
    return {
        "empty": b"",
        "seven bytes": good[:7],
        "cut in the header": good[:100],
        "cut in the weights": good[:-1],
        "longer": good + b"\0",
        "header of an exabyte": (2**60).to_bytes(8, "little") + good[8:],
        "header of 100 MB": (10**8).to_bytes(8, "little") + b"{" * 1000,
        "deep header": (10**5).to_bytes(8, "little") + b"[" * 10**5,
        "no card": len(bare).to_bytes(8, "little") + bare + good[8 + length :],
        "pickle": pickle.dumps(Bomb(tmp_path / "exploded")),
        "text": b"this is not an encoder",
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "empty", "seven bytes", "cut in the header", "cut in the weights", "longer", "header of an exabyte",
        "header of 100 MB", "deep header", "no card", "pickle", "text",
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(kind: str, good_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content_of(kind, good_bytes, tmp_path))
    with pytest.raises(UserError, match=r"broken\.safetensors cannot be used"):
        checkpoint.load(path)
    assert not (tmp_path / "exploded").exists()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "pipe"):
        with pytest.raises(UserError, match="cannot be used"):
            checkpoint.load(path)


def test_a_file_larger_than_any_encoder_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "vast.safetensors"
    with path.open("wb") as file:
        file.truncate(2**31)  # sparse
    with pytest.raises(UserError, match="larger"):
        checkpoint.load(path)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), header=st.booleans())
@settings(max_examples=60, deadline=None)
def test_one_flipped_bit_never_changes_a_vector(
    place: float, bit: int, header: bool, good_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It is refused, or it was in a remark on the card."""
    reach = 8 + int.from_bytes(good_bytes[:8], "little") if header else len(good_bytes)
    content = bytearray(good_bytes)
    content[int(place * reach)] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    path.write_bytes(content)
    try:
        strategy, _ = checkpoint.load(path)
    except UserError:
        return
    assert torch.equal(strategy.embed(noise()), small().embed(noise()))
