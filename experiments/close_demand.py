"""Close the demand of the default parameters on a simulated England.

Run ``python -m experiments.close_demand`` after the disease tables have changed.
"""

from __future__ import annotations

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.luck import Luck
from calibration.close import close, people_of, store
from calibration.derive import DEFAULT, EVIDENCE
from experiments.places import load_place

PEOPLE = 200_000
SEED = 1


def main() -> None:
    """Write ``demand.json`` of the default parameters."""
    evidence = Evidence(EVIDENCE)
    england = load_place("england", evidence)
    tables = DiseaseTables.load(DEFAULT)
    people = people_of(england, PEOPLE, luck=Luck(SEED), evidence=evidence, tables=tables)
    replaced = close(people, evidence)
    store(replaced, DEFAULT, {"place": "england", "people": PEOPLE, "seed": SEED})


if __name__ == "__main__":
    main()
