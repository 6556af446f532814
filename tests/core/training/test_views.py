from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from core.audio import SEGMENT
from core.audio.augment_config import AugmentConfig
from core.audio.clips import FULL_SCALE, ClipSet
from core.training import sampling
from core.training.config import all_trainable, resolve
from core.training.loop import Trainer
from core.training.stopwatch import Stopwatch
from core.training.views import Ahead, Cut, Views, crops, cut
from tests.training_tools import run_config, trainer, write_clips

STRATEGIES = sorted(all_trainable())


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipSet:
    return write_clips(tmp_path_factory.mktemp("clips"), 10, 32.0)


def altered_sides(run: Trainer, step: int = 0) -> set[int]:
    """The sides of a training batch that are not heard as they are stored."""
    found, views = run.cut(step), run._views(run.cut(step))
    changed = set()
    for side in (0, 1):
        segments = run.strategy.segments[side]
        plain = found.sides[side][:, : segments * SEGMENT].float() / FULL_SCALE
        clean = run.strategy.log_mels(plain.reshape(len(plain), segments, SEGMENT))
        same = [torch.equal(one, other) for one, other in zip(clean, views[side], strict=True)]
        assert views[side].shape == clean.shape == (len(plain), segments, 188, 96)
        if not all(same):
            changed.add(side)
    return changed


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("preset", ["paper", "modern"])
def test_which_strategy_augments_which_side(clips: ClipSet, strategy: str, preset: str) -> None:
    """Method, sections 4 and 5: paper only the positive of `self`; modern both views, MelCPC its context."""
    self_like = strategy.startswith("self")
    expected = {
        "paper": {1} if self_like else set(),
        "modern": {0} if strategy == "melcpc" else {0, 1},
    }[preset]
    run = trainer(clips, run_config(strategy, preset, batch=6))
    assert altered_sides(run) == expected


def test_a_side_that_is_stretched_is_cut_longer_so_that_no_view_is_padded(clips: ClipSet) -> None:
    stretched = {"stretch.p": 0.5}
    paper, modern = resolve("self", "paper"), resolve("melcpc", "modern", stretched)
    kinds = all_trainable()
    assert crops(kinds["self"], paper.augment) == (SEGMENT, 57_600)
    assert crops(kinds["melcpc"], modern.augment) == (4 * 57_600, 4 * SEGMENT)
    for strategy in ("self", "melcpc"):
        run = trainer(clips, run_config(strategy, "modern", **stretched))
        for step in range(3):
            found = run.cut(step)
            assert all(bool((side[:, -50:] != 0).any(1).all()) for side in found.sides)


@pytest.mark.parametrize(("strategy", "joined"), [("self", False), ("adjacent", True), ("melcpc", True)])
def test_a_stretched_anchor_is_heard_up_to_where_its_positive_follows(
    clips: ClipSet, strategy: str, joined: bool
) -> None:
    """Two views of one moment begin together; what follows another follows what is heard of it."""
    quiet = {f"{effect}.p": 0.0 for effect in ("filter", "reverb", "noise", "mixup", "resize_crop")}
    run = trainer(clips, run_config(strategy, "modern", **quiet, **{"stretch.p": 1.0, "stretch.high": 1.0}))
    crop = run._crop
    anchors = torch.zeros(4, crop[0], dtype=torch.int16)
    tail = crop[0] // 20
    anchors[:, -tail:] = torch.randint(
        -20_000, 20_000, (4, tail), generator=torch.Generator().manual_seed(1)
    ).short()
    positives = torch.zeros(4, crop[1], dtype=torch.int16)
    heard = run._views(Cut(0, np.arange(4), (anchors, positives)))[0].flatten(1, 2).amax(2)  # (4, frames)
    at_the_end = heard[:, -4:].amax(1) - heard[:, :4].amax(1) > 0.5
    assert at_the_end.tolist() == [joined] * 4


