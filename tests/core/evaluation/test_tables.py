from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.evaluation import sheets, tables
from core.evaluation.columns import Comparison
from core.evaluation.comparison import compare, directions
from core.evaluation.directions import basis
from core.evaluation.footnotes import footnotes
from core.evaluation.sheets import Block, Entry, Head, Sheet
from tests.evaluation_results import QUALITY, Shelf, add_classes, full

NASTY = "a|b_c & 100% #1 $x^2$ {\\o} ~ \"q\" '' `` <i> -- ---\n[x] \\\\ *s* \x00\udc80é"
FORMULA = "=SUM(A1:A9)"
PDFLATEX = shutil.which("pdflatex")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    shelf = full()
    return compare(shelf.records, shelf.arrays)


@pytest.fixture(scope="module")
def hostile() -> Comparison:
    """Names that mean something to every format."""
    shelf = Shelf()
    encoders = {"mfcc": "mfcc", NASTY: "self", "[x] é": "adjacent", FORMULA: "melcpc"}
    details = {"chosen": [0.1, 0.1, 1.0], "trained_on": 3}
    add_classes(
        shelf, encoders, task=f"50 % of {NASTY}", kind="csv", notes=(f"7 of {NASTY}",), details=details, n=60
    )
    return compare(shelf.records, shelf.arrays)


def parsed(comparison: Comparison) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables.csv_text(comparison), newline="")))


def test_csv_has_a_row_for_every_figure_and_gives_it_back(comparison: Comparison) -> None:
    found = parsed(comparison)
    cells = sum(len(column.cells) for column in comparison.columns)
    paper = sum(len(column.paper) for column in comparison.columns)
    assert len(found) == cells + paper + 2, "the most frequent class of both probes as well"
    for column in comparison.columns:
        for cell in column.cells:
            (row,) = (
                row
                for row in found
                if (row["task"], row["probe"], row["metric"], row["encoder"], row["source"])
                == (column.task, column.probe, column.metric, cell.record.encoder, "measured")
            )
            assert float(row["mean"]) == cell.figure.mean
            assert (row["low"] == "") is (column.task_kind == "report")
            assert (row["n"], row["groups"]) == (str(cell.figure.n), str(cell.figure.groups))
            assert row["seeds"] == str(cell.record.seeds)
            assert row["best"] == str(cell.best).lower()
            assert row["tie"] == ("" if cell.tie is None else str(cell.tie).lower())
            assert row["baseline"] == str(cell.record.strategy in ("mfcc", "random", "random-multi")).lower()
    theirs = [row for row in found if row["source"] == "Choi et al. 2022"]
    assert len(theirs) == paper
    assert {row["low"] + row["n"] for row in theirs} == {""}


def test_csv_holds_any_name_and_no_formula(hostile: Comparison) -> None:
    names = {row["encoder"] for row in parsed(hostile)}
    assert f"'{FORMULA}" in names
    assert NASTY.replace("\x00", "").encode("utf-8", "backslashreplace").decode() in names
    assert {row["c"] for row in parsed(hostile)} == {"0.1 0.1 1"}
    assert tables.csv_text(compare([], Shelf().arrays)) == "task\n"


def unmarked(cell: str) -> str:
    return re.sub(r"\\(.)", r"\1", cell.strip())


def test_markdown_is_a_table_whatever_names_hold(hostile: Comparison) -> None:
    text = tables.markdown(hostile)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", re.sub(r"\\\\", "\0\0", line))[1:-1] for line in lines]
    assert {len(row) for row in cells} == {3}
    names = [unmarked(row[0].replace("\0\0", "\\\\")) for row in cells]
    assert sheets.plain(NASTY) in names
    assert FORMULA in names
    assert "\n- " in text
    assert "\n" not in sheets.plain(NASTY)


