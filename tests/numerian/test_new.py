"""`numerian new`: whoever is meant is found, what is proposed fits, and nothing is ever overwritten."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian.__main__ import main
from numerian.load import check, load
from numerian.onboarding import search
from numerian.onboarding.formatting import layout, modeline
from numerian.onboarding.proposal import ProposalError, Wishes, propose
from numerian.onboarding.writing import ThereAlreadyError, create
from numerian.reference import reference

FACTS = reference()
PLACED = "    label: Privas\n    longitude: 4.59887\n    latitude: 44.73530\n"
TWO = (
    DATACENTERS.replace("    label: Privas\n", PLACED)
    .replace("servers:", "  alixan:\n    label: Alixan\n    longitude: 5.02615\n    latitude: 44.97506\nservers:")
    .replace("platform:\n", "platform:\n  domain_suffix: test\n")
    + "  alixan:\n    datacenter: alixan\n    address: 127.0.1.2\n"
)
SIZES = (
    "plans:\n  ville:\n    label: V\n    quota_mb: 10000\n  hameau:\n    label: H\n    up_to: 200\n"
    "  village:\n    label: V\n    up_to: 1000\n  bourg:\n    label: B\n    up_to: 5000\n"
)
BOTH = {"datacenters.yaml": TWO, "plans.yaml": SIZES}


@pytest.fixture
def folder(make: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory with two datacenters, four plans, and Privas; the current one."""
    found = make(BOTH)
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(found))
    return found


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("loriol sur drome", "26166"),
        ("LORIOL-SUR-DRÔME", "26166"),
        ("26166", "26166"),
        ("07200000", None),
        ("mars 07", "07151"),
        ("Mars (Loire)", "42141"),
        ("Lemps Drôme", "26161"),
        ("07016", "07011"),
        ("210701868", "07186"),
        ("200 071 413", "200071413"),
        ("ca privas centre ardeche", "200071413"),
        ("26", "26"),
        ("Ardèche", "07"),
        ("st etienne de fontbellon", "07231"),
    ],
)
def test_who_is_meant_is_found(typed: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(search.NotFoundError):
            search.find(FACTS, typed)
    else:
        assert search.find(FACTS, typed).place.code == code


@pytest.mark.parametrize("typed", ["mars", "lemps", "26270", "07140", "alba la romane", "asperjoc", "romans isere"])
def test_where_several_or_nobody_is_meant_each_is_named_with_what_to_type(typed: str) -> None:
    with pytest.raises(search.NotFoundError) as caught:
        search.find(FACTS, typed)
    commands = re.findall(r"^  numerian new (.+?) +[A-Z].* \((\w+), .*\)$", str(caught.value), re.M)
    assert len(commands) == len(caught.value.choices) > 0
    for words, code in commands:
        assert search.find(FACTS, words).place.code == code


def test_a_postcode_that_is_another_communes_code_means_both() -> None:
    with pytest.raises(search.NotFoundError) as caught:
        search.find(FACTS, "07140")
    codes = [found.place.code for found in caught.value.choices]
    assert codes[0] == "07140" and "07334" in codes


def test_everybody_can_be_meant_by_the_words_that_are_told() -> None:
    for found in search.everybody(FACTS)[::20]:
        assert search.find(FACTS, found.words) == found


@pytest.mark.parametrize(
    ("code", "plan", "datacenter", "domain"),
    [
        ("26161", "hameau", "alixan", "lemps-drome.test"),
        ("07151", "village", "privas", "mars-ardeche.test"),
        ("26004", "bourg", "alixan", "alixan.test"),
        ("26362", "ville", "alixan", "valence.test"),
    ],
)
def test_plan_datacenter_and_domain_follow_size_place_and_name(
    folder: Path, code: str, plan: str, datacenter: str, domain: str
) -> None:
    found = search.find(FACTS, FACTS.communes[code].name + " " + FACTS.communes[code].departement)
    mine = propose(load(folder), FACTS, found)
    assert (mine.plan.name, mine.datacenter, mine.domain) == (plan, datacenter, domain)


def test_each_proposal_passes_the_check_and_is_even(folder: Path) -> None:
    """Communes, EPCI and a département: the loader has nothing against what is written, and fmt neither."""
    inventory = load(folder)
    for found in search.everybody(FACTS)[3::30]:
        mine = propose(inventory, FACTS, found)
        path = folder / "members" / mine.file_name
        assert layout(mine.text, modeline(path)) == mine.text
        create(path, mine.text)
    assert check(folder) == []


def test_a_full_datacenter_is_never_proposed_and_a_half_full_one_counts_twice_as_far(make: Make) -> None:
    near_privas = search.find(FACTS, "loriol sur drome")  # 18 km from Privas, 30 km from Alixan
    full = TWO.replace("127.0.1.1\n", "127.0.1.1\n    capacity:\n      sites: 1\n")
    with_room = TWO.replace("127.0.1.1\n", "127.0.1.1\n    capacity:\n      sites: 100\n")
    half = TWO.replace("127.0.1.1\n", "127.0.1.1\n    capacity:\n      sites: 4\n").replace(
        "127.0.1.2\n", "127.0.1.2\n    capacity:\n      sites: 100\n"
    )

    def chosen(datacenters: str, **wishes: str) -> str:
        folder = make({**BOTH, "datacenters.yaml": datacenters})
        return propose(load(folder), FACTS, near_privas, Wishes(**wishes)).datacenter

    assert chosen(with_room) == "privas"
    assert chosen(full) == "alixan"
    assert chosen(half) == "alixan"
    with pytest.raises(ProposalError, match=r"no server in privas has room .*alixan: 30 km away, 100% free"):
        chosen(full, datacenter="privas")


def test_the_server_of_a_datacenter_that_has_most_room_is_named_in_the_file(make: Make) -> None:
    second = TWO + "  second:\n    datacenter: alixan\n    address: 127.0.1.3\n    capacity:\n      sites: 10\n"
    text = second.replace("127.0.1.2\n", "127.0.1.2\n    capacity:\n      sites: 2\n")
    folder = make({**BOTH, "datacenters.yaml": text})
    mine = propose(load(folder), FACTS, search.find(FACTS, "alixan"))
    assert (mine.datacenter, mine.server) == ("alixan", "second")
    assert "server: second\n" in mine.text


def test_a_domain_that_is_taken_is_not_proposed(make: Make) -> None:
    taken = PRIVAS.replace("domain: privas.test", "domain: privas.test\n  old_domains: [alixan.test]")
    inventory = load(make({**BOTH, FILE: taken}))
    found = search.find(FACTS, "alixan")
    assert propose(inventory, FACTS, found).domain == "alixan-drome.test"
    with pytest.raises(ProposalError, match=r'"alixan.test" is taken by Privas \(07186\)'):
        propose(inventory, FACTS, found, Wishes(domain="Alixan.test"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--datacenter", "alixna"], 'no datacenter is called "alixna"; did you mean "alixan"?'),
        (["--plan", "vilage"], 'no plan is called "vilage"; did you mean "village"?'),
        (["--domain", "https://x.test/"], "is an address, not a domain name; write x.test"),
        (["--domain", "privas.test"], "est celui de Privas (07186)"),
        (["--kind", "redirect"], "a redirect needs its target; add --to https://…"),
        (["--to", "https://x.test/"], "leads nowhere; leave --to out, or write --kind redirect"),
        (["--kind", "redirect", "--to", "x.test"], "isn't a web address"),
    ],
)
def test_a_wish_that_cannot_be_had_is_answered_with_what_can(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "alixan", *words, "--yes"]) == 1
    assert said in capsys.readouterr().err
    assert len(list((folder / "members").iterdir())) == 1


