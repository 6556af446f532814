from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sqlalchemy import text

from core.jobs import project
from core.jobs.events import Ended, Event, Progress
from core.library.database import Database
from core.library.projections import Points
from core.library.records import ProjectionRecord
from core.library.store import Library
from core.projection.live import Live, Picture, read
from core.projection.methods import METHODS, Method
from tests.library_tools import run_job
from tests.map_tools import PLAN, hear, make

NAME, DIM, TRACKS = "ears", 16, 90


def write(library: Library, statement: str, **values: object) -> None:
    database = Database(library.path)
    with database.write() as connection:
        connection.execute(text(statement), values)
    database.close()


def project_job(library: Library, name: str = NAME, listener: Any = None, **params: Any) -> dict[str, Any]:
    """Draw a map to its end; the result."""
    ended = run_job(library, "project", listener=listener, encoder=name, **params)
    assert ended.outcome == "completed", (ended.title, ended.details)
    return ended.result


def the_map(library: Library, method: str = "pca", name: str = NAME) -> tuple[ProjectionRecord, Points]:
    record = library.projections.find(library.encoders.get(name).id, PLAN, method)
    assert record is not None
    return record, library.projections.arrays(record.id)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.earmap"
    make(path, 120)
    hear(path, NAME, range(TRACKS), DIM, groups=4)
    with Library(path) as opened:
        yield opened


class Onlooker:
    """A listener that looks at what can be seen of a map while it is drawn."""

    def __init__(self, library: Library) -> None:
        self._path = Live.path(library, library.encoders.get(NAME).id, PLAN)
        self.pictures: list[Picture] = []
        self.stages: list[str] = []

    def __call__(self, event: Event) -> None:
        picture = read(self._path)
        if picture is not None:
            self.pictures.append(picture)
        if isinstance(event, Progress) and event.stage not in self.stages:
            self.stages.append(event.stage)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Onlooker, dict[str, Any]]]:
    """A library whose map UMAP has drawn; what could be seen meanwhile; the result."""
    path = tmp_path_factory.mktemp("drawn") / "library.earmap"
    make(path, 120)
    hear(path, NAME, range(TRACKS), DIM, groups=4)
    with Library(path) as library:
        onlooker = Onlooker(library)
        yield library, onlooker, project_job(library, listener=onlooker)


Drawn = tuple[Library, Onlooker, dict[str, Any]]


