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
from experiments.designs.standing import (
    COLUMNS,
    STORE,
    Stored,
    beside,
    is_study,
    read_stored,
    with_standing,
)
from experiments.emulation import emulate, together
from experiments.folder import check_writable
from experiments.manifests import program_version
from experiments.progress import Progress
from experiments.trials import TABLE, Trial, key_of, trials_of
from pathways.design import INSIDE, Design

HEAD = ["design", "component", "changes", "study", "published", "simulated", "people", "result"]


def check_designs(
    own: Sequence[str] = (), *, residents: int | None, out: Path | None
) -> Iterator[str]:
    """Emulate the study of every published effect; store what came out; yield the table.

    Parameters
    ----------
    own : design files of the user's; by default every built-in design
    residents : people of each run; by default as the evidence says
    out : the file to write, by default the program's own, or one beside each own file, which
        designs are judged by

    Raises
    ------
    BadInput
        If a file cannot be read or written; all faults at once.
    """
    if not own:
        catalogue = installed()
        designs = [catalogue.load_design(name) for name in catalogue.designs]
        yield from _checked(designs, out or STORE, {}, residents)
        return
    _each_once(own, out)
    faults: list[Fault] = []
    loaded = [_loaded(file, faults) for file in own]
    if faults:
        raise BadInput(faults)
    for file, design in zip(own, loaded, strict=True):
        assert design is not None
        yield from _checked([design], out or beside(file), read_stored(), residents)


def _each_once(own: Sequence[str], out: Path | None) -> None:
    """Refuse one file of results for several designs: each is judged by the one beside it."""
    if out is None or len(own) == 1:
        return
    fault = Fault(
        where="command line",
        key="--out",
        found=f"one file for {len(own)} designs",
        allowed="--out with one design",
        remedy="leave --out out: what comes out is written beside each design",
    )
    raise BadInput([fault])


def _loaded(file: str, faults: list[Fault]) -> Design | None:
    try:
        return installed().load_design(file)
    except BadInput as bad:
        faults += bad.faults
        return None


def _checked(
    designs: Sequence[Design], path: Path, known: Stored, residents: int | None
) -> Iterator[str]:
    """Emulate what of ``designs`` is not ``known``, store it at ``path`` and yield the tables."""
    evidence = Evidence(EVIDENCE)
    every = trials_of(designs, evidence)
    trials = [one for one in every if key_of(one) not in known]
    people = residents or round(evidence.value(TABLE, key="emulation.residents"))
    replications = round(evidence.value(TABLE, key="emulation.replications"))
    _writable(path)
    yield (
        f"{len(every)} published effects with a study that can be emulated: "
        f"{replications} paired replications of {people:,} people each."
    )
    if len(trials) < len(every):
        yield f"{len(every) - len(trials)} of them are parts of built-in designs, emulated before."
    rows = _emulated(trials, evidence, people, replications) if trials else []
    write_stored(rows, path)
    yield from table_lines([*rows, *(known[key_of(one)] for one in every if one not in trials)])
    studies = {row["effect_id"]: row for row in evidence.rows("intervention_effects")}
    told = {**known, **read_stored(path)}
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
