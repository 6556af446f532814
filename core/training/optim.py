"""The optimiser with its schedule, and their state as flat tensors and JSON, so that nothing is ever pickled."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import UserError
from core.training.config import TrainingConfig

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps for each parameter: updates so far, running mean of the gradient and of its square."""
PLATEAU_MARGIN = 1e-4
"""Share by which a validation loss must be better to count, as in torch's ReduceLROnPlateau."""


class Optimiser:
    """Adam or AdamW, fused, with warm-up and one of three schedules.

    The learning rate is a function of the step alone, times what plateaus have taken off it: resuming needs
    no more than `tensors` and `scalars`.

    Parameters
    ----------
    network
        Its parameters are updated. Move it to its device and memory layout first.
    config
        Optimiser, learning rate, weight decay, schedule, warm-up and the number of steps.
    """

    def __init__(self, network: nn.Module, config: TrainingConfig) -> None:
        self._config = config
        self._named = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
        self._plateau = Plateau(config)
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimiser]
        # Biases and batch norm's scales are not decayed: they do not overfit, and pulling them to zero hurts.
        decayed = [weight for weight in self._named.values() if weight.ndim > 1]
        others = [weight for weight in self._named.values() if weight.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0},
        ]  # fmt: skip
        self._torch = kind([group for group in groups if group["params"]], lr=config.lr, fused=True)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What is updated."""
        return list(self._named.values())

    def lr(self, step: int) -> float:
        """The learning rate of step 0, 1, 2 ..."""
        return self._config.lr * shape(step, self._config) * self._plateau.factor

    def update(self, step: int) -> None:
        """Move the parameters by their gradients at the learning rate of `step`."""
        for group in self._torch.param_groups:
            group["lr"] = self.lr(step)
        self._torch.step()

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self._torch.zero_grad(set_to_none=True)

    def validated(self, loss: float) -> bool:
        """Hear of a validation loss; whether the learning rate falls because of it (`plateau` alone)."""
        return self._config.schedule == "plateau" and self._plateau.hear(loss)

    def tensors(self) -> dict[str, Tensor]:
        """Adam's moments as `<parameter>.<moment>`, on the CPU; empty before the first update."""
        state = self._torch.state
        return {
            f"{name}.{moment}": state[weight][moment].detach().cpu().contiguous()
            for name, weight in self._named.items() if weight in state
            for moment in MOMENTS
        }  # fmt: skip

    def scalars(self) -> dict[str, Any]:
        """The rest of the state, as JSON knows it."""
        return self._plateau.state()

    def load(self, tensors: dict[str, Tensor], scalars: dict[str, Any]) -> None:
        """Continue where `tensors` and `scalars` were taken.

        Raises
        ------
        UserError
            They belong to another network, or are damaged.
        """
        try:
            self._plateau.load(scalars)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(f"the schedule ({error})") from None
        known = {f"{name}.{moment}" for name in self._named for moment in MOMENTS}
        if unknown := tensors.keys() - known:
            raise _damaged(min(unknown))
        self._torch.state.clear()
        for name, weight in self._named.items():
            if any(f"{name}.{moment}" in tensors for moment in MOMENTS):
                self._torch.state[weight] = {
                    moment: _moment(tensors, f"{name}.{moment}", weight) for moment in MOMENTS
                }


def _moment(tensors: dict[str, Tensor], key: str, weight: Tensor) -> Tensor:
    """One of a weight's moments, in the layout of the weight, which the fused kernel takes for granted."""
    value = tensors.get(key)
    # As torch makes them: the count in float32, the moments like the weight.
    like = (
        torch.empty_like(weight) if not key.endswith(".step") else weight.new_empty((), dtype=torch.float32)
    )
    if value is None or value.shape != like.shape or not value.is_floating_point():
        raise _damaged(key)
    return like.detach().copy_(value)


def _damaged(what: str) -> UserError:
    return UserError(
        "The saved state of the optimiser does not belong to this encoder, or is damaged.",
        f"It stumbles over {what[:100]}. Start the training anew.",
    )


def shape(step: int, config: TrainingConfig) -> float:
    """The share of the learning rate at a step: a linear rise, then flat or half a cosine to 0."""
    warmup = math.ceil(config.warmup * config.steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if config.schedule != "cosine":
        return 1.0
    progress = min(1.0, (step - warmup) / max(1, config.steps - warmup))
    return 0.5 * (1 + math.cos(math.pi * progress))


class Plateau:
    """A factor that shrinks when the validation loss stays where it is (torch's ReduceLROnPlateau)."""

    def __init__(self, config: TrainingConfig) -> None:
        self.factor = 1.0
        self._shrink = config.plateau_factor
        self._patience = config.plateau_patience
        self._best = math.inf
        self._waited = 0

    def hear(self, loss: float) -> bool:
        """Whether the factor shrinks after this loss: the last `patience` were no better either."""
        first = math.isinf(self._best)
        if math.isfinite(loss) and (first or loss < self._best - PLATEAU_MARGIN * abs(self._best)):
            self._best, self._waited = loss, 0
            return False
        self._waited += 1
        if self._waited <= self._patience:
            return False
        self.factor, self._waited = self.factor * self._shrink, 0
        return True

    def state(self) -> dict[str, Any]:
        """As JSON knows it, which has no infinity."""
        best = self._best if math.isfinite(self._best) else None
        return {"plateau_factor": self.factor, "plateau_best": best, "plateau_waited": self._waited}

    def load(self, state: dict[str, Any]) -> None:
        """What `state` returned."""
        best = state["plateau_best"]
        self.factor, self._waited = float(state["plateau_factor"]), int(state["plateau_waited"])
        self._best = math.inf if best is None else float(best)
