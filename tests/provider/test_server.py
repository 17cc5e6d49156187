"""The servicer through a real gRPC channel: what the engine sends, what it gets back, what it never gets."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from fake_kind import Fake
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from provider.adapter import Servicer
from provider.adapter_errors import Failures
from provider.adapter_values import SECRET, SIGNATURE, UNKNOWN_TEXT, receive, send
from provider.errors import UnknownHostError
from provider.kinds.base import UNKNOWN, Context
from provider.kinds.registry import KINDS, Registry
from provider.proto import provider_pb2, provider_pb2_grpc, status_pb2
from provider.runtime import Runtime
from provider.schema import RESOURCES
from provider.secrets import Secret

URN = "urn:pulumi:lab::numerian::site:index:Site$numerian:index:Fake::07186"
PASSWORD = "hunter2-hunter2"

Scene = Callable[[Any], Awaitable[None]]


class NoHosts:
    def transport(self, name: str, stack: str = "") -> Any:
        raise UnknownHostError(name)


class Heard:
    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def status(self, urn: str, text: str) -> None:
        self.texts.append((urn, text))

    warn = status


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], Heard]:
    """Run a scene against a served provider whose only kind is the fake one."""
    Fake.asked.clear()

    def run(scene: Scene) -> Heard:
        heard = Heard()

        async def serve() -> None:
            runtime = Runtime(hosts=NoHosts(), reporter=heard)
            registry = Registry(runtime, {"numerian:index:Fake": ("fake_kind", "Fake")})
            failures = Failures(tmp_path / ".work" / "provider.log")
            servicer = Servicer(
                runtime, registry, failures, cancel=lambda: heard.status("", "cancel"), attach=lambda _: None
            )
            server = grpc.aio.server()
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
            port = server.add_insecure_port("127.0.0.1:0")
            await server.start()
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                await scene(provider_pb2_grpc.ResourceProviderStub(channel))
            await server.stop(0)

        asyncio.run(serve())
        return heard

    return run


def struct(values: dict[str, Any]) -> Struct:
    result = Struct()
    result.update(values)
    return result


def hidden(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def plain(message: Struct) -> dict[str, Any]:
    return dict(MessageToDict(message))


def test_values_go_there_and_back() -> None:
    values = {"a": 5, "b": 1.5, "c": [True, None, {"d": "l'été"}], "e": UNKNOWN, "empty": {}, "none": []}
    assert receive(send(values)).values == values


def test_secrets_keep_their_place() -> None:
    received = receive(struct({"secrets": {"db": hidden("s1"), "open": "x"}, "all": hidden({"k": ["s2"]})}))
    assert received.values == {"secrets": {"db": "s1", "open": "x"}, "all": {"k": ["s2"]}}
    assert received.secret_paths == {("secrets", "db"), ("all",)}
    assert received.secret_texts == {"s1", "s2"}
    back = send({**received.values, "typed": Secret("s3")}, received.secret_paths)
    assert plain(back) == {
        "secrets": {"db": hidden("s1"), "open": "x"},
        "all": hidden({"k": ["s2"]}),
        "typed": hidden("s3"),
    }


def test_check_returns_failures_by_property_and_keeps_secrets(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        news = struct({"mode": "bad", "password": hidden(PASSWORD), "later": UNKNOWN_TEXT})
        answer = await stub.Check(provider_pb2.CheckRequest(urn=URN, olds=struct({"mode": "old"}), news=news))
        assert [(failure.property, failure.reason) for failure in answer.failures] == [
            ("mode", "bad mode beside [secret]")
        ]
        expected = {"mode": "bad", "password": hidden(PASSWORD), "later": UNKNOWN_TEXT, "count": 5}
        assert plain(answer.inputs) == expected

    play(scene)
    context = Context(project="numerian", stack="lab", name="07186", chain="site:index:Site$numerian:index:Fake")
    assert Fake.asked == [("check", context, {"mode": "old"}, {"mode": "bad", "password": PASSWORD, "later": UNKNOWN})]


def test_inputs_that_were_accepted_before_are_not_looked_at_again(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        same = struct({"mode": "good", "password": hidden(PASSWORD), "count": 5})
        answer = await stub.Check(provider_pb2.CheckRequest(urn=URN, olds=same, news=same))
        assert answer.inputs == same and not answer.failures

    play(scene)
    assert Fake.asked == []


def test_what_no_host_can_have_another_of_is_an_input_only(
    play: Callable[[Scene], Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state keeps it once, and every method gets it with what was there before."""
    monkeypatch.setattr(Fake, "inputs_only", ("seeds",))
    inputs, outputs = struct({"a": 1, "seeds": "s"}), struct({"a": 1, "made": hidden("m4de-s3cret")})
    request: dict[str, Any] = {"urn": URN, "id": "x"}

    async def scene(stub: Any) -> None:
        done = await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs))
        assert plain(done.properties) == plain(outputs)
        change = provider_pb2.UpdateRequest(**request, olds=outputs, old_inputs=inputs, news=inputs)
        assert plain((await stub.Update(change)).properties) == plain(outputs)
        read = await stub.Read(provider_pb2.ReadRequest(**request, properties=outputs, inputs=inputs))
        assert plain(read.properties) == {**plain(outputs), "drifted": True}
        assert read.inputs == inputs
        same = provider_pb2.DiffRequest(**request, olds=struct({"a": 1}), old_inputs=inputs, news=inputs)
        assert (await stub.Diff(same)).changes == provider_pb2.DiffResponse.DIFF_NONE
        for olds, old_inputs in (({"a": 2}, {"a": 1, "seeds": "s"}), ({"a": 1}, {"a": 1, "seeds": "t"})):
            other = provider_pb2.DiffRequest(**request, olds=struct(olds), old_inputs=struct(old_inputs), news=inputs)
            assert (await stub.Diff(other)).changes == provider_pb2.DiffResponse.DIFF_SOME
        await stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="x", properties=outputs, old_inputs=inputs))

    play(scene)
    given = [words[-2] if words[0] == "diff" else words[-1] for words in Fake.asked if words[0] in ("diff", "delete")]
    made = {"a": 1, "made": "m4de-s3cret", "seeds": "s"}
    assert given == [{"a": 2, "seeds": "s"}, {"a": 1, "seeds": "t"}, made]


