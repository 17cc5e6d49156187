"""No script of ours signals a container through Docker, which would never start it again by itself."""

from __future__ import annotations

import re

from numerian.rendering import TEMPLATES


def test_no_script_signals_a_container_that_goes_on_through_docker() -> None:
    """`docker kill --signal HUP` marks it as stopped by hand: `unless-stopped` leaves it down after a restart."""
    scripts = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    found = [path.name for path in scripts if re.search(r"docker kill --signal (HUP|USR\d)", path.read_text("utf-8"))]
    assert (len(scripts) > 20, found) == (True, [])
