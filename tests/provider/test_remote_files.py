"""`Files` and `Service` on real shells: BusyBox alone in a chroot, and Debian in a container."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from remote_hosts import Bench, Shell, busybox_host, debian_host, run

from lab import Lab, images
from provider.errors import ChangedSinceError, CommandError, ForeignError, ProviderError, RefusedError, ResourceError

ROOT = "/srv/front/config"
ANN = {"owner": "1007", "group": "1007"}


@pytest.fixture(scope="session")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    if os.getuid() != 0:
        pytest.skip("a chroot needs root")
    folder = tmp_path_factory.mktemp("busybox")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    with busybox_host(folder / "root") as shell:
        yield shell


@pytest.fixture(scope="session")
def debian(lab: Lab) -> Iterator[Shell]:
    with debian_host(images.tag("server")) as shell:
        yield shell


@pytest.fixture(params=["busybox", "debian"])
def bench(request: pytest.FixtureRequest) -> Bench:
    shell: Shell = request.getfixturevalue(request.param)
    shell.sh("rm -rf /var/lib/numerian /srv/* /etc/nt /tmp/* /tmp/.[a-z]*")
    shell.calls.clear()
    return Bench(shell)


async def service(bench: Bench, **props: Any) -> Any:
    """A service whose validator refuses the word BAD, whose reload is counted, and that runs."""
    given = {
        "name": "front",
        "root": ROOT,
        "validate": ["sh", "-c", '! grep -rn BAD "$1"', "sh", "{generation}"],
        "reload": ["sh", "-c", "echo reloaded >>/tmp/reloads"],
        "running": ["true"],
        "watchSeconds": 0,
        **props,
    }
    return await bench.create("front-service", kind=bench.service, **given)


def site(code: str, text: str = "good") -> dict[str, Any]:
    return {
        "service": "front",
        "files": {f"sites/{code}.conf": {"content": f"server {code}: {text}\n"}},
        "folders": {f"/srv/sites/{code}": {}, f"/srv/sites/{code}/www": {**ANN, "mode": "0750"}},
        "seeds": {f"/srv/sites/{code}/www/index.html": {"content": f"<h1>{code}</h1>", **ANN}},
    }


def reloads(bench: Bench) -> int:
    return len(bench.shell.sh("cat /tmp/reloads 2>/dev/null || true").splitlines())


def current(bench: Bench, path: str) -> str:
    return bench.shell.sh(f"cat {ROOT}/current/{path}")


def leftovers(bench: Bench) -> str:
    return bench.shell.sh(
        "find /srv /etc /tmp -name '.numerian-*'; cd /var/lib/numerian; ls incoming journal | grep '^[0-9]';"
        f"ls {ROOT}/generations | grep new; ls -d /var/lib/numerian/lock* 2>/dev/null; true"
    )


def test_a_whole_life(bench: Bench) -> None:
    async def life() -> None:
        await service(bench)
        state = await bench.create("07186", **site("07186"))
        assert current(bench, "sites/07186.conf") == "server 07186: good\n"
        look = "stat -c '%a %u %g' /srv/sites/07186 /srv/sites/07186/www /srv/sites/07186/www/index.html"
        assert bench.shell.sh(look).split("\n")[:3] == ["755 0 0", "750 1007 1007", "644 1007 1007"]
        assert (await bench.read("07186", state)) == state
        state = await bench.update("07186", state, **site("07186", "better"))
        assert current(bench, "sites/07186.conf") == "server 07186: better\n"
        assert reloads(bench) == 2
        await bench.delete("07186", state)
        assert bench.shell.sh(f"find {ROOT}/current/ -type f; ls /srv/sites") == ""
        kept = bench.shell.sh("find /var/lib/numerian/archive -name index.html")
        assert kept.strip().endswith("-07186/srv/sites/07186/www/index.html")
        assert await bench.read("07186", state) is None
        assert leftovers(bench) == ""

    run(life())


def test_each_write_is_one_read_and_one_apply(bench: Bench) -> None:
    async def many() -> None:
        await service(bench)
        bench.shell.calls.clear()
        await asyncio.gather(*(bench.create(f"{n:05d}", **site(f"{n:05d}")) for n in range(60)))
        assert len(bench.shell.calls) == 2
        assert reloads(bench) == 1
        assert [line.split(" ", 1)[1] for line in bench.batches()][1:] == ["write resources=60 files=120 reloads=1"]
        bench.shell.calls.clear()

    run(many())


def test_a_second_create_adopts_and_writes_nothing(bench: Bench) -> None:
    async def twice() -> None:
        await service(bench)
        await bench.create("07186", **site("07186"))
        before = bench.shell.sh(
            f"ls -lid {ROOT}/generations/* /srv/sites/07186/www/*; wc -l /var/lib/numerian/batches.log"
        )
        await service(bench)
        await bench.create("07186", **site("07186"))
        after = bench.shell.sh(
            f"ls -lid {ROOT}/generations/* /srv/sites/07186/www/*; wc -l /var/lib/numerian/batches.log"
        )
        assert before == after

    run(twice())


def test_a_lost_state_loses_no_change_of_the_declaration(bench: Bench) -> None:
    """A create after a lost state updates what is ours and takes away what isn't declared any more."""

    async def lost() -> None:
        await service(bench)
        props = site("07186")
        props["files"]["sites/old.conf"] = {"content": "old"}
        props["files"]["/etc/nt/old.conf"] = {"content": "old"}
        await bench.create("07186", **props)
        await bench.create("07186", **site("07186", "new"))
        assert current(bench, "sites/07186.conf") == "server 07186: new\n"
        assert bench.shell.sh(f"ls {ROOT}/current/sites /etc/nt").split() == [
            f"{ROOT}/current/sites:",
            "07186.conf",
            "/etc/nt:",
        ] or ("old.conf" not in bench.shell.sh(f"ls {ROOT}/current/sites /etc/nt"))

    run(lost())


