"""French or English: what a command says to people comes in both, side by side in the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
Say = Callable[[str, str], str]


def speaker(language: Language) -> Say:
    """Return what chooses between a French text and its English one.

    >>> speaker("fr")("oui", "yes")
    'oui'
    """
    return lambda french, english: french if language == "fr" else english


ENGLISH = speaker("en")
