"""Who is in a design's population, counted rule by rule, as lines and as a flow diagram."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from agents.evidence import Evidence
from agents.faults import BadInput, Fault
from agents.rule_columns import LOOK_BACK, NAMES, columns_of
from agents.rules import Rule
from agents.segments import count_cohort
from experiments.catalogue import EVIDENCE
from experiments.designs import load_design
from experiments.people import people_of_place
from pathways.design import Design

Flow = list[tuple[str, int, int]]

_WORDS = {"include": "", "exclude": "not: ", "separately": "shown separately: "}


def cohort_flow(design_name: str, place: str, residents: int | None, seed: int) -> Flow:
    """Count the residents of a place through a design's rules.

    Returns for each step its label, how many are left and how many it took out; the first
    step is everyone.

    Raises
    ------
    BadInput
        If design or place are unknown, or the design has no rules of who is in it.
    """
    design = load_design(design_name, Evidence(EVIDENCE))
    steps = rules_of(design)
    people, look_back = people_of_place(place, residents=residents, seed=seed)
    rows = np.flatnonzero(people.present(0.0))
    counts = {name: values[rows] for name, values in look_back.items()}
    columns = {**columns_of(people, 0.0, look_back, rows), **counts}
    everyone = len(rows)
    return [("residents", everyone, 0), *count_cohort(steps, columns)]


def rules_of(design: Design) -> list[tuple[str, Rule]]:
    """Return a design's rules in the order in which they are counted, all as inclusions."""
    if design.people is None:
        raise BadInput(
            [
                Fault(
                    where="command line",
                    key="--cohort",
                    found=f"{design.name}, a design without people of its own",
                    allowed="a design with a section [people]",
                    remedy="choose proactive-mltc, for example",
                )
            ]
        )
    names = [*NAMES, *LOOK_BACK]
    steps = []
    for part, word in _WORDS.items():
        for text in getattr(design.people, part):
            rule = text if part == "include" else f"not ({text})"
            parsed = Rule.parse(rule, where=design.name, names=names)
            steps.append((f"{word}{text}", parsed))
    return steps


def flow_lines(flow: Flow) -> list[str]:
    """Return a flow as lines: who is left, who went out."""
    width = max(len(label) for label, _, _ in flow)
    everyone = flow[0][1]
    lines = ["", f"  {'step':<{width}} {'left':>10} {'taken out':>10} {'of all':>8}"]
    for label, left, out in flow:
        share = f"{left / everyone:.1%}" if everyone else ""
        lines.append(f"  {label:<{width}} {left:>10,} {out:>10,} {share:>8}")
    return lines


def write_flow(flow: Flow, title: str, path: Path) -> None:
    """Write a flow diagram as SVG or PNG: boxes of who is left, and of who is taken out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from results.figures.canvas import INK, MUTE, PALE, styled

    with styled():
        height = 0.75 * len(flow) + 0.6
        figure = Figure(figsize=(7.6, height), dpi=110)
        FigureCanvasAgg(figure)
        ax = figure.add_axes((0.02, 0.02, 0.96, 0.96))
        ax.set_xlim(0, 10)
        ax.set_ylim(-len(flow) + 0.4, 1.0)
        ax.axis("off")
        ax.text(0.1, 0.75, title, fontsize=11, fontweight="bold", color=INK)
        box = {"boxstyle": "round,pad=0.4", "edgecolor": MUTE, "linewidth": 0.8}
        for place, (label, left, out) in enumerate(flow):
            words = label if place == 0 else _meets(label)
            ax.text(
                2.7,
                -place,
                f"{words}\n{left:,}",
                ha="center",
                va="center",
                bbox={**box, "facecolor": "white"},
                zorder=3,
            )
            if place == 0:
                continue
            arrow = {"arrowstyle": "->", "color": MUTE}
            ax.annotate("", (2.7, -place + 0.28), (2.7, -place + 0.72), arrowprops=arrow)
            ax.annotate("", (5.9, -place + 0.5), (2.7, -place + 0.5), arrowprops=arrow)
            ax.text(
                6.0,
                -place + 0.5,
                f"{_leaves(label)}: {out:,}",
                ha="left",
                va="center",
                bbox={**box, "facecolor": PALE},
                color=INK,
                zorder=3,
            )
        figure.savefig(path)


def _plain(rule: str) -> str:
    """Return a rule nearer to how people speak."""
    said = re.sub(r"has\('(\w+)'\)", r"\1", rule).replace("ltc_count", "conditions")
    return said.replace(">=", "at least").replace("==", "is").replace("_", " ").replace("'", "")


def _meets(label: str) -> str:
    for word in (_WORDS["exclude"], _WORDS["separately"]):
        if label.startswith(word):
            return f"without {_plain(label.removeprefix(word))}"
    return _plain(label)


def _leaves(label: str) -> str:
    if label.startswith(_WORDS["separately"]):
        return f"shown separately: {_plain(label.removeprefix(_WORDS['separately']))}"
    if label.startswith(_WORDS["exclude"]):
        return _plain(label.removeprefix(_WORDS["exclude"]))
    return f"not {_plain(label)}"
