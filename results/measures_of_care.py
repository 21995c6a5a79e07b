"""The measures of care: what is used, who waits, how hard staff work and what it costs."""

from __future__ import annotations

from results.measure import (
    BEDS,
    HIGHER,
    LOWER,
    OUTCOMES_FRAMEWORK,
    PRACTICE,
    RATIO,
    WAIT,
    Measure,
    counted,
)

OF_CARE = (
    counted(
        "gp_contacts",
        "practice appointments",
        "appointments",
        "appointments with any practice staff",
        numerator=PRACTICE,
    ),
    counted(
        "gp_unmet",
        "unmet requests to the practice",
        "requests",
        "requests given up or turned away",
        better=LOWER,
    ),
    counted(
        "gp_dna",
        "missed practice appointments",
        "appointments",
        "booked, not attended",
        better=LOWER,
    ),
    counted("nhs111_calls", "calls to NHS 111", "calls", "answered calls"),
    counted("ambulance_incidents", "ambulance incidents", "incidents", "all responses"),
    counted(
        "mdt_reviews",
        "team discussions",
        "discussions",
        "case discussions at a multidisciplinary team meeting",
    ),
    counted("assessments", "assessments and care plans", "assessments", "holistic assessments"),
    counted("coordinator_contacts", "contacts with a coordinator", "contacts", "care coordinator"),
    counted(
        "vcse_contacts",
        "voluntary-sector contacts",
        "contacts",
        "contacts with a link worker and sessions of a voluntary-sector group",
        numerator=("vcse_contacts", "vcse_group_sessions"),
    ),
    counted("community_contacts", "district-nursing contacts", "contacts", "district nursing"),
    counted(
        "mental_health_contacts",
        "mental-health contacts",
        "contacts",
        "secondary mental-health contacts",
    ),
    counted(
        "talking_therapy_contacts",
        "talking-therapy appointments",
        "appointments",
        "NHS talking therapies",
    ),
    counted(
        "urgent_response",
        "two-hour urgent responses",
        "referrals",
        "urgent community response referrals",
    ),
    counted("virtual_ward_days", "virtual-ward days", "days", "days on a virtual ward"),
    counted(
        "ae_attendances", "A&E attendances", "attendances", "all department types", better=LOWER
    ),
    counted(
        "emergency_admissions",
        "emergency admissions",
        "admissions",
        "emergency admissions, overnight or not",
        better=LOWER,
        source=OUTCOMES_FRAMEWORK,
    ),
    counted(
        "people_admitted",
        "people admitted as an emergency",
        "people",
        "residents with at least one emergency admission in the year; over all years a "
        "resident counts once for each year with one",
        better=LOWER,
    ),
    counted(
        "avoidable_emergency_admissions",
        "avoidable emergency admissions",
        "admissions",
        "emergency admissions for ambulatory-care-sensitive conditions",
        better=LOWER,
    ),
    counted(
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
    counted(
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
    counted(
        "discharge_delay_days",
        "days waiting to leave hospital",
        "days",
        "days in a bed after being fit to leave",
        better=LOWER,
    ),
    counted(
        "elective_admissions", "planned admissions", "admissions", "ordinary elective admissions"
    ),
    counted("day_cases", "day cases", "cases", "elective day cases"),
    counted("outpatient_first", "first outpatient attendances", "attendances", "attended"),
    counted("outpatient_follow_up", "follow-up outpatient attendances", "attendances", "attended"),
    counted(
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
OF_WAITS = tuple(
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
OF_WORK = (
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
OF_MONEY = tuple(
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
