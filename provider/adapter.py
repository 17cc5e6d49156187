"""Pulumi's verbs to the methods of a kind: one request, one answer, values plain in between."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty

from provider.adapter_diff import answer, same
from provider.adapter_errors import Failures
from provider.adapter_values import Path, Received, ValueRefusedError, receive, send, some
from provider.errors import ProviderError
from provider.kinds.base import Change, CheckFailure, Context, Diff, Props, ResourceKind, Unknown
from provider.kinds.partial import PartialError
from provider.kinds.registry import Registry
from provider.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from provider.report import set_current_urn
from provider.runtime import Runtime, decode_root_secret
from provider.schema import SCHEMA, VERSION, input_names
from provider.secrets import Secret

ROOT_SECRET = "rootSecret"  # noqa: S105 (a name, no secret)


class _Request(Protocol):
    urn: str


class _PartialAnswerError(Exception):
    """A `PartialError` with the paths that are secret in what it hands to the state."""

    def __init__(self, error: PartialError, paths: set[Path]) -> None:
        super().__init__(str(error))
        self.error = error
        self.paths = paths


Verb = Callable[["Servicer", Any], Awaitable[Any]]


def _verb(method: Verb) -> Callable[..., Awaitable[Any]]:
    """Answer with what `method` returns, or with its error as an operator may read it."""

    @functools.wraps(method)
    async def answer(self: Servicer, request: _Request, context: grpc.aio.ServicerContext[object, object]) -> Any:
        set_current_urn(getattr(request, "urn", ""))
        try:
            return await method(self, request)
        except _PartialAnswerError as partial:
            await self.failures.abort(context, partial.error, partial.paths)
        except Exception as error:
            await self.failures.abort(context, error)

    return answer


def parse_urn(urn: str) -> tuple[str, Context]:
    """Return a resource's type token and whose it is.

    >>> token, context = parse_urn("urn:pulumi:lab::numerian::numerian:site:Site$numerian:index:Files::07186::x")
    >>> token, context.owner, context.name, context.chain
    ('numerian:index:Files', 'numerian/lab', '07186::x', 'numerian:site:Site$numerian:index:Files')
    """
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    if len(parts) != 4:
        raise ProviderError(f"{urn!r} isn't the URN of a resource")
    stack, project, kind, name = parts
    return kind.rpartition("$")[2], Context(project=project, stack=stack, name=name, chain=kind)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The provider as the engine sees it.

    `cancel` ends what runs on hosts; `attach` is told the engine's address when it comes late.
    """

    def __init__(
        self,
        runtime: Runtime,
        registry: Registry,
        failures: Failures,
        *,
        cancel: Callable[[], None],
        attach: Callable[[str], None],
    ) -> None:
        self.runtime = runtime
        self.failures = failures
        self._registry = registry
        self._cancel = cancel
        self._attach = attach

    def _receive(self, struct: Any) -> Received:
        received = receive(struct)
        self.failures.learn(received.secret_texts)
        return received

    def _olds(self, kind: ResourceKind, outputs: Any, inputs: Any) -> Received:
        """Return what a resource was: its outputs, and those of its inputs that they don't repeat."""
        olds = self._receive(outputs)
        missing = [name for name in kind.inputs_only if name in inputs.fields and name not in outputs.fields]
        olds.values |= self._receive(some(inputs, missing)).values
        return olds

    def _known(self, kind: ResourceKind, outputs: Props, paths: Iterable[Path]) -> set[Path]:
        """Return every path that is secret in `outputs`; texts there are masked from now on."""
        for name in kind.secret_outputs:
            if isinstance(text := outputs.get(name), str):
                self.failures.learn({text})
        return {*paths, *((name,) for name in kind.secret_outputs)}

    @_verb
    async def Handshake(self, request: Any) -> Any:  # noqa: N802
        """Say what the protocol may carry: secrets as secrets, everything else plain."""
        self._attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_verb
    async def Attach(self, request: Any) -> Any:  # noqa: N802
        """Take the address of an engine that found us running (a debugger started us)."""
        self._attach(request.address)
        return Empty()

    @_verb
    async def GetPluginInfo(self, request: Any) -> Any:  # noqa: N802
        """Return the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @_verb
    async def GetSchema(self, request: Any) -> Any:  # noqa: N802
        """Return the schema of every resource."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(SCHEMA))

    @_verb
    async def CheckConfig(self, request: Any) -> Any:  # noqa: N802
        """Refuse a root secret that is too short or isn't base64, before anything is derived from it."""
        news = self._receive(request.news)
        failures = []
        try:
            self._root_secret(news.values)
        except ProviderError as error:
            failures.append(provider_pb2.CheckFailure(property=ROOT_SECRET, reason=self.failures.masked(str(error))))
        paths = news.secret_paths | {(ROOT_SECRET,)}
        return provider_pb2.CheckResponse(inputs=send(news.values, paths), failures=failures)

    @_verb
    async def DiffConfig(self, request: Any) -> Any:  # noqa: N802
        """Tell whether the root secret changed; nothing is ever replaced for it."""
        olds, news = self._receive(request.olds).values, self._receive(request.news).values
        changed = olds.get(ROOT_SECRET) != news.get(ROOT_SECRET)
        return answer(Diff({ROOT_SECRET: Change.UPDATE} if changed else {}))

    @_verb
    async def Configure(self, request: Any) -> Any:  # noqa: N802
        """Take the configuration."""
        self.runtime.root_secret = self._root_secret(self._receive(request.args).values)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def _root_secret(self, values: Props) -> Secret | None:
        text = values.get(ROOT_SECRET)
        if text is None or isinstance(text, Unknown):
            return None
        self.failures.learn({str(text)})
        decode_root_secret(str(text))
        return Secret(str(text))

    @_verb
    async def Check(self, request: Any) -> Any:  # noqa: N802
        """Fill in defaults; return everything that is wrong, each with its property."""
        token, context = parse_urn(request.urn)
        if request.olds.fields and request.olds == request.news:  # accepted before, word for word
            return provider_pb2.CheckResponse(inputs=request.news)
        try:
            olds, news = self._receive(request.olds), self._receive(request.news)
        except ValueRefusedError as error:
            failures = [CheckFailure(error.property, error.reason)]
            return provider_pb2.CheckResponse(inputs=request.news, failures=self._failures(failures))
        inputs, failures = await self._registry.kind(token).check(context, olds.values, news.values)
        return provider_pb2.CheckResponse(inputs=send(inputs, news.secret_paths), failures=self._failures(failures))

    def _failures(self, failures: list[CheckFailure]) -> list[Any]:
        masked = self.failures.masked
        return [provider_pb2.CheckFailure(property=one.property, reason=masked(one.reason)) for one in failures]

    @_verb
    async def Diff(self, request: Any) -> Any:  # noqa: N802
        """Name every property path that differs."""
        token, context = parse_urn(request.urn)
        kind = self._registry.kind(token)
        if same(kind, request):  # the most by far: not worth taking apart
            return answer(Diff({}))
        olds, news = self._olds(kind, request.olds, request.old_inputs), self._receive(request.news)
        diff = await kind.diff(context, request.id, olds.values, news.values)
        return answer(diff)

    @_verb
    async def Create(self, request: Any) -> Any:  # noqa: N802
        """Create, or say what a create will give."""
        token, context = parse_urn(request.urn)
        kind, news = self._registry.kind(token), self._receive(request.properties)
        if request.preview:
            outputs = await kind.preview(context, None, news.values)
            paths = self._known(kind, outputs, news.secret_paths)
            return provider_pb2.CreateResponse(id="", properties=send(_said(kind, outputs), paths))
        state = await self._partly(kind, news, kind.create(context, news.values))
        paths = self._known(kind, state.outputs, news.secret_paths)
        return provider_pb2.CreateResponse(id=state.id, properties=send(_said(kind, state.outputs), paths))

    @_verb
    async def Read(self, request: Any) -> Any:  # noqa: N802
        """Return what is on the host; an answer without an id says that it is gone."""
        token, context = parse_urn(request.urn)
        kind, inputs = self._registry.kind(token), self._receive(request.inputs)
        olds = self._olds(kind, request.properties, request.inputs)
        state = await kind.read(context, request.id, olds.values or None, inputs.values or None)
        if state is None:
            return provider_pb2.ReadResponse()
        paths = self._known(kind, state.outputs, olds.secret_paths | inputs.secret_paths)
        if inputs.values and state.outputs == olds.values:
            return provider_pb2.ReadResponse(id=state.id, properties=request.properties, inputs=request.inputs)
        # An import has no inputs: what a program would write is what the outputs say.
        names = input_names(token)
        given = inputs.values or {key: value for key, value in state.outputs.items() if key in names}
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=send(_said(kind, state.outputs), paths),
            inputs=send(given, inputs.secret_paths if inputs.values else paths),
        )

    @_verb
    async def Update(self, request: Any) -> Any:  # noqa: N802
        """Update, or say what an update will give."""
        token, context = parse_urn(request.urn)
        kind, news = self._registry.kind(token), self._receive(request.news)
        olds = self._olds(kind, request.olds, request.old_inputs)
        if request.preview:
            outputs = await kind.preview(context, olds.values, news.values)
        else:
            outputs = (
                await self._partly(kind, news, kind.update(context, request.id, olds.values, news.values))
            ).outputs
        return provider_pb2.UpdateResponse(
            properties=send(_said(kind, outputs), self._known(kind, outputs, news.secret_paths)),
        )

    async def _partly(self, kind: ResourceKind, news: Received, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except PartialError as error:
            paths = self._known(kind, error.state.outputs, news.secret_paths)
            error.state = replace(error.state, outputs=_said(kind, error.state.outputs))
            raise _PartialAnswerError(error, paths) from error

    @_verb
    async def Delete(self, request: Any) -> Any:  # noqa: N802
        """Take the resource away."""
        token, context = parse_urn(request.urn)
        kind = self._registry.kind(token)
        olds = self._olds(kind, request.properties, request.old_inputs)
        await kind.delete(context, request.id, olds.values)
        return Empty()

    @_verb
    async def Cancel(self, request: Any) -> Any:  # noqa: N802
        """End what runs: commands on hosts are ended there, batches that wait fail at their first command."""
        self._cancel()
        return Empty()

    @_verb
    async def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Refuse: there are no functions."""
        raise ProviderError(f"{request.tok}: the numerian provider has no functions")

    @_verb
    async def Construct(self, request: Any) -> Any:  # noqa: N802
        """Refuse: components are classes of the program."""
        raise ProviderError(f"{request.type}: the numerian provider serves no components")


def _said(kind: ResourceKind, outputs: Props) -> Props:
    """Return the outputs as the state keeps them."""
    return {name: value for name, value in outputs.items() if name not in kind.inputs_only}
