"""The ten vulnerabilities that support the finding of rising risk (W2), by key.

Others are added by rows of ``own_traits.csv``: each row is a rule and the share that have the
trait among those for whom it is the first that holds. A rule asks for them as
``trait('digitally_excluded')``.
"""

from __future__ import annotations

from agents.evidence import Evidence

VULNERABILITY_NAMES: dict[str, str] = {
    "alcohol_or_substance_misuse": "alcohol or substance misuse",
    "deprivation": "deprivation",
    "disability": "disability, sensory impairment included",
    "care_package": "has a carer or care package",
    "language_difficulties": "interpreter needed or reading difficulties",
    "refugee_or_asylum_seeker": "refugee or asylum seeker",
    "safeguarding": "active concern about safeguarding, neglect or abuse",
    "socially_marginalised": "homeless, on probation, no recourse to public funds and the like",
    "violence_or_exploitation": "concern about violence or criminal exploitation",
    "lgbtq": "LGBTQ+",
}
VULNERABILITIES: tuple[str, ...] = tuple(VULNERABILITY_NAMES)
OWN = "own_traits"


def vulnerabilities_of(evidence: Evidence) -> tuple[str, ...]:
    """Return the ten, and then those that rows of ``own_traits.csv`` add."""
    own = dict.fromkeys(row["trait"] for row in evidence.rows(OWN))
    return (*VULNERABILITIES, *(name for name in own if name not in VULNERABILITIES))
