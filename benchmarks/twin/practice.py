"""One general practice: a calendar of slots, and each request a process of its own."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import floor, log, log1p
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import simpy

from pathways.calendar import YEAR
from pathways.practice import (
    CONTACTS,
    HORIZON,
    LEAKS,
    PER,
    PLANNED,
    ROUTINE,
    URGENT,
    WORKING_WEEK,
    Rules,
)

if TYPE_CHECKING:
    from benchmarks.twin.model import PlainTwin
    from benchmarks.twin.resident import Resident

Steps = simpy.events.ProcessGenerator
Floats = npt.NDArray[np.float64]
OPENING = 0.01  # of a day: when the day's requests have come in, slots are given out
EARLY, LATE, ANOTHER_DAY = range(3)
NEVER_LATER = 92  # days after the run for which slots are known


@dataclass(eq=False)
class Request:
    """One request of today: its kind, when it was made and what would be accepted.

    ``turn`` of a routine one says whether it would come today and asks early or late in the
    day, or wants a later day.
    """

    kind: int
    asked: float
    lead: int
    turn: int
    patience: float
    answer: simpy.Event


class Practice:
    """Slots by working day, of which part is held back for people who ask on the day."""

    def __init__(self, model: PlainTwin, number: int) -> None:
        self._model, self._env, self._random = model, model.env, model.random
        self.rules = Rules.of(model.evidence, model.spec.place.capacity, model.spec.settings)
        first, last = -model.calendar.warm_up, model.calendar.end + NEVER_LATER
        self.days: list[int] = model.calendar.working_days(first, last).tolist()
        mondays = [model.calendar.weekday(day) == 0 for day in self.days]
        weights = [self.rules.monday if monday else 1.0 for monday in mondays]
        self._weights = [w * (last - first) / YEAR / sum(weights) for w in weights]
        self.slots = [0] * (len(self.days) + HORIZON)
        self.booked = [0] * (len(self.days) + HORIZON)
        self.held = self.rules.held_back
        self.registered = 0
        self._asking: list[Request] = []

    def open(self) -> None:
        """Begin, with as many appointments booked as a steady queue would have left."""
        self._set_slots(0)
        self._fill_calendar()
        self._env.process(self._days())

    def index(self, day: float) -> int:
        """Return the number of the working day on or after ``day``."""
        return bisect_left(self.days, day)

    # ---- the practice ----

    def _days(self) -> Steps:
        year = 0
        for now, day in enumerate(self.days):
            yield self._env.timeout(day + OPENING - self._env.now)
            if max(day, 0) // YEAR != year:
                year = day // YEAR
                self._set_slots(now)
            self._give_slots(now)

    def _set_slots(self, start: int) -> None:
        """Share the year's slots out over the working days, whole ones each day."""
        yearly, total = self.registered * self.rules.slots_per_head, 0.0
        for index in range(start, len(self.days)):
            before, total = total, total + yearly * self._weights[index]
            self.slots[index] = floor(total + 1e-9) - floor(before + 1e-9)

    def _fill_calendar(self) -> None:
        rules, filled, taken = self.rules, 0, 0
        planned = rules.latent * (rules.kind_edges[1] - rules.kind_edges[0])
        queue = int(self.registered * rules.queue_at_start / PER)
        for day in range(HORIZON):
            later = 1.0 - triangular_share(day + 1.0, *rules.lead)
            bookable = floor(self.slots[day] * (1.0 - rules.held_back))
            booked = min(floor(self.slots[day] * planned * later), bookable)
            filled += bookable - booked
            before, taken = taken, min(filled, queue)
            self.booked[day] = booked + taken - before

    def _give_slots(self, now: int) -> None:
        """Answer today's requests: same-day ones, then those for later, then the others."""
        asked = sorted(self._asking, key=lambda request: request.asked)
        self._asking = []
        by_kind = [[r for r in asked if r.kind == kind] for kind in (URGENT, PLANNED, ROUTINE)]
        self._learn(len(by_kind[URGENT]), self.slots[now])
        already = self.booked[now]
        for request in by_kind[URGENT]:
            request.answer.succeed(self._take(now, now, [self.slots[now]]))
        held = min(max(self.held, self.rules.held_back), self.rules.held_back_highest)
        open_to_all = [floor(slots * (1.0 - held)) for slots in self.slots[now : now + HORIZON]]
        urgent = self.booked[now] - already
        for request in sorted(by_kind[PLANNED], key=lambda request: request.lead):
            request.answer.succeed(self._take(now, now + request.lead, open_to_all))
        left = max(self.slots[now] - self.booked[now], 0)
        not_held = min(max(open_to_all[0] - (self.booked[now] - urgent), 0), left)
        open_to_all[0] = 0  # today's have gone to those who would come today
        for request in sorted(by_kind[ROUTINE], key=lambda request: request.turn):
            if (request.turn == EARLY and not_held) or (request.turn == LATE and left):
                not_held -= request.turn == EARLY
                left -= 1
                self.booked[now] += 1
                request.answer.succeed(now)
                continue
            at = self._first_free(now, now + 1, open_to_all)
            if at is not None and at - now <= request.patience:
                self.booked[at] += 1
                request.answer.succeed(at)
            else:
                request.answer.succeed(None)

    def _learn(self, urgent: int, slots: int) -> None:
        """Move the share held back towards the share that wanted help today."""
        if slots:
            self.held += (urgent / slots - self.held) / self.rules.memory

    def _first_free(self, now: int, first: int, open_to_all: list[int]) -> int | None:
        for at in range(first, now + len(open_to_all)):
            if self.booked[at] < open_to_all[at - now]:
                return at
        return None

    def _take(self, now: int, first: int, open_to_all: list[int]) -> int | None:
        at = self._first_free(now, first, open_to_all)
        if at is not None:
            self.booked[at] += 1
        return at

    def take_slots(self, slots: int) -> None:
        """Use ordinary appointments from tomorrow on, for a design."""
        now = self.index(int(self._env.now) + 1)
        held = min(max(self.held, self.rules.held_back), self.rules.held_back_highest)
        free = [floor(slots * (1.0 - held)) for slots in self.slots[now : now + HORIZON]]
        for _ in range(slots):
            self._take(now, now, free)

    # ---- one request ----

    def consult(self, resident: Resident, asked: float) -> Steps:
        """Ask for an appointment, and again where told to; go elsewhere if it comes to nothing."""
        today = int(asked)
        if not self._model.calendar.is_working(today):
            yield from self._put_off(today)
        while True:
            role = self._pick(self.rules.role_edges)
            request = self._request(asked)
            at = yield request.answer
            if at is not None and (yield from self._appointment(resident, request, at, role)):
                return
            self._model.count("gp_unmet")
            leak = LEAKS[self._pick(self.rules.leak_edges)]
            if leak != "again":
                self._go_elsewhere(resident, leak)
                return
            asked = float(self.days[self.index(int(self._env.now) + 1)])
            yield self._env.timeout(asked - self._env.now)

    def _put_off(self, today: int) -> Steps:
        """Wait for one of the next five working days, Mondays more often than others."""
        other = 1.0 / (WORKING_WEEK - 1 + self.rules.monday)
        shares = [self.rules.monday * other - 1.0 / 7.0] + [other - 1.0 / 7.0] * (WORKING_WEEK - 1)
        later = self._random.choices(range(WORKING_WEEK), shares)[0]
        yield self._env.timeout(self.days[self.index(today) + later] - self._env.now)

    def _request(self, asked: float) -> Request:
        rules, draw = self.rules, self._random.random
        share, (low, mode, high) = draw(), rules.lead
        request = Request(
            kind=self._pick(rules.kind_edges),
            asked=asked,
            lead=min(round(self._random.triangular(low, high, mode)), HORIZON - 1),
            turn=self._turn(),
            patience=rules.give_up_at + rules.give_up_scale * log(share / (1.0 - share)),
            answer=self._env.event(),
        )
        self._asking.append(request)
        return request

    def _turn(self) -> int:
        if self._random.random() >= self.rules.any_day:
            return ANOTHER_DAY
        return LATE if self._random.random() < self.rules.after_release else EARLY

    def _appointment(self, resident: Resident, request: Request, at: int, role: int) -> Steps:
        """Wait for the appointment; return False if the wait proves too long."""
        model, now = self._model, self.index(int(self._env.now))
        leaves = now + 1 + self._days_of_patience() if request.kind == ROUTINE else at
        try:
            until = self.days[min(leaves, at)]
            yield self._env.timeout(max(until - self._env.now, 0.0))
        except simpy.Interrupt:
            self.booked[at] -= 1
            raise
        if leaves < at:
            self.booked[at] -= 1
            return False
        if at > now and self._random.random() < self._chance_to_miss(resident):
            model.count("gp_dna")
            return True
        model.count(CONTACTS[role])
        if request.kind == ROUTINE:
            model.wait("gp", self.days[at] - self.days[now])
        return True

    def _days_of_patience(self) -> int:
        """Return working days in the queue before leaving it, each as likely as the last."""
        stays = log(self._random.random()) / log1p(-self.rules.leaving)
        return int(min(stays, HORIZON))

    def _chance_to_miss(self, resident: Resident) -> float:
        conditions = len(resident.has)
        group = int(conditions > 0) + int(conditions > 3)
        return float(self.rules.missed[resident.fifth - 1, group])

    def _go_elsewhere(self, resident: Resident, leak: str) -> None:
        if leak == "ed":
            self._model.count("ae_from_gp_wait")
            resident.begin(self._model.hospital.attend(resident))
        elif leak == "nhs111":
            self._model.count("nhs111_calls")
        elif leak == "pharmacy":
            self._model.count("pharmacy_contacts")

    def _pick(self, edges: Floats) -> int:
        """Return which of several shares chance picks; ``edges`` are where each begins."""
        return int(np.searchsorted(edges, self._random.random()))


def triangular_share(value: float, low: float, mode: float, high: float) -> float:
    """Return the share of the triangular distribution below ``value``."""
    value = min(max(value, low), high)
    if value < mode:
        return (value - low) ** 2 / ((high - low) * (mode - low))
    return 1.0 - (high - value) ** 2 / ((high - low) * (high - mode))
