"""Designs against their baseline, pair by pair: what the design caused and not what luck did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.measures import MEASURES
from results.outcomes import PER
from results.sheets import (
    Stack,
    described,
    levels,
    no_surer_than_events,
    paired,
    summary,
    within,
)

Floats = npt.NDArray[np.float64]
Arm = tuple[str, str, str]


def named(arm: Arm, table: pd.DataFrame) -> pd.DataFrame:
    """Put place, design and effects before the columns of ``table``."""
    first = pd.DataFrame(dict(zip(("place", "design", "effects"), arm, strict=True)), table.index)
    return pd.concat([first, table], axis=1)


def with_rates(stack: Stack, table: pd.DataFrame) -> pd.DataFrame:
    """Add ``per_1000`` residents a year and its interval, where the measure is a count."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = PER * stack.numbers["value"] / stack.numbers["people"]
    rate = within(summary(rates, stack.draws), rates)
    return table.assign(per_1000=rate.mean, per_1000_low=rate.low, per_1000_high=rate.high)


def outcomes_table(stacks: Mapping[Arm, Stack]) -> pd.DataFrame:
    """Return ``outcomes.csv`` from the outcome sheets of every arm."""
    parts = [named(arm, with_rates(stack, levels(stack))) for arm, stack in stacks.items()]
    return pd.concat(parts, ignore_index=True)


def comparison_table(
    stacks: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    scales: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return ``comparison.csv``: every arm against the baseline of its place.

    ``scales`` are residents of each place for each simulated one: what one event counts. Where
    nothing is set beside a baseline the table has its columns and no rows.
    """
    each = scales or {}
    parts = [
        named(
            arm,
            compared(
                stack,
                stacks[baselines[arm[0]]],
                baselines[arm[0]][1],
                each.get(arm[0], 0.0),
            ),
        )
        for arm, stack in stacks.items()
        if arm != baselines[arm[0]]
    ]
    if not parts:
        arm, stack = next(iter(stacks.items()))
        return named(arm, compared(stack, stack, arm[1])).iloc[:0]
    return pd.concat(parts, ignore_index=True)


def events_of(measures: pd.Series) -> Floats:
    """Return 1 for each measure that counts whole events or days, else 0."""
    counted = {key: float(measure.of_events) for key, measure in MEASURES.items()}
    return np.asarray(measures.map(counted).fillna(0.0), np.float64)


def compared(design: Stack, baseline: Stack, name: str, scale: float = 0.0) -> pd.DataFrame:
    """Return levels of both, and their difference paired by luck, with its intervals.

    Rates are differences for every 1,000 residents of the baseline a year, so that a life
    prolonged does not hide in the denominator. ``scale`` is what one simulated event counts;
    no interval of a count is surer than so few events allow.
    """
    ours, theirs = paired(design, baseline)
    table = with_rates(ours, levels(ours))
    base = summary(theirs.numbers["value"], theirs.draws).mean
    change = ours.numbers["value"] - theirs.numbers["value"]
    unit = scale * events_of(ours.keys["measure"])
    difference = no_surer_than_events(summary(change, ours.draws), change, ours.draws, unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = PER * change / theirs.numbers["people"]
        of_one = np.nan_to_num(unit * PER / theirs.numbers["people"].mean(axis=0), posinf=0.0)
        per = no_surer_than_events(summary(rate, ours.draws), rate, ours.draws, of_one)
        base_per = summary(PER * theirs.numbers["value"] / theirs.numbers["people"], ours.draws)
        level = np.where(base != 0, np.abs(base), np.nan)
        relative = (difference.mean / level, difference.low / level, difference.high / level)
    return table.assign(
        baseline=name,
        better=table["measure"].map({key: measure.better for key, measure in MEASURES.items()}),
        baseline_mean=base,
        difference=difference.mean,
        difference_low=difference.low,
        difference_high=difference.high,
        low50=difference.low50,
        high50=difference.high50,
        relative_difference=relative[0],
        relative_low=relative[1],
        relative_high=relative[2],
        baseline_per_1000=base_per.mean,
        difference_per_1000=per.mean,
        difference_per_1000_low=per.low,
        difference_per_1000_high=per.high,
    )


def differences(
    design: Stack,
    baseline: Stack,
    table: pd.DataFrame,
    absent: float = np.nan,
    unit: Callable[[pd.DataFrame], Floats] | None = None,
) -> pd.DataFrame:
    """Add the baseline's mean and the paired difference to a table of ``design``'s names.

    A number that one of them lacks counts as ``absent``; ``unit`` returns what one event adds
    to each number (see ``no_surer_than_events``).
    """
    ours, theirs = paired(design, baseline)
    own, base = (np.nan_to_num(side.numbers["value"], nan=absent) for side in (ours, theirs))
    change = summary(own - base, ours.draws)
    if unit is not None:
        change = no_surer_than_events(change, own - base, ours.draws, unit(ours.keys))
    found = ours.keys.assign(
        baseline_mean=summary(base, theirs.draws).mean,
        difference=change.mean,
        difference_low=change.low,
        difference_high=change.high,
    )
    return table.merge(found, how="left", on=list(ours.keys.columns), sort=False)


def indexed_table(
    stacks: Mapping[Arm, Stack],
    baselines: Mapping[str, Arm],
    absent: float = np.nan,
    units: Mapping[str, Callable[[pd.DataFrame], Floats]] | None = None,
) -> pd.DataFrame:
    """Return levels with intervals and, for designs, paired differences (inequality, costs).

    ``units`` returns what one event adds to each number of a place.
    """
    parts = []
    for arm, stack in stacks.items():
        table = described(stack)
        base = baselines[arm[0]]
        if arm != base:
            table = differences(stack, stacks[base], table, absent, (units or {}).get(arm[0]))
        parts.append(named(arm, table))
    wanted = ["baseline_mean", "difference", "difference_low", "difference_high"]
    whole = pd.concat(parts, ignore_index=True)
    return whole.reindex(columns=[*whole.columns.difference(wanted, sort=False), *wanted])
