"""A provider whose servers are folders of this machine: `$TINY_SERVERS/<resource>.json` is what a resource really has.

A content with the word `refuse` is refused, as a validator would; one with `slow` takes seconds.
"""

import json
import os
import time
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

SERVERS = Path(os.environ["TINY_SERVERS"])
Kind = provider_pb2.PropertyDiff.Kind


def struct(value):
    return ParseDict(value, struct_pb2.Struct())


def name(urn):
    return urn.rsplit("::", 1)[-1]


def public(properties):
    return {key: value for key, value in MessageToDict(properties).items() if key != "secrets"}


def paths(old, new, at=""):
    for key in sorted({*old, *new}):
        path = f'{at}["{key}"]' if at in ("files",) else f"{at}.{key}".lstrip(".")
        if key not in new:
            yield path, Kind.DELETE
        elif key not in old:
            yield path, Kind.ADD
        elif isinstance(old[key], dict) and isinstance(new[key], dict):
            yield from paths(old[key], new[key], path)
        elif old[key] != new[key]:
            yield path, Kind.UPDATE


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="0.0.1")

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        found = dict(paths(public(request.olds), public(request.news)))
        some = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        detailed = {path: provider_pb2.PropertyDiff(kind=kind) for path, kind in found.items()}
        return provider_pb2.DiffResponse(changes=some, detailedDiff=detailed, hasDetailedDiff=True)

    def apply(self, urn, properties, preview, context):
        news = public(properties)
        if not preview:
            for path, file in news.get("files", {}).items():
                if "slow" in file["content"]:
                    SERVERS.with_name("slow-begun").touch()
                    time.sleep(3)
                if "refuse" in file["content"]:
                    message = f"{news['host']}: {path}: the validator refused it; mend line 1"
                    context.abort(grpc.StatusCode.UNKNOWN, message)
            (SERVERS / f"{name(urn)}.json").write_text(json.dumps(news))
        return struct(news)

    def Create(self, request, context):
        news = self.apply(request.urn, request.properties, request.preview, context)
        return provider_pb2.CreateResponse(id=name(request.urn), properties=news)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=self.apply(request.urn, request.news, request.preview, context))

    def Read(self, request, context):
        file = SERVERS / f"{request.id}.json"
        if not file.exists():
            return provider_pb2.ReadResponse()
        actual = struct(json.loads(file.read_text()))
        return provider_pb2.ReadResponse(id=request.id, properties=actual, inputs=request.inputs)

    def Delete(self, request, context):
        (SERVERS / f"{name(request.urn)}.json").unlink(missing_ok=True)
        return empty_pb2.Empty()


server = grpc.server(futures.ThreadPoolExecutor(16))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
parent = os.getppid()
while os.getppid() == parent:
    # A killed engine ends no plugin.
    server.wait_for_termination(0.5)
