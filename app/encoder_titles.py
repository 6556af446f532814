"""What encoders are called in the window."""

from __future__ import annotations

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
