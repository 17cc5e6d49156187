"""The portrait's files: what they say, the same bytes twice, nothing from outside, no text as markup, no weight."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from numerian.__main__ import main
from numerian.load import load
from numerian.model import Inventory, Member, MergedEntry
from numerian.portrait import folder, outlines
from numerian.portrait.facts import portraits
from numerian.portrait.pages import pages

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "inventory"
TODAY = date(2026, 12, 1)
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}</title>"


class Page(HTMLParser):
    """What a browser would find in a page: tags, what is loaded, where links lead, ids, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        self.loaded += [values[name] for name in ("src", "srcset", "data", "poster", "action") if name in values]
        self.loaded += [values["href"]] if tag in ("link", "use", "image") else []
        assert not [name for name in values if name.startswith("on") or name == "style"], values

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load(INVENTORY, today=TODAY)


@pytest.fixture(scope="module")
def files(inventory: Inventory) -> dict[str, str]:
    return pages(inventory, INVENTORY)


def of(inventory: Inventory, code: str, **changes: object) -> Inventory:
    """The inventory with that member alone, changed."""
    member: Member = inventory.by_code[code].model_copy(update=changes)
    return inventory.model_copy(update={"members": (member,)})


# --- all of it --------------------------------------------------------------------------------------------------------


def test_an_index_and_a_page_for_each_member(inventory: Inventory, files: dict[str, str]) -> None:
    own = {f"membres/{member.code}.html" for member in inventory.members}
    assert set(files) == {"index.html", "portrait.css", "portrait.js"} | own
    index = Page(files["index.html"])
    assert own <= set(index.links)
    assert index.tags.count("path") == 1 + sum(member.kind == "commune" for member in inventory.members)
    assert all(server in index.text for server in inventory.servers)


def test_the_same_bytes_twice(files: dict[str, str]) -> None:
    assert pages(load(INVENTORY, today=TODAY), INVENTORY) == files


def test_light(files: dict[str, str]) -> None:
    assert len(files["index.html"].encode()) <= 500_000
    assert max(len(text.encode()) for name, text in files.items() if name != "index.html") <= 25_000


def test_nothing_is_loaded_from_outside_and_every_link_of_ours_leads_somewhere(files: dict[str, str]) -> None:
    for name in ("portrait.css", "portrait.js"):
        assert not re.search(r"https?:|@import|fetch\(|XMLHttpRequest|url\((?!#)", files[name]), name
    members = [name for name in files if name.startswith("membres/")]
    for name in ["index.html", *members[::20]]:
        page, here = Page(files[name]), Path(name).parent
        assert len(page.ids) == len(set(page.ids)), name
        inside = [link for link in page.links if not link.startswith("https://")]
        for link in [*(one for one in page.loaded if one != "data:,"), *inside]:
            file, _, anchor = link.partition("#")
            known = os.path.normpath(here / file) in files if file else anchor in page.ids
            assert known, (name, link)


# --- one member -------------------------------------------------------------------------------------------------------


def test_what_a_page_says_of_a_member(inventory: Inventory) -> None:
    page = Page(pages(of(inventory, "07186"), INVENTORY, {"07186": 1024 * 1024})["membres/07186.html"])
    member = inventory.by_code["07186"]
    assert member.site is not None
    assert {f"https://{name}/" for name in member.site.names} <= set(page.links)
    small = Page(pages(of(inventory, "07186"), INVENTORY, {"07186": 12})["membres/07186.html"])
    assert "dont moins de 1\u202fMo utilisés" in small.text
    for words in ("Commune 07186, Ardèche", "1\u202f024\u202fMo utilisés", "Membre en service", "Site en HTTPS"):
        assert words in page.text


