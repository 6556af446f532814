from __future__ import annotations

import numpy as np
import pytest

from core.errors import Cancelled
from core.projection.child import Child, MethodError
from core.projection.methods import Task

NOTHING = Task(
    "pca", np.zeros((5, 2), np.int32), np.zeros((5, 2), np.float32), np.zeros((5, 2), np.float32),
    np.zeros((5, 0), np.float32),
)  # fmt: skip


def unwatched(_done: int, _total: int) -> None:
    pass


def test_what_goes_wrong_in_a_method_is_told_with_its_traceback() -> None:
    with Child("pca") as child, pytest.raises(MethodError, match="Traceback"):  # it has no module to load
        child.fit(NOTHING, unwatched)


def test_whoever_watches_can_stop_it_before_it_has_loaded() -> None:
    def watch(_done: int, _total: int) -> None:
        raise Cancelled

    with Child("umap") as child, pytest.raises(Cancelled):
        child.fit(NOTHING, watch)
