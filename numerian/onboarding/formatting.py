"""One way to lay out the inventory's files, for diffs that show decisions and nothing else.

Comments and the order of keys are their author's and stay. What is made even: indentation (two spaces, lists under
their key by two more), double quotes, one space before a comment, at most one blank line in a row, no trailing blanks,
the line that tells editors the schema. Values stay the texts that were written: `01004` and `22:30` are no numbers.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerian.errors import Problem
from numerian.load.source import read_text
from numerian.load.tree import plain, read_tree
from numerian.onboarding.scan import scan
from numerian.schema import MODELINE, modeline

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_ROUNDS = 4
"""A comment may need a second round to find its place; what doesn't settle is left as it is."""


def files(folder: Path) -> list[Path]:
    """Return the files of an inventory that people write, in the order of their names."""
    found = [*folder.glob("*.yaml"), *(folder / "members").glob("*.yaml")]
    return sorted(path for path in found if not path.name.startswith("."))


def formatted(path: Path, problems: list[Problem]) -> str | None:
    """Return the text of a file in its even form, or None after adding what is wrong with it to `problems`."""
    before = read_text(path, problems)
    if before is None or read_tree(path, before, problems) is None:
        return None
    text = layout(before, modeline(path))
    if text is None:
        message = "this file's layout can't be made even without changing what it says"
        problems.append(Problem(path, 1, 1, message, "it was left as it is; please report it with the file"))
    return text


def layout(text: str, first_line: str | None) -> str | None:
    """Return a text in its even form; None when that would lose something.

    >>> print(layout("insee: 01004\\na:\\n- 'x'   # why\\n", None), end="")
    insee: 01004
    a:
      - "x" # why
    """
    from ruamel.yaml.error import YAMLError

    even = _with_modeline(_tidy(text), first_line)
    for _ in range(_ROUNDS):
        try:
            again = _tidy(_settled(even, _round_trip(even)))
        except YAMLError:  # what the loader reads and this writer doesn't
            return None
        if again == even:
            return even if _same(text, even) else None
        even = again
    return None


def editor() -> YAML:
    """Return a reader and writer of YAML that keeps comments, order and every value as the text that was written."""
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver
    from ruamel.yaml.tag import Tag

    class Texts(VersionedResolver):
        """Takes every value without quotes for a text; nothing at all stays nothing."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is ScalarNode and implicit[0]:
                return Tag(suffix=f"tag:yaml.org,2002:{'str' if value else 'null'}")
            return super().resolve(kind, value, implicit)

    tool = YAML(typ="rt")
    tool.Resolver = Texts
    tool.preserve_quotes = True
    tool.width = 1_000_000
    tool.allow_unicode = True
    tool.indent(mapping=2, sequence=4, offset=2)
    return tool


def _round_trip(text: str) -> str:
    tool = editor()
    document = tool.load(text)
    out = io.StringIO()
    tool.dump(_double_quoted(document), out)
    return out.getvalue()


def _double_quoted(node: Any) -> Any:
    """Put 'texts' between double quotes, where they mean the same there."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    if isinstance(node, SingleQuotedScalarString) and not re.search(r'["\\]', node):
        return DoubleQuotedScalarString(node, anchor=None)
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        new = _double_quoted(value)
        if new is not value:
            node[key] = new
    return node


def _with_modeline(text: str, first_line: str | None) -> str:
    if first_line is None:
        return text
    lines = [line for line in text.split("\n") if not line.startswith(MODELINE)]
    return "\n".join([first_line, *lines])


def _tidy(text: str) -> str:
    """Take off trailing blanks and second blank lines, and bring comments nearer; blocks of text are left alone."""
    seen = scan(text)
    near = {comment.line: comment.column for comment in seen.comments if not comment.alone}
    kept: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if number in seen.inside:
            kept.append(line)
            continue
        if number in near:
            line = f"{line[: near[number]].rstrip()} {line[near[number] :]}"
        line = line.rstrip()
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _settled(before: str, after: str) -> str:
    """Give back to a text that was written anew what its writer took away.

    A comment on a line of its own stands as its neighbour does, and `Lundi : 9 h` in a list is a line of French.
    """
    old, new = scan(before), scan(after)
    lines = after.split("\n")
    for was, (line, column) in zip(old.french, new.french, strict=True):
        if before.split("\n")[was[0]][was[1] :].startswith(" :"):
            lines[line] = f"{lines[line][:column]} {lines[line][column:]}"
    alone = [[comment for comment in seen.comments if comment.alone] for seen in (old, new)]
    if len(alone[0]) != len(alone[1]) or len(old.columns) != len(new.columns):
        return "\n".join(lines)
    for was_there, now in zip(*alone, strict=True):
        neighbour = old.neighbour(was_there)
        lines[now.line] = " " * (0 if neighbour is None else new.columns[neighbour]) + now.text
    return "\n".join(lines)


def _same(before: str, after: str) -> bool:
    """Tell whether two texts say the same, with the same comments (but for the line that editors read)."""
    problems: list[Problem] = []
    trees = [read_tree(Path("file"), text, problems) for text in (before, after)]
    if problems or None in trees:
        return False
    old, new = (plain(tree) for tree in trees if tree is not None)
    told = [[comment.text for comment in scan(text).comments] for text in (before, after)]
    words = [[word for word in comments if not word.startswith(MODELINE)] for comments in told]
    return old == new and words[0] == words[1]
