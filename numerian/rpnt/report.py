"""All members' criteria as people and programs read them: who stands how, what to change, and the sums. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numerian.model import Member
from numerian.rpnt.criteria import REFERENCE, RULES, VERSION, Criterion, State
from numerian.rpnt.verdict import Level, level

SIGNS = {State.PASSED: "✓", State.FAILED: "✗", State.UNKNOWN: "·"}
SERVICES = {"site": "site", "mail": "messagerie"}


@dataclass(frozen=True)
class Verdict:
    """A member and its sixteen criteria."""

    member: Member
    criteria: Sequence[Criterion]

    @property
    def site(self) -> Level:
        """How far the site conforms."""
        return level(self.criteria, "site")

    @property
    def mail(self) -> Level:
        """How far the mail conforms."""
        return level(self.criteria, "mail")

    @property
    def failing(self) -> list[Criterion]:
        """The criteria that fail."""
        return [one for one in self.criteria if one.state is State.FAILED]


# --- each member ------------------------------------------------------------------------------------------------------


def overview(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    """Return a line for each member: the level, a sign for each criterion of the site, why it fails."""
    numbers = [rule.id for rule in RULES if rule.service == "site"]
    rows: list[tuple[str, ...]] = [("code", "membre", "site", *numbers, "messagerie", "échecs")]
    for one in verdicts:
        signs = [SIGNS[criterion.state] for criterion in one.criteria if criterion.rule.service == "site"]
        why = " ; ".join(f"{criterion.rule.id} {criterion.reason}" for criterion in one.failing)
        rows.append((one.member.code, one.member.name, one.site.french, *signs, one.mail.french, why))
    return rows


def details(verdict: Verdict) -> list[str]:
    """Return the lines that tell one member's standing, each failure with what to change."""
    member = verdict.member
    lines = [f"{member.code} {member.name} — site : {verdict.site.french}, messagerie : {verdict.mail.french}"]
    for one in verdict.criteria:
        lines.append(f"  {SIGNS[one.state]} {one.rule.id} {one.rule.french} ({one.rule.level}) : {one.state.french}")
        lines += [f"        {text}" for text in (one.reason, f"→ {one.remedy}" if one.remedy else "") if text]
    return lines


def rows(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each member and criterion, after the heading: for spreadsheets."""
    yield ("code", "name", "departement", "epci", "criterion", "level", "title", "state", "reason", "remedy")
    for verdict in verdicts:
        member = verdict.member
        for one in verdict.criteria:
            place = (member.code, member.name, member.departement, member.epci)
            rule = one.rule
            yield (*place, rule.id, _english(rule.essential), rule.french, one.state, one.reason, one.remedy)


def facts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return everything, for programs."""
    members = {
        verdict.member.code: {
            "name": verdict.member.name,
            "levels": {"site": verdict.site, "mail": verdict.mail},
            "criteria": {
                one.rule.id: {"state": one.state, "reason": one.reason, "remedy": one.remedy}
                for one in verdict.criteria
            },
        }
        for verdict in verdicts
    }
    return {**_reference(), "members": members}


# --- the sums ---------------------------------------------------------------------------------------------------------


def counted(verdicts: Sequence[Verdict]) -> list[Counter[State]]:
    """Return for each criterion, in order, how many members stand how."""
    return [Counter(verdict.criteria[at].state for verdict in verdicts) for at in range(len(RULES))]


def levels(verdicts: Sequence[Verdict]) -> dict[str, Counter[Level]]:
    """Return for each service how many members reach which level."""
    return {"site": Counter(one.site for one in verdicts), "mail": Counter(one.mail for one in verdicts)}


def summary(verdicts: Sequence[Verdict]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return two tables: how many members reach which level, and how they stand with each criterion."""
    by_level: list[tuple[str, ...]] = [("service", *(each.french for each in Level))]
    for service, counts in levels(verdicts).items():
        by_level.append((SERVICES[service], *(str(counts[each]) for each in Level)))
    by_rule: list[tuple[str, ...]] = [("critère", "niveau", *(each.french for each in State), "")]
    for rule, states in zip(RULES, counted(verdicts), strict=True):
        by_rule.append((rule.id, rule.level, *(str(states[each]) for each in State), rule.french))
    return by_level, by_rule


def summary_rows(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, ...]]:
    """Yield the sums for spreadsheets: a line for each criterion, after the heading."""
    yield ("criterion", "level", "title", "passed", "failed", "unknown")
    for rule, counts in zip(RULES, counted(verdicts), strict=True):
        yield (rule.id, _english(rule.essential), rule.french, *(str(counts[each]) for each in State))


def summary_facts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the sums, for programs."""
    return {
        **_reference(),
        "members": len(verdicts),
        "levels": {service: {each: counts[each] for each in Level} for service, counts in levels(verdicts).items()},
        "criteria": {
            rule.id: {"level": _english(rule.essential), **{each: states[each] for each in State}}
            for rule, states in zip(RULES, counted(verdicts), strict=True)
        },
    }


def _english(essential: bool) -> str:
    return "essential" if essential else "recommended"


def _reference() -> dict[str, str]:
    return {"reference": f"RPNT {VERSION}", "source": REFERENCE}
