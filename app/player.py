"""The player as the rest of the window knows it: a queue, a state, signals; the sound is made elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.playback.course import Course, Turn
from app.playback.host import FAILED_TO_START, Host
from app.playback.previewer import Previewer, excerpt
from app.playback.protocol import EXIT_STUCK, Message, ReplayGain
from app.playback.queue import Playable
from app.playback.sketcher import Sketcher
from app.player_queue import QueuePlayer

__all__ = ["Playable", "Player"]

_AHEAD = 20
"""Items of the queue that the engine knows beyond the present one."""

_RESTART_S = 3.0
"""After so many seconds of a track, "previous" goes to its beginning first (s)."""

_CRASHES = 3
_CRASH_WINDOW_S = 30.0
"""So many crashes in so short a time, none of them while a file was decoded, and it is given up."""

_HOPELESS = "Nothing in the queue can be played."


@dataclass(frozen=True)
class _Kept:
    """The queue that an audition interrupts."""

    course: Course
    seconds: float


class Player(QueuePlayer):
    """Plays tracks in a helper process; every method returns at once.

    States: "stopped", "playing", "paused", "waiting" (no audio device; playing goes on when one appears).
    A radio and a path are played as fixed queues, an audition is one: they are not shuffled. An audition is
    not repeated either.
    """

    position = Signal(float)
    """Seconds of the present track's file."""
    track_changed = Signal(object)
    """The `Playable` that sounds now, or None."""
    state_changed = Signal(str)
    failed = Signal(object, str)
    """A `Playable` that was skipped, and why."""
    gave_up = Signal(str)
    """A sentence: nothing that is queued can be played."""
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

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        volume: float = 0.8,
        device: str = "",
        seed: int | None = None,
    ) -> None:
        super().__init__(parent, seed=seed)
        self._announced: int | None = None
        self._seconds = 0.0
        self._state = "stopped"
        self._volume = volume
        self._device = device
        self._sound: tuple[float, ReplayGain] = (0.0, "off")
        self._order = 0
        self._decoding: int | None = None
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
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

    def play(self, playables: Sequence[Playable], at: int | None = None, *, fixed: bool = False) -> None:
        """Replace the queue and play its item `at`, then what follows it, or, shuffled, all the others.

        Parameters
        ----------
        at
            None: the first; of a shuffled queue any.
        fixed
            The queue has an order of its own, and is not shuffled.
        """
        self._leave_audition(restore=False)
        self._replace(playables, at, fixed=fixed)

    def jump(self, index: int) -> None:
        """Play the queue from `index` on."""
        self._jump(index)

    def audition(self, playables: Sequence[Playable]) -> None:
        """Play excerpts in turn; what was playing is kept, and there again, paused, afterwards."""
        if not self._auditioning and self._course.now is not None:
            self._kept = _Kept(self._course, self._seconds)
        self._set_auditioning(on=True)
        self._replace(playables, 0, fixed=True)

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
        if self._course.now is not None:
            self._tell(do="pause")
            self._set_state("paused")

    def resume(self) -> None:
        """Go on."""
        now = self._course.now
        if now is not None and self._engine.running:
            self._tell(do="resume")
            self._set_state("playing")
        elif now is not None:
            self._go(now, self._seconds)
        elif self._queue:
            self._jump(0)

    def stop(self) -> None:
        """Fall silent and forget the place; ends an audition."""
        if self._auditioning:
            self.end_audition()
            return
        self._halt()

    def next(self) -> None:
        """The next item; at the queue's end the first one if the queue is repeated, else silence."""
        index = self.index
        self._jump(0 if index is None else index + 1)

    def previous(self) -> None:
        """The item's beginning, or from there the item before; the last one before the first if repeated."""
        index, current = self.index, self.current
        if index is None or current is None:
            return
        if self._seconds - current.start_s < _RESTART_S:
            first = self.length - 1 if self._in_circles else 0
            index = index - 1 if index else first
        self._jump(index)

    @property
    def _in_circles(self) -> bool:
        """Whether the last item comes before the first one: not where each lap is in another order."""
        return self._course.repeat == "all" and not self._queue.shuffled and not self._queue.fixed

    def seek(self, seconds: float) -> None:
        """Go to a second of the present track; an excerpt plays on from there for its length."""
        current = self.current
        if current is None:
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

    def _replace(self, playables: Sequence[Playable], at: int | None, *, fixed: bool) -> None:
        self._jump(self._new_course(playables, at, fixed=fixed))

    def _jump(self, index: int, *, keep_state: bool = False) -> None:
        """Play the queue from `index` on, or fall silent where there is nothing."""
        turn = self._course.turn_from(index)
        if turn is not None:
            paused = keep_state and self._state == "paused"
            self._go(turn, None, "paused" if paused else "playing")
        elif self._auditioning:
            self.end_audition()
        else:
            self._halt()
            self._despair()

    def _go(self, turn: Turn, seconds: float | None, state: str = "playing") -> None:
        """Play from a second of the file on; None: from where it begins."""
        around = self._course.take(turn)
        seconds = self._queue.named(turn.key).playable.start_s if seconds is None else seconds
        items = self._ahead()
        self._tell(do="play", items=items, key=items[0]["key"], seconds=seconds, playing=state != "paused")
        self._set_state(state)
        self._announce(around=around)
        self._seconds = seconds
        self.position.emit(seconds)

    def _halt(self) -> None:
        if self._engine.running:
            self._tell(do="stop")
        self._rest()

    def _rest(self) -> None:
        self._set_state("stopped")
        self._course.take(None)
        self._announce()

    def _despair(self) -> None:
        """Say so where nothing that is queued can be played: the silence is no end that was reached."""
        if self._queue.hopeless:
            self.gave_up.emit(_HOPELESS)

    def _tell(self, **message: Any) -> None:
        """Send an order; events that the engine sent before it are out of date from now on."""
        self._order += 1
        self._engine.send(order=self._order, **message)

    def _ahead(self) -> list[Message]:
        """What the engine needs to know of the queue."""
        return [item.to_json() for item in self._course.items(1 + _AHEAD)]

    def _top_up(self) -> None:
        if self._course.now is not None and self._engine.running:
            self._engine.send(do="edit", items=self._ahead())

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _announce(self, *, around: bool = False) -> None:
        """Tell what sounds, and before that the order in which a new lap plays the queue."""
        if around:
            self.queue_changed.emit()
        key = self._queue.key
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
        self._course = kept.course if kept else self._course_of(self._queue_of())
        self._obey_modes()
        self.queue_changed.emit()
        if kept is not None and kept.course.now is not None:
            self._go(kept.course.now, kept.seconds, "paused")
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
        turn = self._course.turn(key)
        if turn is None:
            return
        self._seconds = seconds
        self._underruns = faults
        if turn != self._course.now:
            self._announce(around=self._course.take(turn))
            self._top_up()
        self.position.emit(seconds)

    def _on_ended(self) -> None:
        if self._auditioning:
            self.end_audition()
            return
        self._rest()
        self._despair()

    def _on_failed(self, key: int, sentence: str) -> None:
        """Pass over it from now on; what is told of its later turns is nothing new."""
        turn = self._course.turn(key)
        if turn is not None and turn.key not in self._queue.bad:
            self._queue.bad.add(turn.key)
            self.failed.emit(self._queue.named(turn.key).playable, sentence)

    def _on_device(self, name: str, wanted: str) -> None:
        missing = wanted not in ("", name)
        self._note = f"“{wanted}” is not there; playing on “{name}”." if missing else ""
        self._set_message("")

    def _on_died(self, code: int, crashed: bool) -> None:
        """Name the file, and go on with the next one in a new process."""
        state, culprit = self._state, self._decoding
        stuck = code == EXIT_STUCK and not crashed
        if self._previewer.bury():
            culprit = None
        if culprit is not None and not stuck:
            how = "crashed" if crashed else "failed"
            self._on_failed(culprit, f"The decoder {how} on this file; it is skipped.")
        elif not stuck:
            self._crashes.append(time.monotonic())
        hopeless = len(self._crashes) == _CRASHES and self._crashes[-1] - self._crashes[0] < _CRASH_WINDOW_S
        now = self._course.now
        if now is None:
            return
        if hopeless or code == FAILED_TO_START:
            self._rest()
            self._set_message("The playing process keeps dying; the log says more.")
        elif now.key in self._queue.bad:
            self._jump(self.index or 0)
        else:
            self._go(now, self._seconds, state)
