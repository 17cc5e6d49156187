"""Hostile values are refused or inert, in every field and every template.

The model refuses nearly all of them before; here it is left out (`model_copy` checks nothing), so that the rendering
alone is judged. Inert: what reads the text (nginx, a browser, a reader of lines) sees the same structure as with
harmless values.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from html.parser import HTMLParser
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_render_front import AWAY, CLOSED, OTHER, PLATFORM, SERVER, STATIC

from numerian import front, start_page
from numerian.model import Member, OldDomain, Platform, Server
from numerian.rendering import UnsafeValueError

NASTY = [
    '"',
    "'",
    "`",
    "\\",
    ";",
    "{",
    "}",
    "{{ 7*7 }}",
    "{% raw %}",
    "{# x #}",
    "$(id)",
    "${IFS}",
    "$host",
    "|",
    "&",
    "<",
    ">",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[31m",
    "\u2028",
    "\u202e",
    "\ud800",
    "../",
    "/../../etc/passwd",
    "~.*",
    "*.",
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "javascript:alert(1)",
    "--",
    "-->",
    "]]>",
    "#",
    "//",
    "%0a",
    "%00",
    "; return 200 pwned;",
    "}\nserver { listen 8080; }",
    'x"; root /; #',
    "*anchor",
    "&anchor",
    "!!python/object",
    "A" * 5000,
]

hostile = st.builds(
    lambda before, nasty, after: before + nasty + after,
    st.sampled_from(["", "a", "www.a.test", "https://a.test/"]),
    st.one_of(st.sampled_from(NASTY), st.text(max_size=30)),
    st.sampled_from(["", "b", ".test"]),
)

MEMBER_FIELDS = ["code", "name", "departement", "departement_name", "epci", "siren", "contact", "server", "datacenter"]
SITE_FIELDS = ["domain", "old_domains", "to"]
HALL_FIELDS = ["address", "phone", "email", "hours", "director"]


def nginx_structure(text: str) -> list[tuple[int, int, str]]:
    """Read as nginx's ngx_conf_read_token does; return (depth, words, first word and variables) of each statement."""
    found: list[tuple[int, int, str]] = []
    depth, words, place = 0, [], 0
    while place < len(text):
        character = text[place]
        if character in " \t\r\n":
            place += 1
        elif character == "#":
            place = text.index("\n", place)
        elif character in ";{}":
            if words or character == "}":
                variables = sorted(part for word in words[1:] for part in word.split("$")[1:])
                found.append((depth, len(words), f"{words[0] if words else '}'} {character} {variables}"))
            depth += {"{": 1, "}": -1, ";": 0}[character]
            words, place = [], place + 1
        else:
            word, place = _nginx_word(text, place)
            words.append(word)
    assert depth == 0 and not words
    return found


def _nginx_word(text: str, place: int) -> tuple[str, int]:
    quote = text[place] if text[place] in "\"'" else None
    word = ""
    place += quote is not None
    while True:
        character = text[place]
        if character == "\\":
            word += text[place : place + 2]
            place += 2
        elif quote and character == quote:
            assert text[place + 1] in " \t\r\n;{)", "nginx refuses what follows a quoted word"
            return word, place + 1
        elif quote is None and (character in " \t\r\n;" or (character == "{" and not word.endswith("$"))):
            return word, place
        else:
            word += character
            place += 1


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes and where its links lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        schemes = [(value or "").partition(":")[0] for name, value in attrs if name == "href" and ":" in (value or "")]
        self.found.append((tag, [name for name, _ in attrs], schemes))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)


def structure(path: str, text: str) -> Any:
    assert "\0" not in text and "\x1b" not in text and "\u202e" not in text
    if path.endswith(".html"):
        parser = Structure()
        parser.feed(text)
        parser.close()
        return parser.found
    if path.endswith(".conf") and "/systemd/" not in path:
        return nginx_structure(text)
    return [len(line.split()) for line in text.splitlines()]


