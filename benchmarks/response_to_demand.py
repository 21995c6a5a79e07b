"""How waits answer to a tenth less and a tenth more demand.

``python -m benchmarks.response_to_demand [PEOPLE [PLACE [SEEDS]]]`` prints the table. The same
people ask for everything 0.9, 1 and 1.1 times as often while capacity stays; the table sets what
happens beside that of ``calibration/evidence/care_closure.md``.

The closure worked each queue out alone and, where it settles, for the long run. So, to compare
like with like: A&E gets a tenth more itself and not what full practices send on as well; practices
are run alone, in weeks all alike (no bank holidays, no seasons); a team meeting, whose queue takes
years to settle, is run alone for many years, with the rate at which the model's people are
referred. Of requests to the practice those count that were turned away or gave up and were not
made again, not those of people who left the queue later. The columns ``whole`` tell what comes
out of a whole year with everything on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import simpy

import calibration
from agents.evidence import Evidence
from agents.luck import Luck
from experiments.designs import load_design
from experiments.places import load_place
from pathways.calendar import YEAR, Calendar
from pathways.ledger import Ledger
from pathways.practice import Practices
from pathways.practice_rules import LEAKS, WORKING_WEEK
from pathways.rates import TABLE
from pathways.seasons import FLAT
from pathways.steps import Steps, Walk
from pathways.teams import Meeting, team_settings
from sim.model import CareModel, simulate
from sim.recording import RunRecord
from sim.spec import RunSpec
from sim.world import replaced_numbers

FOLDER = Path(calibration.__file__).parent
FACTORS = (0.9, 1.0, 1.1)
SPILL = "care_settings.practice.leak.ed"
MEETING_YEARS, MEETING_LOTS = 40, 12


@dataclass(frozen=True, slots=True)
class Told:
    """A measure of the closure at each of ``FACTORS``, and half a unit of its last digit."""

    values: tuple[float, float, float]
    half_digit: float
    shorter: bool = False  # falls when more people ask

    def allows(self, low: float, usual: float, high: float) -> bool:
        """Say whether simulated changes have the right sign and half to one and a half the size."""
        changes = (low - usual, high - usual)
        told = (self.values[0] - self.values[1], self.values[2] - self.values[1])
        return all(
            change * other > 0.0
            and 0.5 * (abs(other) - 2 * self.half_digit)
            <= abs(change)
            <= 1.5 * (abs(other) + 2 * self.half_digit)
            for change, other in zip(changes, told, strict=True)
        )


PRACTICE = "practice: share turned away or gave up"
MEETING = "team meeting: mean weeks to discussion"
# The closure's figures (the emergency department of type 1).
CLOSURE: dict[str, Told] = {
    PRACTICE: Told((0.002, 0.017, 0.097), 0.0005),
    "type 1 within 4 hours": Told((0.78, 0.74, 0.63), 0.005, shorter=True),
    "type 1 over 12 hours": Told((0.01, 0.04, 0.14), 0.005),
    "emergency beds in use": Told((0.87, 0.92, 0.99), 0.005),
    MEETING: Told((1.3, 1.7, 4.0), 0.05),
    "link workers: mean weeks in queue": Told((0.6, 0.7, 1.3), 0.05),
    "district nurses in use": Told((0.80, 0.89, 0.98), 0.005),
}


class WeeksAlike(Calendar):
    """A calendar without bank holidays."""

    def _is_working(self, day: int) -> bool:
        return self.weekday(day) < WORKING_WEEK


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of a run that the measures are made of."""

    record: RunRecord

    def activity(self, name: str) -> float:
        """Return a year's count of an activity."""
        return float(sum(year[name].sum() for year in self.record.person_years))

    def series(self, service: str, role: str, metric: str) -> float:
        """Return the sum of a counter."""
        table = pd.concat([pd.DataFrame(month) for month in self.record.series])
        mine = table[(table["service"] == service) & (table["metric"] == metric)]
        return float(mine[mine["role"] == role]["value"].sum())

    def mean_wait(self, service: str) -> float:
        """Return the mean wait in days."""
        table = pd.concat([pd.DataFrame(part) for part in self.record.waits])
        mine = table[table["service"] == service]
        return float(np.average(mine["wait_days"], weights=mine["count"])) if len(mine) else 0.0

    def turned_away(self) -> float:
        """Return the share of first requests to the practice turned away or given up for good."""
        again = self.series("gp", "gp.overflow", "routed")
        unmet = self.activity("gp_unmet")
        refused = unmet - self.series("gp", "all", "left_queue")
        asked = self.series("gp", "all", "arrivals")
        return refused_for_good(refused, unmet, again, asked)

    def measures(self) -> dict[str, float]:
        """Return the measures of ``CLOSURE``; the meeting's is that of the run's year."""
        type_1 = self.activity("ae_type1")
        beds = self.series("beds", "emergency", "used")
        nurses = self.series("community_nursing", "all", "used")
        return {
            PRACTICE: self.turned_away(),
            "type 1 within 4 hours": 1.0 - self.activity("ae_over_4_hours") / type_1,
            "type 1 over 12 hours": self.activity("ae_over_12_hours") / type_1,
            "emergency beds in use": beds / self.series("beds", "emergency", "capacity"),
            MEETING: self.mean_wait("mdt") / 7.0,
            "link workers: mean weeks in queue": self.mean_wait("vcse") / 7.0,
            "district nurses in use": nurses / self.series("community_nursing", "all", "capacity"),
        }


