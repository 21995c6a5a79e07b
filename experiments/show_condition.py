"""Everything about one condition: hazards, effects, diagnosis, death, remission, a figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from agents.disease_tables import DiseaseTables
from agents.evidence import Evidence
from agents.hazards import Effects
from agents.population import SEXES
from agents.risk_factors import BODY, SMOKING, Risks
from calibration.prevalence import (
    diagnosed_targets,
    population_shares,
    undiagnosed_shares,
)
from calibration.risk_ratios import build_risks
from experiments.catalogue import PARAMETERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

AGES = (10, 30, 50, 60, 70, 80, 90)
FIFTHS = (1, 3, 5)
PER = 1000.0
_SAME = 0.005  # ratios nearer to 1 than this are not told


@dataclass(frozen=True, slots=True)
class Told:
    """What the tables and the evidence say of one condition.

    Attributes
    ----------
    register, undiagnosed : (AGES + 1, 2) share diagnosed, and share of cases that are hidden
    effects_on, effects_from : (words, ratio) of what it does to others and others to it
    """

    key: str
    name: str
    column: int
    tables: DiseaseTables
    risks: Risks
    register: Floats
    undiagnosed: Floats
    effects_on: list[tuple[str, float]]
    effects_from: list[tuple[str, float]]


def told(key: str, evidence: Evidence, parameters: Path = PARAMETERS) -> Told:
    """Gather what is known of the condition ``key`` of the tables in ``parameters``."""
    tables = DiseaseTables.load(parameters)
    column = tables.conditions.index(key)
    weights = population_shares(evidence).sum(axis=2)
    names = {row["key"]: row["name"] for row in evidence.rows("conditions")}
    on, by = effects_of(tables.effects, column, [names[each] for each in tables.conditions])
    return Told(
        key=key,
        name=names[key],
        column=column,
        tables=tables,
        risks=tables.risks or build_risks(evidence, tables.conditions),
        register=diagnosed_targets(evidence, (key,), weights)[0],
        undiagnosed=undiagnosed_shares(evidence, (key,))[0],
        effects_on=on,
        effects_from=by,
    )


def effects_of(
    effects: Effects, column: int, names: list[str]
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Return ratios of onset of others while it is present, and of it while others are."""
    on, by = [], []
    for effect, source in enumerate(effects.source.tolist()):
        when = _when(effects, effect)
        ratios = np.exp(effects.log_ratio[effect])
        if source == column:
            on += [
                (f"{names[other]}{when}", float(ratio))
                for other, ratio in enumerate(ratios)
                if abs(ratio - 1) > _SAME
            ]
        elif abs(ratios[column] - 1) > _SAME:
            by.append((f"{names[source]}{when}", float(ratios[column])))
    ratio = float(np.exp(effects.log_per_physical))
    if effects.mood[column]:
        by.append((f"each physical condition, up to {effects.physical_cap:g}", ratio))
    if effects.physical[column]:
        on += [
            (f"{names[mood]}, as a physical condition", ratio)
            for mood in np.flatnonzero(effects.mood)
        ]
    return on, by


def _when(effects: Effects, effect: int) -> str:
    """Say at which ages and for whom an effect acts, nothing where always."""
    low, high = effects.from_age[effect], effects.to_age[effect]
    words = []
    if np.isfinite(high):
        words.append(f"{low:.0f} to {high:.0f}")
    elif low > 0:
        words.append(f"from {low:.0f}")
    if not effects.for_sex[effect].all():
        words.append("women" if effects.for_sex[effect, 0] else "men")
    return f" ({', '.join(words)})" if words else ""


# ---------------------------------------------------------------- words


def condition_lines(known: Told) -> list[str]:
    """Return what the program makes of a condition, in lines."""
    return [
        *_onset_lines(known),
        *_risk_lines(known),
        *_effect_lines("Raises or lowers the onset of", known.effects_on),
        *_effect_lines("Its own onset is raised or lowered by", known.effects_from),
        *_end_lines(known),
        *_diagnosis_lines(known),
    ]


def _onset_lines(known: Told) -> list[str]:
    onset = known.tables.onset[known.column] * PER
    heads = [f"{sex}, fifth {fifth}" for sex in ("women", "men") for fifth in FIFTHS]
    lines = [
        "",
        "Onsets per 1,000 person-years, of people with none of the conditions and middling",
        "susceptibility (fifth 1 is the most deprived)",
        "  age  " + "".join(f"{head:>16}" for head in heads),
    ]
    for age in AGES:
        cells = [onset[age, sex, fifth - 1] for sex in range(len(SEXES)) for fifth in FIFTHS]
        lines.append(f"  {age:>3}  " + "".join(f"{cell:16.3f}" for cell in cells))
    born = known.tables.at_birth[known.column]
    if born.any():
        lines.append(f"  present from birth: {PER * born.mean():.1f} per 1,000 births")
    return lines


def _risk_lines(known: Told) -> list[str]:
    risks, column = known.risks, known.column
    state = "" if known.tables.risks else " (published; not in the tables of this parameter set)"
    lines = ["", f"Smoking, body mass and ethnicity, ratio of onset{state}"]
    for age in (40, 55, 70, 85):
        ratio = risks.ratio[column, age].mean(axis=0).reshape(len(SMOKING), len(BODY))
        smoking = [f"{name} {ratio[k, 0] / ratio[0, 0]:.2f}" for k, name in enumerate(SMOKING)]
        body = [f"{name} {ratio[0, k] / ratio[0, 0]:.2f}" for k, name in enumerate(BODY)]
        lines.append(f"  at {age}: {', '.join(smoking)}; {', '.join(body)}")
    groups = [
        f"{group.replace('_', ' ')} {np.exp(log):.2f}"
        for group, log in zip(risks.ethnic_groups, risks.log_ethnic[:, column], strict=True)
    ]
    return [*lines, f"  against England's mean: {', '.join(groups)}"]


