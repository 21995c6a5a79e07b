"""A rule that could not be applied is refused when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from agents.rule_check import rule_faults
from experiments.designs import design_names, load_design
from experiments.listing import experiment_sentences
from experiments.resolving import read_experiment
from experiments.show import shown

CONDITIONS = ("copd", "type_2_diabetes")
EVIDENCE = Evidence(Path(__file__).parents[1] / "calibration" / "evidence")


@pytest.mark.parametrize(
    "text",
    [
        "age >= 75 and not care_home",
        "frailty >= 'moderate'",
        "ethnicity in ['black', 'asian']",
        "has('copd') or truly_has('type_2_diabetes')",
        "trait('lives_alone') and trait('disability')",
        "locality == 'South bank'",
        "admissions_12m + ae_12m >= 2",
        "True",
    ],
)
def test_a_sound_rule_has_no_faults(text: str) -> None:
    assert rule_faults(text, CONDITIONS, ("lives_alone",)) == []


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("frailty >= 2", "mend it"),
        ("frailty == 'modrate'", "did you mean 'moderate'?"),
        ("agee > 3", "did you mean age?"),
        ("has('diabetes')", "did you mean type_2_diabetes?"),
        ("copd", "write has('copd')"),
        ("trait('lives_alone')", "choose a trait from the list"),
        ("age", "compare it with something"),
        ("sex > 'male'", "use =="),
        ("age >= 75 &", "mend the rule"),
    ],
)
def test_a_rule_without_sense_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    (fault,) = rule_faults(text, CONDITIONS)

    assert fault.remedy == remedy


def test_a_design_names_its_wrong_rules_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(
        'name = "calls"\ntitle = "Calls"\nsummary = "Calls."\nsource = "Us"\n'
        '[[component]]\nkind = "rate"\nname = "calls"\ncoverage = 0.4\nper_year = 12\n'
        'include = ["age >= 75", "frailty >= 2", "has(\'diabetes\')"]\n'
    )

    with pytest.raises(BadInput) as caught:
        load_design(path, EVIDENCE)

    assert ["frailty >= 2" in str(fault) for fault in caught.value.faults] == [True, False]
    assert "has('diabetes')" in caught.value.faults[1].key


def test_a_design_without_costs_is_told_to_be_free(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(
        'name = "calls"\ntitle = "Calls"\nsummary = "Calls."\nsource = "Us"\n'
        '[[component]]\nkind = "rate"\nname = "calls"\ncoverage = 0.4\nper_year = 12\n'
        'include = ["age >= 75"]\n'
    )

    assert "is not paid for" in "\n".join(shown("design", str(path)))
    assert "is not paid for" not in "\n".join(shown("design", "usual-care"))


@pytest.mark.parametrize("name", design_names())
def test_every_design_that_comes_with_the_program_has_sound_rules(name: str) -> None:
    load_design(name, EVIDENCE)


def test_validate_counts_what_every_run_takes_however_small(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(
        'name = "small"\nplace = "southwark"\npopulation = 100\nyears = 1\nreplications = 15\n'
        '[[design]]\nuse = "usual-care"\n[[design]]\nuse = "proactive-mltc"\n'
    )

    told = " ".join(experiment_sentences(read_experiment(str(path))))

    assert "30 runs" in told
    assert "about 45 s" in told  # 3,000 person-years alone would be a second
