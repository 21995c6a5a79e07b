"""Laws that hold for every design: what inert, null and unreached people may show."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pandas as pd
import pytest

from experiments.designs import design_names
from pathways.components import MoreCapacity, ProactivePathway
from pathways.vocabulary import ACTIVITY
from sim.model import simulate
from sim.recording import RunRecord
from sim.spec import RunSpec
from tests.small_runs import small_run
from tests.test_model import AMPLE, people_of

QUICK = ("essex-programme", "sel-proposition", "dudley-mcp", "southwark-local-care-network")
NOTHING_OF_ITS_OWN = "extended-access-hubs"  # more appointments are all it is
# What people on a pathway or seen by a component have more of; nothing else may move.
OWN = {
    "stages",
    "supported_at_end",
    "days_supported",
    "assessments",
    "coordinator_contacts",
    "community_contacts",
    "mdt_reviews",
    "vcse_contacts",
    "vcse_group_sessions",
    "gp_contacts_gp",
    "gp_contacts_other",
    "pharmacy_contacts",
    "urgent_response",
    "virtual_ward_days",
    "virtual_ward_refused",
    "mental_health_contacts",
}


# Room in practices for whatever a design takes of any role.
PLENTY = AMPLE | {"gp.capacity_factor": 30.0}
# In which place each version of every design is run: a rural locality, a borough, a system of
# localities (``inert`` is run in another borough).
WHERE = {"plan": "dengie", "published": "lambeth", "null": "mid_and_south_essex"}


def takes_slots(name: str) -> bool:
    """Say whether a design uses ordinary appointments and opens none."""
    design = small_run(name).design
    changes = set(design.changes)
    slots = 0.0
    for part in design.components:
        slots += getattr(part, "slots", 0) + part.slots_per_year
        if isinstance(part, MoreCapacity):
            changes |= set(part.set)
        if isinstance(part, ProactivePathway):
            slots += part.support.assessment_gp_slots + part.support.review_slots
    if design.support is not None:
        slots += design.support.assessment_gp_slots + design.support.review_slots
    return slots > 0 and not any(key.startswith("gp.") for key in changes)


@lru_cache(maxsize=64)
def spec_of(design: str, effects: str, *, place: str = "southwark", people: int = 800) -> RunSpec:
    """Return one year of a small run."""
    return small_run(design, effects, place=place, population=people, seed=11)


@lru_cache(maxsize=64)
def record_of(design: str, effects: str, *, ample: bool = False) -> RunRecord:
    """Simulate a small run once."""
    spec = spec_of(design, effects)
    return simulate(replace(spec, settings=PLENTY) if ample else spec)


def _inert_moves_nothing_else(design: str) -> None:
    usual = people_of(record_of("usual-care", "none"))
    inert = people_of(record_of(design, "inert"))
    others = [column for column in usual.columns if column not in OWN]
    pd.testing.assert_frame_equal(usual[others], inert[others])
    for column in OWN & set(ACTIVITY):
        assert (inert[column] >= usual[column]).all(), column


@pytest.mark.parametrize("design", QUICK)
def test_an_inert_design_changes_only_its_own_activity_person_by_person(design: str) -> None:
    _inert_moves_nothing_else(design)
    inert = people_of(record_of(design, "inert"))
    assert inert[sorted(OWN & set(ACTIVITY))].to_numpy().sum() > (
        people_of(record_of("usual-care", "none"))[sorted(OWN & set(ACTIVITY))].to_numpy().sum()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "design", [name for name in design_names() if name not in (*QUICK, NOTHING_OF_ITS_OWN)]
)
def test_every_inert_design_changes_only_its_own_activity(design: str) -> None:
    _inert_moves_nothing_else(design)


@pytest.mark.slow
@pytest.mark.parametrize(("effects", "place"), WHERE.items())
@pytest.mark.parametrize("design", design_names()[1:])
def test_every_design_runs_in_places_of_every_kind_under_every_version(
    design: str, effects: str, place: str
) -> None:
    record = simulate(spec_of(design, effects, place=place, people=300))
    assert people_of(record)["days_alive"].sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("design", [name for name in design_names()[1:] if takes_slots(name)])
def test_the_null_version_displaces_whom_its_appointments_would_have_served(design: str) -> None:
    """Where there is room it displaces nobody; where there is not, others go unseen.

    ``inert`` tells how many appointments the design takes. One that takes next to none may
    displace nobody whom luck would not move as well, so only its room is looked at.
    """
    usual, null = (
        people_of(record_of(*run, ample=True)) for run in (("usual-care", "none"), (design, "null"))
    )
    others = [column for column in usual.columns if column not in OWN]
    pd.testing.assert_frame_equal(usual[others], null[others])
    usual, inert, null = (
        people_of(record_of(*run))
        for run in (("usual-care", "none"), (design, "inert"), (design, "null"))
    )
    appointments = ["gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other"]
    taken = inert[appointments].to_numpy().sum() / usual[appointments].to_numpy().sum() - 1.0
    if taken > 0.01:
        assert null["gp_unmet"].sum() > usual["gp_unmet"].sum()


def test_people_out_of_reach_of_care_home_rounds_live_identical_lives() -> None:
    usual = people_of(record_of("usual-care", "none", ample=True))
    published = people_of(record_of("care-home-service", "published", ample=True))
    elsewhere = ~usual["care_home"] & ~published["care_home"]
    assert 0 < (~elsewhere).sum() < len(usual)
    columns = [column for column in usual.columns if column != "stages"]
    pd.testing.assert_frame_equal(usual.loc[elsewhere, columns], published.loc[elsewhere, columns])


def test_an_inert_hub_opens_no_appointments_and_a_real_one_shortens_waits() -> None:
    _inert_moves_nothing_else(NOTHING_OF_ITS_OWN)
    usual = people_of(record_of("usual-care", "none"))["gp_unmet"].sum()
    hub = people_of(record_of(NOTHING_OF_ITS_OWN, "null"))["gp_unmet"].sum()
    assert hub < usual


def test_a_shift_replaces_under_plan_and_only_adds_under_null() -> None:
    visits = {
        effects: float(people_of(record_of("essex-specialty-pathways", effects))[column].sum())
        for effects in ("plan", "null")
        for column in ("outpatient_follow_up",)
    }
    usual = people_of(record_of("usual-care", "none"))
    assert visits["plan"] < 0.95 * float(usual["outpatient_follow_up"].sum())
    assert visits["null"] == pytest.approx(float(usual["outpatient_follow_up"].sum()), rel=0.01)


def test_delays_are_cut_in_the_plan_of_discharge_in_24_hours() -> None:
    usual, plan = (
        people_of(simulate(spec_of(*run, people=3_000)))
        .groupby("person")["discharge_delay_days"]
        .sum()
        for run in (("usual-care", "none"), ("discharge-in-24-hours", "plan"))
    )
    # Person by person: some two dozen are delayed, so of the sum one long stay that nobody
    # arranged (one in ten) would decide; 0.64 of usual was seen by such a chance.
    delayed = usual.index[(usual > 0) & (plan.reindex(usual.index, fill_value=0.0) > 0)]
    assert len(delayed) >= 10
    ratio = plan[delayed] / usual[delayed]
    assert ratio.median() == pytest.approx(0.2, abs=0.05)
    assert (ratio < 0.5).mean() > 0.6
    assert plan.sum() < 0.8 * usual.sum()
