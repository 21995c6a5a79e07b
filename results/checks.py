"""Simulated beside published: what the baseline says of things that England has measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.comparison import Arm, named
from results.cost_lines import COST_QUANTITIES, NHS
from results.costs import RunCosts
from results.inequality import standardised
from results.measure import BEDS, PRACTICE
from results.outcomes import PLACE
from results.quantities import COLUMN
from results.settings import Settings
from results.sheets import Sheet, Stack, levels
from results.store import Run
from results.sums import AGE_BANDS, AGE_STARTS, Sums
from results.utilities import LAST_BAND, england_weights

Floats = npt.NDArray[np.float64]
TABLE = "results_targets"
FIRST = 0  # published figures are of today: the first year is compared
PEOPLE = ("person_years",)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A published figure that is one sum over another."""

    top: tuple[str, ...]
    bottom: tuple[str, ...] = PEOPLE


RATIOS: dict[str, Ratio] = {
    "practice_appointments": Ratio(PRACTICE),
    "ae_attendances": Ratio(("ae_attendances",)),
    "ae_type1": Ratio(("ae_type1",)),
    "emergency_admissions": Ratio(("emergency_admissions",)),
    "avoidable_emergency_admissions": Ratio(("avoidable_emergency_admissions",)),
    "outpatient_attendances": Ratio(("outpatient_first", "outpatient_follow_up")),
    "day_cases": Ratio(("day_cases",)),
    "elective_admissions": Ratio(("elective_admissions",)),
    "bed_days": Ratio(BEDS),
    "community_contacts": Ratio(("community_contacts",)),
    "mental_health_contacts": Ratio(("mental_health_contacts",)),
    "readmissions_30d_share": Ratio(("readmissions_30d",), ("emergency_admissions",)),
    "people_admitted_share": Ratio(("people_admitted",)),
    "ed_within_4_hours": Ratio(("ae_type1", "-ae_over_4_hours"), ("ae_type1",)),
    "ed_over_12_hours": Ratio(("ae_over_12_hours",), ("ae_type1",)),
    "prevalence_2plus_adults": Ratio(("adult_years_2plus_known",), ("adult_years",)),
    "admissions_by_2plus": Ratio(("adult_admissions_2plus",), ("adult_admissions",)),
    "appointments_by_2plus": Ratio(("adult_appointments_2plus",), ("adult_appointments",)),
    "nhs_cost_per_head": Ratio(("nhs_cost",)),
}


SPEND = "nhs_spend_per_head"
FIFTHS = tuple(f"nhs_spend_imd_{fifth}" for fifth in range(1, 6))
# The year of the prices that each of them was published in.
PRICE_YEARS = {SPEND: "2015/16", **dict.fromkeys(FIFTHS, "2014/15")}


def england_cells(settings: Settings) -> Floats:
    """Return England's shares by fifth, reporting age band and sex, (5, 7, 2)."""
    fine = england_weights(settings)
    limits = tuple(pairwise((0, *AGE_STARTS, 200)))
    cells = np.zeros((5, len(AGE_BANDS), 2))
    for band in range(LAST_BAND + 1):
        low, high = band * 5, band * 5 + 5 if band < LAST_BAND else band * 5 + 20
        for place, (first, last) in enumerate(limits):
            inside = max(0, min(high, last) - max(low, first)) / (high - low)
            cells[:, place] += inside * fine[:, band]
    return cells


def check_sheet(
    sums: Sums,
    costs: RunCosts,
    resources: Sheet,
    ages: Sheet,
    waits: pd.DataFrame,
    england: Floats,
) -> Sheet:
    """Return the simulated side of every check: crude, and as if the place were England."""
    every = np.concatenate([sums.cells[FIRST], costs.quantities("cells")[FIRST]], axis=-1)
    rows: list[tuple[str, str, float]] = []
    for key, ratio in RATIOS.items():
        top, bottom = (_added(every, names) for names in (ratio.top, ratio.bottom))
        rows.append((key, "no", _over(top.sum(), bottom.sum())))
        rows.append((key, "yes", _as_england(top, bottom, every, england)))
    rows += _spending(every, england, costs)
    rows += [(key, "no", value) for key, value in _ages(ages).items()]
    rows.append(("gp_same_day_share", "no", same_day_share(waits)))
    rows.append(("bed_occupancy", "no", _occupancy(resources)))
    rows.append(("nhs_cost_deprivation_ratio", "yes", _cost_ratio(every, england)))
    keys = pd.DataFrame([row[:2] for row in rows], columns=["check", "standardised"])
    return Sheet(keys, {"value": np.array([row[2] for row in rows])})


