"""The adapter to Pulumi's plugin protocol: requests to plain values, kinds of resources to answers.

Every call ends in an answer or in one sentence; a traceback never leaves this module.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import empty_pb2

from engine.docker_plugin import VERSION, describe, imports, settings, wire
from engine.docker_plugin.answers import answering, diff
from engine.docker_plugin.answers import failures as as_failures
from engine.docker_plugin.connection import Daemon
from engine.docker_plugin.container import Container
from engine.docker_plugin.errors import HalfMadeError, SettingsError, UnreachableError, UnservedError
from engine.docker_plugin.image import RemoteImage
from engine.docker_plugin.kind import Found, Kind, Work
from engine.docker_plugin.naming import automatic
from engine.docker_plugin.network import Network
from engine.docker_plugin.plan import Plan, compare
from engine.docker_plugin.properties import DEFAULTS, check, retyped
from engine.docker_plugin.schema import PROVIDER, SCHEMA_VERSIONS
from engine.docker_plugin.volume import Volume
from provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

ENGINES = {"version", "pluginDownloadURL"}
"""Settings that are the engine's own."""


class DockerProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance: the plugin's process serves one `docker.Provider`."""

    def __init__(self, engine: str | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._speaker = wire.Speaker(engine)
        self._environment = os.environ if environment is None else environment
        self._kinds: dict[str, Kind] = {k.type: k for k in (Network(), Volume(), RemoteImage(), Container())}
        self._daemon: Daemon | None = None
        self._cancelled = threading.Event()

    @answering(provider_pb2.ProviderHandshakeResponse)
    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's names)
        """Say what this plugin can take."""
        if request.engine_address:
            self._speaker = wire.Speaker(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    @answering(empty_pb2.Empty)
    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Speak to another engine from now on."""
        self._speaker = wire.Speaker(request.address)
        return empty_pb2.Empty()

    @answering(plugin_pb2.PluginInfo)
    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @answering(provider_pb2.GetSchemaResponse)
    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell what is served."""
        return provider_pb2.GetSchemaResponse(schema=describe.package())

    @answering(provider_pb2.CheckResponse)
    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Check the provider's settings."""
        news = wire.to_plain(request.news)
        given = {k: settings.plain(v) for k, v in news.items() if k not in ENGINES}
        failures = check(PROVIDER, given, where="the docker provider")[1]
        return provider_pb2.CheckResponse(inputs=request.news, failures=as_failures(failures))

    @answering(provider_pb2.DiffResponse)
    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A moved daemon is the same daemon: changed settings replace nothing."""
        olds, news = wire.to_plain(request.old_inputs or request.olds), wire.to_plain(request.news)
        changed = sorted(k for k in {*olds, *news} if k not in ENGINES and olds.get(k) != news.get(k))
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed)

    @answering(provider_pb2.ConfigureResponse)
    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take the settings; ask the daemon whether it is there unless told not to."""
        config: dict[str, Any] = {k.rsplit(":", 1)[-1]: v for k, v in request.variables.items()}
        config.update(wire.to_plain(request.args))
        parsed = settings.parse(config)
        if parsed.known:
            stack = request.urn.split("::")[0].removeprefix("urn:pulumi:")
            self._daemon = Daemon(parsed.endpoint(self._environment), stack)
            if parsed.check_daemon:
                self._daemon.ping()
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answering(provider_pb2.InvokeResponse)
    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse: no function is served."""
        raise UnservedError(f"the function {request.tok} isn't served by this docker plugin; use the official one")

    @answering(provider_pb2.CallResponse)
    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse: no method is served."""
        raise UnservedError(f"the method {request.tok} isn't served by this docker plugin; use the official one")

    @answering(provider_pb2.ConstructResponse)
    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse: no component is served."""
        raise UnservedError(f"the component {request.type} isn't served by this docker plugin; use the official one")

    @answering(provider_pb2.ParameterizeResponse)
    def Parameterize(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse: this plugin is one package."""
        raise UnservedError("the docker plugin takes no parameters")

    @answering(provider_pb2.GetMappingResponse)
    def GetMapping(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Offer no translation from other tools."""
        return provider_pb2.GetMappingResponse()

    @answering(provider_pb2.GetMappingsResponse)
    def GetMappings(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Offer no translation from other tools."""
        return provider_pb2.GetMappingsResponse()

    @answering(provider_pb2.CheckResponse)
    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Check a resource's inputs; never asks the daemon."""
        kind = self._kind(request.urn)
        given, named = self._named(kind, request)
        inputs, failures = check(kind.fields, given, where=kind.type)
        if named:
            inputs[DEFAULTS] = sorted({*inputs[DEFAULTS], "name"})
        failures = failures or kind.check(inputs)
        return provider_pb2.CheckResponse(inputs=wire.to_struct(inputs), failures=as_failures(failures))

    @answering(provider_pb2.DiffResponse)
    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Compare; never asks the daemon."""
        kind = self._kind(request.urn)
        olds, news = wire.to_plain(request.olds), wire.to_plain(request.news)
        plan = compare(kind.fields, olds, wire.to_plain(request.old_inputs), news)
        ignored = tuple(request.ignoreChanges)
        plan = Plan({path: change for path, change in plan.changes.items() if not _is_under(path, ignored)})
        fixed_name = "name" not in news.get(DEFAULTS, []) and olds.get("name") == news.get("name")
        # Two of one name can't be at the same time.
        return diff(plan, delete_first=kind.names_itself and fixed_name)

    @answering(provider_pb2.CreateResponse)
    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Make a resource, or tell in a preview what it will be."""
        kind = self._kind(request.urn)
        inputs = retyped(kind.fields, wire.to_plain(request.properties))
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire.to_struct(kind.preview(inputs)))
        found = self._noted(kind, lambda: kind.create(self._work(request.urn), inputs))
        return provider_pb2.CreateResponse(id=found.id, properties=wire.to_struct(found.outputs))

    @answering(provider_pb2.ReadResponse)
    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read what the daemon shows, for a refresh or an import."""
        kind = self._kind(request.urn)
        state = retyped(kind.fields, wire.to_plain(request.properties))
        inputs = wire.to_plain(request.inputs)
        known = {k: v for k, v in state.items() if not k.startswith("__")} or None
        try:
            found = kind.read(self._work(request.urn), request.id, known)
        except UnreachableError as error:
            if not error.no_docker:
                raise
            found = None
        if found is None:
            return provider_pb2.ReadResponse()
        if known and inputs:
            told = imports.refreshed(kind.fields, inputs, found.outputs)
        else:
            told = imports.imported(kind.fields, found.outputs, kind.type)
        outputs = {**found.outputs, **_note(kind)}
        return provider_pb2.ReadResponse(id=found.id, properties=wire.to_struct(outputs), inputs=wire.to_struct(told))

    @answering(provider_pb2.UpdateResponse)
    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Change a resource, or tell in a preview what it will be."""
        kind = self._kind(request.urn)
        state = retyped(kind.fields, wire.to_plain(request.olds))
        inputs = retyped(kind.fields, wire.to_plain(request.news))
        if request.preview:
            return provider_pb2.UpdateResponse(properties=wire.to_struct(kind.preview(inputs, state)))
        found = self._noted(kind, lambda: kind.update(self._work(request.urn), request.id, state, inputs))
        return provider_pb2.UpdateResponse(properties=wire.to_struct(found.outputs))

    @answering(empty_pb2.Empty)
    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take a resource away."""
        kind = self._kind(request.urn)
        state = retyped(kind.fields, wire.to_plain(request.properties))
        kind.delete(self._work(request.urn), request.id, state)
        return empty_pb2.Empty()

    @answering(empty_pb2.Empty)
    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Stop waiting for anything."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def close(self) -> None:
        """Close the daemon's connections."""
        if self._daemon:
            self._daemon.close()

    def _kind(self, urn: str) -> Kind:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._kinds:
            raise UnservedError(
                f"the type {token} isn't served by this docker plugin (it serves {', '.join(sorted(self._kinds))}); "
                "use the official plugin for it"
            )
        return self._kinds[token]

    def _work(self, urn: str) -> Work:
        if self._daemon is None:
            raise SettingsError("the docker provider's host isn't known yet")
        return Work(
            self._daemon,
            show=functools.partial(self._speaker.status, urn),
            warn=functools.partial(self._speaker.warn, urn),
            cancelled=self._cancelled,
        )

    def _named(self, kind: Kind, request: Any) -> tuple[dict[str, Any], bool]:
        """Return the given inputs with a name, and whether it is one of ours."""
        given, olds = wire.to_plain(request.news), wire.to_plain(request.olds)
        if not kind.names_itself or given.get("name") is not None:
            return given, False
        modes = provider_pb2.CheckRequest.AutonamingOptions
        if request.HasField("autonaming") and request.autonaming.mode == modes.DISABLE:
            return given, False
        if "name" in olds.get(DEFAULTS, []) and olds.get("name"):
            name = olds["name"]
        elif request.HasField("autonaming") and request.autonaming.proposed_name:
            name = request.autonaming.proposed_name
        else:
            name = automatic(request.urn, request.randomSeed)
        return {**given, "name": name}, True

    def _noted(self, kind: Kind, make: Callable[[], Found]) -> Found:
        try:
            found = make()
        except HalfMadeError as error:
            error.outputs.update(_note(kind))
            raise
        return Found(found.id, {**found.outputs, **_note(kind)})


def _note(kind: Kind) -> dict[str, str]:
    """Return the official provider's note of its state's version."""
    return {"__meta": wire.note(SCHEMA_VERSIONS[kind.type])} if kind.type in SCHEMA_VERSIONS else {}


def _is_under(path: str, ignored: tuple[str, ...]) -> bool:
    return any(path == entry or path.startswith((f"{entry}.", f"{entry}[")) for entry in ignored)
