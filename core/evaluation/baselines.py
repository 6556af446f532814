"""What learned nothing and is compared with everything: MFCC, and the networks of the trained ones before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.evaluation.columns import BASELINES

_PLAIN, *_UNTRAINED = BASELINES
_LEVEL = 128
"""Numbers for a level, in the paper."""
_QUICK = (0.25, "paper", "paper", _LEVEL)
"""The shape where there is no trained encoder to match: a sixteenth of the paper's cost."""

Kind = tuple[str, Mapping[str, object]]
"""A strategy and its config."""
Size = tuple[float, str, str, int]
"""Width, blocks, spectrogram, numbers for each of its levels."""


def missing(kinds: Sequence[Kind]) -> list[str]:
    """Names of the baselines that these encoders lack: an untrained network of each shape.

    `core.encoders.ready` makes an encoder of such a name.
    """
    trained = [config for strategy, config in kinds if strategy not in BASELINES]
    names = [_PLAIN] if all(strategy != _PLAIN for strategy, _ in kinds) else []
    for untrained in _UNTRAINED:
        have = {_size(untrained, config) for strategy, config in kinds if strategy == untrained}
        shapes = dict.fromkeys(_size(untrained, config) for config in trained)
        wanted = list(shapes) or ([] if have else [_QUICK])
        names += [_name(untrained, size) for size in wanted if size not in have]
    return names


def _size(untrained: str, config: Mapping[str, object]) -> Size:
    """The shape of the untrained network that goes with a config; one level has the paper's length."""
    width, level = config.get("width", 1.0), config.get("level_dim", _LEVEL)
    known = float(width) if isinstance(width, int | float) else 1.0
    levels = level if untrained.endswith("-multi") and isinstance(level, int) else _LEVEL
    return known, str(config.get("blocks", "paper")), str(config.get("log_mel", "paper")), levels


def _name(strategy: str, size: Size) -> str:
    width, blocks, log_mel, level = size
    named = [f"-{word}" for word in (blocks, log_mel) if word != "paper"]
    levels = f"-l{level}" if level != _LEVEL else ""
    return "".join([strategy, f"-w{width:g}" if width != 1 else "", *named, levels])
