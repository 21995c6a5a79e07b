"""Susceptibility, effects of one condition on another and death ratios, from the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from agents.conditions import load_conditions
from agents.evidence import Evidence, Figure, Row
from agents.hazards import Effects, exact
from agents.population import SEXES
from calibration.sources import parameter, rows_with_figures

Floats = npt.NDArray[np.float64]
Pair = tuple[str, str]
Found = list[tuple[Row, Figure]]


def clusters(evidence: Evidence) -> tuple[str, ...]:
    """Return the names of the susceptibility scores, in the order of the evidence."""
    rows = evidence.rows("condition_loadings")
    return tuple(dict.fromkeys(row["cluster"] for row in rows))


def build_effects(evidence: Evidence) -> Effects:
    """Return everything that multiplies a person's hazards."""
    conditions = load_conditions(evidence)
    keys = tuple(condition.key for condition in conditions)
    moods = {row["condition"] for row in evidence.rows("condition_rules", rule="mood")}
    pairs = _pair_effects(evidence, keys)
    ratio = parameter(evidence, "rr.physical_to_mood.per_condition")
    return Effects(
        loadings=exact(_loadings(evidence, keys)),
        source=np.array([effect[0] for effect in pairs], np.int64),
        from_age=np.array([effect[1] for effect in pairs], np.float64),
        to_age=np.array([effect[2] for effect in pairs], np.float64),
        for_sex=np.array([effect[3] for effect in pairs], np.bool_),
        log_ratio=exact(np.array([effect[4] for effect in pairs], np.float64)),
        physical=np.array([condition.physical for condition in conditions]),
        mood=np.array([key in moods for key in keys]),
        log_per_physical=float(exact(np.log([ratio]))[0]),
        physical_cap=parameter(evidence, "rr.physical_to_mood.cap"),
        log_death_ratio=exact(_death_ratios(evidence, keys)),
    )


def _loadings(evidence: Evidence, keys: tuple[str, ...]) -> Floats:
    names = clusters(evidence)
    spread = {name: parameter(evidence, _spread_key(name)) for name in names}
    loadings = np.zeros((len(names), len(keys)))
    for row, figure in rows_with_figures(evidence, "condition_loadings"):
        if row["condition"] in keys:
            place = names.index(row["cluster"]), keys.index(row["condition"])
            loadings[place] = figure.value * spread[row["cluster"]]
    return loadings


def _spread_key(cluster: str) -> str:
    return (
        f"frailty.{cluster}.log_sd" if cluster == "global" else f"frailty.cluster.{cluster}.log_sd"
    )


def _death_ratios(evidence: Evidence, keys: tuple[str, ...]) -> Floats:
    """Return the log ratio of death by sex and condition, raised to the pack's power."""
    power = parameter(evidence, "mortality.hr.exponent")
    logs = np.zeros((2, len(keys)))
    rows = rows_with_figures(evidence, "mortality", measure="mortality_hr_condition_all_cause")
    for row, figure in rows:
        sexes = [0, 1] if row["sex"] == "all" else [SEXES.index(row["sex"])]
        if row["condition"] in keys:
            logs[sexes, keys.index(row["condition"])] = power * np.log(figure.value)
    return logs


# -------------------------------------------------------------------- pairs

_YOUNG_ADULT = 21  # studies of adults begin at 16 to 21

Effect = tuple[int, float, float, tuple[bool, bool], Floats]
Acting = tuple[str, float, float, tuple[bool, bool]]


def _pair_effects(evidence: Evidence, keys: tuple[str, ...]) -> list[Effect]:
    """Return each distinct (source, ages, sexes) with its log ratios on every onset."""
    power = parameter(evidence, "rr.pair.exponent")
    joined: dict[Acting, Floats] = defaultdict(lambda: np.zeros(len(keys)))
    for (source, outcome), found in _pairs(evidence, keys).items():
        for acting, ratio in _by_age(source, found):
            for target in _outcomes(evidence, outcome, found):
                joined[acting][keys.index(target)] += power * np.log(ratio)
    return [(keys.index(acting[0]), *acting[1:], logs) for acting, logs in sorted(joined.items())]


def _pairs(evidence: Evidence, keys: tuple[str, ...]) -> dict[Pair, Found]:
    """Return the rows of each pair of conditions, preferred rows alone where there are any.

    Parts of a condition (five cancers) stand for it, unless the pair has rows of its own; a
    condition does not act on itself.
    """
    parts = {
        row["name"]: row["condition"] for row in evidence.rows("condition_rules", rule="part_of")
    }
    own: dict[Pair, Found] = defaultdict(list)
    by_part: dict[Pair, Found] = defaultdict(list)
    rows = rows_with_figures(
        evidence, "cooccurrence", kind="pair", measure="relative_risk", direction="a then b"
    )
    for row, figure in rows:
        names = row["condition_a"], row["condition_b"]
        pair = parts.get(names[0], names[0]), parts.get(names[1], names[1])
        if pair[0] != pair[1] and pair[0] in keys and pair[1] in keys:
            (own if pair == names else by_part)[pair].append((row, figure))
    found = {**by_part, **own}
    return {pair: _preferred(rows) or rows for pair, rows in found.items()}


def _preferred(rows: Iterable[tuple[Row, Figure]]) -> Found:
    return [(row, figure) for row, figure in rows if figure.note.startswith("preferred")]


def _outcomes(evidence: Evidence, outcome: str, found: Found) -> list[str]:
    """Return the conditions an effect acts on: older rows count depression or anxiety as one."""
    also = evidence.rows("condition_rules", rule="also_means", name=outcome)
    return [outcome] if _preferred(found) else [outcome, *(row["condition"] for row in also)]


def _acts_from(row: Row) -> float:
    """Return the first age of a row; studies of adults hold for children too."""
    low = float(row["age_low"])
    return low if low > _YOUNG_ADULT else 0.0


def _by_age(source: str, found: Found) -> list[tuple[Acting, float]]:
    """Return the ratio of one pair by age and sex.

    A preferred row acts from its first age (from birth where that is young adulthood) to
    the first age of the next, the last one for life. Older rows are samples at a few ages
    that hardly differ: their geometric mean acts at all ages.
    """
    if not _preferred(found):
        mean = float(np.exp(np.mean([np.log(figure.value) for _, figure in found])))
        return [((source, 0.0, np.inf, (True, True)), mean)]
    acting = []
    for sex in sorted({row["sex"] for row, _ in found}):
        who = (sex in ("all", "female"), sex in ("all", "male"))
        rows = sorted((_acts_from(row), figure.value) for row, figure in found if row["sex"] == sex)
        ends = [low for low, _ in rows[1:]] + [np.inf]
        acting += [
            ((source, low, end, who), ratio) for (low, ratio), end in zip(rows, ends, strict=True)
        ]
    return acting
