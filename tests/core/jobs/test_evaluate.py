"""Evaluating as a job on a real library: audio found and heard, results kept one by one, nothing computed twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sqlalchemy import text

from core.jobs.events import Event, Progress, Skipped
from core.jobs.process import JobProcess
from core.library.store import Library
from core.nets.card import mark
from core.settings import Settings
from tests import shipped
from tests.audio_files import write_tone
from tests.evaluation_tools import (
    CLIPS,
    INSTRUMENTS,
    QUICK,
    RECORDINGS,
    add_encoder,
    done,
    evaluate,
    let_it_have_heard,
    write_instruments,
)
from tests.library_tools import PLAN, Recorder, embed, scan, write_tones
from tests.shelf import Shelf

N = len(INSTRUMENTS) * RECORDINGS * CLIPS


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruments(tmp_path_factory.mktemp("sets") / "irmas")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, instruments: Path) -> Path:
    """A library that has the clips' vectors, and one result that no test asks for."""
    path = tmp_path_factory.mktemp("library") / "a.earmap"
    with Library(path) as library:
        done(evaluate(library, irmas(instruments), grid=[7.0], seeds=1))
    return path


@pytest.fixture
def library(prepared: Path, tmp_path: Path) -> Iterator[Library]:
    """A copy of it."""
    shutil.copytree(prepared.parent, tmp_path / "own")
    with Library(tmp_path / "own" / "a.earmap") as library:
        library.evaluations.delete([record.id for record in library.evaluations.all()])
        yield library


def irmas(folder: Path) -> dict[str, Any]:
    return {"kind": "irmas", "path": str(folder)}


def tracks(library: Library) -> list[int]:
    return [int(key) for key in library.vectors.tracks(library.encoders.get("mfcc").id, PLAN)]


def test_a_data_set_is_looked_through_heard_and_asked_about(tmp_path: Path, instruments: Path) -> None:
    folder = Path(shutil.copytree(instruments, tmp_path / "set"))
    (folder / "cel" / "[cel][pop_roc]0099__1.wav").write_bytes(b"RIFF nothing of the kind")
    (tmp_path / "music").mkdir()
    write_tone(tmp_path / "music" / "a.wav", 3.0)
    with Library(tmp_path / "a.earmap") as library:
        scan(library, tmp_path / "music")
        heard = Recorder()
        result = done(evaluate(library, irmas(folder), listener=heard))
        record = {each.probe: each for each in library.evaluations.all()}["svm"]
        counts = library.files.counts(library.encoders.get("mfcc").id, PLAN)
        found = library.evaluations.arrays(record.id)
    assert (counts.pending, counts.embedded) == (1, 0), "a person's own music does not wait in line"
    assert (result["computed"], result["known"]) == (2, 0)
    assert {row["probe"]: row["n"] for row in result["results"]} == {"majority": N, "svm": N}
    row = result["results"][-1]
    assert row["encoder"] == "mfcc"
    assert (row["task"], row["metric"]) == ("IRMAS: instrument", "accuracy")
    assert row["low"] <= row["mean"] <= row["high"]
    assert row["mean"] > row["chance"] == pytest.approx(1 / 3)
    assert any("1 " in note and "cannot be read" in note for note in record.notes), record.notes
    assert (record.details["segments"], record.details["trained_on"], record.dim) == (True, 0, 40)
    assert record.spec == {"kind": "irmas", "path": str(folder), "options": {}}
    assert found.names == ("cel", "flu", "org")
    assert found.answers[:, 2].sum() == found.confusion.sum() == 2 * N
    stages = [event.stage for event in heard.of(Progress)]
    assert stages[0] == "Looking for music"
    assert list(dict.fromkeys(stages))[-2:] == ["Preparing the tasks", "Evaluating"]
    last = heard.of(Progress)[-1]
    assert (last.done, last.total) == (2, 2)


