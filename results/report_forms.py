"""The reporting forms: STRESS, ODD and CHEERS, filled from the run and from what people wrote.

``templates/forms.toml`` holds what is true of every run, with places that a run fills in.
What only those who ask can say (funding, engagement, conflicts) stands in ``reporting.toml``
of the run folder, by form and item::

    [cheers]
    27 = "Funded by the integrated care board."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.faults import BadInput, Fault
from results import findings_checks
from results.report_answer import evidence_by_basis, years_words
from results.report_blocks import Table
from results.report_data import READING_WORDS, ReportData
from results.report_measures import measure_of
from results.report_money import price_year
from results.report_numbers import capital, listed, lower_first, percent

FORMS = Path(__file__).parent / "templates" / "forms.toml"
OWN = "reporting.toml"
UNSTATED = f"Not stated. Whoever asked for this run can write it in {OWN} in its folder."


def form_tables(data: ReportData, headline: str, runs: str, evidence: str) -> tuple[Table, ...]:
    """Return the forms as tables.

    Parameters
    ----------
    headline : the headline of the report
    runs, evidence : how many runs and numbers it rests on, in words

    Raises
    ------
    BadInput
        If ``reporting.toml`` cannot be read or names an item that no form has.
    """
    forms = tomllib.loads(FORMS.read_text(encoding="utf-8"))["form"]
    own = written(data.folder / OWN, forms)
    known = facts(data, headline, runs, evidence)
    return tuple(_table(form, own.get(form["key"], {}), known, data.alone) for form in forms)


def _table(
    form: Mapping[str, Any], own: Mapping[str, str], known: Mapping[str, str], alone: bool
) -> Table:
    """Return a form as a table; ``alone`` tells that nothing was compared with usual care."""
    instead = form.get("alone", {}) if alone else {}
    rows = tuple(
        (f"{number} {name}", own.get(number) or _filled(instead.get(number, text), known))
        for number, name, text in form["items"]
    )
    return Table(caption=str(form["title"]), head=("Item", "This run"), rows=rows, wide=True)


def _filled(text: str, known: Mapping[str, str]) -> str:
    return text.format_map(known).replace("'", "’") if text else UNSTATED


def written(path: Path, forms: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what people wrote into ``reporting.toml``, by form and item; empty without it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput([_fault(path, "file", str(error), "TOML: [cheers] and 27 = “…”")]) from None
    items = {form["key"]: [item[0] for item in form["items"]] for form in forms}
    faults = [
        _fault(path, key, repr(found), f"{', '.join(allowed)}")
        for key, found, allowed in _strange(content, items)
    ]
    if faults:
        raise BadInput(faults)
    return {form: {str(k): str(v) for k, v in own.items()} for form, own in content.items()}


def _strange(
    content: Mapping[str, Any], items: Mapping[str, list[str]]
) -> list[tuple[str, object, list[str]]]:
    """Return what no form has: key, what was found, and what there is."""
    found: list[tuple[str, object, list[str]]] = []
    for form, own in content.items():
        if form not in items or not isinstance(own, dict):
            found.append((form, own, list(items)))
            continue
        found += [(f"{form}.{key}", key, items[form]) for key in own if key not in items[form]]
        found += [
            (f"{form}.{key}", value, ["a text"])
            for key, value in own.items()
            if not isinstance(value, str)
        ]
    return found


def _fault(path: Path, key: str, found: str, allowed: str) -> Fault:
    return Fault(
        where=str(path),
        key=key,
        found=found,
        allowed=allowed,
        remedy='write, for example, [cheers] and below it 27 = "Funded by …"; items with a point '
        'in quotation marks, as "2.5" = "…"',
    )


def facts(data: ReportData, headline: str, runs: str, evidence: str) -> dict[str, str]:
    """Return what a run fills into the forms, by the name of its place."""
    told, basis = data.manifest, evidence_by_basis(data)
    packages = told.get("packages") or {}
    readings = dict.fromkeys(r for option in data.designs for r in option.readings)
    rows = findings_checks.check_rows(data)
    within = sum(row.within for row in rows)
    held = "chance alone"
    if data.with_knowledge:
        held = "chance and the ranges of the numbers (draws of the evidence)"
    return {
        "assumed": f"{basis.get('assumption', 0):,}",
        "baseline": lower_first(data.baseline.title),
        "checks_words": f"{within} of {len(rows)} are within 10%." if rows else "none were made.",
        "designs": listed([option.title for option in data.designs]),
        "discount": data.discount_rate,
        "ended": str(told.get("ended", "not recorded")),
        "evidence_words": evidence,
        "headline": headline,
        "main_measure": capital(measure_of(data.main_measure).name),
        "packages": listed([f"{name} {number}" for name, number in packages.items()]),
        "parameters": str(data.experiment.get("parameters", "default")),
        "people": f"{round(data.people):,}",
        "place_name": data.place_name,
        "platform": str(told.get("platform", "not recorded")),
        "price_year": price_year(data),
        "python": str(told.get("python", "not recorded")),
        "readings": listed([READING_WORDS.get(name, name) for name in readings]) or "none",
        "runs_words": runs,
        "seed": str(data.experiment.get("seed", "not known")),
        "simulated": f"{data.simulated:,}",
        "smallest": percent(data.smallest, 0.1),
        "title": str(data.experiment.get("title") or data.experiment.get("name", "")),
        "uncertainty": str(data.experiment.get("uncertainty", "none")),
        "uncertainty_words": f"Intervals hold {held}; alternatives and sensitivity runs stand "
        "in section 10 where they were made.",
        "version": data.version,
        "workers": str(told.get("workers", "not recorded")),
        "years": str(data.years),
        "years_words": years_words(data),
    }
