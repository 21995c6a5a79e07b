"""Who a way of organising care is for, how they are found, and what they receive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who a design is for: all rules of ``include`` hold and none of ``exclude``."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    separately: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How eligible people are found and invited.

    Every ``every_days`` the team invites the people at highest risk who are not yet on the
    pathway, at most ``invitations_per_10000_a_year``; a person of fifth q accepts with
    probability ``acceptance[q - 1]`` and may be invited again after ``again_after_days``.
    ``order`` is ``risk`` (highest first) or ``chance`` (no case finding: whoever comes first).
    """

    every_days: int
    invitations_per_10000_a_year: float
    acceptance: tuple[float, float, float, float, float]
    reply_days: float
    again_after_days: float
    order: str = "risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What people on the pathway receive once they have a coordinator's place.

    Shares are of those assessed. Slots are ordinary practice appointments.
    """

    months: float
    coordinator_contacts: int
    assessment_gp_slots: int
    review_every_days: float
    review_slots: int
    mdt_share: float
    link_worker_share: float
    group_sessions: int
    group_share: float
    drop_out_per_year: float
