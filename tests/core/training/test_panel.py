from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.audio import SEGMENT
from core.audio.clip_store import ClipStore
from core.audio.clips import Clip, ClipSet
from core.strategies.base import Strategy, StrategyConfig
from core.training import panel as module
from core.training.config import TrainingConfig
from core.training.panel import Panel, choose

DIM = 6


def clip(name: str, album: str = "", recording: str = "") -> Clip:
    return Clip(name, 0, f"Title {name}", f"Artist {name}", album, recording or name, "")


def shelf(folder: Path, clips: list[Clip], sound: dict[str, np.ndarray] | None = None) -> ClipSet:
    """Clips of two segments each, a tone of its own unless said otherwise."""
    with ClipStore(folder, "middle-6") as store:
        for number, each in enumerate(clips):
            wave = 3000 * np.sin(np.arange(2 * SEGMENT) * (number + 1) / 100)
            store.add(each, [(sound or {}).get(each.identity, wave).astype(np.int16)])
    return ClipSet.open(folder)


class Levels(Strategy):
    """Reads its vector off the first samples of a segment, and says in which mode it was asked."""

    name, title, summary, front_end = "levels", "", "", "1"

    def __init__(self) -> None:
        super().__init__(StrategyConfig())
        self.dim = DIM
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.batches: list[tuple[int, bool]] = []

    def forward(self, waves: Tensor) -> Tensor:
        self.batches.append((len(waves), self.training))
        return waves[:, :DIM] * self.weight


