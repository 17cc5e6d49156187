"""`docker:index/container:Container`. Its id is the daemon's.

A container that was made but doesn't run as declared goes into the state all the same (`HalfMadeError`): the next
run carries on with it, where a second one of its name would be refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from engine.docker_plugin import container_config, container_read, pull, uploads
from engine.docker_plugin.container_schema import CONTAINER, LIMITS, NOTED, WIDEST
from engine.docker_plugin.durations import nanoseconds
from engine.docker_plugin.errors import DaemonError, DockerPluginError, GoneError, HalfMadeError, UnreachableError
from engine.docker_plugin.kind import Found, Kind, Props, Work, declared, remove_patiently
from engine.docker_plugin.plan import compare, merged
from engine.docker_plugin.properties import UNKNOWN, Failure
from engine.docker_plugin.schema import CONTAINER_TYPE

LAST_LINES = 20
"""How many lines of a container's log an error shows."""

SETTLING = 0.3
"""Seconds after its start in which a container that can't run ends."""


class Container(Kind):
    """A container of the daemon."""

    type = CONTAINER_TYPE
    fields = CONTAINER

    def check(self, inputs: Props) -> list[Failure]:
        """Check what the types can't say."""
        failures = _check_healthcheck(inputs.get("healthcheck"))
        if isinstance(inputs.get("uploads"), list):
            failures += uploads.check(inputs["uploads"])
        if isinstance(inputs.get("command"), list) and "" in inputs["command"]:
            failures.append(Failure("command", "values for `command` may not be empty"))
        if inputs.get("wait") is True and inputs.get("start") is False:
            failures.append(Failure("wait", "`wait` needs a container that is started (`start`)"))
        return failures

    def create(self, work: Work, inputs: Props) -> Found:
        """Make the container, connect it, start it, and wait as declared."""
        name = inputs["name"]
        pull.ensure(work, inputs["image"], inputs.get("platform"))
        with work.daemon.doing(f"creating container {name}") as client:
            config = container_config.create_config(inputs)
            made = client.create_container_from_config(config, name=name, platform=inputs.get("platform"))
        id = str(made["Id"])
        try:
            self._connect(work, id, inputs)
            self._upload(work, id, inputs)
            self._run(work, id, inputs)
        except DockerPluginError as error:
            raise self._half_made(work, id, inputs, error) from error
        return self._made(work, id, inputs)

    def read(self, work: Work, id: str, state: Props | None) -> Found | None:
        """Read what can have moved; everything for an import."""
        try:
            seen = self._inspect(work, id)
            if state is None:
                image = pull.inspect(work, seen["Image"])
                outputs = {**_defaults(), **container_read.everything(seen, image)}
                return Found(seen["Id"], outputs)
        except GoneError:
            return None
        return Found(seen["Id"], _refreshed(state, seen))

    def update(self, work: Work, id: str, state: Props, inputs: Props) -> Found:
        """Change the limits of the living container; start one that stopped."""
        changed = compare(CONTAINER, state, {}, inputs).updates
        if any(name in LIMITS for name in changed):
            self._limit(work, id, state, inputs)
        for name in NOTED:
            if name in changed:
                work.warn(f"`{name}` of a living container can't be changed: the old one holds until it is replaced")
        try:
            self._run(work, id, inputs)
        except DockerPluginError as error:
            raise self._half_made(work, id, inputs, error, state) from error
        return Found(id, _refreshed(_carried(state, inputs), self._inspect(work, id)))

    def delete(self, work: Work, id: str, state: Props) -> None:
        """Stop the container when a grace was given, and remove it."""
        name, grace = state.get("name", id), int(state.get("destroyGraceSeconds") or 0)
        if grace > 0:
            try:
                with work.daemon.doing(f"stopping container {name}") as client:
                    client.stop(id, timeout=grace)
            except GoneError:
                return

        def remove() -> None:
            with work.daemon.doing(f"removing container {name}") as client:
                client.remove_container(id, v=bool(state.get("removeVolumes", True)), force=True)

        remove_patiently(work, remove, "already in progress")

    def _inspect(self, work: Work, id: str) -> dict[str, Any]:
        with work.daemon.doing(f"reading container {id}") as client:
            return dict(client.inspect_container(id))

    def _made(self, work: Work, id: str, inputs: Props) -> Found:
        seen = self._inspect(work, id)
        outputs = merged(CONTAINER, declared(inputs), container_read.filled_in(seen))
        outputs.update(containerLogs=self._logs(work, id) if inputs.get("logs") and inputs.get("attach") else "")
        return Found(id, _refreshed(outputs, seen))

    def _half_made(
        self, work: Work, id: str, inputs: Props, error: DockerPluginError, state: Props | None = None
    ) -> HalfMadeError:
        known = declared(inputs) if state is None else _carried(state, inputs)
        try:
            seen = self._inspect(work, id)
            outputs = _refreshed(merged(CONTAINER, known, container_read.filled_in(seen)), seen)
        except DockerPluginError:
            outputs = known
        return HalfMadeError(str(error), id, outputs)

    def _limit(self, work: Work, id: str, state: Props, inputs: Props) -> None:
        gone = [name for name in LIMITS if state.get(name) and not inputs.get(name)]
        if "memory" in gone:
            work.warn("Docker can't lift `memory` of a living container: the limit holds until it is replaced")
        with work.daemon.doing(f"updating container {inputs['name']}") as client:
            cpus = client.info()["NCPU"] if "cpuSet" in gone else 0
            lifted = {name: WIDEST.get(name, 0) for name in gone if name in WIDEST or name == "cpuSet"}
            client.update_container(id, **container_config.limits(inputs, lifted, cpus))

    def _connect(self, work: Work, id: str, inputs: Props) -> None:
        networks = inputs.get("networksAdvanced") or []
        if networks and inputs.get("networkMode") == "bridge":
            # Declared networks replace the default one.
            with work.daemon.doing("leaving the default network") as client:
                try:
                    client.disconnect_container_from_network(id, "bridge")
                except Exception as error:
                    if "is not connected to" not in str(error):
                        raise
        for block in networks:
            with work.daemon.doing(f"connecting container {inputs['name']} to network {block['name']}") as client:
                client.connect_container_to_network(id, block["name"], **container_config.endpoint(block))

    def _upload(self, work: Work, id: str, inputs: Props) -> None:
        if inputs.get("uploads"):
            content = uploads.archive(inputs["uploads"])
            with work.daemon.doing(f"copying files into container {inputs['name']}") as client:
                client.put_archive(id, "/", content)

    def _run(self, work: Work, id: str, inputs: Props) -> None:
        """Start the container unless it runs, and see that it does as declared."""
        name = inputs["name"]
        if not inputs.get("start", True):
            return
        state = self._inspect(work, id)["State"]
        ended = state.get("StartedAt", "").startswith("0001-") is False
        if not state.get("Running") and (inputs.get("mustRun", True) or not ended):
            with work.daemon.doing(f"starting container {name}") as client:
                client.start(id)
            if not inputs.get("attach"):
                work.pause(SETTLING)
        if inputs.get("attach"):
            with work.daemon.doing(f"waiting for container {name} to end") as client:
                client.wait(id, timeout=None)
        elif inputs.get("mustRun", True):
            self._see_running(work, id, inputs)
        if inputs.get("wait"):
            self._await_health(work, id, inputs)

    def _see_running(self, work: Work, id: str, inputs: Props) -> None:
        limit = time.monotonic() + (inputs.get("containerReadRefreshTimeoutMilliseconds") or 15000) / 1000
        while True:
            state = self._inspect(work, id)["State"]
            if state.get("Running") and not state.get("Restarting"):
                return
            if not state.get("Restarting") or time.monotonic() > limit:
                raise DaemonError(
                    f"container {inputs['name']} doesn't stay up",
                    f"it ended with exit code {state.get('ExitCode')}{self._tail(work, id)}",
                )
            work.pause(0.5)

    def _await_health(self, work: Work, id: str, inputs: Props) -> None:
        name, patience = inputs["name"], inputs.get("waitTimeout") or 60
        limit = time.monotonic() + patience
        while True:
            state = self._inspect(work, id)["State"]
            health = state.get("Health") or {}
            if not health.get("Status") or health["Status"] == "none":
                raise DaemonError(f"waiting for container {name}", "it has no healthcheck, so `wait` can't know")
            if health["Status"] == "healthy":
                return
            if health["Status"] == "unhealthy" or not state.get("Running") or time.monotonic() > limit:
                said = (health.get("Log") or [{}])[-1].get("Output", "").strip()
                raise DaemonError(
                    f"container {name} isn't healthy",
                    f"{health['Status']} within {patience} s; its check said: {said or 'nothing'}",
                )
            work.say(f"{health['Status']}…")
            work.pause(0.5)

    def _logs(self, work: Work, id: str, tail: int | str = "all") -> str:
        with work.daemon.doing("reading the container's log") as client:
            return bytes(client.logs(id, tail=tail)).decode("utf-8", "replace")

    def _tail(self, work: Work, id: str) -> str:
        try:
            lines = self._logs(work, id, LAST_LINES).strip()
        except UnreachableError:
            raise
        except DaemonError:
            return ""
        return f"; its last lines:\n{lines}" if lines else "; it logged nothing"


