"""Demand and control of a parameter set against published use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.faults import BadInput
from agents.luck import Luck
from agents.population import Population
from calibration import close
from calibration.matching import report
from calibration.matching import use_stage as stage
from calibration.matching.folders import drawn_numbers
from calibration.matching.plan import Plan, plan_of
from calibration.matching.store import Progress
from calibration.matching.use import Folk, UseFit, discrepancy, fit_use, folk_of, service_of
from calibration.matching.use_control import control_draw, control_figures, control_table
from calibration.matching.use_figure import service_use, write_use_figure
from calibration.matching.use_report import missed_use, use_scores, use_sentences
from calibration.matching.use_targets import UseTarget, group_of, read_targets
from experiments import draws as draws_module
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from experiments.planning import specs_of
from experiments.points import Point
from experiments.resolving import read_experiment
from pathways import rates
from sim.world import replaced_numbers

Floats = npt.NDArray[np.float64]
REPEATS = 20
SERVICES = ("practice_consultation", "ae_attendance")
QUIET = Progress(lambda line: None, planned=1)


@pytest.fixture(scope="module")
def people() -> Population:
    return close.people_of(
        installed().load_place("england"),
        4000,
        luck=Luck(3),
        evidence=Evidence(EVIDENCE),
        tables=DiseaseTables.load(PARAMETERS),
    )


@pytest.fixture(scope="module")
def folk(people: Population) -> Folk:
    return folk_of(people)


@pytest.fixture(scope="module")
def targets() -> list[UseTarget]:
    found, _ = read_targets(Evidence(EVIDENCE))
    return [target for target in found if set(target.services) <= set(SERVICES)]


@pytest.fixture(scope="module")
def fit(targets: list[UseTarget], folk: Folk) -> UseFit:
    return fit_use(targets, folk, Evidence(EVIDENCE))


def remade(fit: UseFit, terms: Floats, noise: Floats) -> list[UseTarget]:
    """Return the targets as people with these terms would have them published."""
    values = fit.counting.count(terms) * np.exp(noise)
    return [
        replace(target, value=float(value), low=None, high=None)
        for target, value in zip(fit.counting.targets, values, strict=True)
    ]


# ------------------------------------------------------------------ counting


def test_a_group_is_counted_as_its_people_are(folk: Folk, people: Population) -> None:
    evidence = Evidence(EVIDENCE)
    service = service_of(evidence, "practice_consultation")
    rate = rates.service_rates(evidence, "practice_consultation")[folk.cell]
    rate *= service.level / rate.mean()
    old = (people.age(0.0) >= 65)[people.present(0.0)]
    target = next(iter(read_targets(evidence)[0]))
    asked = replace(
        target,
        services=("practice_consultation",),
        kind="share",
        who=group_of("ages=65-110"),
        against=group_of(""),
        alike=(),
        value=30.0,
    )
    counted = fit_use([asked], folk, evidence).counting
    at_start = counted.count(np.array([term.value for term in counted.terms]))
    assert at_start[0] == pytest.approx(100 * rate[old].sum() / rate.sum())


def test_a_standardised_ratio_of_a_term_is_the_term(folk: Folk, targets: list[UseTarget]) -> None:
    """Within strata of everything else a ratio of two fifths is the fifths' own ratio."""
    asked = replace(
        targets[0],
        services=("ae_attendance",),
        kind="ratio",
        who=group_of("ltc=2;age=16-44;frailty=fit"),
        against=group_of("ltc=0;age=16-44;frailty=fit"),
        alike=("imd", "sex"),
        scale="",
    )
    found = fit_use([asked], folk, Evidence(EVIDENCE)).counting
    terms = {term.key: term.value for term in found.terms}
    value = found.count(np.array(list(terms.values())))[0]
    assert value == pytest.approx(np.exp(terms["baseline_demand.ae_attendance.ltc_count.2"]))


