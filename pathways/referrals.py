"""The referral network: which service sends whom where, as data that the simulation obeys.

A route of ``referral_routes.csv`` does one of three things:

- ``refers``: a share of the people whom ``from`` has seen goes to ``to`` as well
- ``overflow``: a share of the people whom ``from`` could not see goes to ``to`` instead;
  what is left over does without
- ``tells``: how people who are in the demand of ``to`` already arrived there; it moves nobody

A design or an experiment sets the share of a route by its key (``gp.overflow.utc = 0.1``),
adds one that the table does not have, or shuts one with 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence, Figure, Row
from agents.faults import BadInput, Fault, nearest
from pathways.light import SERVICES as LIGHT_SERVICES

Floats = npt.NDArray[np.float64]

TABLE = "referral_routes"
REFERS, OVERFLOW, TELLS = "refers", "overflow", "tells"
DOES = (REFERS, OVERFLOW, TELLS)
PREFIX = "routes."  # of a route's key among the settings of a design or an experiment
# Services that say whom they have seen, and those that say whom they could not see.
LIGHT = tuple(LIGHT_SERVICES)
SENDERS: dict[str, tuple[str, ...]] = {
    REFERS: ("gp", "vcse", "beds", *LIGHT),
    OVERFLOW: ("gp", *LIGHT),
    TELLS: ("nhs111", "ambulance", "ed", "gp"),
}
# Services without a queue of their own here, by the process of demand that leads to them.
DOORS: dict[str, str] = {
    "gp": "practice_consultation",
    "ed": "ed_attendance",
    "beds": "emergency_admission",
    "outpatients": "outpatient_first",
    "elective": "day_case",
    "mdt": "mdt_review",
    "vcse": "social_prescribing_referral",
}
RECEIVERS = (*DOORS, *LIGHT)
ENDS = (*LIGHT, *DOORS, "sdec")  # where routes begin and end; light services by their own numbers
NUMBER = {name: number for number, name in enumerate(ENDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way from one service to another.

    ``share`` is of the people whom it is about (see the module); only those of at least
    ``min_age`` years and ``min_frailty`` (0 fit … 3 severe) take it.
    """

    origin: str
    to: str
    does: str
    share: float
    min_age: float = 0.0
    min_frailty: int = 0
    source: str = ""
    basis: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """What the route is called in designs and tables."""
        return f"{self.origin}.{self.does}.{self.to}"


def load_routes(evidence: Evidence, changes: Mapping[str, float] | None = None) -> list[Route]:
    """Return every route, with those of ``changes`` (share by key) changed or added.

    Raises
    ------
    BadInput
        If a route leads from or to nowhere, or shares are no shares; all faults at once.
    """
    rows = evidence.rows(TABLE)
    faults = [fault for row in rows for fault in _row_faults(row)]
    if faults:
        raise BadInput(faults)
    routes = {route.key: route for route in (_route(row, evidence) for row in rows)}
    wanted = dict(changes or {})
    faults = change_faults(wanted, list(routes.values()))
    if faults:
        raise BadInput(faults)
    for key, share in wanted.items():
        origin, does, to = key.split(".")
        known = routes.get(key, Route(origin=origin, to=to, does=does, share=share))
        routes[key] = replace(known, share=float(share))
    return list(routes.values())


def _route(row: Row, evidence: Evidence) -> Route:
    return Route(
        origin=row["from"],
        to=row["to"],
        does=row["does"],
        share=share_of(row, evidence).value,
        min_age=float(row["min_age"] or 0.0),
        min_frailty=int(row["min_frailty"] or 0),
        source=row["source"],
        basis=row["basis"],
        note=row["note"],
    )


def share_of(row: Row, evidence: Evidence) -> Figure:
    """Return the share of the route in ``row``, which ``table`` may say has its home elsewhere."""
    if not row["table"]:
        return evidence.figure(TABLE, key=row["key"])
    if "/" not in row["row"]:
        return evidence.figure(row["table"], key=row["row"])
    service, term, level = row["row"].split("/")
    return evidence.figure(row["table"], service=service, term=term, level=level)


def _row_faults(row: Row) -> list[Fault]:
    where = f"{TABLE}.csv"
    key = f"{row['from']}.{row['does']}.{row['to']}"
    faults = _end_faults(key, where, row["key"])
    if not faults and row["key"] != key:
        faults.append(_fault(where, row["key"], "another key", key, "name it after its ends"))
    return faults


def change_faults(
    changes: Mapping[str, object], routes: Iterable[Route], where: str = "routes"
) -> list[Fault]:
    """Return what is wrong with shares that somebody sets by the key of a route."""
    shares = {route.key: route.share for route in routes}
    faults = []
    for key, share in changes.items():
        ends = _end_faults(key, where, key, sorted(shares))
        faults += ends
        if not ends and key.split(".")[1] == TELLS:
            remedy = "change the demand instead"
            faults.append(_fault(where, key, "a route that moves nobody", "another", remedy))
        if not _is_share(share):
            faults.append(_fault(where, key, repr(share), "a share, 0 to 1", "write 0.1"))
        elif not ends:
            shares[key] = float(share)  # type: ignore[arg-type]
    return faults + _sum_faults(shares, where)


def _is_share(share: object) -> bool:
    number = isinstance(share, int | float) and not isinstance(share, bool)
    return number and isfinite(share) and 0.0 <= share <= 1.0  # type: ignore[arg-type,operator]


def _sum_faults(shares: Mapping[str, float], where: str) -> list[Fault]:
    """Return a fault for each service whose overflow is shared out more than once."""
    sums: dict[str, float] = {}
    for key, share in shares.items():
        origin, does, _ = key.split(".")
        if does != REFERS:
            sums[f"{origin}.{does}"] = sums.get(f"{origin}.{does}", 0.0) + share
    return [
        _fault(where, start, f"shares that add up to {total:g}", "at most 1", "lower some")
        for start, total in sums.items()
        if total > 1.0 + 1e-9
    ]


def _end_faults(key: str, where: str, name: str, known: Iterable[str] = ()) -> list[Fault]:
    parts = key.split(".")
    if len(parts) != 3 or parts[1] not in DOES:
        alike = nearest(key, known)
        remedy = f"did you mean {alike}?" if alike else "write gp.overflow.utc"
        return [_fault(where, name, "no route", "FROM.refers.TO or FROM.overflow.TO", remedy)]
    origin, does, to = parts
    faults = []
    if origin not in SENDERS[does]:
        faults.append(_nowhere(where, name, origin, SENDERS[does], f"a route from {origin}"))
    if to not in RECEIVERS and does != TELLS:
        faults.append(_nowhere(where, name, to, RECEIVERS, f"a route to nowhere ({to})"))
    return faults


def _nowhere(where: str, key: str, name: str, known: tuple[str, ...], found: str) -> Fault:
    alike = nearest(name, known)
    remedy = f"did you mean {alike}?" if alike else "see: carepath show network"
    return _fault(where, key, found, ", ".join(known), remedy)


def _fault(where: str, key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where=where, key=key, found=found, allowed=allowed, remedy=remedy)


def route_changes(settings: Mapping[str, float]) -> dict[str, float]:
    """Return the routes among ``settings``, by key."""
    return {key[len(PREFIX) :]: share for key, share in settings.items() if key.startswith(PREFIX)}


def ends_of(routes: Iterable[Route]) -> Floats:
    """Return where the share of each route ends, from 0 to 1; shares over 1 are scaled to 1."""
    ends = np.cumsum([route.share for route in routes])
    return ends / max(float(ends[-1]), 1.0) if len(ends) else np.empty(0)
