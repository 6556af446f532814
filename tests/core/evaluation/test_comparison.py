from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import UserError
from core.evaluation.comparison import Cell, Column, Comparison, compare, directions
from core.evaluation.directions import basis
from core.evaluation.intervals import Scores, difference, differences
from core.evaluation.said import titled
from core.library.evaluations import Arrays
from core.library.records import Figure
from core.strategies import available
from tests.evaluation_results import (
    ENCODERS,
    QUALITY,
    Shelf,
    add_classes,
    add_majority,
    add_playlists,
    add_report,
    add_tags,
    figure,
    full,
    spec,
)

ALL = {name: name for name in QUALITY}


def compared(shelf: Shelf, *, reduced: bool = False) -> Comparison:
    return compare(shelf.records, shelf.arrays, reduced=reduced)


def cell(column: Column, encoder: str) -> Cell:
    found = column.cell(encoder)
    assert found is not None
    return found


def one(shelf: Shelf) -> Column:
    (column,) = compared(shelf).columns
    return column


def test_differences_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 30, 200)
    counts = rng.integers(0, 3, 200).astype(np.float64)
    scores = [Scores(counts * (rng.random(200) < share), counts, groups) for share in (0.5, 0.6, 0.9)]
    assert differences(scores[1:], scores[0]) == tuple(difference(each, scores[0]) for each in scores[1:])
    assert differences([], scores[0]) == ()
    lone = Scores(np.ones(3), np.ones(3), np.zeros(3, np.int64))
    assert math.isnan(differences([lone], lone)[0].low)
    with pytest.raises(ValueError, match="different items"):
        differences([Scores(counts, counts, groups + 1)], scores[0])


def test_encoders_stand_in_the_papers_order_and_columns_by_task_metric_and_probe() -> None:
    shelf = full()
    found = compared(shelf)
    assert found.encoders == tuple(ENCODERS)
    assert found.baselines == ("mfcc", "random", "random-multi")
    shown = [(column.task, column.metric, column.probe) for column in found.columns]
    assert shown == [
        ("FMA small, genre", "accuracy", "svm"), ("FMA small, genre", "accuracy", "logistic"),
        ("IRMAS, instrument", "accuracy", "svm"), ("IRMAS, instrument", "accuracy", "logistic"),
        ("MSD, 50 tags", "roc_auc", "logistic"), ("MSD, 50 tags", "pr_auc", "logistic"),
        ("Albums as playlists", "hit_rate", "cosine"), ("Albums as playlists", "percentile", "cosine"),
        ("Albums as playlists", "mrr", "cosine"),
        ("The library", "same_artist", ""), ("The library", "hubness", ""),
    ]  # fmt: skip
    assert len({column.key for column in found.columns}) == len(found.columns)
    assert found.column(found.columns[3].key) is found.columns[3]
    turned = compare(shelf.records[::-1], shelf.arrays)
    assert (turned.encoders, [column.key for column in turned.columns]) == (
        found.encoders,
        [column.key for column in found.columns],
    )
    unknown = Shelf()
    add_classes(unknown, {"eighth": "melcpc", "mfcc": "mfcc"}, probes=["svm"])
    unknown.records[0] = replace(unknown.records[0], strategy="eighth")
    assert compared(unknown).encoders == ("mfcc", "eighth")


def test_every_strategy_that_there_is_has_its_place() -> None:
    shelf = Shelf()
    add_classes(shelf, ALL, probes=["svm"])
    assert set(compared(shelf).encoders) == set(available())


def test_a_tie_is_what_the_paired_interval_says() -> None:
    shelf = Shelf()
    add_classes(shelf, probes=["svm"])
    column = one(shelf)
    best = next(each for each in column.cells if each.best)
    assert best.figure.mean == max(each.figure.mean for each in column.cells)
    assert (best.tie, best.difference) == (None, None)
    base = shelf.arrays(best.record.id).scores["accuracy"]
    ties = set()
    for each in column.cells:
        if not each.best:
            apart = difference(shelf.arrays(each.record.id).scores["accuracy"], base)
            assert each.difference == apart
            assert each.tie is apart.tie
            ties.add(each.tie)
    assert ties == {True, False}


