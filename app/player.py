"""The player as the rest of the window knows it: a queue, a state, signals; the sound is made elsewhere."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.playback.host import FAILED_TO_START, Host
from app.playback.previewer import Previewer, excerpt
from app.playback.protocol import EXIT_STUCK, Message, ReplayGain
from app.playback.queue import Playable, Queue
from app.playback.sketcher import Sketcher

__all__ = ["Playable", "Player"]

_AHEAD = 20
"""Items of the queue that the engine knows beyond the present one."""

_RESTART_S = 3.0
"""After so many seconds of a track, "previous" goes to its beginning first (s)."""

_CRASHES = 3
_CRASH_WINDOW_S = 30.0
"""So many crashes in so short a time, none of them while a file was decoded, and it is given up."""


@dataclass(frozen=True)
class _Kept:
    """The queue that an audition interrupts."""

    queue: Queue
    seconds: float


class Player(QObject):
    """Plays tracks in a helper process; every method returns at once.

    States: "stopped", "playing", "paused", "waiting" (no audio device; playing goes on when one appears).
    """

    position = Signal(float)
    """Seconds of the present track's file."""
    track_changed = Signal(object)
    """The `Playable` that sounds now, or None."""
    state_changed = Signal(str)
    queue_changed = Signal()
    failed = Signal(object, str)
    """A `Playable` that was skipped, and why."""
    waveform = Signal(int, object)
    """Track, (800, 2) float32: least and greatest sample, NaN where not read yet."""
    device_message = Signal(str)
    """A sentence about the audio device; empty when there is nothing to say any more."""
    devices_changed = Signal(list)
    """Names of the devices, after `list_devices`."""
    audition_changed = Signal(bool)
    volume_changed = Signal(float)
    preview_changed = Signal(object)
    """The `Playable` that is previewed now, or None."""
    preview_failed = Signal(object, str)
    """A `Playable` that cannot be previewed, and why."""

    def __init__(self, parent: QObject | None = None, *, volume: float = 0.8, device: str = "") -> None:
        super().__init__(parent)
        self._keys = itertools.count(1)
        self._queue = Queue(self._keys)
        self._announced: int | None = None
        self._seconds = 0.0
        self._state = "stopped"
        self._volume = volume
        self._device = device
        self._sound: tuple[float, ReplayGain] = (0.0, "off")
        self._order = 0
        self._decoding: int | None = None
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
        self._auditioning = False
        self._kept: _Kept | None = None
        self._message = ""
        self._note = ""
        self._underruns = 0
        self._engine = Host("engine", self)
        self._engine.started.connect(self._greet)
        self._engine.message.connect(self._on_message)
        self._engine.died.connect(self._on_died)
        self._previewer = Previewer(self._engine, self)
        self._previewer.changed.connect(self.preview_changed)
        self._previewer.failed.connect(self.preview_failed)
        self._sketcher = Sketcher(self)
        self._sketcher.waveform.connect(self.waveform)
        self._sketcher.devices_changed.connect(self.devices_changed)

    # What is so

    @property
    def state(self) -> str:
        """One of the class's states."""
        return self._state

    @property
    def current(self) -> Playable | None:
        """What sounds, or would if it were not paused."""
        return self._queue.current

    @property
    def index(self) -> int | None:
        """The place of `current` in the queue."""
        return self._queue.place

    @property
    def queue(self) -> list[Playable]:
        """Everything in the queue, played or not."""
        return self._queue.playables

    @property
    def length(self) -> int:
        """How many items the queue has."""
        return len(self._queue)

    @property
    def seconds(self) -> float:
        """Where the present track is."""
        return self._seconds

    @property
    def volume(self) -> float:
        """The slider's position in [0, 1]."""
        return self._volume

    @property
    def device(self) -> str:
        """The chosen device; empty: the system's default."""
        return self._device

    @property
    def auditioning(self) -> bool:
        """Whether the queue is an audition."""
        return self._auditioning

    @property
    def previewing(self) -> Playable | None:
        """What is previewed now."""
        return self._previewer.current

    @property
    def underruns(self) -> int:
        """Times that sound was missing since the engine's start."""
        return self._underruns

    @property
    def engine_pid(self) -> int:
        """The playing process's number, 0 where there is none."""
        return self._engine.pid

    # What can be asked for

    def prestart(self) -> None:
        """Start the playing process before it is needed."""
        self._engine.start()

    def close(self) -> None:
        """End the helper processes."""
        self._engine.close()
        self._sketcher.close()

    def play(self, playables: Sequence[Playable], at: int = 0) -> None:
        """Replace the queue and play its item `at`."""
        self._leave_audition(restore=False)
        self._replace(playables, at)

    def append(self, playables: Sequence[Playable]) -> None:
        """Add to the queue's end; what sounds goes on."""
        self._queue.insert(len(self._queue), playables)
        self._edited()

    def play_next(self, playables: Sequence[Playable]) -> None:
        """Put them after what sounds, which goes on."""
        index = self.index
        self._queue.insert(0 if index is None else index + 1, playables)
        self._edited()

    def move(self, indices: Iterable[int], to: int) -> int:
        """Bring items of the queue before the one at `to` (its length: to the end); where they begin then."""
        first = self._queue.move(indices, to)
        self._edited()
        return first

    def remove(self, *indices: int) -> None:
        """Take items out of the queue; if the one that sounds is among them, what follows it does."""
        gone, queue, index = set(indices), self._queue, self._queue.place
        queue.remove(gone)
        self.queue_changed.emit()
        if index is not None and index in gone:
            self._jump(index - sum(place < index for place in gone), keep_state=True)
        else:
            self._top_up()

    def clear_ahead(self) -> None:
        """Take out everything after what sounds."""
        index = self.index
        self.remove(*range(0 if index is None else index + 1, len(self._queue)))

    def jump(self, index: int) -> None:
        """Play the queue from `index` on."""
        self._jump(index)

    def at(self, index: int) -> Playable:
        """The queue's item `index`."""
        return self._queue.at(index)

    def is_bad(self, index: int) -> bool:
        """Whether the queue's item `index` could not be played."""
        return self._queue.is_bad(index)

    def audition(self, playables: Sequence[Playable]) -> None:
        """Play excerpts in turn; what was playing is kept, and there again, paused, afterwards."""
        if not self._auditioning and self._key is not None:
            self._kept = _Kept(self._queue, self._seconds)
        self._set_auditioning(on=True)
        self._replace(playables, 0)

    def end_audition(self) -> None:
        """Back to what was playing before, paused."""
        if self._auditioning:
            self._leave_audition(restore=True)

    def preview(self, playable: Playable, from_second: float | None = None) -> None:
        """Play a quiet excerpt on top of what plays, which goes on; one that sounds fades into it.

        Parameters
        ----------
        from_second
            Where it begins (s); else the excerpt that `playable` is, else the track's middle.
        """
        self._previewer.start(self._queue.entry(excerpt(playable, from_second)))

    def stop_preview(self) -> None:
        """Let the preview fade out."""
        self._previewer.stop()

    def toggle(self) -> None:
        """Play or pause; from the queue's beginning where nothing is being played."""
        if self._state in ("playing", "waiting"):
            self.pause()
        else:
            self.resume()

    def pause(self) -> None:
        """Fall silent; the place is kept."""
        if self._key is not None:
            self._tell(do="pause")
            self._set_state("paused")

    def resume(self) -> None:
        """Go on."""
        if self._key is not None and self._engine.running:
            self._tell(do="resume")
            self._set_state("playing")
        elif self._key is not None:
            self._go(self._key, self._seconds)
        elif self._queue:
            self._jump(0)

    def stop(self) -> None:
        """Fall silent and forget the place; ends an audition."""
        if self._auditioning:
            self.end_audition()
            return
        self._halt()

    def next(self) -> None:
        """The next item; at the queue's end, silence."""
        index = self.index
        self._jump(0 if index is None else index + 1)

    def previous(self) -> None:
        """The item's beginning, or from there the item before."""
        index, current = self.index, self.current
        if index is None or current is None:
            return
        early = self._seconds - current.start_s < _RESTART_S
        self._jump(max(index - 1, 0) if early else index)

    def seek(self, seconds: float) -> None:
        """Go to a second of the present track; an excerpt plays on from there for its length."""
        current = self.current
        if current is None or self._key is None:
            return
        seconds = min(max(seconds, 0.0), current.seconds or float("inf"))
        if self._engine.running:
            self._tell(do="seek", seconds=seconds)
        self._seconds = seconds
        self.position.emit(seconds)

    def set_volume(self, volume: float) -> None:
        """The slider's position in [0, 1]; equal steps sound about equal."""
        volume = min(max(volume, 0.0), 1.0)
        if volume == self._volume:
            return
        self._volume = volume
        if self._engine.running:
            self._engine.send(do="volume", volume=volume)
        self.volume_changed.emit(volume)

    def set_device(self, name: str) -> None:
        """Play on the device `name` (empty: the system's default), from now on."""
        self._device = name
        if self._engine.running:
            self._engine.send(do="device", name=name)

    def set_sound(self, crossfade_s: float, replaygain: ReplayGain) -> None:
        """How long tracks overlap (s), and whether the loudness that their tags tell is evened out."""
        if (crossfade_s, replaygain) != self._sound:
            self._sound = (crossfade_s, replaygain)
            if self._engine.running:
                self._engine.send(do="sound", crossfade_s=crossfade_s, replaygain=replaygain)

    def list_devices(self) -> None:
        """Look for devices; `devices_changed` follows."""
        self._sketcher.list_devices()

    # How it is done

    @property
    def _key(self) -> int | None:
        return self._queue.key

    def _replace(self, playables: Sequence[Playable], at: int) -> None:
        self._queue = Queue(self._keys, playables)
        self.queue_changed.emit()
        self._jump(at)

    def _jump(self, index: int, *, keep_state: bool = False) -> None:
        """Play the queue from `index` on, or fall silent where there is nothing."""
        entry = self._queue.playable_from(index)
        if entry is not None:
            paused = keep_state and self._state == "paused"
            self._go(entry.key, entry.playable.start_s, "paused" if paused else "playing")
        elif self._auditioning:
            self.end_audition()
        else:
            self._halt()

    def _go(self, key: int, seconds: float, state: str = "playing") -> None:
        self._tell(do="play", items=self._ahead(key), key=key, seconds=seconds, playing=state != "paused")
        self._set_state(state)
        self._set_current(key)
        self._seconds = seconds
        self.position.emit(seconds)

    def _halt(self) -> None:
        if self._engine.running:
            self._tell(do="stop")
        self._set_state("stopped")
        self._set_current(None)

    def _tell(self, **message: Any) -> None:
        """Send an order; events that the engine sent before it are out of date from now on."""
        self._order += 1
        self._engine.send(order=self._order, **message)

    def _ahead(self, key: int) -> list[Message]:
        """What the engine needs to know of the queue."""
        return [item.to_json() for item in self._queue.items(key, 1 + _AHEAD)]

    def _edited(self) -> None:
        self.queue_changed.emit()
        self._top_up()

    def _top_up(self) -> None:
        if self._key is not None and self._engine.running:
            self._engine.send(do="edit", items=self._ahead(self._key))

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _set_current(self, key: int | None) -> None:
        self._queue.key = key
        if key == self._announced:
            return
        self._announced = key
        current = self.current
        self.track_changed.emit(current)
        if current is not None and not current.hidden:
            self._sketcher.show(current.track_id, current.path)

    def _set_message(self, sentence: str) -> None:
        """Say why nothing is heard; else, if there is something to say, where it is."""
        sentence = sentence or self._note
        if sentence != self._message:
            self._message = sentence
            self.device_message.emit(sentence)

    def _set_auditioning(self, *, on: bool) -> None:
        if on != self._auditioning:
            self._auditioning = on
            self.audition_changed.emit(on)

    def _leave_audition(self, *, restore: bool) -> None:
        kept, self._kept = self._kept, None
        self._set_auditioning(on=False)
        if not restore:
            return
        self._queue = kept.queue if kept else Queue(self._keys)
        self.queue_changed.emit()
        if kept is not None and self._key is not None:
            self._go(self._key, kept.seconds, "paused")
        else:
            self._halt()

    # What the engine says

    def _greet(self) -> None:
        """Tell a new engine what it must know before it plays."""
        self._decoding = None
        self._engine.send(do="volume", volume=self._volume)
        self._engine.send(do="device", name=self._device)
        self._engine.send(do="sound", crossfade_s=self._sound[0], replaygain=self._sound[1])

    def _on_message(self, message: Message) -> None:
        event = message["event"]
        if event == "decoding":
            self._decoding = message["key"]
        elif event == "failed":
            self._on_failed(message["key"], message["sentence"])
        elif event == "device":
            self._on_device(message["name"], message["wanted"])
        elif event.startswith("preview"):
            self._previewer.take(message)
        elif message["order"] != self._order:
            return
        elif event == "position":
            self._on_position(message["key"], message["seconds"], message["faults"])
        elif event == "state":
            self._set_state(message["state"])
            self._set_message(message["sentence"] if message["state"] == "waiting" else "")
        elif event == "ended":
            self._on_ended()

    def _on_position(self, key: int, seconds: float, faults: int) -> None:
        self._seconds = seconds
        self._underruns = faults
        if key != self._key:
            self._set_current(key)
            self._top_up()
        self.position.emit(seconds)

    def _on_ended(self) -> None:
        if self._auditioning:
            self.end_audition()
            return
        self._set_state("stopped")
        self._set_current(None)

    def _on_failed(self, key: int, sentence: str) -> None:
        self._queue.bad.add(key)
        place = self._queue.place_of(key)
        if place is not None:
            self.failed.emit(self._queue.at(place), sentence)

    def _on_device(self, name: str, wanted: str) -> None:
        missing = wanted not in ("", name)
        self._note = f"“{wanted}” is not there; playing on “{name}”." if missing else ""
        self._set_message("")

    def _on_died(self, code: int, crashed: bool) -> None:
        """Name the file, and go on with the next one in a new process."""
        key, state, culprit = self._key, self._state, self._decoding
        stuck = code == EXIT_STUCK and not crashed
        if self._previewer.bury():
            culprit = None
        if culprit is not None and not stuck:
            how = "crashed" if crashed else "failed"
            self._on_failed(culprit, f"The decoder {how} on this file; it is skipped.")
        elif not stuck:
            self._crashes.append(time.monotonic())
        hopeless = len(self._crashes) == _CRASHES and self._crashes[-1] - self._crashes[0] < _CRASH_WINDOW_S
        if key is None:
            return
        if hopeless or code == FAILED_TO_START:
            self._set_state("stopped")
            self._set_current(None)
            self._set_message("The playing process keeps dying; the log says more.")
        elif key in self._queue.bad:
            self._jump(self.index or 0)
        else:
            self._go(key, self._seconds, state)
