"""Who works in a practice, in which way people meet them, and who shares them.

GPs, nurses and other staff belong to a practice; pharmacists, physiotherapists, mental-health
practitioners and care coordinators are shared by the practices of a network. Each role of each
of them is a pool of slots with a queue of its own. A contact is face to face, by telephone,
online or a home visit: that decides how long it takes and how often it is missed. A shorter
contact frees no slot: telephone first saved no time of GPs (Newbould et al., BMJ 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TABLE, SERVICE = "practice_team", "practice_consultation"
OWN = ("gp", "practice nurse", "other direct patient care")  # of each practice; seen on the day
NETWORK = ("pharmacist", "physiotherapist", "mental-health practitioner", "care coordinator")
ROLES = (*OWN, *NETWORK)
# What each role is called among settings and in its evidence rows.
SHORT = (
    "gp",
    "practice_nurse",
    "other",
    "pharmacist",
    "physiotherapist",
    "mental_health",
    "care_coordinator",
)
MODES = ("face to face", "telephone", "online", "home visit")
OTHER_MODES = ("telephone", "online", "home_visit")  # face to face is the rest
REMOTE = (MODES.index("telephone"), MODES.index("online"))
GOLDEN = (5.0**0.5 - 1.0) / 2.0
KINDS = 3  # same day, planned ahead, first free slot: ``practice.KINDS``


# Settings that multiply a role's slots or the share of a mode, whose usual value is 1.
SETTINGS = frozenset(f"gp.{name}_factor" for name in (*SHORT, *OTHER_MODES))


def odd(pool: Integers | int, day: Integers | int) -> Floats:
    """Return what is added before a part of a slot is cut off, evenly spread from 0 to 1.

    It differs by pool and working day, so that parts of slots come out right on average.
    """
    return np.asarray((day * GOLDEN + pool * GOLDEN**2) % 1.0)


def role_factors(settings: Mapping[str, float]) -> Floats:
    """Return (roles,) multiples of each role's own slots that ``settings`` ask for."""
    return np.array([settings.get(f"gp.{name}_factor", 1.0) for name in SHORT])


def _mode_factors(settings: Mapping[str, float]) -> Floats:
    return np.array([settings.get(f"gp.{name}_factor", 1.0) for name in OTHER_MODES])


def _shares(evidence: Evidence) -> Floats:
    """Return (roles,) the share of each role in all appointments."""

    def published(name: str) -> float:
        return evidence.value("baseline_demand", service=SERVICE, term="share_by_role", level=name)

    network = np.array([evidence.value(TABLE, key=f"share.{name}") for name in SHORT[len(OWN) :]])
    other = published(OWN[2])
    shares = [published(OWN[0]), published(OWN[1]), other * (1.0 - network.sum())]
    return np.array([*shares, *(other * network)])


def _kind_shares(shares: Floats, kinds: Floats, evidence: Evidence) -> Floats:
    """Return (roles, kinds) how each role's requests divide, so that all keep ``kinds``.

    Staff of the network are booked ahead; other staff of the practice take what is left of
    the requests for the same day.
    """
    urgent = np.zeros(len(ROLES))
    urgent[:2] = [evidence.value(TABLE, key=f"urgent.{name}") for name in SHORT[:2]]
    urgent[2] = np.clip((kinds[0] - urgent[:2] @ shares[:2]) / shares[2], 0.0, 1.0)
    later = kinds[1:] / kinds[1:].sum()
    return np.column_stack([urgent, np.outer(1.0 - urgent, later)])


