"""Every measure by its key, and the table that says what each of them is."""

from __future__ import annotations

import pandas as pd

from results.measure import AGE, BEYOND, COUNT, OURS, WAIT, Measure
from results.measures_of_care import OF_CARE, OF_MONEY, OF_WAITS, OF_WORK
from results.measures_of_people import OF_BEYOND, OF_HEALTH, OF_LIFE, OF_PEOPLE

MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (
        *OF_PEOPLE,
        *OF_LIFE,
        *OF_BEYOND,
        *OF_HEALTH,
        *OF_CARE,
        *OF_WAITS,
        *OF_WORK,
        *OF_MONEY,
    )
}


# What a reader may look for and the run record cannot say, with the reason.
ABSENT: dict[str, tuple[str, str]] = {
    "economically_active_share": (
        "people who work or look for work",
        "the run record holds nothing on work: no component changes it and no published effect "
        "of the designs on it was found",
    ),
}
NEVER_SEEN = "no run of this experiment recorded any, so that nothing can be said of it"
LIMITS: dict[str, str] = {
    "care_home_admissions": "who lives in a care home is settled at the start and no component "
    "moves people there: nothing recorded is no sign that nobody moves",
    "social_care_cost": "care-home residence alone; care packages are not simulated, so that "
    "this cost can hardly differ between designs",
    "staff_workload": "practice staff alone; the use of other staff is in resources.csv. It is "
    "no measure of how staff feel",
    "carer_cost": "hours for each level of frailty are assumptions; carers' own health is not "
    "counted",
    "qalys": "people who move away count until they leave (qalys_after_leaving has the rest)",
    "age_at_2plus": "for all, by fifth and by sex; none where no age band reaches one half",
}
BY_FIFTH = "all, imd_quintile"
BY_LIFE = "all, imd_quintile, sex"
BY_ALL = "all, imd_quintile, age_band, sex, ethnicity, locality, practice, segment, ltc_count"


def _groups(measure: Measure) -> str:
    """Return the groupings in which a measure is shown."""
    if measure.kind == WAIT:
        return "all" if measure.denominator else BY_FIFTH
    return BY_LIFE if measure.kind in (AGE, BEYOND) else BY_ALL


def measures_table(recorded: frozenset[str] | None = None) -> pd.DataFrame:
    """Return ``measures.csv``: what each measure is, and which the runs could not say.

    ``recorded`` are the measures of which a run holds a number that is not nothing.
    """
    rows = [
        {
            "measure": measure.key,
            "title": measure.title,
            "unit": measure.unit,
            "definition": measure.definition,
            "numerator": " + ".join(measure.numerator).replace("+ -", "- ") or "see definition",
            "denominator": " + ".join(measure.denominator)
            or ("place" if measure.kind == COUNT else ""),
            "ages": measure.ages,
            "states": measure.states or "neither",
            "better": measure.better,
            "kind": measure.kind,
            "discounted": measure.worth or "no",
            "groups": _groups(measure),
            "recorded": "yes" if recorded is None or measure.key in recorded else "no",
            "note": _note(measure.key, recorded),
            "source": measure.source,
        }
        for measure in MEASURES.values()
    ]
    rows += [
        dict.fromkeys(rows[0], "")
        | {"measure": key, "title": title, "recorded": "no", "note": why, "source": OURS}
        for key, (title, why) in ABSENT.items()
    ]
    return pd.DataFrame(rows).sort_values("measure", ignore_index=True)


def _note(key: str, recorded: frozenset[str] | None) -> str:
    never = NEVER_SEEN if recorded is not None and key not in recorded else ""
    return "; ".join(part for part in (LIMITS.get(key, ""), never) if part)
