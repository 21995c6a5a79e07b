"""How each measure is spoken of in the report: plain name, denominator, which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from results.measure import COUNT
from results.measures import MEASURES
from results.outcomes import PER as TABLE_PER

LOWER, HIGHER, SHIFT = -1, 1, 0
_BETTER = {"lower": LOWER, "higher": HIGHER, "neither": SHIFT}

# The lines of the forest, in order, under their headings.
FOREST: dict[str, tuple[str, ...]] = {
    "health": ("ltc_onsets", "deaths", "years_lost_before_75", "qalys"),
    "hospital use": (
        "emergency_admissions",
        "bed_days",
        "ae_attendances",
        "outpatient_follow_up",
    ),
    "everyday care": ("gp_contacts", "gp_unmet", "vcse_contacts", "treatment_burden"),
}

# Where the catalogue's title needs its context to be understood on its own.
NAMES = {
    "bed_days": "bed days in hospital",
    "gp_contacts": "GP and practice contacts",
    "gp_unmet": "practice requests not met",
    "outpatient_follow_up": "outpatient follow-ups",
    "qalys": "healthy life (QALYs)",
    "vcse_contacts": "voluntary-sector contacts",
}

SERVICE_NAMES: dict[str, str] = {
    "gp": "practice appointments",
    "pharmacy": "community pharmacy",
    "nhs111": "NHS 111 calls",
    "ambulance": "ambulances",
    "out_of_hours": "out-of-hours visits",
    "extended_access": "evening and Saturday hubs",
    "utc": "urgent treatment centres",
    "ed": "A&E spaces",
    "sdec": "same-day emergency care",
    "beds": "emergency beds",
    "elective": "planned admissions",
    "outpatients": "outpatient clinics",
    "advice_guidance": "advice to practices by consultants",
    "specialist_clinics": "community specialist clinics",
    "community_nursing": "district nurses",
    "urgent_response": "urgent community response",
    "virtual_ward": "virtual-ward places",
    "mental_health": "mental-health services",
    "talking_therapies": "talking therapies",
    "mdt": "team meetings",
    "care_coordination": "care coordinators",
    "case_management": "case managers",
    "vcse": "link workers",
    "vcse_groups": "voluntary-sector groups",
    "reablement": "reablement places",
    "social_care": "social care packages",
    "care_home": "care-home places",
    "end_of_life": "end-of-life care at home",
}

# Roles of one service that fill up apart, as ``spoken``, each with a name of its own.
ROLE_NAMES: dict[tuple[str, str], str] = {
    ("gp", "gp"): "GP appointments",
    ("gp", "practice nurse"): "practice-nurse appointments",
    ("gp", "other direct patient care"): "other practice appointments",
    ("gp", "pharmacist"): "practice pharmacists",
    ("gp", "physiotherapist"): "practice physiotherapists",
    ("gp", "mental health practitioner"): "practice mental-health workers",
    ("gp", "care coordinator"): "practice care coordinators",
    ("ed", "majors"): "A&E major spaces",
    ("ed", "minors"): "A&E minor spaces",
    ("elective", "beds"): "planned-care beds",
    ("elective", "day case"): "day cases",
    ("elective", "ordinary"): "planned admissions",
    ("outpatients", "first"): "first outpatient visits",
    ("outpatients", "follow up"): "outpatient follow-ups",
    ("outpatients", "rtt"): "waiting-list treatments",
}

WAIT_NAMES: dict[str, str] = {
    "gp": "Routine practice appointment",
    "extended_access": "Evening or Saturday appointment",
    "pharmacy": "Pharmacy",
    "nhs111": "Call back from NHS 111",
    "out_of_hours": "Out-of-hours visit",
    "ambulance": "Ambulance",
    "utc": "Time in an urgent treatment centre",
    "ed": "Time in A&E",
    "beds": "Bed after a decision to admit",
    "mdt": "Discussion at a team meeting",
    "care_coordination": "Care coordinator’s place",
    "case_management": "Case manager",
    "vcse": "Link worker",
    "vcse_groups": "Voluntary-sector group",
    "outpatients": "First outpatient visit",
    "advice_guidance": "Consultant’s advice to the practice",
    "specialist_clinics": "Community specialist clinic",
    "mental_health": "Mental-health team",
    "talking_therapies": "Talking therapy",
    "community_nursing": "District nurse",
    "urgent_response": "Urgent community response",
    "virtual_ward": "Virtual-ward place",
    "reablement": "Reablement",
    "social_care": "Social care package",
    "care_home": "Care-home place",
    "end_of_life": "End-of-life care at home",
}

STAGE_NAMES: dict[str, str] = {
    "eligible": "Meet the rules of the design",
    "invited": "Are invited",
    "accepted": "Accept the offer",
    "assessed": "Are assessed and agree a plan",
    "supported": "Are supported",
    "still_supported_a_year_later": "Are still supported a year later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure in words.

    ``better`` is -1 where lower is better, +1 where higher is, 0 where a change is a shift
    and no goal. ``counted`` is True where things are counted (fewer and more), else lower and
    higher. ``per_person`` is True where a level is already a rate for each person and year,
    ``total`` where it is a sum over the place, with its rate for every 1,000 people beside it.
    """

    key: str
    name: str
    better: int
    counted: bool = True
    per_person: bool = False
    total: bool = True

    @property
    def less(self) -> str:
        """The word for a fall: fewer things, or a lower share."""
        return "fewer" if self.counted else "lower"

    @property
    def more(self) -> str:
        """The word for a rise."""
        return "more" if self.counted else "higher"

    @property
    def goal(self) -> str:
        """Which way is better, in words."""
        return {LOWER: "lower is better", HIGHER: "higher is better"}.get(
            self.better, "a shift, not a goal"
        )

    def gap_factor(self, per: float) -> float:
        """Return what makes a gap of ``inequality.csv`` one for every ``per`` people a year.

        Gaps of totals stand there for every 1,000 people, those of all other measures in the
        measure's own unit: a share's, an age's or a wait's gap stays as it is.
        """
        if self.per_person:
            return per
        return per / TABLE_PER if self.total else 1.0


def measure_of(key: str) -> Measure:
    """Return how a measure is spoken of; an unknown one by its own key, as a shift."""
    known = MEASURES.get(key)
    if known is None:
        return Measure(key=key, name=NAMES.get(key, spoken(key)), better=SHIFT)
    per_person = known.unit.endswith("per person-year")
    return Measure(
        key=key,
        name=NAMES.get(key, known.title),
        better=_BETTER.get(known.better, SHIFT),
        counted=(known.kind == COUNT or per_person) and key != "qalys",
        per_person=per_person,
        total=known.kind == COUNT,
    )


def forest_group(key: str) -> str:
    """Return the heading under which a measure stands in the forest."""
    return next((group for group, keys in FOREST.items() if key in keys), "")


def spoken(key: str) -> str:
    """Return a key as words: "proactive-mltc" becomes "proactive mltc"."""
    return key.replace("_", " ").replace("-", " ").strip()


def service_name(service: str, role: str = "", roles: int = 1) -> str:
    """Return a service in plain words; its role too where several ``roles`` fill up apart."""
    role = spoken(role)
    if (service, role) in ROLE_NAMES and roles > 1:
        return ROLE_NAMES[service, role]
    name = SERVICE_NAMES.get(service, spoken(service))
    return f"{name}: {role}" if role and role != "all" and roles > 1 else name
