"""A stand-in for the engine: it calls the plugin as the engine does, in this process, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.docker_plugin.server import DockerProvider
from engine.docker_plugin.wire import to_plain, to_struct
from provider.proto import provider_pb2, status_pb2


class CallError(Exception):
    """What the operator would see."""


class Context:
    """What gRPC gives a method."""

    def __init__(self) -> None:
        self.code: Any = None
        self.details = ""
        self.trailing: tuple[tuple[str, bytes], ...] = ()

    def set_code(self, code: Any) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.trailing = metadata

    def half_made(self) -> provider_pb2.ErrorResourceInitFailed | None:
        """Return what goes into the state in spite of an error."""
        for _, packed in self.trailing:
            detail = provider_pb2.ErrorResourceInitFailed()
            if status_pb2.Status.FromString(packed).details[0].Unpack(detail):
                return detail
        return None


@dataclass
class Kept:
    """One resource of the state."""

    token: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    failed: bool = False


@dataclass
class Driver:
    """One provider instance and a state."""

    host: str
    state: dict[str, Kept] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = DockerProvider(environment={})
        self.provider._speaker.status = lambda urn, line: self.lines.append(line)  # type: ignore[method-assign]
        self.provider._speaker.warn = lambda urn, line: self.warnings.append(line)  # type: ignore[method-assign]
        args = to_struct({"host": self.host, "disableDockerDaemonCheck": "true"})
        self.call("Configure", provider_pb2.ConfigureRequest(args=args))

    def call(self, method: str, request: Any) -> Any:
        """Call the plugin; its error is raised with the sentence that an operator sees."""
        context = Context()
        response = getattr(self.provider, method)(request, context)
        if context.code is not None:
            assert "Traceback" not in context.details
            raise CallError(context.details, context.half_made())
        return response

    def apply(self, token: str, name: str, /, **given: Any) -> str:
        """Bring one resource to what is declared; return what was done: same, create, update or replace."""
        urn, old = self.urn(token, name), self.state.get(name)
        inputs = self.check(urn, given, old.inputs if old else {})
        self.diffs = []
        if old is None:
            return self._create(urn, name, inputs)
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=urn,
            olds=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
            news=to_struct(inputs),
        )
        diff = self.call("Diff", request)
        self.diffs = sorted(diff.detailedDiff)
        if diff.replaces:
            return self._replace(urn, name, inputs, first=diff.deleteBeforeReplace)
        if not self.diffs and not old.failed:
            return "same"
        update = provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn,
            olds=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
            news=to_struct(inputs),
        )
        outputs = to_plain(self.call("Update", update).properties)
        self.state[name] = Kept(token, old.id, inputs, outputs)
        return "update"

    def check(self, urn: str, given: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        """Check inputs; a fault is raised."""
        request = provider_pb2.CheckRequest(urn=urn, news=to_struct(given), olds=to_struct(olds), randomSeed=b"seed")
        response = self.call("Check", request)
        if response.failures:
            raise CallError("; ".join(failure.reason for failure in response.failures))
        return to_plain(response.inputs)

    def refresh(self, name: str) -> bool:
        """Read one resource again; return whether anything moved. Gone, it leaves the state."""
        old = self.state[name]
        request = provider_pb2.ReadRequest(
            id=old.id,
            urn=self.urn(old.token, name),
            properties=to_struct(old.outputs),
            inputs=to_struct(old.inputs),
        )
        response = self.call("Read", request)
        if not response.id:
            del self.state[name]
            return True
        new = Kept(old.token, response.id, to_plain(response.inputs), to_plain(response.properties))
        self.state[name] = new
        return new != old

    def take(self, token: str, name: str, id: str) -> None:
        """Import a resource into the state."""
        response = self.call("Read", provider_pb2.ReadRequest(id=id, urn=self.urn(token, name)))
        self.state[name] = Kept(token, response.id, to_plain(response.inputs), to_plain(response.properties))

    def delete(self, name: str) -> None:
        """Take one resource away."""
        self._delete(self.urn(self.state[name].token, name), self.state.pop(name))

    def destroy(self) -> None:
        """Take all away, the last first."""
        for name in reversed(list(self.state)):
            self.delete(name)

    @staticmethod
    def urn(token: str, name: str) -> str:
        """Return a resource's URN."""
        return f"urn:pulumi:dev::project::{token}::{name}"

    def _create(self, urn: str, name: str, inputs: dict[str, Any]) -> str:
        token = urn.split("::")[2]
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs))
        try:
            made = self.call("Create", request)
        except CallError as error:
            half = error.args[1] if len(error.args) > 1 else None
            if half is not None:
                self.state[name] = Kept(token, half.id, inputs, to_plain(half.properties), failed=True)
            raise
        self.state[name] = Kept(token, made.id, inputs, to_plain(made.properties))
        return "create"

    def _replace(self, urn: str, name: str, inputs: dict[str, Any], *, first: bool) -> str:
        old = self.state.pop(name)
        if first:
            self._delete(urn, old)
        self._create(urn, name, inputs)
        if not first:
            self._delete(urn, old)
        return "replace"

    def _delete(self, urn: str, old: Kept) -> None:
        self.call("Delete", provider_pb2.DeleteRequest(id=old.id, urn=urn, properties=to_struct(old.outputs)))
