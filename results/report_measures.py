"""How each measure is spoken of in the report: plain name, denominator, which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from results.measure import COUNT, WAIT
from results.measure import Measure as Catalogued
from results.measures import MEASURES
from results.outcomes import PER as TABLE_PER

LOWER, HIGHER, SHIFT = -1, 1, 0
RATE = "per 10,000 people a year"
IN_HOURS = ("ed", "beds")  # services whose waits are told in hours, all others’ in days
ONES = ("share", "wait", "median", "age", "workload", "length", "moves")  # "the share of …"
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
    "prevalence_2plus": "share of adults with two or more conditions",
    "prevalence_4plus": "share of adults with four or more conditions",
    "prevalence_2plus_diagnosed": "share of adults with two or more diagnosed conditions",
    "controlled_share": "share of diagnosed conditions under control",
    "isolated_share": "share of adults who are isolated",
    "depression_prevalence": "share of adults with depression",
    "anxiety_prevalence": "share of adults with anxiety",
    "found_share": "share of conditions that are known",
    "community_care_share": "share of care given outside hospital",
    "smokers_share": "share of people who smoke",
    "readmission_share": "share readmitted within 30 days",
    "deaths_at_home_share": "share of deaths at home",
    "ed_within_4_hours": "share seen in A&E within four hours",
    "ed_over_12_hours": "share over twelve hours in A&E",
    "qalys": "healthy life (QALYs)",
    "vcse_contacts": "voluntary-sector contacts",
}

# In the plural, for sentences say what "they" are and do.
SERVICE_NAMES: dict[str, str] = {
    "gp": "practice appointments",
    "pharmacy": "community pharmacies",
    "nhs111": "NHS 111 calls",
    "ambulance": "ambulances",
    "out_of_hours": "out-of-hours visits",
    "extended_access": "evening and Saturday hubs",
    "utc": "urgent treatment centres",
    "ed": "A&E spaces",
    "sdec": "same-day emergency places",
    "beds": "emergency beds",
    "elective": "planned admissions",
    "outpatients": "outpatient clinics",
    "advice_guidance": "consultants’ replies to practices",
    "specialist_clinics": "community specialist clinics",
    "community_nursing": "district nurses",
    "urgent_response": "urgent community responses",
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
    "end_of_life": "end-of-life places at home",
}

# Roles of one service that fill up apart, as ``spoken``, each with a name of its own.
ROLE_NAMES: dict[tuple[str, str], str] = {
    ("gp", "gp"): "GP appointments",
    ("gp", "hours: gp"): "practice appointments: hours: GPs",
    ("gp", "practice nurse"): "practice-nurse appointments",
    ("gp", "other direct patient care"): "other practice appointments",
    ("gp", "pharmacist"): "practice pharmacists",
    ("gp", "physiotherapist"): "practice physiotherapists",
    ("gp", "mental health practitioner"): "practice mental-health workers",
    ("gp", "care coordinator"): "practice care coordinators",
    ("beds", "emergency"): "emergency beds",
    ("mdt", "cases"): "team-meeting cases",
    ("care_coordination", "care coordinator"): "care coordinators",
    ("vcse", "link worker"): "link workers",
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
    higher, and shorter and longer for a wait. ``per_person`` is True where a level is already a
    rate for each person and year, ``total`` where it is a sum over the place, with its rate for
    every 1,000 people beside it; both are told as rates. All others are told in a unit of their
    own: ``own_unit`` of a level, ``own_change`` of a difference, and ``own_factor`` makes them of
    what the tables hold (100 for shares, 24 for waits in hours).
    """

    key: str
    name: str
    better: int
    counted: bool = True
    per_person: bool = False
    total: bool = True
    wait: bool = False
    money: bool = False
    own_unit: str = ""
    own_change: str = ""
    own_factor: float = 1.0

    @property
    def less(self) -> str:
        """The word for a fall: fewer things, a shorter wait, or a lower share."""
        if self.wait:
            return "shorter"
        return "fewer" if self.counted else "lower"

    @property
    def more(self) -> str:
        """The word for a rise."""
        if self.wait:
            return "longer"
        return "more" if self.counted else "higher"

    @property
    def rated(self) -> bool:
        """Whether levels and differences are told for every 10,000 people a year."""
        return self.per_person or self.total

    @property
    def unit(self) -> str:
        """The unit of a level: "per 10,000 people a year", "%", "years", "days"."""
        if self.rated:
            return f"£ {RATE}" if self.money else RATE
        return self.own_unit

    @property
    def change_unit(self) -> str:
        """The unit of a difference: that of a level, but points where that is per cent."""
        return self.unit if self.rated else self.own_change

    @property
    def per(self) -> str:
        """What follows a sentence's numbers, for a rate: " per 10,000 people a year"."""
        return f" {RATE}" if self.rated else ""

    @property
    def said(self) -> str:
        """The name inside a sentence: "emergency admissions", "the wait for outpatients"."""
        return f"the {self.name}" if self._one else self.name

    @property
    def _one(self) -> bool:
        return self.name.split(" ")[0] in ONES and not self.counted

    def verb(self, one: str, many: str) -> str:
        """Return the verb that the name takes."""
        return many if self.counted else one

    def aim(self, word: str) -> str:
        """Return "fewer emergency admissions" or "a shorter wait for outpatients"."""
        return f"{'a ' if self._one else ''}{word} {self.name}"

    def in_unit(self, unit: str) -> str:
        """Return the name with a unit: "bed days per 10,000 people a year", "share of …, %"."""
        return f"{self.name} {unit}" if self.rated and not self.money else f"{self.name}, {unit}"

    @property
    def level(self) -> str:
        """The name with the unit of its level."""
        return self.in_unit(self.unit)

    @property
    def difference(self) -> str:
        """The name with the unit of its differences."""
        return self.in_unit(self.change_unit)

    def axis(self, what: str) -> str:
        """Return "Difference per 10,000 people a year" or "Difference, percentage points"."""
        if not self.change_unit:
            return what
        return f"{what} {RATE}" if self.rated and not self.money else f"{what}, {self.change_unit}"

    def head(self, what: str) -> str:
        """Return the head of a column of levels, with its unit where differences have another."""
        return what if self.unit == self.change_unit else f"{what}, {self.unit}"

    def amount(self, number: str) -> str:
        """Return the size of a difference, for a rate without what it is per."""
        if self.rated:
            return f"£{number}" if self.money else number
        return f"{number} {self.change_unit}".strip()

    def level_words(self, number: str) -> str:
        """Return a level with its unit: "41% ", "62.4 years", "980 per 10,000 people a year"."""
        if self.rated:
            return self.amount(number) + self.per
        gap = "" if self.own_unit == "%" else " "
        return f"{number}{gap}{self.own_unit}".strip()

    def factor(self, per: float) -> float:
        """Return what makes a level of the tables one in ``unit``; a total’s own is its rate."""
        return per if self.per_person else 1.0 if self.total else self.own_factor

    @property
    def goal(self) -> str:
        """Which way is better, in words."""
        return {LOWER: "lower is better", HIGHER: "higher is better"}.get(
            self.better, "a shift, not a goal"
        )

    def gap_factor(self, per: float) -> float:
        """Return what makes a gap of ``inequality.csv`` one for every ``per`` people a year.

        Gaps of totals stand there for every 1,000 people, those of all other measures in the
        measure's own unit, as its levels do.
        """
        return per / TABLE_PER if self.total else self.factor(per)