def test_intervals_that_overlap_are_no_tie_where_the_pairs_are_plain() -> None:
    shelf = Shelf()
    luck = np.random.default_rng(0).random(400)
    for name, quality in (("worse", 0.50), ("better", 0.54)):
        scores = Scores((luck < quality).astype(np.float64), np.ones(400), np.arange(400))
        arrays = Arrays(items=np.arange(400), scores={"accuracy": scores})
        shelf.add({"accuracy": figure(scores, 0.1)}, arrays, encoder=name, strategy="self")
    column = one(shelf)
    worse, better = cell(column, "worse"), cell(column, "better")
    assert worse.figure.high > better.figure.low, "alone they could not be told apart"
    assert worse.tie is False
    assert worse.difference is not None
    assert worse.difference.high < 0


def test_lower_is_better_where_it_is() -> None:
    shelf = Shelf()
    add_playlists(shelf)
    hits, percentile, _ = compared(shelf).columns
    assert hits.higher_is_better
    assert not percentile.higher_is_better
    best = next(each for each in percentile.cells if each.best)
    assert best.figure.mean == min(each.figure.mean for each in percentile.cells)
    assert all(each.difference.mean > 0 for each in percentile.cells if each.difference is not None)
    report = Shelf()
    add_report(report)
    hubness = compared(report).columns[1]
    assert cell(hubness, "adjacent-multi-1").best
    assert {each.tie for each in hubness.cells} == {None}


def test_what_only_describes_has_no_best_and_nobody_is_best_alone() -> None:
    shelf = Shelf()
    for name in ("mfcc", "random"):
        shelf.add({"effective_rank": Figure(12.0)}, task_kind="report", probe="", encoder=name, strategy=name)
    column = one(shelf)
    assert not column.ranked
    assert not any(each.best for each in column.cells)
    lone = Shelf()
    add_classes(lone, {"mfcc": "mfcc"}, probes=["svm"])
    assert not one(lone).cells[0].best


def test_other_items_are_not_paired() -> None:
    shelf = Shelf()
    add_classes(shelf, {"mfcc": "mfcc", "melcpc-1": "melcpc"}, probes=["svm"])
    behind = shelf.behind[1]
    shelf.behind[1] = replace(behind, items=behind.items + 1)
    assert [each.tie for each in one(shelf).cells] == [None, None]
    shelf.behind[1] = Arrays()
    assert [each.tie for each in one(shelf).cells] == [None, None]


def test_the_newest_split_counts_and_the_others_are_told() -> None:
    shelf = Shelf()
    add_classes(shelf, split="a" * 16, probes=["svm"], n=300)
    trained = {"mfcc": "mfcc", "melcpc-1": "melcpc"}
    add_classes(shelf, trained, split="b" * 16, probes=["svm"], n=200)
    found = compared(shelf)
    (column,) = found.columns
    assert (column.split, column.n) == ("b" * 16, 200)
    assert found.encoders == ("mfcc", "melcpc-1")
    (note,) = found.notes
    assert note.startswith(
        "FMA small, genre, linear SVM: 7 results over an earlier split or with other settings"
    )
    assert "adjacent-1, adjacent-multi-1, random, random-multi, self-1" in note
    again = compare(shelf.records[::-1], shelf.arrays)
    assert (again.columns[0].split, again.notes) == (column.split, found.notes)
    assert "ADJACENT-1, ADJACENT-MULTI-1, RANDOM, RANDOM-MULTI, SELF-1." in titled(note, str.upper)


def test_results_with_other_settings_are_never_mixed() -> None:
    shelf = Shelf()
    add_classes(shelf, probes=["svm"], config={"pca": False, "grid": [1.0]})
    add_classes(shelf, {"mfcc": "mfcc"}, probes=["svm"], config={"pca": False, "grid": [0.1, 1.0]})
    found = compared(shelf)
    assert found.encoders == ("mfcc",)
    assert "with other settings" in found.notes[0]


