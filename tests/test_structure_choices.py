"""Named alternatives in experiments: checked, fixed or varied, and told apart in the variance."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from agents.faults import BadInput
from agents.luck import Luck
from experiments import draws as draws_module
from experiments import program
from experiments.cli import answer
from experiments.experiment import Experiment, resolved_toml
from experiments.points import Point
from experiments.python import run
from experiments.resolving import read_experiment
from experiments.running import planned_runs
from pathways.structure import STRUCTURE
from results.variance import explained, shares_again, split
from sim.spec import RunSpec
from tests.fake_runs import Fake
from tests.points_fakes import few_figures, one_thread, write_point

FILE = """\
name = "built"
place = "southwark"
population = 200
years = 1
replications = 2
{uncertainty}
[structure]
{structure}

[[design]]
use = "usual-care"

[[design]]
use = "proactive-mltc"
"""
PSA = 'uncertainty = "psa"\ndraws = 12'
DECLINE = "baseline_demand.practice_consultation.give_up.offered wait at which half decline"


def asked(folder: Path, structure: str, uncertainty: str = "") -> Experiment:
    file = folder / "built.toml"
    file.write_text(FILE.format(structure=structure, uncertainty=uncertainty), encoding="utf-8")
    return read_experiment(str(file))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "program_digest", lambda: "0123456789abcdef")
    monkeypatch.setattr(draws_module, "figures_used", few_figures)
    return tmp_path


def test_every_fault_of_the_table_is_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    wrong = (
        'activaton = "none"\ngiving_up = ["five-day", "twelve-days"]\nbed_pool = 3\nisolation = []'
    )
    with pytest.raises(BadInput) as caught:
        asked(tmp_path, wrong)
    told = [str(fault) for fault in caught.value.faults]
    assert any("activaton" in line and "did you mean activation" in line for line in told)
    assert any("'five-day'" in line and "did you mean five-days" in line for line in told)
    assert any("2 options" in line and "psa" in line for line in told)
    assert any("bed_pool: found 3" in line for line in told)
    assert any("isolation" in line for line in told)


def test_a_fixed_option_replaces_its_numbers_in_every_run(quick: Path) -> None:
    plain = planned_runs(asked(quick, ""), [Point()])
    default = planned_runs(asked(quick, 'giving_up = "eight-days"'), [Point()])
    other = planned_runs(asked(quick, 'giving_up = "five-days"'), [Point()])
    rule = planned_runs(asked(quick, 'mdt_selection = "referral-order"'), [Point()])
    assert [run.inputs for run in default] == [run.inputs for run in plain]  # recognised
    second = [one.name for one in STRUCTURE["mdt_selection"].options].index("referral-order")
    assert all(run.spec.replaced == {DECLINE: 5.0} for run in other)
    assert not {run.inputs for run in other} & {run.inputs for run in plain}
    assert all(run.spec.settings["rules.mdt_selection"] == float(second) for run in rule)


def test_an_experiment_file_says_its_structure_again(quick: Path) -> None:
    experiment = asked(quick, 'isolation = ["none", "all"]\nactivation = "half"', PSA)
    assert experiment.structure == {"isolation": ("none", "all"), "activation": ("half",)}
    again = quick / "again.toml"
    again.write_text(resolved_toml(experiment), encoding="utf-8")
    assert read_experiment(str(again)).structure == experiment.structure
    assert resolved_toml(read_experiment(str(again))) == resolved_toml(experiment)


def test_each_option_has_as_many_draws_as_the_others(quick: Path) -> None:
    options = [one.name for one in STRUCTURE["giving_up"].options]
    experiment = asked(quick, f'giving_up = {json.dumps(options)}\nactivation = "none"', PSA)
    drawn = draws_module.draws_of(experiment)
    assert Counter(drawn.structure["giving_up"]) == dict.fromkeys(options, 4)
    runs = planned_runs(experiment)
    for one in runs:
        option = drawn.structure["giving_up"][one.spec.draw - 1]
        expected = STRUCTURE["giving_up"].option(option).replaced.get(DECLINE)
        assert one.spec.replaced.get(DECLINE) == expected
        assert one.spec.replaced["design_settings.activation.causal_share"] == 0.0


def test_variance_is_split_into_chance_knowledge_and_structure() -> None:
    """Draw means are 4 s + 3 k + 2 c / sqrt(4): variances 16 : 9 : 1 for -1 or +1, N, N."""
    draws, replications = 400, 4
    luck = Luck(5)
    options = ["a" if n % 2 else "b" for n in range(draws)]
    structure = np.array([4.0 if one == "a" else -4.0 for one in options])
    known = 3.0 * luck.normals("known", np.arange(draws))
    chance = 2.0 * luck.normals("chance", np.arange(draws * replications)).reshape(draws, -1)
    values = ((structure + known)[:, None] + chance).reshape(-1, 1)
    of_run = np.repeat(np.arange(1, draws + 1), replications).tolist()
    found = split(values, of_run, {"x": options})
    assert found["variance_structure"][0] == pytest.approx(16.0, rel=0.15)
    assert found["variance_knowledge"][0] == pytest.approx(9.0, rel=0.2)
    assert found["variance_chance"][0] == pytest.approx(1.0, rel=0.15)
    none = split(values, of_run)
    assert none["variance_structure"][0] == 0.0
    whole = found["variance_structure"] + found["variance_knowledge"]
    assert none["variance_knowledge"] == pytest.approx(whole)


def test_shares_say_how_sure_they_are_and_more_draws_make_them_surer() -> None:
    """Knowledge and chance give half each; the interval holds it and narrows with draws."""
    widths = []
    for draws in (10, 160):
        known = np.repeat(Luck(4).normals("known", np.arange(draws)), 2)
        luck = Luck(4).normals("luck", np.arange(2 * draws)) * 2.0**0.5
        of_run = np.repeat(np.arange(1, draws + 1), 2).tolist()
        ends = shares_again(np.column_stack([known + luck, 0.0 * luck]), of_run)
        low, high = ends["share_chance_low"], ends["share_chance_high"]
        assert low[0] < 0.5 < high[0]
        assert np.isnan(low[1])
        widths.append(high[0] - low[0])
    assert widths[1] < 0.5 * widths[0]


def test_options_that_do_nothing_explain_next_to_nothing() -> None:
    luck = Luck(8).normals("nothing", np.arange(300 * 60)).reshape(60, 300)
    labels = [["abc"[n % 3] for n in range(60)]]
    assert explained(luck, labels).mean() < 0.04  # of a variance of 1


def avoids_by_decline(spec: RunSpec, folder: Path) -> None:
    """Write a run whose design avoids more where people give up sooner."""
    avoided = 0.3 if spec.replaced.get(DECLINE) == 5.0 else 0.0
    fake = Fake(population=spec.population, years=spec.years, place=spec.place.key, avoided=avoided)
    write_point(spec, fake, folder)


def test_an_experiment_that_varies_structure_tells_it(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [one for one in few_figures() if not one.key.startswith("baseline_demand")]
    monkeypatch.setattr(draws_module, "figures_used", lambda *_: few)
    asked(quick, 'giving_up = ["eight-days", "five-days"]', PSA.replace("12", "6"))
    how = {"work": avoids_by_decline, "engine": one_thread}
    done = run("built.toml", out="done", quiet=True, how=how)
    assert "giving_up" in json.loads((quick / "done" / "draws.json").read_text())["structure"]
    variance = done.tables["variance"].query("measure == 'emergency_admissions'").iloc[0]
    shares = [variance[f"share_{part}"] for part in ("chance", "knowledge", "structure")]
    assert sum(shares) == pytest.approx(1.0)
    assert shares[2] > 0.3
    table = done.tables["structure"].query("measure == 'emergency_admissions'")
    ours = table.set_index("option")["difference"]
    assert ours["five-days"] < ours["eight-days"]


def test_validate_says_what_is_fixed_and_what_varies(
    quick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(quick, 'giving_up = ["eight-days", "five-days"]\nactivation = "none"', PSA)
    assert answer(["validate", "built.toml"]) == 0
    told = capsys.readouterr().out
    assert "Structure: giving_up varied (eight-days, five-days); activation none." in told
    assert answer(["list", "structure"]) == 0
    assert "gp_wait_to_ed" in capsys.readouterr().out
