"""Small data sets of real audio, in the layouts in which people have them, read into a library."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.audio.decode import decode
from core.audio.records import Failed, Finished, Request
from core.evaluation import datasets
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.records import Read
from core.library.store import Library
from tests.audio_files import write
from tests.library_tools import run_job

_numbers = count()


def clip(path: Path, seconds: float = 0.4, /, **tags: str) -> Path:
    """A short track that sounds like no other; shorter MP3s FFmpeg takes for something else now and then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pitches = np.random.default_rng(next(_numbers)).uniform(100, 3000, 4)
    waves = np.sin(2 * np.pi * pitches * np.arange(round(seconds * 16_000))[:, None] / 16_000)
    return write(path, (0.1 * waves.sum(1)).astype(np.float32), 16_000, tags=tags)


def hold(library: Library, *folders: Path, kind: str = "music") -> None:
    """Scan folders and read every file, so that it is a track or has failed."""
    for folder in folders:
        library.roots.add(paths.raw(folder), kind)
    ended = run_job(library, "scan")
    assert ended.outcome == "completed", ended.title
    reads = []
    for candidate in library.files.readable():
        request = Request(candidate.file_id, candidate.path, identify_only=True)
        reads.append(_read(list(decode(request, 3600, lambda: None))[-1]))
    library.files.record(reads, -1, "whole", "cpu", "fp32")


def _read(end: object) -> Read:
    if isinstance(end, Failed):
        return Read(end.key, "failed", end.reason)
    assert isinstance(end, Finished)
    return Read(end.key, "ok", identity=end.identity, seconds=end.seconds)


def tasks(library: Library, spec: TaskSpec) -> list[Task]:
    """What a specification asks, its audio scanned as a data set where it has some of its own."""
    loader = datasets.find(spec.kind)
    root = loader.root(spec)
    if root is not None and datasets.holder(library, root) is None:
        hold(library, Path(paths.json_text(root)), kind="dataset")
    return loader.tasks(spec, datasets.Catalogue.of(library, root))


def task(library: Library, kind: str, path: Path | str = "", /, **options: str | int) -> Task:
    """The one task of a specification."""
    spec = TaskSpec(kind=kind, path=paths.json_text(paths.raw(path)) if path else "", options=dict(options))
    (found,) = tasks(library, spec)
    return found


def track(library: Library, path: Path) -> int:
    """The track that a file is."""
    file = library.rows.find(paths.raw(path))
    assert file is not None
    found = library.rows.page(-1, "whole", [file])[0].track_id
    assert found is not None
    return found


def told(library: Library, task: Task, root: Path) -> dict[str, str | tuple[str, ...]]:
    """Class, or tags, of each file below a folder that is an item, by its path."""
    rows = {int(str(item)): row for row, item in enumerate(task.items)}
    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        file = library.rows.find(paths.raw(path))
        row = rows.get(_track(library, file)) if file is not None else None
        if row is not None:
            name = path.relative_to(root).as_posix()
            found[name] = (
                task.names[task.targets[row]]
                if task.kind == "class"
                else tuple(task.names[i] for i in task.targets[row].nonzero()[0])
            )
    return found


def _track(library: Library, file: int) -> int:
    return library.rows.page(-1, "whole", [file])[0].track_id or -1


def parts(library: Library, task: Task, root: Path) -> dict[str, list[str]]:
    """Names of the files in each part of the official split."""
    assert task.official is not None
    names: dict[int, str] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        file = library.rows.find(paths.raw(path))
        if file is not None:
            names.setdefault(_track(library, file), path.relative_to(root).as_posix())
    split = task.official
    return {
        part: [names[int(task.items[row])] for row in rows]
        for part, rows in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }


def counted(task: Task) -> tuple[int, int, int]:
    """Used, listed, and the sum of what is said to be missing."""
    first, *others = task.missing
    used, _, listed = first.split()[:3]
    numbers = [int(line.split()[0].replace(",", "")) for line in others if line[0].isdigit()]
    return int(used.replace(",", "")), int(listed.replace(",", "")), sum(numbers)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty one."""
    with Library(tmp_path / "library.earmap") as opened:
        yield opened
