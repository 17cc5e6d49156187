"""From a tree to a model: pydantic judges, and every error gets the place and words of ours."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from numerian.errors import Problem
from numerian.fault import Fault, shown
from numerian.load.tree import Mapping, Node, Scalar, place, plain
from numerian.suggest import nearest, remedy

Steps = tuple[str | int, ...]
ModelType = TypeVar("ModelType", bound=BaseModel)


def validate(model: type[ModelType], root: Mapping, path: Path, problems: list[Problem]) -> ModelType | None:
    """Return the tree as a model, or None after adding all that is wrong to `problems`."""
    try:
        return model.model_validate(plain(root))
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            problems.append(_problem(model, root, path, detail))
    return None


def _problem(model: type[BaseModel], root: Mapping, path: Path, detail: ErrorDetails) -> Problem:
    kind, steps = detail["type"], tuple(detail["loc"])
    fault = detail.get("ctx", {}).get("error")
    is_key = bool(steps) and steps[-1] == "[key]"
    steps = steps[:-1] if is_key else steps
    if isinstance(fault, Fault):
        steps = (*steps, *fault.at)
        message, right = fault.message, fault.remedy
    elif kind == "missing":
        message, right = _missing(model, root, steps)
    elif kind == "extra_forbidden":
        is_key = True
        message, right = f"unknown key {shown(steps[-1])}", _right_key(str(steps[-1]), model_at(model, steps[:-1]))
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        message, right = "keys belong here, not a value", "write them on the next lines, indented by two spaces"
    else:
        message, right = "this doesn't fit here", "look at the schema beside the inventory (schema/)"
    line, column = _key_place(root, steps) if is_key else place(root, steps)
    return Problem(path, line, column, message, right)


def _missing(model: type[BaseModel], root: Mapping, steps: Steps) -> tuple[str, str]:
    name = str(steps[-1])
    field = model_at(model, steps[:-1]).model_fields.get(name)
    example = f" {field.examples[0]}" if field and field.examples else ""
    return f"{shown(name)} is missing" if not _there(
        root, steps
    ) else f"{shown(name)} is empty", f"write {name}:{example}"


def _there(root: Node, steps: Steps) -> bool:
    node = root
    for step in steps:
        if not isinstance(node, Mapping) or step not in node.entries:
            return False
        node = node.entries[str(step)]
    return True


def _key_place(root: Mapping, steps: Steps) -> tuple[int, int]:
    """Return the place of the key that the last step names."""
    node: Node = root
    for step in steps[:-1]:
        if isinstance(node, Mapping) and step in node.entries:
            node = node.entries[str(step)]
        elif not isinstance(node, (Mapping, Scalar)) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    if isinstance(node, Mapping) and steps[-1] in node.keys:
        key = node.keys[str(steps[-1])]
        return key.line, key.column
    return place(root, steps)


def model_at(model: type[BaseModel], steps: Steps) -> type[BaseModel]:
    """Return the model of the group that `steps` lead to."""
    names = iter(steps)
    for name in names:
        field = model.model_fields.get(str(name))
        inner = _model_in(field.annotation) if field else None
        if field is None or inner is None:
            return model
        model = inner
        if typing.get_origin(field.annotation) is dict:
            next(names, None)  # the name of the entry
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found:
            return found
    return None


def _right_key(word: str, model: type[BaseModel]) -> str:
    """Return which key was meant: one of this group, else one of a group in it, else all that there are."""
    if nearest(word, model.model_fields):
        return remedy(word, model.model_fields)
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        near = nearest(word, inner.model_fields) if inner else None
        if near:
            return f"did you mean {shown(near)} under {name}:?"
    return remedy(word, model.model_fields)
