"""Whom sudoers files name, as sudoers(5) has it."""

from __future__ import annotations

import pytest

from provider.plan.host_facts import Account, Right
from provider.plan.sudoers import group_rights, read_by_sudo, sudoers_rights

ACCOUNTS = {
    name: Account(name, uid, gid)
    for name, uid, gid in [
        ("root", 0, 0),
        ("deploy", 1000, 1000),
        ("eve", 1003, 1003),
        ("bob", 1004, 27),
        ("toor", 0, 0),
    ]
}
GROUPS = {
    "root": (0, frozenset[str]()),
    "sudo": (27, frozenset({"deploy"})),
    "ops": (1100, frozenset({"eve", "bob"})),
    "docker": (998, frozenset({"eve"})),
}
DEBIAN = """
# This file MUST be edited with the 'visudo' command as root.
Defaults\tenv_reset
Defaults:%sudo !tty_tickets
Defaults>eve insults
# User alias specification
User_Alias BOSSES = eve, %ops : OTHERS = BOSSES, !bob
Cmnd_Alias SHUTDOWN = /sbin/shutdown
root\tALL=(ALL:ALL) ALL
%sudo\tALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""


def named(text: str, path: str = "/etc/sudoers") -> list[str]:
    return [right.account for right in sudoers_rights({path: text}, ACCOUNTS, GROUPS)]


def test_debians_own_file_names_root_and_the_group() -> None:
    assert named(DEBIAN) == ["root", "bob", "deploy"]


@pytest.mark.parametrize(
    ("line", "accounts"),
    [
        ("eve ALL=(ALL) NOPASSWD: ALL", ["eve"]),
        ("eve,bob   ALL = /bin/ls", ["eve", "bob"]),
        ("eve , bob ALL=/bin/ls # as agreed", ["eve", "bob"]),
        ("eve \\\n  ALL=(ALL) ALL", ["eve"]),
        ("#1003 ALL=(ALL) ALL", ["eve"]),
        ("#4711 ALL=(ALL) ALL", ["#4711"]),
        ("%ops ALL=(ALL) ALL", ["bob", "eve"]),
        ("%#1100 ALL=(ALL) ALL", ["bob", "eve"]),
        ("%nobody-there ALL=(ALL) ALL", []),
        ("ALL ALL=(ALL) ALL", ["ALL"]),
        ("+netgroup ALL=(ALL) ALL", ["+netgroup"]),
        ('"eve" ALL=(ALL) ALL', ["eve"]),
        ("\\x65ve ALL=(ALL) ALL", ["eve"]),
        ("User_Alias A = eve\nA ALL=(ALL) ALL", ["eve"]),
        ("User_Alias A = B\nUser_Alias B = A, eve\nA ALL=ALL", ["eve"]),
        ("ALL,!eve ALL=(ALL) ALL", ["ALL"]),
        ("# eve ALL=(ALL) ALL", []),
        ("Defaults:eve !authenticate", []),
        ("@include /etc/more", ["@include /etc/more"]),
        ("#include /etc/more", ["#include /etc/more"]),
        ("#includedir /etc/sudoers.d", []),
        ("eve", []),
        ("", []),
    ],
)
def test_who_is_named(line: str, accounts: list[str]) -> None:
    assert sorted(set(named(line + "\n"))) == sorted(accounts)


def test_the_way_says_file_and_group() -> None:
    path = "/etc/sudoers.d/x"
    rights = sudoers_rights({path: "eve ALL=ALL\n%ops ALL=ALL\n%sudo ALL=ALL\n"}, ACCOUNTS, GROUPS)
    assert rights == [
        Right("eve", path, file=path),
        Right("bob", f"{path}: %ops", file=path),
        Right("eve", f"{path}: %ops", file=path),
        Right("bob", "group sudo", group="sudo", file=path, primary=True),
        Right("deploy", "group sudo", group="sudo", file=path),
    ]


@pytest.mark.parametrize("name", ["x.bak", "x~", ".x"])
def test_what_sudo_doesnt_read_gives_no_right(name: str) -> None:
    assert not read_by_sudo(f"/etc/sudoers.d/{name}")
    assert named("eve ALL=ALL", f"/etc/sudoers.d/{name}") == []


def test_groups_and_numbers_give_rights() -> None:
    assert group_rights(ACCOUNTS, GROUPS) == [
        Right("root", "uid 0"),
        Right("toor", "uid 0"),
        Right("eve", "group docker", group="docker"),
        Right("root", "group root", group="root", primary=True),
        Right("toor", "group root", group="root", primary=True),
        Right("deploy", "group sudo", group="sudo"),
        Right("bob", "group sudo", group="sudo", primary=True),
    ]
