"""The tables of an experiment, from its run records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from results.activity import activity_table
from results.cash import cash
from results.checks import checks_table
from results.comparison import (
    Arm,
    comparison_table,
    indexed_table,
    named,
    outcomes_table,
)
from results.costs import totals
from results.csv_files import DIGITS, write_tables
from results.draws import ceac_table, draws_table
from results.economics import increments_of, value_table
from results.flows import flows_table
from results.frameworks import frameworks_table
from results.inequality import gap_units
from results.information import information_table
from results.measures import measures_table
from results.money_rules import money_table
from results.outcomes import PER
from results.plan_evidence import plan_table
from results.reading import Collected, collect, read_folders
from results.resources import NUMBERS
from results.service_table import services_table
from results.settings import Settings, read_settings, with_money
from results.sharing import Helpers
from results.sheets import (
    Stack,
    described,
    interval_kind,
    levels,
    paired,
    summary,
    within,
)
from results.store import EVIDENCE, Run, experiment
from results.twins import NUMBERS as GAINS
from results.variance import structure_table, variance_table, varied_in
from results.warmup import warm_up_table
from results.workbook import write_workbook

Floats = npt.NDArray[np.float64]
GROUP = ("group_by", "group")
RESOURCE_KEYS = ("service", "role", *GROUP, "year")
PREVALENCE_KEYS = ("when", "condition", "status", *GROUP)
STAGE_KEYS = ("stage", *GROUP, "year")
GAIN_KEYS = GROUP
TABLES = (
    "outcomes",
    "comparison",
    "inequality",
    "costs",
    "value",
    "activity",
    "resources",
    "services",
    "flows",
    "population",
    "stages",
    "gains",
    "frameworks",
    "draws",
    "ceac",
    "variance",
    "structure",
    "information",
    "warm_up",
    "money",
    "plan",
    "checks",
    "evidence",
    "measures",
)


def tables_of(collected: Collected) -> dict[str, pd.DataFrame]:
    """Return every table by name."""
    settings, baselines, stacks = collected.settings, collected.baselines, collected.stacks
    comparison = comparison_table(collected.outcomes, baselines, collected.scales)
    flows = cash_stacks(stacks["costs"], baselines, settings)
    added = increments_of(collected.outcomes, flows, baselines)
    folders = {place: run.experiment_folder for place, run in collected.first.items()}
    varied = {place: varied_in(folder) for place, folder in folders.items()}
    tables = {
        "outcomes": outcomes_table(collected.outcomes),
        "comparison": comparison,
        "inequality": indexed_table(
            stacks["inequality"],
            baselines,
            units={place: partial(gap_units, run) for place, run in collected.first.items()},
        ),
        "activity": activity_table(stacks["activity"], baselines, settings),
        "resources": resources_table(stacks["resources"], baselines),
        "flows": flows_table(collected.flows),
        "population": shares_table(stacks["population"], "prevalence", 1.0, PREVALENCE_KEYS),
        "stages": shares_table(stacks["stages"], "per_1000", PER, STAGE_KEYS),
        "draws": draws_table(added, collected.outcomes, stacks["inequality"], baselines, settings),
        "ceac": ceac_table(added, baselines, settings),
        "variance": variance_table(collected.outcomes, baselines, varied),
        "structure": structure_table(collected.outcomes, baselines, varied),
        "information": information_table(added, folders, settings),
        "warm_up": warm_up_table(collected.queues),
        "checks": checks_table(
            stacks["checks"], {arm: runs[0] for arm, runs in collected.runs.items()}, settings
        ),
        "measures": measures_table(_recorded(collected.outcomes)),
        "gains": numbers_table(stacks["gains"], GAINS, GAIN_KEYS),
    }
    tables["services"] = services_table(tables["resources"])
    tables["costs"] = costs_table(stacks["costs"], flows, baselines)
    tables["value"] = value_table(added, collected.outcomes, flows, baselines, settings)
    tables["frameworks"] = frameworks_table(comparison, tables["inequality"], settings)
    tables["money"] = money_table(
        stacks["costs"],
        stacks["activity"],
        flows,
        baselines,
        collected.runs,
        settings,
        collected.contracts,
    )
    tables["plan"] = plan_table(stacks["activity"], baselines, settings.evidence)
    tables["evidence"] = evidence_table(collected)
    return {name: tables[name] for name in TABLES}


def _recorded(outcomes: Mapping[Arm, Stack]) -> frozenset[str]:
    """Return the measures of which some run holds a number that is not nothing."""
    found: set[str] = set()
    for stack in outcomes.values():
        values = stack.numbers["value"]
        some = (np.isfinite(values) & (values != 0)).any(axis=0)
        found.update(stack.keys["measure"][some].unique())
    return frozenset(found)


def cash_stacks(
    stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm], settings: Settings
) -> dict[Arm, Stack]:
    """Return the cash lines of every design against its paired baseline."""
    return {
        arm: cash(*paired(stack, stacks[baselines[arm[0]]]), settings)
        for arm, stack in stacks.items()
        if arm != baselines[arm[0]]
    }


def costs_table(
    stacks: Mapping[Arm, Stack], flows: Mapping[Arm, Stack], baselines: Mapping[str, Arm]
) -> pd.DataFrame:
    """Return ``costs.csv``: lines, totals by payer and, for designs, the cash lines."""
    whole = {arm: totals(stack) for arm, stack in stacks.items()}
    parts = [indexed_table(stacks, baselines, 0.0), indexed_table(whole, baselines, 0.0)]
    parts += [named(arm, described(flow)) for arm, flow in flows.items()]
    return pd.concat(parts, ignore_index=True)


def numbers_table(
    stacks: Mapping[Arm, Stack], numbers: Sequence[str], keys: Sequence[str]
) -> pd.DataFrame:
    """Return a table of several numbers a row, each with its interval beside it.

    ``keys`` are the names of its rows, for a table that has none.
    """
    if not stacks:
        ends = [f"{name}{end}" for name in numbers for end in ("", "_low", "_high")]
        return _empty(keys, ends)
    parts = []
    for arm, stack in stacks.items():
        table = stack.keys.assign(
            replications=len(stack.draws), interval_kind=interval_kind(stack.draws)
        )
        for name in numbers:
            held = within(summary(stack.numbers[name], stack.draws), stack.numbers[name])
            table = table.assign(
                **{name: held.mean, f"{name}_low": held.low, f"{name}_high": held.high}
            )
        parts.append(named(arm, table))
    return pd.concat(parts, ignore_index=True)


def _empty(keys: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Return a table without rows whose columns are those that it would have with some."""
    known = ("place", "design", "effects", *keys, "replications", "interval_kind", *numbers)
    return pd.DataFrame(columns=list(known))


