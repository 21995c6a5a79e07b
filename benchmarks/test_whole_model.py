"""What a person-year of the whole model costs, by itself and against a plain twin of it.

Run with ``pytest benchmarks/test_whole_model.py -s``; ratios are printed, nothing fails for
being slow. Seconds are CPU seconds of one process; making the people is told apart.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.plain_twin import outcome_of_model, outcome_of_twin
from benchmarks.twin.model import PlainTwin
from benchmarks.whole_model import USUAL, spec_of, timed
from sim.model import CareModel
from sim.world import build_world

TWIN_PEOPLE = 10_000
YEARS = 2


@pytest.mark.parametrize("people", [5_000, 20_000, 50_000])
def test_person_years_a_second(benchmark: Any, people: int) -> None:
    spec = spec_of(USUAL, people=people, years=YEARS)
    world, making = timed(lambda: build_world(spec))
    model, opening = timed(lambda: CareModel(spec, world))
    _, running = benchmark.pedantic(timed, args=(model.run_to_end,), rounds=1, iterations=1)
    person_years = people * YEARS
    benchmark.extra_info.update(making=making, opening=opening, running=running)
    print(  # noqa: T201
        f"\n{people:,} people for {YEARS} years: {person_years / running:,.0f} person-years a "
        f"CPU second ({1e6 * running / person_years:.0f} microseconds each); people made in "
        f"{making:.2f} s, services opened in {opening:.2f} s"
    )


def test_a_longer_run_tells_what_a_year_costs(benchmark: Any) -> None:
    """The warm-up and the start are paid once; the difference of two runs is years alone."""
    short, long = (
        CareModel(spec, build_world(spec))
        for spec in (spec_of(USUAL, people=50_000, years=years) for years in (1, 3))
    )
    _, one = timed(short.run_to_end)
    _, three = benchmark.pedantic(timed, args=(long.run_to_end,), rounds=1, iterations=1)
    a_year = (three - one) / 2
    print(  # noqa: T201
        f"\n50,000 people: {a_year:.2f} CPU seconds a year after the first, "
        f"{50_000 / a_year:,.0f} person-years a second"
    )


def test_against_a_plain_twin(benchmark: Any) -> None:
    """The goal is to be at least ten times as fast as one agent and one process each."""
    spec = spec_of(USUAL, people=TWIN_PEOPLE, years=1)
    fast, twin = CareModel(spec, build_world(spec)), PlainTwin(spec, build_world(spec))
    record, seconds = benchmark.pedantic(timed, args=(fast.run_to_end,), rounds=1, iterations=1)
    lived, plain = timed(twin.run_to_end)
    benchmark.extra_info.update(model=seconds, twin=plain, times_as_fast=plain / seconds)
    model, other = outcome_of_model(record).figures(), outcome_of_twin(lived).figures()
    rows = "\n".join(
        f"  {name:26}{value:10.4f}{other[name]:10.4f}" for name, value in model.items() if value
    )
    print(  # noqa: T201
        f"\n{TWIN_PEOPLE:,} people for a year: model {TWIN_PEOPLE / seconds:,.0f}, twin "
        f"{TWIN_PEOPLE / plain:,.0f} person-years a CPU second: {plain / seconds:.1f} times as "
        f"fast\n  {'a person-year':26}{'model':>10}{'twin':>10}\n{rows}"
    )