def everything(member: Member, platform: Platform = PLATFORM, server: Server = SERVER) -> dict[str, str]:
    """Every text that can come from these values, by path; the member's code is taken out of the paths."""
    files = (
        front.member_files(member)
        | front.base_files(platform, server, (OTHER, server))
        | front.host_files(platform, server)
    )
    if member.site is not None:
        files |= front.passage(member, member.site)
    texts = {path.replace(member.code, "CODE"): file.content for path, file in files.items()}
    front.member_folders(member)
    return texts | start_page.seeds(member, platform)


@cache
def everything_harmless(member: Member) -> dict[str, str]:
    return everything(member)


def judge(member: Member, platform: Platform = PLATFORM, server: Server = SERVER, *, like: Member) -> None:
    try:
        texts = everything(member, platform, server)
    except UnsafeValueError as error:
        assert len(str(error)) < 300 and not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in str(error))
        return
    harmless = everything_harmless(like)
    assert sorted(texts) == sorted(harmless)
    for path, text in texts.items():
        # A code that is right may well be another one.
        assert structure(path, text.replace(member.code, like.code)) == structure(path, harmless[path]), path


many = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
bases = st.sampled_from([STATIC, AWAY, CLOSED])


@many
@given(base=bases, field=st.sampled_from(MEMBER_FIELDS), value=hostile)
def test_hostile_fields_of_a_member(base: Member, field: str, value: str) -> None:
    if value:  # nothing is no attack: a line about it is left out
        judge(base.model_copy(update={field: value}), like=base)


@many
@given(base=bases, field=st.sampled_from(SITE_FIELDS), value=hostile)
def test_hostile_fields_of_a_site(base: Member, field: str, value: str) -> None:
    assert base.site
    if field == "old_domains" and not base.site.old_domains:
        return
    new: Any = (OldDomain.model_construct(domain=value),) if field == "old_domains" else value
    judge(base.model_copy(update={"site": base.site.model_copy(update={field: new})}), like=base)


@many
@given(field=st.sampled_from(HALL_FIELDS), value=hostile)
def test_hostile_fields_of_a_town_hall(field: str, value: str) -> None:
    hall = STATIC.town_hall
    assert hall
    old = getattr(hall, field)
    new: Any = (value, *old[1:]) if isinstance(old, tuple) else value
    if not new:
        return
    judge(STATIC.model_copy(update={"town_hall": hall.model_copy(update={field: new})}), like=STATIC)


@many
@given(field=st.sampled_from(["security_contact", "acme", "acme email", "host name", "host address"]), value=hostile)
def test_hostile_fields_of_the_platform(field: str, value: str) -> None:
    identity = PLATFORM.host_identity
    update: dict[str, Any] = {
        "security_contact": {"security_contact": value},
        "acme": {"acme": PLATFORM.acme.model_copy(update={"directory": value})},
        "acme email": {"acme": PLATFORM.acme.model_copy(update={"email": value or "a@b.test"})},
        "host name": {"host_identity": identity.model_copy(update={"name": value})},
        "host address": {"host_identity": identity.model_copy(update={"address": (value, *identity.address[1:])})},
    }[field]
    judge(STATIC, PLATFORM.model_copy(update=update), like=STATIC)


@many
@given(value=hostile)
def test_hostile_fields_of_a_server(value: str) -> None:
    addresses = (value, *SERVER.public_addresses[1:])
    for update in ({"name": value}, {"public_addresses": addresses}):
        judge(STATIC, server=SERVER.model_copy(update=update), like=STATIC)


def test_a_template_is_never_made_of_values() -> None:
    """What looks like jinja2 in a value is printed, not run."""
    pages = start_page.seeds(STATIC.model_copy(update={"name": "{{ 7*7 }}"}), PLATFORM)
    assert "{{ 7*7 }}" in pages["index.html"] and "49" not in pages["index.html"]
