"""A round as it is heard: real files, the real player, a sound card that remembers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.listening import Listening
from app.views.compare.blind_round import BlindListening
from core.library.records import Read
from core.library.store import Library
from tests import shelf
from tests.audio_files import tone, write
from tests.library_tools import PLAN, scan
from tests.scene import Scene
from tests.sound_card import RATE, SoundCard

pytest_plugins = ("tests.sound",)

TRACKS = 22
SECONDS = 2.5
DIM = 8


def frequency(number: int) -> float:
    return 300.0 + 50.0 * number


@pytest.fixture
def page(scene: Scene, tmp_path: Path, sound_card: SoundCard) -> Iterator[BlindListening]:
    """Each track is a sine of its own; two encoders with random vectors."""
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(TRACKS):
        wave = tone(SECONDS, 16_000, frequency=frequency(number))
        write(folder / f"{number:02}.wav", wave, 16_000)
    with Library(scene.context.library.path) as library:
        scan(library, folder)
        rng = np.random.default_rng(5)
        for name in ("mfcc", "second"):
            encoder = shelf.encoder(library, name, DIM)
            reads = [
                Read(one.file_id, "ok", identity=str(Path(one.path.decode()).stem), seconds=SECONDS, n_segments=1,
                     vector=rng.standard_normal(DIM).astype(np.float32))
                for one in library.files.candidates(encoder.id, PLAN, 100, ())
            ]  # fmt: skip
            library.files.record(reads, encoder.id, PLAN, "cpu", "float32")
    settings = scene.context.settings
    player = settings.player.model_copy(update={"audition_s": 2.0})
    embedding = settings.embedding.model_copy(update={"encoder": "mfcc", "segments": 0})
    scene.context.settings = settings.model_copy(update={"player": player, "embedding": embedding})
    page = BlindListening(Listening(scene.session), scene.player)
    scene.qtbot.addWidget(page)
    page.show()
    scene.session.start()
    scene.until(lambda: all(page.setup.names))
    yield page
    scene.context.background.close()


def heard(samples: np.ndarray) -> list[int]:
    """Numbers of the tracks that sound, in turn, each for 0.4 s at least."""
    step = RATE // 5
    numbers: list[int] = []
    for start in range(0, len(samples) - step, step):
        wave = samples[start : start + step, 0]
        loud = float(np.abs(wave).max()) > 0.02
        pitch = float(np.abs(np.fft.rfft(wave * np.hanning(step), RATE)).argmax()) if loud else 0.0
        numbers.append(round((pitch - 300) / 50) if loud else -1)
    runs = [(number, len(list(run))) for number, run in groupby(numbers)]
    return [number for number, length in runs if number >= 0 and length >= 2]


def test_the_track_and_both_candidates_are_heard_in_the_drawn_order(
    scene: Scene, page: BlindListening, sound_card: SoundCard
) -> None:
    with sound_card.recording() as recording:
        page.setup.start.click()
        scene.until(lambda: page.prepared is not None)
        prepared = page.prepared
        assert prepared is not None
        scene.until(lambda: page.both_heard)
        assert page.round.prefer_a.isEnabled()
        scene.until(lambda: scene.player.current is None)  # all is played, and nothing was playing before
    first = prepared.round.first
    wanted = [prepared.query, prepared.of(first), prepared.of("b" if first == "a" else "a")]
    assert heard(recording.samples()) == [int(row.title) for row in wanted]
    QTest.keyClick(page, Qt.Key.Key_B)
    scene.until(lambda: len(scene.ask(lambda reader: reader.library.listening.all())) == 1)
