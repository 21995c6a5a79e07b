"""The event log of a run, in the columns that process-mining and animation tools read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from agents.faults import BadInput, Fault

MINUTES = 24.0 * 60.0
# What both tools read, without renaming: pm4py the first three, vidigi the other five.
PM4PY = ("case:concept:name", "concept:name", "time:timestamp")
VIDIGI = ("entity_id", "pathway", "event_type", "event", "time")


def event_log(run: Path, start: date) -> pd.DataFrame:
    """Return the events of a run folder in order of person and time.

    Columns: those of ``PM4PY`` (a case is a person, an activity is service and event, times
    are of day) and of ``VIDIGI`` (time in minutes since the start; a wait becomes the event
    of joining the queue, ``event_type`` is ``queue`` or ``resource_use``), with ``person``,
    ``service`` and ``wait_days``. Visitors from elsewhere are not in it.

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
    joined = waited.assign(
        day=waited["day"] - waited["wait_days"], event="waits", wait_days=0.0, event_type="queue"
    )
    log = pd.concat([happened.assign(event_type="resource_use"), joined])
    log = log.sort_values(["person", "day", "service"], kind="stable").reset_index(drop=True)
    activity = log["service"] + ": " + log["event"]
    since = pd.to_timedelta(log["day"], unit="D")
    return log.assign(
        **{
            "case:concept:name": log["person"].astype(str),
            "concept:name": activity,
            "time:timestamp": pd.Timestamp(start) + since,
            "entity_id": log["person"],
            "pathway": log["service"],
            "event": activity,
            "time": log["day"] * MINUTES,
        }
    )[[*PM4PY, *VIDIGI, "person", "service", "wait_days"]]
