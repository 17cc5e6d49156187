"""The images of the lab's machines, built on the Debian base and kept in the cache.

One is built anew when what it's made from changes, each month's Debian included.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from lab import acme, base, cache, kept, layout, process
from lab.process import Say

FOLDER = Path(__file__).resolve().parent / "images"
KINDS = ("server", "acme", "client")


def tag(kind: str) -> str:
    """Return the name of the image for a kind of machine ("server", "acme", "client")."""
    extra = (acme.key(),) if kind == "acme" else ()
    return f"numerian-lab/{kind}:{cache.recipe(FOLDER / kind, base.key(), *extra)}"


def ensure(kind: str, say: Say) -> str:
    """Have the image on this machine's engine; return how it came there."""
    with cache.only_one(f"image-{kind}"):
        file = cache.folder() / f"image-{kind}-{tag(kind).rpartition(':')[2]}.tar"
        return kept.ensure(tag(kind), file, lambda: _build(kind, say))


def _build(kind: str, say: Say) -> str:
    with tempfile.TemporaryDirectory(prefix="numerian-image-") as work:
        context = Path(work) / kind
        shutil.copytree(FOLDER / kind, context)
        if kind == "acme":
            shutil.copy2(acme.binary(), context / "pebble")
        # The classic builder: Debian's Docker has no other, and the images need nothing newer.
        options = ["--force-rm", "--label", f"{layout.LABEL}=image", "--build-arg", f"BASE={base.tag()}"]
        process.follow(
            ["docker", "build", *options, "--tag", tag(kind), str(context)],
            say,
            log=layout.WORK / "logs" / f"image-{kind}.log",
            env={"DOCKER_BUILDKIT": "0"},
        )
    return "built"


def remove_all() -> list[str]:
    """Remove all images that were made here and that no container uses; return their names."""
    names = process.output(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]).splitlines()
    ours = [name for name in names if name.startswith("numerian-lab/")]
    # The base last: the others are built on it.
    ours.sort(key=lambda name: name.startswith("numerian-lab/base"))
    return [name for name in ours if process.capture(["docker", "image", "rm", name])[0] == 0]
