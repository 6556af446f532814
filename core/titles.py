"""What encoders are called where a person reads: in the window, in receipts. Without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window's first moment has no time for the database
    from core.library.records import EncoderRecord

# Encoders that come without a card of their own in the program's words: title, summary.
TITLES = {
    "mfcc": ("Timbre (MFCC)", "Compares the colour of the sound; knows nothing of melody or rhythm."),
    "random": ("Untrained", "A network that has learned nothing: what any other has to beat."),
    "random-multi": ("Untrained, all levels", "As Untrained, with the network's inner levels added."),
}


def words(record: EncoderRecord) -> tuple[str, str]:
    """Title and summary: its card's, else the program's, else its name."""
    title, summary = TITLES.get(record.name, (record.name, ""))
    return str(record.card.get("title") or title), str(record.card.get("summary") or summary)
