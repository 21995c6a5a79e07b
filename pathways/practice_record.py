"""What practices tell: what happened to people, and what roles and modes did.

A month is told when it ends, all its days at once, which keeps the day short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from pathways.diary import Diary
from pathways.ledger import Ledger
from pathways.practice_rules import ROUTINE
from pathways.practice_team import MODES, REMOTE, ROLES
from pathways.records import chosen, joined
from pathways.requests import Requests
from pathways.vocabulary import HOURS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CONTACTS = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
CONTACT_OF = np.array([0, 1, 2, 2, 2, 2, 2])  # of each role, into ``CONTACTS``
MINUTES = 60.0  # an hour


# Shares of contacts that are told: on how many days from asking at most.
WITHIN = {"same_day": 0, "within_7_days": 7, "within_14_days": 14, "within_28_days": 28}


@dataclass(frozen=True, slots=True)
class Day:
    """The requests of a working day by what became of them; ``failed`` holds the ``refused``.

    ``new`` is how many were made; those who ``left`` the queue are among the failed.
    """

    new: int
    seen: Requests
    missed: Requests
    refused: Requests
    failed: Requests
    left: int


@dataclass(slots=True)
class PracticeRecord:
    """Tells the ledger what the practices of a place did.

    Attributes
    ----------
    own_gp, own_gp_change : (n,) usual-provider index and what a design adds to it, where told
    """

    ledger: Ledger
    luck: Luck
    diary: Diary
    own_gp: Floats | None = field(init=False, default=None)
    own_gp_change: Floats | None = field(init=False, default=None)
    _told: list[Day] = field(init=False, default_factory=list)  # since settled
    _settled_on: int = field(init=False, default=0)  # working day from which that is
    _last: int = field(init=False, default=0)  # the last working day

    def day(self, day: int, now: int, told: Day) -> None:
        """Take up what happened on ``day``, the working day ``now``, to be told when settled."""
        self._told.append(told)
        self._last = now
        if self.ledger.keep_events:
            for event, some in (("seen", told.seen), ("unmet", told.failed)):
                waits = (day - some["asked"]).astype(np.float64)
                self.ledger.event(day, "gp", event, some["row"], waits)

    def settle(self, due: Requests) -> None:
        """Hand what happened since the last settlement to the ledger.

        ``due`` are the requests that still wait.
        """
        told, self._told = self._told, []
        if not told:
            return
        seen, missed, failed, refused = (
            joined([getattr(day, name) for day in told])
            for name in ("seen", "missed", "failed", "refused")
        )
        slots, booked, for_designs = self._slots_since()
        turned_away, left = len(refused), sum(day.left for day in told)
        self._tally(
            "all",
            {
                "capacity": float(slots.sum()),
                "used": float(booked.sum()),
                "arrivals": sum(day.new for day in told),
                "served": len(seen),
                "missed": len(missed),
                "turned_away": turned_away,
                "gave_up": len(failed) - turned_away,
                "left_queue": left,
            },
        )
        self._count_people(seen, missed, failed)
        contacts, gone = self._by_mode(seen), self._roles(refused)
        minutes = ((contacts + self._by_mode(missed)) * self.diary.team.minutes).sum(axis=1)
        mean_minutes = self.diary.team.mean_minutes
        self._tally_roles(
            {
                "capacity": slots,
                "used": booked,
                "turned_away": gone,
                "gave_up": self._roles(failed) - gone,
                "queue_end": self._roles(due),
            }
            | {f"seen {mode}": contacts[:, number] for number, mode in enumerate(MODES)},
            {
                "capacity": slots * mean_minutes,
                "used": minutes + for_designs * mean_minutes,
            },
        )
        self._tell_own_gp(seen)
        self._tell_waits(seen)

    def _tally(self, role: str, numbers: Mapping[str, float]) -> None:
        for metric, number in numbers.items():
            self.ledger.tally("gp", role, metric, number)

    def _tally_roles(
        self, numbers: Mapping[str, npt.NDArray[np.number]], minutes: Mapping[str, Floats]
    ) -> None:
        """Tell (roles,) numbers of each metric by role, and minutes as hours."""
        for number, role in enumerate(ROLES):
            self._tally(role, {name: float(some[number]) for name, some in numbers.items()})
            hours = {name: float(some[number]) / MINUTES for name, some in minutes.items()}
            self._tally(HOURS + role, hours)

    def _count_people(self, seen: Requests, missed: Requests, failed: Requests) -> None:
        """Count everyone's contacts, missed appointments and requests that were not met."""
        ledger, role = self.ledger, self.diary.pools.role[seen["pool"]]
        contact = CONTACT_OF[role]
        for number, name in enumerate(CONTACTS):
            ledger.count(name, seen["row"][contact == number])
        remote = (role == 0) & (seen["mode"] >= REMOTE[0]) & (seen["mode"] <= REMOTE[-1])
        ledger.count("gp_contacts_remote", seen["row"][remote])
        ledger.count("gp_dna", missed["row"].copy())
        ledger.count("gp_unmet", failed["row"].copy())

    def _slots_since(self) -> tuple[Floats, Floats, Floats]:
        """Return (roles,) slots since this was asked, those taken, and of these by designs."""
        days = slice(self._settled_on, self._last + 1)
        self._settled_on, diary = days.stop, self.diary
        slots, booked, for_designs = (
            diary.pools.by_role(by_day[:, days].sum(axis=1))
            for by_day in (diary.slots, diary.booked, diary.for_designs)
        )
        return slots, booked, for_designs

    def _roles(self, requests: Requests) -> Integers:
        """Return (roles,) how many of ``requests`` are for each role."""
        return np.bincount(self.diary.pools.role[requests["pool"]], minlength=len(ROLES))

    def _by_mode(self, requests: Requests) -> Integers:
        """Return (roles, modes) how many of ``requests`` are for each."""
        cell = self.diary.pools.role[requests["pool"]] * len(MODES) + requests["mode"]
        by_cell = np.bincount(cell, minlength=len(ROLES) * len(MODES))
        return by_cell.reshape(len(ROLES), len(MODES))

    def _tell_own_gp(self, seen: Requests) -> None:
        """Tell how many contacts with a GP were with the person's own."""
        if self.own_gp is None:
            return
        by_gp = chosen(seen, self.diary.pools.role[seen["pool"]] == 0)
        index = self.own_gp[by_gp["row"]]
        if self.own_gp_change is not None:
            index = index + self.own_gp_change[by_gp["row"]]
        own = self.luck.uniforms_of(by_gp["key"], "practice.own_gp") < index
        self.ledger.tally("gp", ROLES[0], "own_gp", int(np.count_nonzero(own)))

    def _tell_waits(self, seen: Requests) -> None:
        """Tell how soon people were seen, and how long routine requests waited for each role."""
        days = (self.diary.open[seen["at"]] - seen["asked"]).astype(np.float64)
        for name, most in WITHIN.items():
            self.ledger.tally("gp", "all", name, int(np.count_nonzero(days <= most)))
        routine = np.flatnonzero(seen["kind"] == ROUTINE)
        rows, days = seen["row"][routine], days[routine]
        self.ledger.wait("gp", rows, days)
        role = self.diary.pools.role[seen["pool"][routine]]
        for number, name in enumerate(ROLES):
            mine = np.flatnonzero(role == number)
            if len(mine):
                self.ledger.wait(f"gp.{name}", rows[mine], days[mine])
