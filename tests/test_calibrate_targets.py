"""A researcher's table of targets: what is read, refused and warned of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.conditions import load_conditions
from agents.evidence import Evidence
from agents.faults import BadInput
from calibration.fit_measures import People
from calibration.matching.own import MEASURES, OwnTarget, read_own, suspicious
from calibration.matching.own_counts import as_target
from calibration.simulated import Lives, Simulated
from experiments.catalogue import EVIDENCE

CONDITIONS = tuple(each.key for each in load_conditions(Evidence(EVIDENCE)))
HEADER = "measure,conditions,value,low,high,unit,source,age_low,age_high,sex,role\n"
GOOD = "prevalence,asthma,6.5,6.1,6.9,percent,a survey,20,39,female,calibrate\n"


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> tuple[OwnTarget, ...]:
    return read_with_warnings(tmp_path, *rows, header=header)[0]


def read_with_warnings(
    tmp_path: Path, *rows: str, header: str = HEADER
) -> tuple[tuple[OwnTarget, ...], list[str]]:
    file = tmp_path / "targets.csv"
    file.write_text(header + "".join(rows), encoding="utf-8")
    return read_own(file, CONDITIONS)


def faults(tmp_path: Path, *rows: str, header: str = HEADER) -> list[str]:
    with pytest.raises(BadInput) as bad:
        read(tmp_path, *rows, header=header)
    return [str(fault) for fault in bad.value.faults]


def test_a_row_says_what_of_whom_and_how_sure(tmp_path: Path) -> None:
    (one,) = read(tmp_path, GOOD)
    assert one.name == "prevalence_asthma"
    assert one.group == "20-39 female"
    assert (one.value, one.low, one.high, one.unit) == (6.5, 6.1, 6.9, "percent")
    assert one.allowance == pytest.approx(0.65)
    assert one.replaces == ("prevalence_asthma", "20-39 female")


def test_a_proportion_becomes_a_percentage_with_its_interval(tmp_path: Path) -> None:
    (one,) = read(tmp_path, GOOD.replace("6.5,6.1,6.9,percent", "0.065,0.061,0.069,proportion"))
    assert (one.value, one.low, one.high) == pytest.approx((6.5, 6.1, 6.9))
    assert one.unit == "percent"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD.replace("6.5,6.1,6.9,percent", "6.5,6.1,6.9,proportion"), "write unit = percent"),
        (GOOD.replace("6.1,6.9", "6.9,6.1"), "swap low and high"),
        (GOOD.replace("6.5,", "7.5,"), "inside low and high"),
        (GOOD.replace("asthma", "astma"), "did you mean asthma?"),
        (GOOD.replace("asthma", ""), "one condition"),
        (GOOD.replace("20,39", "39,20"), "swap the ages"),
        (GOOD.replace("20,39", "20,200"), "from 0 to 110"),
        (GOOD.replace("female", "women"), "all, female, male"),
        (GOOD.replace("6.5,", "many,"), "a number"),
        (GOOD.replace("6.5,", ","), "give the published value"),
        (GOOD.replace("6.5,6.1,6.9", "650,610,690"), "above 100 percent"),
        (GOOD.replace("calibrate", "fit"), "calibrate, holdout, check"),
        (GOOD.replace("prevalence", "prevalense"), "did you mean prevalence?"),
        (GOOD.replace("percent", "per 1000"), "percent or proportion"),
        (GOOD.replace("a survey", ""), "name the source"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_what_to_do(
    tmp_path: Path, row: str, said: str
) -> None:
    found = faults(tmp_path, GOOD.replace("20,39", "40,49"), row)
    assert all("targets.csv:3" in fault for fault in found)
    assert any(said in fault for fault in found), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    rows = [GOOD.replace("asthma", "astma"), GOOD.replace("6.1,6.9", "9,1"), GOOD]
    lines = {fault.split(":")[1] for fault in faults(tmp_path, *rows)}
    assert lines == {"2", "3"}


def test_the_same_figure_twice_is_refused_and_overlapping_ages_are_warned_of(
    tmp_path: Path,
) -> None:
    assert "the same thing as line 2" in faults(tmp_path, GOOD, GOOD)[0]
    _, warnings = read_with_warnings(tmp_path, GOOD, GOOD.replace("20,39", "30,49"))
    assert len(warnings) == 1
    assert ":3:" in warnings[0]
    assert "overlap those of line 2" in warnings[0]


def test_unknown_and_missing_columns_are_named(tmp_path: Path) -> None:
    found = faults(tmp_path, "1\n", header="mesure\n")
    assert any("did you mean measure?" in fault for fault in found)
    assert sum("no such column" in fault for fault in found) == 4


def test_an_empty_table_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "no targets" in faults(tmp_path)[0]
    with pytest.raises(BadInput, match="no such file"):
        read_own(tmp_path / "none.csv", CONDITIONS)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        read_own(tmp_path / "binary.csv", CONDITIONS)


def test_a_percentage_that_looks_like_a_proportion_is_warned_of(tmp_path: Path) -> None:
    targets = read(tmp_path, GOOD.replace("6.5,6.1,6.9", "0.065,,"))
    (warning,) = suspicious(targets, {"prevalence_asthma": [5.0, 8.0]})
    assert "is it a proportion?" in warning
    assert not suspicious(read(tmp_path, GOOD), {"prevalence_asthma": [5.0, 8.0]})


CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["prevalence", "asthma", "nan", "-1", "1e999", "=cmd()", '"', "../x", "percent", ""]
)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=12), max_size=4))
def test_any_table_is_read_or_refused_with_faults(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    file = tmp_path_factory.mktemp("any") / "targets.csv"
    text = HEADER + "\n".join(",".join(row) for row in rows)
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    found: object
    try:
        found = [target.measure for target in read_own(file, CONDITIONS)[0]]
    except BadInput as bad:
        found = bad.faults
    assert found
    assert isinstance(found, tuple) or set(found) <= set(MEASURES)


def people() -> Simulated:
    has = np.zeros((8, 3), np.bool_)
    has[:4, 0], has[:2, 1], has[6, 0] = True, True, True
    register = People(
        conditions=("asthma", "copd", "gout"),
        has=has,
        age=np.array([30, 30, 30, 60, 60, 30, 60, 30]),
        sex=np.array([0, 0, 1, 1, 0, 1, 0, 1], np.int8),
        fifth=np.array([1, 1, 1, 1, 5, 5, 5, 5], np.int8),
        physical=np.ones(3, np.bool_),
    )
    newly = np.zeros((8, 3), np.bool_)
    newly[4, 0] = True
    lives = Lives(np.arange(10.0).reshape(2, 5) + 70, np.zeros((2, 5)))
    return Simulated(
        place="toy",
        imd_mix=np.array([0.5, 0, 0, 0, 0.5]),
        register=register,
        true=register,
        ever=register,
        smoker=np.zeros(8, np.bool_),
        newly=newly,
        years=np.full(8, 5.0),
        lives=lives,
    )


def counted(**changes: object) -> float:
    plain: dict[str, object] = {
        "line": 2,
        "measure": "prevalence",
        "conditions": ("asthma",),
        "at_least": 2,
        "counted": "diagnosed",
        "age_low": 0,
        "age_high": 110,
        "sex": "all",
        "imd_quintile": 0,
        "value": 1.0,
        "low": None,
        "high": None,
        "allowance": 0.1,
        "unit": "percent",
        "source": "x",
        "role": "calibrate",
        "geography": "",
        "year": "",
        "note": "",
    }
    return as_target(OwnTarget(**(plain | changes))).count(people()).value  # type: ignore[arg-type]


def test_each_measure_is_counted_like_for_like() -> None:
    assert counted() == pytest.approx(100 * 5 / 8)
    assert counted(sex="female", age_high=39) == 100.0
    assert counted(imd_quintile=5) == 25.0
    assert counted(measure="prevalence_at_least", conditions=()) == 25.0
    assert counted(measure="mean_conditions", conditions=("asthma", "copd")) == 7 / 8
    assert counted(measure="deprivation_ratio") > 1
    assert counted(measure="together", conditions=("asthma", "copd")) == pytest.approx(1.6)
    assert counted(measure="incidence") == pytest.approx(1000 / 40)
    assert counted(measure="life_expectancy_at_birth", conditions=()) == pytest.approx(74.5)
    assert counted(measure="life_expectancy_at_birth", conditions=(), imd_quintile=5) == 76.5
