"""General practices: a calendar of slots for each role, and each request a process of its own."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import floor, log, log1p
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import simpy

from pathways.calendar import YEAR
from pathways.diary import HORIZON
from pathways.practice_record import CONTACT_OF, CONTACTS
from pathways.practice_rules import LEAKS, PER, PLANNED, ROUTINE, URGENT, WORKING_WEEK
from pathways.practice_team import MODES, OWN, TABLE, Pools, odd

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

    ``pool`` is the role it is for, or in the end the one whose slot it gets; ``mode`` is how
    the two would meet. ``turn`` of a routine one says whether it would come today and asks
    early or late in the day, or wants a later day.
    """

    pool: Pool
    mode: int
    kind: int
    asked: float
    lead: int
    turn: int
    patience: float
    answer: simpy.Event


class Pool:
    """The slots of one role by working day, and who asks for them."""

    def __init__(self, model: PlainTwin, number: int, role: int, practices: list[Practice]) -> None:
        self._model, self.number, self.role = model, number, role
        self._practices = practices
        self.rules, self.team, self.days = (
            model.practice_rules,
            model.practice_team,
            model.working_days,
        )
        before = [self.days[0] - 1, *self.days]
        after_weekend = [day - last > 2 for last, day in zip(before, self.days, strict=False)]
        weights = [self.rules.monday if first else 1.0 for first in after_weekend]
        years = (model.calendar.end + NEVER_LATER + model.calendar.warm_up) / YEAR
        self._weights = [w * years / sum(weights) for w in weights]
        self.slots = [0] * (len(self.days) + HORIZON)
        self.booked = [0] * (len(self.days) + HORIZON)
        self._ratio = float(self.team.urgent[role])
        self.held = self.rules.held_back * self._ratio
        self.asking: list[Request] = []
        self._routine: list[Request] = []
        self._open: list[int] = []

    @property
    def _registered(self) -> int:
        return sum(practice.registered for practice in self._practices)

    def set_slots(self, start: int) -> None:
        """Share the year's slots out over the working days, whole ones each day."""
        yearly = self._registered * self.rules.slots_per_head * self.team.slots[self.role]
        total = 0.0
        for index in range(start, len(self.days)):
            before, total = total, total + yearly * self._weights[index]
            self.slots[index] = floor(total + 1e-9) - floor(before + 1e-9)

    def fill_calendar(self) -> None:
        """Book as many appointments as a steady queue would have left."""
        rules, kinds, filled, taken = self.rules, self.team.kinds[self.role], 0, 0
        heads = self._registered * self.team.slots[self.role]
        queue = int(heads * rules.queue_at_start / PER * kinds[ROUTINE] / rules.kinds[ROUTINE])
        open_to_all = self._open_to_all(0)
        for day, bookable in enumerate(open_to_all):
            later = 1.0 - triangular_share(day + 1.0, *rules.lead)
            ahead = self.slots[day] * rules.latent * kinds[PLANNED] * later
            booked = min(floor(ahead + odd(self.number, day)), bookable)
            filled += bookable - booked
            before, taken = taken, min(filled, queue)
            self.booked[day] = booked + taken - before

    def _open_to_all(self, now: int) -> list[int]:
        """Return the slots of the days to come that are not held back for the day."""
        rules, held = self.rules, 0.0
        if self._ratio > 0.0:
            asked = self.held / self._ratio
            held = min(max(asked, rules.held_back), rules.held_back_highest) * self._ratio
        share = 1.0 - min(held, 1.0)
        return [
            floor(self.slots[day] * share + odd(self.number, day))
            for day in range(now, now + HORIZON)
        ]

    def asked_today(self, kind: int) -> list[Request]:
        """Return today's requests of a kind, in order of asking."""
        mine = [request for request in self.asking if request.kind == kind]
        return sorted(mine, key=lambda request: request.asked)

    def see_urgent(self, now: int) -> list[Request]:
        """See those who want help today while slots last; return the others."""
        urgent, slots = self.asked_today(URGENT), self.slots[now]
        if slots:  # move the share held back towards the share that wanted help today
            self.held += (len(urgent) / slots - self.held) / self.rules.memory
        left = max(slots - self.booked[now], 0)
        for request in urgent[:left]:
            self.see_now(request, now)
        return urgent[left:]

    def see_now(self, request: Request, now: int) -> None:
        """Give a request one of today's slots."""
        request.pool = self
        self.booked[now] += 1
        request.answer.succeed(now)

    def give_planned(self, now: int, urgent: int) -> None:
        """Answer requests for later, then those who come today; ``urgent`` had slots of today."""
        planned, self._routine = self.asked_today(PLANNED), self.asked_today(ROUTINE)
        self.asking = []
        self._open = self._open_to_all(now)
        for request in sorted(planned, key=lambda request: request.lead):
            request.answer.succeed(self._take(now, now + request.lead, self._open))
        left = max(self.slots[now] - self.booked[now], 0)
        not_held = min(max(self._open[0] - (self.booked[now] - urgent), 0), left)
        self._open[0] = 0  # today's go to those who would come today
        for request in self.of_turn(EARLY)[:not_held]:
            self.see_now(request, now)
        for request in self.of_turn(LATE)[: max(self.slots[now] - self.booked[now], 0)]:
            self.see_now(request, now)

    def of_turn(self, turn: int) -> list[Request]:
        """Return today's routine requests of a turn that have no answer yet."""
        return [one for one in self._routine if one.turn == turn and not one.answer.triggered]

    def give_later(self, now: int) -> None:
        """Offer the days to come to the routine requests that are left, by turn."""
        for request in [one for turn in (EARLY, LATE, ANOTHER_DAY) for one in self.of_turn(turn)]:
            at = self._first_free(now, now + 1, self._open)
            if at is not None and at - now <= request.patience:
                self.booked[at] += 1
                request.answer.succeed(at)
            else:
                request.answer.succeed(None)

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

    def first_open(self, now: int) -> int:
        """Return the first day from ``now`` with an ordinary slot, or one that never comes."""
        at = self._first_free(now, now, self._open_to_all(now))
        return len(self.slots) if at is None else at


