from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.evaluation.intervals import Scores
from core.evaluation.reference import (
    AUTO_TAGGING,
    COLUMNS,
    DIRECTIONS,
    PAPER,
    SAMPLINGS,
    TRAINED,
    Column,
    Judgement,
    Probe,
    column,
    judge,
)
from core.strategies import available

N = 2000


def scored(value: float, groups: int = 100) -> Scores:
    """Of `N` items the first are right, so that a better encoder is right wherever a worse one is."""
    return Scores((np.arange(N) < round(value * N)).astype(np.float64), np.ones(N), np.arange(N) % groups)


def of_the_paper(**changes: float) -> dict[tuple[str, Column], Scores]:
    """The paper's own figures, and random encoders at 0.3; `changes` of the genre column by strategy."""
    found = {(row.strategy, name): scored(row.value(name)) for row in PAPER for name in COLUMNS}
    found |= {(name, where): scored(0.3) for name in ("random", "random-multi") for where in COLUMNS[:2]}
    return found | {(name.replace("_", "-"), "genre-svm"): scored(value) for name, value in changes.items()}


def verdicts(judged: tuple[Judgement, ...]) -> dict[int, str]:
    return {each.direction.number: each.outcome.verdict for each in judged}


def test_the_paper_says_of_adjacent_what_its_table_does_not_hold() -> None:
    rows = {row.strategy: row for row in PAPER}
    fails = [
        (level, name)
        for level in ("", "-multi")
        for name in COLUMNS
        for better, worse in [(rows["adjacent" + level].value(name), rows["same-track" + level].value(name))]
        if (better > worse if name == "percentile" else better < worse)
    ]
    assert fails == [("-multi", "genre-logistic"), ("-multi", "percentile")]


def test_the_tables_are_of_strategies_that_there_are_with_the_dimensions_that_they_have() -> None:
    known = available()
    named = {name for direction in DIRECTIONS for claim in direction.claims for _, name in claim.parts}
    assert {row.strategy for row in PAPER} | named <= set(known)
    for row in PAPER:
        assert known[row.strategy](known[row.strategy].Config()).dim == row.dim
        assert len(row.values) == len(COLUMNS)
    assert len(AUTO_TAGGING) == 4
    assert [direction.number for direction in DIRECTIONS] == list(range(1, 10))


@pytest.mark.parametrize("probe", ["svm", "logistic"])
def test_the_papers_own_figures_go_the_way_that_is_said_of_them(probe: Probe) -> None:
    judged = judge(of_the_paper(), probe)
    assert verdicts(judged) == dict.fromkeys(range(1, 9), "holds") | {9: "tie"}
    rows = {row.strategy: row for row in PAPER}
    gains = [
        rows[f"{name}-multi"].value(column("instrument", probe))
        - rows[name].value(column("instrument", probe))
        for name in SAMPLINGS
    ]
    margin = judged[0].outcome.margin
    assert margin is not None
    assert margin.mean == pytest.approx(min(gains) - 0.05, abs=1e-3)
    assert 0 < margin.low < margin.mean < margin.high
    apart = judged[1].outcome.margin
    assert apart is not None
    assert apart.mean == pytest.approx(min(gains[1:]) - gains[0], abs=2e-3)
    assert judged[8].direction.weak


def test_orders_are_compared_by_spearman() -> None:
    margin = judge(of_the_paper())[7].outcome.margin
    genre, hits = ([row.value(name) for row in PAPER] for name in ("genre-svm", "hit-rate"))
    assert margin is not None
    assert margin.mean == pytest.approx(spearmanr(genre, hits).statistic)
    assert margin.low > 0


def test_recommendation_against_genre_fails_or_ties() -> None:
    turned = {
        name: 0.9 - next(row for row in PAPER if row.strategy == name).value("hit-rate") for name in TRAINED
    }
    against = judge(
        of_the_paper(**{name.replace("-", "_"): value for name, value in turned.items()}, mfcc=0.8)
    )
    assert against[7].outcome.verdict == "fails"
    level = judge(of_the_paper(**{name.replace("-", "_"): 0.5 for name in TRAINED}, mfcc=0.5))
    assert level[7].outcome.verdict == "tie"
    assert level[7].outcome.margin is not None
    assert math.isnan(level[7].outcome.margin.mean)


def test_one_claim_against_it_fails_a_direction_and_few_groups_make_it_a_tie() -> None:
    worse = judge(of_the_paper(adjacent=0.405))
    assert verdicts(worse)[6] == "fails"
    assert worse[5].outcome.margin is not None
    assert worse[5].outcome.margin.mean == pytest.approx(0.405 - 0.418, abs=1e-3)
    assert [outcome.verdict for _, outcome in worse[5].claims] == ["fails", "fails"]
    few = {
        key: Scores(scores.totals, scores.counts, np.arange(N) // 400)
        for key, scores in of_the_paper().items()
    }
    assert verdicts(judge(few))[4] == "tie"


def test_what_is_short_of_the_five_points_does_not_hold() -> None:
    measured = of_the_paper()
    measured["self-multi", "instrument-svm"] = scored(0.431 + 0.03)
    outcome = judge(measured)[0].outcome
    assert outcome.verdict == "fails"
    assert outcome.margin is not None
    assert outcome.margin.mean == pytest.approx(-0.02, abs=1e-3)


def test_what_was_not_measured_is_said_and_not_guessed() -> None:
    assert set(verdicts(judge({})).values()) == {"not measured"}
    measured = of_the_paper()
    del measured["same-track", "instrument-svm"]
    judged = judge(measured)
    assert {number for number, verdict in verdicts(judged).items() if verdict == "not measured"} == {
        1,
        2,
        3,
        4,
    }
    assert judged[0].outcome.missing == (("same-track", "instrument-svm"),)
    assert judged[0].outcome.margin is None
    assert [outcome.verdict for _, outcome in judged[0].claims] == ["holds", "holds", "not measured"]
    measured["self", "instrument-svm"] = scored(0.1)
    assert verdicts(judge(measured))[4] == "fails", "one failure decides, whatever the rest would say"


def test_three_strategies_have_no_order() -> None:
    some = {key: scores for key, scores in of_the_paper().items() if key[0] in ("mfcc", "self", "melcpc")}
    outcome = judge(some)[7].outcome
    assert outcome.verdict == "not measured"
    assert ("adjacent", "hit-rate") in outcome.missing
    assert ("self", "hit-rate") not in outcome.missing
