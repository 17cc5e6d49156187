"""Templates to text. What an inventory says is data: each target has its own escaping, and what can't be written
inertly in a target is refused (`UnsafeValueError`) instead of being mended.

Templates hold loops and plain tests; decisions are taken in Python (`numerian.front`, `numerian.start_page`).
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from numerian.errors import NumerianError
from numerian.fault import shown

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

LONGEST_VALUE = 2000
"""Characters. No value of an inventory that stands in a page or a configuration is longer."""

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They make a text read otherwise than it is written."""

_NGINX_WORD = re.compile(r"[A-Za-z0-9._/:@%+,=-]+")
_PLAIN_WORD = re.compile(r"[^\s\"'\\`$;{}<>|&]+")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


class UnsafeValueError(NumerianError):
    """A value that can't be written inertly where a template wants it. `value` is what was refused."""

    def __init__(self, value: str, reason: str) -> None:
        super().__init__(f"{shown(value)}: {reason}")
        self.value = value


class Target(Enum):
    """What reads the rendered text, and so how values are written into it."""

    HTML = "html"
    NGINX = "nginx"
    PLAIN = "plain"


class Written(str):
    """Text that a filter has already made safe for its target."""

    __slots__ = ()


def refuse_controls(value: str) -> str:
    """Return `value`, or raise when it holds what no text should: controls, line breaks, lone surrogates, excess."""
    if len(value) > LONGEST_VALUE:
        raise UnsafeValueError(value, f"longer than {LONGEST_VALUE} characters")
    if value.isprintable():  # nearly always, and quickly told
        return value
    for character in value:
        if character in BIDI_CONTROLS:
            raise UnsafeValueError(value, "holds a control of writing direction")
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise UnsafeValueError(value, "holds a control character or a line break")
    return value


def host_name(value: str) -> str:
    """Return `value` when it is a DNS name that nginx and a CA take literally: lower case, no wildcard, no pattern.

    >>> host_name("www.privas.test")
    'www.privas.test'
    >>> host_name("~.*")
    Traceback (most recent call last):
    numerian.rendering.UnsafeValueError: "~.*": not a host name
    """
    if not _HOST_NAME.fullmatch(value):
        raise UnsafeValueError(value, "not a host name")
    return value


def nginx_word(value: str) -> str:
    """Return `value` as a bare word of nginx's language; anything that nginx could read otherwise is refused."""
    if not _NGINX_WORD.fullmatch(refuse_controls(value)):
        raise UnsafeValueError(value, "can't stand bare in nginx's configuration")
    return value


def nginx_quoted(value: str) -> Written:
    """Return `value` as one quoted word. nginx has no escape for `$`, so a value with one is refused.

    >>> print(nginx_quoted('https://a.test/?q=";'))
    "https://a.test/?q=\\";"
    """
    if "$" in refuse_controls(value):
        raise UnsafeValueError(value, "holds a $, which nginx would read as a variable")
    return Written('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')


def plain_word(value: str) -> str:
    """Return `value` when it is one word that neither a shell nor a line-based file reads as more than itself."""
    if not _PLAIN_WORD.fullmatch(refuse_controls(value)):
        raise UnsafeValueError(value, "must be one word without quotes or shell characters")
    return value


def one_line(value: str) -> Written:
    """Return `value` as the rest of a line that nothing interprets (a comment)."""
    return Written(refuse_controls(value))


def render(template: str, target: Target, **values: Any) -> str:
    """Render `templates/<template>` for `target`. The same values give the same bytes.

    Raises:
        UnsafeValueError: a value can't be written inertly at its place.
        jinja2.UndefinedError: the template names what it wasn't given (a fault of ours).
    """
    return _environment(target).get_template(template).render(**values)


def _finalize_with(write: Any) -> Any:
    def finalize(value: Any) -> Any:
        if isinstance(value, Written):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"a template may print text and whole numbers only, not {type(value).__name__}")
        return write(str(value))

    return finalize


_WRITERS = {Target.HTML: refuse_controls, Target.NGINX: nginx_word, Target.PLAIN: plain_word}


@cache
def _environment(target: Target) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=target is Target.HTML,  # noqa: S701 (the others are escaped by finalize)
        finalize=_finalize_with(_WRITERS[target]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    if target is Target.NGINX:
        environment.filters["quoted"] = nginx_quoted
    if target is not Target.HTML:
        environment.filters["one_line"] = one_line
    return environment
