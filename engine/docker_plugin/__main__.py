"""Serve the plugin: `python -m engine.docker_plugin [ENGINE]` prints its port and answers until the engine leaves."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from engine.docker_plugin.server import DockerProvider
from provider.proto import provider_pb2_grpc

WORKERS = 32
MAX_MESSAGE = 400 * 1024 * 1024
"""As the engine's own limit."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or until the engine that started this process is gone."""
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    provider = DockerProvider(addresses[-1] if addresses else None)
    options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    stop = threading.Event()
    # The engine ends its plugins by SIGINT, and kills after 5 s. A Ctrl-C at a terminal doesn't reach us: each plugin is
    # a process group of its own, and the engine tells of it by `Cancel`.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stop.set())
    print(port, flush=True)
    parent = os.getppid()
    while not stop.wait(0.5) and os.getppid() == parent:
        pass
    server.stop(grace=None)
    provider.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
