"""Work shared with other processes gives what one process alone gives."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from results.making import make_all
from results.sharing import shared_out
from tests.fake_runs import Fake, write_fake_experiment


def squared(number: int) -> int:
    if number == 13:
        raise ValueError("thirteen")
    return number * number


def test_results_keep_the_order_whoever_makes_them() -> None:
    numbers = list(range(12))
    with ThreadPoolExecutor(1) as pool:
        assert list(shared_out(squared, numbers, pool)) == [n * n for n in numbers]
    assert list(shared_out(squared, numbers, None)) == [n * n for n in numbers]


def test_this_process_makes_all_that_nobody_else_has_begun() -> None:
    held, made = Event(), []

    def noted(number: int) -> int:
        made.append(number)
        return squared(number)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(held.wait)
        found = shared_out(noted, [1, 2, 3], pool)
        assert next(found) == 1
        assert made == [3, 2, 1], "the only other worker is held up"
        held.set()
        assert list(found) == [4, 9]


@pytest.mark.parametrize("place", [0, 5])
def test_what_goes_wrong_with_one_item_is_told(place: int) -> None:
    numbers = [13 if row == place else row for row in range(6)]
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="thirteen"):
        list(shared_out(squared, numbers, pool))


@pytest.mark.slow
def test_tables_and_report_are_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    fake = Fake(population=150, years=2, replications=4)
    one = write_fake_experiment(tmp_path / "one", fake)
    two = Path(shutil.copytree(one, tmp_path / "two"))
    make_all(one, workers=1)
    make_all(two, workers=2)
    for path in sorted(one.rglob("*")):
        if path.is_file() and path.suffix != ".xlsx":
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name
