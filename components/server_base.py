"""The base of a server: its hardening, its packages and accounts, and who may come in."""

from __future__ import annotations

import pulumi

from components.files import file_inputs
from numerian import front, host, uploads
from numerian.model import Inventory, Server
from provider.resources import Account, Files, Host, Service


class ServerBase:
    """Files → host → access, all children of the server. `ready` is what everything else on it waits for.

    The files come first, as the first user of a bare server: packages then find their settings, and the toolkit's
    account its right to be root.
    """

    ready: list[pulumi.Resource]

    def __init__(self, server: Server, inventory: Inventory, parent: pulumi.Resource) -> None:
        self._server = server
        self._inventory = inventory
        self._child = pulumi.ResourceOptions(parent=parent)
        files = self._files()
        machine = self._host([files])
        service = self._access_service([machine])
        access = self._access_files(service)
        self.ready = [machine, access]

    def _files(self) -> Files:
        # They stay when the stack is taken down: without them nobody could become root any more, to take down the
        # rest or to set up another. So another stack finds them there, and takes them over.
        keep = pulumi.ResourceOptions(retain_on_delete=True)
        return Files(
            f"{self._server.name}-base",
            host=self._server.name,
            files=file_inputs(host.base_files(self._inventory, self._server)),
            run=host.SETTLE_COMMANDS,
            adopt=True,
            opts=pulumi.ResourceOptions.merge(self._child, keep),
        )

    def _host(self, after: list[pulumi.Resource]) -> Host:
        people: list[Account] = [
            {"name": person.name, "groups": list(person.groups), "shell": "/bin/bash", "keys": list(person.keys)}
            for person in host.people(self._inventory)
        ]
        services: list[Account] = [
            {"name": "front", "uid": front.UID, "groups": [], "shell": "/usr/sbin/nologin", "keys": []},
            {"name": "acme", "uid": front.ACME_UID, "groups": ["front"], "shell": "/usr/sbin/nologin", "keys": []},
        ]
        return Host(
            f"{self._server.name}-host",
            host=self._server.name,
            packages=sorted({*host.PACKAGES, *front.PACKAGES, *uploads.PACKAGES}),
            accounts=[*people, *services],
            units=host.units(self._inventory, self._server),
            sysctls=host.sysctls(self._server),
            ports=list(host.open_ports(self._inventory, self._server)),
            rights=list(host.rights(self._inventory)),
            opts=self._after(after),
        )

    def _access_service(self, after: list[pulumi.Resource]) -> Service:
        return Service(
            f"{self._server.name}-access-service",
            host=self._server.name,
            name="access",
            root=host.ACCESS,
            validate=host.CHECK_COMMAND,
            reload=host.RELOAD_COMMAND,
            running=host.RUNNING_COMMAND,
            confirm=True,
            watch_seconds=host.CONFIRM_SECONDS,
            opts=self._after(after),
        )

    def _access_files(self, service: Service) -> Files:
        return Files(
            f"{self._server.name}-access",
            host=self._server.name,
            service="access",
            files=file_inputs(host.access_files(self._inventory, self._server)),
            opts=self._after([service]),
        )

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))
