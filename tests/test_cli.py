"""The command line: what it prints, how it ends, and what a killed run leaves behind."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import experiments.reporting as reporting
import experiments.running as running
from experiments import program
from experiments.cli import answer
from experiments.folder import contents, held
from experiments.listing import processor_seconds
from experiments.resolving import read_experiment
from results.tables import build_tables
from tests.fake_simulation import fake_simulate, fake_simulate_but_one, same_program

ROOT = Path(__file__).parent.parent
SMALL = ("--population", "200", "--years", "2", "--replications", "3")


def only_tables(folder: Path, prices: Path | None = None) -> None:
    build_tables(folder, prices)
    only_a_page(folder, prices)


def only_a_page(folder: Path, prices: Path | None = None) -> None:
    (folder / "report.html").write_text("<p>a report</p>", encoding="utf-8")


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run commands in an empty folder, with invented runs in place of simulated ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        running, "run_experiment", partial(running.run_experiment, work=fake_simulate)
    )
    monkeypatch.setattr(reporting, "tables_and_report", only_a_page)
    monkeypatch.setattr(program, "program_digest", same_program)
    return tmp_path


@pytest.fixture
def tabled(faked: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Do the same and make the tables too, which takes a second or two."""
    monkeypatch.setattr(reporting, "tables_and_report", only_tables)
    return faked


Said = pytest.CaptureFixture[str]


def test_help_needs_no_heavy_package() -> None:
    code = (
        "import sys\n"
        "from experiments.cli import answer\n"
        "for command in ([], ['run'], ['compare'], ['show'], ['population']):\n"
        "    assert answer([*command, '--help']) == 0\n"
        "heavy = {'pandas', 'mesa', 'matplotlib', 'simpy', 'scipy', 'numpy', 'duckdb', 'rich'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Commands:" in done.stdout


def test_a_run_ends_with_tables_a_report_and_a_manifest(tabled: Path, capsys: Said) -> None:
    assert answer(["run", "southwark", *SMALL, "--workers", "2"]) == 0
    said = capsys.readouterr()
    folder = next((tabled / "runs").iterdir())
    assert said.out == f"Report: {Path('runs') / folder.name / 'report.html'}\n"
    assert "6 of 6 runs" in said.err
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert {run["status"] for run in manifest["runs"]} == {"complete"}
    assert {(run["design"], run["effects"]) for run in manifest["runs"]} == {
        ("usual-care", "none"),
        ("proactive-mltc", "published"),
    }
    assert manifest["seed"] == 2025
    assert manifest["packages"]["numpy"]
    assert (folder / "tables" / "comparison.csv").is_file()
    assert not list(folder.rglob(".tmp-*"))


def test_the_baseline_is_simulated_once_whatever_the_effects(faked: Path) -> None:
    assert answer(["run", *SMALL, "--effects", "plan,null", "--out", "x"]) == 0
    arms = [path.parent.name + "/" + path.name for path in (faked / "x").glob("runs/*/*/*")]
    assert sorted(arms) == [
        "design=proactive-mltc/effects=null",
        "design=proactive-mltc/effects=plan",
        "design=usual-care/effects=none",
    ]


def test_a_second_run_of_the_same_experiment_repeats_nothing(faked: Path, capsys: Said) -> None:
    assert answer(["run", *SMALL]) == 0
    times = {path: path.stat().st_mtime_ns for path in faked.rglob("run.json")}
    assert answer(["run", *SMALL]) == 0
    assert "6 of them finished before" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in faked.rglob("run.json")} == times
    assert answer(["run", *SMALL, "--seed", "7"]) == 0
    assert len(list((faked / "runs").iterdir())) == 2


