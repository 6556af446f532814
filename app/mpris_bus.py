"""The session bus' end of MPRIS, in a thread of its own: the window never waits for the bus.

The desktop's media controls, its media keys and remote controls speak `org.mpris.MediaPlayer2`
(https://specifications.freedesktop.org/mpris-spec/latest/). Every question is answered from a
`Snapshot` that the window replaces; every order is passed on.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageFlag,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.auth import AuthenticationError
from jeepney.io.common import RouterClosed
from jeepney.io.threading import DBusConnection, ReceiveStopped, open_dbus_connection

from app.mpris_state import (
    LOOPS,
    NAME,
    PATH,
    PLAYER,
    PROPERTIES,
    ROOT,
    ROOT_PROPERTIES,
    WRITABLE,
    Snapshot,
    introspection,
    microseconds,
)

_LOG = logging.getLogger(__name__)

_DO_NOT_QUEUE, _TAKEN = 4, 3

Order = Callable[[str, Any], None]

_ORDERS = {
    ROOT: ("Raise", "Quit"),
    PLAYER: ("Next", "Previous", "Pause", "PlayPause", "Stop", "Play", "Seek", "SetPosition"),
}


def _address() -> str | None:
    """The session bus' address; None where there is no bus. None is ever started."""
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if told:
        return told
    usual = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere") / "bus"
    return f"unix:path={usual}" if usual.exists() else None


class BusThread(threading.Thread):
    """Serves the bus until it is closed, or the bus is gone.

    Parameters
    ----------
    order
        Called in this thread with what somebody on the bus wants: the method's name and its argument.
    """

    def __init__(self, order: Order) -> None:
        super().__init__(name="mpris", daemon=True)
        self._order = order
        self._snapshot = self._told = Snapshot()
        self._connection: DBusConnection | None = None
        self._closing = False
        self._naming = 0
        self.name_owned = ""
        """The bus name that was given to this process."""

    def publish(self, snapshot: Snapshot) -> None:
        """What the player does now."""
        # Only a position that moved is not worth waking up for: whoever wants to know it asks.
        before, self._snapshot = self._snapshot, snapshot
        if _without_position(before) != _without_position(snapshot):
            self._wake()

    def close(self) -> None:
        """End soon."""
        self._closing = True
        self._wake()

    def _wake(self) -> None:
        connection = self._connection
        if connection is not None:
            try:
                connection.interrupt()
            except OSError:  # the bus went away this moment
                return

    def run(self) -> None:
        """Connect, ask for a name, serve."""
        address = _address()
        if address is None:
            return
        try:
            self._connection = open_dbus_connection(address)
            self._serve(self._connection)
        except (
            OSError,
            RuntimeError,
            ValueError,
            StopIteration,
            AuthenticationError,
            RouterClosed,
        ) as problem:
            _LOG.info("No media controls: the session bus cannot be used (%s).", problem)
        finally:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _serve(self, connection: DBusConnection) -> None:
        self._ask_for(connection, NAME)
        while not self._closing:
            self._tell_changes(connection)
            try:
                message = connection.receive()
            except ReceiveStopped:
                connection.reset_interrupt()
                continue
            if message.header.message_type == MessageType.method_call:
                self._answer(connection, message)
            elif message.header.fields.get(HeaderFields.reply_serial) == self._naming:
                self._named(connection, message)

    # The name

    def _ask_for(self, connection: DBusConnection, name: str) -> None:
        self._naming = next(connection.outgoing_serial)
        self.name_owned = name
        connection.send(message_bus.RequestName(name, _DO_NOT_QUEUE), serial=self._naming)

    def _named(self, connection: DBusConnection, reply: Message) -> None:
        """Another window has the name: this one gets a longer one."""
        if reply.body[:1] == (_TAKEN,) and self.name_owned == NAME:
            self._ask_for(connection, f"{NAME}.instance{os.getpid()}")

    # What changed

    def _tell_changes(self, connection: DBusConnection) -> None:
        before, now = self._told, self._snapshot
        self._told = now
        if _without_position(before) == _without_position(now):
            return
        old, new = before.properties(), now.properties()
        changed = {name: value for name, value in new.items() if name != "Position" and old[name] != value}
        if changed:
            body: tuple[Any, ...] = (PLAYER, changed, [])
            connection.send(
                new_signal(DBusAddress(PATH, interface=PROPERTIES), "PropertiesChanged", "sa{sv}as", body)
            )
        if now.jumps != before.jumps:
            address = DBusAddress(PATH, interface=PLAYER)
            connection.send(new_signal(address, "Seeked", "x", (microseconds(now.position),)))

    # Questions and orders

    def _answer(self, connection: DBusConnection, call: Message) -> None:
        fields = call.header.fields
        interface, member = fields.get(HeaderFields.interface, ""), fields[HeaderFields.member]
        if fields.get(HeaderFields.path) != PATH and not interface.endswith((".Introspectable", ".Peer")):
            reply = new_error(
                call, "org.freedesktop.DBus.Error.UnknownObject", "s", ("There is no such object.",)
            )
        else:
            reply = self._reply(call, interface, member)
        if not call.header.flags & MessageFlag.no_reply_expected:
            connection.send(reply)

    def _reply(self, call: Message, interface: str, member: str) -> Message:
        if interface == PROPERTIES:
            return self._property(call, member)
        if interface.endswith(".Peer") and member == "Ping":
            return new_method_return(call)
        if interface.endswith(".Introspectable"):
            return new_method_return(call, "s", (introspection(),))
        if member not in _ORDERS.get(interface, ()):
            return _error(call, "UnknownMethod", f"Earmap has no {member}.")
        signature = call.header.fields.get(HeaderFields.signature, "")
        if signature != _SIGNATURES.get(member, ""):
            return _error(call, "InvalidArgs", f"{member} takes other arguments.")
        self._obey(member, call.body)
        return new_method_return(call)

    def _obey(self, member: str, arguments: tuple[Any, ...]) -> None:
        if member == "SetPosition":
            track, position = arguments
            end = microseconds(self._snapshot.seconds or 1e9)
            if track == self._snapshot.track and 0 <= position <= end:
                self._order("SetPosition", position / 1e6)
        else:
            self._order(member, arguments[0] / 1e6 if member == "Seek" else None)

    def _property(self, call: Message, member: str) -> Message:
        if not call.body or call.header.fields.get(HeaderFields.signature) != _SIGNATURES.get(member):
            return _error(call, "InvalidArgs", "Earmap does not understand this.")
        properties = {ROOT: ROOT_PROPERTIES, PLAYER: self._snapshot.properties()}.get(call.body[0], {})
        if member == "GetAll":
            return new_method_return(call, "a{sv}", (properties,))
        name = call.body[1]
        if name not in properties:
            return _error(call, "UnknownProperty", f"Earmap has no property {name}.")
        if member == "Get":
            return new_method_return(call, "v", (properties[name],))
        kind, value = call.body[2]
        if kind != properties[name][0] or name not in WRITABLE:
            return _error(call, "PropertyReadOnly", f"{name} cannot be set to that.")
        if name == "LoopStatus" and value not in LOOPS:
            return _error(call, "InvalidArgs", f"Earmap has no {name} of that name.")
        self._order(f"Set{name}", value)
        return new_method_return(call)


_SIGNATURES = {"Get": "ss", "GetAll": "s", "Set": "ssv", "Seek": "x", "SetPosition": "ox"}


def _error(call: Message, name: str, text: str) -> Message:
    return new_error(call, f"org.freedesktop.DBus.Error.{name}", "s", (text,))


def _without_position(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, position=0.0)
