"""How the derived diseases compare with what was published, like for like.

Run ``python -m calibration.disease_fit`` to write ``docs/disease_fit.md`` anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.health_events import DIAGNOSIS, ONSET, HealthEvents
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population
from calibration.aim import Aim, aim_of
from calibration.bare_people import england, give_risks
from calibration.cohort_hazards import Fitted, live_once
from calibration.deaths import life_expectancy
from calibration.derive import APART, DEFAULT, EVIDENCE, SEED
from calibration.fit_measures import People
from calibration.prevalence import AGES
from calibration.sources import rows_with_figures

Floats = npt.NDArray[np.float64]

PAGE = Path(__file__).parents[1] / "docs" / "disease_fit.md"
RESIDENTS, LIVES, NEWBORNS = 200_000, 60_000, 60_000
FOLLOWED_YEARS = 3
BANDS = ((20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 110))
YOUNGEST_TRIAD = 20
INCIDENCE = (
    ("type_2_diabetes", 0, "2021"),
    ("cancer", 0, "2018"),
    ("epilepsy", 0, "2013-2018"),
    ("rheumatoid_arthritis", 18, "2014"),
    ("depression", 16, "2006"),
    ("anxiety", 16, "2008"),
    ("heart_failure", 0, "2014"),
    ("copd", 0, "2005"),
    ("osteoarthritis", 20, "2017"),
    ("dementia", 85, "2008-2011"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: what, as published, as simulated on the register and in truth."""

    target: str
    published: str
    register: str
    true: str = ""


def people_of(population: Population, aim: Aim, has: npt.NDArray[np.bool_]) -> People:
    """Return the columns that measures need, counting ``has``."""
    return People(
        conditions=population.conditions,
        has=has,
        age=population.age(0.0).astype(np.int64),
        sex=population.sex,
        fifth=population.imd_quintile,
        physical=aim.effects.physical,
    )


def _in_row(values: Iterable[float], digits: int = 1) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


# -------------------------------------------------------------------- counts of today


def prevalence_lines(aim: Aim, register: People) -> list[Line]:
    """Compare prevalence by condition, sex and band with its target."""
    found, wanted = [], []
    for sex in (0, 1):
        middle = (aim.diagnosed[:, :-1, sex] + aim.diagnosed[:, 1:, sex]) / 2
        for low, high in BANDS:
            weights = aim.population[low : high + 1, sex].sum(axis=1)
            years = slice(low, min(high, AGES - 1) + 1)
            wanted.append(np.average(middle[:, years], axis=1, weights=weights))
            found.append(register.has[register.aged(low, high, sex=sex)].mean(axis=0))
    target, simulated = np.array(wanted), np.array(found)
    common = target > 0.01
    near = np.abs(simulated / np.where(common, target, 1) - 1)[common] < 0.1
    means = [register.count(27)[register.aged(*band)].mean() for band in BANDS]
    return [
        Line(
            "27 conditions x sex x band from 20: mean error, points",
            "0",
            f"{100 * np.abs(simulated - target).mean():.2f}",
        ),
        Line("cells over 1% within a tenth, %", "90", f"{100 * near.mean():.0f}"),
        Line(
            "mean conditions, 20-29 … 80+ (before the multiplier of 0.94)",
            "0.36 0.50 0.77 1.19 1.80 2.65 3.31",
            _in_row(means, 2),
        ),
    ]


