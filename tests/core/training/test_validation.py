from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from core import strategies
from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.clips import FULL_SCALE, ClipSet
from core.strategies.contrastive import ContrastiveStrategy
from core.training.validation import ALTERED, CLEAN, Validation, augmentation, needed
from tests.training_tools import run_config, trainer, write_clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipSet:
    return write_clips(tmp_path_factory.mktemp("clips"), 40, 8.0)


def test_pairs_are_the_same_for_every_run_over_the_same_music(clips: ClipSet, tmp_path: Path) -> None:
    one = trainer(clips, run_config("adjacent", "paper"))
    other = trainer(clips, run_config("adjacent", "modern", **{"training.seed": 5, "lr": 0.1, "batch": 8}))
    for (rows, starts), (same_rows, same_starts) in zip(
        one.validation.pairs, other.validation.pairs, strict=True
    ):
        assert rows.tolist() == same_rows.tolist()
        assert starts.tolist() == same_starts.tolist()
    # In a set with more music the same tracks have other rows, and still the same pairs.
    again = write_clips(tmp_path / "again", 40, 8.0)
    rows = np.sort(np.concatenate([rows for rows, _ in one.validation.pairs]))
    shifted = Validation(
        one.strategy, again.subset([c.identity for c in again.clips[4:]]), rows[rows > 3] - 4, 4
    )
    kept = Validation(one.strategy, again, rows[rows > 3], 4)
    for (here, starts), (there, same) in zip(kept.pairs, shifted.pairs, strict=True):
        assert (here - 4).tolist() == there.tolist()
        assert starts.tolist() == same.tolist()


def test_pairs_are_held_out_and_one_of_each_recording(clips: ClipSet) -> None:
    run = trainer(clips, run_config())
    rows = [row for some, _ in run.validation.pairs for row in some.tolist()]
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(run.split.validation.tolist())
    assert not set(rows) & set(run.split.train.tolist())


def test_candidates_are_as_many_as_asked_for_and_chance_says_so(clips: ClipSet) -> None:
    run, all_rows = trainer(clips, run_config()), np.arange(40)
    four = Validation(run.strategy, clips, all_rows, 4)
    assert (four.candidates, four.chance, len(four.pairs)) == (4, 0.25, 4)  # no more than four groups
    many = Validation(run.strategy, clips, all_rows, 64)
    assert (many.candidates, len(many.pairs)) == (40, 1)
    assert many.chance == 1 / 40


def test_loss_and_accuracy_are_those_of_the_pairs_heard_clean(clips: ClipSet) -> None:
    run = trainer(clips, run_config("adjacent", "modern"))  # whose training pairs are augmented
    found = run.validation()
    losses, hits = [], []
    run.strategy.eval()
    with torch.no_grad():
        for rows, starts in run.validation.pairs:
            sides = [
                run.strategy.represent(
                    side,
                    run.strategy.log_mels(
                        torch.from_numpy(clips.gather(rows, starts[:, side], SEGMENT)).float()[:, None]
                        / FULL_SCALE
                    ),
                )
                for side in (0, 1)
            ]
            losses.append(float(run.strategy.loss(sides[0], sides[1])))
            for i in range(len(rows)):
                scores = [torch.cosine_similarity(sides[0][i, 0], other[0], dim=0) for other in sides[1]]
                hits.append(int(torch.stack(scores).argmax()) == i)
    assert found.loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert found.accuracy == pytest.approx(np.mean(hits))
    assert found.anchors.shape == (len(hits), 1, 128)
    assert found.logits.shape == (len(run.validation.pairs), 4, 4)


def test_only_where_both_sides_are_one_segment_the_positive_is_altered(clips: ClipSet) -> None:
    for name in ("self", "self-multi"):
        run = trainer(clips, run_config(name, "paper"))
        assert augmentation(run.strategy) == ALTERED
        assert ALTERED.sides == (1,)
        starts = np.concatenate([starts for _, starts in run.validation.pairs])
        assert (starts[:, 0] == starts[:, 1]).all()
        found = run.validation()
        assert not torch.allclose(found.anchors, found.positives)
        again = run.validation()
        assert torch.equal(found.positives, again.positives)  # the draws are fixed
    for name in ("adjacent", "same-track"):
        assert augmentation(trainer(clips, run_config(name, "modern")).strategy) == CLEAN


def test_validating_changes_nothing_and_leaves_training_mode(clips: ClipSet) -> None:
    run = trainer(clips, run_config())
    run.strategy.train()
    before = {name: tensor.clone() for name, tensor in run.strategy.state_dict().items()}
    run.validation()
    assert run.strategy.training
    assert all(torch.equal(before[name], tensor) for name, tensor in run.strategy.state_dict().items())
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    run.validation()
    assert torch.equal(torch.rand(1), expected)


def test_clips_must_be_long_enough_for_training_and_for_validation() -> None:
    def samples(strategy: str, preset: str, **overrides: Any) -> int:
        config = run_config(strategy, preset, **overrides)
        built = cast("ContrastiveStrategy", strategies.build(strategy, config.model))
        return needed(built, config.augment)

    assert samples("adjacent", "paper") == 6.5 * SAMPLE_RATE
    assert samples("adjacent", "modern") == 6.5 * SAMPLE_RATE
    assert samples("adjacent", "modern", **{"stretch.p": 0.5}) == (2 * 3.6 + 0.5) * SAMPLE_RATE
    assert samples("melcpc", "paper") == 24 * SAMPLE_RATE
    # Trained without a stretch it is validated with one all the same.
    assert samples("self", "modern", **{"stretch.p": 0.0}) == 3.6 * SAMPLE_RATE
