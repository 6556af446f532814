"""An encoder's card in words: what it is, what it learned from, how good it is. Knows no Qt.

A card may come from anybody: whatever is not of the expected kind is left out here, and still stands in its JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app import wording
from app.charts.drawings import CHARTS
from core.bundled import Bundled
from core.library.records import EncoderRecord
from core.titles import TITLES

BASELINES = {
    "mfcc": "It compares the colour of the sound: how strong low, middle and high parts of the spectrum are, on "
    "average and in how far that changes (20 MFCCs, mean and deviation). It has learned nothing, and is there at once.",
    "random": "A network of the kind that is trained, with the weights that it was begun with. It has learned nothing; "
    "what it tells apart comes from its shape alone, and any other encoder has to beat it.",
    "random-multi": "As the untrained network, with its inner levels added to its vector.",
}  # fmt: skip
SHIPPED, HERE, GIVEN, PLAIN = "Came with Earmap", "Trained here", "Imported", "Needs no training"
UNTOLD = "Its card does not say what it learned from."
NOTHING_LEARNED = "Nothing: it was never trained."
MEASURE = "Others are measured against it: Compare shows how far they get beyond it on your own music."
NO_SCORES = "Nobody has noted how good it is. Compare can find out, on your own music."
OTHERS = (("mfcc", "Timbre (MFCC)"), ("random", "Untrained"))
"""What stands beside an encoder's own scores: (as on the card, title)."""
MOST_SOURCES, MOST_SCORES, MOST_LIMITS = 200, 100, 50
SHOWN_CURVES = ("loss", "accuracy", "knn_album")
"""Keys of the charts that a card shows, where it has their curves."""
_NUMBERS = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s*\]")


@dataclass(frozen=True)
class Source:
    """Some of the music that an encoder learned from; an empty text, or None: not told."""

    title: str
    licence: str = ""
    author: str = ""
    hours: float | None = None
    tracks: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Figure:
    """A score with its 95 % interval, where that is known."""

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """`0.480`, and below it `[0.440, 0.520]`."""
        if self.low is None or self.high is None:
            return _score(self.mean)
        return f"{_score(self.mean)}\n[{_score(self.low)}, {_score(self.high)}]"


