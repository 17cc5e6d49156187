"""A review as one HTML page: nothing from elsewhere, no script, readable on a phone and by a screen reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from numerian.review import summary
from numerian.review.model import HEADINGS, Item, Lines, Review, Section, pieces
from numerian.wording import NARROW, plural, some

_STYLE = """\
:root { color-scheme: light dark; --red: #b00020; --soft: #5a5a5a; --line: #c9c9c9 }
@media (prefers-color-scheme: dark) { :root { --red: #ff9c9c; --soft: #b9b9b9; --line: #555 } }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h2, h3 { line-height: 1.25 } h3 { margin: 1.4rem 0 .3rem }
.alerts { border-left: .3rem solid var(--red); padding-left: 1rem } .alert { color: var(--red); font-weight: 600 }
.soft { color: var(--soft) } ul { padding-left: 1.2rem } li { margin: .25rem 0 }
code, pre { font: .92em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .7rem; overflow-wrap: normal }
summary { cursor: pointer; padding: .2rem 0 } del, ins { text-decoration: none }
del { color: var(--red) } ins { font-weight: 600 }
"""
_MOST_NAMES = 6


def render(review: Review) -> str:
    """Return the page."""
    return "\n".join(_page(review)) + "\n"


def _page(review: Review) -> Iterator[str]:
    title = f"Revue du changement{NARROW}: {escape(review.stack)}"
    yield '<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
    yield f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<main>"
    yield f"<h1>{title}</h1>"
    if summary.tells_counts(review):
        yield f"<p><strong>{escape(summary.balance(review.counts))}</strong></p>"
    yield f'<p class="soft">{text(summary.consulted(review))}</p>'
    if review.selection:
        yield f'<p class="soft">{escape(review.selection)}</p>'
    if review.errors:
        yield f'<h2 class="alert">{plural(len(review.errors), "erreur")}{NARROW}: rien ne sera appliqué ainsi</h2>'
        yield from (f"<pre>{escape(error)}</pre>" for error in review.errors)
    yield from _alerts(review)
    if review.groups:
        yield "<h2>Ce qui change</h2>"
    for group in review.groups:
        yield from _group(group)
    if review.warnings:
        yield "<h2>Avertissements</h2>\n<ul>"
        yield from (f"<li>{escape(warning)}</li>" for warning in review.warnings)
        yield "</ul>"
    if review.lines:
        yield "<h2>Lignes changées</h2>"
    for lines in review.lines:
        yield from _lines(lines)
    yield "</main>\n</body>\n</html>"


def text(words: str) -> str:
    """Return an item's text as HTML; what stands between backticks in it is code.

    >>> text("a < b: `--refresh`")
    'a &lt; b: <code>--refresh</code>'
    """
    return "".join(f"<code>{escape(part)}</code>" if is_value else _prose(part) for is_value, part in pieces(words))


def _prose(words: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _alerts(review: Review) -> Iterator[str]:
    if not review.alerts:
        return
    yield f'<section class="alerts" aria-labelledby="alertes">\n<h2 id="alertes">À regarder d’abord{NARROW}: '
    yield f"{escape(summary.alerts(review))}</h2>\n<ul>"
    for item, titles in review.alerts:
        reason = f'<br><span class="soft">{text(item.reason)}</span>' if item.reason else ""
        whose = escape(some(list(titles), _MOST_NAMES))
        heading = f'<span class="alert">{HEADINGS[item.severity]}</span>'
        yield f"<li>{heading} · {whose}{NARROW}: {text(item.text)}{reason}</li>"
    yield "</ul>\n</section>"


def _group(group: list[Section]) -> Iterator[str]:
    yield f"<h3>{escape(some([section.title for section in group], _MOST_NAMES))}</h3>\n<ul>"
    for subject, items in group[0].subjects():
        yield f"<li>{subject}{NARROW}: {f'{NARROW}; '.join(map(_item, items))}</li>"
    yield "</ul>"


def _item(item: Item) -> str:
    return f'<span class="alert">{text(item.text)}</span>' if item.severity.is_alert else text(item.text)


def _lines(lines: Lines) -> Iterator[str]:
    note = f" ({escape(lines.note)})" if lines.note else ""
    heading = f"{lines.sign} {escape(some(list(lines.places), _MOST_NAMES))}{note}"
    if not lines.lines:
        yield f"<p><code>{heading}</code></p>"
        return
    body = "\n".join(map(_line, lines.lines))
    yield f"<details><summary><code>{heading}</code></summary>\n<pre>{body}</pre></details>"


def _line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    return f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line)