def test_the_level_of_a_service_is_held_whatever_its_terms(fit: UseFit) -> None:
    for number in range(1, 4):
        for name, rate in fit.counting.tables(fit.draw(number, 5)).items():
            level = Evidence(EVIDENCE).value(rates.TABLE, service=name, term="england_mean")
            assert fit.counting.people @ rate == pytest.approx(level)


# ------------------------------------------------------------------ the fit


def test_known_terms_come_back(fit: UseFit, folk: Folk) -> None:
    """Exact figures of known terms move what they tell of most of the way to the truth."""
    truth = fit.prior + 1.5 * fit.deviation * np.sign(np.sin(np.arange(fit.prior.size)))
    found = fit_use(remade(fit, truth, np.zeros(len(fit.counting.targets))), folk,
                    Evidence(EVIDENCE))  # fmt: skip
    told = found.spread / found.deviation < 0.5
    assert told.sum() >= 2
    away = np.abs(found.best - truth)
    assert (away[told] < 2.5 * found.spread[told]).all()
    assert away[told].mean() < 0.5 * np.abs(fit.prior - truth)[told].mean()


def test_intervals_hold_the_truth_as_often_as_they_say(fit: UseFit, folk: Folk) -> None:
    """Pooled over terms and repeats; truth drawn from the prior, figures from the discrepancy."""
    evidence, random = Evidence(EVIDENCE), np.random.default_rng(8)
    targets = fit.counting.targets
    plain = [replace(target, low=None, high=None) for target in targets]
    chance = fit.counting.chance(fit.prior)
    root = np.linalg.cholesky(discrepancy(plain, chance, evidence))
    inside = []
    for _ in range(REPEATS):
        truth = fit.prior + fit.deviation * random.standard_normal(fit.prior.size)
        noise = root @ random.standard_normal(len(targets))
        found = fit_use(remade(fit, truth, noise), folk, evidence)
        inside += list(np.abs(found.best - truth) < 1.96 * found.spread)
    low, high = binom.interval(0.999, len(inside), 0.95)
    assert low <= sum(inside) <= high


def test_a_held_out_figure_moves_nothing(fit: UseFit, targets: list[UseTarget], folk: Folk) -> None:
    moved = [
        replace(target, value=target.value * 1.7) if target.role == "holdout" else target
        for target in targets
    ]
    assert sum(target.role == "holdout" for target in targets) >= 5
    again = fit_use(moved, folk, Evidence(EVIDENCE))
    assert np.array_equal(again.best, fit.best)
    assert np.array_equal(again.covariance, fit.covariance)


def test_an_earlier_fit_is_no_prior(targets: list[UseTarget], folk: Folk, fit: UseFit) -> None:
    key = "baseline_demand.ae_attendance.imd_quintile.1"
    assert fit.prior[fit.keys.index(key)] == Evidence(EVIDENCE).value(
        rates.TABLE, service="ae_attendance", term="imd_quintile", level="1"
    )
    assert (fit.deviation >= 0.05).all()


def test_draws_differ_and_are_the_same_for_the_same_seed(fit: UseFit) -> None:
    one, again, other = fit.draw(1, 5), fit.draw(1, 5), fit.draw(2, 5)
    assert np.array_equal(one, again)
    assert not np.isclose(one, other).any()
    many = fit.draws(np.arange(1, 301), 5)
    assert many[0] == pytest.approx(one)
    assert many.std(axis=0) == pytest.approx(fit.spread, rel=0.2)
    assert np.abs((many.mean(axis=0) - fit.best) / fit.spread).max() < 0.25


# ------------------------------------------------------------------ the table of matches


