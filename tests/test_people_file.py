"""The population file: one row a resident, in every segmentation."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from agents.evidence import Evidence
from agents.segments import Segmentation, segmentation_keys
from experiments.people import write_population
from tests.test_model import EVIDENCE


def test_every_resident_is_in_one_segment_of_each_segmentation(tmp_path: Path) -> None:
    out = tmp_path / "people.parquet"
    count = write_population("southwark", out, residents=500, year=2026, seed=1)
    people, evidence = pd.read_parquet(out), Evidence(EVIDENCE)
    assert len(people) == count == people["person"].nunique()
    for key in segmentation_keys(evidence):
        names = set(Segmentation.load(key, evidence).segments)
        assert set(people[f"segment_{key}"]) <= names
    known = people["ltc_count_diagnosed"] > 0
    assert not (known & people["segment_need"].isin(["healthy", "at_risk"])).any()
    assert (people.loc[~known, "segment_bridges_to_health"].isin(["healthy", "infant", "frail"]))[
        people["age"] < 60
    ].all()
    assert (people.loc[people["segment_bridges_to_health"] == "infant", "age"] == 0).all()
    assert {"need", "bridges_to_health"} <= set(segmentation_keys(evidence))
