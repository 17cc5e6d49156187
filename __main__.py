"""The program: from the inventory to servers and communes."""

import os
from pathlib import Path

import pulumi

from components import sdk_tuning
from components.commune import Commune
from components.datacenter_server import DatacenterServer
from numerian import connections
from numerian.errors import NumerianError
from numerian.load import load
from numerian.model import Inventory, Member
from provider.resources import Guard
from provider.resources import Member as Guarded


def main() -> None:
    """Declare everything that the inventory says."""
    chosen = os.environ.get("NUMERIAN_INVENTORY") or pulumi.Config().get("inventory")
    inventory = load(Path(chosen or "inventory"))
    connections.write(inventory, Path(".work") / pulumi.get_stack())
    guard = Guard("guard", members={member.code: guarded(member) for member in inventory.members})
    after_guard = pulumi.ResourceOptions(depends_on=[guard])
    served = [member for member in inventory.members if member.served]
    servers = declare_servers(inventory, after_guard)
    communes = [Commune(member, inventory.platform, servers[member.server]) for member in served]
    sites = {m.code: commune.website for m, commune in zip(served, communes, strict=True) if commune.website}
    for name, server in servers.items():
        server.take_uploads([member for member in served if member.server == name], sites)
    pulumi.export("sites", {m.code: f"https://{m.site.main_name}/" for m in served if m.site})


def declare_servers(inventory: Inventory, opts: pulumi.ResourceOptions) -> dict[str, DatacenterServer]:
    """Declare all servers: one that serves nobody yet is hardened all the same."""
    return {name: DatacenterServer(server, inventory, opts) for name, server in sorted(inventory.servers.items())}


def guarded(member: Member) -> Guarded:
    """Return what the guard keeps of a member."""
    return {"host": member.server, "kinds": ["site"] if member.site else [], "status": member.status}


sdk_tuning.apply()
try:
    main()
except NumerianError as error:
    # Its text is the whole message: no operator needs our stack.
    raise pulumi.RunError(str(error)) from None
