"""An eighth strategy as somebody would add it: one file, put among the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import strategies

NAME = "far-apart"
SOURCE = '''
"""Two segments that are ten seconds apart."""

from core.audio import SAMPLE_RATE
from core.nets.encoder import Encoder
from core.strategies.base import drawn
from core.strategies.contrastive import ANCHOR, POSITIVE, ContrastiveStrategy, modern, paper


class FarApart(ContrastiveStrategy):
    name = "far-apart"
    title = "Far apart"
    summary = "Hears two segments that are ten seconds apart as the same."
    learns = "What stays for ten seconds."
    segments = (1, 1)
    terms = 1
    presets = {"paper": paper(), "modern": modern(ANCHOR, POSITIVE)}

    def __init__(self, config):
        with drawn(config.seed):
            encoder = Encoder(64, config.width)
            super().__init__(config, encoder, encoder.dim, encoder.dim)

    def distance(self, crop):
        return crop[ANCHOR] + 10 * SAMPLE_RATE

    def terms_of(self, side, log_mels):
        return self.encoder(log_mels[:, 0])[:, None]
'''


@contextmanager
def files_of(folder: Path) -> Iterator[None]:
    """For a while, what lies in `folder` lies in the package of strategies."""
    before = strategies.__path__
    strategies.__path__ = [*before, str(folder)]
    try:
        yield
    finally:
        strategies.__path__ = before
        for name, module in list(sys.modules.items()):
            if str(folder) in str(getattr(module, "__file__", "")):
                del sys.modules[name]


@contextmanager
def an_eighth_strategy(folder: Path) -> Iterator[str]:
    """Its name; it is there as long as the context lasts."""
    (folder / "far_apart_of_a_test.py").write_text(SOURCE)
    with files_of(folder):
        yield NAME
