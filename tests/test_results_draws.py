"""Draws of the evidence: intervals over draws, what is drawn of prices, curves that add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as MplPath

from agents.faults import BadInput
from results.csv_files import load
from results.draws import CEAC, DRAWS
from results.figures.draws import outline
from results.report import build_report
from results.report_order import Fig
from results.settings import drawn_settings, read_settings
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

FAKE = Fake(
    population=300,
    years=1,
    replications=2,
    draws=3,
    designs=(("proactive-mltc", "published"), ("home-first", "published"), ("home-first", "plan")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_fake_experiment(tmp_path_factory.mktemp("drawn"), FAKE)
    build_tables(folder)
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return load(folder)


def test_intervals_over_draws_hold_chance_and_knowledge(tables: dict[str, pd.DataFrame]) -> None:
    for name in ("outcomes", "comparison", "inequality", "costs", "value"):
        assert set(tables[name]["interval_kind"]) == {"chance_and_knowledge"}, name


def test_an_interval_is_the_middle_of_the_means_of_draws(tables: dict[str, pd.DataFrame]) -> None:
    draws = tables["draws"].query("design == 'proactive-mltc'")["qalys"]
    value = tables["value"].query("design == 'proactive-mltc' and item == 'incremental_qalys'")
    assert value["mean"].item() == pytest.approx(draws.mean(), rel=1e-6)
    assert value["low"].item() == pytest.approx(draws.quantile(0.025), rel=1e-6, abs=1e-6)
    assert value["high"].item() == pytest.approx(draws.quantile(0.975), rel=1e-6, abs=1e-6)


def test_each_draw_has_one_row_for_each_design(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["draws"]
    assert list(table.columns) == list(DRAWS)
    assert len(table) == 3 * FAKE.draws
    assert not table.duplicated(["design", "effects", "draw"]).any()
    assert (table["replications"] == FAKE.replications).all()
    net = table["qalys"] - table["cost"] / 20_000
    assert table["net_qalys"].to_numpy() == pytest.approx(net.to_numpy(), rel=1e-6)


def test_versions_of_the_evidence_compete_apart_and_each_curve_adds_to_one(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["ceac"]
    assert list(table.columns) == list(CEAC)
    assert set(table.query("against == 'plan'")["design"]) == {"usual-care", "home-first"}
    whole = table.groupby(["against", "threshold"])
    assert whole["probability_best"].sum().to_numpy() == pytest.approx(1.0)
    assert (whole["frontier"].agg(lambda column: (column == "yes").sum()) == 1).all()
    best = table.sort_values("net_health_benefit").groupby(["against", "threshold"]).last()
    known = best[best.index.get_level_values("threshold") > 0]
    assert (known["frontier"] == "yes").all()


def test_the_baseline_is_an_option_that_gains_nothing(tables: dict[str, pd.DataFrame]) -> None:
    usual = tables["ceac"].query("design == 'usual-care' and threshold > 0")
    assert (usual["net_health_benefit"] == 0).all()


def test_prices_that_were_drawn_are_used_draw_by_draw(folder: Path) -> None:
    drawn = drawn_settings(folder, read_settings())
    assert sorted(drawn) == [1, 2, 3]
    price = [
        one.evidence.value("unit_costs", item="ae_type1_attendance_2023_24")
        for one in drawn.values()
    ]
    assert price == [200.0, 210.0, 220.0]
    costs = load(folder)["costs"]
    row = costs.query("line == 'type 1 A&E attendances' and design == 'usual-care' and year == '1'")
    row = row[row["discounted"] == "no"]
    count = load(folder)["outcomes"].query(
        "measure == 'ae_attendances' and design == 'usual-care' and year == '1'"
        " and group_by == 'all'"
    )
    type_1 = 0.67 * count["mean"].item()  # as the invented runs have it
    assert row["mean"].item() / type_1 == pytest.approx(210.0, rel=0.03)


def test_the_readers_own_price_is_not_drawn(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("[unit_costs]\nae_type1_attendance_2023_24 = 300\n", encoding="utf-8")
    drawn = drawn_settings(folder, read_settings(file))
    assert drawn[3].evidence.value("unit_costs", item="ae_type1_attendance_2023_24") == 300.0


def test_the_evidence_table_names_the_centre_of_what_is_drawn(
    tables: dict[str, pd.DataFrame],
) -> None:
    row = tables["evidence"].query("key == 'unit_costs.ae_type1_attendance_2023_24.acute.2023/24'")
    assert float(row["value"].item()) == 347.0


def test_a_file_of_draws_that_is_cut_short_is_a_fault_that_names_it(tmp_path: Path) -> None:
    tmp_path.joinpath("draws.json").write_text('{"draws": 3, "prices": {"a": [1]}}', "utf-8")
    with pytest.raises(BadInput, match=r"draws\.json"):
        drawn_settings(tmp_path, read_settings())


def test_an_experiment_without_draws_has_empty_tables_of_them(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path, Fake(population=200, years=1, replications=2))
    build_tables(folder)
    tables = load(folder)
    assert tables["draws"].empty
    assert tables["ceac"].empty


def test_the_report_draws_what_needs_draws_and_says_nothing_is_missing(folder: Path) -> None:
    text = build_report(folder).read_text(encoding="utf-8")
    for figure in (Fig.PLANE, Fig.ACCEPTABILITY):
        assert folder.joinpath("figures", f"{figure.stem}.png").stat().st_size > 1000
    assert "needs draws of the evidence" not in text
    assert "leave out how unsure the evidence is" not in text


def test_an_outline_holds_95_of_100_draws() -> None:
    luck = np.random.default_rng(1)
    x, noise = luck.normal(3.0, 2.0, 20_000), luck.normal(0.0, 1.0, 20_000)
    y = 5.0 - x + noise
    edge_x, edge_y = outline(x, y)
    inside = MplPath(np.column_stack([edge_x, edge_y])).contains_points(np.column_stack([x, y]))
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
