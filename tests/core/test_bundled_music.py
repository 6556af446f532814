from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import av
import mutagen
import pytest

from core import bundled_music
from core.errors import UserError

FREE = {"GPL-2.0-only", "GPL-2.0-or-later", "CC-BY-3.0", "CC-BY-SA-3.0", "MIT"}


def test_what_is_there_is_what_is_credited_and_all_of_it_is_free() -> None:
    known = bundled_music.credit_list()
    folder = bundled_music.folder()
    assert {one.file for one in known} == {path.name for path in folder.glob("*.opus")}
    assert len(known) >= 40
    assert {one.licence for one in known} <= FREE
    assert all(one.title and one.artist and one.copyright and one.source and one.package for one in known)
    assert all(one.licence_url.startswith("http") and one.source_url.startswith("http") for one in known)
    assert min(Counter(one.style for one in known).values()) >= 4
    for licence in ("GPL-2.0", "CC-BY-3.0", "CC-BY-SA-3.0", "MIT"):
        assert len((folder / "licences" / f"{licence}.txt").read_text("utf-8")) > 500


def test_tracks_are_long_enough_tagged_and_small_together() -> None:
    folder = bundled_music.folder()
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 12 * 2**20
    for credit in bundled_music.credit_list():
        file = mutagen.File(folder / credit.file)
        assert file.info.length >= 30
        assert (file["title"], file["artist"]) == ([credit.title], [credit.artist])
        assert (file["license"], file["genre"]) == ([credit.licence_url], [credit.style])
        assert credit.excerpt[1] - credit.excerpt[0] == pytest.approx(31, abs=0.1)


def test_the_first_track_is_there_and_begins_and_ends_softly() -> None:
    with av.open(os.fsdecode(bundled_music.first())) as container:
        frames = [abs(frame.to_ndarray()) for frame in container.decode(audio=0)]
    whole = max(frame.max() for frame in frames)
    assert 0.1 < whole <= 1.0
    assert max(frames[0].max(), frames[-1].max()) < 0.05 * whole


def test_what_lies_in_the_folder_is_known_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMAP_MUSIC_DIR", str(tmp_path / "music"))
    assert bundled_music.holds(os.fsencode(tmp_path / "music"))
    assert bundled_music.holds(os.fsencode(tmp_path / "music" / "a.opus"))
    assert not bundled_music.holds(os.fsencode(tmp_path / "music of mine" / "a.opus"))
    assert not bundled_music.holds(os.fsencode(tmp_path))


@pytest.mark.parametrize("content", [None, "{", "[1]", '[{"title": "a"}]'])
def test_a_damaged_list_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setenv("EARMAP_MUSIC_DIR", str(tmp_path))
    if content is not None:
        (tmp_path / bundled_music.CREDITS).write_text(content)
    with pytest.raises(UserError, match="cannot be read"):
        bundled_music.credit_list()


def test_later_fields_do_not_disturb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = json.loads((bundled_music.folder() / bundled_music.CREDITS).read_text("utf-8"))[0]
    monkeypatch.setenv("EARMAP_MUSIC_DIR", str(tmp_path))
    (tmp_path / bundled_music.CREDITS).write_text(json.dumps([entry | {"mood": "blue"}]))
    assert bundled_music.credit_list()[0].title == entry["title"]
