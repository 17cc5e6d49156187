"""Faults of YAML syntax in plain words. The parser's own words ("expected <block end>") help nobody."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from numerian.errors import Problem
from numerian.fault import shown

# A part of PyYAML's message, what is wrong in our words, what would be right. The first that fits counts.
_WORDS = (
    ("mapping values are not allowed", "this line has a second colon", "put the text between quotes"),
    ("while scanning a quoted scalar", "a quotation mark isn't closed", "close it on the same line"),
    ("could not find expected ':'", "this line has no colon", "write a key, a colon, a space and the value"),
    ("found unknown escape character", "this backslash means nothing here", "use ' instead of \" around the text"),
    ("expected ',' or ']'", "a bracket [ isn't closed", "close it with ], with commas between the values"),
    ("expected ',' or '}'", "a brace { isn't closed", "put a text that begins with { between quotes"),
    ("that cannot start any token", "{char} can't begin a value", "put the text between quotes"),
    ("while scanning an alias", "* can't begin a value", "put the text between quotes"),
    ("while scanning an anchor", "& can't begin a value", "put the text between quotes"),
    ("while scanning a tag", "! can't begin a value", "put the text between quotes"),
    ("while scanning a block scalar", "{char} can't follow | or >", "begin the text on the next line"),
    ("while scanning a directive", "% can't begin a line", "put the text between quotes"),
    ("expected <block end>", "this line doesn't fit the lines above", "indent it like the other keys of its group"),
    ("sequence entries are not allowed", "a list can't begin here", "begin it on the next line"),
    ("expected '<document start>'", "nothing can follow here", "remove % or ... where the line begins"),
    ("inconsistent", "this line's indentation fits no line above", "indent it like the other keys of its group"),
)

# Where the parser complains at the end of what it read, and the fault is where that began.
_OPENED = (
    "while scanning a quoted scalar",
    "while scanning a simple key",
    "while parsing a flow sequence",
    "while parsing a flow mapping",
)
# Some keyboards make a no-break space of Alt and space: the eye sees nothing, and YAML sees no space.
_NO_BREAK = re.compile(r"[ -]*\u00a0|[^:]*:\u00a0")


def explain(path: Path, text: str) -> Problem:
    """Return the problem of a text that isn't YAML. The pure Python parser is asked: libyaml's messages differ."""
    try:
        for _ in yaml.parse(text, Loader=yaml.Loader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context in _OPENED and error.context_mark:
            mark = error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        said = f"{error.context or ''} {error.problem or ''}"
        message, remedy = _by_the_line(said, text, line, column) or _in_our_words(said, _character(text, line, column))
        return Problem(path, line + 1, column + 1, message, remedy)
    except yaml.YAMLError:
        pass
    return Problem(path, 1, 1, "this file isn't YAML", "write keys: name, colon, space, value")


def _by_the_line(said: str, text: str, line: int, column: int) -> tuple[str, str] | None:
    """Return what only the line itself shows, where the parser's message would mislead."""
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    if any(_NO_BREAK.match(near) for near in lines[max(0, line - 1) : line + 1]):
        return "a no-break space stands where a space belongs", "type the spaces of this line and the one above again"
    if "mapping values are not allowed" in said and ": " not in here[:column]:
        return "this line is indented deeper than its group", "indent it like the other keys of its group"
    return None


def _in_our_words(said: str, character: str) -> tuple[str, str]:
    for part, message, remedy in _WORDS:
        if part in said:
            return message.replace("{char}", character), remedy
    return "this can't be read as YAML", "put the text between quotes, and look at the indentation"


def _character(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    return shown(lines[line][column : column + 1]) if line < len(lines) else "this"
