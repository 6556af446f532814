"""The real window on a real library: what one part does, the others show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import tracks
from app.context import Context
from app.furniture import Furnished
from app.main_window import MainWindow
from app.notify import Message
from app.wiring import Wiring
from core.library.records import Row
from core.settings import load
from tests import shipped
from tests.synthetic import Mix, fill


@pytest.fixture
def mix() -> Mix:
    return Mix(60, folders=1, failed=0, partial=0, skipped=0)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default encoder comes with the program; asked for before the window, which looks for it."""
    folder = shipped.folder(monkeypatch, tmp_path / "shipped")
    shipped.ship(folder)
    return folder


@pytest.fixture
def furnished(
    context: Context, window: MainWindow, qtbot: QtBot, tmp_path: Path, mix: Mix
) -> Iterator[Furnished]:
    if mix.tracks:
        fill(tmp_path / "library.earmap", mix)
    wiring = Wiring(context, window)
    wiring.open_library()
    qtbot.waitUntil(lambda: isinstance(wiring._furniture, Furnished), timeout=30_000)
    made = wiring._furniture
    assert isinstance(made, Furnished)
    qtbot.waitUntil(lambda: made.session.census is not None, timeout=30_000)
    yield made
    wiring.close()


def test_rows_encoder_and_actions_are_there(furnished: Furnished, window: MainWindow, qtbot: QtBot) -> None:
    assert furnished.table.isVisible()
    qtbot.waitUntil(lambda: furnished.table.model.rowCount() == 60)
    assert window.encoder.current == "mfcc"
    assert window.encoder.combo.currentText() == "Timbre (MFCC)"
    assert window.actions_table["rescan"].isEnabled()


@pytest.mark.parametrize("mix", [Mix(0)])
def test_an_empty_library_shows_the_place_to_drop(furnished: Furnished, window: MainWindow) -> None:
    assert window.start.isVisible()
    assert "Add a folder first." in window.actions_table["rescan"].toolTip()
    assert furnished.session.census is not None
    assert furnished.session.census.empty


def test_ctrl_f_goes_to_the_search_from_any_view(
    furnished: Furnished, window: MainWindow, qtbot: QtBot
) -> None:
    window.show_view("view-activity")
    window.actions_table["search"].trigger()
    assert furnished.table.isVisible()
    field = window.focusWidget()
    assert field is not None
    qtbot.keyClicks(field, "river")
    qtbot.waitUntil(lambda: 0 < furnished.table.model.rowCount() < 60)


def test_audition_is_one_toggle_everywhere(furnished: Furnished, window: MainWindow) -> None:
    window.actions_table["audition"].trigger()
    assert furnished.session.audition
    furnished.session.set_audition(False)
    assert not window.actions_table["audition"].isChecked()


def test_volume_is_remembered_and_set_from_the_preferences(
    furnished: Furnished, context: Context, qtbot: QtBot
) -> None:
    window = furnished._wiring.window
    before = furnished.player.volume
    window.actions_table["quieter"].trigger()
    assert context.settings.player.volume == pytest.approx(furnished.player.volume)
    assert furnished.player.volume < before
    qtbot.waitUntil(lambda: load()[0].player.volume == pytest.approx(furnished.player.volume))
    furnished._wiring.change("player", volume=0.25)
    assert furnished.player.volume == 0.25


@pytest.fixture
def repeating(context: Context) -> None:
    """An earlier start has left the queue to be repeated."""
    player = context.settings.player.model_copy(update={"repeat": "all"})
    context.settings = context.settings.model_copy(update={"player": player})


def test_shuffle_and_repeat_are_remembered_and_set_from_the_preferences(
    repeating: None, furnished: Furnished, context: Context, window: MainWindow, qtbot: QtBot
) -> None:
    player, actions = furnished.player, window.actions_table
    assert (player.shuffle, player.repeat) == (False, "all")
    assert (actions["shuffle"].isChecked(), actions["repeat-all"].isChecked()) == (False, True)
    actions["shuffle"].trigger()
    actions["repeat"].trigger()
    assert (player.shuffle, player.repeat) == (True, "one")
    qtbot.waitUntil(lambda: (load()[0].player.shuffle, load()[0].player.repeat) == (True, "one"))
    furnished._wiring.change("player", shuffle=False, repeat="off")
    assert (player.shuffle, player.repeat) == (False, "off")
    assert (context.settings.player.shuffle, context.settings.player.repeat) == (False, "off")
    assert actions["repeat-off"].isChecked()


@pytest.mark.parametrize("mix", [Mix(60, folders=1, waiting=0.5, failed=0, partial=0, skipped=0)])
def test_what_an_earlier_run_left_over_is_gone_on_with(
    furnished: Furnished, context: Context, qtbot: QtBot
) -> None:
    assert [view.kind for view in context.jobs.views] == ["embed"]
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_nothing_is_begun_where_nothing_waits(furnished: Furnished, context: Context) -> None:
    assert context.jobs.views == []


def test_rescan_asks_for_the_folder_that_was_meant(
    furnished: Furnished, context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    furnished.session.rescan_wanted.emit([1])
    assert context.jobs.views[0].params["paths"] == [str(tmp_path / "Music")]
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_the_table_remembers(furnished: Furnished) -> None:
    assert furnished.library_state()
    furnished.table.restore_state(furnished.library_state())


def test_the_session_looks_often_only_while_jobs_run(
    furnished: Furnished, context: Context, qtbot: QtBot
) -> None:
    slow = furnished.session._timer.interval()
    context.jobs.start("scan", {"paths": []})
    assert furnished.session._timer.interval() < slow
    with qtbot.waitSignal(context.jobs.idle, timeout=30_000):
        context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: furnished.session._timer.interval() == slow)


