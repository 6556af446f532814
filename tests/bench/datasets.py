"""How long data sets of 200,000 tracks take to be read, without their audio.

python -m tests.bench.datasets [N]
"""

from __future__ import annotations

import csv
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core import paths
from core.evaluation import datasets
from core.evaluation.datasets import Catalogue
from core.evaluation.spec import TaskSpec
from core.library.listing import ListedFile
from core.library.store import Library


def held(n: int, name: Callable[[int], str]) -> list[ListedFile]:
    """Files that the library has read."""
    return [
        ListedFile(
            b"/music", name(i).encode(), i + 1, present=True, online=True, state="ok", reason="", seconds=30.0,
            title=f"Title {i}", artist=f"The Artist {i // 20}", album=f"Album {i // 10}", album_artist="",
            genre=f"Genre {i // 100 % 30}", year=1950 + i // 10 % 70, labels_json="[]",
        )
        for i in range(n)
    ]  # fmt: skip


def fma(here: Path, n: int) -> TaskSpec:
    """`tracks.csv` as wide as the real one, 52 columns, with texts."""
    pairs = (
        [("album", f"c{i}") for i in range(20)]
        + [("artist", "id")]
        + [("artist", f"c{i}") for i in range(15)]
    )
    pairs += [("set", "split"), ("set", "subset"), ("track", "genre_top")] + [
        ("track", f"c{i}") for i in range(14)
    ]
    with (here / "tracks.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["", *(one for one, _ in pairs)])
        out.writerow(["", *(other for _, other in pairs)])
        out.writerow(["track_id", *[""] * len(pairs)])
        values = {"split": "training", "subset": "large", "genre_top": "Rock", "id": "7"}
        filler = "A biography of some length,\nover lines. " * 3
        for i in range(n):
            own = [
                values.get(other, filler if number % 9 == 0 else "12")
                for number, (_, other) in enumerate(pairs)
            ]
            out.writerow([i, *own])
    return TaskSpec(kind="fma", path=str(here), options={"subset": "large"})


def magnatagatune(here: Path, n: int) -> TaskSpec:
    """188 tags a clip."""
    tags = "\t".join(f"tag {i}" for i in range(188))
    flags = "\t".join(str(int(i % 40 == 0)) for i in range(188))
    rows = "".join(f"{i}\t{flags}\tf/{i}-0-29.mp3\n" for i in range(n))
    (here / "annotations_final.csv").write_text(f"clip_id\t{tags}\tmp3_path\n{rows}")
    return TaskSpec(kind="magnatagatune", path=str(here))


def jamendo(here: Path, n: int) -> TaskSpec:
    head = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    rows = [f"track_{i}\tartist_{i // 5}\talbum_{i}\t{i % 100:02}/{i}.mp3\t200\tgenre---g{i % 80}\tgenre---g{i % 7}\n"
            for i in range(n)]  # fmt: skip
    for part, own in (("train", rows[::2]), ("test", rows[1::2])):
        (here / f"autotagging_genre-{part}.tsv").write_text(head + "".join(own))
    return TaskSpec(kind="jamendo", path=str(here))


def msd(here: Path, n: int) -> TaskSpec:
    ids = [f"TR{i:016}" for i in range(n)]
    for part, own in (("train", ids[::2]), ("test", ids[1::2])):
        (here / f"{part}_x_msd_id.txt").write_text("\n".join(own))
        np.save(here / f"{part}_y.npy", np.random.default_rng(0).integers(0, 2, (len(own), 50)))
    return TaskSpec(kind="msd", path=str(here))


def aotm(here: Path, n: int) -> TaskSpec:
    """Ten playlists' entries for each track; as many playlists as a tenth of the tracks."""
    mixes = [
        {"mix_id": i, "category": "Rock", "playlist": [[[f"Artist {k // 20}, The", f"title {k}"], None]
                                                       for k in range(i, i + 100, 5)]}
        for i in range(n // 2)
    ]  # fmt: skip
    (here / "aotm2011_playlists.json").write_text(json.dumps(mixes))
    return TaskSpec(kind="aotm", path=str(here / "aotm2011_playlists.json"))


def m3u(here: Path, n: int) -> TaskSpec:
    for i in range(0, n, 100):
        lines = [f"D:\\Music\\{k % 100:02}\\{k}.mp3" for k in range(i, i + 100)]
        (here / f"{i}.m3u").write_text("\n".join(lines))
    return TaskSpec(kind="m3u", path=str(here))


def table(here: Path, n: int) -> TaskSpec:
    rows = "".join(f"{i % 100:02}/{i}.mp3,label {i % 30},artist {i // 9}\n" for i in range(n))
    (here / "labels.csv").write_text("path,label,artist\n" + rows)
    return TaskSpec(kind="csv", path=str(here / "labels.csv"))


NAMES: dict[str, Callable[[int], str]] = {
    "fma": lambda i: f"{i // 1000:03}/{i:06}.mp3",
    "magnatagatune": lambda i: f"f/{i}-0-29.mp3",
    "msd": lambda i: f"A/TR{i:016}.mp3",
}


def main() -> None:
    """Print a line for each layout."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    for build in (fma, magnatagatune, jamendo, msd, aotm, m3u, table):
        with tempfile.TemporaryDirectory() as folder:
            spec = build(Path(folder), n)
            catalogue = Catalogue(held(n, NAMES.get(spec.kind, lambda i: f"{i % 100:02}/{i}.mp3")))
            size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
            told(spec, catalogue, f"{size:7.0f} MB")
            start = time.perf_counter()
            assert datasets.recognise(paths.raw(folder)) is not None
            print(f"{'':>15} recognised in {1000 * (time.perf_counter() - start):.0f} ms")
    catalogue = Catalogue(held(n, lambda i: f"{i % 100:02}/{i}.mp3"))
    for kind in ("field", "folders", "albums"):
        told(TaskSpec(kind=kind), catalogue, "")
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.earmap") as library:
        stored(library, n)


def told(spec: TaskSpec, catalogue: Catalogue, what: str) -> None:
    """Read it, and say how long it took."""
    start, cpu = time.perf_counter(), time.process_time()
    (task,) = datasets.find(spec.kind).tasks(spec, catalogue)
    spent, busy = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{spec.kind:>15} {len(task.items):>8,} items {len(task.targets):>10,} targets {spent:6.2f} s "
          f"(CPU {busy:.1f} s) {what} (process: {peak:.2f} GB so far)", flush=True)  # fmt: skip


def stored(library: Library, n: int) -> None:
    """Files in a library, listed."""
    from sqlalchemy import insert

    from core.library.models import File, Label, Track

    root = library.roots.add(b"/music")
    with library._db.write() as connection:
        connection.execute(insert(Track), [{"id": i + 1, "identity": str(i)} for i in range(n)])
        rows = [{"root_id": root.id, "track_id": i + 1, "raw_path": b"%02d/%d.mp3" % (i % 100, i), "folder": "/music",
                 "name": f"{i}.mp3", "size": 1, "mtime_ns": i, "added_at": 0.0, "artist": f"Artist {i // 20}",
                 "genre": "Rock"} for i in range(n)]  # fmt: skip
        connection.execute(insert(File), rows)
        connection.execute(
            insert(Label), [{"track_id": i + 1, "field": "label", "value": "x"} for i in range(0, n, 7)]
        )
    start = time.perf_counter()
    catalogue = Catalogue.of_music(library)
    print(f"{'catalogue':>15} {len(catalogue):>8,} files {time.perf_counter() - start:6.2f} s")


if __name__ == "__main__":
    main()
