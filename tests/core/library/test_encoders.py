from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import UserError
from core.library.store import Library, plan_name
from tests.library_tools import PLAN
from tests.shelf import Shelf, encoder


def test_an_encoder_comes_back_as_it_went_in(library: Library) -> None:
    made = library.encoders.add(
        name="self w0.25", strategy="self", config={"width": 0.25}, dim=128, track_dim=256, front_end="log-mel-1",
        weights_hash="abc", card={"curves": [1.0, math.nan], "title": "\u00c9"}, file="abc.safetensors",
    )  # fmt: skip
    assert library.encoders.get("self w0.25") == made == library.encoders.all()[0]
    assert (made.config, made.card) == ({"width": 0.25}, {"curves": [1.0, None], "title": "\u00c9"})


def test_adding_twice_is_adding_once_but_a_name_belongs_to_its_weights(library: Library) -> None:
    first = encoder(library)
    assert encoder(library) == first
    with pytest.raises(UserError, match="called mfcc already"):
        library.encoders.add(
            name="mfcc", strategy="mfcc", config={}, dim=4, track_dim=4, front_end="1", weights_hash="others",
            card={}, file="",
        )  # fmt: skip
    assert library.encoders.all() == [first]


def test_an_encoder_that_is_not_there_is_named_with_those_that_are(library: Library) -> None:
    assert library.encoders.find("none") is None
    with pytest.raises(UserError) as nothing:
        library.encoders.get("none")
    assert nothing.value.hint == "There are: none yet."
    encoder(library, "a")
    encoder(library, "b")
    with pytest.raises(UserError, match="no encoder called none") as others:
        library.encoders.get("none")
    assert others.value.hint == "There are: a, b."


def test_vectors_of_encoders_and_plans_never_mix(shelf: Shelf) -> None:
    shelf.write("a.mp3", "A")
    shelf.both()
    second = encoder(shelf.library, "second", dim=2)
    [candidate] = shelf.library.files.candidates(second.id, "spread-3", 9, [])
    from core.library.records import Read

    wide = np.array([5, 6], np.float32)
    read = Read(candidate.file_id, "ok", identity="A", vector=wide, n_segments=3)
    shelf.library.files.record([read], second.id, "spread-3", "cuda", "bfloat16")
    vectors = shelf.library.vectors
    assert vectors.after(second.id, "spread-3", 0)[2].tolist() == [[5, 6]]
    assert vectors.after(shelf.encoder.id, PLAN, 0)[2].shape == (1, 4)
    for key, plan in ((second.id, PLAN), (shelf.encoder.id, "spread-3")):
        assert vectors.count(key, plan) == 0
        assert len(vectors.after(key, plan, 0)[1]) == 0
        assert vectors.stamp(key, plan) == (0, 0)
    assert (plan_name(0), plan_name(3)) == (PLAN, "spread-3")