def test_drift_is_found_by_path_and_field_and_put_back(bench: Bench) -> None:
    async def drift() -> None:
        await service(bench)
        props = site("07186")
        props["files"] |= {"a": {"content": "a ${secret:p}"}, "b": {"content": "b"}, "/etc/nt/c": {"content": "c"}}
        props["secrets"] = {"p": "geheim-42"}
        state = await bench.create("07186", **props)
        bench.shell.sh(f"cd {ROOT}/current && echo 'x geheim-42' >a && rm b && chmod 600 sites/07186.conf")
        bench.shell.sh("chown 1007 /etc/nt/c; chmod 700 /srv/sites/07186; echo mine >/srv/sites/07186/www/index.html")
        found = await bench.read("07186", state)
        assert found is not None
        assert found.outputs["files"]["a"]["content"] == "x ${secret:p}\n"
        assert await bench.diff("07186", found, **props) == {
            'files["a"].content': "update",
            'files["b"]': "add",
            'files["sites/07186.conf"].mode': "update",
            'files["/etc/nt/c"].owner': "update",
            'folders["/srv/sites/07186"].mode': "update",
        }
        again = await bench.update("07186", found, **props)
        assert await bench.read("07186", again) == state
        assert bench.shell.sh("cat /srv/sites/07186/www/index.html") == "mine\n"

    run(drift())


def test_large_and_binary_drift_is_told_by_its_hash(bench: Bench) -> None:
    async def drift() -> None:
        state = await bench.create("x", files={"/etc/nt/a": {"content": "a"}, "/etc/nt/b": {"content": "b"}})
        bench.shell.sh("printf '\\377\\376' >/etc/nt/a; yes | head -c 1100000 >/etc/nt/b")
        found = await bench.read("x", state)
        assert found is not None
        assert found.outputs["files"]["/etc/nt/a"]["content"].startswith("(2 bytes, sha256 ")
        assert found.outputs["files"]["/etc/nt/b"]["content"].startswith("(1100000 bytes, sha256 ")

    run(drift())


