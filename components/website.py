"""A member's site: its virtual host, its folder with first pages, the names of its certificate."""

from __future__ import annotations

import pulumi

from components.datacenter_server import DatacenterServer
from components.files import file_inputs, folder_inputs
from numerian import front, php, start_page
from numerian.model import Member, Platform
from provider.resources import Files, Moving


class Website(Files):
    """The site of one member on its server's front: one resource. What people put into its folder is theirs."""

    def __init__(self, member: Member, platform: Platform, server: DatacenterServer, commune: pulumi.Resource) -> None:
        # A redirect has a folder too: the pages are there on the day that its site comes back.
        uid = str(member.uid)
        seeds = {
            f"{front.SITES}/{member.code}/www/{name}": front.Managed(text, owner=uid, group=uid)
            for name, text in start_page.seeds(member, platform).items()
        }
        super().__init__(
            f"{member.code}-site",
            host=member.server,
            service="front",
            files=file_inputs(front.member_files(member)),
            folders=folder_inputs(front.member_folders(member)),
            seeds=file_inputs(seeds),
            moving=_moving(member, arrives=not php.is_php(member)),
            opts=pulumi.ResourceOptions(parent=commune, depends_on=server.front.ready),
        )


def switch(member: Member, container: pulumi.Resource, website: Website, commune: pulumi.Resource) -> Files:
    """Declare what lets visitors over to a PHP site that moves: only when its container is there.

    It puts nothing on a server but on the day of a move, and then on the old one.
    """
    return Files(
        f"{member.code}-switch",
        host=member.server,
        service="front",
        moving=_moving(member, arrives=True),
        opts=pulumi.ResourceOptions(parent=commune, depends_on=[website, container]),
    )


def _moving(member: Member, *, arrives: bool) -> Moving:
    """Return how a site goes to another server: its files, its certificate, and its visitors when it `arrives`."""
    moving: Moving = {"content": front.content(member)}
    if arrives and member.site is not None:
        moving["passage"] = file_inputs(front.passage(member, member.site))
    moving["give"] = front.certificate_command("give", member)
    moving["take"] = front.certificate_command("take", member)
    return moving
