"""The image of a service, built on the server that runs it, from its recipe in `images/` and its date."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pulumi
import pulumi_docker as docker

RECIPES = Path("images")


def reference(service: str, day: date) -> str:
    """Return the name of an image.

    >>> reference("front", date(2026, 7, 1))
    'numerian/front:2026-07-01'
    """
    return f"numerian/{service}:{day.isoformat()}"


def service_image(server: str, service: str, day: date, opts: pulumi.ResourceOptions) -> docker.RemoteImage:
    """Declare the image of `images/<service>` on a server; another date builds it with the packages of that day."""
    return docker.RemoteImage(
        f"{server}-{service}-image",
        name=reference(service, day),
        build=docker.RemoteImageBuildArgs(
            # All recipes: they share how packages get in.
            context=str(RECIPES),
            dockerfile=f"{service}/Dockerfile",
            build_args={"DATE": day.isoformat()},
        ),
        triggers={"recipe": recipe_hash(service)},
        # The image before stays on the server: going back is an edit of the date.
        keep_locally=True,
        opts=opts,
    )


def recipe_hash(service: str) -> str:
    """Return a hash of an image's recipe, so that a changed Dockerfile is built."""
    digest = hashlib.sha256()
    for path in (RECIPES / "install", *sorted((RECIPES / service).rglob("*"))):
        if path.is_file():
            digest.update(f"{path.relative_to(RECIPES)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
