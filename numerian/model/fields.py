"""The types of the inventory's fields: each takes the text that was written and says in plain words what doesn't fit.

YAML would read `07186` as a number and `no` as false; the loader hands every value over as text, and these types decide
what the author meant. They accept the right Python type too, so that a program can build models by itself.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from numerian import addressing
from numerian.fault import Fault, shown
from numerian.suggest import nearest

TEXT_LIMIT = 200
_TRUE = frozenset({"true", "yes", "on", "oui", "y"})
_FALSE = frozenset({"false", "no", "off", "non", "n"})
_NAMED = {
    "\0": "NUL",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a carriage return",
    "\u200b": "a zero-width space",
    "\u200e": "a left-to-right mark",
    "\u200f": "a right-to-left mark",
    "\u061c": "an Arabic letter mark",
    "\u202e": "a right-to-left override",
    "\u202d": "a left-to-right override",
    "\ufeff": "a byte-order mark",
}


def hidden(text: str) -> tuple[int, str] | None:
    """Return the place and the name of the first character that can't be seen in an editor, or None.

    >>> hidden("Privas"), hidden("Pri\\u202evas")
    (None, (3, 'a right-to-left override (U+202E)'))
    """
    if text.isprintable():
        return None
    for position, character in enumerate(text):
        if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
            kind = "a control character" if unicodedata.category(character) == "Cc" else "a hidden character"
            name = _NAMED.get(character) or unicodedata.name(character, "").lower() or kind
            return position, f"{name} (U+{ord(character):04X})"
    return None


def as_text(value: object) -> str:
    """Return `value` as the text of one line, or raise `Fault`."""
    if value is None:
        raise Fault("this is empty", "write a value or remove the line")
    if not isinstance(value, str):
        raise Fault(f"{_kind(value)} stands where a text belongs", "write the text on the same line, after the colon")
    text = unicodedata.normalize("NFC", value).strip()
    if not text:
        raise Fault("this text is empty", "write a value or remove the line")
    found = hidden(text)
    if found:
        raise Fault(f"{shown(text)} holds {found[1]}", "type the text again, on one line, without it")
    if len(text) > TEXT_LIMIT:
        raise Fault(f"this text has {len(text)} characters", f"write at most {TEXT_LIMIT}")
    return text


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    return "a list" if isinstance(value, (list, tuple)) else shown(value)


def as_list(value: object) -> object:
    """Return the lines that a person gave: a list, one text, a block of lines, or `day: hours` pairs.

    An unquoted line with a colon, `Lundi : 9 h`, is a key and a value to YAML; its author meant a line of text.

    >>> as_list("Mairie\\n1 place X")
    ['Mairie', '1 place X']
    >>> as_list([{"Lundi": "9 h"}, "fermé le mardi"])
    ['Lundi : 9 h', 'fermé le mardi']
    """
    if isinstance(value, str):
        return [line for line in value.splitlines() if line.strip()] if "\n" in value else [value]
    if isinstance(value, dict):
        return [_pair(key, text) for key, text in value.items()]
    if isinstance(value, (list, tuple)):
        lines: list[object] = []
        for item in value:
            lines.append(_pair(*next(iter(item.items()))) if isinstance(item, dict) and len(item) == 1 else item)
        return lines
    return value


def _pair(key: str, value: object) -> object:
    if value is None:
        return f"{key} :"
    return f"{key} : {value}" if isinstance(value, str) else value


def one_or_more(value: object) -> object:
    """Return a list where a person wrote one value or a list of them."""
    if isinstance(value, dict):
        raise Fault("a group of keys stands where a list belongs", "write each value on a line that begins with a dash")
    return [value] if isinstance(value, str) else value


def whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Return the reader of a whole number in decimal digits (a leading zero changes nothing, as people read it)."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        else:
            text = as_text(value)
            if not re.fullmatch(r"-?[0-9]{1,12}", text):
                bare = re.sub(r"[\s_.,']", "", text)
                right = f"write {bare}" if re.fullmatch(r"[0-9]{1,12}", bare) else "write digits only"
                raise Fault(f"{shown(text)} isn't a whole number", right)
            number = int(text)
        if not lowest <= number <= highest:
            raise Fault(f"{number} is out of range", f"write a number from {lowest} to {highest}")
        return number

    return read


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = as_text(value)
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise Fault(f"{shown(text)} is neither yes nor no", "write true or false")


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    text = as_text(value)
    french = re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", text)
    if french:
        day, month, year = french.groups()
        raise Fault(f"{shown(text)} isn't a date in the order year, month, day", f"write {year}-{month:0>2}-{day:0>2}")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Fault(f"{shown(text)} isn't a date", "write one like 2027-03-31")
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Fault(f"there is no day {shown(text)}", "write one that is in the calendar, like 2027-03-31") from error
    if not 2000 <= found.year <= 2100:
        raise Fault(f"{text} is far away", "write a date between 2000 and 2100")
    return found


def one_of(*choices: str) -> Callable[[object], str]:
    """Return the reader of a word out of a few."""

    def read(value: object) -> str:
        text = as_text(value)
        if text.lower() in choices:
            return text.lower()
        near = nearest(text, choices)
        right = f"did you mean {near}?" if near else f"write one of: {', '.join(choices)}"
        raise Fault(f"{shown(text)} isn't known here", right)

    return read


def _matching(pattern: str, what: str, right: str) -> Callable[[object], str]:
    """Return the reader of a text of one shape."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        text = as_text(value)
        if not compiled.fullmatch(text):
            raise Fault(f"{shown(text)} isn't {what}", right)
        return text

    return read