def test_what_fails_is_told_with_what_to_change(inventory: Inventory) -> None:
    site = inventory.by_code["07186"].site
    assert site is not None
    broken = of(inventory, "07186", site=site.model_copy(update={"domain": "privas.com", "maintenance": True}))
    (one,) = portraits(broken, {})
    assert (one.service, one.level) == ("maintenance", "below")
    text = Page(pages(broken, INVENTORY)["membres/07186.html"]).text
    assert ".com n’est pas une extension souveraine" in text
    assert "À faire : prendre un domaine en .fr et l’écrire dans domain:" in text


def test_who_leaves_and_who_was_merged(inventory: Inventory) -> None:
    leaving = {"status": "leaving", "leaving_on": date(2027, 3, 1)}
    (one,) = portraits(of(inventory, "07186", **leaving), {})
    assert (one.service, one.standing) == ("leaving", "Service prévu jusqu’au 1er mars 2027")
    (one,) = portraits(of(inventory, "07186", **leaving, served=False), {})
    assert one.standing == "Service arrêté le 1er mars 2027"
    merged = MergedEntry(into="07186", until=date(2028, 12, 31))
    (one,) = portraits(of(inventory, "07186", status="merged", merged=merged), {})
    assert (one.service, one.standing) == (
        "merged",
        "Réunie à Privas ; ses adresses sont gardées jusqu’au 31 décembre 2028",
    )
    (one,) = portraits(of(inventory, "07186", site=None), {})
    assert (one.service, one.level, one.names) == ("none", "unknown", ())


def test_hostile_texts_are_texts(inventory: Inventory) -> None:
    plan = inventory.plans["village"].model_copy(update={"label": HOSTILE})
    nasty = of(inventory, "07186", name=HOSTILE, epci=HOSTILE, departement_name=HOSTILE, plan=plan)
    label = {name: each.model_copy(update={"label": HOSTILE}) for name, each in inventory.datacenters.items()}
    platform = inventory.platform.model_copy(update={"name": HOSTILE})
    tame = pages(of(inventory, "07186"), INVENTORY)
    wild = pages(nasty.model_copy(update={"datacenters": label, "platform": platform}), INVENTORY)
    for name in ("index.html", "membres/07186.html"):
        assert sorted(Page(wild[name]).tags) == sorted(Page(tame[name]).tags)
        assert "<script>alert" not in wild[name] and "49" not in Page(wild[name]).text.replace("1449", "")
        assert HOSTILE.replace("'", "’") in Page(wild[name]).text


# --- the map ----------------------------------------------------------------------------------------------------------


def test_neighbours_share_their_border() -> None:
    view = outlines.View(west=4.0, north=45.0, scale=1000, shrink=0.7, width=0, height=0)
    border = [(4.1004, 44.9), (4.2003, 44.8006), (4.3, 44.7)]
    there = outlines.ring_on(view, [*border, (4.0, 44.5)])
    back = outlines.ring_on(view, [*border[::-1], (4.9, 44.9)])
    assert there[:3] == back[:3][::-1]


def test_a_line_in_a_path_is_read_as_it_was_drawn() -> None:
    ring = [(5, 5), (3, 9), (10, 9), (12, 4), (5, 0), (5, 3)]
    assert ends(outlines.path([ring])) == ring


def ends(path: str) -> list[outlines.Point]:
    """All corners of a path, absolute."""
    x = y = 0
    found = []
    for letter, numbers in re.findall(r"([Mlhv])([^Mlhvz]+)", path):
        step = [int(number) for number in re.findall(r"-?\d+", numbers)]
        across, along = {"h": [*step, 0], "v": [0, *step]}.get(letter, step)
        x, y = (across, along) if letter == "M" else (x + across, y + along)
        found.append((x, y))
    return found


def test_who_lies_far_from_all_others_is_drawn_in_a_box(inventory: Inventory, files: dict[str, str]) -> None:
    """Mars (Loire) is 75 km north of the next member: most of the map would be the way there."""
    codes = {member.code for member in inventory.members}
    drawing = outlines.draw(INVENTORY, codes)
    box = drawing.inset
    assert box is not None and box.northern and box.codes == {"42141"}
    assert 0.8 < drawing.view.width / drawing.view.height < 1.25

    def inside(code: str) -> set[bool]:
        corners = ends(drawing.paths[code])
        return {box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for x, y in corners}

    assert inside("42141") == {True}
    assert set().union(*map(inside, codes & drawing.paths.keys() - box.codes)) == {False}
    note = Page(files["index.html"]).text
    assert "Dans l’encadré, plus au nord\u202f: Mars (Loire)." in note.replace(" :", "\u202f:")