def spec_of(
    factor: float, population: int, place: str, seed: int = 1, *, spill: bool = False
) -> RunSpec:
    """Return a year in which every process of the demand table has ``factor`` times its rate.

    Without ``spill`` nobody comes to A&E for want of an appointment beyond those whom its own
    rates hold.
    """
    parameters = FOLDER / "parameters" / "default"
    evidence = Evidence(FOLDER / "evidence", replaced_numbers(parameters, {}))
    figures = evidence.figures(TABLE, term="intercept")
    replaced = {figure.key: figure.value + log(factor) for figure in figures}
    return RunSpec(
        place=load_place(place, evidence),
        design=load_design("usual-care", evidence),
        effects="none",
        population=population,
        start=date(2025, 4, 1),
        years=1,
        seed=seed,
        replication=0,
        evidence=FOLDER / "evidence",
        parameters=parameters,
        replaced=replaced if spill else replaced | {SPILL: 0.0},
    )


def practice_refused(factor: float, population: int, place: str, seed: int) -> float:
    """Return the share of first requests turned away or given up, of practices run alone.

    They get what people ask of them at their rates of the first day, in weeks all alike.
    """
    spec = replace(spec_of(factor, population, place, seed), settings={"structure.seasons": FLAT})
    model = CareModel(spec)
    calendar = WeeksAlike(spec.start, spec.years, model.calendar.warm_up)
    ledger, people = Ledger(len(model.population)), model.population
    practices = Practices(
        people, model.evidence, model.luck, calendar, ledger, spec.place.capacity, {}
    )
    again = LEAKS.index("again")
    unmet = tried_again = 0
    for day in range(-calendar.warm_up, calendar.end):
        ledger.on = day >= 0
        found = practices.day(day, model.demand.today(day)["practice_consultation"])
        if ledger.on:
            unmet += len(found.failed)
            tried_again += int(np.count_nonzero(found.leak == again))
    told = ledger.take_month()
    left, asked = (int(told["gp", "all", name]) for name in ("left_queue", "arrivals"))
    return refused_for_good(unmet - left, unmet, tried_again, asked)


def refused_for_good(refused: float, unmet: float, again: float, asked: float) -> float:
    """Return the share of first requests that were refused and not made again.

    Parameters
    ----------
    refused : turned away or given up; with those who left the queue they are ``unmet``
    again : of the unmet, made again the next day, and so among those ``asked`` a second time
    """
    return refused * (1.0 - again / max(unmet, 1.0)) / (asked - again)


