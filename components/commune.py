"""A member and the services that it has. Its resources are named by its code: a new name is no delete."""

from __future__ import annotations

import pulumi

from components.datacenter_server import DatacenterServer
from components.website import Website, switch
from numerian import php
from numerian.model import Member, Platform


class Commune(pulumi.ComponentResource):
    """One member (a commune, an EPCI, a département) with what its file declares.

    It registers no outputs: there are none, and saying so costs a round trip a member.
    """

    website: Website | None
    ready: pulumi.Resource | None
    """What has to be done before somebody else may work in the site's folder."""

    def __init__(
        self,
        member: Member,
        platform: Platform,
        server: DatacenterServer,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("numerian:components:Commune", member.code, None, opts)
        self.website = Website(member, platform, server, self) if member.site is not None else None
        self.ready = self.website
        if self.website is not None and php.is_php(member):
            self.ready = switch(member, server.php.add(member, self.website, self), self.website, self)