def _mode_shares(evidence: Evidence, factors: Floats) -> Floats:
    """Return (roles, modes) how each role meets people; ``factors`` multiply the other modes."""
    rows = [
        [evidence.value(TABLE, key=f"mode.{mode}.{name}") for mode in OTHER_MODES] for name in SHORT
    ]
    others = np.array(rows) * factors
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1.0)
    return np.column_stack([1.0 - others.sum(axis=1), others])


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """How requests and slots divide by role, and contacts by mode.

    Attributes
    ----------
    asked, slots : (roles,) share of requests for each role, and its slots, as shares of all
        that the place has (their sum is not 1 where a design has more or fewer)
    kinds : (roles, kinds) share of each kind among a role's requests
    modes : (roles, modes) share of each mode among a role's contacts
    edges : where each role and mode but the first begins, so that ``searchsorted`` picks one
    urgent : (roles,) a role's share of same-day requests over that of all roles
    missed : (modes,) ratio to the mean chance of missing an appointment
    minutes : (roles, modes) length of a contact
    """

    asked: Floats
    slots: Floats
    kinds: Floats
    modes: Floats
    edges: Floats
    urgent: Floats
    missed: Floats
    minutes: Floats

    @classmethod
    def of(cls, evidence: Evidence, kinds: Floats, settings: Mapping[str, float]) -> Team:
        """Read the team; ``kinds`` (kinds,) is the share of each kind in all requests."""

        def number(key: str) -> float:
            return evidence.value(TABLE, key=key)

        shares = _shares(evidence)
        by_kind = _kind_shares(shares, kinds, evidence)
        modes = _mode_shares(evidence, _mode_factors(settings))
        slots = shares * role_factors(settings)
        follow = number("navigation") * (slots.sum() > 0.0)
        asked = shares * (1.0 - follow) + slots / max(slots.sum(), 1e-12) * follow
        cells = (asked[:, None] * modes).ravel()
        usual = shares @ _mode_shares(evidence, np.ones(len(OTHER_MODES)))
        missed = np.array([1.0, *(number(f"missed.{mode}") for mode in OTHER_MODES)])
        length = np.array([1.0, *(number(f"length.{mode}") for mode in OTHER_MODES)])
        face_to_face = np.array([number(f"minutes.{name}") for name in SHORT])
        return cls(
            asked=asked,
            slots=slots,
            kinds=by_kind,
            modes=modes,
            edges=np.cumsum(cells)[:-1],
            urgent=by_kind[:, 0] / kinds[0],
            missed=missed / (usual @ missed),
            minutes=np.outer(face_to_face, length),
        )

    @property
    def mean_minutes(self) -> Floats:
        """(roles,) mean length of a contact."""
        mean: Floats = (self.modes * self.minutes).sum(axis=1)
        return mean

    @property
    def kind_ends(self) -> Floats:
        """(roles, kinds - 1) where each kind but the last ends, plus the number of its role."""
        ends: Floats = np.cumsum(self.kinds, axis=1)[:, : KINDS - 1]
        return ends + np.arange(len(ROLES))[:, None]


@dataclass(frozen=True, slots=True)
class Pools:
    """Which pool of slots serves whom.

    The first pools are those of the practices, in order of practice and then of role (``OWN``);
    those of the networks (``NETWORK``) come after them.

    Attributes
    ----------
    of : (practices, roles) the pool of each
    role : (pools,) whose slots they are
    own : how many pools belong to one practice
    """

    of: Integers
    role: Integers
    own: int

    @classmethod
    def for_practices(cls, registered: Integers, network_people: float) -> Pools:
        """Return the pools of practices with so many people, joined to networks in their order."""
        practices = len(registered)
        networks = max(1, round(float(registered.sum()) / network_people))
        middle = np.cumsum(registered) - registered / 2.0
        network = (middle / max(float(registered.sum()), 1.0) * networks).astype(np.int64)
        own = practices * len(OWN)
        of = np.empty((practices, len(ROLES)), np.int64)
        of[:, : len(OWN)] = np.arange(own).reshape(practices, len(OWN))
        network = np.minimum(network, networks - 1)
        of[:, len(OWN) :] = own + network[:, None] * len(NETWORK) + np.arange(len(NETWORK))
        role = np.concatenate(
            [
                np.tile(np.arange(len(OWN)), practices),
                np.tile(np.arange(len(OWN), len(ROLES)), networks),
            ]
        )
        return cls(of, role, own)

    def __len__(self) -> int:
        return len(self.role)

    def sums(self, by_practice: Floats) -> Floats:
        """Return (pools,) sums of (practices, roles) numbers of those who share a pool."""
        return np.bincount(self.of.ravel(), by_practice.ravel(), len(self)).astype(np.float64)

    def by_role(self, numbers: Floats | Integers) -> Floats:
        """Return (roles,) sums of (pools,) numbers."""
        return np.bincount(self.role, numbers, len(ROLES)).astype(np.float64)