def _through(check: Callable[[str], str]) -> Callable[[object], str]:
    return lambda value: check(as_text(value))


def _insee(value: object) -> str:
    text = as_text(value).upper()
    if re.fullmatch(r"[0-9]{4}", text):
        raise Fault(f"{shown(text)} isn't an INSEE code: its zero is missing", f"write 0{text}")
    if not re.fullmatch(r"[0-9][0-9AB][0-9]{3}", text):
        raise Fault(f"{shown(text)} isn't an INSEE code", "write its five characters, like 07186")
    return text


def _siren(value: object) -> str:
    digits = re.sub(r"\s", "", as_text(value))
    if re.fullmatch(r"[0-9]{14}", digits):
        raise Fault(f"{shown(digits)} is a SIRET", f"write its SIREN, the first nine digits: {digits[:9]}")
    if not re.fullmatch(r"[0-9]{9}", digits):
        raise Fault(f"{shown(digits)} isn't a SIREN", "write its nine digits")
    from stdnum.fr import siren  # here: few members are an EPCI

    if not siren.is_valid(digits):
        raise Fault(f"{digits} isn't a SIREN: its last digit doesn't fit the others", "look for a mistyped digit")
    return digits


def _phone(value: object) -> str:
    text = as_text(value)
    digits = re.sub(r"[\s.()-]", "", text.replace("(0)", ""))
    digits = re.sub(r"^(?:\+33|0033)0?", "0", digits)
    if re.fullmatch(r"[1-9][0-9]{8}", digits):
        raise Fault(f"{shown(text)} isn't a telephone number: its zero is missing", f"write 0{digits}")
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise Fault(f"{shown(text)} isn't a French telephone number", "write its ten digits, like 04 65 71 00 01")
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))


_KEY_TYPES = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com")


def _ssh_key(value: object) -> str:
    if isinstance(value, str) and "PRIVATE KEY" in value:
        raise Fault("this is a private key", "remove it from here and from the history, make another, write its .pub")
    if isinstance(value, str) and len(value) > TEXT_LIMIT and value.startswith("ssh-rsa "):
        raise Fault("RSA keys aren't taken", "make a key with ssh-keygen -t ed25519 and write its .pub")
    text = as_text(value)
    kind, _, rest = text.partition(" ")
    if kind not in _KEY_TYPES:
        raise Fault(f"{shown(kind)} isn't a type of key that is taken", f"write a public key of type {_KEY_TYPES[0]}")
    blob = rest.split(" ", 1)[0]
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if raw[4 : 4 + len(kind)] != kind.encode() or len(raw) < 40:
        raise Fault("this public key is damaged", "copy the whole line of the .pub file again")
    return f"{kind} {blob}"