def test_of_an_encoder_the_newest_weights_count() -> None:
    shelf = Shelf()
    two = {"mfcc": "mfcc", "melcpc-1": "melcpc"}
    add_classes(shelf, two, probes=["svm"])
    luck = Scores(np.ones(400), np.ones(400), np.arange(400))
    shelf.add(
        {"accuracy": figure(luck, 0.1)}, Arrays(items=np.arange(400), scores={"accuracy": luck}), encoder="melcpc-1",
        strategy="melcpc", weights_hash="newer", task="FMA small, genre", spec=spec("fma", "/data/fma"),
    )  # fmt: skip
    found = compared(shelf)
    assert cell(found.columns[0], "melcpc-1").figure.mean == 1
    assert found.notes == ("1 result of earlier weights left out: melcpc-1.",)
    assert titled(found.notes[0], str.upper) == "1 result of earlier weights left out: MELCPC-1."


def test_whole_and_reduced_embeddings_are_two_comparisons() -> None:
    shelf = Shelf()
    add_classes(shelf, probes=["svm"])
    add_classes(shelf, {"mfcc": "mfcc"}, probes=["svm"], config={"pca": True}, dim=40)
    whole, reduced = compared(shelf), compared(shelf, reduced=True)
    assert (len(whole.encoders), whole.reduced) == (7, False)
    assert (reduced.encoders, reduced.reduced) == (("mfcc",), True)
    assert whole.columns[0].paper
    assert not reduced.columns[0].paper, "the paper's embeddings were whole"


def test_the_papers_figures_stand_beside_its_own_data_alone() -> None:
    found = compared(full())
    by = {(column.task, column.metric, column.probe): column for column in found.columns}
    assert by["FMA small, genre", "accuracy", "svm"].paper_value("melcpc") == 0.480
    assert by["IRMAS, instrument", "accuracy", "logistic"].paper_value("adjacent-multi") == 0.575
    assert by["MSD, 50 tags", "roc_auc", "logistic"].paper_value("melcpc") == 0.856
    assert not by["MSD, 50 tags", "pr_auc", "logistic"].paper
    assert not by["Albums as playlists", "hit_rate", "cosine"].paper
    assert math.isnan(by["Albums as playlists", "hit_rate", "cosine"].paper_value("melcpc"))
    shelf = Shelf()
    add_classes(shelf, task="FMA medium: genre", probes=["svm"])
    assert not one(shelf).paper
    lists = Shelf()
    add_playlists(lists, kind="aotm", n=150)
    hits, percentile, mrr = compared(lists).columns
    assert (hits.paper_value("mfcc"), percentile.paper_value("mfcc"), mrr.paper) == (0.196, 0.381, ())
    assert "Not the very data of Choi et al. 2022: 7,245 were asked there, 150 here." in hits.notes


def test_the_most_frequent_class_is_beside_both_probes_of_its_task() -> None:
    found = compared(full())
    shares = [column.majority.mean if column.majority else None for column in found.columns]
    assert shares == [0.2, 0.2, *[None] * 9]
    assert "majority" not in found.encoders
    shelf = Shelf()
    add_classes(shelf, probes=["svm"])
    add_majority(
        shelf, task="FMA small, genre", spec=spec("fma", "/data/fma"), split="other", encoder="majority"
    )
    assert all(column.majority is None for column in compared(shelf).columns)


def test_tasks_of_one_name_are_told_apart() -> None:
    shelf = Shelf()
    for folder in ("/a/jazz", "/b/rock", "/c/rock"):
        add_classes(shelf, {"mfcc": "mfcc"}, task="Labels", probes=["svm"], spec=spec("csv", folder))
    assert compared(shelf).tasks == ("Labels (jazz)", "Labels (rock)", "Labels (rock) (2)")