def test_what_changed_since_the_read_is_not_overwritten(bench: Bench) -> None:
    async def changed() -> None:
        props = {"files": {"/etc/nt/a": {"content": "one"}}}
        state = await bench.create("x", **props)
        bench.shell.sh("echo hand >/etc/nt/a")
        with pytest.raises(ChangedSinceError, match=r"/etc/nt/a on .* changed on the server"):
            await bench.update("x", state, files={"/etc/nt/a": {"content": "two"}})
        assert bench.shell.sh("cat /etc/nt/a") == "hand\n"

    run(changed())


def test_a_file_of_somebody_else_is_refused_until_adopted(bench: Bench) -> None:
    async def foreign() -> None:
        bench.shell.sh("mkdir /etc/nt; echo theirs >/etc/nt/a")
        with pytest.raises(ForeignError, match=r"/etc/nt/a on .* belongs to nobody .* `adopt=True`"):
            await bench.create("x", files={"/etc/nt/a": {"content": "mine"}})
        await bench.create("other", stack="prod", files={"/etc/nt/b": {"content": "theirs"}})
        with pytest.raises(ForeignError, match="belongs to `other` of numerian/prod"):
            await bench.create("x", files={"/etc/nt/b": {"content": "mine"}})
        await bench.create("x", files={"/etc/nt/a": {"content": "mine"}, "/etc/nt/b": {"content": "mine"}}, adopt=True)
        assert bench.shell.sh("cat /etc/nt/a /etc/nt/b") == "minemine"

    run(foreign())


def test_two_resources_of_one_batch_cannot_have_one_file(bench: Bench) -> None:
    async def clash() -> None:
        one, two = await asyncio.gather(
            bench.create("one", files={"/etc/nt/a": {"content": "1"}}),
            bench.create("two", files={"/etc/nt/a": {"content": "2"}}),
            return_exceptions=True,
        )
        assert not isinstance(one, Exception)
        assert isinstance(two, ForeignError)
        assert bench.shell.sh("cat /etc/nt/a") == "1"

    run(clash())


@pytest.mark.parametrize("names_files", [True, False])
def test_one_bad_file_among_fifty_fails_alone(bench: Bench, names_files: bool) -> None:
    quiet = ["sh", "-c", 'grep -rq BAD "$1" && echo "syntax error" && exit 1; exit 0', "sh", "{generation}"]

    async def fifty() -> None:
        await service(bench, **({} if names_files else {"validate": quiet}))
        await bench.create("base", service="front", files={"main.conf": {"content": "x"}})
        bench.shell.calls.clear()
        codes = [f"{n:05d}" for n in range(50)]
        results = await asyncio.gather(
            *(bench.create(code, **site(code, "BAD" if code == "00033" else "good")) for code in codes),
            return_exceptions=True,
        )
        failed = [result for result in results if isinstance(result, BaseException)]
        assert len(failed) == 1
        assert isinstance(results[33], RefusedError)
        assert "`00033`" in str(results[33])
        assert ("sites/00033.conf" if names_files else "syntax error") in str(results[33])
        files = bench.shell.sh(f"ls {ROOT}/current/sites").split()
        assert len(files) == 49
        assert "00033.conf" not in files
        assert bench.shell.sh("grep -rl BAD /srv || true") == ""
        assert reloads(bench) == 2
        assert len(bench.shell.calls) <= (4 if names_files else 30)

    run(fifty())


def test_a_validator_that_is_killed_has_refused_nothing(bench: Bench) -> None:
    """As one that runs out of memory: the files aren't at fault, and nothing is tried one by one."""

    async def killed() -> None:
        await service(bench, validate=["sh", "-c", "kill -9 $$"])
        with pytest.raises(CommandError, match="the validator was killed: out of memory") as caught:
            await bench.create("base", service="front", files={"main.conf": {"content": "x"}})
        assert "refuses" not in str(caught.value)

    run(killed())


