"""A curve as it is drawn: its colour and its style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.charts.series import Curve

Style = Literal["line", "faint", "marks", "area"]


@dataclass(frozen=True)
class Line:
    """A curve as it is drawn.

    Parameters
    ----------
    key
        What it is from one drawing to the next.
    name
        For the readout; None: it is not read out.
    style
        faint: what was measured, behind its moving average. marks: measured now and then. area: filled down to 0.
    told
        What is read out instead of `curve`, where that stands on others.
    """

    key: str
    curve: Curve
    colour: str
    name: str | None = ""
    style: Style = "line"
    told: Curve | None = None

    def same(self, other: Line | None) -> bool:
        """Whether nothing would look different."""
        return other is not None and (
            (self.colour, self.style) == (other.colour, other.style) and self.curve.same(other.curve)
        )
