"""Build the encoders that ship with the program from nothing: fetch, render, train, choose, write.

    python tests/bench/first_day/build.py WORK [--music DIR] [--only NAME ...] [--out DIR]

WORK takes some 12 GB: the soundtracks (unless `--music` has them, a folder for each package), renderings, control
copies, two libraries, clips and runs. What is there is not made again, and a run that was cut off goes on: the command
is repeated until it says that all is done. On two cores `earmap-2` takes an hour. Fetching needs Debian's `apt-get`,
rendering `mma`, `fluidsynth`, `fluid-soundfont-gm` and `timgm6mb-soundfont`; Python's packages beyond Earmap's own are
the group `bench` in `pyproject.toml`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from cards import MFCC, untrained
from lists import EVERY, PARTS
from packages import fetch
from recipes import RECIPES, TWINS, Recipe
from score import Figures, Heard, built, heard, intervals, judged, vectors
from sources import RENDERED, SOURCES

from core import strategies
from core.evaluation.intervals import difference
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import checkpoint
from core.nets.card import SUFFIX, mark
from core.recommend import measure
from core.training import ledger

HERE = Path(__file__).parent
OUT = HERE.parents[2] / "resources" / "encoders"
PIECES, SEGMENTS = 320, 10
ENDS = ("mean", "low", "high")

LEARNED: dict[str, tuple[str, ...]] = {"train": PARTS["train"], "all": EVERY}
"""Soundtracks in each library; renderings are in both. What ships learned from the first."""


def earmap(library: Path, *words: str, check: bool = True) -> dict[str, Any]:
    """Run a command of the program; what it says with `--json`."""
    command = [sys.executable, "-m", "core.cli", *words, "--library", str(library), "--json"]
    # Without what ships already: a run may not be called like it.
    apart = {
        "EARMAP_CONFIG_DIR": str(library.parent / "settings"),
        "EARMAP_ENCODERS_DIR": str(library.parent / "none"),
        "EARMAP_EMBEDDING__SEGMENTS": str(SEGMENTS),
    }
    environment = {**os.environ, **apart}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=check, cwd=HERE.parents[2], env=environment)
    return dict(json.loads(done.stdout))


def prepare(work: Path, music: Path) -> None:
    """All music, and libraries that know what is learned from."""
    for package in EVERY:
        fetch(package, music)
    run = (sys.executable, str(HERE / "render.py"), str(work / "rendered"), "--pieces", str(PIECES))
    subprocess.run(run, check=True)
    subprocess.run((sys.executable, str(HERE / "control.py"), str(music), str(work / "control")), check=True)
    for name, packages in LEARNED.items():
        if not (library := work / f"{name}.earmap").exists():
            folders = [str(music / package) for package in packages]
            earmap(library, "add", "--scan-only", *folders, str(work / "rendered"))


def trained(library: Path, recipe: Recipe) -> EncoderRecord:
    """The recipe's encoder: as it is, else the rest of its run, else a run from the beginning."""
    with Library(library) as opened:
        record, run = opened.encoders.find(recipe.name), opened.runs.find(recipe.name)
    if record is None:
        begin = (
            "train",
            recipe.strategy,
            "--preset",
            recipe.preset,
            "--steps",
            str(recipe.steps),
            "--seconds",
            "0",
        )
        words = [f"--set={key}={value}" for key, value in recipe.overrides.items()]
        if recipe.without:
            words += ["--query", " ".join(f'-folder:"{name}"' for name in PARTS[recipe.without])]
        how = ("train", "--resume") if run is not None else (*begin, *words)
        earmap(library, *how, "--name", recipe.name)
        with Library(library) as opened:
            record = opened.encoders.get(recipe.name)
    return record


def given(library: Path, recipe: Recipe, folder: Path) -> Path:
    """The recipe's encoder as a file to give away."""
    path = folder / f"{recipe.name}{SUFFIX}"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        trained(library, recipe)
        earmap(library, "export", "encoder", recipe.name, str(path))
    return path


def sources(library: Path) -> list[dict[str, Any]]:
    """What is learned from, soundtrack by soundtrack, with its licence; whatever is no soundtrack was rendered."""
    with Library(library) as opened:
        known = [(Path(fact.folder).name, fact.seconds or 0.0) for fact in opened.rows.facts().values()]
    hours: dict[str, list[float]] = {name: [] for name in (*SOURCES, "")}
    for name, seconds in known:
        hours[name if name in SOURCES else ""].append(seconds / 3600)
    return [
        {"title": title, "licence": licence, "tracks": len(hours[name]), "hours": sum(hours[name])}
        for name, (title, licence) in {**SOURCES, "": RENDERED}.items()
        if hours[name]
    ]


