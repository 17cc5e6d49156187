"""What a job ends with: a word that says what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from numerian.errors import NumerianError


class CiError(NumerianError):
    """A job can't do its work."""


@dataclass(frozen=True)
class Refusal:
    """One thing of a request that isn't even read: its path, and why (French: reviewers read it)."""

    path: str
    why: str


class RefusedError(CiError):
    """A request asks for what no review does; it holds every refusal."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__("\n".join(f"{refusal.path}: {refusal.why}" for refusal in refusals))
