"""A strategy is known by what it says of itself: its name is compared nowhere in the program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import strategies

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for package in ("core", "app") for path in (ROOT / package).rglob("*.py"))
ASKING = {"startswith", "endswith", "removeprefix", "removesuffix", "index", "find", "count", "__eq__"}


def texts(*nodes: ast.AST) -> set[str]:
    """All texts in these parts of a program."""
    found = (inner for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Constant))
    return {node.value for node in found if isinstance(node.value, str)}


def compared(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every text that something is compared with."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            parts: list[ast.AST] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
            parts = [*node.args]
        else:
            continue
        for text in texts(*parts):
            yield node.lineno, text


@pytest.mark.parametrize(
    "line",
    [
        "x == 'melcpc'", "if 'melcpc' != name: pass", "name in ('a', 'melcpc')", "name.startswith('melcpc')",
        "match name:\n    case 'melcpc': pass", "f(name in {'melcpc': 1})",
    ],
)  # fmt: skip
def test_the_search_finds_it(line: str) -> None:
    assert "melcpc" in {text for _, text in compared(line)}


def test_no_name_of_a_strategy_is_compared() -> None:
    names = set(strategies.available())
    assert len(names) >= 10
    assert len(SOURCES) > 100
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in SOURCES
        for line, text in compared(path.read_text("utf-8"))
        if text in names
    ]
    assert found == []
