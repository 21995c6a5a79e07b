"""The check of a place against published figures, and of a finished run folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.files import whole
from experiments.catalogue import EVIDENCE, PARAMETERS, installed
from experiments.resolving import resolve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from agents.place import Place
    from sim.spec import RunSpec

RESIDENTS = 100_000
PICTURED = 15_000  # residents of each place in the picture of places
SEED = 2025
START = date(2025, 4, 1)
PLACES = ("southwark", "rayleigh", "tilbury", "dengie")
TABLE = "checks.csv"
COUNTS = "counts.csv"
DESIGNS = "designs"
PICTURE = "places"


def check(
    what: str, files: Sequence[str] = (), *, residents: int | None, out: Path | None
) -> Iterator[str]:
    """Check a place or a run folder; yield what there is to say, line by line.

    ``designs``: emulate the study behind each published effect (``experiments.emulation``), of
    the built-in designs or of those in ``files``.
    ``places``: draw how the built-in places differ, in one picture. A place: simulate its
    people and their health alone, and write ``checks.csv`` and figures into ``out``. A run
    folder: tell what its own checks say, and write its dashboard.

    Raises
    ------
    BadInput
        If it is neither a place nor a run folder, or ``out`` cannot be written.
    """
    folder = Path(what)
    if files and what != DESIGNS:
        remedy = f"leave it out, or write: carepath check designs {files[0]}"
        raise BadInput([_fault("FILES", files[0], "design files, after the word designs", remedy)])
    if what == DESIGNS:
        from experiments.check_designs import check_designs

        yield from check_designs(files, residents=residents, out=out)
    elif what == PICTURE:
        yield from _check_differences(residents=residents, out=out)
    elif (folder / "runs").is_dir() or (folder / "manifest.json").is_file():
        yield from _check_folder(folder, residents=residents, out=out)
    else:
        yield from _check_place(what, residents=residents, out=out)


# -------------------------------------------------------------------- a place


def _check_place(use: str, *, residents: int | None, out: Path | None) -> Iterator[str]:
    place, n = _place(use, residents)
    folder = out or Path("runs") / f"check-{place.key}"
    _make(folder)
    from calibration.check_figures import figures_of
    from calibration.checks import checks_table, summary, targets_of
    from calibration.counts_table import counts_table
    from calibration.simulated import simulate_place
    from results.figures.canvas import styled, write

    evidence = Evidence(EVIDENCE)
    yield f"{place.name}: {n:,} residents, health alone …"
    found = simulate_place(_spec(place, n), evidence)
    projected = _projections(place, n, evidence) if place.key == "england" else {}
    targets = targets_of(place.key, evidence, found.register.conditions, projected)
    table = checks_table(targets, found, place)
    _write(table, folder / TABLE)
    _write(counts_table(found), folder / COUNTS)
    for name, projection in projected.items():
        _write(projection, folder / f"projection_{name.replace(' ', '_')}.csv")
    yield from summary(table) if len(table) else _nothing_published(place)
    with styled():
        for name, draw in figures_of(table, found, projected).items():
            write(draw().axes[0], folder / "figures", name)
        write(_contrasts(place, evidence).axes[0], folder / "figures", "places")
    yield f"Written: {folder / TABLE} and {folder / 'figures'}"


def _nothing_published(place: Place) -> list[str]:
    return [f"The evidence holds no published figure of {place.name}; the picture shows it."]


def _place(use: str, residents: int | None) -> tuple[Place, int]:
    """Load a place and say how many residents are simulated, all faults at once."""
    table = {"name": "check", "place": use, "design": [{"use": "usual-care"}]}
    more = {"place": use, "population": residents}
    asked = resolve(table, installed(), where="command line", overrides=more)
    place = asked.places[0]
    return place, residents or min(RESIDENTS, round(place.population))


def _spec(place: Place, n: int) -> RunSpec:
    from experiments.designs import load_design
    from sim.spec import RunSpec

    return RunSpec(
        place=place,
        design=load_design("usual-care", Evidence(EVIDENCE)),
        effects="none",
        population=n,
        start=START,
        years=0,
        seed=SEED,
        replication=0,
        evidence=EVIDENCE,
        parameters=PARAMETERS,
    )


def _projections(place: Place, n: int, evidence: Evidence) -> dict[str, pd.DataFrame]:
    from agents.disease_tables import DiseaseTables
    from calibration.projection import project

    tables = DiseaseTables.load(PARAMETERS)
    trend = evidence.value("check_allowances", key="cohort_trend")
    people = min(n, RESIDENTS)
    return {
        name: project(place, tables, evidence, residents=people, trend=each)
        for name, each in {"rates of today": 0.0, "with a cohort trend": trend}.items()
    }


def _check_differences(*, residents: int | None, out: Path | None) -> Iterator[str]:
    """Draw how ``PLACES`` differ, each beside England, and nothing else."""
    from results.figures.canvas import styled, write

    place, n = _place("england", residents or PICTURED)
    folder = out or Path("runs") / f"check-{PICTURE}"
    _make(folder)
    yield f"{', '.join(PLACES)} and england: {n:,} residents each, at most their own number …"
    with styled():
        figure = _contrasts(place, Evidence(EVIDENCE), n)
        write(figure.axes[0], folder / "figures", PICTURE)
    yield f"Written: {folder / 'figures' / PICTURE}.png and .svg"


def _contrasts(place: Place, evidence: Evidence, residents: int = PICTURED) -> Figure:
    from calibration.place_figure import contrasts
    from calibration.simulated import residents_of

    names = [key for key in PLACES if key != place.key]
    others = {key: installed().load_place(key) for key in names}
    shown = others if place.key == "england" else {place.key: place, **others}
    people = {
        key: (each, residents_of(_spec(each, min(residents, round(each.population))), evidence))
        for key, each in shown.items()
    }
    england = installed().load_place("england")
    return contrasts(people, residents_of(_spec(england, residents), evidence))


# -------------------------------------------------------------------- a run folder


def _check_folder(folder: Path, *, residents: int | None, out: Path | None) -> Iterator[str]:
    faults = [
        _fault(option, found, "a place, where this option is given", f"leave {option} out")
        for option, found in (("--population", residents), ("--out", out))
        if found is not None
    ]
    table_file = folder / "tables" / TABLE
    if not table_file.is_file():
        faults.append(
            _fault(str(table_file), "no such file", "a run folder with tables", "carepath report")
        )
    if faults:
        raise BadInput(faults)
    import pandas as pd

    from results.dashboard import write_dashboard

    yield from _told(pd.read_csv(table_file))
    for path in write_dashboard(folder):
        yield f"Written: {path}"


def _told(table: pd.DataFrame) -> Iterator[str]:
    """Yield the checks of a run folder as lines: published, simulated, ratio."""
    yield f"{'check':34} {'role':10} {'published':>10} {'simulated':>10} {'ratio':>6}"
    for _, row in table.iterrows():
        off = abs(row["ratio"] - 1) > 0.1 if row["ratio"] == row["ratio"] else False
        as_england = ", ages as England's" if row["standardised"] == "yes" else ""
        yield (
            f"{row['check'][:34]:34} {row['role']:10} {row['published']:10.4g} "
            f"{row['mean']:10.4g} {row['ratio']:6.2f}{' ✗' if off else '  '} "
            f"{row['place']}{as_england}"
        )
    far = (table["ratio"] - 1).abs() > 0.1
    yield f"{int(far.sum())} of {len(table)} rows are more than a tenth off (✗)."


# -------------------------------------------------------------------- files


def _fault(key: str, found: object, allowed: str, remedy: str) -> Fault:
    return Fault(where="command line", key=key, found=str(found), allowed=allowed, remedy=remedy)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = error.strerror or str(error)
        raise BadInput(
            [_fault("--out", f"{folder}: {found}", "a folder to write", "name another folder")]
        ) from None


def _write(table: pd.DataFrame, path: Path) -> None:
    with whole(path) as aside:
        table.to_csv(aside, index=False, float_format="%.9g")
