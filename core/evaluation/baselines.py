"""What learned nothing and is compared with everything: MFCC, and the networks of the trained ones before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.evaluation.columns import BASELINES

_PLAIN, *_UNTRAINED = BASELINES
_QUICK = (0.25, "paper", "paper")
"""Width, blocks and spectrogram where there is no trained encoder to match: a sixteenth of the paper's cost."""

Kind = tuple[str, Mapping[str, object]]
"""A strategy and its config."""
Size = tuple[float, str, str]


def missing(kinds: Sequence[Kind]) -> list[str]:
    """Names of the baselines that these encoders lack: an untrained network of each width, blocks and spectrogram.

    `core.encoders.ready` makes an encoder of such a name.
    """
    trained = {_size(config): None for strategy, config in kinds if strategy not in BASELINES}
    names = [_PLAIN] if all(strategy != _PLAIN for strategy, _ in kinds) else []
    for untrained in _UNTRAINED:
        have = {_size(config) for strategy, config in kinds if strategy == untrained}
        wanted = list(trained) or ([] if have else [_QUICK])
        names += [_name(untrained, size) for size in wanted if size not in have]
    return names


def _size(config: Mapping[str, object]) -> Size:
    width = config.get("width", 1.0)
    known = float(width) if isinstance(width, int | float) else 1.0
    return known, str(config.get("blocks", "paper")), str(config.get("log_mel", "paper"))


def _name(strategy: str, size: Size) -> str:
    width, blocks, log_mel = size
    named = [f"-{word}" for word in (blocks, log_mel) if word != "paper"]
    return "".join([strategy, f"-w{width:g}" if width != 1 else "", *named])
