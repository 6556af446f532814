from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from core import paths
from core.library.records import Read
from core.library.store import Library
from tests.library_tools import PLAN, scan
from tests.shelf import Shelf, encoder


def copies(shelf: Shelf, *names: str) -> None:
    for name in names:
        shelf.write(name, "SAME")
    shelf.both()


def test_the_first_file_stands_for_the_track_and_another_when_it_goes(shelf: Shelf) -> None:
    copies(shelf, "a.mp3", "b.mp3", "c.mp3")
    assert shelf.shown() == {"a.mp3": "embedded"}
    (shelf.folder / "a.mp3").unlink()
    shelf.scan()
    assert shelf.shown() == {"b.mp3": "embedded"}
    track = shelf.row("b.mp3").track_id
    assert track is not None
    assert shelf.library.rows.files_of([track]) == {track: shelf.row("b.mp3").file_id}
    shelf.write("a.mp3", "SAME")
    shelf.both()
    assert shelf.shown() == {"a.mp3": "embedded"}


def test_a_file_found_missing_when_it_is_read_leaves_its_place_to_another(shelf: Shelf) -> None:
    copies(shelf, "a.mp3", "b.mp3")
    shelf.record(Read(shelf.row("a.mp3").file_id, "missing"))
    assert shelf.shown() == {"b.mp3": "embedded"}


def test_another_stands_for_a_track_that_was_changed_failed_or_emptied(shelf: Shelf) -> None:
    for content in ("OTHER", "FAILS", ""):
        copies(shelf, "a.mp3", "b.mp3")
        shelf.write("a.mp3", content)
        shelf.both()
        assert shelf.shown()["b.mp3"] == "embedded", content


def test_a_file_that_fails_under_a_new_encoder_hands_over(shelf: Shelf) -> None:
    copies(shelf, "a.mp3", "b.mp3")
    second = encoder(shelf.library, "second")
    shelf.library.files.record(
        [Read(shelf.row("a.mp3").file_id, "failed", "A crash.")], second.id, PLAN, "cpu", "f"
    )
    assert [c.path for c in shelf.library.files.candidates(second.id, PLAN, 9, [])] == [
        paths.raw(shelf.folder / "b.mp3")
    ]
    assert shelf.library.files.retry() == 1
    assert shelf.shown() == {"a.mp3": "embedded"}


