"""The report of a calibration: one HTML file with its figures and tables inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from agents.files import write_whole
from calibration.checks import CHANCE, MISS
from calibration.matching.outcome import Outcome, listed, not_identified, scores
from calibration.matching.use_figure import NAME as USE_FIGURE
from calibration.matching.use_report import missed_use, use_sentences
from calibration.matching.use_stage import Use
from calibration.targets import CALIBRATE, HOLDOUT

NAME = "report.html"
MOST_MISSES = 60
_STYLE = """
body{font:16px/1.5 Arial,Helvetica,sans-serif;color:#212b32;max-width:62rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.8rem;margin-bottom:.2rem}h2{margin-top:2.4rem;font-size:1.3rem}
table{border-collapse:collapse;font-size:.85rem;width:100%}caption{text-align:left;
font-weight:bold;padding:.4rem 0}th,td{text-align:left;padding:.25rem .5rem;
border-bottom:1px solid #d8dde0;vertical-align:top}td.n{text-align:right;white-space:nowrap}
img{max-width:100%;height:auto}.wide{overflow-x:auto}.note{color:#4c6272}
@page{size:A4 landscape;margin:12mm}@media print{body{max-width:none;font-size:13px}
table{font-size:.7rem}td.n{white-space:normal}.wide{overflow:visible}h2{page-break-after:avoid}}
"""


def write_report(
    outcome: Outcome,
    folder: Path,
    titles: Mapping[str, str],
    notes: Sequence[str],
    extra: pd.DataFrame,
    use: Use | None = None,
) -> Path:
    """Write ``report.html``; ``extra`` is the cross-validation, empty where it was not done.

    ``use`` is the stage of demand and control, None for a place.
    """
    path = folder / NAME
    write_whole(path, page(outcome, folder / "figures", titles, notes, extra, use))
    return path


def page(
    outcome: Outcome,
    figures: Path,
    titles: Mapping[str, str],
    notes: Sequence[str],
    extra: pd.DataFrame,
    use: Use | None = None,
) -> str:
    """Return the report as HTML."""
    place = outcome.fit.problem.plan.place.name
    parts = [
        f"<h1>Calibration of {escape(place)}</h1>",
        _paragraphs(notes, "note"),
        "<h2>What it comes to</h2>",
        _paragraphs(answer(outcome)),
        "<h2>What the published figures do not tell</h2>",
        _list(not_identified(outcome)),
        "<h2>Parameters</h2>",
        _figure(figures, "prior_and_posterior", titles),
        _table(_parameters(outcome), "Parameters before and after"),
        "<h2>Published beside simulated</h2>",
        *(_figure(figures, name, titles) for name in titles if name.startswith("targets_")),
        _table(_misses(outcome), "What is missed, and why"),
        *_use(use, figures, titles),
        "<h2>Which figures tell of what</h2>",
        _figure(figures, "informed_by", titles),
        _figure(figures, "pairs", titles),
        "<h2>How it was done, and how far to trust it</h2>",
        _paragraphs(method(outcome)),
        _table(outcome.waves, "Waves of simulations"),
        _figure(figures, "implausibility", titles),
        _figure(figures, "emulator", titles),
        _figure(figures, "convergence", titles),
    ]
    if len(extra):
        parts += [
            "<h2>Leaving one source out after another</h2>",
            _paragraphs([CROSS]),
            _table(extra, "Each source predicted from all others"),
        ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Calibration of {escape(place)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


CROSS = (
    "Each row leaves every figure of one source out of the fit and predicts them from the rest "
    "(on the emulator). Where far fewer are near enough than when they are fitted, the source "
    "stands against the others."
)


def answer(outcome: Outcome) -> list[str]:
    """Return in sentences what the calibration achieved."""
    sentences = [
        f"{score.sentence[0].upper()}{score.sentence[1:]}." for score in scores(outcome.targets)
    ]
    table = outcome.targets
    missed = table[(table["verdict"] == MISS) & table["role"].isin([CALIBRATE, HOLDOUT])]
    worst = missed.assign(away=(missed["ratio"] - 1).abs()).sort_values("away", ascending=False)
    if len(worst):
        names = [
            f"{row['measure'].replace('_', ' ')}, {row['group']} "
            f"(published {row['published']:.3g}, simulated {row['simulated']:.3g})"
            for _, row in worst.head(3).iterrows()
        ]
        sentences.append(f"Furthest off: {listed(names)}.")
    if outcome.fit.waves[-1].ruled.cut_off > outcome.fit.problem.rule.cut_off:
        sentences.append(
            "Nothing fits all figures: no point of the prior ranges keeps 95% of them within "
            f"{outcome.fit.problem.rule.cut_off:g} standard deviations of their stated "
            "discrepancy, so the most plausible part of the space was kept instead. Read the "
            "intervals of parameters as of the model's best compromise."
        )
    return sentences


def method(outcome: Outcome) -> list[str]:
    """Return in sentences how the fit was done."""
    fit = outcome.fit
    plan = fit.problem.plan
    return [
        f"{len(fit.problem.free)} free parameters were fitted to {len(fit.aims.goals)} published "
        f"figures with {plan.simulations} simulations of {plan.size.residents:,} people each, "
        "every one with luck of its own, which the emulator (a Gaussian process for each figure) "
        "averages out. Hazards by condition, age, sex and fifth follow from prevalence in closed "
        "form at each of these points, so prevalence by age and sex is met whatever the free "
        "parameters are.",
        "How far model and world may differ was stated before anything was simulated: the "
        "allowance of each figure (evidence table check_allowances) is two standard deviations, "
        "and figures of one kind from one source err together (correlation "
        f"{fit.problem.aims.correlation:g}).",
        f"{len(fit.verified.points)} draws of the posterior were simulated themselves: "
        f"{fit.tried.within:.0%} of their figures lay inside the emulator's 95% intervals. Weighed "
        "by what their simulations say they are worth "
        f"{fit.verified.effective:.0f} draws.",
        *(
            [
                f"{fit.failed} of the simulations could not be done and are left out, such as one "
                "where so many die that nobody lives to the oldest age of the people."
            ]
            if fit.failed
            else []
        ),
        *(
            [
                f"{len(fit.left_out)} figures could not be fitted, because too few simulated "
                "people show them: " + listed([goal.label for goal in fit.left_out]) + "."
            ]
            if fit.left_out
            else []
        ),
    ]


# -------------------------------------------------------------------- pieces of the page


def _use(use: Use | None, figures: Path, titles: Mapping[str, str]) -> list[str]:
    """Return the section on service use and control."""
    head = ["<h2>Use of services and control</h2>", _paragraphs(use_sentences(use))]
    if use is None:
        return head
    return [
        *head,
        _table(use.verdicts, "Services whose terms are judged together (root mean square miss)"),
        _figure(figures, USE_FIGURE, titles),
        _table(missed_use(use), "Use that is missed"),
    ]


def _parameters(outcome: Outcome) -> pd.DataFrame:
    columns = ["name", "unit", "prior_low", "start", "prior_high", "median", "low", "high"]
    columns += ["best", "identified", "informed_by", "r_hat", "effective_draws"]
    return outcome.parameters[columns]


def _misses(outcome: Outcome) -> pd.DataFrame:
    table = outcome.targets
    missed = table[table["verdict"].isin([MISS, CHANCE]) & table["role"].isin([CALIBRATE, HOLDOUT])]
    order = missed.assign(away=(missed["ratio"] - 1).abs()).sort_values("away", ascending=False)
    columns = ["measure", "group", "role", "unit", "published", "before", "simulated"]
    columns += ["allowance", "why", "source"]
    shown: pd.DataFrame = order[columns].head(MOST_MISSES)
    return shown


def _paragraphs(sentences: Sequence[str], kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return "\n".join(f"<p{name}>{escape(each)}</p>" for each in sentences)


def _list(sentences: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in sentences) + "</ul>"


def _figure(folder: Path, name: str, titles: Mapping[str, str]) -> str:
    picture = base64.b64encode((folder / f"{name}.png").read_bytes()).decode("ascii")
    alt = escape(f"{titles[name]}. The numbers are in the tables of this report.")
    return f'<figure><img alt="{alt}" src="data:image/png;base64,{picture}"></figure>'


def _table(table: pd.DataFrame, caption: str) -> str:
    head = "".join(
        f'<th scope="col">{escape(str(n).replace("_", " "))}</th>' for n in table.columns
    )
    rows = "".join(
        "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
        for row in table.itertuples(index=False)
    )
    return (
        f'<div class="wide" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="n">{value:.4g}</td>' if value == value else "<td></td>"
    if isinstance(value, int):
        return f'<td class="n">{value}</td>'
    return f"<td>{escape(str(value).replace('_', ' '))}</td>"
