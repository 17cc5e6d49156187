"""What the program declares, recorded by Pulumi's mocks: every assertion is on the list of resources."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from lab import demo
from numerian import images
from numerian.engine.events import kept_members

SECRET_MARK, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
ROOT = Path(__file__).resolve().parents[2]


class Recorder(Mocks):
    """Answers with the inputs, and keeps what was asked for."""

    def __init__(self) -> None:
        self.made: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made.append(args)
        extra = {"privateKey": "-----BEGIN PRIVATE KEY-----"} if args.typ.endswith("KeyPair") else {}
        extra |= {"value": "generated-one"} if args.typ.endswith("Password") else {}
        extra |= {"imageId": "sha256:0"} if args.typ.endswith("RemoteImage") else {}
        return f"{args.name}-id", {**args.inputs, **extra}

    def call(self, args: MockCallArgs) -> dict[Any, Any]:
        return {}

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The inputs of all resources of a kind, by name."""
        return {made.name: made.inputs for made in self.made if made.typ.split(":")[-1] == kind}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Recorder]:
    """Mocks, in a folder that looks like the checkout, so that the program's files of connection go there."""
    for name in ("inventory", "images", "templates"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NUMERIAN_INVENTORY", raising=False)
    monkeypatch.setenv("NUMERIAN_MEMBERS", demo.SELECTIONS["twelve"])
    asyncio.set_event_loop(asyncio.new_event_loop())
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="numerian", stack="unit", preview=False)
    yield recorder


def run_program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def finished(recorder: Recorder) -> None:
    """Run the program to its last resource. Without `pulumi.runtime.test` nothing would be declared, nor fail."""

    @pulumi.runtime.test
    def program() -> None:
        run_program()

    program()
    assert recorder.made


def test_the_twelve_communes_and_their_two_servers(recorder: Recorder) -> None:
    finished(recorder)
    assert set(recorder.of("DatacenterServer")) == {"privas", "alixan"}
    assert len(recorder.of("Commune")) == 12
    assert set(recorder.of("Commune")) >= {"07186", "07151", "42141", "26243"}


def test_a_member_costs_two_resources(recorder: Recorder) -> None:
    finished(recorder)
    mine = [made.name for made in recorder.made if made.name.startswith("07186")]
    assert sorted(mine) == ["07186", "07186-site"]


def test_the_guard_knows_every_member_and_comes_first(recorder: Recorder) -> None:
    finished(recorder)
    members = kept_members(recorder.of("Guard")["guard"])
    assert len(members) == 12
    assert members["07186"]["host"] == "privas" and members["07186"]["kinds"] == ["site"]
    assert members["07186"]["site"]["webmasters"] == ["communication", "accueil"]
    assert "ssh-ed25519" not in str(members)
    left_out = recorder.of("Guard")["guard"]["leftOut"]
    assert not {"07186", "26166"} & set(left_out)
    assert {*members, *left_out} == {file.name.partition("-")[0] for file in (ROOT / "inventory/members").iterdir()}
    # Components only group: nothing is done for them.
    assert next(made for made in recorder.made if made.custom).name == "guard"


