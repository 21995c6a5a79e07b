"""The Essex programme in its plan against the document's own table, initiative by initiative.

With more capacity than anybody asks for, nobody is displaced and no waiting list hides a fall of
what is asked for, so each initiative alone must bring what the document says of it, and all
together what it says of the whole: no change counted twice, none left out.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from agents.evidence import Evidence
from experiments.catalogue import EVIDENCE
from results.plan_evidence import PLAN
from sim.model import simulate
from sim.spec import RunSpec
from tests.small_runs import small_run
from tests.test_model import AMPLE, people_of

# By initiative and what it lowers: the row of the document's "detailed impact on activity".
SEGMENTS = (
    ("essex-urgent-care", "ae_attendances", "E146"),
    ("essex-frailty-end-of-life", "emergency_admissions", "E140"),
    ("essex-ltc", "emergency_admissions", "E141"),
    ("essex-ltc", "outpatients", "E142"),
    ("essex-specialty-pathways", "elective_admissions", "E143"),
    ("essex-specialty-pathways", "day_cases", "E144"),
    ("essex-specialty-pathways", "outpatients", "E145"),
)
WHOLE = {
    "ae_attendances": "A&E attendances",
    "emergency_admissions": "non-elective admissions",
    "elective_admissions": "elective admissions",
    "day_cases": "day cases",
    "outpatients": "outpatient attendances",
}
# The document prints changes of a system and rules by age; ages, care homes and conditions of
# the simulated people are not its own, so points (per cent) of a difference are no fault.
NEAR = 1.5
YEAR_SHOWN = 2  # effects have grown


def spec_of(design: str, effects: str) -> RunSpec:
    """Return two years of the whole system, its localities fully developed."""
    spec = small_run(
        design,
        effects,
        place="mid_and_south_essex",
        population=13_000,
        years=YEAR_SHOWN,
        settings=AMPLE,
    )
    grown = tuple(part for part in spec.design.components if part.kind != "maturity")
    return replace(spec, design=replace(spec.design, components=grown))


@lru_cache(maxsize=16)
def counts_of(design: str, effects: str) -> dict[str, float]:
    """Return the events of the last year of a run."""
    table = people_of(simulate(spec_of(design, effects)))
    last = table[table["year"] == YEAR_SHOWN].select_dtypes("number").sum()
    last["outpatients"] = last["outpatient_first"] + last["outpatient_follow_up"]
    return {str(name): float(last[name]) for name in WHOLE}


def apart(design: str, measure: str, study: str) -> tuple[float, float]:
    """Return how far (points) a simulated change lies from the document's, and what is near.

    Events that are taken away one by one vary as a share of a count does: two standard
    deviations of that are allowed beside ``NEAR``.
    """
    plan = Evidence(EVIDENCE).value("intervention_effects", effect_id=study)
    usual, mine = counts_of("usual-care", "none"), counts_of(design, "plan")
    share = -plan / 100.0
    chance = 200.0 * (share * (1.0 - share) / usual[measure]) ** 0.5
    change = 100.0 * (mine[measure] / usual[measure] - 1.0)
    return abs(change - plan), NEAR + chance


@pytest.mark.slow
@pytest.mark.parametrize(("design", "measure", "study"), SEGMENTS)
def test_each_initiative_alone_brings_what_the_document_says_of_it(
    design: str, measure: str, study: str
) -> None:
    far, near = apart(design, measure, study)
    assert far < near


@pytest.mark.slow
@pytest.mark.parametrize("measure", [name for name in WHOLE if name != "ae_attendances"])
def test_the_initiatives_together_bring_what_the_document_says_of_all(measure: str) -> None:
    far, near = apart("essex-programme", measure, PLAN[WHOLE[measure]])
    assert far < near


@pytest.mark.slow
def test_attendances_fall_by_triage_and_by_the_admissions_that_no_longer_come_through() -> None:
    """The document counts triage alone; who is not admitted does not come to A&E either."""
    usual, whole = counts_of("usual-care", "none"), counts_of("essex-programme", "plan")
    triage = counts_of("essex-urgent-care", "plan")
    not_admitted = usual["emergency_admissions"] - whole["emergency_admissions"]
    fewer = triage["ae_attendances"] - whole["ae_attendances"]
    assert 0.0 < fewer <= 1.1 * not_admitted


def test_the_overlap_of_day_cases_is_counted_once() -> None:
    """Two initiatives lower day cases; together they come to the document's own total."""
    design = small_run("essex-programme", "plan").design
    both = [one.change for one in design.acting("plan") if one.target == "demand.day_case"]
    assert len(both) == 2
    together = 100.0 * ((1.0 + both[0]) * (1.0 + both[1]) - 1.0)
    total = Evidence(EVIDENCE).value("intervention_effects", effect_id="E137")
    assert together == pytest.approx(total, abs=0.05)
