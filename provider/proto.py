"""The engine's protocol without the SDK around it: the plugin starts for every command, and the SDK costs it 0.2 s.

The generated modules lie inside the `pulumi` package, whose `__init__` imports all of the SDK. So its packages stand
in `sys.modules` unexecuted while the generated modules are loaded, and are taken out again: a later `import pulumi`
in the same process (a test) gets the real one and shares these modules with it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec


@contextmanager
def _unexecuted(*packages: str) -> Iterator[None]:
    """Let modules below `packages` be imported without running the packages' own `__init__`."""
    put = []
    try:
        for name in packages:
            spec = None if name in sys.modules else find_spec(name)
            if spec is not None:
                sys.modules[name] = module_from_spec(spec)
                put.append(name)
        yield
    finally:
        for name in put:
            del sys.modules[name]


with _unexecuted("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
