"""The lines of cost: which activity is priced, at which price, who pays and what falls with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# How a line's cost behaves when activity falls.
HOSPITAL, STAFFED, BOUGHT, NEW_CARE, UNPAID, NOT_SIMULATED, OF_DESIGN = (
    "hospital",
    "staffed",
    "bought",
    "new care",
    "unpaid",
    "not simulated",
    "design",
)
NHS, SOCIAL_CARE, VCSE, CARERS, PUBLIC_HEALTH = (
    "NHS",
    "social care",
    "VCSE",
    "carers",
    "public health",
)
PAYERS = {payer.lower(): payer for payer in (NHS, SOCIAL_CARE, VCSE, CARERS, PUBLIC_HEALTH)}
COST_QUANTITIES = (
    "nhs_cost",
    "social_care_cost",
    "vcse_cost",
    "intervention_cost",
    "total_cost",
    "carer_cost",
)
APART = (UNPAID, NOT_SIMULATED)  # shown, and no part of a total
SETTINGS = {"vcse": "VCSE", "primary care": "practice"}  # a design's word for a setting of ours
TEAM = "neighbourhood team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of activity at one price.

    ``quantity`` are quantities that add up ("-name" is taken away); ``item`` is a row of
    ``unit_costs.csv`` or, with ``ours``, of ``results_settings.csv``; ``times`` names settings
    that multiply the price; ``less`` is a unit cost taken off it and ``over`` a setting that
    divides it. ``role`` is the post whose work the activity is, where a design may pay for it.
    """

    line: str
    payer: str
    setting: str
    quantity: tuple[str, ...]
    item: str
    behaviour: str
    ours: bool = False
    times: tuple[str, ...] = ()
    less: str = ""
    over: str = ""
    role: str = ""


def _line(line: str, setting: str, quantity: str, item: str, behaviour: str, **more: Any) -> Line:
    payer = more.pop("payer", NHS)
    return Line(
        line=line,
        payer=payer,
        setting=setting,
        quantity=tuple(quantity.split()),
        item=item,
        behaviour=behaviour,
        **more,
    )


