"""What differs between a service's state and its declaration. Pure."""

from __future__ import annotations

from provider.kinds.base import Change, Props

_REPLACING = ("host", "name")
_FIELDS = ("root", "validate", "reload", "running", "watchSeconds", "confirm")


def plan(olds: Props, news: Props) -> dict[str, Change]:
    """Return the property paths that differ.

    >>> plan({"name": "front"}, {"name": "front", "reload": ["true"]})
    {'reload': <Change.UPDATE: 'update'>}
    """
    changes = {name: Change.UPDATE_REPLACE for name in _REPLACING if olds.get(name) != news.get(name)}
    changes.update({name: Change.UPDATE for name in _FIELDS if (olds.get(name) or None) != (news.get(name) or None)})
    return changes
