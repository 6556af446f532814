"""`earmap compare`: one document, files in every format, and a sentence where there is nothing to show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import cli
from core.library.store import Library
from tests.evaluation_results import QUALITY, Shelf, add_classes, add_majority, add_playlists, spec

TASK = "FMA small: genre"


def earmap(capsys: pytest.CaptureFixture[str], library: Path, *arguments: str) -> tuple[int, Any]:
    """Run a command in this process: its exit code and its document, or its text."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["compare", *arguments, "--library", str(library)])
    out = capsys.readouterr().out
    return int(ended.value.code or 0), json.loads(out) if "--json" in arguments else out


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with results as a run leaves them."""
    shelf = Shelf()
    encoders = {"mfcc": "mfcc", "random": "random", "self-1": "self", "melcpc-1": "melcpc"}
    add_classes(shelf, encoders, task=TASK, groups=300, notes=("3 files are missing.",))
    add_majority(shelf, task=TASK, spec=spec("fma", "/data/fma"), encoder="majority", strategy="")
    add_playlists(shelf, encoders, n=60)
    add_classes(shelf, {"mfcc": "mfcc"}, task=TASK, n=60, groups=60, probes=["svm"], config={"pca": True})
    with Library(tmp_path_factory.mktemp("compare") / "library.earmap") as library:
        for record in shelf.records:
            library.evaluations.add(replace(record, id=0), shelf.behind[record.id])
    return library.path


def test_the_document_holds_every_figure(capsys: pytest.CaptureFixture[str], evaluated: Path) -> None:
    code, document = earmap(capsys, evaluated, "--json")
    assert code == 0
    assert document["encoders"] == ["mfcc", "random", "self-1", "melcpc-1"]
    assert document["tasks"] == [TASK, "Albums as playlists"]
    rows = [row for row in document["results"] if row["source"] == "measured" and row["task"] == TASK]
    assert {(row["encoder"], row["probe"]) for row in rows if row["encoder"] != "majority"} == {
        (encoder, probe) for encoder in document["encoders"] for probe in ("svm", "logistic")
    }
    best = [row for row in rows if row["best"]]
    assert {row["probe"] for row in best} == {"svm", "logistic"}
    assert all(row["low"] < row["mean"] < row["high"] for row in rows if row["encoder"] != "majority")
    assert any("3 files are missing." in note for note in document["notes"])
    assert document["reduced"] is False


def test_a_person_reads_a_table(capsys: pytest.CaptureFixture[str], evaluated: Path) -> None:
    code, text = earmap(capsys, evaluated)
    assert code == 0
    for part in ("[Baselines]", "most frequent class", "Choi et al. 2022", "HR@10", "3 files are missing."):
        assert part in text


def test_files_are_written_in_every_format(
    capsys: pytest.CaptureFixture[str], evaluated: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"compared{suffix}" for suffix in (".png", ".svg", ".pdf", ".csv", ".md", ".tex")]
    wanted = [part for file in files for part in ("--out", str(file))]
    code, document = earmap(capsys, evaluated, *wanted, "--dark", "--task", TASK, "--json")
    assert (code, document["files"]) == (0, [str(file) for file in files])
    starts = [file.read_bytes()[:5] for file in files]
    assert starts == [b"\x89PNG\r", b"<?xml", b"%PDF-", b"task,", b"**FMA", b"% Nee"]


def test_some_tasks_and_encoders_keep_the_baselines(
    capsys: pytest.CaptureFixture[str], evaluated: Path
) -> None:
    _, document = earmap(
        capsys, evaluated, "--encoder", "self-1", "--task", "FMA", "--probe", "svm", "--json"
    )
    assert document["encoders"] == ["mfcc", "random", "self-1"]
    assert {row["probe"] for row in document["results"]} == {"svm"}
    shown = [row["encoder"] for row in document["results"] if row["best"]]
    assert shown == ["self-1"], "the best of those that are shown"
    _, document = earmap(capsys, evaluated, "--task", "albums", "--json")
    assert document["tasks"] == ["Albums as playlists"]
    _, document = earmap(capsys, evaluated, "--reduced", "--json")
    assert (document["encoders"], document["reduced"]) == (["mfcc"], True)


def test_directions_are_told_and_written(
    capsys: pytest.CaptureFixture[str], evaluated: Path, tmp_path: Path
) -> None:
    code, document = earmap(
        capsys, evaluated, "--directions", "--as", f"instrument={TASK}", "--out", str(tmp_path / "d.tex"), "--json"
    )  # fmt: skip
    assert code == 0
    assert [row["number"] for row in document["directions"]] == list(range(1, 10))
    third = document["directions"][2]
    claims = {claim["claim"]: claim["verdict"] for claim in third["claims"]}
    assert claims["melcpc - self > 0"] == "holds"
    assert claims["adjacent-multi - melcpc > 0"] == "not measured"
    assert document["directions"][4]["verdict"] in ("fails", "not measured")
    assert any("instrument is FMA small: genre" in note for note in document["notes"])
    assert (tmp_path / "d.tex").read_text("utf-8").count("tabular") == 2
    code, text = earmap(capsys, evaluated, "--directions", "--probe", "logistic")
    assert code == 0
    assert "Recommendation follows genre." in text


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("--out", "picture.gif"), "picture.gif does not say which format to write."),
        (("--directions", "--out", "picture.png"), "picture.png does not say which format to write."),
        (("--encoder", "none"), "The encoder none has not been evaluated."),
        (("--task", "none"), "No task is called none."),
        (("--task", "albums", "--reduced"), "Nothing like this has been evaluated with embeddings reduced."),
        (("--directions", "--as", "genre"), "'genre' is not of the form ROLE=TASK."),
        (("--directions", "--as", "genre=Jazz"), "No task called Jazz can stand for genre."),
        (
            ("--out", "/nowhere/at/all.csv"),
            "/nowhere/at/all.csv cannot be written: No such file or directory.",
        ),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(
    capsys: pytest.CaptureFixture[str], evaluated: Path, arguments: tuple[str, ...], title: str
) -> None:
    code, document = earmap(capsys, evaluated, *arguments, "--json")
    assert (code, document["error"]["title"]) == (1, title)


def test_nothing_evaluated_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Library(tmp_path / "new.earmap"):
        pass
    code, document = earmap(capsys, tmp_path / "new.earmap", "--json")
    assert (code, document["error"]["hint"]) == (1, "Begin with: earmap evaluate")


def test_every_strategy_of_the_tables_may_be_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shelf = Shelf()
    add_classes(shelf, {name: name for name in QUALITY}, task=TASK, n=60, groups=60, probes=["svm"])
    with Library(tmp_path / "all.earmap") as library:
        for record in shelf.records:
            library.evaluations.add(replace(record, id=0), shelf.behind[record.id])
    _, document = earmap(capsys, tmp_path / "all.earmap", "--directions", "--json")
    verdicts = {row["number"]: row["verdict"] for row in document["directions"]}
    assert verdicts[6] != "not measured"
    assert verdicts[1] == "not measured"
