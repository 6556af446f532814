"""What comes with the program: listed without torch, taken by whoever uses it first, never believed blindly."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core import bundled, encoders, settings
from core.audio import SEGMENT
from core.bundled import DamagedError
from core.bundles import export_named, import_encoder
from core.errors import UserError
from core.jobs.events import Skipped
from core.jobs.runner import JobContext
from core.library.records import EncoderRecord
from core.library.store import Library
from core.neighbours import Neighbours
from core.nets import checkpoint
from core.nets.card import learned, standardisation
from core.recommend import measure, unit_rows
from core.recommend.standardise import FEWEST
from core.settings import Settings
from core.training import prepare
from core.training.config import resolve
from tests import shipped
from tests.audio_files import write_tone
from tests.library_tools import PLAN, Recorder, counts, embed, run_job, scan, write_tones
from tests.shipped import ship


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return shipped.folder(monkeypatch, tmp_path / "shipped")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "a.earmap") as opened:
        yield opened


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Library:
    """Three short tracks, scanned."""
    scan(library, write_tones(tmp_path / "music", 3))
    return library


def context(library: Library, listener: Any = None) -> JobContext:
    return JobContext(library, Settings(), 1, listener or Recorder(), threading.Event())


def spoil(path: Path, at: int = -3) -> None:
    """Flip bits of the weights: the header stays good."""
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


# -- the list ------------------------------------------------------------------------------------------


def test_the_default_comes_first_and_each_says_what_it_is(place: Path) -> None:
    for name in ("self-paper-w0.25", "earmap-2", "adjacent-paper-w0.25"):
        ship(place, name, title="" if name.startswith("self") else f"The {name}")
    found = bundled.available()
    assert [one.name for one in found] == ["earmap-2", "adjacent-paper-w0.25", "self-paper-w0.25"]
    assert [one.title for one in found] == ["The earmap-2", "The adjacent-paper-w0.25", "self-paper-w0.25"]
    assert found[0].card["data"]["sources"] == shipped.SOURCES
    assert found[0].weights_hash == checkpoint.load(found[0].path)[1]["weights_hash"]
    assert bundled.find("self-paper-w0.25") == found[2]
    assert bundled.find("self") is None


def test_the_list_is_read_without_torch_and_sqlalchemy(place: Path) -> None:
    ship(place)
    script = (
        "import json, sys; from core import bundled\n"
        "names = [one.name for one in bundled.available()]\n"
        "print(json.dumps([names, sorted({'torch', 'sqlalchemy', 'safetensors'} & set(sys.modules))]))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == [["earmap-2"], []]


def test_what_is_damaged_is_left_out_and_says_so_when_asked_for(place: Path) -> None:
    ship(place, "good")
    (place / "cut.safetensors").write_bytes((place / "good.safetensors").read_bytes()[:100])
    (place / "text.safetensors").write_text("this is no encoder")
    (place / "other.safetensors").write_bytes((place / "good.safetensors").read_bytes())
    (place / "folder.safetensors").mkdir()
    (place / "notes.txt").write_text("nothing")
    assert [one.name for one in bundled.available()] == ["good"]
    for name in ("cut", "text", "other", "folder"):
        with pytest.raises(
            DamagedError, match=rf"{name}, which came with Earmap, is damaged.*Install Earmap again"
        ):
            bundled.find(name)
        assert bundled.is_bundled(name.upper())


def test_a_file_that_was_mended_is_read_again(place: Path) -> None:
    good = ship(place).path.read_bytes()
    (place / "earmap-2.safetensors").write_bytes(good[:100])
    assert bundled.available() == ()
    (place / "earmap-2.safetensors").write_bytes(good)
    assert [one.name for one in bundled.available()] == ["earmap-2"]


def test_texts_of_a_hostile_card_are_made_harmless(place: Path) -> None:
    found = ship(place, title="Nice\n\x1b[31m", limits=["x" * 20_000])
    assert found.title == "Nice  [31m"
    assert len(found.card["limits"][0]) == 10_000


def test_without_any_nothing_is_there_and_the_default_is_what_needs_no_file(place: Path) -> None:
    place.rmdir()
    assert (bundled.available(), Settings().embedding.encoder) == ((), "mfcc")
    place.mkdir()
    ship(place)
    assert Settings().embedding.encoder == "earmap-2"


def test_a_choice_stays_and_the_default_is_not_written(place: Path, own_folders: Path) -> None:
    ship(place)
    chosen = Settings()
    settings.save(chosen)
    assert "embedding" not in json.loads(settings.settings_file().read_text())
    chosen.embedding.encoder = "mfcc"
    settings.save(chosen)
    assert settings.load()[0].embedding.encoder == "mfcc"


def test_what_really_comes_with_the_program_keeps_its_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files in `resources/encoders`: sound, small, and each with a card that tells all it should."""
    monkeypatch.delenv("EARMAP_ENCODERS_DIR")
    found = bundled.available()
    assert {one.name for one in found} == set(bundled.reserved()), "none is damaged"
    assert sum(one.path.stat().st_size for one in found) < 40 * 2**20
    for one in found:
        strategy, card = checkpoint.load(one.path)
        assert standardisation(card, strategy.track_dim) is not None, one.name
        assert card["bundled"] is True
        assert one.title != one.name
        sources = card["data"]["sources"]
        assert sources
        assert all(source["title"] and source["licence"] for source in sources), one.name
        assert card["data"]["hours"] > 0
        assert all({"this", "mfcc", "random"} <= set(row["rows"]) for row in card["figures"]["table"]), (
            one.name
        )
        assert card["figures"]["table"]
        assert all(card[key] for key in ("description", "limits", "rebuild", "curves")), one.name


