"""What an evaluation would compute, and about how long that takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.evaluation_plan import Plan, Question, foretell, probes_of, told
from core.evaluation.spec import TaskSpec
from core.library.records import EncoderRecord, EvaluationRecord, Figure

GENRE = TaskSpec(kind="field")
MFCC = EncoderRecord(1, "mfcc", "mfcc", {}, 20, 40, "1", "hash", {}, "")
WIDE = replace(MFCC, id=2, name="wide", track_dim=400, weights_hash="other")
BOTH = ("svm", "logistic")


def result(encoder: EncoderRecord = MFCC, probe: str = "svm", **values: object) -> EvaluationRecord:
    given: dict[str, object] = {
        "key": "k", "task": "Genre", "task_kind": "class", "spec": GENRE.model_dump(), "encoder": encoder.name,
        "strategy": "mfcc", "weights_hash": encoder.weights_hash, "plan": "whole", "probe": probe, "config": {},
        "split": "s", "dim": 40, "seeds": 5, "figures": {"accuracy": Figure(0.5, n=100)}, "details": {}, "notes": (),
        "versions": {}, "seconds": 10.0,
    }  # fmt: skip
    return EvaluationRecord(**given | values)  # type: ignore[arg-type] # fields of the record


def plan(*records: EvaluationRecord, items: int | None = 100, kind: str = "class", **values: object) -> Plan:
    given: dict[str, object] = {
        "pca": False, "records": records, "there": (MFCC, WIDE), "waiting": {}, "rate": None,
    }  # fmt: skip
    question = Question(GENRE.key, kind, items)
    return foretell([question], ["mfcc", "wide"], BOTH, 5, **given | values)  # type: ignore[arg-type] # as named


@pytest.mark.parametrize(
    ("kind", "probes"),
    [("class", BOTH), ("tags", ("logistic",)), ("playlists", ("cosine",)), ("report", ("",))],
)
def test_each_kind_of_task_is_put_to_its_probes(kind: str, probes: tuple[str, ...]) -> None:
    assert probes_of(kind, BOTH) == probes
    assert plan(kind=kind).results == 2 * len(probes)


def test_what_is_known_is_not_computed_again() -> None:
    assert plan().known == 0
    assert plan(result(), result(probe="logistic")).known == 2
    assert plan(result(seeds=3), result(weights_hash="before it was trained anew")).known == 0
    assert plan(result(), pca=True).known == 0
    assert plan(result(config={"pca": True}), pca=True).known == 1
    assert plan(result(spec=TaskSpec(kind="field", options={"field": "artist"}).model_dump())).known == 0


def test_options_that_are_the_default_make_no_other_question() -> None:
    spelled = TaskSpec(kind="field", options={"field": "genre", "fewest": 5})
    assert plan(result(spec=spelled.model_dump())).known == 1


def test_what_draws_nothing_is_known_whatever_the_seeds() -> None:
    report = TaskSpec(kind="report")
    record = result(task_kind="report", probe="", spec=report.model_dump(), seeds=0)
    question = Question(report.key, "report", 100)
    found = foretell(
        [question], ["mfcc"], BOTH, 5, pca=False, records=[record], there=[MFCC], waiting={}, rate=None
    )
    assert (found.results, found.known) == (1, 1)


def test_earlier_results_tell_how_long_others_take() -> None:
    """10 s for 100 items x 40 dimensions x 5 seeds: ten times the dimensions take ten times as long."""
    svm = foretell(
        [Question("another", "class", 100)], ["mfcc", "wide"], ("svm",), 5, pca=False, records=[result()],
        there=(MFCC, WIDE), waiting={}, rate=None,
    )  # fmt: skip
    assert svm.seconds == pytest.approx(10 + 100, rel=0.01)


def test_what_has_to_learn_more_classes_takes_longer() -> None:
    """10 s for three classes: 30 s for nine."""
    details = {"classes": [{"name": name} for name in "abc"]}
    nine = foretell(
        [Question("another", "class", 100, 9)], ["mfcc"], ("svm",), 5, pca=False, records=[result(details=details)],
        there=(MFCC,), waiting={}, rate=None,
    )  # fmt: skip
    assert nine.seconds == pytest.approx(30, rel=0.01)


def test_fewer_dimensions_are_quicker() -> None:
    wide, reduced = plan().seconds, plan(pca=True).seconds
    assert wide is not None
    assert reduced is not None
    assert reduced < wide


def test_a_data_set_that_was_not_looked_through_has_no_time_yet() -> None:
    unknown = plan(items=None)
    assert unknown.seconds is None
    assert "is known when the data set’s music has been looked through" in told(unknown, 2)
    assert (
        plan(result(), result(WIDE), result(probe="logistic"), result(WIDE, "logistic"), items=None).seconds
        == 0
    )


def test_tracks_that_wait_are_listened_to_first() -> None:
    waiting = plan(waiting={"mfcc": 0, "wide": 300}, rate=5.0)
    assert (waiting.tracks, waiting.listening) == (300, 60)
    assert "First 300 tracks are listened to, about 1 min. The rest takes" in told(waiting, 2)


def test_a_plan_in_words() -> None:
    assert told(Plan(0, 0, 0.0), 0) == "Nothing is chosen."
    assert told(Plan(4, 4, 0.0), 2).endswith("nothing is computed again.")
    assert told(Plan(12, 4, 240.0), 3) == (
        "12 results with 3 encoders. 4 of them known already. It takes about 4 min on this computer."
    )
