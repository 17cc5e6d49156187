"""With the real engine: values survive a lost state, nothing secret is ever in plain, a member can't vanish."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.install import ensure

ROOT = Path(__file__).parents[2]

PROJECT = f"""\
name: trial
runtime:
  name: python
  options:
    virtualenv: {ROOT / ".venv"}
plugins:
  providers:
    - name: numerian
      path: {ROOT / "provider"}
"""

PROGRAM = """\
import json
from pathlib import Path

import pulumi

from provider.resources import Guard, KeyPair, Password

wanted = json.loads(Path("wanted.json").read_text())
Guard("members", members=wanted["members"])
password = Password("mail", version=wanted["version"])
long = Password("long", length=40)
ed = KeyPair("ed")
ec = KeyPair("ec", algorithm="ecdsa-p256")
for name in wanted.get("names", []):
    Password(name, length=4)
pulumi.export("password", password.value)
pulumi.export("long", long.value)
pulumi.export("ed", ed.private_key)
pulumi.export("ec", ec.private_key)
pulumi.export("public", pulumi.Output.all(ed.public_key, ec.public_key))
"""


def member(status: str = "active") -> dict[str, Any]:
    site = {"domain": "privas.test", "to": None} if status == "leaving" else None
    return {"host": "privas", "kinds": ["site"], "status": status, "leaving_on": None, "site": site, "merged": []}


BOTH = {"07186": member(), "07151": member()}


@dataclass
class Project:
    folder: Path
    environment: Mapping[str, str]
    root_secret: str

    def pulumi(self, *words: str, fails: bool = False) -> str:
        """Run the engine; return all that it says."""
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def want(self, members: Mapping[str, Any] = BOTH, version: int = 1, **more: Any) -> None:
        wanted = {"members": members, "version": version, **more}
        (self.folder / "wanted.json").write_text(json.dumps(wanted))

    def up(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview")

    def start(self) -> None:
        """Begin with an empty state, as after a loss; the stack's own settings file is what is left."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        (self.folder / "state").mkdir()
        self.pulumi("stack", "init", "lab")
        self.pulumi("config", "set", "--secret", "numerian:rootSecret", self.root_secret)

    def outputs(self) -> dict[str, Any]:
        outputs: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets"))
        return outputs

    def secrets(self) -> list[str]:
        """Every text that may appear nowhere in plain: passwords, the keys' lines, the root secret."""
        outputs = self.outputs()
        lines = [line for name in ("ed", "ec") for line in outputs[name].splitlines() if "-----" not in line]
        return [outputs["password"], outputs["long"], self.root_secret, *lines]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("trial")
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text(PROGRAM)
    environment = {
        **os.environ,
        "PATH": f"{ROOT / '.venv' / 'bin'}:{ensure(ROOT, print)}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "trial",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    project = Project(folder, environment, base64.b64encode(os.urandom(32)).decode())
    project.want()
    project.start()
    project.up()
    return project


def test_a_second_up_changes_nothing(project: Project) -> None:
    project.want()
    project.pulumi("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes")


def test_a_lost_state_loses_no_value(project: Project) -> None:
    project.want()
    before = project.outputs()
    project.start()
    project.up()
    assert project.outputs() == before
    assert len(before["long"]) == 40


def test_another_version_is_another_value_and_nothing_secret_is_in_plain(project: Project) -> None:
    project.want(version=2)
    before, secrets = project.outputs(), project.secrets()
    said = project.pulumi("preview", "--diff")
    assert "version: 1 => 2" in said
    said += project.pulumi("preview", "--json")
    said += project.pulumi("up", "--yes", "--diff", "--debug")
    after = project.outputs()
    assert after["password"] != before["password"]
    assert after["long"] == before["long"]
    kept = "".join(path.read_text(errors="replace") for path in project.folder.rglob("*") if path.is_file())
    for secret in {*secrets, *project.secrets()}:
        assert secret not in said
        assert secret not in kept
    project.want()
    project.up()
    assert project.outputs() == before


def test_a_member_that_vanished_stops_preview_and_up(project: Project) -> None:
    project.want({"07151": member()})
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        said = project.pulumi(*command, fails=True)
        assert 'members["07186"]' in said
        assert "file of 07186 (site on privas) vanished; set `status: leaving` first" in said
        assert "- {rule: vanished, what: 07186, until: 20" in said
        assert "Traceback" not in said
    project.want({"07151": member(), "07186": member("leaving")})
    project.up()
    project.want({"07151": member()})
    project.up()
    project.want()
    project.up()


def test_a_nonsense_input_is_said_by_its_property(project: Project) -> None:
    project.want(names=["short"])
    said = project.pulumi("preview", fails=True)
    assert "4 isn't a whole number from 12 to 128" in said
    assert "length" in said and "Traceback" not in said
    project.want()


def test_a_root_secret_that_is_too_short_is_said(project: Project) -> None:
    project.want()
    project.pulumi("config", "set", "--secret", "numerian:rootSecret", "c2hvcnQ=")
    said = project.pulumi("preview", fails=True)
    project.pulumi("config", "set", "--secret", "numerian:rootSecret", project.root_secret)
    assert "numerian:rootSecret holds 5 bytes, 32 are the least" in said
    assert "c2hvcnQ" not in said


def test_a_password_can_be_imported(project: Project) -> None:
    project.want()
    said = project.pulumi(
        "import",
        "numerian:index:Password",
        "mail2",
        "mail2",
        "--yes",
        "--skip-preview",
        "--protect=false",
        "--generate-code=false",
    )
    assert "import" in said
    project.up()
