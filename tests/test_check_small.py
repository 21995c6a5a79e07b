"""Every figure of England's check, counted and drawn among few people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from agents.place import Place
from calibration import close, disease_fit
from calibration.aim import Aim, aim_of
from calibration.bare_people import england
from calibration.check_figures import dots, figures_of, mark
from calibration.checks import CHANCE, MISS, NEAR, UNKNOWN, checks_table, families, targets_of
from calibration.fit_measures import People
from calibration.matching.folders import is_set
from calibration.matching.sets import SetTask, make_set
from calibration.matching.simulator import counted_of, name_of, people_at, tables_at, targets_for
from calibration.place_figure import contrasts, portrait
from calibration.projection import FIRST_YEAR, LAST_YEAR, england_of_2015, project
from calibration.simulated import Simulated
from calibration.targets import Target
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from results.figures.canvas import styled
from sim.world import replaced_numbers
from tests.calibration_fakes import TINY, plan

TREND = 0.5  # of every onset's rate, each decade: far more than any real one


@pytest.fixture(scope="module")
def nation() -> Place:
    return installed().load_place("england")


@pytest.fixture(scope="module")
def found() -> Simulated:
    trial = plan("england", thorough=True).trial({}, 7)
    tables, aim = tables_at(trial)
    return people_at(trial, tables, aim)


@pytest.fixture(scope="module")
def projected(nation: Place) -> dict[str, pd.DataFrame]:
    tables, evidence = DiseaseTables.load(PARAMETERS), Evidence(EVIDENCE)
    return {
        name: project(nation, tables, evidence, residents=1500, trend=trend)
        for name, trend in {"rates of today": 0.0, "with a cohort trend": TREND}.items()
    }


@pytest.fixture(scope="module")
def targets(found: Simulated, projected: dict[str, pd.DataFrame]) -> list[Target]:
    conditions = found.register.conditions
    return list(targets_of("england", Evidence(EVIDENCE), conditions, projected))


@pytest.fixture(scope="module")
def table(found: Simulated, targets: list[Target], nation: Place) -> pd.DataFrame:
    return checks_table(targets, found, nation)


# ------------------------------------------------------------------ counting


def test_every_published_figure_of_england_is_counted(
    table: pd.DataFrame, targets: list[Target]
) -> None:
    assert len(table) == len(targets) > 600
    assert set(table["verdict"]) <= {NEAR, CHANCE, MISS, UNKNOWN}
    known = table[table["verdict"] != UNKNOWN]
    assert len(known) > 0.7 * len(table)
    percent = known[known["unit"] == "percent"]
    assert percent["mean"].between(0, 100).all()
    assert (known.loc[known["unit"] == "ratio", "mean"] >= 0).all()


def test_what_more_than_some_conditions_have_is_counted_plainly(
    table: pd.DataFrame, found: Simulated
) -> None:
    people = found.register
    two = people.count(24) >= 2
    rows = table[(table["measure"] == "prevalence_2plus") & (table["group"] == "18+")]
    assert len(rows)
    for simulated in rows["mean"]:
        assert simulated == pytest.approx(100 * two[people.aged(18)].mean(), abs=2.0)


def test_a_trial_counts_what_the_targets_count(found: Simulated) -> None:
    trial = plan("england", thorough=True).trial({}, 7)
    counted = counted_of(trial, found, 0.0)
    each = {name_of(t): t for t in targets_for(trial, found.register.conditions)}
    assert set(counted.values) == set(each)
    assert any(name.startswith("pair ") for name in each)
    plain = replace(trial, pairs=False)
    fewer = {name_of(t) for t in targets_for(plain, found.register.conditions)}
    assert {name for name in each if name not in fewer} == {
        name for name in each if name.startswith(("pair ", "pairs_"))
    }
    some = list(each)[::60]
    assert [counted.values[name] for name in some] == pytest.approx(
        [each[name].count(found).value for name in some], nan_ok=True
    )


# ------------------------------------------------------------------ figures


def test_every_figure_of_a_check_shows_the_known_rows_of_its_table(
    table: pd.DataFrame, found: Simulated, projected: dict[str, pd.DataFrame]
) -> None:
    with styled():
        drawn = {name: draw() for name, draw in figures_of(table, found, projected).items()}
    assert {"prevalence", "age_at_2plus", "associations", "projection", "registers"} <= set(drawn)
    for figure in drawn.values():
        assert figure.get_suptitle() or figure.axes[0].get_title(loc="left")
    kinds = families(table)
    if (kinds["pairs"]["verdict"] == UNKNOWN).all():
        title = drawn["associations"].axes[0].get_title(loc="left")
        assert title == "Pairs: too few people"
    rows = kinds["life expectancy"]
    labels = [text.get_text() for text in drawn["life_expectancy"].axes[0].get_yticklabels()]
    assert len(labels) == (rows["verdict"] != UNKNOWN).sum()


def test_a_mark_says_the_verdict() -> None:
    ax = Figure().subplots()
    for verdict in (NEAR, CHANCE, MISS, UNKNOWN):
        mark(ax, 1.0, 1.0, verdict)
    shapes = [line.get_marker() for line in ax.get_lines()]
    assert shapes == ["o", "o", "X"]  # nothing for what is unknown
    faces = [line.get_markerfacecolor() for line in ax.get_lines()]
    assert len(set(map(str, faces))) == 3


def test_ratios_are_drawn_on_a_scale_of_ratios(table: pd.DataFrame) -> None:
    rows = families(table)["registers of practices"]
    assert dots("Registers", rows, logarithmic=True).axes[0].get_xscale() == "log"
    assert dots("Registers", rows).axes[0].get_xscale() == "linear"


def people_of(ages: list[int], fifths: list[int], has: np.ndarray) -> People:
    conditions = tuple(f"c{place}" for place in range(has.shape[1]))
    return People(
        conditions=conditions,
        has=has,
        age=np.array(ages),
        sex=(np.arange(len(ages)) % 2).astype(np.int8),
        fifth=np.array(fifths),
        physical=np.ones(has.shape[1], np.bool_),
    )


def test_a_portrait_adds_up_and_is_drawn_beside_england(found: Simulated, nation: Place) -> None:
    has = np.zeros((4, 5), np.bool_)
    has[2, :2] = has[3, :] = True
    few = portrait(people_of([10, 30, 50, 97], [1, 1, 2, 5], has))
    assert few.pyramid.sum() == pytest.approx(100)
    assert few.pyramid[-1, 1] == 25  # 97 is in the open band, and a man
    assert few.fifths == pytest.approx([50, 25, 0, 0, 25])
    assert few.counts == pytest.approx([50, 0, 25, 0, 25])
    assert (few.median_age, few.two) == (40, 50)
    shown = {"a": (nation, found.register), "b": (replace(nation, name="Other"), found.true)}
    with styled():
        figure = contrasts(shown, found.register)
    assert len(figure.axes) == 3 * len(shown)
    whole = portrait(found.true)
    assert figure.axes[1].get_title(loc="left") == (
        f"Other\nmedian age {whole.median_age:.0f}, 2+ conditions {whole.two:.0f}%"
    )


# ------------------------------------------------------------------ the projection


def test_england_of_2015_has_shares_that_add_up_and_is_younger(nation: Place) -> None:
    before = england_of_2015(nation, Evidence(EVIDENCE))
    assert before.age_sex_share.sum() == pytest.approx(1)
    assert before.imd_mix.sum() == pytest.approx(1)
    assert before.age_share_within_imd.sum(axis=0) == pytest.approx(np.ones(5))
    older = slice(13, None)  # bands from 65
    assert before.age_sex_share[older].sum() < nation.age_sex_share[older].sum()


def test_a_trend_between_cohorts_tells_in_later_years_alone(
    projected: dict[str, pd.DataFrame],
) -> None:
    plain, trend = (each.set_index(["series", "year"])["percent"] for each in projected.values())
    assert set(plain.index.get_level_values("year")) == set(range(FIRST_YEAR, LAST_YEAR + 1, 5))
    for series in ("2+ at 65+", "2+ at 65-74", "4+ at 65+"):
        assert trend[series, FIRST_YEAR] == plain[series, FIRST_YEAR]
        assert trend[series, LAST_YEAR] > plain[series, LAST_YEAR]
    assert (projected["rates of today"]["error"] > 0).all()


# ------------------------------------------------------------------ sets of the nation


def test_a_set_of_the_nation_uses_what_the_base_uses(tmp_path: Path, nation: Place) -> None:
    """Its people are iller or less ill; its levels move so that England's use stays."""
    few = Path(tmp_path / "evidence")
    few.mkdir()
    for file in EVIDENCE.iterdir():
        (few / file.name).symlink_to(file)
    settings = (EVIDENCE / "calibration_settings.csv").read_text()
    (few / "calibration_settings.csv").unlink()
    small = settings.replace("use.set_people,20000", "use.set_people,1500")
    assert small != settings
    (few / "calibration_settings.csv").write_text(small)
    task = SetTask(
        place=nation,
        evidence=few,
        base=PARAMETERS,
        numbers={"undiagnosed.odds_multiplier": 1.4, "frailty.global.log_sd": 0.5},
        lives=TINY.lives,
        rounds=1,
        luck=4,
        to=tmp_path / "set",
    )
    make_set(task)
    assert is_set(task.to)
    tables, usual = DiseaseTables.load(task.to), replaced_numbers(PARAMETERS, {})
    assert tables.about["calibrated"] == task.numbers
    moved = replaced_numbers(task.to, {})
    assert set(moved) == set(usual)
    assert moved != usual
    luck = Luck(task.luck, -3)
    before, now = (
        close.mean_use(
            close.people_of(nation, 1500, luck=luck, evidence=Evidence(few, usual), tables=each),
            Evidence(few, numbers),
        )
        for each, numbers in ((DiseaseTables.load(PARAMETERS), usual), (tables, moved))
    )
    assert now == pytest.approx(before, rel=2e-3)
    written = (task.to / "diseases.npz").stat().st_mtime_ns
    make_set(task)
    assert (task.to / "diseases.npz").stat().st_mtime_ns == written


