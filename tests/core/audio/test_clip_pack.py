"""Packing clips to travel and taking them in again: exact in FLAC, close in Opus, closed to what is broken."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core.audio import clip_unpack
from core.audio.clip_index import TEXTS
from core.audio.clip_manifest import MANIFEST, Codec, Manifest, is_packed, read_manifest
from core.audio.clip_pack import pack
from core.audio.clip_store import ClipStore
from core.audio.clip_unpack import unpack
from core.audio.clips import ClipSet, Int16
from core.audio.records import Failed
from core.errors import Cancelled, UserError
from tests.audio_files import music
from tests.clip_tools import PLAN, bare, check_digests, no_file_larger_than, noise, sounds_of, write_store

RATE = 16_000


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def song(seed: int, seconds: float) -> Int16:
    return (music(seconds, RATE, seed)[:, 0] * 32_000).astype(np.int16)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipSet:
    """Noise that no codec makes smaller, an odd number of samples, extremes, and one sample."""
    extremes = np.array([-32_768, 32_767, 0, -1, 1] * 100, np.int16)
    sounds = {f"n{i}": noise(i, 400_000 + i) for i in range(3)} | {"one": noise(9, 1), "extremes": extremes}
    folder = tmp_path_factory.mktemp("clips")
    with ClipStore(folder, PLAN) as store:
        for identity, sound in sounds.items():
            store.add(bare(identity, album_artist="Various"), [sound])
    return ClipSet.open(folder)


@pytest.fixture(scope="module")
def packed(clips: ClipSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those in several FLAC files: clips go on from one file to the next."""
    folder = tmp_path_factory.mktemp("packed") / "out"
    pack(clips, folder, "flac", silent, shard_bytes=1_000_000)
    return folder


@pytest.fixture
def own(packed: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(packed, tmp_path / "own"))


def test_flac_gives_every_sample_back(clips: ClipSet, packed: Path, tmp_path: Path) -> None:
    files = sorted(packed.glob("*.flac"))
    assert len(files) > 2
    assert all(path.stat().st_size <= 1_000_000 for path in files)
    assert is_packed(packed)
    back = unpack(packed, tmp_path, silent)
    assert back.folder == tmp_path / PLAN
    assert sounds_of(back) == sounds_of(clips)
    assert back.fingerprint == clips.fingerprint == read_manifest(packed).fingerprint
    assert all(clip.imported for clip in back.clips)
    assert [[getattr(clip, name) for name in TEXTS] for clip in back.clips] == [
        [getattr(clip, name) for name in TEXTS] for clip in clips.clips
    ]
    assert {clip.album_artist for clip in back.clips} == {"Various"}


def test_packed_clips_are_no_store_and_the_hint_says_what_to_do(packed: Path) -> None:
    with pytest.raises(UserError, match=r"are packed.*import clips"):
        ClipSet.open(packed)


def test_any_other_program_reads_the_files(clips: ClipSet, packed: Path) -> None:
    parts = [soundfile.read(path, dtype="int16") for path in sorted(packed.glob("*.flac"))]
    assert {rate for _, rate in parts} == {RATE}
    assert np.concatenate([part for part, _ in parts]).tobytes() == b"".join(sounds_of(clips).values())


def test_opus_is_small_and_close(tmp_path: Path) -> None:
    clips = write_store(tmp_path / "s", {f"s{i}": song(i, 20.0 + i / 7) for i in range(4)})
    pack(clips, tmp_path / "out", "opus", silent)
    assert sum(path.stat().st_size for path in (tmp_path / "out").glob("*.opus")) < clips.bytes / 4
    back = unpack(tmp_path / "out", tmp_path / "in", silent)
    check_digests(back)
    assert [clip.samples for clip in back.clips] == [clip.samples for clip in clips.clips]
    assert back.fingerprint != clips.fingerprint, "other samples are other clips"
    for row, clip in enumerate(clips.clips):
        before = clips.read(row, 0, clip.samples).astype(np.float64)
        after = back.read(row, 0, clip.samples).astype(np.float64)
        assert np.corrcoef(before, after)[0, 1] > 0.97, "shifted, or another clip's"


def test_what_is_there_already_stays(clips: ClipSet, packed: Path, tmp_path: Path) -> None:
    with ClipStore(tmp_path / PLAN, PLAN) as store:
        store.add(bare("n1", title="Mine"), [noise(77, 50)])
        store.add(bare("other"), [noise(78, 50)])
    back = unpack(packed, tmp_path, silent)
    assert len(back) == len(clips) + 2 - 1
    assert [(c.title, c.samples) for c in back.clips if c.identity == "n1"] == [("Mine", 50)]
    check_digests(back)
    others = back.subset(set(sounds_of(clips)) - {"n1"})
    assert others.fingerprint == clips.subset(sounds_of(others)).fingerprint
    assert len(unpack(packed, tmp_path, silent)) == len(back)


