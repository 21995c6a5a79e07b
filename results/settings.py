"""What may be chosen after the runs: prices, discounting, the utility set.

Every number comes from the evidence tables; a prices file replaces some of them without a new
simulation.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest, shortened

EVIDENCE = Path(__file__).resolve().parent.parent / "calibration" / "evidence"
NORMS = ("catalogue", "ara_brazier")
COMBINATIONS = ("additive_with_count_term", "multiplicative")
CONTRACT = "pay_"  # how keys of a contract begin, which a design may set for itself
CHOICES = {"norm": NORMS, "combination": COMBINATIONS}

_LONGEST = 200  # characters of what was found that a message tells


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """Evidence with the reader's own prices on top.

    ``norm`` and ``combination`` choose the utility set (see ``results.utilities``); ``chosen``
    names those of them that a prices file gives, be it the value they have without one.
    """

    evidence: Evidence
    norm: str = NORMS[0]
    combination: str = COMBINATIONS[0]
    chosen: frozenset[str] = frozenset()

    def value(self, key: str) -> float:
        """Return a number of ``results_settings.csv``."""
        return self.evidence.value("results_settings", key=key)

    @property
    def price_year(self) -> str:
        """The financial year of all prices, such as 2023/24."""
        first = int(self.value("price_year_start"))
        return f"{first}/{(first + 1) % 100:02d}"


def read_settings(prices: Path | None = None, evidence: Path | None = None) -> Settings:
    """Return the settings, with those of a prices file on top.

    A prices file is TOML: any key of ``results_settings.csv`` with a number, ``norm`` and
    ``combination`` with a name, and a table ``[unit_costs]`` of items with pounds in their
    own price year.

    Raises
    ------
    BadInput
        If the file cannot be read or names what does not exist; all faults at once.
    """
    known = Evidence(evidence or EVIDENCE)
    if prices is None:
        return Settings(known)
    found = _toml(prices)
    faults: list[Fault] = []
    replaced = _numbers(prices, found, known, faults)
    chosen = _choices(prices, found, faults)
    if faults:
        raise BadInput(faults)
    return Settings(Evidence(known.folder, replaced), **chosen, chosen=frozenset(chosen))


def money_faults(table: Mapping[str, object], where: str) -> list[Fault]:
    """Return what is wrong with a table of money in an experiment: it is a prices file's."""
    faults: list[Fault] = []
    _numbers(Path(where), table, Evidence(EVIDENCE), faults)
    _choices(Path(where), table, faults)
    return faults


def contract_faults(table: Mapping[str, object], where: str) -> list[Fault]:
    """Return what is wrong with a design's own money: numbers of its contract and no others."""
    keys = [row["key"] for row in Evidence(EVIDENCE).rows("results_settings")]
    known = [key for key in keys if key.startswith(CONTRACT)]
    own = {key: value for key, value in table.items() if key in known}
    faults = money_faults(own, where)
    for key in table:
        if key not in known:
            near = nearest(key, known) or "one of these"
            faults.append(_fault(Path(where), key, "no such key", ", ".join(known), near))
    return faults


def with_money(settings: Settings, table: Mapping[str, object]) -> Settings:
    """Return ``settings`` with an experiment's money under what a prices file replaced.

    Raises
    ------
    BadInput
        If the table holds what does not exist.
    """
    faults: list[Fault] = []
    where = Path("experiment.toml")
    numbers = _numbers(where, table, settings.evidence, faults)
    chosen = _choices(where, table, faults)
    if faults:
        raise BadInput(faults)
    own = {key: getattr(settings, key) for key in settings.chosen}
    replaced = numbers | dict(settings.evidence.replaced)
    evidence = Evidence(settings.evidence.folder, replaced)
    return Settings(evidence, **(chosen | own), chosen=settings.chosen)


def drawn_settings(folder: Path, settings: Settings) -> dict[int, Settings]:
    """Return the settings of each draw: prices and utilities that ``draws.json`` drew.

    Numbers that the reader's own prices file replaces stay as the reader gave them. Empty
    where the experiment drew nothing. Draws are counted from 1.

    Raises
    ------
    BadInput
        If the file cannot be read, or does not hold a number for every draw.
    """
    path = folder / "draws.json"
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        count = int(content["draws"])
        numbers = {key: [float(v) for v in values] for key, values in content["prices"].items()}
        if any(len(values) != count for values in numbers.values()):
            raise ValueError(f"not {count} numbers of each kind")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        fault = Fault(
            where=str(path),
            key="file",
            found=str(error),
            allowed="draws as carepath run wrote them",
            remedy="delete it and run `carepath resume` on the experiment folder",
        )
        raise BadInput([fault]) from error
    own = dict(settings.evidence.replaced)
    return {
        draw + 1: replace(
            settings,
            evidence=Evidence(
                settings.evidence.folder, {key: v[draw] for key, v in numbers.items()} | own
            ),
        )
        for draw in range(count)
    }


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            [
                Fault(
                    where=str(path),
                    key="file",
                    found=str(error),
                    allowed="a TOML file of prices",
                    remedy="correct the file, or leave --prices out",
                )
            ]
        ) from error


def _choices(path: Path, found: Mapping[str, object], faults: list[Fault]) -> dict[str, str]:
    chosen = {}
    for key, allowed in CHOICES.items():
        if key in found and found[key] not in allowed:
            faults.append(_fault(path, key, repr(found[key]), ", ".join(allowed), allowed[0]))
        elif key in found:
            chosen[key] = str(found[key])
    return chosen


def _numbers(
    path: Path, found: Mapping[str, object], known: Evidence, faults: list[Fault]
) -> dict[str, float]:
    """Return the replaced numbers by evidence key."""
    replaced: dict[str, float] = {}
    settings = {
        row["key"]: f"results_settings.{row['key']}" for row in known.rows("results_settings")
    }
    items = {row["item"]: _unit_cost_key(row) for row in known.rows("unit_costs")}
    own = {key: value for key, value in found.items() if key not in (*CHOICES, "unit_costs")}
    costs = found.get("unit_costs", {})
    if not isinstance(costs, dict):
        faults.append(_fault(path, "unit_costs", repr(costs), "a table of items", "[unit_costs]"))
        costs = {}
    for names, values, where in ((settings, own, ""), (items, costs, "unit_costs.")):
        for key, value in values.items():
            if key not in names:
                near = nearest(key, names) or f"one of the {len(names)} that there are"
                faults.append(_fault(path, where + key, "no such key", _KEYS[where], near))
            elif (amount := _amount(value)) is None:
                faults.append(_fault(path, where + key, repr(value), "a number from 0", "25.0"))
            else:
                replaced[names[key]] = amount
    return replaced


_KEYS = {
    "": f"a key of calibration/evidence/results_settings.csv, {', '.join(CHOICES)} or unit_costs",
    "unit_costs.": "an item of calibration/evidence/unit_costs.csv",
}


def _amount(value: object) -> float | None:
    """Return ``value`` where it is a number from 0 that is not endless."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= sys.float_info.max else None


def _unit_cost_key(row: Mapping[str, str]) -> str:
    return ".".join(["unit_costs", row["item"], row["service_group"], row["price_year"]])


def _fault(path: Path, key: str, found: str, allowed: str, use: str) -> Fault:
    told = shortened(found, _LONGEST)
    return Fault(where=str(path), key=key, found=told, allowed=allowed, remedy=f"use {use}")