def test_markdown_says_best_ties_and_which_way_is_better(comparison: Comparison) -> None:
    text = tables.markdown(comparison)
    column = next(column for column in comparison.columns if column.metric == "percentile")
    assert f"{column.task}: MPR \u2193" in text
    assert f"{column.task}: HR@10 \u2191" in text
    for column in comparison.columns:
        for cell in column.cells:
            shown = f"{cell.figure.mean:.3f}"
            assert re.search(rf"^\| {cell.record.encoder} \|.*{re.escape(shown)}", text, re.MULTILINE)
            if cell.best and column.probe == "svm":
                assert f"**{shown}**" in text
            if cell.tie:
                assert re.search(rf"{shown} \\\[[\d., ]+\\\] =", text)


def test_nothing_is_left_unsaid(comparison: Comparison, hostile: Comparison) -> None:
    notes = footnotes(comparison)
    text = "\n".join(notes)
    assert "One training run of each trained encoder" in text
    assert "Choi et al. 2022: figures of the paper's own encoders" in text
    assert "Lower is better: Albums as playlists: MPR, The library: Hubness." in text
    assert (
        "The library: Same artist: best adjacent-multi-1; without intervals, so it may be by chance." in text
    )
    assert (
        "MSD, 50 tags: ROC-AUC (logistic regression): best adjacent-multi-1; differences are not paired."
        in text
    )
    column = comparison.columns[0]
    tied = [cell.record.encoder for cell in column.cells if cell.tie]
    best = next(cell.record.encoder for cell in column.cells if cell.best)
    rest = f"tied with it: {', '.join(tied)}" if tied else "no tie with it"
    assert f"{column.title}: best {best}; {rest}." in notes
    assert len(notes) == len(set(notes))
    said = "\n".join(footnotes(hostile))
    assert said.count("7 of a|b") == 1, "one note of both probes"
    assert "C chosen: mfcc 0.1 (2x), 1 (1x)" in said
    assert "Items that an encoder was trained on: mfcc 3" in said


def test_pages_keep_a_task_together_and_hold_so_many_columns(comparison: Comparison) -> None:
    pages = tables.pages(comparison, 4)
    assert [list(dict.fromkeys(head.over for head in page.heads)) for page in pages] == [
        ["FMA small, genre", "IRMAS, instrument"], ["MSD, 50 tags"], ["Albums as playlists"], ["The library"],
    ]  # fmt: skip
    assert [len(page.heads) for page in tables.pages(comparison, 1)] == [1] * len(comparison.columns)
    labels = [block.label for block in pages[0].blocks]
    assert labels == ["Baselines", "Trained here", "Choi et al. 2022: their figures, not measured here", ""]
    rows = dict(pages[0].blocks[0].rows)
    assert [entry.text for entry in rows["most frequent class"]] == ["0.200", "0.200", "", ""]
    assert [entry.text for entry in rows["chance"]] == ["0.125", "0.125", "0.091", "0.091"]
    paper = dict(pages[0].blocks[2].rows)
    assert [entry.text for entry in paper["melcpc"]] == ["0.480", "0.491", "0.490", "0.486"]


def test_a_terminals_columns_stand_below_each_other(comparison: Comparison) -> None:
    text = tables.text(comparison)
    head, first = (
        next(line for line in text.splitlines() if line.startswith(name)) for name in ("Encoder", "mfcc ")
    )
    assert head.index("Accuracy, SVM") == first.index("0.")
    sheet = Sheet(
        "", "Name", (Head("over all", "a"),), (Block("", (("音楽", (Entry("1"),)), ("ab", (Entry("2"),)))),)
    )
    lines = sheets.text([sheet]).splitlines()
    assert lines[2:] == ["音楽  1", "ab    2"]


def test_files_say_their_format(comparison: Comparison, tmp_path: Path) -> None:
    for suffix, start in ((".csv", "task,"), (".md", "**FMA"), (".tex", "% Needs")):
        tables.write(tmp_path / f"table{suffix}", comparison)
        assert (tmp_path / f"table{suffix}").read_text("utf-8").startswith(start)
    with pytest.raises(UserError, match="which format"):
        tables.write(tmp_path / "table.xls", comparison)
    with pytest.raises(UserError):
        tables.write(tmp_path / "none" / "table.csv", comparison)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".md", ".tex"]


