"""The people of Mid and South Essex, all 1.2 million, with a life course each, on one core.

Run with ``pytest benchmarks/test_population.py -s``. The goal is 2 minutes of one core and
4 GB; both are printed, and asserted with the machine's own time for other work left out.
"""

from __future__ import annotations

import sys
import time

import pytest

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.health import Health
from agents.luck import Luck
from agents.synthesis import synthesise
from agents.traits import settle_traits
from calibration.derive import DEFAULT, EVIDENCE
from experiments.catalogue import installed

PEOPLE, SECONDS, GIGABYTES = 1_200_000, 120.0, 4.0


def peak_gigabytes() -> float:
    """Most memory this process has held so far."""
    resource = pytest.importorskip("resource", reason="only Linux and macOS tell the peak")
    peak: float = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


@pytest.mark.slow
def test_a_system_of_1_2_million_people_is_made_in_two_minutes_and_4_gb() -> None:
    evidence, luck = Evidence(EVIDENCE), Luck(1)
    place = installed().load_place("mid_and_south_essex")
    begun = time.process_time()
    tables = DiseaseTables.load(DEFAULT)
    people = synthesise(place, PEOPLE, 0, luck, evidence, tables.risks)
    made = time.process_time() - begun
    Health(people, tables, luck).live_to_entry()
    lived = time.process_time() - begun
    settle_traits(people, luck, evidence)
    seconds = time.process_time() - begun
    sys.stdout.write(
        f"\n{PEOPLE:,} people: made {made:.0f} s, lived {lived:.0f} s, with traits "
        f"{seconds:.0f} s of one core; {peak_gigabytes():.1f} GB\n"
    )
    assert len(people) == PEOPLE
    assert seconds < SECONDS
    assert peak_gigabytes() < GIGABYTES
