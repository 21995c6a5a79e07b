"""Money: what activity costs, who pays, and what of it is cash.

The simulation counts what happened; here it meets unit costs, all brought to the prices of one
year. A line is one kind of activity at one price. Costs that are not simulated are carried as
lines per head that no design touches, so that they drop out of every difference.

Staff that a design pays by the post already cover what they do: where a design pays for a role,
activity of that role beyond the usual care of the same luck is not priced a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.faults import BadInput, Fault
from pathways.vocabulary import ACTIVITY
from results.settings import Settings
from results.sheets import Sheet, Stack, joined, product
from results.store import Run
from results.sums import COLUMN, Sums

Floats = npt.NDArray[np.float64]

# How a line's cost behaves when activity falls.
HOSPITAL, STAFFED, BOUGHT, NEW_CARE, UNPAID, NOT_SIMULATED, OF_DESIGN = (
    "hospital",
    "staffed",
    "bought",
    "new care",
    "unpaid",
    "not simulated",
    "design",
)
NHS, SOCIAL_CARE, VCSE, CARERS, PUBLIC_HEALTH = (
    "NHS",
    "social care",
    "VCSE",
    "carers",
    "public health",
)
PAYERS = {payer.lower(): payer for payer in (NHS, SOCIAL_CARE, VCSE, CARERS, PUBLIC_HEALTH)}
COST_QUANTITIES = (
    "nhs_cost",
    "social_care_cost",
    "vcse_cost",
    "intervention_cost",
    "total_cost",
    "carer_cost",
)
APART = (UNPAID, NOT_SIMULATED)  # shown, and no part of a total
SETTINGS = {"vcse": "VCSE", "primary care": "practice"}  # a design's word for a setting of ours
CASH_LINES = ("activity_avoided", "stranded", "reinvested", "net_cash")
CUMULATIVE = "net_cash_cumulative"  # net cash from the start to the end of the year
TEAM = "neighbourhood team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of activity at one price.

    ``quantity`` are quantities that add up ("-name" is taken away); ``item`` is a row of
    ``unit_costs.csv`` or, with ``ours``, of ``results_settings.csv``; ``times`` names settings
    that multiply the price; ``less`` is a unit cost taken off it and ``over`` a setting that
    divides it. ``role`` is the post whose work the activity is, where a design may pay for it.
    """

    line: str
    payer: str
    setting: str
    quantity: tuple[str, ...]
    item: str
    behaviour: str
    ours: bool = False
    times: tuple[str, ...] = ()
    less: str = ""
    over: str = ""
    role: str = ""


def _line(line: str, setting: str, quantity: str, item: str, behaviour: str, **more: Any) -> Line:
    payer = more.pop("payer", NHS)
    return Line(
        line=line,
        payer=payer,
        setting=setting,
        quantity=tuple(quantity.split()),
        item=item,
        behaviour=behaviour,
        **more,
    )