def test_every_row_of_service_use_is_matched_or_has_a_reason() -> None:
    targets, unmatched = read_targets(Evidence(EVIDENCE))
    assert len(targets) >= 60
    assert all(one.reason for one in unmatched)
    assert len({target.key for target in targets}) == len(targets)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("row", "nothing.of.the.kind", "a row of service_use.csv"),
        ("role", "fitted", "calibrate, holdout, unmatched"),
        ("services", "practice_consultations", "try practice_consultation"),
        ("kind", "odds", "rate, ratio, share"),
        ("who", "ltc=7", "0, 1, 2, 3, 4\\+"),
        ("who", "ages=65-", "two whole ages"),
        ("who", "ages=65-18", "swap"),
        ("who", "religion=any", "name an axis"),
        ("alike", "luck", "ltc, age, imd"),
        ("turned", "many", "a number"),
        ("turned", "-2", "above 0"),
    ],
)
def test_a_bad_row_is_refused_by_its_name(
    tmp_path: Path, column: str, value: str, said: str
) -> None:
    folder = copytree(EVIDENCE, tmp_path / "evidence")
    lines = (folder / "use_matches.csv").read_text().splitlines()
    head = lines[0].split(",")
    cells = dict.fromkeys(head, "") | {
        "key": "spoilt",
        "row": "ae_attendance.rate.all.all.all.all.general population.2018/19",
        "role": "calibrate",
        "services": "ae_attendance",
        "kind": "rate",
        "source": "x",
        "basis": "read",
        "note": "x",
    }
    cells[column] = value
    lines.append(",".join(cells[name] for name in head))
    (folder / "use_matches.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=said) as refused:
        read_targets(Evidence(folder))
    assert any("spoilt" in fault.key for fault in refused.value.faults)


def test_a_published_row_that_is_named_nowhere_is_refused(tmp_path: Path) -> None:
    folder = copytree(EVIDENCE, tmp_path / "evidence")
    file = folder / "use_matches.csv"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("outpatients.4")]
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match="match it, or say why not"):
        read_targets(Evidence(folder))


# ------------------------------------------------------------------ control


def test_shares_treated_to_target_are_drawn_from_their_intervals() -> None:
    evidence = Evidence(EVIDENCE)
    figures = {figure.key: figure for figure in control_figures(evidence)}
    assert len(figures) == 7
    many = [control_draw(evidence, number, 4) for number in range(1, 301)]
    assert many[0] == control_draw(evidence, 1, 4) != many[1]
    for key, figure in figures.items():
        values = np.array([draw[key] for draw in many])
        assert figure.low is not None
        assert figure.high is not None
        assert np.mean((values >= figure.low) & (values <= figure.high)) == pytest.approx(
            0.95, abs=0.04
        )


def test_control_is_counted_among_the_diagnosed(people: Population) -> None:
    table = control_table(people, Evidence(EVIDENCE), 12, 9)
    pressure = table[table["service"] == "control of hypertension"]
    found = dict(zip(pressure["group"], pressure["after"], strict=True))
    assert found["diagnosed 60+"] == pytest.approx(74, abs=4)
    assert found["diagnosed 18-59"] == pytest.approx(58, abs=8)
    assert found["diagnosed 18-59"] < found["diagnosed 18+"] < found["diagnosed 60+"]
    assert (table["after_low"] <= table["after_high"]).all()
    assert (pressure["after_high"] - pressure["after_low"]).max() > 2


# ------------------------------------------------------------------ the stage


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, stage.Use, Plan]:
    folder = tmp_path_factory.mktemp("use")
    small = copytree(EVIDENCE, folder / "evidence")
    settings = (small / "calibration_settings.csv").read_text()
    settings = settings.replace("use.people,60000,20000", "use.people,3000,2000")
    settings = settings.replace("use.draw_people,10000,5000", "use.draw_people,1500,1000")
    (small / "calibration_settings.csv").write_text(settings)
    for to in ("set/best", "set/draws/0001", "set/draws/0002"):
        copytree(PARAMETERS, folder / to)
    plan = plan_of(
        installed().load_place("england"), evidence=small, base=PARAMETERS, seed=3, quick=True
    )
    use = stage.use_stage(plan, folder / "set", folder / "set" / "best", None, QUIET)
    assert use is not None
    return folder, use, plan


def numbers(folder: Path) -> dict[str, float]:
    return replaced_numbers(folder, {})


