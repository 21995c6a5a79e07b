"""The tables a run needs of the diseases: base hazards and how they multiply.

Derived from the evidence by ``calibration.derive``. Hazards and effects belong together:
change one effect and the hazards must be derived again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.faults import BadInput, Fault
from agents.hazards import Effects
from agents.risk_factors import Risks

Floats = npt.NDArray[np.float64]

TABLES, METADATA = "diseases.npz", "diseases.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseTables:
    """Hazards per person-year by whole year of age, sex (female, male) and fifth (1 to 5).

    Attributes
    ----------
    conditions : keys of the conditions, in the order of every array
    clusters : names of the susceptibility scores, in the order of ``effects.loadings``
    onset : (n_conditions, n_ages, 2, 5) base hazard of onset, before the person's multiplier
    at_birth : (n_conditions, 2, 5) integrated hazard already spent at birth
    remission : (n_conditions, n_ages, 2) hazard of remission
    diagnosis : (n_conditions, n_ages, 2) hazard of diagnosis of a condition present,
        infinite where it is diagnosed at its onset
    death : (n_ages, 2, 5) hazard of death of a person whose death ratio is 1
    effects : what multiplies these hazards
    risks : how smoking, body mass and ethnicity do; None where nothing is known of them
    about : seed, number of lives and keys of the evidence behind the tables
    """

    conditions: tuple[str, ...]
    clusters: tuple[str, ...]
    onset: Floats
    at_birth: Floats
    remission: Floats
    diagnosis: Floats
    death: Floats
    effects: Effects
    risks: Risks | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write the tables and what they rest on into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        effects = {f"effects.{part.name}": getattr(self.effects, part.name) for part in _PARTS}
        risks = {f"risks.{name}": getattr(self.risks, name) for name in _RISKS if self.risks}
        np.savez_compressed(folder / TABLES, **arrays, **effects, **risks)
        words = {"conditions": self.conditions, "clusters": self.clusters, "about": self.about}
        (folder / METADATA).write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> DiseaseTables:
        """Read the tables of ``folder``.

        Raises
        ------
        BadInput
            If a file is missing, or an earlier version of the program wrote the tables.
        """
        _require(folder)
        words = json.loads((folder / METADATA).read_text(encoding="utf-8"))
        with np.load(folder / TABLES) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
            parts = {part.name: stored[f"effects.{part.name}"] for part in _PARTS}
            risks = _risks({name: stored[f"risks.{name}"] for name in _RISKS if _KEY in stored})
        _require_shares_by_age(folder, risks, len(arrays["death"]))
        for name in ("log_per_physical", "physical_cap"):
            parts[name] = float(parts[name])
        return cls(
            conditions=tuple(words["conditions"]),
            clusters=tuple(words["clusters"]),
            about=words["about"],
            effects=Effects(**parts),
            risks=risks,
            **arrays,
        )


_ARRAYS = ("onset", "at_birth", "remission", "diagnosis", "death")
_PARTS = fields(Effects)
_RISKS = tuple(part.name for part in fields(Risks))
_KEY = "risks.ratio"


def _risks(parts: dict[str, Any]) -> Risks | None:
    if not parts:
        return None
    groups = tuple(str(name) for name in parts.pop("ethnic_groups"))
    return Risks(ethnic_groups=groups, **parts)


def _require_shares_by_age(folder: Path, risks: Risks | None, ages: int) -> None:
    if risks is None or (risks.shares.shape[:1] == (ages,) and risks.shares.ndim == 4):
        return
    raise BadInput(
        [
            Fault(
                where=str(folder),
                key="risks.shares",
                found=f"an array of shape {risks.shares.shape}",
                allowed="shares of classes of risk by age, as this version of the program writes",
                remedy="fit the set again: carepath calibrate",
            )
        ]
    )


def _require(folder: Path) -> None:
    faults = [
        Fault(
            where=str(folder),
            key=name,
            found="no such file",
            allowed="the derived disease tables",
            remedy="derive them: python -m calibration.derive",
        )
        for name in (TABLES, METADATA)
        if not (folder / name).is_file()
    ]
    if faults:
        raise BadInput(faults)
