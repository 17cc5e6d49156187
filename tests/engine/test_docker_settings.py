"""Which daemon a provider's settings mean; no daemon is asked for it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from engine.docker_plugin.errors import SettingsError
from engine.docker_plugin.properties import UNKNOWN
from engine.docker_plugin.settings import Endpoint, Settings, parse


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A DOCKER_CONFIG with a context, as Docker's command writes it."""
    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"privas").hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": "privas", "Metadata": {}, "Endpoints": {"docker": {"Host": "ssh://deploy@privas"}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    return tmp_path


def test_the_official_order_context_host_environment_local_socket(config: Path) -> None:
    env = {"DOCKER_CONFIG": str(config), "DOCKER_HOST": "unix:///from/environment.sock"}
    assert Settings(context="privas", host="unix:///a").endpoint(env).url == "ssh://deploy@privas"
    assert Settings(host="unix:///a").endpoint({**env, "DOCKER_CONTEXT": "privas"}).url == "ssh://deploy@privas"
    assert Settings(host="unix:///a").endpoint(env).url == "unix:///a"
    assert Settings().endpoint(env).url == "unix:///from/environment.sock"
    assert Settings().endpoint({}).url == "unix:///var/run/docker.sock"
    assert Settings(context="default").endpoint({}).url == "unix:///var/run/docker.sock"


def test_nested_settings_arrive_as_text() -> None:
    parsed = parse({"sshOpts": '["-o", "BatchMode=yes"]', "disableDockerDaemonCheck": "true", "host": "ssh://a"})
    assert parsed == Settings(host="ssh://a", ssh_opts=("-o", "BatchMode=yes"), check_daemon=False)
    assert parse({}).check_daemon


def test_ssh_opts_may_come_from_the_environment() -> None:
    env = {"DOCKER_SSH_OPTS": "-o BatchMode=yes"}
    assert Settings(host="ssh://a").endpoint(env) == Endpoint("ssh://a", ("-o", "BatchMode=yes"))


def test_a_host_that_only_the_apply_will_know_is_waited_for() -> None:
    assert not parse({"host": UNKNOWN}).known


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(context="alixan"), "no Docker context 'alixan'"),
        (Settings(host="npipe:////./pipe/docker"), "is of no kind that is served here"),
    ],
)
def test_what_cant_be_used_is_said_in_a_sentence(settings: Settings, words: str, config: Path) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        settings.endpoint({"DOCKER_CONFIG": str(config)})
    assert "\n" not in str(caught.value)


def test_an_unknown_context_names_those_that_there_are(config: Path) -> None:
    with pytest.raises(SettingsError, match="there are: privas"):
        Settings(context="x").endpoint({"DOCKER_CONFIG": str(config)})
