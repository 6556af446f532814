"""What the Map view says."""

from __future__ import annotations

import math
from html import escape, unescape

from app import wording
from app.drawing import Drawing
from app.job_view import JobView
from app.mapping import FEWEST, Mapping
from app.second_map import SecondMap

METHODS = {
    "umap": ("UMAP", "Keeps neighbours together; distances between groups say little."),
    "pca": (
        "PCA",
        "The two directions in which the tracks differ most: a straight shadow, which never invents groups.",
    ),
    "tsne": (
        "t-SNE",
        "Keeps the nearest neighbours together and shows the finest grain; sizes of groups say nothing.",
    ),
}


READING = "Reading the map…"


def summary(drawing: Drawing, title: str) -> str:
    """One line: what one looks at, and how far it can be believed."""
    count = wording.count(len(drawing), "track")
    parts = [f"{count} as <b>{escape(title)}</b> hears them. Near means alike; directions mean nothing."]
    kept, baseline = drawing.figure("recall"), drawing.figure("seed_overlap")
    if not math.isnan(kept):
        part = f"{kept:.0%} of each track’s true neighbours are near it here"
        if not math.isnan(baseline):
            part += f" (two maps that differ in their seed alone share {baseline:.0%})"
        parts.append(part + ".")
    return " ".join(parts)


def plain(text: str) -> str:
    """A sentence without its marks."""
    return unescape(text.replace("<b>", "").replace("</b>", ""))


def details(drawing: Drawing) -> str:
    """The figures in the field's terms, for a tooltip."""
    figures = drawing.figures
    method = METHODS.get(drawing.key[2], (drawing.key[2], ""))
    lines = [f"{method[0]}. {method[1]}"]
    sampled = figures.get("n_sampled") or figures.get("n_fitted")
    fitted = int(sampled) if isinstance(sampled, int) else len(drawing)
    placed = int(drawing.placed.sum())
    if fitted < len(drawing) and placed:
        lines.append(f"Laid out from {fitted:,} tracks; {placed:,} were put among their neighbours since.")
    for name, words in (
        ("trustworthiness", "Trustworthiness {:.3f} (1 is perfect, 0.5 is chance)"),
        ("recall", "Neighbour recall {:.3f}"), ("seed_overlap", "Overlap of two seeds {:.3f}"),
        ("blind", "Chance keeps {:.3f}"), ("seconds", "Drawn in {:.0f} s"),
    ):  # fmt: skip
        value = drawing.figure(name)
        if not math.isnan(value):
            lines.append(words.format(value))
    return "\n".join(lines)


def progress(view: JobView) -> str:
    """What the job is at."""
    if view.state == "waiting":
        return "Waiting for another map to be finished…"
    share = f" {view.done / view.total:.0%}" if view.total else ""
    left = f" · {wording.time_left(view.seconds_left)}" if view.seconds_left and view.seconds_left > 3 else ""
    return f"{view.stage or 'Drawing the map'}…{share}{left}"


def few(heard: int) -> str:
    """Why there is no map yet."""
    told = wording.count(heard, "track has", "tracks have")
    return (
        "<p style='font-size: 13pt'><b>Your music as a map</b></p>"
        f"<p style='line-height: 150%'>Every track becomes a point, and what sounds alike lies together.<br>"
        f"It takes {FEWEST} tracks; {told} been listened to so far.</p>"
    )


def none(heard: int, title: str) -> str:
    """There could be a map."""
    count = wording.count(heard, "track")
    return (
        "<p style='font-size: 13pt'><b>Your music as a map</b></p>"
        f"<p style='line-height: 150%'>{count} can be laid out as {escape(title)} hears them.<br>"
        "Every track becomes a point, and what sounds alike lies together.</p>"
    )


def drawing(heard: int, title: str) -> str:
    """There will be a map in a moment."""
    count = wording.count(heard, "track")
    return (
        "<p style='font-size: 13pt'><b>Your music as a map</b></p>"
        f"<p style='line-height: 150%'>{count} are being laid out as {escape(title)} hears them."
        "<br>The first picture is there in a few seconds.</p>"
    )


def failed(view: JobView) -> str:
    """The map could not be drawn."""
    title = view.title or ("Stopped." if view.state == "cancelled" else "The map could not be drawn.")
    head = "The map was not drawn" if view.state == "cancelled" else title
    hint = "It was stopped before it was finished." if view.state == "cancelled" else view.hint
    return f"<p style='font-size: 13pt'><b>{head}</b></p><p style='line-height: 150%'>{hint}</p>"


def behind(mapping: Mapping) -> str:
    """Why the map before is still shown."""
    heard = 0 if mapping.looked is None else mapping.looked.heard
    if mapping.state == "reading":
        return READING
    why = {
        "few": f"The encoder has listened to {wording.count(heard, 'track')}; its map needs {FEWEST}.",
        "failed": "The map was not drawn.",
    }.get(mapping.state, "There is no such map yet.")
    return f"{why} Still shown: the one before."


def second(mapping: SecondMap) -> str:
    """What the second map is, or why it is not there."""
    if mapping.encoder is None:
        return "There is only one encoder. Import another one, or train one."
    if mapping.job is not None:
        return progress(mapping.job)
    if mapping.state in ("few", "none", "failed"):
        heard = 0 if mapping.looked is None else mapping.looked.heard
        offer = "" if heard < FEWEST else " <a href='draw'>Draw its map</a>"
        return f"It has no map yet; it has listened to {wording.count(heard, 'track')}.{offer}"
    beside = mapping.beside
    if beside is None or not len(beside.compared.tracks):
        return "Comparing…" if mapping.drawing is not None else "Reading its map…"
    share = f"A track keeps {beside.compared.mean:.0%} of its neighbours from one map to the other"
    seeds = [drawing.figure("seed_overlap") for drawing in beside.drawings]
    known = [seed for seed in seeds if not math.isnan(seed)]
    chance = f"chance {beside.compared.blind:.0%}"
    return f"{share} ({f'a mere change of seed: {min(known):.0%}, ' if known else ''}{chance})."
