"""A member and the services that it has. Its resources are named by its code: a new name is no delete."""

from __future__ import annotations

import pulumi

from components.datacenter_server import DatacenterServer
from components.website import Website
from numerian import php
from numerian.model import Member, Platform


class Commune(pulumi.ComponentResource):
    """One member (a commune, an EPCI, a département) with what its file declares.

    It registers no outputs: there are none, and saying so costs a round trip a member.
    """

    def __init__(
        self,
        member: Member,
        platform: Platform,
        server: DatacenterServer,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("numerian:components:Commune", member.code, None, opts)
        if member.site is not None:
            website = Website(member, platform, server, self)
            if php.is_php(member):
                server.php.add(member, website, self)
