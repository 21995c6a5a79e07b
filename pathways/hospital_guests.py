"""People whom the emergency department sees and sends home: guests of one of its spaces.

Nothing about such a visit is left open, so it takes no events (see ``Places.expect``).
"""

from __future__ import annotations

from collections.abc import Sequence

from pathways.hospital_record import HospitalRecord
from pathways.pools import Site
from pathways.queues import Guest
from pathways.whereabouts import Counts


class HospitalGuests:
    """Everyone who has come to a department and will go home at a time known beforehand.

    Parameters
    ----------
    sites, record : of the hospital
    counts, visitors : where residents and visitors are counted
    minors_after : days for which a minor case waits for results outside the cubicle

    Attributes
    ----------
    inside : guests by row, as of when the spaces were last looked at (see ``follow``)
    """

    def __init__(
        self,
        sites: Sequence[Site],
        record: HospitalRecord,
        counts: Counts,
        visitors: Counts,
        minors_after: float,
    ) -> None:
        self._record = record
        self._counts, self._visitors = counts, visitors
        self._minors_after = minors_after
        self._spaces = [spaces for site in sites for spaces in (site.majors, site.minors)]
        self.inside: dict[int, Guest] = {}
        for spaces in self._spaces:
            spaces.comes = self._comes
        for site in sites:
            site.majors.goes, site.minors.goes = self._major_goes, self._minor_goes

    def follow(self) -> None:
        """Let all happen that has happened to guests until now."""
        for spaces in self._spaces:
            spaces.follow()

    def _comes(self, guest: Guest) -> None:
        row: int = guest.who
        self.inside[row] = guest
        (self._counts if row >= 0 else self._visitors).entered += 1
        self._record.note("ae_type1", row, guest.asked)

    def _major_goes(self, guest: Guest, now: float) -> None:
        self._goes(guest, now, now)

    def _minor_goes(self, guest: Guest, now: float) -> None:
        self._goes(guest, now if guest.left else now + self._minors_after, now)

    def _goes(self, guest: Guest, until: float, now: float) -> None:
        """Let who leaves a space now go home, which they do at ``until``."""
        row: int = guest.who
        if guest.left:
            self._record.leaves_unseen(row)
        self._record.leaves_ed(row, guest.asked, until, now)
        if self.inside.pop(row, None) is not None:
            (self._counts if row >= 0 else self._visitors).finished += 1