def test_a_generation_that_is_refused_as_it_is_is_said_so(bench: Bench) -> None:
    async def broken() -> None:
        await service(bench)
        await bench.create("one", **site("00001"))
        bench.shell.sh(f"echo BAD >{ROOT}/current/by-hand.conf")
        with pytest.raises(RefusedError, match=r"there already is refused as it is.*by-hand.conf"):
            await bench.create("two", **site("00002"))

    run(broken())


def test_a_reload_that_fails_puts_the_old_generation_back(bench: Bench) -> None:
    reload = ["sh", "-c", "echo reloaded >>/tmp/reloads; if grep -rq WORSE current/; then echo no port; exit 1; fi"]

    async def fails() -> None:
        await service(bench, reload=reload)
        state = await bench.create("one", **site("00001"))
        with pytest.raises(RefusedError, match=r"(?s)reload failed: no port.*old generation is back"):
            await bench.update("one", state, **site("00001", "WORSE"))
        assert current(bench, "sites/00001.conf") == "server 00001: good\n"
        assert reloads(bench) == 3
        assert await bench.read("one", state) == state
        assert leftovers(bench) == ""

    run(fails())


def test_no_reload_while_nothing_runs(bench: Bench) -> None:
    async def quiet() -> None:
        await service(bench, running=["false"])
        await bench.create("one", **site("00001"))
        assert reloads(bench) == 0

    run(quiet())


def test_a_daemon_that_dies_after_its_reload_gets_the_old_generation_back(bench: Bench) -> None:
    async def dies() -> None:
        await service(bench, running=["sh", "-c", "! [ -e /tmp/dead ]"], watchSeconds=5)
        state = await bench.create("one", **site("00001"))
        await bench.update("one", state, **site("00001", "deadly"))
        bench.shell.sh("touch /tmp/dead")
        for _ in range(200):  # forcing the swap to a busy disk takes its time
            if current(bench, "sites/00001.conf") == "server 00001: good\n":
                break
            await asyncio.sleep(0.2)
        assert current(bench, "sites/00001.conf") == "server 00001: good\n"
        bench.shell.sh("for i in $(seq 20); do [ -e /var/lib/numerian/notes/front ] && break; sleep 1; done")
        bench.shell.sh("rm /tmp/dead")
        await bench.create("two", **site("00002"))
        assert len(bench.warnings) == 1
        assert "front generation 3 died" in bench.warnings[0]
        assert "generation 2 is back" in bench.warnings[0]
        await bench.create("three", **site("00003"))
        assert len(bench.warnings) == 1

    run(dies())


def test_commands_run_once_when_an_absolute_file_changed(bench: Bench) -> None:
    async def commands() -> None:
        run_ = [["sh", "-c", "echo ran >>/tmp/ran"]]
        states = await asyncio.gather(
            *(bench.create(str(n), files={f"/etc/nt/{n}": {"content": "x"}}, run=run_) for n in range(3))
        )
        assert bench.shell.sh("cat /tmp/ran") == "ran\n"
        await bench.create("0", files={"/etc/nt/0": {"content": "x"}}, run=run_)
        assert bench.shell.sh("cat /tmp/ran") == "ran\n"
        await bench.update("1", states[1], files={"/etc/nt/1": {"content": "y"}}, run=run_)
        assert bench.shell.sh("cat /tmp/ran") == "ran\nran\n"

    run(commands())


def test_a_command_that_failed_is_owed_until_it_went_well(bench: Bench) -> None:
    async def owed() -> None:
        props = {
            "files": {"/etc/nt/a": {"content": "x"}},
            "run": [["sh", "-c", "[ -e /tmp/ok ] || { echo not yet; exit 3; }"]],
        }
        with pytest.raises(CommandError, match="not yet"):
            await bench.create("x", **props)
        with pytest.raises(CommandError, match="not yet"):
            await bench.create("x", **props)
        bench.shell.sh("touch /tmp/ok")
        await bench.create("x", **props)
        bench.shell.sh("rm /tmp/ok")
        await bench.create("x", **props)

    run(owed())


