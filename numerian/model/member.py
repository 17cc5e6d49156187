"""A member of the service: what its file says, and what it becomes with the reference data and its plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from numerian import addressing
from numerian.fault import Fault, shown
from numerian.model.base import Model
from numerian.model.fields import (
    Canonical,
    Day,
    DepartementCode,
    Domain,
    Email,
    Flag,
    Insee,
    Lines,
    Name,
    OneOrMore,
    Phone,
    Siren,
    SshKey,
    Text,
    Url,
    Whole,
)
from numerian.model.life import Absorbed, MergedEntry, NameOr, OldDomain
from numerian.model.readers import one_of
from numerian.model.shared import PhpSettings, Plan
from numerian.suggest import slug

Kind = Literal["commune", "epci", "departement"]
FIRST_UID = 200_000
FIRST_EPCI_UID = 1_000_000_000


class TownHall(Model):
    """The town hall, as the start page and the legal notice name it. No person's name: functions only."""

    address: Lines = Field(default=(), description="Its postal address, a line each.")
    phone: Phone | None = Field(default=None, description="Its telephone number.")
    email: Email | None = Field(default=None, description="Its address for the public.")
    hours: Lines = Field(default=(), description="Opening hours, free lines in French.")
    director: Text | None = Field(default=None, description="The publication director's function: le maire.")

    @property
    def phone_link(self) -> str | None:
        """The number for a `tel:` link.

        >>> TownHall(phone="04 65 71 00 01").phone_link
        '+33465710001'
        """
        return f"+33{self.phone.replace(' ', '')[1:]}" if self.phone else None


class Webmaster(Model):
    """Who may upload a member's files: a function at the town hall or an agency, never a person's name."""

    name: Name = Field(description="The function, as it stands in the login.", examples=["accueil"])
    keys: Annotated[tuple[SshKey, ...], OneOrMore()] = Field(default=(), description="Public SSH keys to log in with.")
    password: Annotated[int, Whole(1, 9999)] | None = Field(
        default=None, description="Log in with a generated password. Another number generates another one."
    )

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if not self.keys and self.password is None:
            raise Fault("nothing lets this webmaster log in", "add keys:, or password: 1 for a generated one")
        return self


