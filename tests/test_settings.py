"""Settings: each that is said to act changes a run, from its least to its greatest value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest

from experiments.resolving import read_experiment
from experiments.running import planned_runs
from experiments.settings import SETTINGS, Setting, check_settings, flat
from pathways.vocabulary import SERVICES
from sim import RunSpec, simulate


@pytest.fixture(scope="module")
def spec() -> RunSpec:
    small = {"population": 1000, "years": 1, "replications": 1}
    run: RunSpec = planned_runs(read_experiment("southwark", small))[-1].spec
    return run


@pytest.fixture(scope="module")
def unchanged(spec: RunSpec) -> str:
    return outcome(spec)


def outcome(spec: RunSpec) -> str:
    """Return a digest of everything that happened in a run."""
    record = simulate(spec)
    total = blake2b()
    tables: list[Mapping[str, Any]] = [*record.person_years, *record.series, *record.waits]
    for table in tables:
        for values in table.values():
            total.update(np.asarray(values).astype(str).tobytes())
    return total.hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_every_setting_changes_the_run(setting: Setting, spec: RunSpec, unchanged: str) -> None:
    for value in (setting.low, setting.high):
        assert outcome(replace(spec, settings={setting.name: value})) != unchanged


def test_every_service_has_a_capacity_factor_and_every_setting_a_unit() -> None:
    assert {f"{service}.capacity_factor" for service in SERVICES} <= set(SETTINGS)
    assert all(setting.unit and setting.low < setting.high for setting in SETTINGS.values())
    assert all(setting.service in SERVICES for setting in SETTINGS.values())


@pytest.mark.parametrize("value", [-0.1, 1e9, float("nan"), float("inf"), "1", True, None, [1]])
def test_a_value_outside_its_range_is_a_fault(value: object) -> None:
    found = check_settings({"gp.capacity_factor": value}, "x.toml")
    assert [fault.key for fault in found] == ["set: gp.capacity_factor"]
    assert not check_settings({"gp.capacity_factor": 1}, "x.toml")


def test_names_may_be_nested_or_dotted() -> None:
    assert flat({"gp": {"capacity_factor": 0.5}, "ed.capacity_factor": 2}) == {
        "gp.capacity_factor": 0.5,
        "ed.capacity_factor": 2,
    }