def test_a_refresh_finds_what_a_run_that_was_cut_owes(bench: Bench) -> None:
    """Cut after the swap, its state never saved: files are as declared by then, and only the marks tell."""

    async def cut() -> None:
        defined = await service(bench)
        commanded = {"files": {"/etc/nt/a": {"content": "x"}}, "run": [["sh", "-c", "echo ran >>/tmp/ran"]]}
        state = await bench.create("x", **commanded)
        assert (await bench.read("front-service", defined, bench.service), await bench.read("x", state)) == (
            defined,
            state,
        )
        done = reloads(bench)
        bench.shell.sh("cd /var/lib/numerian && touch services/front/pending && echo numerian/test x >pending/x")
        found = await bench.read("front-service", defined, bench.service)
        owes = await bench.read("x", state)
        assert (found.outputs["reload"], owes.outputs["run"]) == ([], [])
        await bench.update("front-service", found, bench.service, **defined.outputs)
        assert reloads(bench) == done + 1
        assert await bench.read("front-service", defined, bench.service) == defined
        await bench.update("x", owes, **commanded)
        assert bench.shell.sh("cat /tmp/ran") == "ran\nran\n"

    run(cut())


def test_words_of_commands_and_contents_are_data(bench: Bench) -> None:
    nasty = "a b'c\"d$(touch /tmp/pwned)`touch /tmp/pwned`\n;&|*\\ é"

    async def data() -> None:
        await service(bench, reload=["sh", "-c", 'printf %s "$1" >/tmp/word', "sh", nasty])
        await bench.create("x'$(touch /tmp/pwned) y", service="front", files={"a b$(touch pwned)'": {"content": nasty}})
        assert bench.shell.sh("cat /tmp/word") == nasty
        assert bench.shell.sh(f"cat {ROOT}/current/a*") == nasty
        assert bench.shell.sh("find / -name 'pwned*' -not -path '/proc/*' 2>/dev/null || true") == ""

    run(data())


def test_new_seeds_in_a_folder_of_people_are_written_as_its_owner(bench: Bench) -> None:
    async def seeds() -> None:
        await service(bench)
        state = await bench.create("x", **site("00001"))
        props = site("00001")
        www = "/srv/sites/00001/www"
        props["seeds"] |= {
            f"{www}/sub/new.html": {"content": "new", **ANN},
            f"{www}/there.html": {"content": "n", **ANN},
        }
        props["folders"] |= {f"{www}/made": {**ANN, "mode": "0700"}}
        bench.shell.sh(f"echo mine >{www}/there.html; chown 1007 {www}/there.html")
        await bench.update("x", state, **props)
        look = f"cd {www}; cat sub/new.html there.html; stat -c '%a %u' sub sub/new.html made"
        assert bench.shell.sh(look) == "newmine\n755 1007\n644 1007\n700 1007\n"
        assert leftovers(bench) == ""

    run(seeds())


def test_a_seed_that_was_removed_by_its_owner_stays_removed(bench: Bench) -> None:
    async def removed() -> None:
        await service(bench)
        await bench.create("x", **site("00001"))
        bench.shell.sh("rm /srv/sites/00001/www/index.html")
        await bench.create("x", **site("00001"))
        assert bench.shell.sh("ls /srv/sites/00001/www") == ""

    run(removed())


