"""The event log of a run, in the columns that process-mining and animation tools read."""

from __future__ import annotations

from datetime import date
from heapq import heappop, heappush
from pathlib import Path

import numpy as np
import pandas as pd

from agents.faults import BadInput, Fault

MINUTES = 24.0 * 60.0
SHOWN = 30.0  # minutes for which a contact is drawn, where the run does not say how long it took
# What the tools read without renaming: pm4py of ``event_log``, vidigi of ``contacts``.
PM4PY = ("case:concept:name", "concept:name", "time:timestamp")
VIDIGI = ("entity_id", "pathway", "event_type", "event", "time", "resource_id")
# Events at which a contact begins, with the wait for it; what else happens is in between.
BEGINS = ("seen", "place begins", "leaves queue of ed", "leaves queue of beds")


def event_log(run: Path, start: date) -> pd.DataFrame:
    """Return the events of a run folder in order of person and time, as pm4py reads them.

    Columns: those of ``PM4PY`` (a case is a person, an activity is service and event, times
    are of day), with ``person``, ``service``, ``event``, ``day`` and ``wait_days``. A wait
    becomes an event of its own, ``waits``, at the time the person joined the queue. Visitors
    from elsewhere are not in it.

    Raises
    ------
    BadInput
        If the run kept no events.
    """
    path = run / "events.parquet"
    if not path.exists():
        raise BadInput(
            [
                Fault(
                    where=str(run),
                    key="events.parquet",
                    found="no such file",
                    allowed="a run that kept its events",
                    remedy="run with --keep events",
                )
            ]
        )
    happened = pd.read_parquet(path)
    happened = happened.astype({"service": str, "event": str})
    waited = happened[happened["wait_days"] > 0.0]
    joined = waited.assign(day=waited["day"] - waited["wait_days"], event="waits", wait_days=0.0)
    log = pd.concat([happened, joined])
    log = log.sort_values(["person", "day", "service"], kind="stable").reset_index(drop=True)
    return log.assign(
        **{
            "case:concept:name": log["person"].astype(str),
            "concept:name": log["service"] + ": " + log["event"],
            "time:timestamp": pd.Timestamp(start) + pd.to_timedelta(log["day"], unit="D"),
        }
    )[[*PM4PY, "person", "service", "event", "day", "wait_days"]]


def contacts(log: pd.DataFrame, shown: float = SHOWN) -> pd.DataFrame:
    """Return each contact of an ``event_log`` from asking to leaving, as vidigi reads them.

    An entity is one contact: it arrives when the person asks (``arrival``), waits
    (``SERVICE: waits``, ``queue``), is served (``resource_use``) by the lowest numbered place
    that is free and leaves (``depart``) ``shown`` minutes later. Times are minutes since the
    start; those of who asked before it are negative.

    Columns: those of ``VIDIGI``, with ``person``.
    """
    begun = log[log["event"].isin(BEGINS)].sort_values("day", kind="stable")
    begins = begun["day"] * MINUTES
    asked = begins - begun["wait_days"] * MINUTES
    usual = pd.DataFrame(
        {
            "entity_id": range(len(begun)),
            "pathway": begun["service"].to_numpy(),
            "person": begun["person"].to_numpy(),
        }
    )
    place = places_of(begun["service"].to_numpy(), begins.to_numpy(), shown)
    steps = (
        ("arrival_departure", "arrival", asked, None),
        ("queue", (begun["service"] + ": waits").to_numpy(), asked, None),
        ("resource_use", begun["concept:name"].to_numpy(), begins, place),
        ("resource_use_end", (begun["service"] + ": ends").to_numpy(), begins + shown, place),
        ("arrival_departure", "depart", begins + shown, None),
    )
    parts = [
        usual.assign(event_type=kind, event=event, time=time.to_numpy(), resource_id=taken)
        for kind, event, time, taken in steps
    ]
    rows = pd.concat(parts).astype({"resource_id": "Int64"})
    rows = rows.sort_values(["entity_id", "time"], kind="stable").reset_index(drop=True)
    return rows[[*VIDIGI, "person"]]


def places_of(services: np.ndarray, begins: np.ndarray, shown: float) -> list[int]:
    """Return the place, from 1, that each contact takes for ``shown`` minutes.

    Contacts are in order of ``begins``; each takes the lowest place of its service that is
    free.
    """
    free: dict[str, list[int]] = {}
    busy: dict[str, list[tuple[float, int]]] = {}
    taken = []
    for service, begin in zip(services.tolist(), begins.tolist(), strict=True):
        mine, under_way = free.setdefault(service, []), busy.setdefault(service, [])
        while under_way and under_way[0][0] <= begin:
            heappush(mine, heappop(under_way)[1])
        place = heappop(mine) if mine else len(under_way) + 1
        heappush(under_way, (begin + shown, place))
        taken.append(place)
    return taken