def test_stopped_packing_leaves_nothing(clips: ClipSet, tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        pack(clips, tmp_path / "out", "flac", stop, shard_bytes=1_000_000)
    assert list((tmp_path / "out").iterdir()) == []


def test_stopped_unpacking_goes_on(clips: ClipSet, packed: Path, tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        unpack(packed, tmp_path, stop)
    assert len(ClipSet.open(tmp_path / PLAN)) == 2
    assert unpack(packed, tmp_path, silent).fingerprint == clips.fingerprint


def test_no_folder_of_somebody_else_is_written_into(clips: ClipSet, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        pack(clips, tmp_path, "flac", silent)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.skipif(os.name != "posix", reason="no limits there")
@pytest.mark.parametrize("codec", ["flac", "opus"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(clips: ClipSet, tmp_path: Path, codec: Codec) -> None:
    with no_file_larger_than(60_000), pytest.raises(UserError, match="no room"):
        pack(clips, tmp_path / "out", codec, silent)
    assert list((tmp_path / "out").iterdir()) == []


# -- broken and hostile ----------------------------------------------------------------------------


def refused(folder: Path, tmp_path: Path) -> str:
    """The sentence; and nothing came of it."""
    with pytest.raises(UserError) as caught:
        unpack(folder, tmp_path / "into", silent)
    store = tmp_path / "into" / PLAN
    assert not list(store.glob("shard-*")) or not len(ClipSet.open(store))
    return str(caught.value)


def test_a_folder_without_clips_is_said(tmp_path: Path) -> None:
    assert "no packed clips" in refused(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize("spoil", ["missing", "short", "flipped", "link"])
def test_a_file_that_is_not_the_one_packed_is_refused(own: Path, tmp_path: Path, spoil: str) -> None:
    path = own / "clips-0001.flac"
    content = bytearray(path.read_bytes())
    if spoil == "missing":
        path.unlink()
    elif spoil == "short":
        path.write_bytes(content[:-1])
    elif spoil == "flipped":
        content[5000] ^= 1
        path.write_bytes(bytes(content))
    else:
        path.rename(own / "elsewhere")
        path.symlink_to(own / "elsewhere")
    assert str(own) in refused(own, tmp_path)


def lie(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / MANIFEST
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda m: m.update(format="earmap packed clips 2"),
    "a plan that is a path": lambda m: m.update(plan="../../../x"),
    "a file elsewhere": lambda m: m["shards"][0].update(name="../own/clips-0000.flac"),
    "an absolute file": lambda m: m["shards"][0].update(name="/etc/passwd"),
    "a file twice": lambda m: m["shards"].append(m["shards"][0]),
    "an identity that is a path": lambda m: m["clips"][0].update(identity="../x"),
    "a clip twice": lambda m: m["clips"][1].update(identity=m["clips"][0]["identity"]),
    "more samples than there are": lambda m: m["clips"][0].update(samples=m["clips"][0]["samples"] + 1),
    "absurd samples": lambda m: m["clips"][0].update(samples=10**15),
    "negative samples": lambda m: m["clips"][0].update(samples=-5),
    "text for a number": lambda m: m["clips"][0].update(samples="5"),
    "an absurd title": lambda m: m["clips"][0].update(title="x" * 10**6),
    "another codec": lambda m: m.update(codec="mp3"),
    "something more": lambda m: m.update(command="rm"),
    "no files": lambda m: m.update(shards=[]),
    "no hash": lambda m: m["shards"][0].update(sha256="x"),
}


@pytest.mark.parametrize("which", LIES)
def test_a_manifest_that_says_what_cannot_be_is_refused(own: Path, tmp_path: Path, which: str) -> None:
    lie(own, LIES[which])
    assert "damaged" in refused(own, tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(own: Path, tmp_path: Path, content: bytes) -> None:
    (own / MANIFEST).write_bytes(content)
    assert "damaged" in refused(own, tmp_path)


def test_sound_that_is_not_what_the_manifest_says_is_refused(own: Path, tmp_path: Path) -> None:
    def shift(values: dict[str, Any]) -> None:  # right in sum, wrong in the middle
        values["clips"][1]["samples"] += 1
        values["clips"][2]["samples"] -= 1

    lie(own, shift)
    with pytest.raises(UserError, match="damaged"):
        unpack(own, tmp_path / "into", silent)


def test_a_file_shorter_than_it_says_is_refused(own: Path, tmp_path: Path) -> None:
    def longer(values: dict[str, Any]) -> None:
        values["shards"][-1]["samples"] += 5
        values["clips"][-1]["samples"] += 5

    lie(own, longer)
    with pytest.raises(UserError, match="damaged"):
        unpack(own, tmp_path / "into", silent)


def test_a_file_that_crashes_the_decoder_is_refused(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crashing:
        def stream(self, requests: Any) -> Any:
            yield Failed(0, "crashed", "The decoder crashed on this file.")

    sound = clip_unpack._decoded
    monkeypatch.setattr(clip_unpack, "_decoded", lambda _pool, *rest: sound(Crashing(), *rest))
    assert "damaged" in refused(own, tmp_path)


def test_no_room_is_said_before(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.audio.clip_unpack.SAMPLE_BYTES", 10**12)
    assert "the disk has" in refused(own, tmp_path)


def test_a_manifest_reads_as_it_was_written(packed: Path) -> None:
    manifest = read_manifest(packed)
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert manifest.encoder.startswith("PyAV")
