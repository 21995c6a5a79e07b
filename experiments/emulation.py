"""Emulate the study behind each published effect of a design, and say whether it comes out.

A component of a design is simulated alone, in England's people, with ample capacity, for
people who meet the study's own rules (``design_studies.csv``), beside the same people without
it, for as long as the study followed them. Simulated is then set beside published. This tells
whether what the design says (how effects grow and fade, what else its contacts do) amounts to
what the study found; it cannot tell whether the study would be found again elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import stats

from agents.evidence import Evidence
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from experiments.designs.standing import COLUMNS
from experiments.trials import NONE, TABLE, Study, Trial, alone
from pathways.calendar import YEAR
from pathways.design import INSIDE, NOT_EMULATED, OUTSIDE, Design
from pathways.effects import BloodPressure

if TYPE_CHECKING:
    from sim.model import CareModel
    from sim.spec import RunSpec
    from sim.world import Shelf

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PRESSURE, AT_HOME = "blood_pressure", "deaths at home"
STROKE = "stroke_tia"
START = date(2025, 4, 1)
SEED = 2025
MONTH = YEAR / 12
FIRST_DAY = 1.0  # on day 0 components look for the first time whom they reach
WIDTH = 0.95  # of the simulated interval
# More of everything than anybody asks for, in both arms.
AMPLE: Mapping[str, float] = {
    "gp.capacity_factor": 3.0,
    "beds.capacity_factor": 100.0,
    "ed.capacity_factor": 100.0,
    "outpatients.capacity_factor": 3.0,
    "elective.capacity_factor": 3.0,
    "mdt.capacity_factor": 50.0,
    "care_coordination.capacity_factor": 100.0,
    "vcse.capacity_factor": 100.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an emulation came to: the mean over replications and its interval."""

    simulated: float
    low: float
    high: float
    people: float


# ---- runs -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Counts:
    """What each person of a run has had since the start, at a day."""

    model: CareModel

    def at(self, day: float, names: Iterable[str]) -> dict[str, Floats]:
        """Let the run come to ``day`` and return (n,) counts of each activity so far."""
        model = self.model
        if day > model.env.now:
            model.env.run(until=round(day))
        order = np.argsort(model.population.person)
        persons = model.population.person[order]
        found = {}
        for name in names:
            total = model.ledger.activity[name].astype(np.float64)
            for year in model.record.person_years:
                rows = order[np.searchsorted(persons, year["person"])]
                total[rows] += year[name]
            found[name] = total
        return found


def spec_of(design: Design, effects: str, years: int, replication: int, residents: int) -> RunSpec:
    """Return one arm of an emulation, in people like England's."""
    from sim.spec import RunSpec

    return RunSpec(
        place=installed().load_place("england"),
        design=design,
        effects=effects,
        population=residents,
        start=START,
        years=years,
        seed=SEED,
        replication=replication,
        evidence=EVIDENCE,
        parameters=PARAMETERS,
        settings=AMPLE,
    )


def window(trial: Trial, run_in: float) -> tuple[float, float]:
    """Return the first and last day of what a trial counts."""
    begin = run_in if trial.pathway else FIRST_DAY
    days = (trial.study.first_month * MONTH, trial.study.last_month * MONTH)
    return begin + days[0], begin + days[1]


def activities(outcome: str) -> list[str]:
    """Return the activities that an outcome adds up."""
    return [] if outcome in (NONE, PRESSURE, AT_HOME) else outcome.split(" + ")


def followed(model: CareModel, trial: Trial, run_in: float) -> Rows:
    """Let the run begin and return the rows of those whom the study follows."""
    model.env.run(until=round(run_in if trial.pathway else FIRST_DAY))
    reached = model.programme.reached()[trial.part.component.name]
    return np.flatnonzero(reached & model.population.present(float(model.env.now)))


