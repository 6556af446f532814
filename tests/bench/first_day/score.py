"""How well an encoder tells soundtracks that it has not heard: the figures that shipped encoders are chosen by.

    python tests/bench/first_day/score.py MUSIC --part choose --control COPIES [--segments 10] ENCODER ...

ENCODER is a `.safetensors` file of Earmap, or `mfcc`, or `random:width=0.25,blocks=lean` (untrained, calibrated
on the same segments). For the tracks as they are, and for their control copies: MPR and HR@10 (three tracks of a
soundtrack ask for each of the others, ranked among all tracks outside it, or 60 of those), the share of the same
soundtrack in the nearest ten, and a logistic probe of the soundtrack (5 folds). Vectors are standardised, similarity is
the cosine, as in the program. Segments are decoded once and kept under `--cache`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lists import PARTS, Part, tracks
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core import strategies
from core.audio.decode import decode
from core.audio.records import Request, Window
from core.evaluation.intervals import Scores, of_mean
from core.evaluation.retrieval import nearest
from core.nets import checkpoint
from core.nets.card import SUFFIX
from core.recommend import measure, unit_rows
from core.strategies import Strategy

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]
SEEDS = 20
QUERIES = 3
AMONG = 60


@dataclass(frozen=True)
class Heard:
    """Tracks in segments.

    Parameters
    ----------
    segments
        (all, 48000) int16 of all tracks end to end.
    ends
        (n,) where each track's segments end.
    codes
        (n,) its soundtrack's number.
    paths
        (n,) where it lies.
    """

    segments: NDArray[np.int16]
    ends: Codes
    codes: Codes
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Figures:
    """Of one encoder, item by item; soundtracks are the groups."""

    hit_rate: Scores
    percentile: Scores
    share: Scores
    probe: Scores


def segments_of(job: tuple[Path, int]) -> NDArray[np.int16]:
    """(n, 48000) of one file."""
    path, count = job
    events = decode(Request(0, os.fsencode(path), segments=count), 3600.0, lambda: None)
    waves = [event.samples.copy() for event in events if isinstance(event, Window)]
    return (np.stack(waves).clip(-1, 1) * 32767).round().astype(np.int16)


def files(music: Path, part: Part, copies: bool) -> list[Path]:
    """The tracks, or their control copies, in one order."""
    if not copies:
        return tracks(music, part)
    copies_of = [
        (name, sorted((music / name).glob("*.mp3"), key=lambda path: path.stem)) for name in PARTS[part]
    ]
    return [path for _, found in copies_of for path in found]


def heard(music: Path, part: Part, count: int, cache: Path, *, copies: bool) -> Heard:
    """Decode what is not in the cache."""
    kept = cache / f"{part}-{'control' if copies else 'plain'}-{count}.npz"
    paths = files(music, part, copies)
    if not kept.exists():
        with ProcessPoolExecutor() as pool:
            waves = list(pool.map(segments_of, [(path, count) for path in paths]))
        names = {name: number for number, name in enumerate(PARTS[part])}
        codes = np.array([names[path.parent.name] for path in paths])
        cache.mkdir(parents=True, exist_ok=True)
        with kept.with_suffix(".part").open("wb") as file:
            np.savez(
                file, segments=np.concatenate(waves), ends=np.cumsum([len(w) for w in waves]), codes=codes
            )
        kept.with_suffix(".part").replace(kept)
    with np.load(kept) as found:
        return Heard(found["segments"], found["ends"], found["codes"], tuple(paths))


def built(name: str, waves: NDArray[np.int16]) -> Strategy:
    """An encoder by its file or its words."""
    if name.endswith(SUFFIX):
        return checkpoint.load(Path(name))[0]
    kind, _, words = name.partition(":")
    config: dict[str, Any] = dict(word.split("=", 1) for word in words.split(",") if word)
    if "width" in config:
        config["width"] = float(config["width"])
    strategy = strategies.build(kind, config)
    if strategy.calibration_segments:
        rows = np.random.default_rng(0).permutation(len(waves))[: strategy.calibration_segments]
        strategy.calibrate(torch.from_numpy(waves[rows].astype(np.float32) / 32767))
    return strategy


def vectors(strategy: Strategy, found: Heard) -> Floats:
    """(n, track_dim), in bfloat16 where there are weights: what differs is far below what is measured."""
    strategy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    weights = any(True for _ in strategy.parameters())
    parts = []
    for start in range(0, len(found.segments), 16):
        waves = torch.from_numpy(found.segments[start : start + 16].astype(np.float32) / 32767)
        with torch.autocast("cpu", torch.bfloat16, enabled=weights):
            parts.append(strategy.embed(waves))
    whole = torch.cat(parts)
    starts = [0, *found.ends[:-1].tolist()]
    rows = [strategy.summarise(whole[a:b]) for a, b in zip(starts, found.ends.tolist(), strict=True)]
    return torch.stack(rows).numpy()


def asked(unit: Floats, codes: Codes) -> Iterator[tuple[int, float, float]]:
    """(soundtrack, share ahead, hit) of every track that three of its soundtrack ask for."""
    rng = np.random.default_rng(0)
    for _ in range(SEEDS):
        for code in np.unique(codes):
            own, outside = np.flatnonzero(codes == code), np.flatnonzero(codes != code)
            if len(own) <= QUERIES:
                continue
            own = rng.permutation(own)
            scores = unit[own[:QUERIES]].sum(0) @ unit.T
            for wanted in own[QUERIES:]:
                ahead = scores[outside] > scores[wanted]
                among = rng.choice(ahead, min(AMONG, len(ahead)), replace=False)
                yield int(code), float(ahead.mean()), float(among.sum() < 10)


def judged(matrix: Floats, codes: Codes) -> Figures:
    """All figures of (n, dim)."""
    unit = unit_rows(matrix, measure(matrix))
    cases = np.array(list(asked(unit, codes)))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    found = cross_val_predict(model, matrix, codes, cv=folds)
    return Figures(
        hit_rate=_over(cases[:, 0], cases[:, 2]),
        percentile=_over(cases[:, 0], cases[:, 1]),
        share=_over(codes, (codes[nearest(unit)] == codes[:, None]).mean(1)),
        probe=_over(codes, found == codes),
    )


def _over(groups: NDArray[Any], values: NDArray[Any]) -> Scores:
    return Scores(values.astype(np.float64), np.ones(len(values)), groups.astype(np.int64))


def intervals(figures: Figures) -> dict[str, dict[str, Any]]:
    """Each figure's mean and interval, by name."""
    return {name: asdict(of_mean(scores)) for name, scores in vars(figures).items()}


def main() -> None:
    """Print a row for each encoder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("--part", choices=list(PARTS), default="choose")
    parser.add_argument("--control", type=Path)
    parser.add_argument("--segments", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path(".scores"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("encoders", nargs="+")
    options = parser.parse_args()
    kinds = {"plain": options.music} | ({"control": options.control} if options.control else {})
    music = {
        kind: heard(folder, options.part, options.segments, options.cache, copies=kind == "control")
        for kind, folder in kinds.items()
    }
    rows = []
    for name in options.encoders:
        for kind, found in music.items():
            began = time.process_time()
            figures = intervals(judged(vectors(built(name, found.segments), found), found.codes))
            rows.append({"encoder": name, "music": kind, **figures, "cpu_s": time.process_time() - began})
            shown = "".join(f" {v['mean']:7.3f} [{v['low']:.3f}, {v['high']:.3f}]" for v in figures.values())
            print(f"{Path(name).name[:44]:44s} {kind:8s}{shown}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