def test_a_map_keeps_neighbours_together_and_says_how_well(drawn: Drawn) -> None:
    library, _, result = drawn
    record, points = the_map(library, "umap")
    assert points.tracks.tolist() == list(range(1, TRACKS + 1))
    assert np.sqrt((points.points**2).sum(axis=1).mean()) == pytest.approx(1, abs=1e-4)
    assert result["n"] == result["n_fitted"] == TRACKS
    assert 0.9 < result["trustworthiness"] <= 1
    assert result["recall"] == pytest.approx(points.kept.mean(), abs=1e-3)
    assert 3 * result["blind"] < result["recall"] <= 1
    assert record.figures["seed_overlap"] == result["seed_overlap"] > result["blind"]
    assert not points.placed.any()
    # Each track's group lies together on the map.
    group = np.arange(TRACKS) * 7919 % 4
    middles = np.stack([points.points[group == g].mean(axis=0) for g in range(4)])
    nearest = np.linalg.norm(points.points[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.9
    assert result["clusters"] == len(set(points.clusters.tolist()))


def test_the_picture_grows_while_it_settles_and_is_gone_afterwards(drawn: Drawn) -> None:
    library, onlooker, _ = drawn
    assert onlooker.stages == [
        project.READING,
        project.LOOKING,
        project.STAGE,
        project.MEASURING,
        project.SECOND,
    ]
    versions = [picture.version for picture in onlooker.pictures]
    assert versions == sorted(versions)
    assert onlooker.pictures[0].tracks.tolist() == list(range(1, TRACKS + 1))
    assert [path.suffix for path in library.sidecar("maps").iterdir() if path.suffix == ".live"] == []


def test_the_same_seed_draws_the_same_map(drawn: Drawn) -> None:
    library, _, result = drawn
    record, before = the_map(library, "umap")
    library.projections.delete([record.id])
    project_job(library, baseline=False)
    _, again = the_map(library, "umap")
    np.testing.assert_array_equal(again.points, before.points)
    np.testing.assert_array_equal(again.clusters, before.clusters)
    assert result["seed_overlap"] < 1  # and another one another


def test_a_map_stays_until_another_seed_or_a_new_drawing_is_asked_for(library: Library) -> None:
    assert project_job(library, method="pca", seed=3)["drawn"]
    assert not project_job(library, method="pca")["drawn"]
    assert not project_job(library, method="pca", seed=3)["drawn"]
    refit = project_job(library, method="pca", refit=True)
    assert refit["drawn"]
    assert the_map(library)[0].params["seed"] == 3
    assert refit["moved"] < 1e-4
    assert project_job(library, method="pca", seed=4)["drawn"]


def test_new_tracks_are_placed_and_nothing_else_moves(library: Library) -> None:
    project_job(library, method="pca")
    record, before = the_map(library)
    hear(library.path, NAME, range(TRACKS, 120), DIM, groups=4)
    result = project_job(library, method="pca")
    assert (result["drawn"], result["added"], result["n"], result["n_fitted"]) == (False, 30, 120, TRACKS)
    same, after = the_map(library)
    assert same.id == record.id
    np.testing.assert_array_equal(after.points[:TRACKS], before.points)
    assert after.placed.tolist() == [False] * TRACKS + [True] * 30
    assert np.isfinite(after.kept).all()
    # Nearly all bear a number that others of their group have.
    group = np.arange(120) * 7919 % 4
    mates = [before.clusters[group[:TRACKS] == group[row]] for row in range(TRACKS, 120)]
    assert np.mean([after.clusters[TRACKS + i] in found for i, found in enumerate(mates)]) > 0.8
    assert project_job(library, method="pca")["added"] == 0


def test_tracks_that_are_gone_leave_the_map(library: Library) -> None:
    project_job(library, method="pca")
    _, before = the_map(library)
    write(library, "DELETE FROM embedding WHERE track_id IN (3, 4) AND encoder_id = :e",
          e=library.encoders.get(NAME).id)  # fmt: skip
    write(library, "UPDATE file SET present = 0 WHERE track_id = 50")
    result = project_job(library, method="pca")
    assert (result["dropped"], result["n"], result["drawn"]) == (3, TRACKS - 3, False)
    _, after = the_map(library)
    assert set(before.tracks.tolist()) - set(after.tracks.tolist()) == {3, 4, 50}
    np.testing.assert_array_equal(after.points, before.without([3, 4, 50]).points)


def test_data_sets_are_not_on_the_map_and_drives_that_are_away_are(library: Library) -> None:
    write(library, "UPDATE root SET online = 0 WHERE id = 1")
    assert project_job(library, method="pca")["n"] == TRACKS
    write(library, "UPDATE root SET kind = 'dataset' WHERE id = 1")
    assert project_job(library, method="pca")["n"] == TRACKS - 60


def test_a_map_that_has_doubled_is_drawn_anew(library: Library) -> None:
    write(library, "UPDATE root SET kind = 'dataset' WHERE id = 1")
    assert project_job(library, method="pca")["n_fitted"] == 30
    write(library, "UPDATE root SET kind = 'music' WHERE id = 1")
    result = project_job(library, method="pca")
    assert (result["drawn"], result["n_fitted"]) == (True, TRACKS)


def test_more_than_a_method_can_take_are_placed_among_a_sample(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Method("PCA", "", "", most=80, sample=60)
    monkeypatch.setitem(METHODS, "pca", few)
    result = project_job(library, method="pca")
    assert (result["n"], result["n_fitted"]) == (TRACKS, 60)
    _, points = the_map(library)
    assert points.placed.sum() == 30
    assert np.isfinite(points.kept).all()
    assert (points.clusters >= 0).all()
    # A sample stays: what is placed is not what the map has outgrown.
    assert not project_job(library, method="pca")["drawn"]


def test_maps_of_other_encoders_are_turned_onto_the_first(library: Library) -> None:
    project_job(library, method="pca")
    _, first = the_map(library)
    # The same ears, mirrored: their own principal axes point elsewhere.
    hear(library.path, "mirrored", range(TRACKS), DIM, groups=4)
    key = library.encoders.get("mirrored").id
    _, tracks, matrix = library.vectors.after(key, PLAN, 0)
    rng, means = np.random.default_rng(0), DIM // 2  # means and deviations count differently
    turned = np.concatenate([rng.permutation(means), means + rng.permutation(DIM - means)])
    for track, vector in zip(tracks.tolist(), -matrix[:, turned], strict=True):
        write(library, "UPDATE embedding SET vector = :v WHERE encoder_id = :e AND track_id = :t",
              v=vector.tobytes(), e=key, t=track)  # fmt: skip
    library.vectors.set_standardisation(
        key, PLAN, -matrix[:, turned].mean(axis=0), matrix[:, turned].std(axis=0), TRACKS
    )
    project_job(library, "mirrored", method="pca")
    _, second = the_map(library, name="mirrored")
    np.testing.assert_allclose(second.points, first.points, atol=1e-3)
    assert project_job(library, "mirrored", method="pca", refit=True, compare=[NAME])["moved"] < 1e-3


def test_a_map_of_other_tracks_altogether_is_drawn_anew(library: Library) -> None:
    key = library.encoders.get(NAME).id
    strangers = Points(np.arange(900, 950), np.zeros((50, 2), np.float32))
    library.projections.put(key, PLAN, "pca", {"seed": 0, "size": 1.0}, {}, strangers)
    result = project_job(library, method="pca")
    assert (result["drawn"], result["n"]) == (True, TRACKS)
    assert "moved" not in result


def test_a_damaged_map_is_drawn_anew(library: Library) -> None:
    project_job(library, method="pca")
    write(library, "UPDATE projection_arrays SET points = x'00'")
    assert project_job(library, method="pca")["drawn"]
    write(library, """UPDATE projection SET params = '{"seed": "seven", "size": []}'""")
    assert project_job(library, method="pca")["drawn"]
    assert len(the_map(library)[1]) == TRACKS


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"encoder": "nobody"}, "nobody"),
        ({"encoder": NAME, "method": "tarot"}, "tarot"),
        ({"encoder": "deaf"}, "at least 5 tracks, and deaf has heard 4"),
        ({"encoder": NAME, "method": "pca", "compare": ["nobody"]}, "nobody"),
    ],
)
def test_what_cannot_be_drawn_is_told(library: Library, params: dict[str, Any], words: str) -> None:
    hear(library.path, "deaf", range(4), DIM)
    ended = run_job(library, "project", **params)
    assert ended.outcome == "failed"
    assert words in f"{ended.title} {ended.hint}"
    assert not ended.details
    assert library.projections.all() == []


