"""What servers did by themselves after the last run: a watch there puts an old generation back when a daemon dies.

Asked beside the next `up`, which takes longer, and only of the servers that the last one changed: a run without changes
costs nothing more. A server that doesn't answer is the run's own to name.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from numerian.engine.workspace import Workspace

REMEDY = "`numerian up --refresh` puts in again what went with it"
_FILE = "changed-servers"
_READ = ["sh", "-c", "cat /var/lib/numerian/notes/* 2>/dev/null; exit 0"]
_PATIENCE = 15.0


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
        """Return what is to be told: `server: when, which service, what`."""
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)
        return list(self._lines)

    def expect(self, servers: Iterable[str]) -> None:
        """Ask these at the next run; those that gave no answer now are asked again."""
        left = self._file.read_text(encoding="utf-8").split() if self._file.is_file() else []
        names = sorted({*left, *servers})
        if names:
            self._file.write_text(" ".join(names), encoding="utf-8")

    def _ask(self, servers: list[str]) -> None:
        from numerian.command.remote import connect

        silent = []
        with connect(self._place) as reached:
            for server, answer in reached.ask_all(servers, _READ).items():
                if not isinstance(answer, str):
                    silent.append(server)
                    continue
                for line in answer.splitlines():
                    self._lines.append(f"{server}: {' '.join(line.split(chr(9)))}; {REMEDY}")
        if silent:
            self._file.write_text(" ".join(silent), encoding="utf-8")
        else:
            self._file.unlink(missing_ok=True)
