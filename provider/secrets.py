"""Secrets: a text that masks itself, messages without secrets, and `${secret:name}` in a file's content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provider.errors import ProviderError

MASK = "[secret]"
_PLACEHOLDER = re.compile(r"\$\{secret:([^}\n]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_LONG_LINE = 16
_SHORT = 4


class Secret:
    """A secret text. Whatever prints, formats or logs it gets `[secret]`; only `reveal` gives the value.

    >>> print(f"password {Secret('hunter2')} {[Secret('hunter2')]}")
    password [secret] [[secret]]
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Callers keep it out of messages, arguments of processes and world-readable files."""
        return self._value

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret isn't pickled")


def mask(text: str, secrets: Iterable[str | Secret]) -> str:
    """Return `text` with every secret replaced by `[secret]`, also the single lines of a long one such as a PEM key.

    A secret of fewer than four characters is only replaced where it stands as a word.

    >>> mask("no such user: hunter2", ["hunter2"])
    'no such user: [secret]'
    """
    parts: set[str] = set()
    for secret in secrets:
        value = secret.reveal() if isinstance(secret, Secret) else secret
        parts.add(value)
        parts.update(line for line in value.splitlines() if len(line) >= _LONG_LINE)
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORT:
            text = text.replace(part, MASK)
        elif part.strip():
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", MASK, text)
    return text


def placeholders(content: str) -> list[str]:
    """Return the names of the secrets that a content asks for, each once, in their order.

    >>> placeholders("a=${secret:a} b=${secret:b} again=${secret:a}")
    ['a', 'b']
    """
    return list(dict.fromkeys(_PLACEHOLDER.findall(content)))


def faults(content: str, names: Iterable[str]) -> list[str]:
    """Return what is wrong with a content's placeholders: names that aren't given, or aren't names.

    >>> faults("${secret:db}", ["mail"])
    ['${secret:db} names no secret of this resource; there are: mail']
    """
    known = sorted(names)
    there = f"there are: {', '.join(known)}" if known else "it has none (`secrets={...}`)"
    found = []
    for name in placeholders(content):
        if not _NAME.fullmatch(name):
            found.append(f"${{secret:{name}}} isn't a name: letters, digits, `_`, `.` and `-` only")
        elif name not in known:
            found.append(f"${{secret:{name}}} names no secret of this resource; {there}")
    return found


def substitute(content: str, secrets: Mapping[str, str | Secret]) -> bytes:
    """Return the bytes that go to the host: every `${secret:name}` replaced. What a secret holds isn't read again.

    >>> substitute("p=${secret:a}", {"a": "${secret:b}"})
    b'p=${secret:b}'
    """
    wrong = faults(content, secrets)
    if wrong:
        raise ProviderError("; ".join(wrong))

    def value(match: re.Match[str]) -> str:
        secret = secrets[match[1]]
        return secret.reveal() if isinstance(secret, Secret) else secret

    return _PLACEHOLDER.sub(value, content).encode()