def test_draws_carry_their_own_terms_and_the_best_set_the_fitted(
    done: tuple[Path, stage.Use, Plan],
) -> None:
    folder, use, _ = done
    best, one, two = (numbers(folder / "set" / name) for name in ("best", "draws/0001",
                                                                   "draws/0002"))  # fmt: skip
    assert use.taken
    fitted = use.terms[use.terms["taken"]].set_index("key")["after"]
    assert {key: best[key] for key in fitted.index} == pytest.approx(fitted.to_dict(), abs=1e-4)
    assert all(one[key] != two[key] for key in fitted.index)
    assert not set(use.terms.loc[~use.terms["taken"], "key"]) & set(one)
    control = {figure.key for figure in control_figures(Evidence(EVIDENCE))}
    assert control <= set(one)
    assert not control & set(best)
    carried = drawn_numbers(folder / "set")
    assert set(fitted.index) | control <= carried


def test_levels_are_held_on_the_people_of_each_set(
    done: tuple[Path, stage.Use, Plan],
) -> None:
    folder, _, plan = done
    before = numbers(PARAMETERS)
    for number, name in enumerate(("best", "draws/0001", "draws/0002")):
        luck = Luck(plan.seed + number, -4)
        tables = DiseaseTables.load(PARAMETERS)
        people = close.people_of(
            plan.place, 1500, luck=luck, evidence=Evidence(EVIDENCE, before), tables=tables
        )
        usual = close.mean_use(people, Evidence(EVIDENCE, before))
        now = close.mean_use(people, Evidence(EVIDENCE, numbers(folder / "set" / name)))
        assert now == pytest.approx(usual, rel=3e-4)


def test_a_second_time_changes_nothing(done: tuple[Path, stage.Use, Plan]) -> None:
    folder, _, plan = done
    names = ("best", "draws/0001", "draws/0002")
    held = [(folder / "set" / name / "demand.json").read_text() for name in names]
    for kept in (folder / "set" / "simulations" / stage.STAGE).glob("*.json"):
        kept.unlink()
    stage.use_stage(plan, folder / "set", folder / "set" / "best", None, QUIET)
    again = [(folder / "set" / name / "demand.json").read_text() for name in names]
    assert [json.loads(text) for text in again] == [json.loads(text) for text in held]


def test_terms_of_services_no_longer_taken_go_back_to_the_published(fit: UseFit) -> None:
    """A set begins with all that an earlier fit left in the one it is made from."""
    kept = dict.fromkeys(fit.keys, 9.0) | {"baseline_demand.other": 4.0}
    values = fit.draw(1, 5)
    found = stage.terms_of(fit, values, ["ae_attendance"], kept)
    assert set(found) == set(fit.keys)
    for key, drawn, published in zip(fit.keys, values, fit.prior, strict=True):
        wanted = drawn if ".ae_attendance." in key else published
        assert found[key] == pytest.approx(wanted, abs=1e-4)
    own = stage.terms_of(fit, values, ["ae_attendance"], {})
    assert own == {key: found[key] for key in fit.keys if ".ae_attendance." in key}


def test_no_set_keeps_an_earlier_fit_of_a_service_not_taken(
    done: tuple[Path, stage.Use, Plan], tmp_path: Path
) -> None:
    _, use, plan = done
    left = use.terms.loc[~use.terms["taken"]].iloc[0]
    for name in ("best", "draws/0001"):
        to = copytree(PARAMETERS, tmp_path / name)
        content = json.loads((to / "demand.json").read_text())
        content["replaced"][left["key"]] = left["before"] + 1.0
        (to / "demand.json").write_text(json.dumps(content))
    stage.use_stage(plan, tmp_path, tmp_path / "best", None, QUIET)
    for name in ("best", "draws/0001"):
        assert numbers(tmp_path / name)[left["key"]] == pytest.approx(left["before"], abs=1e-4)