# -- which encoder is meant --------------------------------------------------------------------------------


def record(name: str, weights: str = "w", key: int = 1) -> EncoderRecord:
    return EncoderRecord(key, name, "mfcc", {}, 20, 40, "1", weights, {}, "")


def test_an_old_library_goes_on_with_its_encoder_until_the_new_default_has_begun(place: Path) -> None:
    one = ship(place)
    mfcc = record("mfcc")
    assert bundled.in_use([mfcc], [one], "earmap-2") == mfcc
    assert bundled.in_use([mfcc], [one], "self") is None, "only the default is stood in for"
    assert bundled.known([mfcc], [one], "earmap-2") is None
    own = record("earmap-2", key=2)
    assert bundled.in_use([own], [], "mfcc") == own, "also where the program came without it"
    assert bundled.in_use([mfcc, own], [one], "earmap-2") == own


def test_weights_that_are_here_under_another_name_are_the_same_encoder(place: Path) -> None:
    one = ship(place)
    here = record("from a friend", one.weights_hash)
    assert bundled.known([here], [one], "earmap-2") == here
    assert bundled.offered([here], [one]) == ()
    assert bundled.offered([record("earmap-2", "others")], [one]) == (), "its name is taken here"
    assert bundled.offered([record("mfcc")], [one]) == (one,)


# -- use ---------------------------------------------------------------------------------------------------


def test_the_first_use_copies_it_into_the_library(place: Path, music: Library) -> None:
    one = ship(place)
    result = embed(music)
    assert (result["encoder"], result["embedded"]) == ("earmap-2", 3)
    here = music.encoders.get("earmap-2")
    assert (here.weights_hash, here.card["title"], here.card["data"]["hours"]) == (
        one.weights_hash,
        "Earmap 2",
        26.1,
    )
    assert (music.sidecar("encoders") / here.file).read_bytes() == one.path.read_bytes()
    one.path.unlink()
    again, strategy = encoders.ready(context(music), "earmap-2")
    assert again == here, "the library has all it needs"
    assert checkpoint.weights_hash(strategy) == one.weights_hash


def test_a_copy_that_is_gone_is_no_loss_while_the_program_has_it(place: Path, music: Library) -> None:
    one = ship(place)
    here, _ = encoders.ready(context(music), "earmap-2")
    (music.sidecar("encoders") / here.file).unlink()
    again, strategy = encoders.ready(context(music), "earmap-2")
    assert (again, checkpoint.weights_hash(strategy)) == (here, one.weights_hash)


def test_a_friends_copy_is_used_under_the_name_it_has_here(
    place: Path, music: Library, tmp_path: Path
) -> None:
    ship(place)
    gift = export_named(music, "earmap-2", tmp_path / "gift")
    assert music.encoders.all() == [], "it was given away without being used"
    taken = import_encoder(music, gift, "theirs")
    assert (taken.name, taken.card["limits"]) == ("theirs", shipped.CARD["limits"])
    assert embed(music, encoder="earmap-2")["encoder"] == "theirs"
    assert [one.name for one in music.encoders.all()] == ["theirs"]


def test_nobody_else_may_have_its_name(place: Path, library: Library, tmp_path: Path) -> None:
    ship(place)
    gift = export_named(library, "earmap-2", tmp_path / "gift.safetensors")
    ship(place, "other", seed=1)
    other = export_named(library, "other", tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="called earmap-2 already"):
        import_encoder(library, other, "earmap-2")
    assert import_encoder(library, gift).name == "earmap-2"


