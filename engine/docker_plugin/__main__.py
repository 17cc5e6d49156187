"""Serve the plugin: `python -m engine.docker_plugin [ENGINE]` prints its port and answers until the engine leaves."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from engine.docker_plugin.server import DockerProvider
from provider.proto import provider_pb2_grpc

WORKERS = 32
MAX_MESSAGE = 400 * 1024 * 1024
"""As the engine's own limit."""

ORPHAN_CHECK = 2.0
"""Seconds between two looks whether the engine still lives."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or until the engine that started this process is gone."""
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    provider = DockerProvider(addresses[-1] if addresses else None)
    options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with _ending_signals() as ended:
        print(port, flush=True)
        parent = os.getppid()
        while not select.select([ended], [], [], ORPHAN_CHECK)[0] and os.getppid() == parent:
            pass
    server.stop(grace=None)
    provider.close()
    return 0


@contextmanager
def _ending_signals() -> Iterator[socket.socket]:
    """Give a socket that is readable when the engine says goodbye: by SIGINT, and after five seconds by SIGKILL.

    A socket and not a handler's flag: the signal may hit any thread, and the main one would sleep on.
    """
    ended, told = socket.socketpair()
    told.setblocking(False)
    with ended, told:
        signal.set_wakeup_fd(told.fileno())
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: None)
        yield ended
        signal.set_wakeup_fd(-1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
