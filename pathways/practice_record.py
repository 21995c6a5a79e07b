"""What practices tell: each day what happened to people, each month what roles and modes did.

What a month did by role and by mode is worked out when it ends, which keeps the day short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agents.luck import Luck
from pathways.diary import Diary
from pathways.ledger import Ledger
from pathways.practice_rules import ROUTINE
from pathways.practice_team import MODES, REMOTE, ROLES
from pathways.requests import Requests, chosen, joined
from pathways.vocabulary import HOURS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CONTACTS = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
CONTACT_OF = np.array([0, 1, 2, 2, 2, 2, 2])  # of each role, into ``CONTACTS``
MINUTES = 60.0  # an hour


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
        """Record what happened on ``day``, the working day ``now``."""
        self._told.append(told)
        self._last = now
        self._tally(now, told)
        self._record(day, told.seen, told.missed, told.failed)

    def _tally(self, now: int, told: Day) -> None:
        turned_away = len(told.refused)
        numbers = {
            "capacity": float(self.diary.slots[:, now].sum()),
            "used": float(self.diary.booked[:, now].sum()),
            "arrivals": told.new,
            "served": len(told.seen),
            "missed": len(told.missed),
            "turned_away": turned_away,
            "gave_up": len(told.failed) - turned_away,
            "left_queue": told.left,
        }
        for metric, number in numbers.items():
            self.ledger.tally("gp", "all", metric, number)

    def _record(self, day: int, seen: Requests, missed: Requests, failed: Requests) -> None:
        ledger, waits = self.ledger, (day - seen["asked"]).astype(np.float64)
        role = self.diary.pools.role[seen["pool"]]
        contact = CONTACT_OF[role]
        for number, name in enumerate(CONTACTS):
            ledger.count(name, seen["row"][contact == number])
        remote = (role == 0) & (seen["mode"] >= REMOTE[0]) & (seen["mode"] <= REMOTE[-1])
        ledger.count("gp_contacts_remote", seen["row"][remote])
        ledger.count("gp_dna", missed["row"])
        ledger.count("gp_unmet", failed["row"])
        routine = seen["kind"] == ROUTINE
        ledger.wait("gp", seen["row"][routine], waits[routine])
        ledger.event(day, "gp", "seen", seen["row"], waits)
        ledger.event(day, "gp", "unmet", failed["row"], (day - failed["asked"]).astype(np.float64))
        within = np.searchsorted(np.sort(waits), [0.5, 7.5, 14.5, 28.5])
        names = ("same_day", "within_7_days", "within_14_days", "within_28_days")
        for name, count in zip(names, within.tolist(), strict=True):
            ledger.tally("gp", "all", name, count)

    def settle(self, due: Sequence[Requests]) -> None:
        """Hand what was counted by role and by mode since the last settlement to the ledger.

        ``due`` are the requests that still wait.
        """
        told, self._told = self._told, []
        if not told:
            return
        seen = joined([day.seen for day in told])
        gone = self._roles(joined([day.refused for day in told]))
        failed = self._roles(joined([day.failed for day in told]))
        contacts = self._by_mode(seen)
        capacity, used, for_designs = self._slots_since()
        numbers = {
            "capacity": capacity,
            "used": used,
            "turned_away": gone,
            "gave_up": failed - gone,
            "queue_end": self._roles(joined(due)),
        } | {f"seen {mode}": contacts[:, number] for number, mode in enumerate(MODES)}
        team, missed = self.diary.team, self._by_mode(joined([day.missed for day in told]))
        minutes = ((contacts + missed) * team.minutes).sum(axis=1)
        hours = {
            "capacity": capacity * team.mean_minutes,
            "used": minutes + for_designs * team.mean_minutes,
        }
        for number, role in enumerate(ROLES):
            for metric, by_role in numbers.items():
                self.ledger.tally("gp", role, metric, float(by_role[number]))
            for metric, by_role in hours.items():
                self.ledger.tally("gp", HOURS + role, metric, float(by_role[number]) / MINUTES)
        self._tell_own_gp(seen)
        self._tell_waits(chosen(seen, seen["kind"] == ROUTINE))

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

    def _tell_waits(self, routine: Requests) -> None:
        """Tell how long people waited for each role."""
        role = self.diary.pools.role[routine["pool"]]
        days = (self.diary.open[routine["at"]] - routine["asked"]).astype(np.float64)
        for number, name in enumerate(ROLES):
            mine = np.flatnonzero(role == number)
            if len(mine):
                self.ledger.wait(f"gp.{name}", routine["row"][mine], days[mine])