def test_a_training_run_is_called_otherwise(place: Path, library: Library) -> None:
    ship(place, "self-paper-w0.25", strategy="self")
    assert prepare.proposed(library, resolve("self", "paper", {"width": 0.25})) == "self-paper-w0.25-2"
    assert prepare.proposed(library, resolve("self", "paper", {"width": 0.5})) == "self-paper-w0.5"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"hours": 26.1, "tracks": 470}, "It learned from 26.1 h of music, 470 tracks."),
        ({"seconds": 1800.0, "tracks": 12}, "It learned from 30 min of music, 12 tracks."),
        ({"hours": "many", "tracks": True}, ""),
        ([], ""),
    ],
)
def test_what_it_learned_from_is_one_sentence(data: Any, told: str) -> None:
    assert learned({"data": data}) == told


@pytest.mark.parametrize("harm", ["weights", "header"])
def test_a_damaged_default_is_told_and_what_needs_no_file_listens(
    harm: str, place: Path, music: Library
) -> None:
    spoil(ship(place).path, at=-3 if harm == "weights" else 20)
    heard = Recorder()
    ended = run_job(music, "embed", listener=heard)
    assert (ended.outcome, ended.result["encoder"]) == ("completed", "mfcc"), ended.details
    [told] = [event for event in heard.of(Skipped) if event.item == "encoder"]
    assert "earmap-2, which came with Earmap, is damaged" in told.reason
    assert "Meanwhile mfcc listens" in told.reason
    assert told.reason.startswith(" ".join(ended.result["damaged"]))
    assert counts(music).embedded == 3
    assert [one.name for one in music.encoders.all()] == ["mfcc"]
    assert list(music.sidecar("encoders").iterdir()) == []


def test_a_damaged_one_that_was_asked_for_by_name_is_an_error(place: Path, music: Library) -> None:
    spoil(ship(place, "self-paper-w0.25").path)
    ended = run_job(music, "embed", encoder="self-paper-w0.25")
    assert ended.outcome == "failed"
    assert ended.title == "The encoder self-paper-w0.25, which came with Earmap, is damaged."
    assert "Install Earmap again" in ended.hint


def test_an_old_librarys_vectors_stay_when_the_new_default_listens(place: Path, music: Library) -> None:
    embed(music)
    before = music.vectors.after(music.encoders.get("mfcc").id, PLAN, 0)[2]
    ship(place)
    assert embed(music)["encoder"] == "earmap-2"
    assert np.array_equal(music.vectors.after(music.encoders.get("mfcc").id, PLAN, 0)[2], before)
    assert counts(music, "earmap-2").embedded == 3


# -- statistics of what it learned from ---------------------------------------------------------------------


def similarities(library: Library, name: str) -> np.ndarray[Any, Any]:
    near = Neighbours(library, library.encoders.get(name), PLAN)
    near.refresh()
    return near.snapshot.unit


def test_a_small_library_is_compared_as_the_card_says_and_a_larger_one_by_its_own(
    place: Path, library: Library, tmp_path: Path
) -> None:
    one = ship(place)
    scan(library, write_tones(tmp_path / "few", FEWEST - 1))
    embed(library)
    raw = library.vectors.after(library.encoders.get("earmap-2").id, PLAN, 0)[2]
    mean, std = (np.array(one.card["standardisation"][key], np.float32) for key in ("mean", "std"))
    expected = (raw - mean) / std
    expected[:, len(mean) // 2 :] /= 2  # deviations over a track's segments count half
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert similarities(library, "earmap-2") == pytest.approx(expected, abs=1e-5)
    assert not np.allclose(expected, unit_rows(raw, None), atol=0.01)
    write_tone(tmp_path / "few" / "last.wav", 0.2, frequency=900)
    scan(library)
    embed(library)
    raw = library.vectors.after(library.encoders.get("earmap-2").id, PLAN, 0)[2]
    own = similarities(library, "earmap-2")
    assert len(own) == FEWEST
    assert own == pytest.approx(unit_rows(raw, measure(raw)), abs=1e-5)


GOOD = {"mean": [0.0] * 256, "std": [1.0] * 256, "n": 400}


@pytest.mark.parametrize(
    "told",
    [
        {"mean": 0.1, "std": 0.2}, {"mean": [0.0], "std": [1.0], "n": 400}, None, [1, 2], GOOD | {"n": 3},
        GOOD | {"n": "9"}, GOOD | {"mean": [10**400] * 256},
        GOOD | {"std": [-1.0] * 256}, GOOD | {"std": [0.0] * 256}, GOOD | {"mean": ["x"] * 256},
        GOOD | {"mean": [1e300] * 256}, GOOD | {"std": [[1.0]] * 256},
    ],
)  # fmt: skip
def test_statistics_that_cannot_be_are_none(told: Any) -> None:
    assert standardisation({"standardisation": GOOD}, 256) is not None
    assert standardisation({"standardisation": told}, 256) is None


def test_a_bundled_network_is_loaded_in_float32(place: Path) -> None:
    strategy, _ = checkpoint.load(ship(place).path)
    assert strategy.embed(0.1 * torch.randn(2, SEGMENT)).dtype == torch.float32