def count_rows(people: People) -> list[tuple[str, str, str]]:
    """Return (target, published, simulated) for counts of conditions."""
    adults = people.aged(18)
    by_fifth = [people.with_at_least(2, 24, people.aged(18, fifth=fifth)) for fifth in (1, 5)]
    by_sex = [people.with_at_least(2, 24, people.aged(18, sex=sex)) for sex in (0, 1)]
    bands = ((0, 110), (0, 24), (25, 44), (45, 64), (65, 84), (85, 110), (25, 34), (75, 110))
    scottish = [people.with_at_least(2, 25, people.aged(*band)) for band in bands]
    all_england = [
        people.with_at_least(2, 24, people.aged(*band)) for band in ((0, 110), (0, 19), (80, 110))
    ]
    kingston = [
        people.with_at_least(2, 9, people.aged(65, 74)),
        people.with_at_least(2, 9, people.aged(65)),
        people.with_at_least(4, 9, people.aged(65)),
    ]
    many = [people.age[adults & (people.count(listed) >= 4)] < 65 for listed in (24, 27)]
    halves = {
        listed: [people.age_of_half(listed, fifth) for fifth in (1, 5)] for listed in (24, 27)
    }
    ends = [people.physical_and_mental(fifth) for fifth in (1, 5)]
    two = people.count(25) >= 2
    rows = [
        ("2+ of 36, adults (list 24), %", "24.0; 27.2", [people.with_at_least(2, 24, adults)]),
        ("women, men", "30.0 24.4", by_sex),
        ("fifth 1, fifth 5, crude", "30.0 25.8", by_fifth),
        (
            "2+ of 40 (list 25): all, 0-24, 25-44, 45-64, 65-84, 85+, 25-34, 75+",
            "23.2 1.9 11.3 30.4 64.9 81.5 8.1 76.1",
            scottish,
        ),
        ("2+ of 35 (list 24): all, 0-19, 80+", "14.8 0.9 68.2", all_england),
        ("2+ of 12 (list 9): 65-74, 65+; 4+: 65+", "45.7 54.0 9.8", kingston),
        ("share of 4+ under 65, lists 24 and 27", "30", [100 * each.mean() for each in many]),
        ("age when half have 2+, fifths 1 and 5, list 24", "61 71", halves[24]),
        ("the same, all 27", "61 71", halves[27]),
        (
            "gap in years, lists 24 and 27",
            "10; 10-15 deciles; 7 complex",
            [late - early for early, late in halves.values()],
        ),
        ("physical and mental, ends", "11.0 5.9 deciles", ends),
        ("share of 2+ under 65 (list 25)", "51.9", [100 * (people.age[two] < 65).mean()]),
        ("median conditions among 2+", "3", [float(np.median(people.count(27)[two]))]),
    ]
    return [(target, published, _in_row(values)) for target, published, values in rows]


# -------------------------------------------------------------------- what happens next


def incidence_lines(evidence: Evidence, people: Population, happened: HealthEvents) -> list[Line]:
    """Compare new diagnoses, and onsets, per 1,000 person-years of everyone of that age."""
    lines = []
    age = people.age(0.0)
    for name, low, when in INCIDENCE:
        published = evidence.value(
            "incidence", condition=name, measure="incidence", age_low=str(low), year=when
        )
        here = happened.conditions == people.conditions.index(name)
        here &= age[happened.rows] >= low
        years = (age >= low).sum() * FOLLOWED_YEARS / 1000
        rates = [(here & (happened.kinds == kind)).sum() / years for kind in (DIAGNOSIS, ONSET)]
        label = f"incidence per 1,000: {name.replace('_', ' ')}" + (f", {low}+" if low else "")
        lines.append(Line(label, f"{published:.2f}", f"{rates[0]:.2f}", f"{rates[1]:.2f}"))
    return lines


def death_ratio(aim: Aim, people: Population, count: npt.NDArray[np.int64]) -> Floats:
    """Return deaths at 40-69 over those expected by age and sex, for 1, 2, 3, 4+ v none."""
    age = np.minimum(people.age(0.0).astype(np.int64), AGES - 1)
    usual = (aim.deaths * aim.fifths).sum(axis=2)[age, people.sex]
    middle = (age >= 40) & (age < 70)
    ratios = []
    for least, most in ((0, 0), (1, 1), (2, 2), (3, 3), (4, 99)):
        who = middle & (count >= least) & (count <= most)
        ratios.append((~people.alive[who]).sum() / usual[who].sum())
    against_none: Floats = np.array(ratios[1:]) / ratios[0]
    return against_none


# -------------------------------------------------------------------- other worlds


