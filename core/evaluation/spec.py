"""How one data set, or one kind of labels, is named with all that was chosen.

A form, the command line and the store all speak of a `TaskSpec`; `core.evaluation.datasets` turns it into tasks.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from core import paths
from core.errors import UserError
from core.evaluation.sources import FIELDS, JAMENDO, SOURCES, Option, Source, Value, source

__all__ = ["FIELDS", "JAMENDO", "SOURCES", "Option", "Source", "TaskSpec", "Value", "checked", "source"]

_SPOKEN = re.compile(r"([a-z0-9]+)(?:(:)|,|$)", re.IGNORECASE)
_STRAY = re.compile(r",([a-z_]+)=")
_YES, _NO = {"true", "yes", "on", "1", ""}, {"false", "no", "off", "0"}


class TaskSpec(BaseModel):
    """Which tasks are meant: a kind, where it is, and what was chosen.

    Parameters
    ----------
    kind
        Of `SOURCES`.
    path
        As text with surrogate escapes; "" is the library's own music.
    options
        What differs from the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str = ""
    options: dict[str, Value] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Stable text of all that is chosen, defaults included."""
        known = next((source for source in SOURCES if source.kind == self.kind), None)
        defaults = {option.name: option.default for option in known.options} if known else {}
        return json.dumps([self.kind, self.path, defaults | self.options], sort_keys=True)

    @property
    def raw_path(self) -> bytes:
        """The path as the operating system spells it."""
        return paths.raw(self.path)

    def option(self, name: str) -> Value:
        """What was chosen, or the default.

        Raises
        ------
        UserError
            There is no such option, or its value cannot be.
        """
        option = source(self.kind).option(name)
        return _checked(option, self.options.get(name, option.default))

    def text(self, name: str) -> str:
        """`option`, for one that is a text or a choice."""
        return str(self.option(name)).strip()

    def number(self, name: str) -> int:
        """`option`, for one that is a number."""
        return int(self.option(name))

    @classmethod
    def parse(cls, text: str) -> TaskSpec:
        """The `KIND:PATH[,option=value...]` or `KIND[,option=value...]` of the command line; commas may be in PATH.

        Raises
        ------
        UserError
            No such kind or option, a value that cannot be, or no path where one is needed.
        """
        spoken = _SPOKEN.match(text)
        known = source(spoken[1].lower() if spoken else text)
        rest = text[spoken.end() :] if spoken else ""
        names = "|".join(re.escape(option.name) for option in known.options)
        pieces = re.split(rf"(?:^|,)({names})=", rest) if names else [rest]
        head = pieces[0]
        stray = _STRAY.search(head)
        if stray and not Path(head).exists():
            known.option(stray[1])  # says what there is
        options = {
            name: _checked(known.option(name), value)
            for name, value in zip(pieces[1::2], pieces[2::2], strict=True)
        }
        with_path = spoken is not None and bool(spoken[2])
        if head and not with_path:
            known.option(head.partition("=")[0])
        return checked(cls(kind=known.kind, path=_absolute(head) if head else "", options=options))


def checked(spec: TaskSpec) -> TaskSpec:
    """`spec`, if it can be meant.

    Raises
    ------
    UserError
        No such kind or option, a value that cannot be, or no path where one is needed.
    """
    known = source(spec.kind)
    for name in spec.options:
        spec.option(name)
    if known.needs != "nothing" and not spec.path:
        raise UserError(
            f"{known.title} needs a {known.needs}.", f"Name it as {known.kind}:PATH. {known.layout}"
        )
    return spec


def _absolute(path: str) -> str:
    return paths.json_text(paths.raw(Path(path).expanduser()))


def _checked(option: Option, value: Value) -> Value:
    """`value` as the option's type; UserError where it cannot be one."""
    text = str(value).strip()
    if option.kind == "flag":
        if text.lower() not in _YES | _NO:
            raise UserError(f"{option.name} cannot be {text[:80]!r}.", "It is yes or no.")
        return text.lower() in _YES
    if option.kind == "number":
        number = float(text) if re.fullmatch(r"\d{1,9}(\.0*)?", text) else math.nan
        if math.isnan(number):
            raise UserError(f"{option.name} cannot be {text[:80]!r}.", "It is a whole number, 0 or more.")
        return int(number)
    if option.kind == "choice" and text not in option.choices:
        raise UserError(
            f"{option.name} cannot be {text[:80]!r}.", f"It is one of: {', '.join(option.choices)}."
        )
    return text
