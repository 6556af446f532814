from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, library, parts, task, told

__all__ = ["library"]

FILES = [f"{genre}/{genre}.{number:05}.wav" for genre in ("blues", "jazz", "rock") for number in range(4)]


@pytest.fixture
def gtzan(tmp_path: Path) -> Path:
    here = tmp_path / "gtzan" / "genres_original"
    for name in FILES:
        clip(here / name)
    # As it is in the copy that most people have: no sound behind the header.
    (here / "jazz" / "jazz.00054.wav").write_bytes(b"\0" * 4096)
    return here


def lists(folder: Path, names: tuple[str, str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, digits in zip(names, ("01", "2", "3"), strict=True):
        own = [each for each in FILES if each[-5] in digits and each != "rock/rock.00001.wav"]
        (folder / name).write_text("\n".join(own) + "\n")


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (".", ("train_filtered.txt", "valid_filtered.txt", "test_filtered.txt")),
        ("genres_original", ("filtered_train.txt", "filtered_validation.txt", "filtered_test.txt")),
    ],
)
def test_lists_that_lie_there_make_the_split(
    library: Library, gtzan: Path, place: str, names: tuple[str, str, str]
) -> None:
    lists(gtzan.parent / place, names)
    found = task(library, "gtzan", gtzan.parent)
    assert found.name == "GTZAN: genre, fault-filtered"
    assert parts(library, found, gtzan) == {
        "train": [n for n in FILES if n[-5] in "01" and n != "rock/rock.00001.wav"],
        "validation": [n for n in FILES if n[-5] == "2"],
        "test": [n for n in FILES if n[-5] == "3"],
    }
    assert counted(found) == (11, 13, 2)
    assert set(told(library, found, gtzan).values()) == {"blues", "jazz", "rock"}


def test_one_sound_in_two_parts_is_in_neither(library: Library, gtzan: Path) -> None:
    lists(gtzan.parent, ("train_filtered.txt", "valid_filtered.txt", "test_filtered.txt"))
    shutil.copy(gtzan / "rock" / "rock.00000.wav", gtzan / "rock" / "rock.00003.wav")
    found = task(library, "gtzan", gtzan.parent)
    own = parts(library, found, gtzan)
    assert not {"rock/rock.00000.wav", "rock/rock.00003.wav"} & {*own["train"], *own["test"]}
    assert counted(found) == (9, 13, 4)


def test_lists_are_known_where_none_lies_there(library: Library, gtzan: Path) -> None:
    clip(gtzan / "blues" / "blues.00029.wav")
    clip(gtzan / "blues" / "blues.00012.wav")
    found = task(library, "gtzan", gtzan)
    own = parts(library, found, gtzan)
    assert "blues/blues.00029.wav" in own["train"]
    assert "blues/blues.00012.wav" in own["test"]
    used, listed, missing = counted(found)
    assert used + missing == listed >= 930


def test_without_lists_repetitions_alone_are_kept_together(library: Library, gtzan: Path) -> None:
    shutil.copy(gtzan / "rock" / "rock.00001.wav", gtzan / "rock" / "rock.00007.wav")
    shutil.copy(gtzan / "rock" / "rock.00002.wav", gtzan / "blues" / "blues.00007.wav")
    clip(gtzan / "rock" / "cover.wav")
    found = task(library, "gtzan", gtzan, split="grouped")
    assert found.official is None
    assert counted(found) == (11, 16, 5)
    said = " ".join(found.missing)
    assert "1 with the very sound of others, counted once" in said
    assert "2 with the very sound of others, which are labelled otherwise" in said
    assert "1 cannot be read" in said
    assert "1 are not called as GTZAN's files are" in said
    assert "artists.csv" in said


def test_a_list_of_artists_groups(library: Library, gtzan: Path) -> None:
    rows = [f"{name.rpartition('/')[2]},{name[:4]} {i // 2}" for i, name in enumerate(FILES)]
    (gtzan.parent / "artists.csv").write_text("file,artist\n" + "\n".join(rows))
    found = task(library, "gtzan", gtzan.parent, split="grouped")
    assert found.groups.tolist() == [i // 2 for i in range(12)]


def test_asking_for_lists_that_say_nothing_is_refused(
    library: Library, gtzan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torchaudio.datasets", None)
    with pytest.raises(UserError, match="No fault-filtered lists"):
        task(library, "gtzan", gtzan, split="filtered")


def test_an_empty_folder_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="nothing can be used"):
        task(library, "gtzan", tmp_path / "empty", split="grouped")
