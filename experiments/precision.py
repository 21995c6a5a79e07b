"""How many replications: run until an interval is as narrow as somebody asked.

Rounds depend on results alone, and results on nothing but the inputs, so the same wish ends
with the same runs, whatever the workers and however often it was interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil, isfinite
from pathlib import Path
from typing import Any

from agents.faults import BadInput, Fault
from agents.files import read_json, write_json, write_whole
from experiments import running
from experiments.experiment import Experiment
from experiments.inputs import inputs_inside
from experiments.outcome import Outcome
from experiments.reading import Arm, Readings, interval_of, read_measures
from experiments.running import Options

WISH = "precision.json"
LEAST, MOST = 5, 200  # replications unless asked otherwise
GROWTH = 2.0  # the most that a round may multiply the replications
COLUMNS = (
    "place",
    "design",
    "effects",
    "measure",
    "replications",
    "difference",
    "difference_low",
    "difference_high",
    "baseline_mean",
    "half_width_share",
    "asked",
    "met",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How narrow the 95% interval of a paired difference shall be.

    ``share`` is half its width over the baseline's level; ``least`` and ``most`` are numbers
    of replications.
    """

    measure: str
    share: float
    least: int = LEAST
    most: int = MOST


def wish_of(text: str, least: int | None, most: int | None, measures: Sequence[str]) -> Wish:
    """Return what ``--precision MEASURE=5%`` asks, or raise ``BadInput``."""
    from agents.faults import nearest

    name, _, number = text.partition("=")
    name, number = name.strip(), number.strip()
    share = _share(number)
    faults = []
    if name not in measures:
        close = nearest(name, measures)
        faults.append(
            _fault(
                "--precision",
                repr(name),
                "a measure (carepath list measures)",
                f"did you mean {close}?"
                if close
                else "write, for example, --precision emergency_admissions=5%",
            )
        )
    if share is None or not 0.0 < share < 1.0:
        faults.append(
            _fault(
                "--precision",
                repr(number),
                "a share of the baseline's level above 0% and below 100%",
                f"write, for example, --precision {name or 'emergency_admissions'}=5%",
            )
        )
    wish = Wish(measure=name, share=share or 0.05, least=least or LEAST, most=most or MOST)
    if wish.least < 2 or wish.most < wish.least:
        faults.append(
            _fault(
                "--least, --most",
                f"{wish.least} and {wish.most}",
                "at least 2 replications, and no more least than most",
                f"write, for example, --least {LEAST} --most {MOST}",
            )
        )
    if faults:
        raise BadInput(faults)
    return wish


def _share(text: str) -> float | None:
    try:
        return float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        return None


def _fault(key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where="command line", key=key, found=found, allowed=allowed, remedy=remedy)


def wish_in(folder: Path) -> Wish | None:
    """Return the wish of a run folder that was begun with one."""
    content = read_json(folder / WISH)
    return Wish(**content) if content else None


def run_until_precise(
    experiment: Experiment, folder: Path, wish: Wish, options: Options | None = None, **how: Any
) -> Outcome:
    """Do rounds of replications in ``folder`` until the wish is met or its most are done.

    The folder then holds ``tables/precision.csv`` and ``figures/precision.svg`` and ``.png``.

    Parameters
    ----------
    how : progress, work and engine, as for ``run_experiment``

    Raises
    ------
    BadInput
        If the experiment draws the evidence, whose intervals do not shrink, or the folder
        holds something else.
    """
    if experiment.uncertainty == "psa":
        raise BadInput(
            [
                _fault(
                    "--precision",
                    "uncertainty = psa",
                    "uncertainty = none: what is not known does not shrink with replications",
                    "leave one of them out",
                )
            ]
        )
    count = wish.least
    while True:
        asked = replace(experiment, replications=count)
        admit(folder, asked)
        outcome = running.run_experiment(asked, folder, options, **how)
        write_json(folder / WISH, asdict(wish))
        if not outcome.whole:
            return outcome
        rows = sequence(read_measures(folder, experiment.baseline), wish)
        write_sequence(folder, rows, wish)
        last = [row for row in rows if row["replications"] == count]
        widest = max((float(row["half_width_share"]) for row in last), default=0.0)
        if widest <= wish.share or count >= wish.most or not isfinite(widest):
            return outcome
        count = more(count, widest, wish)


def more(count: int, widest: float, wish: Wish) -> int:
    """Return how many replications the next round has.

    Widths shrink with the square root, so this is what the wish should need, at most doubled.
    """
    needed = ceil(count * (widest / wish.share) ** 2)
    return min(max(needed, count + 1), int(GROWTH * count), wish.most)


def admit(folder: Path, experiment: Experiment) -> None:
    """Let a folder of the same experiment with other replications hold ``experiment``."""
    file = folder / "experiment.toml"
    if not file.is_file():
        return
    text = file.read_text(encoding="utf-8")
    wanted = inputs_inside(experiment)[0]
    for line in text.splitlines():
        if line.startswith("replications = "):
            here = line.removeprefix("replications = ")
            before = replace(experiment, replications=int(here) if here.isdecimal() else 0)
            if inputs_inside(before)[0] == text:
                write_whole(file, wanted, lasting=True)
            return


def sequence(readings: Readings, wish: Wish) -> list[dict[str, Any]]:
    """Return the interval after 2, 3, … replications of every design."""
    rows = []
    for arm in readings.designs:
        levels = readings.level(readings.baselines[arm[0]], wish.measure)
        changes = readings.difference(arm, wish.measure)
        order = sorted(luck for luck in changes if luck in levels)
        for count in range(2, len(order) + 1):
            rows.append(_row(arm, wish, changes, levels, order[:count]))
    return rows


def _row(
    arm: Arm,
    wish: Wish,
    changes: dict[tuple[int, int], float],
    levels: dict[tuple[int, int], float],
    used: Sequence[tuple[int, int]],
) -> dict[str, Any]:
    held = interval_of([changes[luck] for luck in used])
    level = sum(levels[luck] for luck in used) / len(used)
    share = held.half / abs(level) if level else float("nan")
    numbers = (held.mean, held.low, held.high, level, share, wish.share)
    met = "yes" if share <= wish.share else "no"
    return dict(zip(COLUMNS, (*arm, wish.measure, len(used), *numbers, met), strict=True))


def write_sequence(folder: Path, rows: Sequence[dict[str, Any]], wish: Wish) -> None:
    """Write ``tables/precision.csv`` and its figure."""
    import pandas as pd

    from results.csv_files import write_tables
    from results.figures.precision import narrowing
    from results.figures.searches import save

    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_tables(folder / "tables", {"precision": table})
    if len(table):
        save(folder / "figures", "precision", lambda: narrowing(table, wish.share))


def said(folder: Path, wish: Wish) -> list[str]:
    """Return what came of the wish, a sentence for each design."""
    from results.csv_files import read_table

    file = folder / "tables" / "precision.csv"
    if not file.is_file():
        return []
    table = read_table(file)
    last = table[table["replications"] == table["replications"].max()]
    return [
        f"{wish.measure}, {row.design} ({row.effects}): ±{row.half_width_share:.2%} of the "
        f"baseline's level after {row.replications} replications; {wish.share:.2%} was asked"
        + ("." if row.met == "yes" else f", not reached with at most {wish.most}.")
        for row in last.itertuples()
    ]
