"""Published use of services by groups of people, each matched to what the model counts.

``use_matches.csv`` names every row of ``service_use.csv`` once or more: the services and the
group that are like for like with it, or why nothing is. Nothing is matched by guessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from agents.evidence import Evidence, Row
from agents.faults import BadInput, Fault, nearest
from agents.population import FRAILTY, SEXES
from calibration.targets import CALIBRATE, HOLDOUT
from pathways import rates

MATCHES, TABLE = "use_matches", "service_use"
UNMATCHED = "unmatched"
RATE, RATIO, SHARE = "rate", "ratio", "share"
KINDS = (RATE, RATIO, SHARE)
ABSOLUTE = "1"
AXES: Mapping[str, tuple[str, ...]] = {
    "ltc": rates.LTC_GROUPS,
    "age": rates.AGE_BANDS,
    "imd": rates.IMD_LEVELS,
    "frailty": FRAILTY,
    "sex": SEXES,
}
AGES = "ages"
PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Group:
    """People by the axes of the rate tables (empty is everyone), and by years of age."""

    levels: Mapping[str, tuple[str, ...]]
    youngest: float = 0.0
    oldest: float = 999.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTarget:
    """One published figure of service use.

    Attributes
    ----------
    key : of its row in ``use_matches.csv``
    services : of the demand table, counted together
    kind : mean rate of ``who``; ratio of the mean rates of ``who`` and ``against``; or share,
        in per cent, of the use of ``against`` that ``who`` make
    alike : axes for which a ratio is standardised
    scale : name of the source whose level is free, empty where its level is like for like
    """

    key: str
    services: tuple[str, ...]
    kind: str
    who: Group
    against: Group
    alike: tuple[str, ...]
    scale: str
    role: str
    value: float
    low: float | None
    high: float | None
    source: str
    basis: str
    note: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A published figure with which nothing in the model is like for like, and why."""

    row: str
    reason: str


def read_targets(evidence: Evidence) -> tuple[list[UseTarget], list[Unmatched]]:
    """Return the figures that can be compared, and all others with the reason.

    Raises
    ------
    BadInput
        If rows of ``use_matches.csv`` cannot be used; all of them at once.
    """
    published = dict(zip(evidence.keys(TABLE), evidence.rows(TABLE), strict=True))
    services = [row["service"] for row in evidence.rows(rates.TABLE, term="england_mean")]
    faults: list[Fault] = []
    targets: list[UseTarget] = []
    unmatched: list[Unmatched] = []
    for row in evidence.rows(MATCHES):
        found = list(_faults(row, published, services))
        faults += found
        if not found and row["role"] == UNMATCHED:
            unmatched.append(Unmatched(row["row"], row["note"]))
        elif not found:
            targets.append(_target(row, published[f"{TABLE}.{row['row']}"]))
    named = {f"{TABLE}.{row['row']}" for row in evidence.rows(MATCHES)}
    faults += [
        _fault(key, "no row here", "every row of service_use.csv", "match it, or say why not")
        for key in published
        if key not in named
    ]
    if faults:
        raise BadInput(faults)
    return targets, unmatched


def _target(row: Row, figure: Row) -> UseTarget:
    turned = bool(row["turned"])
    low, high = (None if turned or not figure[end] else float(figure[end]) for end in ENDS)
    return UseTarget(
        key=row["key"],
        services=tuple(row["services"].split("+")),
        kind=row["kind"],
        who=group_of(row["who"]),
        against=group_of(row["against"]),
        alike=tuple(part for part in row["alike"].split(",") if part),
        scale="" if row["scale"] in ("", ABSOLUTE) else row["scale"],
        role=row["role"],
        value=float(row["turned"] or figure["value"]),
        low=low,
        high=high,
        source=figure["source"],
        basis=figure["basis"],
        note=row["note"],
    )


ENDS = ("low", "high")


def group_of(text: str) -> Group:
    """Return the group that ``ltc=2,3;ages=18-110`` and the like name."""
    levels: dict[str, tuple[str, ...]] = {}
    ages = 0.0, 999.0
    for part in filter(None, text.split(";")):
        axis, _, wanted = part.partition("=")
        if axis == AGES:
            first, _, last = wanted.partition("-")
            ages = float(first), float(last)
        else:
            levels[axis] = tuple(wanted.split(","))
    return Group(levels, *ages)


