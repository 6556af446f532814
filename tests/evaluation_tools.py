"""Small things to evaluate: clips of made-up instruments, results, and encoders that know more or less of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from core.jobs.events import Ended
from core.library.evaluations import Arrays
from core.library.records import EncoderRecord, EvaluationRecord, Figure
from core.library.store import Library
from core.library.vectors import insert_vector
from core.training import ledger
from core.training.prepare import run_folder
from tests.audio_files import write
from tests.library_tools import PLAN, run_job
from tests.training_tools import freeze, run_config, write_clips

RATE = 16_000
INSTRUMENTS = {"cel": (1, 2, 3), "flu": (1,), "org": (1, 3, 5, 7)}
"""Classes as IRMAS calls them, and which harmonics sound."""
RECORDINGS, CLIPS = 4, 2


def write_instruments(folder: Path, seconds: float = 3.0) -> Path:
    """A set in IRMAS's layout: 3 classes, 4 recordings each, 2 clips of each recording."""
    rng = np.random.default_rng(3)
    time = np.arange(round(seconds * RATE)) / RATE
    for name, harmonics in INSTRUMENTS.items():
        (folder / name).mkdir(parents=True)
        for recording in range(RECORDINGS):
            pitch = rng.uniform(200, 400)
            for clip in range(CLIPS):
                wave = sum(np.sin(2 * np.pi * pitch * h * time) / h for h in harmonics)
                wave = 0.2 * wave + rng.normal(0, 0.02, len(time))
                path = folder / name / f"[{name}][pop_roc]{recording:04}__{clip + 1}.wav"
                write(path, wave.astype(np.float32)[:, None], RATE)
    return folder


QUICK: dict[str, Any] = {
    "encoders": ["mfcc"], "baselines": False, "seeds": 2, "folds": 3, "grid": [0.1, 1.0], "probes": ["svm"],
}  # fmt: skip


def evaluate(library: Library, *specs: dict[str, Any], **params: Any) -> Ended:
    """Run the job here, small."""
    return run_job(library, "evaluate", specs=list(specs), **QUICK | params)


def done(ended: Ended) -> dict[str, Any]:
    """Its result."""
    assert ended.outcome == "completed", (ended.title, ended.hint, ended.details)
    return ended.result


def add_encoder(
    library: Library, name: str, tracks: Iterable[int], strategy: str = "self", like: str = "mfcc"
) -> EncoderRecord:
    """An encoder without a file whose vectors of these tracks are another's, blurred."""
    base = library.encoders.get(like)
    made = library.encoders.add(
        name=name, strategy=strategy, config={"width": 0.125}, dim=base.dim, track_dim=base.track_dim,
        front_end="logmel-2", weights_hash=f"weights of {name}", card={}, file="gone.safetensors",
    )  # fmt: skip
    rng = np.random.default_rng(len(name))
    keys = list(tracks)
    matrix, segments = library.vectors.of(base.id, PLAN, keys)
    from core.library.records import Read

    with library._db.write() as connection:
        for track, row, n in zip(keys, matrix, segments.tolist(), strict=True):
            blurred = (row + rng.normal(0, np.abs(row) / 2)).astype(np.float32)
            insert_vector(
                connection,
                track,
                made.id,
                PLAN,
                Read(0, "ok", vector=blurred, n_segments=n),
                "cpu",
                "float32",
            )
    return made


def let_it_have_heard(library: Library, encoder: EncoderRecord, tracks: Iterable[int], folder: Path) -> None:
    """Give an encoder a run whose ledger says that it was trained on these tracks."""
    with library._db.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, identity FROM track").all()
    known = {row.id: row.identity for row in rows}
    identities = sorted(known[track] for track in tracks)
    config = run_config()
    library.runs.create(encoder.name, strategy=encoder.strategy, preset="modern", config={}, steps=1)
    library.runs.update(library.runs.get(encoder.name).id, encoder=encoder.name, state="finished")
    frozen = freeze(write_clips(folder / encoder.name, 2), config)
    ledger.save(
        ledger.Ledger(
            frozen=frozen, clip_seconds=30, seconds=1, identities=identities, train=list(range(len(identities))),
            validation=[],
        ),
        run_folder(library, encoder.name),
    )  # fmt: skip


def record(key: str = "k", **changes: Any) -> EvaluationRecord:
    """A result."""
    values: dict[str, Any] = {
        "task": "Set: genre", "task_kind": "class", "spec": {"kind": "csv", "path": "/a", "options": {}},
        "encoder": "mfcc", "strategy": "mfcc", "weights_hash": "w", "plan": PLAN, "probe": "svm",
        "config": {"grid": [0.1, 1.0], "folds": 5, "pca": False}, "split": "0123", "dim": 40, "seeds": 5,
        "figures": {"accuracy": Figure(0.5, 0.4, 0.6, 6, 3, 0.25)}, "details": {"chosen": [0.1]}, "notes": ("One.",),
        "versions": {"numpy": "2"}, "seconds": 1.5,
    }  # fmt: skip
    return EvaluationRecord(key=key, **values | changes)


def arrays(**changes: Any) -> Arrays:
    """What lies behind it."""
    from core.evaluation.intervals import Scores

    scores = Scores(np.array([0.5, 1, 0]), np.array([2.0, 1, 1]), np.array([0, 0, 1]))
    values: dict[str, Any] = {
        "items": np.array([7, 9, 4]), "names": ("a", "", "b \udcff"), "targets": np.array([0, 1, 2]),
        "scores": {"accuracy": scores}, "confusion": np.eye(3, dtype=np.int64), "answers": np.array([[0, 1, 2]]),
    }  # fmt: skip
    return Arrays(**values | changes)
