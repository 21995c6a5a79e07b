"""What a run says of itself, and what its design costs, for ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.population import Population
from sim.spec import RunSpec


def account_of(
    spec: RunSpec, people: Population, checks: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Return what ``run.json`` says of a run of ``people``.

    ``checks`` say where people were at its end (``ServiceSet.checks``), ``seconds`` what
    processor time it took.
    """
    return {
        "place": spec.place.key,
        "place_name": spec.place.name,
        "design": spec.design.name,
        "design_title": spec.design.title,
        "assumption_only": spec.design.assumption_only,
        "parts": spec.design.parts,
        "effects": spec.effects,
        "baseline": spec.baseline,
        "draw": spec.draw,
        "replication": spec.replication,
        "seed": spec.seed,
        "population": spec.population,
        "place_population": spec.place.population,
        "scale": spec.scale,
        "years": spec.years,
        "start": spec.start.isoformat(),
        "conditions": list(people.conditions),
        "ethnic_groups": list(people.ethnic_groups),
        "vulnerabilities": list(people.vulnerabilities),
        "localities": list(people.localities),
        "practices": int(people.practice.max()) + 1,
        "design_costs": [] if spec.baseline else design_costs(spec),
        "checks": checks,
        "seconds": round(seconds, 3),
        "status": "complete",
    }


def design_costs(spec: RunSpec) -> list[dict[str, Any]]:
    """Return the lines of what the design costs, for the simulated population."""
    heads = spec.population / 10_000
    lines = []
    for cost in spec.design.costs:
        fte = spec.design.posts(cost, spec.settings) * heads
        factor = {
            "GBP per FTE year": (fte, "GBP per year"),
            "GBP per FTE once": (fte, "GBP once"),
            "GBP per resident year": (float(spec.population), "GBP per year"),
            "GBP per resident once": (float(spec.population), "GBP once"),
        }.get(cost.unit, (1.0, cost.unit))
        lines.append(
            {
                "line": cost.line,
                "kind": cost.kind,
                "payer": cost.payer,
                "setting": cost.setting,
                "role": cost.role,
                "fte": fte,
                "amount": cost.amount * factor[0],
                "unit": factor[1],
                "price_year": cost.price_year,
                "first_year": cost.first_year,
                "evidence_key": cost.evidence,
            }
        )
    return lines
