"""The Debian base of all images: a minimal Debian 13 with its security updates, made once and kept in the cache.

Where `debian:trixie-slim` can be pulled it is; else debootstrap makes the like of it from the machine's own mirror.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from lab import cache, kept, layout, process
from lab.errors import LabError
from lab.process import Say

OFFICIAL = "debian:trixie-slim"
SUITE = "trixie"
PULL_SECONDS = 120

FINISH = r"""
set -eu
root=$1 mirror=$2
{
    echo "deb $mirror trixie main"
    echo "deb $mirror trixie-updates main"
    echo "deb ${mirror%/}-security trixie-security main"
} > "$root/etc/apt/sources.list"
printf 'path-exclude /usr/share/%s/*\n' doc man info lintian > "$root/etc/dpkg/dpkg.cfg.d/slim"
echo 'path-include /usr/share/doc/*/copyright' >> "$root/etc/dpkg/dpkg.cfg.d/slim"
# As in Debian's own image for Docker: what is built is thrown away when the power goes, and nobody reads translations.
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
echo 'Acquire::Languages "none";' > "$root/etc/apt/apt.conf.d/docker-no-languages"
echo 'Acquire::Retries "3";' > "$root/etc/apt/apt.conf.d/retries"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get -q update
chroot "$root" apt-get -q -y dist-upgrade
chroot "$root" apt-get clean
rm -rf "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin \
    "$root"/var/log/*.log "$root/var/log/apt" "$root/var/log/bootstrap.log"
find "$root/usr/share/doc" -type f ! -name copyright -delete
: > "$root/etc/machine-id"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
"""


def key() -> str:
    """Name this month's base: a new month makes a new one, so that Debian's updates get in."""
    return cache.recipe(SUITE, FINISH, os.uname().machine, time.strftime("%Y-%m", time.gmtime()))


def tag() -> str:
    """Return the base's name on this machine's engine."""
    return f"numerian-lab/base:{key()}"


def archive() -> Path:
    """Return where the cache keeps the image: what `docker load` takes, here and on the servers."""
    return cache.folder() / f"base-image-{key()}.tar"


def is_cached() -> bool:
    """Tell whether no Debian needs to be made."""
    return archive().is_file()


def ensure(say: Say) -> str:
    """Have the base image on this machine's engine, and in the cache; return how it came there."""
    with cache.only_one("base"):
        return kept.ensure(tag(), archive(), lambda: f"{OFFICIAL}, pulled" if _pull(say) else _bootstrap(say))


def copy(to: Path) -> str:
    """Have the image in a file, for the engine of a server to load; one that is there already stays as it is."""
    if to.is_file():
        return "already there"
    new = to.with_suffix(".new")
    shutil.copyfile(archive(), new)
    new.replace(to)
    return "copied"


def _pull(say: Say) -> bool:
    say(f"trying to pull {OFFICIAL}")
    theirs = kept.has(OFFICIAL)
    log = layout.WORK / "logs" / "pull.log"
    if not theirs:
        try:
            process.follow(["docker", "pull", OFFICIAL], say, log=log, timeout=PULL_SECONDS)
        except LabError:
            return False
    # Under a name of ours, so that taking the lab down removes no image that the user pulled himself.
    process.output(["docker", "tag", OFFICIAL, tag()])
    if not theirs:
        process.output(["docker", "image", "rm", OFFICIAL])
    return True


def _bootstrap(say: Say) -> str:
    if os.geteuid() != 0:
        raise LabError(
            f"{OFFICIAL} can't be pulled and only root can make a Debian base (debootstrap)",
            f"run `make lab` once as root with NUMERIAN_CACHE={cache.folder()}, or let Docker pull {OFFICIAL}",
        )
    work = Path(tempfile.mkdtemp(prefix="debian-", dir=cache.folder()))
    log = layout.WORK / "logs" / "base.log"
    mirror = machine_mirror()
    try:
        root = work / "root"
        command = ["debootstrap", "--variant=minbase", SUITE, str(root), *([mirror] if mirror else [])]
        process.follow(command, say, log=log)
        used = mirror or (root / "etc/apt/sources.list").read_text().split()[1]
        process.follow(["sh", "-c", FINISH, "sh", str(root), used], say, log=log.with_name("base-finish.log"))
        say("packing")
        packed = work / "base.tar"
        process.output(["tar", "-C", str(root), "--numeric-owner", "--exclude=./dev/*", "-cf", str(packed), "."])
        say("importing")
        changes = ["--change", f"LABEL {layout.LABEL}=base", "--change", 'CMD ["bash"]']
        process.output(["docker", "import", *changes, str(packed), tag()])
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return "made by debootstrap"


def machine_mirror(apt: Path = Path("/etc/apt")) -> str:
    """Return the Debian mirror that this machine itself uses, or "" (debootstrap then knows one).

    Only a plain http one: a minimal Debian has no certificates yet to check an https one with.
    """
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for file in (f for f in files if f.is_file()):
        for line in file.read_text(errors="replace").splitlines():
            if line.startswith(("deb ", "URIs:")):
                for word in line.split()[1:]:
                    if word.startswith("http://") and word.rstrip("/").endswith("/debian"):
                        return word.rstrip("/")
    return ""