def test_a_folder_whose_owner_lets_nobody_write_fails_alone(bench: Bench) -> None:
    async def stubborn() -> None:
        await service(bench)
        await asyncio.gather(*(bench.create(code, **site(code)) for code in ("00001", "00002")))
        bench.shell.sh("chmod 500 /srv/sites/00001/www")

        def more(code: str, mode: str = "0750") -> dict[str, Any]:
            props = site(code)
            props["folders"][f"/srv/sites/{code}/www"]["mode"] = mode
            props["seeds"][f"/srv/sites/{code}/www/b.html"] = {"content": "b", **ANN}
            return props

        one, two = await asyncio.gather(
            bench.create("00001", **more("00001", "0500")),
            bench.create("00002", **more("00002")),
            return_exceptions=True,
        )
        assert isinstance(one, CommandError)
        assert not isinstance(two, BaseException)
        assert bench.shell.sh("ls /srv/sites/00002/www").split() == ["b.html", "index.html"]
        await bench.create("00001", **more("00001"))
        assert bench.shell.sh("ls /srv/sites/00001/www").split() == ["b.html", "index.html"]

    run(stubborn())


def test_removing_a_folder_that_was_there_before_leaves_it(bench: Bench) -> None:
    async def found() -> None:
        bench.shell.sh("mkdir -p /srv/old && echo x >/srv/old/theirs")
        state = await bench.create(
            "x", folders={"/srv/old": {}, "/srv/new": {}}, files={"/srv/old/f": {"content": "f"}}
        )
        await bench.delete("x", state)
        assert bench.shell.sh("ls /srv /srv/old").split() == ["/srv:", "old", "/srv/old:", "theirs"]

    run(found())


def test_a_managed_file_that_was_changed_by_hand_is_archived_not_deleted(bench: Bench) -> None:
    async def changed() -> None:
        state = await bench.create("x", files={"/etc/nt/a": {"content": "a"}, "/etc/nt/b": {"content": "b"}})
        bench.shell.sh("echo work >/etc/nt/a")
        await bench.delete("x", state)
        assert bench.shell.sh("ls /etc/nt; cat /var/lib/numerian/archive/*-x/etc/nt/a") == "work\n"

    run(changed())


def test_import_reads_the_ledger(bench: Bench) -> None:
    async def imports() -> None:
        await service(bench)
        props = site("07186")
        props["files"]["/etc/nt/a"] = {"content": "a", "mode": "0600"}
        state = await bench.create("07186", **props)
        found = await bench.files.read(bench.context("07186"), state.id, None, None)
        assert found is not None
        # A number was declared; an import can only see that it has a name.
        folder = 'folders["/srv/sites/07186/www"]'
        assert await bench.diff("07186", found, **props) == {f"{folder}.owner": "update", f"{folder}.group": "update"}
        assert await bench.files.read(bench.context("none"), f"{bench.shell.host}/none", None, None) is None

    run(imports())


def test_a_service_lives_too(bench: Bench) -> None:
    async def life() -> None:
        state = await service(bench)
        kind, context = bench.service, bench.context("front-service")
        assert await kind.read(context, state.id, state.outputs, None) == state
        found = await kind.read(context, state.id, None, None)
        assert found is not None
        assert found.outputs == state.outputs
        with pytest.raises(ForeignError, match="belongs to `front-service` of numerian/test"):
            await bench.create("thief", kind=kind, stack="other", name="front", root="/srv/thief")
        await kind.delete(context, state.id, state.outputs)
        assert await kind.read(context, state.id, state.outputs, None) is None
        assert bench.shell.sh("ls /srv/front") == ""
        assert await service(bench) == state

    run(life())


def test_files_move_to_another_service(bench: Bench) -> None:
    async def moves() -> None:
        await service(bench)
        other = {"name": "back", "root": "/srv/back", "reload": ["true"]}
        await bench.create("back-service", kind=bench.service, validate=[], running=[], watchSeconds=0, **other)
        state = await bench.create("x", service="front", files={"dir/a": {"content": "a"}, "b": {"content": "b"}})
        state = await bench.update("x", state, service="back", files={"dir/a": {"content": "a"}})
        assert bench.shell.sh(f"cd {ROOT}/current/ && find .; cat /srv/back/current/dir/a") == ".\na"
        assert await bench.read("x", state) == state
        assert "front" not in bench.shell.sh("cat /var/lib/numerian/ledger/*:x")

    run(moves())


