"""`numerian sites`: the members' sites and the names that they answer to."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from numerian.command import add_stack_option


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def run(options: Namespace) -> int:
    """Print a table, or JSON."""
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    inventory = load(place.inventory, place.selection)
    if options.json:
        import json

        rows = [
            {
                "code": member.code,
                "name": member.name,
                "server": member.server,
                "status": member.status,
                "kind": member.site.kind,
                "main_name": member.site.main_name,
                "names": list(member.site.names),
                "to": member.site.to,
                "maintenance": member.site.maintenance,
            }
            for member in inventory.members
            if member.site is not None
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    from numerian.command.terminal import table

    lines = [("code", "member", "server", "site", "address", "other names")]
    for member in inventory.members:
        site = member.site
        if site is None:
            continue
        kind = "maintenance" if site.maintenance else f"→ {site.to}" if site.kind == "redirect" else site.kind
        if member.status != "active":
            kind += f" ({member.status})"
        others = ", ".join(name for name in site.names if name != site.main_name)
        lines.append((member.code, member.name, member.server, kind, f"https://{site.main_name}/", others))
    print(table(lines))
    return 0
