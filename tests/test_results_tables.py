"""The tables of a whole experiment: columns, sums, pairs and bytes."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

import results
from agents.faults import BadInput
from results.csv_files import load, rounded, write_csv
from results.measure import AGE, BEYOND, COUNT, WAIT
from results.measures import ABSENT, MEASURES
from results.store import find_runs
from results.sums import GROUPINGS
from results.tables import TABLES, build_tables
from results.workbook import write_workbook
from tests.fake_runs import Fake, write_fake_experiment

FAKE = Fake(
    population=600,
    years=2,
    replications=3,
    designs=(("proactive-mltc", "published"), ("proactive-mltc", "null")),
)
CONTRACT = {
    "outcomes": "place design effects measure unit group_by group year discounted replications "
    "interval_kind mean low high per_1000",
    "comparison": "place design effects measure unit group_by group year discounted replications "
    "mean low high baseline baseline_mean difference difference_low difference_high "
    "relative_difference low50 high50 better",
    "inequality": "place design effects measure index standardised year mean low high "
    "baseline_mean difference difference_low difference_high",
    "costs": "place design effects payer setting line year price_year discounted mean low high",
    "activity": "place design effects point_of_delivery locality year mean per_1000 momentum",
    "resources": "place design effects service role group_by group year capacity utilisation "
    "utilisation_difference mean_wait_days median_wait_days p90_wait_days queue_end turned_away",
    "population": "place when condition status group_by group mean prevalence",
    "stages": "place design effects stage group_by group year mean low high per_1000",
    "value": "place design effects item unit threshold group_by group mean low high",
    "gains": "place design effects group_by group people gain_qalys gain_days_per_person",
    "frameworks": "place design effects document domain indicator measure year mean difference",
    "draws": "place design effects draw qalys cost net_qalys gap",
    "checks": "place check role published mean low high ratio",
    "evidence": "key value low high unit source basis",
    "measures": "measure definition numerator denominator ages states unit source",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = write_fake_experiment(tmp_path_factory.mktemp("experiment"), FAKE)
    build_tables(to)
    return to


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return load(folder)


def test_every_table_of_the_contract_is_written_with_its_columns(
    tables: dict[str, pd.DataFrame],
) -> None:
    assert set(tables) == set(TABLES)
    for name, columns in CONTRACT.items():
        assert set(columns.split()) <= set(tables[name].columns), name


def test_every_measure_of_the_registry_has_rows_or_says_why(
    tables: dict[str, pd.DataFrame],
) -> None:
    assert set(tables["outcomes"]["measure"]) == set(MEASURES)
    known = tables["measures"].set_index("measure")
    assert set(known.index) == set(MEASURES) | set(ABSENT)
    assert known.loc[list(ABSENT), "note"].notna().all()
    assert known.loc["care_home_admissions", "recorded"] == "yes"  # the fake world moves people
    assert known.loc["emergency_admissions", "recorded"] == "yes"


# Measures of the contract that a table cannot part by everything, and why: waits and work are
# those of services, of which only the fifth of who waits is recorded; ages and life
# expectancies need more people than a practice or a locality has.
COARSE = (WAIT, AGE, BEYOND)


def test_every_measure_is_there_by_every_group_by_year_and_in_all(
    tables: dict[str, pd.DataFrame],
) -> None:
    for name in ("outcomes", "comparison"):
        table = tables[name]
        for key, measure in MEASURES.items():
            rows = table[(table["measure"] == key) & (table["discounted"] == "no")]
            found = set(rows["group_by"])
            if measure.kind in COARSE:
                assert "all" in found, (name, key)
                assert found <= set(GROUPINGS), (name, key)
                continue
            assert found == set(GROUPINGS), (name, key)
            for grouping in GROUPINGS:
                years = set(rows.loc[rows["group_by"] == grouping, "year"])
                assert years == {"1", "2", "all"}, (name, key, grouping)


def test_the_contracts_measures_are_all_among_them() -> None:
    named = (
        "people deaths life_years qalys ltc_onsets prevalence_2plus prevalence_4plus age_at_2plus "
        "controlled_share activation isolated_share depression_prevalence smokers_share "
        "treatment_burden gp_contacts gp_wait_days gp_unmet mdt_reviews mdt_wait_days "
        "vcse_contacts vcse_wait_days community_contacts urgent_response virtual_ward_days "
        "ae_attendances emergency_admissions people_admitted avoidable_emergency_admissions "
        "readmissions_30d bed_days discharge_delay_days elective_admissions outpatient_first "
        "outpatient_follow_up outpatient_wait_days care_home_admissions deaths_at_home_share "
        "staff_workload nhs_cost social_care_cost vcse_cost intervention_cost total_cost "
        "years_lost_before_75 life_expectancy_75"
    )
    assert set(named.split()) <= set(MEASURES)
    assert "economically_active_share" in set(MEASURES) | set(ABSENT)


def test_waits_have_their_median_and_both_long_ends(tables: dict[str, pd.DataFrame]) -> None:
    waits = tables["resources"].dropna(subset=["median_wait_days"])
    assert len(waits)
    ends = waits[["median_wait_days", "p90_wait_days", "p95_wait_days"]]
    assert (ends.diff(axis=1).iloc[:, 1:] >= -1e-9).all().all()


def test_life_expectancy_at_75_has_its_gap_by_deprivation(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["inequality"]
    found = set(table.loc[table["measure"] == "life_expectancy_75", "index"])
    assert {"absolute_gap", "sii"} <= found


def test_both_frameworks_of_the_documents_stand_with_their_names(
    tables: dict[str, pd.DataFrame],
) -> None:
    frame = tables["frameworks"]
    assert frame["document"].nunique() >= 2
    assert frame["indicator"].notna().all()
    assert not frame["indicator"].str.contains("_").any()  # the documents' words, not our keys


def test_a_name_that_looks_like_a_formula_is_text_in_every_table(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    names = ["=cmd()|' /C calc'!A0", "@SUM(A1)", "+1+1", "-2+3", "\t=1", "4+", "-0.05", "plain"]
    write_csv(path, pd.DataFrame({"name": names}))
    with path.open(encoding="utf-8", newline="") as file:
        written = [row["name"] for row in csv.DictReader(file)]
    assert written == [*(f"'{name}" for name in names[:5]), *names[5:]]
    write_workbook(tmp_path / "book.xlsx", {"names": pd.DataFrame({"name": names})})
    cells = [row[0] for row in load_workbook(tmp_path / "book.xlsx")["names"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == names
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}


def test_names_are_unique_in_every_table(tables: dict[str, pd.DataFrame]) -> None:
    numbers = {"mean", "low", "high", "replications"}
    for name, table in tables.items():
        words = [
            column
            for column in table.columns
            if (not pd.api.types.is_float_dtype(table[column]) or column == "threshold")
            and column not in numbers
        ]
        assert not table.duplicated(words).any(), name


@pytest.mark.parametrize("grouping", [name for name in GROUPINGS if name != "all"])
def test_the_groups_of_a_count_add_to_all(tables: dict[str, pd.DataFrame], grouping: str) -> None:
    table = tables["outcomes"]
    counts = [key for key, measure in MEASURES.items() if measure.kind == COUNT]
    table = table[table["measure"].isin(counts)]
    by = ["design", "effects", "measure", "year", "discounted"]
    groups = table[table["group_by"] == grouping].groupby(by)["mean"].sum()
    whole = table[table["group_by"] == "all"].set_index(by)["mean"]
    assert len(groups) == len(whole)
    np.testing.assert_allclose(groups, whole.loc[groups.index], rtol=1e-6, atol=1e-4)


def test_the_years_of_a_count_add_to_all_years(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["outcomes"]
    counts = [key for key, measure in MEASURES.items() if measure.kind == COUNT]
    table = table[table["measure"].isin(counts)]
    by = ["design", "effects", "measure", "group_by", "group", "discounted"]
    years = table[table["year"] != "all"].groupby(by)["mean"].sum()
    whole = table[table["year"] == "all"].set_index(by)["mean"]
    np.testing.assert_allclose(years, whole.loc[years.index], rtol=1e-6, atol=1e-4)


def test_cost_lines_add_to_the_totals_of_costs_and_of_outcomes(
    tables: dict[str, pd.DataFrame],
) -> None:
    costs = tables["costs"]
    by = ["design", "effects", "year", "discounted"]
    simulated = costs[~costs["behaviour"].isin(["total", "cash", "not simulated", "unpaid"])]
    lines = simulated.groupby(by)["mean"].sum()
    whole = costs[(costs["line"] == "total") & (costs["payer"] == "all")].set_index(by)["mean"]
    outcomes = tables["outcomes"]
    measured = outcomes[(outcomes["measure"] == "total_cost") & (outcomes["group_by"] == "all")]
    np.testing.assert_allclose(lines, whole.loc[lines.index], rtol=1e-6)
    np.testing.assert_allclose(lines, measured.set_index(by)["mean"].loc[lines.index], rtol=1e-6)
    nhs = costs[(costs["line"] == "total") & (costs["payer"] == "NHS")].set_index(by)["mean"]
    own = outcomes[(outcomes["measure"] == "nhs_cost") & (outcomes["group_by"] == "all")]
    np.testing.assert_allclose(nhs, own.set_index(by)["mean"].loc[nhs.index], rtol=1e-6)


def test_net_cash_is_avoided_less_stranded_less_reinvested(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["costs"]
    cash = table[table["behaviour"] == "cash"]
    by = cash.pivot_table(
        index=["effects", "payer", "setting", "year", "discounted"], columns="line", values="mean"
    )
    net = by["activity_avoided"] - by["stranded"] - by["reinvested"]
    np.testing.assert_allclose(net, by["net_cash"], rtol=1e-6, atol=0.01)
    spent = table[(table["behaviour"] == "design") & (table["year"] == "all")]
    assert (spent["difference"] == spent["mean"]).all()


def test_what_is_not_simulated_drops_out_of_every_difference(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["costs"]
    rows = table[(table["behaviour"] == "not simulated") & (table["design"] != "usual-care")]
    assert len(rows) > 0
    assert (rows["difference"] == 0).all()
    # NHS lines of the closure's Money table.
    year = rows[(rows["effects"] == "null") & (rows["year"] == "1") & (rows["payer"] == "NHS")]
    people = (
        tables["outcomes"]
        .query(
            "measure == 'people' and design == 'usual-care' and group_by == 'all' and year == '1'"
        )["mean"]
        .item()
    )
    plain = year[year["discounted"] == "no"]
    assert plain["mean"].sum() / people == pytest.approx(663, rel=1e-3)


def test_localities_add_to_the_place_in_activity(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["activity"]
    by = ["design", "effects", "point_of_delivery", "year"]
    parts = table[table["locality"] != "all"].groupby(by)["mean"].sum()
    whole = table[table["locality"] == "all"].set_index(by)["mean"]
    np.testing.assert_allclose(parts, whole.loc[parts.index], rtol=1e-6, atol=1e-6)


def test_momentum_grows_usual_cares_first_year_at_the_plans_rate(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["activity"].query("locality == 'all' and effects == 'published'")
    rows = table[table["point_of_delivery"] == "A&E attendances"].set_index("year")
    base = (
        tables["activity"]
        .query(
            "locality == 'all' and design == 'usual-care' and year == '1'"
            " and point_of_delivery == 'A&E attendances'"
        )["mean"]
        .item()
    )
    assert rows.loc["2", "momentum"] == pytest.approx(base * 1.023)
    assert rows.loc["all", "momentum"] == pytest.approx(base * 2.023)
    bed_days = table[table["point_of_delivery"] == "bed days"]
    assert bed_days["momentum"].isna().all()


def test_use_of_capacity_is_set_beside_the_twin_s(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["resources"]
    table = table[(table["group_by"] == "all") & table["utilisation"].notna()]
    posts = ["place", "service", "role", "year"]
    usual = table[table["design"] == "usual-care"].set_index(posts)
    assert usual["utilisation_difference"].isna().all()
    ours = table[table["design"] != "usual-care"].set_index(posts)
    both = ours.join(usual["utilisation"].rename("without"), how="inner")
    assert len(both)
    known = both["utilisation"] - both["without"]
    np.testing.assert_allclose(both["utilisation_difference"], known, atol=1e-7)
    low, high = both["utilisation_difference_low"], both["utilisation_difference_high"]
    assert (low <= both["utilisation_difference"] + 1e-9).all()
    assert (high >= both["utilisation_difference"] - 1e-9).all()


def test_a_difference_is_paired_and_not_the_difference_of_two_intervals(
    folder: Path, tables: dict[str, pd.DataFrame]
) -> None:
    changes = []
    runs = {(run.facts["effects"], run.luck): run for run in find_runs(folder)}
    for replication in range(FAKE.replications):
        admissions = [
            sum(
                float(batch["emergency_admissions"].sum())
                for batch in runs[effects, (0, replication)].batches(["emergency_admissions"])
            )
            for effects in ("published", "none")
        ]
        changes.append((admissions[0] - admissions[1]) * 10.0)
    row = tables["comparison"].query(
        "measure == 'emergency_admissions' and effects == 'published' and group_by == 'all'"
        " and year == 'all'"
    )
    half = 4.302653 * np.std(changes, ddof=1) / np.sqrt(3)
    assert row["difference"].item() == pytest.approx(np.mean(changes))
    assert row["difference_high"].item() == pytest.approx(np.mean(changes) + half, rel=1e-6)
    assert row["mean"].item() - row["baseline_mean"].item() == pytest.approx(np.mean(changes))


def test_a_null_design_changes_only_its_own_activity_burden_and_cost(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = (
        tables["comparison"]
        .query("effects == 'null' and group_by == 'all' and year == 'all'")
        .dropna(subset=["difference"])
    )
    moved = set(rows.loc[rows["difference"].abs() > 1e-9, "measure"])
    assert moved == {
        "assessments",
        "community_care_share",
        "coordinator_contacts",
        "intervention_cost",
        "mdt_reviews",
        "nhs_cost",
        "total_cost",
        "treatment_burden",
        "vcse_contacts",
        "vcse_cost",
    }


def test_steps_of_a_design_never_grow_and_still_supported_comes_last(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["stages"].query("effects == 'published' and group_by == 'all'")
    wide = table.pivot_table(index="year", columns="stage", values="mean")
    steps = ["eligible", "invited", "accepted", "assessed", "supported"]
    assert (wide[steps].diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
    still = wide["still_supported_a_year_later"].to_numpy(np.float64)
    supported = wide["supported"].to_numpy(np.float64)
    assert still[0] == 0
    assert 0 < still[1] <= supported[0]


def test_population_adds_over_groups_and_holds_true_and_diagnosed(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["population"]
    start = table[(table["when"] == "start") & (table["condition"] == "hypertension")]
    whole = start[start["group_by"] == "all"].set_index("status")["mean"]
    assert whole["diagnosed"] < whole["true"]
    for grouping in ("imd_quintile", "age_band", "sex"):
        parts = start[start["group_by"] == grouping].groupby("status")["mean"].sum()
        np.testing.assert_allclose(parts, whole.loc[parts.index])


def test_checks_hold_every_published_row_with_its_role(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["checks"]
    assert set(table["role"]) == {"calibrate", "holdout", "check"}
    assert table["mean"].notna().all()
    row = table[(table["check"] == "ae_attendances") & (table["standardised"] == "no")]
    assert row["ratio"].item() == pytest.approx(row["mean"].item() / 0.443, rel=1e-6)
    assert set(table["published_place"]) == {"England"}


def test_evidence_holds_the_runs_numbers_and_those_of_the_results(
    tables: dict[str, pd.DataFrame],
) -> None:
    keys = set(tables["evidence"]["key"])
    assert "mechanisms.unmet_to_ed" in keys  # of the run
    assert "results_settings.discount_rate_costs" in keys  # of the results
    assert "unit_costs.ae_type1_attendance_2023_24.acute.2023/24" in keys
    assert not tables["evidence"]["key"].duplicated().any()


def digest(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "tables").iterdir())
    }


def test_the_same_runs_give_the_same_bytes(folder: Path) -> None:
    before = digest(folder)
    build_tables(folder)
    assert digest(folder) == before
    assert not list((folder / "tables").glob(".tmp*"))


def test_prices_change_money_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    plain = load(folder)["outcomes"]
    file = tmp_path / "prices.toml"
    file.write_text("[unit_costs]\nae_type1_attendance_2023_24 = 694\n", encoding="utf-8")
    dear = build_tables(folder, file)["outcomes"]
    build_tables(folder)
    changed = ~np.isclose(plain["mean"], dear["mean"], rtol=1e-6, equal_nan=True)
    assert set(plain.loc[changed, "measure"]) == {"nhs_cost", "total_cost"}


def test_compare_gives_one_measure_by_one_grouping_across_folders(
    folder: Path, tmp_path: Path
) -> None:
    table = results.compare([folder], measure="ae_attendances", by="imd_quintile")
    assert set(table["group"]) == {"1", "2", "3", "4", "5"}
    assert set(table["measure"]) == {"ae_attendances"}
    more = write_fake_experiment(
        tmp_path,
        Fake(population=600, years=2, replications=3, designs=(("other", "published"),)),
    )
    both = results.compare([folder, more], measure="qalys")
    assert set(both["design"]) == {"proactive-mltc", "other"}
    turned = results.compare([folder, more], baseline="other", measure="qalys")
    assert set(turned["baseline"]) == {"other"}


def test_compare_refuses_what_there_is_not_and_names_the_nearest(folder: Path) -> None:
    with pytest.raises(BadInput) as caught:
        results.compare([folder], measure="emergency_admision", by="imd")
    assert len(caught.value.faults) == 2
    assert "emergency_admissions" in caught.value.faults[0].remedy


def test_numbers_are_written_to_nine_figures_and_gaps_are_empty(tmp_path: Path) -> None:
    assert rounded(np.array([1 / 3, 123456789.123, -2e-7 / 3, 0.0, 5e12])).tolist() == [
        0.333333333,
        123456789.0,
        -6.66666667e-08,
        0.0,
        5e12,
    ]
    path = tmp_path / "table.csv"
    write_csv(path, pd.DataFrame({"name": ["a, b", "c"], "value": [0.1 + 0.2, np.nan]}))
    assert path.read_bytes() == b'name,value\n"a, b",0.3\n"c",\n'


def test_draws_of_the_evidence_have_a_row_each(tmp_path: Path) -> None:
    import json
    import shutil

    from tests.fake_runs import run_folder

    fake = Fake(population=300, years=2, replications=1)
    folder = write_fake_experiment(tmp_path, fake)
    for design, effects in (("usual-care", "none"), ("proactive-mltc", "published")):
        first = run_folder(folder, fake, design=design, effects=effects, replication=0)
        again = run_folder(folder, fake, design=design, effects=effects, replication=0, draw=1)
        shutil.copytree(first, again)
        facts = json.loads((again / "run.json").read_text())
        (again / "run.json").write_text(json.dumps(facts | {"draw": 1}))
    built = build_tables(folder)
    assert list(built["draws"]["draw"]) == [0, 1]
    pounds = 20000.0
    net = built["draws"]["qalys"] - built["draws"]["cost"] / pounds
    np.testing.assert_allclose(built["draws"]["net_qalys"], net)
    assert set(built["comparison"]["interval_kind"]) == {"chance_and_knowledge"}
