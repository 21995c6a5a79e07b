"""The figures that ``carepath show`` can draw: of a condition, of a design's cohort."""

from __future__ import annotations

from pathlib import Path

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from experiments.catalogue import EVIDENCE

SUFFIXES = (".png", ".svg")
SEED = 2025


def figure_shown(
    kind: str, name: str, figure: Path | None, *, cohort: str | None, residents: int | None
) -> list[str]:
    """Draw what was asked for; return lines that say what was counted and written.

    Raises
    ------
    BadInput
        If this kind of thing has no such figure, or the file has another ending.
    """
    _check(kind, figure, cohort)
    lines = []
    if cohort:
        from experiments.show_cohort import cohort_flow, flow_lines, write_flow

        flow = cohort_flow(name, cohort, residents, SEED)
        lines += flow_lines(flow)
        if figure:
            write_flow(flow, f"{name} in {cohort}", figure)
    elif figure and kind == "network":
        from experiments.show_network import draw_network

        draw_network(name, figure)
    elif figure:
        from experiments.show_condition import told, write_figure

        write_figure(told(name, Evidence(EVIDENCE)), figure)
    return [*lines, f"Written: {figure}"] if figure else lines


def _check(kind: str, figure: Path | None, cohort: str | None) -> None:
    faults = []
    if cohort and kind != "design":
        faults.append(_fault("--cohort", f"with {kind}", "with a design", "leave it out"))
    if figure and not (kind in ("condition", "network") or cohort):
        allowed = "with a condition or network, or with a design and --cohort PLACE"
        faults.append(_fault("--figure", f"with {kind}", allowed, "add --cohort or leave it out"))
    if figure and figure.suffix not in SUFFIXES:
        allowed = "a name that ends in .png or .svg"
        faults.append(_fault("--figure", str(figure), allowed, "add .svg"))
    if figure and not figure.absolute().parent.is_dir():
        faults.append(_fault("--figure", str(figure), "a file in a folder that exists", "make it"))
    if faults:
        raise BadInput(faults)


def _fault(key: str, found: str, allowed: str, remedy: str) -> Fault:
    return Fault(where="command line", key=key, found=found, allowed=allowed, remedy=remedy)
