"""The check of a place against published figures, and the dashboard of a run folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agents.evidence import Evidence, Figure
from agents.luck import Luck
from calibration.adjusted import rate_ratios
from calibration.checks import CHANCE, COLUMNS, MISS, NEAR, UNKNOWN, checks_table, summary, verdict
from calibration.counts_table import counts_table
from calibration.derive import EVIDENCE
from calibration.fit_measures import People
from calibration.simulated import Lives, Simulated
from calibration.targets import (
    Allowance,
    Estimate,
    Target,
    odds_ratio,
    percentage,
    standardised_ratio,
)
from calibration.targets_counts import age_of_half, count_targets, gap_target
from calibration.targets_places import life_expectancy_targets, place_targets
from calibration.targets_prevalence import (
    deprivation_targets,
    pair_targets,
    prevalence_targets,
    triad_targets,
)
from experiments.catalogue import installed
from experiments.cli import BAD_INPUT, DONE, answer
from results.dashboard import baseline_runs, values_of, write_dashboard
from results.regression import regression_table
from results.residents import Residents, combinations, residents_of
from tests.fake_runs import Fake, write_fake_experiment

CONDITIONS = (
    *("hypertension", "type_2_diabetes", "coronary_heart_disease", "stroke_tia", "copd"),
    *("asthma", "cancer", "dementia", "depression", "anxiety", "smi", "alcohol_problems"),
    *("osteoarthritis", "osteoporosis", "rheumatoid_arthritis"),
)
PLACES = len(CONDITIONS)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(EVIDENCE)


def made_people(n: int = 4000) -> People:
    """People with simple rules: two conditions from an age that depends on the fifth."""
    person = np.arange(n)
    luck = Luck(1)
    age = (100 * luck.uniforms("age", person)).astype(np.int64)
    fifth = (person % 5 + 1).astype(np.int8)
    has = np.zeros((n, PLACES), np.bool_)
    has[:, 0] = age >= 58 + 2 * fifth
    has[:, 1] = age >= 58 + 2 * fifth
    return People(
        conditions=CONDITIONS,
        has=has,
        age=age,
        sex=(person // 5 % 2).astype(np.int8),
        fifth=fifth,
        physical=np.arange(PLACES) < 8,
    )


def made_world() -> Simulated:
    people = made_people()
    lives = Lives(np.full((2, 5), 80.0), np.full((2, 5), 0.1))
    return Simulated(
        place="england",
        imd_mix=np.full(5, 0.2),
        register=people,
        true=people,
        ever=None,
        smoker=people.age < 20,
        newly=np.zeros_like(people.has),
        years=np.ones(len(people.age)),
        lives=lives,
    )


def figure(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(
        key="k", value=value, low=low, high=high, unit="percent", source="s", basis="read", note=""
    )


def target(value: float, amount: float, low: float | None = None) -> Target:
    return Target(
        measure="prevalence_2plus",
        unit="percent",
        definition="as published",
        figure=figure(value, low),
        allowance=Allowance(amount, "because"),
        role="calibrate",
        count=lambda found: Estimate(0.0, 0.0),
    )


# -------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("simulated", "error", "expected"),
    [
        (10.9, 0.1, NEAR),
        (11.5, 0.1, MISS),
        (11.1, 0.1, CHANCE),
        (8.1, 0.0, NEAR),  # inside the published interval, though not within the allowance
        (7.9, float("nan"), MISS),
        (float("nan"), float("nan"), UNKNOWN),
    ],
)
def test_a_value_is_near_within_its_allowance_or_the_published_interval(
    simulated: float, error: float, expected: str
) -> None:
    assert verdict(target(10.0, 1.0, low=8.0), simulated, error) == expected


def test_the_summary_counts_misses_by_role_and_names_the_worst() -> None:
    place = installed().load_place("england")
    rows = [
        replace(target(10.0, 1.0), count=lambda found: Estimate(10.5, 0.1)),
        replace(target(10.0, 1.0), group="worst of all", count=lambda found: Estimate(20.0, 0.1)),
        replace(target(10.0, 1.0), role="holdout", count=lambda found: Estimate(11.05, 0.1)),
    ]
    table = checks_table(rows, made_world(), place)
    told = summary(table)

    assert list(table.columns) == list(COLUMNS)
    assert any("calibrate: 1 of 2 within" in line for line in told)
    assert any("holdout: 0 of 1 within" in line and "1 of the misses" in line for line in told)
    assert any("worst of all" in line and "simulated 20" in line for line in told)


# -------------------------------------------------------------------- targets


def test_every_target_says_what_is_allowed_and_why(evidence: Evidence) -> None:
    targets = [
        *prevalence_targets(evidence, CONDITIONS),
        *deprivation_targets(evidence, CONDITIONS),
        *count_targets(evidence, "england"),
        *count_targets(evidence, "lambeth"),
        gap_target(evidence),
        *pair_targets(evidence, CONDITIONS),
        *triad_targets(evidence, CONDITIONS),
        *life_expectancy_targets(evidence),
        *place_targets(evidence, "southwark", CONDITIONS),
    ]

    assert len(targets) > 250
    for each in targets:
        assert each.allowance.amount > 0 or each.figure.value == 0, each.measure
        assert len(each.allowance.reason) > 10
        assert each.definition
        assert each.role in ("calibrate", "holdout", "check")
    assert {each.role for each in targets} == {"calibrate", "holdout", "check"}


def test_published_prevalence_is_brought_to_the_size_of_registers(evidence: Evidence) -> None:
    found = {each.group: each for each in prevalence_targets(evidence, ["heart_failure"])}
    ever = evidence.value(
        "prevalence",
        condition="heart_failure",
        measure="prevalence",
        age_low="70",
        age_high="79",
        sex="female",
    )

    # 0.426 for the register and 0.94 for England's ages.
    assert found["70-79 female"].figure.value == pytest.approx(0.425914 * 0.94 * ever)
    assert found["20-29 female"].role == "check"  # far below 1%


def test_targets_of_a_place_are_of_its_own_people(evidence: Evidence) -> None:
    of_southwark = list(place_targets(evidence, "southwark", CONDITIONS))
    of_nowhere = list(place_targets(evidence, "my own place", CONDITIONS))

    assert {"smoking_current", "life_expectancy_at_birth", "register_hypertension"} <= {
        each.measure for each in of_southwark
    }
    assert of_nowhere == []


def test_a_table_holds_one_row_for_each_target(evidence: Evidence) -> None:
    place = installed().load_place("southwark")
    targets = list(place_targets(evidence, "southwark", CONDITIONS))
    table = checks_table(targets, made_world(), place)
    smoking = table[table["measure"] == "smoking_current"].iloc[0]

    assert len(table) == len(targets)
    people = made_people()
    adults = people.age >= 18
    assert smoking["mean"] == pytest.approx(100 * (people.age[adults] < 20).mean())
    assert smoking["difference"] == pytest.approx(smoking["mean"] - smoking["published"])


# -------------------------------------------------------------------- ways to count


def test_age_of_half_is_where_the_share_passes_a_half() -> None:
    people = made_people(40_000)
    # In fifth 1 all have two from 60 on: no share at 55-59, everyone at 60-64.
    assert age_of_half(people, 1) == pytest.approx(60.0, abs=0.1)
    assert age_of_half(people, 5) == pytest.approx(67.5, abs=1.5)


def test_a_standardised_ratio_removes_what_age_explains() -> None:
    people = made_people(40_000)
    old = people.age >= 50
    kept = ~((people.fifth == 1) & old & (np.arange(40_000) % 3 > 0))  # fifth 1 is younger
    younger = replace(
        people,
        has=people.has[kept],
        age=people.age[kept],
        sex=people.sex[kept],
        fifth=people.fifth[kept],
    )
    everyone = np.ones(len(younger.age), np.bool_)
    found = standardised_ratio(younger, younger.age >= 50, everyone)

    assert found.value == pytest.approx(1.0, abs=0.01)


def test_an_odds_ratio_of_strata_is_not_confounded() -> None:
    n = 60_000
    luck, person = Luck(2), np.arange(60_000)
    cell = person % 2
    exposed = luck.uniforms("exposed", person) < np.where(cell == 1, 0.6, 0.1)
    odds = np.where(cell == 1, 1.0, 0.1) * np.where(exposed, 2.0, 1.0)
    outcome = luck.uniforms("outcome", person) < odds / (1 + odds)
    crude = odds_ratio(outcome, exposed, np.zeros(n, np.int64))
    adjusted = odds_ratio(outcome, exposed, cell)

    assert crude.value > 4
    assert adjusted.value == pytest.approx(2.0, rel=0.1)


def test_rate_ratios_are_adjusted_for_each_other() -> None:
    n = 60_000
    luck, person = Luck(3), np.arange(60_000)
    first = luck.uniforms("first", person) < 0.3
    second = luck.uniforms("second", person) < np.where(first, 0.6, 0.1)
    cell = person % 3
    rate = 0.02 * np.where(second, 3.0, 1.0) * np.array([1.0, 2.0, 4.0])[cell]
    events = luck.uniforms("event", person) < 1 - np.exp(-rate)
    exposures = np.column_stack([first, second])
    ratios, errors = rate_ratios(events, np.ones(n), exposures, cell)

    assert ratios[0] == pytest.approx(1.0, abs=4 * errors[0])
    assert ratios[1] == pytest.approx(3.0, rel=0.2)
    assert errors.max() < 0.1


def test_the_table_of_counts_holds_3plus_by_age_and_fifth() -> None:
    found = made_world()
    people, table = found.true, counts_table(found)
    cell = table[(table["list"] == 27) & (table["ages"] == "65-84") & (table["state"] == "true")]
    here = people.aged(65, 84, fifth=2)
    three = cell[(cell["fifth"] == 2) & (cell["at_least"] == 3)].iloc[0]
    assert three["people"] == here.sum()
    assert three["percent"] == pytest.approx(100 * (people.count(27)[here] >= 3).mean())
    falling = cell[cell["fifth"] == 0]["percent"].to_numpy()
    assert (np.diff(falling) <= 0).all()


def test_percentages_of_nobody_are_unknown() -> None:
    assert np.isnan(percentage(np.zeros(0, np.bool_)).value)


# -------------------------------------------------------------------- the command


def test_neither_a_place_nor_a_folder_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["check", "southwerk"]) == BAD_INPUT
    told = capsys.readouterr().err
    assert "southwark" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_checking_a_place_writes_table_and_figures_whatever_the_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checked"

    assert answer(["check", "dengie", "--population", "1500", "--out", str(out)]) == DONE

    table = pd.read_csv(out / "checks.csv")
    assert set(table["verdict"]) <= {NEAR, CHANCE, MISS, UNKNOWN}
    assert (table["place"] == "dengie").all()
    assert (out / "figures" / "places.png").stat().st_size > 10_000
    assert (out / "figures" / "registers.svg").is_file()
    assert "within" in capsys.readouterr().out


# -------------------------------------------------------------------- the dashboard


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_experiment(tmp_path_factory.mktemp("dashboard"), Fake())


@pytest.fixture(scope="module")
def people(folder: Path) -> Residents:
    runs = next(iter(baseline_runs(folder).values()))
    return residents_of(runs[0])


def test_combinations_are_exact_and_add_up(people: Residents) -> None:
    everyone = np.ones(len(people.has), np.bool_)
    found = combinations(people, everyone)
    counts = [count for _, count in found]

    assert sum(counts) == (people.has.sum(axis=1) >= 2).sum()
    assert counts == sorted(counts, reverse=True)
    names, count = found[0]
    columns = [people.conditions.index(name) for name in names]
    exact = people.has[:, columns].all(axis=1) & (people.has.sum(axis=1) == len(names))
    assert exact.sum() == count


def test_what_practices_are_expected_to_use_adds_up_to_what_they_use(people: Residents) -> None:
    used = people.used("emergency_admissions")
    expected = people.expected(used, people.years)

    assert expected.sum() == pytest.approx(used.sum())
    assert {name for name, _ in people.groups("locality")} == {"north", "south"}


def test_the_dashboard_tells_of_place_localities_and_practices(folder: Path) -> None:
    written = write_dashboard(folder)
    table = pd.read_csv(folder / "tables" / "dashboard.csv")
    place = table[table["level"] == "place"]
    women = table[(table["measure"] == "women") & (table["level"] != "place")]

    assert {"place", "locality", "practice"} == set(table["level"])
    assert {"combination", "ethnicity", "imd_quintile", "vulnerability"} <= set(place["measure"])
    fifths = place[place["measure"] == "imd_quintile"]["mean"]
    assert fifths.sum() == pytest.approx(100)
    assert women["mean"].between(30, 70).all()
    # What a place uses is what is expected of it.
    admissions = place[place["measure"] == "emergency_admissions"].iloc[0]
    assert admissions["ratio"] == pytest.approx(1.0)
    figures = [path for path in written if path.suffix == ".png"]
    assert len(figures) == 4
    assert all(path.stat().st_size > 5000 for path in figures)


def test_the_dashboard_tells_every_vulnerability_that_is_recorded(people: Residents) -> None:
    marked = np.arange(len(people.has)) % 4 == 0
    named = replace(people, vulnerable=marked[:, None], vulnerabilities=("language_difficulties",))
    everyone = np.ones(len(people.has), np.bool_)
    told = {(measure, detail): value for measure, detail, _, value, _ in values_of(named, everyone)}
    assert told["vulnerability", "language difficulties"] == pytest.approx(25, abs=0.1)


def test_people_picked_for_two_admissions_fall_without_any_programme(folder: Path) -> None:
    """In the invented runs nobody's admissions last: the fall is regression to the mean alone."""
    (runs,) = baseline_runs(folder).values()
    table = regression_table(runs)
    rate = table.loc[table["measure"] == "rate", "mean"].to_numpy(float)
    share = table.loc[table["measure"] == "share", ["mean", "published"]].to_numpy(float)

    assert rate[0] >= 2000  # picked for two or more in a year
    assert rate[1] < rate[0] / 3
    assert share[1, 0] < share[0, 0] / 3
    assert share[0, 1] == 38


@pytest.mark.slow
def test_the_places_differ_in_one_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["check", "places", "--population", "800", "--out", str(tmp_path)]) == DONE
    assert (tmp_path / "figures" / "places.png").stat().st_size > 10_000
    assert "dengie" in capsys.readouterr().out


def test_a_run_folder_is_told_its_own_checks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "place": "southwark",
        "check": ["ae_attendances", "day_cases"],
        "role": "calibrate",
        "published": [0.44, 0.1],
        "mean": [0.45, 0.2],
        "ratio": [1.02, 2.0],
        "standardised": "no",
    }
    (folder / "tables").mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "tables" / "checks.csv", index=False)

    assert answer(["check", str(folder)]) == DONE
    told = capsys.readouterr().out
    assert "1 of 2 rows are more than a tenth off" in told
    assert answer(["check", str(folder), "--population", "100"]) == BAD_INPUT
