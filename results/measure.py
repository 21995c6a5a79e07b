"""One measure: sums over sums, declared in a few words.

A ``count`` is a total for the place, with a rate for every 1,000 residents a year beside it.
An ``average`` is a number of people at a time. A ``ratio`` is one sum over another.
"""

from __future__ import annotations

from dataclasses import dataclass

LOWER, HIGHER, NEITHER = "lower", "higher", "neither"
COUNT, AVERAGE, RATIO = "count", "average", "ratio"
WAIT, AGE, BEYOND = "wait", "age", "beyond"
OURS = "this program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure.

    ``numerator`` and ``denominator`` name quantities that are added up (``results.sums``,
    ``results.costs``); a count has no denominator. ``states`` says whether true or diagnosed
    conditions are meant, where conditions are meant at all. ``better`` is ``lower``,
    ``higher`` or ``neither``. ``worth`` is ``health`` or ``money`` where the measure may be
    discounted.
    """

    key: str
    title: str
    unit: str
    definition: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    kind: str = COUNT
    ages: str = "all"
    states: str = ""
    better: str = NEITHER
    worth: str = ""
    service: str = ""
    source: str = OURS

    @property
    def of_events(self) -> bool:
        """Whether the measure counts whole events or days, not worth such as QALYs or money."""
        return self.kind == COUNT and not self.worth

    @property
    def is_share(self) -> bool:
        """Whether the measure lies between 0 and 1."""
        return self.kind == RATIO and self.unit.startswith("share")


PRACTICE = ("gp_contacts_gp", "gp_contacts_nurse", "gp_contacts_other")
BEDS = ("emergency_bed_days", "elective_bed_days")
OUTCOMES_FRAMEWORK = "OHSEL outcomes framework (M6); counted by this program"


def counted(
    key: str,
    title: str,
    unit: str,
    definition: str,
    *,
    numerator: tuple[str, ...] = (),
    better: str = NEITHER,
    source: str = OURS,
) -> Measure:
    """Return a measure that is counted; without ``numerator`` the key names what is added up."""
    return Measure(
        key=key,
        title=title,
        unit=unit,
        definition=definition,
        numerator=numerator or (key,),
        better=better,
        source=source,
    )
