"""Putting a run together: what is offered, what is sent to the job, and why something cannot be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox

from app.job_view import JobView
from app.run_view import Music
from app.views.training.setup_page import NAME, SetupPage
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
    assert setup.needs.text().startswith(
        "80 tracks, 40 min of sound, 77 MB of disk. 80 tracks to prepare first (77 MB"
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


def test_a_small_number_can_be_typed_as_people_write_it(train: TrainScene) -> None:
    setup = opened(train)
    open_more(train, setup)
    spin = setup.more.fields["training.lr"].editor.widget
    assert isinstance(spin, QDoubleSpinBox)
    assert spin.text() == "0.0003"
    spin.selectAll()
    train.scene.qtbot.keyClicks(spin, "2e-5")
    train.scene.qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert setup.draft.overrides["training.lr"] == 2e-5


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
    result = {"steps_per_s": 1.5, "seconds": 1333.0, "disk_bytes": 77e6, "memory_bytes": 1.2e9, "note": ""}
    train.training.trial_ended.emit(JobView(1, "trial", {}, "completed", result=result))
    assert "22 min 13 s, 77 MB of disk, 1.2 GB of memory" in setup.foretold.text()
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
