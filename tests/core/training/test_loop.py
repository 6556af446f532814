"""The loop on real clips: what it learns, when it stops, and that stopping in between changes no bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.audio import SEGMENT
from core.audio.clips import FULL_SCALE, ClipSet
from core.errors import UserError
from core.training import loop, state, validation
from core.training.loop import Trainer
from core.training.meters import MOST_POINTS, PARTS, Meters
from core.training.step import MOST_SKIPPED
from core.training.stopwatch import Stopwatch
from core.training.validation import Validated
from core.training.verdicts import verdicts
from tests.training_tools import Kept, freeze, halves, run_config, trainer, write_clips

LEARNED = ("loss", "accuracy", "grad_norm", "lr")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipSet:
    return write_clips(tmp_path_factory.mktemp("clips"), 16, 8.0)


def bits(run: Trainer) -> dict[str, bytes]:
    """Everything that the next step depends on."""
    now = run.state()
    tensors = {**now.network, **{f"o.{name}": tensor for name, tensor in now.optimiser.items()}}
    rest = repr((now.step, now.schedule, now.patience, now.validated, dict(now.meters)))
    return {name: t.contiguous().numpy().tobytes() for name, t in tensors.items()} | {"": rest.encode()}


def learned(*parts: Kept) -> dict[str, dict[int, float]]:
    """Curves of what was learned; later parts were resumed from earlier ones."""
    return {metric: {s: v for part in parts for s, v in part.curve(metric).items()} for metric in LEARNED}


PLANS: list[tuple[str, str, dict[str, Any]]] = [
    ("adjacent", "modern", {}),
    ("self-multi", "paper", {"schedule": "plateau", "plateau_patience": 1, "chunk": 2}),
    ("same-track", "modern", {"chunk": 3, "batch": 6, "optimiser": "adam"}),
]


@pytest.mark.parametrize(("strategy", "preset", "overrides"), PLANS)
def test_pausing_and_resuming_is_like_not_stopping_to_the_last_bit(
    clips: ClipSet, tmp_path: Path, strategy: str, preset: str, overrides: dict[str, Any]
) -> None:
    config = run_config(strategy, preset, **overrides)
    through, whole = Kept(), trainer(clips, config)
    assert whole.run(through) == "end"
    seen: list[Kept] = []
    for stop in (2, 5, 6):  # in between and right after a validation
        kept = Kept("pause", stop)
        run = Trainer(freeze(clips, config), clips, halves(clips, config))
        if seen:
            run.restore(state.load(tmp_path))
        else:
            run.measure()
        assert run.run(kept) == ("end" if stop == 6 else "pause")
        assert run.at == stop
        state.save(kept.saved[-1], tmp_path)
        seen.append(kept)
    assert bits(run) == bits(whole)
    assert learned(*seen) == learned(through)
    assert [v for kept in seen for v in kept.losses()] == through.losses()


def test_it_learns(clips: ClipSet) -> None:
    kept = Kept()
    run = trainer(clips, run_config("adjacent", "modern", steps=40, batch=8, validate_every=40, lr=3e-3))
    run.run(kept)
    (_, before, _), (_, after, _) = kept.losses()
    assert after < before
    losses = list(kept.curve("loss").values())
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert set(kept.curve("loss")) == set(range(1, 41))


def test_another_seed_is_another_run_and_the_same_seed_the_same(clips: ClipSet) -> None:
    def losses(**overrides: Any) -> list[float]:
        kept = Kept()
        trainer(clips, run_config(steps=2, **overrides)).run(kept)
        return list(kept.curve("loss").values())

    first = losses()
    assert losses() == first
    assert losses(**{"training.seed": 1}) != first
    assert losses(**{"model.seed": 1}) != first


def test_the_standardisation_is_that_of_the_training_audio_and_is_kept(clips: ClipSet) -> None:
    run = trainer(clips, run_config("adjacent", "paper"))
    waves = [clips.clips[row].samples for row in run.split.train]
    assert len(waves) == len(run.split.train)
    rng_rows = run.split.train.tolist()
    means = []
    for row in rng_rows:
        whole = torch.from_numpy(clips.read(row, 0, clips.clips[row].samples)).float() / FULL_SCALE
        pieces = whole[: len(whole) // SEGMENT * SEGMENT].view(-1, SEGMENT)
        means.append(run.strategy.log_mel(pieces).mean().item())
    assert run.strategy.standardise.mean.item() == pytest.approx(np.mean(means), rel=0.05)
    saved = run.state().network
    assert saved["standardise.mean"] == run.strategy.standardise.mean
    assert run.strategy.standardise.std.item() > 0


def test_a_wish_ends_the_run_where_it_is_and_the_state_is_saved(clips: ClipSet) -> None:
    for wish in ("pause", "finish"):
        kept = Kept(wish, 2)
        run = trainer(clips, run_config())
        assert run.run(kept) == wish
        assert run.at == kept.saved[-1].step == 2
    begun = Kept("pause", 0)
    assert trainer(clips, run_config()).run(begun) == "pause"
    assert begun.saved[-1].step == 0


def test_states_are_saved_as_often_as_asked_for(clips: ClipSet, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    trainer(clips, run_config(checkpoint_every=2)).run(kept)
    assert [saved.step for saved in kept.saved] == [0, 2, 4, 6, 6]
    monkeypatch.setattr(loop, "SAVE_S", 0.0)  # every step lasts longer
    kept = Kept()
    trainer(clips, run_config(steps=3)).run(kept)
    assert [saved.step for saved in kept.saved] == [0, 1, 2, 3, 3]


class Measured:
    """A validation whose losses are known beforehand."""

    def __init__(self, real: Any, losses: list[float]) -> None:
        self.real, self.losses, self.chance = real, iter(losses), real.chance

    def __call__(self) -> Validated:
        return replace(self.real(), loss=next(self.losses))


def test_the_early_stop_fires_when_patience_is_over(clips: ClipSet) -> None:
    kept = Kept()
    run = trainer(clips, run_config(steps=20, validate_every=1, patience=3, batch=2))
    run.validation = Measured(run.validation, [5.0, 4.0, 4.1, 3.9, 4.0, 4.0, 3.9, 0.0])  # type: ignore[assignment] # as it is called
    assert run.run(kept) == "plateau"
    assert run.at == 6  # 3.9 at step 3, then three that were no better
    assert kept.saved[-1].patience.waited == 3
    again = trainer(clips, run.frozen.config)  # ended before its encoder was kept
    again.restore(kept.saved[-1])
    assert again.run(Kept()) == "plateau"
    assert again.at == 6


def test_the_plateau_schedule_hears_validations(clips: ClipSet) -> None:
    kept = Kept()
    run = trainer(
        clips,
        run_config(
            "adjacent", "paper", steps=6, validate_every=1, plateau_patience=1, warmup=0, batch=2, lr=0.01
        ),
    )
    run.validation = Measured(run.validation, [9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0])  # type: ignore[assignment] # as above
    run.run(kept)
    lrs = [round(value / 0.01, 6) for value in kept.curve("lr").values()]
    assert lrs == [1, 1, 1, 0.2, 0.2, 0.04]


def test_a_run_that_diverges_stops_with_a_sentence_and_keeps_its_last_state(clips: ClipSet) -> None:
    kept = Kept()
    run = trainer(clips, run_config(steps=40, checkpoint_every=1, validate_every=100, batch=2))
    broken = run.strategy.loss

    def explodes(*sides: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = broken(*sides)
        return found * (float("inf") if run.at >= 3 else 1.0)

    run.strategy.loss = explodes  # type: ignore[method-assign] # what a too high learning rate does
    with pytest.raises(UserError, match="diverged"):
        run.run(kept)
    assert all(tensor.isfinite().all() for tensor in kept.saved[-1].network.values())
    losses, lrs = kept.curve("loss"), kept.curve("lr")
    assert [step for step, loss in losses.items() if np.isfinite(loss)] == list(lrs) == [1, 2, 3]
    assert len(losses) == 3 + MOST_SKIPPED - 1, (
        "a step that changed nothing is seen; the last one is the sentence"
    )
    said = verdicts(
        {"loss": (np.array(list(losses)), np.array(list(losses.values())))}, run.frozen.config, 0.25
    )
    assert [verdict.kind for verdict in said] == ["diverged"]


def test_a_validation_leaves_no_measured_times_behind(clips: ClipSet) -> None:
    watches: list[Counting] = []

    class Counting(Stopwatch):
        def __init__(self, device: str) -> None:
            super().__init__(device)
            self.asked = 0
            watches.append(self)

        def read(self) -> dict[str, float]:
            self.asked += 1
            return super().read()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "Stopwatch", Counting)
        run = trainer(clips, run_config())
    for _ in range(2):
        run.validation()
    assert [watch.asked for watch in watches] == [2], "on a GPU every measurement is two events that stay"


def test_the_shares_of_the_time_are_shares(clips: ClipSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "TIMINGS_S", 0.0)
    kept = Kept()
    trainer(clips, run_config("self", "modern", steps=4)).run(kept)
    for step in (1, 4):
        shares = [kept.curve(f"share_{part}")[step] for part in PARTS]
        assert all(share > 0 for share in shares)
        assert 0.5 < sum(shares) <= 1.01
    assert all(rate > 0 for rate in kept.curve("pairs_per_s").values())


def test_a_state_of_another_network_is_refused(clips: ClipSet) -> None:
    other = trainer(clips, run_config("adjacent-multi")).state()
    with pytest.raises(UserError, match="tensor"):
        trainer(clips, run_config("adjacent")).restore(other)


def test_long_runs_have_means_of_windows_as_points_also_across_a_stop() -> None:
    steps = 5 * MOST_POINTS
    whole, first, second = Meters(steps), Meters(steps), Meters(steps)
    values = np.random.default_rng(0).normal(size=20)
    points = []
    for step, value in enumerate(values.tolist(), start=1):
        whole.add({"loss": value})
        points += whole.points(step)
    assert [(step, name) for step, name, _ in points] == [(step, "loss") for step in (5, 10, 15, 20)]
    assert points[1][2] == pytest.approx(values[5:10].mean())
    resumed = []
    for step, value in enumerate(values.tolist(), start=1):
        if step == 8:
            second.load(first.state())
        meters = first if step < 8 else second
        meters.add({"loss": value})
        resumed += meters.points(step)
    assert resumed == points
    assert Meters(MOST_POINTS).window == 1