class SiteEntry(Model):
    """A site as a member's file has it."""

    kind: Annotated[
        Literal["static", "php", "redirect"],
        BeforeValidator(one_of("static", "php", "redirect")),
    ] = Field(
        default="static",
        description="static: the member's files are served here. php: they may hold PHP programs, which run in a "
        "container of their own. redirect: visitors are sent to `to`.",
    )
    domain: Domain = Field(description="Its domain, without www.", examples=["privas.test"])
    canonical: Canonical | None = Field(
        default=None, description="The address where visitors end: with or without www."
    )
    old_domains: Annotated[tuple[Annotated[OldDomain, NameOr("domain")], ...], OneOrMore()] = Field(
        default=(), description="Domains that lead to this one, each with the last day (until) if it has one."
    )
    to: Url | None = Field(
        default=None, description="Where a redirect leads.", examples=["https://lemps.example.test/"]
    )
    maintenance: Flag = Field(default=False, description="Show the maintenance page.")
    webmasters: tuple[Webmaster, ...] = Field(default=(), description="Who may upload its files by SFTP.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names: set[str] = set()
        for position, webmaster in enumerate(self.webmasters):
            if webmaster.name in names:
                at = ("webmasters", position, "name")
                raise Fault(f"{shown(webmaster.name)} is there twice", "give each a name of its own", at=at)
            names.add(webmaster.name)
        if self.kind == "redirect":
            self._check_redirect()
        elif self.to is not None:
            raise Fault(
                f"a {self.kind} site leads nowhere", "remove this line, or write kind: redirect above", at=("to",)
            )
        seen = {self.domain}
        for position, old in enumerate(self.old_domains):
            if old.domain in seen:
                raise Fault(f"{shown(old.domain)} is there twice", "remove this one", at=("old_domains", position))
            seen.add(old.domain)
        return self

    def _check_redirect(self) -> None:
        if self.to is None:
            raise Fault("a redirect needs its target", "add to: https://…", at=("kind",))
        target = addressing.host_of(self.to)
        if target.removeprefix("www.") in (self.domain, *(old.domain for old in self.old_domains)):
            raise Fault(f"{self.to} leads back to this site", "write another site's address", at=("to",))
        if "." not in target or ":" in target or target.rpartition(".")[2].isdigit():
            raise Fault(f"{shown(target)} isn't a name that visitors can reach", "write a domain name", at=("to",))


class Site(SiteEntry):
    """A member's site, all inheritance done."""

    canonical: Canonical = "www"

    @property
    def main_name(self) -> str:
        """The host name where visitors end.

        >>> Site(domain="privas.test").main_name, Site(domain="privas.test", canonical="bare").main_name
        ('www.privas.test', 'privas.test')
        """
        return f"www.{self.domain}" if self.canonical == "www" else self.domain

    @property
    def names(self) -> tuple[str, ...]:
        """Every host name that the site answers to, its main one first: what its certificate needs.

        >>> Site(domain="privas.test", old_domains=("vieux.test",)).names
        ('www.privas.test', 'privas.test', 'vieux.test', 'www.vieux.test')
        """
        other = self.domain if self.canonical == "www" else f"www.{self.domain}"
        old = [name for one in self.old_domains for name in (one.domain, f"www.{one.domain}")]
        return (self.main_name, other, *old)


class MemberFile(Model):
    """A member's file: only what is decided. Name, EPCI, population come from the reference data by the code."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["insee"]}, {"required": ["siren"]}, {"required": ["departement"]}]}
    )

    insee: Insee | None = Field(default=None, description="The INSEE code, for a commune.", examples=["07186"])
    siren: Siren | None = Field(default=None, description="The SIREN, for an EPCI.")
    departement: DepartementCode | None = Field(default=None, description="The code, for a département.")
    datacenter: Name = Field(description="The datacenter that serves it.", examples=["privas", "alixan"])
    server: Name | None = Field(
        default=None, description="The server that serves it; the datacenter's first by default."
    )
    plan: Name = Field(description="Its plan, of plans.yaml.", examples=["village", "hameau", "bourg", "ville"])
    quota_mb: Annotated[int, Whole(1, 10_000_000)] | None = Field(
        default=None, description="Room for the site's files in MB, when not the plan's."
    )
    php: PhpSettings | None = Field(default=None, description="What its PHP site gets, where not the plan's.")
    status: Annotated[
        Literal["active", "leaving"],
        BeforeValidator(one_of("active", "leaving")),
    ] = Field(default="active", description="leaving: from leaving_on on, the services stop and the data is archived.")
    leaving_on: Day | None = Field(default=None, description="The day on which a leaving member's services stop.")
    merged: MergedEntry | None = Field(default=None, description="The commune that this one became a part of.")
    contact: Email | None = Field(default=None, description="Where the member is written to: an address of a function.")
    site: SiteEntry | None = Field(default=None, description="The member's site.")
    town_hall: TownHall | None = Field(default=None, description="The town hall, as the start page names it.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [key for key in ("insee", "siren", "departement") if getattr(self, key)]
        if not given:
            raise Fault("nothing says which member this is", "add insee: (commune), siren: (EPCI) or departement:")
        if len(given) > 1:
            raise Fault(f"{' and '.join(given)} can't stand together", f"keep only {given[0]}", at=(given[1],))
        if self.status == "leaving" and self.leaving_on is None:
            raise Fault("a leaving member needs a date", "add leaving_on: 2027-03-31", at=("status",))
        if self.status == "active" and self.leaving_on is not None:
            raise Fault("an active member has no such date", "remove it, or set status: leaving", at=("leaving_on",))
        if self.merged is not None and self.status == "leaving":
            raise Fault("a merged commune doesn't leave", "keep merged: and its until: only", at=("status",))
        if self.merged is not None and self.insee is None:
            raise Fault("only communes are merged", "write status: leaving and leaving_on:", at=("merged",))
        return self


class Member(Model):
    """A member with all that the services need to know. Its identity is its code; its name is a label."""

    code: str
    name: str
    kind: Kind
    departement: str  # the code
    departement_name: str
    epci: str
    population: int
    siren: str
    longitude: float
    latitude: float
    file: Path
    datacenter: str
    server: str
    status: Literal["active", "leaving", "merged"] = "active"
    leaving_on: date | None = None
    merged: MergedEntry | None = None  # it is part of this one now
    absorbed: tuple[Absorbed, ...] = ()  # those that are part of it now
    served: bool = True  # False from the day on which a leaving member's services stop, or after a merged one's last
    contact: str | None = None
    plan: Plan
    site: Site | None = None
    town_hall: TownHall | None = None

    @property
    def slug(self) -> str:
        """The name as it is written in file names."""
        return slug(self.name)

    @property
    def uid(self) -> int:
        """The number of the user that owns the member's files on servers: always the same for a code."""
        if self.kind == "epci":  # nine digits: in base 36 they would be more than a uid can hold
            return FIRST_EPCI_UID + int(self.code)
        return FIRST_UID + int(self.code, 36)
