"""The table of named alternatives: complete, true to the evidence, and checked as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.decisions import RULES
from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.settings import check_settings, flat, worded
from pathways.structure import STRUCTURE, chosen

EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")


def known_keys() -> set[str]:
    tables = sorted(path.stem for path in EVIDENCE.folder.glob("*.csv"))
    return {key for table in tables for key in EVIDENCE.keys(table)}


def test_every_alternative_replaces_a_number_that_there_is() -> None:
    known = known_keys()
    for alternative in STRUCTURE.values():
        for option in alternative.options:
            assert set(option.replaced) <= known, alternative.name


def test_the_default_of_every_alternative_changes_nothing() -> None:
    for alternative in STRUCTURE.values():
        assert not alternative.options[0].replaced
        assert not any(alternative.options[0].settings.values())
        assert len(alternative.options) > 1
        assert len({option.name for option in alternative.options}) == len(alternative.options)


def test_every_decision_has_two_rules_that_say_where_they_come_from() -> None:
    patterns = {key.split("*")[0] for rules in RULES.values() for r in rules for key in r.evidence}
    known = known_keys()
    for pattern in patterns:
        assert any(key.startswith(pattern) for key in known), pattern
    assert all(len(rules) >= 2 and rules[0].evidence for rules in RULES.values())


def test_choices_join_what_they_replace_and_set() -> None:
    option = chosen({"gp_wait_to_ed": "none", "practice_triage": "fixed-share"}, "x.toml")
    assert option.replaced == {"care_settings.practice.leak.ed": 0.0}
    assert option.settings == {"rules.practice_triage": 1.0}
    back = chosen({"practice_triage": "held-back-learning"}, "x.toml")
    assert back.settings == {"rules.practice_triage": 0.0}


def test_all_wrong_choices_are_named_at_once_with_the_nearest_name() -> None:
    with pytest.raises(BadInput) as bad:
        chosen({"practice_triag": "x", "isolation": "nonee"}, "x.toml")
    assert len(bad.value.faults) == 2
    assert "practice_triage" in bad.value.faults[0].remedy
    assert "none" in bad.value.faults[1].remedy


def test_a_rule_is_chosen_by_name_in_a_design_or_an_experiment() -> None:
    table = flat({"rules": {"mdt_selection": "referral-order"}, "gp.capacity_factor": 0.9})
    assert table == {"rules.mdt_selection": 1.0, "gp.capacity_factor": 0.9}
    assert not check_settings(table, "design.toml")
    assert worded(table) == {"rules.mdt_selection": "referral-order", "gp.capacity_factor": 0.9}


def test_wrong_rules_are_all_named_at_once_with_the_nearest_name() -> None:
    table = {"rules.mdt_selection": "referal-order", "rules.mdt_selecton": "x", "gp.x": 1.0}
    first, second, third = check_settings(flat(table), "design.toml")
    assert "did you mean referral-order?" in str(first)
    assert "rules.mdt_selection" in second.remedy
    assert third.key == "set: gp.x"
    assert check_settings({"rules.mdt_selection": 2.0}, "design.toml")