def test_a_failed_run_is_named_and_the_others_reported(
    tabled: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = running.run_experiment
    failing = partial(running.run_experiment, work=fake_simulate_but_one)
    monkeypatch.setattr(running, "run_experiment", failing)
    assert answer(["run", *SMALL, "--out", "x"]) == 1
    said = capsys.readouterr()
    assert "Failed: southwark, proactive-mltc, published, replication 1: RuntimeError" in said.err
    assert "Report: " in said.out
    manifest = json.loads((tabled / "x" / "manifest.json").read_text())
    errors = [run.get("error") for run in manifest["runs"] if run["status"] == "failed"]
    assert errors == ["RuntimeError: the fake run was told to fail"]
    with (tabled / "x" / "tables" / "comparison.csv").open() as lines:
        deaths = [row for row in csv.DictReader(lines) if row["measure"] == "deaths"]
    assert {row["replications"] for row in deaths if row["group"] == "all"} == {"2"}
    monkeypatch.setattr(running, "run_experiment", whole)
    assert answer(["resume", "x"]) == 0
    assert not list((tabled / "x" / "failed").iterdir())


def test_shards_and_single_runs_fill_one_folder(faked: Path, capsys: Said) -> None:
    whole, parts = faked / "whole", faked / "parts"
    assert answer(["run", *SMALL, "--out", str(whole)]) == 0
    assert answer(["run", *SMALL, "--out", str(parts), "--only", "proactive-mltc,1"]) == 0
    assert len(list(parts.rglob("run.json"))) == 1
    assert "carepath resume" in capsys.readouterr().err
    for shard in ("1/2", "2/2"):
        assert answer(["run", *SMALL, "--out", str(parts), "--shard", shard]) == 0
    assert answer(["resume", str(parts)]) == 0
    assert records(parts) == records(whole)


def records(folder: Path) -> dict[str, str]:
    """Return a digest of every record of every run."""
    runs = sorted(folder.glob("runs/place=*/**/run.json"))
    return {
        f"{run.parent.relative_to(folder)}/{name}": digest
        for run in runs
        for name, digest in contents(run.parent).items()
    }


def tables(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in (folder / "tables").glob("*.csv")}
    assert len(found) > 5
    return found


def test_compare_prints_a_table_csv_or_json(faked: Path, capsys: Said) -> None:
    assert answer(["run", *SMALL, "--out", "x"]) == 0
    capsys.readouterr()
    assert answer(["compare", "x"]) == 0
    assert "proactive-mltc" in capsys.readouterr().out
    assert answer(["compare", "x", "--measure", "deaths", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["measure"] for row in rows} == {"deaths"}
    assert answer(["compare", "x", "--by", "imd_quintile", "--format", "json"]) == 0
    assert {row["group_by"] for row in json.loads(capsys.readouterr().out)} == {"imd_quintile"}
    assert answer(["compare", "x", "--measure", "death"]) == 2
    assert answer(["compare", "nowhere"]) == 2
    assert answer(["compare", "x", "--format", "xml"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_can_be_moved_with_its_own_inputs_and_resumed(faked: Path, capsys: Said) -> None:
    designs = ROOT / "experiments" / "designs"
    text = (designs / "proactive-mltc.toml").read_text(encoding="utf-8")
    (faked / "mine.toml").write_text(text.replace('"proactive-mltc"', '"mine"', 1), "utf-8")
    file = faked / "e.toml"
    file.write_text(
        'name = "<script>"\nplace = "southwark"\npopulation = 200\nyears = 2\nreplications = 2\n'
        '[[design]]\nuse = "usual-care"\n[[design]]\nuse = "mine.toml"\n',
        encoding="utf-8",
    )
    assert answer(["run", str(file), "--out", "first", "--only", "mine,0"]) == 0
    (faked / "first").rename(faked / "moved")
    (faked / "mine.toml").unlink()
    assert answer(["resume", "moved"]) == 0
    assert len(list((faked / "moved").rglob("run.json"))) == 4
    assert "2 of 4" not in capsys.readouterr().out


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "southwerk"],
        ["run", "missing.toml"],
        ["run", "--years", "-1"],
        ["run", "--years", "ten"],
        ["run", "--replications", "0"],
        ["run", "--designs", "proactive-mtlc"],
        ["run", "--effects", "published,magic"],
        ["run", "--effects", ""],
        ["run", "--population", "-5"],
        ["run", "--seed", "-1"],
        ["run", "--workers", "0"],
        ["run", "--shard", "3/2"],
        ["run", "--shard", "x"],
        ["run", "--only", "usual-care"],
        ["run", "--only", "usual-care,99"],
        ["run", "--only", "nobody,0"],
        ["run", "--keep", "everything"],
        ["run", "--unknown"],
        ["run", "southwark", "extra"],
        ["resume", "nowhere"],
        ["resume", "."],
        ["report", "nowhere"],
        ["validate", "nowhere"],
        ["validate", "."],
        ["list", "nothing"],
        ["show", "design", "nothing"],
        ["show", "place", "nothing"],
        ["show", "place", "nothing.toml"],
        ["show", "experiment", "nothing"],
        ["show", "condition", "nothing"],
        ["show", "service", "nothing"],
        ["show", "measure", "nothing"],
        ["show", "nothing", "nothing"],
        ["new", "file.txt"],
        ["new", "no/such/folder/file.toml"],
        ["population", "nowhere", "--out", "p.parquet"],
        ["population", "southwark", "--out", "p.csv"],
        ["population", "southwark", "--out", "p.parquet", "--population", "0"],
        ["population", "southwark", "--out", "p.parquet", "--year", "1900"],
        ["nothing"],
    ],
)
def test_bad_input_is_told_without_a_traceback_and_harms_nothing(
    faked: Path, capsys: Said, arguments: list[str]
) -> None:
    before = sorted(faked.rglob("*"))
    assert answer(arguments) == 2
    said = capsys.readouterr().err
    assert said.strip()
    assert "Traceback" not in said
    assert [path for path in faked.rglob("*") if path.is_file()] == before


def test_all_faults_of_a_file_are_printed_one_a_line(faked: Path, capsys: Said) -> None:
    (faked / "e.toml").write_text(
        'name = "e"\nplace = "nowhere"\nyears = -1\nyeers = 2\n[[design]]\nuse = "usual-care"\n'
        '[design.set]\n"gp.capacity_factor" = -1\n',
        encoding="utf-8",
    )
    assert answer(["validate", "e.toml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all("found" in line and "allowed" in line for line in lines)


def test_a_folder_with_something_else_in_it_is_not_touched(faked: Path, capsys: Said) -> None:
    (faked / "precious.txt").write_text("precious")
    assert answer(["run", *SMALL, "--out", str(faked)]) == 2
    assert answer(["run", *SMALL, "--out", str(faked / "precious.txt")]) == 2
    assert answer(["run", *SMALL, "--out", str(faked / "precious.txt" / "x")]) == 2
    assert [path.name for path in faked.iterdir()] == ["precious.txt"]
    assert answer(["run", *SMALL, "--out", "x", "--only", "usual-care,0"]) == 0
    assert answer(["run", *SMALL, "--out", "x", "--seed", "3"]) == 2
    assert "another experiment" in capsys.readouterr().err


def test_a_folder_in_use_is_left_alone(faked: Path, capsys: Said) -> None:
    assert answer(["run", *SMALL, "--out", "x", "--only", "usual-care,0"]) == 0
    with held(faked / "x"):
        assert answer(["resume", "x"]) == 2
    assert f"process {os.getpid()}" in capsys.readouterr().err
    assert answer(["resume", "x"]) == 0


def test_a_folder_of_another_version_is_refused(faked: Path, capsys: Said) -> None:
    assert answer(["run", *SMALL, "--out", "x", "--only", "usual-care,0"]) == 0
    manifest = faked / "x" / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace(program.program_digest(), "0" * 32), encoding="utf-8"
    )
    assert answer(["resume", "x"]) == 2
    assert "another version" in capsys.readouterr().err


def test_a_shard_of_another_version_is_refused_too(faked: Path, capsys: Said) -> None:
    assert answer(["run", *SMALL, "--out", "x", "--shard", "1/2"]) == 0
    (manifest,) = (faked / "x").glob("manifest-*.json")
    manifest.write_text(
        manifest.read_text().replace(program.program_digest(), "0" * 32), encoding="utf-8"
    )
    assert answer(["run", *SMALL, "--out", "x", "--shard", "2/2"]) == 2
    assert "another version" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{", "[1]"], ids=["missing", "half", "a list"])
def test_a_lost_manifest_is_told_and_written_again(
    faked: Path, capsys: Said, content: str | None
) -> None:
    assert answer(["run", *SMALL, "--out", "x"]) == 0
    manifest = faked / "x" / "manifest.json"
    before = {path: path.stat().st_mtime_ns for path in (faked / "x").rglob("run.json")}
    manifest.unlink() if content is None else manifest.write_text(content)
    capsys.readouterr()
    assert answer(["resume", "x"]) == 0
    told = capsys.readouterr().err
    assert "manifest of x was missing or damaged" in told
    assert "all 6 runs found are of this version" in told
    assert json.loads(manifest.read_text())["status"] == "complete"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert answer(["resume", "x"]) == 0
    assert "missing or damaged" not in capsys.readouterr().err


def test_without_a_manifest_runs_of_another_version_are_left_alone(
    faked: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(["run", *SMALL, "--out", "x"]) == 0
    (faked / "x" / "manifest.json").unlink()
    before = {path: path.read_bytes() for path in (faked / "x").rglob("*") if path.is_file()}
    monkeypatch.setattr(program, "program_digest", lambda: "another")
    capsys.readouterr()
    assert answer(["resume", "x"]) == 2
    told = capsys.readouterr().err
    assert "6 of 6 runs made from other inputs or by another version" in told
    assert "Traceback" not in told
    after = {path: path.read_bytes() for path in (faked / "x").rglob("*") if path.is_file()}
    assert after == before


# --- Lists, showing, a new file ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("places", "southwark"),
        ("designs", "proactive-mltc"),
        ("experiments", "southwark"),
        ("components", "reach"),
        ("services", "vcse"),
        ("conditions", "copd"),
        ("measures", "emergency_admissions"),
        ("settings", "gp.capacity_factor"),
    ],
)
def test_list_names_first_one_line_each(capsys: Said, what: str, name: str) -> None:
    assert answer(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert name in [line.split()[0] for line in lines]
    assert all(len(line.split()) > 1 for line in lines)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("design", "proactive-mltc", ("ltc_count_diagnosed", "Sixteen pilots", "[assumption]")),
        ("design", "usual-care", ("Usual care",)),
        ("place", "southwark", ("307,636", "ONS Census 2021")),
        ("experiment", "southwark", ("20 runs", "replications = 10")),
        ("condition", "copd", ("pulmonary", "prevalence", "[")),
        ("service", "vcse", ("link_workers_per_10000", "[")),
        ("measure", "emergency_admissions", ("emergency", "source")),
    ],
)
def test_show_tells_numbers_with_sources(
    capsys: Said, kind: str, name: str, words: tuple[str, ...]
) -> None:
    assert answer(["show", kind, name]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in words)


def test_a_new_file_is_valid_and_holds_the_defaults(faked: Path, capsys: Said) -> None:
    assert answer(["new", "mine.toml"]) == 0
    assert answer(["validate", "mine.toml"]) == 0
    assert "mine: nothing wrong." in capsys.readouterr().out
    assert answer(["new", "mine.toml"]) == 2
    written = read_experiment("mine.toml")
    bare = faked / "bare.toml"
    bare.write_text(
        'name = "mine"\nplace = "southwark"\npopulation = 50000\n[[design]]\nuse = "usual-care"\n'
        '[[design]]\nuse = "proactive-mltc"\n'
    )
    assert "population, which is then everyone" in (faked / "mine.toml").read_text()
    for key in ("start", "years", "replications", "seed", "effects", "main_measure", "baseline"):
        assert getattr(written, key) == getattr(read_experiment("bare.toml"), key)


@pytest.mark.parametrize(
    ("people", "years", "measured"), [(500, 1, 2.1), (2000, 5, 7.8), (50_000, 5, 15.0)]
)
def test_the_time_that_is_told_is_about_what_runs_took(
    people: int, years: int, measured: float
) -> None:
    """Seconds of processor time of one run, measured on a busy machine."""
    sizes = {"population": people, "years": years, "replications": 5}
    told = processor_seconds(read_experiment("southwark", sizes)) / 10
    assert 0.5 * measured < told < 2.0 * measured


def test_the_built_in_comparison_is_the_contracts() -> None:
    experiment = read_experiment("southwark")
    place = experiment.places[0]
    assert (place.key, experiment.residents(place)) == ("southwark", 50_000)
    assert (experiment.years, experiment.replications) == (10, 10)
    assert [(arm.name, arm.effects) for arm in experiment.arms] == [
        ("usual-care", ("none",)),
        ("proactive-mltc", ("published",)),
    ]
    assert experiment.main_measure == "emergency_admissions"


# --- Killed -----------------------------------------------------------------------------------

SCRIPT = """
import sys, time
from functools import partial
from pathlib import Path
import experiments.reporting as reporting
import experiments.running as running
from experiments import program
from experiments.cli import answer
from tests.fake_simulation import fake_simulate, fake_simulate_but_one, same_program
from tests.test_cli import only_tables, same_program, slowly
program.program_digest = same_program
running.run_experiment = partial(running.run_experiment, work=slowly)
reporting.tables_and_report = only_tables
if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:]))
"""


def slowly(spec: object, folder: Path) -> None:
    time.sleep(0.2)
    fake_simulate(spec, folder)  # type: ignore[arg-type]


def begun(folder: Path) -> subprocess.Popen[str]:
    """Begin a slow run of the whole command line and wait until two of its runs are done."""
    script = folder.with_name("script.py")
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), "run", *SMALL, "--out", str(folder), "--workers", "2"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while len(list(folder.glob("runs/place=*/**/run.json"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    return process


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_resume_after_kill_9_gives_the_same_tables_to_the_byte(tabled: Path) -> None:
    assert answer(["run", *SMALL, "--out", "whole"]) == 0
    killed = tabled / "killed"
    process = begun(killed)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert 2 <= len(list(killed.glob("runs/place=*/**/run.json"))) < 6
    (killed / "runs" / ".tmp-left-by-the-killed").mkdir()
    assert answer(["resume", str(killed)]) == 0
    assert tables(killed) == tables(tabled / "whole")
    assert not list(killed.rglob(".tmp-*"))


@pytest.mark.skipif(os.name == "nt", reason="process groups")
@pytest.mark.parametrize("polite", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_kill_keeps_what_is_done_and_says_how_to_go_on(
    faked: Path, polite: signal.Signals
) -> None:
    folder = faked / "stopped"
    process = begun(folder)
    os.killpg(process.pid, polite)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"carepath resume {folder}" in said
    assert "Traceback" not in said
    assert 2 <= len(list(folder.glob("runs/place=*/**/run.json"))) < 6
    assert not list(folder.rglob(".tmp-*"))
    assert json.loads((folder / "manifest.json").read_text())["status"] == "incomplete"
