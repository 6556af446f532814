"""What encoders are called in the window."""

from __future__ import annotations

from collections.abc import Iterable

from app.views.encoder_switch import EncoderChoice
from core.bundled import Bundled
from core.library.records import EncoderRecord
from core.settings import FALLBACK_ENCODER
from core.titles import TITLES, words


def choice(record: EncoderRecord) -> EncoderChoice:
    """The encoder for a list of them: its card's words, else the program's, else its name."""
    return EncoderChoice(record.name, *words(record))


def offer(shipped: Bundled) -> EncoderChoice:
    """An encoder that came with the program and has heard nothing here yet."""
    return EncoderChoice(shipped.name, shipped.title, shipped.summary, unheard=True)


def plain() -> EncoderChoice:
    """What needs no file, for a library that it has not listened to."""
    return EncoderChoice(FALLBACK_ENCODER, *TITLES[FALLBACK_ENCODER], unheard=True)


class Titles:
    """What each encoder that was ever seen is called, by its name; also one that has left the library since."""

    def __init__(self) -> None:
        self._known = {name: title for name, (title, _) in TITLES.items()}

    def learn(self, records: Iterable[EncoderRecord], offered: Iterable[Bundled]) -> None:
        """What there is now."""
        choices = [*map(choice, records), *map(offer, offered)]
        self._known |= {choice.key: choice.title for choice in choices}

    def of(self, name: str) -> str:
        """The encoder's title, or its name where nobody has told one."""
        return self._known.get(name, name)
