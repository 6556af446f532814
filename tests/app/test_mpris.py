"""Media controls over a real session bus, started for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jeepney import DBusAddress, new_method_call
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.mpris import Mpris
from app.mpris_state import NAME, NO_TRACK
from app.player import Playable, Player
from app.theme import Theme
from app.views.player_bar import PlayerBar
from tests.listening import until
from tests.session_bus import Remote

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="MPRIS is of the free desktops")


class Desk:
    """A player bar in a window, whose player finds no sound card, and what tells the bus of it."""

    def __init__(self, app: QApplication) -> None:
        self.window, theme, self.player = QMainWindow(), Theme(app, "light"), Player(volume=0.5)
        self.actions = Actions(self.window, theme)
        self.bar = PlayerBar(self.player, theme, self.actions)
        self.window.setCentralWidget(self.bar)
        self.mpris = Mpris(self.player, self.actions)

    def close(self) -> None:
        self.mpris.close()
        self.player.close()


@pytest.fixture
def session_bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bus that `dbus-run-session` has started; it ends with the test."""
    if not shutil.which("dbus-run-session"):
        pytest.fail("dbus-run-session is missing: resources/setup.sh installs it for the tests")
    with subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as bus:  # fmt: skip
        assert bus.stdin is not None
        assert bus.stdout is not None
        address = bus.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        bus.stdin.close()


@pytest.fixture
def remote(session_bus: str) -> Iterator[Remote]:
    """Somebody on the bus."""
    remote = Remote(session_bus)
    yield remote
    remote.close()


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, no_card: None) -> Iterator[Desk]:
    desk = Desk(qapp)
    qtbot.addWidget(desk.window)
    yield desk
    desk.close()


@pytest.fixture
def no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asound.conf").write_text("pcm.!default { type unheard_of }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))


def track(number: int, path: bytes = b"/music/a b\xff.mp3") -> Playable:
    return Playable(number, path, f"Title {number} \udcff\0", "Somebody", 200.0)


def on_the_bus(qtbot: QtBot, desk: Desk, remote: Remote, name: str = NAME) -> None:
    desk.mpris.start()
    until(qtbot, lambda: name in remote.names())


