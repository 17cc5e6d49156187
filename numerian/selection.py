"""Which of the inventory's members a stack serves: all, or its setting `members` (`$NUMERIAN_MEMBERS` over it).

The whole inventory is checked in any case. A selection is `all`, or codes, with the word `new` for every member that
the reference data doesn't mark as one of the demonstration's: so the lab serves twelve of them, and whoever joins.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numerian.errors import NumerianError
from numerian.fault import shown
from numerian.wording import join, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numerian.model import Inventory, Member
    from numerian.reference import Reference

VARIABLE = "NUMERIAN_MEMBERS"
SETTING = "members"
ALL = "all"
NEW = "new"


class SelectionError(NumerianError):
    """A selection names nobody, or somebody whom the inventory doesn't hold."""


@dataclass(frozen=True)
class Selection:
    """Codes of members, and whether those that aren't the demonstration's come with them."""

    codes: tuple[str, ...]
    new: bool
    source: str

    def __str__(self) -> str:
        """Say it in a few words, for whoever wonders why a member isn't served.

        >>> str(Selection(("07186", "07151"), True, "numerian:members"))
        'only 2 members and new ones are served (numerian:members)'
        """
        parts = [f"{len(self.codes)} member{'s' if len(self.codes) > 1 else ''}"] if self.codes else []
        return f"only {' and '.join(parts + ['new ones'] * self.new)} are served ({self.source})"

    @property
    def french(self) -> str:
        """Say the same to whoever reviews a change.

        >>> Selection(("07186", "07151"), True, "numerian:members").french
        'seuls sont servis 2 membres et les nouveaux (numerian:members)'
        """
        parts = [plural(len(self.codes), "membre")] if self.codes else []
        only = "seul est servi" if len(self.codes) == 1 and not self.new else "seuls sont servis"
        return f"{only} {join(parts + ['les nouveaux'] * self.new)} ({self.source})"

    def apply(self, inventory: Inventory, facts: Reference) -> Inventory:
        """Return the inventory with the chosen members, and the others' codes in `left_out`.

        Raises:
            SelectionError: a code isn't in the inventory; all such codes are named.
        """
        known = {member.code: member for member in inventory.members}
        if unknown := [code for code in self.codes if code not in known]:
            raise SelectionError(f"{self.source}: {'; and '.join(_nobody(code, known) for code in unknown)}")
        chosen = set(self.codes)
        if self.new:
            chosen |= known.keys() - facts.demonstration
        members = tuple(member for member in inventory.members if member.code in chosen)
        return inventory.model_copy(
            update={"members": members, "left_out": tuple(sorted(known.keys() - chosen))},
        )


def choose(setting: str | None, source: str) -> Selection | None:
    """Return the selection of a stack whose setting is `setting` (None: it has none), or None for everybody.

    Args:
        setting: codes and words between commas or spaces, or Pulumi's JSON of a list of them.
        source: where the setting stands, for what is said of it.

    >>> choose("07186, new", "numerian:members")
    Selection(codes=('07186',), new=True, source='numerian:members')
    >>> choose('["07186"]', "numerian:members").codes, choose("all", "numerian:members")
    (('07186',), None)
    """
    if given := os.environ.get(VARIABLE):
        return parse(given, f"${VARIABLE}")
    return None if setting is None else parse(setting, source)


def parse(text: str, source: str) -> Selection | None:
    """Return the selection that `text` is, or None for everybody.

    Raises:
        SelectionError: it says nobody, or everybody and somebody.
    """
    words = [word for word in re.split(r"[\s,\[\]\"']+", text) if word]
    if words == [ALL]:
        return None
    if ALL in words or not words:
        raise SelectionError(f"{source}: {shown(text)} is no selection; write `all`, or codes such as 07186, 07151")
    codes = tuple(sorted({word.upper() for word in words if word != NEW}))
    return Selection(codes, NEW in words, source)


def _nobody(code: str, known: Mapping[str, Member]) -> str:
    from numerian.suggest import nearest

    near = nearest(code, known)
    guess = f"did you mean {near} ({known[near].name})?" if near else "write codes as in the names of files, in quotes"
    return f"no member has the code {shown(code)}; {guess}"