def test_an_asset_is_a_failure_of_its_property(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
        news = struct({"files": {"a.conf": {"content": asset}}})
        answer = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
        assert [failure.property for failure in answer.failures] == ['files["a.conf"].content']

    play(scene)


def test_diff_names_paths_replacements_and_order(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        same = await stub.Diff(provider_pb2.DiffRequest(urn=URN, id="x", olds=struct({"a": 1}), news=struct({"a": 1})))
        assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
        answer = await stub.Diff(provider_pb2.DiffRequest(urn=URN, id="x", olds=struct({"a": 1}), news=struct({})))
        assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        assert dict(answer.detailedDiff) == {
            'files["sites/07186.conf"].content': provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE),
            "host": provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE_REPLACE),
            "new": provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.ADD),
        }
        assert list(answer.replaces) == ["host"]
        assert list(answer.diffs) == ["files", "host", "new"]
        assert answer.deleteBeforeReplace and answer.hasDetailedDiff

    play(scene)


def test_create_wraps_what_is_secret(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        properties = struct({"host": "privas", "password": hidden(PASSWORD)})
        preview = await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties, preview=True))
        assert (preview.id, plain(preview.properties)["made"]) == ("", hidden(UNKNOWN_TEXT))
        done = await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties))
        assert done.id == "07186"
        assert plain(done.properties) == {
            "host": "privas",
            "password": hidden(PASSWORD),
            "made": hidden("m4de-s3cret"),
        }

    heard = play(scene)
    assert heard.texts == [(URN, "under way")]


