"""What a strategy brings with it: defaults under a name. Torch-free, and knows no strategy."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Preset(BaseModel):
    """Defaults that a strategy has under a preset; what it does not name keeps the field's own default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    augment: dict[str, Any] = Field(default_factory=dict)
    scale_lr: bool = False
    """Whether `training.lr` is for `LR_BATCH` pairs and grows with the square root of the batch."""


LR_BATCH = 128
"""The batch that a scaled learning rate is given for."""
