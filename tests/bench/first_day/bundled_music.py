"""Build `resources/music`: excerpts of freely licensed music, each with its licence, from Debian's packages.

    python tests/bench/first_day/bundled_music.py [--soundtracks DIR] [--out DIR]

`bundled_music.csv` beside this file says which. The packages are fetched with `apt-get download` (1.5 GB), or taken
from DIR, which has a folder for each package with its music in it. Boogie is rendered from MIDI with `fluidsynth` and
Debian's `fluid-soundfont-gm`, whose licence (MIT) sets no terms for what is played with it.

Of each piece come the `SECONDS` that are most like the whole in loudness, faded at their ends, brought to one loudness
(ITU-R BS.1770-4) and encoded as Opus. `credits.json` there has title, artist, licence, source and place of each.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from mutagen.oggopus import OggOpus
from numpy.typing import NDArray
from packages import unpack
from scipy.signal import lfilter

HERE = Path(__file__).parent
OUT = HERE.parents[2] / "resources" / "music"
RATE = 48_000
SECONDS = 31.0
BIT_RATE = 52_000
LOUDNESS = -18.0  # LUFS
PEAK = 0.89  # -1 dBFS
FADE_IN_S, FADE_OUT_S = 0.4, 2.0
EDGE_S = 6  # beginnings and ends are not like the rest
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

Wave = NDArray[np.float32]
"""(2, samples) at 48 kHz."""

# Package: what it is of, where that lives, and whose copyright the package states.
PACKAGES = {
    "wesnoth-1.16-music": ("The Battle for Wesnoth", "https://www.wesnoth.org/", ""),
    "0ad-data": ("0 A.D.", "https://play0ad.com/", "Wildfire Games"),
    "fretsonfire-songs-muldjord": ("Songs by Muldjord for Frets on Fire", "http://www.muldjord.com/", "El Senator"),
    "fretsonfire-songs-sectoid": ("Songs by Sectoid for Frets on Fire", "http://www.nivel21.net/personal/sectoid/",
                                  "Carlos Viola Iborra"),
    "naev-data": ("Naev", "https://naev.org/", ""),
    "singularity-music": ("Endgame: Singularity", "http://www.emhsoft.com/singularity/", ""),
    "nexuiz-music": ("Nexuiz", "https://www.alientrap.org/games/nexuiz/", "Alientrap"),
    "xmoto-data": ("X-Moto", "https://xmoto.tuxfamily.org/", ""),
    "supertuxkart-data": ("SuperTuxKart", "https://supertuxkart.net/", ""),
    "openttd-openmsx": ("OpenMSX, rendered with the Fluid R3 soundfont by Frank Wen",
                        "https://github.com/OpenTTD/OpenMSX", ""),
}  # fmt: skip
LICENCES = {
    "GPL-2.0-only": ("GNU General Public License, version 2",
                     "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"),
    "GPL-2.0-or-later": ("GNU General Public License, version 2 or later",
                         "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"),
    "CC-BY-3.0": ("Creative Commons Attribution 3.0", "https://creativecommons.org/licenses/by/3.0/"),
    "CC-BY-SA-3.0": ("Creative Commons Attribution-ShareAlike 3.0",
                     "https://creativecommons.org/licenses/by-sa/3.0/"),
    "MIT": ("MIT licence", "https://spdx.org/licenses/MIT.html"),
}  # fmt: skip
NOTICES = {
    "fretsonfire-songs-muldjord": "This song was composed by El Senator of the danish metal band Muldjord. It is "
    "licensed under the Creative Commons Attribute Share-Alike license which can be viewed at "
    "http://creativecommons.org/licenses/by-sa/3.0",
    "fretsonfire-songs-sectoid": "Copyright (c) 2006/2007 Carlos Viola Iborra <karuritosu@gmail.com>",
}


@dataclass(frozen=True)
class Piece:
    """A row of the table. `source` names files at the end of their paths; several are stems that are mixed."""

    file: str
    package: str
    source: str
    title: str
    artist: str
    album: str
    year: str
    style: str
    licence: str


def pieces() -> list[Piece]:
    """The table."""
    with (HERE / "bundled_music.csv").open(newline="", encoding="utf-8") as file:
        return [Piece(**row) for row in csv.DictReader(file)]


def find(folder: Path, name: str) -> Path:
    """The file whose path ends with `name`; where folders were flattened, `folder-file` or the bare file."""
    parts = name.split("/")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for wanted in (parts, ["-".join(parts)], parts[-1:]):
        found = [path for path in files if list(path.parts[-len(wanted) :]) == wanted]
        if found:
            return found[0]
    raise SystemExit(f"{folder} has no {name}")


def render(midi: Path, into: Path) -> Path:
    """A MIDI file as sound."""
    out = into / f"{midi.stem}.wav"
    command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-F", out, SOUNDFONT, midi]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out


def decode(path: Path) -> Wave:
    """All of a file, in stereo."""
    resampler, parts = av.AudioResampler("fltp", "stereo", RATE), []
    with av.open(str(path), metadata_errors="replace") as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += [piece.to_ndarray() for piece in resampler.resample(frame)]
    parts += [piece.to_ndarray() for piece in resampler.resample(None)]
    return np.concatenate(parts, axis=1)


def load(piece: Piece, folder: Path, work: Path) -> Wave:
    """The whole piece; stems are added."""
    stems = []
    for name in piece.source.split("+"):
        path = find(folder, name)
        stems.append(decode(render(path, work) if path.suffix == ".mid" else path))
    mixed = np.zeros((2, max(stem.shape[1] for stem in stems)), np.float32)
    for stem in stems:
        mixed[:, : stem.shape[1]] += stem
    return mixed


def typical_start(wave: Wave) -> float:
    """Where the excerpt begins (s): level, without gaps, and about as loud as the louder parts are."""
    seconds = wave.shape[1] // RATE
    power = (wave[:, : seconds * RATE].reshape(2, seconds, RATE) ** 2).mean((0, 2))
    level, length = 10 * np.log10(power + 1e-9), round(SECONDS)
    first = EDGE_S if seconds > length + 2 * EDGE_S else 0
    starts = range(first, max(seconds - length - first, first) + 1)
    aim = np.percentile(level, 65)
    windows = {start: level[start : start + length] for start in starts}
    return float(min(starts, key=lambda s: abs(windows[s].mean() - aim) + 0.5 * windows[s].std()))


def k_weighted(wave: Wave) -> Wave:
    """Table 1 and table 2 of ITU-R BS.1770-4, for 48 kHz."""
    shelf = (
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1.0, -1.69065929318241, 0.73248077421585],
    )
    high = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    weighted: Wave = lfilter(*high, lfilter(*shelf, wave))
    return weighted


def loudness(wave: Wave) -> float:
    """Integrated loudness in LUFS, gated as in ITU-R BS.1770-4, section 2.8."""
    block, hop = round(0.4 * RATE), round(0.1 * RATE)
    weighted = k_weighted(wave) ** 2
    starts = range(0, wave.shape[1] - block + 1, hop)
    power = np.array([weighted[:, start : start + block].mean(1).sum() for start in starts])
    level = -0.691 + 10 * np.log10(power + 1e-12)
    level_gated = power[level > -70]
    relative = -0.691 + 10 * np.log10(level_gated.mean()) - 10
    return float(-0.691 + 10 * np.log10(power[(level > -70) & (level > relative)].mean()))


def excerpt(wave: Wave, start: float) -> Wave:
    """The seconds from `start` on, faded, at the common loudness."""
    begin = round(start * RATE)
    cut = wave[:, begin : begin + round(SECONDS * RATE)].copy()
    rise, fall = round(FADE_IN_S * RATE), round(FADE_OUT_S * RATE)
    if start:
        cut[:, :rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    cut[:, -fall:] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    cut *= 10 ** ((LOUDNESS - loudness(cut)) / 20)
    level: Wave = (cut * min(1.0, PEAK / np.abs(cut).max())).astype(np.float32)
    return level


def encode(wave: Wave, path: Path) -> None:
    """Opus; the same bytes every time."""
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, options={"vbr": "on", "compression_level": "10"})
        stream.bit_rate, stream.layout = BIT_RATE, "stereo"  # type: ignore[attr-defined]  # the stub knows any stream
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave.T.reshape(1, -1)), "flt", "stereo")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def credit(piece: Piece, start: float, whole: float) -> dict[str, Any]:
    """What the window shows of a piece."""
    origin, homepage, holder = PACKAGES[piece.package]
    licence, url = LICENCES[piece.licence]
    return {
        "file": f"{piece.file}.opus", "title": piece.title, "artist": piece.artist, "album": piece.album,
        "year": int(piece.year) if piece.year else None, "style": piece.style, "copyright": holder or piece.artist,
        "licence": piece.licence, "licence_name": licence, "licence_url": url, "source": origin,
        "source_url": homepage, "package": piece.package, "package_files": piece.source.split("+"),
        "excerpt": [start, round(start + SECONDS, 1)], "whole_s": round(whole, 1),
        "notice": NOTICES.get(piece.package, ""),
    }  # fmt: skip


def tag(path: Path, said: dict[str, Any]) -> None:
    """Write into the file what is known of it."""
    file = OggOpus(path)
    file.delete()
    texts = {
        "title": said["title"], "artist": said["artist"], "album": said["album"], "genre": said["style"],
        "license": said["licence_url"], "copyright": f"{said['copyright']} ({said['licence_name']})",
        "contact": said["source_url"],
        "description": f"Excerpt of {SECONDS:.0f} s from {said['source']}; faded, loudness adjusted.",
    }  # fmt: skip
    if said["year"]:
        texts["date"] = str(said["year"])
    for name, text in texts.items():
        file[name] = text
    file.save()


def keep_licences(folders: dict[str, Path], out: Path) -> None:
    """The licences' texts, as the packages have them."""
    out.mkdir(exist_ok=True)
    shutil.copyfile("/usr/share/common-licenses/GPL-2", out / "GPL-2.0.txt")
    for name, package, first, last in (
        ("CC-BY-SA-3.0", "fretsonfire-songs-muldjord", "Attribution-ShareAlike 3.0 Unported", "\nPackaging:"),
        ("CC-BY-3.0", "naev-data", " Attribution 3.0 Unported", "\n\n"),
        ("MIT", "fretsonfire-songs-sectoid", "The songs, performances", "\nPackaging:"),
    ):
        text = find(folders[package], "copyright").read_text("utf-8")
        body = first + text.partition(first)[2].partition(last)[0]
        lines = ("" if line.strip() == "." else line.rstrip() for line in body.strip().splitlines())
        (out / f"{name}.txt").write_text("\n".join(lines) + "\n", "utf-8")


