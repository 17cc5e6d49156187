"""The plugin's process: one loop that serves the engine, a port on loopback, progress to the engine's log."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc.aio

from provider.adapter import Servicer
from provider.adapter_errors import Failures
from provider.hosts import HostPool
from provider.kinds.registry import Registry
from provider.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc
from provider.runtime import Runtime

_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_THREADS = 64
"""Threads for blocking SSH: five sessions a host, a dozen hosts at once. They start when needed."""
_STATUS_PAUSE = 0.2
_PARENT_PAUSE = 2.0


class EngineReporter:
    """Sends progress to the engine. Of many texts for one resource within 0.2 s only the last is sent."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._loop = asyncio.get_running_loop()
        self._channel: grpc.aio.Channel | None = None
        self._pending: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self, address: str) -> None:
        """Take the address of the engine."""
        if address and self._channel is None:
            self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)

    def status(self, urn: str, text: str) -> None:
        """Show `text` beside the resource until the next one."""
        self._from_any_thread(self._put, urn, text)

    def warn(self, urn: str, text: str) -> None:
        """Tell the operator something that stays."""
        self._from_any_thread(self._log, urn, text, False)

    def _from_any_thread(self, function: Callable[..., None], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *values)
        except RuntimeError:
            # The loop is closed: the run is over, nobody looks any more.
            return

    def _put(self, urn: str, text: str) -> None:
        if urn not in self._pending:
            self._loop.call_later(_STATUS_PAUSE, lambda: self._log(urn, self._pending.pop(urn), True))
        self._pending[urn] = text

    def _log(self, urn: str, text: str, ephemeral: bool) -> None:
        if self._channel is None:
            return
        severity = engine_pb2.INFO if ephemeral else engine_pb2.WARNING
        request = engine_pb2.LogRequest(
            severity=severity, message=self._masked(text), urn=urn, streamId=0, ephemeral=ephemeral
        )
        task = self._loop.create_task(_send(engine_pb2_grpc.EngineStub(self._channel), request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _send(engine: engine_pb2_grpc.EngineStub, request: engine_pb2.LogRequest) -> None:
    try:
        await engine.Log(request)  # type: ignore[misc]
    except grpc.aio.AioRpcError:
        # Progress is a courtesy; the work goes on without it.
        return


def log_file(start: Path | None = None) -> Path:
    """Return where internal errors are written: `.work/provider.log` of the project that the engine runs in."""
    here = (start or Path.cwd()).resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").exists()), None)
    return (root or Path(__file__).resolve().parents[1]) / ".work" / "provider.log"


async def start(engine: str = "") -> tuple[grpc.aio.Server, int, HostPool]:
    """Start serving on a free port of loopback; return the server, the port and the pool of hosts."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="host"))
    failures = Failures(log_file())
    reporter = EngineReporter(failures.masked)
    reporter.attach(engine)
    hosts = HostPool(say=lambda text: reporter.warn("", text))
    runtime = Runtime(hosts=hosts, reporter=reporter)
    servicer = Servicer(runtime, Registry(runtime), failures, cancel=hosts.cancel, attach=reporter.attach)
    server = grpc.aio.server(options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port, hosts


async def serve(engine: str) -> None:
    """Serve until the engine ends us. The port on standard output is how it finds us."""
    server, port, hosts = await start(engine)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    # The engine ends its plugins by SIGINT, and kills after 5 s. A Ctrl-C at a terminal doesn't reach us: each plugin
    # is a process group of its own, and the engine tells of it by Cancel.
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, stopped.set)
    watch = loop.create_task(_end_with_parent(stopped))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    watch.cancel()
    await server.stop(grace=0.1)
    hosts.close()


async def _end_with_parent(stopped: asyncio.Event) -> None:
    """An engine that was killed ends no plugin: without this it would stay for ever."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_PAUSE)
    stopped.set()


def main(arguments: list[str]) -> None:
    """Run the plugin. The engine's address is the last argument that isn't a flag."""
    addresses = [word for word in arguments if not word.startswith("-")]
    asyncio.run(serve(addresses[-1] if addresses else ""))
    # Threads may still sit in a connection that doesn't answer; the engine waits for the end of this process.
    sys.stdout.flush()
    os._exit(0)
