"""Finding runs, and what is said of files that cannot be read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agents.faults import BadInput
from results.csv_files import load
from results.reading import collect, read_folders
from results.store import arms, baseline_arm, find_runs
from results.sums import _of_few
from results.tables import build_tables
from tests.fake_runs import Fake, run_folder, write_fake_experiment

SMALL = Fake(population=300, years=2, replications=2)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_experiment(tmp_path_factory.mktemp("runs"), SMALL)


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "experiment"))


def one_run(folder: Path) -> Path:
    return run_folder(folder, SMALL, design="usual-care", effects="none", replication=1)


def test_runs_are_found_by_place_design_effects_and_luck(folder: Path) -> None:
    runs = find_runs(folder)
    assert list(arms(runs)) == [
        ("southwark", "proactive-mltc", "published"),
        ("southwark", "usual-care", "none"),
    ]
    assert [run.luck for run in runs] == [(0, 0), (0, 1), (0, 0), (0, 1)]
    assert baseline_arm(runs, "southwark") == ("southwark", "usual-care", "none")


def test_runs_still_being_written_or_unfinished_are_passed_over(folder: Path) -> None:
    run = one_run(folder)
    shutil.copytree(run, run.parent / ".tmp-replication=0002-1")
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(facts | {"status": "failed"}))
    assert len(find_runs(folder)) == 3


def test_a_folder_without_runs_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        find_runs(tmp_path)
    (fault,) = caught.value.faults
    assert "carepath resume" in fault.remedy


@pytest.mark.parametrize("name", ["person_years.parquet", "series.parquet", "waits.parquet"])
@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", b"\x00" * 64])
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes) -> None:
    broken = one_run(folder) / name
    broken.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        collect(read_folders([folder]))
    (fault,) = caught.value.faults
    assert fault.where == str(broken)
    assert "delete" in fault.remedy


def test_a_missing_file_is_named(folder: Path) -> None:
    gone = one_run(folder) / "waits.parquet"
    gone.unlink()
    with pytest.raises(BadInput, match=r"waits\.parquet"):
        collect(read_folders([folder]))


def test_a_foreign_table_is_named_with_the_columns_it_lacks(folder: Path) -> None:
    foreign = one_run(folder) / "person_years.parquet"
    pq.write_table(pa.table({"person": [1], "year": [1]}), foreign)
    with pytest.raises(BadInput, match="no column days_alive"):
        collect(read_folders([folder]))


def test_a_run_of_a_version_that_counted_less_is_refused_with_what_to_do(folder: Path) -> None:
    older = one_run(folder) / "person_years.parquet"
    pq.write_table(pq.read_table(older).drop_columns(["vcse_courses", "advice_requests"]), older)
    with pytest.raises(BadInput) as caught:
        collect(read_folders([folder]))
    (fault,) = caught.value.faults
    assert fault.where == str(folder)
    assert "earlier version" in fault.found
    assert "advice_requests, vcse_courses" in fault.found
    assert fault.remedy.startswith(f"run it anew: carepath run {folder / 'experiment.toml'}")


def test_a_truncated_run_json_is_named_and_all_of_them_at_once(folder: Path) -> None:
    for replication in (0, 1):
        to = run_folder(folder, SMALL, design="usual-care", effects="none", replication=replication)
        (to / "run.json").write_text('{"place": "south')
    with pytest.raises(BadInput) as caught:
        find_runs(folder)
    assert len(caught.value.faults) == 2


def test_a_group_that_the_run_does_not_name_is_a_fault(folder: Path) -> None:
    path = one_run(folder) / "run.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"localities": ["north"]}))
    with pytest.raises(BadInput, match="locality"):
        collect(read_folders([folder]))


def test_runs_that_cannot_be_pairs_are_refused(folder: Path) -> None:
    path = one_run(folder) / "run.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"seed": 1}))
    with pytest.raises(BadInput, match="seed"):
        read_folders([folder])


def test_an_unknown_baseline_names_those_there_are(folder: Path) -> None:
    with pytest.raises(BadInput, match="proactive-mltc, usual-care"):
        baseline_arm(find_runs(folder), "southwark", "nothing-at-all")


def test_a_run_in_which_nobody_waited_is_read(folder: Path) -> None:
    for name in ("waits.parquet", "series.parquet"):
        pq.write_table(pa.table({}), one_run(folder) / name)
    build_tables(folder)
    assert "outcomes" in load(folder)


def test_tables_that_were_not_built_say_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="carepath report"):
        load(tmp_path)


def test_words_of_a_series_are_in_the_order_of_the_alphabet(folder: Path) -> None:
    """Tables are in this order whatever order a run wrote its words in."""
    path = one_run(folder) / "series.parquet"
    table = pq.read_table(path)
    table = table.take(pa.array(range(len(table) - 1, -1, -1)))
    for place, name in enumerate(table.column_names):
        if name in ("service", "role", "metric"):
            words = table.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
            table = table.set_column(place, name, words)
    pq.write_table(table, path)
    (run,) = [one for one in find_runs(folder) if one.folder == path.parent]
    series = run.series()
    for name in ("service", "role", "metric"):
        words = list(series[name].cat.categories)
        assert len(words) > 1
        assert words == sorted(words), name


def test_sums_of_what_few_people_have_add_each_person_to_each_of_their_groups() -> None:
    luck = np.random.default_rng(7)
    people, groupings, size = 500, 3, 12
    index = luck.integers(0, 4, (people, groupings)) + 4 * np.arange(groupings)
    amounts = [
        np.where(luck.random(people) < 0.05, luck.random(people), 0.0).astype(np.float32),
        luck.random(people) < 0.05,
        np.zeros(people, np.int64),
    ]
    found = _of_few(index, amounts, size)
    assert found.shape == (size, len(amounts))
    for column, amount in enumerate(amounts):
        assert found[:, column].sum() == pytest.approx(groupings * float(amount.sum()))
        for row in range(size):
            mine = (index == row).any(axis=1)
            assert found[row, column] == pytest.approx(float(amount[mine].sum()))
