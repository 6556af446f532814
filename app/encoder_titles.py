"""What encoders are called in the window."""

from __future__ import annotations

from app.views.encoder_switch import EncoderChoice
from core.bundled import Bundled
from core.library.records import EncoderRecord
from core.settings import FALLBACK_ENCODER

# Encoders that come without a card of their own in the program's words.
TITLES = {
    "mfcc": ("Timbre (MFCC)", "Compares the colour of the sound; knows nothing of melody or rhythm."),
    "random": ("Untrained", "A network that has learned nothing: what any other has to beat."),
    "random-multi": ("Untrained, all levels", "As Untrained, with the network's inner levels added."),
}


def choice(record: EncoderRecord) -> EncoderChoice:
    """The encoder for a list of them: its card's words, else the program's, else its name."""
    title, tip = TITLES.get(record.name, (record.name, ""))
    return EncoderChoice(
        record.name, str(record.card.get("title") or title), str(record.card.get("summary") or tip)
    )


def offer(shipped: Bundled) -> EncoderChoice:
    """An encoder that came with the program and has heard nothing here yet."""
    return EncoderChoice(shipped.name, shipped.title, shipped.summary, unheard=True)


def plain() -> EncoderChoice:
    """What needs no file, for a library that it has not listened to."""
    words, tip = TITLES[FALLBACK_ENCODER]
    return EncoderChoice(FALLBACK_ENCODER, words, tip, unheard=True)


def title(name: str) -> str:
    """The program's word for an encoder that may have left the library; else its name."""
    return TITLES.get(name, (name, ""))[0]
