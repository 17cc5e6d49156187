"""The image of a service, built on the server that runs it, from its recipe in `images/`, its date and its packages."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pulumi
import pulumi_docker as docker

from numerian import images
from provider.resources import Files

RECIPES = Path("images")


def service_image(server: str, service: str, day: date, opts: pulumi.ResourceOptions) -> docker.RemoteImage:
    """Declare the image of `images/<service>` on a server; another date builds it, with the packages of its list.

    The image before stays on the server, so that going back is an edit of the date; older ones go.
    """
    packages = images.packages(service, day)
    image = docker.RemoteImage(
        f"{server}-{service}-image",
        name=images.reference(service, day),
        build=docker.RemoteImageBuildArgs(
            # All recipes: they share how packages get in.
            context=str(RECIPES),
            dockerfile=f"{service}/Dockerfile",
            # A failed build leaves no container behind either.
            force_remove=True,
            build_args={"DATE": day.isoformat()} | ({"PACKAGES": packages} if packages else {}),
        ),
        triggers={"recipe": recipe_hash(service)},
        keep_locally=True,
        opts=opts,
    )
    Files(
        f"{server}-{service}-images",
        host=server,
        files={f"{images.CURRENT}/{service}": {"content": f"{day.isoformat()}\n"}},
        run=[["sh", "-c", images.KEEP, "sh", service]],
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=[image]),
    )
    return image


def recipe_hash(service: str) -> str:
    """Return a hash of an image's recipe, so that a changed one is built; lists of packages come by themselves."""
    digest = hashlib.sha256()
    for path in (RECIPES / "install", *sorted((RECIPES / service).rglob("*"))):
        if path.is_file() and path.suffix != images.LIST:
            digest.update(f"{path.relative_to(RECIPES)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
