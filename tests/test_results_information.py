"""Value of information: against values worked out on paper, and as a table of drawn runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from agents.luck import Luck
from results.csv_files import load
from results.figures.information import caution, title
from results.information import (
    ALL,
    COLUMNS,
    drawn_groups,
    information_table,
    partial,
    perfect,
    perfect_interval,
    told_above,
    without_chance,
)
from results.settings import read_settings
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

Floats = npt.NDArray[np.float64]


def spread(name: str, count: int) -> Floats:
    """Return normal numbers, evenly spread, in an order of luck."""
    even = norm.ppf((np.arange(count) + 0.5) / count)
    return np.asarray(even[np.argsort(Luck(1).uniforms(name, np.arange(count)))])


def on_paper(mean: float, deviation: float) -> float:
    """Return E[max(0, X)] - max(0, E[X]) of a normal X: the unit normal loss."""
    size = abs(mean) / deviation
    return float(deviation * (norm.pdf(size) - size * norm.cdf(-size)))


def test_perfect_information_of_a_choice_small_enough_to_do_by_hand() -> None:
    """Means are 1 and 0; best in each draw 3, 2, 0: their mean 5/3 less 1."""
    net = np.array([[3.0, 0.0], [-2.0, 2.0], [2.0, 0.0], [1.0, -2.0]])
    assert perfect(net) == pytest.approx((3 + 2 + 2 + 1) / 4 - 1.0)


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_partial_information_of_normal_net_benefit_is_the_unit_normal_loss(mean: float) -> None:
    """Net benefit is mean + 2 a + b + luck: knowing a is worth the loss of N(mean, 2)."""
    a, b, luck = (spread(name, 250) for name in ("a", "b", "luck"))
    net = np.column_stack([np.zeros(250), mean + 2.0 * a + b + 0.5 * luck])
    value, low, high, told = partial(net, a[:, None])
    assert value == pytest.approx(on_paper(mean, 2.0), abs=0.1)
    assert low < on_paper(mean, 2.0) < high
    assert told
    smaller, *_ = partial(net, b[:, None])
    assert smaller == pytest.approx(on_paper(mean, 1.0), abs=0.1)
    both, *_ = partial(net, np.column_stack([a, b]))
    assert both == pytest.approx(on_paper(mean, 5.0**0.5), abs=0.1)


def test_a_curve_is_followed_and_what_does_not_matter_is_worth_nothing() -> None:
    a, other, luck = (spread(name, 200) for name in ("a", "other", "luck"))
    net = np.column_stack([np.zeros(200), a**2 - 1.0 + 0.3 * luck])
    expected = float(np.maximum(a**2 - 1.0, 0.0).mean() - max(0.0, (a**2 - 1.0).mean()))
    value, *_ = partial(net, a[:, None])
    assert value == pytest.approx(expected, abs=0.05)
    nothing, _, _, told = partial(net, other[:, None])
    assert nothing < 0.1 * expected
    assert not told


def invented(repeat: int, draws: int, numbers: int) -> tuple[Floats, Floats]:
    """Return net benefit of luck alone, and numbers that have nothing to do with it."""
    cells = np.arange(draws * (numbers + 1))
    luck = Luck(repeat).normals("information.test", cells).reshape(draws, numbers + 1)
    return np.column_stack([np.zeros(draws), 0.3 + luck[:, 0]]), luck[:, 1:]


@pytest.mark.parametrize("numbers", [10, 150])
def test_more_numbers_than_draws_are_worth_nothing_where_nothing_is_to_be_known(
    numbers: int,
) -> None:
    """A fitted surface follows the luck of 24 draws and would be worth a fifth of its spread."""
    found = [partial(*invented(repeat, 24, numbers), tests=25) for repeat in range(15)]
    gained = [value for value, *_ in found]
    assert sum(gained) / len(gained) < 0.07
    assert sum(told for *_, told in found) <= 1


def test_what_twenty_draws_can_tell_is_told() -> None:
    """Where a group is all that is unsure, two dozen draws say so, whatever else was looked at."""
    a = spread("a", 24)
    net = np.column_stack([np.zeros(24), 0.3 + a + 0.2 * spread("luck", 24)])
    value, low, high, told = partial(net, a[:, None], tests=25)
    assert told
    assert low < on_paper(0.3, 1.0) < high
    assert value == pytest.approx(on_paper(0.3, 1.0), abs=0.1)
    assert told_above(50) > told_above(1) > 4.0


def test_the_value_of_everything_says_how_sure_it_is() -> None:
    """Means of 60 draws: the interval holds the unit normal loss and is not empty."""
    net = np.column_stack([np.zeros(60), 0.5 + spread("all", 60)])
    low, high = perfect_interval(net)
    assert 0.0 < low < on_paper(0.5, 1.0) < high
    assert perfect_interval(np.column_stack([np.zeros(60), 9.0 + spread("all", 60)])) == (0.0, 0.0)


def test_luck_is_not_taken_for_knowledge() -> None:
    """Draws that differ by luck alone hold nothing to know."""
    luck = Luck(2).normals("luck", np.arange(400))
    draws = np.repeat(np.arange(100), 4).tolist()
    with_luck = luck.reshape(100, 4).mean(axis=1)
    clean = without_chance(luck[:, None], draws)
    assert clean.std() < 0.4 * with_luck.std()
    known = np.repeat(spread("known", 100), 4)
    kept = without_chance((3.0 * known + luck)[:, None], draws)
    assert kept.std() == pytest.approx(3.0 * known.std(), rel=0.04)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give runs of 20 draws whose file of draws tells its groups."""
    fake = Fake(population=100, years=1, replications=1, draws=20)
    folder = write_fake_experiment(tmp_path_factory.mktemp("information"), fake)
    content = json.loads((folder / "draws.json").read_text())
    content["runs"] = {"a.one": spread("x", 20).tolist(), "a.two": spread("y", 20).tolist()}
    content["groups"] = {"group a": ["a.one", "a.two"], "unit costs": list(content["prices"])}
    (folder / "draws.json").write_text(json.dumps(content))
    build_tables(folder)
    return folder


def test_every_group_of_an_experiment_has_a_row_under_the_row_of_everything(drawn: Path) -> None:
    table = load(drawn)["information"]
    assert list(table.columns) == list(COLUMNS)
    first = table.iloc[0]
    assert first["group"] == ALL
    assert first["numbers"] == 3
    assert set(table["group"]) == {ALL, "group a", "unit costs"}
    assert (table["value"] >= 0.0).all()
    assert (table["low"].dropna() <= table["value"][table["low"].notna()]).all()
    assert title(table)
    assert "wanted" in caution(table) or "missing" in caution(table)
    assert (table["low"] <= table["high"]).all()


def test_few_draws_and_old_files_of_draws_give_an_empty_table(drawn: Path, tmp_path: Path) -> None:
    few = write_fake_experiment(tmp_path, Fake(population=120, years=1, replications=2, draws=3))
    build_tables(few)
    assert load(few)["information"].empty
    (tmp_path / "draws.json").write_text('{"draws": 3, "runs": {}, "prices": {}}')
    assert drawn_groups(tmp_path) == {}
    assert information_table({}, {}, read_settings()).empty
