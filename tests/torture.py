"""A folder of evil files, the same at every run, each with the outcomes that are right for it.

`python -m tests.torture FOLDER` builds it by hand.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tests.audio_files import music, tone, write

GOOD = frozenset({"embedded"})
PARTIAL = frozenset({"partial"})
BAD = frozenset({"failed"})
IGNORED = frozenset({"failed", "skipped"})
"""What a scan may pass over without a word; who opens it nevertheless has to fail."""
BROKEN = PARTIAL | BAD
ANY = GOOD | PARTIAL | BAD

SECONDS = 6.0
"""Length of the tracks that the files are made of."""
LONG = "two hours.wav"
"""The one that takes its time for good reason."""


@dataclass(frozen=True)
class Evil:
    """One file: its raw absolute path and how it may end."""

    path: bytes
    outcomes: frozenset[str]


class Torture:
    """Writes evil files into a folder and remembers what is right for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stems = folder.with_name(folder.name + ".stems")
        self.files: list[Evil] = []
        folder.mkdir(parents=True)
        self.stems.mkdir(exist_ok=True)
        stereo = np.repeat(music(SECONDS), 2, axis=1)
        self.good = {
            kind: write(self.stems / f"good.{kind}", stereo).read_bytes()
            for kind in ("mp3", "m4a", "flac", "ogg", "opus", "wav", "aiff", "wma", "wv", "aac")
        }

    def place(self, name: str | bytes, outcomes: frozenset[str]) -> Path:
        """Note a file; the caller makes it."""
        path = self.folder / os.fsdecode(name)
        self.files.append(Evil(os.fsencode(path), outcomes))
        return path

    def put(self, name: str | bytes, data: bytes, outcomes: frozenset[str]) -> Path:
        """Write a file, where the file system allows such a name."""
        path = self.folder / os.fsdecode(name)
        try:
            path.write_bytes(data)
        except OSError:
            return path
        return self.place(name, outcomes)

    def made(self, name: str, outcomes: frozenset[str], samples: npt.NDArray[Any]) -> None:
        """Encode samples of 44.1 kHz by the name's ending."""
        write(self.place(name, outcomes), samples.astype(np.float32))


