"""How practices and the people who ask them behave: every number from the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence

Floats = npt.NDArray[np.float64]

SERVICE, SETTINGS = "practice_consultation", "care_settings"
URGENT, PLANNED, ROUTINE = 0, 1, 2
KINDS = ("same-day urgent", "planned ahead 4-45 days", "routine, first free slot")
# Where an unmet request goes; ``again`` asks anew on the next working day by itself.
LEAKS = ("ed", "nhs111", "pharmacy", "again", "nothing")
PER = 10_000
WORKING_WEEK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How practices and people behave; every number from the evidence.

    Shares are from 0 to 1, waits in working days.
    """

    slots_per_head: float
    kinds: Floats  # share of requests of each kind
    leak_edges: Floats
    latent: float
    held_back: float
    held_back_highest: float
    memory: float
    monday: float
    give_up_at: float
    give_up_scale: float
    leaving: float
    lead: tuple[float, float, float]
    queue_at_start: float
    any_day: float  # share of routine requests that would be seen today
    after_release: float  # share of routine requests made when held-back slots are released
    missed: Floats  # (5 IMD fifths, 3 groups of conditions: none, 1-3, 4+)

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        capacity: Mapping[str, Mapping[str, float]],
        settings: Mapping[str, float],
    ) -> Rules:
        """Read the rules; ``capacity`` is the place's, per 10,000 people and year."""

        def rows(term: str, levels: tuple[str, ...]) -> Floats:
            return np.array([level(term, name) for name in levels])

        def level(term: str, name: str) -> float:
            return evidence.value("baseline_demand", service=SERVICE, term=term, level=name)

        def setting(name: str) -> float:
            return evidence.value(SETTINGS, key=f"practice.{name}")

        factor = settings.get("gp.capacity_factor", 1.0)
        return cls(
            slots_per_head=capacity["practice"]["all slots"] / PER * factor,
            kinds=rows("request_type_share", KINDS),
            leak_edges=edges(np.array([setting(f"leak.{name}") for name in LEAKS])),
            latent=level("latent_request_factor", "all"),
            held_back=capacity["practice"]["same-day share held back"],
            held_back_highest=setting("held_back_highest"),
            memory=setting("held_back_memory"),
            monday=setting("monday_factor"),
            give_up_at=level("give_up", "offered wait at which half decline"),
            give_up_scale=setting("give_up_scale"),
            leaving=level("give_up", "leave the queue"),
            lead=(
                setting("planned_lead_lowest"),
                level("planned_lead", "triangular 3-8-32"),
                setting("planned_lead_highest"),
            ),
            any_day=setting("routine_any_day"),
            after_release=setting("routine_after_release"),
            queue_at_start=setting("queue_at_start"),
            missed=_missed(evidence, level("dna", "all")),
        )


def edges(shares: Floats) -> Floats:
    """Return where each share begins but the first, so that ``searchsorted`` picks one."""
    edges: Floats = np.cumsum(shares / shares.sum())[:-1]
    return edges


def shares_of_week(monday: float) -> Floats:
    """Return how requests of closed days spread over the next five working days.

    A seventh of the week's requests arise on each day; with what is put off to it, the first
    working day gets ``monday`` times as many as the others.
    """
    other = 1.0 / (WORKING_WEEK - 1 + monday)
    wanted = np.array([monday * other] + [other] * (WORKING_WEEK - 1))
    return wanted - 1.0 / 7.0


def _missed(evidence: Evidence, mean: float) -> Floats:
    """Return the chance of not attending by deprivation fifth and number of conditions.

    The published gradients, around the published mean over England's appointments.
    """

    def ratio(to: str) -> float:
        return evidence.value("mechanisms", mechanism="dna", to=to)

    few, most = ratio("missed GP appointments"), ratio("repeated missed GP appointments")
    many = evidence.value(SETTINGS, key="practice.dna_ratio_ltc_4")
    names = ("0", "1_3", "4")
    weights = [evidence.value(SETTINGS, key=f"practice.dna_share_ltc_{name}") for name in names]
    by_ltc = np.array([1.0, few, many])
    by_imd = most ** ((3.0 - np.arange(1, 6)) / 4.0)
    by_imd /= by_imd.mean()
    chances: Floats = mean * by_imd[:, None] * by_ltc / np.average(by_ltc, weights=weights)
    return chances


def triangular_share(value: Floats, low: float, mode: float, high: float) -> Floats:
    """Return the share of the triangular distribution below each value."""
    value = np.clip(value, low, high)
    up = (value - low) ** 2 / ((high - low) * (mode - low))
    down = 1.0 - (high - value) ** 2 / ((high - low) * (high - mode))
    return np.where(value < mode, up, down)
