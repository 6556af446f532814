"""The strategies: a file put here is found, no list is edited."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any, TypeGuard

from pydantic import ValidationError

from core.errors import UserError
from core.strategies.base import Strategy

__all__ = ["Strategy", "available", "build"]


def available() -> dict[str, type[Strategy]]:
    """Every strategy of the files in this package, by name."""
    found: dict[str, type[Strategy]] = {}
    for file in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{file.name}")
        for member in vars(module).values():
            if not _is_strategy(member) or member.__module__ != module.__name__:
                continue
            if member.name in found:
                raise ValueError(f"two strategies are called {member.name}")
            found[member.name] = member
    return found


def build(name: str, config: dict[str, Any] | None = None) -> Strategy:
    """The strategy called `name`, untrained, in eval mode.

    Raises
    ------
    UserError
        No such strategy, or a config that it does not take.
    """
    known = available()
    if name not in known:
        raise UserError(f"There is no strategy called {name!r}.", f"There are: {', '.join(known)}.")
    try:
        checked = known[name].Config.model_validate(config or {})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UserError(f"The strategy {name} cannot be set up like this.", problems) from None
    return known[name](checked).eval()


def _is_strategy(member: object) -> TypeGuard[type[Strategy]]:
    """Whether `member` is meant to be used: a base class has no name."""
    return inspect.isclass(member) and issubclass(member, Strategy) and hasattr(member, "name")
