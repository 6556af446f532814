"""The command line as scripts use it: one JSON document on standard output, exit codes, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core import cli
from core.library.store import Library
from tests import synthetic
from tests.audio_files import write_music, write_tone
from tests.library_tools import counts, write_tones


def earmap(library: Path, *arguments: str | bytes) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "core.cli", *arguments, "--library", str(library)]
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)


def run_json(capsys: pytest.CaptureFixture[str], library: Path, *arguments: str) -> dict[str, Any]:
    """Run a command in this process; the document that it printed."""
    code = exit_code([*arguments, "--library", str(library), "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    document: dict[str, Any] = json.loads(captured.out)
    return document


def exit_code(arguments: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library and its folder: 24 pieces by 4 artists, one of them a broken file, embedded with mfcc."""
    folder = tmp_path_factory.mktemp("cli")
    music = folder / "music"
    music.mkdir()
    for seed in range(24):
        tags = {"title": f"Piece {seed}", "artist": f"Artist {seed % 4}", "album": f"Album {seed % 6}"}
        write_music(music / f"{seed:02}.flac", 4, seed=seed, tags=tags)
    (music / "broken.mp3").write_text("no music at all " * 100)
    done = earmap(folder / "a.earmap", "add", str(music), "--json")
    assert (done.returncode, done.stderr) == (0, ""), "with --json nobody watches"
    document = json.loads(done.stdout)
    assert (document["found"], document["embedded"]) == (25, 24)
    assert document["failed"] + document["skipped"] == 1
    return folder / "a.earmap", music


def test_status_adds_up(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    status = run_json(capsys, filled[0], "status")
    parts = ("embedded", "partial", "failed", "skipped", "pending")
    assert status["found"] == sum(status[part] for part in parts) == 25
    assert [encoder["name"] for encoder in status["encoders"]] == ["mfcc"]
    assert [job["kind"] for job in status["jobs"]] == ["embed", "scan"]
    failure = status["failures"][0]
    assert failure["path"].endswith("broken.mp3")
    assert len(failure["reason"]) > 15


def test_similar_by_path_and_number(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    library, music = filled
    found = run_json(capsys, library, "similar", str(music / "03.flac"), "-n", "5")
    (seed,) = found["seeds"]
    assert found["encoder"] == "mfcc"
    assert len(found["results"]) == 5
    assert seed not in [result["track"] for result in found["results"]]
    scores = [result["score"] for result in found["results"]]
    assert scores == sorted(scores, reverse=True)
    assert run_json(capsys, library, "similar", str(seed), "-n", "5") == found


def test_similar_filters(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    library, music = filled
    seed = str(music / "03.flac")
    plain = run_json(capsys, library, "similar", seed, "-n", "23")["results"]
    assert len(plain) == 23
    others = run_json(capsys, library, "similar", seed, "-n", "23", "--exclude-artist")["results"]
    assert {r["artist"] for r in others} == {"Artist 0", "Artist 1", "Artist 2"}
    assert len(others) == 18
    albums = run_json(capsys, library, "similar", seed, "-n", "23", "--exclude-album")["results"]
    assert "Album 3" not in {r["album"] for r in albums}
    away = run_json(capsys, library, "similar", seed, "-n", "23", "--not", plain[0]["path"])["results"]
    assert plain[0]["path"] not in [r["path"] for r in away]


def test_exports(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], tmp_path: Path) -> None:
    import numpy as np
    from pyarrow import parquet

    library, music = filled
    assert run_json(capsys, library, "export", "vectors", str(tmp_path / "v.npz"))["tracks"] == 24
    with np.load(tmp_path / "v.npz") as arrays:
        shapes = {key: arrays[key].shape for key in arrays}
    assert (24, 40) in shapes.values()
    run_json(capsys, library, "export", "vectors", str(tmp_path / "v.parquet"))
    assert parquet.read_table(tmp_path / "v.parquet").num_rows == 24
    out = tmp_path / "like.m3u8"
    like = run_json(
        capsys, library, "export", "playlist", str(out), "--like", str(music / "03.flac"), "-n", "4"
    )
    assert like["tracks"] == 5
    lines = [line for line in out.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [(tmp_path / line).resolve().exists() for line in lines] == [True] * 5
    assert lines[0].endswith("03.flac")
    found = run_json(
        capsys, library, "export", "playlist", str(tmp_path / "s.xspf"), "--search", 'artist:"artist 2"'
    )
    assert found["tracks"] == 6


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["similar", "/nowhere/a.mp3"], 1, "is not in the library"),
        (["similar", "99999"], 1, "has no vector"),
        (["export", "vectors", "out.docx"], 1, "format"),
        (["embed", "--encoder", "nonsense"], 1, "no encoder called nonsense"),
        (["embed", "--device", "toaster"], 2, "toaster"),
        (["frobnicate"], 2, "frobnicate"),
        (["add", "/nowhere/at/all"], 1, "nothing at"),
    ],
)
def test_exit_codes(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], arguments: list[str], code: int, words: str
) -> None:
    library = [] if arguments[0] == "frobnicate" else ["--library", str(filled[0])]
    assert exit_code([*arguments, *library]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_a_file_that_is_no_library_is_refused_and_kept(tmp_path: Path) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("my only copy\n" * 100)
    done = earmap(other, "status")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert other.read_text() == "my only copy\n" * 100


# -- one document, whatever happens ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["similar", "/nowhere/a.mp3"], 1, "is not in the library"),
        (["similar"], 2, "Missing argument"),
        (["frobnicate"], 2, "frobnicate"),
        (["add", "/nowhere/at/all"], 1, "nothing at"),
    ],
)
def test_with_json_an_error_is_the_one_document(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], arguments: list[str], code: int, words: str
) -> None:
    assert exit_code(["--json", "--library", str(filled[0]), *arguments]) == code
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert words in f"{error['title']} {error['hint']}"
    assert words in captured.err


