"""Whom sudoers files name. A small reader of sudoers(5): who, not what, since any command may be a way to be root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provider.plan.host_facts import Account, Right

ROOT_GROUPS = frozenset({"root", "sudo", "wheel", "admin", "docker", "lxd", "incus", "incus-admin", "libvirt", "disk"})
"""Groups whose members may become root: by sudo's usual rules, by a daemon's socket, by the raw disk."""

Accounts = Mapping[str, Account]
Groups = Mapping[str, tuple[int, frozenset[str]]]
_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)")
_INCLUDE = re.compile(r"[#@]include(?:dir)?\s+(.*)")
_FOLDER = "/etc/sudoers.d"


def read_by_sudo(path: str) -> bool:
    """Whether sudo reads a file of its folder: names with a dot or an ending tilde are left out."""
    name = path.rpartition("/")[2]
    return not path.startswith(f"{_FOLDER}/") or not ("." in name or name.endswith("~"))


def sudoers_rights(files: Mapping[str, str], accounts: Accounts, groups: Groups) -> list[Right]:
    """Return a right for each account that a line of the files names, by itself, by its group or by an alias.

    `accounts` are all of the host, `groups` all groups: name to number and members. What can't be told to be an account
    (a netgroup, `ALL`, another file that is included) stands for itself.
    """
    lines = [(path, line) for path, text in files.items() if read_by_sudo(path) for line in _lines(text)]
    aliases: dict[str, list[str]] = {}
    for _, line in lines:
        if (match := _ALIAS.match(line)) and match[1] == "User":
            for part in match[2].split(":"):
                name, _, members = part.partition("=")
                aliases[name.strip()] = [member.strip() for member in members.split(",")]
    rights: dict[Right, None] = {}
    for path, line in lines:
        for subject in _subjects(line):
            for account in _resolve(subject, aliases, accounts, groups, depth=8):
                rights[_right(account, subject, path, accounts, groups)] = None
    return list(rights)


def _right(account: str, subject: str, path: str, accounts: Accounts, groups: Groups) -> Right:
    group = subject.removeprefix("%")
    if subject != group and group in ROOT_GROUPS:
        # Who leaves the group has lost it; the line is the usual one.
        primary = account not in groups[group][1]
        return Right(account, f"group {group}", group=group, file=path, primary=primary)
    return Right(account, path if account == subject else f"{path}: {subject}", file=path)


def group_rights(accounts: Accounts, groups: Groups) -> list[Right]:
    """Return a right for each account of uid 0, and for each member of a group that gives root."""
    rights = [Right(name, "uid 0") for name, account in accounts.items() if account.uid == 0]
    for group in sorted(ROOT_GROUPS & groups.keys()):
        gid, members = groups[group]
        rights += [Right(member, f"group {group}", group=group) for member in sorted(members)]
        rights += [
            Right(name, f"group {group}", group=group, primary=True)
            for name, account in accounts.items()
            if account.gid == gid and name not in members
        ]
    return rights


def _lines(text: str) -> Iterable[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if _INCLUDE.match(line.strip()):
            yield line.strip()
            continue
        # A number after the mark is a uid, anything else a comment.
        line = re.sub(r"#(?!\d).*", "", line).strip()
        if line:
            yield line


def _subjects(line: str) -> list[str]:
    if match := _INCLUDE.match(line):
        return [] if match[1].strip().strip('"') == _FOLDER else [line]
    if line.startswith("Defaults") or _ALIAS.match(line) or "=" not in line:
        return []
    left = re.sub(r"\s*,\s*", ",", line.partition("=")[0].strip())
    left = re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), left)
    users = left.split()[0].replace('"', "")
    return [user for user in users.split(",") if user and not user.startswith("!")]


def _resolve(
    subject: str,
    aliases: Mapping[str, list[str]],
    accounts: Accounts,
    groups: Groups,
    depth: int,
) -> Iterable[str]:
    if subject in aliases:
        for member in aliases[subject] if depth else []:
            if not member.startswith("!"):
                yield from _resolve(member, aliases, accounts, groups, depth - 1)
    elif subject.startswith("%"):
        yield from _members(subject[1:], accounts, groups)
    elif subject.startswith("#"):
        found = [name for name, account in accounts.items() if f"#{account.uid}" == subject]
        yield from found or [subject]
    else:
        yield subject


def _members(group: str, accounts: Accounts, groups: Groups) -> Iterable[str]:
    for name, (gid, members) in groups.items():
        if group in (name, f"#{gid}"):
            yield from sorted(members | {account.name for account in accounts.values() if account.gid == gid})
