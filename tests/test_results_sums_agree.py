"""Sums agree everywhere: every table of an experiment is checked against every other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results.csv_files import load
from results.measure import COUNT
from results.measures import MEASURES
from results.store import find_runs
from results.sums import GROUPINGS
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

WORLDS = {
    "one design": Fake(population=250, years=2, replications=2),
    "all versions of a design, drawn": Fake(
        population=150,
        years=1,
        replications=1,
        draws=2,
        designs=(("a", "plan"), ("a", "published"), ("a", "null"), ("b", "inert")),
    ),
}
RUN = ["place", "design", "effects"]
COUNTS = [key for key, measure in MEASURES.items() if measure.kind == COUNT]
MONEY = {"nhs_cost": "NHS", "social_care_cost": "social care", "total_cost": "all"}


@pytest.fixture(scope="module", params=sorted(WORLDS))
def tables(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pd.DataFrame]:
    folder: Path = write_fake_experiment(tmp_path_factory.mktemp("sums"), WORLDS[request.param])
    build_tables(folder)
    return load(folder)


def same(parts: pd.Series, whole: pd.Series, room: float = 1e-3) -> None:
    assert len(parts) > 0
    np.testing.assert_allclose(parts, whole.loc[parts.index], rtol=1e-6, atol=room)


@pytest.mark.parametrize("column", ["mean", "difference", "baseline_mean"])
def test_groups_add_to_all_in_levels_and_in_differences(
    tables: dict[str, pd.DataFrame], column: str
) -> None:
    table = tables["outcomes" if column == "mean" else "comparison"]
    table = table[table["measure"].isin(COUNTS)]
    by = [*RUN, "measure", "year", "discounted"]
    whole = table[table["group_by"] == "all"].set_index(by)[column]
    for grouping in GROUPINGS[1:]:
        same(table[table["group_by"] == grouping].groupby(by)[column].sum(), whole)


@pytest.mark.parametrize("column", ["mean", "difference"])
def test_years_add_to_the_whole_period(tables: dict[str, pd.DataFrame], column: str) -> None:
    table = tables["outcomes" if column == "mean" else "comparison"]
    table = table[table["measure"].isin(COUNTS)]
    by = [*RUN, "measure", "group_by", "group", "discounted"]
    whole = table[table["year"] == "all"].set_index(by)[column]
    same(table[table["year"] != "all"].groupby(by)[column].sum(), whole)


def test_a_difference_is_level_less_level_where_every_run_has_a_twin(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["comparison"]
    known = table.dropna(subset=["mean", "baseline_mean"])
    known = known[known["measure"].isin(COUNTS)]
    np.testing.assert_allclose(
        known["mean"] - known["baseline_mean"], known["difference"], rtol=1e-5, atol=0.5
    )
    by = ["place", "measure", "group_by", "group", "year", "discounted"]
    base = tables["outcomes"].query("design == 'usual-care'").set_index(by)["mean"]
    index = pd.MultiIndex.from_frame(known[by])
    np.testing.assert_allclose(known["baseline_mean"], base.loc[index], rtol=1e-6, atol=1e-3)


def test_cost_lines_add_to_payers_to_all_and_to_the_measures(
    tables: dict[str, pd.DataFrame],
) -> None:
    costs, outcomes = tables["costs"], tables["outcomes"]
    by = [*RUN, "year", "discounted"]
    lines = costs[~costs["behaviour"].isin(["total", "cash", "not simulated"])]
    totals = costs[costs["line"] == "total"]
    same(lines.groupby([*by, "payer"])["mean"].sum(), totals.set_index([*by, "payer"])["mean"])
    paid = lines[lines["behaviour"] != "unpaid"]
    whole = totals[totals["payer"] == "all"].set_index(by)["mean"]
    same(paid.groupby(by)["mean"].sum(), whole)
    for measure, payer in MONEY.items():
        own = outcomes[(outcomes["measure"] == measure) & (outcomes["group_by"] == "all")]
        same(totals[totals["payer"] == payer].set_index(by)["mean"], own.set_index(by)["mean"])
    carers = outcomes[(outcomes["measure"] == "carer_cost") & (outcomes["group_by"] == "all")]
    same(totals[totals["payer"] == "carers"].set_index(by)["mean"], carers.set_index(by)["mean"])


def test_cash_adds_over_payers_and_over_settings_and_over_years(
    tables: dict[str, pd.DataFrame],
) -> None:
    cash = tables["costs"].query("behaviour == 'cash'")
    by = [*RUN, "line", "year", "discounted"]
    whole = cash.query("payer == 'all' and setting == 'all'").set_index(by)["mean"]
    same(cash.query("payer != 'all'").groupby(by)["mean"].sum(), whole)
    same(cash.query("setting != 'all'").groupby(by)["mean"].sum(), whole)
    flow = cash[cash["line"] != "net_cash_cumulative"]
    by = [*RUN, "payer", "setting", "line", "discounted"]
    every = flow[flow["year"] == "all"].set_index(by)["mean"]
    same(flow[flow["year"] != "all"].groupby(by)["mean"].sum(), every)


def test_cash_and_costs_tell_the_same_story(tables: dict[str, pd.DataFrame]) -> None:
    costs = tables["costs"]
    by = [*RUN, "year", "discounted"]
    cash = costs.query("behaviour == 'cash' and payer == 'all' and setting == 'all'")
    cash = cash.pivot_table(index=by, columns="line", values="mean")
    total = costs.query("line == 'total' and payer == 'all'").set_index(by)["difference"]
    same(cash["reinvested"] - cash["activity_avoided"], total)


def test_localities_and_points_of_delivery_agree_with_the_outcomes(
    tables: dict[str, pd.DataFrame],
) -> None:
    activity, outcomes = tables["activity"], tables["outcomes"].query("discounted == 'no'")
    by = [*RUN, "point_of_delivery", "year"]
    whole = activity.query("locality == 'all'").set_index(by)["mean"]
    same(activity.query("locality != 'all'").groupby(by)["mean"].sum(), whole)
    for point, measure in (
        ("A&E attendances", "ae_attendances"),
        ("non-elective admissions", "emergency_admissions"),
        ("bed days", "bed_days"),
        ("voluntary-sector contacts", "vcse_contacts"),
    ):
        found = outcomes[(outcomes["measure"] == measure) & (outcomes["group_by"] == "locality")]
        own = activity[(activity["point_of_delivery"] == point) & (activity["locality"] != "all")]
        same(
            own.set_index([*RUN, "locality", "year"])["mean"],
            found.set_index([*RUN, "group", "year"])["mean"],
        )


@pytest.mark.parametrize("grouping", GROUPINGS[1:])
def test_people_at_each_stage_add_over_groups(
    tables: dict[str, pd.DataFrame], grouping: str
) -> None:
    stages = tables["stages"]
    by = [*RUN, "stage", "year"]
    whole = stages[stages["group_by"] == "all"].set_index(by)["mean"]
    same(stages[stages["group_by"] == grouping].groupby(by)["mean"].sum(), whole)


def test_gains_of_fifths_and_of_reach_add_to_all_and_to_the_difference_in_qalys(
    tables: dict[str, pd.DataFrame],
) -> None:
    gains = tables["gains"]
    whole = gains[gains["group_by"] == "all"].set_index(RUN)
    for grouping in ("imd_quintile", "reach"):
        parts = gains[gains["group_by"] == grouping].groupby(RUN)
        for column in ("people", "gain_qalys"):
            same(parts[column].sum(), whole[column])
    comparison = tables["comparison"].query(
        "measure == 'qalys' and group_by == 'all' and year == 'all' and discounted == 'no'"
    )
    same(whole["gain_qalys"], comparison.set_index(RUN)["difference"])


def test_people_of_the_population_add_over_groups(tables: dict[str, pd.DataFrame]) -> None:
    population = tables["population"]
    by = [*RUN, "when", "condition", "status"]
    whole = population[population["group_by"] == "all"].set_index(by)
    for grouping in ("imd_quintile", "age_band", "sex"):
        parts = population[population["group_by"] == grouping].groupby(by)
        for column in ("mean", "people"):
            same(parts[column].sum(), whole[column])


def test_net_health_of_fifths_adds_to_all_however_the_cost_is_borne(
    tables: dict[str, pd.DataFrame],
) -> None:
    value = tables["value"]
    by = [*RUN, "threshold"]
    whole = value[value["item"] == "net_health_benefit"].set_index(by)["mean"]
    for way in ("by_head", "by_spending"):
        fifths = value[value["item"] == f"net_health_benefit_{way}"]
        same(fifths.groupby(by)["mean"].sum(), whole)


def test_every_service_is_the_resources_table_with_fifths_beside(
    tables: dict[str, pd.DataFrame],
) -> None:
    services, by = tables["services"], [*RUN, "service", "role"]
    resources = tables["resources"].query("year == 'all'").set_index(by)
    whole = resources[resources["group_by"] == "all"]
    for ours, theirs in (
        ("capacity", "capacity"),
        ("used", "used"),
        ("median_wait_days", "median_wait_days"),
        ("p90_wait_days", "p90_wait_days"),
    ):
        found = services.set_index(by)[ours].dropna()
        same(found, whole[theirs].dropna(), 1e-6)
    for fifth in ("1", "5"):
        own = resources[(resources["group_by"] == "imd_quintile") & (resources["group"] == fifth)]
        found = services.set_index(by)[f"p90_wait_days_imd_{fifth}"].dropna()
        same(found, own["p90_wait_days"].dropna(), 1e-6)
    assert set(services["design"]) == set(resources.reset_index()["design"])


def test_flows_bring_to_each_service_all_who_arrive(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = write_fake_experiment(tmp_path_factory.mktemp("flows"), WORLDS["one design"])
    build_tables(folder)
    flows = load(folder)["flows"]
    runs = [run for run in find_runs(folder) if run.is_baseline]
    series = pd.concat([run.series().assign(scale=run.scale / run.years) for run in runs])
    arrivals = series[series["metric"] == "arrivals"]
    came = (arrivals["value"] * arrivals["scale"]).groupby(
        arrivals["service"].astype(str)
    ).sum() / len(runs)
    usual = flows[(flows["design"] == "usual-care") & (flows["does"] != "tells")]
    moved = usual[usual["from"] != "people"].groupby("to")["people_per_year"].sum()
    alone = usual[usual["from"] == "people"].set_index("to")["people_per_year"]
    some = came[came > 0].index
    own = (came[some] - moved.reindex(some).fillna(0.0)).clip(lower=0.0)
    assert (own > 0).any()
    np.testing.assert_allclose(alone.reindex(some).fillna(0.0), own, rtol=1e-6, atol=1e-6)


INCOME = (
    "fixed share",
    "paid by activity",
    "paid for outcomes",
    "shared incentive",
    "share in gain or loss",
)
CASCADE = {
    "gross saving": "activity_avoided",
    "stranded cost": "stranded",
    "investment": "reinvested",
    "net saving": "net_cash",
}


def test_rules_of_money_start_from_the_cash_lines_and_add_up(
    tables: dict[str, pd.DataFrame],
) -> None:
    money, costs = tables["money"], tables["costs"]
    cash = costs.query(
        "behaviour == 'cash' and payer == 'all' and setting == 'all' and discounted == 'no'"
    ).set_index([*RUN, "line", "year"])["mean"]
    cascade = money[(money["rule"] == "cascade") & money["line"].isin(CASCADE)]
    lines = cascade.assign(line=cascade["line"].map(CASCADE)).set_index([*RUN, "line", "year"])
    same(lines["mean"], cash, 1.0)
    paid = money[money["rule"] == "payment"].pivot_table(
        index=[*RUN, "provider", "year"], columns="line", values="mean"
    )
    income = paid[list(INCOME)].sum(axis=1)
    np.testing.assert_allclose(income, paid["income"], rtol=1e-6, atol=1.0)
    np.testing.assert_allclose(
        paid["income"] - paid["cost that stays"], paid["income less cost"], rtol=1e-6, atol=1.0
    )
