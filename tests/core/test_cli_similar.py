"""`earmap similar` and `earmap playlist` as scripts use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import cli
from core.cli_similar import seconds_of, times, years
from core.library.store import Library
from tests.audio_files import write_music
from tests.library_tools import run_job, scan

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 20 pieces by 4 artists, 7 s each, embedded with the vectors of their segments."""
    folder = tmp_path_factory.mktemp("similar")
    (folder / "m").mkdir()
    for seed in range(20):
        tags = {"title": f"Piece {seed}", "artist": f"Artist {seed % 4}", "date": str(1970 + seed)}
        write_music(folder / "m" / f"{seed:02}.flac", 7, seed=seed, tags=tags)
    with Library(folder / "a.earmap") as library:
        scan(library, folder / "m")
        assert run_job(library, "embed", keep_segments=True).outcome == "completed"
    return folder


@pytest.fixture
def run(music: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process: its document, or with `code` what it says."""

    def run(*arguments: str, code: int = 0, plain: bool = False) -> Any:
        words = [*arguments, "--library", str(music / "a.earmap"), *([] if plain else ["--json"])]
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        captured = capsys.readouterr()
        assert (ended.value.code or 0) == code, captured.err
        if code:
            return captured.err
        return (captured.out, captured.err) if plain else json.loads(captured.out)

    return run


def song(music: Path, number: int) -> str:
    return str(music / "m" / f"{number:02}.flac")


def titles(document: dict[str, Any]) -> list[str]:
    return [result["title"] for result in document["results"]]


def test_rules(run: Run, music: Path) -> None:
    found = run(
        "similar", song(music, 3), "--years", "1980-", "--length", "0:05-0:10", "--exclude-artist", "--hubs",
        "--folder", str(music / "m"), "-n", "20",
    )  # fmt: skip
    assert sorted(titles(found)) == sorted(f"Piece {n}" for n in range(10, 20) if n % 4 != 3)
    assert "Years from 1980: 8 tracks left out." in found["receipt"]
    assert any(line.startswith("Hubs corrected") for line in found["receipt"])
    assert titles(run("similar", song(music, 3), "--genre", "polka")) == []
    out, err = run("similar", song(music, 3), "--genre", "polka", plain=True)
    assert out == "Nothing is left to show.\n"
    assert err.startswith("No track is left under these rules.\n")


def test_a_path_is_written_and_kept(run: Run, music: Path, tmp_path: Path) -> None:
    out = tmp_path / "way.m3u8"
    found = run(
        "similar", song(music, 0), song(music, 5), "--path", song(music, 9), "-n", "7", "--out", str(out),
        "--keep", "Way",
    )  # fmt: skip
    names = titles(found)
    assert (names[0], names[-1], len(names)) == ("Piece 0", "Piece 9", 7)
    assert "Piece 5" in names
    assert (found["tracks"], found["playlist"]) == (7, "Way")
    lines = [line for line in out.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert (tmp_path / lines[0]).resolve() == (music / "m" / "00.flac").resolve()
    shown = run("playlist", "show", "way")
    assert [item["title"] for item in shown["items"]] == names
    assert (shown["kind"], shown["rule"]["kind"], shown["rule"]["n"]) == ("path", "path", 7)
    again = run("playlist", "refresh", "Way")
    assert (again["tracks"], again["new"]) == (7, 0)


def test_a_radio_keeps_its_spacing(run: Run, music: Path) -> None:
    found = run("similar", song(music, 0), "--radio", "-n", "12", "--spacing", "2", "0")
    artists = ["Artist 0", *(result["artist"] for result in found["results"])]
    assert all(artists[i] not in artists[max(0, i - 2) : i] for i in range(1, 13))
    assert len(run("similar", song(music, 0), "--radio")["results"]) == 19


def test_moments_and_reasons(run: Run, music: Path) -> None:
    found = run("similar", song(music, 4), "--moment", "0:00-0:02", "-n", "3")
    assert found["heard"] == [0.0]
    assert {result["start"] for result in found["results"]} <= {0.0, 3.0}
    assert len(found["results"]) == 3
    out, err = run("similar", song(music, 4), "--moment", "0-2", "-n", "30", plain=True)
    assert len(out.splitlines()) == 19
    assert "Heard for this: 3 s from 0:00." in err
    assert "Only 19 of the 30 that were asked for: no more are left." in err
    some = run(
        "similar", song(music, 4), "--moment", "0-2", "--years", "1980-", "--exclude-artist", "-n", "30"
    )
    assert sorted(titles(some)) == sorted(f"Piece {n}" for n in range(10, 20) if n % 4)
    assert "Years from 1980: 7 tracks left out." in some["receipt"]
    assert titles(run("similar", song(music, 4), "--moment", "0-2", "--genre", "polka")) == []
    kept = run("similar", song(music, 4), "--moment", "0-2", "-n", "5", "--years", "1980-", "--keep", "Bit")
    shown = run("playlist", "show", "Bit")
    assert (kept["playlist"], shown["kind"], shown["rule"]["span"]) == ("Bit", "moment", [0.0, 2.0])
    assert [item["title"] for item in shown["items"]] == titles(kept)
    assert run("playlist", "refresh", "Bit")["tracks"] == 5
    why = run("similar", song(music, 4), "--why", "-n", "2")
    assert {len(result["why"]) for result in why["results"]} == {1}, "of two segments one pair lies apart"
    assert "is like" in run("similar", song(music, 4), "--why", "-n", "2", plain=True)[0]


def test_what_stdout_holds_is_the_list_alone(run: Run, music: Path) -> None:
    out, err = run("similar", song(music, 0), "-n", "3", plain=True)
    assert len(out.splitlines()) == 3
    assert err.splitlines()[-1] == "All 3 that were asked for."


def test_a_list_is_kept_from_first_to_last(run: Run, music: Path, tmp_path: Path) -> None:
    made = run("playlist", "create", "Mine", song(music, 2), song(music, 1), "--search", "title:7")
    assert (made["name"], made["tracks"], made["kind"]) == ("Mine", 4, "list")
    assert run("playlist", "create", "mine")["name"] == "mine 2"
    assert run("playlist", "add", "Mine", song(music, 2))["tracks"] == 5
    assert run("playlist", "rename", "mine", "Ours")["name"] == "Ours"
    assert {"Ours", "mine 2"} <= {one["name"] for one in run("playlist", "list")["playlists"]}
    shown = [item["title"] for item in run("playlist", "show", "Ours")["items"]]
    assert shown == ["Piece 2", "Piece 1", "Piece 17", "Piece 7", "Piece 2"]
    for name in ("x.m3u8", "x.xspf"):
        out = str(tmp_path / name)
        assert run("playlist", "export", "Ours", out) == {"file": out, "tracks": 5, "missing": 0}
        back = run("playlist", "import", out, "--name", f"From {name}")
        assert (back["found"], back["missing"], back["kind"]) == (5, 0, "import")
        assert [item["title"] for item in run("playlist", "show", f"From {name}")["items"]] == shown
    out = str(tmp_path / "y.m3u8")
    assert run("export", "playlist", out, "--name", "Ours", "--absolute")["tracks"] == 5
    assert song(music, 2) in (tmp_path / "y.m3u8").read_text()
    assert run("playlist", "delete", "Ours")["name"] == "Ours"
    assert "no playlist called Ours" in run("playlist", "show", "Ours", code=1)


def test_a_list_with_missing_tracks_says_so(run: Run, music: Path, tmp_path: Path) -> None:
    (tmp_path / "old.m3u").write_text(f"#EXTINF:9,Ann - Gone\n/no/where.mp3\n{song(music, 3)}\nhttp://x/y\n")
    out, _ = run("playlist", "import", str(tmp_path / "old.m3u"), plain=True)
    assert out == ("old: 1 track found, 1 missing, kept as named, 1 of streams passed over.\n")
    shown, _ = run("playlist", "show", "old", plain=True)
    assert shown.splitlines()[0] == "old: 2 tracks, 1 missing"
    assert "Ann - Gone  (missing: /no/where.mp3)" in shown
    assert run("playlist", "export", "old", str(tmp_path / "back.xspf"))["missing"] == 1
    assert "/no/where.mp3" in (tmp_path / "back.xspf").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["similar", "{0}", "--path", "{0}"], 1, "choose two different ones"),
        (["similar", "{0}", "--path", "/no/such.mp3"], 1, "is not in the library"),
        (["similar", "{0}", "--path", "{1}", "--radio"], 2, "two different lists"),
        (["similar", "{0}", "--radio", "--not", "{1}"], 2, "--not says nothing about a radio"),
        (["similar", "{0}", "--years", "soon"], 2, "--years"),
        (["similar", "{0}", "--years", "1990-1980"], 2, "--years"),
        (["similar", "{0}", "--length", "-"], 2, "--length"),
        (["similar", "{0}", "--moment", "5-"], 2, "both ends"),
        (["similar", "{0}", "{1}", "--moment", "1-5"], 2, "one track"),
        (["similar", "{0}", "--moment", "1-5", "--out", "x.m3u8"], 1, "cannot hold moments"),
        (["similar", "{0}", "--out", "x.doc"], 1, "which kind of playlist"),
        (["similar", "{0}", "--keep", " "], 1, "between 1 and 200 letters"),
        (["playlist", "create", "x", "99999"], 1, "no track of this library"),
        (["playlist", "delete", "nothing"], 1, "no playlist called nothing"),
        (["playlist", "import", "/no/such.m3u"], 1, "not a playlist"),
        (["playlist", "create", "Empty", "--search", "title:nothingness"], 0, ""),
        (["playlist", "export", "Empty", "x.m3u8"], 1, "no track in this playlist"),
        (["playlist", "refresh", "Empty"], 1, "put together by hand"),
        (["export", "playlist", "x.m3u8", "--name", "Empty", "--like", "{0}"], 2, "three different lists"),
    ],
)  # fmt: skip
def test_mistakes_get_a_sentence(run: Run, music: Path, arguments: list[str], code: int, words: str) -> None:
    told = run(*(word.format(song(music, 0), song(music, 1)) for word in arguments), code=code)
    assert words in str(told)


def test_spans() -> None:
    assert years("1970-1980") == (1970, 1980)
    assert years("1970") == (1970, 1970)
    assert (years("1970-"), years("-1980")) == ((1970, None), (None, 1980))
    assert times("1:05-2:00:00") == (65, 7200)
    for wrong in ("1:x", "-5", "nan", ""):
        with pytest.raises(ValueError, match=r".*"):
            seconds_of(wrong)


def test_labels_are_rules_too(run: Run, music: Path) -> None:
    with Library(music / "a.earmap") as library:
        row = library.rows.page(-1, "", [library.rows.find(song(music, 6).encode()) or 0])[0]
        library.labels.set([row.track_id or 0], "calm")
    assert titles(run("similar", song(music, 0), "--label", "Calm")) == ["Piece 6"]
