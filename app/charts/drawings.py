"""Which charts a training has, and the lines on each, as they are drawn in a thread. Knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.charts.lines import Line
from app.charts.series import NO_CURVE, Curve, Span, curve, extent, stacked
from core.library.records import Points


@dataclass(frozen=True)
class Chart:
    """A chart of every training.

    Parameters
    ----------
    trained, validated
        Metrics: measured at every step (a line), or now and then (marks); empty: none.
    tip
        What it says, for somebody who meets it first; the field's own term is in it.
    floor, ceiling
        Values that y always shows.
    chance
        Name of what is reached by chance, in `Overlaid.chance`; empty: nothing is.
    noisy
        Whether smoothing helps.
    music
        What was measured of it now and then, in a few words.
    """

    key: str
    title: str
    tip: str
    trained: str = ""
    validated: str = ""
    floor: float | None = None
    ceiling: float | None = None
    chance: str = ""
    noisy: bool = True
    music: str = "held-out music"

    @property
    def note(self) -> str:
        """How to read it, in a few words."""
        if self.trained and self.validated:
            return "line: training · dots: held out"
        return self.music if self.validated else ""


CHARTS = (
    Chart("loss", "Loss", "InfoNCE: how badly what belongs together is told from all else. Lower is better. It adds "
          "up over levels and steps ahead, so only runs of one strategy and temperature can be compared by it.",
          "loss", "val_loss"),
    Chart("accuracy", "Right picks", "Accuracy: how often the segment that belongs to another is picked among all "
          "candidates. Dashed: by chance, for the held-out music.", "accuracy", "val_accuracy", 0.0,
          chance="chance"),
    Chart("knn_album", "Same album nearby", "kNN hit rate: how often one of the ten nearest tracks is of the same "
          "album, among up to 256 tracks of the run; it trains on most of them. Dashed: by chance.",
          validated="knn_album", floor=0.0, chance="knn_album_chance", music="up to 256 tracks"),
    Chart("alignment", "Distance of pairs", "Alignment (Wang & Isola 2020): mean squared distance of what belongs "
          "together. Lower is better, unless everything lies at one point.", validated="alignment", floor=0.0),
    Chart("uniformity", "Spread of all", "Uniformity (Wang & Isola 2020): how evenly all tracks cover the sphere. "
          "Lower is better; 0: all at one point.", validated="uniformity", ceiling=0.0),
    Chart("effective_rank", "Directions in use", "Effective rank (Roy & Vetterli 2007): in how many directions tracks "
          "differ. 1: they are all the same.", validated="effective_rank", floor=1.0),
    Chart("logit_std", "Spread of scores", "Standard deviation of the logits: far above 10, the softmax has one winner "
          "and gives no gradient.", validated="logit_std", floor=0.0),
    Chart("lr", "Learning rate", "How large the optimiser's steps are.", "lr", floor=0.0, noisy=False),
    Chart("grad_norm", "Gradient", "Norm of the gradient before it is clipped.", "grad_norm", floor=0.0),
    Chart("pairs_per_s", "Pairs per second", "How fast it learns on this machine.", "pairs_per_s", floor=0.0),
)  # fmt: skip

SHARES = Chart("shares", "Where the time goes", "Share of each stage of a step, for the chosen run.", floor=0.0,
               ceiling=1.0)  # fmt: skip
STAGES = (
    ("share_data", "reading", "#D55E00"), ("share_augment", "altering", "#E69F00"),
    ("share_front_end", "spectrogram", "#CC79A7"), ("share_forward", "forward", "#56B4E9"),
    ("share_backward", "backward", "#0072B2"),
)  # fmt: skip
SMOOTHED_CELLS = 0.25
"""A moving average needs fewer points than what it averages."""


@dataclass(frozen=True)
class Overlaid:
    """A run that is drawn: its points' key, colour, and what is reached by chance."""

    id: int
    name: str
    colour: str
    batch: int
    chance: Mapping[str, float]


@dataclass(frozen=True)
class Wish:
    """How the charts shall be drawn.

    Parameters
    ----------
    weight
        Of the past in the moving average.
    in_time
        x is seconds of training, else steps.
    span
        The part of x in view; None: everything.
    cells
        Room for points along x, about one a pixel.
    chosen
        Id of the run whose stages are shown.
    """

    runs: tuple[Overlaid, ...] = ()
    weight: float = 0.0
    in_time: bool = False
    span: Span | None = None
    cells: int = 300
    chosen: int = 0


@dataclass(frozen=True, eq=False)
class Drawing:
    """The lines of every chart, finished."""

    wish: Wish
    lines: Mapping[str, tuple[Line, ...]]
    span: Span | None
    chance: Mapping[str, float | None]


def draw(wish: Wish, points: Mapping[int, Points]) -> Drawing:
    """Draw every chart; slow for long runs, and so for a thread."""
    runs = [(run, points[run.id]) for run in wish.runs if run.id in points]
    lines = {chart.key: tuple(_lines(chart, wish, runs)) for chart in CHARTS}
    lines[SHARES.key] = tuple(_shares(wish, runs))
    whole = extent([line.curve for each in lines.values() for line in each])
    chance = {chart.key: _chance(chart, runs, lines[chart.key]) for chart in CHARTS}
    return Drawing(wish, lines, wish.span or whole, chance)


def _curve(wish: Wish, run: Overlaid, points: Points, metric: str, weight: float = 0.0) -> Curve:
    cells = round(wish.cells * (SMOOTHED_CELLS if weight else 1.0))
    batch = run.batch if wish.in_time else 0
    return curve(points, metric, weight=weight, span=wish.span, cells=max(cells, 20), batch=batch)


def _lines(chart: Chart, wish: Wish, runs: Sequence[tuple[Overlaid, Points]]) -> list[Line]:
    """First what lies at the back."""
    back, middle, front = [], [], []
    for run, points in runs:
        key = f"{run.id}"
        if chart.trained:
            raw = _curve(wish, run, points, chart.trained)
            if wish.weight and chart.noisy:
                back.append(Line(f"{key} raw", raw, run.colour, None, "faint"))
                raw = _curve(wish, run, points, chart.trained, wish.weight)
            middle.append(Line(f"{key} line", raw, run.colour, run.name))
        if chart.validated:
            marks = _curve(wish, run, points, chart.validated)
            front.append(Line(f"{key} marks", marks, run.colour, run.name, "marks"))
    return [line for line in (*back, *middle, *front) if len(line.curve.x)]


def _shares(wish: Wish, runs: Sequence[tuple[Overlaid, Points]]) -> list[Line]:
    """The stages on top of each other; the lowest lies in front."""
    found = next(((run, points) for run, points in runs if run.id == wish.chosen), None)
    if found is None:
        return []
    run, points = found
    shares = [_curve(wish, run, points, metric, max(wish.weight, 0.5)) for metric, _, _ in STAGES]
    areas = stacked(shares)
    lines = [
        Line(metric, area, colour, name, "area", share if len(share.x) else NO_CURVE)
        for (metric, name, colour), area, share in zip(STAGES, areas, shares, strict=False)
        if len(area.x) and len(share.x)
    ]
    return lines[::-1]


def _chance(chart: Chart, runs: Sequence[tuple[Overlaid, Points]], lines: Sequence[Line]) -> float | None:
    """What is reached by chance, where it is the same for all runs that are shown."""
    if not chart.chance or not lines:
        return None
    values = {run.chance[chart.chance] for run, _ in runs if run.chance.get(chart.chance)}
    return values.pop() if len(values) == 1 else None
