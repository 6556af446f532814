from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from core.errors import UserError
from core.library.database import Database
from core.library.projections import Points
from core.library.store import Library
from tests.synthetic import Mix, fill

PLAN = "whole"
ENCODER = 1


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.earmap"
    fill(path, Mix(40, folders=4, offline=1, failed=0, partial=0, skipped=0))
    with Library(path) as opened:
        yield opened


def some(n: int, first: int = 1) -> Points:
    """A map of `n` tracks, each column with values of its own."""
    numbers = np.arange(first, first + n)
    return Points(
        numbers,
        np.stack([numbers * 0.1, -numbers * 0.3], 1).astype(np.float32),
        (numbers % 5 / 4).astype(np.float32),
        numbers % 2 == 0,
        (numbers % 3 - 1).astype(np.int16),
    )


def columns(points: Points) -> list[list[object]]:
    return [getattr(points, name).tolist() for name in ("tracks", "points", "kept", "placed", "clusters")]


def change(library: Library, statement: str, **values: object) -> None:
    """Write into the file as another program might."""
    database = Database(library.path)
    with database.write() as connection:
        connection.execute(text(statement), values)
    database.close()


def test_a_map_comes_back_as_it_was_put(library: Library) -> None:
    before = library.projections.put(ENCODER, PLAN, "umap", {"seed": 3}, {"recall": 0.25}, some(7))
    with Library(library.path) as other:
        record = other.projections.find(ENCODER, PLAN)
        assert record == before
        assert (record.method, record.params, record.figures) == (
            "umap",
            {"seed": 3},
            {"recall": 0.25, "n": 7},
        )
        assert columns(other.projections.arrays(record.id)) == columns(some(7))
    assert library.projections.find(ENCODER, "spread-3") is None
    assert library.projections.find(ENCODER, PLAN, "pca") is None


def test_a_new_map_takes_the_place_of_the_old_one_and_bears_another_number(library: Library) -> None:
    maps = library.projections
    old = maps.put(ENCODER, PLAN, "umap", {}, {}, some(7))
    pca = maps.put(ENCODER, PLAN, "pca", {}, {}, some(3))
    new = maps.put(ENCODER, PLAN, "umap", {}, {}, some(5))
    assert new.id > old.id
    assert [record.id for record in maps.all()] == [pca.id, new.id]
    assert len(maps.arrays(new.id)) == 5
    with pytest.raises(UserError, match="not there any more"):
        maps.arrays(old.id)


def test_new_tracks_move_nothing(library: Library) -> None:
    maps = library.projections
    record = maps.put(ENCODER, PLAN, "umap", {}, {"recall": 0.5}, some(4))
    where = np.array([[9, 9], [8, 8]], np.float32)
    # Track 2 is there already and stays where it is.
    maps.append(
        record.id, np.array([20, 2]), where, np.array([0.5, 1], np.float32), np.array([6, 6], np.int16)
    )
    now = maps.arrays(record.id)
    assert columns(now.take(np.arange(4))) == columns(some(4))
    assert columns(now.take(np.array([4]))) == [[20], [[9, 9]], [0.5], [True], [6]]
    found = maps.find(ENCODER, PLAN)
    assert found is not None
    assert (found.id, found.created_at) == (record.id, record.created_at)
    assert (found.figures["n"], found.figures["recall"]) == (5, 0.5)
    assert found.figures["changed_at"] >= record.created_at


def test_tracks_that_are_dropped_take_their_columns_with_them(library: Library) -> None:
    maps = library.projections
    record = maps.put(ENCODER, PLAN, "umap", {}, {}, some(6))
    maps.drop(record.id, [1, 4, 999])
    assert columns(maps.arrays(record.id)) == columns(some(6).take(np.array([1, 2, 4, 5])))
    maps.note(record.id, seed_overlap=0.3)
    found = maps.find(ENCODER, PLAN)
    assert found is not None
    assert (found.figures["n"], found.figures["seed_overlap"]) == (4, 0.3)


def test_what_is_not_measured_is_no_number(library: Library) -> None:
    few = Points(np.array([3, 1]), np.zeros((2, 2), np.float32))
    record = library.projections.put(ENCODER, PLAN, "umap", {}, {"moved": float("nan")}, few)
    now = library.projections.arrays(record.id)
    assert np.isnan(now.kept).all()
    assert not now.placed.any()
    assert now.clusters.tolist() == [-1, -1]
    assert record.figures == {"moved": None, "n": 2}


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Points(np.arange(3), np.zeros((2, 2), np.float32))


