"""The library's figures in words; they reconcile: found is the sum of what follows it."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QLabel, QSizePolicy

from app import wording
from core.library.records import Counts

# (field, word, what to search for); found = their sum.
PARTS = (
    ("embedded", "listened to", "state:embedded"), ("partial", "in part", "state:partial"),
    ("failed", "failed", "state:failed"), ("skipped", "left out", "state:skipped"),
    ("pending", "waiting", "state:pending"),
)  # fmt: skip
APART = (
    ("duplicates", "of them the same as another"),
    ("missing", "gone from disk"),
    ("other_files", "not audio"),
)


def short(counts: Counts) -> str:
    """`470 tracks`, `470 · 3 failed`: what a line has room for."""
    extra = [f"{counts.pending:,} waiting"] if counts.pending else []
    extra += [f"{counts.failed:,} failed"] if counts.failed and not counts.pending else []
    return " · ".join([f"{counts.found:,}", *extra]) if extra else wording.count(counts.found, "track")


def details(counts: Counts, path: str = "") -> str:
    """All figures, a line each, for a tooltip."""
    lines = [path] if path else []
    lines.append(f"{counts.found:,} found, of which")
    lines += [f"  {getattr(counts, field):,} {word}" for field, word, _ in PARTS if getattr(counts, field)]
    apart = [f"{getattr(counts, field):,} {word}" for field, word in APART if getattr(counts, field)]
    apart += [f"{counts.offline:,} in folders that are not connected"] if counts.offline else []
    return "\n".join([*lines, *apart])


def sentence(counts: Counts) -> str:
    """Rich text in one line; each figure is a link to the search that lists it."""
    parts = [
        _link(query, f"{getattr(counts, field):,} {word}")
        for field, word, query in PARTS
        if getattr(counts, field) or field == "embedded"
    ]
    text = f"{counts.found:,} found = {' + '.join(parts)}"
    apart = [f"{getattr(counts, field):,} {word}" for field, word in APART[:2] if getattr(counts, field)]
    apart += [_link("state:offline", f"{counts.offline:,} not connected")] if counts.offline else []
    return " &nbsp;·&nbsp; ".join([text, *apart])


def _link(query: str, text: str) -> str:
    return f'<a href="{escape(query)}" style="text-decoration: none">{text}</a>'


class CountsLine(QLabel):
    """The figures under the table; `linkActivated(query)` fires when one is clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "muted")
        self.setContentsMargins(14, 7, 14, 7)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # never widens the window

    def show_counts(self, counts: Counts) -> None:
        """Show these figures."""
        self.setText(sentence(counts))
        self.setToolTip(details(counts))
