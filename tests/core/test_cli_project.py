"""`earmap project`: one document, files in every format, and a map that stays."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import cli
from core.library.store import Library
from tests.map_tools import hear, make

TRACKS = 60


def earmap(capsys: pytest.CaptureFixture[str], library: Path, *arguments: str) -> tuple[int, Any, str]:
    """Run a command in this process: its exit code, its document or text, and what it said aside."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["project", *arguments, "--library", str(library)])
    said = capsys.readouterr()
    out = json.loads(said.out) if "--json" in arguments else said.out
    return int(ended.value.code or 0), out, said.err


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("project") / "library.earmap"
    make(path, TRACKS)
    hear(path, "ears", range(TRACKS), 16)
    with Library(path):
        yield path


def test_the_document_says_what_was_drawn_and_how_well(
    capsys: pytest.CaptureFixture[str], library: Path
) -> None:
    code, document, _ = earmap(capsys, library, "--encoder", "ears", "--method", "pca", "--refit", "--json")
    assert code == 0
    assert (document["encoder"], document["method"], document["n"]) == ("ears", "pca", TRACKS)
    assert 0.5 < document["trustworthiness"] <= 1
    assert document["blind"] < document["recall"] <= 1
    assert document["seconds"] >= 0
    assert document["files"] == []


def test_a_person_reads_sentences(capsys: pytest.CaptureFixture[str], library: Path) -> None:
    earmap(capsys, library, "--encoder", "ears", "--method", "pca")
    code, text, _ = earmap(capsys, library, "--encoder", "ears", "--method", "pca")
    assert code == 0
    assert f"{TRACKS} tracks as ears hears them, PCA" in text
    assert "The map stayed as it was: 0 tracks added" in text
    assert "of each track's 15 nearest are near it on the map (drawn blindly: 25%)" in text


@pytest.mark.parametrize("colour", ["cluster", "kept"])
def test_pictures_are_written_and_always_alike(
    capsys: pytest.CaptureFixture[str], library: Path, tmp_path: Path, colour: str
) -> None:
    command = ["--encoder", "ears", "--method", "pca", "--colour", colour]
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    assert earmap(capsys, library, *command, "--out", str(one), "--out", str(other))[0] == 0
    assert one.read_bytes() == other.read_bytes()
    drawn = one.read_text("utf-8")
    assert drawn.startswith("<?xml")
    # matplotlib's groups of marks: none of the tracks is left out.
    assert drawn.count('<use xlink:href="#') >= TRACKS


def test_a_picture_is_a_png(capsys: pytest.CaptureFixture[str], library: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.PNG"
    _, document, _ = earmap(
        capsys, library, "--encoder", "ears", "--method", "pca", "--out", str(out), "--json"
    )
    assert document["files"] == [str(out)]
    assert out.read_bytes().startswith(b"\x89PNG")


def test_the_table_has_a_line_a_track_and_no_formula(
    capsys: pytest.CaptureFixture[str], library: Path, tmp_path: Path
) -> None:
    from core.library.database import Database

    database = Database(library)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE file SET title = '=1+1' WHERE track_id = 7")
        connection.exec_driver_sql("UPDATE root SET online = 0 WHERE id = 2")
    database.close()
    out = tmp_path / "map.csv"
    earmap(capsys, library, "--encoder", "ears", "--method", "pca", "--out", str(out))
    with out.open(encoding="utf-8", newline="") as file:
        rows = {int(row["id"]): row for row in csv.DictReader(file)}
    assert sorted(rows) == list(range(1, TRACKS + 1))
    assert rows[7]["title"] == "'=1+1"
    assert rows[7]["path"].endswith(".ogg")
    assert rows[TRACKS]["path"] == ""  # its drive is away, and it keeps its place
    assert {row["placed"] for row in rows.values()} == {"0"}
    assert all(0 <= float(row["kept"]) <= 1 and row["group"] != "" for row in rows.values())
    assert len({(row["x"], row["y"]) for row in rows.values()}) == TRACKS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--encoder", "ears", "--out", "map.gif"], "does not say which format"),
        (["--encoder", "nobody"], "nobody"),
        (["--encoder", "ears", "--method", "pca", "--out", "no/such/folder/map.svg"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(
    capsys: pytest.CaptureFixture[str], library: Path, arguments: list[str], words: str
) -> None:
    code, _, said = earmap(capsys, library, *arguments)
    assert code == 1
    assert words in said
