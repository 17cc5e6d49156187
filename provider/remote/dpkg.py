"""Debian's package tools work alone: wait for another apt, with a limit, and say who it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from provider.errors import HostError
from provider.remote import command, script
from provider.remote.reading import failed
from provider.transport import Transport

LONGEST = 300.0
"""Seconds that another apt may take: an unattended upgrade of a whole server takes a few minutes."""
_PAUSE = 2.0


def await_locks(transport: Transport, say: Callable[[str], None], longest: float = LONGEST) -> None:
    """Return when nobody holds a lock of apt or dpkg; after `longest` seconds a `HostError` names who does."""
    began = time.monotonic()
    while True:
        argv, stdin = command(script("dpkg"))
        result = transport.run(argv, stdin=stdin)
        if result.exit_code != 0:
            raise failed(transport.host, "looking for another apt failed", result)
        holders = result.stdout.decode("utf-8", "replace").splitlines()
        if not holders:
            return
        pid, file, program = holders[0].split(" ", 2)
        waited = time.monotonic() - began
        if waited > longest:
            raise HostError(
                transport.host,
                f"{program} (pid {pid}) holds {file} for more than {longest:g} s, so no package can be installed; see "
                f"what it does (`ps -fp {pid}`), let it end, then try again",
            )
        say(f"waiting for {program} (pid {pid}), which holds {file}: {waited:.0f} of {longest:g} s")
        time.sleep(_PAUSE)


def lost_race(output: bytes) -> bool:
    """Whether apt or dpkg failed because another one began between our look and its start."""
    return b"Could not get lock" in output or b"is locked by another process" in output
