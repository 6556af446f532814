"""`python -m tests.clip_writer MUSIC STORE COUNT`: decode files into a clip store until it holds COUNT clips.

A child does it for each line on standard input: it says "ready" and its number, then each identity once that is
stored for good. "ended" follows, however it came to its end; for tests that kill it. (POSIX)
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from core.audio.clip_store import ClipStore
from core.audio.clips import quantise
from core.audio.decode import decode
from core.audio.records import Request, Window
from tests.clip_tools import PLAN, bare


def say(text: str) -> None:
    """A line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fill(music: Path, folder: Path, count: int) -> None:
    """The same files again and again, under identities of their own, a commit for every clip."""
    files = itertools.cycle(sorted(os.fsencode(path) for path in music.iterdir()))
    with ClipStore(folder, PLAN, 1_000_000) as store:
        for number, path in zip(range(count), files, strict=False):
            identity = f"c{number:04}"
            if identity not in store.clips:
                windows = (
                    event
                    for event in decode(Request(0, path, middle_s=0.9), 60, lambda: None)
                    if isinstance(event, Window)
                )
                store.add(bare(identity), [quantise(window.samples)[0] for window in windows])
                store.commit()
                say(identity)


def main() -> None:
    """Fork for each line: what is slow to import is imported once."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            say(f"ready {os.getpid()}")
            fill(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
            os._exit(0)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
