"""What properties a resource has, and the check of a program's inputs against them. Knows no daemon.

A `Prop` says a property's type and how the official provider treats it: whether a change replaces the resource,
whether the daemon fills it in, its default. The tables themselves are in `schema` and `container_schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi sends for a value that only the apply will know."""

DEFAULTS = "__defaults"
"""The key under which the official provider notes which inputs are defaults and not the program's."""


@dataclass(frozen=True)
class Prop:
    """One property. `type` is string, integer, boolean, list, map (of strings) or object.

    `computed`: left out by the program, whatever the daemon says is right.
    `implicit`: as computed, but taking it out of the program is a change.
    `unordered`: a list whose order means nothing.
    `shape`: brings a value to the form in which it is compared.
    `unserved`: why this plugin refuses it.
    """

    type: str
    items: Prop | None = None
    fields: Mapping[str, Prop] = field(default_factory=dict)
    required: bool = False
    replaces: bool = False
    computed: bool = False
    implicit: bool = False
    output: bool = False
    unordered: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    shape: Callable[[Any], Any] | None = None
    unserved: str = ""


@dataclass(frozen=True)
class Failure:
    """One fault of the inputs, at a property path."""

    property: str
    reason: str


def text(**how: Any) -> Prop:
    """A string."""
    return Prop("string", **how)


def whole(**how: Any) -> Prop:
    """An integer."""
    return Prop("integer", **how)


def flag(**how: Any) -> Prop:
    """A boolean."""
    return Prop("boolean", **how)


def texts(**how: Any) -> Prop:
    """A list of strings."""
    return Prop("list", items=Prop("string"), **how)


def mapping(**how: Any) -> Prop:
    """A map of strings to strings."""
    return Prop("map", items=Prop("string"), **how)


def block(fields: Mapping[str, Prop], **how: Any) -> Prop:
    """An object with named fields."""
    return Prop("object", fields=fields, **how)


def blocks(fields: Mapping[str, Prop], **how: Any) -> Prop:
    """A list of objects."""
    return Prop("list", items=Prop("object", fields=fields), **how)


def join(path: str, key: str | int) -> str:
    """Append to a path in Pulumi's syntax.

    >>> join(join("logOpts", "max-size"), 0)
    'logOpts["max-size"][0]'
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key.isidentifier():
        return f"{path}.{key}" if path else key
    return f'{path}["{key}"]'


def check(fields: Mapping[str, Prop], given: Mapping[str, Any], *, where: str) -> tuple[dict[str, Any], list[Failure]]:
    """Return the inputs in their right types with defaults filled in, and everything that is wrong with them.

    Args:
        fields: the resource's properties.
        given: the program's inputs.
        where: how the resource's type is named to the operator.
    """
    failures: list[Failure] = []
    inputs = _check_fields(fields, given, "", where, failures)
    return inputs, failures


def without_notes(value: Any) -> Any:
    """Return `value` without the keys that are the engine's business (`__defaults`, `__meta`), at every depth."""
    if isinstance(value, Mapping):
        return {k: without_notes(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [without_notes(item) for item in value]
    return value


def is_empty(value: Any) -> bool:
    """Tell whether `value` says no more than an absent one, as for the official provider.

    >>> is_empty(0), is_empty([]), is_empty("no"), is_empty({"/tmp": ""})
    (True, True, False, False)
    """
    if isinstance(value, Mapping):
        return all(name.startswith("__") for name in value)
    return value is None or value in ("", 0, False, [])


def says_nothing(prop: Prop, value: Any) -> bool:
    """Tell the same of a property's value: an object of empty fields says nothing, a map of empty values does."""
    if prop.type == "object" and isinstance(value, Mapping):
        return all(
            says_nothing(prop.fields[name], inner)
            for name, inner in value.items()
            if name in prop.fields and inner != prop.fields[name].default
        )
    return is_empty(value)


def typed(prop: Prop, value: Any) -> Any:
    """Return `value` in the type of `prop` (numbers come from Pulumi as floats); what doesn't fit stays as it is."""
    failures: list[Failure] = []
    result = _check_value(replace(prop, required=False, unserved=""), value, "", "", failures, fill=False)
    return value if failures else result


def retyped(fields: Mapping[str, Prop], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked values in their types again: on the wire every number is a float."""
    return {
        name: typed(fields[name], value) if name in fields else value
        for name, value in values.items()
        if value is not None
    }


def _check_fields(
    fields: Mapping[str, Prop],
    given: Mapping[str, Any],
    path: str,
    where: str,
    failures: list[Failure],
    *,
    fill: bool = True,
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in given.items():
        if name.startswith("__") or value is None:
            continue
        here = join(path, name)
        prop = fields.get(name)
        if prop is None:
            failures.append(Failure(here, f"{where} has no property `{here}`"))
        elif prop.output and fill:
            failures.append(Failure(here, f"`{here}` of {where} is an output, it can't be set"))
        elif prop.unserved and fill:
            failures.append(Failure(here, f"`{here}` of {where} isn't served by this docker plugin: {prop.unserved}"))
        else:
            result[name] = _check_value(prop, value, here, where, failures, fill=fill)
    if not fill:
        return result
    defaults = [n for n, p in fields.items() if p.default is not None and n not in result]
    result.update({name: fields[name].default for name in defaults})
    for name, prop in fields.items():
        if prop.required and name not in result:
            failures.append(Failure(join(path, name), f"`{join(path, name)}` of {where} is required"))
    result[DEFAULTS] = sorted(defaults)
    return result


def _check_value(prop: Prop, value: Any, path: str, where: str, failures: list[Failure], *, fill: bool) -> Any:
    if value == UNKNOWN:
        return value
    if prop.type == "object":
        if isinstance(value, Mapping):
            return _check_fields(prop.fields, value, path, where, failures, fill=fill)
    elif prop.type == "list":
        if isinstance(value, list) and prop.items:
            items = prop.items
            return [
                _check_value(items, v, join(path, i), where, failures, fill=fill)
                for i, v in enumerate(value)
                if v is not None
            ]
    elif prop.type == "map":
        if isinstance(value, Mapping) and prop.items:
            items = prop.items
            return {
                k: _check_value(items, v, join(path, k), where, failures, fill=fill)
                for k, v in value.items()
                if v is not None and not k.startswith("__")
            }
    else:
        return _check_scalar(prop, value, path, where, failures)
    failures.append(Failure(path, f"`{path}` of {where} must be {_ARTICLES[prop.type]}"))
    return value


def _check_scalar(prop: Prop, value: Any, path: str, where: str, failures: list[Failure]) -> Any:
    try:
        result = _SCALARS[prop.type](value)
    except (TypeError, ValueError):
        failures.append(Failure(path, f"`{path}` of {where} must be {_ARTICLES[prop.type]}"))
        return value
    if prop.choices and result not in prop.choices:
        known = ", ".join(f"`{choice}`" for choice in prop.choices)
        failures.append(Failure(path, f"`{path}` of {where} must be one of {known}"))
    if prop.minimum is not None and result < prop.minimum:
        failures.append(Failure(path, f"`{path}` of {where} must be at least {prop.minimum}"))
    return result


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(type(value).__name__)


def _to_whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("bool")
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _to_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise TypeError(type(value).__name__)


_SCALARS: Mapping[str, Callable[[Any], Any]] = {"string": _to_text, "integer": _to_whole, "boolean": _to_flag}

_ARTICLES = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "list": "a list",
    "map": "a map of strings",
    "object": "an object",
}
