from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from core.library.records import Curve
from core.training.config import AugmentConfig, RunConfig, TrainingConfig
from core.training.verdicts import WINDOW, Verdict, verdicts

CHANCE = 1 / 64
STEPS = 400


def config(**training: object) -> RunConfig:
    chosen = {"batch": 48, "steps": STEPS, "lr": 0.001, "warmup": 0.05} | training
    return RunConfig(
        strategy="self",
        preset="paper",
        model={},
        training=TrainingConfig.model_validate(chosen),
        augment=AugmentConfig(),
    )


def curve(values: object, every: int = 1) -> Curve:
    numbers = np.asarray(values, np.float64)
    return np.arange(every, every * (len(numbers) + 1), every, dtype=np.int64), numbers


def falling(start: float, end: float, n: int, noise: float = 0.05) -> np.ndarray:
    slope = end + (start - end) * np.exp(-np.linspace(0, 4, n))
    return slope + noise * np.random.default_rng(0).standard_normal(n)


def healthy(steps: int = STEPS) -> dict[str, Curve]:
    """As the runs look that learn: noisy, and wild in the beginning."""
    n = steps // 50
    return {
        "loss": curve([9.0, 7.0, *falling(5, 1.2, steps - 2)]),
        "accuracy": curve(np.clip(falling(0.02, 0.7, steps), 0, 1)),
        "val_loss": curve(falling(5, 1.9, n, 0.02), 50),
        "val_accuracy": curve(falling(0.1, 0.5, n, 0.01), 50),
        "effective_rank": curve(falling(6, 30, n), 50),
        "uniformity": curve(falling(-0.3, -2.5, n), 50),
        "logit_std": curve(falling(36, 4, n), 50),
        "share_data": curve(np.full(steps, 0.01)),
    }


def kinds(curves: dict[str, Curve], run: RunConfig | None = None, **more: int) -> list[str]:
    return [verdict.kind for verdict in verdicts(curves, run or config(), CHANCE, **more)]


def only(curves: dict[str, Curve], run: RunConfig | None = None) -> Verdict:
    [verdict] = verdicts(curves, run or config(), CHANCE)
    assert verdict.sentence.endswith(".")
    assert verdict.advice.endswith(".")
    assert set(verdict.as_json()) == {"kind", "severity", "sentence", "advice"}
    return verdict


@pytest.mark.parametrize("steps", [0, 1, 3, 50, 100, 200, 400])
def test_a_healthy_run_hears_nothing_at_any_time(steps: int) -> None:
    whole = healthy()
    assert kinds({metric: (s[s <= steps], v[s <= steps]) for metric, (s, v) in whole.items()}) == []


def test_a_run_without_curves_hears_nothing() -> None:
    assert kinds({}) == []


@pytest.mark.parametrize(("metric", "wrong"), [("loss", math.nan), ("val_loss", math.inf)])
def test_a_loss_that_is_no_number_has_diverged_and_that_says_it_all(metric: str, wrong: float) -> None:
    curves = healthy()
    steps, values = curves[metric]
    values[-2:] = wrong
    curves["effective_rank"] = curve(np.ones(8), 50)
    verdict = only(curves)
    assert (verdict.kind, verdict.severity) == ("diverged", "problem")
    assert f"since step {steps[-2]}" in verdict.sentence
    assert "0.0003" in verdict.advice


def test_a_step_without_a_number_is_no_divergence_when_it_was_the_only_one() -> None:
    curves = healthy()
    curves["loss"][1][200:203] = math.nan
    assert kinds(curves) == []
    curves["accuracy"] = curve(np.r_[np.linspace(0.1, 1, 40), np.full(STEPS - 40, 0.99)])
    curves["accuracy"][1][-1] = math.nan
    assert kinds(curves, config(batch=16)) == ["few_negatives"], "and the others see past it"


def collapsed() -> dict[str, Curve]:
    return healthy() | {
        "effective_rank": curve([20, 9, 1.0, 1.0], 50),
        "uniformity": curve([-2, -1, -1e-9, -1e-9], 50),
        "val_accuracy": curve([0.2, 0.1, CHANCE, CHANCE], 50),
    }


def test_all_tracks_at_one_place_are_a_collapse() -> None:
    verdict = only(collapsed())
    assert (verdict.kind, verdict.severity) == ("collapse", "problem")
    assert "any two are 100 % alike" in verdict.sentence
    assert "1.6 % of the cases; guessing finds 1.6 %" in verdict.sentence


def test_few_directions_are_a_collapse_whatever_else() -> None:
    curves = healthy()
    curves["effective_rank"] = curve([*np.linspace(20, 3, 6), 1.7, 1.6], 50)
    assert "they differ in 1.6 ways" in only(curves).sentence
    assert kinds(curves) == ["collapse"]


