from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, library, parts, task, told

__all__ = ["library"]

IDS = {
    "train": ["TRAAAAK128F9318786", "TRAAAAV128F421A322", "TRAAABD128F429CF47"],
    "valid": ["TRAAAED128E0783FAB"],
    "test": ["TRAAAEF128F4273421", "TRAAAEM128F93347B9"],
}
FLAGS = {"train": [[1, 0], [1, 1], [0, 1]], "valid": [[0, 0]], "test": [[1, 0], [0, 1]]}


@pytest.fixture
def msd(tmp_path: Path) -> Path:
    here = tmp_path / "msd"
    for part, ids in IDS.items():
        for key in ids[:2]:
            clip(here / "audio" / key[2] / key[3] / f"{key}.mp3")
        (here / f"{part}_x_msd_id.txt").write_text("\n".join(ids) + "\n")
        np.save(here / f"{part}_y.npy", np.array(FLAGS[part]))
    (here / "50tags.txt").write_text("rock\nfemale vocalists\n")
    return here


def test_lists_and_arrays_make_the_task(library: Library, msd: Path) -> None:
    found = task(library, "msd", msd)
    assert (found.name, found.kind, found.names) == ("MSD: 2 tags", "tags", ("rock", "female vocalists"))
    own = {Path(name).stem: tags for name, tags in told(library, found, msd).items()}
    assert own == {
        "TRAAAAK128F9318786": ("rock",),
        "TRAAAAV128F421A322": ("rock", "female vocalists"),
        "TRAAAED128E0783FAB": (),
        "TRAAAEF128F4273421": ("rock",),
        "TRAAAEM128F93347B9": ("female vocalists",),
    }
    split = {part: [Path(n).stem for n in names] for part, names in parts(library, found, msd).items()}
    assert split == {"train": IDS["train"][:2], "validation": IDS["valid"], "test": IDS["test"]}
    assert counted(found) == (5, 6, 1)
    assert len(set(found.groups.tolist())) == 5


def test_artists_group_where_their_list_is_there(library: Library, msd: Path) -> None:
    artists = dict.fromkeys(IDS["train"], "one") | dict.fromkeys(IDS["test"], "Ünë")
    lines = [f"{key}<SEP>SO{key}<SEP>{artist}<SEP>Title" for key, artist in artists.items()]
    (msd / "unique_tracks.txt").write_text("\n".join(lines), "utf-8")
    assert task(library, "msd", msd).groups.tolist() == [0, 0, 1, 2, 2]


def test_arrays_of_python_2_and_of_any_numbers_are_read(library: Library, msd: Path) -> None:
    path = msd / "train_y.npy"
    np.save(path, np.asfortranarray(np.array(FLAGS["train"], ">f4")))
    whole = path.read_bytes()
    old = b"(3, 2), }"
    assert old in whole
    path.write_bytes(whole.replace(old + b"  ", b"(3L, 2L), }"))
    assert len(task(library, "msd", msd).items) == 5


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("trap"),)  # type: ignore[return-value]  # what an evil file would do


@pytest.mark.parametrize(
    "kind", ["objects", "pickle", "short", "text", "other size", "flat", "archive", "huge"]
)
def test_nothing_but_numbers_is_ever_read_from_an_array(
    library: Library, msd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = msd / "train_y.npy"
    whole = path.read_bytes()
    if kind == "objects":
        np.save(path, np.array([[_Trap(), 1]] * 3, object), allow_pickle=True)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps([_Trap()]))
    elif kind == "short":
        path.write_bytes(whole[:-8])
    elif kind == "text":
        np.save(path, np.array([["a", "b"]] * 3))
    elif kind == "other size":
        np.save(path, np.ones((4, 2)))
    elif kind == "flat":
        np.save(path, np.ones(3))
    elif kind == "archive":
        np.savez(msd / "archive", y=np.ones((3, 2)))
        (msd / "archive.npz").replace(path)
    else:
        path.write_bytes(whole.replace(b"(3, 2), }" + b" " * 20, b"(3, 99999999999999999999), }"[:29]))
    with pytest.raises(UserError, match=r"train_y\.npy"):
        task(library, "msd", msd)
    assert not (tmp_path / "trap").exists()


def test_without_its_lists_it_is_refused(library: Library, msd: Path) -> None:
    (msd / "test_x_msd_id.txt").unlink()
    with pytest.raises(UserError, match="lists of MSD's 50 tags are not in"):
        task(library, "msd", msd)
