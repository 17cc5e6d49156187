"""A provider that does nothing: every create succeeds, nothing ever differs unless its inputs do.

It speaks the protocol itself, without an SDK layer, so that what is measured is the engine.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

_CHANGED = provider_pb2.DiffResponse.DIFF_SOME
_SAME = provider_pb2.DiffResponse.DIFF_NONE


class Nothing(provider_pb2_grpc.ResourceProviderServicer):
    """Echo: state is what the inputs were."""

    async def GetPluginInfo(self, request: Empty, context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Say a version."""
        return plugin_pb2.PluginInfo(version="0.0.1")

    async def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Any) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        """Give the smallest schema."""
        return provider_pb2.GetSchemaResponse(schema='{"name":"nothing","version":"0.0.1"}')

    async def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Accept any configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """See no difference in configurations."""
        return provider_pb2.DiffResponse(changes=_SAME)

    async def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Take previews."""
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    async def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Accept any inputs."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """Compare inputs."""
        return provider_pb2.DiffResponse(changes=_SAME if request.old_inputs == request.news else _CHANGED)

    async def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        """Do nothing, successfully."""
        return provider_pb2.CreateResponse(id="nothing", properties=request.properties)

    async def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:  # noqa: N802
        """Find everything as it was."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Do nothing, successfully."""
        return provider_pb2.UpdateResponse(properties=request.news)

    async def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> Empty:  # noqa: N802
        """Do nothing, successfully."""
        return Empty()

    async def Cancel(self, request: Empty, context: Any) -> Empty:  # noqa: N802
        """There is nothing to cancel."""
        return Empty()


async def _serve() -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 400 * 2**20)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Nothing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve())
