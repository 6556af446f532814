"""What is trained, and how: one entry for each encoder that ships, with the words on its card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FAST = {"stretch.p": 0, "reverb.p": 0}
"""Without the two effects that take longest; what is left changes the spectrogram as much."""


@dataclass(frozen=True)
class Recipe:
    """One encoder.

    Parameters
    ----------
    overrides
        As `earmap train --set`.
    """

    name: str
    title: str
    summary: str
    description: str
    strategy: str
    preset: str
    steps: int
    overrides: dict[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()


LIMITS = (
    "It learned from soundtracks of five games and from pieces rendered from MIDI: orchestra, electronic, rock and "
    "ambient; of singing, jazz, classical chamber music and music from outside Europe it has heard little or nothing.",
    "It hears 3 s at a time and averages over the track: form, and what happens only once, hardly count.",
    "It hears one channel up to 8 kHz.",
)

RECIPES = (
    Recipe(
        "earmap-1", "Earmap 1", "The default: what goes together in a track, learned from 20 hours of game music.",
        "A small network that learned to find, among the moments of a hundred tracks, the one that comes from the "
        "same track within ten seconds, however both are filtered, mixed, noised or transposed. Nobody told it genres, "
        "artists or albums.",
        "same-track", "modern", 2400,
        {
            **FAST, "width": 0.25, "blocks": "lean", "log_mel": "paper", "reach": 10, "lr": 1e-3, "batch": 96,
            "validate_every": 250,
        },
        LIMITS,
    ),
)  # fmt: skip
