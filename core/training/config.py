"""What a training run can be told, and how presets and a person's own choices become one frozen config.

The models are torch-free: forms and schemas are made of them. Only `resolve` looks at the strategies.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.audio.augment_config import AugmentConfig
from core.errors import UserError
from core.training.preset import LR_BATCH, Preset

if TYPE_CHECKING:  # brings in torch
    from core.strategies.contrastive import ContrastiveStrategy

__all__ = ["AugmentConfig", "Preset", "RunConfig", "TrainingConfig", "all_trainable", "resolve", "trainable"]

M = TypeVar("M", bound=BaseModel)

DEFAULT_PRESET = "modern"
SECTIONS = ("model", "training", "augment")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrainingConfig(_Frozen):
    """How an encoder is trained: the optimiser, the batch, the length, and what is measured on the way."""

    optimiser: Literal["adam", "adamw"] = Field(
        "adamw", title="Optimiser", description="AdamW decays the weights apart from the gradient."
    )
    lr: float = Field(
        3e-4, gt=0, le=1, title="Learning rate", description="The highest one, after the warm-up."
    )
    weight_decay: float = Field(1e-5, ge=0, le=1, title="Weight decay")
    schedule: Literal["plateau", "cosine", "constant"] = Field(
        "cosine",
        title="Schedule",
        description="plateau: smaller steps when validation no longer gets better. cosine: down to 0 at the end.",
    )
    plateau_factor: float = Field(
        0.2, gt=0, lt=1, title="Plateau factor", description="What the learning rate is multiplied with."
    )
    plateau_patience: int = Field(
        5,
        ge=1,
        le=1000,
        title="Plateau patience",
        description="Validations without a better loss before that.",
    )
    warmup: float = Field(
        0.05, ge=0, lt=1, title="Warm-up", description="Share of the steps in which the learning rate rises."
    )
    clip: float = Field(
        1.0, ge=0, le=1000, title="Gradient clip", description="Largest norm of the gradient. 0: none is cut."
    )
    batch: int = Field(
        128, ge=2, le=65_536, title="Batch", description="Pairs in a step; each is compared with all others."
    )
    chunk: int = Field(
        0,
        ge=0,
        le=65_536,
        title="Chunk",
        description="Pairs computed at a time, for batches larger than the memory. 0: all at once.",
    )
    steps: int = Field(2000, ge=1, le=10_000_000, title="Steps")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", title="Precision", description="auto: the faster one of this device."
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        title="Seed",
        description="Of batches, segments and augmentation; the tracks kept for validation do not depend on it.",
    )
    validate_every: int = Field(
        50, ge=1, le=1_000_000, title="Validate every", description="Steps between two validations."
    )
    candidates: int = Field(
        64,
        ge=2,
        le=4096,
        title="Candidates",
        description="Each validation pair is compared with so many: the same for all runs that are compared.",
    )
    validation_share: float = Field(
        0.1, gt=0, le=0.5, title="Validation share", description="Of the tracks, by album; never trained on."
    )
    patience: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Early stop",
        description="Stop after so many validations without a better loss. 0: never.",
    )
    checkpoint_every: int = Field(
        100,
        ge=1,
        le=1_000_000,
        title="Save every",
        description="Steps after which the run is saved at the latest.",
    )
    sync_batch_norm: bool = Field(
        False,
        title="Synchronise batch norm",
        description="Over several NVIDIA GPUs: statistics of the whole batch, not of each GPU's part.",
    )
    tensorboard: bool = Field(
        False, title="TensorBoard", description="Also write the curves for TensorBoard."
    )


class RunConfig(_Frozen):
    """All that decides what a run learns, given the music."""

    strategy: str = Field(max_length=100)
    preset: str = Field(max_length=100)
    model: dict[str, Any]
    training: TrainingConfig
    augment: AugmentConfig


def resolve(
    strategy_name: str,
    preset: str = DEFAULT_PRESET,
    overrides: Mapping[str, Any] | None = None,
    *,
    most: int | None = None,
) -> RunConfig:
    """A preset of a strategy with a person's own choices on top.

    Parameters
    ----------
    overrides
        Flat keys (`lr`, `width`), with their section (`training.seed`, `model.seed`) where both have one of
        that name, or into an effect (`noise.p`, `augment.noise.p`). A field that holds several values also takes
        one alone (`sides=0`) or a text with commas (`pitch.semitones=-1,1`).
    most
        The largest batch that the music allows; the learning rate follows the batch that is left.

    Raises
    ------
    UserError
        No such strategy, preset or field, or a value that makes no sense.
    """
    kind = trainable(strategy_name)
    chosen = _preset(kind.presets, strategy_name, preset)
    values: dict[str, dict[str, Any]] = {
        "model": dict(chosen.model), "training": dict(chosen.training), "augment": _copy(chosen.augment),
    }  # fmt: skip
    models: dict[str, type[BaseModel]] = {
        "model": kind.Config, "training": TrainingConfig, "augment": AugmentConfig,
    }  # fmt: skip
    given = {".".join(_place(models, key)): value for key, value in (overrides or {}).items()}
    for place, value in given.items():
        section, *path = place.split(".")
        _put(values, [section, *path], _shaped(models[section], path, _copy(value)))
    training = _checked(TrainingConfig, values["training"])
    if most is not None and most < training.batch:
        training = training.model_copy(update={"batch": most, "chunk": min(training.chunk, most)})
    if chosen.scale_lr and "training.lr" not in given:
        scaled = training.lr * math.sqrt(training.batch / LR_BATCH)
        training = _checked(TrainingConfig, training.model_dump() | {"lr": min(scaled, 1.0)})
    return RunConfig(
        strategy=strategy_name,
        preset=preset,
        model=_checked(kind.Config, values["model"]).model_dump(mode="json"),
        training=training,
        augment=_checked(AugmentConfig, values["augment"]),
    )


def trainable(name: str) -> type[ContrastiveStrategy]:
    """The strategy of that name; UserError where there is none that can be trained."""
    known = all_trainable()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        raise UserError(
            f"There is no strategy called {name!r} that can be trained.",
            f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}.",
        )
    return known[name]


def all_trainable() -> dict[str, type[ContrastiveStrategy]]:
    """Every strategy that can be trained, by name: found, not listed."""
    from core import strategies  # brings in torch
    from core.strategies.contrastive import ContrastiveStrategy

    found = strategies.available()
    return {name: kind for name, kind in found.items() if issubclass(kind, ContrastiveStrategy)}


def _preset(presets: Mapping[str, Preset], strategy: str, name: str) -> Preset:
    if name not in presets:
        raise UserError(f"{strategy} has no preset called {name!r}.", f"There are: {', '.join(presets)}.")
    return presets[name]


def _copy(tree: Any) -> Any:
    """Nested dictionaries anew, so that nothing is put into a preset's own."""
    return {key: _copy(value) for key, value in tree.items()} if isinstance(tree, dict) else tree


