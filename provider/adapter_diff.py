"""What differs, in the engine's words; and how it is seen at a glance that nothing does."""

from __future__ import annotations

from typing import Any

from provider.adapter_values import some
from provider.kinds.base import Change, Diff, ResourceKind
from provider.proto import provider_pb2

_PropertyDiff = provider_pb2.PropertyDiff
_KINDS = {
    Change.ADD: _PropertyDiff.ADD,
    Change.UPDATE: _PropertyDiff.UPDATE,
    Change.DELETE: _PropertyDiff.DELETE,
    Change.ADD_REPLACE: _PropertyDiff.ADD_REPLACE,
    Change.UPDATE_REPLACE: _PropertyDiff.UPDATE_REPLACE,
    Change.DELETE_REPLACE: _PropertyDiff.DELETE_REPLACE,
}
_REPLACING = {Change.ADD_REPLACE, Change.UPDATE_REPLACE, Change.DELETE_REPLACE}


def same(kind: ResourceKind, request: Any) -> bool:
    """Tell whether nothing differs: the inputs are those of before, and the outputs say the same of them."""
    if not kind.inputs_only:
        return bool(request.olds == request.news)
    if request.old_inputs != request.news:
        return False
    repeated = [name for name in request.news.fields if name not in kind.inputs_only]
    return bool(request.olds == some(request.news, repeated))


def answer(diff: Diff) -> Any:
    """Return the answer to the engine that names every path."""
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if diff.changes else response.DIFF_NONE,
        diffs=sorted({_top(path) for path in diff.changes}),
        replaces=sorted({_top(path) for path, change in diff.changes.items() if change in _REPLACING}),
        deleteBeforeReplace=diff.delete_before_replace,
        detailedDiff={path: _PropertyDiff(kind=_KINDS[change]) for path, change in diff.changes.items()},
        hasDetailedDiff=True,
    )


def _top(path: str) -> str:
    """Return the top-level property of a path."""
    return path.partition(".")[0].partition("[")[0]
