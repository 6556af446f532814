"""The exceptions that a person reads survive the trip from a job's process."""

from __future__ import annotations

import pickle

import pytest

from core.errors import Cancelled, UserError


@pytest.mark.parametrize("hint", ["", "Choose another place."])
def test_user_error_keeps_both_its_parts_between_processes(hint: str) -> None:
    error = pickle.loads(pickle.dumps(UserError("It is full.", hint)))
    assert isinstance(error, UserError)
    assert (error.title, error.hint) == ("It is full.", hint)


def test_user_error_reads_as_one_line() -> None:
    assert str(UserError("It is full.", "Free some space.")) == "It is full. Free some space."
    assert str(UserError("It is full.")) == "It is full."


def test_cancelled_is_no_user_error() -> None:
    assert not issubclass(Cancelled, UserError)
    assert isinstance(pickle.loads(pickle.dumps(Cancelled())), Cancelled)
