"""What happened in the hospital, told to the ledger: many visits at once, residents alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import inf

import numpy as np

from agents.population import Integers
from pathways.ledger import Ledger
from pathways.pools import ADMITTED, RESOURCES, Site
from pathways.same_day import ACTIVITY as SEEN_SAME_DAY
from pathways.stays import HOURS
from pathways.visits import Visit


class HospitalRecord:
    """Notes what residents do in the hospital until it is handed to the ledger.

    Visitors, who have negative rows, are not recorded.
    """

    def __init__(self, ledger: Ledger, sites: Sequence[Site]) -> None:
        self._ledger = ledger
        self._sites = sites
        self._notes: defaultdict[str, list[int]] = defaultdict(list)
        # By service, who waited and for how many days.
        self._waits: dict[str, tuple[list[int], list[float]]] = {"ed": ([], []), "beds": ([], [])}
        self._through_ed = 0  # residents admitted through the department since handed over
        self._left_unseen = 0  # residents who left it before they were seen

    def note(self, activity: str, row: int, now: float) -> None:
        """Note one of an activity."""
        if row >= 0:
            self._notes[activity].append(row)
            if self._ledger.keep_events:
                self._log(activity, row, 0.0, now)

    def wait(self, service: str, row: int, days: float, now: float) -> None:
        """Note the end of a wait of so many ``days``."""
        if row >= 0:
            people, waits = self._waits[service]
            people.append(row)
            waits.append(days)
            if self._ledger.keep_events:
                self._log(f"leaves queue of {service}", row, days, now)

    def _log(self, event: str, row: int, days: float, now: float) -> None:
        service = "ed" if event.startswith("ae") or event.endswith("ed") else "beds"
        self._ledger.event(now, service, event, np.array([row]), np.array([days]))

    def seen_elsewhere(self, rows: Integers) -> None:
        """Count attendances at departments without a queue."""
        self._ledger.count("ae_attendances", rows)

    def leaves_ed(self, row: int, came: float, day: float, now: float) -> None:
        """Note how long a visit to the emergency department, from ``came`` to ``day``, took."""
        if row < 0:
            return
        days = day - came
        hours = days * HOURS
        self.wait("ed", row, days, now)
        if hours > 4.0:
            self.note("ae_over_4_hours", row, now)
        if hours > 12.0:
            self.note("ae_over_12_hours", row, now)

    def leaves_unseen(self, row: int) -> None:
        """Note that who leaves the department now was not seen."""
        self._left_unseen += row >= 0

    def admitted(self, visit: Visit, now: float, *, again: bool) -> None:
        """Note a resident's admission, ``again`` if it follows closely on a discharge."""
        self.note("emergency_admissions", visit.row, now)
        self._through_ed += visit.kind == ADMITTED
        if visit.avoidable:
            self.note("avoidable_emergency_admissions", visit.row, now)
        if again:
            self.note("readmissions_30d", visit.row, now)

    def discharged(self, visit: Visit, now: float) -> None:
        """Record the rest of a resident's days in bed, and those of delay among them."""
        self.count_bed_days(visit, now)
        if visit.short_days == inf and visit.delay:
            self._ledger.add("discharge_delay_days", visit.row, visit.delay)

    def count_bed_days(self, visit: Visit, now: float) -> None:
        """Record the days that a resident has spent in bed since they were last recorded."""
        if visit.bed_since < inf:
            self._ledger.add("emergency_bed_days", visit.row, now - visit.bed_counted)
            visit.bed_counted = now

    def hand_over(self) -> None:
        """Hand what was noted to the ledger, many at once."""
        ledger = self._ledger
        for activity, rows in self._notes.items():
            ledger.count(activity, np.array(rows, np.int64))
        type_1 = self._notes["ae_type1"]
        ledger.count("ae_attendances", np.array(type_1, np.int64))
        to_bed = len(self._notes["emergency_admissions"]) - len(self._notes[SEEN_SAME_DAY])
        arrivals = {"ed": len(type_1), "beds": to_bed}
        ledger.tally("beds", "ed.tells", "routed", self._through_ed)
        ledger.tally("ed", "all", "gave_up", self._left_unseen)
        for service, arrived in arrivals.items():
            people, waits = self._waits[service]
            ledger.tally(service, "all", "arrivals", arrived)
            unseen = self._left_unseen if service == "ed" else 0
            ledger.tally(service, "all", "served", len(waits) - unseen)
            if waits:
                ledger.wait(service, np.array(people, np.int64), np.array(waits))
                self._waits[service] = [], []
        self._through_ed = self._left_unseen = 0
        self._notes.clear()

    def settle(self, inside: Iterable[Visit], now: float) -> None:
        """Hand over what was noted, and the days in bed of those ``inside`` until now."""
        self.hand_over()
        for visit in inside:
            if visit.row >= 0:
                self.count_bed_days(visit, now)

    def tally_places(self) -> None:
        """Tell the residents' share of places, of their use and of the queues for them."""
        for site in self._sites:
            for name in RESOURCES:
                self._tally(site, name)

    def _tally(self, site: Site, name: str) -> None:
        service, role = ("beds", "emergency") if name == "beds" else ("ed", name)
        figures, share = site.since_last(name), site.own_share[name]
        waiting = getattr(site, name).waiting
        self._ledger.tally(service, role, "capacity", figures.place_time * share)
        self._ledger.tally(service, role, "used", figures.occupied_time * share)
        self._ledger.tally(service, role, "queue_end", waiting * share)
