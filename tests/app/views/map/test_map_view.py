"""The map on a real library: what is shown, pointed at, chosen, found, filtered and kept."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from app.map.palette import NOTHING
from app.map.points import Points
from app.map_colours import HIDDEN
from core.library.store import Library
from tests import maps
from tests.app.views.map.conftest import MapScene
from tests.synthetic import Mix as Tracks
from tests.synthetic import embed, fill, tags


def test_the_stored_map_is_shown_with_a_sentence(on_map: MapScene) -> None:
    view = on_map.view
    assert on_map.drawing.tracks.tolist() == list(range(1, 121))
    assert view.stage.canvas.points.n == 120
    told = view.sentence.text()
    assert "120 tracks as <b>Timbre (MFCC)</b>" in told
    assert "38% of each track’s true neighbours" in told
    assert "share 36%" in told
    assert "0.910" in view.sentence.toolTip()
    assert on_map.scene.context.jobs.views == []  # nothing is drawn again


def test_points_lie_where_the_map_has_them(on_map: MapScene) -> None:
    canvas, xy = on_map.view.stage.canvas, on_map.drawing.xy
    spots = np.array([canvas.spot(row) for row in range(120)])
    for axis, way in ((0, 1), (1, -1)):
        assert np.corrcoef(spots[:, axis], xy[:, axis])[0, 1] == pytest.approx(way, abs=1e-4)


def test_a_click_selects_everywhere_and_lines_lead_to_the_true_neighbours(on_map: MapScene) -> None:
    view, row = on_map.view, 33
    on_map.click(row)
    assert on_map.session.selection.tolist() == [34]
    canvas = view.stage.canvas
    on_map.scene.until(lambda: canvas.lines[0] == row)
    assert view.stage.chosen.tolist() == [row]
    with Library(on_map.scene.context.library.path) as library:
        from core.neighbours import Neighbours

        near = Neighbours(library, library.encoders.get("mfcc"), maps.PLAN)
        near.refresh()
        wanted = [one.track_id - 1 for one in near.similar([34], n=10, fold=False)]
    assert canvas.lines[1] == wanted
    view.tools.lines.click()
    assert canvas.lines[0] == -1
    on_map.click(40, Qt.KeyboardModifier.ControlModifier)
    assert on_map.session.selection.tolist() == [34, 41]
    on_map.click(33, Qt.KeyboardModifier.ControlModifier)
    assert on_map.session.selection.tolist() == [41]
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert on_map.session.selection.tolist() == []


def test_a_selection_made_elsewhere_is_brought_into_view(on_map: MapScene) -> None:
    canvas = on_map.view.stage.canvas
    canvas.centre_on(0, 0)
    canvas.zoom(40, ms=0)
    far = int(np.linalg.norm(on_map.drawing.xy - on_map.drawing.xy[0], axis=1).argmax())
    assert not canvas.rect().contains(on_map.spot(far))
    on_map.session.select([far + 1])
    on_map.scene.until(lambda: canvas.rect().contains(on_map.spot(far)))
    assert canvas.scene.selection.tolist() == [far]


def test_a_map_that_is_all_in_view_stays_so_whatever_is_selected_while_it_settles(on_map: MapScene) -> None:
    stage = on_map.view.stage
    canvas = stage.canvas
    canvas.fit(ms=0)
    canvas.morph_to(Points.build(on_map.drawing.xy * np.float32(2)), ms=200)
    spots = [canvas.spot(row) for row in range(len(on_map.drawing))]
    assert any(spot and not canvas.rect().contains(round(spot[0]), round(spot[1])) for spot in spots)
    for row in range(len(on_map.drawing)):
        stage.bring_into_view(row)
    on_map.scene.until(lambda: canvas.camera == canvas.whole())


def test_two_clicks_play(on_map: MapScene) -> None:
    assert on_map.view.isVisible()
    QTest.mouseDClick(on_map.view.stage.canvas, Qt.MouseButton.LeftButton, pos=on_map.spot(7))
    on_map.scene.until(lambda: on_map.scene.player.current is not None)
    assert on_map.scene.player.current is not None
    assert on_map.scene.player.current.track_id == 8


def test_the_card_tells_what_is_under_the_pointer(on_map: MapScene) -> None:
    view = on_map.view
    QTest.mouseMove(view.stage.canvas, on_map.spot(60))
    on_map.scene.until(view.stage.card.isVisible)
    card = view.stage.card
    assert card.title.text() == tags(60)["title"]
    assert tags(60)["artist"] in card.artist.text()
    assert card.album.text() == tags(60)["album"]
    assert card.trust.text() == "50% of its true neighbours are near it here"
    assert view.stage.canvas.rect().contains(card.geometry())
    view.stage.canvas.fit(0)
    QTest.mouseMove(view.stage.canvas, QPoint(1, 1))
    assert not card.isVisible()


def test_what_a_lasso_gathers_gets_a_label_or_a_list(on_map: MapScene) -> None:
    view, scene = on_map.view, on_map.scene
    order = np.lexsort((on_map.drawing.xy[:, 1], on_map.drawing.xy[:, 0]))
    rows = order[[24, 25, 26]].tolist()  # above each other in one column of the grid
    view.tools.set_touch("lasso")
    on_map.around(*rows)
    assert sorted(on_map.session.selection.tolist()) == sorted(row + 1 for row in rows)
    assert view.stage.chosen.tolist() == view.stage.canvas.scene.selection.tolist() == sorted(rows)
    assert view.bar.isVisible()
    assert view.bar.count.text() == "3 tracks"
    view.bar.buttons["playlist"].click()
    kept = scene.ask(lambda reader: reader.library.playlists.all())
    scene.until(lambda: bool(kept or scene.ask(lambda reader: reader.library.playlists.all())))
    (record,) = scene.ask(lambda reader: reader.library.playlists.all())
    items = scene.ask(lambda reader: reader.library.playlists.items(record.id))
    assert sorted(item.track_id or 0 for item in items) == sorted(row + 1 for row in rows)
    assert record.kind == "lasso"
    view.bar.buttons["clear"].click()
    assert not view.bar.isVisible()


def test_a_search_lets_what_it_finds_stand_out(on_map: MapScene) -> None:
    view = on_map.view
    artist = tags(45)["artist"]
    view.tools.search.setText(f'artist:"{artist}"')
    on_map.scene.until(lambda: bool(view.tools.found.text()))
    wanted = [number for number in range(120) if tags(number)["artist"] == artist]
    assert view.tools.found.text() == str(len(wanted))
    assert view.stage.canvas.scene.highlight is not None
    assert sorted(view.stage.canvas.scene.highlight.tolist()) == wanted
    view.tools.search.clear()
    on_map.scene.until(lambda: view.stage.canvas.scene.highlight is None)
    assert view.tools.found.text() == ""


def test_tracks_that_only_move_keep_their_colours_and_their_legend(on_map: MapScene) -> None:
    view, stage = on_map.view, on_map.view.stage
    view.colour_by("genre")
    on_map.scene.until(lambda: stage.scheme is not None and stage.scheme.info.name == "genre")
    scheme, resets = stage.scheme, []
    view.legend.list.values.modelReset.connect(lambda: resets.append(1))
    moved = replace(on_map.drawing, xy=on_map.drawing.xy * np.array([-1, 1], np.float32))
    on_map.mapping._show(moved)
    on_map.scene.until(lambda: stage.drawing is moved)
    on_map.scene.qtbot.wait(300)  # the column is looked at in a thread
    assert stage.scheme is scheme
    assert not resets
    fewer = replace(moved, tracks=moved.tracks[1:], files=moved.files[1:], xy=moved.xy[1:], kept=moved.kept[1:],
                    clusters=moved.clusters[1:], placed=moved.placed[1:])  # fmt: skip
    on_map.mapping._show(fewer)
    on_map.scene.until(lambda: stage.scheme is not scheme)
    assert resets
    assert stage.scheme is not None
    assert stage.scheme.n == len(fewer)


def test_the_legend_filters_and_isolates(on_map: MapScene) -> None:
    view, canvas = on_map.view, on_map.view.stage.canvas
    view.colour_by("genre")
    on_map.scene.until(lambda: view.stage.scheme is not None and view.stage.scheme.info.name == "genre")
    values, model = view.legend.list.values, view.legend.list.model()
    genres = [tags(number)["genre"] for number in range(120)]
    assert values.scheme is not None
    first = values.scheme.values[0]
    assert model.index(0, 0).data() == first
    values.isolate(0)
    shown = canvas.scene.categories != HIDDEN
    assert [genres[row] for row in np.flatnonzero(shown)] == [first] * genres.count(first)
    assert (
        canvas.row_at(on_map.spot(int(np.flatnonzero(~shown)[0]))) == -1
    )  # what is hidden cannot be pointed at
    values.isolate(0)
    assert HIDDEN not in canvas.scene.categories
    model.setData(model.index(1, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert np.count_nonzero(canvas.scene.categories == HIDDEN) == values.scheme.counts[1]
    view.legend.every.click()
    assert HIDDEN not in canvas.scene.categories


def test_numbers_are_a_gradient_of_which_a_part_can_be_shown(on_map: MapScene) -> None:
    view, canvas = on_map.view, on_map.view.stage.canvas
    view.colour_by("year")
    on_map.scene.until(lambda: view.stage.scheme is not None and view.stage.scheme.info.name == "year")
    years = np.array([tags(number)["year"] for number in range(120)])
    drawn = canvas.scene.categories.astype(int)
    assert (np.diff(drawn[np.argsort(years, kind="stable")]) >= 0).all()
    assert NOTHING not in drawn
    key = view.legend.key
    middle = key.width() // 2
    QTest.mousePress(key, Qt.MouseButton.LeftButton, pos=QPoint(2, 20))
    QTest.mouseMove(key, QPoint(middle, 20))
    QTest.mouseRelease(key, Qt.MouseButton.LeftButton, pos=QPoint(middle, 20))
    left = np.flatnonzero(canvas.scene.categories != HIDDEN)
    assert 0 < len(left) < 120
    assert years[left].max() < np.delete(years, left).max()
    QTest.mouseClick(key, Qt.MouseButton.LeftButton, pos=QPoint(5, 20))
    assert HIDDEN not in canvas.scene.categories


def test_another_encoder_morphs_the_same_points_at_once_the_second_time(on_map: MapScene) -> None:
    view, session = on_map.view, on_map.session
    old = on_map.drawing
    session.set_encoder("second")
    on_map.scene.until(lambda: on_map.drawing.encoder.name == "second")
    assert on_map.drawing.tracks.tolist() == old.tracks.tolist()
    assert not np.allclose(on_map.drawing.xy, old.xy)
    assert "<b>second</b>" in view.sentence.text()
    session.set_encoder("mfcc")
    assert on_map.mapping.drawing is old  # kept in memory: no look at the disk comes before it is shown
    on_map.scene.until(lambda: on_map.drawing is old)
    assert on_map.scene.context.jobs.views == []


def test_two_maps_share_selection_camera_and_colours(on_map: MapScene) -> None:
    view = on_map.view
    view.show_both(True)
    on_map.scene.until(lambda: view.second.beside is not None and view.pane is not None
                       and view.pane.stage.scheme is not None)  # fmt: skip
    pane, beside = view.pane, view.second.beside
    assert pane is not None
    assert beside is not None
    assert pane.encoder.currentText() == "second"
    assert f"{beside.compared.mean:.0%} of its neighbours" in pane.told.text()
    assert "a mere change of seed: 36%" in pane.told.text()
    on_map.click(12)
    assert pane.stage.canvas.scene.selection.tolist() == [12]
    view.stage.canvas.zoom(2, ms=0)
    assert pane.stage.canvas.camera == view.stage.canvas.camera
    view.colour_by("shared")
    on_map.scene.until(lambda: view.stage.scheme is not None and view.stage.scheme.info.name == "shared")
    assert view.stage.scheme is not None
    assert view.stage.scheme.numbers.tolist() == beside.compared.overlap.astype(float).tolist()
    farthest = int(beside.compared.moved.argmax())
    assert view.moved.tracks.moved[0].row.track_id == int(beside.compared.tracks[farthest])
    view.moved.selectRow(0)
    assert on_map.session.selection.tolist() == [farthest + 1]
    view.show_both(False)
    assert view.colouring.info.name == "folder"
    assert view.tools.column.findData("shared") < 0
    assert not view.moved.isVisible()


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_the_map_is_written(on_map: MapScene, tmp_path: Path, ending: str) -> None:
    view, path = on_map.view, tmp_path / f"map.{ending}"
    view.menu.export_to(path)
    on_map.scene.until(path.exists)
    if ending == "png":
        on_map.scene.until(lambda: not QImage(str(path)).isNull())
        assert QImage(str(path)).width() > 3000
    elif ending == "svg":
        text = path.read_text("utf-8")
        assert text.count("<circle") >= 120 + 1
        assert "Timbre (MFCC) hears them" in text
    else:
        lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        assert [line["title"] for line in lines] == [tags(number)["title"] for number in range(120)]
        assert [float(line["x"]) for line in lines] == pytest.approx(on_map.drawing.xy[:, 0], abs=1e-5)


def test_what_is_new_is_put_on_the_map_and_nothing_moves(on_map: MapScene) -> None:
    """The real job, in its process."""
    path = on_map.scene.context.library.path
    with Library(path) as library:
        record = library.projections.find(1, maps.PLAN)
        assert record is not None
        library.projections.drop(record.id, [5, 50])
        before = library.projections.arrays(record.id)
    view = on_map.view
    on_map.scene.until(lambda: len(on_map.drawing) == 120)
    assert on_map.drawing.placed.nonzero()[0].tolist() == [4, 49]
    old = np.flatnonzero(~on_map.drawing.placed)
    assert np.array_equal(on_map.drawing.xy[old], before.points[np.argsort(before.tracks)])
    on_map.scene.until(lambda: on_map.mapping.job is None)
    assert len(on_map.scene.context.jobs.views) == 1
    # As many new ones are seen to the next time, too.
    on_map.scene.until(lambda: not on_map.mapping._tried)
    on_map.scene.until(lambda: not view.line.isVisible())


def test_what_an_empty_map_says(on_map: MapScene) -> None:
    path = on_map.scene.context.library.path
    path.unlink()
    fill(path, Tracks(20, folders=1, vectors=False))
    embed(path, [1, 2, 3])
    view = on_map.bare
    on_map.scene.until(lambda: on_map.mapping.state == "few")
    assert "3 tracks have been listened to" in view.message.text()
    assert not view.draw.isVisible()
    assert not view.tools.search.isEnabled()
    assert not view.menu.export.isEnabled()
    assert on_map.scene.context.jobs.views == []


def test_a_new_library_is_not_kept_waiting_for_a_map(on_map: MapScene) -> None:
    on_map.scene.context.library.path.unlink()  # nothing was ever listened to: there is no encoder
    view = on_map.bare
    on_map.scene.until(lambda: on_map.scene.session.census is not None)
    assert on_map.mapping.encoder is None
    assert "0 tracks have been listened to" in view.message.text()


def test_what_the_view_remembers(on_map: MapScene) -> None:
    view = on_map.view
    view.colour_by("year")
    view.tools.legend.click()
    text = view.save_state()
    view.colour_by("genre")
    view.tools.legend.click()
    view.restore_state(text)
    assert view.colouring.info.name == "year"
    assert not view.legend.isVisible()
    view.restore_state("nonsense \0 here")
    assert view.colouring.info.name == "year"


def test_a_large_window_gives_the_legend_room_until_a_person_does(on_map: MapScene) -> None:
    view, marks = on_map.view, on_map.view.save_state().split(" ")[1]
    for width, expected in ((744, 200), (1500, 285), (2400, 300)):
        view.restore_state(f"- {marks} ")
        view.hide()
        view.resize(width, 700)
        view.show()
        on_map.scene.until(lambda wide=expected: abs(view.legend.width() - wide) < 4)
    view.splitter.setSizes([2200, 200])
    text = view.save_state()
    view.splitter.setSizes([1900, 500])
    view.restore_state(text)
    view.hide()
    view.show()
    assert view.legend.width() < 220


def test_where_folders_tell_nothing_apart_another_column_does(on_map: MapScene) -> None:
    with Library(on_map.scene.context.library.path) as library, library._db.write() as connection:
        connection.exec_driver_sql("UPDATE file SET folder = 'f' || id")
    view = on_map.view
    assert view.stage.scheme is not None
    assert view.stage.scheme.info.name == "genre"
    assert view.tools.column.currentData() == "genre"
    assert view.save_state().startswith("- ")
    view.colour_by("folder")  # a person may want it all the same
    on_map.scene.until(lambda: view.stage.scheme is not None and view.stage.scheme.info.name == "folder")
    assert view.save_state().startswith("folder ")


def test_what_is_pointed_at_is_heard_where_that_is_wished(on_map: MapScene) -> None:
    view, player = on_map.view, on_map.scene.player
    asked: list[int] = []
    player.preview_changed.connect(lambda playable: asked.append(playable.track_id if playable else 0))
    QTest.mouseMove(view.stage.canvas, on_map.spot(60))
    on_map.scene.until(view.stage.card.isVisible)
    view.tools.listen.click()
    QTest.mouseMove(view.stage.canvas, on_map.spot(10))  # it passes
    QTest.mouseMove(view.stage.canvas, on_map.spot(61))
    on_map.scene.until(lambda: bool(asked))
    assert asked[0] == 62
    view.tools.listen.click()
    on_map.scene.until(lambda: asked[-1] == 0)


def test_a_map_that_is_stopped_leaves_the_one_before_and_can_be_drawn_after_all(on_map: MapScene) -> None:
    """Another method has no map yet: it is drawn without being asked for."""
    view, mapping = on_map.view, on_map.mapping
    before = on_map.drawing
    view.menu.methods["pca"].trigger()
    on_map.scene.until(lambda: mapping.job is not None)
    on_map.scene.until(view.line.isVisible)
    view.line.halt.click()
    on_map.scene.until(lambda: mapping.job is None)
    assert mapping.state == "failed"
    assert on_map.drawing is before
    assert view.line.doing.text() == "The map was not drawn. Still shown: the one before."
    assert view.line.halt.text() == "Draw the map"
    view.menu.methods["umap"].trigger()
    assert mapping.drawing is before
    on_map.scene.until(lambda: not view.line.isVisible())
    assert view.menu.methods["umap"].isChecked()
    assert not view.menu.methods["pca"].isChecked()


def test_a_track_is_found_from_another_view(on_map: MapScene) -> None:
    view = on_map.view
    far = int(np.linalg.norm(on_map.drawing.xy, axis=1).argmax())
    on_map.session.select([far + 1])
    view.find_selection()
    middle = view.stage.canvas.rect().center()
    on_map.scene.until(lambda: (on_map.spot(far) - middle).manhattanLength() < 4)
    assert view.stage.canvas.camera.scale > view.stage.canvas.whole().scale


def test_a_map_that_nobody_sees_waits_for_nothing(on_map: MapScene) -> None:
    """Changes of the library are looked at after a while; nothing may be left to wait for when the window closes."""
    view = on_map.view

    def waiting() -> list[bool]:
        maps_of_view = (on_map.mapping, view.second)
        return [timer.isActive() for one in maps_of_view for timer in one.findChildren(QTimer)]

    on_map.session.library_changed.emit(None)
    assert sum(waiting()) == 1, "the first map is seen, the second is not"
    view.hide()
    assert not any(waiting())
    on_map.session.library_changed.emit(None)
    assert not any(waiting())
