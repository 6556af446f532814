"""The dialog that starts an evaluation: what it offers, what it says of it, and the job that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSpinBox

from app.job_view import JobView
from app.notify import Message
from app.views.compare.option_form import OptionForm
from app.views.compare.run_dialog import NAME, RunDialog
from core.evaluation.spec import SOURCES, Option, TaskSpec
from core.jobs.evaluate import Params
from tests import shipped
from tests.app.views.compare.conftest import CompareScene
from tests.evaluation_results import Shelf
from tests.synthetic import Mix


def opened(compare: CompareScene, shelf: Shelf | None = None, mix: Mix | None = None) -> RunDialog:
    """The dialog, when it knows the library's tags."""
    view = compare.open(shelf, mix) if mix is not None else compare.open(shelf)
    dialog = view.run()
    compare.until(
        lambda: all(offer.preview or offer.trouble for offer in dialog.tasks.offers if offer.from_music)
    )
    return dialog


def line(dialog: RunDialog, title: str) -> int:
    return next(place for place, offer in enumerate(dialog.tasks.offers) if offer.title == title)


def test_the_librarys_own_tags_are_offered_with_what_they_would_ask(compare: CompareScene) -> None:
    dialog = opened(compare)
    genre = dialog.tasks.offers[line(dialog, "Genre")]
    assert genre.preview is not None
    (_, kind, items, classes, groups), *_rest = genre.preview.tasks
    assert (kind, items, classes, groups) == ("class", 120, 3, 12)
    assert "120 tracks of 3 classes, in 12 groups that stay together" in genre.told
    assert dialog.tasks.offers[line(dialog, "Your labels")].trouble
    assert {"Artist", "Folder names", "Albums as playlists", "Report without labels"} <= {
        offer.title for offer in dialog.tasks.offers
    }
    dialog.reject()


def test_what_cannot_be_asked_is_said_and_keeps_the_button_off(compare: CompareScene) -> None:
    dialog = opened(compare)
    dialog.tasks.tick("report", on=False)
    compare.until(lambda: not dialog.start.isEnabled())
    assert "Tick what to ask first." in dialog.start.toolTip()
    dialog.tasks.tick("field", field="label")
    compare.until(lambda: "label" in dialog.why.text())
    assert not dialog.start.isEnabled()
    dialog.tasks.tick("field", field="genre")
    compare.until(dialog.start.isEnabled)
    for box in dialog.probes.values():
        box.setChecked(False)
    compare.until(lambda: "Tick at least one probe." in dialog.start.toolTip())
    dialog.reject()


def test_baselines_are_always_asked_and_those_that_lack_are_named(compare: CompareScene) -> None:
    dialog = opened(compare)
    item = dialog.encoders.item(0)
    assert item.data(NAME) == "mfcc"
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert item.checkState() == Qt.CheckState.Checked
    compare.until(lambda: "made first: random-w0.25, random-multi-w0.25" in dialog.plan.text())
    assert "with 3 encoders" in dialog.plan.text()
    assert "First 240 tracks are listened to" in dialog.plan.text()
    dialog.reject()


