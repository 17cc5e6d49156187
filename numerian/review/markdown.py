"""A review as a comment of a merge request: edited in place, short enough for any forge, harmless whatever it holds.

Values stand in code spans, where a forge makes neither links nor mentions nor HTML of them; all other text is escaped.
What doesn't fit is cut from the end: changed lines first, then sections; the summary never.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from numerian.engine.changes import visible
from numerian.review import summary
from numerian.review.model import HEADINGS, Item, Lines, Review, Section, pieces
from numerian.wording import NARROW, number, plural, some

MARKER = "<!-- numerian-review -->"
"""The comment's first line: by it a later run finds the comment that it replaces."""
MOST = 60_000
"""Characters of all. GitHub refuses a comment of more than 65,536."""
_MOST_NAMES = 6
_LONGEST_ERROR = 2000
_ROOM_FOR_ALERTS = 25_000
_ROOM_FOR_SECTIONS = 45_000
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~^$&])")
_TRIGGER = re.compile(r"([@#!$%&~/])(?=\S)")
_BREAK = "\u200b"
"""Nothing to see: it parts what a forge would take for a mention, a link or the number of an issue."""


def render(review: Review) -> str:
    """Return the comment, under `MOST` characters."""
    page = _Page()
    page.must(MARKER)
    page.must(f"## Revue du changement : {text(review.stack)}")
    if summary.tells_counts(review):
        page.must(f"**{text(summary.balance(review.counts))}**")
    if told := summary.alerts(review):
        page.must(f"⚠️ **À regarder d’abord : {text(told)}**")
    if review.errors:
        page.must(f"❌ **{text(plural(len(review.errors), 'erreur'))} : rien ne sera appliqué ainsi**")
    page.must(f"*{text(summary.consulted(review))}*")
    if review.selection:
        page.must(f"*{text(review.selection)}*")
    more = "et encore {} ; `numerian preview` les montre tous"
    page.fill(map(_error, review.errors), _ROOM_FOR_ALERTS, more)
    page.fill(_alerts(review), _ROOM_FOR_ALERTS, more)
    if review.groups:
        page.fill(["### Ce qui change"], _ROOM_FOR_SECTIONS, "")
    page.fill(map(_group, review.groups), _ROOM_FOR_SECTIONS, more)
    page.fill((f"- attention{NARROW}: {text(warning)}" for warning in review.warnings), _ROOM_FOR_SECTIONS, more)
    page.fill(map(_lines, review.lines), MOST - 200, more)
    return page.content


class _Page:
    """Paragraphs, as many as fit."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    @property
    def content(self) -> str:
        return "\n\n".join(self._parts) + "\n"

    def must(self, part: str) -> None:
        self._parts.append(part)
        self._size += len(part) + 2

    def fill(self, parts: Iterable[str], room: int, more: str) -> None:
        """Add what fits up to `room` characters of all, and say how many parts didn't."""
        left = 0
        for part in parts:
            if left or self._size + len(part) + 2 > room:
                left += 1
            else:
                self.must(part)
        if left and more:
            self.must(f"*… {more.format(number(left))}*")


def text(words: str) -> str:
    """Return an item's text, its values in code spans.

    >>> from numerian.review.model import value
    >>> print(text(f"renvoie vers {value('https://a.test/`x`')}"))
    renvoie vers `` https://a.test/`x` ``
    """
    return "".join(code(piece) if is_value else prose(piece) for is_value, piece in pieces(words))


def prose(words: str) -> str:
    r"""Return words that mean nothing but themselves.

    >>> print(prose("<b> *x*").replace(_BREAK, ""))
    \<b\> \*x\*
    """
    shown = visible(" ".join(words.split("\n")))
    parted = _TRIGGER.sub(rf"\1{_BREAK}", shown).replace("www.", f"www{_BREAK}.")
    return "`".join(
        part if position % 2 else _SPECIAL.sub(r"\\\1", part) for position, part in enumerate(_own_code(parted))
    )


def _own_code(words: str) -> list[str]:
    """Return our own words apart from the commands in them, such as `numerian site room`."""
    return re.split(r"`(numerian [a-z ]+|--refresh|old_domains|maintenance: true)`", words)


def code(words: str) -> str:
    """Return a code span that nothing in it can end."""
    inside = words.replace("\n", " ").strip() or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", inside)), default=0) + 1)
    pad = " " if "`" in inside else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def _error(error: str) -> str:
    shown = error if len(error) <= _LONGEST_ERROR else error[: _LONGEST_ERROR - 1] + "…"
    return _block(shown.splitlines(), "")


def _alerts(review: Review) -> Iterator[str]:
    for item, titles in review.alerts:
        reason = f"  \n  _{text(item.reason)}_" if item.reason else ""
        whose = text(some(list(titles), _MOST_NAMES))
        yield f"- 🔴 **{HEADINGS[item.severity]}** · {whose}{NARROW}: {text(item.text)}{reason}"


def _group(group: list[Section]) -> str:
    title = text(some([section.title for section in group], _MOST_NAMES))
    told = [f"- {subject}{NARROW}: {f'{NARROW}; '.join(map(_item, items))}" for subject, items in group[0].subjects()]
    return "\n".join([f"**{title}**", "", *told])


def _item(item: Item) -> str:
    return f"🔴 {text(item.text)}" if item.severity.is_alert else text(item.text)


def _lines(lines: Lines) -> str:
    """Return one folded part. Within HTML nothing is Markdown, so its heading is escaped as HTML."""
    note = f" ({lines.note})" if lines.note else ""
    heading = escape(f"{lines.sign} {some(list(lines.places), _MOST_NAMES)}{note}".replace("\n", " "))
    summary_line = f"<summary><code>{heading}</code></summary>"
    if not lines.lines:
        return f"<details>{summary_line}</details>"
    return f"<details>{summary_line}\n\n{_block(lines.lines, 'diff')}\n\n</details>"


def _block(lines: Iterable[str], language: str) -> str:
    body = list(lines)
    longest = max((len(run) for line in body for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *body, fence])
