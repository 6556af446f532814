"""A child of `core.selftest`: imports what Earmap stands on, and says after each what happened.

One JSON document a line, so that a library that takes the process down with it is known by the line that is missing.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from typing import Any

MODULES = (
    "numpy", "scipy", "av", "mutagen", "sqlalchemy", "alembic", "pydantic_settings", "safetensors", "pyarrow",
    "faiss", "torch", "torchaudio", "sklearn", "matplotlib", "umap",
)  # fmt: skip


def say(**values: Any) -> None:
    """A line for the parent."""
    print(json.dumps(values), flush=True)  # noqa: T201 - read by the parent


def cuda() -> dict[str, Any]:
    """What PyTorch makes of the graphics card."""
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        there = torch.cuda.is_available()
        found: dict[str, Any] = {
            "there": there,
            "built_for": torch.version.cuda or "",
            "name": "",
            "error": "",
        }
    found["said"] = " ".join(str(one.message).partition("\n")[0] for one in said)
    if there:
        try:
            found["name"] = torch.cuda.get_device_name(0)
            torch.ones(8, 8, device="cuda").matmul(torch.ones(8, 8, device="cuda")).sum().item()
        except RuntimeError as error:
            found["error"] = str(error).partition("\n")[0]
    return found


def main() -> None:
    """Import all; a failure is a line like the others."""
    for name in sys.argv[1:] or MODULES:
        say(begin=name)
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever a broken library raises
            say(failed=name, error=f"{type(error).__name__}: {error}".partition("\n")[0])
        else:
            say(done=name)
    if "torch" in sys.modules:
        say(cuda=cuda())


if __name__ == "__main__":
    main()
