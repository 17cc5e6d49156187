"""Where the sites lie on btrfs, the file system itself holds a member's room, and a state is a snapshot.

The servers' own file system has no quota, so the three scripts work here in a small btrfs of its own, on a loop device
that this machine mounts in the server: only root of this machine may.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import Lab

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PROGRAMS = ("uploads/usr/local/sbin/numerian-states", "uploads/usr/local/sbin/numerian-uploads")
PROGRAMS += ("host/usr/local/sbin/numerian-archives",)
PLACE = "/srv/on-btrfs"
UID = 207186
BTRFS = os.geteuid() == 0 and Path("/dev/loop-control").exists() and "btrfs" in Path("/proc/filesystems").read_text()

pytestmark = pytest.mark.skipif(not BTRFS, reason="this machine's kernel has no btrfs or no loop device, or isn't ours")


@dataclass
class Disk:
    """The scripts at work in the file system."""

    lab: Lab

    def sh(self, script: str, *, fails: bool = False) -> str:
        """Run a script on the server, with the three commands on their own ground; return all that it said."""
        ground = {"SITES": "sites", "STATES": "states", "RECORDS": "records", "FULL": "full", "UPLOADS": "settings"}
        ground |= {"ARCHIVE": "archive", "PURGES": "purges.log"}
        words = [f"NUMERIAN_{name}={PLACE}/{path}" for name, path in ground.items()]
        path = f"PATH={PLACE}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        code, out, err = self.lab.exec("privas", ["env", path, *words, "sh", "-c", f"cd {PLACE} && {script}"])
        assert fails or code == 0, out + err
        return out + err

    def as_member(self, script: str, *, fails: bool = False) -> str:
        """Do what a webmaster or PHP may do."""
        return self.sh(
            f"cd sites/07186/www && setpriv --reuid {UID} --regid {UID} --clear-groups sh -c '{script}'", fails=fails
        )


@pytest.fixture
def disk(lab: Lab) -> Iterator[Disk]:
    """A btrfs of 300 MB with quotas, and one member with 5 MB of room and a page."""
    # A bare server has neither, nor Debian's lists.
    install = "apt-get install -y --no-install-recommends btrfs-progs rsync"
    install = f"dpkg -s btrfs-progs rsync >/dev/null 2>&1 || {install} || (apt-get update && {install})"
    make = f"mkdir -p {PLACE} && rm -f /root/btrfs && truncate -s 300M /root/btrfs && mkfs.btrfs -q /root/btrfs"
    code, out, err = lab.exec("privas", ["sh", "-c", f"({install}) && {make}"], timeout=300)
    assert code == 0, out + err
    pid = run("docker", "inspect", "--format", "{{.State.Pid}}", lab.layout.container("privas"))
    device = run("losetup", "--find", "--show", f"/proc/{pid}/root/root/btrfs")
    inside = ["nsenter", "--target", pid, "--mount", "--"]
    number = device.removeprefix("/dev/loop")
    run(*inside, "sh", "-c", f"[ -b {device} ] || mknod {device} b 7 {number}; mount -t btrfs {device} {PLACE}")
    try:
        found = Disk(lab)
        found.sh("btrfs quota enable . && mkdir -p bin sites/07186/www states records full && chmod 700 states")
        for program in PROGRAMS:
            name, script = Path(program).name, (TEMPLATES / program).read_text(encoding="utf-8")
            lab.exec("privas", ["sh", "-c", f"cat > {PLACE}/bin/{name} && chmod 755 {PLACE}/bin/{name}"], script)
        settings = f"keep_days 5\nmember 07186 {UID} 5\n"
        lab.exec("privas", ["sh", "-c", f"cat > {PLACE}/settings"], settings)
        found.sh(f"echo first > sites/07186/www/page.html && chown -R {UID}:{UID} sites/07186/www")
        found.sh("numerian-uploads measure 07186")
        yield found
    finally:
        run(*inside, "umount", PLACE)
        run("losetup", "--detach", device)
        lab.exec("privas", ["sh", "-c", f"rm -rf /root/btrfs {PLACE}"])


def run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_file_system_holds_the_room_and_a_state_is_a_snapshot(disk: Disk) -> None:
    """8 MB are stopped at 5 by the write itself; what goes back to a state, or is deleted, isn't held up by that."""
    assert disk.as_member("cat page.html; stat -c %u .") == f"first\n{UID}\n"
    assert " ok btrfs " in disk.sh("numerian-uploads status")
    first = disk.sh("numerian-states take 07186 first").strip()

    said = disk.as_member("head -c 8000000 /dev/urandom > big; stat -c %s big")
    assert "Disk quota exceeded" in said and int(said.splitlines()[0]) < 5 * 1024 * 1024
    disk.sh("numerian-uploads measure 07186")
    assert re.search(r"^07186 \d+ 5 (warned|full) btrfs ", disk.sh("numerian-uploads status"), re.M)
    assert disk.sh("ls full") == ""  # the kernel holds it: nobody's session is ended for it

    second = disk.sh("numerian-states take 07186 second").strip()
    assert disk.sh(f"stat -c '%a %U' states/07186 && stat -f -c %T states/07186/{second}/www") == "700 root\nbtrfs\n"
    assert disk.sh("btrfs subvolume list .").count("states/07186/") == 2
    assert "Read-only" in disk.sh(f"touch states/07186/{second}/www/page.html", fails=True)

    disk.as_member("rm big")
    disk.as_member("echo second > page.html")
    disk.sh(f"numerian-states put 07186 {first}")
    assert disk.as_member("cat page.html; ls; stat -c %u page.html") == f"first\npage.html\n{UID}\n"


