"""A calibration from plan to parameter set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
from calibration.matching import folders
from calibration.matching.emulator import fit_emulator
from calibration.matching.fit import Fit, Problem, fit, problem_of
from calibration.matching.free import by_key, free_parameters
from calibration.matching.goals import STAGE_1, STAGE_2, Aims
from calibration.matching.outcome import information, outcome_of, verdict
from calibration.matching.posterior import sample_posterior
from calibration.matching.report import method
from calibration.matching.simulator import Counted, Size, Trial, simulate_trial
from calibration.matching.store import Progress, TooManyFailedError, claim, simulate_all
from calibration.matching.tables import BEGUN, GROUPS, WANTED, aim_at, derived, of_place, start_of
from calibration.matching.waves import spread_out
from experiments.calibrate import Asked, problem_asked
from experiments.catalogue import EVIDENCE, PARAMETERS
from experiments.inputs import inputs_inside
from experiments.planning import specs_of
from experiments.points import Point
from experiments.resolving import read_experiment
from tests.calibration_fakes import linear, plan

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_of(plan())


@pytest.fixture(scope="module")
def fitted(problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    folder = tmp_path_factory.mktemp("fit")
    progress = Progress(lambda line: None, planned=40)
    return fit(problem, folder, None, progress, linear(problem))


# ------------------------------------------------------------------ what is fitted


def test_only_figures_to_calibrate_are_fitted() -> None:
    nation = problem_of(plan("england"))
    assert {goal.role for goal in nation.aims.goals} == {"calibrate"}
    held_out = [goal for goal in nation.goals if goal.role == "holdout"]
    assert len(held_out) >= 10
    assert not {goal.name for goal in held_out} & {goal.name for goal in nation.aims.goals}
    assert {goal.stage for goal in nation.goals if goal.measure == "prevalence_asthma"} >= {STAGE_1}
    assert all(goal.stage == STAGE_2 for goal in nation.aims.goals)


def test_a_held_out_figure_moves_nothing(problem: Problem, fitted: Fit, tmp_path: Path) -> None:
    moved = tuple(
        goal if goal.role == "calibrate" else replace(goal, value=goal.value * 3)
        for goal in problem.goals
    )
    again = fit(
        replace(problem, goals=moved),
        tmp_path,
        None,
        Progress(lambda line: None, planned=40),
        linear(problem),
    )
    assert np.array_equal(again.posterior.sample, fitted.posterior.sample)


def test_free_parameters_begin_inside_their_ranges() -> None:
    evidence = Evidence(EVIDENCE)
    for nation in (True, False):
        for one in free_parameters(evidence, nation=nation):
            assert one.low <= one.start <= one.high
            assert one.at(one.place_of(np.array([one.start])))[0] == pytest.approx(one.start)


def test_every_condition_belongs_to_one_group_of_a_place() -> None:
    named = [name for names in GROUPS.values() for name in names]
    assert sorted(named) == sorted(DiseaseTables.load(PARAMETERS).conditions)


def test_fewer_figures_than_parameters_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("measure,conditions,value,unit,source\nprevalence,asthma,6,percent,x\n")
    with pytest.raises(BadInput, match="at least as many as free parameters"):
        problem_asked(Asked(place="southwark", targets=file, built_in=False))


def test_an_own_figure_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(
        "measure,conditions,value,unit,source,age_low,age_high,sex\n"
        "deprivation_ratio,copd,2.5,ratio,mine,20,110,all\n"
        "prevalence_at_least,,30,percent,mine,18,110,all\n"
    )
    problem, _ = problem_asked(Asked(place="england", targets=file))
    copd = [goal for goal in problem.goals if goal.measure == "deprivation_ratio_copd"]
    assert [goal.value for goal in copd] == [2.5]
    assert [goal.value for goal in problem.goals if "2plus of all" in goal.measure] == [30.0]


# ------------------------------------------------------------------ the fit


def test_a_fit_finds_what_the_figures_came_from(problem: Problem, fitted: Fit) -> None:
    (best,) = fitted.numbers(fitted.best)
    for key, value in best.items():
        assert value == pytest.approx(1.2, rel=0.15), key
    middle, low, high = fitted.posterior.interval(0.95)
    assert ((low < middle) & (middle < high)).all()
    assert fitted.verified.weights.sum() == pytest.approx(1.0)
    assert fitted.tried.within > 0.8


def test_each_parameter_is_told_by_the_figures_that_follow_it(
    problem: Problem, fitted: Fit
) -> None:
    told = information(fitted)
    names = [goal.name for goal in problem.goals]
    for column, goal in enumerate(fitted.aims.goals):
        assert told[:, column].argmax() == names.index(goal.name) % len(problem.free)


def test_any_executor_and_any_stop_give_the_same_fit(
    problem: Problem, fitted: Fit, tmp_path: Path
) -> None:
    calls: list[Trial] = []
    plain = linear(problem)

    def counting(trial: Trial) -> Counted:
        calls.append(trial)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return plain(trial)

    progress = Progress(lambda line: None, planned=40)
    with pytest.raises(KeyboardInterrupt):
        fit(problem, tmp_path, None, progress, counting)
    with ThreadPoolExecutor(2) as pool:
        again = fit(problem, tmp_path, pool, progress, counting)
    assert len(calls) == 41  # 40 points, one of them twice
    assert np.array_equal(again.posterior.sample, fitted.posterior.sample)
    assert np.array_equal(again.best, fitted.best)


def test_a_few_failed_simulations_are_left_out_and_many_stop_the_fit(tmp_path: Path) -> None:
    def failing(number: int) -> Counted:
        if number % modulus == 0:
            raise ValueError("no one lives to that age")
        return Counted({"a": 1.0}, {"a": 0.0}, 0.0)

    progress = Progress(lambda line: None, planned=20)
    modulus = 20
    found = simulate_all(range(1, 21), tmp_path / "few", None, progress, failing)
    assert sum(one is None for one in found) == 1
    modulus = 5
    with pytest.raises(TooManyFailedError, match="4 of 20"):
        simulate_all(range(1, 21), tmp_path / "many", None, progress, failing)


def test_a_fit_goes_on_without_a_simulation_that_failed_and_counts_it(
    problem: Problem, fitted: Fit, tmp_path: Path
) -> None:
    plain = linear(problem)

    def failing(trial: Trial) -> Counted:
        if trial.luck % 1_000_000 == 5:
            raise ValueError("no one lives to that age")
        return plain(trial)

    found = fit(problem, tmp_path, None, Progress(lambda line: None, planned=40), failing)
    assert (found.failed, fitted.failed) == (1, 0)
    assert len(found.emulator.points) == len(fitted.emulator.points) - 1
    assert any("1 of the simulations could not" in said for said in method_of(found))
    assert not any("could not be done" in said for said in method_of(fitted))


def method_of(fit: Fit) -> list[str]:
    return method(outcome_of(fit, Counted({}, {}, 0.0), Counted({}, {}, 0.0)))


def test_a_damaged_simulation_is_done_again(tmp_path: Path) -> None:
    progress = Progress(lambda line: None, planned=2)
    done: list[int] = []

    def work(number: int) -> Counted:
        done.append(number)
        return Counted({"a": float("nan")}, {"a": 0.0}, 0.5)

    simulate_all([1, 2], tmp_path, None, progress, work)
    (tmp_path / "0002.json").write_text('{"values": ')
    found = simulate_all([1, 2], tmp_path, None, progress, work)
    assert done == [1, 2, 2]
    assert found[0] is not None
    assert np.isnan(found[0].values["a"])


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    claim(tmp_path / "new", {"digest": "one"})
    claim(tmp_path / "new", {"digest": "one"})
    with pytest.raises(BadInput, match="another calibration"):
        claim(tmp_path / "new", {"digest": "two"})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="other files"):
        claim(tmp_path / "full", {"digest": "one"})
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_time_left_is_told_from_the_pace_of_fresh_simulations() -> None:
    progress = Progress(lambda line: None, planned=4)
    progress.one(kept=True)
    assert progress.left() is None
    assert "left" not in progress.line("wave 1")
    progress.began -= 10
    progress.one()
    assert progress.left() == pytest.approx(20, abs=1)
    assert "2 of 4" in progress.line("wave 1")


def test_a_verdict_is_stricter_on_what_was_held_out(problem: Problem) -> None:
    goal = replace(problem.aims.goals[0], value=10.0, allowance=2.0, low=None, high=None)
    assert verdict(goal, 11.9, 0.0) == "within"
    assert verdict(replace(goal, role="holdout"), 11.9, 0.0) == "miss"
    assert verdict(replace(goal, role="holdout"), 11.4, 0.0) == "within"
    assert verdict(goal, 13.0, 1.0) == "miss, perhaps by chance"
    assert verdict(goal, float("nan"), 0.0) == "too few people"


# ------------------------------------------------------------------ tables


def test_tables_that_wanted_the_same_ratios_are_where_a_derivation_begins() -> None:
    """A set that says nothing of an earlier beginning is one, at the ratios it was made for."""
    base = DiseaseTables.load(PARAMETERS)
    about = {key: value for key, value in base.about.items() if key != BEGUN}
    plain = replace(base, about=about)
    aim = aim_at(EVIDENCE, base.about["calibrated"], plain)
    again = derived(aim, plain, EVIDENCE, lives=1000, luck=Luck(1, -1))
    before, after = (
        np.array(list(each.about["hazard_ratio_most_least_deprived"].values()))
        for each in (base, again)
    )
    assert np.log(after) == pytest.approx(np.log(before), abs=1e-3)
    first = replace(base, about={k: v for k, v in about.items() if k != WANTED})
    assert start_of(first, EVIDENCE).prevalence.keys() == set(base.conditions)
    assert again.onset.shape == base.onset.shape


def test_what_is_fitted_from_a_calibrated_set_begins_where_that_set_began() -> None:
    base = DiseaseTables.load(PARAMETERS)
    numbers = {"deprivation.log_ratio.exponent": 1.4}
    steep, luck = aim_at(EVIDENCE, numbers, base), Luck(1, -1)
    between = derived(steep, base, EVIDENCE, lives=1000, luck=luck)
    assert not np.array_equal(between.onset, base.onset)
    one, other = (
        derived(aim_at(EVIDENCE, {}, each), each, EVIDENCE, lives=1000, luck=luck)
        for each in (base, between)
    )
    assert np.array_equal(one.onset, other.onset)
    assert one.about == other.about
    assert one.risks is not None
    assert other.risks is not None
    assert np.array_equal(one.risks.shares, other.risks.shares)


@pytest.mark.slow
def test_the_shipped_tables_come_again_from_their_own_numbers() -> None:
    """To rounding: registers are now scaled from the fitted size, then from that before."""
    shipped = DiseaseTables.load(PARAMETERS)
    about = shipped.about
    again = derived(
        aim_at(EVIDENCE, about["calibrated"], shipped),
        shipped,
        EVIDENCE,
        lives=about["lives"],
        luck=Luck(about["seed"], -1),
        rounds=3,
    )
    assert again.about == {key: about[key] for key in again.about}
    for name in ("onset", "remission", "diagnosis", "death", "at_birth"):
        found, kept = getattr(again, name), getattr(shipped, name)
        assert found == pytest.approx(kept, rel=1e-9, abs=1e-12, nan_ok=True), name


def test_free_parameters_reach_what_hazards_must_bring_about() -> None:
    base = DiseaseTables.load(PARAMETERS)
    usual = aim_at(EVIDENCE, {}, base)
    steep = aim_at(EVIDENCE, {"deprivation.log_ratio.exponent": 1.5}, base)
    assert (steep.ratio >= usual.ratio).all()
    assert (steep.ratio > usual.ratio).sum() > 5
    level = aim_at(EVIDENCE, {"deprivation.age_pattern.power": 0.0}, base)
    assert (level.ratio_by_age == 1).all()
    smaller = aim_at(EVIDENCE, {"register_scale.multiplier": 0.9}, base)
    assert (smaller.diagnosed <= usual.diagnosed + 1e-12).all()
    hidden = aim_at(EVIDENCE, {"undiagnosed.odds_multiplier": 1.4}, base)
    assert (hidden.present >= usual.present - 1e-12).all()
    assert np.array_equal(hidden.diagnosed, usual.diagnosed)
    loose = aim_at(EVIDENCE, {"frailty.global.log_sd": 0.5}, base)
    assert np.abs(loose.effects.loadings).sum() < np.abs(usual.effects.loadings).sum()


def test_a_place_multiplies_onset_and_death_and_nothing_else() -> None:
    base = DiseaseTables.load(PARAMETERS)
    own = of_place(base, {"place.onset.breathing": 0.5, "place.mortality": 1.1})
    asthma, cancer = base.conditions.index("asthma"), base.conditions.index("cancer")
    assert np.array_equal(own.onset[asthma], 0.5 * base.onset[asthma])
    assert np.array_equal(own.onset[cancer], base.onset[cancer])
    assert np.array_equal(own.death, 1.1 * base.death)
    assert own.effects is base.effects


def test_a_trial_counts_every_figure_of_its_place_and_is_repeatable(problem: Problem) -> None:
    trial = problem.plan.trial({}, 7)
    counted = simulate_trial(trial)
    assert set(counted.values) == {goal.name for goal in problem.goals}
    again = simulate_trial(trial)
    assert again.values == counted.values
    more = simulate_trial(problem.plan.trial({"place.onset.circulation": 1.7}, 7))
    register = next(name for name in counted.values if name.startswith("register_hypertension"))
    assert more.values[register] > 1.15 * counted.values[register]


# ------------------------------------------------------------------ what a run takes


@pytest.fixture
def parameter_set(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    copytree(PARAMETERS, folder)
    for number in (1, 2):
        copytree(PARAMETERS, folder / "draws" / f"{number:04d}")
    (folder / "simulations").mkdir()
    (folder / "simulations" / "0001.json").write_text("{}")
    return folder


def test_each_draw_of_a_run_takes_a_draw_of_the_set(parameter_set: Path, tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(
        'name = "x"\nplace = "southwark"\npopulation = 500\nyears = 1\nreplications = 1\n'
        'effects = ["null"]\nparameters = "set"\n[[design]]\nuse = "usual-care"\n'
        '[[design]]\nuse = "proactive-mltc"\n'
    )
    experiment = read_experiment(str(file), {})
    points = [Point(), Point(draw=1, fitted=1), Point(draw=3, fitted=3), Point(draw=2)]
    specs = specs_of(experiment, experiment.places[0], points)
    taken = {spec.draw: spec.parameters.relative_to(parameter_set) for spec in specs}
    assert {draw: path.as_posix() for draw, path in taken.items()} == {
        0: ".",
        1: "draws/0001",
        3: "draws/0001",
        2: ".",  # a point of a search, not a draw of what is unknown
    }
    _, copies = inputs_inside(experiment)
    assert not any("simulations" in name for name in copies)
    assert sum(name.endswith("diseases.npz") for name in copies) == 3


def test_a_set_is_told_from_others_by_what_runs_read(parameter_set: Path) -> None:
    before = folders.set_digest(parameter_set)
    (parameter_set / "report.html").write_text("words")
    assert folders.set_digest(parameter_set) == before
    (parameter_set / "draws" / "0002" / "demand.json").write_text('{"replaced": {}}')
    assert folders.set_digest(parameter_set) != before


def test_levels_of_use_move_with_the_people_of_a_draw(parameter_set: Path) -> None:
    draw = parameter_set / "draws" / "0001"
    (parameter_set / "demand.json").write_text('{"replaced": {"a.intercept": 1, "a.base.x": 4}}')
    (draw / "demand.json").write_text('{"replaced": {"a.intercept": 1.5, "a.base.x": 2}}')
    solved = {"a.intercept": -1.0, "a.base.x": 6.0, "other": 3.0}
    moved = folders.moved_levels(solved, parameter_set, draw)
    assert moved == {"a.intercept": -0.5, "a.base.x": 3.0, "other": 3.0}
    assert folders.moved_levels(solved, parameter_set, parameter_set) == solved


# ------------------------------------------------------------------ simulate and recover


@pytest.mark.slow
def test_parameters_of_simulated_places_come_back_as_often_as_intervals_say() -> None:
    """Twenty places simulated from drawn parameters, with the stated misfit added, fitted again."""
    small = problem_of(plan(size=Size(lives=1000, residents=4000, newborns=2000)))
    prior, random = small.prior, np.random.default_rng(17)
    points = spread_out(70, len(small.free), 1)
    names = [goal.name for goal in small.aims.goals]

    def simulated(unit: Floats, luck: int) -> Floats:
        rows = []
        for place, values in enumerate(prior.values(unit)):
            trial = small.plan.trial(by_key(small.free, values), luck + place)
            counted = simulate_trial(trial).values
            rows.append([counted[name] for name in names])
        return np.array(rows)

    emulator = fit_emulator(points, simulated(points, 1000))
    truths = prior.drawn(random.random((20, len(small.free))))
    hits = []
    for repeat, (truth, found) in enumerate(zip(truths, simulated(truths, 5000), strict=True)):
        misfit = np.linalg.cholesky(small.aims.covariance()) @ random.normal(size=len(names))
        goals = tuple(
            replace(goal, value=float(value))
            for goal, value in zip(small.aims.goals, found + misfit, strict=True)
        )
        # The pretended figures hold the chance of one small simulation beside the misfit.
        aims = Aims(
            goals=tuple(
                replace(goal, error=float(np.hypot(goal.error, chance)))
                for goal, chance in zip(goals, emulator.chance, strict=True)
            ),
            correlation=small.aims.correlation,
        )
        posterior = sample_posterior(
            emulator, aims, np.ones(len(names)), prior, steps=500, seed=repeat
        )
        _, low, high = posterior.interval(0.95)
        hits.append((low <= truth) & (truth <= high))
    inside = np.array(hits)
    least, most = binom.interval(0.95, inside.size, 0.95)
    assert least <= inside.sum() <= most, f"{inside.sum()} of {inside.size}"
