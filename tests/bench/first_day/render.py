"""Pieces of many styles to learn from: MMA's grooves under random progressions, a melody on top, free soundfonts.

    python tests/bench/first_day/render.py OUT [--pieces 320] [--seed 0] [--soundfont FILE ...]

Each piece becomes OUT/<style>-<number>.flac, 60 to 100 s at 22,050 Hz, tagged with its groove as title. Accompaniment
is Musical MIDI Accompaniment's (Debian: `mma`), sound is FluidSynth's (`fluidsynth`, `fluid-soundfont-gm`,
`timgm6mb-soundfont`); the progression, the key, the tempo, the form and the melody are drawn from the seed. Soundfonts
that a probe is tested with must not be among those.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mido
import numpy as np
import soundfile

GROOVES = Path("/usr/share/mma/lib")
SOUNDFONTS = [Path("/usr/share/sounds/sf2") / name for name in ("FluidR3_GM.sf2", "TimGM6mb.sf2")]
RATE = 22_050
LONGEST_S = 100
CHANNEL = 14
"""Of the melody: MMA fills channels from 16 downwards, drums on 10; few grooves come this far."""

PROGRESSIONS = (
    "I vi ii V", "I IV V I", "I V vi IV", "vi IV I V", "ii V I I", "i bVII bVI V", "i iv V i", "i bVI bIII bVII",
    "I bVII IV I", "I I IV I V IV I V", "iii vi ii V", "I IV I V", "i i iv iv V V i i", "I ii iii IV",
)  # fmt: skip
STEPS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
NOTES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
MINOR, MAJOR = (0, 3, 7), (0, 4, 7)


def chord(numeral: str, key: int, rng: random.Random) -> tuple[str, tuple[int, ...]]:
    """MMA's name of a degree's chord, and its pitch classes."""
    flat = numeral.startswith("b")
    degree = numeral.removeprefix("b")
    root = (key + STEPS[degree.lower()] - flat) % 12
    minor = degree.islower()
    colour = rng.choice(["", "", "7", "7" if degree == "V" else "M7"])
    name = NOTES[root] + ("m" if minor else "") + ("7" if minor and colour else colour)
    return name, tuple((root + step) % 12 for step in (MINOR if minor else MAJOR))


def grooves(file: Path) -> list[str]:
    """What a library file defines, without its introductions, endings and fills."""
    names = re.findall(
        r"^\s*DefGroove\s+(\S+)", file.read_text(errors="replace"), re.IGNORECASE | re.MULTILINE
    )
    return [
        name for name in names if not re.search("intro|end|fill|count|metronome|none", name, re.IGNORECASE)
    ]


def score(names: Sequence[str], rng: random.Random) -> tuple[str, list[tuple[int, ...]], int]:
    """A piece in MMA's words, the chord of every bar, and its tempo."""
    key, tempo = rng.randrange(12), rng.randint(70, 165)
    parts = [rng.choice(PROGRESSIONS).split() for _ in range(2)]
    sections = [[chord(numeral, key, rng) for numeral in part * (8 // len(part))] for part in parts]
    text, bars = [f"Tempo {tempo}"], []
    for section in rng.choice(["AABA", "ABAB", "AABB", "ABBA"]):
        text.append(f"Groove {rng.choice(names[:4])}")
        for name, tones in sections["AB".index(section)]:
            bars.append(tones)
            text.append(f"{len(bars)} {name}")
    return "\n".join(text) + "\n", bars, tempo


def melody(bars: Sequence[tuple[int, ...]], per_bar: int, rng: random.Random) -> mido.MidiTrack:
    """A walk over the chords' notes, of one instrument, with rests."""
    track = mido.MidiTrack()
    track.append(mido.Message("program_change", channel=CHANNEL, program=rng.randrange(104)))
    track.append(mido.Message("control_change", channel=CHANNEL, control=7, value=rng.randint(70, 120)))
    rhythms = [rng.choice([(1, 1, 2), (2, 2), (1, 1, 1, 1), (3, 1), (4,)]) for _ in range(3)]
    pitch, rest = rng.randint(58, 76), 0
    for tones in bars:
        rhythm = rng.choice(rhythms)
        if rng.random() < 0.15:
            rest += per_bar
            continue
        for part in rhythm:
            near = [p for p in range(52, 88) if p % 12 in tones]
            pitch = rng.choice(sorted(near, key=lambda p: abs(p - pitch))[:4])
            length = per_bar * part // sum(rhythm)
            track.append(
                mido.Message("note_on", channel=CHANNEL, note=pitch, velocity=rng.randint(60, 110), time=rest)
            )
            track.append(mido.Message("note_off", channel=CHANNEL, note=pitch, time=length))
            rest = 0
    return track


def compose(names: Sequence[str], rng: random.Random, folder: Path) -> Path | None:
    """A MIDI file; None where MMA cannot play the groove."""
    text, bars, _ = score(names, rng)
    (folder / "piece.mma").write_text(text)
    command = ["mma", "-f", str(folder / "piece.mid"), str(folder / "piece.mma")]
    if subprocess.run(command, capture_output=True, check=False, cwd=folder).returncode:
        return None
    midi = mido.MidiFile(folder / "piece.mid", clip=True)
    ends = max(sum(message.time for message in track) for track in midi.tracks)
    if rng.random() < 0.7:
        midi.tracks.append(melody(bars, ends // len(bars), rng))
    midi.save(folder / "piece.mid")
    return folder / "piece.mid"


def render(file: Path, number: int, seed: int, soundfonts: Sequence[Path], out: Path) -> bool:
    """One piece of a library file's grooves; whether it could be played."""
    target = out / f"{file.parent.name}-{file.stem}-{number:03}.flac"
    if target.exists():
        return True
    rng, names = random.Random(f"{seed}/{file.name}/{number}"), grooves(file)
    with tempfile.TemporaryDirectory() as tmp:
        midi = compose(names, rng, Path(tmp)) if names else None
        if midi is None:
            return False
        wav = Path(tmp) / "piece.wav"
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RATE), "-F", wav, rng.choice(soundfonts), midi],
            check=True, capture_output=True,
        )  # fmt: skip
        audio, _ = soundfile.read(wav, dtype="float32", always_2d=True, frames=LONGEST_S * RATE)
    if len(audio) < 30 * RATE or np.abs(audio).max() < 0.01:
        return False
    part = target.with_suffix(".part")
    soundfile.write(part, audio / max(1.0, np.abs(audio).max()), RATE, subtype="PCM_16", format="FLAC")
    part.replace(target)
    return True


def library() -> Iterator[Path]:
    """MMA's files, one of each style's name."""
    return (file for file in sorted(GROOVES.glob("*/*.mma")) if grooves(file))


def main() -> None:
    """Render what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--pieces", type=int, default=320)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--soundfont", type=Path, nargs="+", default=SOUNDFONTS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    files = list(library())
    wanted = [(files[i % len(files)], i // len(files)) for i in range(options.pieces)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda each: render(*each, options.seed, options.soundfont, options.out), wanted)
        played = sum(done)
    print(f"{played} of {options.pieces} pieces")
    sys.exit(0 if played else 1)


if __name__ == "__main__":
    main()