def meeting_weeks(referrals: float, seed: int, place: str) -> float:
    """Return the mean weeks to discussion of one team alone, over many years.

    Parameters
    ----------
    referrals : a year, to a team of the usual size
    """
    evidence, env, luck = Evidence(FOLDER / "evidence"), simpy.Environment(), Luck(seed)
    settings = team_settings(evidence, {})
    meetings = load_place(place, evidence).capacity["mdt"]["meetings"]
    ledger = Ledger(1, on=True)
    people = int(settings["mdt.pool_people"])
    meeting = Meeting(env, luck, ledger, residents=people, meetings=meetings, settings=settings)
    waits: list[float] = []

    def referred(time: float) -> Steps[None]:
        yield env.timeout(time)
        waits.append((yield from meeting.discuss(0)))

    days = MEETING_YEARS * YEAR
    many = np.arange(int(1.5 * referrals * MEETING_YEARS) + 100)
    times = np.cumsum(luck.exponentials("referred", many)) * YEAR / referrals
    for time in times[times < days].tolist():
        Walk(referred(time))
    env.run(until=days)
    return float(np.mean(waits)) / 7.0


def referrals_a_year(population: int, place: str, seed: int) -> float:
    """Return the referrals a year to a team of the usual size, at the rates of the model."""
    model = CareModel(spec_of(1.0, population, place, seed))
    here = model.population.present(0.0)
    pool = model.evidence.value("team_settings", key="mdt.pool_people")
    return float(model.demand.rate["mdt_review"][here].mean() * pool)


def response(population: int, place: str, seeds: Sequence[int] = (1,)) -> pd.DataFrame:
    """Return a row for each measure: simulated (mean of seeds) and published, by ``FACTORS``.

    ``right`` says whether both changes have the right sign and half to one and a half of the
    published size, each queue by itself; ``whole`` and ``whole right`` say the same of whole runs,
    in which full practices send people on to A&E (for the meeting, of the run's year).
    """
    runs = {one: _mean_measures(one, population, place, seeds, spill=False) for one in FACTORS}
    whole = {one: _mean_measures(one, population, place, seeds, spill=True) for one in FACTORS}
    usual = referrals_a_year(population, place, seeds[0])
    for one in FACTORS:
        lots = [meeting_weeks(one * usual, seed, place) for seed in range(MEETING_LOTS)]
        runs[one][MEETING] = float(np.mean(lots))
        alone = [practice_refused(one, population, place, seed) for seed in seeds]
        runs[one][PRACTICE] = float(np.mean(alone))
    rows = [
        {
            "measure": name,
            **{f"x{one:g}": runs[one][name] for one in FACTORS},
            **{f"closure x{one:g}": told.values[place] for place, one in enumerate(FACTORS)},
            "right": told.allows(*(runs[one][name] for one in FACTORS)),
            **{f"whole x{one:g}": whole[one][name] for one in FACTORS},
            "whole right": told.allows(*(whole[one][name] for one in FACTORS)),
        }
        for name, told in CLOSURE.items()
    ]
    return pd.DataFrame(rows)


def _mean_measures(
    factor: float, population: int, place: str, seeds: Sequence[int], *, spill: bool
) -> dict[str, float]:
    specs = [spec_of(factor, population, place, seed, spill=spill) for seed in seeds]
    found = [Figures(simulate(spec)).measures() for spec in specs]
    return {name: float(np.mean([one[name] for one in found])) for name in CLOSURE}


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    where = sys.argv[2] if len(sys.argv) > 2 else "england"
    lots = range(1, 1 + (int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    table = response(size, where, lots)
    text = table.to_string(index=False, float_format=lambda value: f"{value:.3f}")
    sys.stdout.write(text + "\n")
