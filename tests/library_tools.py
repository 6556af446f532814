"""Running real jobs on a real library, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.audio.decode import decode
from core.audio.records import Event as AudioEvent
from core.audio.records import Finished, Request, Window
from core.audio.source import Alive
from core.jobs import runner
from core.jobs.events import Ended, Event
from core.library.records import Counts
from core.library.store import Library
from core.settings import Settings
from tests.audio_files import write, write_tone

PLAN = "whole"


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def run_job(
    library: Library,
    kind: str,
    settings: Settings | None = None,
    cancelled: threading.Event | None = None,
    listener: Any = None,
    **params: Any,
) -> Ended:
    """Run a job in this process to its end."""
    job_type = runner.find(kind)
    job = job_type(job_type.Params.model_validate(params))
    return runner.run(
        job, library, settings or Settings(), listener or Recorder(), cancelled or threading.Event()
    )


def scan(library: Library, *folders: Path) -> dict[str, Any]:
    """Scan folders (every root by default); the tally."""
    ended = run_job(library, "scan", paths=[paths.json_text(paths.raw(folder)) for folder in folders])
    assert ended.outcome == "completed", (ended.title, ended.details)
    return ended.result


def embed(library: Library, **params: Any) -> dict[str, Any]:
    """Embed what there is; the result."""
    ended = run_job(library, "embed", **params)
    assert ended.outcome == "completed", (ended.title, ended.details)
    return ended.result


def counts(library: Library, encoder: str = "mfcc") -> Counts:
    """The figures under an encoder, checked to add up."""
    record = library.encoders.find(encoder)
    figures = library.files.counts(record.id if record else -1, PLAN)
    parts = (figures.embedded, figures.partial, figures.failed, figures.skipped, figures.pending)
    assert figures.found == sum(parts), figures
    return figures


def vectors(library: Library, encoder: str = "mfcc", plan: str = PLAN) -> dict[str, bytes]:
    """Every vector under an encoder, by the identity of its track."""
    record = library.encoders.get(encoder)
    _, ids, matrix = library.vectors.after(record.id, plan, 0)
    return {str(key): row.tobytes() for key, row in zip(ids, matrix, strict=True)}


def write_tones(folder: Path, count: int, seconds: float = 0.2) -> Path:
    """Short tracks, each another tone."""
    folder.mkdir()
    for i in range(count):
        write_tone(folder / f"{i:03}.wav", seconds, frequency=200 + 3 * i)
    return folder


def write_noise(folder: Path, count: int, seconds: float) -> None:
    """Longer tracks, each a noise with a rhythm of its own."""
    rng = np.random.default_rng(0)
    for i in range(count):
        wave = rng.standard_normal(round(seconds * 16_000))
        beat = np.abs(np.sin(np.arange(wave.size) * (i + 1) / 8_000))
        write(folder / f"{i}.wav", (0.1 * wave * beat).astype(np.float32), 16_000)


def forgetful(request: Request, longest_s: float, alive: Alive) -> Iterator[AudioEvent]:
    """A decoder that never says what a file is: as if it changed whenever it is looked at."""
    for event in decode(request, longest_s, alive):
        yield replace(event, identity="", decoded=False) if isinstance(event, Finished) else event


def soundless(request: Request, longest_s: float, alive: Alive) -> Iterator[AudioEvent]:
    """A decoder that reads files to their end and finds nothing in them."""
    return (event for event in decode(request, longest_s, alive) if not isinstance(event, Window))
