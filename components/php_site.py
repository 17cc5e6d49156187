"""The PHP of a server's members: one image, and for each member a container that nothing but the front reaches."""

from __future__ import annotations

import asyncio

import pulumi
import pulumi_docker as docker

from components.service_image import service_image
from numerian import php
from numerian.model import Member, Platform


class PhpSites:
    """The containers of a server's PHP sites; the image is declared with the first of them.

    They follow one after another, so that a new image never takes all sites away at once. Nobody depends on the one
    before, though: a member whose container fails holds up no other.
    """

    def __init__(self, server: str, platform: Platform, on_engine: pulumi.ResourceOptions) -> None:
        self._server = server
        self._day = platform.images.day("php")
        self._on_engine = on_engine
        self._image: docker.RemoteImage | None = None
        self._before: docker.Container | None = None

    def add(self, member: Member, website: pulumi.Resource, commune: pulumi.Resource) -> docker.Container:
        """Declare a member's container. It waits for `website`, which makes its folders."""
        if self._image is None:
            self._image = service_image(self._server, "php", self._day, self._on_engine)
        options = pulumi.ResourceOptions(
            parent=commune,
            depends_on=[website],
            # A second one can't be made while the first holds its name and its socket.
            delete_before_replace=True,
            aliases=[pulumi.Alias(name=f"{member.code}-php")],  # what it was called before members could move
        )
        self._before = _container(
            self._server, member, self._image, self._before, pulumi.ResourceOptions.merge(self._on_engine, options)
        )
        return self._before


async def _in_turn(before: pulumi.Resource | None, name: str) -> str:
    """Return `name` as soon as the container before has been made, or has failed."""
    if before is not None:
        await asyncio.wait([asyncio.ensure_future(before.urn.future())])
    return name


def _container(
    server: str, member: Member, image: docker.RemoteImage, before: pulumi.Resource | None, opts: pulumi.ResourceOptions
) -> docker.Container:
    wanted = php.container(member)
    return docker.Container(
        # By its server: a member that moves has the new one before the old one goes.
        f"{member.code}-php-{server}",
        name=_in_turn(before, wanted.name),
        image=image.image_id,
        user=wanted.user,
        envs=list(wanted.environment),
        network_mode="none",
        read_only=True,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges"],
        memory=wanted.memory_mb,
        memory_swap=wanted.memory_mb,  # no swap beside the memory
        cpus=wanted.cpus,
        ulimits=[
            docker.ContainerUlimitArgs(name="nproc", soft=wanted.most_processes, hard=wanted.most_processes),
            docker.ContainerUlimitArgs(name="core", soft=0, hard=0),
        ],
        shm_size=1,
        tmpfs={"/tmp": f"size={wanted.temporary_mb}m,mode=1777,noexec"},  # noqa: S108 (a file system of its own)
        volumes=[
            docker.ContainerVolumeArgs(host_path=mount.host, container_path=mount.inside) for mount in wanted.mounts
        ],
        restart="unless-stopped",
        must_run=True,
        log_driver="json-file",
        log_opts=php.ROTATION,
        opts=opts,
    )
