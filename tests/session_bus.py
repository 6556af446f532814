"""Somebody on the session bus who uses the media controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, MatchRule, Message, MessageType, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection


class Remote:
    """A media control: calls methods, reads properties, hears signals."""

    def __init__(self, address: str) -> None:
        self._connection: DBusConnection = open_dbus_connection(address)
        rule = MatchRule(type="signal", path="/org/mpris/MediaPlayer2")
        self.bus_call(message_bus.AddMatch(rule))

    def bus_call(self, message: Message) -> Any:
        """The answer's body."""
        reply = self._connection.send_and_get_reply(message, timeout=5)
        if reply.header.message_type == MessageType.error:
            raise LookupError(*reply.body)
        return reply.body

    def names(self) -> list[str]:
        """Of the players on the bus."""
        (names,) = self.bus_call(message_bus.ListNames())
        return sorted(name for name in names if name.startswith("org.mpris.MediaPlayer2."))

    def call(self, name: str, method: str, signature: str = "", *arguments: Any, root: bool = False) -> Any:
        """One of the player's methods."""
        message = new_method_call(self._address(name, root=root), method, signature or None, arguments)
        return self.bus_call(message)

    def everything(self, name: str, *, root: bool = False) -> dict[str, tuple[str, Any]]:
        """All properties, with their types."""
        (properties,) = self.bus_call(Properties(self._address(name, root=root)).get_all())
        return dict(properties)

    def set(self, name: str, property_: str, signature: str, value: Any) -> None:
        """One of the properties."""
        self.bus_call(Properties(self._address(name)).set(property_, signature, value))

    def signals(self, wanted: Callable[[list[Message]], bool]) -> list[Message]:
        """What the player says, until that is enough."""
        heard: list[Message] = []
        while not wanted(heard):
            heard.append(self._connection.receive(timeout=5))
        return heard

    def close(self) -> None:
        """Leave."""
        self._connection.close()

    @staticmethod
    def _address(name: str, *, root: bool = False) -> DBusAddress:
        interface = "org.mpris.MediaPlayer2" + ("" if root else ".Player")
        return DBusAddress("/org/mpris/MediaPlayer2", bus_name=name, interface=interface)
