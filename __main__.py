"""The program: from the inventory to servers and communes."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi

from components import sdk_tuning
from components.commune import Commune
from components.datacenter_server import DatacenterServer
from numerian import connections, selection
from numerian.engine import PARALLEL
from numerian.engine.history import OUTPUT
from numerian.engine.turn import who
from numerian.errors import NumerianError
from numerian.kept import kept
from numerian.load import load
from numerian.model import Inventory, Member
from provider.resources import Guard


def main() -> None:
    """Declare everything that the inventory says."""
    config = pulumi.Config()
    folder = os.environ.get("NUMERIAN_INVENTORY") or config.get("inventory")
    chosen = selection.choose(config.get(selection.SETTING), config.full_key(selection.SETTING))
    inventory = load(Path(folder or "inventory"), chosen)
    connections.write(inventory, Path(".work") / pulumi.get_stack())
    guard = Guard(
        "guard",
        members={member.code: kept(member) for member in inventory.members},
        allow=[entry.model_dump(mode="json") for entry in inventory.allow],
        left_out=inventory.left_out,
        settled=not os.environ.get(selection.VARIABLE),
    )
    after_guard = pulumi.ResourceOptions(depends_on=[guard])
    served = [member for member in inventory.members if member.served]
    servers = declare_servers(inventory, after_guard)
    # As an output: the SDK waits for all of them before it takes the program for ended.
    pulumi.Output.all(declare_members(inventory, served, servers))
    # Whoever runs the engine by hand is named too (`numerian log`).
    pulumi.export(OUTPUT, who())
    pulumi.export("sites", {m.code: f"https://{m.site.main_name}/" for m in served if m.site})


async def declare_members(inventory: Inventory, served: list[Member], servers: dict[str, DatacenterServer]) -> int:
    """Declare what the members have; return how many they are.

    No more sites at a time than the engine works on: one that waits holds its pages, and 2,000 are a hundred megabytes.

    Raises:
        pulumi.RunError: something can't be declared; its text is the whole message.
    """
    sites: dict[str, pulumi.Resource] = {}
    waiting: list[asyncio.Future[str | None]] = []
    with told():
        for member in served:
            ready = Commune(member, inventory.platform, servers[member.server]).ready
            if ready is not None:
                sites[member.code] = ready
                waiting.append(asyncio.ensure_future(ready.urn.future()))
            if len(waiting) >= PARALLEL:
                await asyncio.wait(waiting[: PARALLEL // 2])
                del waiting[: PARALLEL // 2]
        for name, server in servers.items():
            server.take_uploads([member for member in served if member.server == name], sites)
    return len(served)


@contextmanager
def told() -> Iterator[None]:
    """Give the engine our errors' own words: no operator needs our stack."""
    try:
        yield
    except NumerianError as error:
        raise pulumi.RunError(str(error)) from None


def declare_servers(inventory: Inventory, opts: pulumi.ResourceOptions) -> dict[str, DatacenterServer]:
    """Declare all servers: one that serves nobody yet is hardened all the same."""
    return {name: DatacenterServer(server, inventory, opts) for name, server in sorted(inventory.servers.items())}


sdk_tuning.apply()
with told():
    main()