# -------------------------------------------------------------------- what is wrong with a row


def _fault(key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=f"{MATCHES}.csv", key=key, found=found, allowed=allowed, remedy=remedy)


def _faults(row: Row, published: Mapping[str, Row], services: Sequence[str]) -> Iterator[Fault]:
    key = row["key"]
    roles = (CALIBRATE, HOLDOUT, UNMATCHED)
    if f"{TABLE}.{row['row']}" not in published:
        near = nearest(f"{TABLE}.{row['row']}", published)
        yield _fault(f"{key}: row", row["row"], "a row of service_use.csv", f"try {near}")
    elif row["role"] not in roles:
        yield _fault(f"{key}: role", row["role"], ", ".join(roles), "choose one of these")
    elif row["role"] == UNMATCHED and not row["note"]:
        yield _fault(f"{key}: note", "nothing", "a reason", "say why nothing is like for like")
    elif row["role"] != UNMATCHED:
        yield from _counting_faults(row, services)
        yield from _value_faults(row, published[f"{TABLE}.{row['row']}"])


def _counting_faults(row: Row, services: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with how a row is counted."""
    key = row["key"]
    for service in row["services"].split("+"):
        if service not in services:
            near = nearest(service, services) or "a service of the demand table"
            yield _fault(f"{key}: services", service, ", ".join(services), f"try {near}")
    if row["kind"] not in KINDS:
        yield _fault(f"{key}: kind", row["kind"], ", ".join(KINDS), "choose one of these")
    for name in ("who", "against"):
        yield from _group_faults(key, name, row[name])
    for axis in filter(None, row["alike"].split(",")):
        if axis not in AXES:
            yield _fault(f"{key}: alike", axis, ", ".join(AXES), "choose some of these")
    if row["scale"] not in ("", ABSOLUTE) and row["kind"] != RATE:
        yield _fault(f"{key}: scale", row["scale"], "nothing", "a ratio or a share has no level")


def _group_faults(key: str, name: str, text: str) -> Iterator[Fault]:
    for part in filter(None, text.split(";")):
        axis, _, wanted = part.partition("=")
        if axis == AGES:
            ends = wanted.split("-")
            if len(ends) != len(ENDS) or not all(end.isdigit() for end in ends):
                yield _fault(f"{key}: {name}", part, "ages=FIRST-LAST", "give two whole ages")
            elif int(ends[0]) > int(ends[1]):
                yield _fault(f"{key}: {name}", part, "first age up to last", "swap them")
        elif axis not in AXES:
            yield _fault(f"{key}: {name}", axis, ", ".join((*AXES, AGES)), "name an axis")
        else:
            for level in wanted.split(","):
                if level not in AXES[axis]:
                    allowed = ", ".join(AXES[axis])
                    yield _fault(f"{key}: {name}", level, allowed, "choose some of these")


def _value_faults(row: Row, figure: Row) -> Iterator[Fault]:
    key, numbers = row["key"], {}
    texts = {"value": row["turned"] or figure["value"]}
    if not row["turned"]:
        texts |= {end: figure[end] for end in ENDS if figure[end]}
    for name, text in texts.items():
        try:
            numbers[name] = float(text)
        except ValueError:
            yield _fault(f"{key}: {name}", repr(text), "a number", "mend the figure")
    if any(not isfinite(number) or number <= 0 for number in numbers.values()):
        yield _fault(f"{key}: value", str(numbers), "numbers above 0", "mend the figure")
    elif len(numbers) == 1 + len(ENDS) and not (
        numbers["low"] <= numbers["value"] <= numbers["high"]
    ):
        yield _fault(f"{key}: low, high", str(numbers), "low <= value <= high", "mend the range")
    if row["kind"] == SHARE and numbers.get("value", 0.0) >= PERCENT:
        yield _fault(f"{key}: value", str(numbers), "per cent below 100", "mend the figure")
