"""The plugin as the engine speaks to it, without any daemon: previews ask none, errors are one sentence."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from driver import Context
from google.protobuf import empty_pb2

from engine.docker_plugin import VERSION
from engine.docker_plugin.errors import HalfMadeError, UnreachableError
from engine.docker_plugin.kind import Found
from engine.docker_plugin.properties import UNKNOWN
from engine.docker_plugin.schema import CONTAINER_TYPE, IMAGE_TYPE, NETWORK_TYPE
from engine.docker_plugin.server import DockerProvider
from engine.docker_plugin.wire import to_plain, to_struct
from provider.proto import provider_pb2, provider_pb2_grpc, status_pb2

NOWHERE = "unix:///nowhere/docker.sock"


def urn(token: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::project::{token}::{name}"


def call(provider: DockerProvider, method: str, request: Any, ok: bool = True) -> tuple[Any, Context]:
    context = Context()
    response = getattr(provider, method)(request, context)
    assert (context.code is None) == ok, context.details
    assert "Traceback" not in context.details
    return response, context


@pytest.fixture
def provider() -> DockerProvider:
    """A provider whose daemon doesn't answer, told not to ask it."""
    provider = DockerProvider(environment={})
    args = to_struct({"host": NOWHERE, "disableDockerDaemonCheck": "true"})
    call(provider, "Configure", provider_pb2.ConfigureRequest(args=args))
    return provider


def checked(provider: DockerProvider, token: str, news: dict[str, Any], **more: Any) -> dict[str, Any]:
    request = provider_pb2.CheckRequest(urn=urn(token), news=to_struct(news), randomSeed=b"seed", **more)
    response, _ = call(provider, "Check", request)
    assert not response.failures
    return to_plain(response.inputs)


def test_check_diff_and_preview_ask_no_daemon(provider: DockerProvider) -> None:
    inputs = checked(provider, CONTAINER_TYPE, {"image": UNKNOWN, "ports": [{"internal": 80}]})
    made, _ = call(
        provider,
        "Create",
        provider_pb2.CreateRequest(urn=urn(CONTAINER_TYPE), properties=to_struct(inputs), preview=True),
    )
    outputs = to_plain(made.properties)
    assert outputs["image"] == UNKNOWN and outputs["networkDatas"] == UNKNOWN
    assert outputs["restart"] == "no"
    state = to_struct({**outputs, "image": "sha256:1"})
    diff = provider_pb2.DiffRequest(
        id="1", urn=urn(CONTAINER_TYPE), olds=state, old_inputs=to_struct(inputs), news=to_struct(inputs)
    )
    found, _ = call(provider, "Diff", diff)
    assert list(found.replaces) == ["image"]


def test_the_daemon_is_asked_at_configure_unless_told_not_to() -> None:
    request = provider_pb2.ConfigureRequest(args=to_struct({"host": NOWHERE}))
    _, context = call(DockerProvider(environment={}), "Configure", request, ok=False)
    assert context.details == (
        f"the Docker daemon of {NOWHERE} can't be reached: there is no such socket; is the daemon running?"
    )


@pytest.mark.parametrize("method", ["Create", "Read", "Update", "Delete"])
def test_an_unreachable_daemon_is_an_error_never_gone(provider: DockerProvider, method: str) -> None:
    request = getattr(provider_pb2, f"{method}Request")
    bag = to_struct({"name": "net", "ipamDriver": "default"})
    given = {
        "Create": {"properties": bag},
        "Read": {"properties": bag, "inputs": bag, "id": "1"},
        "Update": {"olds": bag, "news": bag, "id": "1"},
        "Delete": {"properties": bag, "id": "1"},
    }
    made = request(urn=urn(NETWORK_TYPE), **given[method])
    _, context = call(provider, method, made, ok=False)
    assert "can't be reached: there is no such socket" in context.details


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("bash: line 1: docker: command not found", True),
        ("sh: 1: docker: not found", True),
        ("permission denied while trying to connect to the Docker daemon socket", False),
        ("docker: command not found in the logs", False),
    ],
)
def test_on_a_server_that_was_installed_anew_all_is_gone(
    said: str, gone: bool, provider: DockerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any) -> None:
        raise UnreachableError("ssh://deploy@alixan", said)

    monkeypatch.setattr(provider._kinds[IMAGE_TYPE], "read", read)
    request = provider_pb2.ReadRequest(urn=urn(IMAGE_TYPE), id="sha256:0")
    response, _ = call(provider, "Read", request, ok=gone)
    assert response is None or not response.id