def measure_of(key: str) -> Measure:
    """Return how a measure is spoken of; an unknown one by its own key, as a shift."""
    known = MEASURES.get(key)
    if known is None:
        return Measure(key=key, name=NAMES.get(key, spoken(key)), better=SHIFT)
    per_person = known.unit.endswith("per person-year")
    unit, change, factor = _own(known)
    money = known.unit == "GBP"
    return Measure(
        key=key,
        name=NAMES.get(key, known.title),
        better=_BETTER.get(known.better, SHIFT),
        counted=(known.kind == COUNT or per_person) and key != "qalys" and not money,
        per_person=per_person,
        total=known.kind == COUNT,
        wait=known.kind == WAIT and unit in ("days", "hours"),
        money=money,
        own_unit=unit,
        own_change=change,
        own_factor=factor,
    )


def _own(known: Catalogued) -> tuple[str, str, float]:
    """Return the unit of a measure that is no rate, that of its differences, and its factor."""
    if known.unit.startswith("share"):
        return "%", "percentage points", 100.0
    if known.kind == WAIT:
        return ("hours", "hours", 24.0) if known.service in IN_HOURS else ("days", "days", 1.0)
    if known.unit.startswith(("level", "utility")):
        return "points", "points", 1.0
    unit = known.unit.split(" per ")[0]  # "days per emergency admission": the name says of what
    return unit, unit, 1.0


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
