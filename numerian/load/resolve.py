"""From files to the inventory: every file read and checked, then members with their reference data and their plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from numerian.errors import Problem
from numerian.load import across, formats, life
from numerian.load.source import read_text
from numerian.load.tree import Mapping, place, read_tree
from numerian.load.validate import validate
from numerian.model import (
    Datacenter,
    DatacentersFile,
    Inventory,
    Member,
    MemberFile,
    Plan,
    PlansFile,
    Platform,
    Server,
    Settings,
    Staff,
    StaffFile,
    inherit,
)
from numerian.model.member import Kind
from numerian.reference import Place, Reference, reference

ModelType = TypeVar("ModelType", bound=BaseModel)
_KINDS: dict[str, Kind] = {"insee": "commune", "siren": "epci", "departement": "departement"}


@dataclass(frozen=True)
class _Document:
    """One member's file, as far as it could be read."""

    path: Path
    said: MemberFile | None
    place: Place | None
    into: tuple[int, int] = (1, 1)
    """Where the commune is named that it was merged into."""


def read(folder: Path, today: date, problems: list[Problem]) -> Inventory | None:
    """Return the inventory, or None or a partial one after adding what is wrong to `problems`."""
    if not folder.is_dir():
        problems.append(Problem(folder, 1, 1, "there is no such folder", "name the folder that holds members/"))
        return None
    facts = reference(folder)
    datacenters_tree = _tree(folder / "datacenters.yaml", problems)
    if datacenters_tree is not None and not formats.is_current(folder / "datacenters.yaml", datacenters_tree, problems):
        return None
    plans_tree = _tree(folder / "plans.yaml", problems)
    datacenters = _model(DatacentersFile, folder / "datacenters.yaml", datacenters_tree, problems)
    plans = _model(PlansFile, folder / "plans.yaml", plans_tree, problems)
    staff = _staff(folder / "staff.yaml", problems)
    if datacenters_tree is not None:
        across.check_servers(folder / "datacenters.yaml", datacenters_tree, problems)
    names = across.names(datacenters_tree, plans_tree)
    members_check = across.Members(names, facts, problems)
    warnings: list[Problem] = []
    allow = life.allowed(folder / "allow.yaml", names, today, problems, warnings)
    documents = _documents(folder / "members", members_check, today, warnings)
    members_check.check_redirects()
    if problems or datacenters is None or plans is None:
        return None
    unknown = [document.path for document in documents if document.said is None or document.place is None]
    problems.extend(Problem(path, 1, 1, "this is no member that is known", "look at its code") for path in unknown)
    servers = {name: _server(name, entry, folder) for name, entry in datacenters.servers.items()}
    members = [
        _member(document.path, document.said, document.place, servers, plans, facts, today)
        for document in documents
        if document.said is not None and document.place is not None
    ]
    members = life.merged(members, {document.path: document.into for document in documents}, problems)
    if datacenters_tree is not None:
        across.check_capacity(
            folder / "datacenters.yaml",
            datacenters_tree,
            servers.values(),
            members,
            problems,
            allowed={entry.what for entry in allow if entry.rule == "capacity"},
            today=today,
        )
    return Inventory(
        members=tuple(sorted(members, key=lambda member: member.code)),
        servers=servers,
        datacenters={name: Datacenter(name=name, **dict(entry)) for name, entry in datacenters.datacenters.items()},
        plans={
            name: _plan(name, plans, Settings()).model_copy(update={"up_to": entry.up_to})
            for name, entry in plans.plans.items()
        },
        platform=_platform(datacenters.platform, folder),
        staff=staff,
        allow=allow,
        warnings=tuple(sorted(warnings)),
    )


def _tree(path: Path, problems: list[Problem]) -> Mapping | None:
    if path.exists() and not path.is_file():
        problems.append(Problem(path, 1, 1, "this is no regular file", "make it a file, or remove it"))
        return None
    text = read_text(path, problems)
    return None if text is None else read_tree(path, text, problems)


def _model(model: type[ModelType], path: Path, tree: Mapping | None, problems: list[Problem]) -> ModelType | None:
    return None if tree is None else validate(model, tree, path, problems)


def _staff(path: Path, problems: list[Problem]) -> tuple[Staff, ...]:
    if not path.exists():
        return ()
    found = _model(StaffFile, path, _tree(path, problems), problems)
    return tuple(Staff(name=name, keys=entry.keys) for name, entry in found.staff.items()) if found else ()


def _documents(folder: Path, members: across.Members, today: date, warnings: list[Problem]) -> list[_Document]:
    """Read every member's file. Files that editors leave behind are passed over; near misses are named."""
    if not folder.is_dir():
        members.problems.append(Problem(folder, 1, 1, "there is no such folder", "create it, with a file a member"))
        return []
    documents = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix == ".yaml":
            documents.append(_document(path, members, today, warnings))
        elif path.suffix.lower() in (".yaml", ".yml"):
            right = f"rename it to {path.stem}.yaml"
            members.problems.append(Problem(path, 1, 1, "this file isn't read: its name doesn't end in .yaml", right))
    return documents


def _document(path: Path, members: across.Members, today: date, warnings: list[Problem]) -> _Document:
    tree = _tree(path, members.problems)
    if tree is None:
        return _Document(path, None, None)
    said = validate(MemberFile, tree, path, members.problems)
    if said is not None:
        life.warn_of_old_domains(path, tree, said, today, warnings)
    return _Document(path, said, members.check(path, tree), place(tree, ("merged", "into")))


def _server(name: str, entry: BaseModel, folder: Path) -> Server:
    """Return the server with paths that no longer depend on where the program was started."""
    server = Server(name=name, **dict(entry))
    return server.model_copy(
        update={
            "identity_files": tuple(_absolute(path, folder) for path in server.identity_files),
            "host_keys_file": _absolute(server.host_keys_file, folder) if server.host_keys_file else None,
        }
    )


def _platform(platform: Platform, folder: Path) -> Platform:
    files = tuple(_absolute(path, folder) for path in platform.deploy.keys_files)
    return platform.model_copy(update={"deploy": platform.deploy.model_copy(update={"keys_files": files})})


def _absolute(path: Path, folder: Path) -> Path:
    return (folder / path.expanduser()).resolve()


def _plan(name: str, plans: PlansFile, exceptions: Settings) -> Plan:
    entry = plans.plans[name]
    return inherit(name, entry.label, plans.defaults, entry, exceptions)


def _member(
    path: Path,
    said: MemberFile,
    place: Place,
    servers: dict[str, Server],
    plans: PlansFile,
    facts: Reference,
    today: date,
) -> Member:
    """Return the member of a file that has no fault."""
    site_canonical = said.site.canonical if said.site else None
    plan = _plan(said.plan, plans, Settings(quota_mb=said.quota_mb, canonical=site_canonical, php=said.php))
    first = next(server.name for server in servers.values() if server.datacenter == said.datacenter)
    return Member(
        code=place.code,
        name=place.name,
        kind=next(kind for key, kind in _KINDS.items() if getattr(said, key)),
        departement=place.departement,
        departement_name=facts.departement_name(place.departement),
        epci=place.epci,
        population=place.population,
        siren=place.siren,
        longitude=place.longitude,
        latitude=place.latitude,
        file=path,
        datacenter=said.datacenter,
        server=said.server or first,
        status="merged" if said.merged else said.status,
        leaving_on=said.leaving_on,
        merged=said.merged,
        served=life.is_served(said, today),
        contact=said.contact,
        plan=plan,
        site=life.site(said.site, plan, today) if said.site else None,
        town_hall=said.town_hall,
    )
