"""What changes in a member's life: a domain that was, a merger, and what the guard is told to let pass.

Every `until` is the last day on which something holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from numerian import addressing
from numerian.fault import Fault, shown
from numerian.model.base import Model
from numerian.model.fields import Day, Domain, Insee, Named, Text
from numerian.model.readers import one_of

KINDS = ("site",)
"""The kinds of services that a member may have, as `kept` names them."""
_A_WHILE = timedelta(days=7)


class OldDomain(Model):
    """A domain that a site had: its visitors are led to the present one."""

    domain: Domain = Field(description="The domain, without www.", examples=["ville-privas.test"])
    until: Day | None = Field(default=None, description="The last day on which it leads here; always without it.")


class NameOr:
    """Marks a group that may be written as the one name in it."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        group = handler(schema)
        return {"anyOf": [handler.resolve_ref_schema(group)["properties"][self.key], group]}

    def read(self, value: object) -> object:
        """Return the group where a person wrote the name only."""
        return {self.key: value} if isinstance(value, str) else value


class MergedEntry(Model):
    """The commune that a member became a part of, in the file of the one that is no more."""

    into: Insee = Field(description="The INSEE code of the commune that it is part of now.", examples=["07011"])
    until: Day = Field(
        description="The last day on which its code and addresses are kept; then its data is archived.",
        examples=["2028-12-31"],
    )
    site: Annotated[Literal["redirect", "keep"], BeforeValidator(one_of("redirect", "keep"))] = Field(
        default="redirect",
        description="redirect: its addresses lead to the other's site, its files stay. keep: its site is served on.",
    )


class Absorbed(Model):
    """What a member took over: another one's code, until when, and what became of its site."""

    code: str
    name: str
    until: date
    site: Literal["redirect", "keep"]


class AllowEntry(Model):
    """One thing that the guard lets pass."""

    rule: Annotated[
        Literal["vanished", "many", "capacity", "domain"],
        BeforeValidator(one_of("vanished", "many", "capacity", "domain")),
    ] = Field(
        description="vanished: a member's file goes without status: leaving. many: over 30 % of a kind are removed or "
        "moved at once. capacity: a server has more than it has room for. domain: one member takes another's domain."
    )
    what: Named = Field(
        description="The member's code (vanished), the kind (many), the server (capacity), the domain (domain).",
        examples=["07186"],
    )
    until: Day = Field(description="The last day on which it holds.", examples=["2027-03-31"])
    why: Text = Field(description="The reason, for whoever reviews the change.")

    @model_validator(mode="after")
    def _says_what_and_why(self) -> Self:
        if not any(character.isalpha() for character in self.why):
            raise Fault("this says no reason", "say why it may pass, for whoever reviews the change", at=("why",))
        if self.rule == "vanished" and not re.fullmatch(r"[0-9A-Z]{2,9}", self.what):
            raise Fault(f"{shown(self.what)} isn't the code of a member", "write one like 07186", at=("what",))
        if self.rule == "many" and self.what not in KINDS:
            right = f"write one of: {', '.join(KINDS)}"
            raise Fault(f"no kind of service is called {shown(self.what)}", right, at=("what",))
        if self.rule == "domain" and (plain := addressing.domain(self.what)) != self.what:
            raise Fault(f"{shown(self.what)} isn't how the domain is kept", f"write {plain}", at=("what",))
        return self


class AllowFile(Model):
    """What the guard lets pass, each with a last day and a reason (`allow.yaml`)."""

    allow: tuple[AllowEntry, ...] = Field(default=(), description="What passes, an entry each.")


def allow_line(rule: str, what: str, today: date) -> str:
    """Return the line of `allow.yaml` that lets something pass for a week.

    >>> allow_line("capacity", "privas", date(2026, 12, 1))
    '- {rule: capacity, what: privas, until: 2026-12-08, why: …}'
    """
    return f"- {{rule: {rule}, what: {what}, until: {today + _A_WHILE}, why: …}}"


def over(domains: tuple[OldDomain, ...], today: date) -> Iterator[int]:
    """Yield the positions of the old domains whose last day has passed.

    >>> list(over((OldDomain(domain="a.test"), OldDomain(domain="b.test", until="2026-12-01")), date(2026, 12, 2)))
    [1]
    """
    for position, old in enumerate(domains):
        if old.until is not None and old.until < today:
            yield position
