"""What is measured: one small declaration a measure, all of them sums over sums.

A ``count`` is a total for the place, with a rate for every 1,000 residents a year beside it.
An ``average`` is a number of people at a time. A ``ratio`` is one sum over another.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

LOWER, HIGHER, NEITHER = "lower", "higher", "neither"
COUNT, AVERAGE, RATIO = "count", "average", "ratio"
WAIT, AGE, BEYOND = "wait", "age", "beyond"
OURS = "this program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure.

    ``numerator`` and ``denominator`` name quantities that are added up (``results.sums``,
    ``results.costs``); a count has no denominator. ``states`` says whether true or diagnosed
    conditions are meant, where conditions are meant at all. ``better`` is ``lower``,
    ``higher`` or ``neither``. ``worth`` is ``health`` or ``money`` where the measure may be
    discounted.
    """

    key: str
    title: str
    unit: str
    definition: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    kind: str = COUNT
    ages: str = "all"
    states: str = ""
    better: str = NEITHER
    worth: str = ""
    service: str = ""
    source: str = OURS

    @property
    def is_share(self) -> bool:
        """Whether the measure lies between 0 and 1."""
        return self.kind == RATIO and self.unit.startswith("share")


PRACTICE = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
BEDS = ("emergency_bed_days", "elective_bed_days")
OUTCOMES_FRAMEWORK = "OHSEL outcomes framework (M6); counted by this program"


def _count(
    key: str,
    title: str,
    unit: str,
    definition: str,
    *,
    numerator: tuple[str, ...] = (),
    better: str = NEITHER,
    source: str = OURS,
) -> Measure:
    return Measure(
        key=key,
        title=title,
        unit=unit,
        definition=definition,
        numerator=numerator or (key,),
        better=better,
        source=source,
    )


