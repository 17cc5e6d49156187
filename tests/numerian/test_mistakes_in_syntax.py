"""What a person is told about a file that can't be read: never the YAML parser's own words."""

from __future__ import annotations

from textwrap import dedent

import pytest
from small_inventory import FILE, PRIVAS, Make

from numerian.load import check

# title: (files that differ from the small inventory, what is said: place and fault, then the remedy)
CASES: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    "an empty file": (
        {FILE: ""},
        """
        members/07186-privas.yaml:1:1: this file is empty
          → write its keys, or remove the file
        """,
    ),
    "only a comment": (
        {FILE: "# rien\n"},
        """
        members/07186-privas.yaml:1:1: this file is empty
          → write its keys, or remove the file
        """,
    ),
    "a list instead of keys": (
        {FILE: "- a\n"},
        """
        members/07186-privas.yaml:1:1: this file is a list
          → write keys: name, colon, value
        """,
    ),
    "a text instead of keys": (
        {FILE: "Privas\n"},
        """
        members/07186-privas.yaml:1:1: this file is a text
          → write keys: name, colon, value
        """,
    ),
    "a key twice": (
        {FILE: PRIVAS + "plan: bourg\n"},
        """
        members/07186-privas.yaml:6:1: key "plan" is there twice (first on line 3)
          → keep one of the two
        """,
    ),
    "a key twice in a group": (
        {FILE: PRIVAS + "  domain: b.test\n"},
        """
        members/07186-privas.yaml:6:3: key "domain" is there twice (first on line 5)
          → keep one of the two
        """,
    ),
    "a tab as indentation": (
        {FILE: PRIVAS.replace("  domain", "\tdomain")},
        """
        members/07186-privas.yaml:5:1: a tab indents this line
          → indent with spaces, two a level
        """,
    ),
    "NUL": (
        {FILE: PRIVAS + "contact: a\x00b\n"},
        """
        members/07186-privas.yaml:6:11: this line holds NUL (U+0000)
          → delete this character
        """,
    ),
    "a right-to-left override": (
        {FILE: PRIVAS + "contact: a\u202eb@c.test\n"},
        """
        members/07186-privas.yaml:6:11: this line holds a right-to-left override (U+202E)
          → delete this character
        """,
    ),
    "a terminal's escape": (
        {FILE: PRIVAS + "contact: a\x1b[31m\n"},
        """
        members/07186-privas.yaml:6:11: this line holds a control character (U+001B)
          → delete this character
        """,
    ),
    "a zero-width space in a comment": (
        {FILE: PRIVAS + "# a\u200bb\n"},
        """
        members/07186-privas.yaml:6:4: this line holds a zero-width space (U+200B)
          → delete this character
        """,
    ),
    "Latin-1": (
        {FILE: (PRIVAS + "town_hall:\n  director: délégué\n").encode("latin-1")},
        """
        members/07186-privas.yaml:7:14: this file isn't in UTF-8 (byte 0xE9 would be "é" in Windows-1252)
          → save it as UTF-8
        """,
    ),
    "UTF-16": (
        {FILE: PRIVAS.encode("utf-16")},
        """
        members/07186-privas.yaml:1:1: this file is in UTF-16
          → save it as UTF-8
        """,
    ),
    "ten megabytes": (
        {FILE: PRIVAS + "contact: " + "a" * 10_000_000},
        """
        members/07186-privas.yaml:1:1: this file has more than 256 KiB
          → keep only what the inventory knows
        """,
    ),
    "a long string in a small file": (
        {FILE: PRIVAS + "contact: " + "a" * 200_000 + "\n"},
        """
        members/07186-privas.yaml:6:10: this text has 200000 characters
          → write at most 200
        """,
    ),
    "a second document": (
        {FILE: PRIVAS + "---\n" + PRIVAS},
        """
        members/07186-privas.yaml:6:1: a second document begins here (---)
          → write one file for each
        """,
    ),
    "an anchor": (
        {FILE: PRIVAS.replace("site:", "site: &x")},
        """
        members/07186-privas.yaml:4:7: anchor &x isn't taken
          → remove it; put the value between quotes if it is a text
        """,
    ),
    "an alias": (
        {FILE: PRIVAS + "town_hall: *x\n"},
        """
        members/07186-privas.yaml:6:12: alias *x isn't taken: values stand where they are used
          → write it out
        """,
    ),
    "a secret's reference": (
        {FILE: PRIVAS + 'town_hall:\n  director: "\\x24{secret:account}"\n'},
        """
        members/07186-privas.yaml:7:13: ${ isn't taken: no value asks for another, or for a secret
          → write it out
        """,
    ),
    "a bomb": (
        {FILE: PRIVAS + "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"},
        """
        members/07186-privas.yaml:6:4: anchor &a isn't taken
          → remove it; put the value between quotes if it is a text
        """,
    ),
    "a tag": (
        {FILE: PRIVAS.replace(" 07186", " !!python/object/apply:os.system [id]")},
        """
        members/07186-privas.yaml:1:8: tag "tag:yaml.org,2002:python/object/apply:os.system" isn't taken
          → remove it; put the value between quotes if it is a text
        """,
    ),
    "a merge key": (
        {FILE: PRIVAS + "<<: {a: b}\n"},
        """
        members/07186-privas.yaml:6:1: << isn't taken: files stay readable line by line
          → write the keys themselves
        """,
    ),
    "fifty thousand brackets": (
        {FILE: PRIVAS + "town_hall: " + "[" * 50_000},
        """
        members/07186-privas.yaml:6:20: this is more than 8 levels deep
          → look for brackets that aren't closed
        """,
    ),
    "fifty thousand values": (
        {FILE: PRIVAS + "town_hall: [" + "a," * 50_000 + "]"},
        """
        members/07186-privas.yaml:6:9987: this file has more than 5000 values
          → keep only what the inventory knows
        """,
    ),
    "a list as a key": (
        {FILE: PRIVAS + "? [a]\n: b\n"},
        """
        members/07186-privas.yaml:6:3: a list or a group stands where a key belongs
          → put the text between quotes, or write a word before the colon
        """,
    ),
    "a second colon": (
        {FILE: PRIVAS + "town_hall:\n  director: le maire : moi\n"},
        """
        members/07186-privas.yaml:7:22: this line has a second colon
          → put the text between quotes
        """,
    ),
    "a quotation mark that stays open": (
        {FILE: PRIVAS + 'contact: "abc\n'},
        """
        members/07186-privas.yaml:6:10: a quotation mark isn't closed
          → close it on the same line
        """,
    ),
    "an apostrophe that stays open": (
        {FILE: PRIVAS + "contact: 'abc\n"},
        """
        members/07186-privas.yaml:6:10: a quotation mark isn't closed
          → close it on the same line
        """,
    ),
    "a line without a colon": (
        {FILE: PRIVAS.replace("datacenter: privas", "datacenter privas")},
        """
        members/07186-privas.yaml:2:1: this line has no colon
          → write a key, a colon, a space and the value
        """,
    ),
    "no space after the colon": (
        {FILE: PRIVAS.replace("plan: village", "plan:village")},
        """
        members/07186-privas.yaml:3:1: this line has no colon
          → write a key, a colon, a space and the value
        """,
    ),
    "a backslash in quotes": (
        {FILE: PRIVAS + 'contact: "a\\qb"\n'},
        """
        members/07186-privas.yaml:6:13: this backslash means nothing here
          → use ' instead of " around the text
        """,
    ),
    "an open bracket": (
        {FILE: PRIVAS + "contact: [a, b\n"},
        """
        members/07186-privas.yaml:6:10: a bracket [ isn't closed
          → close it with ], with commas between the values
        """,
    ),
    "an open brace": (
        {FILE: PRIVAS + "contact: {a: b\n"},
        """
        members/07186-privas.yaml:6:10: a brace { isn't closed
          → put a text that begins with { between quotes
        """,
    ),
    "a template without quotes": (
        {FILE: PRIVAS + "contact: {{ x }}\n"},
        """
        members/07186-privas.yaml:6:10: a group of keys stands where a text belongs
          → write the text on the same line, after the colon
        members/07186-privas.yaml:6:11: a list or a group stands where a key belongs
          → put the text between quotes, or write a word before the colon
        """,
    ),
    "an at sign": (
        {FILE: PRIVAS + "contact: @x\n"},
        """
        members/07186-privas.yaml:6:10: "@" can't begin a value
          → put the text between quotes
        """,
    ),
    "a percent sign": (
        {FILE: PRIVAS + "%x\n"},
        """
        members/07186-privas.yaml:7:1: nothing can follow here
          → remove % or ... where the line begins
        """,
    ),
    "a star": (
        {FILE: PRIVAS + "contact: * x\n"},
        """
        members/07186-privas.yaml:6:11: * can't begin a value
          → put the text between quotes
        """,
    ),
    "an exclamation mark": (
        {FILE: PRIVAS + "contact: !x<\n"},
        """
        members/07186-privas.yaml:6:12: ! can't begin a value
          → put the text between quotes
        """,
    ),
    "a line that is indented too far": (
        {FILE: PRIVAS.replace("datacenter", " datacenter")},
        """
        members/07186-privas.yaml:2:12: this line is indented deeper than its group
          → indent it like the other keys of its group
        """,
    ),
    "a line that fits no level": (
        {FILE: PRIVAS + " contact: a@b.test\n"},
        """
        members/07186-privas.yaml:6:2: this line doesn't fit the lines above
          → indent it like the other keys of its group
        """,
    ),
    "a list on the line of its key": (
        {FILE: PRIVAS + "town_hall:\n  hours: - a\n"},
        """
        members/07186-privas.yaml:7:10: a list can't begin here
          → begin it on the next line
        """,
    ),
    "a text on the line of its bar": (
        {FILE: PRIVAS + "town_hall:\n  hours: | abc\n"},
        """
        members/07186-privas.yaml:7:12: "a" can't follow | or >
          → begin the text on the next line
        """,
    ),
    "a no-break space after the colon": (
        {FILE: PRIVAS.replace("plan: village", "plan:\xa0village")},
        """
        members/07186-privas.yaml:3:1: a no-break space stands where a space belongs
          → type the spaces of this line and the one above again
        """,
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_mistake_is_told_at_its_place_with_its_remedy(title: str, make: Make) -> None:
    files, expected = CASES[title]
    folder = make(files)
    said = [f"{p.file.relative_to(folder)}:{p.line}:{p.column}: {p.message}\n  → {p.remedy}" for p in check(folder)]
    assert "\n".join(said).replace(f"{folder}/", "") == dedent(expected).strip()
