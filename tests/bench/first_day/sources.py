"""Whose music encoders learn from, and under which licence: for their cards."""

from __future__ import annotations

SOURCES: dict[str, tuple[str, str]] = {
    "0ad-data": ("Soundtrack of 0 A.D.", "CC BY-SA 3.0"),
    "asc-music": ("Soundtrack of Advanced Strategic Command", "GPL-2.0-or-later"),
    "colobot-common-sounds": ("Soundtrack of Colobot", "GPL-3.0-or-later"),
    "enigma-data": ("Soundtrack of Enigma", "GPL-2.0"),
    "extremetuxracer-data": ("Soundtrack of Extreme Tux Racer", "GPL-2.0-or-later"),
    "fillets-ng-data": ("Soundtrack of Fish Fillets", "GPL-2.0"),
    "fretsonfire-songs-muldjord": ("Songs by Muldjord for Frets on Fire", "CC BY-SA 3.0"),
    "fretsonfire-songs-sectoid": ("Songs by Sectoid for Frets on Fire", "MIT"),
    "hedgewars-data": ("Soundtrack of Hedgewars", "GPL-2.0"),
    "naev-data": (
        "Soundtrack of Naev",
        "GPL-2.0-or-later, GPL-3.0, CC BY 3.0, CC BY-SA 3.0, public domain, by track",
    ),
    "nexuiz-music": ("Soundtrack of Nexuiz", "GPL-2.0-or-later"),
    "pushover-data": ("Soundtrack of Pushover", "GPL-3.0-or-later"),
    "singularity-music": ("Soundtrack of Endgame: Singularity", "CC BY-SA 3.0"),
    "supertuxkart-data": ("Soundtrack of SuperTuxKart", "CC BY-SA 3.0, CC BY-SA 4.0, GPL, by track"),
    "ufoai-music": (
        "Soundtrack of UFO: Alien Invasion",
        "GPL-2.0, GPL-2.0-or-later, CC BY 3.0, CC BY-SA 3.0, public domain, by track",
    ),
    "warzone2100-music": ("Soundtrack of Warzone 2100", "GPL-2.0-or-later"),
    "wesnoth-1.16-music": ("Soundtrack of The Battle for Wesnoth", "GPL-2.0-or-later"),
    "widelands-data": ("Soundtrack of Widelands", "GPL-2.0-or-later, CC BY-SA 3.0, by track"),
    "xmoto-data": ("Soundtrack of X-Moto", "GPL-2.0-or-later"),
}
RENDERED = (
    "Pieces rendered from MIDI: grooves of Musical MIDI Accompaniment, Fluid R3 and TimGM6mb",
    "GPL-2.0, MIT",
)
