"""The Debian base of all images: a minimal Debian 13 with its security updates, made once and kept in the cache.

Where `debian:trixie-slim` can be pulled it is; else debootstrap makes the like of it from the machine's own mirror.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from lab import cache, layout, process
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
    """Return where the cache keeps it."""
    return cache.folder() / f"debian-{SUITE}-{key()}.tar"


def is_cached() -> bool:
    """Tell whether no Debian needs to be made."""
    return archive().is_file()


def ensure(say: Say) -> str:
    """Have the base image on this machine's engine; return how it came there."""
    with cache.only_one("base"):
        if has_image(tag()):
            return "already there"
        how = "from the cache"
        if not is_cached():
            if _pull(say):
                return f"{OFFICIAL}, pulled"
            how = "made by debootstrap"
            _bootstrap(say)
        say("importing")
        changes = ["--change", f"LABEL {layout.LABEL}=base", "--change", 'CMD ["bash"]']
        process.output(["docker", "import", *changes, str(archive()), tag()])
        return how


def save(to: Path) -> str:
    """Have the image in a file, for the engine of a server to load; one that is there already stays as it is."""
    if to.is_file():
        return "already there"
    file = cache.folder() / f"base-image-{key()}.tar"
    with cache.only_one("base"):
        if not file.is_file():
            for old in cache.folder().glob("base-image-*.tar"):
                old.unlink()
            new = file.with_suffix(".new")
            process.output(["docker", "save", "--output", str(new), tag()], timeout=PULL_SECONDS)
            new.replace(file)
    copy = to.with_suffix(".new")
    shutil.copyfile(file, copy)
    copy.replace(to)
    return "saved"


def has_image(name: str) -> bool:
    """Tell whether this machine's engine has an image of this name."""
    return process.capture(["docker", "image", "inspect", "--format", "{{.Id}}", name])[0] == 0


def _pull(say: Say) -> bool:
    say(f"trying to pull {OFFICIAL}")
    theirs = has_image(OFFICIAL)
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


def _bootstrap(say: Say) -> None:
    if os.geteuid() != 0:
        raise LabError(
            f"{OFFICIAL} can't be pulled and only root can make a Debian base (debootstrap)",
            f"run `make lab` once as root with NUMERIAN_CACHE={cache.folder()}, or let Docker pull {OFFICIAL}",
        )
    for old in cache.folder().glob(f"debian-{SUITE}-*.tar"):
        old.unlink()
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
        done = work / "base.tar"
        process.output(["tar", "-C", str(root), "--numeric-owner", "--exclude=./dev/*", "-cf", str(done), "."])
        done.replace(archive())
    finally:
        shutil.rmtree(work, ignore_errors=True)


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