def snapshots(model: CareModel, trials: Iterable[Trial], run_in: float) -> Snapshots:
    """Let the run come to each day that ``trials`` ask for; return what people had had by then."""
    counts, trials = Counts(model), list(trials)
    days = sorted({day for trial in trials for day in window(trial, run_in)})
    names = sorted({name for trial in trials for name in activities(trial.study.outcome)})
    found = {day: counts.at(day, names) for day in days}
    homes: Mapping[str, npt.NDArray[np.generic]] = {}
    if any(trial.study.outcome == AT_HOME for trial in trials):
        if model.env.now <= YEAR:
            model.env.run(until=round(YEAR) + 1)
        homes = model.record.person_years[0]
    return Snapshots(days=found, first_year=homes, persons=model.population.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """What everybody had had by certain days, and the first year's deaths if asked for."""

    days: Mapping[float, Mapping[str, Floats]]
    first_year: Mapping[str, npt.NDArray[np.generic]]
    persons: npt.NDArray[np.generic]

    def amount(self, trial: Trial, rows: Rows, run_in: float) -> float:
        """Return what ``rows`` had in the trial's window; for deaths the share at home."""
        if trial.study.outcome == AT_HOME:
            year = self.first_year
            dead = np.isin(year["person"], self.persons[rows]) & year["died"].astype(np.bool_)
            return float(year["died_at_home"][dead].mean()) if dead.any() else 0.0
        first, last = window(trial, run_in)
        names = activities(trial.study.outcome)
        return float(sum((self.days[last][n] - self.days[first][n])[rows].sum() for n in names))


def pressure(model: CareModel, rows: Rows) -> float:
    """Return the mean change of systolic pressure (mmHg) that the hazard of stroke implies."""
    people, evidence = model.population, model.evidence
    column = people.conditions.index("hypertension")
    above = rows[people.diagnosed[rows, column] & ~people.controlled[rows, column]]
    above = above[people.present(float(model.env.now))[above]]
    effect = BloodPressure.read(evidence)
    ratio = effect.risk_ratios[effect.conditions.index(STROKE)]
    factors = people.onset_factor[above, people.conditions.index(STROKE)]
    return float(np.mean(-10.0 * np.log(factors) / np.log(ratio))) if len(above) else float("nan")


@dataclass(slots=True)
class Bench:
    """Where pairs of runs are made: usual care is simulated once for all that need it.

    ``groups`` are trials served by one pair of runs each (see ``together``).
    """

    groups: Sequence[Sequence[Trial]]
    residents: int
    run_in: float
    shelf: Shelf
    _made_for: tuple[int, int, int] | None = None
    _usual: Snapshots | None = None

    def size(self, trials: Sequence[Trial]) -> tuple[int, int]:
        """Return the years and the people that ``trials`` need."""
        times = max(trial.study.times for trial in trials)
        return years_of(trials, self.run_in), round(times * self.residents)

    def pair(self, trials: Sequence[Trial], replication: int) -> list[tuple[float, float]]:
        """Simulate one replication of trials of the same part in the same people.

        Returns, for each trial, the relative change (mmHg for blood pressure) and the people
        followed.
        """
        from sim.model import CareModel, forget

        years, people = self.size(trials)
        usual = self._usual_care(years, people, replication)
        spec = spec_of(alone(trials[0]), "published", years, replication, people)
        model = CareModel(spec, self.shelf.world_of(spec))
        rows = followed(model, trials[0], self.run_in)
        treated = snapshots(model, trials, self.run_in)
        found = []
        for trial in trials:
            if trial.study.outcome == PRESSURE:
                change = pressure(model, rows)
            else:
                pair = (arm.amount(trial, rows, self.run_in) for arm in (treated, usual))
                change = relative(*pair)
            found.append((change, float(len(rows))))
        forget(model)
        return found

    def _usual_care(self, years: int, people: int, replication: int) -> Snapshots:
        """Return usual care of one replication, made now or before."""
        from sim.model import CareModel, forget

        wanted = (years, people, replication)
        if self._usual is None or self._made_for != wanted:
            alike = [one for one in self.groups if self.size(one) == (years, people)]
            trials = [trial for group in alike for trial in group]
            spec = spec_of(alone(trials[0]), "none", years, replication, people)
            model = CareModel(spec, self.shelf.world_of(spec))
            self._usual = snapshots(model, trials, self.run_in)
            self._made_for = wanted
            forget(model)
        return self._usual


def relative(treated: float, usual: float) -> float:
    """Return the relative change, not a number where nothing happened without the design."""
    return float(treated / usual - 1.0) if usual else float("nan")


# ---- what came out --------------------------------------------------------------------------


def summed_up(changes: Sequence[tuple[float, float]]) -> Outcome:
    """Return the mean over replications, its interval and the mean number of people."""
    values = np.array([change for change, _ in changes])
    values = values[np.isfinite(values)]
    people = float(np.mean([count for _, count in changes]))
    if not len(values):
        return Outcome(simulated=float("nan"), low=float("nan"), high=float("nan"), people=people)
    mean = float(values.mean())
    if len(values) < 2:
        return Outcome(simulated=mean, low=float("nan"), high=float("nan"), people=people)
    reach = stats.t.ppf(0.5 + WIDTH / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return Outcome(simulated=mean, low=mean - reach, high=mean + reach, people=people)


def judged(study: Study, outcome: Outcome, tolerance: float) -> str:
    """Say whether an emulation came out inside what was published.

    With a published interval the simulated mean must lie in it. Without one it must lie within
    ``tolerance`` of the published size, or the simulated interval must hold that size while
    being no wider than twice as far on either side.
    """
    if not np.isfinite(outcome.simulated):
        return NOT_EMULATED
    if study.low is not None and study.high is not None:
        return INSIDE if study.low <= outcome.simulated <= study.high else OUTSIDE
    near = abs(outcome.simulated - study.published) <= tolerance
    holds = outcome.low <= study.published <= outcome.high
    sharp = (outcome.high - outcome.low) / 2 <= 2 * tolerance
    return INSIDE if near or (holds and sharp) else OUTSIDE


def together(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return trials of the same part in the same people, which one pair of runs serves."""
    groups: dict[tuple[str, tuple[str, ...]], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.part.claim, trial.study.include), []).append(trial)
    return list(groups.values())


def emulate(
    trials: Sequence[Trial],
    evidence: Evidence,
    *,
    residents: int,
    replications: int,
    version: str,
    done: Callable[[int, int], None] = lambda number, of: None,
) -> list[dict[str, str]]:
    """Emulate ``trials`` and return a row of the stored table for each.

    ``done`` is told after each pair of runs how many of how many are through.
    """
    from sim.world import Shelf

    run_in = evidence.value(TABLE, key="emulation.run_in_days")
    tolerance = evidence.value(TABLE, key="emulation.tolerance")
    groups = together(trials)
    bench = Bench(groups, residents, run_in, Shelf())
    changes: dict[int, list[tuple[float, float]]] = {}
    for replication in range(replications):
        for place, group in enumerate(sorted(groups, key=bench.size), 1):
            for trial, change in zip(group, bench.pair(group, replication), strict=True):
                changes.setdefault(id(trial), []).append(change)
            done(replication * len(groups) + place, replications * len(groups))
    rows = []
    for trial in trials:
        outcome = summed_up(changes[id(trial)])
        result = judged(trial.study, outcome, tolerance)
        rows.append(_row(trial, outcome, result, replications, version))
    return rows


def years_of(trials: Sequence[Trial], run_in: float) -> int:
    """Return the years to simulate; a year must have closed before its deaths are known."""
    days = [window(trial, run_in)[1] + (trial.study.outcome == AT_HOME) for trial in trials]
    return int(np.ceil(max(days) / YEAR))


def _row(
    trial: Trial, outcome: Outcome, result: str, replications: int, version: str
) -> dict[str, str]:
    study = trial.study
    values = (
        trial.part.claim,
        trial.part.design,
        trial.part.component.name or trial.part.design,
        trial.effect.target,
        study.key,
        f"{study.published:g}",
        "" if study.low is None else f"{study.low:g}",
        "" if study.high is None else f"{study.high:g}",
        study.unit,
        f"{outcome.simulated:.4f}",
        f"{outcome.low:.4f}",
        f"{outcome.high:.4f}",
        f"{outcome.people:.0f}",
        str(replications),
        result,
        version,
    )
    return dict(zip(COLUMNS, values, strict=True))
