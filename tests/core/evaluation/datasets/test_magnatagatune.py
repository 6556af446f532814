from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, library, parts, task, told

__all__ = ["library"]

CLIPS = {
    "0/bach-suite-01-air-0-29.mp3": "guitar rock",
    "0/bach-suite-01-air-30-59.mp3": "guitar",
    "b/band-record-02-song-0-29.mp3": "rock",
    "c/band-record-03-song-0-29.mp3": "",
    "d/choir-mass-01-kyrie-0-29.mp3": "guitar rare",
    "f/choir-mass-01-kyrie-30-59.mp3": "rock guitar",
    "6/norine_braun-now_and_zen-08-gently-117-146.mp3": "guitar",
    "a/nobody-nothing-01-gone-0-29.mp3": "rock",
}
TAGS = ("rare", "rock", "no voice", "guitar")


def annotate(here: Path, quote: str = '"') -> None:
    """As it is published: tabs, and quotation marks around everything."""
    rows = [["clip_id", *TAGS, "mp3_path"]]
    for number, (path, own) in enumerate(CLIPS.items()):
        rows.append([str(number), *("1" if tag in own.split() else "0" for tag in TAGS), path])
    text = "\r\n".join("\t".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    (here / "annotations_final.csv").write_text(text)


@pytest.fixture
def mtat(tmp_path: Path) -> Path:
    here = tmp_path / "mtat"
    for name in CLIPS:
        if not name.startswith("a/"):
            clip(here / name)
    (here / "6" / "norine_braun-now_and_zen-08-gently-117-146.mp3").write_bytes(b"")  # as it is published
    annotate(here)
    return here


def test_folders_are_the_split_and_the_most_frequent_tags_the_question(library: Library, mtat: Path) -> None:
    found = task(library, "magnatagatune", mtat, top=2)
    assert (found.name, found.kind) == ("MagnaTagATune: top 2 tags", "tags")
    assert found.names == ("guitar", "rock")
    assert told(library, found, mtat) == {
        "0/bach-suite-01-air-0-29.mp3": ("guitar", "rock"),
        "0/bach-suite-01-air-30-59.mp3": ("guitar",),
        "b/band-record-02-song-0-29.mp3": ("rock",),
        "c/band-record-03-song-0-29.mp3": (),
        "d/choir-mass-01-kyrie-0-29.mp3": ("guitar",),
        "f/choir-mass-01-kyrie-30-59.mp3": ("guitar", "rock"),
    }
    assert {part: [name[0] for name in names] for part, names in parts(library, found, mtat).items()} == {
        "train": ["0", "0", "b"], "validation": ["c"], "test": ["d", "f"],
    }  # fmt: skip
    assert counted(found) == (6, 8, 2)


def test_pieces_or_artists_are_drawn_together(library: Library, mtat: Path) -> None:
    assert task(library, "magnatagatune", mtat).groups.tolist() == [0, 0, 1, 2, 3, 3]
    lines = ["clip_id\tartist\tmp3_path", *(f'1\t"{path[2:5]}"\t"{path}"' for path in CLIPS)]
    (mtat / "clip_info_final.csv").write_text("\n".join(lines))
    assert task(library, "magnatagatune", mtat).groups.tolist() == [0, 0, 1, 1, 2, 2]


def test_clips_in_another_format_and_without_quotation_marks_are_found(library: Library, mtat: Path) -> None:
    annotate(mtat, quote="")
    old = mtat / "0" / "bach-suite-01-air-0-29.mp3"
    old.unlink()
    clip(old.with_suffix(".wav"))
    assert len(task(library, "magnatagatune", mtat).items) == 6


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("clip_id\trock\n1\t1\n", "no column 'mp3_path'"),
        ("clip_id\trock\tmp3_path\n1\t0\ta.mp3\n", "No clip has a tag"),
        ("clip_id\trock\tmp3_path\n1\t1\ta.mp3\n2\t1\n", "line 3: 2 columns, where the headings are 3"),
        ('clip_id\trock\tmp3_path\n1\t1\t"a.mp3\n' + "x" * 2**21, r"line \d+: field larger than"),
    ],
    ids=["no paths", "no tags", "broken off", "open quotation mark"],
)
def test_a_broken_list_is_refused_with_its_line(
    library: Library, mtat: Path, content: str, sentence: str
) -> None:
    (mtat / "annotations_final.csv").write_text(content)
    with pytest.raises(UserError, match=sentence):
        task(library, "magnatagatune", mtat)


def test_without_its_list_it_is_refused(library: Library, mtat: Path) -> None:
    (mtat / "annotations_final.csv").unlink()
    with pytest.raises(UserError, match=r"annotations_final\.csv is neither in"):
        task(library, "magnatagatune", mtat)