def test_update_and_its_preview(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        request = provider_pb2.UpdateRequest(urn=URN, id="x", olds=struct({"a": 1}), news=struct({"a": 2}))
        assert plain((await stub.Update(request)).properties) == {"a": 2, "made": hidden("m4de-s3cret")}
        request.preview = True
        assert plain((await stub.Update(request)).properties)["again"] is True

    play(scene)


def test_read_tells_drift_gone_and_import_apart(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        olds, inputs = struct({"host": "privas", "p": hidden("old-secret")}), struct({"host": "privas"})
        drifted = await stub.Read(provider_pb2.ReadRequest(urn=URN, id="x", properties=olds, inputs=inputs))
        assert plain(drifted.properties)["drifted"] is True
        assert plain(drifted.properties)["p"] == hidden("old-secret")
        assert plain(drifted.inputs) == {"host": "privas"}
        gone = await stub.Read(provider_pb2.ReadRequest(urn=URN, id="gone", properties=olds, inputs=inputs))
        assert gone.id == ""
        await stub.Read(provider_pb2.ReadRequest(urn=URN, id="imported"))

    play(scene)
    assert Fake.asked[-1] == ("read", "imported", None, None)


def test_delete_gets_the_state(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        await stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="x", properties=struct({"a": 1})))

    play(scene)
    assert Fake.asked == [("delete", "x", {"a": 1})]


async def failing(stub: Any, fail: str) -> grpc.aio.AioRpcError:
    properties = struct({"fail": fail, "password": hidden(PASSWORD)})
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=properties))
    return caught.value


def test_an_error_of_ours_is_its_message_without_secrets(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        error = await failing(stub, "provider")
        assert error.details() == "privas: no route, password [secret]"

    play(scene)


def test_a_bug_is_short_and_its_traceback_private(play: Callable[[Scene], Heard], tmp_path: Path) -> None:
    log = tmp_path / ".work" / "provider.log"

    async def scene(stub: Any) -> None:
        error = await failing(stub, "bug")
        assert error.details() == (f"internal error of the numerian provider: KeyError; please report it (log: {log})")

    play(scene)
    assert "Traceback" in log.read_text() and "fake_kind.py" in log.read_text()
    assert PASSWORD not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_part_that_was_done_goes_into_the_state(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        error = await failing(stub, "partial")
        metadata = dict(error.trailing_metadata() or ())
        status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        detail = provider_pb2.ErrorResourceInitFailed()
        assert status.details[0].Unpack(detail)
        assert (detail.id, list(detail.reasons)) == ("half", ["no reload: [secret]"])
        assert plain(detail.properties)["made"] == hidden("m4de-s3cret")
        assert plain(detail.properties)["password"] == hidden(PASSWORD)

    play(scene)


def test_an_unknown_type_lists_those_that_there_are(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        with pytest.raises(grpc.aio.AioRpcError, match="there are numerian:index:Fake"):
            await stub.Diff(provider_pb2.DiffRequest(urn=URN.replace("Fake", "Nothing"), id="x"))

    play(scene)


def test_configuration_is_judged_and_never_told(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        short = struct({"rootSecret": hidden("c2hvcnQ=")})
        answer = await stub.CheckConfig(provider_pb2.CheckRequest(news=short))
        assert [failure.property for failure in answer.failures] == ["rootSecret"]
        assert "5 bytes, 32 are the least" in answer.failures[0].reason
        assert "c2hvcnQ" not in answer.failures[0].reason
        good = struct({"rootSecret": hidden("AAAA" * 11), "version": "0.1.0"})
        assert not (await stub.CheckConfig(provider_pb2.CheckRequest(news=good))).failures
        configured = await stub.Configure(provider_pb2.ConfigureRequest(args=good))
        assert configured.acceptSecrets and configured.supportsPreview
        changed = await stub.DiffConfig(provider_pb2.DiffRequest(olds=good, news=struct({"rootSecret": "b" * 44})))
        assert changed.changes == provider_pb2.DiffResponse.DIFF_SOME and not changed.replaces

    play(scene)


def test_cancel_reaches_the_hosts(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        await stub.Cancel(Empty())

    assert play(scene).texts == [("", "cancel")]


def test_info_schema_and_refusals(play: Callable[[Scene], Heard]) -> None:
    async def scene(stub: Any) -> None:
        assert re.fullmatch(r"\d+\.\d+\.\d+", (await stub.GetPluginInfo(Empty())).version)
        schema = json.loads((await stub.GetSchema(provider_pb2.GetSchemaRequest())).schema)
        assert schema["name"] == "numerian"
        assert (await stub.Handshake(provider_pb2.ProviderHandshakeRequest())).accept_secrets
        with pytest.raises(grpc.aio.AioRpcError, match="has no functions"):
            await stub.Invoke(provider_pb2.InvokeRequest(tok="numerian:index:f"))

    play(scene)


def test_the_schema_knows_every_kind() -> None:
    assert RESOURCES.keys() == KINDS.keys()
