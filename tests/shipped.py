"""Encoders as they come with the program, small ones, in a folder that a test calls the program's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core import bundled, strategies
from core.audio import SEGMENT
from core.bundled import Bundled
from core.nets import checkpoint
from core.settings import DEFAULT_ENCODER

SOURCES = [
    {"title": "0 A.D.", "licence": "CC BY-SA 3.0", "hours": 3.1, "tracks": 72},
    {"title": "Wesnoth", "licence": "GPL-2.0-or-later", "hours": 2.0, "tracks": 35, "author": "several"},
]
TABLE = [
    {
        "task": "Soundtracks it has not heard", "metric": "HR@10", "better": "higher", "n": 120, "seeds": 5,
        "rows": {
            "this": {"mean": 0.48, "low": 0.44, "high": 0.52}, "mfcc": {"mean": 0.29, "low": 0.26, "high": 0.33},
            "random": {"mean": 0.31, "low": 0.27, "high": 0.34},
        },
    },
    {
        "task": "Soundtracks it has not heard", "metric": "MPR", "better": "lower", "n": 120,
        "note": "as Opus, 96 kbit/s",
        "rows": {
            "this": {"mean": 0.2, "low": 0.18, "high": 0.23}, "mfcc": {"mean": 0.32, "low": None, "high": None},
            "random": {"mean": 0.21, "low": 0.18, "high": 0.24},
        },
    },
]  # fmt: skip
CARD: dict[str, Any] = {
    "title": "Earmap 2", "summary": "Learned from game soundtracks what goes on alike.", "bundled": True,
    "description": "A network that has learned which moments follow each other in music.",
    "data": {"hours": 26.1, "tracks": 470, "sources": SOURCES, "identity": "ab" * 32},
    "figures": {"table": TABLE, "ms_per_track": 812}, "curves": {
        "loss": [[0, 100, 200], [4.0, 2.0, 1.5]], "val_loss": [[0, 200], [4.1, 1.9]],
        "accuracy": [[0, 100, 200], [0.1, 0.4, 0.6]], "val_accuracy": [[0, 200], [0.1, 0.5]],
    },
    "training": {"steps": 200, "batch": 96, "lr": 0.001}, "seed": 0,
    "limits": ["It has heard little jazz."], "rebuild": "python -m tests.bench.first_day earmap-2",
}  # fmt: skip


def folder(monkeypatch: pytest.MonkeyPatch, path: Path) -> Path:
    """Make `path` the folder of the encoders that come with the program."""
    path.mkdir(exist_ok=True)
    monkeypatch.setenv("EARMAP_ENCODERS_DIR", str(path))
    return path


def ship(
    path: Path, name: str = DEFAULT_ENCODER, seed: int = 0, strategy: str = "adjacent", **card: Any
) -> Bundled:
    """Let an encoder of the smallest size come with the program; listed as any is."""
    built = strategies.build(strategy, {"width": 0.125, "seed": seed}).eval()
    rng = torch.Generator().manual_seed(seed)
    mean = torch.randn(built.track_dim, generator=rng)
    stats = {"mean": mean.tolist(), "std": (1 + mean.abs()).tolist(), "n": 400}
    file = path / f"{name}.safetensors"
    checkpoint.write(checkpoint.half(built), file, {**CARD, "name": name, "standardisation": stats, **card})
    assert built.embed(torch.zeros(1, SEGMENT)).isfinite().all()
    found = bundled.find(name)
    assert found is not None
    return found
