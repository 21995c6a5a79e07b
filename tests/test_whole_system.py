"""A whole system in one run: 26 localities with their own people, who share hospitals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.evidence import Evidence
from experiments.catalogue import EVIDENCE
from experiments.places import load_place
from experiments.resolving import read_experiment
from sim.model import CareModel, simulate
from sim.recording import RunRecord
from tests.small_runs import small_run

RESIDENTS = 6_000


@pytest.fixture(scope="module")
def system() -> CareModel:
    model = CareModel(small_run(place="mid_and_south_essex", population=RESIDENTS))
    model.run_to_end()
    return model


def test_every_locality_has_its_people_and_practices_of_its_own(system: CareModel) -> None:
    people, place = system.population, system.spec.place
    here = people.entry_day <= 0.0
    assert here.sum() == RESIDENTS
    shares = np.bincount(people.locality[here], minlength=26) / RESIDENTS
    assert np.abs(shares - np.array(place.locality_shares)).max() <= 1 / RESIDENTS
    pairs = np.unique(np.stack([people.practice, people.locality]), axis=1)
    assert pairs.shape[1] == np.unique(people.practice).size
    assert set(people.localities) == {part.name for part in place.parts}


def test_everyone_of_the_system_is_accounted_for(system: CareModel) -> None:
    checks = system.record.about["checks"]["hospital"]
    assert checks
    year = system.record.person_years[0]
    assert np.unique(year["person"]).size == len(year["person"])
    assert year["locality"].min() == 0
    assert year["locality"].max() == 25
    assert np.bincount(year["locality"], weights=year["emergency_admissions"]).sum() > 0


def test_hospitals_are_as_many_pools_as_the_systems_beds_fill() -> None:
    few = CareModel(small_run(place="tilbury", population=2_000))
    spec = small_run(place="mid_and_south_essex", population=12_000)
    beds = spec.place.capacity["beds"]["emergency pool"]
    spec = replace(spec, settings={"beds.emergency_beds_per_10000": 33 * beds})
    many = CareModel(spec)
    assert len(few.services.hospital.sites) == 1
    assert len(many.services.hospital.sites) > 1
    site = many.services.hospital._site_of
    practice = many.population.practice
    shared = sum(np.unique(site[practice == one]).size > 1 for one in np.unique(practice))
    assert shared < len(many.services.hospital.sites)  # only a practice at a cut is split


def test_the_essex_experiments_are_the_same_people_apart_and_together() -> None:
    apart, together = read_experiment("essex-localities"), read_experiment("essex-system")
    assert len(apart.places) == 26
    parts = together.places[0].parts
    assert {place.key for place in apart.places} == {part.key for part in parts}
    assert together.residents(together.places[0]) == round(sum(p.population for p in parts))
    assert apart.years == together.years
    assert apart.main_measure == together.main_measure
    assert [arm.name for arm in apart.arms] == [arm.name for arm in together.arms]


@pytest.mark.slow
def test_a_system_uses_about_as_much_a_head_as_its_localities_do_apart() -> None:
    evidence = Evidence(EVIDENCE)
    place = load_place("mid_and_south_essex", evidence)
    whole = simulate(small_run(place="mid_and_south_essex", population=26_000, years=2))
    apart = [
        simulate(small_run(place=part.key, population=round(26_000 * share), years=2))
        for part, share in zip(place.parts, place.locality_shares, strict=True)
    ]

    def a_head(records: list[RunRecord], name: str) -> float:
        years = [year for record in records for year in record.person_years]
        return float(sum(y[name].sum() for y in years) / sum(y["days_alive"].sum() for y in years))

    for name, within in (("gp_contacts_gp", 0.05), ("ae_attendances", 0.1), ("died", 0.15)):
        assert a_head([whole], name) == pytest.approx(a_head(apart, name), rel=within), name


def test_a_finished_model_is_let_go() -> None:
    import gc
    import weakref

    spec = small_run(place="tilbury", population=500)
    made: list[weakref.ref[CareModel]] = []

    class Watched(CareModel):
        def run_to_end(self) -> RunRecord:
            made.append(weakref.ref(self))
            return super().run_to_end()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.model.CareModel", Watched)
        simulate(spec)
    gc.collect()
    assert made[0]() is None, "a worker that does many runs would keep all their people"