def _defaults() -> dict[str, Any]:
    return {name: prop.default for name, prop in CONTAINER.items() if prop.default is not None}


def _carried(state: Props, inputs: Props) -> dict[str, Any]:
    """Return the outputs after an update: what is declared, beside what the daemon filled in at the creation."""
    outputs = declared(inputs)
    for name, prop in CONTAINER.items():
        if (prop.computed or prop.output) and name in state:
            outputs.setdefault(name, state[name])
    return outputs


def _refreshed(known: Props, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs with what moved: limits, the name, its running, its networks."""
    outputs = merged(CONTAINER, known, container_read.moving(seen))
    state = seen.get("State") or {}
    alive = bool(state.get("Running") or state.get("Restarting"))
    expected = known.get("start", True) and not known.get("attach", False)
    if known.get("mustRun", True) and expected:
        # A container that stopped shows as `mustRun: false`; the next run puts that right by starting it.
        outputs["mustRun"] = alive
    outputs["ports"] = _with_chosen_ports(known.get("ports"), seen)
    if known.get("networksAdvanced"):
        outputs["networksAdvanced"] = [
            block for block in known["networksAdvanced"] if container_read.is_connected(seen, block["name"])
        ]
    return {name: value for name, value in outputs.items() if value is not None}


def _with_chosen_ports(known: list[dict[str, Any]] | None, seen: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Fill in the ports that the daemon chose."""
    if not known:
        return known
    shown = container_read.ports(seen)
    result = []
    for port in known:
        same = [s for s in shown if (s["internal"], s["protocol"]) == (port["internal"], port.get("protocol", "tcp"))]
        chosen = same[0].get("external") if same and not port.get("external") else None
        result.append({**port, "external": chosen} if chosen else port)
    return result


def _check_healthcheck(block: Any) -> list[Failure]:
    failures = []
    for name in ("interval", "timeout", "startPeriod", "startInterval"):
        value = block.get(name) if isinstance(block, Mapping) else None
        if value and value != UNKNOWN:
            try:
                nanoseconds(value)
            except ValueError as error:
                failures.append(Failure(f"healthcheck.{name}", str(error)))
    return failures