@pytest.mark.parametrize("column", ["tracks", "points", "kept", "placed"])
def test_a_damaged_map_is_told_and_can_be_replaced(library: Library, column: str) -> None:
    maps = library.projections
    record = maps.put(ENCODER, PLAN, "umap", {}, {}, some(6))
    change(library, f"UPDATE projection_arrays SET {column} = substr({column}, 1, length({column}) - 3)")
    for touch in (lambda: maps.arrays(record.id), lambda: maps.drop(record.id, [1])):
        with pytest.raises(UserError, match="damaged"):
            touch()
    fresh = maps.put(ENCODER, PLAN, "umap", {}, {}, some(6))
    assert columns(maps.arrays(fresh.id)) == columns(some(6))


def test_points_that_are_no_numbers_are_damage(library: Library) -> None:
    record = library.projections.put(ENCODER, PLAN, "umap", {}, {}, some(2))
    change(library, "UPDATE projection_arrays SET points = :p", p=np.full(4, np.nan, "<f4").tobytes())
    with pytest.raises(UserError, match="damaged"):
        library.projections.arrays(record.id)


@pytest.mark.parametrize("figures", ["{", "[1]", "null"])
def test_a_row_that_cannot_be_read_is_none_and_hides_no_other(library: Library, figures: str) -> None:
    maps = library.projections
    maps.put(ENCODER, PLAN, "umap", {}, {}, some(2))
    sound = maps.put(ENCODER, PLAN, "pca", {}, {}, some(2))
    change(library, "UPDATE projection SET figures = :f WHERE method = 'umap'", f=figures)
    assert maps.find(ENCODER, PLAN) is None
    assert maps.all() == [sound]


def test_a_map_of_an_encoder_that_is_gone_is_not_kept(library: Library) -> None:
    with pytest.raises(UserError, match="not there any more"):
        library.projections.put(99, PLAN, "umap", {}, {}, some(2))
    library.projections.put(ENCODER, PLAN, "umap", {}, {}, some(2))
    with sqlite3.connect(library.path) as raw:
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("DELETE FROM encoder")
    raw.close()
    assert library.projections.all() == []


def test_adding_to_a_map_that_is_gone_says_so(library: Library) -> None:
    maps = library.projections
    record = maps.put(ENCODER, PLAN, "umap", {}, {}, some(2))
    maps.delete([record.id])
    nothing = np.zeros((1, 2), np.float32), np.zeros(1, np.float32)
    with pytest.raises(UserError, match="not there any more"):
        maps.append(record.id, np.array([1]), *nothing)
    maps.note(record.id, seed_overlap=0.3)
    assert maps.all() == []
    assert list(library.sidecar("maps").iterdir()) == []


def test_groups_that_are_lost_or_of_another_state_are_none(library: Library) -> None:
    maps = library.projections
    record = maps.put(ENCODER, PLAN, "umap", {}, {}, some(6))
    (file,) = library.sidecar("maps").iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    assert set(maps.arrays(record.id).clusters.tolist()) == {-1}
    file.unlink()
    assert set(maps.arrays(record.id).clusters.tolist()) == {-1}


def test_groups_of_another_library_at_the_same_place_are_not_taken(library: Library, tmp_path: Path) -> None:
    library.projections.put(ENCODER, PLAN, "umap", {}, {}, some(6))
    library.close()
    for suffix in ("", "-wal", "-shm"):
        library.path.with_name(library.path.name + suffix).unlink(missing_ok=True)
    fill(library.path, Mix(40))
    with Library(library.path) as other:
        record = other.projections.put(ENCODER, PLAN, "umap", {}, {}, Points(some(6).tracks, some(6).points))
        assert set(other.projections.arrays(record.id).clusters.tolist()) == {-1}


def test_a_map_holds_own_music_with_a_vector_also_where_its_drive_is_away(library: Library) -> None:
    assert library.facets.heard(ENCODER, PLAN).tolist() == list(range(1, 41))
    change(library, "UPDATE root SET kind = 'dataset' WHERE id = 2")
    change(library, "UPDATE file SET present = 0 WHERE track_id = 1")
    change(library, "DELETE FROM embedding WHERE track_id = 2")
    kept = [track for track in range(3, 41) if not 11 <= track <= 20]
    assert library.facets.heard(ENCODER, PLAN).tolist() == kept
    assert library.facets.heard(ENCODER, "spread-3").tolist() == []
