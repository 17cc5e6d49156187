"""Building an image with the daemon's own builder, from a folder (`.dockerignore` honoured), with visible progress."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.docker_plugin.errors import BuildError
from engine.docker_plugin.kind import Work, filled
from engine.docker_plugin.pull import split

LAST_LINES = 20
"""How many lines of a failed build an error shows."""

SILENCE = 1800
"""Seconds that one step may be silent."""


def build(work: Work, name: str, block: Mapping[str, Any]) -> None:
    """Build and tag an image.

    Raises:
        BuildError: a step failed; the message ends with its last lines.
        DockerPluginError: the daemon can't be reached or refuses.
    """
    folder = _context(block)
    with work.daemon.doing(f"building image {name}") as client:
        events = client.build(path=str(folder), tag=name, decode=True, timeout=SILENCE, **_options(block))
        _follow(work, name, events)
        for tag in block.get("tags") or []:
            client.tag(name, *split(tag))


def check_context(block: Mapping[str, Any]) -> str:
    """Return what is wrong with a build's folder and Dockerfile, or an empty string."""
    try:
        _context(block)
    except BuildError as error:
        return str(error)
    return ""


def _context(block: Mapping[str, Any]) -> Path:
    folder = Path(block["context"]).expanduser()
    if not folder.is_dir():
        raise BuildError(f"the build's context {block['context']} is no folder here ({Path.cwd()})")
    dockerfile = block.get("dockerfile") or "Dockerfile"
    if not (folder / dockerfile).is_file():
        raise BuildError(f"the build's context {block['context']} holds no {dockerfile}")
    return folder.resolve()


def _options(block: Mapping[str, Any]) -> dict[str, Any]:
    limits = filled(
        {
            "memory": block.get("memory"),
            "memswap": block.get("memorySwap"),
            "cpushares": block.get("cpuShares"),
            "cpusetcpus": block.get("cpuSetCpus"),
        }
    )
    hosts = dict(entry.partition(":")[::2] for entry in block.get("extraHosts") or [])
    given = {
        "dockerfile": block.get("dockerfile"),
        "buildargs": block.get("buildArgs"),
        "labels": {**(block.get("label") or {}), **(block.get("labels") or {})},
        "target": block.get("target"),
        "nocache": block.get("noCache"),
        "pull": block.get("pullParent"),
        "forcerm": block.get("forceRemove"),
        "cache_from": block.get("cacheFroms"),
        "extra_hosts": hosts,
        "network_mode": block.get("networkMode"),
        "platform": block.get("platform"),
        "isolation": block.get("isolation"),
        "squash": block.get("squash"),
        "quiet": block.get("suppressOutput"),
        "shmsize": block.get("shmSize"),
        "container_limits": limits,
    }
    return {**filled(given), "rm": bool(block.get("remove", True))}


def _follow(work: Work, name: str, events: Iterable[Mapping[str, Any]]) -> None:
    """Show each step as it begins and each line of its output; keep the last ones for an error."""
    lines: deque[str] = deque(maxlen=LAST_LINES)
    step = ""
    for event in events:
        if "error" in event:
            said = "\n".join(f"  {line}" for line in lines)
            reason = " ".join(str(event["error"]).split())
            # 137: the step itself was killed; else a program of apt's.
            if reason.endswith("non-zero code: 137") or "received signal 9" in said:
                reason += " (killed from outside; is the server short of memory?)"
            raise BuildError(f"image {name} can't be built: {reason}\n{said}".rstrip())
        for line in str(event.get("stream") or event.get("status") or "").splitlines():
            if not line.strip():
                continue
            lines.append(line.strip())
            if line.startswith("Step "):
                step = line.strip()
            work.say(step if line.strip() == step or not step else f"{step.partition(' : ')[0]}: {line.strip()}")