def unescaped(text: str) -> str:
    """What LaTeX would show, as far as escapes go."""
    back: list[tuple[str, str]] = [
        (r"\textbackslash{}", "\\"), (r"\textasciitilde{}", "~"), (r"\textasciicircum{}", "^"), (r"\textless{}", "<"),
        (r"\textgreater{}", ">"), (r"\textbar{}", "|"), (r"{\char34}", '"'), ("{'}", "'"), ("{`}", "`"), ("{-}", "-"),
        (r"\{", "{"), (r"\}", "}"), (r"\&", "&"), (r"\%", "%"), (r"\$", "$"), (r"\#", "#"), (r"\_", "_"),
    ]  # fmt: skip
    pattern = re.compile("|".join(re.escape(code) for code, _ in back))
    return pattern.sub(lambda found: dict(back)[found[0]], text)


def test_latex_escapes_everything(hostile: Comparison) -> None:
    shown = sheets.latex_text(NASTY)
    assert unescaped(shown) == sheets.plain(NASTY)
    assert not re.search(r"(?<!\\)[&%#$_]|--|``|''", shown)
    text = tables.latex(hostile)
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 1
    for line in text.splitlines():
        if line.startswith("{}") and line.endswith("\\\\") and " & " in line:
            assert len(re.findall(r"(?<!\\)&", line)) == 2


@pytest.mark.skipif(PDFLATEX is None, reason="there is no LaTeX here")
def test_latex_compiles(hostile: Comparison, comparison: Comparison, tmp_path: Path) -> None:
    judged: Any = directions(comparison, full().arrays, "svm")
    tables.write(tmp_path / "one.tex", hostile)
    tables.write(tmp_path / "two.tex", comparison)
    tables.write_directions(tmp_path / "three.tex", judged, basis(comparison, "svm"))
    inputs = "".join(f"\\input{{{name}}}\n" for name in ("one", "two", "three"))
    body = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}{inputs}\\end{{document}}"
    (tmp_path / "paper.tex").write_text(body)
    command = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
    )
    if "booktabs.sty' not found" in done.stdout:
        pytest.skip("booktabs is not installed")
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


def test_directions_are_a_table_of_verdicts_margins_and_claims(tmp_path: Path) -> None:
    shelf = Shelf()
    add_classes(shelf, {name: name for name in QUALITY}, probes=["svm"], task="FMA small: genre", n=150)
    comparison = compare(shelf.records, shelf.arrays)
    judged, ground = directions(comparison, shelf.arrays, "svm"), basis(comparison, "svm")
    rows = tables.directions_rows(judged)
    assert [row["number"] for row in rows] == list(range(1, 10))
    sixth = rows[5]
    assert sixth["verdict"] in ("holds", "tie")
    assert sixth["low"] <= sixth["margin"] <= sixth["high"]
    assert [claim["claim"] for claim in sixth["claims"]] == [
        "adjacent - same-track > 0",
        "adjacent - self > 0",
    ]
    assert rows[0]["claims"][0]["claim"] == "self-multi - self > 0.05"
    assert rows[0]["missing"]
    page = tables.directions_sheet(judged)
    (name, entries) = page.blocks[0].rows[5]
    assert name.startswith("6. Genre, single level")
    assert entries[0].text == sixth["verdict"]
    assert entries[1].text == f"{sixth['margin']:+.3f}"
    assert "Nothing here stands for instrument, hit-rate." in tables.directions_notes(judged, ground)
    for suffix in (".csv", ".md", ".tex"):
        tables.write_directions(tmp_path / f"directions{suffix}", judged, ground)
        assert "Recommendation follows genre" in (tmp_path / f"directions{suffix}").read_text("utf-8")
    lines = list(csv.DictReader(io.StringIO(tables.directions_csv(judged), newline="")))
    assert len(lines) == 9 + sum(len(row["claims"]) for row in rows)
