"""A design file's mistakes: all of them at once, with the nearest valid names."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from experiments.designs import load_design
from experiments.designs.sizes import doubtful_signs
from tests.test_model import EVIDENCE

WRONG = (Path(__file__).parent / "wrong_design.toml").read_text(encoding="utf-8")
# Each mistake of that file once: what the message's key ends with and what it says.
MISTAKES = {
    "component 2: effects 5: evidence": "text in quotes",
    "name": "small letters",
    "title": "nothing",
    "summary": "text in quotes",
    "costs 1: kind": "recurrent, non_recurrent or capital",
    "costs 1: fte_per_10000": "0 or more",
    "costs 1: price_year": "2023/24",
    "evidence 1: basis": "assumption",
    "nonsense": "unknown key",
    "set: vcse.link_workerz_per_10000": "did you mean vcse.link_workers_per_10000?",
    "set: gp.capacity_factor": "0 to 100",
    "same_mechanism_as": "did you mean 'proactive-mltc'?",
    "costs[1].evidence": "nothing_known",
    "costs[1].unit": "did you mean 'GBP per FTE year'?",
    "component 'hub': kind": "did you mean 'shift'?",
    "component 'hub': include 'agee >= 65', column 1": "did you mean age?",
    "component 'hub': effects 1: version": "did you mean 'plan'?",
    "component 'hub': effects 1: evidence": "did you mean 'hub.all'?",
    "component 'nurses': perr_year": "did you mean 'per_year'?",
    "component 'nurses': coverage": "0 to 1",
    "component 'nurses': effects 1: target": "did you mean 'demand.emergency_admission'?",
    "component 'nurses': effects 2: change": "write -0.2",
    "component 'nurses': effects 3: change": "write -0.13 for 13 per cent",
    "component 'nurses': effects 4: low": "0.3 above high = 0.1",
    "component 'channel': process": "did you mean 'ed_attendance'?",
    "component 'channel': share": "0 to 1",
}

WRONG_SHARE = """\
name = "mine"
title = "A door"
summary = "A pharmacist at the door of A&E."
source = "Our own plan"
[[component]]
kind = "shift"
name = "door"
include = ["age >= 5"]
process = "ed_attendance"
to = "pharmacy_contacts"
share = [0.5]
"""


def faults_of_text(text: str, folder: Path) -> tuple[Fault, ...]:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        load_design(str(path), Evidence(EVIDENCE))
    return tuple(bad.value.faults)


def test_every_mistake_of_a_file_is_told_at_once_and_once(tmp_path: Path) -> None:
    told = {
        fault.key: f"{fault.found}; {fault.allowed}; {fault.remedy}"
        for fault in faults_of_text(WRONG, tmp_path)
    }
    assert set(told) == set(MISTAKES)
    assert {key: words for key, words in MISTAKES.items() if words not in told[key]} == {}


def test_a_bad_design_in_use_hides_nothing_of_the_file_that_uses_it(tmp_path: Path) -> None:
    text = WRONG.replace('source = "me"', 'source = "me"\nuse = ["proactive-mltcc", "dudley"]')
    keys = [fault.key for fault in faults_of_text(text, tmp_path)]
    assert "use" in keys
    assert {key for key in MISTAKES if not key.startswith("set: ")} <= set(keys)


RISING = """\
name = "mine"
title = "Mine"
summary = "A test."
source = "Nobody"
evidence = [ { key = "n.plan", value = 0.2, unit = "x", source = "x", basis = "assumption" } ]
[[component]]
kind = "rate"
name = "nurses"
effects = [ { version = "plan", target = "demand.emergency_admission", evidence = "n.plan" } ]
"""


def test_a_plan_that_makes_things_worse_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(RISING, encoding="utf-8")
    (line,) = doubtful_signs(load_design(str(path), Evidence(EVIDENCE)))
    assert "raises emergency_admission by 0.2" in line
    path.write_text(RISING.replace("value = 0.2", "value = -0.2"), encoding="utf-8")
    assert not doubtful_signs(load_design(str(path), Evidence(EVIDENCE)))


def test_a_rule_that_is_no_text_is_told_and_hides_no_other(tmp_path: Path) -> None:
    rules = 'name = "nurses"\ninclude = [["age >= 5"], 3, "agee >= 5"]\n'
    text = RISING.replace('name = "nurses"\n', rules)
    found = [str(fault) for fault in faults_of_text(text, tmp_path)]
    assert len(found) == 3
    assert sum("a list of texts in brackets" in one for one in found) == 2
    assert any("agee, an unknown name" in one for one in found)


def test_a_list_where_one_number_is_asked_for_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of_text(WRONG_SHARE, tmp_path)
    assert (fault.key, fault.found) == ("component 'door': share", "[0.5]")
