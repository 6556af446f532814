"""What each switch of the default's recipe does: one at a time, three trainings each, at a small width.

    python tests/bench/first_day/switches.py WORK [--music DIR] [--json FILE] [--only NAME ...]

WORK is that of `build.py`, prepared. The recipe as it is and with one thing changed are trained with three seeds each
where that was not done, and asked as `score.py` asks, about the choosing part as it is and about its control copies;
what `modern` had on is asked of two other strategies too. A row is what a change does: the mean over seeds of every
item's score against the same seed without the change, with an interval over soundtracks, and beside it how far the
three seeds' differences are apart.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from build import METRICS, SEGMENTS, trained
from recipes import BEST, SEEDS, TWINS, Recipe
from score import Figures, Heard, built, heard, judged, vectors

from core.evaluation.intervals import Scores, difference, of_mean

STEPS = 250

BASE = "as it is"


@dataclass(frozen=True)
class Switch:
    """One change.

    Parameters
    ----------
    overrides
        On top of the default's; what they say of `steps` is a length.
    base
        What it is compared with.
    """

    overrides: Mapping[str, Any]
    strategy: str = "same-track"
    base: str = BASE


SWITCHES = {
    BASE: Switch({}),
    "modern's spectrogram": Switch({"log_mel": "modern"}),
    "temperature 0.2": Switch({"temperature": 0.2}),
    "no head": Switch({"head": "none"}),
    "no mixup": Switch({"mixup.p": 0}),
    "no resize crop": Switch({"resize_crop.p": 0}),
    "stretch": Switch({"stretch.p": 0.5}),
    "anywhere in the track": Switch({"reach": 0}),
    "half the batch, twice the steps": Switch({"batch": 48, "steps": 2 * STEPS}),
    "decoupled": Switch({"decoupled": True}),
    "one direction": Switch({"symmetric": False}),
    "no filter, no noise": Switch({"filter.p": 0, "noise.p": 0}),
    "all levels": Switch({}, "same-track-multi"),
    "reverb": Switch({"reverb.p": 0.3}),
    "learning rate 3e-4": Switch({"lr": 3e-4}),
    "adjacent": Switch({}, "adjacent", "adjacent"),
    "adjacent, modern's spectrogram": Switch({"log_mel": "modern"}, "adjacent", "adjacent"),
    "self": Switch({}, "self", "self"),
    "self, modern's spectrogram": Switch({"log_mel": "modern"}, "self", "self"),
    "self, stretch and reverb": Switch({"stretch.p": 0.5, "reverb.p": 0.3}, "self", "self"),
}


def recipe(name: str, seed: int) -> Recipe:
    """A switch's run with a seed."""
    switch = SWITCHES[name]
    overrides = {**BEST, "width": TWINS, "validate_every": STEPS, **switch.overrides}
    if not switch.strategy.startswith("same-track"):
        del overrides["reach"]
    overrides |= {"training.seed": seed, "model.seed": seed}
    steps = int(overrides.pop("steps", STEPS))
    short = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in name)
    return Recipe(f"switch-{short}-s{seed}", name, "", "", switch.strategy, "modern", steps, overrides)


def figures(work: Path, names: list[str], found: Heard) -> dict[str, list[Figures]]:
    """Of every switch, a list over seeds; trained where that was not done."""
    encoders = work / "train.earmap.encoders"
    made = {name: [trained(work / "train.earmap", recipe(name, seed)) for seed in SEEDS] for name in names}
    return {
        name: [judged(vectors(built(str(encoders / record.file), found.segments), found), found.codes)
               for record in records]
        for name, records in made.items()
    }  # fmt: skip


def averaged(runs: list[Scores]) -> Scores:
    """Each item's score, taken together over seeds."""
    first = runs[0]
    return Scores(np.mean([run.totals for run in runs], axis=0), first.counts, first.groups)


def rows(found: dict[str, list[Figures]], kind: str) -> Iterator[dict[str, Any]]:
    """One for each switch and figure."""
    for name, runs in found.items():
        for metric in METRICS:
            scores = [getattr(run, metric) for run in runs]
            base = [getattr(run, metric) for run in found[SWITCHES[name].base]]
            apart = [difference(one, other).mean for one, other in zip(scores, base, strict=True)]
            yield {
                "music": kind, "switch": name, "metric": metric, "figure": asdict(of_mean(averaged(scores))),
                "to base": asdict(difference(averaged(scores), averaged(base))), "by seed": apart,
            }  # fmt: skip


def shown(row: dict[str, Any]) -> str:
    """A row as a line."""
    figure, apart = row["figure"], row["to base"]
    seeds = " ".join(f"{one:+.3f}" for one in row["by seed"])
    return (
        f"{row['switch']:32s} {row['music']:8s} {row['metric']:10s} {figure['mean']:.3f}  "
        f"{apart['mean']:+.3f} [{apart['low']:+.3f}, {apart['high']:+.3f}]  seeds {seeds}"
    )


def main() -> None:
    """Train what is missing, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="+", choices=SWITCHES, default=list(SWITCHES))
    options = parser.parse_args()
    work: Path = options.work.absolute()
    names = list(dict.fromkeys(each for name in options.only for each in (SWITCHES[name].base, name)))
    table = []
    for kind, music in {"plain": options.music or work / "music", "control": work / "control"}.items():
        part = heard(music, "choose", SEGMENTS, work / "scores", copies=kind == "control")
        for row in rows(figures(work, names, part), kind):
            table.append(row)
            print(shown(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
