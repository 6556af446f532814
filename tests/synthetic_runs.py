"""Training runs as a trainer would leave them in a library, invented: healthy, collapsed, paused, on their way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.library.records import RunRecord
from core.library.store import Library
from tests.synthetic import tags

CANDIDATES = 64
STAGES = {"data": 0.01, "augment": 0.08, "front_end": 0.05, "forward": 0.28, "backward": 0.56}
VALIDATE_EVERY = 50


@dataclass(frozen=True)
class Story:
    """A run that is made up.

    Parameters
    ----------
    done
        Steps that were made; as many as `steps` where it is over.
    speed
        How fast the loss falls: the larger, the faster.
    collapsed
        All tracks end at one point.
    pins
        Tracks (numbers of `tests.synthetic`) whose neighbours were watched.
    """

    name: str = "adjacent-modern"
    strategy: str = "adjacent"
    preset: str = "modern"
    state: str = "finished"
    steps: int = 400
    done: int = 400
    speed: float = 4.0
    collapsed: bool = False
    pins: tuple[int, ...] = (3, 47)
    seed: int = 0


STORIES = (
    Story("self-paper", "self", "paper", speed=2.5, seed=1),
    Story("adjacent-paper", "adjacent", "paper", done=400, collapsed=True, seed=2),
    Story("same-track-modern", "same-track", state="paused", done=230, speed=3.4, seed=3),
    Story("adjacent-modern", speed=4.2, seed=4),
)


def curves(story: Story) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Steps and values of each metric."""
    rng = np.random.default_rng(story.seed)
    steps, at = np.arange(1, story.done + 1), np.arange(0, story.done + 1, VALIDATE_EVERY)
    loss, held = _loss(story, steps), _loss(story, at) + 0.12
    noise = rng.standard_normal(len(steps))
    hits = np.full(len(at), 1 / CANDIDATES) if story.collapsed else np.exp(-held) * 1.6
    trained = {
        "loss": loss + 0.12 * noise, "accuracy": np.clip(np.exp(-loss) * 1.7 + 0.03 * noise, 0, 1),
        "lr": 3e-4 * np.sin(np.pi * np.clip(steps / story.steps, 0.02, 1)), "grad_norm": np.exp(0.3 * noise),
        "pairs_per_s": 31 + 1.5 * rng.standard_normal(len(steps)),
    }  # fmt: skip
    trained |= {f"share_{name}": share + 0.01 * np.abs(noise) for name, share in STAGES.items()}
    down = np.linspace(1, 0, len(at)) if story.collapsed else np.linspace(0.3, 1, len(at))
    held_out = {
        "val_loss": held, "val_accuracy": np.clip(hits, 0, 1), "alignment": 1.2 * down + 0.1,
        "uniformity": -2.6 * down - 0.01, "effective_rank": 1 + 40 * down, "logit_std": 2 + 3 * down,
        "knn_album": np.clip(0.1 + 0.5 * down, 0, 1),
    }  # fmt: skip
    return {k: (steps, v) for k, v in trained.items()} | {k: (at, v) for k, v in held_out.items()}


def _loss(story: Story, steps: np.ndarray) -> np.ndarray:
    start = np.log(CANDIDATES)
    if story.collapsed:
        return np.full(len(steps), start)
    return 0.6 + (start - 0.6) * np.exp(-story.speed * steps / story.steps)


def _named(number: int) -> dict[str, Any]:
    return {
        "identity": f"synthetic-{number}",
        "title": tags(number)["title"],
        "artist": tags(number)["artist"],
    }


def panel(story: Story) -> dict[str, Any]:
    """What was seen beside the pinned tracks."""
    pins = []
    for pin in story.pins:
        history = []
        for place, step in enumerate(range(0, story.done + 1, VALIDATE_EVERY)):
            rng = np.random.default_rng([story.seed, pin, place // 2])
            beside = sorted(rng.choice(60, 5, replace=False).tolist())
            scores = np.sort(rng.uniform(0.2, 0.9, 5))[::-1]
            near = [_named(n) | {"score": round(float(s), 4)} for n, s in zip(beside, scores, strict=True)]
            history.append({"step": step, "neighbours": near})
        pins.append(_named(pin) | {"history": history})
    return {"chance": 0.11, "tracks": 60, "albums": 6, "pins": pins}


def verdicts(story: Story) -> list[dict[str, Any]]:
    """What is said of it."""
    if not story.collapsed:
        return []
    return [{
        "kind": "collapse", "severity": "problem",
        "sentence": "To this encoder all music sounds the same: its tracks differ in 1.0 directions, and it finds what "
        "belongs together in 1.6 % of the cases, where guessing finds 1.6 %.",
        "advice": "Stop it, and start a new run with a learning rate of 0.0003 or less (it was 0.001).",
    }]  # fmt: skip


def add(library: Library, story: Story) -> RunRecord:
    """Put a run into a library."""
    config = {
        "strategy": story.strategy,
        "preset": story.preset,
        "training": {"batch": 64, "steps": story.steps},
    }
    run = library.runs.create(
        story.name, strategy=story.strategy, preset=story.preset, config=config, steps=story.steps,
        predicted={"predicted_s": 900.0, "decode_s": 60.0, "disk_bytes": 452e6, "memory_bytes": 1.9e9},
        chance=1 / CANDIDATES,
    )  # fmt: skip
    log(library, run.id, story)
    library.runs.update(
        run.id, state=story.state, step=story.done, panel=panel(story), verdicts=verdicts(story),
        encoder=story.name if story.state == "finished" else "",
        figures={
            "seconds": 826.0 * story.done / story.steps, "disk_bytes": 2e6, "clip_bytes": 448e6, "memory_bytes": 1.8e9,
        },
    )  # fmt: skip
    return library.runs.get(run.id)


def log(library: Library, run_id: int, story: Story, after: int = -1) -> None:
    """Write the points of a run that come after a step."""
    points = [
        (int(step), metric, float(value))
        for metric, (steps, values) in curves(story).items()
        for step, value in zip(steps, values, strict=True)
        if step > after
    ]
    library.runs.log(run_id, points, story.done)


def fill(path: Path, stories: tuple[Story, ...] = STORIES) -> None:
    """Put runs into the library file `path`."""
    with Library(path) as library:
        for story in stories:
            add(library, story)


def go_on(library: Library, run: RunRecord, story: Story, steps: int) -> Story:
    """Let a run have made some more steps."""
    later = replace(story, done=min(story.done + steps, story.steps))
    log(library, run.id, later, after=story.done)
    library.runs.update(run.id, step=later.done, panel=panel(later))
    return later
