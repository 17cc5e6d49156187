"""The base of a server: the plan by case files, what is accepted, and a life in a Debian container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from remote_hosts import Bench, Shell, debian_host, run
from sshd_host import image

from lab import Lab
from provider.kinds.base import State
from provider.kinds.host import Host
from provider.kinds.host_check import check_host
from provider.plan.host import assume, plan
from provider.plan.host_facts import Account, HostFacts, Listener, Right
from provider.plan.strangers import Step, Strangers

CASES = Path(__file__).parent.parent / "cases"


def facts(spec: dict[str, Any]) -> HostFacts:
    accounts = {}
    for name, fields in spec.get("accounts", {}).items():
        groups, keys = frozenset(fields.pop("groups", [])), tuple(fields.pop("keys", []))
        accounts[name] = Account(name, groups=groups, keys=keys, **fields)
    tools = {"tools": frozenset(spec["tools"])} if "tools" in spec else {}
    rights = tuple(
        Right(**{"way": right.get("group") or right.get("file"), **right}) for right in spec.get("rights", [])
    )
    return HostFacts(
        "privas",
        frozenset(spec.get("packages", [])),
        accounts,
        spec.get("uids", {}),
        spec.get("units", {}),
        sysctls=spec.get("sysctls", {}),
        unfinished=spec.get("unfinished", False),
        logins={name: Account(name, uid, shell="/bin/bash") for name, uid in spec.get("logins", {}).items()},
        rights=rights,
        listeners=tuple(Listener(*listener) for listener in spec.get("listeners", [])),
        ours=frozenset({"root", "deploy"}),
        **tools,
    )


def show(step: Step) -> str:
    long = ("authorized_keys", "visudo")
    words = [
        "…" if any(name in word for name in long) else word
        for word in step.argv
        if word not in ("sh", "-c", "numerian")
    ]
    return " ".join(words) + (f" < {step.stdin.decode().strip()}" if step.stdin else "")


@pytest.mark.parametrize(
    "case", yaml.safe_load((CASES / "host/plan.yaml").read_text()), ids=lambda case: case["what"][:40]
)
def test_case(case: dict[str, Any]) -> None:
    result = plan(facts(case.get("facts", {})), case.get("olds"), case["news"])
    assert [show(step) for step in result.steps] == case.get("steps", [])
    assert [str(error) for error in result.errors] == case.get("errors", [])
    told = Strangers.of(facts(case.get("facts", {})), case["news"]).words("privas", case.get("olds", {}))
    assert [*result.warnings, *told] == case.get("warnings", [])
    if "changes" in case:
        assert {path: change.value for path, change in result.changes.items()} == case["changes"]


def test_a_state_differs_in_nothing_from_itself() -> None:
    props, failures = check_host(
        {
            "host": "privas",
            "packages": ["nginx"],
            "accounts": [{"name": "a", "uid": 5.0, "groups": ["b"], "keys": ["ssh-ed25519 AAAA"]}],
            "units": {"x.timer": "disabled", "y.service": "enabled", "z.service": "masked"},
            "sysctls": {"net.ipv4.ip_forward": 1, "net.ipv4.tcp_rmem": "4096 1\t2"},
            "ports": ["tcp/22"],
            "rights": ["deploy"],
        }
    )
    assert failures == []
    assert props["sysctls"] == {"net.ipv4.ip_forward": "1", "net.ipv4.tcp_rmem": "4096 1 2"}
    result = plan(assume("privas", props), props, props)
    assert result.changes == {}
    assert result.steps == []


def test_all_faults_come_at_once_with_their_paths() -> None:
    _, failures = check_host(
        {
            "packages": ["nginx", "-o x", 5],
            "accounts": [
                {"name": "A b", "uid": 1.5, "color": "red"},
                {"name": "a", "uid": 7, "keys": ["ssh-ed25519 AAAA\nssh-rsa BBBB", "no key"], "groups": ["x y"]},
                {"name": "a", "uid": 7, "shell": "bash"},
                "b",
            ],
            "units": {"docker": "on"},
            "sysctls": {"x y": "1", "a.b": [1]},
            "ports": ["tcp/22", "tcp/0", "udp/65536", "22", 5],
            "rights": ["ops1", "A B"],
            "hots": "x",
        }
    )
    assert sorted(failure.property for failure in failures) == [
        "accounts[0].color",
        "accounts[0].name",
        "accounts[0].uid",
        "accounts[1].groups[0]",
        "accounts[1].keys[0]",
        "accounts[1].keys[1]",
        "accounts[2].name",
        "accounts[2].shell",
        "accounts[2].uid",
        "accounts[3]",
        "host",
        "hots",
        "packages[1]",
        "packages[2]",
        "ports[1]",
        "ports[2]",
        "ports[3]",
        "ports[4]",
        "rights[1]",
        'sysctls["a.b"]',
        'sysctls["x y"]',
        'units["docker"]',
        'units["docker"]',
    ]


@pytest.fixture(scope="module")
def debian(lab: Lab) -> Iterator[Shell]:
    with debian_host(image()) as shell:
        yield shell


def test_a_whole_life_of_accounts(debian: Shell) -> None:
    async def life() -> None:
        bench = Bench(debian)
        kind, context = Host(bench.runtime), bench.context("base")
        key = "ssh-ed25519 AAAA ops1@lab.test"
        accounts = [
            {"name": "front", "uid": 601, "groups": [], "shell": "/usr/sbin/nologin", "keys": []},
            {"name": "acme", "uid": 602, "groups": ["front"]},
            {"name": "ops1", "groups": [], "keys": [key], "shell": "/bin/bash"},
        ]
        news = await bench.checked("base", {"packages": ["coreutils"], "accounts": accounts}, kind)
        state = await kind.create(context, news)

        async def read() -> State:
            found = await kind.read(context, state.id, state.outputs, state.outputs)
            assert found is not None
            return found

        assert await read() == state
        assert debian.sh("cat /home/ops1/.ssh/authorized_keys; stat -c '%a %U' /home/ops1/.ssh") == f"{key}\n700 ops1\n"
        await kind.create(context, news)
        debian.sh("usermod -s /bin/dash front; usermod -G '' acme; echo x >>/home/ops1/.ssh/authorized_keys")
        found = await read()
        changes = (await kind.diff(context, state.id, found.outputs, news)).changes
        assert sorted(changes) == ["accounts[0].shell", "accounts[1].groups", "accounts[2].keys"]
        await kind.update(context, state.id, found.outputs, news)
        assert await read() == state
        fewer = {**news, "accounts": news["accounts"][:2]}
        await kind.update(context, state.id, news, fewer)
        assert debian.sh("getent shadow ops1 | cut -d: -f8; ls -d /home/ops1") == "1\n/home/ops1\n"
        assert len((await read()).outputs["accounts"]) == 2
        await kind.update(context, state.id, fewer, news)
        assert await read() == state

    run(life())


def test_keys_are_written_and_read_as_their_owner(debian: Shell) -> None:
    """A link in a home neither shows nor overwrites a file that its owner may not touch."""

    async def links() -> None:
        bench = Bench(debian)
        kind, context = Host(bench.runtime), bench.context("base")
        debian.sh("useradd -m mallory; mkdir -m 700 /root/k; echo top >/root/k/authorized_keys")
        debian.sh("rm -rf /home/mallory/.ssh; ln -s /root/k /home/mallory/.ssh")
        news = await bench.checked("base", {"accounts": [{"name": "mallory", "keys": ["ssh-ed25519 AAAA"]}]}, kind)
        with pytest.raises(Exception, match="keys of mallory failed"):
            await kind.create(context, news)
        found = await kind.read(context, "deb", news, news)
        assert "top" not in str(found)
        assert debian.sh("cat /root/k/authorized_keys") == "top\n"

    run(links())
