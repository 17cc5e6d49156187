"""The work as a pyinfra deploy: N virtual hosts and start pages, then validate and reload once."""

import json
import os
from pathlib import Path

from pyinfra.operations import files, server  # type: ignore[import-not-found]  # the peers' environment has it

work = Path(os.environ["WORK"])
changed = []
for member in json.loads((work / "members.json").read_text())["members"]:
    site = f"/srv/peers/sites/{member['code']}/www"
    conf = f"/srv/peers/config/current/sites/{member['code']}.conf"
    files.directory(site, mode="755")
    files.template(str(work / "page.j2"), f"{site}/index.html", item=member)
    changed.append(files.template(str(work / "vhost.j2"), conf, item=member))
server.shell("/usr/local/sbin/peers-reload", _if=lambda: any(operation.did_change() for operation in changed))
