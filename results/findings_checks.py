"""What the figure on simulated beside published draws and its table lists."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from results.report_data import ReportData, number
from results.report_findings import is_yes
from results.report_measures import spoken
from results.report_numbers import capital
from results.wording import Spread

CHECK_NAMES = {
    "practice_appointments": "Practice appointments per head",
    "ae_attendances": "A&E attendances per head",
    "ae_type1": "Type 1 A&E attendances per head",
    "emergency_admissions": "Emergency admissions per head",
    "avoidable_emergency_admissions": "Avoidable emergency admissions per head",
    "outpatient_attendances": "Outpatient visits per head",
    "day_cases": "Day cases per head",
    "elective_admissions": "Planned admissions per head",
    "bed_days": "Bed days per head",
    "community_contacts": "District-nursing contacts per head",
    "mental_health_contacts": "Mental-health contacts per head",
    "readmissions_30d_share": "Readmitted within 30 days",
    "people_admitted_share": "People admitted in a year",
    "gp_same_day_share": "Practice visits on the same day",
    "ed_within_4_hours": "Through A&E within 4 hours",
    "ed_over_12_hours": "Over 12 hours in A&E",
    "bed_occupancy": "Emergency beds occupied",
    "age_at_2plus_most_deprived": "Age at two conditions, most deprived",
    "age_at_2plus_least_deprived": "Age at two conditions, least deprived",
    "age_at_2plus_gap": "Gap in age at two conditions",
    "prevalence_2plus_adults": "Adults with two or more conditions",
    "admissions_by_2plus": "Admissions of people with 2+ conditions",
    "appointments_by_2plus": "Appointments of people with 2+ conditions",
    "nhs_cost_per_head": "NHS cost per head",
    "nhs_cost_deprivation_ratio": "NHS cost, most v least deprived",
    "nhs_spend_per_head": "NHS spend per head, with lines not simulated",
    **{
        f"nhs_spend_imd_{fifth}": f"NHS spend per head, {which}"
        for fifth, which in enumerate(
            ("most deprived", "second fifth", "middle fifth", "fourth fifth", "least deprived"), 1
        )
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One simulated value beside the published one, as a ratio."""

    name: str
    fitted: bool
    simulated: Spread
    published: float
    unit: str
    source: str

    @property
    def ratio(self) -> Spread:
        """Simulated over published."""
        return Spread(
            mean=self.simulated.mean / self.published,
            low=self.simulated.low / self.published,
            high=self.simulated.high / self.published,
        )

    @property
    def within(self) -> bool:
        """True where the simulated mean lies within 10% of the published value."""
        return abs(self.ratio.mean - 1.0) <= 0.10

    @property
    def missed(self) -> bool:
        """True where the whole interval lies further than 10% off, or the mean without one."""
        low, high = self.ratio.low, self.ratio.high
        if not (math.isfinite(low) and math.isfinite(high)):
            return not self.within
        return low > 1.10 or high < 0.90

    @property
    def reading(self) -> str:
        """What may be said of the check."""
        if self.within:
            return "within 10%"
        return "outside 10%" if self.missed else "cannot be told"

    @property
    def loose(self) -> bool:
        """True where the interval is so wide that it could not tell a miss of 10%."""
        return self.ratio.high - self.ratio.low > 0.20


def check_rows(data: ReportData) -> list[CheckRow]:
    """Return the checks, those used to fit first; standardised to England where that is given."""
    table = data.table("checks")
    if table is None:
        return []
    found: dict[str, tuple[bool, CheckRow]] = {}
    for _, row in table.iterrows():
        check, standard = _check_row(row), is_yes(row.get("standardised"))
        if check is not None and (check.name not in found or standard):
            found[check.name] = (standard, check)
    return sorted((check for _, check in found.values()), key=lambda row: not row.fitted)


def _check_row(row: pd.Series) -> CheckRow | None:
    published, simulated = number(row, "published"), number(row, "mean")
    if not published or not math.isfinite(published + simulated):
        return None
    key = str(row["check"])
    return CheckRow(
        name=CHECK_NAMES.get(key, capital(spoken(key))),
        fitted=str(row.get("role", "")) == "calibrate",
        simulated=Spread(mean=simulated, low=number(row, "low"), high=number(row, "high")),
        published=published,
        unit=str(row.get("unit", "")),
        source=str(row.get("source", "")),
    )


def widest(rows: list[CheckRow]) -> list[CheckRow]:
    """Return the clear misses, the widest first."""
    misses = [row for row in rows if row.missed]
    return sorted(misses, key=lambda row: -abs(row.ratio.mean - 1.0))
