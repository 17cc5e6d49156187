"""The containers of a server, as its kernel and its engine have them: each with no more than was declared.

Not a tool that others wrote: what CIS' Docker benchmark asks of containers (5.1 to 5.31) and of the engine (2.x), read
from `docker inspect` and, since a setting isn't its effect, from /proc of what runs inside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judges.verdict import Finding, Verdict
from lab import Lab

CHECKS_EACH = 14
_CAPABILITIES = {"SETGID": 6, "SETUID": 7, "SYS_CHROOT": 18}
"""Numbers of capabilities(7), of those that a container of ours may ever have."""

_READ = """
set -eu
docker ps --no-trunc --quiet | xargs -r docker inspect
"""
_PROCESSES = """
for process in $(docker top "$1" -eo pid | tail -n +2); do
    sed -n -E "s/^(Uid|CapPrm|CapBnd|CapEff|NoNewPrivs|Seccomp):/$process \\1/p" "/proc/$process/status" || true
done
"""
_ENGINE = r"""
echo "listens $(ss -H -ltnp | awk '/"dockerd"/ {sub(/.*:/, "", $4); print $4}' | tr '\n' ' ')"
echo "mode $(stat -c '%a %U %G' /run/docker.sock)"
echo "units $(systemctl show docker.service docker.socket -p ExecStart -p Listen | grep -c 'tcp://' || true)"
echo "settings $(tr -d '\n' < /etc/docker/daemon.json)"
"""


def judge(lab: Lab, server: str, declared: Mapping[str, tuple[str, ...]]) -> Verdict:
    """Walk all containers of a server.

    Args:
        lab: the lab.
        server: its name.
        declared: the containers that the inventory asks for, with the capabilities that each may have.
    """
    running = {facts["Name"].lstrip("/"): facts for facts in json.loads(_run(lab, server, _READ) or "[]")}
    findings = [Finding("undeclared", "fail", name) for name in sorted(running.keys() - declared.keys())]
    findings += [Finding("missing", "fail", name) for name in sorted(declared.keys() - running.keys())]
    for name in sorted(running.keys() & declared.keys()):
        findings += _judge_settings(name, running[name], declared[name])
        findings += _judge_processes(name, _run(lab, server, _PROCESSES, name), declared[name])
    findings += _judge_engine(_run(lab, server, _ENGINE), set(_published(running.values())))
    figures = {"containers": str(len(running))}
    evaluated = CHECKS_EACH * len(running) + 4
    floor = CHECKS_EACH * len(declared) + 4
    return Verdict("containers", server, evaluated, floor, tuple(findings), figures=figures)


def _judge_settings(name: str, facts: Mapping[str, Any], capabilities: tuple[str, ...]) -> Iterator[Finding]:
    host, config = facts["HostConfig"], facts["Config"]
    added = {word.removeprefix("CAP_") for word in host["CapAdd"] or ()}
    mounted = [mount["Source"] for mount in facts["Mounts"]]
    most_processes = [limit for limit in host["Ulimits"] or () if limit["Name"] == "nproc"]
    faults = {
        "root-user": config["User"].partition(":")[0] in ("", "0", "root"),
        "capabilities": "ALL" not in (host["CapDrop"] or ()) or added != set(capabilities),
        "writable-root": not host["ReadonlyRootfs"],
        "new-privileges": "no-new-privileges" not in " ".join(host["SecurityOpt"] or ()),
        "privileged": host["Privileged"] or bool(host["Devices"]),
        "docker-socket": any("docker.sock" in source or source in ("/", "/run", "/var/run") for source in mounted),
        "host-namespace": "host" in (host["NetworkMode"], host["PidMode"], host["IpcMode"], host["UTSMode"]),
        "no-memory-limit": not host["Memory"],
        "no-process-limit": not (most_processes or (host["PidsLimit"] or 0) > 0),
        "no-log-rotation": not host["LogConfig"]["Config"].get("max-size"),
        "no-restart": host["RestartPolicy"]["Name"] != "unless-stopped",
    }
    for fault, found in faults.items():
        if found:
            yield Finding(f"{_kind(name)}-{fault}", "fail", f"{name}: {_shown(fault, host, config)}")


def _judge_processes(name: str, status: str, capabilities: tuple[str, ...]) -> Iterator[Finding]:
    """Judge what the kernel says of each process inside: "PID FIELD VALUES", a line each."""
    allowed = sum(1 << _CAPABILITIES[word] for word in capabilities)
    lines = [line.split() for line in status.splitlines()]
    if not any(field == "CapEff" for _, field, *_ in lines):
        yield Finding(f"{_kind(name)}-unread", "fail", f"{name}: /proc told nothing of its processes")
    seen = set()
    for _, field, *values in lines:
        if field.startswith("Cap") and int(values[0], 16) & ~allowed:
            seen.add(("kernel-capabilities", f"{field} {values[0]}"))
        if (field, values[0]) == ("NoNewPrivs", "0"):
            seen.add(("kernel-new-privileges", "NoNewPrivs 0"))
        if field == "Seccomp" and values[0] != "2":
            seen.add(("kernel-seccomp", f"Seccomp {values[0]}"))
    for fault, text in sorted(seen):
        yield Finding(f"{_kind(name)}-{fault}", "fail", f"{name}: {text}")


def _published(containers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Return the ports of a server that lead to containers: dockerd itself holds them, without a proxy for each."""
    for facts in containers:
        for bindings in facts["NetworkSettings"]["Ports"].values():
            yield from (binding["HostPort"] for binding in bindings or ())


def _judge_engine(said: str, published: set[str]) -> Iterator[Finding]:
    facts = dict(line.split(" ", 1) for line in said.splitlines())
    if set(facts["listens"].split()) - published or facts["units"] != "0" or "hosts" in json.loads(facts["settings"]):
        yield Finding("engine-remote-api", "fail", "dockerd can be reached over the network")
    if facts["mode"] != "660 root docker":
        yield Finding("engine-socket", "fail", facts["mode"])
    if not json.loads(facts["settings"]).get("log-opts", {}).get("max-size"):
        yield Finding("engine-log-rotation", "fail", "logs of containers grow without end")
    if not json.loads(facts["settings"]).get("live-restore"):
        yield Finding("engine-live-restore", "fail", "containers end with their engine")


def _kind(name: str) -> str:
    """Return the service that a container is of: all PHP sites' are alike."""
    return name.partition("-")[0]


def _shown(fault: str, host: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    if fault == "root-user":
        return f"{fault} ({config['User'] or 'root'})"
    return f"{fault} ({host['CapAdd']})" if fault == "capabilities" else fault


def _run(lab: Lab, server: str, script: str, *arguments: str) -> str:
    code, out, err = lab.exec(server, ["sh", "-c", script, "sh", *arguments])
    assert code == 0, err
    return out