def test_a_state_goes_when_what_replaced_it_is_old(disk: Disk) -> None:
    """A state of last year still undoes the change of today; once that change is old, it goes, its snapshot with it."""
    for content in ("one", "two", "three"):
        disk.as_member(f"echo {content} > page.html")
        disk.sh(f"numerian-states take 07186 {content}")
    old, middle, new = (line.split()[0] for line in disk.sh("numerian-states list 07186").splitlines())
    disk.sh(f"mv states/07186/{old} states/07186/20200101T000000Z")
    disk.sh("numerian-states expire")
    assert len(disk.sh("numerian-states list 07186").splitlines()) == 3
    disk.sh(f"mv states/07186/{middle} states/07186/20200102T000000Z")
    disk.sh("numerian-states expire")
    left = [line.split()[0] for line in disk.sh("numerian-states list 07186").splitlines()]
    assert left == ["20200102T000000Z", new]
    assert disk.sh("btrfs subvolume list .").count("states/07186/") == 2


def test_what_a_member_made_unreadable_for_himself_is_kept_too(disk: Disk) -> None:
    disk.as_member("mkdir photos; echo x > photos/a; chmod 000 photos/a photos")
    name = disk.sh("numerian-states take 07186 odd").strip()
    assert name and disk.sh(f"cat states/07186/{name}/www/photos/a") == "x\n"


def test_what_was_put_away_comes_back_and_is_deleted_for_good(disk: Disk) -> None:
    """The member's folder and its states are subvolumes: a rename takes them along, and no `rm` takes them away."""
    disk.as_member("mkdir photos && echo lac > photos/lac.txt")
    disk.sh("numerian-states take 07186 first")
    stamp = "20260101T000000Z-07186-site"
    disk.sh(f"mkdir -p sites/.numerian-archive/{stamp} && mv sites/07186 sites/.numerian-archive/{stamp}/07186")
    listed = [line.split("\t") for line in disk.sh("numerian-archives list 07186").splitlines()]
    assert [(line[0], line[1]) for line in listed] == [("07186", "archive"), ("07186", "states")]
    paths = [line[-1] for line in listed]

    again = f"mkdir -p sites/07186/www && echo new > sites/07186/www/page.html && chown -R {UID}:{UID} sites/07186/www"
    disk.sh(f"{again} && numerian-uploads measure 07186")
    said = disk.sh(f"numerian-archives restore 07186 {UID} {paths[0]} < /dev/null")
    assert said == "there already\tpage.html\nrestored\t1\n"
    assert disk.as_member("cat page.html photos/lac.txt; stat -c %u photos/lac.txt") == f"new\nlac\n{UID}\n"
    assert " btrfs " in disk.sh("numerian-uploads status")
    assert "is there: the member is served here" in disk.sh(
        f"numerian-archives purge 07186 ops1 {paths[0]}", fails=True
    )

    disk.sh(f"mv sites/07186 sites/.numerian-archive/{stamp.replace('2026', '2027')}")
    everything = disk.sh("numerian-archives list 07186 | cut -f 6").split()
    assert len(everything) == 3 and disk.sh("btrfs subvolume list .").count("path ") == 3
    disk.sh(f"numerian-archives purge 07186 ops1 {' '.join(everything)}")
    assert disk.sh("numerian-archives list; btrfs subvolume list .") == ""
    assert disk.sh("grep -c 'purge 07186 by ops1' purges.log") == "3\n"
