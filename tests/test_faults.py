"""Faults say where, what was found, what is allowed and what to do; and travel whole."""

from __future__ import annotations

import copy
import pickle

import pytest

from agents.faults import BadInput, Fault, nearest

NEGATIVE = Fault(
    where="place.toml",
    key="population",
    found="-5",
    allowed="a whole number above 0",
    remedy="give the number of residents",
)
UNKNOWN = Fault(
    where="place.toml", key="yeers", found="an unknown key", allowed="years", remedy="use years"
)


def test_a_fault_reads_as_one_line_with_its_five_parts() -> None:
    assert str(NEGATIVE) == (
        "place.toml: population: found -5; allowed: a whole number above 0; "
        "give the number of residents"
    )


def test_bad_input_shows_every_fault_on_a_line_of_its_own() -> None:
    bad = BadInput(fault for fault in (NEGATIVE, UNKNOWN))

    assert bad.faults == (NEGATIVE, UNKNOWN)
    assert str(bad) == f"{NEGATIVE}\n{UNKNOWN}"


def test_bad_input_made_anew_from_its_args_is_the_same() -> None:
    """As SimPy does with what a process of a simulation raised."""
    bad = BadInput([NEGATIVE, UNKNOWN])

    again = type(bad)(*bad.args)

    assert again.faults == (NEGATIVE, UNKNOWN)
    assert str(again) == str(bad)


def test_bad_input_comes_back_from_a_worker_with_its_faults() -> None:
    bad = BadInput([NEGATIVE, UNKNOWN])

    for sent in (pickle.loads(pickle.dumps(bad)), copy.copy(bad), copy.deepcopy(bad)):
        assert isinstance(sent, BadInput)
        assert sent.faults == bad.faults
        assert str(sent) == str(bad)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("yeers", "years"),
        ("replication", "replications"),
        ("Years", "years"),
        ("YEARS", "years"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found_where_one_is_alike(name: str, expected: str | None) -> None:
    assert nearest(name, ["years", "replications", "seed"]) == expected


def test_no_names_have_no_nearest() -> None:
    assert nearest("years", []) is None
