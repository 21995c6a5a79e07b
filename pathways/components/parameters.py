"""What may be written for each parameter of a component: its range and unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Least and most of a number, and its unit."""

    low: float
    high: float
    unit: str

    @property
    def allowed(self) -> str:
        """What may be written, in words."""
        return f"a number from {self.low:g} to {self.high:g} ({self.unit})"


SHARE = Range(0.0, 1.0, "share")
RANGES: dict[str, Range] = {
    "coverage": Range(0.0, 1.0, "share of the people it is for, one number or one for each fifth"),
    "share": Range(0.0, 1.0, "share of the group's events"),
    "screened_per_year": Range(0.0, 12.0, "screenings of a person reached in a year"),
    "starts_day": Range(0.0, 36_500.0, "day of the run"),
    "per_year": Range(0.0, 366.0, "times a year"),
    "slots_per_year": Range(0.0, 52.0, "practice appointments a year"),
    "slots": Range(0.0, 5.0, "practice appointments"),
    "places_per_10000": Range(0.0, 10_000.0, "places for 10,000 residents"),
    "caseload_per_10000": Range(0.0, 10_000.0, "people at a time for 10,000 residents"),
    "days": Range(0.0, 365.0, "days"),
    "weeks": Range(1.0, 104.0, "weeks"),
    "again_after_days": Range(0.0, 3660.0, "days"),
}
MOST = 5.0  # more than five times as much again is a slip, such as a percentage
# Least and most of a change, by target; rates and stays can only be lost once.
CHANGES: dict[str, Range] = {
    "blood_pressure": Range(-60.0, 60.0, "mmHg"),
    "activation": Range(-3.0, 3.0, "levels"),
    "continuity": Range(-1.0, 1.0, "usual-provider index, a share of visits"),
    "control.hypertension": Range(-1.0, MOST, "relative change of the odds of the target"),
    "control.type_2_diabetes": Range(-1.0, MOST, "relative change of the odds of the target"),
    "replaces": SHARE,
    "avoids": SHARE,
    "same_day": SHARE,
    "detected": SHARE,
    "stay": Range(-1.0, MOST, "relative change"),
    "delay": Range(-1.0, 0.0, "relative change"),
    "died_at_home": Range(-1.0, MOST, "relative change of the chance"),
    "death": Range(-1.0, MOST, "relative change of the hazard"),
}
RELATIVE = Range(-1.0, MOST, "relative change")


def change_range(target: str) -> Range:
    """Return what a change of ``target`` may be."""
    return CHANGES.get(target, RELATIVE)