def test_one_command_writes_a_file_that_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "loriol", "sur", "drome", "--yes"]) == 0
    file = folder / "members" / "26166-loriol-sur-drome.yaml"
    said = capsys.readouterr().out
    assert file.read_text() in said
    assert "ensuite : `numerian check`, `numerian preview`, puis `numerian up`" in said
    assert check(folder) == []
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert main(["new", "26166", "--yes"]) == 1
    assert f"Loriol-sur-Drôme (26166) est déjà membre : {file}" in capsys.readouterr().err


def test_who_is_not_understood_is_answered_in_the_language_of_the_questions(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip within the first word, as who types a long name makes it; then a postcode that two communes share."""
    for words, first, then in (
        (["livrno"], "personne ne s’appelle", "numerian new livron sur drome 26"),
        (["26250"], '"26250" : 2 possibilités', "numerian new pont de l isere 26"),
        (["livrno", "--lang", "en"], "nobody is called", "numerian new livron sur drome 26"),
    ):
        assert main(["new", *words, "--yes"]) == 1
        head, *choices = capsys.readouterr().err.splitlines()
        assert head.startswith(first) and any(then in line for line in choices), (head, choices)


def test_it_speaks_english_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "07016", "--lang", "en", "--dry-run"]) == 0
    captured = capsys.readouterr()
    assert "07016 is part of Vallées-d'Antraigues-Asperjoc (07011) now" in captured.err
    assert "→ datacenter privas: 19 km away, 100% free" in captured.out
    assert "→ plan village: up to 1,000 inhabitants" in captured.out


def umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_wishes_are_written_as_they_were_given(folder: Path) -> None:
    words = "--kind redirect --to https://ailleurs.test/ --plan bourg --datacenter privas --domain vieux.test"
    assert main(["new", "07005", *words.split(), "--yes"]) == 0
    (member,) = (one for one in load(folder).members if one.code == "07005")
    assert (member.plan.name, member.datacenter) == ("bourg", "privas")
    assert member.site and (member.site.kind, member.site.domain) == ("redirect", "vieux.test")
    assert member.site.to == "https://ailleurs.test/"


@pytest.mark.parametrize(("words", "code"), [(["--dry-run"], 0), ([], 1)])
def test_nothing_is_written_without_a_yes(folder: Path, words: list[str], code: int) -> None:
    assert main(["new", "alixan", *words]) == code
    assert len(list((folder / "members").iterdir())) == 1


def test_a_merged_commune_is_answered_with_the_new_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "07016", "--dry-run"]) == 0
    captured = capsys.readouterr()
    assert "07016 fait maintenant partie de Vallées-d'Antraigues-Asperjoc (07011)" in captured.err
    assert "insee: 07011\n" in captured.out


def test_without_a_name_and_a_terminal_it_says_what_to_type(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--yes"]) == 1
    assert "`numerian new loriol sur drome`" in capsys.readouterr().err


def test_an_inventory_with_a_fault_is_told_before_anything_is_proposed(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(make({FILE: PRIVAS.replace("village", "vilage")})))
    assert main(["new", "alixan", "--yes"]) == 1
    assert 'privas.yaml:3:7: no plan is called "vilage"; did you mean "village"?' in capsys.readouterr().err


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    with pytest.raises(ThereAlreadyError, match="left as it is"):
        create(tmp_path / "a.yaml", "yours")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.yaml", "mine")]


def test_the_readmes_tour_visits_the_server_that_is_proposed(root: Path) -> None:
    inventory = load(root / "inventory")
    mine = propose(inventory, reference(root / "inventory"), search.find(FACTS, "loriol sur drome"))
    where = inventory.servers[mine.server or mine.datacenter].address
    tour = (root / "README.md").read_text(encoding="utf-8")
    assert f"--resolve www.{mine.domain}:443:{where} https://www.{mine.domain}/" in tour


class Terminal:
    """A person at a terminal: reads until a word comes, types."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        terminal = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "numerian", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **environment, **terminal},
            start_new_session=True,
        )
        os.close(slave)
        self.said = ""

    def wait_for(self, word: str, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while word not in self.plain():
            assert time.monotonic() < until, self.plain()
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.said += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the program has ended
                    assert word in self.plain(), self.plain()
                    return
        time.sleep(0.2)

    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.said)

    def type(self, keys: str) -> None:
        self.said = ""
        os.write(self.master, keys.encode())

    def end(self) -> int:
        code = self.process.wait(30)
        os.close(self.master)
        return code


