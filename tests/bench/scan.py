"""Time and memory of scanning: `python -m tests.bench.scan [FILES]`.

Small real files (1 s of FLAC with tags), 50 to a folder; the second scan finds nothing changed.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from core.library.store import Library
from tests.audio_files import write_tone
from tests.library_tools import scan


def main(files: int) -> None:
    """Scan a new folder, then twice the unchanged one."""
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.flac"
        write_tone(seed, 1.0, tags={"title": "A title", "artist": "An artist", "album": "An album"})
        music = Path(folder) / "music"
        for number in range(files):
            place = music / f"album {number // 50}"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(seed, place / f"{number}.flac")
        with Library(Path(folder) / "a.earmap") as library:
            for name in ("new", "unchanged", "unchanged again"):
                start, cpu = time.perf_counter(), time.process_time()
                tally = scan(library, *([music] if name == "new" else []))
                wall, cpu = time.perf_counter() - start, time.process_time() - cpu
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"{name:16} {tally['found']} files: {wall:.2f} s, {cpu:.2f} s of CPU, peak {memory:.0f} MB"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
