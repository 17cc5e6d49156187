"""The comparison of what the state holds with what the program declares: pure, asks no daemon.

The same rules as the official provider's schema: what the daemon fills in is no difference, the order of a set is
none, and each difference says whether it replaces the resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from engine.docker_plugin.properties import UNKNOWN, Prop, is_empty, join, says_nothing, typed


class Kind(Enum):
    """How a path differs."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Change:
    """One path that differs, and whether that replaces the resource."""

    kind: Kind
    replaces: bool


@dataclass(frozen=True)
class Plan:
    """Everything that differs. Empty: nothing to do."""

    changes: Mapping[str, Change] = field(default_factory=dict)

    @property
    def replaces(self) -> list[str]:
        """The top-level properties whose change replaces the resource."""
        return sorted({_top(path) for path, change in self.changes.items() if change.replaces})

    @property
    def updates(self) -> list[str]:
        """The top-level properties that differ."""
        return sorted({_top(path) for path in self.changes})


def compare(
    fields: Mapping[str, Prop], state: Mapping[str, Any], old_inputs: Mapping[str, Any], news: Mapping[str, Any]
) -> Plan:
    """Compare the state's outputs with checked inputs.

    Args:
        fields: the resource's properties.
        state: the outputs in the state.
        old_inputs: what the program declared when they were written.
        news: what it declares now.
    """
    changes: dict[str, Change] = {}
    for name, prop in fields.items():
        if prop.output:
            continue
        if name not in news and (prop.computed or (prop.implicit and name not in old_inputs)):
            continue
        old = _own(prop, state.get(name), old_inputs.get(name), news.get(name))
        _compare(prop, old, news.get(name), name, prop.replaces, changes)
    return Plan(changes)


def declared_or_seen(prop: Prop, declared: Any, seen: Any) -> Any:
    """Return the declared value in the program's own form where what the daemon shows says the same, else `seen`.

    A daemon shows more than was asked (a gateway beside a subnet, sorted lists): that is no drift.
    """
    if declared is None or declared == UNKNOWN:
        return seen
    changes: dict[str, Change] = {}
    if isinstance(declared, Mapping) and isinstance(seen, Mapping):
        seen = {name: seen.get(name) for name in declared}
    _compare(prop, seen, declared, "", False, changes, lenient=True)
    return seen if changes else declared


def merged(fields: Mapping[str, Prop], known: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a resource: what the daemon shows, in the form of `known` where both say the same.

    Properties that the daemon doesn't show keep their known value. What is empty and wasn't known is left out,
    except what the daemon fills in.
    """
    outputs = dict(known or {})
    for name, seen in shown.items():
        prop = fields[name]
        if name in outputs:
            outputs[name] = declared_or_seen(prop, outputs[name], seen)
        elif prop.computed or prop.output or not is_empty(seen):
            outputs[name] = seen
    return outputs


def _own(prop: Prop, old: Any, declared: Any, new: Any) -> Any:
    """Leave out of a map the keys that only the daemon put there (its own defaults for a log)."""
    if not prop.implicit or prop.type != "map" or not isinstance(old, Mapping):
        return old
    said = {*(declared or {}), *(new if isinstance(new, Mapping) else {})}
    return {key: value for key, value in old.items() if key in said}


def _compare(
    prop: Prop,
    old: Any,
    new: Any,
    path: str,
    replaces: bool,
    changes: dict[str, Change],
    *,
    lenient: bool = False,
) -> None:
    """Add to `changes` what differs at and below `path`. `lenient`: what `new` doesn't say is no difference."""
    if new == UNKNOWN:
        changes[path] = Change(Kind.ADD if is_empty(old) else Kind.UPDATE, replaces)
        return
    old, new = _shaped(prop, old), _shaped(prop, new)
    absent, given = says_nothing(prop, old), not says_nothing(prop, new)
    if old == new or (absent and not given):
        return
    if absent or not given:
        whole = replaces or any(f.replaces for f in prop.fields.values())
        changes[path] = Change(Kind.ADD if absent else Kind.DELETE, whole)
    elif prop.type == "object":
        _compare_object(prop, old, new, path, replaces, changes, lenient=lenient)
    elif prop.type == "map":
        _compare_map(old, new, path, replaces, changes)
    elif prop.type == "list" and prop.items:
        _compare_list(prop, old, new, path, replaces, changes, lenient=lenient)
    else:
        changes[path] = Change(Kind.UPDATE, replaces)


def _compare_object(
    prop: Prop,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    path: str,
    replaces: bool,
    changes: dict[str, Change],
    *,
    lenient: bool,
) -> None:
    for name, inner in prop.fields.items():
        if name not in new and (lenient or inner.computed or inner.implicit):
            continue
        value = new.get(name, inner.default)
        _compare(
            inner,
            old.get(name, inner.default),
            value,
            join(path, name),
            replaces or inner.replaces,
            changes,
            lenient=lenient,
        )


def _compare_map(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, replaces: bool, changes: dict[str, Change]
) -> None:
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            changes[join(path, key)] = Change(Kind.ADD if key in new else Kind.DELETE, replaces)
        elif old[key] != new[key]:
            changes[join(path, key)] = Change(Kind.UPDATE, replaces)


def _compare_list(
    prop: Prop,
    old: list[Any],
    new: list[Any],
    path: str,
    replaces: bool,
    changes: dict[str, Change],
    *,
    lenient: bool,
) -> None:
    items = prop.items or Prop("string")
    left_old, left_new = list(enumerate(old)), list(enumerate(new))
    if prop.unordered:
        left_old, left_new = _unmatched(items, left_old, left_new, lenient=lenient)
        if not left_new and (lenient or not left_old):
            return
    same_places = [i for i, _ in left_old] == [i for i, _ in left_new]
    if len(old) != len(new) or not same_places or (prop.unordered and items.type != "object"):
        # Pairing items of a set that changed would be a guess: the whole list is shown.
        changes[path] = Change(Kind.UPDATE, replaces)
        return
    for (index, before), (_, after) in zip(left_old, left_new, strict=True):
        _compare(items, before, after, join(path, index), replaces, changes, lenient=lenient)


def _unmatched(
    items: Prop, old: list[tuple[int, Any]], new: list[tuple[int, Any]], *, lenient: bool
) -> tuple[list[tuple[int, Any]], list[tuple[int, Any]]]:
    """Take out the pairs that say the same, wherever they stand."""
    left_old, left_new = list(old), []
    for index, after in new:
        for candidate in left_old:
            inner: dict[str, Change] = {}
            _compare(items, candidate[1], after, "", False, inner, lenient=lenient)
            if not inner:
                left_old.remove(candidate)
                break
        else:
            left_new.append((index, after))
    return left_old, left_new


def _shaped(prop: Prop, value: Any) -> Any:
    if value is None:
        return None
    value = typed(prop, value)
    return prop.shape(value) if prop.shape else value


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]