def resources_table(stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm]) -> pd.DataFrame:
    """Return ``resources.csv``: capacity, use and waits, levels with intervals.

    ``utilisation_difference`` is how much larger a share of capacity a design uses than usual
    care with the same luck, with its interval; empty for usual care itself.
    """
    parts = []
    for arm, stack in stacks.items():
        ours, theirs = paired(stack, stacks[baselines[arm[0]]])
        more = ours.numbers["utilisation"] - theirs.numbers["utilisation"]
        told = summary(more if arm != baselines[arm[0]] else more * np.nan, ours.draws)
        name = "utilisation_difference"
        ends = {name: told.mean, f"{name}_low": told.low, f"{name}_high": told.high}
        table = numbers_table({arm: stack}, NUMBERS, RESOURCE_KEYS)
        found = ours.keys.assign(**ends)
        parts.append(table.merge(found, how="left", on=list(ours.keys.columns), sort=False))
    return pd.concat(parts, ignore_index=True)


def shares_table(
    stacks: Mapping[Arm, Stack], name: str, per: float, keys: Sequence[str]
) -> pd.DataFrame:
    """Return people with their share of the group as ``name`` (times ``per``), and intervals.

    ``keys`` are the names of its rows, for a table that has none.
    """
    if not stacks:
        ends = [f"{name}{end}" for end in ("", "_low", "_high")]
        return _empty(keys, ["mean", "low", "high", "people", *ends])
    parts = []
    for arm, stack in stacks.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = per * stack.numbers["value"] / stack.numbers["people"]
        share = within(summary(shares, stack.draws), shares)
        table = levels(stack).assign(
            people=summary(stack.numbers["people"], stack.draws).mean,
            **{name: share.mean, f"{name}_low": share.low, f"{name}_high": share.high},
        )
        parts.append(named(arm, table))
    return pd.concat(parts, ignore_index=True)


def evidence_table(collected: Collected) -> pd.DataFrame:
    """Return ``evidence.csv``: every number that the runs and these tables rest on."""
    found: dict[str, dict[str, str]] = {}
    for runs in collected.runs.values():
        for row in runs[0].evidence().to_dict("records"):
            found.setdefault(row["key"], {str(name): value for name, value in row.items()})
    for key, figure in collected.settings.evidence.used.items():
        own = {
            "key": key,
            "value": _text(figure.value),
            "low": _text(figure.low),
            "high": _text(figure.high),
            "unit": figure.unit,
            "source": figure.source,
            "basis": figure.basis,
        }
        found.setdefault(key, own)
    rows = [found[key] for key in sorted(found)]
    return pd.DataFrame(rows, columns=list(EVIDENCE))


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}g}"


def build_tables(folder: Path, prices: Path | None = None) -> dict[str, pd.DataFrame]:
    """Read the runs of ``folder``, write ``tables/*.csv`` and one workbook, return the tables.

    The same runs and prices give the same bytes. Every file appears whole or not at all.

    Raises
    ------
    BadInput
        If there is no complete run, a record cannot be read, or a price is not known.
    """
    folder = Path(folder)
    tables = tables_in(folder, read_folders([folder]), read_settings(prices))
    write_tables(folder / "tables", tables)
    write_workbook(folder / "tables" / "tables.xlsx", tables)
    return tables


def tables_in(
    folder: Path, runs: Sequence[Run], settings: Settings, helpers: Helpers | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of the runs of one folder, beside the baseline that it names."""
    asked = experiment(folder)
    named_baseline = asked.get("baseline")
    designs = {run.facts["design"] for run in runs}
    baseline = named_baseline if named_baseline in designs else None
    own = {
        str(entry.get("name") or entry.get("use")): {**asked.get("money", {}), **entry["money"]}
        for entry in asked.get("design", [])
        if entry.get("money")
    }
    collected = collect(runs, with_money(settings, asked.get("money", {})), baseline, helpers)
    collected.contracts.update({name: with_money(settings, own[name]) for name in own})
    return tables_of(collected)