_PEOPLE = (
    Measure(
        key="people",
        title="residents",
        unit="people",
        definition="mean number of residents over the year: person-years lived in the place",
        numerator=("person_years",),
        kind=AVERAGE,
    ),
    Measure(
        key="deaths",
        title="deaths",
        unit="deaths",
        definition="deaths of residents",
        numerator=("deaths",),
        better=LOWER,
    ),
    Measure(
        key="life_years",
        title="life years",
        unit="years",
        definition="years lived by residents within the horizon, until they die or move away",
        numerator=("person_years",),
        better=HIGHER,
        worth="health",
    ),
    Measure(
        key="qalys",
        title="QALYs",
        unit="QALYs",
        definition="years lived within the horizon, until death or moving away, each weighted by "
        "EQ-5D-3L utility: norm for age and sex plus the person's own losses, re-centred on the "
        "norm; carers' own health is not counted",
        numerator=("qalys",),
        states="true",
        better=HIGHER,
        worth="health",
        source="Sullivan 2011 decrements with count term; NICE DSU TSD 12",
    ),
    Measure(
        key="years_lost_before_75",
        title="years of life lost before 75",
        unit="years",
        definition="for each death below 75, the years to the 75th birthday",
        numerator=("years_lost_before_75",),
        ages="0-74",
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="life_expectancy_75",
        title="life expectancy at 75",
        unit="years",
        definition="period life table of the year's deaths from 75, five-year bands",
        numerator=(),
        kind=AGE,
        ages="75+",
        better=HIGHER,
        source=OUTCOMES_FRAMEWORK,
    ),
)
_LIFE = tuple(
    Measure(
        key=key,
        title=title,
        unit=unit,
        definition=definition,
        numerator=(),
        kind=AGE,
        better=HIGHER,
        source=source,
    )
    for key, title, unit, definition, source in (
        (
            "life_expectancy_birth",
            "life expectancy at birth",
            "years",
            "period life table of the year's deaths, five-year bands",
            OUTCOMES_FRAMEWORK,
        ),
        (
            "qale_birth",
            "quality-adjusted life expectancy at birth",
            "QALYs",
            "the same life table, each year weighted by the mean utility of its age band",
            OURS,
        ),
    )
)
_BEYOND = tuple(
    Measure(
        key=key,
        title=title,
        unit=unit,
        definition=f"{what}, at the death rates and utilities of usual care for their age, sex "
        "and fifth; a line apart, not part of any total",
        numerator=(),
        kind=BEYOND,
        better=HIGHER,
        worth="health",
    )
    for key, title, unit, what in (
        (
            "life_years_beyond",
            "life years beyond the horizon",
            "years",
            "years that people alive at the end of the horizon can expect after it",
        ),
        (
            "qalys_beyond",
            "QALYs beyond the horizon",
            "QALYs",
            "QALYs that people alive at the end of the horizon can expect after it",
        ),
        (
            "life_years_after_leaving",
            "life years of people who moved away",
            "years",
            "years that people who moved away before the last year can expect after they left; "
            "the same people leave on the same day under every design, unless they die first",
        ),
        (
            "qalys_after_leaving",
            "QALYs of people who moved away",
            "QALYs",
            "QALYs that people who moved away before the last year can expect after they left; "
            "the same people leave on the same day under every design, unless they die first",
        ),
    )
)
_HEALTH = (
    Measure(
        key="ltc_onsets",
        title="new long-term conditions",
        unit="onsets",
        definition="true onsets of any modelled condition, diagnosed or not",
        numerator=("onsets",),
        states="true",
        better=LOWER,
    ),
    Measure(
        key="prevalence_2plus",
        title="people with two or more conditions",
        unit="share of adults",
        definition="share of adults' time lived with two or more conditions",
        numerator=("adult_years_2plus",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        states="true",
        better=LOWER,
    ),
    Measure(
        key="prevalence_4plus",
        title="people with four or more conditions",
        unit="share of adults",
        definition="share of adults' time lived with four or more conditions",
        numerator=("adult_years_4plus",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        states="true",
        better=LOWER,
    ),
    Measure(
        key="prevalence_2plus_diagnosed",
        title="people with two or more diagnosed conditions",
        unit="share of adults",
        definition="share of adults' time lived with two or more diagnosed conditions",
        numerator=("adult_years_2plus_known",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        states="diagnosed",
    ),
    Measure(
        key="age_at_2plus",
        title="age at which half have two or more conditions",
        unit="years",
        definition="age at which the share with two or more conditions passes one half, read "
        "between five-year bands of the year's residents",
        numerator=(),
        kind=AGE,
        states="true",
        better=HIGHER,
        source="after Stafford et al. 2018",
    ),
    Measure(
        key="controlled_share",
        title="conditions under control",
        unit="share of diagnosed conditions",
        definition="diagnosed conditions treated to target at the year's end, of those "
        "diagnosed conditions that can be controlled",
        numerator=("controlled",),
        denominator=("controllable",),
        kind=RATIO,
        states="diagnosed",
        better=HIGHER,
    ),
    Measure(
        key="activation",
        title="patient activation",
        unit="level 1 to 4",
        definition="mean activation level of adults with a condition, weighted by time lived",
        numerator=("activation_years",),
        denominator=("years_with_ltc",),
        kind=RATIO,
        ages="18+",
        states="true",
        better=HIGHER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="isolated_share",
        title="people who are isolated",
        unit="share of adults",
        definition="share of adults' time lived in isolation",
        numerator=("adult_years_isolated",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        better=LOWER,
    ),
    Measure(
        key="depression_prevalence",
        title="people with depression",
        unit="share of adults",
        definition="share of adults' time in years that end with depression, diagnosed or not",
        numerator=("years_depression",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        states="true",
        better=LOWER,
    ),
    Measure(
        key="anxiety_prevalence",
        title="people with anxiety",
        unit="share of adults",
        definition="share of adults' time in years that end with anxiety, diagnosed or not",
        numerator=("years_anxiety",),
        denominator=("adult_years",),
        kind=RATIO,
        ages="18+",
        states="true",
        better=LOWER,
    ),
    Measure(
        key="found_share",
        title="conditions that are known",
        unit="share of conditions",
        definition="conditions truly present at the year's end that are diagnosed",
        numerator=("conditions_found",),
        denominator=("conditions_present",),
        kind=RATIO,
        states="true and diagnosed",
        better=HIGHER,
    ),
    Measure(
        key="utility_with_ltc",
        title="quality of life with a long-term condition",
        unit="utility",
        definition="QALYs over years lived by people with a condition at the year's start",
        numerator=("qalys_any",),
        denominator=("years_any",),
        kind=RATIO,
        states="true",
        better=HIGHER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="community_care_share",
        title="care given outside hospital",
        unit="share of contacts and days",
        definition="contacts and days of care in practice, community and neighbourhood, of "
        "these and attendances and days in hospital",
        numerator=("community_care",),
        denominator=("community_care", "hospital_care"),
        kind=RATIO,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="smokers_share",
        title="people who smoke",
        unit="share of people aged 16 and over",
        definition="share of time lived as a smoker",
        numerator=("years_smoking",),
        denominator=("years_over_16",),
        kind=RATIO,
        ages="16+",
        better=LOWER,
    ),
    Measure(
        key="treatment_burden",
        title="days people spend on care",
        unit="days per person-year",
        definition="contacts and days in a bed, each counted as a day, per person-year",
        numerator=("care_days",),
        denominator=("person_years",),
        kind=RATIO,
        better=LOWER,
    ),
)
_CARE = (
    _count(
        "gp_contacts",
        "practice appointments",
        "appointments",
        "appointments with any practice staff",
        numerator=PRACTICE,
    ),
    _count(
        "gp_unmet",
        "unmet requests to the practice",
        "requests",
        "requests given up or turned away",
        better=LOWER,
    ),
    _count(
        "gp_dna",
        "missed practice appointments",
        "appointments",
        "booked, not attended",
        better=LOWER,
    ),
    _count("nhs111_calls", "calls to NHS 111", "calls", "answered calls"),
    _count("ambulance_incidents", "ambulance incidents", "incidents", "all responses"),
    _count(
        "mdt_reviews",
        "team discussions",
        "discussions",
        "case discussions at a multidisciplinary team meeting",
    ),
    _count("assessments", "assessments and care plans", "assessments", "holistic assessments"),
    _count("coordinator_contacts", "contacts with a coordinator", "contacts", "care coordinator"),
    _count(
        "vcse_contacts",
        "voluntary-sector contacts",
        "contacts",
        "contacts with a link worker and sessions of a voluntary-sector group",
        numerator=("vcse_contacts", "vcse_group_sessions"),
    ),
    _count("community_contacts", "district-nursing contacts", "contacts", "district nursing"),
    _count(
        "mental_health_contacts",
        "mental-health contacts",
        "contacts",
        "secondary mental-health contacts",
    ),
    _count(
        "talking_therapy_contacts",
        "talking-therapy appointments",
        "appointments",
        "NHS talking therapies",
    ),
    _count(
        "urgent_response",
        "two-hour urgent responses",
        "referrals",
        "urgent community response referrals",
    ),
    _count("virtual_ward_days", "virtual-ward days", "days", "days on a virtual ward"),
    _count(
        "ae_attendances", "A&E attendances", "attendances", "all department types", better=LOWER
    ),
    _count(
        "emergency_admissions",
        "emergency admissions",
        "admissions",
        "emergency admissions, overnight or not",
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    _count(
        "people_admitted",
        "people admitted as an emergency",
        "people",
        "residents with at least one emergency admission in the year; over all years a "
        "resident counts once for each year with one",
        better=LOWER,
    ),
    _count(
        "avoidable_emergency_admissions",
        "avoidable emergency admissions",
        "admissions",
        "emergency admissions for ambulatory-care-sensitive conditions",
        better=LOWER,
    ),
    _count(
        "readmissions_30d",
        "emergency readmissions",
        "admissions",
        "emergency admissions within 30 days of discharge",
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="readmission_share",
        title="readmitted within 30 days",
        unit="share of emergency admissions",
        definition="emergency admissions that follow a discharge within 30 days",
        numerator=("readmissions_30d",),
        denominator=("emergency_admissions",),
        kind=RATIO,
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    _count(
        "bed_days",
        "days in a hospital bed",
        "days",
        "emergency and elective bed days",
        numerator=BEDS,
        better=LOWER,
    ),
    Measure(
        key="length_of_stay",
        title="length of an emergency stay",
        unit="days per emergency admission",
        definition="emergency bed days over emergency admissions, same-day ones included",
        numerator=("emergency_bed_days",),
        denominator=("emergency_admissions",),
        kind=RATIO,
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    _count(
        "discharge_delay_days",
        "days waiting to leave hospital",
        "days",
        "days in a bed after being fit to leave",
        better=LOWER,
    ),
    _count(
        "elective_admissions", "planned admissions", "admissions", "ordinary elective admissions"
    ),
    _count("day_cases", "day cases", "cases", "elective day cases"),
    _count("outpatient_first", "first outpatient attendances", "attendances", "attended"),
    _count("outpatient_follow_up", "follow-up outpatient attendances", "attendances", "attended"),
    _count(
        "care_home_admissions",
        "moves to a care home",
        "moves",
        "permanent moves",
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="deaths_at_home_share",
        title="deaths at home",
        unit="share of deaths",
        definition="deaths in the usual place of residence",
        numerator=("deaths_at_home",),
        denominator=("deaths",),
        kind=RATIO,
        better=HIGHER,
        source=OUTCOMES_FRAMEWORK,
    ),
    Measure(
        key="ed_within_4_hours",
        title="seen in A&E within four hours",
        unit="share of type 1 attendances",
        definition="type 1 attendances that took four hours or less",
        numerator=("ae_type1", "-ae_over_4_hours"),
        denominator=("ae_type1",),
        kind=RATIO,
        better=HIGHER,
    ),
    Measure(
        key="ed_over_12_hours",
        title="over twelve hours in A&E",
        unit="share of type 1 attendances",
        definition="type 1 attendances that took over twelve hours",
        numerator=("ae_over_12_hours",),
        denominator=("ae_type1",),
        kind=RATIO,
        better=LOWER,
    ),
)
_WAITED = {
    "gp": ("for a practice appointment", "request to visit"),
    "ed": ("in A&E", "arrival to leaving"),
    "beds": ("for a bed", "decision to admit to a bed"),
    "mdt": ("for a team discussion", "referral to discussion"),
    "care_coordination": ("for a coordinator's place", "acceptance to a place"),
    "vcse": ("for a link worker", "referral to contact"),
    "outpatient": ("for outpatients", "referral to first attendance or admission"),
}
_READ_AS = {
    "wait_days": ("wait", "mean wait", "mean_wait_days"),
    "median_wait_days": ("median wait", "wait that half do not exceed", "median_wait_days"),
    "p90_wait_days": ("wait that 9 in 10 stay within", "90th percentile", "p90_wait_days"),
    "p95_wait_days": ("wait that 19 in 20 stay within", "95th percentile", "p95_wait_days"),
}
_WAITS = tuple(
    Measure(
        key=f"{service}_{ending}",
        title=f"{title} {of}",
        unit="days",
        definition=f"{what}, {between}",
        numerator=(column,),
        kind=WAIT,
        better=LOWER,
        service="outpatients" if service == "outpatient" else service,
    )
    for service, (of, between) in _WAITED.items()
    for ending, (title, what, column) in _READ_AS.items()
)
_WORK = (
    Measure(
        key="staff_workload",
        title="workload of practice staff",
        unit="share of practice capacity",
        definition="practice capacity used, all roles together",
        numerator=("used",),
        denominator=("capacity",),
        kind=WAIT,
        service="gp",
        better=LOWER,
    ),
)
_MONEY = tuple(
    Measure(
        key=key,
        title=title,
        unit="GBP",
        definition=definition,
        numerator=(key,),
        worth="money",
        better=LOWER,
    )
    for key, title, definition in (
        ("nhs_cost", "NHS cost", "simulated activity at unit cost, and the design's own cost"),
        ("social_care_cost", "social care cost", "care-home residence, whoever pays for it"),
        ("vcse_cost", "voluntary-sector cost", "group sessions and the design's own cost"),
        (
            "carer_cost",
            "unpaid carers' time",
            "hours of care that frail people at home get from family and friends, at the price "
            "of an hour of home care; apart, no part of any total",
        ),
        ("intervention_cost", "cost of the design", "the design's own cost, of which above"),
        ("total_cost", "total cost", "NHS, social care and voluntary sector together"),
    )
)
MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (*_PEOPLE, *_LIFE, *_BEYOND, *_HEALTH, *_CARE, *_WAITS, *_WORK, *_MONEY)
}


# What a reader may look for and the run record cannot say, with the reason.
ABSENT: dict[str, tuple[str, str]] = {
    "economically_active_share": (
        "people who work or look for work",
        "the run record holds nothing on work: no component changes it and no published effect "
        "of the designs on it was found",
    ),
}
NEVER_SEEN = "no run of this experiment recorded any, so that nothing can be said of it"
LIMITS: dict[str, str] = {
    "care_home_admissions": "who lives in a care home is settled at the start and no component "
    "moves people there: nothing recorded is no sign that nobody moves",
    "social_care_cost": "care-home residence alone; care packages are not simulated, so that "
    "this cost can hardly differ between designs",
    "staff_workload": "practice staff alone; the use of other staff is in resources.csv. It is "
    "no measure of how staff feel",
    "carer_cost": "hours for each level of frailty are assumptions; carers' own health is not "
    "counted",
    "qalys": "people who move away count until they leave (qalys_after_leaving has the rest)",
    "age_at_2plus": "for all, by fifth and by sex; none where no age band reaches one half",
}
BY_FIFTH = "all, imd_quintile"
BY_LIFE = "all, imd_quintile, sex"
BY_ALL = "all, imd_quintile, age_band, sex, ethnicity, locality, practice, segment, ltc_count"


def _groups(measure: Measure) -> str:
    """Return the groupings in which a measure is shown."""
    if measure.kind == WAIT:
        return "all" if measure.denominator else BY_FIFTH
    return BY_LIFE if measure.kind in (AGE, BEYOND) else BY_ALL


def measures_table(recorded: frozenset[str] | None = None) -> pd.DataFrame:
    """Return ``measures.csv``: what each measure is, and which the runs could not say.

    ``recorded`` are the measures of which a run holds a number that is not nothing.
    """
    rows = [
        {
            "measure": measure.key,
            "title": measure.title,
            "unit": measure.unit,
            "definition": measure.definition,
            "numerator": " + ".join(measure.numerator).replace("+ -", "- ") or "see definition",
            "denominator": " + ".join(measure.denominator)
            or ("place" if measure.kind == COUNT else ""),
            "ages": measure.ages,
            "states": measure.states or "neither",
            "better": measure.better,
            "kind": measure.kind,
            "discounted": measure.worth or "no",
            "groups": _groups(measure),
            "recorded": "yes" if recorded is None or measure.key in recorded else "no",
            "note": _note(measure.key, recorded),
            "source": measure.source,
        }
        for measure in MEASURES.values()
    ]
    rows += [
        dict.fromkeys(rows[0], "")
        | {"measure": key, "title": title, "recorded": "no", "note": why, "source": OURS}
        for key, (title, why) in ABSENT.items()
    ]
    return pd.DataFrame(rows).sort_values("measure", ignore_index=True)


def _note(key: str, recorded: frozenset[str] | None) -> str:
    never = NEVER_SEEN if recorded is not None and key not in recorded else ""
    return "; ".join(part for part in (LIMITS.get(key, ""), never) if part)
