"""The one module of the library that asks servers something: over the provider's SSH transport, all at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from numerian.engine.workspace import Workspace
from numerian.errors import NumerianError
from provider.errors import CommandError, HostError, ProviderError
from provider.hosts import HostPool
from provider.transport import Result


class Servers:
    """The servers of a stack; connections stay open until the end of `connect`."""

    def __init__(self, pool: HostPool, stack: str) -> None:
        self._pool = pool
        self._stack = stack

    def ask(self, name: str, argv: list[str], *, root: bool = True, timeout: float = 30.0, stdin: bytes = b"") -> str:
        """Return what the command prints on one server.

        Raises:
            ProviderError: the server can't be reached, or the command failed.
        """
        result = self._run(name, argv, root=root, timeout=timeout, stdin=stdin)
        if result.exit_code != 0:
            output = (result.stderr or result.stdout).decode(errors="replace").strip()
            words = " ".join(argv[:3])
            raise CommandError(
                name,
                f"`{words}` ended with exit code {result.exit_code}: {output[-500:]}",
                command=words,
                exit_code=result.exit_code,
                output=output,
            )
        return result.stdout.decode(errors="replace")

    def ask_all(self, names: Iterable[str], argv: list[str], *, root: bool = True) -> dict[str, str | ProviderError]:
        """Ask several servers at once; a server that fails doesn't hide the others' answers."""
        wanted = list(names)

        def one(name: str) -> str | ProviderError:
            try:
                return self.ask(name, argv, root=root)
            except ProviderError as error:
                return error

        with ThreadPoolExecutor(max(1, min(16, len(wanted)))) as threads:
            return dict(zip(wanted, threads.map(one, wanted), strict=True))

    def ask_any(self, names: Iterable[str], argv: list[str], *, timeout: float = 30.0) -> tuple[str, str]:
        """Return the name and the answer of the first server that has one.

        Raises:
            NumerianError: none has; the message names each with its reason.
        """
        failed: list[ProviderError] = []
        for name in names:
            try:
                return name, self.ask(name, argv, timeout=timeout)
            except ProviderError as error:
                failed.append(error)
        raise NumerianError("\n".join(["no server could answer:", *map(str, failed)]))

    def _run(self, name: str, argv: list[str], *, root: bool, timeout: float, stdin: bytes) -> Result:
        try:
            return self._pool.transport(name, self._stack).run(argv, stdin=stdin, timeout=timeout, root=root)
        except OSError as error:
            raise HostError(name, f"the connection failed: {error}") from error


@contextmanager
def connect(place: Workspace) -> Iterator[Servers]:
    """Open a pool on the stack's host table; close all connections at the end."""
    os.environ["NUMERIAN_HOSTS"] = str(place.folder / "hosts.json")
    pool = HostPool()
    try:
        yield Servers(pool, place.stack)
    finally:
        pool.close()
