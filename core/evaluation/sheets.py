"""A table to read, as Markdown, as LaTeX with booktabs, or in a terminal; whatever names hold, it stays a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|~$&])")
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"{\char34}", "'": "{'}", "`": "{`}", "-": "{-}", "\u2212": "$-$", "\u00d7": r"$\times$",
}  # fmt: skip
"""What means something else to LaTeX; two hyphens or quotes would become one sign."""
_LONGEST = 30
"""Names of more signs are broken."""


@dataclass(frozen=True)
class Entry:
    """What stands in one place of a table.

    Parameters
    ----------
    text
        Anything.
    low, high
        Of an interval, as they are to be read; empty where there is none.
    bold
        The best of its column.
    tie
        Nothing shows that it is worse than the best.
    """

    text: str = ""
    low: str = ""
    high: str = ""
    bold: bool = False
    tie: bool = False


@dataclass(frozen=True)
class Head:
    """Of a column: neighbours with one `over` share it. `arrow`: which way is better, "up", "down" or ""."""

    over: str
    text: str
    arrow: str = ""
    below: str = ""

    def line(self) -> str:
        """In one line, without what is shared."""
        return ", ".join(part for part in (self.text, self.below) if part)


@dataclass(frozen=True)
class Block:
    """Rows that belong together: what they are called (may be empty), and the name and entries of each."""

    label: str
    rows: tuple[tuple[str, tuple[Entry, ...]], ...]


@dataclass(frozen=True)
class Sheet:
    """A table. `corner` is the head of the column of names."""

    title: str
    corner: str
    heads: tuple[Head, ...]
    blocks: tuple[Block, ...]


def plain(text: str) -> str:
    """In one line: no control characters, and nothing that UTF-8 cannot hold."""
    held = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return " ".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in held).split()
    )


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", plain(text))


def latex_text(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_LATEX.get(sign, sign) for sign in plain(text))


def markdown(sheets: Sequence[Sheet], notes: Sequence[str] = ()) -> str:
    """Tables one after the other, and what is said of them."""
    parts = [_markdown_table(sheet) for sheet in sheets]
    if notes:
        parts.append("\n".join(f"- {markdown_text(note)}" for note in notes))
    return "\n\n".join(parts) + "\n"


def _markdown_table(sheet: Sheet) -> str:
    arrows = {"up": " \u2191", "down": " \u2193", "": ""}
    heads = [
        markdown_text(": ".join(part for part in (head.over, head.line()) if part)) + arrows[head.arrow]
        for head in sheet.heads
    ]
    lines = [[markdown_text(sheet.corner), *heads], ["---", *("---:" for _ in heads)]]
    for block in sheet.blocks:
        if block.label:
            lines.append([f"**{markdown_text(block.label)}**", *("" for _ in heads)])
        lines += [[markdown_text(name), *map(_markdown_entry, entries)] for name, entries in block.rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{markdown_text(sheet.title)}**\n\n{table}" if sheet.title else table


def _markdown_entry(entry: Entry) -> str:
    text = markdown_text(entry.text)
    text = f"**{text}**" if entry.bold and text else text
    return text + (f" \\[{entry.low}, {entry.high}\\]" if entry.low else "") + " =" * entry.tie


def latex(sheets: Sequence[Sheet], notes: Sequence[str] = (), label: str = "tab:comparison") -> str:
    """Tables with booktabs: bounds of intervals stand below and above their figure; what is said ends the last."""
    lines = [
        "% Needs \\usepackage{booktabs}; with names in scripts that pdfLaTeX does not know, use LuaLaTeX or XeLaTeX.",
    ]
    for number, sheet in enumerate(sheets, 1):
        last = number == len(sheets)
        lines += _latex_table(sheet, notes if last else (), label + (f"-{number}" if len(sheets) > 1 else ""))
    return "\n".join(lines) + "\n"


def _latex_table(sheet: Sheet, notes: Sequence[str], label: str) -> list[str]:
    longest = max((len(name) for block in sheet.blocks for name, _ in block.rows), default=0)
    share = 0.5 if len(sheet.heads) <= 3 else 0.25
    columns = (f"p{{{share}\\linewidth}}" if longest > _LONGEST else "l") + "c" * len(sheet.heads)
    lines = [
        r"\begin{table}[tbp]", r"\centering\footnotesize", r"\setlength{\tabcolsep}{5pt}",
        r"\renewcommand{\arraystretch}{1.25}", f"\\caption{{{latex_text(sheet.title)}}}", f"\\label{{{label}}}",
        f"\\begin{{tabular}}{{{columns}}}", r"\toprule",
    ]  # fmt: skip
    lines += _latex_heads(sheet)
    for block in sheet.blocks:
        lines.append(r"\midrule")
        if block.label:
            lines.append(
                f"\\multicolumn{{{len(sheet.heads) + 1}}}{{l}}{{\\emph{{{latex_text(block.label)}}}}} \\\\"
            )
        # The empty group keeps a name in brackets from being taken for an argument of the line before.
        lines += [
            f"{{}}{latex_text(name)} & {' & '.join(map(_latex_entry, entries))} \\\\"
            for name, entries in block.rows
        ]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if notes:
        said = "\\\\\n".join(f"{{}}{latex_text(note)}" for note in notes)
        lines += ["", r"\medskip", f"\\parbox{{\\linewidth}}{{\\footnotesize\\raggedright\n{said}}}"]
    return [*lines, r"\end{table}"]


def _latex_heads(sheet: Sheet) -> list[str]:
    arrows = {"up": r" $\uparrow$", "down": r" $\downarrow$", "": ""}
    lines, place, above, rules = [], 2, [], []
    for over, heads in groupby(sheet.heads, key=lambda head: head.over):
        width = len(list(heads))
        above.append(f"\\multicolumn{{{width}}}{{c}}{{{latex_text(over)}}}")
        if over:
            rules.append(f"\\cmidrule(lr){{{place}-{place + width - 1}}}")
        place += width
    if rules:
        lines += [f"& {' & '.join(above)} \\\\", " ".join(rules)]
    first = (latex_text(head.text) + arrows[head.arrow] for head in sheet.heads)
    lines.append(f"{latex_text(sheet.corner)} & {' & '.join(first)} \\\\")
    if any(head.below for head in sheet.heads):
        lines.append(f"& {' & '.join(latex_text(head.below) for head in sheet.heads)} \\\\")
    return lines


def _latex_entry(entry: Entry) -> str:
    tie = r"\rlap{\,=}" * entry.tie
    if not entry.low:
        text = latex_text(entry.text)
        return (f"\\textbf{{{text}}}" if entry.bold else text) + tie
    figure = f"\\mathbf{{{entry.text}}}" if entry.bold else entry.text
    return f"${figure}_{{{entry.low}}}^{{{entry.high}}}${tie}"


def text(sheets: Sequence[Sheet], notes: Sequence[str] = ()) -> str:
    """Tables for a terminal."""
    parts = [_text_table(sheet) for sheet in sheets]
    return "\n\n".join([*parts, "\n".join(plain(note) for note in notes)]).rstrip()


def _text_table(sheet: Sheet) -> str:
    arrows = {"up": "", "down": " (lower is better)", "": ""}
    head = [sheet.corner, *(plain(head.line()) + arrows[head.arrow] for head in sheet.heads)]
    lines: list[list[str]] = [head]  # a line of one part is a label
    for block in sheet.blocks:
        lines += [[f"[{plain(block.label)}]"]] if block.label else []
        lines += [[plain(name), *map(_text_entry, entries)] for name, entries in block.rows]
    widths = [
        max(map(_wide, column)) for column in zip(*(line for line in lines if len(line) > 1), strict=True)
    ]
    shown = "\n".join(_aligned(line, widths) if len(line) > 1 else line[0] for line in lines)
    above = _text_over([plain(head.over) for head in sheet.heads], widths)
    return "\n".join(part for part in (plain(sheet.title), above, shown) if part)


def _text_over(over: Sequence[str], widths: Sequence[int]) -> str:
    """The heads that columns share, each over the first of them, cut where the next one begins."""
    line = " " * widths[0]
    place = 1
    for name, columns in groupby(over):
        count = len(list(columns))
        room = sum(widths[place : place + count]) + 2 * (count - 1)
        line += "  " + _padded(name if _wide(name) <= room else name[: max(0, room - 3)] + "...", room)
        place += count
    return line.rstrip()


def _text_entry(entry: Entry) -> str:
    mark = "*" if entry.bold else "=" if entry.tie else ""
    between = f" [{entry.low}, {entry.high}]" if entry.low else ""
    return f"{entry.text}{between}{mark or ' ' * bool(entry.low)}"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_padded(part, width) for part, width in zip(line, widths, strict=True)).rstrip()


def _padded(part: str, width: int) -> str:
    return part + " " * (width - _wide(part))


def _wide(part: str) -> int:
    """Columns of a terminal that text takes: East Asian signs take two, accents none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in part
    )
