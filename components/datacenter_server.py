"""A server of a datacenter: its base, its Docker engine, and the front that all sites of its members share."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pulumi
import pulumi_docker as docker

from components.files import file_inputs, folder_inputs
from numerian import front
from numerian.model import Platform, Server
from provider.resources import Files, Host, KeyPair, Service

RECIPE = Path("images/front")


class DatacenterServer(pulumi.ComponentResource):
    """A server, made ready to serve: host → image → service → base files → container.

    `front_ready` is what a member's files wait for. The container isn't in it: it starts with whatever configuration
    is current, and may be replaced without touching a member.
    """

    front_ready: list[pulumi.Resource]

    def __init__(self, server: Server, platform: Platform, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("numerian:components:DatacenterServer", server.name, None, opts)
        self.server = server
        host = self._host()
        engine = docker.Provider(
            f"{server.name}-docker",
            context=server.name,
            # Without it the plugin asks the daemon at once, and no preview works while a server is down.
            disable_docker_daemon_check=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        on_engine = pulumi.ResourceOptions(parent=self, provider=engine, depends_on=[host])
        image = self._image(platform, on_engine)
        service = self._service(platform, [host, image])
        base = self._base_files(platform, service)
        self._container(image, pulumi.ResourceOptions.merge(on_engine, pulumi.ResourceOptions(depends_on=[base])))
        self.front_ready = [service, base]
        self.register_outputs({})

    def _host(self) -> Host:
        return Host(
            f"{self.server.name}-host",
            host=self.server.name,
            packages=list(front.PACKAGES),
            accounts=[
                {"name": "front", "uid": front.UID, "groups": [], "shell": "/usr/sbin/nologin", "keys": []},
                {"name": "acme", "uid": front.ACME_UID, "groups": ["front"], "shell": "/usr/sbin/nologin", "keys": []},
            ],
            units={"docker.service": "enabled", "logrotate.timer": "enabled"},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _image(self, platform: Platform, opts: pulumi.ResourceOptions) -> docker.RemoteImage:
        return docker.RemoteImage(
            f"{self.server.name}-front-image",
            name=front.image(platform),
            build=docker.RemoteImageBuildArgs(
                context=str(RECIPE),
                build_args={"DATE": platform.images.front.isoformat()},
            ),
            triggers={"recipe": recipe_hash(RECIPE)},
            # The image before stays on the server: going back is an edit of the date.
            keep_locally=True,
            opts=opts,
        )

    def _service(self, platform: Platform, after: list[pulumi.Resource]) -> Service:
        return Service(
            f"{self.server.name}-front-service",
            host=self.server.name,
            name="front",
            root=front.CONFIG,
            validate=front.validate_command(platform),
            reload=front.RELOAD_COMMAND,
            running=front.RUNNING_COMMAND,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _base_files(self, platform: Platform, service: Service) -> Files:
        # Ours and derived: a server that is set up anew finds its account at the CA again.
        account = KeyPair(
            f"{self.server.name}-acme-account",
            algorithm="ecdsa-p256",
            opts=pulumi.ResourceOptions(parent=self),
        )
        files = front.base_files(platform, self.server) | front.host_files(platform, self.server)
        return Files(
            f"{self.server.name}-front",
            host=self.server.name,
            service="front",
            files=file_inputs(files),
            folders=folder_inputs(front.host_folders()),
            secrets={"account": account.private_key},
            run=front.UNIT_COMMANDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[service]),
        )

    def _container(self, image: docker.RemoteImage, opts: pulumi.ResourceOptions) -> docker.Container:
        return docker.Container(
            f"{self.server.name}-front-container",
            name="front",
            image=image.image_id,
            user=f"{front.UID}:{front.UID}",
            read_only=True,
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges"],
            tmpfs={"/tmp": f"size=64m,uid={front.UID},mode=0700"},  # noqa: S108 (a file system of its own)
            ports=[
                docker.ContainerPortArgs(internal=8080, external=80),
                docker.ContainerPortArgs(internal=8443, external=443),
            ],
            volumes=[
                docker.ContainerVolumeArgs(host_path=path, container_path=path, read_only=path != front.LOGS)
                for path in sorted((front.CONFIG, front.SITES, front.CERTIFICATES, front.CHALLENGES, front.LOGS))
            ],
            restart="unless-stopped",
            must_run=True,
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            # A second `front` can't be made while the first holds its name and ports.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
        )


def recipe_hash(folder: Path) -> str:
    """Return a hash of an image's recipe, so that a changed Dockerfile is built."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
