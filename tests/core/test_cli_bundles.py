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
