"""Encoders given away and taken: what goes out comes in elsewhere, and nothing else does."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from core import strategies
from core.audio import SEGMENT
from core.bundles import export_encoder, import_encoder
from core.errors import UserError
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint
from tests.library_tools import run_job

CURVES = {"loss": [[1, 2], [3.5, 2.5]]}


def made(library: Library, name: str = "mine", seed: int = 0) -> EncoderRecord:
    """An encoder with weights, as a run leaves one behind."""
    strategy = strategies.build("random", {"width": 0.125, "seed": seed})
    strategy.calibrate(0.1 * torch.randn(2, SEGMENT, generator=torch.Generator().manual_seed(1)))
    file = checkpoint.save(
        strategy, library.sidecar("encoders"), {"name": name, "run": "run 1", "curves": CURVES}
    )
    return library.encoders.add(
        name=name, strategy=strategy.name, config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
        track_dim=strategy.track_dim, front_end=strategy.front_end,
        weights_hash=checkpoint.weights_hash(strategy), card={"name": name}, file=file.name,
    )  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "here.earmap") as library:
        yield library


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "there.earmap") as library:
        yield library


def files_of(library: Library) -> list[str]:
    return sorted(path.name for path in library.sidecar("encoders").iterdir())


def test_what_is_given_away_is_the_same_elsewhere(here: Library, there: Library, tmp_path: Path) -> None:
    record = made(here)
    path = export_encoder(here, record, tmp_path / "gift.safetensors")
    assert path == tmp_path / "gift.safetensors"
    taken = import_encoder(there, path)
    same = ("name", "strategy", "config", "dim", "track_dim", "front_end", "weights_hash")
    assert [getattr(taken, key) for key in same] == [getattr(record, key) for key in same]
    assert taken.card["curves"] == CURVES
    assert "run" not in taken.card, "a run of another library"
    one, _ = checkpoint.load(here.sidecar("encoders") / record.file)
    other, _ = checkpoint.load(there.sidecar("encoders") / taken.file)
    wave = torch.randn(1, SEGMENT)
    assert torch.equal(one.embed(wave), other.embed(wave))
    assert there.encoders.all() == [taken]


def test_taking_it_twice_changes_nothing_whatever_it_is_called(
    here: Library, there: Library, tmp_path: Path
) -> None:
    path = export_encoder(here, made(here), tmp_path)
    assert path.name == "mine.safetensors"
    first = import_encoder(there, path, "theirs")
    assert first.name == "theirs"
    before = files_of(there)
    assert import_encoder(there, path) == first == import_encoder(there, path, "third")
    assert files_of(there) == before == [first.file]
    again = export_encoder(there, first, tmp_path / "again")
    assert again.name == "again.safetensors"
    assert import_encoder(here, again).name == "mine", "the same weights"
    assert checkpoint.load(again)[1]["name"] == "theirs", "as it is called where it was given away"


def test_a_name_that_is_taken_by_other_weights_is_a_sentence(
    here: Library, there: Library, tmp_path: Path
) -> None:
    other = made(there, seed=1)
    path = export_encoder(here, made(here), tmp_path / "gift")
    with pytest.raises(UserError, match="called mine already") as refusal:
        import_encoder(there, path)
    assert "--name" in refusal.value.hint
    assert there.encoders.all() == [other]
    assert files_of(there) == [other.file], "nothing is left behind"
    assert import_encoder(there, path, "second").name == "second"


@pytest.mark.parametrize("name", ["mfcc", "Random-w0.25", "random-w0.25-modern"])
def test_no_trained_encoder_takes_the_name_of_a_baseline(there: Library, tmp_path: Path, name: str) -> None:
    strategy = strategies.build("adjacent", {"width": 0.125})
    path = checkpoint.save(strategy, tmp_path, {"name": name})
    with pytest.raises(UserError, match="is called"):
        import_encoder(there, path)
    assert import_encoder(there, path, "mine").name == "mine"


def test_nothing_is_overwritten_silently(here: Library, tmp_path: Path) -> None:
    record, path = made(here), tmp_path / "gift.safetensors"
    path.write_text("precious")
    with pytest.raises(UserError, match="already"):
        export_encoder(here, record, path)
    assert path.read_text() == "precious"
    export_encoder(here, record, path, overwrite=True)
    assert checkpoint.load(path)[1]["weights_hash"] == record.weights_hash


def test_what_has_no_weights_or_wrong_ones_is_not_given_away(here: Library, tmp_path: Path) -> None:
    plain = here.encoders.add(
        name="mfcc", strategy="mfcc", config={}, dim=40, track_dim=40, front_end="1", weights_hash="m", card={},
        file="",
    )  # fmt: skip
    with pytest.raises(UserError, match="no weights"):
        export_encoder(here, plain, tmp_path / "gift")
    mine, other = made(here), made(here, "other", seed=1)
    encoders = here.sidecar("encoders")
    (encoders / mine.file).write_bytes((encoders / other.file).read_bytes())
    with pytest.raises(UserError, match="other weights"):
        export_encoder(here, mine, tmp_path / "gift")
    (encoders / mine.file).unlink()
    with pytest.raises(UserError, match="not there"):
        export_encoder(here, mine, tmp_path / "gift")
    assert not list(tmp_path.glob("gift*"))


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_place_that_cannot_be_written_is_a_sentence(here: Library, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        export_encoder(here, made(here), tmp_path / folder / "gift.safetensors")


def altered(path: Path, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> Path:
    """The file with another card or other tensors; the card's hash is set right where it can be."""
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["earmap"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    change(card, tensors)
    path.write_bytes(safetensors.torch.save(tensors, {"earmap": json.dumps(card)}))
    return path


def rename(name: object) -> Callable[..., None]:
    def change(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        card["name"] = name

    return change


@pytest.mark.parametrize(
    "name", ["../../up", "a/b", "C:\\x", "\x1b[31mred", "a\nb", "\u202eevil", "", "x" * 500, 7, None, "nul"]
)
def test_names_that_play_tricks_are_refused_until_they_get_another(
    here: Library, there: Library, tmp_path: Path, name: object
) -> None:
    path = altered(export_encoder(here, made(here), tmp_path / "gift"), rename(name))
    with pytest.raises(UserError, match="name that cannot be used") as refusal:
        import_encoder(there, path)
    assert refusal.value.title.isprintable()
    assert there.encoders.all() == []
    assert files_of(there) == []
    with pytest.raises(UserError):
        import_encoder(there, path, "../up")
    assert import_encoder(there, path, "tame").name == "tame"


def test_texts_on_a_card_cannot_write_to_a_terminal_or_fill_a_window(
    here: Library, there: Library, tmp_path: Path
) -> None:
    def change(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        card["preset"] = "\x1b[2J\x07bell"
        card["data"] = {"who\n": ["x" * 100_000, 3, None, {"deep": "\u202e"}]}

    taken = import_encoder(there, altered(export_encoder(here, made(here), tmp_path / "gift"), change))
    assert taken.card["preset"] == " [2J bell"
    [(key, values)] = taken.card["data"].items()  # type: ignore[attr-defined] # JSON
    assert key == "who "
    assert len(values[0]) == 10_000
    assert values[1:] == [3, None, {"deep": " "}]


def nan(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    next(iter(tensors.values())).view(-1)[0] = float("nan")


def lie(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    card["dim"] = 7


def shrink(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    tensors[next(iter(tensors))] = torch.zeros(1)


def extra(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    tensors["more"] = torch.zeros(1)


def other_strategy(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    card["strategy"] = "os.system"


@pytest.mark.parametrize("change", [nan, lie, shrink, extra, other_strategy])
def test_a_file_that_is_not_what_it_says_is_refused(
    here: Library, there: Library, tmp_path: Path, change: Callable[..., None]
) -> None:
    path = altered(export_encoder(here, made(here), tmp_path / "gift"), change)
    with pytest.raises(UserError, match=r"gift\.safetensors cannot be used as an encoder"):
        import_encoder(there, path)
    assert there.encoders.all() == []
    assert files_of(there) == []


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room


def bomb(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 2**62) + b"{" * 100)


def deep(path: Path) -> None:
    header = b'{"__metadata__": {"earmap": "' + b"[" * 200_000 + b'"}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def folder(path: Path) -> None:
    path.mkdir()


def fifo(path: Path) -> None:
    os.mkfifo(path)


def pickle(path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, path)


@pytest.mark.parametrize("make", [large, bomb, deep, folder, fifo, pickle, Path.touch, lambda path: None])
def test_what_is_no_encoder_at_all_is_refused_at_once(
    there: Library, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "gift.safetensors"
    make(path)
    with pytest.raises(UserError, match="cannot be used as an encoder"):
        import_encoder(there, path)
    assert files_of(there) == []


def test_the_window_s_jobs_do_the_same(here: Library, there: Library, tmp_path: Path) -> None:
    made(here)
    out = tmp_path / os.fsdecode(b"gift-\xff.safetensors")
    text = os.fsencode(out).decode("utf-8", "surrogateescape")
    ended = run_job(here, "export_encoder", encoder="mine", out=text)
    assert (ended.outcome, ended.result) == ("completed", {"encoder": "mine", "file": text})
    assert out.exists()
    assert run_job(here, "export_encoder", encoder="mine", out=text).outcome == "failed"
    assert run_job(here, "export_encoder", encoder="mine", out=text, overwrite=True).outcome == "completed"
    taken = [run_job(there, "import_encoder", path=text, name=name) for name in ("", "again")]
    assert [ended.result for ended in taken] == [
        {"encoder": "mine", "new": True, "learned": ""},
        {"encoder": "mine", "new": False, "learned": ""},
    ]
    missing = run_job(there, "import_encoder", path=str(tmp_path / "none"))
    assert (missing.outcome, missing.details) == ("failed", "")
