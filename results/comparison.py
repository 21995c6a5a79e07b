"""Designs against their baseline, pair by pair: what the design caused and not what luck did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.faults import BadInput, Fault, nearest
from results.measures import MEASURES
from results.outcomes import PER
from results.sheets import Stack, described, interval_kind, levels, paired, summary, within
from results.sums import GROUPINGS

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


def comparison_table(stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm]) -> pd.DataFrame:
    """Return ``comparison.csv``: every arm against the baseline of its place."""
    parts = [
        named(arm, compared(stack, stacks[baselines[arm[0]]], baselines[arm[0]][1]))
        for arm, stack in stacks.items()
        if arm != baselines[arm[0]]
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def compared(design: Stack, baseline: Stack, name: str) -> pd.DataFrame:
    """Return levels of both, and their difference paired by luck, with its intervals.

    Rates are differences for every 1,000 residents of the baseline a year, so that a life
    prolonged does not hide in the denominator.
    """
    ours, theirs = paired(design, baseline)
    table = with_rates(ours, levels(ours))
    base = summary(theirs.numbers["value"], theirs.draws).mean
    change = ours.numbers["value"] - theirs.numbers["value"]
    difference = summary(change, ours.draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        per = summary(PER * change / theirs.numbers["people"], ours.draws)
        base_per = summary(PER * theirs.numbers["value"] / theirs.numbers["people"], ours.draws)
        scale = np.where(base != 0, np.abs(base), np.nan)
        relative = (difference.mean / scale, difference.low / scale, difference.high / scale)
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
    design: Stack, baseline: Stack, table: pd.DataFrame, absent: float = np.nan
) -> pd.DataFrame:
    """Add the baseline's mean and the paired difference to a table of ``design``'s names.

    A number that one of them lacks counts as ``absent``.
    """
    ours, theirs = paired(design, baseline)
    own, base = (np.nan_to_num(side.numbers["value"], nan=absent) for side in (ours, theirs))
    change = summary(own - base, ours.draws)
    found = ours.keys.assign(
        baseline_mean=summary(base, theirs.draws).mean,
        difference=change.mean,
        difference_low=change.low,
        difference_high=change.high,
    )
    return table.merge(found, how="left", on=list(ours.keys.columns), sort=False)


def indexed_table(
    stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm], absent: float = np.nan
) -> pd.DataFrame:
    """Return levels with intervals and, for designs, paired differences (inequality, costs)."""
    parts = []
    for arm, stack in stacks.items():
        table = described(stack)
        base = baselines[arm[0]]
        if arm != base:
            table = differences(stack, stacks[base], table, absent)
        parts.append(named(arm, table))
    wanted = ["baseline_mean", "difference", "difference_low", "difference_high"]
    whole = pd.concat(parts, ignore_index=True)
    return whole.reindex(columns=[*whole.columns.difference(wanted, sort=False), *wanted])


def asked(measure: str, by: str) -> None:
    """Check a measure and a grouping that somebody asked for.

    Raises
    ------
    BadInput
        If there is no such measure or grouping; both faults at once.
    """
    faults = [
        Fault(
            where=f"--{option}",
            key=option,
            found=repr(value),
            allowed=", ".join(allowed),
            remedy=f"use {nearest(value, allowed) or 'one of these'}",
        )
        for option, value, allowed in (
            ("measure", measure, list(MEASURES)),
            ("by", by, list(GROUPINGS)),
        )
        if value not in allowed
    ]
    if faults:
        raise BadInput(faults)


def compare(
    folders: Sequence[Path],
    baseline: str | None = None,
    measure: str = "emergency_admissions",
    by: str = "all",
) -> pd.DataFrame:
    """Return the paired comparison of one measure over one or several experiment folders.

    Runs of all folders are put together, so that a design of one folder may be compared with
    the baseline of another; twins are runs of the same place, seed, draw and replication.

    Raises
    ------
    BadInput
        If a folder holds no complete run, or the measure, grouping or baseline is not known.
    """
    from results.tables import collect, read_folders

    asked(measure, by)
    collected = collect(read_folders(folders), baseline=baseline)
    table = comparison_table(collected.outcomes, collected.baselines)
    if table.empty:
        return table
    chosen = (table["measure"] == measure) & (table["group_by"] == by)
    return table[chosen].reset_index(drop=True)


__all__ = ["Arm", "compare", "comparison_table", "interval_kind", "outcomes_table"]