def levels(vector: list[int]) -> np.ndarray:
    """A clip whose segments begin with these samples wherever they lie."""
    return np.tile(np.array(vector), 2 * SEGMENT // DIM)


def test_pins_and_their_albums_come_first_then_whole_albums_then_singles() -> None:
    clips = [clip(f"p{i}", "Pinned") for i in range(3)]
    clips += [clip(f"{album}{i}", album) for album in "abcdefgh" for i in range(4)]
    clips += [clip(f"single {i}") for i in range(20)] + [clip("alone", "Alone")]
    rows = choose(clips, ["p1"], 16)
    albums = Counter(clips[row].album for row in rows.tolist())
    assert len(rows) == 16
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert albums.pop("Pinned") == 3
    assert albums.pop("") == 1, "what no whole album fits into"
    assert list(albums.values()) == [4, 4, 4]
    everything = choose(clips, ["p1"], 1000)
    assert everything.tolist() == list(range(len(clips)))


def test_the_same_music_gives_the_same_panel_whatever_its_order() -> None:
    clips = [clip(f"{album}{i}", album) for album in "abcdefgh" for i in range(4)]
    one = {clips[row].identity for row in choose(clips, [], 12).tolist()}
    turned = clips[::-1]
    assert {turned[row].identity for row in choose(turned, [], 12).tolist()} == one
    assert one != {each.identity for each in clips[:12]}, "not just the first"


def test_versions_of_a_recording_and_box_sets_do_not_fill_the_panel() -> None:
    box = [clip(f"b{i}", "Box") for i in range(40)]
    twice = [clip("live", "A", "song"), clip("studio", "B", "song"), clip("other", "B"), clip("third", "B")]
    clips = box + twice
    chosen = [clips[row] for row in choose(clips, [], 256).tolist()]
    assert Counter(each.album for each in chosen)["Box"] == module.MOST_OF_ALBUM
    assert Counter(each.recording for each in chosen).most_common(1)[0][1] == 1
    assert "studio" in {clips[row].identity for row in choose(clips, ["studio"], 256).tolist()}, "pins always"


def test_pins_without_a_clip_and_too_many_pins_are_passed_over(tmp_path: Path) -> None:
    clips = shelf(tmp_path, [clip(f"t{i:02}") for i in range(12)])
    pins = ["gone", "t03", "t03", *(f"t{i:02}" for i in range(4, 12))]
    found = Panel(clips, pins)
    assert [found.clips[pin].identity for pin in found.pins] == ["t03", "t04", "t05", "t06", "t07", "t08"]
    assert Panel(shelf(tmp_path / "none", []), ["t03"]).pins == ()


def test_a_track_is_the_mean_of_two_segments_in_eval_mode(tmp_path: Path) -> None:
    one, other = [600, 0, 0, 0, 0, 0], [0, 600, 0, 0, 0, 0]
    room = 4 * SEGMENT  # of a clip of five segments: its segments begin after one and after three
    sound = np.concatenate([levels(one)[: 2 * SEGMENT], np.tile(np.array(other), 3 * SEGMENT // DIM)])
    assert int(0.25 * room) == SEGMENT
    clips = shelf(tmp_path, [clip("a"), clip("b")], {"a": sound, "b": np.array([900] * 100)})
    strategy = Levels().train()
    found = Panel(clips).embed(strategy)
    np.testing.assert_allclose(found[0], np.array([300, 300, 0, 0, 0, 0]) / 32768, atol=1e-7)
    np.testing.assert_allclose(found[1], np.full(DIM, 900) / 32768, atol=1e-7)
    assert strategy.batches == [(4, False)]
    assert strategy.training, "as it was before"


def test_albums_that_sound_alike_are_found_and_pins_see_their_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    rng = np.random.default_rng(1)
    kinds = {album: rng.integers(-9000, 9000, DIM) for album in "ABCDEFGHIJKL"}
    clips = [clip(f"{album}{i}", album) for album in kinds for i in range(3)] + [clip("x")]
    sound = {
        each.identity: levels((kinds[each.album] + rng.integers(-300, 300, DIM)).tolist())
        for each in clips[:-1]
    }
    found = Panel(shelf(tmp_path, clips, sound), ["B1"])
    look = found.look(Levels())
    assert look.album.any_hit == 1
    assert (look.album.n, look.album.groups) == (36, 12)
    assert 0.4 < look.album.chance_any < 0.6, "2 mates among 36, 10 draws"
    kept = found.remember({}, 50, look)
    json.dumps(kept, allow_nan=False)
    [pin] = kept["pins"]
    assert (pin["identity"], pin["title"], pin["artist"]) == ("B1", "Title B1", "Artist B1")
    [entry] = pin["history"]
    assert entry["step"] == 50
    assert len(entry["neighbours"]) == module.SHOWN
    assert {near["identity"] for near in entry["neighbours"][:2]} == {"B0", "B2"}
    scores = [near["score"] for near in entry["neighbours"]]
    assert scores == sorted(scores, reverse=True)
    assert 0.9 < scores[1] <= 1
    assert kept["chance"] == look.album.chance_any


def test_a_history_is_bounded_keeps_both_ends_and_forgets_what_was_taken_back(tmp_path: Path) -> None:
    found = Panel(shelf(tmp_path, [clip(f"t{i}") for i in range(5)]), ["t1"])
    look = found.look(Levels())
    kept: dict[str, object] = {}
    for step in range(0, 5000, 10):
        kept = found.remember(kept, step, look)
    [pin] = kept["pins"]  # type: ignore[misc] # JSON
    steps = [entry["step"] for entry in pin["history"]]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 4990)
    assert len(steps) <= module.LONGEST_HISTORY
    assert len(json.dumps(kept)) < 40_000
    again = found.remember(kept, steps[3], look)
    assert [entry["step"] for entry in again["pins"][0]["history"]] == steps[:4]


def test_two_albums_of_one_name_are_no_hit_of_each_other(tmp_path: Path) -> None:
    clips = [
        replace(clip(f"{artist}{i}", "Greatest Hits"), album_artist=artist)
        for artist in ("Ann", "Bob")
        for i in range(2)
    ]
    sound = {
        each.identity: levels([9000 * (i % 2), 9000 * (1 - i % 2), 0, 0, 0, i])
        for i, each in enumerate(clips)
    }
    look = Panel(shelf(tmp_path, clips, sound)).look(Levels())
    assert (look.album.n, look.album.groups) == (4, 2)


def test_looking_takes_a_small_share_of_the_time_of_the_steps(tmp_path: Path) -> None:
    found = Panel(shelf(tmp_path, [clip(f"t{i:03}") for i in range(60)]))

    def looks(batch: int, every: int) -> list[int]:
        config = TrainingConfig(batch=batch, validate_every=every, steps=10 * every + 1)
        return [
            step
            for step in (*range(0, 10 * every, every), 10 * every + 1)
            if found.due(step, config, 2 * batch)
        ]

    assert looks(128, 50) == [*range(0, 500, 50), 501]
    for batch, every in ((4, 50), (16, 5), (2, 1)):
        seen = looks(batch, every)
        assert (seen[0], seen[-1]) == (0, 10 * every + 1)
        pause = (seen[1] - seen[0]) * 2 * batch * 3
        assert seen[1] == seen[-1] or 120 <= module.SHARE * pause <= 120 + module.SHARE * 6 * batch * every


def test_the_network_computes_in_the_precision_of_the_run(tmp_path: Path) -> None:
    class Telling(Levels):
        def forward(self, waves: Tensor) -> Tensor:
            self.kinds = (waves @ torch.ones(waves.shape[1], 2)).dtype
            return super().forward(waves)

    clips, told = shelf(tmp_path, [clip("a")]), Telling()
    for precision, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        assert Panel(clips, precision=precision).embed(told).dtype == np.float32
        assert told.kinds == kind


def test_music_without_albums_has_no_rate_and_that_is_said(tmp_path: Path) -> None:
    found = Panel(shelf(tmp_path, [clip(f"t{i}") for i in range(3)]), ["t0"])
    look = found.look(Levels())
    assert look.album.n == 0
    assert found.remember({}, 1, look)["chance"] is None
    empty = Panel(shelf(tmp_path / "none", [])).look(Levels())
    assert (empty.album.n, empty.beside) == (0, ())
