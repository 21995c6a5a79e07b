"""The processes of demand: the services of the demand table, split where the model must.

Some services of ``baseline_demand.csv`` are split into processes that the model treats apart:

- ``practice_consultation``: requests, so appointments times ``latent_request_factor``, less
  those of people who ask again, which the practices make
- ``ed_attendance``: attendances of every type that do not end in admission; like calls to
  111, less those that follow from unmet requests to the practice, which the model makes
- ``emergency_admission``: first admissions; the hospital adds readmissions
- ``outpatient_first`` and ``outpatient_follow_up``
- ``outpatient_first``, ``day_case`` and ``elective_inpatient`` are referrals, so raised by
  those who leave the waiting list unseen
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import Population
from pathways import rates
from pathways.clouds import Clouds
from pathways.spells import Spells, passing_shapes

Floats = npt.NDArray[np.float64]

# Process: the service of baseline_demand.csv whose personal multiplier it shares.
PROCESSES: dict[str, str] = {
    "practice_consultation": "practice_consultation",
    "nhs_111_call": "nhs_111_call",
    "ambulance_incident": "ambulance_incident",
    "ed_attendance": "ae_attendance",
    "emergency_admission": "emergency_admission",
    "outpatient_first": "outpatient_attendance",
    "outpatient_follow_up": "outpatient_attendance",
    "day_case": "day_case",
    "elective_inpatient": "elective_inpatient",
    "community_nursing": "community_nursing",
    "urgent_community_response": "urgent_community_response",
    "virtual_ward_admission": "virtual_ward_admission",
    "mental_health_contact": "mental_health_contact",
    "talking_therapy_appointment": "talking_therapy_appointment",
    "social_prescribing_referral": "social_prescribing_referral",
    "mdt_review": "mdt_review",
}
# Known only as an expected number, never drawn one by one.
EXPECTED = ("prescription_item",)
# Processes whose points fall in the day as arrivals at an emergency department do.
BY_THE_HOUR = ("ed_attendance", "emergency_admission", "ambulance_incident", "nhs_111_call")


@dataclass(slots=True)
class Splits:
    """How the services of the demand table become processes.

    Attributes
    ----------
    through_ed : share of emergency admissions that come through an emergency department
    readmitted : share of discharges readmitted within 30 days, counted inside admissions
    type_1 : share of attendances without admission that are at a type 1 department
    first : share of outpatient attendances that are first ones
    first_latent, elective_latent : referrals per first attendance and per elective admission
    requests : requests to the practice per appointment delivered, the first of each need: those
        who are told to try again ask once more
    first_rtt, elective_rtt : share of those referrals that start a referral-to-treatment clock
    own_attendances, own_calls : share of attendances without admission, and of calls to 111,
        that do not follow from an unmet request to the practice: the model makes the others
    """

    through_ed: float
    readmitted: float
    type_1: float
    first: float
    first_latent: float
    elective_latent: float
    requests: float
    first_rtt: float
    elective_rtt: float
    own_attendances: float
    own_calls: float

    @classmethod
    def of(cls, evidence: Evidence) -> Splits:
        """Read or work out the splits so that the England totals are kept."""

        def share(service: str, term: str) -> float:
            return evidence.value(rates.TABLE, service=service, term=term)

        def mean(service: str) -> float:
            return share(service, "england_mean")

        def leak(to: str) -> float:
            return evidence.value("care_settings", key=f"practice.leak.{to}")

        through_ed = share("emergency_admission", "share_through_ed")
        admitted = through_ed * mean("emergency_admission")
        all_types = mean("ae_attendance")
        type_1 = all_types * share("ae_attendance", "share_by_type")
        first = share("outpatient_attendance", "first_share")
        stops, starts = share("rtt_pathway", "stops"), share("rtt_pathway", "starts")
        stops *= evidence.value("care_settings", key="lists.stop_factor")
        seen = stops * evidence.value("care_settings", key="lists.outpatient_rtt_share_of_stops")
        first_seen = first * mean("outpatient_attendance")
        elective_seen = mean("day_case") + mean("elective_inpatient")
        unseen = starts / stops - 1.0
        first_latent = 1.0 + unseen * seen / first_seen
        elective_latent = 1.0 + unseen * (stops - seen) / elective_seen
        unmet = evidence.value("care_settings", key="practice.unmet_at_baseline")
        requests = share("practice_consultation", "latent_request_factor")
        asked_again = unmet * leak("again")
        unmet *= mean("practice_consultation") * requests
        return cls(
            through_ed=through_ed,
            readmitted=evidence.value("hospital_settings", key="readmission.share"),
            type_1=(type_1 - admitted) / (all_types - admitted),
            first=first,
            first_latent=first_latent,
            elective_latent=elective_latent,
            requests=requests * (1.0 - asked_again),
            first_rtt=(starts * seen / stops) / (first_seen * first_latent),
            elective_rtt=(starts * (1.0 - seen / stops)) / (elective_seen * elective_latent),
            own_attendances=1.0 - unmet * leak("ed") / (all_types - admitted),
            own_calls=1.0 - unmet * leak("nhs111") / mean("nhs_111_call"),
        )


def process_rates(
    evidence: Evidence,
    splits: Splits,
    *,
    era: str | None = None,
    place_log_factor: Mapping[str, float] | None = None,
) -> Floats:
    """Return (n_processes + n_expected, N_CELLS) rates per person-year.

    Rows follow ``PROCESSES`` and then ``EXPECTED``. ``place_log_factor`` is by service of
    ``baseline_demand.csv``; a place with fewer admissions keeps its A&E attendances.
    """
    place = place_log_factor or {}

    def rate(service: str) -> Floats:
        table = rates.service_rates(evidence, service, era=era)
        raised: Floats = table * np.exp(place.get(service, 0.0))
        return raised

    admissions, outpatients = rate("emergency_admission"), rate("outpatient_attendance")
    attendances = rate("ae_attendance")
    split = {
        "practice_consultation": rate("practice_consultation") * splits.requests,
        "ed_attendance": splits.own_attendances
        * np.maximum(attendances - splits.through_ed * admissions, 0.0),
        "nhs_111_call": rate("nhs_111_call") * splits.own_calls,
        "emergency_admission": admissions * (1.0 - splits.readmitted),
        "outpatient_first": outpatients * splits.first * splits.first_latent,
        "outpatient_follow_up": outpatients * (1.0 - splits.first),
        "day_case": rate("day_case") * splits.elective_latent,
        "elective_inpatient": rate("elective_inpatient") * splits.elective_latent,
    }
    names = (*PROCESSES, *EXPECTED)
    return np.array([split[name] if name in split else rate(name) for name in names])


def clouds_of(people: Population, evidence: Evidence, luck: Luck) -> Clouds:
    """Make clouds with layers low for frequent and high for rare processes.

    A layer costs about as much as a quarter of a point, so a layer of a quarter of an
    event a year wastes little where hardly anything happens. Bases must not depend on
    the people, or their points would.
    """
    means = [
        evidence.value(rates.TABLE, service=service, term="england_mean")
        for service in PROCESSES.values()
    ]
    bases = np.exp2(np.round(np.log2(np.clip(np.array(means) / 2.0, 0.25, 2.0))))
    shapes = passing_shapes(evidence, PROCESSES)
    days = evidence.value("care_settings", key="demand.spell_days")
    spells = Spells(luck, people.person, shapes, days) if shapes else None
    return Clouds(luck, people.person, tuple(PROCESSES), bases, spells=spells)
