"""The ten vulnerabilities that support the finding of rising risk (W2), by key."""

from __future__ import annotations

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
