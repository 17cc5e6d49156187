"""The front refuses a configuration, takes it and doesn't reload, or dies of it seconds later; visitors notice nothing.

Each time the error names the server and what the daemon said; a re-run converges and a further one changes nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from net_stack import ROOT, Run, Stack

pytestmark = pytest.mark.faults

CURRENT = "/srv/front/config/current"
LOG = "/var/log/front/error.log"


def up_with_template(net: Stack, folder: Path, old: str, new: str) -> Run:
    """Run `up` from a checkout whose template of a site somebody edited."""
    left_out = shutil.ignore_patterns(".git", ".venv", ".work", "__pycache__", "tests", "benchmarks", ".*_cache")
    shutil.copytree(ROOT, folder, ignore=left_out, dirs_exist_ok=True)
    (folder / ".work").symlink_to(ROOT / ".work")
    template = folder / "templates/front/srv/front/config/sites/site.conf.j2"
    text = template.read_text()
    assert old in text
    template.write_text(text.replace(old, new))
    environment = {**os.environ, "NUMERIAN_INVENTORY": str(net.inventory), "PYTHONPATH": str(folder)}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "numerian", "up", "--stack", net.name, "--yes"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    return Run(done.returncode, done.stdout, time.monotonic() - started)


def test_nginx_refuses_one_members_file(net: Stack, tmp_path: Path) -> None:
    """A template that is wrong for one member: that one fails by name, with nginx's words; the others go in."""
    with net.read() as reader:
        word = net.edit()
        wrong = '{% if code == "07319" %}no_such_directive on;\n    {% endif %}server_name {{ main_name }}'
        run = up_with_template(net, tmp_path / "checkout", "server_name {{ main_name }}", wrong)
        assert run.code != 0
        assert "privas: Files 07319-site: " in run.errors and "07186" not in run.run.errors.replace("sites/07186", "")
        assert 'unknown directive "no_such_directive"' in run.errors
        assert f"{word}-07186" in net.sh("privas", f"cat {CURRENT}/sites/07186.conf")
        assert f"{word}-07319" not in net.sh("privas", f"cat {CURRENT}/sites/07319.conf")
        assert net.serves("alixan", word)
        again = net.converges(word)
    net.tell("nginx", "refuses its configuration", "a template wrong for one member", reader, run, again)


def test_nginx_is_fine_with_it_and_does_not_reload(net: Stack) -> None:
    """The front may not open its log any more: its validator, in a container of its own, can't know."""
    with net.read() as reader:
        word = net.edit()
        before = net.sh("privas", f"readlink {CURRENT}")
        net.sh("privas", f"chown root:root {LOG} && chmod 600 {LOG}")
        try:
            run = net.up()
        finally:
            net.sh("privas", f"chown 601:601 {LOG} && chmod 644 {LOG}")
        assert run.code != 0
        assert "privas: " in run.errors and "alixan: " not in run.errors
        assert "its reload failed" in run.errors and f'open() "{LOG}" failed (13: Permission denied)' in run.errors
        assert net.sh("privas", f"readlink {CURRENT}") == before
        assert net.serves("alixan", word)
        again = net.converges(word)
    net.tell("nginx", "accepts it and doesn't reload", "its log isn't its own any more", reader, run, again)


DEADLY = f"""
good=$(readlink {CURRENT})
while [ "$(readlink {CURRENT})" = "$good" ]; do sleep 0.1; done
bad=$(readlink {CURRENT})
sleep 2
while [ "$(readlink {CURRENT})" = "$bad" ]; do
    pid=$(docker inspect --format '{{{{.State.Pid}}}}' front) && [ "$pid" -gt 0 ] && kill -9 "$pid"
    sleep 0.1
done
"""
"""nginx can't live with the new generation, and with no other one."""


def test_nginx_dies_seconds_after_it_took_it(net: Stack) -> None:
    """The server's own watch puts the old generation back, with nobody there any more; the next run says so."""
    word = net.edit()
    before = net.sh("privas", f"readlink {CURRENT}").strip()
    start = "cat > /run/deadly && systemd-run --quiet --collect --unit=deadly sh /run/deadly"
    assert net.lab.exec("privas", ["sh", "-c", start], stdin=DEADLY)[0] == 0
    net.up()
    deadline = time.monotonic() + 60
    while net.sh("privas", f"readlink {CURRENT}").strip() != before:
        assert time.monotonic() < deadline, "nobody put the old generation back"
        time.sleep(0.5)
    with net.reading() as reader:
        deadline = time.monotonic() + 60
        while reader.visits < 4 or reader.failures:
            assert time.monotonic() < deadline, reader.failures[-3:]
            reader.failures.clear()
            time.sleep(2)
    run = net.up()
    assert re.search(r"privas: .*front generation \d+ died \d s after its reload; generation \d+ is back", run.text), (
        run.text
    )
    assert "`numerian up --refresh` puts in again" in run.text
    assert net.up("--refresh").code == 0
    again = net.converges(word)
    net.tell("nginx", "dies seconds after the reload", "SIGKILL while the new one is current", reader, run, again)
