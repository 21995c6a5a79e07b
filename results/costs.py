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

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.cost_lines import (
    APART,
    CARERS,
    LINES,
    NHS,
    NOT_SIMULATED,
    OF_DESIGN,
    SOCIAL_CARE,
    TWIN_COLUMNS,
    VCSE,
    Line,
)
from results.design_costs import (
    FTE_ONCE,
    FTE_YEAR,
    PER_RESIDENT,
    PER_SUPPORTED,
    DesignLine,
    design_lines,
    is_yearly,
)
from results.prices import Prices
from results.quantities import COLUMN
from results.sheets import Sheet, Stack, joined
from results.sums import Sums

Floats = npt.NDArray[np.float64]


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
        paid = year >= line.first_year if is_yearly(line) else year == line.first_year
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
