from __future__ import annotations

import pytest

from core.encoders import is_baseline, parts
from core.evaluation.baselines import Kind, missing

TRAINED: Kind = ("adjacent", {"width": 0.5, "log_mel": "modern"})


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        ([], ["mfcc", "random-w0.25", "random-multi-w0.25"]),
        ([TRAINED], ["mfcc", "random-w0.5-modern", "random-multi-w0.5-modern"]),
        ([("mfcc", {}), ("self", {})], ["random", "random-multi"]),
        ([("mfcc", {}), ("random", {"width": 0.125})], ["random-multi-w0.25"]),
        ([TRAINED, parts("random-w0.5-modern"), ("mfcc", {})], ["random-multi-w0.5-modern"]),
        (
            [("same-track", {"width": 0.25, "blocks": "lean", "log_mel": "modern"})],
            ["mfcc", "random-w0.25-lean-modern", "random-multi-w0.25-lean-modern"],
        ),
        (
            [("self-multi", {"level_dim": 32}), ("adjacent-multi", {"level_dim": 128}), ("self", {})],
            ["mfcc", "random", "random-multi-l32", "random-multi"],
        ),
        (
            [TRAINED, ("random", {"width": 0.5}), ("random-multi", {"width": 0.5, "log_mel": "modern"})],
            ["mfcc", "random-w0.5-modern"],
        ),
        (
            [TRAINED, ("melcpc", {"width": 1.0})],
            ["mfcc", "random-w0.5-modern", "random", "random-multi-w0.5-modern", "random-multi"],
        ),
    ],
)
def test_each_trained_width_has_its_untrained_network(kinds: list[Kind], names: list[str]) -> None:
    assert missing(kinds) == names
    assert all(is_baseline(name) for name in names)
    assert missing([*kinds, *(parts(name) for name in names)]) == []
