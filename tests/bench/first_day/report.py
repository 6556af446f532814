"""Judge shipped encoders, once, on soundtracks that nothing was trained on or chosen by; and on rendered sets.

    python tests/bench/first_day/report.py [--music DIR] [--control DIR] [--irmas TAUGHT ASKED] [--mtat DIR] ENCODER ...

Soundtracks: three tracks of a report soundtrack ask for its others, each among 100 of the report and choosing parts
(HR@10, MPR; 5 draws; also only for tracks that share no artist with those that ask), and linear probes of the
soundtrack, tracks of one artist on one side. Instruments and tags: `labelled.py`. Intervals are over soundtracks,
artists and pieces. Encoders as of `score.py` or `peers.py`; MFCC and untrained networks of the same shapes are asked
too. The first one is compared with each other, in pairs of answers to one question. Last, CPU time for the track that
is nearest to three minutes. With `--cards` the figures are noted on the cards of the files. Without `--music`, nothing
is asked about soundtracks: what has heard them all is judged by `folds.py`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from cards import MFCC, Answers, note, rival
from labelled import PROBES, Clips, accuracy, area, instruments, tagged
from lists import PARTS, tracks
from numpy.typing import NDArray
from peers import cost, described, nearest_to_three_minutes
from score import Heard, heard
from sources import SOURCES

from core.evaluation import playlists
from core.evaluation.fits import Recipe
from core.evaluation.intervals import Interval, Scores, difference, of_mean
from core.evaluation.playlists import Drawn, Rules, draw
from core.evaluation.probes import probe_classes
from core.evaluation.reference import Probe
from core.evaluation.splits import draws
from core.evaluation.tasks import Split, Task
from core.library import tags
from core.nets import card as cards
from core.nets.card import SUFFIX

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]
Question = Callable[[Floats], Scores]
"""(n, dim) vectors -> what each item scored."""


@dataclass(frozen=True)
class Asked:
    """One column of the table."""

    title: str
    ask: Question


def artists(paths: Iterable[Path]) -> list[str]:
    """Who is tagged; empty where nobody is."""
    return [tags.read(os.fsencode(path))[0].artist for path in paths]


def both(music: Path, segments: int, cache: Path, *, copies: bool) -> Heard:
    """The report part, then the choosing part, whose soundtracks have the numbers after."""
    report, choose = (heard(music, part, segments, cache, copies=copies) for part in ("report", "choose"))
    return Heard(
        np.concatenate([report.segments, choose.segments]),
        np.concatenate([report.ends, choose.ends + report.ends[-1]]),
        np.concatenate([report.codes, choose.codes + len(PARTS["report"])]),
        report.paths + choose.paths,
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
    yield from which(codes[own], [names[row] for row in own.tolist()], PARTS["report"], own)


def which(codes: Codes, names: list[str], titles: tuple[str, ...], rows: Codes) -> Iterator[Asked]:
    """Which soundtrack some rows of a matrix are from; tracks of one artist are on one side."""
    artist = [name.casefold() or f"track {row}" for name, row in zip(names, rows, strict=True)]
    groups = np.unique(
        [f"{code} {name}" for code, name in zip(codes, artist, strict=True)], return_inverse=True
    )[1]
    task = Task("Soundtrack", "class", tuple(rows.tolist()), titles, codes, groups)
    for probe in PROBES:
        yield Asked(f"soundtrack, {probe}", partial(_probed, task, probe, rows, draws(task)))


def _listed(drawn: Drawn, figure: str, matrix: Floats) -> Scores:
    found: Scores = getattr(playlists.evaluate(drawn, matrix), figure)
    return found


def _probed(task: Task, probe: Probe, rows: Codes, splits: tuple[Split, ...], matrix: Floats) -> Scores:
    return probe_classes(task, matrix[rows], Recipe(probe=probe), splits).scores


def of_instruments(clips: Clips) -> list[Asked]:
    """By both probes."""
    return [Asked(f"instrument, {probe}", partial(accuracy, clips, probe)) for probe in PROBES]


def of_tags(clips: Clips) -> list[Asked]:
    """One area over all of them."""
    return [Asked("tags, ROC-AUC", partial(area, clips))]


def shown(found: Interval) -> str:
    """`0.480 [0.440, 0.520]`."""
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def called(name: str) -> str:
    """An encoder in the printed table."""
    return (Path(name).stem if "/" in name else name)[:34]


def answers(kind: str, questions: list[Asked], found: Heard, names: list[str]) -> Iterator[Answers]:
    """What every encoder scored, question by question, printed as it comes."""
    by_name = {each: described(each, found) for each in names}
    for question in questions:
        scores = {each: question.ask(matrix) for each, matrix in by_name.items()}
        one = Answers(kind, question.title, scores)
        tell(one)
        yield one


def tell(found: Answers) -> None:
    """Print a line for each encoder: its figure, and what the first one is ahead of it."""
    first = next(iter(found.scores.values()))
    for each, score in found.scores.items():
        figures = f"{shown(of_mean(score))}  {shown(difference(first, score))}"
        print(f"{called(each):34s} {found.kind:11s} {found.question:26s} {figures}", flush=True)


def asked(options: argparse.Namespace, names: list[str]) -> Iterator[Answers]:
    """Everything but what it costs."""
    cache, kinds = options.cache, {"plain": options.music, "control": options.control}
    for kind, folder in kinds.items() if options.music else ():
        known = artists([*tracks(options.music, "report"), *tracks(options.music, "choose")])
        if folder is not None:
            found = both(folder, options.segments, cache, copies=kind == "control")
            yield from answers(kind, list(soundtracks(found.codes, known)), found, names)
    if options.irmas:
        clips = instruments(options.irmas[0], options.irmas[1], cache)
        yield from answers("instruments", of_instruments(clips), clips.heard, names)
    if options.mtat:
        clips = tagged(options.mtat, options.segments, cache)
        yield from answers("tags", of_tags(clips), clips.heard, names)


def costs(names: list[str], path: Path, segments: int) -> Iterator[dict[str, Any]]:
    """CPU ms of each, with one track."""
    for each in names:
        spent = cost(each, path, segments)
        if spent is not None:
            yield {"kind": "cost", "question": "CPU ms a track", "encoder": each, "figure": spent}
            print(f"{called(each):34s} cost {spent:8.0f} ms of CPU, {path.name}", flush=True)


def rows(found: list[Answers], names: list[str]) -> Iterator[dict[str, Any]]:
    """One for each question and encoder, with what the first encoder is ahead of it."""
    for one in found:
        for name, score in one.scores.items():
            row = {"kind": one.kind, "question": one.question, "encoder": name}
            ahead = difference(one.scores[names[0]], score)
            yield row | {"figure": vars(of_mean(score)), "first ahead by": vars(ahead)}


def has_heard(path: Path) -> bool:
    """Whether an encoder learned from what it would be asked about."""
    titles = {SOURCES[package][0] for package in (*PARTS["report"], *PARTS["choose"])}
    told = cards.read(path).model_dump().get("data", {}).get("sources", [])
    return any(source["title"] in titles for source in told)


def main() -> None:
    """Print the table; write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--music", type=Path)
    parser.add_argument("--control", type=Path)
    parser.add_argument("--irmas", type=Path, nargs=2)
    parser.add_argument("--mtat", type=Path)
    parser.add_argument("--segments", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path(".scores"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cards", action="store_true", help="note the figures on the encoders' cards")
    parser.add_argument("encoders", nargs="+")
    options = parser.parse_args()
    files = [Path(name) for name in options.encoders if name.endswith(SUFFIX)]
    if options.music and (heard_all := [path.name for path in files if has_heard(path)]):
        parser.error(f"{', '.join(heard_all)} learned from these soundtracks: ask folds.py")
    names = list(dict.fromkeys([*options.encoders, *filter(None, map(rival, files)), MFCC]))
    found = list(asked(options, names))
    table = list(rows(found, names))
    if options.music:
        table += costs(names, nearest_to_three_minutes(tracks(options.music, "report")), options.segments)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))
    for path in files if options.cards else []:
        note(path, found)


if __name__ == "__main__":
    main()