def test_library_and_json_are_taken_before_the_command_too(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]
) -> None:
    assert exit_code(["--library", str(filled[0]), "--json", "status"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert before == run_json(capsys, filled[0], "status")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_bug_in_a_job_is_code_3_with_the_details(
    capsys: pytest.CaptureFixture[str],
    filled: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    as_json: bool,
) -> None:
    def broken(self: object, ctx: object) -> None:
        raise ZeroDivisionError("in the job")

    monkeypatch.setattr("core.jobs.scan.Scan.run", broken)
    words = ["--json"] if as_json else []
    assert exit_code(["add", str(filled[1]), "--library", str(filled[0]), *words]) == 3
    captured = capsys.readouterr()
    assert "Earmap made a mistake" in captured.err
    assert "ZeroDivisionError: in the job" in captured.err
    assert (
        ("ZeroDivisionError" in json.loads(captured.out)["error"]["hint"]) if as_json else captured.out == ""
    )
    with Library(filled[0]) as library:
        assert "ZeroDivisionError" in library.jobs.recent()[0].details


def test_a_bug_in_a_command_is_code_3(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_tell_status", lambda *_: 1 // 0)
    assert exit_code(["status", "--library", str(filled[0])]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["EARMAP_AUDIO__WORKERS", "EARMAP_EMBEDDING__DEVICE"])
def test_a_senseless_environment_is_a_sentence(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "lots")
    assert exit_code(["status", "--library", str(filled[0])]) == 1
    said = capsys.readouterr().err
    assert "environment variable" in said
    assert name in said
    assert "Traceback" not in said


# -- names and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["\u00b2", "9" * 19, "9" * 400, "18446744073709551616", "\u0663\u0663\u0663\u0663", "-1 "]
)
def test_what_looks_like_a_number_never_trips(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], text: str
) -> None:
    assert exit_code(["similar", "--library", str(filled[0]), "--", text]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_may_be_called_like_a_number(
    capsys: pytest.CaptureFixture[str],
    filled: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_tone(tmp_path / "7.wav", 0.5).rename(tmp_path / "7")
    monkeypatch.chdir(tmp_path)
    assert exit_code(["similar", "7", "--library", str(filled[0])]) == 1
    assert "is not in the library" in capsys.readouterr().err


def test_names_of_any_bytes_and_any_terminal(tmp_path: Path) -> None:
    music = tmp_path / "m"
    music.mkdir()
    odd = os.fsencode(music) + b"/caf\xe9 \x1b[31m.flac"
    write_music(odd, 4, seed=1, tags={"title": "\u202eevil \u65e5\u672c\nsecond line"})
    write_music(music / "plain.flac", 4, seed=2)
    assert earmap(tmp_path / "a.earmap", "add", str(music)).returncode == 0
    command = [
        sys.executable,
        "-m",
        "core.cli",
        "similar",
        music / "plain.flac",
        "--library",
        tmp_path / "a.earmap",
    ]
    done = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"}
    )
    assert len(done.stdout.splitlines()) == 1
    assert b"\\u65e5\\u672c" in done.stdout
    assert b"\xe2\x80\xae" not in done.stdout
    found = earmap(tmp_path / "a.earmap", "similar", odd, "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["results"][0]["title"] == "plain"
    back = earmap(tmp_path / "a.earmap", "similar", str(music / "plain.flac"), "--json")
    path = json.loads(back.stdout)["results"][0]["path"]
    assert path.encode("utf-8", "surrogateescape") == odd


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["similar", "1"], ["embed"], ["export", "vectors", "v.npz"], ["export", "playlist", "p.m3u8"],
        ["export", "clips", "clips"], ["export", "encoder", "mfcc", "out"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("place", ["mistyped.earmap", "nowhere/a.earmap", "a file/a.earmap"])
def test_a_mistyped_library_is_said_and_not_made(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    place: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").touch()
    for arguments in ([*words, "--library", place], ["--library", place, *words]):
        assert exit_code(arguments) == 1
        assert f"There is no library {place}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_adding_makes_a_library(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_tone(tmp_path / "m" / "a.wav", 0.2)
    run_json(capsys, tmp_path / "new.earmap", "add", str(tmp_path / "m"), "--scan-only")
    assert run_json(capsys, tmp_path / "new.earmap", "status")["found"] == 1


def test_without_a_name_the_first_command_finds_an_empty_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["found"] == 0


def test_an_empty_library_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Library(tmp_path / "new.earmap").close()
    for words in (["similar", "1"], ["export", "vectors", str(tmp_path / "v.npz")]):
        assert exit_code([*words, "--library", str(tmp_path / "new.earmap")]) == 1
        assert "earmap add FOLDER" in capsys.readouterr().err
    out = str(tmp_path / "p.m3u8")
    assert exit_code(["export", "playlist", out, "--library", str(tmp_path / "new.earmap")]) == 1
    assert "no track to write" in capsys.readouterr().err
    assert not Path(out).exists()


# -- pipes and terminals ---------------------------------------------------------------------------


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    synthetic.fill(tmp_path / "many.earmap", synthetic.Mix(3000, failed=2))
    command = [
        sys.executable,
        "-m",
        "core.cli",
        "status",
        "--json",
        "--library",
        str(tmp_path / "many.earmap"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_an_output_that_is_full_is_a_sentence(filled: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "core.cli", "status", "--library", str(filled[0])]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", ["2>&-", "2>&1 >/dev/null | true"])
def test_nobody_reads_what_is_told_meanwhile_and_the_job_goes_on(tmp_path: Path, ending: str) -> None:
    music, library = write_tones(tmp_path / "m", 4), tmp_path / "a.earmap"
    for i in range(200):
        (music / f"bad {i}.mp3").write_text("no music " * 30)
    script = f"{sys.executable} -m core.cli add {music} --library {library} {ending}"
    subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    with Library(library) as opened:
        assert [(job.kind, job.state) for job in opened.jobs.recent()] == [
            ("embed", "completed"),
            ("scan", "completed"),
        ]
        assert (counts(opened).embedded, counts(opened).pending) == (4, 0)


def test_the_command_line_starts_without_torch() -> None:
    code = "import sys, core.cli; print([m for m in ('torch', 'sklearn', 'PySide6', 'umap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