def test_a_view_depends_on_seed_step_row_and_side_and_not_on_the_batch(clips: ClipSet) -> None:
    run = trainer(clips, run_config("self", "modern", **{"mixup.p": 0.0}))  # mixup takes from the others
    whole = run.cut(0)
    views = run._views(whole)
    some = slice(1, 3)
    part = Cut(0, whole.rows[some], (whole.sides[0][some], whole.sides[1][some]))
    for side in (0, 1):
        torch.testing.assert_close(run._views(part)[side], views[side][some])
    other_step = Cut(1, whole.rows, whole.sides)
    assert not torch.allclose(run._views(other_step)[0], views[0])
    sides = whole.sides[0], whole.sides[0]
    same_sound = run._views(Cut(0, whole.rows, sides))
    assert not torch.allclose(same_sound[0], same_sound[1])


def test_what_is_cut_is_what_is_stored(clips: ClipSet) -> None:
    rows, starts = np.array([3, 1]), np.array([[5, 70_000], [90_000, 0]])
    found = cut(clips, 9, rows, starts, (SEGMENT, 57_600))
    assert [tuple(side.shape) for side in found.sides] == [(2, SEGMENT), (2, 57_600)]
    assert found.sides[0][1].numpy().tobytes() == clips.read(1, 90_000, SEGMENT).tobytes()
    assert found.sides[1][0].numpy().tobytes() == clips.read(3, 70_000, 57_600).tobytes()


def test_pairs_lie_as_the_strategy_says(clips: ClipSet) -> None:
    run = trainer(clips, run_config("adjacent", "paper"))
    rows = run.batches.rows(0)
    lengths = [clip.samples for clip in clips.clips]
    places = sampling.starts(run.strategy, lengths, rows, run.config.seed, 0, (SEGMENT, SEGMENT))
    assert (places[:, 1] - places[:, 0]).tolist() == [SEGMENT + 8000] * len(rows)
    found = run.cut(0)
    for place, row in enumerate(rows.tolist()):
        own = clips.read(row, int(places[place, 1]), SEGMENT)
        assert found.sides[1][place].numpy().tobytes() == own.tobytes()


def test_the_time_of_every_part_is_measured(clips: ClipSet) -> None:
    run = trainer(clips, run_config("adjacent", **{"stretch.p": 0}))
    watch = Stopwatch("cpu")
    Views(run.strategy, AugmentConfig.model_validate({"noise": {"p": 1.0}}), 0, "cpu", watch)(run.cut(0))
    seconds = watch.read()
    assert set(seconds) == {"data", "augment", "front_end"}
    assert all(value > 0 for value in seconds.values())


def test_the_next_batch_is_made_on_a_thread_while_the_present_one_is_used(clips: ClipSet) -> None:
    run = trainer(clips, run_config("adjacent"))
    made: list[tuple[int, str]] = []
    ready = threading.Event()

    def make(step: int) -> Cut:
        made.append((step, threading.current_thread().name))
        if step == 1:
            ready.set()
        return run.cut(step)

    with Ahead(make, 3) as ahead:
        first = ahead(0)
        assert ready.wait(5)  # nobody has asked for it yet
        assert torch.equal(first.sides[0], run.cut(0).sides[0])
        assert torch.equal(ahead(1).sides[0], run.cut(1).sides[0])
        assert ahead(3).step == 3  # a jump is made on the spot
    assert [step for step, _ in made if step != 2] == [0, 1, 3]
    assert made[1][1].startswith("next-batch")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]


def test_what_goes_wrong_ahead_is_told_where_it_is_needed(clips: ClipSet) -> None:
    def make(step: int) -> Cut:
        if step:
            raise OSError("the disk is gone")
        return cut(clips, 0, np.array([0]), np.array([[0, 0]]), (SEGMENT, SEGMENT))

    with Ahead(make, 5) as ahead:
        ahead(0)
        with pytest.raises(OSError, match="disk"):
            ahead(1)
