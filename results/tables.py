"""The tables of an experiment, from its run records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from agents.evidence import Figure
from agents.faults import BadInput, Fault
from agents.files import whole
from results.activity import activity_sheet, activity_table
from results.ages import age_levels, age_sheet, beyond_sheet, expected_after
from results.checks import check_sheet, checks_table, england_cells
from results.comparison import (
    Arm,
    comparison_table,
    indexed_table,
    named,
    outcomes_table,
)
from results.costs import (
    Prices,
    RunCosts,
    cash,
    cost_sheet,
    read_prices,
    totals,
    twin_of,
)
from results.draws import ceac_table, draws_table
from results.economics import increments_of, value_table
from results.flows import flows_of, flows_table
from results.frameworks import frameworks_table
from results.inequality import gap_units, inequality_sheet
from results.information import information_table
from results.lives import Lives
from results.measures import measures_table
from results.money_rules import money_table
from results.outcomes import PER, outcome_sheet
from results.people import population_sheet, stage_sheet
from results.plan_evidence import plan_table
from results.resources import NUMBERS, resource_sheet, wait_measures
from results.service_table import services_table
from results.settings import Settings, drawn_settings, read_settings, with_money
from results.sheets import (
    Sheet,
    Stack,
    described,
    interval_kind,
    joined,
    levels,
    paired,
    stacked,
    summary,
    within,
)
from results.store import EVIDENCE, Run, arms, baseline_arm, experiment, find_runs
from results.sums import Baseline, Sums, add_up, read_baseline
from results.twins import NUMBERS as GAINS
from results.twins import gain_sheet
from results.utilities import Utilities, england_weights, read_utilities
from results.variance import structure_table, variance_table, varied_in
from results.warmup import queues_of, warm_up_table
from results.workbook import write_workbook

Floats = npt.NDArray[np.float64]
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
DIGITS = 9
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHEETS = (
    "outcomes",
    "inequality",
    "costs",
    "activity",
    "resources",
    "population",
    "stages",
    "gains",
    "checks",
)


@dataclass(slots=True)
class Collected:
    """Stacked sheets of every arm, by kind; ``baselines`` names the baseline of each place.

    ``flows`` are the people sent along each route in each run, ``queues`` the monthly queues
    of the runs of each baseline. ``contracts`` are the settings of designs with a contract of
    their own.
    """

    settings: Settings
    baselines: dict[str, Arm]
    runs: dict[Arm, list[Run]]
    stacks: dict[str, dict[Arm, Stack]] = field(default_factory=dict)
    flows: dict[Arm, list[pd.DataFrame]] = field(default_factory=dict)
    queues: dict[Arm, list[pd.DataFrame]] = field(default_factory=dict)
    contracts: dict[str, Settings] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[Arm, Stack]:
        """The outcome sheets of every arm."""
        return self.stacks["outcomes"]


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What all runs of a place are read with."""

    utilities: Utilities
    baseline: Baseline
    prices: Prices
    settings: Settings
    england: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """What a run's costs and lives are set beside: the baseline's with the same luck."""

    amounts: Mapping[str, Floats]
    lives: Lives


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A run of the baseline, the runs that have it for a twin, and what they are read with."""

    usual: Run | None
    designs: Sequence[Run]
    shared: Shared


@dataclass(frozen=True, slots=True, eq=False)
class ReadRun:
    """What one run says: its sheets, its sums by age, who moved away alive, flows and queues.

    Queues are read of the baseline alone.
    """

    arm: Arm
    luck: tuple[int, int]
    sheets: Mapping[str, Sheet]
    ages: Floats
    left: Floats
    flows: pd.DataFrame
    queues: pd.DataFrame | None


@dataclass(frozen=True, slots=True, eq=False)
class ReadGroup:
    """Runs that were read beside one run of the baseline, and the evidence this used."""

    runs: Sequence[ReadRun]
    used: Mapping[str, Figure]


Sheets = dict[str, dict[Arm, dict[tuple[int, int], Sheet]]]


def read_folders(folders: Sequence[Path]) -> list[Run]:
    """Return the complete runs of one or several experiment folders; of doubles, the first.

    Raises
    ------
    BadInput
        If two folders hold runs of the same place that cannot be paired.
    """
    runs: dict[tuple[object, ...], Run] = {}
    for folder in folders:
        for run in find_runs(Path(folder)):
            runs.setdefault((*run.arm, *run.luck), run)
    _check_pairs(list(runs.values()))
    return sorted(runs.values(), key=lambda run: (*run.arm, *run.luck))


def _check_pairs(runs: Sequence[Run]) -> None:
    """Refuse runs of one place that differ in size, length or conditions."""
    faults = []
    firsts: dict[str, Run] = {}
    for run in runs:
        first = firsts.setdefault(run.facts["place"], run)
        for key in ("population", "years", "conditions", "seed"):
            if run.facts.get(key) != first.facts.get(key):
                faults.append(
                    Fault(
                        where=str(run.folder / "run.json"),
                        key=key,
                        found=str(run.facts.get(key)),
                        allowed=f"{first.facts.get(key)}, as in {first.folder}",
                        remedy="compare runs of the same experiment settings",
                    )
                )
    if faults:
        raise BadInput(faults)


def collect(
    runs: Sequence[Run],
    settings: Settings | None = None,
    baseline: str | None = None,
    pool: Executor | None = None,
) -> Collected:
    """Read every run once, beside its twin under the baseline, and stack what each says.

    Parameters
    ----------
    runs : complete runs of one or several places
    baseline : the design to compare with; without it, the one the runs mark
    pool : reads several at a time; the numbers are the same with it and without
    """
    settings = settings or read_settings()
    by_arm = arms(runs)
    places = sorted({arm[0] for arm in by_arm})
    baselines = {place: baseline_arm(runs, place, baseline) for place in places}
    sheets: Sheets = {kind: {} for kind in SHEETS}
    read: dict[Arm, list[ReadRun]] = {}
    for place in places:
        found = _collect_place(place, by_arm, baselines[place], settings, sheets, pool)
        read |= {arm: [of_arm[luck] for luck in sorted(of_arm)] for arm, of_arm in found.items()}
    stacks = {
        kind: {arm: stacked(of_arm) for arm, of_arm in found.items()}
        for kind, found in sheets.items()
    }
    flows = {arm: [one.flows for one in read[arm]] for arm in by_arm}
    queues = {
        arm: [one.queues for one in read[arm] if one.queues is not None]
        for arm in baselines.values()
    }
    return Collected(settings, baselines, by_arm, stacks, flows, queues)


def _collect_place(
    place: str,
    by_arm: Mapping[Arm, list[Run]],
    base: Arm,
    settings: Settings,
    sheets: Sheets,
    pool: Executor | None,
) -> dict[Arm, dict[tuple[int, int], ReadRun]]:
    """Fill ``sheets`` from the runs of one place, and return what was read."""
    here = {arm: of_arm for arm, of_arm in by_arm.items() if arm[0] == place}
    _central(by_arm[base][0], settings)
    groups = _groups(here, base, settings)
    keys: dict[str, pd.DataFrame] = {}
    found: dict[Arm, dict[tuple[int, int], ReadRun]] = {arm: {} for arm in (base, *here)}
    for group in (pool.map if pool else map)(_read_group, groups):
        known_figures = settings.evidence.used
        settings.evidence.keep(f for key, f in group.used.items() if key not in known_figures)
        for read in group.runs:
            found[read.arm][read.luck] = read
            for kind, sheet in read.sheets.items():
                known = _with_known(sheet, keys, kind)
                sheets[kind].setdefault(read.arm, {})[read.luck] = known
    _add_beyond(found, base, by_arm[base][0].scale, settings, sheets["outcomes"])
    return found


def _central(run: Run, settings: Settings) -> None:
    """Read what is not drawn, or the centre of what is, so that the evidence table names it."""
    read_utilities(list(run.facts["conditions"]), settings)
    read_prices(settings)


def _groups(here: Mapping[Arm, list[Run]], base: Arm, settings: Settings) -> list[Group]:
    """Return each run of the baseline with the runs that have it for a twin.

    Where the baseline was not drawn, its run of the same replication is the twin.
    """
    usual = {run.luck: run for run in here[base]}
    members: dict[tuple[int, int], list[Run]] = {luck: [] for luck in usual}
    for arm, of_arm in here.items():
        for run in of_arm if arm != base else []:
            twin = run.luck if run.luck in usual else (0, run.luck[1])
            luck = twin if twin in usual else run.luck
            members.setdefault(luck, []).append(run)
    shared = _shared_by_draw(here[base], settings)
    return [
        Group(usual.get(luck), members[luck], shared.get(luck[0]) or next(iter(shared.values())))
        for luck in sorted(members)
    ]


def _shared_by_draw(usual: Sequence[Run], settings: Settings) -> dict[int, Shared]:
    """Return what the runs of each draw are read with: prices and utilities may be drawn."""
    drawn = drawn_settings(usual[0].experiment_folder, settings)
    weights, england = england_weights(settings), england_cells(settings)
    runs: dict[int, list[Run]] = {}
    for run in usual:
        runs.setdefault(run.luck[0] if drawn else 0, []).append(run)
    found = {}
    for draw, of_draw in runs.items():
        own = drawn.get(draw, settings)
        utilities = read_utilities(list(of_draw[0].facts["conditions"]), own)
        baseline = read_baseline(of_draw, utilities, weights)
        found[draw] = Shared(utilities, baseline, read_prices(own), own, england)
    return found


def _read_group(group: Group) -> ReadGroup:
    """Read a run of the baseline, and after it the runs that are set beside it."""
    keys: dict[str, pd.DataFrame] = {}
    found: list[ReadRun] = []
    shared, twin = group.shared, None
    for run in [group.usual, *group.designs]:
        if run is None:
            continue
        usual = run is group.usual
        sums, series = add_up(run, shared.utilities, shared.baseline), run.series()
        sheets = _sheets(sums, series, shared, twin, is_baseline=usual)
        sheets = {kind: _with_known(sheet, keys, kind) for kind, sheet in sheets.items()}
        left, flows = sums.lives.left(run.years), flows_of(run, series)
        queues = queues_of(run, series) if usual else None
        found.append(ReadRun(run.arm, run.luck, sheets, sums.ages, left, flows, queues))
        if usual:
            twin = Twin(twin_of(sums), sums.lives)
    return ReadGroup(found, dict(shared.settings.evidence.used))


def _with_known(sheet: Sheet, keys: dict[str, pd.DataFrame], kind: str) -> Sheet:
    """Let sheets with the same names share one table of names."""
    known = keys.setdefault(kind, sheet.keys)
    same = known is not sheet.keys and known.equals(sheet.keys)
    return Sheet(known, sheet.numbers) if same else sheet


def _add_beyond(
    found: Mapping[Arm, Mapping[tuple[int, int], ReadRun]],
    base: Arm,
    scale: float,
    settings: Settings,
    outcomes: dict[Arm, dict[tuple[int, int], Sheet]],
) -> None:
    """Add to the outcomes what people can expect after the horizon or after moving away."""
    rate = settings.value("discount_rate_health")
    usual = [found[base][luck].ages for luck in sorted(found[base])]
    after = {"no": expected_after(usual, 0.0), "yes": expected_after(usual, rate)}
    keys: dict[str, pd.DataFrame] = {}
    for arm, of_arm in found.items():
        for luck, read in of_arm.items():
            beyond = beyond_sheet(read.ages, read.left, scale, settings, after)
            whole = joined([outcomes[arm][luck], beyond])
            outcomes[arm][luck] = _with_known(whole, keys, "outcomes")


def _sheets(
    sums: Sums, series: pd.DataFrame, shared: Shared, twin: Twin | None, *, is_baseline: bool
) -> dict[str, Sheet]:
    """Return every sheet of one run; that of a design is set beside its twin's."""
    run = sums.run
    costs = RunCosts(sums, shared.prices, None if twin is None else twin.amounts)
    waits = run.waits()
    resources = resource_sheet(run, series, waits)
    ages = age_sheet(sums)
    measures = [outcome_sheet(sums, costs, shared.settings), wait_measures(resources, run), ages]
    sheets = {
        "outcomes": joined(measures),
        "inequality": inequality_sheet(
            sums, costs, shared.baseline.standard, age_levels(sums, "imd_quintile")
        ),
        "costs": cost_sheet(costs),
        "activity": activity_sheet(sums),
        "resources": resources,
    }
    if is_baseline:
        sheets["population"] = population_sheet(run)
        sheets["checks"] = check_sheet(sums, costs, resources, ages, waits, shared.england)
        return sheets
    sheets["stages"] = stage_sheet(sums)
    if twin is not None:
        sheets["gains"] = gain_sheet(sums.lives, twin.lives, run.scale)
    return sheets


