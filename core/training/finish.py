"""From a trained strategy to an encoder of the library: its file, its card, its row."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from core import strategies
from core.library.records import EncoderRecord, Points, RunRecord
from core.library.store import Library
from core.nets import checkpoint
from core.strategies.contrastive import ContrastiveStrategy
from core.training.ledger import Ledger
from core.training.state import State, check_network, versions

MOST_POINTS = 200
"""Of each curve on a card."""
FINAL = (
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "effective_rank",
    "uniformity",
    "alignment",
    "knn_album",
)


def network(saved: State) -> ContrastiveStrategy:
    """The strategy as a state has it, on the CPU; UserError where they do not belong together."""
    config = saved.frozen.config
    strategy = cast("ContrastiveStrategy", strategies.build(config.strategy, config.model))
    check_network(saved.network, strategy)
    strategy.load_state_dict(dict(saved.network))
    return strategy.eval()


def finish(
    library: Library, run: RunRecord, ledger: Ledger, saved: State, figures: dict[str, Any]
) -> EncoderRecord:
    """Make the run's encoder known; doing it twice changes nothing.

    Raises
    ------
    UserError
        No room for the file.
    """
    strategy, points = network(saved), library.runs.points(run.id)
    card = card_of(run, ledger, saved, points, figures)
    standardise = strategy.standardise
    card["standardisation"] = {"mean": standardise.mean.item(), "std": standardise.std.item()}
    digest = checkpoint.weights_hash(strategy)
    known = library.encoders.find(run.name)
    name = run.name if known is None or known.weights_hash == digest else library.runs.unused_name(run.name)
    card |= {"name": name, "weights_hash": digest, "dim": strategy.dim, "track_dim": strategy.track_dim}
    card["front_end"] = strategy.front_end
    file = checkpoint.save(strategy, library.sidecar("encoders"), card)
    record = library.encoders.add(
        name=name, strategy=strategy.name, config=strategy.config.model_dump(mode="json"), dim=strategy.dim,
        track_dim=strategy.track_dim, front_end=strategy.front_end, weights_hash=digest, card=card, file=file.name,
    )  # fmt: skip
    library.runs.update(
        run.id, state="finished", encoder=record.name, figures=card["figures"], wish="", step=saved.step
    )
    return record


def card_of(
    run: RunRecord, ledger: Ledger, saved: State, points: Points, figures: dict[str, Any]
) -> dict[str, Any]:
    """All that somebody who gets the encoder may want to know of how it came to be."""
    config, frozen = saved.frozen.config, saved.frozen
    return {
        "run": run.name,
        "strategy": config.strategy,
        "config": config.model,
        "preset": config.preset,
        "steps": saved.step,
        "training": config.training.model_dump(mode="json"),
        "augment": config.augment.model_dump(mode="json"),
        "seed": config.training.seed,
        "device": {"name": frozen.device, "threads": frozen.threads, "processes": frozen.ranks},
        "data": {
            "fingerprint": frozen.fingerprint, "tracks": len(ledger.identities), "train_tracks": len(ledger.train),
            "validation_tracks": len(ledger.validation), "seconds": round(ledger.seconds, 1),
            "clip_seconds": ledger.clip_seconds,
        },
        "versions": {**versions(), "numpy": np.__version__},
        "curves": thinned(points),
        "figures": {**figures, **last_values(points), "chance": run.chance},
    }  # fmt: skip


def thinned(points: Points) -> dict[str, list[list[float]]]:
    """Curves as [steps, values], at most `MOST_POINTS` of each, the last always in it; no NaN, which JSON lacks."""
    curves: dict[str, list[list[float]]] = {}
    for metric, (steps, values) in points.curves.items():
        good = np.flatnonzero(np.isfinite(values))
        places = np.linspace(len(good) - 1, 0, min(MOST_POINTS, len(good))).round().astype(int)
        chosen = good[np.unique(places)]
        curves[metric] = [steps[chosen].tolist(), [float(f"{value:.6g}") for value in values[chosen]]]
    return curves


def last_values(points: Points) -> dict[str, float]:
    """The last value of each curve that says how good the encoder is."""
    found = {metric: points.curves[metric][1] for metric in FINAL if metric in points.curves}
    return {metric: float(values[-1]) for metric, values in found.items() if np.isfinite(values[-1])}