def _place(models: Mapping[str, type[BaseModel]], key: str) -> list[str]:
    """The section and path of a key as a person writes it."""
    path = key.split(".")
    if path[0] in models and len(path) > 1:
        sections, path = [path[0]], path[1:]
    else:
        sections = list(models)
    homes = [name for name in sections if path[0] in models[name].model_fields]
    if len(homes) > 1:
        places = " or ".join(f"{home}.{'.'.join(path)}" for home in homes)
        raise UserError(f"{key} could mean two things.", f"Write {places}.")
    if not homes or not _leads_somewhere(models[homes[0]], path):
        known = sorted({name for model in models.values() for name in _keys(model)})
        near = difflib.get_close_matches(".".join(path), known, n=3, cutoff=0.5) or known
        raise UserError(f"There is nothing called {key} to set.", f"There is: {', '.join(near)}.")
    return [homes[0], *path]


def _nested(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    kind = model.model_fields[name].annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _leads_somewhere(model: type[BaseModel], path: list[str]) -> bool:
    if path[0] not in model.model_fields:
        return False
    inner = _nested(model, path[0])
    return len(path) == 1 or (inner is not None and _leads_somewhere(inner, path[1:]))


def _shaped(model: type[BaseModel], path: list[str], value: Any) -> Any:
    """`value`, as a list where the field holds several: `0,1` as a person types it, or one of them alone."""
    inner = _nested(model, path[0])
    if inner is not None and len(path) > 1:
        return _shaped(inner, path[1:], value)
    if get_origin(model.model_fields[path[0]].annotation) is not tuple or isinstance(value, list | tuple):
        return value
    try:
        return json.loads(f"[{value}]") if isinstance(value, str) else [value]
    except ValueError:
        return [value]


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """Every key of a model as a person may write it: `lr`, `noise.p`."""
    for name in model.model_fields:
        inner = _nested(model, name)
        yield from [name] if inner is None else (f"{name}.{key}" for key in _keys(inner))


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise UserError(f"{'.'.join(path)} cannot be set: {key} was set to something else as a whole.")
    tree[path[-1]] = value


def _checked(model: type[M], values: Mapping[str, Any]) -> M:
    """The model made of these values; UserError with the fields' own titles where they make no sense."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise UserError("A run cannot be set up like this.", problems) from None
