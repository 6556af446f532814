"""Kill a job that makes clips at random moments, again and again, and look at what is left.

`python -m tests.bench.clips_kill FOLDER [--kills 10]`
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from core.audio.clip_store import store_bytes
from core.audio.clips import ClipSet
from core.clips_plan import clips_folder, stored_clips
from core.jobs.events import Ended, Progress
from core.jobs.process import JobProcess
from core.library.store import Library
from core.settings import Settings
from tests.clip_tools import check_digests
from tests.library_tools import scan


def main() -> None:
    """Kill, look, go on; at the end every track is there, and what was stored was never decoded again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder, "a.earmap")) as library:
        scan(library, options.folder)
        store = clips_folder(library, 30)
        for number in range(options.kills):
            job = JobProcess(library.path, "clips", {"seconds": 30}, Settings())
            until = None  # so long after the first track of this run
            while until is None or time.monotonic() < until:
                heard = job.poll(0.05)
                if until is None and any(isinstance(event, Progress) and event.done for event in heard):
                    until = time.monotonic() + rng.uniform(0, 5)
            job.close(0.0)
            held = stored_clips(store)
            if held:
                check_digests(ClipSet.open(store))
            print(f"kill {number + 1}: {len(held)} clips, all sound", flush=True)
        job = JobProcess(library.path, "clips", {"seconds": 30}, Settings())
        ended = None
        while ended is None:
            ended = next((event for event in job.poll(0.5) if isinstance(event, Ended)), None)
        job.close()
        clips = ClipSet.open(store)
        check_digests(clips)
        assert ended.outcome == "completed", ended
        assert ended.result["decoded"] == len(clips) - len(held)
        assert store_bytes(store) == clips.bytes
        print(f"then to the end: {ended.result}")


if __name__ == "__main__":
    main()