def test_an_offline_folder_hands_over_and_takes_back(shelf: Shelf, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    (drive / "x.mp3").write_text("SAME")
    shelf.scan(drive)
    shelf.embed()
    copies(shelf, "a.mp3")
    first, _ = shelf.library.roots.all()
    track = shelf.row("a.mp3").track_id
    assert track is not None
    assert [row.path for row in shelf.rows()] == [paths.raw(drive / "x.mp3")]
    before = shelf.library.rows.revision()
    shelf.library.roots.set_online(first.id, online=False)
    assert shelf.shown() == {"a.mp3": "embedded"}
    assert shelf.library.rows.facts()[track].file_id == shelf.row("a.mp3").file_id
    assert shelf.row("a.mp3").file_id in shelf.library.rows.changed_since(before)
    shelf.library.roots.set_online(first.id, online=True)
    assert [row.path for row in shelf.rows()] == [paths.raw(drive / "x.mp3")]
    before = shelf.library.rows.revision()
    shelf.library.roots.forget(first.id)
    assert shelf.shown() == {"a.mp3": "embedded"}
    assert shelf.row("a.mp3").file_id in shelf.library.rows.changed_since(before)


def test_a_data_sets_copy_never_hides_a_persons_own(shelf: Shelf, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "x.mp3").write_text("SAME")
    root = shelf.library.roots.add(paths.raw(data), "dataset")
    shelf.scan()
    from core.library.records import Found

    shelf.library.files.put(root.id, [Found(b"x.mp3", str(data), "x.mp3", 4, 1)], {})
    shelf.embed()
    copies(shelf, "a.mp3")
    assert shelf.shown() == {"a.mp3": "embedded"}
    assert shelf.counts().duplicates == 0
    assert len(shelf.vectors()) == 1


NAMES = st.sampled_from(["a.mp3", "b.mp3", "sub/a.mp3", "sub/c.mp3", "sub/deep/d.mp3", "tub/e.mp3"])
CONTENTS = st.sampled_from(["A", "A", "B", "C", "PART", "FAILS", ""])
FOLDERS = st.sampled_from([".", "sub", "sub/deep", "tub"])


class Life(RuleBasedStateMachine):
    """Anything may happen to files and folders; after each step the figures add up."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.library = Library(self.home / "library.earmap")
        (self.home / "music").mkdir()
        self.shelf = Shelf(self.library, self.home / "music")
        self.other = encoder(self.library, "other")

    def teardown(self) -> None:
        """Whatever happened: with every folder there, all that can be read has its vector in the end."""
        try:
            self.settle()
        finally:
            self.library.close()
            shutil.rmtree(self.home)

    def settle(self) -> None:
        self.shelf.library.files.retry()
        scan(self.library)  # all that were offline are met again
        for root in self.library.roots.all():
            if not root.online:  # empty now, which may be an unmounted drive: a person has to say so
                self.library.roots.forget(root.id)
        self.shelf.scan()
        for _ in range(100):
            if not self.shelf.embed(limit=3):
                break
        self.adds_up()
        counts = self.shelf.counts()
        assert counts.pending == counts.offline == 0
        assert self.shelf.candidates() == []
        files = [path for path in self.shelf.folder.rglob("*") if path.is_file()]
        contents = [path.read_text() for path in files]
        readable = {c for c in contents if c and not c.startswith("F")}
        assert counts.found == len(files)
        assert counts.failed == sum(c.startswith("F") for c in contents)
        assert counts.skipped == contents.count("")
        assert counts.partial == sum(c.startswith("P") for c in contents)
        shown = [
            Path(os.fsdecode(row.path)).read_text()
            for row in self.shelf.rows()
            if row.state in ("embedded", "partial")
        ]
        assert sorted(shown) == sorted(readable)
        assert counts.duplicates == counts.embedded + counts.partial - len(readable)

    @initialize(names=st.lists(st.tuples(NAMES, CONTENTS), max_size=6))
    def some_files(self, names: list[tuple[str, str]]) -> None:
        for name, content in names:
            self.shelf.write(name, content)

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: str, content: str) -> None:
        self.shelf.write(name, content)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.shelf.folder / name).unlink(missing_ok=True)

    @rule(name=NAMES, new=NAMES)
    def move(self, name: str, new: str) -> None:
        if (self.shelf.folder / name).exists():
            (self.shelf.folder / new).parent.mkdir(parents=True, exist_ok=True)
            (self.shelf.folder / name).replace(self.shelf.folder / new)

    @rule(folder=FOLDERS)
    def scan(self, folder: str) -> None:
        (self.shelf.folder / folder).mkdir(parents=True, exist_ok=True)
        self.shelf.scan(self.shelf.folder / folder)

    @rule(limit=st.integers(1, 4))
    def embed(self, limit: int) -> None:
        self.shelf.embed(limit)

    @rule(failing=st.booleans())
    def embed_with_another(self, failing: bool) -> None:
        for candidate in self.library.files.candidates(self.other.id, PLAN, 2, []):
            read = self.shelf.outcome(candidate)
            if failing:
                read = Read(candidate.file_id, "failed", "A crash.")
            self.library.files.record([read], self.other.id, PLAN, "cpu", "float32")

    @rule(again=st.booleans(), number=st.integers(0, 9))
    def read_again(self, again: bool, number: int) -> None:
        ids = self.shelf.order()
        if again and ids:
            self.library.files.reread([ids[number % len(ids)]])
        else:
            self.library.files.retry()

    @precondition(lambda self: self.library.roots.all())
    @rule(number=st.integers(0, 9), online=st.booleans(), forget=st.integers(0, 3))
    def folder(self, number: int, online: bool, forget: int) -> None:
        roots = self.library.roots.all()
        root = roots[number % len(roots)]
        if forget:
            self.library.roots.set_online(root.id, online=online)
        else:
            self.library.roots.forget(root.id)

    @invariant()
    def adds_up(self) -> None:
        for key in (self.shelf.encoder.id, self.other.id):
            c = self.library.files.counts(key, PLAN)
            assert c.found == c.embedded + c.partial + c.failed + c.skipped + c.pending, c
            shown = self.library.rows.page(key, PLAN, self.library.rows.order(key, PLAN).tolist())
            states = [row.state for row in shown if row.online]
            assert len(states) == c.found - c.duplicates
            for state in ("embedded", "partial", "failed", "skipped", "pending"):
                assert states.count(state) <= getattr(c, state)
                assert len(self.library.rows.order(key, PLAN, f"state:{state}")) == [
                    r.state for r in shown
                ].count(state)
            due = self.library.files.candidates(key, PLAN, 1000, [])
            assert {row.file_id for row in shown if row.online and row.state == "pending"} <= {
                c.file_id for c in due
            }

    @invariant()
    def one_file_stands_for_each_track(self) -> None:
        with self.library._db.read() as connection:
            wrong = connection.execute(
                text("""
                SELECT track_id, sum(NOT duplicate), max(NOT duplicate AND online), max(online) FROM
                  (SELECT track_id, duplicate, online FROM file f JOIN root r ON r.id = root_id WHERE present)
                WHERE track_id IS NOT NULL GROUP BY 1
                HAVING sum(NOT duplicate) <> 1 OR max(NOT duplicate AND online) < max(online)
            """)
            ).all()
            assert wrong == []
            assert (
                connection.execute(text("SELECT id FROM file WHERE duplicate AND track_id IS NULL")).all()
                == []
            )


Life.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, phases=set(Phase) - {Phase.explain}
)
TestLife = Life.TestCase
