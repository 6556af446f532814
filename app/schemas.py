"""JSON schemas, as pydantic writes them, as fields that `app.forms` can edit: for models of other processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import Field
from pydantic.fields import FieldInfo

Schema = Mapping[str, Any]
KINDS: dict[str, Any] = {"number": float, "integer": int, "boolean": bool, "string": str}
LIMITS = {
    "minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt", "minItems": "min_length",
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Fields that belong together, each with its dotted name."""

    title: str
    description: str
    fields: Mapping[str, FieldInfo]


def groups(schema: Schema, prefix: str, title: str) -> Iterator[Group]:
    """The model's own fields, then a group for each model inside it, titled as the field that holds it.

    A field of a kind that no form can show (one that may be left empty, numbers with a point in a list) is left out:
    it keeps the value that it has.
    """
    plain, inner = {}, []
    for name, value in schema["properties"].items():
        nested = _nested(schema, value)
        if nested is None:
            if (kind := _kind(value)) is not None:
                plain[f"{prefix}.{name}"] = _field(value, kind)
        else:
            inner.append((f"{prefix}.{name}", str(value.get("title") or nested.get("title") or name), nested))
    if plain:
        yield Group(title, str(schema.get("description") or ""), plain)
    for place, name, nested in inner:
        yield from groups({**nested, "$defs": schema.get("$defs", {})}, place, name)


def _field(schema: Schema, kind: Any) -> FieldInfo:
    """A field with that title, type and limits."""
    limits = {name: schema[key] for key, name in LIMITS.items() if key in schema}
    info: FieldInfo = Field(title=schema.get("title"), description=schema.get("description"), **limits)
    info.annotation = kind
    return info


def _kind(schema: Schema) -> Any:
    """The type of a field's values; None: no form can show it."""
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if schema.get("type") == "array":
        return _list_of(schema.get("items") or {})
    return KINDS.get(str(schema.get("type")))


def _list_of(items: Schema) -> Any:
    """Whole numbers with their limits; None: other things."""
    numbers = items.get("enum") or ()
    if items.get("type") != "integer" and not (numbers and all(type(one) is int for one in numbers)):
        return None
    low, high = (
        items.get("minimum", min(numbers, default=None)),
        items.get("maximum", max(numbers, default=None)),
    )
    return list[Annotated[int, Ge(low), Le(high)]] if None not in (low, high) else list[int]


def _nested(schema: Schema, value: Schema) -> Schema | None:
    """The model that a field refers to, if it does."""
    link = value.get("$ref") or next((one["$ref"] for one in value.get("allOf", ()) if "$ref" in one), "")
    name = str(link).rpartition("/")[2]
    found: Schema | None = schema.get("$defs", {}).get(name)
    return found
