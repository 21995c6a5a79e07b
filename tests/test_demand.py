from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import stats

from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from pathways import rates
from pathways.calendar import YEAR
from pathways.demand import Demand
from pathways.multipliers import personal_multipliers
from pathways.processes import PROCESSES, Splits, process_rates
from tests.demand_fakes import england, evidence

START = date(2025, 4, 1)


def demand(people: Population, **place: float) -> Demand:
    return Demand(people, evidence(), Luck(5), START, place)


def events(model: Demand, days: range) -> dict[str, set[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = {name: set() for name in PROCESSES}
    for day in days:
        for name, arrivals in model.today(day).items():
            keys = zip(arrivals.rows.tolist(), arrivals.keys.tolist(), strict=True)
            found[name] |= set(keys)
    return found


def test_a_rate_is_the_product_of_its_published_terms() -> None:
    table = rates.service_rates(evidence(), "practice_consultation", era="2024/25")
    cell = rates.cells(
        ltc_count=np.array([7, 0]),
        age=np.array([80.0, 4.9]),
        imd_quintile=np.array([1, 3]),
        frailty=np.array([2, 0]),
        sex=np.array([0, 1]),
    )
    old = 0.9771 + 1.6757 + 0.0289 + 0.55 * -0.0367 + 0.1718 + 0.0426 + 0.134
    young = 0.9771 + 0.7534 + 0.0451 + 0.134
    assert np.log(table[cell]) == pytest.approx([old, young])


def test_cells_are_all_different_and_fill_the_table() -> None:
    grid = np.meshgrid(
        np.arange(5),
        [2.0, 7.0, 30.0, 50.0, 70.0, 80.0, 90.0],
        np.arange(1, 6),
        np.arange(4),
        [0, 1],
    )
    ltc, age, imd, frailty, sex = (axis.ravel() for axis in grid)
    cells = rates.cells(
        ltc_count=ltc.astype(int),
        age=age,
        imd_quintile=imd.astype(int),
        frailty=frailty.astype(int),
        sex=sex.astype(int),
    )
    assert sorted(cells.tolist()) == list(range(rates.N_CELLS))


@pytest.mark.parametrize("shape", [0.1, 0.3, 1.2])
def test_personal_multipliers_are_gamma_with_mean_one(shape: float) -> None:
    scores = Luck(1).normals("test", np.arange(200_000))
    found = rates.gamma_multipliers(scores, shape)
    assert abs(found.mean() - 1.0) < 4 / np.sqrt(shape * len(found))
    quantiles = np.array([0.2, 0.5, 0.9, 0.999])
    expected = stats.gamma.ppf(quantiles, shape, scale=1.0 / shape)
    exact = rates.gamma_multipliers(stats.norm.ppf(quantiles), shape)
    assert exact == pytest.approx(expected, rel=2e-3)


def test_personal_multipliers_of_two_services_go_together_as_the_evidence_says() -> None:
    person = np.arange(20_000)
    found = personal_multipliers(person, Luck(2), {"a": 1.2, "b": 0.4}, 0.5)
    ranks = stats.spearmanr(found["a"], found["b"]).statistic
    assert ranks == pytest.approx(6.0 / np.pi * np.arcsin(0.25), abs=0.03)


def test_splitting_services_keeps_the_published_totals() -> None:
    sources = evidence()
    splits = Splits.of(sources)
    names = (*PROCESSES, "prescription_item")
    rate = dict(zip(names, process_rates(sources, splits), strict=True))
    admissions = rates.service_rates(sources, "emergency_admission")
    attendances = rates.service_rates(sources, "ae_attendance")
    outpatients = rates.service_rates(sources, "outpatient_attendance")
    assert rate["emergency_admission"] / (1 - splits.readmitted) == pytest.approx(admissions)
    through = splits.through_ed * admissions
    inside = attendances > through
    assert inside.mean() > 0.97
    own = rate["ed_attendance"] / splits.own_attendances
    assert (own + through)[inside] == pytest.approx(attendances[inside])
    unmet = 0.029 * 5.16 * 1.03
    assert (1 - splits.own_attendances) * (0.443 - 0.0756) == pytest.approx(0.12 * unmet)
    assert (1 - splits.own_calls) * 0.33 == pytest.approx(0.15 * unmet)
    assert splits.requests / 1.03 == pytest.approx(1 - 0.25 * 0.029)
    firsts = rate["outpatient_first"] / splits.first_latent
    assert firsts + rate["outpatient_follow_up"] == pytest.approx(outpatients)
    # England: type 1 is 0.296 a head, of which the admitted are 0.0756.
    type_1 = splits.type_1 * (0.443 - 0.0756) + 0.0756
    assert type_1 == pytest.approx(0.296, rel=0.002)
    starts = (0.326 * 1.58 * splits.first_latent) * splits.first_rtt
    starts += (0.124 + 0.025) * splits.elective_latent * splits.elective_rtt
    assert starts == pytest.approx(0.374, rel=1e-6)


def test_counts_follow_the_rates() -> None:
    n = 4_000
    model = demand(england(n))
    expected = {name: model.rate[name].sum() for name in PROCESSES}
    found = dict.fromkeys(PROCESSES, 0)
    for day in range(YEAR):
        for name, arrivals in model.today(day).items():
            found[name] += len(arrivals)
            assert np.all((arrivals.times >= 0.0) & (arrivals.times < 1.0))
            assert np.all(np.diff(arrivals.times) >= 0.0)
    for name, mean in expected.items():
        spread = 0.03 * mean  # people move into older bands within the year
        assert abs(found[name] - mean) < 4.5 * np.sqrt(mean) + spread, name


def test_personal_luck_moves_use_between_people_and_leaves_the_total() -> None:
    people = england(3_000)
    people.entry_day[2_000:] = 40.0  # those to come count for nothing
    model = demand(people)
    here = np.flatnonzero(people.present(0.0))
    for number, name in enumerate(PROCESSES):
        total = model._table[number, model._cells[here]].sum()
        assert model.rate[name][here].sum() == pytest.approx(total), name


def test_lowering_one_persons_factor_removes_some_of_their_events_and_touches_no_other() -> None:
    usual, changed = demand(england(300)), demand(england(300))
    row = int(np.argmax(usual.rate["practice_consultation"]))
    changed.factor["practice_consultation"][row] = 0.3
    changed.refresh(np.array([row]), 0)
    was, now = events(usual, range(200)), events(changed, range(200))
    for name in PROCESSES:
        if name != "practice_consultation":
            assert was[name] == now[name]
    lost = was["practice_consultation"] - now["practice_consultation"]
    assert now["practice_consultation"] < was["practice_consultation"]
    assert {person for person, _ in lost} == {row}


def test_an_onset_within_the_year_only_adds_events_of_that_person() -> None:
    usual, ill = demand(england(300)), demand(england(300))
    row = int(np.flatnonzero(usual.population.has.sum(axis=1) == 0)[0])
    for model in (usual, ill):
        for day in range(100):
            model.today(day)
    ill.population.has[row, :4] = True
    ill.refresh(np.array([row]), 100)
    was, now = events(usual, range(100, YEAR)), events(ill, range(100, YEAR))
    gained = {name: now[name] - was[name] for name in PROCESSES}
    assert all(was[name] <= now[name] for name in PROCESSES)
    assert {person for added in gained.values() for person, _ in added} == {row}


def test_only_people_who_are_alive_and_here_ask() -> None:
    people = england(400)
    people.exit_day[:100] = 50.0
    people.entry_day[100:200] = 60.0
    model = demand(people)
    early = {row for found in events(model, range(50)).values() for row, _ in found}
    people.alive[200:300] = False  # before anybody refreshed them
    late = {row for found in events(model, range(60, 150)).values() for row, _ in found}
    assert not early & set(range(100, 200))
    assert early & set(range(100))
    assert early & set(range(200, 300))
    assert not late & set(range(100))
    assert not late & set(range(200, 300))
    assert late & set(range(100, 200))


def test_people_reach_new_age_bands_without_being_asked() -> None:
    people = england(200)
    people.birth_day[:] = -44.9 * DAYS_PER_YEAR
    people.birth_day[7] = -74.9 * DAYS_PER_YEAR
    people.imd_quintile[7] = 3
    model = demand(people)
    before = model.rate["community_nursing"].copy()
    for day in range(60):
        model.today(day)
    after = model.rate["community_nursing"]
    some = before > 0
    assert np.all(after[some] > before[some])
    assert after[7] / before[7] == pytest.approx(np.exp(1.7534 - 1.3982), rel=1e-3)


def test_children_ask_from_the_day_they_are_born_at_the_rates_of_infants() -> None:
    people = england(2_000)
    people.birth_day[:] = people.entry_day[:] = 500.0
    people.has[:] = False
    people.frailty[:] = 0
    model = demand(people)
    asked = [len(model.today(day)["practice_consultation"]) for day in range(2 * YEAR)]
    assert sum(asked[:500]) == 0
    infant = model.splits.requests * np.exp(0.9771 + 0.7534 + 0.134)
    expected = 2_000 * infant * (2 * YEAR - 500) / YEAR
    assert sum(asked) == pytest.approx(expected, rel=0.1)


def test_the_place_factor_moves_admissions_and_keeps_attendances() -> None:
    usual, low = demand(england(300)), demand(england(300), emergency_admission=-0.3)
    ratio = low.rate["emergency_admission"] / usual.rate["emergency_admission"]
    assert ratio == pytest.approx(np.exp(-0.3))
    assert np.all(low.rate["ed_attendance"] >= usual.rate["ed_attendance"])


def test_flags_of_an_event_have_their_shares() -> None:
    model = demand(england(50))
    keys = Luck(9).words("some", np.arange(40_000))
    assert model.is_type_1(keys).mean() == pytest.approx(0.5997, abs=0.01)
    assert model.is_through_ed(keys).mean() == pytest.approx(0.7, abs=0.01)
    both = (model.is_type_1(keys) & model.is_through_ed(keys)).mean()
    assert both == pytest.approx(0.5997 * 0.7, abs=0.01)
    rows = np.zeros(len(keys), np.int64)
    table = rates.service_rates(evidence(), "emergency_admission_acsc") / rates.service_rates(
        evidence(), "emergency_admission"
    )
    assert model.is_acsc(rows, keys).mean() == pytest.approx(table[model._cells[0]], abs=0.01)


def test_emergencies_come_by_day_and_not_by_night() -> None:
    model = demand(england(20_000))
    times = np.concatenate([model.today(day)["ed_attendance"].times for day in range(120)])
    shares = np.histogram(times, bins=24, range=(0.0, 1.0))[0] / len(times)
    assert shares[4] < 0.02 < 0.05 < shares[11]


def test_history_is_the_same_luck_as_the_days_before_the_start() -> None:
    model = demand(england(400))
    past = model.past.of_last(30)
    for name, found in events(model, range(-30, 0)).items():
        assert sorted(row for row, _ in found) == past[name].rows.tolist(), name


def test_past_admissions_are_followed_by_readmissions() -> None:
    model = demand(england(30_000))
    past = model.past.of_last(548)
    first = past["emergency_admission"].keys
    again = model.past.readmissions("emergency_admission", first).mean()
    assert 1 + again == pytest.approx(1 / (1 - model.splits.readmitted), rel=0.02)
    assert not model.past.readmissions("day_case", past["day_case"].keys).any()
    assert len(model.past.of_last(730)["emergency_admission"]) > len(first)