def test_what_came_with_the_program_is_offered_and_listens_only_where_it_is_ticked(
    compare: CompareScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shipped.folder(monkeypatch, tmp_path / "shipped")
    shipped.ship(place)
    shipped.ship(place, "self-paper-w0.25", strategy="self", title="Self (paper)")
    dialog = opened(compare)
    items = [dialog.encoders.item(row) for row in range(dialog.encoders.count())]
    assert [item.text() for item in items] == ["Timbre (MFCC)", "Earmap 2", "Self (paper)"]
    assert [item.checkState() for item in items[1:]] == [Qt.CheckState.Unchecked] * 2
    assert "has not listened to your music yet" in items[1].toolTip()
    compare.until(lambda: "with 3 encoders" in dialog.plan.text())
    items[1].setCheckState(Qt.CheckState.Checked)
    compare.until(lambda: "First 360 tracks are listened to" in dialog.plan.text())
    assert "made first: random-w0.125, random-multi-w0.125" in dialog.plan.text(), "of its own width"
    assert dialog.draft.encoders == ("mfcc", "earmap-2")
    dialog.reject()


def test_the_job_is_told_what_was_chosen(compare: CompareScene) -> None:
    dialog = opened(compare)
    dialog.tasks.tick("report", on=False)
    dialog.tasks.tick("field", field="genre")
    form = dialog.tasks.form
    assert form is not None
    form.editors["group"].write("artist")
    form.editors["fewest"].write(3)
    dialog.probes["logistic"].setChecked(False)
    dialog.seeds.setValue(2)
    dialog.pca.setChecked(True)
    compare.until(dialog.start.isEnabled)
    started: list[JobView] = []
    compare.scene.context.jobs.changed.connect(started.append)
    dialog.start.click()
    params = Params.model_validate(started[0].params)
    assert started[0].kind == "evaluate"
    assert params.specs == [TaskSpec(kind="field", options={"group": "artist", "fewest": 3})]
    assert (params.encoders, params.probes, params.seeds, params.pca) == (["mfcc"], ["svm"], 2, True)
    compare.scene.context.jobs.stop_all(0)
    compare.until(lambda: not compare.scene.context.jobs.running)


def test_an_option_changes_what_would_be_asked(compare: CompareScene) -> None:
    dialog = opened(compare)
    place = line(dialog, "Artist")
    dialog.tasks.list.setCurrentRow(place)
    before = dialog.tasks.offers[place].preview
    assert before is not None
    assert dialog.tasks.form is not None
    dialog.tasks.form.editors["fewest"].write(1000)
    compare.until(lambda: bool(dialog.tasks.offers[place].trouble))
    assert dialog.tasks.preview.text() == dialog.tasks.offers[place].trouble
    dialog.tasks.form.editors["fewest"].write(5)
    compare.until(lambda: dialog.tasks.offers[place].preview is not None)
    after = dialog.tasks.offers[place].preview
    assert after is not None
    assert after.tasks == before.tasks
    dialog.reject()


def test_a_data_set_is_recognised_offered_ticked_and_not_twice(compare: CompareScene, tmp_path: Path) -> None:
    for name in ("cel", "flu"):
        (tmp_path / "irmas" / name).mkdir(parents=True)
        (tmp_path / "irmas" / name / f"[{name}][cla]0001__1.wav").touch()
    dialog = opened(compare)
    many = len(dialog.tasks.offers)
    for _ in range(2):
        dialog.take([bytes(tmp_path / "irmas")])
        compare.until(lambda: any(offer.title == "IRMAS: irmas" for offer in dialog.tasks.chosen))
        compare.scene.qtbot.wait(50)
    assert len(dialog.tasks.offers) == many + 1
    compare.until(lambda: "has been looked through" in dialog.plan.text())
    assert str(tmp_path / "irmas") in dialog.tasks.layout_note.text()
    dialog.reject()


def test_a_folder_that_is_no_data_set_says_what_would_be(
    compare: CompareScene, tmp_path: Path, messages: list[Message]
) -> None:
    (tmp_path / "holiday pictures").mkdir()
    dialog = opened(compare)
    many = len(dialog.tasks.offers)
    dialog.take([bytes(tmp_path / "holiday pictures")])
    compare.until(lambda: any("no data set that Earmap knows" in message.title for message in messages))
    assert "IRMAS" in messages[-1].hint
    assert len(dialog.tasks.offers) == many
    dialog.reject()


def test_data_sets_of_earlier_results_are_offered_again(compare: CompareScene, shelf: Shelf) -> None:
    dialog = opened(compare, shelf)
    assert "Table of labels: clips.csv" in [offer.title for offer in dialog.tasks.offers]
    dialog.reject()


def test_while_one_runs_another_waits(compare: CompareScene) -> None:
    dialog = opened(compare)
    compare.scene.context.jobs._show(JobView(99, "evaluate", {}, "running"))
    compare.until(lambda: dialog.start.text() == "Run after the other")
    assert dialog.start.isEnabled()
    dialog.reject()


def test_the_dialog_is_one(compare: CompareScene) -> None:
    dialog = opened(compare)
    assert compare.view.run() is dialog
    dialog.reject()
    compare.until(lambda: compare.view.dialog is None)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
def test_every_kinds_options_make_a_form_that_differs_in_nothing_at_first(
    compare: CompareScene, source: object
) -> None:
    options: tuple[Option, ...] = source.options  # type: ignore[attr-defined] # a Source
    form = OptionForm(options, {})
    compare.scene.qtbot.addWidget(form)
    assert form.values == {}
    for option in options:
        widget = form.editors[option.name].widget
        assert widget.toolTip() == option.help
        if option.kind == "choice":
            assert isinstance(widget, QComboBox)
            assert widget.count() == len(option.choices)
        elif option.kind == "number":
            assert isinstance(widget, QSpinBox)
            widget.setValue(widget.value() + 1)
            assert form.values[option.name] == int(option.default) + 1
