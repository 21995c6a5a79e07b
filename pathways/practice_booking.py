"""Which slot of the diary each request gets: today, some weeks ahead, or the first that is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pathways.diary import HORIZON, Diary
from pathways.practice_rules import logit, triangular
from pathways.practice_slots import count_slots, first_free, first_free_from, offers, ranks
from pathways.practice_team import OWN
from pathways.requests import Requests, chosen, in_order

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Booking:
    """Gives a working day's requests their slots, in this order: help today, planned, routine.

    Each method returns those who got a slot, with its working day (``at``) and that on which
    something happens to it (``event``), and then those who did not.

    Parameters
    ----------
    diary : the slots of every pool and those taken
    """

    diary: Diary
    _seen_urgent: Integers = field(init=False)  # today, by pool

    def on_the_day(self, urgent: Requests, now: int) -> tuple[Requests, Requests]:
        """See as many of those who want help today as slots are left today.

        Who finds no slot of the role they ask for takes one of another role of the practice.
        """
        slots, pools = self.diary.slots[:, now], len(self.diary.pools)
        asked = np.bincount(urgent["pool"], minlength=pools)
        self.diary.learn(asked, now)
        left = np.maximum(slots - self.diary.booked[:, now], 0)
        full = np.flatnonzero(ranks(urgent["pool"], asked) >= left[urgent["pool"]])
        found = np.ones(len(urgent), bool)
        if len(full):
            free = (left - np.minimum(asked, left))[: self.diary.pools.own]
            found[full], urgent["pool"][full] = self._by_another_role(free, urgent["pool"][full])
        urgent["at"] = urgent["event"] = now
        seen = chosen(urgent, found)
        self._seen_urgent = np.bincount(seen["pool"], minlength=pools)
        self.diary.booked[:, now] += self._seen_urgent
        return seen, chosen(urgent, ~found)

    def _by_another_role(self, free: Integers, pool: Integers) -> tuple[Bools, Integers]:
        """Give slots of today that are left in other roles of the same practice.

        ``free`` is (own pools,) slots, ``pool`` (k,) who was asked, ascending. Returns who gets
        one, and the pool of each (as asked where there is none).
        """
        practice = pool // len(OWN)
        role = first_free(free.reshape(-1, len(OWN)), practice)
        found = role < len(OWN)
        return found, np.where(found, practice * len(OWN) + role, pool)

    def ahead(
        self, planned: Requests, now: int, bookable: Integers, share: Floats
    ) -> tuple[Requests, Requests]:
        """Book people who want an appointment some weeks ahead on or after their day."""
        lead = triangular(share, *self.diary.rules.lead)
        target = np.minimum(np.rint(lead).astype(np.int64), HORIZON - 1)
        place = planned["pool"] * HORIZON + target
        order = in_order(place, len(self.diary.pools) * HORIZON)
        planned, target = chosen(planned, order), target[order]
        ahead = first_free_from(self.diary.free(now, bookable), planned["pool"], target)
        return self._booked_ahead(planned, now, ahead, now + ahead)

    def first_offered(
        self, routine: Requests, now: int, bookable: Integers, wishes: Sequence[Floats]
    ) -> tuple[Requests, Requests]:
        """Offer the first free slots; who will not wait that long gives up at once.

        Those who ask early and would come today find the slots that are not held back, those
        who ask late all that are left, of any role of the practice; the others want a later
        day. Who finds none today is offered the days after it, in this order.
        """
        rules = self.diary.rules
        wish, hour, patience, staying = wishes
        today, late = wish < rules.any_day, hour < rules.after_release
        turn = np.where(today, late.astype(np.int64), 2)
        place = routine["pool"] * 3 + turn
        order = in_order(place, 3 * len(self.diary.pools))
        routine, place = chosen(routine, order), place[order]
        at_once = self._come_today(routine, place, now, bookable)
        free = self.diary.free(now, bookable)
        free[:, 0] = 0
        rest = np.flatnonzero(~at_once)
        longest = rules.give_up_at + rules.give_up_scale * logit(patience[order][rest])
        ahead = np.zeros(len(routine), np.int64)
        ahead[rest] = offers(free, routine["pool"][rest], longest)
        stays = np.log(staying[order]) / self._leaving if self._leaving else np.inf
        leaves = now + np.clip(stays, 1, HORIZON).astype(np.int64)
        return self._booked_ahead(routine, now, ahead, np.minimum(now + ahead, leaves))

    @property
    def _leaving(self) -> float:
        """The log of the share who stay in the queue from one day to the next."""
        return float(np.log1p(-self.diary.rules.leaving))

    def _come_today(
        self, routine: Requests, place: Integers, now: int, bookable: Integers
    ) -> Bools:
        """Say who is seen today: those of the first turn, then of the second, while slots last.

        ``place`` (ascending) is three times the pool, plus the turn. Who is seen by another
        role than asked is moved to its pool.
        """
        by_turn = np.bincount(place, minlength=3 * len(self.diary.pools))
        asked = by_turn.reshape(len(self.diary.pools), 3)
        booked = self.diary.booked[:, now]
        left = np.maximum(self.diary.slots[:, now] - booked, 0)
        not_held = np.clip(bookable[:, 0] - (booked - self._seen_urgent), 0, left)
        early = np.minimum(asked[:, 0], not_held)
        late = np.minimum(asked[:, 1], left - early)
        seen = np.stack([early, late, np.zeros_like(late)], axis=1).ravel()
        come: Bools = ranks(place, by_turn) < seen[place]
        free = (left - early - late)[: self.diary.pools.own]
        full = np.flatnonzero(~come & (place % 3 == 1) & (place < 3 * self.diary.pools.own))
        if len(full) and free.any():
            come[full], routine["pool"][full] = self._by_another_role(free, place[full] // 3)
        return come

    def _booked_ahead(
        self, requests: Requests, now: int, ahead: Integers, event: Integers
    ) -> tuple[Requests, Requests]:
        """Write appointments into the calendar; those without a slot are the second part."""
        requests["at"], requests["event"] = now + ahead, event
        found = ahead < HORIZON
        booked = chosen(requests, found)
        count_slots(self.diary.booked, booked["pool"], booked["at"], 1)
        return booked, chosen(requests, ~found)
