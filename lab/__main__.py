"""`python3 -m lab up | down | status`: the lab from nothing to sites that answer, and back."""

from __future__ import annotations

import argparse
import sys
import time

from engine import install as engine_install
from lab import cache, demo, layout, packages, preflight, steps, table, venv
from lab.errors import LabError
from lab.lab import Lab
from lab.process import Say
from lab.steps import Step

EPILOG = """
up      set up what is missing and start the servers; for the demonstration also deploy its sites and show them
status  show the sites as a visitor sees them
down    remove everything that `up` made: containers, volumes, network, images, working folder, its own dockerd
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 -m lab",
        description="Two Debian servers on this machine, to try everything against.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--name", default="lab", choices=tuple(layout.LABS), help="which lab (default: %(default)s)")
    parser.add_argument(
        "--members",
        default="",
        metavar="CODES",
        help="whom its stack serves from now on: `twelve`, `all`, or codes (default: as before; at first twelve)",
    )
    options = parser.parse_args(arguments)
    lab = Lab(options.name)
    try:
        if options.command == "up":
            return up(lab, options.members)
        return {"down": down, "status": status}[options.command](lab)
    except LabError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on from here", file=sys.stderr)
        return 130


def up(lab: Lab, members: str = "") -> int:
    """Bring the lab up, and in the demonstration's lab the sites."""
    started = time.monotonic()
    wanted = preflight.check(lab.layout)
    print(f"Setting up the lab `{lab.name}` (cache: {cache.folder()})")
    with cache.only_one(f"lab-{lab.name}"):
        steps.run(set_up(lab, wanted))
        good = _demonstrate(lab, members) if lab.name == demo.STACK else True
    print(f"{'ready' if good else 'up, with faults'} after {time.monotonic() - started:.1f} s")
    return 0 if good else 1


def set_up(lab: Lab, wanted: list[str]) -> list[Step]:
    """Return all steps from a clean checkout to running servers."""
    first = [Step("Debian packages", lambda say: packages.install(wanted, say))] if wanted else []
    needs = tuple(step.name for step in first)
    early = ("Docker engine", "certificate authority (pebble)", "network")
    return [
        *first,
        Step("Pulumi engine", _engine),
        Step("virtual environment", venv.ensure, needs),
        *lab.steps(after=dict.fromkeys(early, needs)),
    ]


def down(lab: Lab) -> int:
    """Remove the lab."""
    with cache.only_one(f"lab-{lab.name}"):
        lab.down(lambda line: print(f"  removed {line}"))
        if lab.name == demo.STACK and demo.STACK_FILE.is_file():
            demo.STACK_FILE.unlink()
            print(f"  removed {demo.STACK_FILE.relative_to(layout.ROOT)}")
    print(f"The lab `{lab.name}` is gone. The cache stays for the next time: rm -r {cache.folder()} removes it.")
    return 0


def status(lab: Lab) -> int:
    """Show the sites; exit code 0 when all answer."""
    if not lab.is_up():
        raise LabError(f"the lab `{lab.name}` isn't up", "run `make lab`")
    if lab.name != demo.STACK:
        print(f"the lab `{lab.name}` is up: {', '.join(lab.layout.container(name) for name in lab.layout.machines)}")
        return 0
    return 0 if table.show(lab, demo.sites(), sys.stdout) else 1


def _demonstrate(lab: Lab, members: str) -> bool:
    steps.run(
        [
            Step("stack", lambda say: demo.make_stack(members, say)),
            Step("names of the sites", lambda _say: demo.set_names(lab, demo.sites()), ("stack",)),
        ]
    )
    deployed = demo.deploy()
    found = demo.sites()
    if deployed:
        steps.run([Step("certificates", lambda say: demo.wait_for_certificates(lab, found, say))])
    answering = table.show(lab, found, sys.stdout)
    if not deployed:
        print("`numerian up` told errors above: mend what it names, then run `make lab` again", file=sys.stderr)
    elif not answering:
        demo.tell_certificates()
    return deployed and answering


def _engine(say: Say) -> str:
    return str(engine_install.ensure(layout.ROOT, say))


if __name__ == "__main__":
    sys.exit(main())