def test_nobody_is_drawn_apart_who_is_near_or_one_of_many(inventory: Inventory) -> None:
    codes = {member.code for member in inventory.members}
    assert outlines.draw(INVENTORY, codes - {"42141"}).inset is None
    assert outlines.draw(INVENTORY, {"42141", "07186", "26114"}).inset is None
    assert outlines.draw(INVENTORY, ()).inset is None


# --- the folder -------------------------------------------------------------------------------------------------------


def test_old_pages_go_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    where = tmp_path / "site"
    assert folder.write(where, {"index.html": "a", "membres/07186.html": "b"}) == (2, 0)
    (where / "notes.txt").write_text("mine")
    (where / "membres" / "07999.html").write_text("mine too")
    assert folder.write(where, {"index.html": "a", "membres/07140.html": "c"}) == (1, 1)
    found = {path.relative_to(where).as_posix() for path in where.rglob("*") if path.is_file()}
    assert found == {folder.LIST, "index.html", "membres/07140.html", "membres/07999.html", "notes.txt"}


def test_a_list_that_names_others_files_removes_none_of_them(tmp_path: Path) -> None:
    where = tmp_path / "site"
    folder.write(where, {"index.html": "a"})
    (tmp_path / "precious").write_text("x")
    (where / folder.LIST).write_text("../precious\nindex.html\n")
    assert folder.write(where, {"portrait.css": ""}) == (1, 1)
    assert (tmp_path / "precious").is_file()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.odt").write_text("x")
    with pytest.raises(folder.FolderError, match="holds something else"):
        folder.write(tmp_path, {"index.html": "a"})
    assert [path.name for path in tmp_path.iterdir()] == ["letter.odt"]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory of two members, and a working folder beside it."""
    inventory = tmp_path / "inventory"
    (inventory / "members").mkdir(parents=True)
    for name in ("datacenters.yaml", "plans.yaml", "members/07186-privas.yaml", "members/07140-lemps.yaml"):
        (inventory / name).write_text((INVENTORY / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(inventory))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_commands_run(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "site.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    room = {"members": {"07186": {"used_kb": 51_200}}, "errors": []}
    (small / "room.json").write_text(json.dumps(room))
    ran = 0
    for line in block.splitlines():
        program, *words = line.split("#")[0].split()
        assert program == "numerian"
        if "room" in words[:2]:  # asks the servers: tests/lab/sites/test_uploads.py runs the whole block
            assert words == ["site", "room", "--json", ">", "room.json"]
            continue
        assert main(words) == 0, capsys.readouterr().err
        ran += 1
    assert ran == 2
    assert "50\u202fMo utilisés" in (small / "portrait" / "membres" / "07186.html").read_text(encoding="utf-8")


def test_what_the_command_refuses(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small / "room.json").write_text("[]")
    assert main(["site", "--output", "out", "--room", "room.json"]) == 1
    assert "isn't what `numerian site room --json` prints" in capsys.readouterr().err
    assert main(["site", "--output", "out", "--room", "nowhere.json"]) == 1
    assert "nowhere.json" in capsys.readouterr().err
    assert main(["site", "--output", "inventory"]) == 1
    assert "holds something else" in capsys.readouterr().err


def test_the_stack_is_the_one_that_is_named_before_or_after_the_action() -> None:
    from argparse import ArgumentParser

    from numerian.command import site

    parser = ArgumentParser()
    site.configure(parser)
    for words in (["--stack", "one", "room"], ["room", "--stack", "one"], ["--stack", "one"]):
        assert parser.parse_args(words).stack == "one", words
