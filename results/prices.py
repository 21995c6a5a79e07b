"""Unit costs of every line, brought to the prices of one year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault
from results.cost_lines import LINES, NHS, PUBLIC_HEALTH, SOCIAL_CARE, Line
from results.quantities import COLUMN
from results.settings import Settings

Floats = npt.NDArray[np.float64]


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
