"""The demonstration's inventory, with the tests' servers in the place of the lab's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from lab import Lab, demo

ROOT = Path(__file__).resolve().parents[2]


def write_inventory(lab: Lab, folder: Path, members: tuple[str, ...] = demo.TWELVE) -> None:
    """Write the inventory anew into `folder`, with the members of these codes (the lab's twelve by default)."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "inventory", folder)
    for file in (folder / "members").iterdir():
        if not file.name.startswith(members):
            file.unlink()
    file = folder / "datacenters.yaml"
    text = file.read_text(encoding="utf-8").replace("../.work/lab/", f"{lab.folder}/")
    for server in lab.layout.servers:
        number = server.loopback.rpartition(".")[2]
        text = text.replace(f"address: 127.0.1.{number}\n", f"address: {server.loopback}\n")
        text = re.sub(rf"198\.51\.100\.1{number}\b", server.address, text)
        text = text.replace(f"2001:db8:100::1{number}", server.address6)
    file.write_text(text, encoding="utf-8")
