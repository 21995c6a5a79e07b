"""Disease tables at a trial point of the free parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from agents.risk_factors import Risks
from calibration.aim import Aim, aim_of, named
from calibration.cohort_hazards import Fitted, live_once
from calibration.derive import standardised_ratio
from calibration.disease_fit import ever_recorded
from calibration.effects import build_effects
from calibration.matching.free import FITTED, NATION, PLACE, SETTINGS
from calibration.prevalence import deprivation_by_age, deprivation_ratios, undiagnosed_shares
from calibration.sources import parameter

Floats = npt.NDArray[np.float64]
Numbers = Mapping[str, float]  # values of free parameters by key

# Which conditions a place's factor of onset acts on, by body system and by name.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "place.onset.circulation": (
        "hypertension",
        "coronary_heart_disease",
        "heart_failure",
        "atrial_fibrillation",
        "stroke_tia",
        "peripheral_arterial_disease",
    ),
    "place.onset.diabetes_and_kidney": ("type_2_diabetes", "ckd", "thyroid_disorder"),
    "place.onset.breathing": ("copd", "asthma"),
    "place.onset.mental": ("depression", "anxiety", "smi", "alcohol_problems"),
    "place.onset.brain_and_nerves": (
        "dementia",
        "epilepsy",
        "parkinsons",
        "multiple_sclerosis",
        "learning_disability",
    ),
    "place.onset.bones_and_joints": (
        "rheumatoid_arthritis",
        "osteoarthritis",
        "osteoporosis",
        "chronic_pain",
    ),
    "place.onset.cancer": ("cancer", "chronic_liver_disease", "inflammatory_bowel_disease"),
}
MORTALITY = "place.mortality"
WANTED = "prevalence_ratio_most_least_deprived_wanted"
BEGUN = "begun_at"  # of a calibrated set: the two ratios that its derivation began with


def evidence_at(folder: Path, numbers: Numbers) -> Evidence:
    """Return the evidence with the free parameters of a nation in place of their rows."""
    return Evidence(folder, {f"{FITTED}.{key}": numbers[key] for key in NATION if key in numbers})


@lru_cache(maxsize=4)
def _usual(folder: Path, ever: bool) -> Aim:
    """Return the aim as the evidence stands, which most free parameters leave as it is."""
    evidence = Evidence(folder)
    return aim_of(Evidence(folder, ever_recorded(evidence)) if ever else evidence)


def aim_at(folder: Path, numbers: Numbers, like: DiseaseTables, *, ever: bool = False) -> Aim:
    """Return what hazards must bring about at a trial point.

    Parameters
    ----------
    like : tables whose hazard ratios of ethnic groups are taken over
    ever : conditions as ever recorded, without remission, as triads were counted
    """
    usual, evidence = _usual(folder, ever), evidence_at(folder, numbers)
    aim = replace(
        usual,
        effects=build_effects(evidence),
        risks=_risks(usual, like),
        ratio=deprivation_ratios(evidence, usual.conditions),
        ratio_by_age=deprivation_by_age(evidence),
    )
    if ever:
        return aim
    return replace(
        aim,
        remission=named(evidence, "remission.", usual.conditions, otherwise=0.0),
        diagnosed=_registers(folder, usual, numbers),
        undiagnosed=undiagnosed_shares(evidence, usual.conditions),
    )


def _risks(usual: Aim, like: DiseaseTables) -> Risks:
    """Return the risks of the evidence, with the ratios of ethnic groups that were fitted."""
    if like.risks is None:
        return usual.risks
    return replace(usual.risks, log_ethnic=like.risks.log_ethnic)


def _registers(folder: Path, usual: Aim, numbers: Numbers) -> Floats:
    """Return registers at a trial point: those that are scaled move with their multiplier."""
    evidence, key = Evidence(folder), "register_scale.multiplier"
    if key not in numbers:
        return usual.diagnosed
    factor = numbers[key] / parameter(evidence, key)
    rows = evidence.rows("prevalence", measure="scale_ever_to_register")
    scaled = {row["condition"] for row in rows}
    times = np.array([factor if name in scaled else 1.0 for name in usual.conditions])
    registers: Floats = usual.diagnosed * times[:, None, None]
    return registers


@dataclass(frozen=True, slots=True)
class Start:
    """Where a derivation begins, by condition.

    ``hazard`` are hazard ratios of fifth 1 to 5, ``prevalence`` the ratios of prevalence that
    they were made for.
    """

    hazard: Mapping[str, float]
    prevalence: Mapping[str, float]

    def log_ratios(self, aim: Aim) -> Floats:
        """Return the log hazard ratios moved as much as what is wanted moved."""
        hazard, wanted = (
            np.array([ratios[name] for name in aim.conditions])
            for ratios in (self.hazard, self.prevalence)
        )
        moved: Floats = np.log(hazard) + np.log(aim.ratio / wanted)
        return moved


def start_of(tables: DiseaseTables, folder: Path) -> Start:
    """Return where a derivation from ``tables`` begins.

    Calibrated tables say where their own derivation began, and what is fitted from them begins
    there again. So the shipped set leads back to itself. Tables of ``calibration.derive`` are
    such a beginning, for the ratios of prevalence of the evidence.
    """
    begun = tables.about.get(BEGUN)
    if begun is not None:
        return Start(begun["hazard"], begun["prevalence"])
    wanted = deprivation_ratios(Evidence(folder), tables.conditions).tolist()
    return Start(
        hazard=tables.about["hazard_ratio_most_least_deprived"],
        prevalence=tables.about.get(WANTED) or dict(zip(tables.conditions, wanted, strict=True)),
    )


def derived(
    aim: Aim, like: DiseaseTables, folder: Path, *, lives: int, luck: Luck, rounds: int = 0
) -> DiseaseTables:
    """Derive tables at a trial point, beginning where tables ``like`` began.

    The first guess moves hazard ratios of fifths as much, in logs, as the wanted ratios of
    prevalence moved; ``rounds`` more cohorts move them towards what is wanted.
    """
    start = start_of(like, folder)
    log_ratio = start.log_ratios(aim)
    fitted = Fitted(log_ratio, np.zeros(log_ratio.size))
    step = Evidence(folder).value(SETTINGS, key="sets.damping")
    for _ in range(rounds):
        found = standardised_ratio(aim, live_once(aim, fitted, lives, luck).prevalence)
        known = np.isfinite(found) & (found > 0)
        gap = np.log(np.where(known, aim.ratio / np.where(known, found, 1.0), 1.0))
        fitted = Fitted(fitted.log_ratio + step * gap, fitted.log_born)
    tables = live_once(aim, fitted, lives, luck).tables
    about = {
        "lives": lives,
        "hazard_ratio_most_least_deprived": _rounded(aim, np.exp(fitted.log_ratio)),
        WANTED: _rounded(aim, aim.ratio),
        BEGUN: {"hazard": dict(start.hazard), "prevalence": dict(start.prevalence)},
    }
    return replace(tables, about=about)


def _rounded(aim: Aim, values: Floats) -> dict[str, float]:
    return dict(zip(aim.conditions, values.round(4).tolist(), strict=True))


def of_place(base: DiseaseTables, numbers: Numbers) -> DiseaseTables:
    """Return tables of a nation with a place's factors of onset and of death."""
    times = np.ones(len(base.conditions))
    for key, names in GROUPS.items():
        for name in names:
            if name in base.conditions:
                times[base.conditions.index(name)] = numbers.get(key, 1.0)
    about = {**base.about, "place": {k: v for k, v in numbers.items() if k.startswith(PLACE)}}
    return replace(
        base,
        onset=base.onset * times[:, None, None, None],
        at_birth=base.at_birth * times[:, None, None],
        death=base.death * numbers.get(MORTALITY, 1.0),
        about=about,
    )