def tables_of(collected: Collected) -> dict[str, pd.DataFrame]:
    """Return every table by name."""
    settings, baselines, stacks = collected.settings, collected.baselines, collected.stacks
    first = {place: collected.runs[arm][0] for place, arm in baselines.items()}
    scales = {place: run.scale for place, run in first.items()}
    comparison = comparison_table(collected.outcomes, baselines, scales)
    flows = cash_stacks(stacks["costs"], baselines, settings)
    added = increments_of(collected.outcomes, flows, baselines)
    folders = _folders(collected)
    varied = {place: varied_in(folder) for place, folder in folders.items()}
    tables = {
        "outcomes": outcomes_table(collected.outcomes),
        "comparison": comparison,
        "inequality": indexed_table(
            stacks["inequality"],
            baselines,
            units={place: partial(gap_units, run) for place, run in first.items()},
        ),
        "activity": activity_table(stacks["activity"], baselines, settings),
        "resources": numbers_table(stacks["resources"], NUMBERS),
        "flows": flows_table(collected.flows),
        "population": shares_table(stacks["population"], "prevalence", 1.0),
        "stages": shares_table(stacks["stages"], "per_1000", PER),
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
        "gains": numbers_table(stacks["gains"], GAINS),
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


def _folders(collected: Collected) -> dict[str, Path]:
    """Return the run folder of each place."""
    return {
        place: collected.runs[arm][0].experiment_folder
        for place, arm in collected.baselines.items()
    }


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


def numbers_table(stacks: Mapping[Arm, Stack], numbers: Sequence[str]) -> pd.DataFrame:
    """Return a table of several numbers a row, each with its interval beside it."""
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
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def shares_table(stacks: Mapping[Arm, Stack], name: str, per: float) -> pd.DataFrame:
    """Return people with their share of the group as ``name`` (times ``per``), and intervals."""
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
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


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
    folder: Path, runs: Sequence[Run], settings: Settings, pool: Executor | None = None
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
    collected = collect(runs, with_money(settings, asked.get("money", {})), baseline, pool)
    collected.contracts.update({name: with_money(settings, own[name]) for name in own})
    return tables_of(collected)


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write each table as CSV, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with whole(folder / f"{name}.csv") as aside:
            write_csv(aside, table)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as UTF-8 CSV, numbers to nine figures, gaps empty, Unix line ends."""
    columns = {str(name): _column(table[name]) for name in table.columns}
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        pa_csv.write_csv(pa.table(columns), file, options)


def _column(values: pd.Series) -> pa.Array:
    if pd.api.types.is_float_dtype(values):
        numbers = rounded(values.to_numpy(np.float64))
        return pa.array(numbers, mask=~np.isfinite(numbers))
    if pd.api.types.is_integer_dtype(values):
        return pa.array(values.to_numpy(np.int64))
    words = values.fillna("").astype(str)
    safe = {word: harmless(word) for word in words.unique()}
    return pa.array(words.map(safe).to_numpy(dtype=object), type=pa.string())


def harmless(word: str) -> str:
    """Return a word that no spreadsheet takes for a formula: marked as text where it looks so.

    A name from a file may begin with ``=``, ``+``, ``-`` or ``@``; numbers stay as they are.
    """
    if not word.startswith(FORMULA):
        return word
    try:
        float(word)
    except ValueError:
        return f"'{word}"
    return word


def rounded(values: Floats, digits: int = DIGITS) -> Floats:
    """Round to so many figures, so that the same numbers are the same text everywhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    step = np.clip(np.where(np.isfinite(size), digits - 1 - size, 0.0), 0.0, 300.0)
    factor = 10.0**step
    result: Floats = np.round(values * factor) / factor + 0.0
    return result


def load(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the written tables of an experiment folder, tidy; groups and years are text.

    Raises
    ------
    BadInput
        If the folder has no tables.
    """
    found = sorted(Path(folder).glob("tables/*.csv"))
    if not found:
        raise BadInput(
            [
                Fault(
                    where=str(folder),
                    key="tables",
                    found="no tables",
                    allowed="an experiment folder whose tables were built",
                    remedy="run `carepath report` on it first",
                )
            ]
        )
    return {path.stem: read_table(path) for path in found}


def read_table(path: Path) -> pd.DataFrame:
    """Read one table as it was written."""
    text = dict.fromkeys(("year", "group", "draw_name", "practice", "locality"), str)
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
