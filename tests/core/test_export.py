"""Exported vectors, read back with the programs they are for."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from core import export
from core.errors import UserError

N, DIM = 5, 3
IDS = np.array([7, 3, 2**40, 1, 9])
PATHS = [b"/m/a.ogg", b"/m/\xff\xfe.ogg", "/m/café.ogg".encode(), b'/m/"q",\n.ogg', b"=cmd.ogg"]
TITLES = ["Song", "=1+1", 'say "hi", twice', "lone \udcff", "日本"]
ARTISTS = ["", "@SUM(A1)", "-x", "\t=1", "nul\x00l"]
ALBUMS = ["", "+1", "line\nbreak", "＝1", "#1"]
MATRIX = np.array([[0.1, -2.5, 3e-38], [1, 2, 3], [1 / 3, 1e20, -0.0], [7, 8, 9], [1, 1, 1]], np.float32)
META = {"encoder": "mfcc", "plan": "whole", "dim": 3}


def write(path: Path) -> Path:
    export.vectors(path, IDS, PATHS, TITLES, ARTISTS, ALBUMS, MATRIX, META)
    return path


def test_parquet(tmp_path: Path) -> None:
    table = parquet.read_table(write(tmp_path / "a.parquet"))
    assert table.column_names == ["id", "path", "path_bytes", "title", "artist", "album", "vector"]
    assert table["id"].to_pylist() == IDS.tolist()
    assert table["path_bytes"].to_pylist() == PATHS
    assert table["path"].to_pylist()[1:3] == [r"/m/\udcff\udcfe.ogg", "/m/café.ogg"]
    assert table["title"].to_pylist() == [*TITLES[:3], r"lone \udcff", "日本"]
    assert table["artist"].to_pylist() == ARTISTS
    assert table["vector"].type.list_size == DIM
    assert np.array_equal(np.array(table["vector"].to_pylist(), np.float32), MATRIX)
    assert json.loads(table.schema.metadata[b"earmap"]) == META


def test_npz_without_pickle(tmp_path: Path) -> None:
    with np.load(write(tmp_path / "a.npz"), allow_pickle=False) as found:
        assert found["id"].tolist() == IDS.tolist()
        assert found["path_bytes"].tolist() == PATHS
        assert found["path"][1] == r"/m/\udcff\udcfe.ogg"
        assert found["title"].tolist() == [*TITLES[:3], r"lone \udcff", "日本"]
        assert found["artist"].tolist()[4] == "null"
        assert np.array_equal(found["vector"], MATRIX)
        assert json.loads(str(found["meta"])) == META


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_csv_holds_the_same_numbers_and_no_formula(tmp_path: Path) -> None:
    head, *rows = read_csv(write(tmp_path / "a.csv"))
    assert head == ["id", "path", "title", "artist", "album", "encoder", "v0", "v1", "v2"]
    assert [int(row[0]) for row in rows] == IDS.tolist()
    assert np.array_equal(np.array([row[6:] for row in rows], np.float32), MATRIX)
    assert [row[1] for row in rows] == [
        "/m/a.ogg", r"/m/\udcff\udcfe.ogg", "/m/café.ogg", '/m/"q",\n.ogg', "'=cmd.ogg",
    ]  # fmt: skip
    assert [row[2] for row in rows] == ["Song", "'=1+1", 'say "hi", twice', r"lone \udcff", "日本"]
    assert [row[3] for row in rows] == ["", "'@SUM(A1)", "'-x", "'\t=1", "null"]
    assert [row[4] for row in rows] == ["", "'+1", "line\nbreak", "'＝1", "#1"]
    assert {row[5] for row in rows} == {"mfcc"}


@given(st.text(max_size=20))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = export.safe_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not cell.startswith(("\t", "\r", "\n"))
    assert cell.removeprefix("'") == text.replace("\x00", "").removeprefix("'")


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_an_empty_library_gives_an_empty_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    export.vectors(path, IDS[:0], [], [], [], [], MATRIX[:0], META)
    if suffix == "parquet":
        assert parquet.read_table(path).num_rows == 0
    elif suffix == "npz":
        assert np.load(path)["vector"].shape == (0, DIM)
    else:
        assert len(read_csv(path)) == 1


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_large_tables_are_written_in_parts(tmp_path: Path, suffix: str) -> None:
    n, dim = 30_000, 64
    matrix = np.arange(n * dim, dtype=np.float32).reshape(n, dim)
    texts = ["t"] * n
    paths = [b"/m/%d" % i for i in range(n)]
    write(tmp_path / f"warm.{suffix}")
    tracemalloc.start()
    try:
        export.vectors(tmp_path / f"a.{suffix}", np.arange(n), paths, texts, texts, texts, matrix, {})
        assert tracemalloc.get_traced_memory()[1] < matrix.nbytes
    finally:
        tracemalloc.stop()
    if suffix == "parquet":
        table = parquet.read_table(tmp_path / f"a.{suffix}")
        assert np.array_equal(np.stack(table["vector"].to_numpy()), matrix)
        assert table["path_bytes"].to_pylist() == paths
    else:
        rows = read_csv(tmp_path / f"a.{suffix}")
        assert [float(cell) for cell in rows[20_001][6:]] == matrix[20_000].tolist()
        assert len(rows) == n + 1


def test_one_absurd_tag_does_not_widen_the_whole_array(tmp_path: Path) -> None:
    titles = ["x" * 1_000_000, "b"]
    export.vectors(tmp_path / "a.npz", IDS[:2], PATHS[:2], titles, ["", ""], ["", ""], MATRIX[:2], {})
    assert (tmp_path / "a.npz").stat().st_size < 20_000


@pytest.mark.parametrize("name", ["a.txt", "a", "a.json", "a.csv.gz"])
def test_an_unknown_suffix_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="which format") as caught:
        write(tmp_path / name)
    assert ".parquet, .npz, .csv" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_columns_of_other_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every column"):
        export.vectors(tmp_path / "a.csv", IDS, PATHS[:2], TITLES, ARTISTS, ALBUMS, MATRIX, META)


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_a_full_disk_is_a_sentence_and_the_old_file_stays(tmp_path: Path, suffix: str) -> None:
    resource = pytest.importorskip("resource")
    path = write(tmp_path / f"a.{suffix}")
    before = path.read_bytes()
    n = 3000
    big = np.random.default_rng(0).standard_normal((n, 64), np.float32)
    texts = ["t"] * n
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # what lies beyond fails as on a full disk
    try:
        with pytest.raises(UserError, match="no room"):
            export.vectors(path, np.arange(n), [b"/m"] * n, texts, texts, texts, big, META)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(UserError, match="cannot be written"):
            write(place / f"a.{suffix}")