def test_types_and_functions_that_arent_served_are_named(provider: DockerProvider) -> None:
    token = "docker:index/service:Service"
    _, context = call(provider, "Check", provider_pb2.CheckRequest(urn=urn(token)), ok=False)
    assert f"the type {token} isn't served" in context.details
    request = provider_pb2.InvokeRequest(tok="docker:index/getNetwork:getNetwork")
    _, context = call(provider, "Invoke", request, ok=False)
    assert "the function docker:index/getNetwork:getNetwork isn't served" in context.details


def test_a_child_of_a_component_is_its_own_type(provider: DockerProvider) -> None:
    request = provider_pb2.CheckRequest(urn=urn(f"numerian:web:Site${NETWORK_TYPE}"), news=to_struct({}))
    response, _ = call(provider, "Check", request)
    assert not response.failures


def test_settings_that_arent_served_are_named() -> None:
    news = to_struct({"registryAuth": "[]", "host": NOWHERE, "version": "5.2.0"})
    response, _ = call(DockerProvider(environment={}), "CheckConfig", provider_pb2.CheckRequest(news=news))
    assert [failure.property for failure in response.failures] == ["registryAuth"]
    assert "docker login" in response.failures[0].reason


def test_a_moved_daemon_replaces_nothing() -> None:
    olds, news = to_struct({"host": "unix:///a"}), to_struct({"host": "unix:///b"})
    request = provider_pb2.DiffRequest(olds=olds, old_inputs=olds, news=news)
    response, _ = call(DockerProvider(environment={}), "DiffConfig", request)
    assert list(response.diffs) == ["host"] and not response.replaces


def test_a_resource_without_a_name_keeps_the_one_it_got(provider: DockerProvider) -> None:
    first = checked(provider, NETWORK_TYPE, {})
    assert first["name"].startswith("thing-") and len(first["name"]) == len("thing-") + 7
    assert "name" in first["__defaults"]
    assert checked(provider, NETWORK_TYPE, {})["name"] == first["name"], "the same seed, the same name"
    assert checked(provider, NETWORK_TYPE, {}, olds=to_struct({**first, "name": "kept"}))["name"] == "kept"
    assert "name" not in checked(provider, NETWORK_TYPE, {"name": "mine"})["__defaults"]


def test_the_engines_own_naming_is_followed(provider: DockerProvider) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    proposed = options(proposed_name="proposed", mode=options.ENFORCE)
    assert checked(provider, NETWORK_TYPE, {}, autonaming=proposed)["name"] == "proposed"
    request = provider_pb2.CheckRequest(
        urn=urn(NETWORK_TYPE), news=to_struct({}), autonaming=options(mode=options.DISABLE)
    )
    response, _ = call(provider, "Check", request)
    assert [failure.property for failure in response.failures] == ["name"]


@pytest.mark.parametrize(("defaults", "expected"), [([], True), (["name"], False)])
def test_a_fixed_name_is_freed_before_it_is_taken_again(
    provider: DockerProvider, defaults: list[str], expected: bool
) -> None:
    olds = to_struct({"name": "net", "driver": "bridge"})
    news = to_struct({"name": "net", "driver": "macvlan", "__defaults": defaults})
    request = provider_pb2.DiffRequest(id="1", urn=urn(NETWORK_TYPE), olds=olds, old_inputs=olds, news=news)
    response, _ = call(provider, "Diff", request)
    assert list(response.replaces) == ["driver"]
    assert response.deleteBeforeReplace is expected


