"""Settings: what an experiment or a design may change about a service's capacity.

A setting is named ``service.setting``. Every service has ``capacity_factor``; some have
quantities of their own, whose default is the place's own figure (an evidence row).

``rules.KIND`` chooses by name the rule by which an organisation decides (``agents.decisions``);
inside the program it is the rule's position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.decisions import RULES
from agents.evidence import Evidence
from agents.faults import Fault, nearest
from experiments.checking import plain, quoted
from experiments.packaged import EVIDENCE
from pathways.practice_team import OTHER_MODES, ROLES, SHORT
from pathways.referrals import PREFIX, change_faults, load_routes, route_changes
from pathways.vocabulary import SERVICES
from pathways.workforce import SETTINGS as STAFF_SETTINGS
from pathways.workforce import STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be set about a service.

    ``default`` is None where the place's own figure is the default: then ``service_row`` and
    ``role_row`` name its row of ``baseline_capacity``.
    """

    service: str
    setting: str
    meaning: str
    unit: str
    low: float
    high: float
    default: float | None = None
    service_row: str = ""
    role_row: str = ""

    @property
    def name(self) -> str:
        """The full name, ``service.setting``."""
        return f"{self.service}.{self.setting}"

    @property
    def allowed(self) -> str:
        """What may be written, in words."""
        return f"a number from {self.low:g} to {self.high:g} ({self.unit})"


def _factor(service: str) -> Setting:
    return Setting(
        service=service,
        setting="capacity_factor",
        meaning=f"capacity of {service} as a multiple of the place's own",
        unit="ratio",
        low=0.0,
        high=100.0,
        default=1.0,
    )


def _quantity(
    service: str,
    setting: str,
    unit: str,
    high: float,
    row: tuple[str, str],
    meaning: str,
    low: float = 0.0,
) -> Setting:
    return Setting(
        service=service,
        setting=setting,
        meaning=meaning,
        unit=unit,
        low=low,
        high=high,
        service_row=row[0],
        role_row=row[1],
    )


_QUANTITIES = (
    _quantity(
        "mdt",
        "meetings_per_year",
        "meetings a year for each 50,000 residents",
        2000.0,
        ("mdt", "meetings"),
        "team meetings, 8 cases each",
        low=1.0,
    ),
    _quantity(
        "care_coordination",
        "coordinators_per_10000",
        "FTE per 10,000 residents",
        100.0,
        ("coordination", "care coordinator"),
        "care coordinators, recall and administration included",
    ),
    _quantity(
        "vcse",
        "link_workers_per_10000",
        "FTE per 10,000 residents",
        100.0,
        ("vcse", "social prescribing link worker"),
        "social-prescribing link workers",
    ),
    _quantity(
        "beds",
        "emergency_beds_per_10000",
        "beds per 10,000 residents",
        200.0,
        ("beds", "emergency pool"),
        "beds of the emergency pool",
    ),
)

_TEAM = (
    *(
        Setting(
            service="gp",
            setting=f"{short}_factor",
            meaning=f"practice slots of the {role} as a multiple of the place's own",
            unit="ratio",
            low=0.0,
            high=100.0,
            default=1.0,
        )
        for short, role in zip(SHORT, ROLES, strict=True)
    ),
    *(
        Setting(
            service="gp",
            setting=f"{mode}_factor",
            meaning=f"share of practice contacts by {mode.replace('_', ' ')}, of every role, "
            "as a multiple of the usual",
            unit="ratio",
            low=0.0,
            high=100.0,
            default=1.0,
        )
        for mode in OTHER_MODES
    ),
)

_STAFF = tuple(
    Setting(
        service=service,
        setting=name,
        meaning=meaning.format(service),
        unit="ratio",
        low=0.0,
        high=20.0,
        default=1.0,
    )
    for service in STAFF
    for name, meaning in STAFF_SETTINGS.items()
)

SETTINGS: dict[str, Setting] = {
    setting.name: setting for setting in (*map(_factor, SERVICES), *_QUANTITIES, *_TEAM, *_STAFF)
}


def flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return a table of settings with dotted names, whether or not its author quoted them.

    The name of a rule becomes its position. What is no table holds no settings: whoever reads
    the file has told its author so.
    """
    names: dict[str, Any] = {}
    if not isinstance(table, Mapping):
        return names
    for key, value in table.items():
        name = f"{above}.{key}" if above else str(key)
        names |= flat(value, name) if isinstance(value, Mapping) else {name: _placed(name, value)}
    return names


def _rules_of(name: str) -> tuple[str, ...]:
    """Return the names of the rules that a setting such as ``rules.mdt_selection`` chooses from."""
    service, _, kind = name.partition(".")
    return tuple(rule.name for rule in RULES.get(kind, ())) if service == "rules" else ()


def _placed(name: str, value: Any) -> Any:
    rules = _rules_of(name)
    return float(rules.index(value)) if value in rules else value


def worded(settings: Mapping[str, float]) -> dict[str, float | str]:
    """Return settings as an author writes them: a rule by its name (see ``flat``)."""
    return {
        name: rules[int(value)] if (rules := _rules_of(name)) else value
        for name, value in settings.items()
    }


def check_settings(values: Mapping[str, Any], where: str, key: str = "set") -> list[Fault]:
    """Return what is wrong with the names and values of settings (see ``flat``)."""
    found = (
        _setting_fault(name, value, where, f"{key}: {plain(name)}")
        for name, value in values.items()
        if not name.startswith(PREFIX)
    )
    routes = load_routes(Evidence(EVIDENCE))
    shares = route_changes(values)
    return [fault for fault in found if fault] + change_faults(shares, routes, where)


def _setting_fault(name: str, value: Any, where: str, key: str) -> Fault | None:
    rules = _rules_of(name)
    if rules:
        return _rule_fault(value, rules, where, key)
    setting = SETTINGS.get(name)
    if setting is None:
        alike = nearest(name, [*SETTINGS, *(f"rules.{kind}" for kind in RULES)])
        remedy = f"did you mean {alike}?" if alike else "see: carepath list settings"
        allowed = "a setting such as gp.capacity_factor"
        return Fault(
            where=where, key=key, found="an unknown setting", allowed=allowed, remedy=remedy
        )
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and setting.low <= value <= setting.high and math.isfinite(value):
        return None
    return Fault(
        where=where,
        key=key,
        found=quoted(value),
        allowed=setting.allowed,
        remedy=f"write a number such as {setting.default or setting.high / 100:g}",
    )


def _rule_fault(value: Any, rules: tuple[str, ...], where: str, key: str) -> Fault | None:
    placed = isinstance(value, int | float) and not isinstance(value, bool)
    if placed and value in range(len(rules)):
        return None
    alike = nearest(str(value), rules)
    return Fault(
        where=where,
        key=key,
        found=quoted(value),
        allowed="one of " + ", ".join(rules),
        remedy=f"did you mean {alike}?" if alike else "write one of these names",
    )
