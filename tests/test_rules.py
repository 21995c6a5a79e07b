"""Rules in words: what they mean, and that nothing hostile gets through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.faults import BadInput
from agents.population import FRAILTY
from agents.rule_columns import LOOK_BACK, NAMES, Column, Labelled, columns_of
from agents.rule_grammar import LONGEST
from agents.rules import Rule
from calibration.bare_people import bare_population

N = 6


def people() -> dict[str, Column]:
    return {
        "age": np.array([5.0, 17.9, 18.0, 64.9, 65.0, 90.0]),
        "sex": Labelled(np.array([0, 1, 0, 1, 0, 1]), ("female", "male")),
        "imd_quintile": np.array([1, 2, 3, 4, 5, 1], np.int8),
        "care_home": np.array([False, False, False, False, False, True]),
        "smoker": np.array([False, True, True, False, False, False]),
        "frailty": Labelled(np.array([0, 0, 0, 1, 2, 3]), FRAILTY, ordered=True),
        "ltc_count_diagnosed": np.array([0, 0, 1, 2, 3, 6], np.int8),
        "admissions_18m": np.array([0, 0, 0, 3, 1, 4]),
        "ae_12m": np.array([0, 4, 0, 0, 0, 0]),
        "depression": np.array([False, True, False, False, True, False]),
        "depression_diagnosed": np.array([False, True, False, False, False, False]),
    }


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("age >= 65", [4, 5]),
        ("18 <= age < 65", [2, 3]),
        ("imd_quintile in [1, 2]", [0, 1, 5]),
        ("imd_quintile not in (1, 2)", [2, 3, 4]),
        ("frailty != 'severe'", [0, 1, 2, 3, 4]),
        ("frailty >= 'moderate'", [4, 5]),
        ("'moderate' <= frailty", [4, 5]),
        ("frailty in ['mild', 'severe']", [3, 5]),
        ("sex == 'female'", [0, 2, 4]),
        ("not care_home", [0, 1, 2, 3, 4]),
        ("admissions_18m > 2 or ae_12m > 3", [1, 3, 5]),
        ("ltc_count_diagnosed >= 2 and not (care_home or smoker)", [3, 4]),
        ("has('depression')", [1]),
        ("truly_has('depression')", [1, 4]),
        ("ae_12m + 2 * admissions_18m - 1 >= 3", [1, 3, 5]),
        ("-age < -64.95", [4, 5]),
        ("True", [0, 1, 2, 3, 4, 5]),
        ("False or care_home", [5]),
        ("smoker == True", [1, 2]),
        (" age \n >= 65 ".replace("\n", ""), [4, 5]),
    ],
)
def test_a_rule_means_what_it_says(text: str, rows: list[int]) -> None:
    assert np.flatnonzero(Rule.parse(text).rows(people())).tolist() == rows


HOSTILE = [
    "__import__('os').system('echo x')",
    "().__class__.__bases__",
    "(lambda: 1)()",
    "[x for x in age]",
    "age.real > 3",
    "age[0] > 3",
    "open('secret')",
    "has(open)",
    "has('a', 'b')",
    "has",
    "f'{age}'",
    "b'x' == age",
    "None",
    "...",
    "2 ** 9 ** 9 > 1",
    "1 / 0 > age",
    "age if smoker else care_home",
    "(age := 3) > 2",
    "*age",
    "age @ age",
    "1j > age",
    "age > 1e400",
    "age = 3",
    "age & smoker",
    "~smoker",
    "age is 3",
    "import os",
    "age >= 65; smoker",
    "\x00",
    "",
    "(" * 300 + ")" * 300,
    "-" * (LONGEST - 9) + "1 > age",
    "not " * 100 + "smoker",
    "x" * (LONGEST + 1),
    "1" * LONGEST,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_before_it_meets_any_data(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        Rule.parse(text, where="design.toml: people.include")
    for fault in caught.value.faults:
        assert fault.where == "design.toml: people.include"
        assert len(str(fault)) < 1_200


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_a_fault(text: str) -> None:
    try:
        rows = Rule.parse(text).rows(people())
    except BadInput:
        return
    assert rows.shape == (N,)
    assert rows.dtype == np.bool_


@given(
    st.recursive(
        st.sampled_from(["age", "smoker", "sex", "frailty", "3", "'mild'", "True", "[1, 2]"]),
        lambda part: st.tuples(
            part, st.sampled_from([" and ", " == ", " < ", " in ", " + ", " or "]), part
        ).map(lambda three: f"({three[0]}{three[1]}{three[2]})"),
        max_leaves=6,
    )
)
def test_any_mixture_of_parts_is_a_rule_or_a_fault(text: str) -> None:
    try:
        rows = Rule.parse(text).rows(people())
    except BadInput:
        return
    assert rows.shape == (N,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agee > 3", "did you mean age?"),
        ("has('depresion')", "did you mean depression?"),
        ("depression", "write has('depression')"),
        ("frailty == 'sever'", "did you mean 'severe'?"),
        ("frailty > 2", "numbers with numbers"),
        ("age", "a fact"),
        ("age > 'old'", "numbers with numbers"),
        ("sex > 'male'", "no order"),
        ("age in 3", "list the values"),
        ("age in ['a']", "numbers in numbers"),
        ("-sex == 1", "a number"),
        ("age and smoker", "a fact"),
    ],
)
def test_a_rule_that_makes_no_sense_says_why(text: str, said: str) -> None:
    with pytest.raises(BadInput, match="column") as caught:
        Rule.parse(text).rows(people())
    assert said in str(caught.value)


def test_all_unknown_names_are_told_at_once_and_where() -> None:
    with pytest.raises(BadInput) as caught:
        Rule.parse("agee > 3 and has('flu') and foo", names=NAMES, conditions=("copd",))
    keys = [fault.key for fault in caught.value.faults]
    assert len(keys) == 3
    assert [key.rsplit(" ", 1)[1] for key in sorted(keys)] == ["1", "14", "29"]


def test_a_rule_knows_what_it_asks_for() -> None:
    rule = Rule.parse("age > 3 and has('copd') and ae_12m > 1", names=[*NAMES, *LOOK_BACK])
    assert rule.names == {"age", "ae_12m"}
    assert rule.conditions == {"copd"}


def test_columns_hold_every_name_for_all_or_some_people() -> None:
    population = bare_population(("copd", "smi"), [30, 70, 80])
    population.diagnosed[1, 0] = population.has[1, 0] = True
    counts = {"ae_12m": np.array([0, 5, 1])}
    columns = columns_of(population, 0.0, counts)
    vulnerabilities = set(NAMES) - set(columns)
    assert all(name in NAMES for name in vulnerabilities)  # bare people have none
    assert {"age", "frailty", "ltc_count_diagnosed", "copd", "copd_diagnosed"} <= set(columns)
    rule = Rule.parse("has('copd') and ae_12m > 3")
    assert rule.rows(columns).tolist() == [False, True, False]
    some = columns_of(population, 0.0, counts, np.array([1, 2]))
    assert rule.rows(some).tolist() == [True, False]
    none = columns_of(population, 0.0, counts, np.array([], np.int64))
    assert rule.rows(none).shape == (0,)
