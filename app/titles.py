"""What encoders that were ever seen are called. Loads nothing: it is there before the window is seen."""

from __future__ import annotations

from collections.abc import Iterable

from app.views.encoder_switch import EncoderChoice
from core.titles import TITLES


class Titles:
    """Titles by name, also of encoders that have left the library since."""

    def __init__(self) -> None:
        self._known = {name: title for name, (title, _) in TITLES.items()}

    def learn(self, choices: Iterable[EncoderChoice]) -> None:
        """What there is to choose from now."""
        self._known |= {choice.key: choice.title for choice in choices}

    def of(self, name: str) -> str:
        """The encoder's title, or its name where nobody has told one."""
        return self._known.get(name, name)
