"""What MPRIS says of a player: its names, its properties, and how they are described.

https://specifications.freedesktop.org/mpris-spec/latest/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAME = "org.mpris.MediaPlayer2.earmap"
PATH = "/org/mpris/MediaPlayer2"
ROOT = "org.mpris.MediaPlayer2"
PLAYER = "org.mpris.MediaPlayer2.Player"
PROPERTIES = "org.freedesktop.DBus.Properties"
NO_TRACK = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
"""What is said of the present track where there is none."""

_PREFIX = "/org/earmap/track/"
Variant = tuple[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """What the player does.

    Parameters
    ----------
    status
        "Playing", "Paused" or "Stopped".
    place
        Names the present track's place in the queue; None where there is none.
    seconds, position
        Of the present track (s).
    url
        Of its file, percent-encoded.
    loop
        "None", "Playlist" or "Track".
    jumps
        Grows whenever the position changes other than by playing.
    """

    status: str = "Stopped"
    place: int | None = None
    title: str = ""
    artist: str = ""
    seconds: float | None = None
    url: str = ""
    position: float = 0.0
    jumps: int = 0
    volume: float = 1.0
    shuffle: bool = False
    loop: str = "None"
    can_next: bool = False
    can_previous: bool = False
    can_play: bool = False
    can_seek: bool = False

    @property
    def track(self) -> str:
        """The present track's object path."""
        return NO_TRACK if self.place is None else f"{_PREFIX}{self.place}"

    @property
    def metadata(self) -> dict[str, Variant]:
        """What is known of the present track."""
        told: dict[str, Variant] = {"mpris:trackid": ("o", self.track)}
        if self.seconds:
            told["mpris:length"] = ("x", microseconds(self.seconds))
        for name, text in (("xesam:title", self.title), ("xesam:url", self.url)):
            if text:
                told[name] = ("s", _plain(text))
        if self.artist:
            told["xesam:artist"] = ("as", [_plain(self.artist)])
        return told

    def properties(self) -> dict[str, Variant]:
        """Of the interface `Player`."""
        return {
            "PlaybackStatus": ("s", self.status), "Metadata": ("a{sv}", self.metadata),
            "Position": ("x", microseconds(self.position)), "Volume": ("d", self.volume),
            "Shuffle": ("b", self.shuffle), "LoopStatus": ("s", self.loop),
            "Rate": ("d", 1.0), "MinimumRate": ("d", 1.0), "MaximumRate": ("d", 1.0),
            "CanGoNext": ("b", self.can_next), "CanGoPrevious": ("b", self.can_previous),
            "CanPlay": ("b", self.can_play), "CanPause": ("b", self.can_play),
            "CanSeek": ("b", self.can_seek), "CanControl": ("b", True),
        }  # fmt: skip


ROOT_PROPERTIES: dict[str, Variant] = {
    "CanQuit": ("b", True), "CanRaise": ("b", True), "HasTrackList": ("b", False),
    "Identity": ("s", "Earmap"), "SupportedUriSchemes": ("as", []), "SupportedMimeTypes": ("as", []),
}  # fmt: skip

WRITABLE = ("Volume", "Rate", "Shuffle", "LoopStatus")
LOOPS = ("None", "Playlist", "Track")

_INTROSPECTION = """<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>
 <interface name="org.freedesktop.DBus.Properties">
  <method name="Get"><arg type="s" direction="in"/><arg type="s" direction="in"/>
   <arg type="v" direction="out"/></method>
  <method name="GetAll"><arg type="s" direction="in"/><arg type="a{sv}" direction="out"/></method>
  <method name="Set"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="v" direction="in"/></method>
  <signal name="PropertiesChanged"><arg type="s"/><arg type="a{sv}"/><arg type="as"/></signal>
 </interface>
 <interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect"><arg type="s" direction="out"/></method>
 </interface>
 <interface name="org.mpris.MediaPlayer2"><method name="Raise"/><method name="Quit"/>%s</interface>
 <interface name="org.mpris.MediaPlayer2.Player">
  <method name="Next"/><method name="Previous"/><method name="Pause"/><method name="PlayPause"/>
  <method name="Stop"/><method name="Play"/>
  <method name="Seek"><arg name="Offset" type="x" direction="in"/></method>
  <method name="SetPosition"><arg name="TrackId" type="o" direction="in"/>
   <arg name="Position" type="x" direction="in"/></method>
  <method name="OpenUri"><arg name="Uri" type="s" direction="in"/></method>
  <signal name="Seeked"><arg name="Position" type="x"/></signal>%s
 </interface>
</node>"""


def introspection() -> str:
    """The object in the bus' own words."""

    def described(properties: dict[str, Variant]) -> str:
        return "".join(
            f'<property name="{name}" type="{kind}" access="{"readwrite" if name in WRITABLE else "read"}"/>'
            for name, (kind, _) in properties.items()
        )

    return _INTROSPECTION % (described(ROOT_PROPERTIES), described(Snapshot().properties()))


def microseconds(seconds: float) -> int:
    """MPRIS' unit of time."""
    return round(seconds * 1e6)


def _plain(text: str) -> str:
    """Text that the bus takes: UTF-8 without NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
