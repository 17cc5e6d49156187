"""Find the member that an operator means: by its code, or by its name while that is one member's only."""

from __future__ import annotations

from numerian.errors import NumerianError
from numerian.model import Inventory, Member
from numerian.suggest import nearest_names, slug


class UnknownMemberError(NumerianError):
    """No member, or more than one, is called so."""


def find(inventory: Inventory, word: str) -> Member:
    """Return the member of a code or a name (`07186`, `privas`, `le poet laval`).

    Raises:
        UnknownMemberError: nobody is called so, or several are; the message names them with their codes.
    """
    if word.upper() in inventory.by_code:
        return inventory.by_code[word.upper()]
    named = [member for member in inventory.members if member.slug == slug(word)]
    if len(named) == 1:
        return named[0]
    if named:
        raise UnknownMemberError(f"{word!r} are several: write the code ({_list(named)})")
    near = [inventory.members[at] for at in nearest_names(word, [member.name for member in inventory.members])]
    guess = f"did you mean {_list(near)}?" if near else "`numerian sites` lists them"
    raise UnknownMemberError(f"no member is called {word!r}; {guess}")


def _list(members: list[Member]) -> str:
    return ", ".join(f"{member.code} {member.name}" for member in members)