def _spending(every: Floats, england: Floats, costs: RunCosts) -> list[tuple[str, str, float]]:
    """Return NHS spend a head and by fifth, with the lines not simulated, in published prices."""
    flat = sum(price for payer, *_, price in costs.prices.per_head if payer == NHS)
    people = every[..., COLUMN["person_years"]]
    pounds = _added(every, ("nhs_cost",)) + flat * people
    rows = []
    for key, price_year in PRICE_YEARS.items():
        then = 1.0 / costs.prices.index.factor(price_year)
        here = slice(None) if key == SPEND else slice(FIFTHS.index(key), FIFTHS.index(key) + 1)
        crude = _over(float(pounds[here].sum()), float(people[here].sum()))
        ours = _as_england(pounds[here], people[here], every[here], england[here])
        rows += [(key, "no", crude * then), (key, "yes", ours * then)]
    return rows


def _added(every: Floats, names: tuple[str, ...]) -> Floats:
    parts = [
        (-1.0 if name[0] == "-" else 1.0) * every[..., PLACE[name.removeprefix("-")]]
        for name in names
    ]
    total: Floats = np.sum(parts, axis=0)
    return total


def _over(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 else float("nan")


def _as_england(top: Floats, bottom: Floats, every: Floats, england: Floats) -> float:
    """Return the ratio that England's people would have at the place's rates."""
    people = every[..., COLUMN["person_years"]]
    rate = np.divide(england, people, out=np.zeros_like(england), where=people > 0)
    return _over(float((rate * top).sum()), float((rate * bottom).sum()))


def _ages(ages: Sheet) -> dict[str, float]:
    table = ages.keys.assign(value=ages.numbers["value"])
    first = table[(table["measure"] == "age_at_2plus") & (table["year"] == "1")]
    by = first[first["group_by"] == "imd_quintile"].set_index("group")["value"]
    most, least = float(by["1"]), float(by["5"])
    return {
        "age_at_2plus_most_deprived": most,
        "age_at_2plus_least_deprived": least,
        "age_at_2plus_gap": least - most,
    }


def same_day_share(waits: pd.DataFrame) -> float:
    """Return the share of practice appointments of year 1 that had no night before them."""
    here = waits[(waits["service"] == "gp") & (waits["year"] == 1)]
    soon = here.loc[here["wait_days"] < 1.0, "count"].sum()
    return _over(float(soon), float(here["count"].sum()))


def _occupancy(resources: Sheet) -> float:
    keys = resources.keys
    rows = ((keys["service"] == "beds") & (keys["year"] == "1")).to_numpy()
    capacity, used = (resources.numbers[name][rows] for name in ("capacity", "used"))
    return _over(float(np.nansum(used)), float(np.nansum(capacity)))


def _cost_ratio(every: Floats, england: Floats) -> float:
    """Return NHS cost of the most over the least deprived fifth, ages and sexes as England's."""
    place = len(COLUMN) + COST_QUANTITIES.index("nhs_cost")
    cost, people = every[None, ..., [place]], every[None, ..., [COLUMN["person_years"]]]
    level = standardised(cost, people, england.sum(axis=0))[0, :, 0]
    return _over(float(level[0]), float(level[-1]))


def checks_table(
    stacks: Mapping[Arm, Stack], runs: Mapping[Arm, Run], settings: Settings
) -> pd.DataFrame:
    """Return ``checks.csv``: published, simulated and their ratio, for each baseline."""
    published = _published(settings)
    parts = []
    for arm, stack in stacks.items():
        table = published.merge(levels(stack), on="check", how="left")
        for end in ("mean", "low", "high"):
            name = "ratio" if end == "mean" else f"ratio_{end}"
            table[name] = table[end] / table["published"]
        parts.append(named(arm, table.assign(same_place=arm[0] == "england")))
    whole = pd.concat(parts, ignore_index=True)
    whole["same_place"] = np.where(whole["same_place"], "yes", "no")
    return whole


def _published(settings: Settings) -> pd.DataFrame:
    rows = []
    for row in settings.evidence.rows(TABLE):
        figure = settings.evidence.figure(TABLE, key=row["key"])
        rows.append(
            {
                "check": row["key"],
                "unit": figure.unit,
                "role": row["role"],
                "published": figure.value,
                "published_low": np.nan if figure.low is None else figure.low,
                "published_high": np.nan if figure.high is None else figure.high,
                "published_place": "England",
                "source": figure.source,
                "basis": figure.basis,
                "note": figure.note,
            }
        )
    return pd.DataFrame(rows)
