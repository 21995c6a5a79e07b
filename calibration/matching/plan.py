"""How large a calibration is: points, waves, people, draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.evidence import Evidence
from agents.place import Place
from calibration.checks import ENGLAND
from calibration.matching.free import SETTINGS
from calibration.matching.own import OwnTarget
from calibration.matching.simulator import Size, Trial
from calibration.matching.tables import Numbers

FULL, QUICK = "full", "quick"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A calibration of one place, with everything its result depends on.

    Attributes
    ----------
    place : whose published figures are fitted
    evidence, base : folders of the evidence and of the parameter set to begin with
    size : of one trial simulation; ``checked`` of the last check
    first, later, waves : points of the first wave and of each of the later waves
    verified : posterior draws that are simulated
    steps : of each walker of the sampler
    draws, draw_lives, best_lives : stored parameter sets, and the lives they are derived from
    best_rounds, draw_rounds : cohorts that move ratios of fifths towards what is wanted
    check_lives, check_newborns : of the last check, at most
    own : a researcher's targets; ``built_in`` says whether the program's own count too
    thorough : also pairs of conditions, and leaving out one source after another
    """

    place: Place
    evidence: Path
    base: Path
    seed: int
    size: Size
    checked: int
    first: int
    later: int
    waves: int
    verified: int
    steps: int
    draws: int
    draw_lives: int
    best_lives: int
    best_rounds: int
    draw_rounds: int
    check_lives: int
    check_newborns: int
    own: tuple[OwnTarget, ...] = ()
    built_in: bool = True
    thorough: bool = True

    @property
    def nation(self) -> bool:
        """Whether hazards themselves are fitted, and not a place's departures from them."""
        return self.place.key == ENGLAND

    @property
    def simulations(self) -> int:
        """Trial simulations in all."""
        return self.first + self.later * self.waves + self.verified

    def trial(self, numbers: Numbers, luck: int) -> Trial:
        """Return the simulation of one point."""
        return Trial(
            place=self.place,
            evidence=self.evidence,
            base=self.base,
            numbers=numbers,
            size=self.size,
            luck=luck,
            own=self.own,
            built_in=self.built_in,
            pairs=self.thorough and self.nation,
        )


def plan_of(
    place: Place,
    *,
    evidence: Path,
    base: Path,
    seed: int,
    quick: bool,
    own: tuple[OwnTarget, ...] = (),
    built_in: bool = True,
) -> Plan:
    """Return the plan of ``calibrate``, full or quick, from ``calibration_settings.csv``."""
    numbers = Evidence(evidence)
    kind = QUICK if quick else FULL

    def every(key: str) -> int:
        return round(numbers.value(SETTINGS, key=key))

    def number(name: str) -> int:
        return every(f"{kind}.{name}")

    return Plan(
        place=place,
        evidence=evidence,
        base=base,
        seed=seed,
        size=Size(
            lives=number("lives"), residents=number("residents"), newborns=number("newborns")
        ),
        checked=number("checked_residents"),
        first=number("first_wave"),
        later=number("later_wave"),
        waves=number("later_waves"),
        verified=number("verified"),
        steps=number("steps"),
        draws=number("draws"),
        draw_lives=number("draw_lives"),
        best_lives=number("best_lives"),
        best_rounds=every("sets.best_rounds"),
        draw_rounds=every("sets.draw_rounds"),
        check_lives=every("check.lives"),
        check_newborns=every("check.newborns"),
        own=own,
        built_in=built_in,
        thorough=not quick,
    )
