"""A sound card that plays in real time and remembers: a private PulseAudio with one silent sink.

PortAudio reaches it through ALSA's `pulse` plugin. Needs PulseAudio, its utilities and the plugin
(Debian: pulseaudio, pulseaudio-utils, libasound2-plugins).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
"""Frames a second of the card, and of what is recorded."""

_ALSA = """
pcm.!default { type pulse hint { show on description "Default" } }
ctl.!default { type pulse }
pcm.second { type pulse device second hint { show on description "Second card" } }
"""


class Recording:
    """What the card's sink was given while recording, float32 at 48 kHz."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def samples(self) -> NDArray[np.float32]:
        """(frames, 2), so far."""
        data = np.fromfile(self._file, np.float32)
        return data[: len(data) // 2 * 2].reshape(-1, 2)

    def sound(self, threshold: float = 1e-4) -> NDArray[np.float32]:
        """(frames, 2), from the first to the last frame that is not silent."""
        samples = self.samples()
        loud = np.flatnonzero(np.abs(samples).max(axis=1) > threshold) if len(samples) else np.zeros(0, int)
        return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


class SoundCard:
    """A sound server of its own; `environment` leads PortAudio in a child process to it.

    Parameters
    ----------
    folder
        For sockets, configuration and recordings; its path must be short (sockets).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._recordings = 0
        self._socket = folder / "native"
        (folder / "asound.conf").write_text(_ALSA)
        self.environment = {
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_RUNTIME_PATH": str(folder / "run"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder),
        }
        """What a process needs in its environment to play here."""

    def _run(self, *command: str) -> str:
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def plug(self) -> None:
        """Start the server."""
        script = self._folder / "default.pa"
        script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
            + "".join(
                f"load-module module-null-sink sink_name={name} rate={RATE} channels=2 format=float32le norewinds=1\n"
                for name in ("card", "second")
            )
            + "set-default-sink card\n"
        )
        options = ("--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no", "--disable-shm=yes")
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(script), *options, "--realtime=no", "--high-priority=no"],
            env={**os.environ, **self.environment, "HOME": str(self._folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + 15
        while time.monotonic() < give_up:
            if self._socket.exists():
                try:
                    self._run("pactl", "info")
                except subprocess.CalledProcessError:
                    pass
                else:
                    return
            time.sleep(0.05)
        raise TimeoutError("the sound server does not start")

    def unplug(self) -> None:
        """Kill the server, as if the card were pulled out."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        self._socket.unlink(missing_ok=True)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let the card ask for nothing for a while, as hardware does that hangs."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    @contextmanager
    def recording(self, sink: str = "card") -> Iterator[Recording]:
        """Remember what the sink plays from now on."""
        self._recordings += 1
        file = self._folder / f"{self._recordings}.raw"
        # Raised priority is not needed: the server keeps a buffer for the recorder.
        with file.open("wb") as out:
            recorder = subprocess.Popen(
                ["parec", "-d", f"{sink}.monitor", "--raw", "--format=float32le",
                 f"--rate={RATE}", "--channels=2", "--latency-msec=50"],
                env={**os.environ, **self.environment}, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            while not file.stat().st_size:
                time.sleep(0.02)
            yield Recording(file)
            time.sleep(0.15)
        finally:
            recorder.terminate()
            recorder.wait()