def test_a_run_draws_no_number_twice(
    done: tuple[Path, stage.Use, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, use, _ = done
    monkeypatch.setattr(
        draws_module,
        "figures_used",
        lambda *_: (
            Evidence(EVIDENCE, numbers(folder / "set")).figures(rates.TABLE)
            + control_figures(Evidence(EVIDENCE))
        ),
    )
    changes = {"population": 200, "years": 1, "replications": 1, "draws": 3, "uncertainty": "psa"}
    asked = read_experiment("southwark", changes)
    alone = {one.key for one in draws_module.draws_of(asked).run}
    with_set = replace(asked, parameters=str(folder / "set"))
    drawn = {one.key for one in draws_module.draws_of(with_set).run}
    carried = drawn_numbers(folder / "set")
    assert carried & alone
    assert not carried & drawn
    rest = use.terms.loc[~use.terms["taken"], "key"]
    assert set(rest) & alone <= drawn


def test_a_run_of_a_draw_has_the_level_of_that_draw(
    done: tuple[Path, stage.Use, Plan], tmp_path: Path
) -> None:
    """Levels are moved once for the draw's own terms, and not again for what is drawn beside."""
    folder, _, _ = done
    copytree(folder / "set" / "best", tmp_path / "base")
    copytree(folder / "set" / "draws", tmp_path / "base" / "draws")
    changes = {"population": 200, "years": 1, "replications": 1}
    asked = replace(read_experiment("southwark", changes), parameters=str(tmp_path / "base"))
    drawn = {"baseline_demand.nhs_111_call.england_mean.all ages": 0.4}
    point = Point(draw=1, fitted=1, replaced=drawn)
    spec = next(iter(specs_of(asked, asked.places[0], [point])))
    own, read = numbers(spec.parameters), replaced_numbers(spec.parameters, spec.replaced)
    key = "baseline_demand.{}.intercept.no LTC, 16-44, IMD 3, fit"
    assert own == numbers(folder / "set" / "draws" / "0001")
    for service in ("practice_consultation", "emergency_admission"):
        assert read[key.format(service)] == pytest.approx(own[key.format(service)], abs=1e-9)
    assert read[key.format("nhs_111_call")] > own[key.format("nhs_111_call")] + 0.1


def test_a_place_takes_the_terms_of_the_nations_draws(
    done: tuple[Path, stage.Use, Plan], tmp_path: Path
) -> None:
    folder, use, plan = done
    copytree(folder / "set", tmp_path / "base", ignore=lambda *_: {"simulations", "best"})
    copytree(folder / "set" / "best", tmp_path / "base", dirs_exist_ok=True)
    for to in ("best", "draws/0001"):
        copytree(folder / "set" / "best", tmp_path / "place" / to)
    there = replace(plan, place=installed().load_place("southwark"), base=tmp_path / "base")
    best = tmp_path / "place" / "best"
    usual = (best / "demand.json").read_text()
    assert stage.use_stage(there, tmp_path / "place", best, None, QUIET) is None
    assert (best / "demand.json").read_text() == usual
    own = numbers(tmp_path / "place" / "draws/0001")
    nation = numbers(folder / "set" / "draws/0001")
    keys = list(use.terms.loc[use.terms["taken"], "key"])
    assert [own[key] for key in keys] == [nation[key] for key in keys]


def test_what_is_told_and_drawn(done: tuple[Path, stage.Use, Plan], tmp_path: Path) -> None:
    _, use, _ = done
    section = "".join(report._use(use, tmp_path, write_use_figure(use.table, tmp_path)))
    assert section.count("<figure>") == 1
    assert section.count("<table>") == 2
    assert "takes the nation" in "".join(report._use(None, tmp_path, {}))
    shown = use.table[use.table["role"] != "unmatched"]
    figure = service_use(use.table)
    assert sum(len(ax.get_yticks()) for ax in figure.axes) == (shown["published"] > 0).sum()
    assert any("held out" in sentence for sentence in use_scores(use))
    assert "no longer a test" in " ".join(use_sentences(use))
    assert len(missed_use(use)) == int((shown["verdict"] == "miss").sum())
    assert use_scores(None) == []