def test_notes_are_said_once_with_those_of_whom_they_are_true() -> None:
    shelf = Shelf()
    common = "12 files could not be read."
    unfit = "C = 100: 3 of 25 fits did not converge; 1 of these were used."
    for name, notes, details in (
        ("mfcc", (common,), {"trained_on": 0, "excluded": 7}),
        ("self-1", (common, unfit), {"trained_on": 1200, "excluded": 7}),
        ("melcpc-1", (common, unfit, "Only this."), {"trained_on": None}),
    ):
        add_classes(
            shelf,
            {name: ENCODERS[name]},
            task="Labels",
            kind="csv",
            probes=["svm"],
            notes=notes,
            details=details,
        )
    column = one(shelf)
    assert column.notes == (
        common,
        "Only this (melcpc-1).",
        "Fits that did not converge: self-1: C = 100 3 of 25 (1 used); melcpc-1: C = 100 3 of 25 (1 used).",
        "Items that an encoder was trained on: self-1 1,200.",
        "Left out because an encoder was trained on them: 7 items.",
    )
    assert "6 of 50 fits with C = 100 did not converge; 2 of these were used (2 encoders)." in column.brief
    assert [titled(note, str.upper) for note in column.notes[1:4]] == [
        "Only this (MELCPC-1).",
        "Fits that did not converge: SELF-1: C = 100 3 of 25 (1 used); MELCPC-1: C = 100 3 of 25 (1 used).",
        "Items that an encoder was trained on: SELF-1 1,200.",
    ]
    assert common in column.brief


def test_encoders_of_which_nobody_knows_what_they_heard_are_told_together() -> None:
    shelf = Shelf()
    for name, note in (
        ("mfcc", ()),
        ("self-1", ("Nobody knows here which tracks the encoder was trained on.",)),
        ("melcpc-1", ("Nobody knows here which tracks melcpc-1 was trained on.",)),  # of an earlier version
    ):
        add_classes(shelf, {name: ENCODERS[name]}, task="Labels", kind="csv", probes=["svm"], notes=note)
    column = one(shelf)
    assert column.notes == ("Nobody knows here which tracks the encoder was trained on (self-1, melcpc-1).",)
    assert column.brief == ("Nobody knows here which tracks the encoder was trained on (2 of 3 encoders).",)


def test_few_groups_and_what_was_not_measured_are_told() -> None:
    shelf = Shelf()
    add_classes(shelf, {"mfcc": "mfcc", "melcpc-1": "melcpc"}, probes=["svm"], groups=9, task="A", kind="csv")
    add_classes(shelf, {"mfcc": "mfcc"}, probes=["svm"], task="B", kind="csv")
    found = compared(shelf)
    assert found.columns[0].notes == ("With 9 groups, intervals may be too narrow.",)
    assert found.notes == ("B, linear SVM: not measured for melcpc-1.",)
    assert titled(found.notes[0], str.upper) == "B, linear SVM: not measured for MELCPC-1."


def test_one_training_run_is_said_and_several_of_one_width_are_counted() -> None:
    shelf = Shelf()
    add_classes(shelf, {"mfcc": "mfcc", "self-1": "self", "melcpc-1": "melcpc"}, probes=["svm"])
    found = compared(shelf)
    assert found.runs == {"mfcc": 0, "self-1": 1, "melcpc-1": 1}
    assert found.about_runs().startswith("One training run")
    add_classes(shelf, {"self-2": "self"}, probes=["svm"])
    add_classes(shelf, {"self-wide": "self"}, probes=["svm"], dim=512)
    found = compared(shelf)
    assert [found.runs[name] for name in ("self-1", "self-2", "self-wide")] == [2, 2, 1]
    assert found.about_runs() == "Training runs of one strategy and width: self 2; of the others one."
    assert found.only(lambda column: column.task == "none").about_runs() == ""


def test_nothing_measured_is_an_empty_comparison() -> None:
    found = compared(Shelf())
    assert (found.columns, found.encoders, found.notes, found.tasks) == ((), (), (), ())
    shelf = Shelf()
    shelf.add({"accuracy": Figure(math.nan)}, encoder="a")
    shelf.add({"accuracy": Figure(0.5)}, encoder="b")
    assert [each.best for each in one(shelf).cells] == [False, False]


def judged_shelf() -> Shelf:
    shelf = Shelf()
    add_classes(shelf, ALL, task="FMA small: genre", probes=["svm"])
    add_classes(
        shelf, ALL, task="IRMAS: instrument", kind="irmas", probes=["svm"], shift=0.1, n=600, groups=600
    )
    add_playlists(shelf, ALL)
    return shelf