def wav(
    data: bytes,
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = 16_000,
    bits: int = 16,
    align: int | None = None,
    size: int | None = None,
) -> bytes:
    """A WAV file with whatever header is wanted."""
    align = channels * bits // 8 if align is None else align
    head = struct.pack("<HHIIHH", tag, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    size = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body


def float_wav(samples: npt.NDArray[Any], rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file of 32-bit floats."""
    return wav(samples.astype("<f4").tobytes(), tag=3, bits=32, rate=rate, channels=channels)


def patched(data: bytes, old: bytes, new: bytes, count: int = 1) -> bytes:
    """`data` with `old` replaced, which has to be there."""
    assert old in data, old
    return data.replace(old, new, count)


def id3(frames: bytes, size: int | None = None) -> bytes:
    """An ID3v2.3 tag."""
    size = len(frames) if size is None else size
    return b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + frames


def id3_frame(name: bytes, data: bytes, size: int | None = None) -> bytes:
    """One frame of it."""
    return name + struct.pack(">IH", len(data) if size is None else size, 0) + data


def nothing(t: Torture) -> None:
    """Files with nothing in them, or with something else."""
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0" + bytes(200)
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("song.mp3", t.good["mp3"])
    t.put("empty.mp3", b"", BAD)
    t.put("one byte.mp3", b"\xff", BAD)
    t.put("zeros.mp3", bytes(65_536), BAD)
    t.put("zeros.flac", bytes(65_536), BAD)
    t.put("ones.mp3", b"\xff" * 65_536, BAD)
    t.put("random.mp3", np.random.default_rng(0).bytes(200_000), ANY)
    t.put("random.ogg", np.random.default_rng(1).bytes(200_000), ANY)
    t.put("text.mp3", b"Dear diary, today I made no sound at all.\n" * 400, BAD)
    t.put("picture.mp3", png, BAD)
    t.put("archive.mp3", archive.getvalue(), BAD)
    t.put("document.flac", b"%PDF-1.7\n" + bytes(range(256)) * 20, BAD)
    t.put("page.ogg", b"<!DOCTYPE html><html><body>404</body></html>" * 50, BAD)
    t.put("program.wav", b"MZ\x90\0\3" + np.random.default_rng(2).bytes(5_000), BAD)
    t.put("score.mp3", b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", BAD)
    t.put("only tags.mp3", id3(id3_frame(b"TIT2", b"\0Nothing")), BAD)
    t.put("only a header.flac", t.good["flac"][:42], BAD)
    t.put("RIFF and no more.wav", b"RIFF", BAD)
    t.put("no data chunk.wav", wav(b"")[:36], BAD)
    t.put("no samples.wav", wav(b""), BAD)


def cut(t: Torture) -> None:
    """Files that end too early, and files with holes."""
    for kind, data in t.good.items():
        half = len(data) // 2
        # Nothing in an Ogg or ADTS file says how long it should be; an MP4 has its index at the end.
        known = {"ogg": GOOD | PARTIAL, "opus": GOOD | PARTIAL, "aac": GOOD | PARTIAL, "m4a": BAD}
        t.put(f"cut.{kind}", data[:half], known.get(kind, PARTIAL))
        t.put(f"cut in the header.{kind}", data[:60], BAD | (ANY if kind in {"wav", "aac", "mp3"} else BAD))
        t.put(f"hole.{kind}", data[:half] + bytes(half // 2) + data[half + half // 2 :], ANY)
        t.put(f"zeroed head.{kind}", bytes(2048) + data[2048:], ANY)
        t.put(f"zeroed tail.{kind}", data[:half] + bytes(len(data) - half), ANY)
    noise = np.random.default_rng(3).bytes(20_000)
    mp3 = t.good["mp3"]
    t.put("junk before.mp3", noise + mp3, GOOD | PARTIAL)
    t.put("zeros before.mp3", bytes(100_000) + mp3, ANY)
    t.put("junk within.mp3", mp3[:40_000] + noise + mp3[40_000:], GOOD | PARTIAL)
    t.put("junk behind.mp3", mp3 + noise, GOOD | PARTIAL)
    t.put("junk behind.flac", t.good["flac"] + noise, GOOD | PARTIAL)
    flips = np.random.default_rng(4)
    for kind, data in t.good.items():
        bits = bytearray(data)
        for at in flips.integers(0, len(data), len(data) // 500):
            bits[at] ^= 1 << int(flips.integers(8))
        t.put(f"flipped bits.{kind}", bytes(bits), ANY)


def lies(t: Torture) -> None:
    """Headers that do not tell the truth."""
    pcm = (8_000 * tone(3, 16_000, 1)[:, 0]).astype("<i2").tobytes()
    t.put("endless.wav", wav(pcm, size=0xFFFFFFFF), GOOD)
    t.put("says zero.wav", wav(pcm, size=0), GOOD | BAD)
    t.put("says ten hours.wav", wav(pcm, size=36_000 * 32_000), GOOD | PARTIAL)
    for name, how in {
        "0 Hz": {"rate": 0},
        "1 Hz": {"rate": 1},
        "4 GHz": {"rate": 0xFFFFFFFF},
        "768 kHz": {"rate": 768_000},
        "no channels": {"channels": 0},
        "255 channels": {"channels": 255},
        "65535 channels": {"channels": 65_535},
        "block of 0": {"align": 0},
        "3 bits": {"bits": 3},
        "0 bits": {"bits": 0},
        "1 bit": {"bits": 1},
        "unknown codec": {"tag": 0x4242},
        "MP3 inside": {"tag": 0x55},
    }.items():
        t.put(f"{name}.wav", wav(pcm, **how), ANY)
    flac = bytearray(t.good["flac"])
    flac[21] |= 0x0F  # the upper four of the 36 bits that count the samples
    t.put("says days.flac", bytes(flac), PARTIAL)
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    t.put("says nothing.flac", bytes(flac), GOOD)
    flac[18:21] = b"\xff\xff\xf0"
    t.put("strange rate.flac", bytes(flac), ANY)
    mark = b"Info" if b"Info" in t.good["mp3"] else b"Xing"
    at = t.good["mp3"].index(mark) + 8
    t.put("says hours.mp3", t.good["mp3"][:at] + struct.pack(">I", 10**6) + t.good["mp3"][at + 4 :], GOOD)
    m4a = t.good["m4a"]
    stts = m4a.index(b"stts") + 12
    t.put("says hours.m4a", m4a[:stts] + b"\x7f\xff\xff\xff" + m4a[stts + 4 :], ANY)
    stsz = m4a.index(b"stsz") + 8
    t.put("counts to 4 billion.m4a", m4a[:stsz] + b"\0\0\0\1\xff\xff\xff\xff" + m4a[stsz + 8 :], ANY)
    t.put("protected.m4a", patched(m4a, b"mp4a\0\0\0\0", b"drms\0\0\0\0"), ANY)
    t.put("mp3.flac", t.good["mp3"], GOOD)
    t.put("flac.mp3", t.good["flac"], GOOD)
    t.put("ogg.wav", t.good["ogg"], GOOD)
    t.put("m4a.mp3", m4a, GOOD)
    t.put("no ending at all", t.good["opus"], GOOD | {"skipped"})


def samples(t: Torture) -> None:
    """Sound that is none, too much of it, or too little."""
    wave = music(SECONDS, 16_000)[:, 0]
    some = wave.copy()
    some[1000:1010] = np.nan
    t.put("nan.wav", float_wav(np.full(48_000, np.nan)), BAD)
    t.put("some nan.wav", float_wav(some), PARTIAL)
    t.put("infinite.wav", float_wav(np.where(np.arange(wave.size) % 7, wave, np.inf)), BAD)
    t.put("enormous.wav", float_wav(wave * 1e38), BROKEN)
    t.put("tiny.wav", float_wav(wave * 1e-42), GOOD)
    t.put("of 16-bit size.wav", float_wav(wave * 32_767), GOOD)
    t.put("silence.wav", wav(bytes(96_000)), GOOD)
    t.made("silence.mp3", GOOD, np.zeros((60_000, 1)))
    t.put("constant.wav", float_wav(np.ones(60_000)), GOOD)
    t.put("one sample.wav", wav(b"\1\2"), GOOD)
    t.made("one sample at 44.1 kHz.flac", ANY, np.ones((1, 1)))
    t.made("a hundred samples.mp3", GOOD, np.ones((100, 1)) * 0.1)
    t.put("half a sample.wav", wav(b"\1"), BAD)
    t.put("192 kHz in 8 channels.wav", float_wav(tone(2, 192_000, 8), 192_000, 8), GOOD)
    t.put("24 bits.wav", wav(bytes(range(256)) * 300, bits=24), GOOD)
    t.put("8 bits.wav", wav(bytes(range(256)) * 300, bits=8), GOOD)
    t.put("mu-law.wav", wav(bytes(range(256)) * 300, tag=7, bits=8, rate=8_000), GOOD)
    t.put("one bit.dsf", dsf(2.0), GOOD)
    with t.place(LONG, GOOD).open("wb") as file:
        size = 2 * 3600 * 32_000
        file.write(wav(b"", size=size))
        file.truncate(44 + size)  # a hole: takes no room on the disk


def dsf(seconds: float) -> bytes:
    """One-bit sound (DSD) of 2.8 MHz in one channel."""
    blocks = int(seconds * 2_822_400 / 8 / 4096)
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, 2_822_400, 1, blocks * 4096 * 8, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + blocks * 4096) + b"\x69" * (blocks * 4096)
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(fmt) + len(data), 0) + fmt + data


def changes(t: Torture) -> None:
    """Files that become something else on the way, or hold more than one thing."""
    low = write(t.stems / "low.ogg", np.repeat(music(SECONDS, 22_050, 5), 2, axis=1), 22_050).read_bytes()
    slow = write(t.stems / "slow.mp3", music(SECONDS, 32_000, 6), 32_000).read_bytes()
    adts = write(t.stems / "mono.aac", music(SECONDS, 22_050, 7), 22_050).read_bytes()
    t.put("chained.ogg", t.good["ogg"] + write(t.stems / "next.ogg", tone(4)).read_bytes(), GOOD | PARTIAL)
    t.put("chained, other rate.ogg", t.good["ogg"] + low, GOOD | PARTIAL)
    t.put("two files in one.mp3", t.good["mp3"] + slow, GOOD | PARTIAL)
    t.put("two files in one.aac", t.good["aac"] + adts, GOOD | PARTIAL)
    t.put("two files in one.flac", t.good["flac"] * 2, GOOD | PARTIAL)
    _film(t.place("film with sound.mp4", GOOD), sound=True)
    _film(t.place("film without sound.mp4", IGNORED), sound=False)


def _film(path: Path, *, sound: bool) -> None:
    with av.open(os.fspath(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio = container.add_stream("aac", rate=44_100, layout="mono") if sound else None
        for shade in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade * 8, np.uint8), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            wave = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone(3, channels=1).T), "fltp", "mono")
            wave.sample_rate = 44_100
            container.mux(audio.encode(wave))
            container.mux(audio.encode(None))


def tags(t: Torture) -> None:
    """Good sound behind evil tags."""
    mp3 = t.good["mp3"]
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\xff\xff\xff\xff\3" + bytes(50)
    picture = b"\0image/jpeg\0\3\0"
    for name, frames in {
        "NUL bytes": id3_frame(b"TIT2", b"\0a\0b\0\0c\0") + id3_frame(b"TPE1", b"\0\0\0\0\0"),
        "odd UTF-16": id3_frame(b"TIT2", b"\1\xff\xfea\0b") + id3_frame(b"TPE1", b"\1a\0b\0c"),
        "lone surrogate": id3_frame(b"TIT2", b"\1\xff\xfe\x00\xd8a\0"),
        "not UTF-8": id3_frame(b"TIT2", b"\3\xff\xfe\xfd\x80"),
        "unknown encoding": id3_frame(b"TIT2", b"\x09what"),
        "5 MB of title": id3_frame(b"TIT2", b"\0" + b"x" * 5_000_000),
        "frame larger than the tag": id3_frame(b"TIT2", b"\0a", size=0x7FFFFFFF),
        "broken cover": id3_frame(b"APIC", picture + jpeg),
        "endless cover": id3_frame(b"APIC", picture + jpeg * 20_000),
        "cover of text": id3_frame(b"APIC", picture + b"not a picture at all"),
        "numbers": id3_frame(b"TRCK", b"\0-1/0") + id3_frame(b"TYER", b"\x0099999999999999999999"),
        "unknown frames": id3_frame(b"ZZZZ", bytes(100)) + id3_frame(b"\0\0\0\0", b""),
    }.items():
        t.put(f"tag - {name}.mp3", id3(frames) + mp3, GOOD)
    t.put("tag - says 256 MB.mp3", id3(b"", size=0x0FFFFFFF) + mp3, ANY)
    t.put("tag - twenty of them.mp3", id3(id3_frame(b"TIT2", b"\0a")) * 20 + mp3, GOOD)
    t.put("tag - on FLAC.flac", id3(id3_frame(b"TIT2", b"\0a")) + t.good["flac"], GOOD)
    t.put("tag - broken APE.mp3", mp3 + b"APETAGEX" + b"\xff" * 24, GOOD)
    t.put("tag - ID3v1 of bytes.mp3", mp3 + b"TAG" + bytes(range(128, 253)), GOOD)
    ogg = write(t.stems / "t.ogg", tone(SECONDS), tags={"title": "NORMALTITLE", "artist": "x"}).read_bytes()
    t.put("tag - damaged.ogg", patched(ogg, b"NORMALTITLE", b"\xff\xfe\0\0\x80ALTITL"), ANY)
    m4a = write(t.stems / "t.m4a", tone(SECONDS), tags={"title": "NORMALTITLE"}).read_bytes()
    t.put("tag - not UTF-8.m4a", patched(m4a, b"NORMALTITLE", b"\xff\xfe\0\0\x80ALTITL"), GOOD)


def playlists(t: Torture) -> None:
    """Files that would have other files, or the network, opened."""
    other = t.put("victim.wav", wav(bytes(96_000)), GOOD)
    t.put("hls.mp3", f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{other}\n#EXT-X-ENDLIST\n".encode(), BAD)
    t.put("hls.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nvictim.wav\n#EXT-X-ENDLIST\n", IGNORED)
    t.put("hls of the net.mp3", b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", BAD)
    t.put("concat.mp3", f"ffconcat version 1.0\nfile '{other}'\n".encode(), BAD)
    sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
    t.put("stream.mp3", sdp, BAD)
    mpd = b"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>
    <AdaptationSet mimeType="audio/mp4"><Representation id="1"><BaseURL>victim.wav</BaseURL>
    </Representation></AdaptationSet></Period></MPD>"""
    t.put("dash.mp3", mpd, BAD)


def names(t: Torture) -> None:
    """Good sound under names that trip programs up; each a track of its own."""
    odd: list[bytes] = [
        b"caf\xe9.mp3", b"\xff\xfe\xfd.mp3", b"\xed\xa0\x80.mp3", "Caf\u00e9.mp3".encode(), "Cafe\u0301.mp3".encode(),
        b"new\nline.mp3", b"tab\t.mp3", b"bell\x07.mp3", b"-rf.mp3", b"concat:a.mp3|b.mp3", b"http:--x.mp3",
        b"file:x.mp3", b"pipe:0.mp3", b"%s%n%d.mp3", b"%03d.mp3", b"a?b*c[d].mp3", b"quote'\"`$(x).mp3",
        b"back\\slash.mp3", "\u202egpj.mp3".encode(), "\U0001f3b5.mp3".encode(), b" space .mp3", b".hidden.mp3",
        b"UPPER.MP3", b"two.dots..mp3", b"x" * 251 + b".mp3",
    ]  # fmt: skip
    sound = write(t.stems / "name.mp3", tone(4)).read_bytes()
    for number, name in enumerate(odd):
        t.put(name, sound + bytes([number]), GOOD)


def places(t: Torture) -> None:
    """What is no file, or one file twice, or not to be read."""
    t.put("original.flac", t.good["flac"], GOOD)
    t.put("copy.flac", t.good["flac"], GOOD)
    t.put("original.mp3", t.good["mp3"], GOOD)
    t.put("retagged copy.mp3", id3(id3_frame(b"TIT2", b"\0Other")) + t.good["mp3"], GOOD)
    t.place("folder.mp3", IGNORED).mkdir()
    if not hasattr(os, "mkfifo"):
        return
    os.mkfifo(t.place("pipe.mp3", IGNORED))
    os.mknod(t.place("socket.mp3", IGNORED), stat.S_IFSOCK | 0o600)
    for name, target, outcomes in (
        ("zero.mp3", "/dev/zero", IGNORED),
        ("null.mp3", "/dev/null", IGNORED),
        ("terminal.mp3", "/dev/tty", IGNORED),
        ("dangling.mp3", "nowhere.mp3", IGNORED),
        ("itself.mp3", "itself.mp3", IGNORED),
        ("there.mp3", "back.mp3", IGNORED),
        ("back.mp3", "there.mp3", IGNORED),
        ("to a pipe.mp3", "pipe.mp3", IGNORED),
        ("to the folder.mp3", ".", IGNORED),
        ("to a file.flac", "original.flac", GOOD),
    ):
        t.place(name, outcomes).symlink_to(target)
    (t.folder / "loop").mkdir()
    (t.folder / "loop" / "up").symlink_to("..")
    (t.folder / "loop" / "here").symlink_to(".")
    t.place("hard link.flac", GOOD).hardlink_to(t.folder / "original.flac")
    locked = t.put("locked.mp3", t.good["mp3"], BAD if os.geteuid() else GOOD)  # root reads everything
    locked.chmod(0)


FAMILIES: tuple[Callable[[Torture], None], ...] = (
    nothing, cut, lies, samples, changes, tags, playlists, names, places,
)  # fmt: skip


def build(folder: Path) -> list[Evil]:
    """Fill a new folder; every file in it that is meant to be looked at, with its right outcomes."""
    torture = Torture(folder)
    for family in FAMILIES:
        family(torture)
    return torture.files


if __name__ == "__main__":
    for evil in build(Path(sys.argv[1])):
        sys.stdout.write(f"{'|'.join(sorted(evil.outcomes)):25} {evil.path!r}\n")
