"""A trait, a segmentation and its segments are added by rows; bad rows are all named at once."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from agents.luck import Luck
from agents.own_traits import own_traits
from agents.population import Population
from agents.rule_columns import columns_of
from agents.rules import Rule
from agents.segments import Segmentation, segmentation_keys
from agents.synthesis import synthesise
from agents.traits import settle_traits
from calibration.derive import EVIDENCE
from experiments.places import load_place


def with_rows(tmp_path: Path, table: str, *rows: dict[str, str]) -> Evidence:
    """Return the evidence with rows added to one of its tables."""
    folder = tmp_path / "evidence"
    shutil.copytree(EVIDENCE, folder)
    path = folder / f"{table}.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        there = list(csv.DictReader(lines))
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(there[0]), restval="")
        writer.writeheader()
        writer.writerows([*there, *rows])
    return Evidence(folder)


def trait(name: str, rule: str, value: str) -> dict[str, str]:
    return {"trait": name, "rule": rule, "value": value, "unit": "share", "basis": "assumption"}


def settled(evidence: Evidence, n: int = 6_000) -> Population:
    people = synthesise(load_place("southwark", evidence), n, 0, Luck(2), evidence)
    settle_traits(people, Luck(2), evidence)
    return people


def test_a_trait_of_two_rows_has_its_shares_and_can_be_asked_for(tmp_path: Path) -> None:
    evidence = with_rows(
        tmp_path,
        "own_traits",
        trait("keeps_bees", "age >= 60 and sex == 'male'", "0.5"),
        trait("keeps_bees", "age >= 40", "0.1"),
    )
    people = settled(evidence)
    assert people.vulnerabilities[-1] == "keeps_bees"
    keeps, age = people.vulnerable[:, -1], people.age(0.0)
    old_men = (age >= 60) & (people.sex == 1)
    assert keeps[old_men].mean() == pytest.approx(0.5, abs=0.1)
    assert keeps[(age >= 40) & ~old_men].mean() == pytest.approx(0.1, abs=0.03)
    assert not keeps[age < 40].any()
    chosen = Rule.parse("age >= 60 and trait('keeps_bees')").rows(columns_of(people, 0.0))
    assert np.array_equal(chosen, keeps & (age >= 60))


def test_other_people_and_traits_stay_as_they_were(tmp_path: Path) -> None:
    evidence = with_rows(tmp_path, "own_traits", trait("keeps_bees", "age >= 60", "0.5"))
    usual, more = settled(Evidence(EVIDENCE), 1_000), settled(evidence, 1_000)
    assert np.array_equal(usual.vulnerable, more.vulnerable[:, :-1])
    assert np.array_equal(usual.isolated, more.isolated)


def test_bad_traits_are_all_named_at_once(tmp_path: Path) -> None:
    evidence = with_rows(
        tmp_path,
        "own_traits",
        trait("keeps bees", "age >= 60", "0.5"),
        trait("smoker", "age >= 60", "0.5"),
        trait("flies", "age >> 60", "0.5"),
        trait("swims", "age >= 60", "most"),
        trait("sails", "age >= 60", "1.5"),
    )
    with pytest.raises(BadInput) as caught:
        own_traits(evidence)
    told = " ".join(str(fault) for fault in caught.value.faults)
    assert len(caught.value.faults) >= 5
    for found in ("keeps bees", "smoker", "row 7", "most", "1.5"):
        assert found in told, found


def test_a_trait_that_nobody_has_defined_is_named(tmp_path: Path) -> None:
    people = settled(Evidence(EVIDENCE), 200)
    with pytest.raises(BadInput, match="digitally_excluded"):
        Rule.parse("trait('digitaly_excluded')").rows(columns_of(people, 0.0))


def test_a_segmentation_of_two_rows_sorts_everyone(tmp_path: Path) -> None:
    rows = [
        {"segmentation": "bees", "segment": "old", "name": "old", "rule": "age >= 65"},
        {"segmentation": "bees", "segment": "young", "name": "young", "rule": "True"},
    ]
    evidence = with_rows(tmp_path, "segmentations", *rows)
    assert "bees" in segmentation_keys(evidence)
    people = settled(evidence, 500)
    found = Segmentation.load("bees", evidence).segment(columns_of(people, 0.0))
    assert np.array_equal(found == 0, people.age(0.0) >= 65)


def test_bad_segments_are_all_named_at_once(tmp_path: Path) -> None:
    rows = [
        {"segmentation": "bees", "segment": "old", "name": "old", "rule": "age = 65"},
        {"segmentation": "bees", "segment": "young", "name": "young", "rule": "age.years < 3"},
    ]
    evidence = with_rows(tmp_path, "segmentations", *rows)
    with pytest.raises(BadInput) as caught:
        Segmentation.load("bees", evidence)
    told = " ".join(str(fault) for fault in caught.value.faults)
    assert "bees, old" in told
    assert "bees, young" in told
