"""The process that plays: commands in, sound out, events back."""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.playback.deadline import deadline, end_when_asked, load
from app.playback.feeder import Feeder, Sound
from app.playback.mixer import gain_of
from app.playback.previews import Previews
from app.playback.protocol import EXIT_STUCK, Channel, Item, Message

if TYPE_CHECKING:
    from app.playback.output import Output

_TICK_S = 0.05
_RETRY_S = 2.0
"""How often a missing card is looked for (s)."""

_IDLE_S = 10.0
"""Paused for so long, the card is given back (s)."""

_PREFILL_S = 0.2
"""Decoded before anything is heard (s)."""


class Engine:
    """Holds queue, card and decoder together; one thread, a tick every 50 ms.

    Parameters
    ----------
    channel
        The window.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._items: list[Item] = []
        self._key: int | None = None
        self._seconds = 0.0
        self._wanted = False
        self._volume = 1.0
        self._sound = Sound()
        self._device = ""
        self._output: Output | None = None
        self._feeder: Feeder | None = None
        self._previews: Previews | None = None
        self._previewed: Item | None = None
        self._retry_at = 0.0
        self._idle_since = 0.0
        self._told: tuple[str, str] = ("", "")
        self._from_start = False
        self._faults = 0
        self._order = 0
        self._verbs: dict[str, Callable[[Message], None]] = {
            "play": self._on_play,
            "edit": self._on_edit,
            "seek": self._on_seek,
            "pause": self._on_pause,
            "resume": self._on_resume,
            "stop": self._on_stop,
            "volume": self._on_volume,
            "device": self._on_device,
            "sound": self._on_sound,
            "preview": self._on_preview,
            "stop-preview": self._on_stop_preview,
        }

    def serve(self) -> None:
        """Work until the window is gone."""
        while True:
            busy = self._output or self._wanted or self._previewed
            try:
                self._obey(self._channel.receive(_TICK_S if busy else None))
            except queue.Empty:
                pass
            except EOFError:
                break
            self._tick()
        self._close_output()

    # Commands

    def _obey(self, message: Message) -> None:
        if "order" in message:
            # The window takes an order for done until it hears otherwise: say how things are once more.
            self._order, self._told = message["order"], ("", "")
        self._verbs[message["do"]](message)

    def _send(self, event: str, **message: Any) -> None:
        """Every event names the last order obeyed, so that the window can tell what is out of date."""
        self._channel.send(event=event, order=self._order, **message)

    def _on_play(self, message: Message) -> None:
        """A new queue, from the item `key` at `seconds`; silent where `playing` is false."""
        self._items = [Item.from_json(item) for item in message["items"]]
        self._wanted = message["playing"]
        self._go(message["key"], message["seconds"])

    def _on_edit(self, message: Message) -> None:
        """A changed queue; what is heard goes on."""
        self._items = [Item.from_json(item) for item in message["items"]]
        if self._feeder is not None and self._key is not None and not self._feeder.edit(self._items):
            self._go(self._key, self._seconds)

    def _on_seek(self, message: Message) -> None:
        if self._key is not None:
            self._go(self._key, message["seconds"])

    def _on_pause(self, _message: Message) -> None:
        self._wanted = self._from_start = False
        self._idle_since = time.monotonic()
        if self._output:
            self._output.mixer.open = False

    def _on_resume(self, _message: Message) -> None:
        self._wanted = self._key is not None
        self._retry_at = 0.0

    def _on_stop(self, _message: Message) -> None:
        self._wanted, self._key = False, None
        self._idle_since = time.monotonic()
        if self._output and self._feeder:
            self._output.hush()
            self._feeder.halt()

    def _on_volume(self, message: Message) -> None:
        self._volume = message["volume"]
        if self._output:
            self._output.mixer.level = gain_of(self._volume)

    def _on_sound(self, message: Message) -> None:
        """Cross-fade and ReplayGain; what is decoded already is decoded again."""
        sound = Sound(message["crossfade_s"], message["replaygain"])
        if sound == self._sound:
            return
        self._sound = sound
        if self._key is not None and self._output:
            self._go(self._key, self._seconds)

    def _on_device(self, message: Message) -> None:
        if message["name"] == self._device:
            return
        self._device = message["name"]
        self._retry_at = 0.0
        if self._output:
            self._output.hush()
            self._close_output()

    def _on_preview(self, message: Message) -> None:
        """An excerpt on top of what plays, once there is a card."""
        self._previewed = Item.from_json(message["item"])
        self._retry_at = 0.0
        if self._previews:
            self._previews.start(self._previewed, self._sound.replaygain)

    def _on_stop_preview(self, _message: Message) -> None:
        self._previewed = None
        if self._previews:
            self._previews.stop()

    # The card

    def _go(self, key: int, seconds: float) -> None:
        """Sound from the item `key` at `seconds`, whatever sounds now."""
        self._key, self._seconds = key, seconds
        self._retry_at = 0.0
        self._idle_since = time.monotonic()
        item = next((item for item in self._items if item.key == key), None)
        self._from_start = seconds == 0
        if self._output and self._feeder and item:
            self._output.hush()
            self._feeder.sound = self._sound
            self._feeder.cue(self._items, item, seconds)
            self._output.mixer.ended = False
        self._send("position", key=key, seconds=seconds, faults=self._faults)

    def _open_output(self) -> None:
        """Try to get a card, and go on where the last one was lost."""
        try:
            load(self._give_up)
            from app.playback.output import NoDevice, Output, rescan
        except Exception as problem:  # noqa: BLE001 - the import starts PortAudio; its error class comes with it
            self._miss(f"The sound system cannot be used ({problem}).")
            return
        try:
            with deadline(self._give_up):
                rescan()
                self._output = Output(self._device, self._volume)
        except NoDevice as problem:
            self._miss(str(problem), "Playing goes on when one appears.")
            return
        self._feeder = Feeder(self._output.ring, self._output.rate, self._on_decoding, self._on_failed)
        self._feeder.start()
        self._previews = Previews(self._output.rate, self._on_preview_decoding, self._on_preview_failed)
        self._output.mixer.voices = self._previews.voices
        self._send("device", name=self._output.device, wanted=self._device)
        if self._previewed is not None:
            self._previews.start(self._previewed, self._sound.replaygain)
        if self._key is not None:
            self._go(self._key, self._seconds)

    def _miss(self, problem: str, hope: str = "") -> None:
        """No card: what plays waits for one, a preview does not."""
        self._retry_at = time.monotonic() + _RETRY_S
        if self._previewed is not None:
            self._send("preview-failed", key=self._previewed.key, sentence=problem)
            self._preview_over()
        if self._wanted:
            self._tell("waiting", f"{problem} {hope}".rstrip())

    def _close_output(self) -> None:
        output, self._output = self._output, None
        feeder, self._feeder = self._feeder, None
        previews, self._previews = self._previews, None
        if feeder:
            feeder.close()
        if previews:
            previews.close()
            self._preview_over()
        if output:
            self._faults += output.mixer.starved + output.mixer.underflows
            with deadline(self._give_up):
                output.close()

    def _give_up(self) -> None:
        """The driver hangs: leave, so that the window starts a process that does not."""
        self._tell("waiting", "The audio device does not answer. Playing goes on when it does.")
        os._exit(EXIT_STUCK)

    def _on_decoding(self, key: int | None) -> None:
        self._send("decoding", key=key)

    def _on_preview_decoding(self, key: int | None) -> None:
        self._send("preview-decoding", key=key)

    def _on_preview_failed(self, key: int, sentence: str) -> None:
        self._send("preview-failed", key=key, sentence=sentence)

    def _on_failed(self, key: int, sentence: str) -> None:
        self._send("failed", key=key, sentence=sentence)

    # What happens by itself

    def _tick(self) -> None:
        now = time.monotonic()
        if self._output is None:
            if (self._wanted or self._previewed) and now >= self._retry_at:
                self._open_output()
        elif not self._output.alive():
            self._close_output()
            self._retry_at = 0.0
            if self._wanted:
                self._tell("waiting", "The audio device is gone. Playing goes on when there is one.")
        elif not self._wanted and now > self._idle_since + _IDLE_S:
            self._close_output()
        if self._output and self._feeder:
            self._follow(self._output, self._feeder)
        if self._previews:
            self._follow_previews(self._previews, now)
        if not self._wanted:
            self._tell("stopped" if self._key is None else "paused", "")

    def _follow(self, output: Output, feeder: Feeder) -> None:
        """Open the gate when there is enough to hear; say what is heard."""
        mixer, ring = output.mixer, output.ring
        mixer.ended = feeder.ended
        if not self._wanted or self._key is None:
            return
        if not mixer.open:
            if not feeder.ended and ring.filled < _PREFILL_S * output.rate:
                return
            if self._from_start:
                mixer.begin()
            mixer.open, self._from_start = True, False
            self._tell("playing", "")
        sounding = max(ring.read - output.latency, 0)
        heard = feeder.heard(sounding)
        if heard is not None:
            self._key, self._seconds = heard
            faults = self._faults + mixer.starved + mixer.underflows
            self._send("position", key=self._key, seconds=self._seconds, faults=faults)
        if feeder.ended and not ring.filled:
            self._finish(output)

    def _follow_previews(self, previews: Previews, now: float) -> None:
        over = previews.tick()
        if self._previewed is not None and self._previewed.key in over:
            self._preview_over()
        if previews.busy:
            self._idle_since = now

    def _preview_over(self) -> None:
        if self._previewed is not None:
            self._send("preview-over", key=self._previewed.key)
            self._previewed = None

    def _finish(self, output: Output) -> None:
        """The queue has been played."""
        self._wanted, self._key = False, None
        self._idle_since = time.monotonic()
        output.mixer.open = False
        self._send("ended")

    def _tell(self, state: str, sentence: str) -> None:
        if (state, sentence) != self._told:
            self._told = (state, sentence)
            self._send("state", state=state, sentence=sentence)


def _die(problem: threading.ExceptHookArgs) -> None:
    """A thread that ends early must not leave a process that is silent and looks alive."""
    traceback.print_exception(problem.exc_type, problem.exc_value, problem.exc_traceback)
    os._exit(1)


def run() -> None:
    """The process's life."""
    # The callback must not wait long for the decoder's thread to hand over the interpreter.
    sys.setswitchinterval(0.0005)
    threading.excepthook = _die
    end_when_asked()
    channel = Channel.over_standard_streams()
    gc.freeze()
    Engine(channel).serve()
    # Threads that hang in a driver must not keep the process.
    os._exit(0)