def test_a_data_set_among_a_persons_music_is_heard_once(tmp_path: Path, instruments: Path) -> None:
    shutil.copytree(instruments, tmp_path / "music" / "set")
    with Library(tmp_path / "a.earmap") as library:
        scan(library, tmp_path / "music")
        done(evaluate(library, irmas(tmp_path / "music" / "set")))
        assert [root.kind for root in library.roots.all()] == ["music"]
        assert {record.figures["accuracy"].n for record in library.evaluations.all()} == {N}
        assert len(tracks(library)) == N


def test_a_deviation_over_one_segment_is_no_part_of_what_is_judged(
    library: Library, instruments: Path
) -> None:
    """Encoders whose tracks are mean and deviation: of a single segment, the mean is left."""
    mfcc = library.encoders.get("mfcc")
    made = add_encoder(library, "halves", tracks(library))
    with closing(sqlite3.connect(library.path)) as connection, connection:
        connection.execute("UPDATE encoder SET dim = 20 WHERE name = 'halves'")
        for key, vector in connection.execute(
            "SELECT id, vector FROM embedding WHERE encoder_id = ?", (made.id,)
        ).fetchall():
            row = np.frombuffer(vector, "<f4").copy()
            row[20:] = 0
            connection.execute("UPDATE embedding SET vector = ? WHERE id = ?", (row.tobytes(), key))
    done(evaluate(library, irmas(instruments), encoders=["mfcc", "halves"]))
    dims = {record.encoder: record.dim for record in library.evaluations.all() if record.probe == "svm"}
    assert dims == {"mfcc": mfcc.dim, "halves": 20}


def test_nothing_is_computed_twice(library: Library, instruments: Path) -> None:
    first = done(evaluate(library, irmas(instruments), probes=["svm", "logistic"]))
    stamp = library.evaluations.stamp()
    again = done(evaluate(library, irmas(instruments), probes=["svm", "logistic"]))
    assert (again["computed"], again["known"]) == (0, 3)
    assert again["results"] == first["results"]
    one = done(evaluate(library, irmas(instruments) | {"options": {}}, probes=["logistic"]))
    assert (one["computed"], one["known"]) == (0, 2)
    assert library.evaluations.stamp() == stamp


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"grid": [0.1]}, 2),
        ({"folds": 2}, 2),
        ({"seeds": 1}, 2),
        ({"pca": True}, 2),
        ({"probes": ["logistic"]}, 1),
    ],
)
def test_another_choice_is_another_result(
    library: Library, instruments: Path, change: dict[str, Any], new: int
) -> None:
    done(evaluate(library, irmas(instruments)))
    changed = done(evaluate(library, irmas(instruments), **change))
    assert (changed["computed"], len(library.evaluations.all())) == (new, 2 + new)
    assert done(evaluate(library, irmas(instruments)))["computed"] == 0, "and the first one is still known"


def test_other_weights_are_asked_anew_under_their_old_name(library: Library, instruments: Path) -> None:
    done(evaluate(library, irmas(instruments)))
    with closing(sqlite3.connect(library.path)) as connection, connection:
        connection.execute("UPDATE encoder SET weights_hash = 'others'")
    changed = done(evaluate(library, irmas(instruments)))
    assert (changed["computed"], changed["known"]) == (1, 1), "the majority knows no weights"


def test_another_grouping_is_another_split(library: Library, tmp_path: Path, instruments: Path) -> None:
    folder = Path(shutil.copytree(instruments, tmp_path / "set"))
    done(evaluate(library, irmas(folder)))
    listed = [f"{path.parent.name}/{path.name},{path.name[-5]}" for path in sorted(folder.glob("*/*.wav"))]
    (folder / "groups.csv").write_text("\n".join(["path,piece", *listed]))
    assert done(evaluate(library, irmas(folder)))["computed"] == 2
    splits = [record.split for record in library.evaluations.all() if record.probe == "svm"]
    assert len(set(splits)) == 2


