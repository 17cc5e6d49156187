"""A program with one file set for each line of `members.json`: `{"07186": {"host": …, "files": {…}}}`."""

import json
from pathlib import Path

import pulumi


class Files(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("tiny:index:Files", name, props)


members = json.loads((Path(__file__).parent / "members.json").read_text())
if isinstance(members, str):
    raise ValueError(members)
for code, member in members.items():
    secrets = {name: pulumi.Output.secret(value) for name, value in member.pop("secrets", {}).items()}
    Files(code, **member, secrets=secrets)
