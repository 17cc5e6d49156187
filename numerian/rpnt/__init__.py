"""What the State measures of each commune's site and mail (RPNT), told from the inventory or measured from outside."""

from numerian.rpnt.criteria import RULES, Criterion, Rule, State
from numerian.rpnt.verdict import Change, Level, changes, evaluate, level

__all__ = ["RULES", "Change", "Criterion", "Level", "Rule", "State", "changes", "evaluate", "level"]