def test_directions_are_judged_on_what_stands_for_the_papers_tasks() -> None:
    shelf = judged_shelf()
    found = compared(shelf)
    judged = {each.direction.number: each for each in directions(found, shelf.arrays, "svm")}
    assert judged[2].outcome.verdict in ("holds", "tie", "fails")
    assert judged[7].outcome.verdict == "fails", "multi-level is better here for every sampling"
    margin = judged[4].outcome.margin
    assert margin is not None
    instrument = found.columns[1]
    claims = [("self", "adjacent"), ("adjacent", "same-track")]
    gaps = [cell(instrument, a).figure.mean - cell(instrument, b).figure.mean for a, b in claims]
    assert margin.mean == pytest.approx(min(gaps))
    ground = basis(found, "svm")
    assert ground.notes == (
        "Here genre is FMA small: genre: Accuracy (linear SVM); instrument is IRMAS: instrument: Accuracy "
        "(linear SVM); hit-rate is Albums as playlists: HR@10.",
    )
    unmeasured = directions(found, shelf.arrays, "logistic")
    verdicts = {each.direction.number: each.outcome.verdict for each in unmeasured}
    assert {number for number, verdict in verdicts.items() if verdict == "not measured"} == {
        *range(1, 10)
    } - {5}


def test_a_task_stands_for_another_where_that_is_said() -> None:
    shelf = Shelf()
    add_classes(shelf, ALL, task="Soundtracks", kind="folders", probes=["svm"])
    found = compared(shelf)
    assert "Nothing here stands for genre, instrument, hit-rate." in basis(found, "svm").notes
    ground = basis(found, "svm", {"genre": "soundtracks"})
    assert ground.columns["genre"].task == "Soundtracks"
    with pytest.raises(UserError) as refused:
        basis(found, "svm", {"instrument": "Drums"})
    assert refused.value.hint == "There are: Soundtracks."


def test_several_runs_of_a_strategy_are_taken_together_and_told() -> None:
    shelf = Shelf()
    items, groups = np.arange(100), np.arange(100) % 50
    for name, strategy, share in (
        ("adjacent-1", "adjacent", 0.4), ("adjacent-2", "adjacent", 0.8), ("same-track", "same-track", 0.5),
        ("self", "self", 0.5),
    ):  # fmt: skip
        scores = Scores((items < 100 * share).astype(np.float64), np.ones(100), groups)
        arrays = Arrays(items=items, scores={"accuracy": scores})
        shelf.add({"accuracy": figure(scores, 0.1)}, arrays, encoder=name, strategy=strategy)
    found = compared(shelf)
    judged = directions(found, shelf.arrays, "svm")
    margin = judged[5].outcome.margin
    assert margin is not None
    assert margin.mean == pytest.approx((0.4 + 0.8) / 2 - 0.5)
    for title, names in ((str, "adjacent-1, adjacent-2"), (str.upper, "ADJACENT-1, ADJACENT-2")):
        notes = [titled(note, title) for note in basis(found, "svm").notes]
        assert any(note.startswith(f"adjacent: the mean of {names}, item by item") for note in notes)


def test_areas_are_paired_where_what_stands_behind_them_is_known() -> None:
    shelf = Shelf()
    add_tags(shelf, {"mfcc": "mfcc", "melcpc-1": "melcpc"})
    assert [each.tie for each in compared(shelf).columns[0].cells] == [None, None]
    rng = np.random.default_rng(0)
    for record in shelf.records:
        mean = record.figures["roc_auc"].mean
        scores = Scores(mean + 0.02 * rng.normal(0, 1, 60), np.ones(60), np.arange(60))
        shelf.behind[record.id] = Arrays(items=np.arange(60), scores={"roc_auc": scores})
    roc, pr = compared(shelf).columns
    assert [each.tie for each in roc.cells] == [False, None]
    assert [each.tie for each in pr.cells] == [None, None]
    shelf.behind[1] = replace(
        shelf.behind[1], scores={"roc_auc": Scores(np.zeros(60), np.zeros(60), np.arange(60))}
    )
    assert [each.tie for each in compared(shelf).columns[0].cells] == [None, None]
