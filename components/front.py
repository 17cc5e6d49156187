"""The front that all sites of a server's members share: image, service, base files, container."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pulumi
import pulumi_docker as docker

from components.files import file_inputs, folder_inputs
from components.service_image import service_image
from numerian import front
from numerian.model import Inventory, Platform, Server
from provider.resources import Files, KeyPair, Service

_VOLUMES = (front.CONFIG, front.SITES, front.CERTIFICATES, front.CHALLENGES, front.LOGS, front.AUTHORITIES)


class Front:
    """nginx on a server: image → service → base files → container, all children of the server.

    `ready` is what a member's files wait for. The container isn't in it: it starts with whatever configuration is
    current, and may be replaced without touching a member.
    """

    ready: list[pulumi.Resource]

    def __init__(
        self,
        server: Server,
        inventory: Inventory,
        parent: pulumi.Resource,
        on_engine: pulumi.ResourceOptions,
    ) -> None:
        platform = inventory.platform
        self.server = server
        self._servers = inventory.servers.values()
        self._child = pulumi.ResourceOptions(parent=parent)
        image = service_image(server.name, "front", platform.images.front, on_engine)
        service = self._service(platform, [image])
        base = self._base_files(platform, service)
        settings = self._settings()
        roll = self._roll(image, settings, base)
        self._container(image, settings, pulumi.ResourceOptions.merge(on_engine, self._after([roll])))
        self.ready = [service, base]

    def _service(self, platform: Platform, after: list[pulumi.Resource]) -> Service:
        return Service(
            f"{self.server.name}-front-service",
            host=self.server.name,
            name="front",
            root=front.CONFIG,
            validate=front.validate_command(platform),
            reload=front.RELOAD_COMMAND,
            running=front.RUNNING_COMMAND,
            opts=self._after(after),
        )

    def _base_files(self, platform: Platform, service: Service) -> Files:
        # Ours and derived: a server that is set up anew finds its account at the CA again.
        account = KeyPair(
            f"{self.server.name}-acme-account",
            algorithm="ecdsa-p256",
            opts=self._child,
        )
        files = front.base_files(platform, self.server, self._servers) | front.host_files(platform, self.server)
        return Files(
            f"{self.server.name}-front",
            host=self.server.name,
            service="front",
            files=file_inputs(files),
            folders=folder_inputs(front.host_folders()),
            secrets={"account": account.private_key},
            run=front.UNIT_COMMANDS,
            opts=self._after([service]),
        )

    def _roll(self, image: docker.RemoteImage, settings: dict[str, Any], base: Files) -> Files:
        """What makes the container another one. It changes just before: then the server holds new connections back."""
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        content = pulumi.Output.concat("image ", image.image_id, f"\nsettings {digest}\n")
        return Files(
            f"{self.server.name}-front-roll",
            host=self.server.name,
            files={front.ROLL: {"content": content, "mode": "0644", "owner": "root", "group": "root"}},
            run=[front.ROLL_COMMAND],
            opts=self._after([base]),
        )

    def _container(self, image: docker.RemoteImage, settings: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        docker.Container(
            f"{self.server.name}-front-container",
            image=image.image_id,
            **settings,
            # A second `front` can't be made while the first holds its name and ports.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
        )

    def _settings(self) -> dict[str, Any]:
        """Return all that is said of the container but its image, as plain data."""
        return {
            "name": "front",
            "user": f"{front.UID}:{front.UID}",
            "read_only": True,
            "capabilities": {"drops": ["ALL"]},
            "security_opts": ["no-new-privileges"],
            "memory": front.MEMORY_MB,
            "memory_swap": front.MEMORY_MB,
            "ulimits": [{"name": "nproc", "soft": front.MOST_PROCESSES, "hard": front.MOST_PROCESSES}],
            "tmpfs": {"/tmp": f"size=64m,uid={front.UID},mode=0700"},  # noqa: S108 (a file system of its own)
            "ports": [
                {"internal": inside, "external": outside, "ip": address}
                for outside, inside in ((80, 8080), (443, 8443))
                for address in front.listen_addresses(self.server)
            ],
            "volumes": [
                {"host_path": path, "container_path": path, "read_only": path != front.LOGS}
                for path in sorted(_VOLUMES)
            ],
            "restart": "unless-stopped",
            "must_run": True,
            # `numerian-front replace` hears this signal and ends nginx gently; nginx itself makes nothing of it.
            "stop_signal": "SIGCONT",
            "destroy_grace_seconds": front.GRACE_SECONDS,
            "log_driver": "json-file",
            "log_opts": {"max-size": "10m", "max-file": "3"},
        }

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))
