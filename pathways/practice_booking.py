"""Which slot of the diary each request gets: today, some weeks ahead, or the first that is free."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pathways.diary import HORIZON, Diary
from pathways.practice_slots import (
    TURNS,
    book_planned,
    by_another_role,
    come_now,
    offer_days,
    see_in_turn,
    see_today,
    turns,
    wanted_days,
)
from pathways.practice_team import OWN
from pathways.records import chosen
from pathways.requests import Requests, Small, in_order

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

Booked = tuple[Requests, Small]  # requests, and what became of each


@dataclass(slots=True)
class Booking:
    """Gives a working day's requests their slots, in this order: help today, planned, routine.

    Each method returns the requests in the order they were served, with their working day
    (``at``) and that on which something happens to them (``event``), and what became of each.

    Parameters
    ----------
    diary : the slots of every pool and those taken
    """

    diary: Diary
    _urgent: Integers = field(init=False)  # seen today, by pool

    def on_the_day(self, urgent: Requests, now: int) -> Booked:
        """See as many of those who want help today as slots are left today.

        Who finds no slot of the role they ask for takes one of another role of the practice.
        """
        booked, before = self.diary.booked, self.diary.booked[:, now].copy()
        became = np.empty(len(urgent), np.int8)
        left = self._left(now)
        self.diary.learn(see_today(urgent, left, became), now)
        by_another_role(urgent, left[: self.diary.pools.own], became, len(OWN))
        come_now(urgent, became, now, booked)
        self._urgent = booked[:, now] - before
        return urgent, became

    def ahead(self, planned: Requests, now: int, bookable: Integers, share: Floats) -> Booked:
        """Book people who want an appointment some weeks ahead on or after their day."""
        place = wanted_days(planned, share, self.diary.rules.lead, HORIZON)
        order, _ = in_order(place, len(self.diary.pools) * HORIZON)
        planned, place = chosen(planned, order), place[order]
        became = np.empty(len(planned), np.int8)
        free = self.diary.free(now, bookable)
        book_planned(planned, place, free, now, self.diary.booked, became)
        return planned, became

    def first_offered(
        self, routine: Requests, now: int, bookable: Integers, wishes: Floats
    ) -> Booked:
        """Offer the first free slots; who will not wait that long gives up at once.

        Those who ask early and would come today find the slots that are not held back, those
        who ask late all that are left, of any role of the practice; the others want a later
        day. Who finds none today is offered the days after it, in this order.
        """
        rules, own = self.diary.rules, self.diary.pools.own
        place = turns(routine, wishes, rules.any_day, rules.after_release)
        order, _ = in_order(place, TURNS * len(self.diary.pools))
        routine, place, wishes = chosen(routine, order), place[order], wishes[:, order]
        became = np.empty(len(routine), np.int8)
        left = self._left(now)
        not_held = bookable[:, 0] - (self.diary.booked[:, now] - self._urgent)
        see_in_turn(routine, place, left, not_held, own, became)
        by_another_role(routine, left[:own], became, len(OWN))
        come_now(routine, became, now, self.diary.booked)
        free = self.diary.free(now, bookable)
        free[:, 0] = 0
        give_up = rules.give_up_at, rules.give_up_scale, self._leaving
        offer_days(routine, wishes, give_up, free, now, self.diary.booked, became)
        return routine, became

    def _left(self, now: int) -> Integers:
        """Return (pools,) slots of today that nobody has."""
        left: Integers = np.maximum(self.diary.slots[:, now] - self.diary.booked[:, now], 0)
        return left

    @property
    def _leaving(self) -> float:
        """The log of the share who stay in the queue from one day to the next."""
        return float(np.log1p(-self.diary.rules.leaving))
