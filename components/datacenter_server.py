"""A server of a datacenter: its base, its Docker engine, and what all members on it share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_docker as docker

from components.front import Front
from components.php_site import PhpSites
from components.server_base import ServerBase
from components.uploads import Uploads, watch
from numerian import uploads
from numerian.model import Inventory, Member, Server


class DatacenterServer(pulumi.ComponentResource):
    """A server, made ready to serve: its base, then the services on its Docker engine."""

    front: Front
    php: PhpSites

    def __init__(self, server: Server, inventory: Inventory, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("numerian:components:DatacenterServer", server.name, None, opts)
        self.server = server
        base = ServerBase(server, inventory, self)
        engine = docker.Provider(
            f"{server.name}-docker",
            context=server.name,
            # Without it the plugin asks the daemon at once, and no preview works while a server is down.
            disable_docker_daemon_check=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        on_engine = pulumi.ResourceOptions(parent=self, provider=engine, depends_on=base.ready)
        self._platform, self._on_engine = inventory.platform, on_engine
        self.front = Front(server, inventory, self, on_engine)
        self.php = PhpSites(server.name, inventory.platform, on_engine)
        self.register_outputs({})

    def take_uploads(self, members: Iterable[Member], sites: Mapping[str, pulumi.Resource]) -> None:
        """Let webmasters upload and watch over files that change; both wait for the `sites` (by the member's code)."""
        writing = uploads.writing(members)
        if not writing:
            return
        watched = watch(self.server, self._platform, writing, self, [sites[member.code] for member in writing])
        if mine := uploads.uploading(writing):
            Uploads(self.server, self._platform, mine, self, self._on_engine, [watched])
