from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import selftest
from core.cli import main
from core.selftest import Finding


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["check", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_it_prints_one_document_and_fails_where_something_does_not_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "library.earmap"
    assert run("--quick", "--json", "--library", str(library)) == 1  # tests have no sound card
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["quick"]) == (False, True)
    names = {one["name"]: one for one in document["findings"]}
    assert names["sound"]["state"] == "problem"
    assert str(tmp_path) in names["data"]["sentence"]
    assert not library.exists()


def test_a_line_for_each_finding_and_no_failure_where_all_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Finding("a", "ok", "A is well."), Finding("b", "note", "B is old.", "It works.")]
    monkeypatch.setattr(selftest, "check", lambda *_args, **_more: iter(found))
    assert run() == 0
    assert capsys.readouterr().out == "ok      A is well.\nnote    B is old. It works.\n"
