"""Music out of Debian's packages, as a person's folder would hold it: one folder a package, original files and tags."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import av
from lists import SUFFIXES

ARCHIVES = {".zip", ".pk3"}
SHORTEST_S = 30.0


def unpack(package: str, folder: Path) -> None:
    """Fetch a package with apt and unpack it, with the archives in it."""
    # As whoever asks: apt's own user may not write into the folder.
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", package]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for deb in list(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
        deb.unlink()
    for archive in [path for path in folder.rglob("*") if path.suffix.lower() in ARCHIVES]:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(archive.with_suffix(".unpacked"))


def seconds(path: Path) -> float:
    """Length of a file as it says; 0 where it cannot be read."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            return (container.duration or 0) / av.time_base if container.streams.audio else 0.0
    except (av.error.FFmpegError, ValueError):
        return 0.0


def fetch(package: str, music: Path) -> None:
    """MUSIC/<package> with its tracks of at least 30 s and its `copyright`; nothing where it is there already."""
    target = music / package
    if target.is_dir():
        return
    music.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=music) as tmp:
        inside, kept = Path(tmp) / "inside", Path(tmp) / "kept"
        inside.mkdir()
        kept.mkdir()
        unpack(package, inside)
        for path in sorted(path for path in inside.rglob("*") if path.is_file() and not path.is_symlink()):
            if path.match(f"usr/share/doc/{package}/copyright"):  # a picture's may lie deeper
                shutil.copy(path, kept / "copyright")
            elif path.suffix.lower() in SUFFIXES and seconds(path) >= SHORTEST_S:
                taken = (kept / path.name).exists()
                shutil.move(path, kept / (f"{path.parent.name}-{path.name}" if taken else path.name))
        kept.rename(target)