def test_what_plays_is_told(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    on_the_bus(qtbot, desk, remote)
    before = remote.everything(NAME)
    assert before["PlaybackStatus"] == ("s", "Stopped")
    assert before["Metadata"] == ("a{sv}", {"mpris:trackid": ("o", NO_TRACK)})
    assert (before["CanPlay"], before["Position"]) == (("b", False), ("x", 0))
    assert remote.everything(NAME, root=True)["Identity"] == ("s", "Earmap")
    desk.player.play([track(1), track(2)])
    heard = remote.signals(lambda signals: any("Metadata" in signal.body[1] for signal in signals))
    changed = {name: value for signal in heard for name, value in signal.body[1].items()}
    assert changed["PlaybackStatus"] == ("s", "Playing")
    now = remote.everything(NAME)
    kind, metadata = now["Metadata"]
    assert kind == "a{sv}"
    assert metadata["mpris:length"] == ("x", 200_000_000)
    assert metadata["xesam:title"] == ("s", "Title 1 ?")
    assert metadata["xesam:artist"] == ("as", ["Somebody"])
    assert metadata["xesam:url"] == ("s", "file:///music/a%20b%FF.mp3")
    assert (now["CanGoNext"], now["CanGoPrevious"]) == (("b", True), ("b", True))
    desk.player.next()
    until(qtbot, lambda: remote.everything(NAME)["Metadata"][1]["xesam:title"] == ("s", "Title 2 ?"))
    assert remote.everything(NAME)["Metadata"][1]["mpris:trackid"] != metadata["mpris:trackid"]
    assert remote.everything(NAME)["CanGoNext"] == ("b", False)


def test_a_hidden_track_stays_hidden(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    on_the_bus(qtbot, desk, remote)
    desk.player.audition([replace(track(1), hidden=True, start_s=70.0, length_s=5.0)])
    until(qtbot, lambda: remote.everything(NAME)["PlaybackStatus"] == ("s", "Playing"))
    told = remote.everything(NAME)
    assert set(told["Metadata"][1]) == {"mpris:trackid", "xesam:title"}
    assert told["Metadata"][1]["xesam:title"] == ("s", "A hidden track")
    assert (told["Position"], told["CanSeek"]) == (("x", 0), ("b", False))


def test_what_is_asked_for_is_done(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    player = desk.player
    on_the_bus(qtbot, desk, remote)
    remote.call(NAME, "Next")  # nothing there: nothing happens
    player.play([track(1), track(2), track(3)])
    for method, states in (
        ("PlayPause", {"paused"}), ("Pause", {"paused"}),
        ("Play", {"playing", "waiting"}), ("Play", {"playing", "waiting"}),
    ):  # fmt: skip
        remote.call(NAME, method)
        qtbot.wait(20)
        assert player.state in states
    remote.call(NAME, "Next")
    until(qtbot, lambda: player.index == 1)
    trackid = remote.everything(NAME)["Metadata"][1]["mpris:trackid"][1]
    remote.call(NAME, "SetPosition", "ox", trackid, 50_000_000)
    until(qtbot, lambda: player.seconds == 50)
    remote.signals(lambda signals: any(signal.body == (50_000_000,) for signal in signals))  # Seeked
    until(qtbot, lambda: remote.everything(NAME)["Position"] == ("x", 50_000_000))
    remote.call(NAME, "SetPosition", "ox", trackid, 900_000_000)
    remote.call(NAME, "SetPosition", "ox", "/another/track", 1_000_000)
    remote.call(NAME, "Seek", "x", -20_000_000)
    until(qtbot, lambda: player.seconds == 30)
    remote.call(NAME, "Seek", "x", 300_000_000)
    until(qtbot, lambda: player.index == 2)
    remote.set(NAME, "Volume", "d", 0.25)
    until(qtbot, lambda: player.volume == 0.25)
    until(qtbot, lambda: remote.everything(NAME)["Volume"] == ("d", 0.25))
    remote.call(NAME, "Stop")
    until(qtbot, lambda: player.state == "stopped")
    with qtbot.waitSignals([desk.mpris.raise_wanted, desk.mpris.quit_wanted]):
        remote.call(NAME, "Raise", root=True)
        remote.call(NAME, "Quit", root=True)


def told(desk: Desk, remote: Remote) -> tuple[object, object, object]:
    now = remote.everything(desk.mpris.name)
    return now["Shuffle"][1], now["LoopStatus"][1], now["CanGoNext"][1]


def test_shuffle_and_repeat_are_told_and_set(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    player = desk.player
    on_the_bus(qtbot, desk, remote)
    player.play([track(n) for n in range(9)], at=8)
    until(qtbot, lambda: told(desk, remote) == (False, "None", False))
    desk.actions["repeat-all"].trigger()
    heard = remote.signals(lambda signals: any("LoopStatus" in signal.body[1] for signal in signals))
    changed = {name: value for signal in heard for name, value in signal.body[1].items()}
    assert (changed["LoopStatus"], changed["CanGoNext"]) == (("s", "Playlist"), ("b", True))
    remote.set(NAME, "LoopStatus", "s", "Track")
    until(qtbot, lambda: player.repeat == "one")
    until(qtbot, lambda: told(desk, remote) == (False, "Track", False))
    remote.set(NAME, "LoopStatus", "s", "Playlist")
    until(qtbot, lambda: player.repeat == "all")
    remote.set(NAME, "Shuffle", "b", True)
    until(qtbot, lambda: player.shuffle)
    heard = remote.signals(lambda signals: any("Shuffle" in signal.body[1] for signal in signals))
    assert heard[-1].body[1]["Shuffle"] == ("b", True)
    remote.set(NAME, "Shuffle", "b", True)  # so it is already
    remote.call(NAME, "Next")  # the last one's follower is the first of the next lap
    until(qtbot, lambda: player.index == 0)
    assert player.shuffle
    player.play([track(1), track(2)], fixed=True)
    remote.set(NAME, "Shuffle", "b", False)
    remote.set(NAME, "LoopStatus", "s", "None")
    until(qtbot, lambda: player.repeat == "off")
    assert player.shuffle, "a radio is not shuffled, so that there is nothing to set"
    for name, kind, value in (
        ("LoopStatus", "s", "Forever"),
        ("Shuffle", "s", "yes"),
        ("LoopStatus", "b", True),
    ):
        with pytest.raises(LookupError):
            remote.set(NAME, name, kind, value)


def test_the_description_names_what_there_is(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    on_the_bus(qtbot, desk, remote)
    address = DBusAddress("/org/mpris/MediaPlayer2", NAME, "org.freedesktop.DBus.Introspectable")
    (text,) = remote.bus_call(new_method_call(address, "Introspect"))
    described = {
        interface.attrib["name"]: {p.attrib["name"]: p.attrib["type"] for p in interface.iter("property")}
        for interface in ET.fromstring(text)
    }
    for root, interface in ((True, "org.mpris.MediaPlayer2"), (False, "org.mpris.MediaPlayer2.Player")):
        told = remote.everything(NAME, root=root)
        assert described[interface] == {name: kind for name, (kind, _) in told.items()}
    with pytest.raises(LookupError, match="no such object"):
        remote.bus_call(new_method_call(DBusAddress("/elsewhere", NAME, "org.mpris.MediaPlayer2"), "Raise"))


def test_what_makes_no_sense_is_refused(qtbot: QtBot, desk: Desk, remote: Remote) -> None:
    on_the_bus(qtbot, desk, remote)
    for method, signature, arguments in (
        ("OpenUri", "s", ("file:///x",)), ("Seek", "s", ("far",)), ("Seek", "", ()), ("Dance", "", ()),
    ):  # fmt: skip
        with pytest.raises(LookupError, match=r"Earmap|takes other"):
            remote.call(NAME, method, signature, *arguments)
    for name, signature, value in (("Volume", "s", "loud"), ("Position", "x", 3), ("Colour", "s", "red")):
        with pytest.raises(LookupError):
            remote.set(NAME, name, signature, value)
    remote.set(NAME, "Volume", "d", float("nan"))
    assert remote.everything(NAME)["Volume"] == ("d", 0.5)


def test_a_second_window_has_a_name_of_its_own(
    qtbot: QtBot, qapp: QApplication, desk: Desk, remote: Remote
) -> None:
    on_the_bus(qtbot, desk, remote)
    other = Desk(qapp)
    qtbot.addWidget(other.window)
    on_the_bus(qtbot, other, remote, f"{NAME}.instance{os.getpid()}")
    assert remote.names() == [desk.mpris.name, other.mpris.name]
    other.close()
    until(qtbot, lambda: remote.names() == [NAME])


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "tcp:host=localhost", "nonsense"])
def test_without_a_bus_nothing_happens(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    desk.mpris.start()
    desk.player.play([track(1)])
    until(qtbot, lambda: not desk.mpris._bus.is_alive())
    assert desk.mpris.name == ""
