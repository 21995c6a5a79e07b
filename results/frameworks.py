"""Outcomes frameworks of the source documents, row by row, in the documents' own words."""

from __future__ import annotations

import pandas as pd

from results.settings import Settings

TOPIC = "outcome_indicator"
# Each indicator of the documents: the measures that stand for it.
MEASURED: dict[str, tuple[str, ...]] = {
    "more people found early: hypertension, type 2 diabetes, CKD, depression, chronic pain": (
        "found_share",
    ),
    "more patients in treatment target range": ("controlled_share",),
    "fewer A&E attendances, GP appointments and non-elective admissions": (
        "ae_attendances",
        "gp_contacts",
        "emergency_admissions",
    ),
    "higher patient activation and experience": ("activation",),
    "more preventive care (vaccination, smoking cessation)": ("smokers_share",),
    "fewer socially isolated": ("isolated_share",),
    "less depression and anxiety": ("depression_prevalence", "anxiety_prevalence"),
    "fewer GP, community and outpatient appointments": (
        "gp_contacts",
        "community_contacts",
        "outpatient_first",
        "outpatient_follow_up",
    ),
    "higher staff satisfaction": ("staff_workload",),
    "extended years of life": ("life_years", "life_expectancy_birth"),
    "potential years of life lost amenable to healthcare": ("years_lost_before_75",),
    "life expectancy at 75 by sex": ("life_expectancy_75",),
    "smoking": ("smokers_share",),
    "emergency admissions": ("emergency_admissions",),
    "permanent care-home admissions per 100,000": ("care_home_admissions",),
    "supported to die at home if wished": ("deaths_at_home_share",),
    "health-related quality of life for people with LTCs": ("utility_with_ltc",),
    "quality of extended years of life": ("qalys",),
    "patient activation": ("activation",),
    "emergency readmissions within 30 days": ("readmissions_30d", "readmission_share"),
    "proportion of care delivered in the community": ("community_care_share",),
    "length of stay": ("length_of_stay",),
    "A&E attendances and emergency admissions": ("ae_attendances", "emergency_admissions"),
    "waiting time": ("gp_wait_days", "outpatient_wait_days", "ed_within_4_hours"),
    "care planning": ("assessments",),
    "care to evidence-based standards": ("controlled_share",),
}
# Indicators that are an inequality: the index and the measures it is taken of.
UNEQUAL: dict[str, tuple[str, ...]] = {
    "smaller inequalities by age, sex, deprivation, ethnicity": ("qalys", "emergency_admissions"),
    "gap in life expectancy at birth": ("life_expectancy_birth",),
    "variation in service quality and outcomes": ("controlled_share",),
    "unwarranted variation": ("avoidable_emergency_admissions",),
}
STANDS_FOR = {
    "potential years of life lost amenable to healthcare": "all causes, not amenable ones alone",
    "higher patient activation and experience": "activation; experience is not simulated",
    "more preventive care (vaccination, smoking cessation)": "smoking; vaccines are not simulated",
    "higher staff satisfaction": "the workload of practice staff stands in for it",
    "care to evidence-based standards": "treatment to target stands in for it",
    "care planning": "assessments and care plans made",
}
NOT_SIMULATED = "not simulated"
ARM = ["place", "design", "effects"]
GROUPS = ("unit", "group_by", "group", "year")
SHOWN = ("mean", "baseline_mean", "difference", "difference_low", "difference_high")


def frameworks_table(
    comparison: pd.DataFrame, inequality: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """Return ``frameworks.csv``: every indicator of the documents, by design and year.

    An indicator that the program does not simulate has one row that says so.
    """
    indicators = _indicators(settings)
    if comparison.empty:
        columns = [*ARM, *indicators.columns, "measure", *GROUPS, *SHOWN]
        return indicators.assign(measure="", year="").reindex(columns=columns)
    whole = comparison[comparison["group_by"].isin(["all", "sex"])]
    gaps = inequality[(inequality["index"] == "sii") & (inequality["group_by"] == "imd_quintile")]
    parts = [
        _rows(indicators, MEASURED, whole[whole["discounted"] == "no"]),
        _rows(indicators, UNEQUAL, _designs(gaps)),
        indicators[~indicators["indicator"].isin([*MEASURED, *UNEQUAL])].assign(
            note=NOT_SIMULATED, measure="", year=""
        ),
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[[*ARM, *table.columns.difference(ARM, sort=False)]]
    return table.fillna(dict.fromkeys((*ARM, "unit", "group_by", "group"), ""))


def _designs(gaps: pd.DataFrame) -> pd.DataFrame:
    """Keep paired rows, standardised where there are such, and name the index in the unit."""
    paired = gaps[gaps["difference"].notna()]
    best = paired.sort_values("standardised", kind="stable").drop_duplicates(
        ["place", "design", "effects", "measure", "year"], keep="last"
    )
    return best.sort_index().assign(unit="slope index, least less most deprived")


def _indicators(settings: Settings) -> pd.DataFrame:
    rows = settings.evidence.rows("plan_targets", topic=TOPIC)
    table = pd.DataFrame(
        {
            "document": [row["document"] for row in rows],
            "domain": [row["section"] for row in rows],
            "indicator": [row["item"] for row in rows],
        }
    )
    return table.assign(note=table["indicator"].map(STANDS_FOR).fillna(""))


def _rows(
    indicators: pd.DataFrame, measures: dict[str, tuple[str, ...]], found: pd.DataFrame
) -> pd.DataFrame:
    pairs = pd.DataFrame(
        [(name, measure) for name, keys in measures.items() for measure in keys],
        columns=["indicator", "measure"],
    )
    return (
        indicators.merge(pairs, on="indicator")
        .merge(found[[*ARM, "measure", *GROUPS, *SHOWN]], on="measure")
        .reset_index(drop=True)
    )