def test_similar_tracks_of_the_tables_menu_brings_the_panel_back(
    furnished: Furnished, window: MainWindow
) -> None:
    window.actions_table["similar"].trigger()
    assert window.similar.isHidden()
    for _ in range(2):  # shown already, it stays
        furnished.session.similar_wanted.emit()
        assert not window.similar.isHidden()
        assert window.actions_table["similar"].isChecked()


def test_playlists_that_are_dropped_are_taken_in_and_are_no_music(
    furnished: Furnished, context: Context, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "Dropped.m3u"
    file.write_text("#EXTM3U\n#EXTINF:-1,Nobody - Gone\ngone.ogg\n")
    window.add_wanted.emit([bytes(file)])
    qtbot.waitUntil(lambda: [one.name for one in furnished.playlists.records] == ["Dropped"])
    assert not context.jobs.running


def test_seconds_marked_in_the_players_waveform_are_looked_for(
    furnished: Furnished, window: MainWindow, qtbot: QtBot
) -> None:
    rows: list[Row] = []
    furnished.session.ask(lambda reader: reader.page([5]), rows.extend)
    qtbot.waitUntil(lambda: bool(rows))
    furnished.player.play([tracks.playable(rows[0])])
    window.actions_table["similar"].trigger()  # hidden
    furnished.bar.waveform.span_chosen.emit(4.0, 9.0)
    qtbot.waitUntil(lambda: furnished.similar.mode == "moment")
    assert window.similar.isVisible()
    assert furnished.similar.asked == (5,)


def test_listening_again_keeps_what_is_heard_moment_by_moment(furnished: Furnished, context: Context) -> None:
    furnished.session.moments_wanted.emit()
    assert context.settings.embedding.keep_segments
    assert [job.kind for job in context.jobs.running] == ["embed"]


# -- encoders that came with the program


@pytest.fixture
def messages_of_old(place: Path, messages: list[Message], furnished: Furnished) -> list[Message]:
    """What a library that MFCC has listened to is told at the first start with an encoder that has learned."""
    return messages


def begun(context: Context) -> list[tuple[str, str]]:
    """Jobs with their encoders, all stopped again."""
    started = [(view.kind, str(view.params.get("encoder", ""))) for view in context.jobs.views]
    context.jobs.stop_all(0)
    return started


def test_an_old_library_is_told_once_of_the_new_default_which_listens_beside(
    messages_of_old: list[Message], furnished: Furnished, window: MainWindow, context: Context, qtbot: QtBot
) -> None:
    assert window.encoder.current == "mfcc", "it is gone on with until the other has begun"
    qtbot.waitUntil(lambda: furnished.table.model.rowCount() == 60)
    assert begun(context) == [("embed", "earmap-2")]
    [told] = messages_of_old
    assert told.title.startswith("Earmap 2 listens to your music now")
    assert told.hint == "What Timbre (MFCC) has heard stays: choose it in the list at the top."
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_the_switch_offers_it_and_picking_mfcc_keeps_mfcc(
    place: Path, furnished: Furnished, window: MainWindow, context: Context, qtbot: QtBot
) -> None:
    begun(context)
    combo = window.encoder.combo
    assert combo.itemText(combo.findData("earmap-2")) == "Earmap 2 · not listened with yet"
    window.encoder.chosen.emit("mfcc")
    qtbot.waitUntil(lambda: load()[0].embedding.encoder == "mfcc", timeout=20_000)
    assert furnished.session.wanted == "mfcc"
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_listening_with_another_encoder_begins_from_its_card(
    place: Path, furnished: Furnished, window: MainWindow, context: Context, qtbot: QtBot
) -> None:
    shipped.ship(place, "self-paper-w0.25", strategy="self", title="Self (paper)")
    furnished.session.refresh()
    qtbot.waitUntil(lambda: len(furnished.session.offered) == 2, timeout=20_000)
    window.actions_table["encoder-cards"].trigger()
    cards = furnished._cards
    assert cards is not None
    assert cards.name == "mfcc", "the one in use"
    cards.show_encoder("self-paper-w0.25")
    cards.use.click()
    qtbot.waitUntil(lambda: len(context.jobs.views) == 2, timeout=20_000)
    assert begun(context) == [("embed", "earmap-2"), ("embed", "self-paper-w0.25")]
    assert window.encoder.current == "self-paper-w0.25"
    cards.close()
    qtbot.waitUntil(lambda: furnished._cards is None)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_a_run_leads_to_its_encoders_card(furnished: Furnished) -> None:
    furnished.train.card_wanted.emit("mfcc")
    assert furnished._cards is not None
    assert furnished._cards.isVisible()
    furnished._cards.close()


@pytest.mark.parametrize("mix", [Mix(0)])
def test_a_new_library_shows_the_default_although_it_has_heard_nothing(
    place: Path, furnished: Furnished, window: MainWindow, context: Context
) -> None:
    combo = window.encoder.combo
    assert combo.currentText() == "Earmap 2"
    assert combo.itemText(combo.findData("mfcc")) == "Timbre (MFCC) · not listened with yet"
    assert context.jobs.views == []