LINES: tuple[Line, ...] = (
    _line(
        "GP appointments face to face",
        "practice",
        "gp_contacts_gp -gp_contacts_remote",
        "gp_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "GP appointments by telephone or online",
        "practice",
        "gp_contacts_remote",
        "gp_telephone_or_online",
        STAFFED,
    ),
    _line(
        "practice nurse appointments",
        "practice",
        "gp_contacts_nurse",
        "practice_nurse_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "other practice appointments",
        "practice",
        "gp_contacts_other",
        "other_practice_contact",
        STAFFED,
        ours=True,
    ),
    _line(
        "pharmacy visits", "practice", "pharmacy_contacts", "pharmacy_contact", BOUGHT, ours=True
    ),
    _line("NHS 111 calls", "111 and ambulance", "nhs111_calls", "nhs111_call", STAFFED, ours=True),
    _line(
        "ambulance to hospital",
        "111 and ambulance",
        "ambulance_conveyed",
        "ambulance_with_ae",
        HOSPITAL,
    ),
    _line(
        "ambulance without hospital",
        "111 and ambulance",
        "ambulance_incidents -ambulance_conveyed",
        "ambulance_no_ae",
        HOSPITAL,
    ),
    # All-type attendances: those at an urgent treatment centre are among them and have no
    # price of their own beside these two lines.
    _line("type 1 A&E attendances", "A&E", "ae_type1", "ae_type1_attendance_2023_24", HOSPITAL),
    _line(
        "other A&E attendances",
        "A&E",
        "ae_attendances -ae_type1",
        "utc_attendance_2023_24",
        HOSPITAL,
    ),
    _line(
        "emergency admissions",
        "unplanned hospital care",
        "emergency_admissions",
        "nonelective_short_stay_ncc",
        HOSPITAL,
    ),
    _line(
        "emergency bed days",
        "unplanned hospital care",
        "emergency_bed_days",
        "nonelective_long_stay_ncc",
        HOSPITAL,
        less="nonelective_short_stay_ncc",
        over="overnight_emergency_stay_days",
    ),
    _line("day cases", "planned hospital care", "day_cases", "day_case_ncc", HOSPITAL),
    _line(
        "planned admissions",
        "planned hospital care",
        "elective_admissions",
        "elective_inpatient_ncc",
        HOSPITAL,
    ),
    _line(
        "outpatient attendances",
        "outpatients",
        "outpatient_first outpatient_follow_up",
        "outpatient_attendance_2023_24",
        HOSPITAL,
    ),
    _line("advice and guidance", "outpatients", "advice_requests", "advice_and_guidance", HOSPITAL),
    _line(
        "out-of-hours contacts",
        "111 and ambulance",
        "out_of_hours_contacts",
        "out_of_hours_contact",
        STAFFED,
    ),
    _line(
        "extended-access appointments",
        "practice",
        "extended_access_contacts",
        "gp_consultation_2023_24",
        STAFFED,
    ),
    _line(
        "specialist clinics",
        "community",
        "specialist_clinic_contacts",
        "specialist_clinic_contact",
        STAFFED,
    ),
    _line(
        "case management",
        "community",
        "case_management_starts",
        "case_management_year",
        STAFFED,
        times=("case_management_years",),
    ),
    _line(
        "end-of-life care at home",
        "community",
        "end_of_life_starts",
        "hospice_at_home_person",
        STAFFED,
    ),
    _line("district nursing", "community", "community_contacts", "district_nurse_visit", STAFFED),
    _line(
        "urgent response",
        "community",
        "urgent_response",
        "district_nurse_visit",
        STAFFED,
        times=("urgent_response_contacts",),
    ),
    _line("virtual ward", "community", "virtual_ward_days", "virtual_ward_day", STAFFED),
    _line(
        "mental-health contacts",
        "mental health",
        "mental_health_contacts",
        "mental_health_contact_2023_24",
        STAFFED,
    ),
    _line(
        "talking therapies",
        "mental health",
        "talking_therapy_contacts",
        "talking_therapy_contact_2023_24",
        STAFFED,
    ),
    *(
        _line(
            f"prescribing, {count} conditions",
            "prescribing",
            f"years_ltc_{count}",
            f"prescribing_ltc_{count}",
            BOUGHT,
        )
        for count in ("0", "1", "2", "3", "4+")
    ),
    _line(
        "team discussions",
        TEAM,
        "mdt_reviews",
        "mdt_review_10min_2023_24",
        NEW_CARE,
        role="mdt",
    ),
    _line(
        "assessments and plans",
        TEAM,
        "assessments",
        "care_plan_and_holistic_review",
        NEW_CARE,
        role="assessor",
    ),
    _line(
        "coordinator contacts",
        TEAM,
        "coordinator_contacts",
        "band4_hour_2023_24",
        NEW_CARE,
        times=("coordinator_contact_hours",),
        role="care coordinator",
    ),
    _line(
        "link-worker contacts",
        "VCSE",
        "vcse_contacts",
        "link_worker_contact_2023_24",
        NEW_CARE,
        role="link worker",
    ),
    _line(
        "group sessions",
        "VCSE",
        "vcse_group_sessions",
        "vcse_group_place",
        NEW_CARE,
        payer=VCSE,
        role="group facilitator",
    ),
    _line(
        "voluntary-sector courses",
        "VCSE",
        "vcse_courses",
        "vcse_programme_person",
        BOUGHT,
        payer=VCSE,
    ),
    _line(
        "reablement",
        "social care",
        "reablement_starts",
        "reablement_episode_uprated",
        BOUGHT,
        payer=SOCIAL_CARE,
    ),
    _line(
        "home-care packages",
        "social care",
        "social_care_starts",
        "home_care_hour",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("home_care_package_hours", "home_care_package_weeks"),
    ),
    _line(
        "short stays in care homes",
        "social care",
        "care_home_short_stays",
        "care_home_week_residential",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("short_stay_weeks",),
    ),
    _line(
        "care-home residence",
        "social care",
        "care_home_years",
        "care_home_week_residential",
        BOUGHT,
        payer=SOCIAL_CARE,
        times=("weeks_per_year",),
    ),
    *(
        _line(
            f"unpaid care, {frailty} frailty",
            "home",
            f"home_years_{frailty}",
            "home_care_hour",
            UNPAID,
            payer=CARERS,
            times=(f"unpaid_care_hours_{frailty}", "weeks_per_year"),
        )
        for frailty in ("mild", "moderate", "severe")
    ),
)
# What a design may pay for by the post; their activity is looked up in the twin under usual care.
TWIN_COLUMNS = ("person_years", *(name for line in LINES if line.role for name in line.quantity))
FTE_YEAR, FTE_ONCE = "GBP per FTE year", "GBP per FTE once"
PER_YEAR, ONCE = "GBP per year", "GBP once"
PER_RESIDENT, PER_SUPPORTED = "GBP per resident year", "GBP per supported person-year"


