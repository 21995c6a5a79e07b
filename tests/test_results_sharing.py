"""Work shared with other processes gives what one process alone gives."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore, get_ident

import pytest

from results.making import make_all
from results.sharing import Helpers, handed_out, shared_out, taken_back
from tests.fake_runs import Fake, write_fake_experiment


def squared(number: int) -> int:
    if number == 13:
        raise ValueError("thirteen")
    return number * number


def test_results_keep_the_order_whoever_makes_them() -> None:
    numbers = list(range(12))
    with ThreadPoolExecutor(1) as pool:
        assert list(shared_out(squared, numbers, Helpers(pool))) == [n * n for n in numbers]
    assert list(shared_out(squared, numbers, None)) == [n * n for n in numbers]


def test_this_process_makes_all_that_nobody_else_has_begun() -> None:
    held, made = Event(), []

    def noted(number: int) -> int:
        made.append(number)
        return squared(number)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(held.wait)
        found = shared_out(noted, [1, 2, 3], Helpers(pool))
        assert next(found) == 1
        assert made == [3, 2, 1], "the only other worker is held up"
        held.set()
        assert list(found) == [4, 9]


def test_others_hold_no_more_than_they_are_making() -> None:
    """What waits with a pool cannot be taken back, and would be waited for at the end."""
    begun, go_on, here = Semaphore(0), Semaphore(0), get_ident()
    others: list[int] = []

    def noted(number: int) -> int:
        if get_ident() != here:
            others.append(number)
            begun.release()
            assert go_on.acquire(timeout=30)
        return squared(number)

    with ThreadPoolExecutor(3) as pool:  # room for all three, but two are said to be there
        handed = handed_out(noted, [1, 2, 3, 4], Helpers(pool, 2))
        assert all(begun.acquire(timeout=30) for _ in range(2))
        assert sorted(others) == [1, 2], "one each, though there is room for more"
        go_on.release()
        assert begun.acquire(timeout=30)
        assert sorted(others) == [1, 2, 3], "who is ready gets the next"
        found = taken_back(handed, noted)
        go_on.release(2)
        assert list(found) == [1, 4, 9, 16]
    assert 4 not in others


def test_a_pool_that_has_closed_is_told() -> None:
    pool = ThreadPoolExecutor(1)
    handed = handed_out(squared, [1], Helpers(pool))
    assert list(taken_back(handed, squared)) == [1]
    pool.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        handed_out(squared, [1], Helpers(pool))


@pytest.mark.parametrize("place", [0, 5])
def test_what_goes_wrong_with_one_item_is_told(place: int) -> None:
    numbers = [13 if row == place else row for row in range(6)]
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="thirteen"):
        list(shared_out(squared, numbers, Helpers(pool)))


@pytest.mark.slow
def test_tables_and_report_are_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    fake = Fake(population=150, years=2, replications=4)
    one = write_fake_experiment(tmp_path / "one", fake)
    two = Path(shutil.copytree(one, tmp_path / "two"))
    prices = tmp_path / "prices.toml"
    prices.write_text("discount_rate_costs = 0.015\n", encoding="utf-8")
    seen = set()
    for of_file in (None, prices):  # the second time nothing of the first may be left in mind
        make_all(one, of_file, workers=1)
        make_all(two, of_file, workers=2)
        for path in sorted(one.rglob("*")):
            if path.is_file() and path.suffix != ".xlsx":
                assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name
        seen.add((two / "report.html").read_bytes())
    assert len(seen) == 2