TASK = "Soundtracks it has not heard"
METRICS = {
    "hit_rate": (TASK, "HR@10 of 61", "higher"),
    "percentile": (TASK, "MPR", "lower"),
    "share": (TASK, "share of the nearest ten", "higher"),
    "probe": ("Which soundtrack, by a logistic probe", "accuracy", "higher"),
}
CHOSEN = "; by these it was chosen, so they flatter it a little"
KINDS = {False: "as they are", True: "all with one codec, bandwidth and loudness"}


@cache
def listened(music: Path, work: Path, copies: bool) -> Heard:
    """The choosing part as it is, or its control copies."""
    return heard(work / "control" if copies else music, "choose", SEGMENTS, work / "scores", copies=copies)


@cache
def rival(name: str, music: Path, work: Path, copies: bool) -> Figures:
    """A baseline's figures: the same for all encoders of one width."""
    found = listened(music, work, copies)
    return judged(vectors(built(name, found.segments), found), found.codes)


def again(library: Path, music: Path, recipe: Recipe, copies: bool) -> list[Figures]:
    """What the recipe's runs with other seeds score: one alone says little of a strategy."""
    found, figures = listened(music, library.parent, copies), []
    for twin in recipe.twins:
        file = library.with_name(f"{library.name}.encoders") / trained(library, twin).file
        figures.append(judged(vectors(checkpoint.load(file)[0], found), found.codes))
    return figures


def told_of(recipe: Recipe, kind: str, values: list[float]) -> str:
    """What stands under a figure."""
    runs = ", ".join(f"{value:.3f}" for value in values)
    several = f"; three trainings at width {TWINS:g}: {runs}" if runs else ""
    return kind + several + CHOSEN * recipe.default


def table(music: Path, library: Path, recipe: Recipe, strategy: strategies.Strategy) -> list[dict[str, Any]]:
    """Figures on the choosing part, beside the baselines: as the tracks are, and as control copies."""
    work = library.parent
    rows = []
    for copies, kind in KINDS.items():
        found = listened(music, work, copies)
        rivals = {"mfcc": MFCC, "random": untrained(strategy)}
        figures = {"this": judged(vectors(strategy, found), found.codes)}
        figures |= {key: rival(name, music, work, copies) for key, name in rivals.items()}
        told = {key: intervals(one) for key, one in figures.items()}
        runs = [intervals(one) for one in again(library, music, recipe, copies)]
        for name, (task, metric, better) in METRICS.items():
            own = getattr(figures["this"], name)
            apart = {key: asdict(difference(own, getattr(figures[key], name))) for key in rivals}
            rows.append(
                {
                    "task": task, "metric": metric, "better": better, "n": len(found.codes),
                    "note": told_of(recipe, kind, [run[name]["mean"] for run in runs]),
                    "rows": {key: {end: told[key][name][end] for end in ENDS} for key in told},
                    "differences": {key: {end: apart[key][end] for end in ENDS} for key in apart},
                }
            )  # fmt: skip
    return rows


def statistics(music: Path, work: Path, strategy: strategies.Strategy) -> dict[str, Any]:
    """Mean and deviation of the vectors of the soundtracks that were learned from."""
    found = heard(music, "train", SEGMENTS, work / "scores", copies=False)
    told = measure(vectors(strategy, found))
    assert told is not None
    short = {name: [float(f"{x:.6g}") for x in getattr(told, name)] for name in ("mean", "std")}
    return {**short, "n": told.n}


def write(work: Path, music: Path, recipe: Recipe, out: Path) -> Path:
    """The encoder's file, with its card."""
    library = work / "train.earmap"
    record = trained(library, recipe)
    learned = ledger.load(work / "train.earmap.runs" / recipe.name)
    whole, card = checkpoint.load(work / "train.earmap.encoders" / record.file)
    strategy = checkpoint.half(whole)
    told = sources(library)
    card |= {
        "name": recipe.name, "title": recipe.title, "summary": recipe.summary, "description": recipe.description,
        "bundled": True, "limits": list(recipe.limits), "standardisation": statistics(music, work, strategy),
        "rebuild": f"python tests/bench/first_day/build.py WORK --only {recipe.name}",
        "data": card["data"] | {
            "hours": sum(each["hours"] for each in told), "sources": told,
            "heard": [mark(identity) for identity in learned.identities],
        },
        "figures": card["figures"] | {"table": table(music, library, recipe, strategy)},
    }  # fmt: skip
    card.pop("run")
    path = out / f"{recipe.name}{SUFFIX}"
    checkpoint.write(strategy, path, card)
    return path


def main() -> None:
    """Build what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--only", nargs="+", choices=[recipe.name for recipe in RECIPES])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    work, music = options.work.absolute(), (options.music or options.work / "music").absolute()
    work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    prepare(work, music)
    for recipe in RECIPES:
        if options.only is None or recipe.name in options.only:
            print(write(work, music, recipe, options.out), flush=True)


if __name__ == "__main__":
    main()
