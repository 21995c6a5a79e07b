"""Each kind of component turned on alone, over many seeds: what it moves, and whom it cannot.

Every kind is for women here. There is more capacity than anybody asks for, so nobody waits
for anybody: what its mechanism says must move among women in the mean of the seeds, by an
interval that excludes nought and in nearly every seed, and every man must live the life that he
lives under usual care, in every measure and in every seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pathways.components import (
    KINDS,
    CareHomeRound,
    Component,
    Detection,
    Discharge,
    EndOfLife,
    Groups,
    Maturity,
    MoreCapacity,
    Offer,
    ProactivePathway,
    Rate,
    SameDay,
    Shift,
    StepDown,
    VirtualWard,
)
from pathways.design import Design, Effect, People, Reach, Support
from pathways.light import SERVICES as LIGHT_SERVICES
from sim.model import simulate
from tests.small_runs import small_run
from tests.test_model import AMPLE, people_of

SEEDS = tuple(range(1, 9))
PLACE, RESIDENTS = "canvey_island", 1_500  # an old place: stays, delays and deaths to see
WOMEN = ("sex == 'female'",)
# A hospital usually lets people go sooner the fuller its beds are, so that everybody's day of
# leaving hangs a little on everybody else's stay: that rule is off.
NO_HURRY = {"baseline_demand.emergency_stay.discharge_rate_per_occupancy.per 1 per cent": 0.0}
HOMES = ("sex == 'female'", "care_home")
NOBODY: tuple[Component, ...] = ()
# In light and same-day care too, where a man might else get a place that a woman left; and in
# practices, where a pathway assesses half of all women in its first months.
PLENTY = {
    **{f"{service}.capacity_factor": 50.0 for service in LIGHT_SERVICES},
    **AMPLE,
    "gp.capacity_factor": 30.0,
    "sdec.capacity_factor": 50.0,
}


@dataclass(frozen=True)
class Law:
    """A component, what it does, the measure that must move (+1 up, -1 down) and beside what.

    ``beside`` are components that are there with it and without it.
    """

    part: Component
    measure: str
    way: int
    does: Mapping[str, float] = field(default_factory=dict)
    beside: tuple[Component, ...] = NOBODY
    of_beside: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=lambda: PLENTY)
    all_touched: bool = False
    people: int = RESIDENTS


def named(kind: type[Component], include: tuple[str, ...] = WOMEN, **given: Any) -> Component:
    """Return a component called ``it``."""
    return kind(name="it", people=People(include=include), **given)


REACH = Reach(
    every_days=7,
    invitations_per_10000_a_year=8_000.0,
    acceptance=(1.0, 1.0, 1.0, 1.0, 1.0),
    reply_days=1.0,
    again_after_days=365.0,
    order="chance",
)
SUPPORT = Support(
    months=12.0,
    coordinator_contacts=6,
    assessment_gp_slots=1,
    review_every_days=90.0,
    review_slots=0,
    mdt_share=0.0,
    link_worker_share=0.0,
    group_sessions=0,
    group_share=0.0,
    drop_out_per_year=0.0,
)
PATHWAY = named(ProactivePathway, reach=REACH, support=SUPPORT, caseload_per_10000=4_000.0)
SHIFT = named(Shift, process="ed_attendance", to="urgent_response", share=0.5)
WARD = named(VirtualWard, share=1.0, places_per_10000=400.0, days=7.0)
LAWS: dict[str, Law] = {
    "pathway": Law(PATHWAY, "ae_attendances", -1, {"demand.ae_attendance": -0.8}),
    "offer": Law(
        Offer(name="talk", of="it", part="mdt", share=1.0),
        "outpatient_follow_up",
        -1,
        {"demand.outpatient_follow_up": -0.8},
        beside=(PATHWAY,),
    ),
    "rate": Law(named(Rate), "day_cases", -1, {"demand.day_case": -0.5}),
    "shift": Law(SHIFT, "ae_attendances", -1, {"replaces": 1.0}),
    "capacity": Law(
        MoreCapacity(name="it", set={"gp.capacity_factor": 1.3}),
        "gp_unmet",
        -1,
        settings={},
        all_touched=True,
    ),
    "virtual_ward": Law(WARD, "emergency_admissions", -1, {"avoids": 0.8}),
    "step_down": Law(
        named(StepDown, share=1.0, days=3.0), "emergency_bed_days", -1, {"stay": -0.5}
    ),
    "same_day": Law(named(SameDay, share=1.0), "emergency_bed_days", -1, {"same_day": 1.0}),
    "discharge": Law(
        named(Discharge, share=1.0),
        "discharge_delay_days",
        -1,
        {"delay": -0.8},
        people=4_000,  # few are delayed, and one of them may be for months
    ),
    "care_home_round": Law(
        named(CareHomeRound, HOMES),
        "ae_attendances",
        -1,
        {"demand.ae_attendance": -1.0},
        people=4_000,  # one in a hundred lives in a care home
    ),
    "detection": Law(
        named(Detection, conditions=("hypertension",), screened_per_year=6.0),
        "known",
        +1,
        {"detected": 1.0},
    ),
    "end_of_life": Law(named(EndOfLife), "died_at_home", +1, {"died_at_home": 5.0}),
    "groups": Law(
        named(Groups, places_per_10000=5_000.0, weeks=52.0),
        "ae_attendances",
        -1,
        {"demand.ae_attendance": -0.8},
    ),
    "maturity": Law(
        Maturity(name="young", levels=(1,)),
        "ae_attendances",
        +1,
        beside=(SHIFT,),
        of_beside={"replaces": 1.0},
    ),
}


def effects_of(part: Component, does: Mapping[str, float]) -> list[Effect]:
    """Return what a component does, in full from the first look."""
    return [
        Effect(
            version="plan",
            target=target,
            change=change,
            low=None,
            high=None,
            evidence="",
            builds_over_years=0.0,
            fades_over_years=0.0,
            source="test",
            grade="",
            direct=True,
            component=part.name,
        )
        for target, change in does.items()
    ]


def design_of(law: Law, *, on: bool) -> Design:
    """Return the design of a law, with its component on or off."""
    parts = (*law.beside, law.part) if on else law.beside
    beside = [one for part in law.beside for one in effects_of(part, law.of_beside)]
    own = effects_of(law.part, law.does) if on else []
    return Design(
        name="law", title="", summary="", source="", components=parts, effects=(*beside, *own)
    )


@lru_cache(maxsize=64)
def usual(seed: int, ample: bool, people: int) -> pd.DataFrame:
    """Return the person-years of usual care."""
    settings = PLENTY if ample else {}
    spec = small_run(
        place=PLACE, population=people, seed=seed, settings=settings, replaced=NO_HURRY
    )
    return people_of(simulate(spec))


def people_under(law: Law, seed: int, *, on: bool) -> pd.DataFrame:
    """Return the person-years with the component of ``law`` on or off."""
    if not on and not law.beside:
        table = usual(seed, law.settings is PLENTY, law.people)
    else:
        spec = small_run(
            "essex-urgent-care",  # its place is taken by the law's own
            "plan",
            place=PLACE,
            population=law.people,
            seed=seed,
            settings=dict(law.settings),
            replaced=NO_HURRY,
        )
        table = people_of(simulate(replace(spec, design=design_of(law, on=on))))
    return table.assign(
        known=np.bitwise_count(table["diagnosed_end"].to_numpy()),
        died_at_home=table["died_at_home"].astype(float),
    )


def changes_over_seeds(law: Law) -> list[float]:
    """Return what the component moves in each seed; men must not be moved in any."""
    changes = []
    for seed in SEEDS:
        off, on = (people_under(law, seed, on=on) for on in (False, True))
        if not law.all_touched:
            men = (off["sex"] == 1).to_numpy()
            assert 300 < men.sum() < len(off) - 300
            pd.testing.assert_frame_equal(off[men], on[(on["sex"] == 1).to_numpy()])
        changes.append(law.way * float(on[law.measure].sum() - off[law.measure].sum()))
    return changes


def test_there_is_a_law_for_every_kind() -> None:
    assert set(LAWS) == set(KINDS)
    assert all(isinstance(law.part, KINDS[kind]) for kind, law in LAWS.items())


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(LAWS))
def test_a_kind_moves_what_it_says_over_seeds_and_nobody_it_is_not_for(kind: str) -> None:
    changes = changes_over_seeds(LAWS[kind])
    low = stats.ttest_1samp(changes, 0.0).confidence_interval().low
    assert low > 0.0, changes
    assert sum(change > 0.0 for change in changes) >= len(SEEDS) - 1, changes
