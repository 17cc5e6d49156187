"""Readers of values: each takes the text that was written and says in plain words what doesn't fit.

YAML would read `07186` as a number and `no` as false; the loader hands every value over as text, and these readers
decide what the author meant. They accept the right Python type too, so that a program can build models by itself.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

from numerian.fault import Fault, shown
from numerian.suggest import nearest

TEXT_LIMIT = 200
KEY_LIMIT = 1000
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


def as_text(value: object, limit: int = TEXT_LIMIT) -> str:
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
    if len(text) > limit:
        raise Fault(f"this text has {len(text)} characters", f"write at most {limit}")
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


def digits(text: str) -> int:
    """Return a whole number that was written in decimal digits."""
    if re.fullmatch(r"-?[0-9]{1,12}", text):
        return int(text)
    bare = re.sub(r"[\s_.,']", "", text)
    right = f"write {bare}" if re.fullmatch(r"[0-9]{1,12}", bare) else "write digits only"
    raise Fault(f"{shown(text)} isn't a whole number", right)


def decimal(value: object) -> float:
    """Return a number of at most two decimals; people write a point or a comma.

    >>> decimal("0,5"), decimal("2")
    (0.5, 2.0)
    """
    text = as_text(value)
    if re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,2})?", text):
        return float(text.replace(",", "."))
    raise Fault(f"{shown(text)} isn't a number", "write digits with at most two decimals, such as 0.5")


def degree(value: object) -> float:
    """Return a longitude or latitude in degrees, with a point or a comma.

    >>> degree("4.59887"), degree("-0,5")
    (4.59887, -0.5)
    """
    text = as_text(value)
    if re.fullmatch(r"-?[0-9]{1,3}([.,][0-9]{1,6})?", text):
        return float(text.replace(",", "."))
    raise Fault(f"{shown(text)} isn't a number of degrees", "write one with at most six decimals, such as 4.59887")


def flag(value: object) -> bool:
    """Return true or false from what people write for it, `no` and `oui` included."""
    if isinstance(value, bool):
        return value
    text = as_text(value)
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise Fault(f"{shown(text)} is neither yes nor no", "write true or false")


def day(value: object) -> date:
    """Return a date that was written year-month-day."""
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


DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
"""The days of the week, as an inventory and its readers call them; Monday first."""


def weekly(value: object) -> str:
    """Return a day of the week and a time, as in `mardi 03:30`.

    >>> weekly("Mardi 3:30"), weekly("dimanche 23h15")
    ('mardi 03:30', 'dimanche 23:15')
    """
    text = as_text(value)
    word, _, rest = text.lower().partition(" ")
    if word not in DAYS:
        near = nearest(word, DAYS)
        right = f"did you mean {near} {rest}?" if near else "write one like mardi 03:30"
        raise Fault(f"{shown(word)} isn't a day of the week", right)
    found = re.fullmatch(r"([0-9]{1,2})[:h]([0-9]{2})", rest.replace(" ", ""))
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise Fault(f"{shown(text)} holds no time of the day", f"write one like {word} 03:30")
    return f"{word} {int(found[1]):02}:{found[2]}"


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


def matching(pattern: str, what: str, right: str) -> Callable[[object], str]:
    """Return the reader of a text of one shape."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        text = as_text(value)
        if not compiled.fullmatch(text):
            raise Fault(f"{shown(text)} isn't {what}", right)
        return text

    return read


_TAKEN_LOGINS = (
    *("root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data"),
    *(
        "backup",
        "list",
        "irc",
        "nobody",
        "sshd",
        "messagebus",
        "sudo",
        "docker",
        "adm",
        "deploy",
        "front",
        "acme",
        "sftp",
    ),
)
"""Accounts and groups that Debian or the toolkit has."""


def staff_login(value: object) -> str:
    """Return the user name of an operator: one that no account of the system has."""
    read = matching(r"[a-z][a-z0-9_-]{0,30}", "a user name", "write small letters, digits, hyphens and underscores")
    text = read(value)
    if text in _TAKEN_LOGINS or text.startswith(("systemd-", "php-")):
        raise Fault(f"{shown(text)} is an account of the servers' own", "name the function, like ops1")
    return text


def through(check: Callable[[str], str]) -> Callable[[object], str]:
    """Return the reader that puts a text through a check of `numerian.addressing`."""
    return lambda value: check(as_text(value))


def insee(value: object) -> str:
    """Return the INSEE code of a commune."""
    text = as_text(value)
    if re.fullmatch(r"[0-9]{4}", text):
        raise Fault(f"{shown(text)} isn't an INSEE code: its zero is missing", f"write 0{text}")
    if not re.fullmatch(r"[0-9][0-9ABab][0-9]{3}", text):
        raise Fault(f"{shown(text)} isn't an INSEE code", _codes_of(text))
    return text.upper()


def _codes_of(name: str) -> str:
    """Return what to write where a commune's name stands instead of its code."""
    from numerian.reference import reference  # here: only a fault needs it

    facts = reference()
    places = facts.named(name) if re.search(r"[^\W\d_]{2}", name) else []
    choices = [f"{place.code} ({place.name}, {facts.departement_name(place.departement)})" for place in places]
    return f"write {' or '.join(choices)}" if choices else "write its five characters, like 07186"


def siren(value: object) -> str:
    """Return a SIREN whose check digit fits."""
    digits = re.sub(r"\s", "", as_text(value))
    if re.fullmatch(r"[0-9]{14}", digits):
        raise Fault(f"{shown(digits)} is a SIRET", f"write its SIREN, the first nine digits: {digits[:9]}")
    if not re.fullmatch(r"[0-9]{9}", digits):
        raise Fault(f"{shown(digits)} isn't a SIREN", "write its nine digits")
    from stdnum.fr import siren as numbers  # here: few members are an EPCI

    if not numbers.is_valid(digits):
        raise Fault(f"{digits} isn't a SIREN: its last digit doesn't fit the others", "look for a mistyped digit")
    return digits


def phone(value: object) -> str:
    """Return a French telephone number in pairs of digits.

    >>> phone("+33 4 65 71 00 01"), phone("0465710001")
    ('04 65 71 00 01', '04 65 71 00 01')
    """
    text = as_text(value)
    digits = re.sub(r"[\s.()-]", "", text.replace("(0)", ""))
    digits = re.sub(r"^(?:\+33|0033)0?", "0", digits)
    if re.fullmatch(r"[1-9][0-9]{8}", digits):
        raise Fault(f"{shown(text)} isn't a telephone number: its zero is missing", f"write 0{digits}")
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise Fault(f"{shown(text)} isn't a French telephone number", "write its ten digits, like 04 65 71 00 01")
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))


_KEY_TYPES = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com")


def ssh_key(value: object) -> str:
    """Return a public key as type and body, without its comment (which may name a person)."""
    if isinstance(value, str) and "PRIVATE KEY" in value:
        raise Fault("this is a private key", "remove it from here and from the history, make another, write its .pub")
    if isinstance(value, str) and value.lstrip().startswith("ssh-rsa "):
        raise Fault("RSA keys aren't taken", "make a key with ssh-keygen -t ed25519 and write its .pub")
    text = as_text(value, KEY_LIMIT)
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


def path(value: object) -> Path:
    """Return a path of plain characters."""
    if isinstance(value, Path):
        return value
    text = as_text(value)
    if not re.fullmatch(r"[A-Za-z0-9._/~@+-]+", text):
        raise Fault(f"{shown(text)} isn't a path that is taken", "write letters, digits and . _ / ~ @ + - only")
    return Path(text)
