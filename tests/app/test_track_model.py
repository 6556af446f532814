from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app import track_model
from app.cells import FILE_ID
from app.columns import NAMES, clock, codec, sort_keys
from app.context import Context
from app.track_model import PAGE, TrackModel
from tests.scene import Scene
from tests.synthetic import Mix, embed, first_waiting, tags, waiting

MIX = Mix(1506, waiting=0.2)  # the last one waits
TITLE, ARTIST, YEAR = NAMES.index("title"), NAMES.index("artist"), NAMES.index("year")


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(context, qtbot)
    yield made
    made.close()


@pytest.fixture
def model(scene: Scene) -> TrackModel:
    scene.fill(MIX)
    made = TrackModel(scene.session)
    scene.session.start()
    scene.until(lambda: len(made.ids) == MIX.tracks)
    return made


def test_the_first_rows_of_an_empty_list_do_not_wait_as_later_ones_do(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_model, "CALM_S", 1000.0)
    made = TrackModel(scene.session)
    with scene.qtbot.waitSignal(made.ordered, timeout=20_000):
        scene.session.start()
    assert not len(made.ids)
    scene.fill(MIX)
    scene.session.refresh()
    scene.until(lambda: len(made.ids) == MIX.tracks)


def shown(scene: Scene, model: TrackModel, row: int, column: int) -> str:
    """A cell's text, once it is there."""
    index = model.index(row, column)
    scene.until(lambda: index.data() is not None)
    return str(index.data())


def answered(scene: Scene, model: TrackModel, **wish: object) -> None:
    with scene.qtbot.waitSignal(model.ordered, timeout=20_000):
        model.show(**wish)  # type: ignore[arg-type] # passed on


def test_a_cell_is_blank_until_its_page_has_come(scene: Scene, model: TrackModel) -> None:
    index = model.index(700, TITLE)
    assert index.data() is None
    with scene.qtbot.waitSignal(model.dataChanged, timeout=20_000):
        pass
    number = int(model.ids[700]) - 1
    assert index.data() == tags(number)["title"]
    assert index.data(FILE_ID) == number + 1


def test_rows_come_by_pages_and_only_so_many_are_kept(
    scene: Scene, model: TrackModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_model, "KEPT_PAGES", 2)
    for page in range(5):
        shown(scene, model, page * PAGE + 3, TITLE)
        assert model.row_at(page * PAGE) is not None
    assert model.row_at(0) is None
    assert sum(model.row_at(row) is not None for row in range(MIX.tracks)) == 2 * PAGE
    shown(scene, model, 0, TITLE)


def test_of_many_pages_flown_over_only_the_last_are_read(scene: Scene, model: TrackModel) -> None:
    for page in range(5):
        model.index(page * PAGE, TITLE).data()
    model.index(1, TITLE).data()
    scene.until(lambda: model.row_at(0) is not None and model.row_at(4 * PAGE) is not None)
    scene.qtbot.wait(200)
    assert model.row_at(PAGE) is None


def test_sorting_by_several_columns(scene: Scene, model: TrackModel) -> None:
    answered(scene, model, sort=(("year", True), ("title", False)))
    facts = [tags(number) for number in range(MIX.tracks)]
    expected = sorted(range(MIX.tracks), key=lambda n: (-facts[n]["year"], facts[n]["title"].lower()))
    assert (model.ids - 1).tolist() == expected
    assert model.headerData(YEAR, track_model.Qt.Orientation.Horizontal) == "Year ↓1"
    assert model.headerData(TITLE, track_model.Qt.Orientation.Horizontal) == "Title ↑2"


def test_search_and_folder_narrow_the_table(scene: Scene, model: TrackModel) -> None:
    answered(scene, model, query="genre:jazz -amber")
    facts = [tags(number) for number in range(MIX.tracks)]
    words = [f"{told['title']} {told['artist']} {told['album']}".lower() for told in facts]
    jazz = [n for n in range(MIX.tracks) if facts[n]["genre"] == "Jazz" and "amber" not in words[n]]
    assert sorted(model.ids - 1) == jazz
    answered(scene, model, query="", root_id=2)
    assert model.ids.min() == MIX.tracks // 2 + 1
    assert len(model.ids) == MIX.tracks // 2


def test_a_changed_row_shows_its_new_state_and_others_stay(scene: Scene, model: TrackModel) -> None:
    three = first_waiting(MIX, 3)
    answered(scene, model, query="state:pending")
    place = int(model.places(np.array(three[:1]))[0])
    shown(scene, model, place, TITLE)
    embed(scene.context.library.path, three)
    scene.session.refresh()
    # The search is for waiting tracks: the three leave it.
    scene.until(lambda: not np.isin(three, model.ids).any())
    answered(scene, model, query="")
    place = int(model.places(np.array(three[:1]))[0])
    scene.until(
        lambda: model.index(place, TITLE).data() is not None and model.row_at(place).state == "embedded"
    )  # type: ignore[union-attr] # there


def test_a_row_that_changes_never_blinks(scene: Scene, model: TrackModel) -> None:
    one = first_waiting(MIX, 1)
    place = int(model.places(np.array(one))[0])
    title = shown(scene, model, place, TITLE)
    seen: list[object] = []
    model.dataChanged.connect(lambda: seen.append(model.index(place, TITLE).data()))
    embed(scene.context.library.path, one)
    scene.session.refresh()
    scene.until(lambda: model.row_at(place).state == "embedded")  # type: ignore[union-attr] # there
    assert set(seen) == {title}


def test_new_rows_at_the_end_come_without_a_swap(scene: Scene, model: TrackModel) -> None:
    answered(scene, model, query="state:embedded", sort=())
    before, swaps = model.ids.tolist(), []
    model.swapped.connect(swaps.append)
    new = [key for key in waiting(MIX) if key > before[-1]]
    with scene.qtbot.waitSignal(model.rowsInserted, timeout=20_000):
        embed(scene.context.library.path, new)
        scene.session.refresh()
    assert model.ids.tolist() == before + new
    assert not swaps


def test_another_encoder_means_other_states(scene: Scene, model: TrackModel) -> None:
    place = 0
    shown(scene, model, place, TITLE)
    names = {"name": "second", "strategy": "mfcc", "front_end": "x", "weights_hash": "y", "file": ""}
    scene.ask(lambda reader: reader.library.encoders.add(**names, dim=1, track_dim=1, config={}, card={}))
    scene.session.refresh()
    scene.until(lambda: len(scene.session.encoders) == 2)
    scene.session.set_encoder("second")
    scene.until(
        lambda: model.index(place, TITLE).data() is not None and model.row_at(place).state == "pending"
    )  # type: ignore[union-attr] # there


def test_an_album_keeps_its_order_whatever_comes_first() -> None:
    assert sort_keys((("artist", True),)) == [
        ("artist", True), ("album", False), ("disc", False), ("track", False), ("title", False),
    ]  # fmt: skip
    assert sort_keys((("album", False), ("artist", True)))[:2] == [("album", False), ("artist", True)]
    assert len({key for key, _ in sort_keys((("album", False), ("artist", True)))}) == 5


def test_lengths_and_formats_as_a_person_writes_them() -> None:
    assert [clock(s) for s in (None, 0.4, 59.6, 61, 3725)] == ["", "0:00", "1:00", "1:01", "1:02:05"]
    assert [codec(name) for name in ("mp3float", "pcm_s24le", "vorbis", "alac")] == [
        "MP3",
        "PCM",
        "Vorbis",
        "ALAC",
    ]
