"""All strategies trained for a while on one library, and what their neighbours are worth beside the baselines.

    python tests/bench/strategies.py LIBRARY [--steps 100] [--width 0.25] [--preset paper] [--batch 48]
                                     [--only self adjacent] [--segments 10] [--set lr=1e-3] [--out table.json]

Every run goes through the program's own jobs (`train`, `embed`), so it can be stopped and started again: what is
trained or embedded already is not done twice. The same-artist and same-album rates at 10 are over the whole library,
the music that was trained on included; with one training run each they say nothing of other seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import progress
from core import settings as settings_module
from core.evaluation.retrieval import Report, of_library
from core.library.store import Library, plan_name
from core.settings import Settings
from core.training.config import all_trainable

COLUMNS = (
    "encoder", "dim", "steps", "val loss before", "val loss best", "val acc", "chance", "steps/s", "data %",
    "artist@10", "artist mean", "album@10", "album mean", "hubness", "reached", "n",
)  # fmt: skip


def width_name(name: str, width: float) -> str:
    return name if width == 1 else f"{name}-w{width:g}"


def baselines(width: float) -> list[str]:
    return ["mfcc", width_name("random", width), width_name("random-multi", width)]


def trained(library: Library, settings: Settings, strategy: str, options: argparse.Namespace) -> str:
    """The run's encoder; trained now, gone on with, or there already."""
    name = f"bench-{strategy}-{options.preset}-w{options.width:g}-{options.steps}"
    run = library.runs.find(name)
    if run is None or run.state != "finished":
        overrides: dict[str, Any] = {"width": options.width, "steps": options.steps, **options.set}
        if options.batch:
            overrides["batch"] = options.batch
        params: dict[str, Any] = {"name": name, "resume": True}
        if run is None:
            params = {"strategy": strategy, "preset": options.preset, "name": name, "overrides": overrides}
            params |= {"clip_seconds": options.clip_seconds, "device": options.device}
        progress.run(library, settings, "train", params, quiet=not sys.stderr.isatty())
    return library.runs.get(name).encoder


def curve_figures(library: Library, encoder: str) -> dict[str, float]:
    """What the run's curves say; empty for what was not trained."""
    run = library.runs.of_encoder(library.encoders.get(encoder))
    if run is None:
        return {}
    curves = {metric: values for metric, (_, values) in library.runs.points(run.id).curves.items()}
    figures = {
        "steps": run.step,
        "chance": run.chance,
        "steps/s": float(run.figures.get("steps_per_s", math.nan)),
    }
    if "val_loss" in curves:
        figures |= {
            "val loss before": float(curves["val_loss"][0]),
            "val loss best": float(curves["val_loss"].min()),
        }
        figures["val acc"] = float(curves["val_accuracy"][-1])
    shares = [curves[f"share_{part}"].mean() for part in ("data", "augment") if f"share_{part}" in curves]
    return figures | ({"data %": 100 * float(sum(shares))} if shares else {})


def row(library: Library, encoder: str, report: Report) -> dict[str, Any]:
    return {"encoder": encoder, "dim": library.encoders.get(encoder).track_dim, **curve_figures(library, encoder)} | {
        "artist@10": report.artist.any_hit, "artist mean": report.artist.mean_share,
        "album@10": report.album.any_hit, "album mean": report.album.mean_share,
        "hubness": report.reach.hubness, "reached": report.reach.reached, "n": report.n,
    }  # fmt: skip


def chance_row(report: Report) -> dict[str, Any]:
    return {
        "encoder": "(chance)", "artist@10": report.artist.chance_any, "artist mean": report.artist.chance_share,
        "album@10": report.album.chance_any, "album mean": report.album.chance_share, "n": report.n,
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> str:
    def cell(value: Any) -> str:
        return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)

    lines = [COLUMNS, *(tuple(cell(found.get(column)) for column in COLUMNS) for found in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines
    )


def setting(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--batch", type=int, default=0, help="0: the preset's own")
    parser.add_argument("--clip-seconds", type=float, default=30.0)
    parser.add_argument("--segments", type=int, default=10, help="of each track that are embedded; 0: all")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", nargs="*", default=[], help="strategies; all by default")
    parser.add_argument("--set", nargs="*", type=setting, default=[])
    parser.add_argument("--out", type=Path, help="a JSON file for the rows")
    options = parser.parse_args()
    options.set = dict(options.set)
    return options


def main() -> None:
    options = parsed()
    settings, _ = settings_module.load()
    settings = settings.model_copy(
        update={"embedding": settings.embedding.model_copy(update={"segments": options.segments})}
    )
    plan, rows, report = plan_name(options.segments), [], None
    with Library(options.library) as library:
        library.jobs.bury_dead()
        names = [*baselines(options.width), *(options.only or all_trainable())]
        for name in names:
            began = time.perf_counter()
            encoder = trained(library, settings, name, options) if name in all_trainable() else name
            embed = {"encoder": encoder, "segments": options.segments, "device": options.device}
            progress.run(library, settings, "embed", embed, quiet=not sys.stderr.isatty())
            report = of_library(library, library.encoders.get(encoder), plan)
            rows.append(row(library, encoder, report) | {"seconds": time.perf_counter() - began})
            print(f"\n{table(rows)}\n", flush=True)
            if options.out is not None:
                options.out.write_text(json.dumps([*rows, {"last": asdict(report)}], indent=2))
        if report is not None:
            print(table([*rows, chance_row(report)]))


if __name__ == "__main__":
    main()
