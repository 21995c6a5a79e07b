"""What runs say of one measure, run by run, for the searches that need it between runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

if TYPE_CHECKING:
    from results.reading import Collected

Floats = npt.NDArray[np.float64]
Arm = tuple[str, str, str]  # place, design, effects
Luck = tuple[int, int]  # draw, replication
ByRun = dict[Luck, float]
# QALYs less those that the cost displaces, discounted; cash released less spent, GBP.
NET_QALYS, NET_CASH = "net_qalys", "net_cash"
PAID = ("nhs_cost", "social_care_cost")
ALL_YEARS = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over paired runs and its 95% interval (Student's t)."""

    mean: float
    low: float
    high: float
    runs: int

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2.0


def interval_of(values: npt.ArrayLike) -> Interval:
    """Return the mean of ``values`` with its interval; no interval for fewer than two."""
    numbers = np.asarray(values, np.float64)
    mean, count = float(numbers.mean()), len(numbers)
    if count < 2:
        return Interval(mean=mean, low=float("nan"), high=float("nan"), runs=count)
    half = float(stdtrit(count - 1, 0.975)) * float(numbers.std(ddof=1)) / sqrt(count)
    return Interval(mean=mean, low=mean - half, high=mean + half, runs=count)


@dataclass(slots=True)
class Readings:
    """The levels of measures in every run of a folder."""

    collected: Collected
    _levels: dict[tuple[Arm, str, str], ByRun] = field(default_factory=dict)

    @property
    def baselines(self) -> dict[str, Arm]:
        """The baseline of each place."""
        return self.collected.baselines

    @property
    def designs(self) -> list[Arm]:
        """Every arm that is not a baseline, in order."""
        return [arm for arm in self.collected.outcomes if arm != self.baselines[arm[0]]]

    def level(self, arm: Arm, measure: str, year: str = ALL_YEARS) -> ByRun:
        """Return the level of ``measure`` in every run of ``arm``.

        The level of cash is not known, only its difference: see ``difference``.
        """
        key = (arm, measure, year)
        if key not in self._levels:
            self._levels[key] = self._net(arm) if measure == NET_QALYS else self._of(*key)
        return self._levels[key]

    def _of(self, arm: Arm, measure: str, year: str, discounted: str = "no") -> ByRun:
        stack = self.collected.outcomes[arm]
        keys = stack.keys
        rows = (keys["measure"] == measure) & (keys["group_by"] == "all")
        rows &= (keys["year"].astype(str) == year) & (keys["discounted"] == discounted)
        place = np.flatnonzero(rows.to_numpy())
        values = stack.numbers["value"][:, int(place[0])]
        return dict(zip(zip(stack.draws, stack.replications, strict=True), values, strict=True))

    def _net(self, arm: Arm) -> ByRun:
        """Return discounted QALYs less what their cost displaces."""
        pounds = self.collected.settings.value("opportunity_cost_per_qaly")
        qalys = self._of(arm, "qalys", ALL_YEARS, "yes")
        costs = [self._of(arm, name, ALL_YEARS, "yes") for name in PAID]
        return {luck: qalys[luck] - sum(cost[luck] for cost in costs) / pounds for luck in qalys}

    def difference(self, arm: Arm, measure: str, year: str = ALL_YEARS) -> ByRun:
        """Return what ``arm`` adds to its twin under the baseline, run by run."""
        if measure == NET_CASH:
            return self._cash(arm, year)
        ours = self.level(arm, measure, year)
        theirs = self.level(self.baselines[arm[0]], measure, year)
        pairs = {luck: _twin(theirs, luck) for luck in ours}
        return {luck: ours[luck] - twin for luck, twin in pairs.items() if twin is not None}

    def _cash(self, arm: Arm, year: str) -> ByRun:
        """Return net cash from the start to the end of ``year``."""
        from results.cash import cash
        from results.sheets import paired

        stacks = self.collected.stacks["costs"]
        pair = paired(stacks[arm], stacks[self.baselines[arm[0]]])
        flow = cash(*pair, self.collected.settings)
        keys = flow.keys
        rows = (keys["payer"] == "all") & (keys["discounted"] == "no")
        rows &= (keys["line"] == "net_cash") & (keys["year"].astype(str) != ALL_YEARS)
        if "setting" in keys:
            rows &= keys["setting"] == "all"
        last = float("inf") if year == ALL_YEARS else float(year)
        whole = rows.to_numpy(copy=True)
        whole[whole] = keys["year"][rows].astype(float).to_numpy() <= last
        total = flow.numbers["value"][:, whole].sum(axis=1)
        return dict(zip(zip(flow.draws, flow.replications, strict=True), total, strict=True))


def _twin(baseline: ByRun, luck: Luck) -> float | None:
    """Return the baseline's run with the same luck, drawn alike or not drawn at all."""
    return baseline.get(luck, baseline.get((0, luck[1])))


def read_measures(folder: Path, baseline: str | None = None) -> Readings:
    """Read every complete run of ``folder``."""
    from results.reading import collect, read_folders

    return Readings(collect(read_folders([folder]), baseline=baseline))


def by_draw(values: ByRun, draw: int) -> dict[int, float]:
    """Return the values of one draw by replication."""
    return {luck[1]: value for luck, value in values.items() if luck[0] == draw}