def open_practices(model: PlainTwin) -> list[Practice]:
    """Return the practices of the place, whose pools are opened by ``open_pools``."""
    return [Practice(model, n) for n in range(int(model.people.practice.max()) + 1)]


def open_pools(model: PlainTwin, practices: list[Practice]) -> None:
    """Give practices their pools, their networks' among them, and let slots be given."""
    registered = np.array([practice.registered for practice in practices])
    network = model.evidence.value(TABLE, key="network_people")
    which = Pools.for_practices(registered, network)
    pools = [
        Pool(
            model, number, role, [practices[n] for n in np.flatnonzero((which.of == number).any(1))]
        )
        for number, role in enumerate(which.role.tolist())
    ]
    for practice, mine in zip(practices, which.of.tolist(), strict=True):
        practice.pools = [pools[number] for number in mine]
    for pool in pools:
        pool.set_slots(0)
        pool.fill_calendar()
    model.env.process(_days(model, practices, pools))


def _days(model: PlainTwin, practices: list[Practice], pools: list[Pool]) -> Steps:
    """Give out slots on every working day, when the day's requests have come in."""
    year = 0
    for now, day in enumerate(model.working_days):
        yield model.env.timeout(day + OPENING - model.env.now)
        if max(day, 0) // YEAR != year:
            year = day // YEAR
            for pool in pools:
                pool.set_slots(now)
        already = [pool.booked[now] for pool in pools]
        for practice in practices:
            practice.see_urgent(now)
        for pool, before in zip(pools, already, strict=True):
            pool.give_planned(now, pool.booked[now] - before)
        for practice in practices:
            practice.see_late(now)
        for pool in pools:
            pool.give_later(now)