LINES: tuple[Line, ...] = (
    _line(
        "GP appointments face to face",
        "practice",
        "gp_contacts_gp -gp_contacts_remote",
        "gp_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "GP appointments by telephone or online",
        "practice",
        "gp_contacts_remote",
        "gp_telephone_or_online",
        STAFFED,
    ),
    _line(
        "practice nurse appointments",
        "practice",
        "gp_contacts_nurse",
        "practice_nurse_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "other practice appointments",
        "practice",
        "gp_contacts_other",
        "other_practice_contact",
        STAFFED,
        ours=True,
    ),
    _line(
        "pharmacy visits", "practice", "pharmacy_contacts", "pharmacy_contact", BOUGHT, ours=True
    ),
    _line("NHS 111 calls", "111 and ambulance", "nhs111_calls", "nhs111_call", STAFFED, ours=True),
    _line(
        "ambulance to hospital",
        "111 and ambulance",
        "ambulance_conveyed",
        "ambulance_with_ae",
        HOSPITAL,
    ),
    _line(
        "ambulance without hospital",
        "111 and ambulance",
        "ambulance_incidents -ambulance_conveyed",
        "ambulance_no_ae",
        HOSPITAL,
    ),
    # All-type attendances: those at an urgent treatment centre are among them and have no
    # price of their own beside these two lines.
    _line("type 1 A&E attendances", "A&E", "ae_type1", "ae_type1_attendance_2023_24", HOSPITAL),
    _line(
        "other A&E attendances",
        "A&E",
        "ae_attendances -ae_type1",
        "utc_attendance_2023_24",
        HOSPITAL,
    ),
    _line(
        "emergency admissions",
        "unplanned hospital care",
        "emergency_admissions",
        "nonelective_short_stay_ncc",
        HOSPITAL,
    ),
    _line(
        "emergency bed days",
        "unplanned hospital care",
        "emergency_bed_days",
        "nonelective_long_stay_ncc",
        HOSPITAL,
        less="nonelective_short_stay_ncc",
        over="overnight_emergency_stay_days",
    ),
    _line("day cases", "planned hospital care", "day_cases", "day_case_ncc", HOSPITAL),
    _line(
        "planned admissions",
        "planned hospital care",
        "elective_admissions",
        "elective_inpatient_ncc",
        HOSPITAL,
    ),
    _line(
        "outpatient attendances",
        "outpatients",
        "outpatient_first outpatient_follow_up",
        "outpatient_attendance_2023_24",
        HOSPITAL,
    ),
    _line("advice and guidance", "outpatients", "advice_requests", "advice_and_guidance", HOSPITAL),
    _line(
        "out-of-hours contacts",
        "111 and ambulance",
        "out_of_hours_contacts",
        "out_of_hours_contact",
        STAFFED,
    ),
    _line(
        "extended-access appointments",
        "practice",
        "extended_access_contacts",
        "gp_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "specialist clinics",
        "community",
        "specialist_clinic_contacts",
        "specialist_clinic_contact",
        STAFFED,
    ),
    _line(
        "case management",
        "community",
        "case_management_starts",
        "case_management_year",
        STAFFED,
        times=("case_management_years",),
    ),
    _line(
        "end-of-life care at home",
        "community",
        "end_of_life_starts",
        "hospice_at_home_person",
        STAFFED,
    ),
    _line("district nursing", "community", "community_contacts", "district_nurse_visit", STAFFED),
    _line(
        "urgent response",
        "community",
        "urgent_response",
        "district_nurse_visit",
        STAFFED,
        times=("urgent_response_contacts",),
    ),
    _line("virtual ward", "community", "virtual_ward_days", "virtual_ward_day", STAFFED),
    _line(
        "mental-health contacts",
        "mental health",
        "mental_health_contacts",
        "mental_health_contact_2023_24",
        STAFFED,
    ),
    _line(
        "talking therapies",
        "mental health",
        "talking_therapy_contacts",
        "talking_therapy_contact_2023_24",
        STAFFED,
    ),
    *(
        _line(
            f"prescribing, {count} conditions",
            "prescribing",
            f"years_ltc_{count}",
            f"prescribing_ltc_{count}",
            BOUGHT,
        )
        for count in ("0", "1", "2", "3", "4+")
    ),
    _line(
        "team discussions",
        TEAM,
        "mdt_reviews",
        "mdt_review_10min_2023_24",
        NEW_CARE,
        role="mdt",
    ),
    _line(
        "assessments and plans",
        TEAM,
        "assessments",
        "care_plan_and_holistic_review",
        NEW_CARE,
        role="assessor",
    ),
    _line(
        "coordinator contacts",
        TEAM,
        "coordinator_contacts",
        "band4_hour_2023_24",
        NEW_CARE,
        times=("coordinator_contact_hours",),
        role="care coordinator",
    ),
    _line(
        "link-worker contacts",
        "VCSE",
        "vcse_contacts",
        "link_worker_contact_2023_24",
        NEW_CARE,
        role="link worker",
    ),
    _line(
        "group sessions",
        "VCSE",
        "vcse_group_sessions",
        "vcse_group_place",
        NEW_CARE,
        payer=VCSE,
        role="group facilitator",
    ),
    _line(
        "voluntary-sector courses",
        "VCSE",
        "vcse_courses",
        "vcse_programme_person",
        BOUGHT,
        payer=VCSE,
    ),
    _line(
        "reablement",
        "social care",
        "reablement_starts",
        "reablement_episode_uprated",
        BOUGHT,
        payer=SOCIAL_CARE,
    ),
    _line(
        "home-care packages",
        "social care",
        "social_care_starts",
        "home_care_hour",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("home_care_package_hours", "home_care_package_weeks"),
    ),
    _line(
        "short stays in care homes",
        "social care",
        "care_home_short_stays",
        "care_home_week_residential",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("short_stay_weeks",),
    ),
    _line(
        "care-home residence",
        "social care",
        "care_home_years",
        "care_home_week_residential",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("weeks_per_year",),
    ),
    *(
        _line(
            f"unpaid care, {frailty} frailty",
            "home",
            f"home_years_{frailty}",
            "home_care_hour",
            UNPAID,
            payer=CARERS,
            times=(f"unpaid_care_hours_{frailty}", "weeks_per_year"),
        )
        for frailty in ("mild", "moderate", "severe")
    ),
)
# What a design may pay for by the post; their activity is looked up in the twin under usual care.
TWIN_COLUMNS = ("person_years", *(name for line in LINES if line.role for name in line.quantity))
