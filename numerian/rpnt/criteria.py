"""The sixteen criteria of the RPNT v0.2.1 (Référentiel de la présence numérique des territoires, ANCT).

Sources: https://suiteterritoriale.anct.gouv.fr/conformite/referentiel for the criteria, and the measuring program that
ANCT publishes (github.com/suitenumerique/st-home, `data/tasks`) for what counts as essential, which extensions are
sovereign, and which failure takes others with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

VERSION = "0.2.1"
REFERENCE = "https://suiteterritoriale.anct.gouv.fr/conformite/referentiel"

SOVEREIGN = frozenset(
    {"fr", "alsace", "bzh", "corsica", "paris", "eu"}
    | {"re", "yt", "gp", "mq", "gf", "pm", "wf", "tf", "nc", "pf"}
    | {"test"}  # of the lab alone: RFC 6761 reserves it, nobody can register a name in it
)
"""Extensions that criterion 1.2 takes: national, regional and European, overseas."""


class State(StrEnum):
    """How a criterion stands."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def french(self) -> str:
        """The word that people read."""
        return _FRENCH[self]


_FRENCH = {State.PASSED: "conforme", State.FAILED: "non conforme", State.UNKNOWN: "non mesuré"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One criterion, as the State words it in short.

    `declared`: judged by what is written down at service-public.gouv.fr; the others are tested from outside.
    """

    id: str
    essential: bool
    declared: bool
    french: str
    english: str

    @property
    def service(self) -> Literal["site", "mail"]:
        """What it is about."""
        return "site" if self.id.startswith("1.") else "mail"

    @property
    def level(self) -> str:
        """Its level in French: essentiel, recommandé."""
        return "essentiel" if self.essential else "recommandé"


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one member stands with one criterion: `reason` says why, `remedy` what to change (both French; may be "")."""

    rule: Rule
    state: State
    reason: str = ""
    remedy: str = ""


RULES = (
    Rule("1.1", True, True, "Site déclaré à l’annuaire de l’administration", "Site declared in the State's directory"),
    Rule("1.2", True, True, "Extension de domaine souveraine", "Sovereign domain extension"),
    Rule("1.3", True, False, "Site joignable", "Site answers"),
    Rule("1.4", True, False, "Site en HTTPS", "Site uses HTTPS"),
    Rule("1.5", True, False, "Certificat valide", "Valid certificate"),
    Rule("1.6", True, False, "Pas de redirection vers un autre domaine", "No redirect to another domain"),
    Rule("1.7", False, False, "Redirections d’usage (http, sans www)", "Usual redirects (http, without www)"),
    Rule("1.8", False, True, "Adresse déclarée en HTTPS", "Address declared with HTTPS"),
    Rule("2.1", True, True, "Adresse de messagerie déclarée", "Mail address declared"),
    Rule("2.2", True, True, "Messagerie hors d’un domaine générique", "Mail not at a generic domain"),
    Rule("2.3", True, True, "Messagerie au même domaine que le site", "Mail domain is the site's"),
    Rule("2.4", True, False, "Enregistrement MX", "MX record"),
    Rule("2.5", True, False, "Enregistrement SPF", "SPF record"),
    Rule("2.6", False, False, "Enregistrement DMARC", "DMARC record"),
    Rule("2.7", False, False, "DMARC strict (quarantaine ou rejet)", "Strong DMARC (quarantine or reject)"),
    Rule("2.8", True, False, "Serveur de messagerie dans l’Union européenne", "Mail server in the European Union"),
)
"""In the reference's order."""

BY_ID = {rule.id: rule for rule in RULES}
