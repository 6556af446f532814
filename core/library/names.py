"""Names that people give to runs and encoders. A run's is also that of a folder, so it must be good for one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from core.errors import UserError

LONGEST = 80
_UNSAFE = re.compile(r'[/\\:*?"<>|]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows opens these as devices


def checked(name: str) -> str:
    """`name` in one spelling (NFC, single spaces).

    Raises
    ------
    UserError
        It cannot be a file's name on every system: empty, too long, a path, a control character, a device.
    """
    clean = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    if not 0 < len(clean) <= LONGEST or len(clean.encode("utf-8", "replace")) > 2 * LONGEST:
        raise UserError(f"A name has between 1 and {LONGEST} letters.", "Choose another name.")
    if not clean.replace(" ", "a").isprintable() or _UNSAFE.search(clean):
        raise UserError(
            f"{name[:LONGEST]!a} cannot be a name.",
            "Slashes, colons and control characters cannot be in it.",
        )
    if clean[0] in ".-" or clean[-1] == "." or _DEVICE.fullmatch(clean):
        raise UserError(f"{clean} cannot be a name.", "It would not work as a file's name everywhere.")
    return clean


def proposal(text: str, fallback: str) -> str:
    """The nearest thing to `text` that `checked` lets through."""
    printable = "".join(
        letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text)
    )
    clean = " ".join(_UNSAFE.sub(" ", printable).split())[:LONGEST].strip(" .-")
    try:
        return checked(clean)
    except UserError:
        return fallback


def unused(base: str, taken: Collection[str]) -> str:
    """`base`, or with the first number that makes it a new name; case does not make a name new."""
    folded = {name.casefold() for name in taken}
    candidate, number = base, 1
    while candidate.casefold() in folded:
        number += 1
        ending = f"-{number}"
        candidate = base[: LONGEST - len(ending)] + ending
    return candidate
