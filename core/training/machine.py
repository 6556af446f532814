"""Where a run is computed, and in which precision: chosen once, then frozen in the run."""

from __future__ import annotations

from typing import cast

from core import strategies
from core.errors import UserError
from core.nets.device import computes_in, present
from core.settings import DeviceName
from core.strategies.contrastive import ContrastiveStrategy
from core.training.config import RunConfig, TrainingConfig
from core.training.precision import choose_precision


def choose_device(device: DeviceName | None) -> str:
    """The device that was asked for; for None and auto a GPU where there is one.

    Raises
    ------
    UserError
        It is not there.
    """
    there = present()
    name = there[0] if device in (None, "auto") else str(device)
    if name not in there:
        raise UserError(f"This machine has no device {name!r}.", f"There is: {', '.join(there)}.")
    return name


def with_precision(config: RunConfig, device: str) -> RunConfig:
    """The config with the precision that is really used; measured where it is left open.

    Raises
    ------
    UserError
        The device does not know the precision that was asked for.
    """
    wanted = config.training.precision
    if wanted == "auto":
        strategy = cast("ContrastiveStrategy", strategies.build(config.strategy, config.model))
        wanted = choose_precision(strategy, device, config.training.batch).precision
    elif not computes_in(device, wanted):
        raise UserError(f"{device} does not compute in {wanted}.", "Choose float32, or another device.")
    values = config.training.model_dump() | {"precision": wanted}
    return config.model_copy(update={"training": TrainingConfig.model_validate(values)})
