"""Settings: bounded fields, a file that may be broken, an environment that wins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from core import settings
from core.errors import UserError
from core.settings import Settings


def _leaves(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Each field that is not a section."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((f"{name}.{inner}", info) for inner, info in _leaves(field.annotation))
        else:
            yield name, field


@pytest.mark.parametrize(
    ("name", "field"), list(_leaves(Settings)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_field_is_titled_and_every_number_bounded(name: str, field: FieldInfo) -> None:
    assert field.title
    if field.annotation in {int, float}:
        bounds = {type(bound).__name__ for bound in field.metadata}
        assert bounds & {"Ge", "Gt"}, name
        assert bounds & {"Le", "Lt"}, name


def test_saved_settings_come_back(own_folders: Path) -> None:
    wanted = Settings()
    wanted.audio.workers = 3
    wanted.player.device = "Ohrhörer"
    settings.save(wanted)
    assert settings.load() == (wanted, None)
    assert [p.name for p in (own_folders / "config").iterdir()] == ["settings.json"]


def test_no_file_gives_the_defaults() -> None:
    assert settings.load() == (Settings(), None)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "\x00", "[" * 100_000, '{"audio": '],
    ids=["empty", "cut", "list", "null", "NUL", "deep", "half"],
)
def test_an_unreadable_file_gives_the_defaults_and_is_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    read, note = settings.load(path)
    assert read == Settings()
    assert note is not None
    assert str(path) in note
    assert (tmp_path / "settings.json.broken").read_text() == text


def test_a_file_that_is_not_text_or_a_folder_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xfd")
    assert settings.load(tmp_path / "bytes.json")[1]
    assert settings.load(tmp_path) == (Settings(), settings.load(tmp_path)[1])
    assert settings.load(tmp_path)[1]


def test_only_broken_fields_take_their_default(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    text = json.dumps({
        "audio": {"workers": -1, "longest_h": 3, "stall_limit_s": "soon"},
        "player": {"volume": float("nan")},
        "embedding": 5,
        "window": {"theme": "dark"},
        "from_a_newer_version": True,
        "_cli_parse_args": True,
    })  # fmt: skip
    path.write_text(text)
    read, note = settings.load(path)
    assert note is not None
    assert all(
        name in note for name in ("audio.workers", "audio.stall_limit_s", "player.volume", "embedding")
    )
    assert "window" not in note
    expected = Settings()
    expected.audio.longest_h, expected.window.theme = 3, "dark"
    assert read == expected
    assert (tmp_path / "settings.json.broken").read_text() == text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    sections=st.dictionaries(
        st.sampled_from([*Settings.model_fields, "_env_file", ""]),
        st.dictionaries(st.sampled_from(["workers", "volume", "theme", "device", "segments"]), _JSON) | _JSON,
    )
)
def test_any_file_gives_settings_within_their_bounds(
    sections: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(sections))
    read, _ = settings.load(path)
    assert Settings(**read.model_dump()) == read
    assert 0 <= read.player.volume <= 1


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Settings()
    wanted.audio.workers, wanted.audio.longest_h = 3, 5
    settings.save(wanted)
    monkeypatch.setenv("EARMAP_AUDIO__WORKERS", "2")
    read, note = settings.load()
    assert (read.audio.workers, read.audio.longest_h, note) == (2, 5, None)


def saved() -> Any:
    return json.loads(settings.settings_file().read_text())


def test_only_what_a_person_changed_is_written() -> None:
    settings.save(Settings())
    assert saved() == {}
    wanted = Settings()
    wanted.player.volume = 0.25
    settings.save(wanted)
    assert saved() == {"player": {"volume": 0.25}}
    wanted.player.volume = Settings().player.volume
    settings.save(wanted)
    assert saved() == {}


@pytest.mark.parametrize("before", [None, 3])
def test_what_the_environment_says_is_not_written_when_something_else_is_changed(
    monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    if before:
        wanted = Settings()
        wanted.audio.workers = before
        settings.save(wanted)
    monkeypatch.setenv("EARMAP_AUDIO__WORKERS", "2")
    monkeypatch.setenv("EARMAP_EMBEDDING", '{"segments": 7}')
    changed, _ = settings.load()
    changed.window.theme = "dark"
    changed.embedding.keep_segments = True
    settings.save(changed)
    audio = {"audio": {"workers": before}} if before else {}
    assert saved() == audio | {"window": {"theme": "dark"}, "embedding": {"keep_segments": True}}
    monkeypatch.delenv("EARMAP_AUDIO__WORKERS")
    monkeypatch.delenv("EARMAP_EMBEDDING")
    read, _ = settings.load()
    assert (read.audio.workers, read.embedding.segments) == (before or 0, 0)


def test_a_change_of_what_the_environment_says_is_the_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMAP_AUDIO__WORKERS", "2")
    changed, _ = settings.load()
    changed.audio.workers = 5
    settings.save(changed)
    assert saved() == {"audio": {"workers": 5}}
    assert settings.load()[0].audio.workers == 2  # the variable is still there
    monkeypatch.delenv("EARMAP_AUDIO__WORKERS")
    assert settings.load()[0].audio.workers == 5


def test_what_a_newer_version_wrote_and_what_was_broken() -> None:
    settings.settings_file().parent.mkdir(parents=True)
    newer = {"galaxy": {"stars": 3}, "audio": {"workers": -1, "ears": 2}, "window": 5}
    settings.settings_file().write_text(json.dumps(newer))
    read, note = settings.load()
    assert note is not None
    settings.save(read)
    assert saved() == {"galaxy": {"stars": 3}, "audio": {"ears": 2}}


@pytest.mark.parametrize(("name", "value"), [("EARMAP_AUDIO__WORKERS", "many"), ("EARMAP_AUDIO", "no json")])
def test_a_senseless_environment_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as caught:
        settings.load()
    assert "environment" in caught.value.title
    assert "EARMAP_" in caught.value.hint
    assert "pydantic" not in str(caught.value)


def test_assignment_is_checked() -> None:
    with pytest.raises(ValidationError):
        Settings().audio.workers = -1
    with pytest.raises(ValidationError):
        Settings().audio = "no section"  # type: ignore[assignment]  # what is tested


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError):
        settings.save(Settings(), tmp_path / "file" / "settings.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError):
        settings.save(Settings(), tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EARMAP_DATA_DIR", str(tmp_path))
    assert settings.default_library() == tmp_path / "library.earmap"
    monkeypatch.delenv("EARMAP_DATA_DIR")
    assert settings.data_dir().name == "earmap"
