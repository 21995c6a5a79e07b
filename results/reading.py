"""Every run of a folder read once, beside its twin under the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from agents.evidence import Figure
from agents.faults import BadInput, Fault
from results.activity import activity_sheet
from results.ages import age_levels, age_sheet, beyond_sheet, expected_after
from results.checks import check_sheet, england_cells
from results.comparison import (
    Arm,
)
from results.costs import RunCosts, cost_sheet, twin_of
from results.flows import flows_of
from results.inequality import inequality_sheet
from results.lives import Lives
from results.outcomes import outcome_sheet
from results.people import population_sheet, stage_sheet
from results.prices import Prices, read_prices
from results.quantities import Baseline
from results.resources import resource_sheet, wait_measures
from results.settings import Settings, drawn_settings, read_settings
from results.sharing import Helpers, shared_out
from results.sheets import (
    Sheet,
    Stack,
    joined,
    stacked,
)
from results.store import Run, arms, baseline_arm, find_runs
from results.sums import Sums, add_up, read_baseline
from results.twins import gain_sheet
from results.utilities import Utilities, england_weights, read_utilities
from results.warmup import queues_of

Floats = npt.NDArray[np.float64]
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

    @property
    def first(self) -> dict[str, Run]:
        """The first run of each place's baseline."""
        return {place: self.runs[arm][0] for place, arm in self.baselines.items()}

    @property
    def scales(self) -> dict[str, float]:
        """Residents of each place for each resident simulated: what one event counts."""
        return {place: run.scale for place, run in self.first.items()}


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
    helpers: Helpers | None = None,
) -> Collected:
    """Read every run once, beside its twin under the baseline, and stack what each says.

    Parameters
    ----------
    runs : complete runs of one or several places
    baseline : the design to compare with; without it, the one the runs mark
    helpers : read several at a time; the numbers are the same with it and without
    """
    settings = settings or read_settings()
    by_arm = arms(runs)
    places = sorted({arm[0] for arm in by_arm})
    baselines = {place: baseline_arm(runs, place, baseline) for place in places}
    sheets: Sheets = {kind: {} for kind in SHEETS}
    read: dict[Arm, list[ReadRun]] = {}
    for place in places:
        found = _collect_place(place, by_arm, baselines[place], settings, sheets, helpers)
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
    helpers: Helpers | None,
) -> dict[Arm, dict[tuple[int, int], ReadRun]]:
    """Fill ``sheets`` from the runs of one place, and return what was read."""
    here = {arm: of_arm for arm, of_arm in by_arm.items() if arm[0] == place}
    _central(by_arm[base][0], settings)
    groups = _groups(here, base, settings)
    keys: dict[str, pd.DataFrame] = {}
    found: dict[Arm, dict[tuple[int, int], ReadRun]] = {arm: {} for arm in (base, *here)}
    for group in shared_out(_read_group, groups, helpers):
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
        sheets = sheets_of(sums, series, shared, twin, is_baseline=usual)
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


def sheets_of(
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
