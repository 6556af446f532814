from __future__ import annotations

import math
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import UserError
from core.library.evaluations import Arrays
from core.library.records import Figure
from core.library.store import Library
from tests.evaluation_tools import arrays, record


def test_what_is_kept_comes_back(library: Library) -> None:
    figures = {"accuracy": Figure(0.5, 0.4, 0.6, 6, 3, 0.25), "hubness": Figure(1.5, n=3)}
    details = {"classes": [{"name": "a\udcff", "recall": math.nan, "n": 2}], "trained_on": None}
    made = record(figures=figures, details=details)
    kept = library.evaluations.add(made, arrays())
    assert kept.id > 0
    assert kept.created_at > 0
    back = library.evaluations.find("k")
    assert back is not None
    assert [back.figures["accuracy"], *library.evaluations.all()[0].notes] == [figures["accuracy"], "One."]
    hubness = back.figures["hubness"]
    assert (hubness.mean, hubness.n) == (1.5, 3)
    assert all(math.isnan(value) for value in (hubness.low, hubness.high, hubness.chance))
    assert back.details == {"classes": [{"name": "a\udcff", "recall": None, "n": 2}], "trained_on": None}
    plain: dict[str, Any] = {"figures": {}, "details": {}, "id": 0, "created_at": 0.0}
    assert replace(back, **plain) == replace(made, **plain)
    assert library.evaluations.find("another") is None


def test_what_each_item_scored_comes_back(library: Library) -> None:
    given = arrays()
    back = library.evaluations.arrays(library.evaluations.add(record(), given).id)
    assert back.names == given.names
    for name in ("items", "targets", "confusion", "answers"):
        np.testing.assert_array_equal(getattr(back, name), getattr(given, name))
        assert getattr(back, name).dtype == np.int64
    assert list(back.scores) == ["accuracy"]
    for name in ("totals", "counts", "groups"):
        np.testing.assert_array_equal(
            getattr(back.scores["accuracy"], name), getattr(given.scores["accuracy"], name)
        )
    assert back.scores["accuracy"].mean == pytest.approx(1.5 / 4)


def test_nothing_at_all_can_lie_behind_a_result(library: Library) -> None:
    back = library.evaluations.arrays(library.evaluations.add(record(), Arrays()).id)
    assert (back.names, back.scores, back.confusion.shape, back.answers.shape) == ((), {}, (0, 0), (0, 3))


def test_of_two_that_computed_the_same_the_first_stays(library: Library) -> None:
    first = library.evaluations.add(record(seconds=1.0), arrays())
    second = library.evaluations.add(record(seconds=2.0), arrays(items=np.array([1, 2, 3])))
    assert second == first
    assert library.evaluations.all() == [first]
    assert library.evaluations.arrays(first.id).items.tolist() == [7, 9, 4]


def test_deleting_takes_the_arrays_along_and_is_seen(library: Library) -> None:
    stamps = {library.evaluations.stamp()}
    kept = [library.evaluations.add(record(key), arrays()) for key in ("a", "b", "c")]
    stamps.add(library.evaluations.stamp())
    library.evaluations.delete([kept[0].id, kept[2].id])
    stamps.add(library.evaluations.stamp())
    assert [each.key for each in library.evaluations.all()] == ["b"]
    library.evaluations.delete([kept[1].id])
    library.evaluations.add(record("a"), arrays())
    stamps.add(library.evaluations.stamp())
    assert len(stamps) == 4, "each change is seen, also one that leaves as many results"
    with closing(sqlite3.connect(library.path)) as connection:
        assert connection.execute("SELECT count(*) FROM evaluation_arrays").fetchone() == (1,)
    with pytest.raises(UserError, match="not there any more"):
        library.evaluations.arrays(kept[0].id)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense", b"\x93NUMPY", b"\x80\x04K\x01."])
def test_damaged_arrays_are_told_and_never_unpickled(library: Library, content: bytes) -> None:
    kept = library.evaluations.add(record(), arrays())
    with closing(sqlite3.connect(library.path)) as connection, connection:
        connection.execute("UPDATE evaluation_arrays SET content = ?", (content,))
    with pytest.raises(UserError, match="damaged"):
        library.evaluations.arrays(kept.id)
    assert library.evaluations.all() == [kept], "the figures can still be shown"


def test_damage_inside_the_arrays_is_told(library: Library) -> None:
    kept = library.evaluations.add(record(), arrays(items=np.arange(1000)))
    with closing(sqlite3.connect(library.path)) as connection, connection:
        (content,) = connection.execute("SELECT content FROM evaluation_arrays").fetchone()
        middle = len(content) // 3
        broken = content[:middle] + bytes(40) + content[middle + 40 :]
        connection.execute("UPDATE evaluation_arrays SET content = ?", (broken,))
    with pytest.raises(UserError, match="damaged"):
        library.evaluations.arrays(kept.id)


def test_a_result_outlives_its_encoder(library: Library) -> None:
    library.evaluations.add(record(encoder="gone"), arrays())
    assert library.encoders.find("gone") is None
    assert [each.encoder for each in library.evaluations.all()] == ["gone"]


def test_the_window_reads_results_without_scikit_learn_and_torch() -> None:
    import subprocess

    code = "import core.library.store, core.evaluation.spec, core.evaluation.wishes, sys; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "sklearn", "scipy", "matplotlib"} & set(modules)
