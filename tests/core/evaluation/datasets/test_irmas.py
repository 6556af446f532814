from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from core.evaluation import datasets
from core.evaluation.splits import draws
from core.library.store import Library
from tests.dataset_tools import clip, counted, hold, library, task, told, track
from tests.library_tools import run_job

__all__ = ["library"]

FILES = [
    "cel/[cel][cla]0001__1.wav",
    "cel/[cel][cla]0001__2.wav",
    "cel/008__[cel][nod][cla]0058__1.wav",
    "cel/[cel][cla]0058__2.wav",
    "pia/[pia][dru][jaz_blu]0001__1.wav",
    "pia/[pia][nod][cla]1283__3.wav",
    "voi/odd name.wav",
]


@pytest.fixture
def irmas(tmp_path: Path) -> Path:
    here = tmp_path / "IRMAS" / "IRMAS-TrainingData"
    for name in FILES:
        clip(here / name)
    (here / "README.txt").write_text("Instrument recognition")
    return here


def recordings(library: Library, irmas: Path, **options: str) -> list[set[str]]:
    found = task(library, "irmas", irmas, **options)
    rows = {item: row for row, item in enumerate(found.items)}
    together: defaultdict[int, set[str]] = defaultdict(set)
    for name in FILES:
        together[int(found.groups[rows[track(library, irmas / name)]])].add(Path(name).name)
    return sorted(together.values(), key=sorted)


def test_clips_are_of_their_folder_and_recordings_of_their_number(library: Library, irmas: Path) -> None:
    found = task(library, "irmas", irmas.parent)
    assert told(library, found, irmas) == {name: name[:3] for name in FILES}
    assert recordings(library, irmas) == [
        {"008__[cel][nod][cla]0058__1.wav", "[cel][cla]0058__2.wav"},
        {"[cel][cla]0001__1.wav", "[cel][cla]0001__2.wav"},
        {"[pia][dru][jaz_blu]0001__1.wav"},
        {"[pia][nod][cla]1283__3.wav"},
        {"odd name.wav"},
    ]
    assert "Names that say no recording ([cel][cla]0001__1): 1. These clips stand alone." in found.missing
    for split in draws(found, seeds=1):
        assert not set(found.groups[split.train]) & set(found.groups[split.test])


def test_items_are_in_order_of_their_paths(library: Library, irmas: Path) -> None:
    found = task(library, "irmas", irmas)
    assert [track(library, irmas / name) for name in sorted(FILES, key=os.fsencode)] == list(found.items)


def test_a_list_of_pieces_counts_more_than_names(library: Library, irmas: Path) -> None:
    lines = [f"{name},{'first' if '0001' in name else 'second'}" for name in FILES]
    (irmas / "groups.csv").write_text("path,piece\n" + "\n".join(lines))
    assert [len(names) for names in recordings(library, irmas)] == [4, 3]


def test_what_is_no_clip_of_a_class_is_counted(library: Library, irmas: Path) -> None:
    clip(irmas / "loose.wav")
    (irmas / "cel" / "broken.wav").write_bytes(b"RIFF")
    assert counted(task(library, "irmas", irmas)) == (7, 9, 2)


def test_the_sound_itself_is_what_the_real_jobs_read(library: Library, irmas: Path) -> None:
    """Scan and embedding as an evaluation runs them, instead of the quick reading of these tests."""
    library.roots.add(bytes(irmas), "dataset")
    assert run_job(library, "scan").outcome == "completed"
    with pytest.raises(Exception, match="have not been read yet"):
        task(library, "irmas", irmas)
    assert run_job(library, "embed").outcome == "completed"
    found = task(library, "irmas", irmas)
    assert len(found.items) == 7
    matrix, _ = library.vectors.of(library.encoders.get("mfcc").id, "whole", [int(i) for i in found.items])
    assert np.isfinite(matrix).all()


def test_a_data_set_inside_music_is_not_read_again(library: Library, irmas: Path) -> None:
    hold(library, irmas.parent)
    assert len(task(library, "irmas", irmas).items) == 7
    assert [root.kind for root in library.roots.all()] == ["music"]
    assert datasets.holder(library, bytes(irmas.parent.parent)) is None
