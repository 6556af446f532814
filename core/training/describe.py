"""What can be trained, as JSON, for a window that never imports torch.

`python -m core.training.describe` prints it. A window asks `described`, which runs that in a child process and
keeps the answer for as long as the strategies' files stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core import files
from core.audio import SAMPLE_RATE
from core.errors import UserError
from core.training.config import AugmentConfig, TrainingConfig, all_trainable, resolve
from core.training.preset import LR_BATCH

if TYPE_CHECKING:  # brings in torch
    from core.strategies.contrastive import ContrastiveStrategy


def describe() -> dict[str, Any]:
    """Every strategy that can be trained, and the schemas of what all of them take.

    Returns
    -------
    {"strategies": [{name, title, summary, learns, needed_s, terms, segments, model (JSON schema), presets:
    {preset: {model, training, augment} with every field's value, lr_batch}}], "training": schema, "augment": schema}.
    lr_batch: the pairs for which a preset's learning rate is given, where it grows with the square root of the batch
    (see `resolve`); 0 where it does not.
    """
    return {
        "strategies": [_strategy(name) for name in all_trainable()],
        "training": TrainingConfig.model_json_schema(),
        "augment": AugmentConfig.model_json_schema(),
    }


def _strategy(name: str) -> dict[str, Any]:
    from core import strategies
    from core.nets.encoder import WIDTHS

    kind = all_trainable()[name]
    smallest = cast("ContrastiveStrategy", strategies.build(name, {"width": min(WIDTHS)}))
    return {
        "name": name,
        "title": kind.title,
        "summary": kind.summary,
        "learns": kind.learns,
        "needed_s": smallest.needed() / SAMPLE_RATE,
        "segments": list(kind.segments),
        "model": kind.Config.model_json_schema(),
        "presets": {
            preset: resolve(name, preset).model_dump(mode="json", include={"model", "training", "augment"})
            | {"lr_batch": LR_BATCH if own.scale_lr else 0}
            for preset, own in kind.presets.items()
        },
    }


def described(folder: Path) -> dict[str, Any]:
    """`describe`, from a file in `folder` or from a child process; blocks for some seconds the first time.

    Raises
    ------
    UserError
        The child process found no answer.
    """
    path = folder / f"strategies-{_key()}.json"
    known = stored(folder)
    if known is not None:
        return known
    child = subprocess.run(
        [sys.executable, "-m", __name__], capture_output=True, text=True, check=False, cwd=_ROOT
    )
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError:
        reason = (child.stderr.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
        raise UserError("The strategies could not be listed.", reason) from None
    with suppress(UserError, OSError):  # without a place to keep it, it is asked for again
        folder.mkdir(parents=True, exist_ok=True)
        with files.atomic(path) as file:
            file.write(child.stdout.encode())
    return answer


def stored(folder: Path) -> dict[str, Any] | None:
    """What `described` kept for these very files; None where it has to be asked for."""
    with suppress(OSError, ValueError):
        kept: dict[str, Any] = json.loads((folder / f"strategies-{_key()}.json").read_text("utf-8"))
        return kept
    return None


_ROOT = Path(__file__).parents[2]
"""Where the child finds this very program, installed or not."""


def _key() -> str:
    """Of the files that the answer depends on (sizes and times)."""
    core = Path(__file__).parents[1]
    made_of = sorted(
        [*core.glob("strategies/*.py"), *core.glob("training/*.py"), *core.glob("*/*_config.py")]
    )
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in made_of]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:16]


def main() -> None:
    """Print it."""
    sys.stdout.write(json.dumps(describe(), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