def at(stage: str, act: Callable[[], object]) -> Callable[[Event], None]:
    """A listener that does something once, as soon as a stage is reached."""
    waiting = [act]

    def hear_event(event: Event) -> None:
        if isinstance(event, Progress) and event.stage == stage and waiting:
            waiting.pop()()

    return hear_event


def stopped(library: Library, act: Callable[[threading.Event], object]) -> tuple[Ended, float]:
    """A drawing that something happens to while UMAP is at work; how it ended, and after how many seconds."""
    cancelled, since = threading.Event(), [0.0]

    def happen() -> None:
        since[0] = time.monotonic()
        act(cancelled)

    ended = run_job(library, "project", cancelled=cancelled, listener=at(project.STAGE, happen), encoder=NAME)
    return ended, time.monotonic() - since[0]


def drawers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_drawing_that_is_stopped_ends_at_once_and_the_map_before_it_stands(library: Library) -> None:
    points = Points(np.arange(1, 8), np.zeros((7, 2), np.float32))
    library.projections.put(library.encoders.get(NAME).id, PLAN, "umap", {"seed": 0}, {}, points)
    ended, seconds = stopped(library, lambda cancelled: cancelled.set())
    assert ended.outcome == "cancelled"
    assert seconds < 2  # half a second, on a machine that does nothing else
    assert len(the_map(library, "umap")[1]) == 7
    assert drawers() == []
    assert [path for path in library.sidecar("maps").iterdir() if path.suffix == ".live"] == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_drawing_whose_process_is_killed_says_so(library: Library) -> None:
    ended, _ = stopped(library, lambda _: [os.kill(child.pid, signal.SIGKILL) for child in drawers()])
    assert ended.outcome == "failed"
    assert "ended from outside" in ended.title
    assert library.projections.all() == []


def test_t_sne_is_a_second_opinion(library: Library) -> None:
    result = project_job(library, method="tsne", baseline=False)
    assert result["trustworthiness"] > 0.9
    assert result["recall"] > 3 * result["blind"]
    assert "seed_overlap" not in result