@dataclass(frozen=True)
class Score:
    """What was measured in a task: the encoder's own figure, the baselines', and how much it is above each, by key.

    A difference is of the same items, so it shows more than two intervals side by side.
    """

    task: str
    metric: str
    own: Figure
    others: Mapping[str, Figure]
    higher: bool = True
    note: str = ""
    differences: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether it beats what learned nothing, as far as the intervals tell."""
        told = {title: self._beats(key) for key, title in OTHERS if key in self.others}
        if len(told) == len(OTHERS) and set(told.values()) == {1}:
            return "Better than both."
        words = ((1, "better than"), (-1, "worse than"), (0, "no clear difference from"))
        groups = ((word, [title for title, beats in told.items() if beats == which]) for which, word in words)
        text = ", ".join(f"{word} {' and '.join(titles)}" for word, titles in groups if titles)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def _beats(self, key: str) -> int | None:
        """1 better, -1 worse, 0 the interval of the difference holds zero (or the two overlap), None unknown."""
        apart, own, other = self.differences.get(key), self.own, self.others[key]
        if apart is not None and apart.low is not None and apart.high is not None:
            above, below = apart.low > 0, apart.high < 0
        elif own.low is None or own.high is None or other.low is None or other.high is None:
            return None
        else:
            above, below = own.low > other.high, own.high < other.low
        return (above - below) * (1 if self.higher else -1)


@dataclass(frozen=True)
class Sheet:
    """All that is shown of an encoder.

    Parameters
    ----------
    origin
        Where it comes from, in a few words.
    facts, learning
        Lines of (what, value): of the encoder, and of the music that it learned from.
    measured
        Lines of what its training found: (what, value, how to read it).
    curves
        As on the card: metric to (steps, values).
    chance
        Of `accuracy`, where known.
    text
        The whole card as JSON.
    weights
        Whether there is something to give away.
    unheard
        It has not listened to this library.
    plain
        It is one of the baselines.
    """

    name: str
    title: str
    origin: str
    about: str
    facts: tuple[tuple[str, str], ...] = ()
    learning: tuple[tuple[str, str], ...] = ()
    untold: str = ""
    sources: tuple[Source, ...] = ()
    scores: tuple[Score, ...] = ()
    measured: tuple[tuple[str, str, str], ...] = ()
    curves: Mapping[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    chance: float | None = None
    limits: tuple[str, ...] = ()
    rebuild: str = ""
    text: str = ""
    weights: bool = True
    unheard: bool = False
    plain: bool = False


def sheet_of(
    encoder: EncoderRecord | Bundled, strategies: Mapping[str, Mapping[str, Any]] | None = None
) -> Sheet:
    """The sheet of an encoder of the library, or of one that came with the program.

    Parameters
    ----------
    strategies
        What each strategy is called and learns, by its name (`title`, `learns`), where that is known.
    """
    if isinstance(encoder, Bundled):
        card, weights = encoder.card, True
    else:
        card, weights = encoder.card | _own(encoder), bool(encoder.file)
    strategy, config, dim = str(card["strategy"]), _dict(card, "config"), int(card["track_dim"])
    plain = strategy in BASELINES
    known = (strategies or {}).get(strategy, {})
    title = TITLES.get(encoder.name, (encoder.name, ""))[0]
    data, figures = _dict(card, "data"), _dict(card, "figures")
    sources = tuple(_sources(data))
    learning = tuple(_learning(data))
    return Sheet(
        name=encoder.name, title=_text(card.get("title")) or title, origin=_origin(card, plain),
        about=_text(card.get("description")) or BASELINES.get(strategy) or _text(card.get("summary")) or _about(known),
        facts=tuple(_facts(card, strategy, config, dim, known)), learning=learning, sources=sources,
        untold="" if learning or sources else NOTHING_LEARNED if plain else UNTOLD,
        scores=tuple(_scores(figures)), measured=tuple(_measured(figures)), curves=dict(_curves(card)),
        chance=_number(figures.get("chance")), limits=tuple(_limits(card)), rebuild=_text(card.get("rebuild")),
        text=_json(card), weights=weights and not plain, unheard=isinstance(encoder, Bundled), plain=plain,
    )  # fmt: skip


def _own(record: EncoderRecord) -> dict[str, Any]:
    """What the library knows of an encoder, for cards that do not say it."""
    return {
        "strategy": record.strategy, "config": record.config, "dim": record.dim, "track_dim": record.track_dim,
        "front_end": record.front_end, "weights_hash": record.weights_hash,
    }  # fmt: skip


def _origin(card: Mapping[str, Any], plain: bool) -> str:
    if plain:
        return PLAIN
    if card.get("bundled") is True:
        return SHIPPED
    return HERE if card.get("run") else GIVEN


def _about(known: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (_text(known.get("learns")) or _text(known.get("summary")),)))


def _facts(
    card: Mapping[str, Any], strategy: str, config: Mapping[str, Any], dim: int, known: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    title = _text(known.get("title")) or TITLES.get(strategy, (strategy, ""))[0]
    preset = _text(card.get("preset"))
    yield "Strategy", f"{title}, preset {preset}" if preset else title
    width = _number(config.get("width"))
    if width is not None:
        lean = ", with lean blocks" if config.get("blocks") == "lean" else ""
        yield "Size", f"width {width:g} of the paper's network{lean}"
    yield "A track becomes", f"{dim:,} numbers"
    steps = _whole(card.get("steps")) or _whole(_dict(card, "training").get("steps"))
    if steps:
        yield "Training", wording.count(steps, "step")
    speed = _number(_dict(card, "figures").get("ms_per_track"))
    if speed is not None:
        where = _text(_dict(card, "figures").get("measured_on"))
        yield "A 3-minute track takes", f"{speed:,.0f} ms" + (f" ({where})" if where else "")
    created = _text(card.get("created"))
    if created:
        yield "Made", created[:10]


def _learning(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    hours, seconds = _number(data.get("hours")), _number(data.get("seconds"))
    if hours is None and seconds is not None:
        hours = seconds / 3600
    tracks, clip = _whole(data.get("tracks")), _number(data.get("clip_seconds"))
    if hours is not None and tracks is not None:
        each = f", {clip:g} s of each" if clip else ""
        yield "Music", f"{length(hours)} from {wording.count(tracks, 'track')}{each}"
    elif hours is not None:
        yield "Music", length(hours)
    elif tracks is not None:
        yield "Music", wording.count(tracks, "track")
    held = _whole(data.get("validation_tracks"))
    if held:
        yield "Kept aside to check it", wording.count(held, "track")
    mark = _text(data.get("identity")) or _text(data.get("fingerprint"))
    if mark:
        yield "Identity of the music", mark[:16]


def _sources(data: Mapping[str, Any]) -> Iterator[Source]:
    for one in _list(data, "sources")[:MOST_SOURCES]:
        if isinstance(one, dict) and (title := _text(one.get("title")) or _text(one.get("name"))):
            licence = _text(one.get("licence")) or _text(one.get("license"))
            yield Source(
                title, licence, _text(one.get("author")), _number(one.get("hours")), _whole(one.get("tracks")),
                _text(one.get("url")),
            )  # fmt: skip


def _scores(figures: Mapping[str, Any]) -> Iterator[Score]:
    for one in _list(figures, "table")[:MOST_SCORES]:
        rows = _dict(one, "rows") if isinstance(one, dict) else {}
        own = _figure(rows.get("this"))
        if own is None:
            continue
        others, apart = (
            {key: figure for key, _ in OTHERS if (figure := _figure(told.get(key))) is not None}
            for told in (rows, _dict(one, "differences"))
        )
        n, seeds = _whole(one.get("n")), _whole(one.get("seeds"))
        told = [_text(one.get("note")), f"n {n:,}" if n else "", f"{seeds} draws" if seeds else ""]
        yield Score(
            _text(one.get("task")), _text(one.get("metric")), own, others, one.get("better") != "lower",
            " · ".join(filter(None, told)), apart,
        )  # fmt: skip


def _measured(figures: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    charts = {key: chart for chart in CHARTS for key in (chart.trained, chart.validated) if key}
    for key in ("val_accuracy", "val_loss", "knn_album", "effective_rank", "alignment", "uniformity"):
        value = _number(figures.get(key))
        if value is not None:
            held = ", held out" if key.startswith("val_") else ""
            share = key in ("val_accuracy", "knn_album")
            shown = f"{100 * value:.0f} %" if share else f"{value:.3g}"
            yield f"{charts[key].title}{held}", shown, charts[key].tip


def _curves(card: Mapping[str, Any]) -> Iterator[tuple[str, tuple[list[float], list[float]]]]:
    """Those of one of the shown charts that are what they should be."""
    told = _dict(card, "curves") or _dict(_dict(card, "training"), "curves")
    wanted = {
        key for chart in CHARTS if chart.key in SHOWN_CURVES for key in (chart.trained, chart.validated)
    }
    for key, value in told.items():
        if key not in wanted or not isinstance(value, list) or len(value) != 2:
            continue
        steps, values = value
        good = all(isinstance(one, list) and all(_number(x) is not None for x in one) for one in value)
        if good and len(steps) == len(values) > 0:
            yield key, (steps, values)


def _limits(card: Mapping[str, Any]) -> Iterator[str]:
    return (text for one in _list(card, "limits")[:MOST_LIMITS] if (text := _text(one)))


def _figure(told: object) -> Figure | None:
    if not isinstance(told, dict) or (mean := _number(told.get("mean"))) is None:
        return None
    return Figure(mean, _number(told.get("low")), _number(told.get("high")))


def _json(card: Mapping[str, Any]) -> str:
    """The card as a person reads JSON: numbers of one list on one line."""
    text = json.dumps(card, indent=2, ensure_ascii=False, default=str)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def _score(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.4g}"


def length(hours: float) -> str:
    """`26.1 h`, `48 min`."""
    return f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:,.0f} min"


def _dict(told: object, key: str) -> Mapping[str, Any]:
    found = told.get(key) if isinstance(told, Mapping) else None
    return found if isinstance(found, dict) else {}


def _list(told: Mapping[str, Any], key: str) -> list[Any]:
    found = told.get(key)
    return found if isinstance(found, list) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and math.isfinite(value) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None