def test_a_clip_that_is_gone_is_missing_from_the_question(
    library: Library, tmp_path: Path, instruments: Path
) -> None:
    folder = Path(shutil.copytree(instruments, tmp_path / "set"))
    done(evaluate(library, irmas(folder)))
    next(folder.glob("org/*__1.wav")).unlink()
    result = done(evaluate(library, irmas(folder)))
    assert result["computed"] == 2
    assert {row["n"] for row in result["results"]} == {N - 1}
    assert any("1 " in note and "gone" in note for note in library.evaluations.all()[-1].notes)


def test_a_killed_run_goes_on_where_it_was(library: Library, instruments: Path, tmp_path: Path) -> None:
    wanted = {"probes": ["svm", "logistic"], "seeds": 4, "folds": 4}
    names = [add_encoder(library, f"e{number}", tracks(library)).name for number in range(3)]
    params: dict[str, Any] = QUICK | wanted | {"specs": [irmas(instruments)], "encoders": names}
    process = JobProcess(library.path, "evaluate", params, Settings())
    limit = time.monotonic() + 90
    while len(library.evaluations.all()) < 2 and time.monotonic() < limit:
        process.poll(0.01)
    psutil.Process(process.pid).kill()
    process.close()
    kept = library.evaluations.all()
    assert 2 <= len(kept) < 7
    result = done(evaluate(library, irmas(instruments), encoders=names, **wanted))
    assert (result["known"], result["computed"]) == (len(kept), 7 - len(kept))
    ended = library.evaluations.all()
    assert ended[: len(kept)] == kept
    library.evaluations.delete([record.id for record in ended])
    whole = done(evaluate(library, irmas(instruments), encoders=names, **wanted))
    assert whole["results"] == result["results"], "as if nobody had killed it"


def test_it_stops_between_two_fits(library: Library, instruments: Path) -> None:
    cancelled, seen = threading.Event(), list[Any]()

    def listener(event: Event) -> None:
        if (
            isinstance(event, Progress)
            and event.stage == "Evaluating"
            and event.metrics.get("probe") == "svm"
        ):
            seen.append(event.metrics["fits"])
            if event.metrics["fits"] == 3:
                cancelled.set()

    ended = evaluate(library, irmas(instruments), seeds=5, cancelled=cancelled, listener=listener)
    assert ended.outcome == "cancelled"
    assert seen == [0, 1, 2, 3]
    assert [record.probe for record in library.evaluations.all()] == ["majority"]


def test_encoders_are_asked_about_the_same_tracks(library: Library, instruments: Path) -> None:
    known = tracks(library)
    add_encoder(library, "fewer", known[2:])
    with closing(sqlite3.connect(library.path)) as connection, connection:  # it will not be read again
        marks = ",".join(map(str, known[:2]))
        connection.execute(f"UPDATE file SET verified = 1, duplicate = 1 WHERE track_id IN ({marks})")
    done(evaluate(library, irmas(instruments), encoders=["mfcc", "fewer"]))
    for record in library.evaluations.all():
        assert record.figures["accuracy"].n == N - 2
        assert "2 have no vector under every encoder." in record.notes
        assert sorted(library.evaluations.arrays(record.id).items.tolist()) == known[2:]


def test_an_encoder_that_cannot_be_made_ready_is_left_out(library: Library, instruments: Path) -> None:
    add_encoder(library, "broken", tracks(library)[1:])
    heard = Recorder()
    result = done(evaluate(library, irmas(instruments), encoders=["broken", "mfcc"], listener=heard))
    assert {row["encoder"] for row in result["results"]} == {"majority", "mfcc"}
    (skip,) = [event for event in heard.of(Skipped) if event.item == "broken"]
    assert skip.reason
    failed = evaluate(library, irmas(instruments), encoders=["broken"])
    assert failed.outcome == "failed"
    assert f"{failed.title} {failed.hint}".strip() == skip.reason


