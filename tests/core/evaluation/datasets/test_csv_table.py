from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.evaluation import datasets
from core.library.store import Library
from tests.dataset_tools import clip, counted, hold, library, parts, task, told, track

__all__ = ["library"]

FILES = ["a/one.wav", "a/two.wav", "b/three.wav", "b/four.wav"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in FILES:
        clip(tmp_path / "set" / name)
    return tmp_path / "set"


def write(here: Path, text: str, encoding: str = "utf-8", name: str = "labels.csv") -> Path:
    path = here / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,label\na/one.wav,Söul\na/two.wav,Söul\nb/three.wav,Funk\n", "utf-8"),
        ("Label;File\r\nSöul;a/one.wav\r\nSöul;a/two.wav\r\nFunk;b/three.wav\r\n", "cp1252"),
        ('filename\tGENRE\n"a\\one.wav"\tSöul\na\\two.wav\t"Söul"\n\nthree.wav\t Funk \n', "utf-16"),
        ("path,label\na/one.mp3,Söul\na/two.mp3,Söul\n/x/b/three.mp3,Funk\n", "utf-8-sig"),
    ],
)
def test_a_path_and_a_label_are_found_in_any_table(
    library: Library, here: Path, text: str, encoding: str
) -> None:
    found = task(library, "csv", write(here, text, encoding), audio=str(here))
    assert (found.name, found.kind) == (f"labels.csv: {found.name.rpartition(' ')[2]}", "class")
    assert told(library, found, here) == {"a/one.wav": "Söul", "a/two.wav": "Söul", "b/three.wav": "Funk"}
    assert found.missing == ()


def test_the_split_and_groups_are_taken(library: Library, here: Path) -> None:
    text = "path,label,split,artist\n" + "".join(
        f"{name},{name[0]},{part},{artist}\n"
        for name, part, artist in zip(FILES, ("train", "Test", "training", "dev"), "XXYZ", strict=True)
    )
    found = task(library, "csv", write(here, text))
    assert parts(library, found, here) == {
        "train": ["a/one.wav", "b/three.wav"], "validation": ["b/four.wav"], "test": ["a/two.wav"],
    }  # fmt: skip
    assert found.groups.tolist() == [0, 0, 1, 2]
    assert found.missing == ("The official split has 1 groups (artists, recordings) on both sides.",)


def test_what_no_part_of_the_split_names_is_counted(library: Library, here: Path) -> None:
    text = "path,label,set\na/one.wav,x,train\na/two.wav,y,test\nb/three.wav,y,valid\nb/four.wav,y,\n"
    found = task(library, "csv", write(here, text))
    assert sorted(told(library, found, here)) == ["a/one.wav", "a/two.wav", "b/three.wav"]
    assert found.missing == ("3 of 4 listed tracks are used.", "1 are in no part of the split.")


def test_a_split_without_a_tested_part_is_told(library: Library, here: Path) -> None:
    found = task(library, "csv", write(here, "path,label,fold,split\na/one.wav,x,1,train\na/two.wav,y,2,\n"))
    assert (found.official, len(found.items)) == (None, 2)
    assert found.missing == ("The split column names no training or no test part.",)


def test_columns_of_flags_and_several_labels_are_tags(library: Library, here: Path) -> None:
    flags = "file,rock,sad,calm\na/one.wav,1,0,0\na/two.wav,0,1,1\nb/three.wav,0,0,0\n"
    found = task(library, "csv", write(here, flags))
    assert found.kind == "tags"
    assert told(library, found, here) == {
        "a/one.wav": ("rock",), "a/two.wav": ("calm", "sad"), "b/three.wav": (),
    }  # fmt: skip
    several = "file,tags\na/one.wav,rock|sad\na/two.wav,sad; calm\nb/three.wav,\n"
    found = task(library, "csv", write(here, several))
    assert told(library, found, here) == {"a/one.wav": ("rock", "sad"), "a/two.wav": ("calm", "sad")}
    assert counted(found) == (2, 3, 1)
    found = task(library, "csv", write(here, several.replace("rock|", "")), kind="class")
    assert told(library, found, here) == {"a/one.wav": "sad", "a/two.wav": "sad; calm"}


def test_columns_can_be_named(library: Library, here: Path) -> None:
    text = "id,where,label,Stil,who\n1,a/one.wav,x,Soul,P\n2,a/two.wav,x,Funk,P\n"
    found = task(library, "csv", write(here, text), file="Where", labels="stil", group="WHO")
    assert found.names == ("Funk", "Soul")
    assert found.groups.tolist() == [0, 0]
    with pytest.raises(UserError, match=r"no column 'nothing'. It has: id, where, label, Stil, who"):
        task(library, "csv", write(here, text), labels="nothing")


def test_every_line_is_used_or_counted(library: Library, here: Path) -> None:
    (here / "b" / "four.wav").write_bytes(b"RIFF")
    text = (
        "path,label\na/one.wav,x\na/one.wav,x\na/two.wav,x\na/two.wav,y\nb/three.wav,\nb/four.wav,y\n"
        "b/five.wav,y\n,y\n"
    )
    found = task(library, "csv", write(here, text))
    assert told(library, found, here) == {"a/one.wav": "x"}
    assert counted(found) == (1, 8, 7)


def test_the_audio_is_beside_the_table_or_in_the_library(
    library: Library, here: Path, tmp_path: Path
) -> None:
    text = "path,label\n" + "".join(f"{name},{name[0]}\n" for name in FILES)
    assert datasets.find("csv").root(datasets.recognise(bytes(write(here, text)))) == bytes(here)  # type: ignore[arg-type]  # it is one
    hold(library, here)
    elsewhere = write(tmp_path, text, name="elsewhere.csv")
    found = task(library, "csv", elsewhere)
    assert [root.kind for root in library.roots.all()] == ["music"]
    assert [track(library, here / name) for name in FILES] == list(found.items)
    absolute = "path,label\n" + "".join(f"{here / name},{name[0]}\n" for name in FILES)
    assert len(task(library, "csv", write(tmp_path, absolute, name="absolute.csv")).items) == 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n1,2\n", "no column 'path' or 'file'"),
        (b"path,x,y\na/one.wav,red,blue\n", "no column 'label'"),
        (b"path,label\na/one.wav\n", "line 2: 1 columns, where the headings are 2"),
        (b'path,label\na/one.wav,x\n"a/two.wav,y\n' + b"z" * 2**21, "field larger than"),
        (b"RIFF\0\0\0\0WAVE", "is not a text"),
        (b"path,label\n", "nothing can be used"),
    ],
    ids=["empty", "blank", "no file", "no label", "broken off", "open quotation mark", "binary", "headings"],
)
def test_what_is_no_such_table_is_refused(
    library: Library, here: Path, content: bytes, sentence: str
) -> None:
    path = here / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        task(library, "csv", path)


def test_hostile_names_lead_nowhere(library: Library, here: Path) -> None:
    text = "path,label\n" + "".join(
        f'"{name}",x\n' for name in ("x" * 5000, "../" * 500 + "etc/passwd", "/", "..", "a/one.wav")
    )
    found = task(library, "csv", write(here, text), audio=str(here))
    assert told(library, found, here) == {"a/one.wav": "x"}
    assert counted(found) == (1, 5, 4)


def test_what_is_there_no_more_or_is_no_file_is_refused(library: Library, here: Path) -> None:
    for path in (here / "gone.csv", here):
        with pytest.raises(UserError, match="There is no file"):
            task(library, "csv", path)