def test_changes_that_a_program_ignores_are_ignored(provider: DockerProvider) -> None:
    olds, news = to_struct({"name": "net", "driver": "bridge"}), to_struct({"name": "net", "driver": "macvlan"})
    request = provider_pb2.DiffRequest(
        id="1", urn=urn(NETWORK_TYPE), olds=olds, old_inputs=olds, news=news, ignoreChanges=["driver"]
    )
    response, _ = call(provider, "Diff", request)
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_preview_says_that_a_builds_folder_is_missing(provider: DockerProvider, tmp_path: Path) -> None:
    inputs = checked(provider, IMAGE_TYPE, {"name": "a", "build": {"context": str(tmp_path / "none")}})
    request = provider_pb2.CreateRequest(urn=urn(IMAGE_TYPE), properties=to_struct(inputs), preview=True)
    _, context = call(provider, "Create", request, ok=False)
    assert "is no folder here" in context.details


def test_half_made_goes_into_the_state_with_its_reason(
    provider: DockerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(work: Any, inputs: Any) -> Found:
        raise HalfMadeError("it ended with exit code 1", "c0ffee", {"name": "front"})

    monkeypatch.setattr(provider._kinds[CONTAINER_TYPE], "create", fail)
    request = provider_pb2.CreateRequest(urn=urn(CONTAINER_TYPE), properties=to_struct({"name": "front"}))
    _, context = call(provider, "Create", request, ok=False)
    status = status_pb2.Status.FromString(dict(context.trailing)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("c0ffee", ["it ended with exit code 1"])
    assert to_plain(detail.properties) == {"name": "front", "__meta": '{"schema_version":"2"}'}


def test_an_unforeseen_error_is_a_sentence_too(provider: DockerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(work: Any, id: str, state: Any) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(provider._kinds[NETWORK_TYPE], "read", fail)
    _, context = call(provider, "Read", provider_pb2.ReadRequest(urn=urn(NETWORK_TYPE), id="1"), ok=False)
    assert context.details == (
        "the docker plugin met an error that it doesn't know (ZeroDivisionError: division by zero); please report it"
    )


def test_a_stopped_run_stops_waiting(provider: DockerProvider) -> None:
    call(provider, "Cancel", None)
    with pytest.raises(Exception, match="stopped on request"):
        provider._work(urn(NETWORK_TYPE)).pause(60)


def test_the_schema_tells_what_is_served(provider: DockerProvider) -> None:
    response, _ = call(provider, "GetSchema", provider_pb2.GetSchemaRequest())
    schema = json.loads(response.schema)
    assert schema["resources"][CONTAINER_TYPE]["inputProperties"]["image"]["willReplaceOnChanges"]
    assert "cluster" not in json.dumps(schema)


def test_every_method_of_the_protocol_answers(provider: DockerProvider) -> None:
    """gRPC's own answer to a forgotten method is a traceback."""
    streams = {"List"}
    methods = {name for name in vars(provider_pb2_grpc.ResourceProviderServicer) if name[0].isupper()}
    assert methods - streams <= set(vars(DockerProvider))
    for method, request in (("Call", "CallRequest"), ("Construct", "ConstructRequest")):
        _, context = call(provider, method, getattr(provider_pb2, request)(), ok=False)
        assert "isn't served by this docker plugin" in context.details


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """The plugin as the engine starts it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.docker_plugin", "127.0.0.1:1"], stdout=subprocess.PIPE, text=True
    )
    yield process
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - started < 4, "the engine waits five seconds for a plugin that it told to end"


def test_the_process_prints_its_port_and_answers(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        assert stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
        with pytest.raises(grpc.RpcError) as caught:
            stub.Configure(provider_pb2.ConfigureRequest(args=to_struct({"host": NOWHERE})))
    assert "there is no such socket" in caught.value.details()


def test_an_error_says_which_daemon() -> None:
    error = UnreachableError("ssh://deploy@privas", "no route to host")
    assert str(error) == "the Docker daemon of ssh://deploy@privas can't be reached: no route to host"


def test_a_preview_loads_neither_the_docker_sdk_nor_pulumis() -> None:
    """The plugin starts for every command, once for each server: each 0.2 s would be felt."""
    line = (
        "import sys, engine.docker_plugin.server; print({'docker', 'pulumi', 'paramiko', 'requests'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
