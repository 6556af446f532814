"""`earmap evaluate` as scripts use it: what can be asked, one JSON document, and a table for a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import cli
from core.library.store import Library
from tests.evaluation_tools import write_instruments

QUICK = ("--encoder", "mfcc", "--no-baselines", "--seeds", "1", "--grid", "0.1")


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruments(tmp_path_factory.mktemp("sets") / "irmas")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that the first test fills."""
    return tmp_path_factory.mktemp("library") / "a.earmap"


def earmap(capsys: pytest.CaptureFixture[str], library: Path, *arguments: object) -> tuple[int, str, str]:
    """Run `earmap evaluate` here; exit code, output, errors."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", *map(str, arguments), "--library", str(library)])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def run_json(capsys: pytest.CaptureFixture[str], library: Path, *arguments: object) -> dict[str, Any]:
    code, out, err = earmap(capsys, library, *arguments, "--json")
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_data_set_is_recognised_and_asked_once(
    capsys: pytest.CaptureFixture[str], library: Path, instruments: Path
) -> None:
    first = run_json(capsys, library, *QUICK, "--dataset", instruments)
    assert (first["computed"], first["known"]) == (3, 0)
    row = first["results"][-1]
    assert set(row) == {
        "encoder", "task", "probe", "metric", "mean", "low", "high", "n", "seeds", "chance",
    }  # fmt: skip
    assert (row["encoder"], row["task"], row["metric"], row["n"]) == (
        "mfcc",
        "IRMAS: instrument",
        "accuracy",
        24,
    )
    assert [each["probe"] for each in first["results"]] == ["majority", "svm", "logistic"]
    again = run_json(capsys, library, *QUICK, "--probe", "svm", "--dataset", f"irmas:{instruments}")
    assert (again["computed"], again["known"]) == (0, 2)
    assert again["results"] == first["results"][:2]
    code, out, _ = earmap(capsys, library, *QUICK, "--dataset", f"irmas:{instruments}")
    assert code == 0
    assert "IRMAS: instrument: Accuracy, linear SVM (n 24, chance 0.333)" in out
    assert f"  mfcc  {first['results'][1]['mean']:.3f}  [" in out
    assert "0 computed, 3 known already." in out


def test_what_can_be_asked_is_listed(capsys: pytest.CaptureFixture[str], library: Path) -> None:
    listed = {each["kind"]: each for each in run_json(capsys, library, "--list")["tasks"]}
    assert {"fma", "irmas", "m3u", "csv", "field", "report"} <= set(listed)
    assert "field" in [option["name"] for option in listed["field"]["options"]]
    code, out, _ = earmap(capsys, library, "--list")
    assert code == 0
    assert "--dataset irmas:PATH" in out
    assert "--task field" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dataset", "nothing:/here"), "no kind of data set"),
        (("--dataset", "irmas"), "needs a folder"),
        (("--dataset", "{tmp}"), "looks like no data set"),
        (("--task", "field,field=smell"), "cannot be 'smell'"),
        (("--grid", "1,x"), "grid cannot be"),
        (("--grid", "0"), "grid cannot be"),
        (("--encoder", "nobody", "--task", "report"), "no encoder called nobody"),
        (("--task", "report"), "Fewer than two tracks"),
        ((), "Fewer than two tracks"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    own = tmp_path / "own.earmap"
    filled = [argument.format(tmp=tmp_path) for argument in arguments]
    options = filled if "--encoder" in filled else [*QUICK[:3], *filled]
    code, out, err = earmap(capsys, own, *options)
    assert (code, out) == (1, "")
    assert said in err
    with Library(own) as library:
        assert library.evaluations.all() == []
