"""Hostile and clumsy files: each is either used or refused with its faults, never a traceback.

By default some hundreds of cases; with ``--slow`` more than a hundred thousand.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.conditions import load_conditions
from agents.evidence import Evidence
from agents.faults import BadInput
from calibration.matching.own import read_own
from experiments.catalogue import EVIDENCE, installed
from experiments.designs import load_design
from experiments.experiment import resolved_toml
from experiments.places import load_place
from experiments.resolving import read_experiment
from results.settings import read_settings
from tests.hostile_files import as_toml, damaged, spoilt, spoilt_csv

FIGURES = Evidence(EVIDENCE)
CONDITIONS = [condition.key for condition in load_conditions(FIGURES)]
FEW, MANY = 60, 20_000

EXPERIMENT = """\
name = "mine"
place = ["southwark", "tilbury"]
population = 5000
start = 2025-04-01
years = 2
replications = 3
seed = 1
effects = ["published", "null"]
uncertainty = "psa"
draws = 4
baseline = "usual-care"
main_measure = "emergency_admissions"
smallest_difference_that_matters = 0.01
[[design]]
use = "usual-care"
[[design]]
name = "more"
use = "proactive-mltc"
[design.set]
"vcse.link_workers_per_10000" = 4.0
"""
PLACE = """\
name = "Riverside"
population = 42000
archetype = "urban_deprived"
practices = 5
patients_per_gp = 2300
localities = ["North bank", "South bank"]
like = "tilbury"
[people]
imd = "imd.csv"
ethnicity = "ethnicity.csv"
[demand_log_factor]
emergency_admission = 0.1
"""
IMD = "imd_quintile,count\n1,21000\n2,12600\n3,6300\n4,1680\n5,420\n"
ETHNICITY = "ethnic_group,share\nwhite_british,0.6\nasian,0.2\nblack,0.2\n"
OWN = """\
name = "my-hub"
title = "Pharmacists at the door of A&E"
summary = "A pharmacist sees one in ten people who come to A&E with something minor."
source = "Our own plan, 2026"
evidence = [
  { key = "door.share", value = 0.1, low = 0.05, high = 0.2, unit = "share", \
source = "A count", basis = "derived" },
  { key = "door.all", value = 1.0, low = 0.5, high = 1.0, unit = "share", \
source = "A hope", basis = "assumption" },
]
[[component]]
kind = "shift"
name = "door"
include = ["age >= 5"]
process = "ed_attendance"
to = "pharmacy_contacts"
effects = [ { version = "plan", target = "replaces", evidence = "door.all" } ]
"""
COMBINED = """\
name = "mine"
title = "Dudley without retrieval"
summary = "Smaller."
source = "Ours"
use = ["dudley-mcp", "vcse-peer-support"]
remove = ["retrieval"]
[set]
"teams-without-walls.support.months" = 6
"mdt.meetings_per_year" = 26
[starts]
"rapid-response" = 90
[places]
"rapid-response" = ["tilbury"]
"""
PRICES = """\
discount_rate_costs = 0.015
price_year_start = 2023
combination = "multiplicative"
[unit_costs]
gp_consultation_excl_qual = 42.0
"""

TARGETS = """\
measure,conditions,at_least,value,low,high,unit,source,age_low,age_high,sex,imd_quintile,role
prevalence,asthma,,6.5,6.1,6.9,percent,a survey,20,39,female,,calibrate
prevalence_at_least,,2,24.5,23.9,25.1,percent,a register,,,all,1,holdout
deprivation_ratio,copd,,2.4,,,ratio,a register,,,,,calibrate
life_expectancy_at_birth,,,79.1,,,years,life tables,,,male,,calibrate
"""


def sensible(read: Callable[[], object]) -> None:
    """Fail unless ``read`` gives something, or refuses with faults that tell what to do."""
    try:
        read()
    except BadInput as bad:
        refused = bad.faults
    else:
        return
    assert refused
    for fault in refused:
        assert all((fault.where, fault.allowed, fault.found))
        assert len(str(fault)) < 20_000


def cases(number: int) -> Callable[[Any], Any]:
    """Return settings for so many cases."""
    return settings(
        max_examples=number,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        deadline=None,
    )


def put(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def outside(folder: Path) -> set[Path]:
    """Return what lies beside ``folder``, where no file may appear."""
    return set(folder.parent.iterdir())


def toml_files(text: str) -> st.SearchStrategy[bytes]:
    good = tomllib.loads(text)
    return st.one_of(spoilt(good).map(as_toml), damaged(text.encode()))


def try_experiment(folder: Path, content: bytes) -> None:
    file = put(folder, "e.toml", content)
    sensible(lambda: resolved_toml(read_experiment(str(file), {}, installed())))


def try_place(folder: Path, content: bytes) -> None:
    put(folder, "imd.csv", IMD.encode())
    put(folder, "ethnicity.csv", ETHNICITY.encode())
    file = put(folder, "p.toml", content)
    sensible(lambda: load_place(file, copy.copy(FIGURES)))


def try_margin(folder: Path, content: bytes) -> None:
    put(folder, "ethnicity.csv", ETHNICITY.encode())
    put(folder, "imd.csv", content)
    file = put(folder, "p.toml", PLACE.encode())
    sensible(lambda: load_place(file, copy.copy(FIGURES)))


def try_design(folder: Path, content: bytes) -> None:
    file = put(folder, "my-hub.toml", content)
    sensible(lambda: load_design(file, copy.copy(FIGURES)))


def try_prices(folder: Path, content: bytes) -> None:
    file = put(folder, "prices.toml", content)
    sensible(lambda: read_settings(file))


def try_targets(folder: Path, content: bytes) -> None:
    file = put(folder, "targets.csv", content)
    sensible(lambda: read_own(file, CONDITIONS))


KINDS = {
    "experiment": (toml_files(EXPERIMENT), try_experiment),
    "place": (toml_files(PLACE), try_place),
    "margin": (st.one_of(spoilt_csv(IMD), damaged(IMD.encode())), try_margin),
    "design": (toml_files(OWN), try_design),
    "combined design": (toml_files(COMBINED), try_design),
    "prices": (toml_files(PRICES), try_prices),
    "targets": (st.one_of(spoilt_csv(TARGETS), damaged(TARGETS.encode())), try_targets),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_file_is_used_or_refused_with_its_faults(kind: str, tmp_path: Path) -> None:
    hold(kind, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_thousand_spoilt_files_are_used_or_refused(kind: str, tmp_path: Path) -> None:
    hold(kind, tmp_path, MANY)


def hold(kind: str, folder: Path, number: int) -> None:
    files, attempt = KINDS[kind]
    before = outside(folder)

    @cases(number)
    @given(files)
    def each(content: bytes) -> None:
        attempt(folder, content)

    each()
    assert outside(folder) == before


@pytest.mark.parametrize("text", [EXPERIMENT, PLACE, OWN, COMBINED, PRICES, TARGETS])
def test_the_files_are_good_before_they_are_spoilt(text: str, tmp_path: Path) -> None:
    put(tmp_path, "imd.csv", IMD.encode())
    put(tmp_path, "ethnicity.csv", ETHNICITY.encode())
    file = put(tmp_path, "mine.toml", text.encode())
    if text == EXPERIMENT:
        read_experiment(str(file), {}, installed())
    elif text == PLACE:
        load_place(file, copy.copy(FIGURES))
    elif text == PRICES:
        read_settings(file)
    elif text == TARGETS:
        assert len(read_own(file, CONDITIONS)[0]) == 4
    else:
        named = put(tmp_path, "my-hub.toml" if text == OWN else "mine.toml", text.encode())
        load_design(named, copy.copy(FIGURES))


@pytest.mark.parametrize("name", ["a" * 300, "a\\u0000b", "..", "nowhere/imd"])
def test_a_table_that_no_file_can_be_is_told_as_missing(name: str, tmp_path: Path) -> None:
    put(tmp_path, "ethnicity.csv", ETHNICITY.encode())
    file = put(tmp_path, "p.toml", PLACE.replace("imd.csv", name).encode())
    with pytest.raises(BadInput, match="no such file"):
        load_place(file, copy.copy(FIGURES))
