"""Levels that stay as published when the differences between people are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from pathlib import Path

from agents.evidence import Evidence
from agents.luck import Luck
from agents.place import Place

PEOPLE = 5_000  # residents on whom the levels of use are solved again


class Levels:
    """The levels of use in one place, solved again when ratios between people are drawn.

    The mean use of a service over the place's people is known better than how it differs
    between them. So when the differences are drawn, the intercept moves until the mean is what
    it was, times what the draw says of the level itself.
    """

    def __init__(self, place: Place, evidence: Path, parameters: Path) -> None:
        from agents.disease_tables import DiseaseTables
        from calibration.close import people_of, services
        from sim.world import replaced_numbers

        self._folder = evidence
        self._fitted = replaced_numbers(parameters, {})
        base = Evidence(evidence, self._fitted)
        tables = DiseaseTables.load(parameters)
        self._people = people_of(place, PEOPLE, luck=Luck(1), evidence=base, tables=tables)
        self._services = services(base)
        self._usual = self._means(base)

    def _means(self, evidence: Evidence) -> dict[str, tuple[float, float]]:
        """Return the mean use and the published level of every service, and the mean stay."""
        from calibration.close import mean_emergency_stay, mean_use
        from pathways.rates import TABLE

        use = mean_use(self._people, evidence)
        means = {
            service: (use[service], evidence.value(TABLE, service=service, term="england_mean"))
            for service in self._services
        }
        return means | {"emergency_stay": (mean_emergency_stay(self._people, evidence), 1.0)}

    def solved(self, replaced: Mapping[str, float]) -> dict[str, float]:
        """Return ``replaced`` with the intercepts that keep the levels."""
        if not any(key.startswith("baseline_demand.") for key in replaced):
            return dict(replaced)
        evidence = Evidence(self._folder, {**self._fitted, **replaced})
        found = dict(replaced)
        for service, (mean, level) in self._means(evidence).items():
            usual, published = self._usual[service]
            term = "base" if service == "emergency_stay" else "intercept"
            figure = evidence.figure("baseline_demand", service=service, term=term)
            factor = (usual / mean) * (level / published)
            moved = figure.value * factor if term == "base" else figure.value + log(factor)
            found[figure.key] = moved
        return found
