"""A cohort lived from birth, a year at a time with exact events inside each year.

Hazards of a year are set from what the cohort shows at its start, which is how tables are
derived that keep prevalence and mortality. Groups are the ten of sex and fifth.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agents import hazards
from agents.hazards import Effects
from agents.luck import Luck
from agents.risk_factors import Risks

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

GROUPS = 10  # sex x fifth: women's fifths 1 to 5, then men's
_TURNS = 1 << 12


@dataclass(frozen=True, slots=True)
class Standing:
    """How a cohort stands at an exact age, by group.

    Attributes
    ----------
    prevalence : (n_conditions, GROUPS) share of those alive
    multiplier : (n_conditions, GROUPS) mean multiplier of those alive without the condition
    death_ratio : (GROUPS,) mean death ratio of those alive
    excess : (n_conditions, GROUPS) mean death ratio of those with the condition minus that
        of those without, over the mean of all
    alive : (GROUPS,) people
    classes : (n_classes, GROUPS) share of each lasting class of risk
    """

    prevalence: Floats
    multiplier: Floats
    death_ratio: Floats
    excess: Floats
    alive: Floats
    classes: Floats


class Cohort:
    """People born together, as many of each sex and fifth.

    Parameters
    ----------
    conditions, clusters : names, in the order of ``effects``
    lives : people at birth, a multiple of ten
    """

    def __init__(
        self,
        conditions: tuple[str, ...],
        clusters: tuple[str, ...],
        effects: Effects,
        lives: int,
        luck: Luck,
        *,
        risks: Risks,
    ) -> None:
        self._effects, self._risks = effects, risks
        self._luck = luck
        self._person: Integers = np.arange(lives)
        self._group: Integers = np.repeat(np.arange(GROUPS), -(-lives // GROUPS))[:lives]
        names = [zlib.crc32(key.encode()) for key in conditions]
        self._keys: Integers = np.array(names, np.int64) * _TURNS
        scores = [
            hazards.exact(luck.normals(f"susceptibility.{name}", self._person)) for name in clusters
        ]
        self._likely = hazards.susceptibility(np.stack(scores, axis=1), effects)
        self._likely += risks.log_ethnic[self._drawn("ethnicity", risks.ethnic_mix[None], 0)]
        shares = risks.shares[0].reshape(GROUPS, -1)
        self._class = self._drawn("risk class", shares, self._group)
        self.has: Bools = np.zeros((lives, len(conditions)), np.bool_)
        self._turn = np.zeros((lives, len(conditions)), np.int64)
        self._left = np.empty((lives, len(conditions) + 1))
        self._left[:, :-1] = luck.exponentials("condition", self._person[:, None], self._keys)
        self._left[:, -1] = luck.exponentials("death", self._person)
        self._multiplier = np.empty_like(self._likely)
        self._before_risk = np.empty_like(self._likely)
        self._death_ratio = np.empty(lives)
        self._refresh(np.arange(lives), 0.0)
        self._changes = {float(age) for age in np.concatenate([effects.from_age, effects.to_age])}

    def _refresh(self, rows: Integers, age: float) -> None:
        sex = (self._group[rows] >= GROUPS // 2).astype(np.int8)
        has = self.has[rows]
        self._before_risk[rows] = hazards.multiplier(
            self._likely[rows], has, np.full(rows.size, age), sex, self._effects
        )
        self._multiplier[rows] = self._before_risk[rows] * self._risk(rows, age)
        self._death_ratio[rows] = hazards.death_ratio(has, sex, self._effects)

    def _drawn(self, name: str, shares: Floats, group: Integers | int) -> Integers:
        """Draw one of several kinds for everyone, by the ``shares`` (rows) of their group."""
        cuts = np.cumsum(shares, axis=1)[:, :-1]
        drawn: Integers = (self._luck.uniforms(name, self._person)[:, None] >= cuts[group]).sum(
            axis=1
        )
        return drawn

    def _risk(self, rows: Integers | slice, age: float) -> Floats:
        """Return what smoking and body mass multiply each onset by at an age."""
        sex = (self._group[rows] >= GROUPS // 2).astype(np.int64)
        ratio: Floats = self._risks.ratio[:, int(age)].transpose(1, 2, 0)[sex, self._class[rows]]
        return ratio

    def _parts(self) -> list[slice]:
        edges = np.searchsorted(self._group, np.arange(GROUPS + 1))
        return [slice(int(first), int(end)) for first, end in pairwise(edges)]

    def standing(self) -> Standing:
        """Return how the cohort stands now."""
        shape = (self.has.shape[1], GROUPS)
        prevalence, multiplier, excess = np.zeros(shape), np.ones(shape), np.zeros(shape)
        death_ratio, alive = np.ones(GROUPS), np.zeros(GROUPS)
        classes = np.zeros((self._risks.shares.shape[-1], GROUPS))
        for group, part in enumerate(self._parts()):
            count = part.stop - part.start
            alive[group] = count
            if not count:
                continue
            classes[:, group] = np.bincount(self._class[part], minlength=len(classes)) / count
            has = self.has[part].astype(np.float64)
            present = has.sum(axis=0)
            absent = count - present
            prevalence[:, group] = present / count
            free = self._multiplier[part].sum(axis=0) - np.einsum(
                "ic,ic->c", self._multiplier[part], has
            )
            multiplier[:, group] = np.where(absent > 0, free / np.maximum(absent, 1), 1.0)
            ratio = self._death_ratio[part]
            death_ratio[group] = ratio.mean()
            ratio_with = ratio @ has
            difference = ratio_with / np.maximum(present, 1) - (
                ratio.sum() - ratio_with
            ) / np.maximum(absent, 1)
            both = (present > 0) & (absent > 0)
            excess[:, group] = np.where(both, difference, 0.0) / death_ratio[group]
        return Standing(prevalence, multiplier, death_ratio, excess, alive, classes)

    def be_born(self, at_birth: Floats) -> None:
        """Let conditions of birth appear: (n_conditions, GROUPS) integrated base hazard."""
        self._left[:, :-1] -= at_birth.T[self._group] * self._multiplier
        rows, column = np.nonzero(self._left[:, :-1] <= 0)
        self._turn_over(rows, column)
        self._refresh(np.unique(rows), 0.0)

    def begin_year(self, age: int) -> None:
        """Let effects and risks be those of people who have just turned ``age``."""
        if float(age) in self._changes:
            self._refresh(np.arange(self._group.size), float(age))
        elif (self._risks.ratio[:, age] != self._risks.ratio[:, age - 1]).any():
            self._multiplier = self._before_risk * self._risk(slice(None), float(age))

    def live_a_year(self, age: int, onset: Floats, remission: Floats, death: Floats) -> None:
        """Live from birthday ``age``, which ``begin_year`` has begun, to the next.

        Parameters
        ----------
        onset : (n_conditions, GROUPS) base hazard
        remission : (n_conditions, GROUPS) hazard
        death : (GROUPS,) hazard of death at a death ratio of 1
        """
        everyone = np.arange(self._group.size)
        rate = self._rates(everyone, onset, remission, death)
        rows = np.flatnonzero((self._left <= rate).any(axis=1))
        before = self._left[rows]
        self._left -= rate
        self._left[rows] = before
        dead = [self._live_through(rows, float(age), onset, remission, death)]
        self._bury(np.concatenate(dead))

    def _rates(self, rows: Integers, onset: Floats, remission: Floats, death: Floats) -> Floats:
        group = self._group[rows]
        rate = np.empty((rows.size, self._left.shape[1]))
        np.multiply(onset.T[group], self._multiplier[rows], out=rate[:, :-1])
        np.copyto(rate[:, :-1], remission.T[group], where=self.has[rows])
        rate[:, -1] = death[group] * self._death_ratio[rows]
        return rate

    def _live_through(
        self, rows: Integers, age: float, onset: Floats, remission: Floats, death: Floats
    ) -> Integers:
        """Live ``rows``, who have events this year, event by event; return who dies."""
        span = np.ones(rows.size)
        dead: list[Integers] = []
        while rows.size:
            rate = self._rates(rows, onset, remission, death)
            with np.errstate(divide="ignore"):
                when = self._left[rows] / rate
            first = when.argmin(axis=1)
            soonest = np.maximum(np.take_along_axis(when, first[:, None], axis=1)[:, 0], 0.0)
            happens = soonest < span
            self._left[rows] -= rate * np.where(happens, soonest, span)[:, None]
            dies = happens & (first == self.has.shape[1])
            dead.append(rows[dies])
            turns = happens & ~dies
            rows, first, span = rows[turns], first[turns], (span - soonest)[turns]
            self._turn_over(rows, first)
            self._refresh(rows, age)
        return np.concatenate(dead) if dead else rows

    def _turn_over(self, rows: Integers, column: Integers) -> None:
        self.has[rows, column] ^= True
        self._turn[rows, column] += 1
        self._left[rows, column] = self._luck.exponentials(
            "condition", self._person[rows], self._keys[column] + self._turn[rows, column]
        )

    def _bury(self, dead: Integers) -> None:
        keep = np.ones(self._group.size, np.bool_)
        keep[dead] = False
        self._person, self._group = self._person[keep], self._group[keep]
        self._likely, self._multiplier = self._likely[keep], self._multiplier[keep]
        self._before_risk, self._class = self._before_risk[keep], self._class[keep]
        self._death_ratio, self._left = self._death_ratio[keep], self._left[keep]
        self.has, self._turn = self.has[keep], self._turn[keep]