def triad_lines(evidence: Evidence, tables: DiseaseTables) -> list[Line]:
    """Compare triads in a world of ever-recorded conditions, which is how they were counted."""
    everything = Evidence(evidence.folder, ever_recorded(evidence))
    aim = aim_of(everything)
    ratios = tables.about["hazard_ratio_most_least_deprived"]
    fitted = Fitted(np.log([ratios[name] for name in aim.conditions]), np.zeros(len(ratios)))
    derived = live_once(aim, fitted, LIVES, Luck(SEED, replication=APART)).tables
    population = england(derived.conditions, aim.population, RESIDENTS // 2, risks=derived.risks)
    Health(population, derived, Luck(SEED)).live_to_entry()
    people = people_of(population, aim, population.has)
    lines = []
    rows = rows_with_figures(
        evidence,
        "cooccurrence",
        kind="triad",
        measure="triad_observed_expected",
        imd_quintile="all",
    )
    for row, figure in rows:
        names = (row["condition_a"], *row["condition_b"].split(" + "))
        low, high = int(row["age_low"]), int(row["age_high"])
        if set(names) <= set(people.conditions) and low >= YOUNGEST_TRIAD:
            words = ", ".join(names).replace("_", " ")
            found = f"{people.together(names, low, high):.2f} (ever recorded)"
            label = f"triad, observed/expected, {low}-{high}: {words}"
            lines.append(Line(label, f"{figure.value:.2f}", found))
    return lines


def ever_recorded(evidence: Evidence) -> dict[str, float]:
    """Return the numbers that turn registers into conditions ever recorded."""
    one = [*evidence.figures("prevalence", measure="scale_ever_to_register")]
    one.append(evidence.figure("disease_model", key="register_scale.multiplier"))
    none = [*evidence.figures("undiagnosed_share")]
    for table in ("starting_parameters", "disease_model"):
        none += [figure for figure in evidence.figures(table) if ".remission." in figure.key]
    return {figure.key: 1.0 for figure in one} | {figure.key: 0.0 for figure in none}


def life_lines(aim: Aim, tables: DiseaseTables) -> list[Line]:
    """Compare how long newborns live with the life tables of the evidence."""
    group = np.arange(NEWBORNS) % 10
    at_birth = np.zeros((1, 2, 5)) + 1
    people = england(tables.conditions, at_birth, NEWBORNS, risks=None)
    people.birth_day[:] = 0.0
    people.sex[:], people.imd_quintile[:] = group // 5, group % 5 + 1
    give_risks(people, tables.risks, Luck(SEED))
    health = Health(people, tables, Luck(SEED))
    health.live_to_entry()
    health.advance(130 * DAYS_PER_YEAR)
    lived = people.death_day / DAYS_PER_YEAR
    expected = life_expectancy(aim.deaths)
    return [
        Line(
            f"life expectancy, {name}, fifths (by construction)",
            _in_row(expected[sex]),
            _in_row(lived[group == 5 * sex + fifth].mean() for fifth in range(5)),
        )
        for sex, name in enumerate(("women", "men"))
    ]


# -------------------------------------------------------------------- the page


def fit_lines(evidence: Evidence, tables: DiseaseTables) -> list[Line]:
    """Return every comparison."""
    aim = aim_of(evidence)
    population = england(tables.conditions, aim.population, RESIDENTS, risks=tables.risks)
    health = Health(population, tables, Luck(SEED))
    health.live_to_entry()
    register = people_of(population, aim, population.diagnosed.copy())
    true = people_of(population, aim, population.has.copy())
    lines = prevalence_lines(aim, register)
    both = zip(count_rows(register), count_rows(true), strict=True)
    lines += [Line(*known, actual[2]) for known, actual in both]
    lines += triad_lines(evidence, tables)
    happened = health.advance(FOLLOWED_YEARS * DAYS_PER_YEAR)
    lines += incidence_lines(evidence, population, happened)
    ratios = [death_ratio(aim, population, each.count(27)) for each in (register, true)]
    lines.append(
        Line(
            "death ratio for 1, 2, 3, 4+ conditions, 40-69",
            "1.27 1.62 2.06 2.6-2.8",
            *(_in_row(each, 2) for each in ratios),
        )
    )
    return lines + life_lines(aim, tables)


def page(lines: list[Line], about: dict[str, object], remarks: str) -> str:
    """Return the page in Markdown."""
    table = "\n".join(
        f"| {line.target} | {line.published} | {line.register} | {line.true} |" for line in lines
    )
    return (
        "# How the diseases fit\n\n"
        f"Derived with seed {about['seed']} on {about['lives']:,} lives; measured on "
        f"{RESIDENTS:,} residents of England lived to today and followed for "
        f"{FOLLOWED_YEARS} years. Written by `python -m calibration.disease_fit`.\n\n"
        "| target | published | simulated, register | simulated, true |\n|---|---|---|---|\n"
        f"{table}\n\n{remarks}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the fit and write the page, keeping the remarks below its table."""
    parser = argparse.ArgumentParser(description="Compare the diseases with published figures.")
    parser.add_argument("--evidence", type=Path, default=EVIDENCE)
    parser.add_argument("--tables", type=Path, default=DEFAULT)
    parser.add_argument("--to", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    tables = DiseaseTables.load(given.tables)
    lines = fit_lines(Evidence(given.evidence), tables)
    before = given.to.read_text(encoding="utf-8") if given.to.is_file() else ""
    _, mark, remarks = before.partition("## What")
    given.to.write_text(page(lines, tables.about, mark + remarks), encoding="utf-8")


if __name__ == "__main__":
    main()
