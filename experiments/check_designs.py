"""``carepath check designs``: every published effect beside its study, emulated."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.files import whole
from experiments.catalogue import EVIDENCE, installed
from experiments.comparing import aligned
from experiments.designs.standing import COLUMNS, STORE, is_study, read_stored, with_standing
from experiments.emulation import emulate, together
from experiments.folder import check_writable
from experiments.progress import Progress
from experiments.running import program_version
from experiments.trials import TABLE, Trial, trials_of
from pathways.design import INSIDE, Design

HEAD = ["design", "component", "changes", "study", "published", "simulated", "people", "result"]


def check_designs(*, residents: int | None, out: Path | None) -> Iterator[str]:
    """Emulate the study of every published effect; store what came out; yield the table.

    Parameters
    ----------
    residents : people of each run; by default as the evidence says
    out : the file to write, by default the program's own, which designs are judged by

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    evidence, catalogue = Evidence(EVIDENCE), installed()
    designs = [catalogue.load_design(name) for name in catalogue.designs]
    trials = trials_of(designs, evidence)
    people = residents or round(evidence.value(TABLE, key="emulation.residents"))
    replications = round(evidence.value(TABLE, key="emulation.replications"))
    path = out or STORE
    _writable(path)
    yield (
        f"{len(trials)} published effects with a study that can be emulated: "
        f"{replications} paired replications of {people:,} people each."
    )
    rows = _emulated(trials, evidence, people, replications)
    write_stored(rows, path)
    yield from table_lines(rows)
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    told = read_stored(path)
    yield from unstudied_lines(designs, studies)
    yield from verdict_lines([with_standing(one, studies, told) for one in designs])
    yield f"Written: {path}"


def _emulated(
    trials: Sequence[Trial], evidence: Evidence, people: int, replications: int
) -> list[dict[str, str]]:
    progress, last = Progress(sys.stderr), time.monotonic()
    progress.start(total=len(together(trials)) * replications, kept=0, workers=1)

    def done(number: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        progress.finished(now - last, failed=False)
        last = now

    return emulate(
        trials,
        evidence,
        residents=people,
        replications=replications,
        version=program_version(),
        done=done,
    )


def write_stored(rows: Iterable[Mapping[str, str]], path: Path) -> None:
    """Write the table whole or not at all, in a fixed order."""
    order = sorted(rows, key=lambda row: [row[name] for name in ("design", "component", "target")])
    with whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(order)


def _writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_writable(path.parent)
    except OSError as error:
        fault = Fault(
            where="command line",
            key="--out",
            found=f"{path}: {error.strerror or error}",
            allowed="a file in a folder that can be written",
            remedy="choose another file",
        )
        raise BadInput([fault]) from None


def table_lines(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return simulated beside published, one line for each effect."""
    lines = [HEAD]
    for row in rows:
        published = with_span(row["published"], row["low"], row["high"], row["unit"])
        simulated = with_span(
            row["simulated"], row["simulated_low"], row["simulated_high"], row["unit"]
        )
        first = [row["design"], row["component"], row["target"], row["study"]]
        lines.append([*first, published, simulated, row["people"], row["result"]])
    return ["", *aligned(lines)]


def with_span(value: str, low: str, high: str, unit: str) -> str:
    """Return a size and its interval in words: percent, or the unit's own numbers."""
    if unit == "mmHg":
        span = f" ({float(low):+.1f} to {float(high):+.1f})" if low and high else ""
        return f"{float(value):+.1f} mmHg{span}"
    span = f" ({float(low):+.1%} to {float(high):+.1%})" if low and high else ", no interval"
    return f"{float(value):+.1%}{span}"


def unstudied_lines(
    designs: Iterable[Design], studies: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Return the published effects that no study stands behind, each once."""
    found = {
        (one.component, one.target, one.evidence): design.name
        for design in designs
        for one in design.acting("published")
        if not is_study(studies.get(one.evidence)) and one.change
    }
    rows = [
        [design, component, target, evidence]
        for (component, target, evidence), design in sorted(found.items())
    ]
    return ["", "No study stands behind:", *aligned(rows)] if rows else []


def verdict_lines(designs: Iterable[Design]) -> list[str]:
    """Return for each design whether its published version rests on studies that came out."""
    rows = []
    for design in designs:
        parts = dict.fromkeys(one.component for one in design.effects)
        inside = len(parts) - len(design.assumed_parts)
        verdict = "assumption only" if design.assumption_only else "studies came out"
        count = f"{inside} of {len(parts)} parts {INSIDE}"
        told = [verdict, count] if parts else ["states no effects", ""]
        rows.append([design.name, *told])
    return ["", *aligned(rows), ""]
