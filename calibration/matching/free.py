"""The free parameters: what is fitted, within which range, and how it is spread beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from agents.evidence import Evidence, Figure

Floats = npt.NDArray[np.float64]

SETTINGS = "calibration_settings"
_Z95 = float(ndtri(0.975))
_WIDE = 3.0  # high over low beyond which a range is spread in logs

# Fitted for a nation; the others of starting_parameters.csv are held. Ranges beforehand are in
# starting_parameters or calibration_settings; what came out is in disease_model.
FITTED = "disease_model"
NATION = (
    "frailty.global.log_sd",
    "frailty.cluster.mental.log_sd",
    "frailty.cluster.heart.log_sd",
    "frailty.cluster.cardiometabolic.log_sd",
    "frailty.cluster.respiratory.log_sd",
    "frailty.cluster.pain_msk.log_sd",
    "frailty.cluster.neuro.log_sd",
    "frailty.cluster.liver_alcohol.log_sd",
    "rr.physical_to_mood.per_condition",
    "rr.pair.exponent",
    "deprivation.log_ratio.exponent",
    "mortality.hr.exponent",
    "register_scale.multiplier",
    "remission.depression",
    "remission.anxiety",
    "remission.cancer",
    "deprivation.age_pattern.power",
    "undiagnosed.odds_multiplier",
)
PLACE = "place."
_NAMES = {
    "frailty.global.log_sd": "susceptibility, all conditions",
    "frailty.cluster.mental.log_sd": "susceptibility, mental",
    "frailty.cluster.heart.log_sd": "susceptibility, heart",
    "frailty.cluster.cardiometabolic.log_sd": "susceptibility, cardiometabolic",
    "frailty.cluster.respiratory.log_sd": "susceptibility, breathing",
    "frailty.cluster.pain_msk.log_sd": "susceptibility, pain and joints",
    "frailty.cluster.neuro.log_sd": "susceptibility, neurological",
    "frailty.cluster.liver_alcohol.log_sd": "susceptibility, liver and alcohol",
    "rr.physical_to_mood.per_condition": "low mood per physical condition",
    "rr.pair.exponent": "effects between conditions, power",
    "deprivation.log_ratio.exponent": "deprivation gradient, power",
    "deprivation.age_pattern.power": "deprivation by age, power",
    "mortality.hr.exponent": "death ratios, power",
    "register_scale.multiplier": "size of registers",
    "undiagnosed.odds_multiplier": "odds of being undiagnosed",
    "remission.depression": "depression ends, per year",
    "remission.anxiety": "anxiety ends, per year",
    "remission.cancer": "cancer leaves the register, per year",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A parameter that is fitted.

    ``low`` and ``high`` bound it and are read as a 95% interval beforehand; ``start`` is its
    most likely value beforehand; ``evidence_key`` is the number it replaces. ``logs`` says
    that it is spread on the scale of its logarithm.
    """

    key: str
    name: str
    evidence_key: str
    start: float
    low: float
    high: float
    unit: str
    source: str
    basis: str
    logs: bool

    def at(self, unit: Floats) -> Floats:
        """Return values at places between 0 (low) and 1 (high) of the range."""
        low, high = self._there(np.array([self.low, self.high]))
        along = low + unit * (high - low)
        values: Floats = np.exp(along) if self.logs else along
        return values

    def place_of(self, value: npt.ArrayLike) -> Floats:
        """Return where values lie in the range, 0 at low and 1 at high."""
        low, high = self._there(np.array([self.low, self.high]))
        place: Floats = (self._there(np.asarray(value, np.float64)) - low) / (high - low)
        return place

    def _there(self, value: Floats) -> Floats:
        return np.log(value) if self.logs else value


def free_of(figure: Figure) -> Free:
    """Return an evidence number with a range as a free parameter."""
    assert figure.low is not None
    assert figure.high is not None
    key = figure.key.split(".", 1)[1]
    if key.startswith(PLACE):
        name = key.removeprefix(PLACE).replace("onset.", "onset, ").replace("_", " ")
    else:
        name = _NAMES[key]
    return Free(
        key=key,
        name=name,
        evidence_key=figure.key,
        start=figure.value,
        low=figure.low,
        high=figure.high,
        unit=figure.unit,
        source=figure.source,
        basis=figure.basis,
        logs=(figure.low > 0 and figure.high / figure.low >= _WIDE) or key.startswith(PLACE),
    )


def free_parameters(evidence: Evidence, *, nation: bool) -> tuple[Free, ...]:
    """Return what is fitted for England, or for a place of its own."""
    if not nation:
        rows = evidence.rows(SETTINGS)
        keys = [row["key"] for row in rows if row["key"].startswith(PLACE)]
        return tuple(free_of(evidence.figure(SETTINGS, key=key)) for key in keys)
    found = []
    for key in NATION:
        own = evidence.rows(SETTINGS, key=key)
        prior = free_of(evidence.figure(SETTINGS if own else "starting_parameters", key=key))
        found.append(replace(prior, evidence_key=f"{FITTED}.{key}"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Prior:
    """How free parameters are spread beforehand, on the unit cube of their ranges.

    A normal cut off at the range, most likely at the start value, with the range as its 95%
    interval; each parameter apart from the others.
    """

    free: tuple[Free, ...]

    @property
    def middle(self) -> Floats:
        """Start values on the unit cube, (n_free,)."""
        return np.array([float(one.place_of(one.start)) for one in self.free])

    @property
    def deviation(self) -> float:
        """Standard deviation before the cut, on the unit cube."""
        return 0.5 / _Z95

    def log_density(self, unit: Floats) -> Floats:
        """Return the log density, up to a constant, of points (n, n_free); -inf outside."""
        inside = ((unit >= 0) & (unit <= 1)).all(axis=1)
        away = (unit - self.middle) / self.deviation
        return np.where(inside, -0.5 * (away**2).sum(axis=1), -np.inf)

    def drawn(self, uniforms: Floats) -> Floats:
        """Turn uniforms (n, n_free) into points of the prior on the unit cube."""
        low = ndtr((0.0 - self.middle) / self.deviation)
        high = ndtr((1.0 - self.middle) / self.deviation)
        points = self.middle + self.deviation * ndtri(low + uniforms * (high - low))
        return np.clip(points, 0.0, 1.0)

    def values(self, unit: Floats) -> Floats:
        """Return points of the unit cube (n, n_free) as values of the parameters."""
        return np.stack([one.at(unit[:, place]) for place, one in enumerate(self.free)], axis=1)


def by_key(free: Sequence[Free], values: Iterable[float]) -> dict[str, float]:
    """Return values by the key of their parameter."""
    return {one.key: float(value) for one, value in zip(free, values, strict=True)}
