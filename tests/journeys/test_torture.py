"""Every evil file through the whole program: an outcome and a sentence for each, counts that add up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core.library.store import Library
from core.settings import AudioSettings, Settings
from tests.library_tools import counts, run_job, scan
from tests.torture import Evil

LIMIT_S = 5.0


@pytest.mark.timeout(400)
def test_the_torture_folder(evil: list[Evil], tmp_path: Path) -> None:
    settings = Settings(audio=AudioSettings(stall_limit_s=LIMIT_S))
    with Library(tmp_path / "a.earmap") as library:
        scan(library, Path(os.fsdecode(evil[0].path)).parent)
        start = time.monotonic()
        ended = run_job(library, "embed", settings)
        assert ended.outcome == "completed", (ended.title, ended.details)
        assert time.monotonic() - start < len(evil) * LIMIT_S
        record = library.encoders.get("mfcc")
        figures = counts(library)
        rows = {}
        for wanted in evil:
            file = library.rows.find(wanted.path)
            if file is None:  # a folder, or not named like audio: counted, not read
                rows[wanted.path] = ("skipped", "not named like audio")
                continue
            row = library.rows.page(record.id, "whole", [file])[0]
            rows[wanted.path] = (row.state, row.reason)
        wrong = {w.path: (rows[w.path], set(w.outcomes)) for w in evil if rows[w.path][0] not in w.outcomes}
        assert wrong == {}
        mute = [path for path, (state, reason) in rows.items() if state != "embedded" and len(reason) < 12]
        assert mute == []
        assert figures.pending == 0
        embedded = sum(state == "embedded" for state, _ in rows.values())
        assert figures.embedded >= embedded  # links may lead to one file twice
        assert run_job(library, "embed", settings).result["read"] == 0
        vectors = library.vectors.after(record.id, "whole", 0)[2]
        assert abs(vectors).max() < 1e4
