"""What ``carepath show`` says and draws of conditions, and of a design's people."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from experiments.catalogue import EVIDENCE
from experiments.designs import load_design
from experiments.show import shown
from experiments.show_cohort import cohort_flow, flow_lines, rules_of, write_flow
from experiments.show_condition import condition_lines, told
from experiments.show_figures import figure_shown


def test_a_condition_is_told_with_hazards_effects_ends_and_sources() -> None:
    text = "\n".join(shown("condition", "type_2_diabetes"))
    for part in (
        "Onsets per 1,000 person-years",
        "obese",
        "Ratio of death",
        "Remission",
        "Hidden cases",
        "Numbers and their sources",
        "incidence: condition type_2_diabetes",
    ):
        assert part in text
    known = told("type_2_diabetes", Evidence(EVIDENCE))
    effects, kidneys = known.tables.effects, known.tables.conditions.index("ckd")
    of_women = effects.for_sex[:, 0] & ~effects.for_sex[:, 1]
    logs = effects.log_ratio[of_women & (effects.source == known.column), kidneys]
    (ratio,) = np.exp(logs[logs != 0])
    assert f"Chronic kidney disease stage 3-5 (women): {ratio:.2f}" in text


@pytest.mark.parametrize("key", [row["key"] for row in Evidence(EVIDENCE).rows("conditions")])
def test_every_condition_can_be_told(key: str) -> None:
    lines = condition_lines(told(key, Evidence(EVIDENCE)))
    assert len(lines) > 20
    assert not any("nan" in line for line in lines)


def test_effects_told_are_those_of_the_tables() -> None:
    known = told("depression", Evidence(EVIDENCE))
    per_physical = np.exp(known.tables.effects.log_per_physical)
    assert any(ratio == pytest.approx(per_physical) for _, ratio in known.effects_from)
    assert known.tables.conditions[known.column] == "depression"


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"copd{suffix}"
    assert figure_shown("condition", "copd", path, cohort=None, residents=None)
    assert path.stat().st_size > 10_000


def test_figures_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--cohort"):
        figure_shown("place", "southwark", None, cohort="southwark", residents=None)
    with pytest.raises(BadInput, match=r"\.svg"):
        figure_shown("condition", "copd", tmp_path / "copd.gif", cohort=None, residents=None)


def test_a_cohort_is_counted_rule_by_rule_and_drawn(tmp_path: Path) -> None:
    flow = cohort_flow("proactive-mltc", "southwark", 1500, 3)
    assert flow[0] == ("residents", 1500, 0)
    for (_, before, _), (_, left, out) in itertools.pairwise(flow):
        assert before - out == left
    labels = [label for label, _, _ in flow]
    assert labels[1:] == [
        label for label, _ in rules_of(load_design("proactive-mltc", Evidence(EVIDENCE)))
    ]
    assert any(label.startswith("shown separately") for label in labels)
    assert f"{flow[-1][1]:,}" in flow_lines(flow)[-1]
    write_flow(flow, "w1", tmp_path / "w1.svg")
    assert "shown separately: smi" in (tmp_path / "w1.svg").read_text(encoding="utf-8")


def test_a_design_without_people_has_no_cohort() -> None:
    with pytest.raises(BadInput, match="people"):
        rules_of(load_design("usual-care", Evidence(EVIDENCE)))
