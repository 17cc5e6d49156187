"""Uploads by SFTP to a server: image, service, accounts of all webmasters, container; and the watch over all files."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from components.files import file_inputs, folder_inputs
from components.service_image import service_image
from numerian import front, uploads
from numerian.managed import SITES
from numerian.model import Member, Platform, Server
from provider.resources import Files, KeyPair, Password, Service


def watch(
    server: Server, platform: Platform, members: Sequence[Member], parent: pulumi.Resource, after: list[pulumi.Resource]
) -> Files:
    """Declare what keeps the states of members' files and measures their room, where webmasters or PHP write."""
    return Files(
        f"{server.name}-watch",
        host=server.name,
        files=file_inputs(uploads.watch_files(platform, members)),
        folders=folder_inputs(uploads.watch_folders()),
        run=uploads.UNIT_COMMANDS,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )


class Uploads:
    """sshd for SFTP alone, where somebody uploads: children of the server.

    The accounts wait for the members' folders (`after`): a session's own folder holds the log that it writes to.
    """

    def __init__(
        self,
        server: Server,
        platform: Platform,
        members: Sequence[Member],
        parent: pulumi.Resource,
        on_engine: pulumi.ResourceOptions,
        after: Sequence[pulumi.Resource],
    ) -> None:
        self.server = server
        self.members = members
        self._child = pulumi.ResourceOptions(parent=parent)
        image = service_image(server.name, "sftp", platform.images.day("sftp"), on_engine)
        service = Service(
            f"{server.name}-sftp-service",
            host=server.name,
            name="sftp",
            root=uploads.CONFIG,
            validate=uploads.validate_command(platform),
            reload=uploads.RELOAD_COMMAND,
            running=uploads.RUNNING_COMMAND,
            opts=self._after([image]),
        )
        accounts = self._accounts(platform, [service, *after])
        self._container(image, pulumi.ResourceOptions.merge(on_engine, pulumi.ResourceOptions(depends_on=[accounts])))

    def _accounts(self, platform: Platform, after: list[pulumi.Resource]) -> Files:
        files = uploads.account_files(self.members) | uploads.host_files(platform)
        return Files(
            f"{self.server.name}-uploads",
            host=self.server.name,
            service="sftp",
            files=file_inputs(files),
            folders=folder_inputs(uploads.host_folders()),
            secrets=self._secrets(),
            opts=self._after(after),
        )

    def _secrets(self) -> dict[str, pulumi.Input[str]]:
        """Return the host key, and of passwords only what the server keeps of them."""
        host_key = KeyPair(uploads.host_key_name(self.server.name), algorithm="ed25519", opts=self._child)
        secrets: dict[str, pulumi.Input[str]] = {"host_key": host_key.private_key}
        for login, _, webmaster in uploads.logins(self.members):
            if webmaster.password is not None:
                password = Password(
                    uploads.password_name(login),
                    length=uploads.PASSWORD_LENGTH,
                    version=webmaster.password,
                    opts=self._child,
                )
                secrets[login] = _hashed(password, login, webmaster.password)
        return secrets

    def _container(self, image: docker.RemoteImage, opts: pulumi.ResourceOptions) -> docker.Container:
        return docker.Container(
            f"{self.server.name}-sftp-container",
            name="sftp",
            image=image.image_id,
            read_only=True,
            capabilities=docker.ContainerCapabilitiesArgs(
                drops=["ALL"], adds=[f"CAP_{name}" for name in uploads.CAPABILITIES]
            ),
            security_opts=["no-new-privileges"],
            tmpfs={"/run/sshd": "size=1m,mode=0755"},
            memory=512,
            ulimits=[
                # Of a member's user, whose PHP counts with his sessions.
                docker.ContainerUlimitArgs(name="nproc", soft=uploads.PROCESSES, hard=uploads.PROCESSES),
                docker.ContainerUlimitArgs(name="core", soft=0, hard=0),
            ],
            ports=[
                docker.ContainerPortArgs(internal=uploads.PORT, external=uploads.PORT, ip=address)
                for address in front.listen_addresses(self.server)
            ],
            volumes=[
                docker.ContainerVolumeArgs(host_path=path, container_path=path, read_only=path == uploads.ROOT)
                for path in sorted((uploads.ROOT, SITES, uploads.LOGS))
            ],
            restart="unless-stopped",
            must_run=True,
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
        )

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))


def _hashed(password: Password, login: str, version: int) -> pulumi.Output[str]:
    return password.value.apply(lambda value: uploads.password_hash(value, login, version))
