"""Judge shipped encoders, once, on soundtracks that nothing was trained on or chosen by; and on rendered instruments.

    python tests/bench/first_day/report.py MUSIC --control COPIES [--irmas TAUGHT ASKED] [--json FILE] ENCODER ...

Soundtracks: three tracks of a report soundtrack ask for its others, each among 100 of the report and choosing parts
(HR@10, MPR; 5 draws; also only for tracks that share no artist with those that ask), and linear probes of the
soundtrack, tracks of one artist on one side. Instruments: two folders in IRMAS's layout, rendered with two soundfonts;
probes learn from the first and are tested on the second. Intervals are over soundtracks, artists and pieces. Encoders
as of `score.py`; differences to the last one that is named are paired.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lists import PARTS, tracks
from numpy.typing import NDArray
from score import Heard, built, heard, segments_of, vectors

from core.evaluation import playlists
from core.evaluation.fits import Recipe
from core.evaluation.intervals import Interval, Scores, difference, of_mean
from core.evaluation.playlists import Drawn, Rules, draw
from core.evaluation.probes import probe_classes
from core.evaluation.splits import draws
from core.evaluation.tasks import Split, Task, no_rows
from core.library import tags

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]
Question = Callable[[Floats], Scores]
"""(n, dim) vectors -> what each item scored."""
PROBES = ("svm", "logistic")


@dataclass(frozen=True)
class Asked:
    """One column of the table."""

    title: str
    ask: Question


def artists(music: Path) -> list[str]:
    """Of the report's and then the choosing part's tracks, as tagged; empty where not."""
    paths = [*tracks(music, "report"), *tracks(music, "choose")]
    return [tags.read(os.fsencode(path))[0].artist for path in paths]


def both(music: Path, segments: int, cache: Path, *, copies: bool) -> Heard:
    """The report part, then the choosing part, whose soundtracks have the numbers after."""
    report, choose = (heard(music, part, segments, cache, copies=copies) for part in ("report", "choose"))
    return Heard(
        np.concatenate([report.segments, choose.segments]),
        np.concatenate([report.ends, choose.ends + report.ends[-1]]),
        np.concatenate([report.codes, choose.codes + len(PARTS["report"])]),
    )


def lists(codes: Codes) -> Drawn:
    """Who asks for whom: soundtracks of the report part, among all."""
    entries = [(code, row) for row, code in enumerate(codes.tolist()) if code < len(PARTS["report"])]
    items = tuple(range(len(codes)))
    return draw(Task("Soundtracks", "playlists", items, PARTS["report"], np.array(entries)), Rules(seeds=5))


def strangers(drawn: Drawn, names: list[str]) -> Drawn:
    """Only cases whose track shares no artist with those that ask; who is not tagged is somebody else."""
    known = np.array([name.casefold() for name in names])[drawn.pool]
    same = (known[drawn.queries[drawn.asks]] == known[drawn.wanted, None]) & (known[drawn.wanted, None] != "")
    left = ~same.any(1)
    return replace(
        drawn, asks=drawn.asks[left], wanted=drawn.wanted[left], outside=drawn.outside[left],
        playlists=drawn.playlists[left],
    )  # fmt: skip


def soundtracks(codes: Codes, names: list[str]) -> Iterator[Asked]:
    """The questions about soundtracks."""
    drawn = lists(codes)
    for title, cases in (("", drawn), (", another artist", strangers(drawn, names))):
        for figure, metric in (("hits", "HR@10"), ("percentiles", "MPR")):
            yield Asked(metric + title, partial(_listed, cases, figure))
    own = np.flatnonzero(codes < len(PARTS["report"]))
    artist = [names[row].casefold() or f"track {row}" for row in own.tolist()]
    groups = np.unique(
        [f"{codes[row]} {name}" for row, name in zip(own, artist, strict=True)], return_inverse=True
    )[1]
    task = Task("Soundtrack", "class", tuple(own.tolist()), PARTS["report"], codes[own], groups)
    for probe in PROBES:
        yield Asked(f"soundtrack, {probe}", partial(_probed, task, probe, own, draws(task)))


def _listed(drawn: Drawn, figure: str, matrix: Floats) -> Scores:
    found: Scores = getattr(playlists.evaluate(drawn, matrix), figure)
    return found


def _probed(task: Task, probe: str, rows: Codes, splits: tuple[Split, ...], matrix: Floats) -> Scores:
    return probe_classes(task, matrix[rows], Recipe(probe=probe), splits).scores  # type: ignore[arg-type]  # of PROBES


def instruments(folders: list[Path], cache: Path) -> tuple[Heard, Asked, Asked]:
    """Clips of both folders, and the two probes."""
    names = sorted(path.name for path in folders[0].iterdir() if path.is_dir())
    paths = [path for folder in folders for path in sorted(folder.glob("*/*.wav"))]
    kept = cache / f"{'-'.join(folder.parent.name for folder in folders)}.npz"
    if not kept.exists():
        with ProcessPoolExecutor() as pool:
            waves = [
                found[:1] for found in pool.map(segments_of, [(path, 1) for path in paths], chunksize=32)
            ]
        np.savez(kept, segments=np.concatenate(waves))
    with np.load(kept) as found:
        clips = Heard(found["segments"], np.arange(1, len(paths) + 1), np.zeros(len(paths), np.int64))
    targets = np.array([names.index(path.parent.name) for path in paths])
    pieces = np.array([int(path.name.split("]")[2][:4]) for path in paths])
    first = np.array([path.is_relative_to(folders[0]) for path in paths])
    task = Task("Instruments", "class", tuple(range(len(paths))), tuple(names), targets, pieces)
    split = (Split(np.flatnonzero(first), no_rows(), np.flatnonzero(~first)),)
    svm, logistic = (
        Asked(f"instrument, {probe}", partial(_probed, task, probe, np.arange(len(paths)), split))
        for probe in PROBES
    )
    return clips, svm, logistic


def shown(found: Interval) -> str:
    """`0.480 [0.440, 0.520]`."""
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def rows(
    name: str, kind: str, questions: list[Asked], music: Heard, names: list[str]
) -> Iterator[dict[str, Any]]:
    """One row for each encoder and question, with its difference to the last encoder."""
    found = {each: vectors(built(each, music.segments), music) for each in names}
    for question in questions:
        scores = {each: question.ask(matrix) for each, matrix in found.items()}
        for each, score in scores.items():
            told, apart = of_mean(score), difference(score, scores[names[-1]])
            row = {"music": name, "kind": kind, "question": question.title, "encoder": each}
            yield row | {"figure": vars(told), "to the last": vars(apart)}
            print(
                f"{Path(each).stem[:34]:34s} {kind:8s} {question.title:26s} {shown(told)}  {shown(apart)}",
                flush=True,
            )


def main() -> None:
    """Print the table; write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("--control", type=Path)
    parser.add_argument("--irmas", type=Path, nargs=2)
    parser.add_argument("--segments", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path(".scores"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("encoders", nargs="+")
    options = parser.parse_args()
    known, table = artists(options.music), []
    for kind, folder in {"plain": options.music, "control": options.control}.items():
        if folder is not None:
            found = both(folder, options.segments, options.cache, copies=kind == "control")
            questions = list(soundtracks(found.codes, known))
            table += list(rows("soundtracks", kind, questions, found, options.encoders))
    if options.irmas:
        clips, *probes = instruments(options.irmas, options.cache)
        table += list(rows("instruments", "rendered", probes, clips, options.encoders))
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
