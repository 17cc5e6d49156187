"""What happens on servers once a run has changed something there.

A watch on a server puts an old generation back when a daemon dies (`Aftermath`). That is asked beside the next `up`,
which takes longer, and only of the servers that the last one changed: a run without changes costs nothing more. A
server that doesn't answer is the run's own to name.

A container may start and die a moment later (`falling`): Docker starts it again and again, and to the engine all went
well. So those that a run made or changed are looked at once more, at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from numerian.engine.changes import host_of, visible
from numerian.engine.events import Log, Message
from numerian.engine.faults import Fault
from numerian.engine.workspace import Workspace

REMEDY = "`numerian up --refresh` puts in again what went with it"
_FILE = "changed-servers"
_READ = """
cat /var/lib/numerian/notes/* 2>/dev/null
docker ps --filter status=restarting --format '{{.Names}}'
exit 0
"""
"""Prints the watches' notes (when, which service, what; between tabs), and the names of containers that keep dying."""
_PATIENCE = 15.0
_CONTAINER = "docker:index/container:Container"
STEADY = 3
"""Seconds that a new container has to stay up: one that can't read its configuration ends within the first."""
_LOOK = rf"""
told() {{ docker container inspect --format "{{{{$1}}}}" "$name" 2>/dev/null; }}
age() {{ echo $(($(date +%s) - $(date -d "$(told .State.StartedAt)" +%s))); }}
for name; do
    [ -n "$(told .Id)" ] || continue
    old=$(age)
    [ "$old" -gt {STEADY} ] || sleep $(({STEADY} + 1 - old))
    [ "$(told .State.Status)" != running ] || [ "$(age)" -lt {STEADY} ] || continue
    last=$(docker logs --tail 3 "$name" 2>&1 | tr '\t\n' '  ')
    printf '%s\t%s\t%s\t%s\n' "$name" "$(told .State.ExitCode)" "$(told .RestartCount)" "$last"
done
"""
"""Prints a line for each container that isn't up, or was started again while it was looked at."""


class Aftermath:
    """Asks in the background from its making on."""

    def __init__(self, place: Workspace) -> None:
        self._place = place
        self._lines: list[str] = []
        self._file = place.folder / _FILE
        servers = self._file.read_text(encoding="utf-8").split() if self._file.is_file() else []
        self._thread = threading.Thread(target=self._ask, args=(servers,), daemon=True)
        if servers:
            self._thread.start()

    def lines(self) -> list[str]:
        """Return what is to be told, a line each: `server: what`."""
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)
        return list(self._lines)

    def expect(self, servers: Iterable[str]) -> None:
        """Ask these at the next run; those that gave no answer now, or a bad one, are asked again."""
        left = self._file.read_text(encoding="utf-8").split() if self._file.is_file() else []
        names = sorted({*left, *servers})
        if names:
            self._file.write_text(" ".join(names), encoding="utf-8")

    def _ask(self, servers: list[str]) -> None:
        from numerian.command.remote import connect

        again: list[str] = []
        with connect(self._place) as reached:
            for server, answer in reached.ask_all(servers, ["sh", "-c", _READ]).items():
                if not isinstance(answer, str):
                    again.append(server)
                    continue
                for line in answer.splitlines():
                    if "\t" in line:
                        self._lines.append(f"{server}: {' '.join(line.split(chr(9)))}; {REMEDY}")
                    else:
                        again.append(server)
                        self._lines.append(f"{server}: {line} dies again and again; see `docker logs {line}` there")
        if again:
            self._file.write_text(" ".join(dict.fromkeys(again)), encoding="utf-8")
        else:
            self._file.unlink(missing_ok=True)


def falling(place: Workspace, log: Log) -> list[Fault]:
    """Return what is to be told of containers that a run made or changed and that don't stay up.

    What a server that can't be asked any more has is a warning in `log`: the run itself did all that it was to do.
    """
    by_host: dict[str, dict[str, str]] = {}
    for host, container, name in _started(log):
        by_host.setdefault(host, {})[container] = name
    if not by_host:
        return []
    from numerian.command.remote import connect

    found = []
    every = sorted({container for names in by_host.values() for container in names})
    with connect(place) as reached:
        for host, answer in reached.ask_all(by_host, ["sh", "-c", _LOOK, "sh", *every]).items():
            if not isinstance(answer, str):
                words = str(answer).removeprefix(f"{host}: ")
                log.messages.append(
                    Message("warning", f"{host}: whether its new containers stay up isn't known: {words}")
                )
                continue
            for container, code, starts, last in (line.split("\t", 3) for line in answer.splitlines()):
                if container in by_host[host]:
                    ended = f"exit code {code}, " if code != "0" else ""  # of one that runs again Docker has none
                    text = f"it doesn't stay up ({ended}started again {starts} times); its last lines: "
                    found.append(Fault(host, (by_host[host][container],), text + (visible(last.strip()) or "none")))
    return found


def _started(log: Log) -> Iterator[tuple[str, str, str]]:
    """Yield host, Docker's name and ours of each container that a run made or changed, and that is to run."""
    for step in log.changed:
        inputs = step.new.inputs if step.new else {}
        to_run = inputs.get("start", True) and inputs.get("mustRun", True)
        if step.type == _CONTAINER and step.op != "delete" and step.urn not in log.failed and to_run:
            host = host_of(step, log.providers)
            if host and isinstance(name := inputs.get("name"), str):
                yield host, name, f"{step.kind} {step.name}"