class Practice:
    """The people of a practice and the pools of slots that they may use."""

    def __init__(self, model: PlainTwin, number: int) -> None:
        self._model, self._env, self._random = model, model.env, model.random
        self.rules, self.team = model.practice_rules, model.practice_team
        self.days = model.working_days
        self.registered = 0
        self.pools: list[Pool] = []

    def index(self, day: float) -> int:
        """Return the number of the working day on or after ``day``."""
        return bisect_left(self.days, day)

    def see_urgent(self, now: int) -> None:
        """See those who want help today, by another role of the practice where theirs is full."""
        own = self.pools[: len(OWN)]
        for request in [request for pool in own for request in pool.see_urgent(now)]:
            if not self._see_by_any(request, now):
                request.answer.succeed(None)

    def see_late(self, now: int) -> None:
        """See those who ask late by whoever of the practice has a slot left."""
        for request in [one for pool in self.pools[: len(OWN)] for one in pool.of_turn(LATE)]:
            self._see_by_any(request, now)

    def _see_by_any(self, request: Request, now: int) -> bool:
        for pool in self.pools[: len(OWN)]:
            if pool.booked[now] < pool.slots[now]:
                pool.see_now(request, now)
                return True
        return False

    def take_slots(self, slots: int) -> None:
        """Use ordinary appointments from tomorrow on, for a design."""
        now = self.index(int(self._env.now) + 1)
        for _ in range(slots):
            pool = min(self.pools[: len(OWN)], key=lambda pool: pool.first_open(now))
            at = pool.first_open(now)
            if at < len(pool.slots):
                pool.booked[at] += 1

    # ---- one request ----

    def consult(self, resident: Resident, asked: float) -> Steps:
        """Ask for an appointment, and again where told to; go elsewhere if it comes to nothing."""
        today = int(asked)
        if not self._model.calendar.is_working(today):
            yield from self._put_off(today)
        while True:
            request = self._request(asked)
            at = yield request.answer
            if at is not None and (yield from self._appointment(resident, request, at)):
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
        role, meets = divmod(self._pick(self.team.edges), len(MODES))
        request = Request(
            pool=self.pools[role],
            mode=meets,
            kind=self._pick(np.cumsum(self.team.kinds[role])[:-1]),
            asked=asked,
            lead=min(round(self._random.triangular(low, high, mode)), HORIZON - 1),
            turn=self._turn(),
            patience=rules.give_up_at + rules.give_up_scale * log(share / (1.0 - share)),
            answer=self._env.event(),
        )
        request.pool.asking.append(request)
        return request

    def _turn(self) -> int:
        if self._random.random() >= self.rules.any_day:
            return ANOTHER_DAY
        return LATE if self._random.random() < self.rules.after_release else EARLY

    def _appointment(self, resident: Resident, request: Request, at: int) -> Steps:
        """Wait for the appointment; return False if the wait proves too long."""
        model, now = self._model, self.index(int(self._env.now))
        leaves = now + max(self._days_of_patience(), 1) if request.kind == ROUTINE else at
        try:
            until = self.days[min(leaves, at)]
            yield self._env.timeout(max(until - self._env.now, 0.0))
        except simpy.Interrupt:
            request.pool.booked[at] -= 1
            raise
        if leaves < at:
            request.pool.booked[at] -= 1
            return False
        if at > now and self._random.random() < self._chance_to_miss(resident, request):
            model.count("gp_dna")
            return True
        role = request.pool.role
        model.count(CONTACTS[CONTACT_OF[role]])
        if request.kind == ROUTINE:
            model.wait("gp", self.days[at] - self.days[now])
        return True

    def _days_of_patience(self) -> int:
        """Return working days in the queue before leaving it, each as likely as the last."""
        stays = log(self._random.random()) / log1p(-self.rules.leaving)
        return int(min(stays, HORIZON))

    def _chance_to_miss(self, resident: Resident, request: Request) -> float:
        conditions = len(resident.has)
        group = int(conditions > 0) + int(conditions > 3)
        chance = self.rules.missed[resident.fifth - 1, group]
        return float(chance * self.team.missed[request.mode])

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