class PriceIndex:
    """Prices of one year in those of another, by the NHS Cost Inflation Index.

    Before the index begins (2014/15 and earlier) the Hospital and Community Health Services
    index, chained to it, is used.
    """

    SERIES = ("nhscii_pay_and_prices", "hchs_pay_and_prices")

    def __init__(self, settings: Settings) -> None:
        self._evidence = settings.evidence
        self._target = settings.price_year

    def factor(self, price_year: str) -> float:
        """Return what turns pounds of ``price_year`` into pounds of the target year."""
        if price_year == self._target:
            return 1.0
        return self._index(self._target) / self._index(price_year)

    def _index(self, price_year: str) -> float:
        for series in self.SERIES:
            if self._evidence.rows("price_index", year=price_year, series=series):
                return self._evidence.value("price_index", year=price_year, series=series)
        years = [
            row["year"]
            for series in self.SERIES
            for row in self._evidence.rows("price_index", series=series)
        ]
        raise BadInput(
            [
                Fault(
                    where="price_index.csv",
                    key="year",
                    found=repr(price_year),
                    allowed=f"{min(years)} to {max(years)}",
                    remedy="give the cost a price year of the index, such as 2023/24",
                )
            ]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Prices of all lines in one price year.

    ``price`` is (lines,); ``weights`` (quantities, lines) turn quantities into pounds;
    ``per_head`` are the lines not simulated, pounds per person-year.
    """

    year: str
    price: Floats
    weights: Floats
    per_head: tuple[tuple[str, str, str, float], ...]
    index: PriceIndex
    settings: Settings


def read_prices(settings: Settings) -> Prices:
    """Return every price of ``LINES`` and the lines not simulated, in one price year."""
    index = PriceIndex(settings)
    price = np.array([_price(line, settings, index) for line in LINES])
    weights = np.zeros((len(COLUMN), len(LINES)))
    for column, line in enumerate(LINES):
        for name in line.quantity:
            weights[COLUMN[name.removeprefix("-")], column] = -1.0 if name[0] == "-" else 1.0
    return Prices(
        year=settings.price_year,
        price=price,
        weights=weights * price,
        per_head=_per_head(settings, index),
        index=index,
        settings=settings,
    )


def _price(line: Line, settings: Settings, index: PriceIndex) -> float:
    if line.ours:
        return settings.value(line.item) * index.factor(_stated_year(line.item, settings))
    price = _unit_cost(line.item, settings, index)
    if line.less:
        price -= _unit_cost(line.less, settings, index)
    if line.over:
        price /= settings.value(line.over)
    for name in line.times:
        price *= settings.value(name)
    return price


def _unit_cost(item: str, settings: Settings, index: PriceIndex) -> float:
    row = settings.evidence.rows("unit_costs", item=item)[0]
    return settings.evidence.value("unit_costs", item=item) * index.factor(row["price_year"])


def _stated_year(key: str, settings: Settings) -> str:
    """Return the price year that a row of our own states in its unit, such as (2023/24)."""
    unit = settings.evidence.rows("results_settings", key=key)[0]["unit"]
    return unit[unit.rindex("(") + 1 : unit.rindex(")")]


def _per_head(settings: Settings, index: PriceIndex) -> tuple[tuple[str, str, str, float], ...]:
    lines = []
    for row in settings.evidence.rows("unit_costs", preferred="y"):
        if row["item"].startswith("per_head_line_"):
            name = row["item"].removeprefix("per_head_line_").replace("_", " ")
            group = row["service_group"]
            payer = {"social care": SOCIAL_CARE, "public health": PUBLIC_HEALTH}.get(group, NHS)
            price = _unit_cost(row["item"], settings, index)
            lines.append((payer, group, f"not simulated: {name}", price))
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignLine:
    """One line of a design's own cost, as ``run.json`` states it for those simulated."""

    line: str
    kind: str
    payer: str
    setting: str
    role: str
    fte: float
    amount: float
    unit: str
    price_year: str
    first_year: int

    @property
    def activity(self) -> str:
        """The activity that the line pays for one by one, or nothing."""
        name = self.unit.removeprefix("GBP per ")
        return name if name in ACTIVITY else ""

    @property
    def posts(self) -> str:
        """The role that the line pays for by the post or by the year, or nothing."""
        by_post = self.unit in (FTE_YEAR, PER_YEAR) and self.fte > 0
        return self.role.lower() if by_post else ""


def design_lines(run: Run) -> tuple[DesignLine, ...]:
    """Return the cost lines of the run's design.

    Raises
    ------
    BadInput
        If a line lacks a field or has a unit that is not known.
    """
    lines, faults = [], []
    for number, stated in enumerate(run.facts.get("design_costs") or ()):
        try:
            line = _design_line(stated)
            _yearly(line)
        except (KeyError, TypeError, ValueError) as error:
            faults.append(_cost_fault(run, number, stated, error))
        else:
            lines.append(line)
    if faults:
        raise BadInput(faults)
    return tuple(lines)


def _design_line(stated: Mapping[str, Any]) -> DesignLine:
    payer = str(stated["payer"])
    return DesignLine(
        line=str(stated["line"]),
        kind=str(stated["kind"]),
        payer=PAYERS.get(payer.lower(), payer),
        setting=SETTINGS.get(str(stated["setting"]), str(stated["setting"])),
        role=str(stated.get("role") or ""),
        fte=float(stated.get("fte") or 0.0),
        amount=float(stated["amount"]),
        unit=str(stated["unit"]),
        price_year=str(stated["price_year"]),
        first_year=int(stated.get("first_year") or 1),
    )


def _cost_fault(run: Run, number: int, stated: object, error: Exception) -> Fault:
    units = (PER_YEAR, ONCE, FTE_YEAR, FTE_ONCE, PER_RESIDENT, PER_SUPPORTED)
    return Fault(
        where=str(run.folder / "run.json"),
        key=f"design_costs[{number}]",
        found=f"{type(error).__name__}: {error} in {stated}",
        allowed=f"line, kind, payer, setting, amount, price_year and a unit of {', '.join(units)} "
        "or GBP per an activity",
        remedy="correct the costs of the design and run it again",
    )


def _yearly(line: DesignLine) -> bool:
    """Say whether a line is paid every year; False for once. Unknown units raise ValueError."""
    if line.unit in (ONCE, FTE_ONCE):
        return False
    if line.unit in (PER_YEAR, FTE_YEAR, PER_RESIDENT, PER_SUPPORTED) or line.activity:
        return True
    raise ValueError(f"unit {line.unit!r}")


@dataclass(eq=False)
class RunCosts:
    """Costs of one run, for any grouping of its people.

    ``twin`` holds, by grouping, what the same people of the baseline did, (years, …, columns
    of ``TWIN_COLUMNS``); None for the baseline itself.
    """

    sums: Sums
    prices: Prices
    twin: Mapping[str, Floats] | None = None

    @cached_property
    def own(self) -> tuple[DesignLine, ...]:
        """The cost lines of the run's design."""
        return design_lines(self.sums.run)

    @cached_property
    def names(self) -> pd.DataFrame:
        """Payer, setting, line and behaviour of every line, simulated ones first."""
        rows = [(line.payer, line.setting, line.line, line.behaviour) for line in LINES]
        rows += [(line.payer, line.setting, line.line, OF_DESIGN) for line in self.own]
        return pd.DataFrame(rows, columns=["payer", "setting", "line", "behaviour"])

    def of(self, grouping: str) -> Floats:
        """Return pounds by (years, …, lines) for a grouping, or for ``cells``."""
        amounts = self.sums.cells if grouping == "cells" else self.sums.by(grouping)
        simulated = amounts @ self.prices.weights
        for column, line in enumerate(LINES):
            if self._paid_per_activity(line):
                simulated[..., column] = 0.0
            elif self.twin is not None and self._paid_by_post(line):
                simulated[..., column] = self._covered(line, column, amounts, grouping)
        fixed = [self._design(line, amounts)[..., None] for line in self.own]
        return np.concatenate([simulated, *fixed], axis=-1)

    @cached_property
    def chosen(self) -> tuple[npt.NDArray[np.bool_], ...]:
        """The lines that each of ``COST_QUANTITIES`` is the sum of."""
        payer = self.names["payer"].to_numpy()
        own = (self.names["behaviour"] == OF_DESIGN).to_numpy()
        paid = ~self.names["behaviour"].isin(APART).to_numpy()
        nhs, social, vcse, carers = (payer == name for name in (NHS, SOCIAL_CARE, VCSE, CARERS))
        return nhs, social, vcse, own, paid, carers

    def quantities(self, grouping: str) -> Floats:
        """Return pounds by (years, …, ``COST_QUANTITIES``)."""
        costs = self.of(grouping)
        return np.stack([costs[..., rows].sum(axis=-1) for rows in self.chosen], axis=-1)

    def _paid_per_activity(self, line: Line) -> bool:
        return any(own.activity and own.activity in line.quantity for own in self.own)

    def _paid_by_post(self, line: Line) -> bool:
        return bool(line.role) and any(own.posts == line.role for own in self.own)

    def _covered(self, line: Line, column: int, amounts: Floats, grouping: str) -> Floats:
        """Price no more of a post's work than usual care does: the design pays for the post."""
        assert self.twin is not None
        name = line.quantity[0]
        usual = self.twin[grouping][..., TWIN_COLUMNS.index(name)]
        covered: Floats = np.minimum(amounts[..., COLUMN[name]], usual) * self.prices.price[column]
        return covered

    def _design(self, line: DesignLine, amounts: Floats) -> Floats:
        """Return what one line of the design costs, spread over the groups of ``amounts``."""
        price = line.amount * self.prices.index.factor(line.price_year)
        if line.activity:
            return self._from(line, amounts[..., COLUMN[line.activity]] * price)
        if line.unit == PER_RESIDENT:
            return self._from(line, amounts[..., COLUMN["person_years"]] * price)
        if line.unit == PER_SUPPORTED:
            return self._from(line, amounts[..., COLUMN["supported_years"]] * price)
        whole = price * (line.fte if line.unit in (FTE_YEAR, FTE_ONCE) else 1.0)
        return self._from(line, self._shares(amounts) * whole)

    def _from(self, line: DesignLine, pounds: Floats) -> Floats:
        """Keep the years in which the line is paid."""
        year = np.arange(1, len(pounds) + 1)
        paid = year >= line.first_year if _yearly(line) else year == line.first_year
        kept: Floats = pounds * paid.reshape(-1, *([1] * (pounds.ndim - 1)))
        return kept

    def _shares(self, amounts: Floats) -> Floats:
        """Return each group's share of the year's supported time, or of all time lived."""
        supported = amounts[..., COLUMN["supported_years"]]
        lived = amounts[..., COLUMN["person_years"]]
        axes = tuple(range(1, supported.ndim))
        anyone = supported.sum(axis=axes, keepdims=True) > 0
        basis = np.where(anyone, supported, lived)
        total = basis.sum(axis=axes, keepdims=True)
        share: Floats = np.divide(basis, total, out=np.zeros_like(basis), where=total > 0)
        return share


def twin_of(sums: Sums) -> dict[str, Floats]:
    """Return the part of a baseline run that its twins need, by grouping and ``cells``."""
    columns = [COLUMN[name] for name in TWIN_COLUMNS]
    kept = {name: sums.by(name)[..., columns] for name in sums.labels}
    return {**kept, "cells": sums.cells[..., columns]}


def discounting(rate: float, years: int) -> Floats:
    """Return the weight of each year: 1 for the first, then less by ``rate`` a year."""
    weights: Floats = (1.0 + rate) ** -np.arange(years, dtype=np.float64)
    return weights


def cost_sheet(costs: RunCosts) -> Sheet:
    """Return the costs of a run by line, year and discounting, in pounds for the place."""
    sums, prices = costs.sums, costs.prices
    simulated = costs.of("all")[:, 0]
    lived = sums.by("all")[:, 0, COLUMN["person_years"]]
    if costs.twin is not None:
        lived = costs.twin["all"][:, 0, 0]
    not_simulated = lived[:, None] * np.array([price for *_, price in prices.per_head])
    yearly = np.hstack([simulated, not_simulated]) * sums.run.scale
    rows = [(payer, setting, line, NOT_SIMULATED) for payer, setting, line, _ in prices.per_head]
    names = pd.concat(
        [costs.names, pd.DataFrame(rows, columns=costs.names.columns)], ignore_index=True
    )
    return _spread(names, yearly, prices)


def _spread(names: pd.DataFrame, yearly: Floats, prices: Prices) -> Sheet:
    """Turn pounds by (years, lines) into rows by line, year and discounting."""
    weights = discounting(prices.settings.value("discount_rate_costs"), len(yearly))
    blocks = []
    for discounted, pounds in (("no", yearly), ("yes", yearly * weights[:, None])):
        with_all = np.vstack([pounds, pounds.sum(axis=0)])
        labels = [str(year) for year in range(1, len(yearly) + 1)] + ["all"]
        keys = names.loc[np.repeat(np.arange(len(names)), len(labels))].reset_index(drop=True)
        keys["year"] = np.tile(labels, len(names))
        keys["price_year"] = prices.year
        keys["discounted"] = discounted
        blocks.append(Sheet(keys, {"value": with_all.T.ravel()}))
    return joined(blocks)


def totals(stack: Stack) -> Stack:
    """Return the sums over lines: for each payer, and for all who pay.

    The unpaid time of carers is a payer's line of its own and no part of what all pay.
    """
    by = ["year", "price_year", "discounted"]
    behaviour = stack.keys["behaviour"]
    payers = _summed(stack, (behaviour != NOT_SIMULATED).to_numpy(), ["payer", *by])
    paid = ~behaviour.isin((*APART, NOT_SIMULATED)).to_numpy()
    everyone = _summed(stack, paid, by)
    keys = pd.concat([payers[0], everyone[0].assign(payer="all")], ignore_index=True)
    keys = keys.assign(setting="all", line="total", behaviour="total")
    values = np.concatenate([payers[1], everyone[1]], axis=1)
    columns = list(stack.keys.columns)
    return Stack(keys[columns], {"value": values}, stack.draws, stack.replications)


def _summed(
    stack: Stack, rows: npt.NDArray[np.bool_], by: Sequence[str]
) -> tuple[pd.DataFrame, Floats]:
    """Return the names of ``by`` in order of appearance, and (runs, names) sums over ``rows``."""
    keys = stack.keys.loc[rows, list(by)]
    place = keys.groupby(list(by), sort=False).ngroup().to_numpy()
    names = keys.drop_duplicates().reset_index(drop=True)
    values = np.nan_to_num(stack.numbers["value"][:, rows])
    return names, np.stack([np.bincount(place, run, len(names)) for run in values])


def cash(design: Stack, baseline: Stack, settings: Settings) -> Stack:
    """Return the cash lines of a design against its paired baseline.

    ``activity_avoided`` is activity of usual services not done, at average cost;
    ``stranded`` is the part of it that is still paid for; ``reinvested`` is the cost of new
    care and of the design; ``net_cash`` is the first less the others, + released and - spent.
    Both stacks must hold the same runs and names (``results.sheets.paired``).
    """
    change = np.nan_to_num(design.numbers["value"]) - np.nan_to_num(baseline.numbers["value"])
    keys = design.keys
    behaviour = keys["behaviour"].to_numpy()
    new = np.isin(behaviour, (NEW_CARE, OF_DESIGN))
    usual = np.isin(behaviour, (HOSPITAL, STAFFED, BOUGHT))
    avoided = -change * usual
    stranded = avoided * stranded_share(keys, settings)
    reinvested = change * new
    parts = (avoided, stranded, reinvested, avoided - stranded - reinvested)
    return _cash_stack(keys, parts, design)


def stranded_share(keys: pd.DataFrame, settings: Settings) -> Floats:
    """Return the share of each row's avoided cost that is still paid for.

    Rows for all years hold no share of their own: they are summed from the years.
    """
    first, later = (settings.value(f"stranded_share_{when}") for when in ("first_year", "later"))
    reach = settings.value("stranded_years_to_later")
    year = pd.to_numeric(keys["year"], errors="coerce").fillna(1.0).to_numpy(np.float64)
    hospital = np.interp(year, [1.0, max(reach, 1.0 + 1e-9)], [first, later])
    behaviour = keys["behaviour"].to_numpy()
    staffed, bought = (settings.value(f"stranded_share_{how}") for how in ("staffed", "bought"))
    share: Floats = np.zeros(len(keys))
    for kind, of_kind in ((HOSPITAL, hospital), (STAFFED, staffed), (BOUGHT, bought)):
        share = np.where(behaviour == kind, of_kind, share)
    return share


def _cash_stack(keys: pd.DataFrame, parts: Sequence[Floats], runs: Stack) -> Stack:
    """Sum the cash lines over lines: by payer, by setting and for all, by year and over years."""
    simulated = ~keys["behaviour"].isin(APART).to_numpy()
    yearly = (keys["year"] != "all").to_numpy() & simulated
    years = sorted(keys.loc[yearly, "year"].unique(), key=int)
    whose = [(payer, "all") for payer in (*_found(keys, yearly, "payer"), "all")]
    whose += [("all", setting) for setting in _found(keys, yearly, "setting")]
    columns = {name: keys[name].to_numpy() for name in ("payer", "setting", "year")}
    discounted = keys["discounted"].to_numpy()
    frames, blocks = [], []
    for payer, setting in whose:
        theirs = yearly & ((payer == "all") | (columns["payer"] == payer))
        theirs &= (setting == "all") | (columns["setting"] == setting)
        for less in ("no", "yes"):
            at = [theirs & (discounted == less) & (columns["year"] == year) for year in years]
            found = np.array([[part[:, rows].sum(axis=1) for rows in at] for part in parts])
            together = np.cumsum(found[-1], axis=0)[None]
            with_total = np.concatenate([found, found.sum(axis=1, keepdims=True)], axis=1)
            running = np.concatenate([together, together[:, -1:]], axis=1)
            every = np.concatenate([with_total, running])
            blocks.append(every.reshape(-1, len(runs.draws)).T)
            frame = product({"line": (*CASH_LINES, CUMULATIVE), "year": [*years, "all"]})
            frames.append(frame.assign(payer=payer, setting=setting, discounted=less))
    price_year = str(keys["price_year"].iloc[0])
    frame = pd.concat(frames, ignore_index=True).assign(behaviour="cash", price_year=price_year)
    values = np.concatenate(blocks, axis=1)
    return Stack(frame[list(keys.columns)], {"value": values}, runs.draws, runs.replications)


def _found(keys: pd.DataFrame, rows: npt.NDArray[np.bool_], name: str) -> list[str]:
    return sorted(keys.loc[rows, name].unique())