def test_a_resource_that_got_another_parent_keeps_what_it_has(bench: Bench) -> None:
    """To the engine it is made anew and its old self deleted: the one takes over, the other finds nothing."""

    async def moves() -> None:
        await service(bench)
        bench.chain = "Commune$Website$Files"
        old = await bench.create("1-site", **site("1"))
        bench.chain = "Commune$Files"
        new = await bench.create("1-site", **site("1"))
        bench.chain = "Commune$Website$Files"
        await bench.delete("1-site", old)
        assert bench.shell.sh(f"cat {ROOT}/current/sites/1.conf /srv/sites/1/www/index.html").endswith("<h1>1</h1>")
        bench.chain = "Commune$Files"
        assert await bench.read("1-site", new) == new
        await bench.delete("1-site", new)
        assert bench.shell.sh("ls /srv/sites") == ""

    run(moves())


def test_a_missing_service_is_named(bench: Bench) -> None:
    with pytest.raises(ResourceError, match=r"has no service `front` \(there are: none\)"):
        run(bench.create("x", service="front", files={"a": {"content": ""}}))


def test_an_unknown_owner_is_named(bench: Bench) -> None:
    with pytest.raises(ResourceError, match="there is no user `nobody-here`"):
        run(bench.create("x", files={"/etc/nt/a": {"content": "", "owner": "nobody-here"}}))


@pytest.mark.parametrize("where", ["/srv/sites/m/www", "/srv/sites/m/www/deep"])
def test_links_planted_by_people_lead_nowhere(bench: Bench, where: str) -> None:
    """A member plants links in its own folder: nothing is written or read behind them that isn't its own."""

    async def planted() -> None:
        bench.shell.sh("mkdir -p /etc/nt/secret && echo top >/etc/nt/secret/shadow && chmod 700 /etc/nt/secret")
        folders = {"/srv/sites/m": {}, "/srv/sites/m/www": ANN, "/srv/sites/m/www/deep": ANN}
        state = await bench.create("m", folders=folders)
        before = bench.shell.sh("ls -laR /etc | grep -v '^total'")
        bench.shell.sh(
            "cd /srv/sites/m/www && rm -rf deep .numerian-seeds && ln -s /etc/nt/secret/shadow index.html"
            " && ln -s /etc/nt deep && ln -s /etc/nt/secret .numerian-seeds && ln -s /etc sub"
        )
        seeds = {f"{where}/{name}": {"content": "seed", **ANN} for name in ("index.html", "sub/a", "secret/b", "c")}
        try:
            await bench.update("m", state, folders=folders, seeds=seeds)
        except ProviderError:
            pass
        after = bench.shell.sh("ls -laR /etc | grep -v '^total'")
        assert before == after
        assert bench.shell.sh("cat /etc/nt/secret/shadow") == "top\n"
        found = await bench.read("m", state)
        assert "top" not in str(found)

    run(planted())


def test_root_writes_no_managed_file_in_a_folder_of_people(bench: Bench) -> None:
    async def refused() -> None:
        bench.shell.sh(
            "mkdir -p /srv/ann /srv/open && chown 1007 /srv/ann && chmod 777 /srv/open && ln -s /etc /srv/link"
        )
        for path, why in (
            ("/srv/ann/f", "belongs to uid 1007"),
            ("/srv/open/f", "others than root"),
            ("/srv/link/f", "link"),
        ):
            with pytest.raises(ResourceError, match=why):
                await bench.create("x", files={path: {"content": "x"}})

    run(refused())


def test_a_planted_pipe_holds_nobody_up(bench: Bench) -> None:
    async def pipe() -> None:
        bench.shell.sh("mkdir -p /etc/nt && mkfifo /etc/nt/a")
        with pytest.raises(ResourceError, match="is a pipe or a device"):
            await asyncio.wait_for(bench.create("x", files={"/etc/nt/a": {"content": "x"}}), 20)

    run(pipe())