# ------------------------------------------------------------------ the page of the fit


@pytest.fixture(scope="module")
def aim() -> Aim:
    return aim_of(Evidence(EVIDENCE))


def test_the_page_of_the_fit_is_written_anew_and_keeps_the_remarks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in (("RESIDENTS", 6000), ("LIVES", 1000), ("NEWBORNS", 1000)):
        monkeypatch.setattr(disease_fit, name, few)
    page = tmp_path / "fit.md"
    page.write_text("# Old\n\n| a | b |\n\n## What does not fit\n\nDementia.\n", encoding="utf-8")
    disease_fit.main(["--to", str(page)])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# How the diseases fit")
    assert text.endswith("## What does not fit\n\nDementia.\n")
    assert "# Old" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 5 for line in rows)
    told = {line.split(" | ")[0].removeprefix("| "): line for line in rows}
    assert sum(name.startswith("triad") for name in told) >= 5
    assert sum(name.startswith("incidence per 1,000") for name in told) == 10
    assert "1.27 1.62 2.06 2.6-2.8" in text
    women = next(line for name, line in told.items() if "life expectancy, women" in name)
    published, lived = ([float(part) for part in cell.split()] for cell in women.split(" | ")[1:3])
    assert lived == pytest.approx(published, abs=6.0)  # a hundred lives each


def test_deaths_are_set_against_those_expected_of_age_and_sex(aim: Aim) -> None:
    tables = DiseaseTables.load(PARAMETERS)
    people = england(tables.conditions, aim.population, 4000, risks=tables.risks)
    count = np.arange(len(people)) % 5
    people.alive[:] = True
    people.alive[(count == 0) & (np.arange(len(people)) % 20 == 0)] = False
    people.alive[(count == 4) & (np.arange(len(people)) % 10 == 4)] = False
    ratios = disease_fit.death_ratio(aim, people, count)
    assert ratios[:3] == pytest.approx([0, 0, 0])
    assert ratios[3] == pytest.approx(2.0, rel=0.35)  # twice the deaths of as many people
