from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.errors import UserError
from core.evaluation import datasets
from core.evaluation.datasets import recognise
from core.evaluation.spec import SOURCES, TaskSpec

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
TRACKS = ",album,set,set,track\n,comments,split,subset,genre_top\ntrack_id,,,,\n2,0,training,small,Hip-Hop\n"
MIX = '[{"mix_id": 1, "category": "Rock", "playlist": []}]'


def put(here: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return here


LAYOUTS: dict[str, tuple[str, dict[str, str], str]] = {
    "FMA": ("fma", {"fma_metadata/tracks.csv": TRACKS, "fma_small/000/000002.mp3": ""}, "fma_small"),
    "around FMA": ("fma", {"fma_metadata/tracks.csv": TRACKS, "fma_small/000/000002.mp3": ""}, "."),
    "table in FMA": ("fma", {"tracks.csv": TRACKS, "000/000002.mp3": ""}, "."),
    "GTZAN": ("gtzan", {f"{genre}/{genre}.00000.au": "" for genre in GENRES}, "."),
    "GTZAN of Kaggle": ("gtzan", {f"Data/genres_original/{g}/{g}.00000.wav": "" for g in GENRES}, "."),
    "IRMAS": ("irmas", {f"{c}/[{c}][cla]0001__1.wav": "" for c in ("cel", "cla", "voi")}, "."),
    "around IRMAS": ("irmas", {f"IRMAS-TrainingData/{c}/[{c}][cla]0001__1.wav": "" for c in ("cel", "cla")}, "."),
    "MagnaTagATune": ("magnatagatune", {"annotations_final.csv": "clip_id\trock\tmp3_path\n", "0/a.mp3": ""}, "."),
    "Jamendo": ("jamendo", {"data/splits/split-0/autotagging_genre-train.tsv": "",
                            "data/splits/split-0/autotagging_genre-test.tsv": ""}, "."),
    "Jamendo's lists": ("jamendo", {"autotagging_moodtheme.tsv": "", "autotagging.tsv": ""}, "."),
    "MSD": ("msd", {"train_x_msd_id.txt": "TRAAAAK128F9318786\n", "train_y.npy": ""}, "."),
    "AOTM": ("aotm", {"aotm2011_playlists.json": MIX}, "aotm2011_playlists.json"),
    "around AOTM": ("aotm", {"aotm2011_playlists.json": MIX, "README": ""}, "."),
    "playlists": ("m3u", {"a.m3u8": "#EXTM3U\n", "b.m3u": ""}, "."),
    "a playlist": ("m3u", {"a.m3u8": "#EXTM3U\n"}, "a.m3u8"),
    "a table": ("csv", {"x.csv": "file,label\na.wav,x\n"}, "x.csv"),
    "around a table": ("csv", {"x.tsv": "path\trock\tpop\na.wav\t1\t0\n", "a.wav": ""}, "."),
    "music": ("", {"Artist/Album/01 Song.mp3": "", "notes.txt": "x", "data.json": '{"a": 1}'}, "."),
    "genres that are somebody's folders": ("", {f"{genre}/My song.mp3": "" for genre in GENRES}, "."),
    "other tables": ("", {"x.csv": "a,b\n1,2\n", "y.csv": "file,label\n"}, "."),
    "a table of sums": ("", {"x.csv": "month,sum\n1,2\n"}, "x.csv"),
    "nothing": ("", {}, "."),
    "what is not there": ("", {}, "gone"),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_known_by_its_names(tmp_path: Path, name: str) -> None:
    kind, files, place = LAYOUTS[name]
    dropped = put(tmp_path / "dropped", files) / place
    found = recognise(paths.raw(dropped))
    assert (found.kind if found else "") == kind
    if found is not None:
        inner = dropped / "aotm2011_playlists.json" if name == "around AOTM" else dropped
        inner = dropped / "x.tsv" if name == "around a table" else inner
        assert found.raw_path == paths.raw(inner)


def test_every_kind_with_a_place_is_known_by_it() -> None:
    assert {kind for kind, _, _ in LAYOUTS.values()} - {""} == {
        source.kind for source in SOURCES if source.needs != "nothing"
    }


def test_nothing_hostile_is_believed_or_waited_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.bytes(200_000)
    for name in ("tracks.csv", "annotations_final.csv", "x.csv", "aotm2011_playlists.json", "autotagging.x"):
        (tmp_path / name).write_bytes(noise)
    assert recognise(bytes(tmp_path)) is None
    for path in tmp_path.iterdir():
        assert recognise(bytes(path)) is None
    folder = tmp_path / "pipes"
    folder.mkdir()
    for name in ("tracks.csv", "annotations_final.csv", "aotm2011_playlists.json"):
        os.mkfifo(folder / name)
    assert recognise(bytes(folder)) is None
    deep = tmp_path / "deep.json"
    deep.write_text(json.dumps({"playlist": 1}) + "[" * 100_000)
    assert recognise(bytes(deep)) is None


def test_fmas_metadata_lead_to_the_audio_beside_them(tmp_path: Path) -> None:
    put(tmp_path, {"fma_metadata/tracks.csv": TRACKS, "fma_small/000/000002.mp3": ""})
    for dropped in (tmp_path / "fma_metadata", tmp_path / "fma_metadata" / "tracks.csv"):
        found = recognise(bytes(dropped))
        assert found is not None
        assert datasets.find("fma").root(found) == bytes(tmp_path / "fma_small")


def test_files_without_end_are_refused_at_once(tmp_path: Path) -> None:
    for name, kind in (("x.csv", "csv"), ("aotm2011_playlists.json", "aotm"), ("train_x_msd_id.txt", "msd")):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(b"path,label\n")
            file.truncate(3 * 2**30)  # holes: nothing is on the disk
        spec = TaskSpec(kind=kind, path=str(tmp_path if kind == "msd" else path))
        (tmp_path / "test_x_msd_id.txt").touch()
        assert recognise(bytes(path)) is None
        with pytest.raises(UserError, match="far too large"):
            datasets.find(kind).tasks(spec, datasets.Catalogue([]))


def test_names_that_are_no_text_are_known_too(tmp_path: Path) -> None:
    folder = bytes(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    with open(folder + b"/a.m3u", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"\xff.mp3")
    found = recognise(folder)
    assert found is not None
    assert (found.kind, found.raw_path) == ("m3u", folder)
