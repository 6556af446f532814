"""Sentences for a person about why a file gives no sound, or not all of it."""

from __future__ import annotations

from core.audio.doorway import AudioFile
from core.audio.records import UnusableError

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"v=0", "a description of a stream (SDP)"),
    (b"SQLite", "a database"),
    (b"<", "a web page or XML"),
    (b"MThd", "a MIDI score, which holds notes and no sound"),
)
_AUDIO: tuple[bytes, ...] = (
    b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"wvpk", b"MAC ", b"TTA", b"caff", b".snd", b"MPCK",
    b"MP+", b"DSD ", b"0&\xb2u", b"\x1aE\xdf\xa3", b"\xff\xfb", b"\xff\xf1", b"\xff\xf3", b"\xff\xfa",
)  # fmt: skip


_CERTAIN = 4
"""Bytes of a signature that nothing else begins with by chance."""


def _foreign(head: bytes, shortest: int) -> UnusableError | None:
    for magic, what in _FOREIGN:
        if len(magic) >= shortest and head.startswith(magic):
            return UnusableError("no-audio", f"This is not an audio file: it begins like {what}.")
    return None


def refuse_foreign(file: AudioFile) -> None:
    """Refuse what is certainly something else; leave the file at its beginning.

    FFmpeg looks for sound anywhere in the first megabyte, and finds it in an archive of MP3 files.
    """
    file.seek(0)
    foreign = _foreign(file.read(16), _CERTAIN)
    if foreign is not None:
        raise foreign
    file.seek(0)


def _looks_like_text(head: bytes) -> bool:
    try:
        text = head[:-4].decode("utf-8")  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return len(text) > 1 and all(sign.isprintable() or sign in "\t\r\n" for sign in text)


def not_audio(head: bytes) -> UnusableError:
    """What a file that FFmpeg takes for no audio is, judged by its first bytes."""
    if not head.strip(b"\0"):
        return UnusableError("no-audio", "This is not an audio file: it begins with zeros.")
    foreign = _foreign(head.lstrip(b"\xef\xbb\xbf\r\n\t "), shortest=1)
    if foreign is not None:
        return foreign
    if head.startswith(b"ID3"):
        return UnusableError("no-audio", "There are tags in this file, but no sound.")
    if head.startswith(_AUDIO) or head[4:8] == b"ftyp":
        return UnusableError("unreadable", "The beginning of this file is damaged or cut off.")
    if _looks_like_text(head):
        return UnusableError("no-audio", "This is not an audio file: it begins like text.")
    return UnusableError("no-audio", "This is not an audio file, or its beginning is damaged.")


def not_opened(file: AudioFile) -> UnusableError:
    """The sentence for a file that FFmpeg could not open."""
    file.seek(0)
    return not_audio(file.read(512))


def short(seconds: float, declared: float) -> str:
    """The sentence for a file that ends before it should."""
    return f"Only {span(seconds)} of {span(declared)} could be read."


def span(seconds: float) -> str:
    """A duration as `143 s`, with a digit after the point below ten."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