def _effect_lines(title: str, effects: list[tuple[str, float]]) -> list[str]:
    lines = [
        f"  {words}: {ratio:.2f}" for words, ratio in sorted(effects, key=lambda each: -each[1])
    ]
    return ["", title, *(lines or ["  nothing known"])]


def _end_lines(known: Told) -> list[str]:
    remission = known.tables.remission[known.column]
    deaths = np.exp(known.tables.effects.log_death_ratio[:, known.column])
    lines = ["", f"Ratio of death: women {deaths[0]:.2f}, men {deaths[1]:.2f}"]
    if not remission.any():
        return [*lines, "Remission: none"]
    by_age = ", ".join(f"at {age} {remission[age].mean():.3f}" for age in AGES)
    return [*lines, f"Remission per person-year: {by_age}"]


def _diagnosis_lines(known: Told) -> list[str]:
    hazard = known.tables.diagnosis[known.column]
    if np.isinf(hazard).all():
        return ["", "Diagnosed at its onset"]
    lines = ["", "Hidden cases: share of those who have it, and years to diagnosis at that age"]
    for age in AGES:
        share, rate = known.undiagnosed[age], hazard[age].mean()
        wait = f"{1 / rate:.1f}" if rate > 0 else "no diagnoses"
        lines.append(f"  {age}: women {share[0]:.0%}, men {share[1]:.0%}; {wait}")
    return lines


# ---------------------------------------------------------------- a figure


def write_figure(known: Told, path: Path) -> None:
    """Write the figure of a condition as PNG or SVG, by the name's ending."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from results.figures.canvas import INK, styled

    with styled():
        figure = Figure(figsize=(9.6, 7.2), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        halves: Any = figure.subfigures(2, 1, hspace=0.04)
        above, below = (half.subplots(1, 2) for half in halves)
        _prevalence(above[0], known)
        _onset(above[1], known)
        _forest(below[0], known)
        _risks(below[1], known)
        figure.suptitle(known.name, x=0.02, ha="left", color=INK, fontsize=13, fontweight="bold")
        figure.savefig(path)


_WOMEN, _MEN = "#7C2855", "#005EB8"
_SHADES = {1: "#7C2855", 3: "#768692", 5: "#005EB8"}


def _titled(ax: Axes, title: str, under: str) -> None:
    from results.figures.canvas import bare

    ax.set_title(title, loc="left", fontweight="bold")
    ax.set_xlabel(under)
    bare(ax, grid="y")


def _prevalence(ax: Axes, known: Told) -> None:
    ages = np.arange(101)
    for sex, (name, colour) in enumerate((("women", _WOMEN), ("men", _MEN))):
        register = 100 * known.register[:101, sex]
        ax.plot(ages, register, color=colour, label=f"{name}, diagnosed")
        if known.undiagnosed.any():
            true = register / (1 - known.undiagnosed[:101, sex])
            ax.plot(ages, true, color=colour, linestyle=":", label=f"{name}, true")
    _titled(ax, "Who has it, %", "age")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize=8)


def _onset(ax: Axes, known: Told) -> None:
    ages = np.arange(91)
    for fifth in FIFTHS:
        rate = PER * known.tables.onset[known.column, :91, :, fifth - 1].mean(axis=1)
        ends = {1: " (most deprived)", 5: " (least)"}.get(fifth, "")
        ax.plot(ages, rate, color=_SHADES[fifth], label=f"fifth {fifth}{ends}")
    _titled(ax, "Base onsets per 1,000 person-years", "age")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize=8)


def _forest(ax: Axes, known: Told) -> None:
    """Draw ratios on and from other conditions, the largest of each."""
    chosen = [(f"→ {words}", ratio, _WOMEN) for words, ratio in _largest(known.effects_on)]
    chosen += [(f"← {words}", ratio, _MEN) for words, ratio in _largest(known.effects_from)]
    for place, (_, ratio, colour) in enumerate(chosen):
        ax.plot([1, ratio], [-place, -place], color=colour, linewidth=2)
        ax.plot([ratio], [-place], marker="o", color=colour)
    ax.set_yticks([-place for place in range(len(chosen))], [words for words, _, _ in chosen])
    _titled(ax, "Ratios of onset: → on others, ← from others", "ratio")
    ax.axvline(1, color="#212B32", linewidth=1)
    ax.grid(axis="y", visible=False)
    if not chosen:
        ax.text(0.5, 0.5, "none known", transform=ax.transAxes, ha="center")


def _largest(effects: list[tuple[str, float]], n: int = 6) -> list[tuple[str, float]]:
    return sorted(effects, key=lambda each: -abs(np.log(each[1])))[:n]


def _risks(ax: Axes, known: Told) -> None:
    ages = np.arange(20, 96)
    ratio = known.risks.ratio[known.column].mean(axis=1)
    for kind, name, colour in (
        (len(BODY) * 2, "smokes", "#7C2855"),
        (len(BODY), "stopped at 40", "#B58AA5"),
        (2, "obese", "#005EB8"),
        (1, "overweight", "#8FB8DE"),
    ):
        ax.plot(ages, (ratio[:, kind] / ratio[:, 0])[ages], color=colour, label=name)
    _titled(ax, "Ratio of onset to slim people who never smoked", "age")
    ax.axhline(1, color="#212B32", linewidth=1)
    ax.legend(frameon=False, fontsize=8)