def test_at_a_terminal_it_asks_completes_and_takes_what_is_proposed(folder: Path) -> None:
    terminal = Terminal(["new"], {"NUMERIAN_INVENTORY": str(folder)})
    terminal.wait_for("Commune, EPCI ou")
    terminal.type("loriol dr")
    terminal.wait_for("Loriol-sur-Drôme (26166, Drôme)")
    terminal.type("\t")
    terminal.wait_for("-sur-Drôme 26")
    terminal.type("\r")
    terminal.wait_for("Quelle sorte de site")
    terminal.type("\x1b[B\r")
    terminal.wait_for("Quel datacenter")
    terminal.type("\r")
    terminal.wait_for("Quelle formule")
    terminal.type("\r")
    terminal.wait_for("loriol-sur-drome.test")
    terminal.type("\r")
    terminal.wait_for("écrire ce fichier")
    terminal.type("o\r")
    terminal.wait_for("ensuite")
    assert terminal.end() == 0
    (member,) = (one for one in load(folder).members if one.code == "26166")
    assert (member.datacenter, member.plan.name) == ("privas", "ville")
    assert member.site and (member.site.kind, member.site.domain) == ("php", "loriol-sur-drome.test")


def test_at_a_terminal_homonyms_are_asked_and_no_answer_or_a_no_writes_nothing(folder: Path) -> None:
    environment = {"NUMERIAN_INVENTORY": str(folder)}
    terminal = Terminal(["new", "mars"], environment)
    terminal.wait_for("Mars (42141, Loire)")
    terminal.type("\x03")
    assert terminal.end() == 130
    terminal = Terminal(["new", "mars"], environment)
    terminal.wait_for("Mars (42141, Loire)")
    terminal.type("\x1b[B\r")
    terminal.wait_for("écrire ce fichier")
    assert "insee: 42141" in terminal.plain()
    terminal.type("n\r")
    assert terminal.end() == 1
    assert len(list((folder / "members").iterdir())) == 1
