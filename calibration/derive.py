"""Derive the hazards of a run from published prevalence, mortality and effects.

Run ``python -m calibration.derive`` to write the tables anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from calibration.aim import Aim, aim_of, named
from calibration.cohort_hazards import Fitted, live_once
from calibration.ethnic_fit import fit_ethnicity
from calibration.sources import parameter

Floats = npt.NDArray[np.float64]

EVIDENCE = Path(__file__).parent / "evidence"
DEFAULT = Path(__file__).parent / "parameters" / "default"
SEED = 1
APART = -1  # a replication of its own: no run shares luck with what its hazards come from
_ADULT = 18


def derive(evidence: Evidence, seed: int = SEED, lives: int | None = None) -> DiseaseTables:
    """Return the disease tables that the evidence implies.

    Hazard ratios of deprivation are fitted in a few rounds on smaller cohorts, until the
    standardised prevalence ratios of adults are the published; so are those of ethnic groups,
    on residents lived to today. Then one cohort of ``lives`` gives the tables. The same
    evidence, seed and lives give the same tables.
    """
    aim = aim_of(evidence)
    luck = Luck(seed, replication=APART)
    fewer = int(parameter(evidence, "derivation.lives_while_fitting"))
    many = lives or int(parameter(evidence, "derivation.lives"))
    fitted = _fit(evidence, aim, min(fewer, many), luck)
    rounds = int(parameter(evidence, "derivation.rounds_of_ethnicity"))
    first = live_once(aim, fitted, min(fewer, many), luck).tables
    risks = fit_ethnicity(aim, first, min(fewer, many) // 2, luck, rounds)
    aim = replace(aim, risks=risks)
    tables = live_once(aim, fitted, many, luck).tables
    ratios = np.exp(fitted.log_ratio).round(4).tolist()
    about = {
        "seed": seed,
        "lives": many,
        "hazard_ratio_most_least_deprived": dict(zip(aim.conditions, ratios, strict=True)),
        "evidence": sorted(evidence.used),
    }
    return replace(tables, about=about)


def _fit(evidence: Evidence, aim: Aim, lives: int, luck: Luck) -> Fitted:
    """Return the hazard ratios of fifths, and conditions at birth, that lead to the aim."""
    rounds = int(parameter(evidence, "derivation.rounds"))
    first = parameter(evidence, "derivation.first_damping")
    last = parameter(evidence, "derivation.last_damping")
    start = named(evidence, "deprivation.hazard_ratio.", aim.conditions, otherwise=1.0)
    now = Fitted(np.log(start), np.zeros(start.size))
    tried = []
    for step in np.linspace(first, last, rounds):
        prevalence = live_once(aim, now, lives, luck).prevalence
        ratio = -_gap(standardised_ratio(aim, prevalence) / aim.ratio)
        born = np.where(aim.from_birth, _gap(adults_aimed_at(aim, prevalence)), 0.0)
        now = Fitted(now.log_ratio + step * ratio, now.log_born + step * born)
        tried.append(now)
    return Fitted(
        np.mean([each.log_ratio for each in tried[-3:]], axis=0),
        np.mean([each.log_born for each in tried[-3:]], axis=0),
    )


def _gap(ratio: Floats) -> Floats:
    """Return the log of a ratio, 0 where too few had the condition to have one."""
    known = np.isfinite(ratio) & (ratio > 0)
    gap: Floats = np.log(np.where(known, ratio, 1.0))
    return gap


def standardised_ratio(aim: Aim, prevalence: Floats) -> Floats:
    """Return the adult prevalence ratio of fifth 1 to 5, standardised for age and sex.

    ``prevalence`` is (n_conditions, AGES, 2, 5); the ratio has one value a condition.
    """
    weights = aim.population[_ADULT:].sum(axis=2)
    by_fifth = np.einsum("casq,as->cq", prevalence[:, _ADULT:], weights)
    return _over(by_fifth[:, 0], by_fifth[:, -1])


def adults_aimed_at(aim: Aim, prevalence: Floats) -> Floats:
    """Return adults aimed at over adults found, of each condition."""
    weights = aim.population[_ADULT:]
    found = np.einsum("casq,asq->c", prevalence[:, _ADULT:], weights)
    aimed_at = np.einsum("cas,asq->c", aim.present[:, _ADULT:-1], weights)
    return _over(aimed_at, found)


def _over(above: Floats, below: Floats) -> Floats:
    """Return ``above`` over ``below``, not a number where nobody was found."""
    ratio: Floats = np.full(above.shape, np.nan)
    return np.divide(above, below, out=ratio, where=below > 0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Derive the tables and write them."""
    parser = argparse.ArgumentParser(description="Derive the disease tables from the evidence.")
    parser.add_argument("--evidence", type=Path, default=EVIDENCE)
    parser.add_argument("--to", type=Path, default=DEFAULT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--lives", type=int, default=None)
    given = parser.parse_args(arguments)
    derive(Evidence(given.evidence), given.seed, given.lives).save(given.to)


if __name__ == "__main__":
    main()
