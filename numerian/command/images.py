"""`numerian images`: make the list of packages that an image of today will hold, and tell what it changes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import date
from typing import TYPE_CHECKING

from numerian.command import add_stack_option
from numerian.errors import NumerianError

if TYPE_CHECKING:
    from numerian.command.remote import Servers
    from numerian.model import Inventory

BASE = "debian:trixie-slim"
_SECONDS = 300.0


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    from numerian.images import SERVICES

    add_stack_option(parser)
    parser.add_argument("service", nargs="*", metavar="SERVICE", help=f"{', '.join(SERVICES)} (all by default)")
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="what to call it (today by default)")


def run(options: Namespace) -> int:
    """Write a list for each service named (all by default), worked out on a server from what Debian has now."""
    from numerian import images
    from numerian.command.remote import connect
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load
    from numerian.suggest import remedy

    for word in options.service:
        if word not in images.SERVICES:
            raise NumerianError(f"no image is called {word}: {remedy(word, images.SERVICES)}")
    place = workspace.find(options.stack)
    inventory = load(place.inventory)
    write(inventory, place.folder)
    day = options.date or date.today()
    services = options.service or images.SERVICES
    with connect(place) as servers:
        for service in services:
            _make(servers, inventory, service, day)
    wanted = ", ".join(f"{service}: {day.isoformat()}" for service in services)
    print(f"To roll them, write under platform: images: in datacenters.yaml  {wanted}  and look at the preview.")
    return 0


def _make(servers: Servers, inventory: Inventory, service: str, day: date) -> None:
    from numerian import images

    current = inventory.platform.images.day(service)
    path = images.list_path(service, day)
    if current == day:
        raise NumerianError(f"the image {images.reference(service, day)} is in use: give the new list another --date")
    script = (images.RECIPES / "install").read_text(encoding="utf-8")
    resolve = ["docker", "run", "--rm", BASE, "sh", "-c", script, "install-packages", "--list"]
    used = sorted({member.server for member in inventory.members})
    name, text = servers.ask_any(used, [*resolve, *images.asked_for(service)], timeout=_SECONDS)
    after = images.versions(text)
    if not after.keys() >= set(images.asked_for(service)):
        raise NumerianError(f"{name}: its answer is no list of packages: {text[-300:]}")
    path.write_text("".join(f"{package} {after[package]}\n" for package in sorted(after)), encoding="utf-8")
    before = images.versions(images.packages(service, current) or _held(servers, used, service, current))
    if not before:
        print(f"{service}: {len(after)} packages of {day.isoformat()}; no server has an image to compare them with")
        return
    changed = images.differences(before, after)
    print(f"{service}: {len(after)} packages of {day.isoformat()}, {len(changed)} other than on {current.isoformat()}")
    for line in changed:
        print(f"  {line}")


def _held(servers: Servers, names: list[str], service: str, day: date) -> str:
    """Return what an image that was built without a list says of itself, or "" where no server has it."""
    from numerian import images

    show = ["docker", "run", "--rm", "--pull", "never", "--network", "none", images.reference(service, day)]
    try:
        return servers.ask_any(names, [*show, "cat", "/usr/share/numerian/packages"])[1]
    except NumerianError:
        return ""
