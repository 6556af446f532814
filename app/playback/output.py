"""The sound card: finding it, opening it, noticing that it is gone."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import sounddevice

from app.playback.mixer import Mixer
from app.playback.ring import Ring, Samples
from core import jack

RING_S = 8.0
"""Decoded sound that waits for the card: what a slow disk may cost before it is heard (s)."""

LATENCY_S = 0.12
"""Asked of the card: long enough for a busy machine, short enough for a volume slider (s)."""

_ALSA_RATE = 48_000

_DEAD_S = 1.5
"""A card that asks for nothing for so long is gone (s)."""


class NoDevice(Exception):  # noqa: N818 - a state of the world, not an error
    """There is no card to play on; the text is a sentence for a person."""


def rescan() -> None:
    """Let PortAudio look at the machine again, which it does only when it starts; no stream may be open."""
    jack.set_aside()
    sounddevice._terminate()  # noqa: SLF001 - the library offers no public way
    sounddevice._initialize()  # noqa: SLF001 - as above


def _devices() -> list[dict[str, Any]]:
    """Outputs of the system's usual sound interface (Windows shows each card once for every interface)."""
    interfaces = sounddevice.query_hostapis()
    wasapi = (index for index, interface in enumerate(interfaces) if "WASAPI" in interface["name"])
    usual = next(wasapi, sounddevice.default.hostapi)
    return [
        device
        for device in sounddevice.query_devices()
        if device["max_output_channels"] >= 2 and device["hostapi"] == usual
    ]


def names() -> list[str]:
    """The devices that can be chosen."""
    return list(dict.fromkeys(device["name"] for device in _devices()))


def _find(name: str) -> dict[str, Any]:
    """The device `name`, else the system's default."""
    for device in _devices():
        if device["name"] == name:
            return device
    try:
        default: dict[str, Any] = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoDevice("There is no audio device.") from error
    return default


def _rate(device: dict[str, Any]) -> int:
    """Frames a second at which nobody behind us converts once more, as far as can be known.

    Other systems tell the rate at which they mix. ALSA tells 44,100 for whatever takes it, while the sound
    servers behind it, and the cards, run at 48,000.
    """
    if sounddevice.query_hostapis(device["hostapi"])["name"] == "ALSA":
        with suppress(sounddevice.PortAudioError, ValueError):
            sounddevice.check_output_settings(device["index"], 2, "float32", samplerate=_ALSA_RATE)
            return _ALSA_RATE
    return int(device["default_samplerate"])


class Output:
    """An open sound card with the ring it plays from.

    Parameters
    ----------
    name
        The device; the system's default where it is empty or not there.
    volume
        In [0, 1].

    Raises
    ------
    NoDevice
        Nothing to play on.
    """

    def __init__(self, name: str, volume: float) -> None:
        device = _find(name)
        self.device: str = device["name"]
        self.rate = _rate(device)
        self.ring = Ring(int(RING_S * self.rate))
        self.mixer = Mixer(self.ring, self.rate, volume)
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=self.rate, device=device["index"], channels=2, dtype="float32",
                latency=LATENCY_S, callback=self._callback,
            )  # fmt: skip
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise NoDevice(f"The audio device “{self.device}” cannot be used ({_reason(error)}).") from error
        self.latency = int(self._stream.latency * self.rate)
        self._beat = (0, time.monotonic())

    def _callback(self, out: Samples, _frames: int, _time: object, status: sounddevice.CallbackFlags) -> None:
        if status.output_underflow and not self.mixer.silent:
            self.mixer.underflows += 1
        self.mixer.render(out)

    def alive(self) -> bool:
        """Whether the card still asks for sound."""
        beats, now = self.mixer.beats, time.monotonic()
        if beats != self._beat[0]:
            self._beat = (beats, now)
        return bool(self._stream.active) and now - self._beat[1] < _DEAD_S

    def hush(self) -> None:
        """Fade out and wait until nobody reads the ring (a dead card is not waited for)."""
        self.mixer.open = False
        give_up = time.monotonic() + 2 * LATENCY_S + 0.3
        while not self.mixer.silent and self._stream.active and time.monotonic() < give_up:
            time.sleep(0.005)

    def close(self) -> None:
        """Give the card back."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _reason(error: Exception) -> str:
    """PortAudio's words without its codes."""
    return str(error.args[0] if error.args else error).split(" [")[0]
