"""Encoders given away and taken on the command line: one document, exit codes, nothing replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core import cli, strategies
from core.audio import SEGMENT
from core.library.store import Library
from core.nets import checkpoint
from tests import shipped
from tests.shipped import ship


def earmap(capsys: pytest.CaptureFixture[str], library: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command in this process: its exit code and its document."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--library", str(library), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return int(ended.value.code or 0), document


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A library with an encoder called mine."""
    strategy = strategies.build("random", {"width": 0.125})
    strategy.calibrate(0.1 * torch.randn(2, SEGMENT, generator=torch.Generator().manual_seed(1)))
    with Library(tmp_path / "here.earmap") as library:
        file = checkpoint.save(strategy, library.sidecar("encoders"), {"name": "mine"})
        library.encoders.add(
            name="mine", strategy="random", config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
            track_dim=strategy.track_dim, front_end=strategy.front_end,
            weights_hash=checkpoint.weights_hash(strategy), card={}, file=file.name,
        )  # fmt: skip
    return library.path


def test_an_encoder_goes_from_one_library_to_another(
    capsys: pytest.CaptureFixture[str], here: Path, tmp_path: Path
) -> None:
    there, gift = tmp_path / "there.earmap", tmp_path / "gift.safetensors"
    code, document = earmap(capsys, here, "export", "encoder", "mine", str(tmp_path / "gift"))
    assert (code, document) == (0, {"encoder": "mine", "file": str(gift), "bytes": gift.stat().st_size})
    code, document = earmap(capsys, there, "import", "encoder", str(gift), "--name", "theirs")
    assert (code, document) == (0, {"encoder": "theirs", "strategy": "random", "dim": 256, "new": True})
    code, document = earmap(capsys, there, "import", "encoder", str(gift))
    assert (code, document["encoder"], document["new"]) == (0, "theirs", False)
    _, status = earmap(capsys, there, "status")
    assert [encoder["name"] for encoder in status["encoders"]] == ["theirs"]


def test_what_is_there_is_replaced_by_choice_alone(
    capsys: pytest.CaptureFixture[str], here: Path, tmp_path: Path
) -> None:
    gift = tmp_path / "gift.safetensors"
    gift.write_text("precious")
    code, document = earmap(capsys, here, "export", "encoder", "mine", str(gift))
    assert (code, "already" in document["error"]["title"]) == (1, True)
    assert gift.read_text() == "precious"
    assert earmap(capsys, here, "export", "encoder", "mine", str(gift), "--force")[0] == 0


def test_what_is_no_encoder_is_a_sentence(
    capsys: pytest.CaptureFixture[str], here: Path, tmp_path: Path
) -> None:
    (tmp_path / "song.mp3").write_bytes(b"\xff\xfb" * 1000)
    code, document = earmap(capsys, here, "import", "encoder", str(tmp_path / "song.mp3"))
    assert (code, document["error"]["title"]) == (1, "song.mp3 cannot be used as an encoder.")
    code, document = earmap(capsys, here, "export", "encoder", "none", str(tmp_path))
    assert (code, document["error"]["hint"]) == (1, "There are: mine.")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return shipped.folder(monkeypatch, tmp_path / "shipped")


def test_what_came_with_the_program_is_listed_and_given_away_before_it_is_used(
    capsys: pytest.CaptureFixture[str], here: Path, place: Path, tmp_path: Path
) -> None:
    ship(place)
    ship(place, "self-paper-w0.25", strategy="self", title="Self (paper)")
    _, status = earmap(capsys, here, "status")
    assert [encoder["name"] for encoder in status["encoders"]] == ["mine"], "what has listened here"
    assert status["encoder"] == "earmap-2"
    assert status["bundled"] == [
        {"name": "earmap-2", "title": "Earmap 2", "strategy": "adjacent", "dim": 256},
        {"name": "self-paper-w0.25", "title": "Self (paper)", "strategy": "self", "dim": 256},
    ]
    code, document = earmap(capsys, here, "export", "encoder", "self-paper-w0.25", str(tmp_path))
    assert (code, document["encoder"]) == (0, "self-paper-w0.25")
    assert checkpoint.load(tmp_path / "self-paper-w0.25.safetensors")[1]["limits"] == shipped.CARD["limits"]
    code, document = earmap(capsys, here, "import", "encoder", document["file"])
    assert (code, document["encoder"], document["new"]) == (0, "self-paper-w0.25", True)
    _, status = earmap(capsys, here, "status")
    assert [encoder["name"] for encoder in status["bundled"]] == ["earmap-2"]


def test_one_that_has_not_listened_says_how_it_can(
    capsys: pytest.CaptureFixture[str], here: Path, place: Path
) -> None:
    ship(place)
    for arguments in (["similar", "1"], ["similar", "1", "--encoder", "earmap-2"], ["project"]):
        code, document = earmap(capsys, here, *arguments)
        assert code == 1
        assert "has not listened to this library yet" in document["error"]["title"], arguments
        assert "earmap embed --encoder earmap-2" in document["error"]["hint"]


def test_a_person_is_told_which_encoders_there_are_and_what_a_new_one_learned_from(
    capsys: pytest.CaptureFixture[str], here: Path, place: Path, tmp_path: Path
) -> None:
    gift = tmp_path / "gift.safetensors"
    gift.write_bytes(ship(place).path.read_bytes())
    with pytest.raises(SystemExit):
        cli.main(["status", "--library", str(here)])
    assert "Encoders: mine\nNot listened with yet: earmap-2" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["import", "encoder", str(gift), "--library", str(here)])
    assert "earmap-2 is here now. It learned from 26.1 h of music, 470 tracks." in capsys.readouterr().out
