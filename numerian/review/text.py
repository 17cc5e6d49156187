"""A review for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from numerian.engine.report import Style, plain_style
from numerian.review import summary
from numerian.review.model import HEADINGS, Item, Lines, Review, Section, plain
from numerian.wording import plural, some

_SIGNS = {"+": "green", "-": "red", "~": "yellow", "@": "dim"}
_MOST_NAMES = 6


def render(review: Review, style: Style = plain_style, *, seconds: float | None = None) -> Iterator[str]:
    """Yield the lines: alerts, members and servers, changed lines, counts."""
    yield from _alerts(review, style)
    for group in review.groups:
        yield from _group(group, style)
    if review.lines:
        yield ""
        yield style("Lignes changées", "bold")
        for lines in review.lines:
            yield from _lines(lines, style)
    if review.sections or review.lines:
        yield ""
    for warning in review.warnings:
        yield f"{style('attention :', 'yellow')} {warning}"
    if review.errors:
        yield style(f"{plural(len(review.errors), 'erreur')} : rien ne sera appliqué ainsi", "red")
        for error in review.errors:
            yield from (f"  {line}" for line in error.splitlines())
    if summary.tells_counts(review):
        took = f" ({seconds:.1f} s)".replace(".", ",") if seconds is not None else ""
        yield summary.balance(review.counts) + took
    yield summary.consulted(review)
    if review.selection:
        yield review.selection


def _alerts(review: Review, style: Style) -> Iterator[str]:
    if not review.alerts:
        return
    yield style(f"À regarder d’abord : {summary.alerts(review)}", "red")
    for item, titles in review.alerts:
        whose = some(list(titles), _MOST_NAMES)
        yield style(f"  {HEADINGS[item.severity]} · {whose} : {plain(item.text)}", "red")
        if item.reason:
            yield f"      {plain(item.reason)}"
    yield ""


def _group(group: list[Section], style: Style) -> Iterator[str]:
    title = some([section.title for section in group], _MOST_NAMES)
    for subject, items in group[0].subjects():
        words = " ; ".join(_item(item, style) for item in items)
        yield f"{style(title, 'bold')} · {subject} : {words}"


def _item(item: Item, style: Style) -> str:
    return style(plain(item.text), "red") if item.severity.is_alert else plain(item.text)


def _lines(lines: Lines, style: Style) -> Iterator[str]:
    note = f" ({lines.note})" if lines.note else ""
    yield f"  {style(lines.sign, _SIGNS[lines.sign])} {some(list(lines.places), _MOST_NAMES)}{note}"
    for line in lines.lines:
        yield "      " + style(line, _SIGNS.get(line[:1], ""))