def _path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    text = as_text(value)
    if not re.fullmatch(r"[A-Za-z0-9._/~@+-]+", text):
        raise Fault(f"{shown(text)} isn't a path that is taken", "write letters, digits and . _ / ~ @ + - only")
    return Path(text)


def _scalar(description: str, *, numbers: bool = False, **more: Any) -> WithJsonSchema:
    """Return the JSON schema of a text. `numbers`: an editor shall take it without quotes too."""
    kind: str | list[str] = ["string", "integer"] if numbers else "string"
    return WithJsonSchema({"type": kind, "description": description, "maxLength": TEXT_LIMIT, **more})


Text = Annotated[str, BeforeValidator(as_text), _scalar("One line of text, without hidden characters.")]
Name = Annotated[
    str,
    BeforeValidator(
        _matching(r"[a-z][a-z0-9-]{0,30}", "a name that is taken", "write small letters, digits and hyphens")
    ),
    _scalar("A name: small letters, digits and hyphens.", pattern="^[a-z][a-z0-9-]{0,30}$"),
]
Login = Annotated[
    str,
    BeforeValidator(
        _matching(r"[a-z_][a-z0-9_-]{0,31}", "a user name", "write small letters, digits, hyphens and underscores")
    ),
    _scalar("A user name on servers.", pattern="^[a-z_][a-z0-9_-]{0,31}$"),
]
Insee = Annotated[
    str,
    BeforeValidator(_insee),
    _scalar("The INSEE code of a commune, with or without quotes.", numbers=True, pattern="^[0-9][0-9AB][0-9]{3}$"),
]
Siren = Annotated[
    str, BeforeValidator(_siren), _scalar("A SIREN, with or without quotes.", numbers=True, pattern="^[0-9 ]{9,11}$")
]
DepartementCode = Annotated[
    str,
    BeforeValidator(_matching(r"[0-9][0-9AB][0-9]?", "the code of a département", "write it like 07")),
    _scalar("The code of a département.", numbers=True, pattern="^[0-9][0-9AB][0-9]?$"),
]
Phone = Annotated[
    str,
    BeforeValidator(_phone),
    _scalar("A French telephone number, with or without quotes.", numbers=True, pattern="^[0-9+ .()-]+$"),
]
Email = Annotated[
    str,
    BeforeValidator(_through(addressing.email)),
    _scalar("An e-mail address of a function.", pattern="^[^@ ]+@[^@ ]+$"),
]
Domain = Annotated[
    str,
    BeforeValidator(_through(addressing.domain)),
    _scalar("A domain name without www.; accents are fine.", pattern="^[^ /@:]+\\.[^ /@:.]+\\.?$"),
]
Url = Annotated[
    str, BeforeValidator(_through(addressing.url)), _scalar("A web address.", pattern="^[Hh][Tt][Tt][Pp][Ss]?://[^ ]+$")
]
HostAddress = Annotated[
    str, BeforeValidator(_through(addressing.host)), _scalar("An IP address or a host name.", pattern="^[^ /@]+$")
]
PublicAddress = Annotated[
    str,
    BeforeValidator(_through(addressing.public_address)),
    _scalar("An IPv4 or IPv6 address.", pattern="^[0-9A-Fa-f.:]+$"),
]
SshKey = Annotated[str, BeforeValidator(_ssh_key), _scalar("A public key, as in a .pub file.", maxLength=1000)]
FilePath = Annotated[
    Path,
    BeforeValidator(_path),
    _scalar("A path, relative to the file that it is written in.", pattern="^[A-Za-z0-9._/~@+-]+$"),
]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean", "description": "true or false."})]
Day = Annotated[date, BeforeValidator(_day), _scalar("A date: year-month-day.", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Canonical = Annotated[
    Literal["www", "bare"],
    BeforeValidator(one_of("www", "bare")),
    WithJsonSchema({"enum": ["www", "bare"], "description": "The address where visitors end: with or without www."}),
]
_LINES = {
    "description": "Lines of text.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": ["string", "object"]}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
}
Lines = Annotated[tuple[Text, ...], BeforeValidator(as_list), WithJsonSchema(_LINES)]
