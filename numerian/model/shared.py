"""What the members share: datacenters, servers, settings of the whole platform, plans, staff."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from numerian.model.base import Model
from numerian.model.fields import (
    Canonical,
    Day,
    Decimals,
    Degrees,
    Email,
    FilePath,
    Flag,
    HostAddress,
    Lines,
    Login,
    Name,
    OneOrMore,
    Phone,
    PublicAddress,
    SshKey,
    StaffLogin,
    Suffix,
    Text,
    Url,
    Weekly,
    Whole,
)

FORMAT = 2
"""The format of the inventory that this code reads. What came with which: `numerian.onboarding.upgrading`."""


class DatacenterEntry(Model):
    """A datacenter as `datacenters.yaml` has it."""

    label: Text = Field(description="Its name for people.", examples=["Privas"])
    reboot: Weekly | None = Field(
        default=None,
        description="When its servers restart if an update asks for it; each datacenter has a day of its own.",
        examples=["mardi 03:30"],
    )
    longitude: Annotated[float, Degrees(180)] | None = Field(
        default=None,
        description="Where it stands (WGS 84, degrees); `numerian new` proposes the nearest one with room.",
        examples=[4.59887],
    )
    latitude: Annotated[float, Degrees(90)] | None = Field(
        default=None, description="Where it stands (WGS 84, degrees).", examples=[44.7353]
    )


class Datacenter(DatacenterEntry):
    """A place where servers stand."""

    name: str


class Capacity(Model):
    """What a server has room for; what isn't said isn't counted."""

    sites: Annotated[int, Whole(1, 100_000)] | None = Field(default=None, description="Sites, of any kind.")
    php_sites: Annotated[int, Whole(0, 10_000)] | None = Field(default=None, description="Sites with PHP among them.")
    disk_gb: Annotated[int, Whole(1, 1_000_000)] | None = Field(
        default=None, description="Room for the quotas of all its members together, in GB."
    )
    memory_mb: Annotated[int, Whole(1, 100_000_000)] | None = Field(
        default=None, description="Memory for the sites with PHP together, in MB."
    )


class ServerEntry(Model):
    """A server as `datacenters.yaml` has it."""

    datacenter: Name = Field(description="The datacenter where it stands.", examples=["privas"])
    address: HostAddress = Field(description="Where its sshd is reached.", examples=["192.0.2.10"])
    port: Annotated[int, Whole(1, 65535)] = Field(default=22, description="The port where its sshd is reached.")
    sshd_port: Annotated[int, Whole(1, 65535)] | None = Field(
        default=None, description="The port that its sshd listens on, if what stands in front of it changes the port."
    )
    user: Login = Field(default="deploy", description="The user that the toolkit logs in as.")
    first_user: Login | None = Field(
        default=None,
        description="The user that the toolkit logs in as while there is no `user` yet.",
        examples=["root"],
    )
    identity_files: Annotated[tuple[FilePath, ...], OneOrMore()] = Field(
        default=(), description="Private keys to try, beside those of the agent; paths, relative to this file."
    )
    host_keys: Annotated[tuple[SshKey, ...], OneOrMore()] = Field(
        default=(), description="Its public host keys, the only ones accepted."
    )
    host_keys_file: FilePath | None = Field(
        default=None, description="A file of host keys, one a line after the server's name, as in known_hosts."
    )
    jump: Name | None = Field(default=None, description="The server through which this one is reached.")
    public_addresses: Annotated[tuple[PublicAddress, ...], OneOrMore()] = Field(
        default=(), description="The addresses that members' domains must point to."
    )
    own_kernel: Flag = Field(
        default=True, description="Whether its kernel is its own. That of a container isn't, and is only read."
    )
    capacity: Capacity = Field(default_factory=Capacity, description="What it has room for.")


class Server(ServerEntry):
    """A host that serves members. Its paths are absolute."""

    name: str

    def known_host_keys(self) -> tuple[str, ...]:
        """Return the pinned host keys: those declared, then those in `host_keys_file` (none while it isn't there)."""
        if self.host_keys_file is None or not self.host_keys_file.is_file():
            return self.host_keys
        lines = [line.split() for line in self.host_keys_file.read_text(encoding="utf-8").splitlines()]
        mine = [" ".join(words[1:3]) for words in lines if len(words) >= 3 and words[0] == self.name]
        return (*self.host_keys, *mine)


class HostIdentity(Model):
    """Who hosts the sites, for the legal notice of each."""

    name: Text = Field(description="The host's name.", examples=["Numérian"])
    address: Lines = Field(description="Its postal address.", examples=["1 rue de l’Exemple"])
    phone: Phone | None = Field(default=None, description="Its telephone number.")


class Acme(Model):
    """The certificate authority."""

    directory: Url = Field(description="Its ACME directory.", examples=["https://acme.lab.test:14000/dir"])
    email: Email | None = Field(default=None, description="Where it writes to about certificates.")


class Images(Model):
    """The date of each image: another date rebuilds it with the packages of that day."""

    front: Day = Field(description="The date of the front's image.", examples=["2026-07-01"])
    php: Day | None = Field(default=None, description="The date of the image of PHP sites; the front's by default.")
    sftp: Day | None = Field(default=None, description="The date of the image of uploads; the front's by default.")

    def day(self, service: str) -> date:
        """Return the date of a service's image.

        >>> Images(front=date(2026, 7, 1)).day("php")
        datetime.date(2026, 7, 1)
        """
        chosen: date | None = getattr(self, service)
        return chosen or self.front


class Uploads(Model):
    """What holds for everybody who uploads."""

    keep_days: Annotated[int, Whole(1, 90)] = Field(
        default=5, description="Days that an older state of a site's files is kept after something changed in it."
    )


class Logs(Model):
    """How long logs are kept, in days."""

    visits_days: Annotated[int, Whole(1, 760)] = Field(default=390, description="Visits, without full addresses.")
    security_days: Annotated[int, Whole(1, 366)] = Field(
        default=30, description="The short log with full addresses, for abuse."
    )
    uploads_days: Annotated[int, Whole(1, 760)] = Field(
        default=366, description="Who changed what in a site's files, and from where: a host owes a year."
    )


class Deploy(Model):
    """Who may log in as `deploy`, the account that the toolkit works as, beside the staff."""

    keys: Annotated[tuple[SshKey, ...], OneOrMore()] = Field(default=(), description="Public SSH keys.")
    keys_files: Annotated[tuple[FilePath, ...], OneOrMore()] = Field(
        default=(), description="Files of public keys, one a line; paths, relative to this file."
    )

    def all_keys(self) -> tuple[str, ...]:
        """Return the keys declared, then those of the files (none while a file isn't there)."""
        files = [file.read_text(encoding="utf-8") for file in self.keys_files if file.is_file()]
        lines = [line.split() for text in files for line in text.splitlines()]
        return (*self.keys, *(" ".join(words[:2]) for words in lines if len(words) > 1 and words[0][0] != "#"))


class Platform(Model):
    """Settings of the whole platform."""

    name: Text = Field(default="Numérian", description="The platform's name.")
    host_identity: HostIdentity = Field(description="Who hosts the sites.")
    acme: Acme = Field(description="The certificate authority.")
    noindex: Flag = Field(default=False, description="Ask search engines to stay away (lab and rehearsals).")
    images: Images = Field(description="The date of each image.")
    logs: Logs = Field(default_factory=Logs, description="How long logs are kept.")
    deploy: Deploy = Field(default_factory=Deploy, description="Who may log in as the toolkit's account.")
    uploads: Uploads = Field(default_factory=Uploads, description="What holds for everybody who uploads.")
    domain_suffix: Suffix = Field(
        default="fr", description="What follows a new member's name in the domain that `numerian new` proposes."
    )
    security_contact: Email = Field(description="For security.txt.", examples=["securite@numerian.test"])


class DatacentersFile(Model):
    """Datacenters, servers, and the settings of the platform (`datacenters.yaml`)."""

    format: Annotated[int, Whole(FORMAT, FORMAT)] = Field(
        description="The format that the inventory is written in; `numerian upgrade` brings an older one here.",
        examples=[FORMAT],
    )
    platform: Platform = Field(description="Settings of the whole platform.")
    datacenters: dict[Name, DatacenterEntry] = Field(description="Datacenters by name.")
    servers: dict[Name, ServerEntry] = Field(description="Servers by name.")


class PhpSettings(Model):
    """What a plan, or a member for itself, decides about PHP; what is absent is inherited."""

    memory_mb: Annotated[int, Whole(128, 65_536)] | None = Field(
        default=None, description="Memory of the site's container, in MB: for all its processes together."
    )
    processes: Annotated[int, Whole(1, 64)] | None = Field(
        default=None, description="How many visitors PHP answers at the same time."
    )
    upload_mb: Annotated[int, Whole(1, 512)] | None = Field(
        default=None, description="The largest file that a visitor may send, in MB."
    )
    cpu: Annotated[float, Decimals(0.1, 64)] | None = Field(
        default=None, description="Processors that the site may keep busy.", examples=[0.5]
    )
    seconds: Annotated[int, Whole(5, 600)] | None = Field(
        default=None, description="How long PHP may compute an answer, in seconds."
    )


class Php(Model):
    """What a PHP site gets, all inheritance done."""

    memory_mb: int = 512
    processes: int = 4
    upload_mb: int = 16
    cpu: float = 0.5
    seconds: int = 30

    def but(self, other: PhpSettings | None) -> Php:
        """Return these settings with what another level says.

        >>> Php().but(PhpSettings(processes=8)).processes, Php().but(None).processes
        (8, 4)
        """
        return self.model_copy(update=other.model_dump(exclude_none=True) if other else {})


class Settings(Model):
    """What a plan decides and a member may override; what is absent is inherited."""

    quota_mb: Annotated[int, Whole(1, 10_000_000)] | None = Field(
        default=None, description="Room for the site's files, in MB."
    )
    canonical: Canonical | None = Field(
        default=None, description="The address where visitors end: with or without www."
    )
    php: PhpSettings | None = Field(default=None, description="What a PHP site gets; each key is inherited by itself.")


class PlanEntry(Settings):
    """A plan as `plans.yaml` has it."""

    label: Text = Field(description="Its name for people.", examples=["Village"])
    up_to: Annotated[int, Whole(1, 100_000_000)] | None = Field(
        default=None,
        description="`numerian new` proposes this plan for members of at most so many inhabitants; "
        "the one without this key for all larger ones.",
        examples=[1000],
    )


class Plan(Model):
    """What a member gets, all inheritance done."""

    name: str
    label: str
    up_to: int | None = None
    quota_mb: int
    canonical: Canonical
    php: Php = Php()


class PlansFile(Model):
    """Plans, and what holds when neither the plan nor the member says otherwise (`plans.yaml`)."""

    defaults: Settings = Field(default_factory=Settings, description="What holds for all plans.")
    plans: dict[Name, PlanEntry] = Field(description="Plans by name.")


class StaffEntry(Model):
    """An operator's account as `staff.yaml` has it."""

    keys: Annotated[tuple[SshKey, ...], OneOrMore()] = Field(description="Public SSH keys.")


class Staff(StaffEntry):
    """An account of a function on the servers."""

    name: str


class StaffFile(Model):
    """Accounts of the operators, by login (`staff.yaml`)."""

    staff: dict[StaffLogin, StaffEntry] = Field(description="Accounts by login.")


FALLBACK = Settings(quota_mb=500, canonical="www")


def inherit(name: str, label: str, *levels: Settings) -> Plan:
    """Return what holds for a member: its own word, else its plan's, else the defaults', else the toolkit's.

    Args:
        name: the plan's name.
        label: its name for people.
        levels: the defaults, the plan, the member; a later one goes before.

    >>> defaults = Settings(quota_mb=500, canonical="www", php=PhpSettings(processes=3, cpu=1))
    >>> village = Settings(quota_mb=200, php=PhpSettings(cpu=2))
    >>> inherit("village", "Village", defaults, village).quota_mb
    200
    >>> inherit("village", "Village", defaults, village, Settings(quota_mb=300)).quota_mb
    300
    >>> inherit("village", "Village", defaults, village, Settings(canonical="bare")).canonical
    'bare'
    >>> inherit("village", "Village", defaults, village).php
    Php(memory_mb=512, processes=3, upload_mb=16, cpu=2.0, seconds=30)
    """
    merged: dict[str, Any] = {}
    php = Php()
    for level in (FALLBACK, *levels):
        php = php.but(level.php)
        merged.update({key: getattr(level, key) for key in Settings.model_fields if getattr(level, key) is not None})
    return Plan(name=name, label=label, **{**merged, "php": php})
