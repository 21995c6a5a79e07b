"""Hazard ratios of smoking, body mass and ethnicity, from the evidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Figure, Row
from agents.hazards import exact
from agents.place import ETHNIC_GROUPS
from agents.population import SEXES
from agents.risk_factors import BODY, SMOKING, Risks, class_shares
from calibration.prevalence import AGES
from calibration.sources import rows_with_figures

Floats = npt.NDArray[np.float64]

TABLE = "risk_factor_effects"
_MEASURES = {"south_asian": "ratio_south_asian_white", "black": "ratio_black_white"}
_YEARS = np.array([10.0, 20.0, 30.0])  # after quitting, of the published curves


def build_risks(evidence: Evidence, conditions: tuple[str, ...]) -> Risks:
    """Return everything of how people live that multiplies their hazards of onset."""
    smoking = _smoking(evidence, conditions)
    body = _body(evidence, conditions)
    mix = _mix(evidence)
    both = smoking[:, :, :, :, None] * body[:, :, :, None, :]
    return Risks(
        shares=np.repeat(class_shares(evidence)[None], AGES, axis=0),
        ratio=both.reshape(*both.shape[:3], len(SMOKING) * len(BODY)),
        ethnic_groups=ETHNIC_GROUPS,
        ethnic_mix=mix,
        log_ethnic=against_the_mean(np.log(prevalence_ratios(evidence, conditions)), mix),
    )


def _preferred(evidence: Evidence, factor: str, condition: str) -> Iterator[tuple[Row, Figure]]:
    return rows_with_figures(
        evidence, TABLE, risk_factor=factor, condition=condition, preferred="y"
    )


def _by_age(evidence: Evidence, factor: str, condition: str) -> Floats:
    """Return the published ratio by age and sex, (AGES, 2); 1 where nothing is published."""
    ratio = np.ones((AGES, len(SEXES)))
    for row, figure in _preferred(evidence, factor, condition):
        if row["effect_measure"] == "relative risk":
            sexes = [0, 1] if row["sex"] == "all" else [SEXES.index(row["sex"])]
            ratio[int(row["age_low"]) : int(row["age_high"]) + 1, sexes] = figure.value
    return ratio


def _smoking(evidence: Evidence, conditions: tuple[str, ...]) -> Floats:
    """Return (n_conditions, AGES, 2, 3) for those who never smoked, stopped and smoke."""
    ratio = np.ones((len(conditions), AGES, len(SEXES), len(SMOKING)))
    quits = evidence.value("risk_factors", key="lasting.quitting_age")
    since = np.maximum(np.arange(AGES) - quits, 0.0)
    own = _left_after_quitting(evidence)
    usual: Floats = np.array(list(own.values())).mean(axis=0)
    for place, condition in enumerate(conditions):
        current = _by_age(evidence, "smoking", condition)
        shares = own.get(condition, usual)
        left = np.interp(since, [0.0, *_YEARS], [1.0, *shares.tolist()])
        ratio[place, :, :, 2] = current
        ratio[place, :, :, 1] = 1.0 + (current - 1.0) * left[:, None]
    return ratio


def _left_after_quitting(evidence: Evidence) -> dict[str, Floats]:
    """Return the share of the excess risk that is left 10, 20 and 30 years after quitting."""
    rows = rows_with_figures(
        evidence, TABLE, risk_factor="smoking", effect_measure="share of excess risk remaining"
    )
    left: dict[str, Floats] = {}
    for row, figure in rows:
        years = float(row["contrast"].split()[0])
        left.setdefault(row["condition"], np.zeros(len(_YEARS)))[years == _YEARS] = figure.value
    return left


def _body(evidence: Evidence, conditions: tuple[str, ...]) -> Floats:
    """Return (n_conditions, AGES, 2, 3) for people not overweight, overweight and obese."""

    def number(key: str) -> float:
        return evidence.value("risk_factors", key=f"body_mass.{key}")

    means = np.array([number(name.replace(" ", "_")) for name in BODY])
    steps = np.maximum(means - number("no_excess_below"), 0.0) / number("step")
    per_step = np.array([_by_age(evidence, "body_mass_index", each) for each in conditions])
    ratio: Floats = per_step[..., None] ** steps
    return ratio


def prevalence_ratios(evidence: Evidence, conditions: tuple[str, ...]) -> Floats:
    """Return (n_groups, n_conditions) published prevalence over that of the White groups.

    Groups that ``risk_factors.csv`` likens to none of the published have a ratio of 1.
    """
    ratio = np.ones((len(ETHNIC_GROUPS), len(conditions)))
    for place, group in enumerate(ETHNIC_GROUPS):
        for name, measure in _MEASURES.items():
            key = f"ethnicity.{group}.like_{name}"
            if not evidence.rows("risk_factors", key=key):
                continue
            share = evidence.value("risk_factors", key=key)
            for row, figure in rows_with_figures(evidence, "prevalence", measure=measure):
                if row["condition"] in conditions:
                    column = conditions.index(row["condition"])
                    ratio[place, column] += share * (figure.value - 1.0)
    return ratio


def _mix(evidence: Evidence) -> Floats:
    """Return the share of each ethnic group in England."""
    where = {"place": "england", "dimension": "ethnicity_mix"}
    mix = np.array(
        [evidence.value("place_population", ethnic_group=group, **where) for group in ETHNIC_GROUPS]
    )
    shares: Floats = mix / mix.sum()
    return shares


def against_the_mean(logs: Floats, mix: Floats) -> Floats:
    """Return log ratios (n_groups, n_conditions) to the mean of all groups, by their mix."""
    return exact(logs - np.log(mix @ np.exp(logs)))