def test_what_came_with_the_program_listens_before_it_is_asked(
    library: Library, instruments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shipped.folder(monkeypatch, tmp_path / "shipped")
    shipped.ship(place)
    done(evaluate(library, irmas(instruments), encoders=["mfcc", "earmap-2"]))
    found = {record.encoder: record for record in library.evaluations.all()}
    assert {"mfcc", "earmap-2"} <= set(found)
    assert found["earmap-2"].dim == 128, "clips of one segment have no deviation"
    failed = evaluate(library, irmas(instruments), encoders=["earmap-9"])
    assert "no encoder called earmap-9" in failed.title


def say_what_it_heard(library: Library, name: str, tracks: list[int]) -> None:
    """Write marks on the card of an encoder that came from elsewhere."""
    known = {track: identity for identity, track in library.rows.identities().items()}
    told = {"data": {"heard": [mark(known[track]) for track in tracks] + [mark("nobody's")]}}
    with library._db.write() as connection:
        connection.execute(
            text("UPDATE encoder SET card = :card WHERE name = :name"),
            {"card": json.dumps(told), "name": name},
        )


def test_what_an_encoder_heard_in_training_is_counted(
    library: Library, instruments: Path, tmp_path: Path
) -> None:
    known = tracks(library)
    taught = add_encoder(library, "taught", known)
    add_encoder(library, "foreign", known)
    add_encoder(library, "gift", known)
    let_it_have_heard(library, taught, known[:5], tmp_path)
    say_what_it_heard(library, "gift", known[2:5])
    done(evaluate(library, irmas(instruments), encoders=["mfcc", "taught", "foreign", "gift"]))
    records = {record.encoder: record for record in library.evaluations.all()}
    assert {name: record.details["trained_on"] for name, record in records.items()} == {
        "majority": 0, "mfcc": 0, "taught": 5, "foreign": None, "gift": 3,
    }  # fmt: skip
    unknown = "Nobody knows here which tracks the encoder was trained on."
    assert [name for name, record in records.items() if unknown in record.notes] == ["foreign"]
    assert len({record.split for record in records.values()}) == 1, "they can be paired all the same"


def test_a_data_set_does_not_move_the_neighbours_of_a_persons_music(
    tmp_path: Path, instruments: Path
) -> None:
    with Library(tmp_path / "a.earmap") as library:
        scan(library, write_tones(tmp_path / "music", 22))
        embed(library)
        key = library.encoders.get("mfcc").id
        before = library.vectors.standardisation(key, PLAN)
        done(evaluate(library, irmas(instruments)))
        embed(library)
        after, (_, _, matrix) = (
            library.vectors.standardisation(key, PLAN),
            library.vectors.after(key, PLAN, 0),
        )
    assert before is not None
    assert after is not None
    assert (before[2], after[2], len(matrix)) == (22, 22, 22 + N)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_allclose(before[0], matrix[:22].mean(0), rtol=1e-4, atol=1e-4)


def playlists(shelf: Shelf, lists: int = 26, length: int = 5) -> dict[str, Any]:
    """A library of silent files with vectors, and playlists of them."""
    for number in range(lists * length):
        shelf.write(f"music/{number:03}.mp3", f"C{number}")
    shelf.scan(shelf.folder / "music")
    while shelf.embed():
        pass
    folder = shelf.folder / "lists"
    folder.mkdir()
    for number in range(lists):
        own = range(number * length, (number + 1) * length)
        (folder / f"{number}.m3u8").write_text("\n".join(f"../music/{i:03}.mp3" for i in own))
    return {"kind": "m3u", "path": str(folder)}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    (tmp_path / "shelf").mkdir()
    with Library(tmp_path / "shelf.earmap") as library:
        yield Shelf(library, tmp_path / "shelf")


def test_playlists_leave_out_what_an_encoder_was_trained_on(shelf: Shelf, tmp_path: Path) -> None:
    spec, library = playlists(shelf), shelf.library
    files = library.rows.files_of(sorted(shelf.vectors()))
    names = {
        Path(str(path, "utf-8")).name: file for file, path in library.rows.paths(list(files.values())).items()
    }
    track_of = {file: track for track, file in files.items()}
    outside = [track_of[names[f"{number:03}.mp3"]] for number in (0, 1, 5, 12)]
    let_it_have_heard(library, add_encoder(library, "taught", sorted(shelf.vectors())), outside, tmp_path)
    result = done(evaluate(library, spec, encoders=["mfcc", "taught"]))
    assert {row["metric"] for row in result["results"]} == {"hit_rate", "percentile", "mrr"}
    first = library.evaluations.all()
    # Two of the first list's five: three are left, which can only ask.
    assert {(r.details["excluded"], r.details["playlists"]) for r in first} == {(4, 25)}
    assert {record.encoder: record.details["trained_on"] for record in first} == {"mfcc": 0, "taught": 4}
    done(evaluate(library, spec, encoders=["mfcc", "taught"], rules={"keep_trained": True}))
    later = library.evaluations.all()[2:]
    assert {(r.details["excluded"], r.details["playlists"]) for r in later} == {(0, 26)}
    assert {record.config["keep_trained"] for record in later} == {True}
    arrays = [library.evaluations.arrays(record.id) for record in later]
    for metric in ("hit_rate", "percentile", "mrr"):
        assert len({tuple(each.scores[metric].counts) for each in arrays}) == 1
        mean = arrays[0].scores[metric].mean
        assert later[0].figures[metric].mean == pytest.approx(mean)


def test_playlists_that_cannot_be_asked_are_told_and_the_rest_goes_on(shelf: Shelf) -> None:
    spec, heard = playlists(shelf, lists=12), Recorder()
    result = done(evaluate(shelf.library, spec, {"kind": "report"}, listener=heard))
    assert {row["task"] for row in result["results"]} == {"Report without labels"}
    (skip,) = heard.of(Skipped)
    assert "100 others" in skip.reason
    assert result["skipped"] == [{"item": skip.item, "reason": skip.reason}]
    alone = evaluate(shelf.library, spec)
    assert (alone.outcome, alone.details) == ("failed", "")
    assert "100 others" in alone.title


def test_the_report_follows_vectors_and_tags(shelf: Shelf) -> None:
    report = {"kind": "report"}
    playlists(shelf)
    result = done(evaluate(shelf.library, report))
    figures = {row["metric"]: row for row in result["results"]}
    assert figures["hubness"]["n"] == 130
    assert 1 < figures["effective_rank"]["mean"] <= 4
    assert 0 < figures["reached"]["mean"] <= 1
    assert (figures["same_album"]["mean"], figures["same_album"]["n"]) == (None, 0)
    assert done(evaluate(shelf.library, report))["computed"] == 0
    with closing(sqlite3.connect(shelf.library.path)) as connection, connection:
        connection.execute("UPDATE file SET artist = 'A', album = 'B', album_artist = 'A'")
    tagged = {row["metric"]: row["mean"] for row in done(evaluate(shelf.library, report))["results"]}
    assert (tagged["same_artist"], tagged["same_album"], tagged["any_album"]) == (1, 1, 1)
    shelf.write("music/new.mp3", "C-new")
    shelf.both()
    assert done(evaluate(shelf.library, report))["computed"] == 1


def test_a_data_set_that_is_away_is_told_and_the_rest_goes_on(shelf: Shelf, tmp_path: Path) -> None:
    playlists(shelf)
    heard, gone = Recorder(), irmas(tmp_path / "gone")
    assert done(evaluate(shelf.library, gone, {"kind": "report"}, listener=heard))["computed"] == 1
    assert "gone" in heard.of(Skipped)[0].item
    assert evaluate(shelf.library, gone).outcome == "failed"


def test_what_cannot_be_meant_is_refused_before_anything_is_done(shelf: Shelf) -> None:
    report = {"kind": "report"}
    assert "no encoder called nobody" in evaluate(shelf.library, report, encoders=["nobody"]).title
    assert "needs a folder" in evaluate(shelf.library, report, {"kind": "irmas"}).title
    assert "no kind of data set" in evaluate(shelf.library, {"kind": "nothing"}).title
    assert shelf.library.evaluations.all() == []
