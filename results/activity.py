"""Activity by point of delivery and locality, beside the growth that a plan calls momentum."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from results.comparison import Arm, named
from results.outcomes import PER, with_total, year_labels
from results.quantities import COLUMN
from results.settings import Settings
from results.sheets import Sheet, Stack, described, joined, levels, product, summary
from results.sums import Sums

# Points of delivery: what they count, and the row of their growth where a plan states one.
PLACES = ["point_of_delivery", "locality"]
POINTS: dict[str, tuple[tuple[str, ...], str]] = {
    "A&E attendances": (("ae_attendances",), "momentum_ae"),
    "non-elective admissions": (("emergency_admissions",), "momentum_emergency_admissions"),
    "elective admissions": (("elective_admissions",), "momentum_elective"),
    "day cases": (("day_cases",), "momentum_day_case"),
    "outpatient attendances": (
        ("outpatient_first", "outpatient_follow_up"),
        "momentum_outpatient",
    ),
    "first outpatient attendances": (("outpatient_first",), ""),
    "follow-up outpatient attendances": (("outpatient_follow_up",), ""),
    "bed days": (("emergency_bed_days", "elective_bed_days"), ""),
    "practice appointments": (("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other"), ""),
    "NHS 111 calls": (("nhs111_calls",), ""),
    "ambulance incidents": (("ambulance_incidents",), ""),
    "community contacts": (("community_contacts",), ""),
    "mental-health contacts": (("mental_health_contacts", "talking_therapy_contacts"), ""),
    "team discussions": (("mdt_reviews",), ""),
    "voluntary-sector contacts": (("vcse_contacts", "vcse_group_sessions"), ""),
    "prescription items": (("prescription_items",), ""),
}


def activity_sheet(sums: Sums) -> Sheet:
    """Return a run's activity of the place by point of delivery, locality and year."""
    blocks = []
    for grouping, labels in (("all", ("all",)), ("locality", sums.labels["locality"])):
        amounts = with_total(sums.by(grouping)) * sums.run.scale
        counts = np.stack(
            [
                amounts[..., [COLUMN[name] for name in names]].sum(axis=-1)
                for names, _ in POINTS.values()
            ]
        )
        people = np.broadcast_to(amounts[..., COLUMN["person_years"]], counts.shape)
        keys = product(
            {
                "point_of_delivery": list(POINTS),
                "locality": labels,
                "year": year_labels(sums.run.years),
            }
        )
        numbers = {
            "value": counts.transpose(0, 2, 1).ravel(),
            "people": people.transpose(0, 2, 1).ravel(),
        }
        blocks.append(Sheet(keys, numbers))
        if labels == sums.labels["locality"] == ("all",):
            break
    return joined(blocks)


def activity_table(
    stacks: Mapping[Arm, Stack], baselines: Mapping[str, Arm], settings: Settings
) -> pd.DataFrame:
    """Return ``activity.csv``; momentum is usual care's first year grown at the plan's rate."""
    parts = []
    for arm, stack in stacks.items():
        table = levels(stack)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = summary(PER * stack.numbers["value"] / stack.numbers["people"], stack.draws)
        base = described(stacks[baselines[arm[0]]])
        table = table.assign(per_1000=rate.mean, momentum=_momentum(table, base, settings))
        table["from_momentum"] = table["mean"] / table["momentum"] - 1.0
        parts.append(named(arm, table))
    return pd.concat(parts, ignore_index=True)


def _momentum(table: pd.DataFrame, base: pd.DataFrame, settings: Settings) -> pd.Series:
    """Return what each row would be if usual care's first year grew at the plan's rate."""
    growth = {point: 1.0 + settings.value(key) / 100.0 for point, (_, key) in POINTS.items() if key}
    first = base[base["year"] == "1"].set_index(PLACES)["mean"]
    start = pd.Series(
        first.reindex(pd.MultiIndex.from_frame(table[PLACES])).to_numpy(), table.index
    )
    rate = table["point_of_delivery"].map(growth)
    years = int(pd.to_numeric(table["year"], errors="coerce").max())
    year = pd.to_numeric(table["year"], errors="coerce")
    single = rate ** (year - 1)
    whole = sum(rate**step for step in range(years))
    return (start * single.where(year.notna(), whole)).where(rate.notna())