def test_one_place_is_a_collapse_where_nothing_else_tells_tracks_apart() -> None:
    curves = healthy() | {"uniformity": curve(np.full(8, -0.01), 50)}
    assert kinds(curves) == [], "found all the same: what tracks share does not matter to a dot product"
    curves["val_accuracy"] = curve(np.full(8, 1.2 * CHANCE), 50)
    assert kinds(curves) == ["collapse"]


def test_an_encoder_of_tiny_differences_that_gives_the_loss_of_guessing_is_a_collapse() -> None:
    """As a run with cosine similarity and a learning rate of 1 ended; its ranks still told some tracks apart."""
    curves = healthy() | {
        "uniformity": curve([-0.06, -0.0002, -0.0003, -0.008, -0.03], 50),
        "effective_rank": curve([11.5, 1.4, 1.8, 2.3, 4.3], 50),
        "val_loss": curve([2.65, 4.15, 4.16, 4.15, 4.10], 50),
        "val_accuracy": curve([0.33, 0.53, 0.33, 0.33, 0.4], 50),
        "loss": curve([4.1, *np.full(249, 3.88)]),
    }
    assert "any two are 99 % alike" in only(curves).sentence
    assert "is 4.1; that of guessing is 4.16" in only(curves).sentence


def test_a_collapse_is_not_called_by_one_validation_or_in_the_warm_up() -> None:
    curves = collapsed()
    assert kinds(curves, config(warmup=0.4)) == []
    assert kinds({metric: (s[s <= 150], v[s <= 150]) for metric, (s, v) in curves.items()}) == []


def test_scores_too_far_apart_to_learn_from_are_saturation() -> None:
    curves = healthy() | {"loss": curve(falling(21, 12, STEPS)), "logit_std": curve(np.full(8, 36.0), 50)}
    verdict = only(curves)
    assert (verdict.kind, verdict.severity) == ("saturation", "warning")
    assert "after 400 steps its error is 12.2" in verdict.sentence
    assert "3.87" in verdict.sentence  # ln 48
    early = {metric: (s[s <= 100], v[s <= 100]) for metric, (s, v) in curves.items()}
    assert kinds(early) == [], "it may still come down"
    assert kinds(early, config(steps=100)) == ["saturation"], "there is no more to come"
    assert kinds(curves | {"logit_std": curve(np.full(8, 3.0), 50)}) == [], "bad, but not for that reason"


def test_a_loss_is_summed_over_its_terms() -> None:
    curves = healthy() | {"loss": curve(falling(60, 17, STEPS))}
    assert kinds(curves) == ["saturation"]
    assert kinds(curves, terms=5) == []


def test_a_small_batch_that_is_solved_at_once_has_too_few_negatives() -> None:
    solved = healthy() | {"accuracy": curve(np.r_[np.linspace(0.1, 1, 40), np.full(STEPS - 40, 0.99)])}
    verdict = only(solved, config(batch=16))
    assert (verdict.kind, verdict.severity) == ("few_negatives", "warning")
    assert "among 16 tracks it picked the right one in 99 %" in verdict.sentence
    assert "such as 64" in verdict.advice
    assert kinds(solved, config(batch=256)) == []
    late = healthy() | {"accuracy": curve(np.r_[np.full(300, 0.6), np.full(100, 0.99)])}
    assert kinds(late, config(batch=16)) == [], "learnt in good time"
    assert kinds(solved | {"accuracy": curve(np.ones(WINDOW - 1))}, config(batch=16)) == [], "luck"


def test_validation_that_gets_worse_while_training_gets_better_is_learning_by_heart() -> None:
    curves = healthy() | {"val_loss": curve([4, 3, 2.0, 2.2, 2.3, 2.5], 50)}
    verdict = only(curves)
    assert (verdict.kind, verdict.severity) == ("by_heart", "warning")
    assert "since step 150" in verdict.sentence
    assert "from 2 to 2.5" in verdict.sentence
    assert "for 150 steps" in verdict.advice
    assert kinds(healthy() | {"val_loss": curve([4, 3, 2.0, 2.03, 2.01, 2.02], 50)}) == [], "noise"
    assert kinds(healthy() | {"val_loss": curve([4, 3, 2.0, 2.3, 2.0, 2.3], 50)}) == [], "up and down"
    worse = curves | {"loss": curve(np.linspace(1, 3, STEPS))}
    assert kinds(worse) == [], "training got worse as well: that is no learning by heart"


def test_waiting_for_audio_is_starving() -> None:
    verdict = only(healthy() | {"share_data": curve(np.r_[np.full(50, 0.01), np.full(50, 0.31)])})
    assert (verdict.kind, verdict.severity) == ("starved", "warning")
    assert "31 % of its time" in verdict.sentence
    assert kinds(healthy() | {"share_data": curve(np.r_[np.full(50, 0.9), np.full(50, 0.15)])}) == []


def test_problems_come_before_warnings() -> None:
    curves = collapsed() | {"share_data": curve(np.full(50, 0.5))}
    assert kinds(curves) == ["collapse", "starved"]


def test_a_window_can_ask_without_torch() -> None:
    script = "import sys, core.training.verdicts; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
