"""Rules of money in an experiment or design file, under a prices file's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.catalogue import installed
from experiments.designs import load_design
from experiments.experiment import Experiment, experiment_table
from experiments.resolving import resolve
from results.settings import COMBINATIONS, NORMS, read_settings, with_money
from results.tables import build_tables
from tests.fake_runs import write_fake_experiment
from tests.test_model import EVIDENCE

MINE = """\
name = "mine"
title = "Mine"
summary = "The Fylde team under a block contract."
source = "Nobody"
use = ["fylde-extensivist"]
money = { pay_fixed_share = 1.0, pay_outcome_share = 0.0 }
"""


def resolved(folder: Path, **more: Any) -> Experiment:
    table = {
        "name": "e",
        "place": "southwark",
        "design": [{"use": "usual-care"}, {"use": "mine.toml", **more.pop("of_design", {})}],
        **more,
    }
    (folder / "mine.toml").write_text(MINE, encoding="utf-8")
    return resolve(table, installed(), where="e.toml", folder=folder)


def test_an_experiment_sets_money_and_a_design_its_own_contract(tmp_path: Path) -> None:
    experiment = resolved(
        tmp_path,
        money={"plan_quarter_investment": 0.3, "unit_costs": {"ae_attendance": 200.0}},
        of_design={"money": {"pay_gain_share": 0.25}},
    )
    table = experiment_table(experiment)
    assert table["money"] == {
        "plan_quarter_investment": 0.3,
        "unit_costs": {"ae_attendance": 200.0},
    }
    own = {"pay_fixed_share": 1.0, "pay_outcome_share": 0.0, "pay_gain_share": 0.25}
    assert table["design"][1]["money"] == own
    again = resolve(table, installed(), where="again", folder=tmp_path)
    assert experiment_table(again) == table


def test_wrong_names_of_money_are_faults_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as bad:
        resolved(
            tmp_path,
            money={"plan_quarter_investmnt": 0.3},
            of_design={"money": {"pay_fixed_shar": 0.9, "stranded_share_later": 0.1}},
        )
    told = {fault.key: fault.remedy for fault in bad.value.faults}
    assert told["money: plan_quarter_investmnt"] == "use plan_quarter_investment"
    assert told["design 2: money: pay_fixed_shar"] == "use pay_fixed_share"
    assert "design 2: money: stranded_share_later" in told
    path = tmp_path / "bad.toml"
    path.write_text(MINE.replace("pay_fixed_share", "pay_fixd_share"), encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        load_design(path, Evidence(EVIDENCE))
    assert [fault.key for fault in bad.value.faults] == ["money: pay_fixd_share"]


def test_a_prices_file_stands_over_the_experiment(tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("pay_fixed_share = 0.6\n", encoding="utf-8")
    table = {"pay_fixed_share": 0.9, "pay_gain_share": 0.2}
    settings = with_money(read_settings(prices), table)
    assert settings.value("pay_fixed_share") == 0.6
    assert settings.value("pay_gain_share") == 0.2
    assert with_money(read_settings(), table).value("pay_fixed_share") == 0.9


def fixed_share(folder: Path) -> dict[str, float]:
    """Return what each design's contract pays whatever happens, of usual care's cost."""
    money = build_tables(folder)["money"]
    rows: pd.DataFrame = money[(money["rule"] == "payment") & (money["effects"] == "published")]
    sums = rows.groupby(["design", "line"])["mean"].sum()
    return {
        str(design): float(
            sums[design, "fixed share"] / sums[design, "contract: usual care's cost"]
        )
        for design in rows["design"].unique()
    }


def test_the_tables_pay_each_design_under_its_own_contract(tmp_path: Path) -> None:
    folder = write_fake_experiment(tmp_path)
    (design,) = fixed_share(folder)
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n[money]\npay_fixed_share = 0.7\n", encoding="utf-8")
    assert fixed_share(folder)[design] == pytest.approx(0.7)
    path.write_text(
        text.replace(
            f'use = "{design}"', f'use = "{design}"\nmoney = {{ pay_fixed_share = 0.95 }}'
        ),
        encoding="utf-8",
    )
    assert fixed_share(folder)[design] == pytest.approx(0.95)


def test_a_norm_named_in_a_prices_file_stays_though_it_is_the_one_without_it(
    tmp_path: Path,
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(f'norm = "{NORMS[0]}"\n', encoding="utf-8")
    table = {"norm": NORMS[1], "combination": COMBINATIONS[1]}
    settings = with_money(read_settings(prices), table)
    assert (settings.norm, settings.combination) == (NORMS[0], COMBINATIONS[1])
    assert with_money(read_settings(), table).norm == NORMS[1]
