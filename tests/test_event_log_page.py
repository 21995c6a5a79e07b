"""The page on event logs does what it says, with each tool it names where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import calibration
from results.eventlog import PM4PY, VIDIGI, contacts, places_of
from sim import simulate, write_run
from tests.docs_pages import DOCS, blocks
from tests.small_runs import small_run

CALIBRATION = Path(calibration.__file__).parent
TOOLS = ("pm4py", "vidigi")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the page's run stands, with fewer people."""
    spec = small_run(population=300, seed=3, keep_events=True)
    top = tmp_path_factory.mktemp("page")
    run = top / "runs" / "events" / "runs" / "place=southwark" / "replication=0000"
    run.parent.mkdir(parents=True)
    write_run(simulate(spec), run)
    return top


@pytest.fixture
def session(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names of the page's first Python block, run in the page's folder."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "event-log"}
    run_block("event_log", names)
    return names


def run_block(word: str, names: dict[str, Any]) -> None:
    """Run the page's Python block that imports ``word``."""
    page = blocks(DOCS / "guides" / "event-log.md")
    (block,) = (one for one in page if one.kind == "python" and word in imports(one.text))
    exec(compile(block.text, "event-log.md", "exec"), names)


def imports(text: str) -> str:
    """Return the lines of a block that import something."""
    return "\n".join(line for line in text.splitlines() if "import " in line)


def test_the_log_has_the_columns_that_pm4py_reads(session: dict[str, Any]) -> None:
    log = session["log"]
    assert list(log.columns[:3]) == list(PM4PY)
    waits = log[log["event"] == "waits"]
    assert len(waits)
    assert (waits["day"] <= 365).all()


def test_each_contact_arrives_waits_is_served_and_leaves(session: dict[str, Any]) -> None:
    rows = contacts(session["log"])
    assert list(rows.columns[:6]) == list(VIDIGI)
    steps = rows.groupby("entity_id")["event_type"].agg(list)
    each = ["arrival_departure", "queue", "resource_use", "resource_use_end", "arrival_departure"]
    assert all(found == each for found in steps)
    ends = rows[rows["event_type"] == "arrival_departure"].groupby("entity_id")["event"].agg(list)
    assert all(found == ["arrival", "depart"] for found in ends)
    assert rows.groupby("entity_id")["time"].is_monotonic_increasing.all()


def test_who_is_served_takes_the_lowest_place_that_is_free() -> None:
    services = np.array(["gp", "gp", "ed", "gp", "gp"])
    begins = np.array([0.0, 10.0, 10.0, 35.0, 36.0])
    assert places_of(services, begins, 30.0) == [1, 2, 1, 1, 3]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("tool", TOOLS)
def test_the_page_runs_with_the_tool_where_it_is_installed(
    tool: str, session: dict[str, Any]
) -> None:
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not among Carepath's packages and is not installed here")
    run_block(tool, session)
    if tool == "pm4py":
        assert session["graph"][("nhs111: waits", "nhs111: seen")] > 0
        assert sum(session["starts"].values()) == session["log"]["person"].nunique()
    else:
        assert len(session["figure"].frames) > 100
        marks = [len(trace.x) for frame in session["figure"].frames for trace in frame.data]
        assert max(marks) > 1
