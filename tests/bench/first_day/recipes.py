"""What is trained, and how: one entry for each encoder that ships, with the words on its card."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lists import FOLDS, Part

from core.training.config import all_trainable


@dataclass(frozen=True)
class Recipe:
    """One encoder.

    Parameters
    ----------
    overrides
        As `earmap train --set`.
    twins
        The same at a small width with several seeds, whose figures its card shows too.
    default
        It was chosen by the figures on its card.
    without
        Soundtracks of its library that are left out, to be asked about.
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
    twins: tuple[Recipe, ...] = ()
    default: bool = False
    without: Part | None = None

    def folds(self, steps: int) -> tuple[Recipe, ...]:
        """The same three times, each without a third of the soundtracks, and for so many steps."""
        return tuple(
            replace(self, name=f"{self.name}-{steps}-{fold}", steps=steps, without=fold) for fold in FOLDS
        )


LIMITS = (
    "It learned from soundtracks of five games and from pieces rendered from MIDI: orchestra, electronic, rock and "
    "ambient; of singing, jazz, classical chamber music and music from outside Europe it has heard little or nothing.",
    "It hears 3 s at a time and averages over the track: form, and what happens only once, hardly count.",
    "It hears one channel up to 8 kHz.",
)

TIMBRE = (
    "That MFCC help beside what it learned was seen with the very instruments and soundtracks that its figures are of, "
    "which flatters these a little."
)

STEPS = {"melcpc": 250}
"""Of the paper's strategies, 500 else: a pair of `melcpc` has 24 s instead of 6, so that it hears twice as much."""
SEEDS = (0, 1, 2)
TWINS = 0.125
"""Width at which every strategy is trained with several seeds, since one run says little of a strategy."""


def of_the_paper(strategy: str, width: float = 0.25) -> Recipe:
    """A strategy as the paper describes it, but for its width."""
    kind, steps = all_trainable()[strategy], STEPS.get(strategy, 500)
    short = f"It learned for {steps} steps of 48 pairs: on more music, and for longer, strategies may rank otherwise."
    return Recipe(
        f"{strategy}-paper-w{width:g}", f"{kind.title} (paper)", kind.summary,
        f"{kind.learns} Trained as the paper describes, with a quarter of its channels, so that strategies can be "
        "compared without training; whoever only looks for what sounds alike takes the default.",
        strategy, "paper", steps, {"width": width, "validate_every": 100}, (*LIMITS, short),
        () if width == TWINS else twins(strategy),
    )  # fmt: skip


def twins(strategy: str) -> tuple[Recipe, ...]:
    """A strategy at a small width, with several seeds."""
    one = of_the_paper(strategy, TWINS)
    return tuple(
        replace(
            one, name=f"{one.name}-s{seed}",
            overrides=one.overrides | {"training.seed": seed, "model.seed": seed},
        )
        for seed in SEEDS
    )  # fmt: skip


BEST = {"width": 0.25, "blocks": "lean", "log_mel": "paper", "reach": 10, "lr": 1e-3, "batch": 96}
"""The default's own choices on top of the preset `modern`; `switches.py` says what each of them does."""

RECIPES = (
    Recipe(
        "earmap-2", "Earmap 2",
        "The default: what goes together in a track, learned from 20 hours of game music, and timbre beside it.",
        "A small network that learned to find, among the moments of a hundred tracks, the one that comes from the "
        "same track within ten seconds, however both are filtered, mixed, noised or transposed. Nobody told it genres, "
        "artists or albums. Beside what it learned stand the MFCC of the sound, which tell instruments apart better.",
        "same-track", "modern", 2400,
        {**BEST, "timbre": True, "validate_every": 250},
        (*LIMITS, TIMBRE), default=True,
    ),
    *map(of_the_paper, all_trainable()),
)  # fmt: skip
