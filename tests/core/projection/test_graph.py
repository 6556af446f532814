from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.projection import graph
from core.projection.graph import nearest, nearest_of, of_tracks
from core.recommend import measure, unit_rows
from core.vectors import Snapshot
from tests.map_tools import vectors

KEY = "library/weights/front-end/plan"


def rows_of(n: int, dim: int = 16) -> NDArray[np.float32]:
    return unit_rows(vectors(range(n), dim), None)


def brute(unit: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    cosines = unit.astype(np.float64) @ unit.T.astype(np.float64)
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1)[:, :k]


def test_neighbours_and_distances_are_those_of_all_pairs() -> None:
    unit = rows_of(300)
    found, distances = nearest(unit, 12)
    assert (found == brute(unit, 12)).mean() > 0.999  # but for pairs that differ in the last bit
    assert (found != np.arange(300)[:, None]).all()
    np.testing.assert_allclose(distances, 1 - np.take_along_axis(unit @ unit.T, found, 1), atol=1e-5)


def test_equal_rows_and_rows_without_a_direction_are_no_trouble() -> None:
    unit = rows_of(40)
    unit[5:25], unit[30] = unit[5], 0
    found, distances = nearest(unit, 8)
    assert found.shape == (40, 8)
    assert (found != np.arange(40)[:, None]).all()
    assert distances[5:25] == pytest.approx(0, abs=1e-5)
    assert set(found[5:25].ravel().tolist()) <= set(range(5, 25))
    assert distances[30].tolist() == pytest.approx([1] * 8)
    assert nearest(unit[:3], 8)[0].shape == (3, 2)


def test_new_rows_ask_those_that_are_there() -> None:
    unit = rows_of(200)
    found, _ = nearest_of(unit[150:], unit[:150], 5)
    cosines = unit[150:] @ unit[:150].T
    assert (found == np.argsort(-cosines, axis=1)[:, :5]).mean() > 0.99


def test_links_find_nearly_all_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = rows_of(1500)
    true = brute(unit, 15)
    monkeypatch.setattr(graph, "FLAT", 500)
    one, distances = nearest(unit, 15)
    other, _ = nearest(unit, 15)
    assert (one == other).all()
    assert (one[:, :, None] == true[:, None, :]).any(axis=2).mean() > 0.98
    np.testing.assert_allclose(distances, 1 - np.take_along_axis(unit @ unit.T, one, 1), atol=1e-4)


def test_whoever_watches_can_stop_it() -> None:
    class StopError(Exception):
        pass

    def watch(done: int, total: int) -> None:
        assert (done, total) == (0, 50)
        raise StopError

    with pytest.raises(StopError):
        nearest(rows_of(50), 3, watch)


class Beside:
    """A snapshot, and a folder beside its library."""

    def __init__(self, folder: Path, n: int = 90) -> None:
        self.folder = folder
        self.raw = vectors(range(n), 16)
        self.snapshot = Snapshot.of(np.arange(1, n + 1)[::-1].copy(), self.raw, measure(self.raw))
        self.tracks = np.arange(2, n, 2)
        self.searches = 0

    def graph(self) -> graph.Graph:
        """What is found; `searches` counts how often it was worked out."""

        def watch(_done: int, _total: int) -> None:
            self.searches += 1

        return of_tracks(self.folder, KEY, self.snapshot, self.tracks, watch)


def test_rows_come_in_the_order_of_the_tracks_and_are_copied_only_where_they_must(tmp_path: Path) -> None:
    here = Beside(tmp_path)
    chosen = graph.rows_of(here.snapshot, here.tracks)
    np.testing.assert_array_equal(chosen, here.snapshot.unit[here.snapshot.rows(here.tracks)])
    assert graph.rows_of(here.snapshot, here.snapshot.ids) is here.snapshot.unit


def test_a_graph_is_worked_out_once(tmp_path: Path) -> None:
    here = Beside(tmp_path)
    first, again = here.graph(), here.graph()
    assert here.searches == 1
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.distances, again.distances)
    unit = here.snapshot.unit[here.snapshot.rows(here.tracks)]
    assert (first.rows == brute(unit, graph.K)).mean() > 0.99


def test_other_tracks_or_other_statistics_make_another_graph(tmp_path: Path) -> None:
    here = Beside(tmp_path)
    here.graph()
    here.tracks = here.tracks[1:]
    here.graph()
    assert here.searches == 2
    here.snapshot = Snapshot.of(here.snapshot.ids, here.raw, measure(here.raw[:50]))
    here.graph()
    assert here.searches == 3


@pytest.mark.parametrize("how", ["short", "foreign", "wild"])
def test_a_damaged_graph_is_worked_out_again(tmp_path: Path, how: str) -> None:
    here = Beside(tmp_path)
    before = here.graph()
    (file,) = tmp_path.iterdir()
    if how == "short":
        file.write_bytes(file.read_bytes()[:-500])
    elif how == "foreign":
        file.write_bytes(b"not at all")
    else:
        with np.load(file) as parts:
            broken = dict(parts) | {"rows": parts["rows"] + 1000}
        with file.open("wb") as out:
            np.savez(out, **broken)
    np.testing.assert_array_equal(here.graph().rows, before.rows)
    assert here.searches == 2


def test_a_graph_is_found_where_it_cannot_be_kept(tmp_path: Path) -> None:
    here = Beside(tmp_path / "nowhere")
    assert len(here.graph().rows) == len(here.tracks)
