"""A review for programs. `docs/review.md` documents it, `docs/review.schema.json` is its schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from numerian.review.model import Item, Review, plain

VERSION = 1
"""Raised when a key is taken away or means something else; a new key is no other version."""


def render(review: Review) -> dict[str, Any]:
    """Return plain JSON values."""
    return {
        "version": VERSION,
        "stack": review.stack,
        "servers_consulted": review.consulted,
        "selection": review.selection,
        "failed": bool(review.errors),
        "counts": asdict(review.counts),
        "alerts": [{**_item(item), "members": list(titles)} for item, titles in review.alerts],
        "sections": [
            {
                "scope": section.scope,
                "key": section.key,
                "title": section.title,
                "items": [_item(item) for item in section.items],
            }
            for section in review.sections
        ],
        "lines": [
            {"sign": one.sign, "note": one.note, "lines": list(one.lines), "places": list(one.places)}
            for one in review.lines
        ],
        "warnings": list(review.warnings),
        "errors": list(review.errors),
    }


def _item(item: Item) -> dict[str, str]:
    return {
        "kind": item.kind,
        "severity": item.severity.name.lower(),
        "text": plain(item.text),
        "reason": plain(item.reason),
    }
