"""Putting a run together: what is offered, what is sent to the job, and why something cannot be done."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit

from app.job_view import JobView
from app.run_view import Music
from app.views.training.more_settings import AT_A_TURN
from app.views.training.setup_page import NAME, SetupPage
from core.errors import UserError
from core.training.config import all_trainable, resolve
from core.training.prepare import Params
from tests.app.views.training.conftest import TrainScene
from tests.synthetic import Mix
from tests.synthetic_runs import Story


def opened(train: TrainScene, mix: Mix | None = None, *stories: Story) -> SetupPage:
    """The form, once it knows the strategies and the music."""
    view = train.open(*stories, **({} if mix is None else {"mix": mix}))
    view.tabs.setCurrentIndex(1)
    train.until(lambda: view.setup.strategies.count() > 0 and view.setup._plan is not None)
    return view.setup


def choose(setup: SetupPage, name: str) -> None:
    rows = [setup.strategies.item(row).data(NAME) for row in range(setup.strategies.count())]
    setup.strategies.setCurrentRow(rows.index(name))


def open_more(train: TrainScene, setup: SetupPage) -> None:
    setup.more_button.setChecked(True)
    train.until(lambda: setup.more.ready and bool(setup.more.fields))


def test_every_strategy_is_offered_with_what_it_learns(train: TrainScene) -> None:
    setup = opened(train)
    offered = {setup.strategies.item(row).data(NAME) for row in range(setup.strategies.count())}
    assert offered == set(all_trainable())
    choose(setup, "adjacent")
    assert all_trainable()["adjacent"].learns[1:] in setup.learns.text()
    assert setup.preset.currentData() == "modern"


def test_what_the_music_needs_is_told_before_it_starts(train: TrainScene) -> None:
    setup = opened(train)
    needs = setup.needs.text()
    assert needs.startswith("80 tracks, 40 min of sound, 77 MB of disk. 80 tracks to prepare first (77 MB")
    assert needs.endswith(
        "A batch will have 60 pairs at most: there are no more tracks to train on. "
        "With it the learning rate falls to 0.000205."
    )
    assert setup.start.isEnabled()


@pytest.mark.parametrize("preset", ["modern", "paper"])
def test_what_nobody_changed_is_the_preset(preset: str, train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    for name in all_trainable():
        choose(setup, name)
        train.until(lambda: setup.more.ready)
        setup.preset.setCurrentIndex(setup.preset.findData(preset))
        draft = setup.draft
        assert draft.overrides == {"model.width": 0.25}, name
        assert resolve(name, preset, draft.overrides) == resolve(name, preset, {"width": 0.25})


def test_a_change_is_marked_sent_and_can_be_put_back(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    fields = setup.more.fields
    for name, value in {
        "model.temperature": 0.2,
        "augment.noise.p": 0.25,
        "training.weight_decay": 3e-6,
    }.items():
        assert fields[name].reset.isHidden()
        fields[name].editor.write(value)
        assert not fields[name].reset.isHidden()
        assert fields[name].label.property("role") == "strong"
    fields["augment.sides"].editor.write([1])
    draft = setup.draft
    config = resolve(draft.strategy, draft.preset, draft.overrides)
    assert config.model["temperature"] == 0.2
    assert config.augment.noise.p == 0.25
    assert config.training.weight_decay == 3e-6
    assert config.augment.sides == (1,)
    for name in ("model.temperature", "augment.noise.p", "training.weight_decay", "augment.sides"):
        fields[name].reset.click()
    assert setup.draft.overrides == {"model.width": 0.25}


def test_no_turn_of_the_window_makes_more_than_a_few_fields(train: TrainScene) -> None:
    setup = opened(train)
    made = [0]
    setup.more._turn.timeout.connect(lambda: made.append(len(setup.more.fields)))
    open_more(train, setup)
    assert made[-1] == len(setup.more.fields) > 40
    assert max(after - before for before, after in pairwise(made)) <= AT_A_TURN


def test_a_small_number_can_be_typed_as_people_write_it(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    spin = setup.more.fields["training.lr"].editor.widget
    assert isinstance(spin, QDoubleSpinBox)
    spin.selectAll()
    train.scene.qtbot.keyClicks(spin, "2e-5")
    train.scene.qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert setup.draft.overrides["training.lr"] == 2e-5


def test_the_learning_rate_is_the_one_that_will_be_used_and_says_why(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    fields = setup.more.fields
    rate, batch = fields["training.lr"], fields["training.batch"]

    def used() -> float:
        draft = setup.draft
        return resolve(draft.strategy, draft.preset, draft.overrides, most=60).training.lr

    for pairs in (128, 32, 8):
        batch.editor.write(pairs)
        assert rate.editor.read() == pytest.approx(used(), rel=1e-6)
        assert rate.reset.isHidden()
        assert f"here for {min(pairs, 60)} pairs" in rate.note.text()
    assert "0.0003 for 128 pairs, times the square root of batch / 128" in rate.note.text()
    rate.editor.write(3e-4)  # what the preset says for 128 pairs is a choice of one's own here
    assert setup.draft.overrides["training.lr"] == used() == 3e-4
    batch.editor.write(16)
    assert used() == 3e-4
    rate.reset.click()
    assert "training.lr" not in setup.draft.overrides
    assert rate.editor.read() == pytest.approx(used(), rel=1e-6)
    setup.preset.setCurrentIndex(setup.preset.findData("paper"))
    assert rate.editor.read() == 1e-3
    batch.editor.write(24)
    assert rate.editor.read() == used() == 1e-3
    assert "square root" not in rate.note.text()


def test_another_strategy_keeps_what_was_edited_and_another_preset_does_not(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    choose(setup, "self")
    train.until(lambda: setup.more.ready)
    setup.steps.setValue(300)
    setup.more.fields["training.weight_decay"].editor.write(3e-6)
    setup.more.fields["training.batch"].editor.write(32)
    edited = {"model.width": 0.25, "training.steps": 300, "training.weight_decay": 3e-6, "training.batch": 32}
    assert setup.more_button.text().endswith("2 changed")
    choose(setup, "melcpc")
    assert setup.draft.overrides == edited  # also before its fields are there
    train.until(lambda: setup.more.ready)
    assert setup.draft.overrides == edited
    assert setup.more.fields["training.batch"].editor.read() == 32
    setup.preset.setCurrentIndex(setup.preset.findData("paper"))
    assert setup.draft.overrides == {"model.width": 0.25}
    assert "changed" not in setup.more_button.text()


def test_a_list_that_is_none_is_told_before_the_start(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    line = setup.more.fields["augment.pitch.semitones"].editor.widget
    assert isinstance(line, QLineEdit)
    for text in ("1, x", "1, 9", "", "²", "1,,2"):
        line.setText(text)
        assert not setup.start.isEnabled()
        assert "Semitones: Whole numbers from -4 to 4" in setup.start.toolTip(), text
    line.setText("-3, 3")
    assert setup.start.isEnabled()
    draft = setup.draft
    assert resolve(draft.strategy, draft.preset, draft.overrides).augment.pitch.semitones == (-3, 3)


def test_a_name_that_cannot_be_one_is_told_before_the_start(train: TrainScene) -> None:
    setup = opened(train)
    setup.name.setText("a/b")
    assert not setup.start.isEnabled()
    assert "cannot be a name" in setup.start.toolTip()
    setup.name.setText("a b")
    assert setup.start.isEnabled()


def test_clips_that_are_too_short_for_a_strategy_are_told_before_the_start(train: TrainScene) -> None:
    settings = train.scene.context.settings
    short = settings.training.model_copy(update={"clip_seconds": 10.0})
    train.scene.context.settings = settings.model_copy(update={"training": short})
    setup = opened(train)
    choose(setup, "self")
    assert setup.start.isEnabled()
    choose(setup, "melcpc")
    assert "needs 24 s of each track, but only 10 s are prepared" in setup.start.toolTip()


def test_more_music_than_may_be_prepared_is_told_before_the_start(train: TrainScene) -> None:
    settings = train.scene.context.settings
    little = settings.training.model_copy(update={"clips_budget_gb": 0.05})
    train.scene.context.settings = settings.model_copy(update={"training": little})
    setup = opened(train)
    assert "would take 77 MB, and may take 0.05 GB" in setup.start.toolTip()


def test_the_wheel_scrolls_the_form_and_changes_nothing(train: TrainScene) -> None:
    setup = opened(train)
    for widget in (setup.steps, setup.preset, setup.device):
        before = (setup.steps.value(), setup.preset.currentIndex(), setup.device.currentIndex())
        event = QWheelEvent(
            QPointF(5, 5), widget.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
        assert (setup.steps.value(), setup.preset.currentIndex(), setup.device.currentIndex()) == before


def test_what_kept_the_strategies_from_being_listed_stays_to_be_read(train: TrainScene) -> None:
    view = train.open()
    view.tabs.setCurrentIndex(1)
    train.until(lambda: view.setup._plan is not None)
    train.training.catalogue = None
    train.training._no_catalogue(UserError("The strategies could not be listed.", "No module named torch"))
    assert "No module named torch" in view.setup.start.toolTip()


def test_folders_that_are_away_or_grow_are_told(train: TrainScene) -> None:
    setup = opened(train)
    census = train.scene.session.census
    assert census is not None
    setup.music.folders.item(0).setCheckState(Qt.CheckState.Checked)
    (root, counts), (away, its) = census.roots
    changed = replace(census, roots=((root, replace(counts, found=41)), (replace(away, online=False), its)))
    setup.music._fill_folders(changed)
    texts = [setup.music.folders.item(row).text() for row in range(2)]
    assert texts[0].endswith("(41 files)")
    assert texts[1].endswith("(not connected now)")
    assert setup.music.folders.item(0).checkState() == Qt.CheckState.Checked


def test_a_draft_is_what_the_job_understands(train: TrainScene) -> None:
    setup = opened(train)
    setup.steps.setValue(300)
    setup.device.setCurrentIndex(setup.device.findData("cpu"))
    setup.name.setText("mine")
    params = Params.model_validate(setup.draft.params())
    assert (params.name, params.device, params.overrides["training.steps"]) == ("mine", "cpu", 300)
    assert params.music.everything
    assert not params.resume


def test_some_folders(train: TrainScene) -> None:
    setup = opened(train)
    setup.music.kind.setCurrentIndex(setup.music.kind.findData("folders"))
    assert not setup.start.isEnabled()
    assert "Tick at least one folder" in setup.start.toolTip()
    setup.music.folders.item(1).setCheckState(Qt.CheckState.Checked)
    assert setup.draft.music == Music(roots=(2,))
    train.until(lambda: setup.needs.text().startswith("40 tracks"))


def test_what_the_search_finds(train: TrainScene) -> None:
    setup = opened(train)
    setup.music.kind.setCurrentIndex(setup.music.kind.findData("search"))
    assert "search is empty" in setup.start.toolTip()
    train.search = "harbour"
    train.view.hide()
    train.view.show()
    assert setup.draft.music == Music(query="harbour")
    train.until(lambda: setup._plan is not None and 0 < setup._plan.tracks < 80)


def test_the_selected_tracks(train: TrainScene) -> None:
    setup = opened(train)
    setup.music.kind.setCurrentIndex(setup.music.kind.findData("selection"))
    assert "Select tracks" in setup.start.toolTip()
    train.scene.select(3, 5, 9)
    train.until(lambda: setup.draft.music == Music(track_ids=(3, 5, 9)))
    train.until(lambda: "too little music: 3 usable tracks" in setup.start.toolTip())


def test_without_music_the_form_says_so(train: TrainScene) -> None:
    view = train.open(mix=Mix(0, folders=0))
    view.tabs.setCurrentIndex(1)
    train.until(lambda: "Add music first" in view.setup.start.toolTip())
    assert not view.setup.start.isEnabled()
    assert not view.setup.try_out.isEnabled()


def test_while_a_run_goes_on_another_waits_and_a_trial_would_mislead(train: TrainScene) -> None:
    setup = opened(train, None, Story(state="running", done=100))
    assert setup.start.isEnabled()
    assert setup.start.text() == "Start after the other"
    assert not setup.try_out.isEnabled()
    assert "would mislead" in setup.try_out.toolTip()


def test_what_a_trial_told_is_shown_and_goes_with_the_run_it_was_for(train: TrainScene) -> None:
    setup = opened(train)
    setup._tried = setup.draft
    result = {"predicted_s": 1363.0, "decode_s": 30.0, "disk_bytes": 77e6, "memory_bytes": 1.2e9, "note": ""}
    train.training.trial_ended.emit(JobView(1, "trial", {}, "completed", result=result))
    told = "22 min 13 s after 30 s of preparing, 77 MB more of disk, 1.2 GB of memory"
    assert told in setup.foretold.text()
    assert setup.draft.predicted == result
    setup.steps.setValue(5)
    assert setup.draft.predicted == {}
    assert not setup.foretold.isVisible()


def test_a_trial_that_fails_says_why(train: TrainScene) -> None:
    setup = opened(train)
    ended = JobView(
        1, "trial", {}, "failed", title="This machine has no device 'cuda'.", hint="There is: cpu."
    )
    train.training.trial_ended.emit(ended)
    assert setup.foretold.text() == "This machine has no device 'cuda'. There is: cpu."


def test_start_sends_the_job_under_a_name_of_its_own(train: TrainScene, tmp_path: Path) -> None:
    setup = opened(train, None, Story("self-modern-w0.25", state="paused"))
    choose(setup, "self")
    jobs: list[dict[str, Any]] = []
    train.scene.context.jobs.changed.connect(lambda view: jobs.append(dict(view.params)))
    setup.start.click()
    train.until(lambda: bool(jobs))
    train.scene.context.jobs.stop_all(0)
    assert jobs[0]["name"] == "self-modern-w0.25-2"
    assert jobs[0]["strategy"] == "self"
    assert train.view.tabs.currentIndex() == 0
    train.until(lambda: not train.scene.context.jobs.running)


def test_runs_that_wait_have_names_of_their_own(train: TrainScene) -> None:
    setup = opened(train)
    choose(setup, "self")
    jobs = train.scene.context.jobs
    names: set[str] = set()
    jobs.changed.connect(lambda view: names.add(str(view.params["name"])))
    setup.start.click()
    train.until(lambda: len(names) == 1)  # it loads or waits, and has no row yet
    setup.steps.setValue(50)
    setup.start.click()
    train.until(lambda: len(names) == 2)
    jobs.stop_all(0)
    assert names == {"self-modern-w0.25", "self-modern-w0.25-2"}
    train.until(lambda: not jobs.running)
    # Stopped before it had a row: still there, with all that was chosen.
    assert {(run.name, run.state) for run in train.training.runs} == {(name, "paused") for name in names}


def test_the_form_fits_a_small_window(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    assert setup.area.horizontalScrollBar().maximum() == 0
    inside = setup.area.widget()
    assert inside.minimumSizeHint().width() <= setup.area.viewport().width()


def test_the_form_is_shown_whichever_page_is_asked_for_first(train: TrainScene) -> None:
    train.fill()
    train.scene.session.start()
    train.view.tabs.setCurrentIndex(1)
    train.until(lambda: "runs" in train.view.__dict__ and train.view.setup._plan is not None)
    assert train.view.setup.isVisible()
    assert not train.view.runs.isVisible()
