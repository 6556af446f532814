from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.evaluation import datasets
from core.evaluation.spec import SOURCES, TaskSpec, checked, source


@pytest.mark.parametrize(
    ("text", "kind", "path", "options"),
    [
        ("fma:/data/fma_small", "fma", "/data/fma_small", {}),
        ("FMA:/data/fma,subset=medium", "fma", "/data/fma", {"subset": "medium"}),
        ("csv:/a,b/c,d.csv,labels=x,y,split=part", "csv", "/a,b/c,d.csv", {"labels": "x,y", "split": "part"}),
        ("jamendo:/j,split=3,audio=/else/where", "jamendo", "/j", {"split": 3, "audio": "/else/where"}),
        ("field", "field", "", {}),
        ("field,field=label,group=artist", "field", "", {"field": "label", "group": "artist"}),
        ("folders:/ballroom,depth=2", "folders", "/ballroom", {"depth": 2}),
        ("aotm:/a.json,category=Mixed Genre,Rock", "aotm", "/a.json", {"category": "Mixed Genre,Rock"}),
    ],
)
def test_the_command_lines_way_of_saying_it(
    text: str, kind: str, path: str, options: dict[str, str | int]
) -> None:
    spec = TaskSpec.parse(text)
    assert spec == TaskSpec(kind=kind, path=path, options=dict(options))
    assert all(type(spec.options[name]) is type(value) for name, value in options.items())


def test_places_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert TaskSpec.parse("gtzan:here").raw_path == os.fsencode(tmp_path / "here")
    assert TaskSpec.parse("gtzan:~/x").raw_path == os.fsencode(tmp_path / "home" / "x")
    (tmp_path / "odd,name=x").mkdir()
    assert TaskSpec.parse("gtzan:odd,name=x").path == str(tmp_path / "odd,name=x")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There are: fma, gtzan"),
        ("fmaa:/x", "no kind of data set called 'fmaa'"),
        ("fma", "FMA needs a folder"),
        ("fma:", "FMA needs a folder"),
        ("csv", "needs a file"),
        ("fma:/nowhere,bar=2", "FMA has no option 'bar'. It has: subset, metadata"),
        ("field,bar=2", "no option 'bar'"),
        ("field,genre", "no option 'genre'"),
        ("irmas:/x,group=y", "IRMAS has no option 'group'. It has none"),
        ("fma:/x,subset=tiny", "subset cannot be 'tiny'. It is one of: auto, small"),
        ("jamendo:/x,split=-1", "split cannot be '-1'"),
        ("jamendo:/x,split=nan", "split cannot be 'nan'"),
        ("jamendo:/x,split=1e9", "split cannot be '1e9'"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        TaskSpec.parse(text)


def test_the_key_is_one_for_one_meaning() -> None:
    assert TaskSpec(kind="field").key == TaskSpec.parse("field,group=auto,field=genre").key
    keys = {
        TaskSpec(kind="field").key,
        TaskSpec(kind="folders").key,
        TaskSpec(kind="field", options={"field": "year"}).key,
        TaskSpec(kind="field", path="/x").key,
        TaskSpec(kind="field", path="/\udcff").key,
    }
    assert len(keys) == 5
    assert json.loads(TaskSpec(kind="report").key) == ["report", "", {}]


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        spec = TaskSpec.parse(text)
    except UserError:
        return
    assert checked(spec) is spec


@pytest.mark.parametrize("kind", [each.kind for each in SOURCES])
def test_every_kind_has_a_loader_and_defaults_that_can_be(kind: str) -> None:
    spec = TaskSpec(kind=kind)
    loader = datasets.find(kind)
    assert callable(loader.root)
    assert callable(loader.tasks)
    assert source(kind).layout.endswith(".")
    for option in source(kind).options:
        assert spec.option(option.name) == option.default
        assert option.help.endswith(".")
        assert (option.kind == "choice") == bool(option.choices)


def test_a_spec_survives_being_stored() -> None:
    spec = TaskSpec.parse("jamendo:/j,split=3,subset=genre")
    assert TaskSpec.model_validate(json.loads(json.dumps(spec.model_dump()))) == spec
    assert TaskSpec(kind="field", options={"fewest": 5.0}).number("fewest") == 5
