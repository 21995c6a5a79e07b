"""Experiment files: what is wrong is said all at once, and what is right comes back the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.faults import BadInput, Fault
from agents.place import Place
from experiments.batch import fingerprint
from experiments.catalogue import PARAMETERS, Catalogue, parameter_faults
from experiments.commands.options import parameter_set
from experiments.experiment import Experiment, resolved_toml
from experiments.resolving import read_experiment
from pathways.design import Design

GOOD = """\
name = "southwark-proactive"
place = "southwark"
population = 50000
start = 2025-04-01
years = 10
replications = 20
seed = 2025
effects = ["published"]
uncertainty = "none"
baseline = "usual-care"
main_measure = "emergency_admissions"
smallest_difference_that_matters = 0.01

[[design]]
use = "usual-care"

[[design]]
use = "proactive-mltc"

[[design]]
name = "proactive-more-vcse"
use = "proactive-mltc"
[design.set]
"vcse.link_workers_per_10000" = 4.0
"""


@dataclass(frozen=True)
class FakePlace:
    key: str
    population: float = 310_000.0


def fake_load_place(use: str) -> Place:
    if use.endswith("bad.toml"):
        fault = Fault(
            where=use, key="imd_mix", found="0.9", allowed="shares summing to 1", remedy=""
        )
        raise BadInput([fault])
    return cast(Place, FakePlace(Path(use).stem))


def fake_load_design(use: str) -> Design:
    return Design(name=Path(use).stem, title=use, summary="", source="")


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        places=("southwark", "lambeth", "england"),
        designs=("usual-care", "proactive-mltc"),
        measures={"emergency_admissions": "", "qalys": ""},
        experiments={},
        load_place=fake_load_place,
        load_design=fake_load_design,
    )


@pytest.fixture
def read(tmp_path: Path, catalogue: Catalogue) -> Any:
    def reader(text: str | bytes, **overrides: Any) -> Experiment:
        file = tmp_path / "e.toml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_experiment(str(file), overrides, catalogue)

    return reader


def faults(read: Any, text: str | bytes, **overrides: Any) -> list[Fault]:
    with pytest.raises(BadInput) as bad:
        read(text, **overrides)
    return list(bad.value.faults)


def one_fault(read: Any, text: str | bytes, **overrides: Any) -> Fault:
    found = faults(read, text, **overrides)
    assert len(found) == 1, found
    return found[0]


def changed(line: str, new: str) -> str:
    assert line in GOOD
    return GOOD.replace(line, new)


def test_the_contracts_example_is_read(read: Any) -> None:
    experiment = read(GOOD)
    assert [arm.name for arm in experiment.arms] == [
        "usual-care",
        "proactive-mltc",
        "proactive-more-vcse",
    ]
    assert experiment.arms[0].effects == ("none",)
    assert experiment.arms[2].effects == ("published",)
    assert experiment.arms[2].settings == {"vcse.link_workers_per_10000": 4.0}
    assert experiment.residents(experiment.places[0]) == 50_000


@pytest.mark.parametrize(
    ("line", "new", "key", "allowed", "remedy"),
    [
        ("years = 10", "yeers = 10", "yeers", "years", "years?"),
        ("years = 10", 'years = "ten"', "years", "1 to 40", "years = 10"),
        ("years = 10", "years = 10.0", "years", "whole number", "years = 10"),
        ("years = 10", "years = true", "years", "whole number", "years = 10"),
        ("years = 10", "years = -1", "years", "1 to 40", "years = 10"),
        ("years = 10", "years = inf", "years", "1 to 40", "years = 10"),
        ("replications = 20", f"replications = {10**30}", "replications", "10000", "10"),
        ("population = 50000", "population = 0", "population", "100 to 2000000", "50000"),
        ("seed = 2025", f"seed = {2**63}", "seed", "63", "2025"),
        ("start = 2025-04-01", "start = 1066-10-14", "start", "2000-01-01", "2025"),
        ("start = 2025-04-01", 'start = "2025-04-01"', "start", "without quotes", "2025"),
        ("start = 2025-04-01", "start = 2025-04-01T07:00:00", "start", "a date", "2025"),
        ('place = "southwark"', 'place = "sothwark"', "place", "southwark", "southwark?"),
        ('place = "southwark"', "place = []", "place", "place", "place ="),
        ('place = "southwark"', "place = 3", "place", "name", "place ="),
        ('["published"]', '["publsihed"]', "effects 1", "published", "published"),
        ('["published"]', "[]", "effects", "published", "effects ="),
        ('baseline = "usual-care"', 'baseline = "usual"', "baseline", "usual-care", "usual-care?"),
        ('"emergency_admissions"', '"emergency_admission"', "main_measure", "", "admissions?"),
        ("matters = 0.01", "matters = -0.01", "smallest", "0 to 1", "0.01"),
        ("matters = 0.01", "matters = nan", "smallest", "0 to 1", "0.01"),
        ('"none"', '"all"', "uncertainty", "none", "none"),
        ("= 4.0", "= -4.0", "design 3: set: vcse.link", "0 to 100", "number"),
        ("= 4.0", "= 1e300", "design 3: set: vcse.link", "0 to 100", "number"),
        ("= 4.0", '= "4"', "design 3: set: vcse.link", "0 to 100", "number"),
        ("link_workers_per_10000", "link_wrkers_per_10000", "design 3: set", "", "link_workers"),
        ('name = "proactive-more-vcse"', 'name = "../up"', "design 3: name", "hyphens", ""),
        ('name = "proactive-more-vcse"', 'nmae = "x"', "design 3: nmae", "name", "name?"),
    ],
)
def test_a_fault_says_key_allowed_and_remedy(
    read: Any, line: str, new: str, key: str, allowed: str, remedy: str
) -> None:
    found = faults(read, changed(line, new))
    fault = found[0]
    assert fault.key.startswith(key), found
    assert allowed in fault.allowed
    assert remedy in fault.remedy


def test_a_fault_names_its_line(read: Any) -> None:
    assert one_fault(read, changed("years = 10", "years = -1")).where.endswith("e.toml:5")
    deep = one_fault(read, changed("= 4.0", "= -4.0"))
    assert deep.where.endswith(f"e.toml:{GOOD.splitlines().index('[design.set]') + 2}")


def test_all_faults_are_told_at_once(read: Any) -> None:
    text = GOOD.replace("years = 10", "years = -1").replace('"southwark"', '"sothwark"')
    text = text.replace("= 4.0", "= -4.0").replace("seed = 2025", "sede = 2025")
    text = text.replace('use = "usual-care"', 'use = "usuall-care"')
    keys = {fault.key for fault in faults(read, text)}
    assert {"years", "place", "sede", "design 1: use", "baseline"} <= keys
    assert any(key.startswith("design 3: set") for key in keys)


def test_faults_of_a_place_file_are_told_with_the_others(read: Any) -> None:
    text = GOOD.replace('"southwark"', '"./bad.toml"').replace("years = 10", "years = 0")
    assert {fault.key for fault in faults(read, text)} == {"years", "imd_mix"}


def test_doubles_are_refused(read: Any) -> None:
    text = GOOD.replace('name = "proactive-more-vcse"\n', "")
    assert one_fault(read, text).key == "design 3: name"
    text = GOOD.replace('place = "southwark"', 'place = ["southwark", "southwark"]')
    assert one_fault(read, text).found == "'southwark' 2 times"
    text = GOOD.replace('["published"]', '["plan", "plan"]')
    assert one_fault(read, text).key == "effects"


def test_missing_keys_are_named(read: Any) -> None:
    assert {fault.key for fault in faults(read, "years = 5")} == {"name", "place", "design"}
    assert faults(read, "")


def test_a_missing_file_names_one_that_is_alike(
    tmp_path: Path, read: Any, catalogue: Catalogue
) -> None:
    read(GOOD)
    with pytest.raises(BadInput) as bad:
        read_experiment(str(tmp_path / "ee.toml"), {}, catalogue)
    assert "e.toml?" in bad.value.faults[0].remedy
    for name in (str(tmp_path / "no" / "e.toml"), str(tmp_path), "a\0b.toml", "suthwark"):
        with pytest.raises(BadInput):
            read_experiment(name, {}, catalogue)


@pytest.mark.parametrize("file", ["My Design.toml", "Übersicht_2.toml", "___.toml", "a\n.toml"])
def test_a_design_whose_file_gives_no_name_is_not_left_out_but_told(read: Any, file: str) -> None:
    use = file.replace("\n", "\\n")
    text = changed('use = "proactive-mltc"\n\n', f'use = "{use}"\n\n')
    fault = one_fault(read, text)
    assert fault.key == "design 2: name"
    assert "name of its file" in fault.found
    better = fault.remedy.partition("as in ")[2]
    assert len(read(text.replace(f'use = "{use}"', f'use = "{use}"\n{better}')).arms) == 3


def test_links_in_a_circle_are_told_like_a_missing_file(tmp_path: Path) -> None:
    for name in ("loop.toml", "loop"):
        (tmp_path / name).symlink_to(name)
    file = tmp_path / "e.toml"
    text = 'name = "x"\nplace = "PLACE"\nparameters = "SET"\n[[design]]\nuse = "usual-care"\n'
    for place in ("loop.toml", "loop/a.toml", "./a\\u0000b.toml"):
        file.write_text(text.replace("PLACE", place).replace("SET", "loop"), encoding="utf-8")
        with pytest.raises(BadInput) as bad:
            read_experiment(str(file))
        assert [fault.found[:5] for fault in bad.value.faults] == ["no bu", "'loop"]
    set_of_the_line = {"parameters": parameter_set(str(tmp_path / "loop"))}
    file.write_text(text.replace("PLACE", "southwark"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"check the path$"):
        read_experiment(str(file), set_of_the_line)


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b'name = "a\nyears = 3', 1, ""),
        (b"name = 'a'\nyears = = 3", 2, ""),
        (b"name = 'a'\nname = 'b'", 2, ""),
        (b"name = 'a'\nplace = '\xff\xfe'", 2, "UTF-8"),
        (b"a = " + b"[" * 5000, None, ""),
        (b"seed = 1" + b"0" * 5000, None, ""),
        (b"\x00", 1, ""),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(
    read: Any, content: bytes, line: int | None, found: str
) -> None:
    fault = one_fault(read, content)
    assert found in fault.found
    if line:
        assert fault.where.endswith(f"e.toml:{line}")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(read: Any) -> None:
    assert read(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).years == 10


def test_unquoted_settings_mean_the_same(read: Any) -> None:
    plain = read(changed('"vcse.link_workers_per_10000"', "vcse.link_workers_per_10000"))
    assert plain.arms[2].settings == {"vcse.link_workers_per_10000": 4.0}


def test_the_command_line_replaces_keys_and_is_blamed_for_its_own(read: Any) -> None:
    experiment = read(GOOD, years=2, replications=None, effects=["null", "inert"])
    assert (experiment.years, experiment.replications) == (2, 20)
    assert experiment.arms[1].effects == ("null", "inert")
    fault = one_fault(read, GOOD, years=-2)
    assert (fault.where, fault.key) == ("command line", "--years")


def test_designs_of_the_command_line_keep_the_baseline_and_may_be_built_in(read: Any) -> None:
    experiment = read(GOOD, designs=["proactive-more-vcse"])
    assert [arm.name for arm in experiment.arms] == ["usual-care", "proactive-more-vcse"]
    assert experiment.arms[1].settings
    fault = one_fault(read, GOOD, designs=["proactive-mtlc"])
    assert (fault.where, fault.key) == ("command line", "--designs")
    assert "proactive-mltc?" in fault.remedy


def test_resolved_text_resolves_to_the_same_experiment(
    read: Any, tmp_path: Path, catalogue: Catalogue
) -> None:
    text = GOOD.replace(
        'use = "proactive-mltc"\n[design.set]',
        'use = "own/mine.toml"\neffects = "plan"\n[design.set]',
    )
    experiment = read(text, years=3)
    again = tmp_path / "elsewhere" / "again.toml"
    again.parent.mkdir()
    again.write_text(resolved_toml(experiment), encoding="utf-8")
    other = read_experiment(str(again), {}, catalogue)
    assert fingerprint(other) == fingerprint(experiment)
    assert resolved_toml(other) == resolved_toml(experiment)
    assert other.arms[2].use == str(tmp_path / "own" / "mine.toml")


def test_a_resolved_file_names_rules_as_an_author_would(read: Any) -> None:
    """A rule is a number inside; nobody could read the resolved file of a run by numbers."""
    text = GOOD.replace(
        '"vcse.link_workers_per_10000" = 4.0',
        '"vcse.link_workers_per_10000" = 4.0\n"rules.mdt_selection" = "referral-order"',
    )
    experiment = read(text)
    resolved = resolved_toml(experiment)
    assert '"rules.mdt_selection" = "referral-order"' in resolved
    assert '"vcse.link_workers_per_10000" = 4.0' in resolved
    assert experiment.arms[2].settings["rules.mdt_selection"] == 1.0
    assert fingerprint(read(resolved)) == fingerprint(experiment)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<script>alert(1)</script>", "a\x1b[31m", "é" * 50]
)
def test_strange_names_are_kept_as_text(read: Any, name: str) -> None:
    text = GOOD.replace('name = "southwark-proactive"', tomli_w.dumps({"name": name}).strip())
    assert read(text).name == name


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=6,
).filter(lambda value: value is not None)
_keys = st.sampled_from(
    ["name", "place", "years", "start", "effects", "design", "baseline", "main_measure", "seed",
     "parameters", "population", "set", "hold_population", "x"]
)  # fmt: skip


def _no_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _no_none(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_no_none(part) for part in value]
    return "" if value is None else value


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=st.dictionaries(_keys, _values, max_size=6), entry=st.dictionaries(_keys, _values))
def test_no_content_whatever_ends_in_anything_but_an_experiment_or_faults(
    read: Any, table: dict[str, Any], entry: dict[str, Any]
) -> None:
    good: dict[str, Any] = {"name": "n", "place": "southwark", "design": [{"use": "usual-care"}]}
    for content in (good | table, good | {"design": [entry, {"use": "usual-care"}]}):
        told = _faults_or_none(read, tomli_w.dumps(_no_none(content)))
        assert all(fault.remedy and fault.allowed for fault in told)
        assert "\x1b" not in "".join(map(str, told))


def _faults_or_none(read: Any, text: str) -> list[Fault]:
    try:
        read(text)
    except BadInput as bad:
        return list(bad.faults) or pytest.fail("refused without a fault")
    return []


def test_a_parameter_folder_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert parameter_faults(tmp_path / "empty")
    assert not parameter_faults(PARAMETERS)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in PARAMETERS.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[:100])
    assert parameter_faults(damaged)
