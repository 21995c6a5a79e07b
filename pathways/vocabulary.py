"""The words that the simulation and its results share: services, activity, roles, waits.

One spelling everywhere: column of the run records, key of a design, row of a table.
"""

from __future__ import annotations

SERVICES: dict[str, str] = {
    "gp": "practice team: GP, nurse and other staff, booked and same day",
    "pharmacy": "community pharmacy",
    "nhs111": "NHS 111 and out of hours",
    "ambulance": "999 ambulance: hear, see, convey",
    "ed": "emergency department, type 1, and urgent treatment centre",
    "sdec": "same-day emergency care",
    "beds": "emergency hospital beds",
    "elective": "elective day cases and admissions",
    "outpatients": "outpatient first and follow-up appointments",
    "community_nursing": "district nursing",
    "urgent_response": "two-hour urgent community response",
    "virtual_ward": "virtual ward",
    "mental_health": "community mental health and talking therapies",
    "mdt": "multidisciplinary team meeting",
    "care_coordination": "care coordinators' caseload",
    "vcse": "social-prescribing link workers and voluntary-sector groups",
    "social_care": "adult social care packages",
    "care_home": "care homes",
}

# What can happen to a person, counted by person and year. Days and hours are sums.
ACTIVITY: dict[str, str] = {
    "gp_contacts_gp": "appointments with a GP",
    "gp_contacts_nurse": "appointments with a practice nurse",
    "gp_contacts_other": "appointments with other practice staff",
    "gp_unmet": "requests to the practice given up or turned away",
    "gp_dna": "practice appointments not attended",
    "pharmacy_contacts": "visits to a pharmacy in place of the practice",
    "nhs111_calls": "calls to NHS 111",
    "ambulance_incidents": "ambulance incidents",
    "ambulance_conveyed": "ambulance conveyances to an emergency department",
    "ae_attendances": "emergency attendances, all department types",
    "ae_type1": "attendances at a type 1 emergency department",
    "ae_over_4_hours": "type 1 attendances that took over 4 hours",
    "ae_over_12_hours": "type 1 attendances that took over 12 hours",
    "ae_from_gp_wait": "attendances that began as an unmet request to the practice",
    "emergency_admissions": "emergency admissions",
    "avoidable_emergency_admissions": (
        "emergency admissions for ambulatory-care-sensitive conditions"
    ),
    "readmissions_30d": "emergency admissions within 30 days of discharge",
    "emergency_bed_days": "days in an emergency bed",
    "elective_bed_days": "days in an elective bed",
    "discharge_delay_days": "days in a bed after being fit to leave",
    "day_cases": "elective day cases",
    "elective_admissions": "ordinary elective admissions",
    "outpatient_first": "first outpatient attendances",
    "outpatient_follow_up": "follow-up outpatient attendances",
    "outpatient_dna": "outpatient appointments not attended",
    "community_contacts": "district-nursing contacts",
    "urgent_response": "two-hour urgent community response referrals",
    "virtual_ward_days": "days on a virtual ward",
    "virtual_ward_refused": "offers of a virtual ward that found no place",
    "mental_health_contacts": "secondary mental-health contacts",
    "talking_therapy_contacts": "talking-therapy appointments",
    "mdt_reviews": "case discussions at an MDT meeting",
    "assessments": "holistic assessments and care plans",
    "coordinator_contacts": "contacts with a care coordinator",
    "vcse_contacts": "contacts with a link worker",
    "vcse_group_sessions": "sessions of a voluntary-sector group",
    "prescription_items": "prescription items (expected)",
    "care_home_admissions": "moves to a care home",
}

# Waits that are recorded one by one: unit is days.
WAITS: dict[str, str] = {
    "gp": "days from request to routine practice appointment",
    "ed": "days in the emergency department",
    "beds": "days from decision to admit to a bed",
    "mdt": "days from referral to discussion",
    "care_coordination": "days from acceptance to a coordinator's place",
    "vcse": "days from referral to a link worker",
    "outpatients": "days from referral to first attendance or admission",
}

# Steps of a proactive pathway, in order; a person-year record holds the furthest by bit.
STAGES: tuple[str, ...] = ("eligible", "invited", "accepted", "assessed", "supported")

ROLES: tuple[str, ...] = (
    "gp",
    "practice nurse",
    "other direct patient care",
    "care coordinator",
    "community nurse",
    "social worker",
    "mental-health worker",
    "pharmacist",
    "geriatrician",
    "link worker",
)