def test_who_only_the_environment_leaves_out_is_not_left_out_on_purpose(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERIAN_MEMBERS", "07186")
    finished(recorder)
    guard = recorder.of("Guard")["guard"]
    assert guard["settled"] is False and list(guard["members"]) == ["07186"] and "07330" in guard["leftOut"]


def test_what_the_guard_lets_pass_is_among_its_inputs(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "inventory").unlink()
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    entry = {"rule": "vanished", "what": "07330", "until": "2099-12-31", "why": "tried"}
    line = ", ".join(f"{key}: {value}" for key, value in entry.items())
    (tmp_path / "inventory/allow.yaml").write_text(f"allow:\n  - {{{line}}}\n", encoding="utf-8")
    finished(recorder)
    assert recorder.of("Guard")["guard"]["allow"] == [entry]


def test_nothing_of_a_server_is_declared_before_what_it_needs(recorder: Recorder) -> None:
    finished(recorder)
    order = [made.name for made in recorder.made]
    chain = ["guard", "privas-host", "privas-front-image", "privas-front-service", "privas-front", "07186-site"]
    places = [order.index(name) for name in chain[:-1]]
    assert places == sorted(places)
    files = next(i for i, made in enumerate(recorder.made) if made.typ.endswith("Files") and made.name == "07186-site")
    assert files > order.index("privas-front")


def test_a_site_is_a_virtual_host_a_folder_and_first_pages(recorder: Recorder) -> None:
    finished(recorder)
    site = recorder.of("Files")["07319-site"]
    assert (site["host"], site["service"]) == ("privas", "front")
    assert set(site["files"]) == {"sites/07319.conf", "certificates/07319"}
    uid = str(200_000 + int("07319", 36))
    assert site["folders"]["/srv/sites/07319"] == {"mode": "0755", "owner": "root", "group": "root"}
    assert site["folders"]["/srv/sites/07319/www"]["owner"] == uid
    assert site["seeds"]["/srv/sites/07319/www/index.html"]["owner"] == uid
    assert "Mairie du Teil" in site["seeds"]["/srv/sites/07319/www/index.html"]["content"]


def test_each_member_is_on_the_server_of_its_datacenter(recorder: Recorder) -> None:
    finished(recorder)
    hosts = {name: inputs["host"] for name, inputs in recorder.of("Files").items()}
    assert {host for name, host in hosts.items() if name.startswith(("26", "42"))} == {"alixan"}
    assert {host for name, host in hosts.items() if name.startswith("07")} == {"privas"}


def test_the_front_runs_with_nothing_that_it_does_not_need(recorder: Recorder) -> None:
    finished(recorder)
    container = recorder.of("Container")["privas-front-container"]
    assert container["readOnly"] is True
    assert container["capabilities"] == {"drops": ["ALL"]}
    assert container["securityOpts"] == ["no-new-privileges"]
    assert container["user"] == "601:601"
    assert {volume["hostPath"] for volume in container["volumes"] if not volume["readOnly"]} == {"/var/log/front"}
    assert "privileged" not in container


def test_the_front_is_published_on_ipv4_and_ipv6(recorder: Recorder) -> None:
    finished(recorder)
    ports = recorder.of("Container")["alixan-front-container"]["ports"]
    assert {(port["external"], port["ip"]) for port in ports} == {
        (external, address) for external in (80, 443) for address in ("0.0.0.0", "::")
    }


def test_new_connections_are_held_back_just_before_a_front_is_replaced(recorder: Recorder) -> None:
    """Two containers can't have the ports: whatever makes the container another one is in a file that comes before."""
    finished(recorder)
    roll = recorder.of("Files")["privas-front-roll"]
    assert roll["run"] == [["/usr/local/sbin/numerian-front", "roll"]]
    (file,) = roll["files"].values()
    assert re.fullmatch(r"image \S+\nsettings [0-9a-f]{16}\n", file["content"])
    order = [made.name for made in recorder.made]
    assert order.index("privas-front") < order.index("privas-front-roll") < order.index("privas-front-container")
    container = recorder.of("Container")["privas-front-container"]
    assert (container["stopSignal"], container["destroyGraceSeconds"]) == ("SIGCONT", 10)


def test_a_php_site_has_a_container_that_can_do_little_and_reaches_nothing(recorder: Recorder) -> None:
    finished(recorder)
    container = recorder.of("Container")["07334-php-privas"]
    uid = 200_000 + int("07334", 36)
    assert (container["name"], container["user"]) == ("php-07334", f"{uid}:{uid}")
    assert (container["networkMode"], container["readOnly"]) == ("none", True)
    assert container["capabilities"] == {"drops": ["ALL"]}
    assert container["securityOpts"] == ["no-new-privileges"]
    assert container["memory"] == container["memorySwap"] == 512
    assert {"name": "nproc", "soft": 24, "hard": 24} in container["ulimits"]
    assert {volume["hostPath"] for volume in container["volumes"]} == {
        "/srv/sites/07334/www",
        "/srv/sites/07334/php/socket",
        "/srv/sites/07334/php/sessions",
    }


def test_a_site_moves_with_its_files_its_certificate_and_its_visitors(recorder: Recorder) -> None:
    finished(recorder)
    moving = json.loads(recorder.of("Files")["07186-site"]["moving"])
    assert moving["content"] == ["/srv/sites/07186/www"] and list(moving["passage"]) == ["passages/07186.conf"]
    assert "set $elsewhere privas;" in moving["passage"]["passages/07186.conf"]["content"]
    assert moving["give"][-2:] == ["give", "07186"] and "--reuid=acme" in moving["give"]


def test_visitors_of_a_php_site_move_when_its_container_is_there(recorder: Recorder) -> None:
    finished(recorder)
    assert "passage" not in json.loads(recorder.of("Files")["07334-site"]["moving"])
    moving = json.loads(recorder.of("Files")["07334-switch"]["moving"])
    assert moving["content"] == ["/srv/sites/07334/www", "/srv/sites/07334/php/sessions"]
    assert list(moving["passage"]) == ["passages/07334.conf"]
    order = [made.name for made in recorder.made]
    assert order.index("07334-site") < order.index("07334-php-privas") < order.index("07334-switch")


def test_only_a_server_with_php_sites_has_their_image_and_their_containers_follow_one_another(
    recorder: Recorder,
) -> None:
    finished(recorder)
    assert {name for name in recorder.of("RemoteImage") if "php" in name} == {"privas-php-image"}
    assert [made.name for made in recorder.made if "-php-" in made.name and made.name[0] == "0"] == [
        "07330-php-privas",
        "07334-php-privas",
    ]


def test_an_image_is_built_from_the_list_of_its_date_and_a_new_list_of_another_changes_nothing(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = {("php", date(2026, 7, 1)): "apt 3.0.3", ("front", date(2026, 7, 2)): "apt 3.0.4"}
    monkeypatch.setattr(images, "packages", lambda service, day: lists.get((service, day), ""))
    finished(recorder)
    php, front = (recorder.of("RemoteImage")[f"privas-{service}-image"] for service in ("php", "front"))
    assert php["build"]["buildArgs"] == {"DATE": "2026-07-01", "PACKAGES": "apt 3.0.3"}
    assert front["build"]["buildArgs"] == {"DATE": "2026-07-01"}
    kept = recorder.of("Files")["privas-php-images"]
    assert kept["files"]["/etc/numerian/images/php"]["content"] == "2026-07-01\n"


def test_the_image_judges_a_generation_without_network(recorder: Recorder) -> None:
    finished(recorder)
    validate = recorder.of("Service")["privas-front-service"]["validate"]
    assert validate[:2] == ["docker", "run"]
    assert validate[validate.index("--network") + 1] == "none"
    assert recorder.of("RemoteImage")["privas-front-image"]["name"] in validate


def test_the_key_of_the_account_is_never_in_a_content(recorder: Recorder) -> None:
    finished(recorder)
    base = recorder.of("Files")["privas-front"]
    assert base["files"]["/etc/numerian/acme-account.pem"]["content"] == "${secret:account}"
    assert all("BEGIN" not in file["content"] for path, file in base["files"].items() if "/sbin/" not in path)
    # A Pulumi secret from the moment it exists: the engine gets it in a secret's envelope.
    assert base["secrets"][SECRET_MARK] == SECRET and set(base["secrets"]["value"]) == {"account"}


def test_docker_is_not_asked_at_configure(recorder: Recorder) -> None:
    """A preview works while a server is down."""
    finished(recorder)
    providers = {made.name: made.inputs for made in recorder.made if made.typ == "pulumi:providers:docker"}
    assert set(providers) == {"privas-docker", "alixan-docker"}
    for inputs in providers.values():
        assert str(inputs["disableDockerDaemonCheck"]).lower() == "true"


def test_no_address_is_in_any_resource(recorder: Recorder) -> None:
    """A server that moves is no difference; only what a name must point to stands in a file."""
    finished(recorder)
    for made in recorder.made:
        assert "127.0.1." not in repr(made.inputs), made.name


def test_a_member_that_left_is_served_no_more_but_still_guarded(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "inventory").unlink()
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    file = tmp_path / "inventory" / "members" / "07186-privas.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("plan:", "status: leaving\nleaving_on: 2026-01-01\nplan:", 1), encoding="utf-8")
    finished(recorder)
    assert "07186" not in recorder.of("Commune") and len(recorder.of("Commune")) == 11
    assert kept_members(recorder.of("Guard")["guard"])["07186"]["status"] == "leaving"


def test_a_selection_that_names_nobody_is_told_without_a_traceback(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERIAN_MEMBERS", "07999")
    with pytest.raises(pulumi.RunError, match='no member has the code "07999"'):
        run_program()


def test_what_is_wrong_with_the_inventory_is_told_without_a_traceback(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "inventory").unlink()
    (tmp_path / "inventory").mkdir()
    with pytest.raises(pulumi.RunError) as caught:
        run_program()
    assert caught.value.__suppress_context__
    assert "Traceback" not in str(caught.value)


def test_webmasters_of_a_server_share_one_service_that_can_do_little(recorder: Recorder) -> None:
    finished(recorder)
    container = recorder.of("Container")["privas-sftp-container"]
    assert container["readOnly"] is True and container["securityOpts"] == ["no-new-privileges"]
    assert container["capabilities"]["drops"] == ["ALL"]
    assert container["capabilities"]["adds"] == ["CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"]
    writable = {volume["hostPath"] for volume in container["volumes"] if not volume["readOnly"]}
    assert writable == {"/srv/sites", "/var/log/sftp"}
    assert [(port["external"], port["ip"]) for port in container["ports"]] == [(2022, "0.0.0.0"), (2022, "::")]


def test_passwords_leave_the_program_as_hashes_only(recorder: Recorder) -> None:
    finished(recorder)
    passwords = recorder.of("Password")
    assert {"accueil-07186-password", "mairie-26114-password"} <= set(passwords)
    accounts = recorder.of("Files")["privas-uploads"]
    assert accounts["secrets"][SECRET_MARK] == SECRET
    assert accounts["secrets"]["value"]["accueil-07186"].startswith("$6$")
    assert "generated-one" not in str(accounts)


def test_accounts_come_after_the_folders_that_they_are_shut_into(recorder: Recorder) -> None:
    finished(recorder)
    order = [made.name for made in recorder.made]
    for site in ("07186-site", "07330-switch"):
        assert order.index(site) < order.index("privas-watch") < order.index("privas-uploads")


def test_where_nobody_uploads_and_no_php_runs_there_is_neither_service_nor_watch(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inventory").unlink()
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    for file in (tmp_path / "inventory" / "members").iterdir():
        if not file.name.startswith(("07319", "42141")):
            file.unlink()
    monkeypatch.setenv("NUMERIAN_MEMBERS", "all")
    finished(recorder)
    assert not [made.name for made in recorder.made if "sftp" in made.name or "watch" in made.name]