def build(out: Path, soundtracks: Path | None) -> None:
    """Build the folder anew; what is there of tracks and credits is replaced."""
    table = pieces()
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.opus"):
        old.unlink()
    said = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folders: dict[str, Path] = {}
        for piece in table:
            there = soundtracks / piece.package if soundtracks else None
            if piece.package not in folders and there is not None and there.is_dir():
                folders[piece.package] = there
            elif piece.package not in folders:
                folders[piece.package] = work / piece.package
                folders[piece.package].mkdir()
                unpack(piece.package, folders[piece.package])
            wave = load(piece, folders[piece.package], work)
            start = typical_start(wave)
            path = out / f"{piece.file}.opus"
            encode(excerpt(wave, start), path)
            said.append(credit(piece, start, wave.shape[1] / RATE))
            tag(path, said[-1])
            print(f"{path.name:48s} {path.stat().st_size / 1e3:6.0f} kB from {start:5.1f} s", flush=True)
    keep_licences(folders, out / "licences")
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    (out / "credits.json").write_text(text, encoding="utf-8")
    total = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{len(said)} tracks, {total / 2**20:.2f} MiB")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--soundtracks", type=Path, help="a folder for each package, instead of fetching it")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    build(arguments.out, arguments.soundtracks)


if __name__ == "__main__":
    main()
