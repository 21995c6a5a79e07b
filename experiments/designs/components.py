"""Components of a design file: read, checked and turned into ``pathways.components``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from agents.evidence import Row
from agents.faults import Fault, nearest
from agents.rule_check import rule_faults
from experiments.designs.sizes import (
    limit_faults,
    own_size,
    pressed_twice,
    size_faults,
    study_size,
)
from experiments.settings import check_settings, flat
from pathways.components import KINDS, Component
from pathways.components.parameters import RANGES, change_range
from pathways.components.steps import ENABLERS, LEVELS
from pathways.design import Effect, People, Reach, Support
from pathways.effects import ONSET
from pathways.journey import PARTS
from pathways.processes import PROCESSES
from pathways.vocabulary import ACTIVITY

Table = Mapping[str, Any]
PEOPLE = ("include", "exclude", "separately")
VERSIONS = ("plan", "published")
# What an effect comes to know of itself; a file does not say it.
NOT_WRITTEN = {"component", "source", "grade", "standing", "interval"}


@dataclass(slots=True)
class Reading:
    """One pass over the components of a file, gathering faults.

    Parameters
    ----------
    where : how messages call the file
    values : the design's own numbers by key, ``COMPONENT.PARAMETER``
    studies : rows of ``intervention_effects`` by identifier
    conditions : keys that exist
    traits : names of traits that rows of evidence add
    """

    where: str
    values: Mapping[str, Mapping[str, Any]]
    studies: Mapping[str, Row]
    conditions: tuple[str, ...]
    traits: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, key: str, found: str, allowed: str, remedy: str) -> None:
        """Note a fault."""
        fault = Fault(where=self.where, key=key, found=found, allowed=allowed, remedy=remedy)
        self.faults.append(fault)

    def named(self, value: Any, names: Iterable[str], key: str) -> None:
        """Note a fault where ``value`` is none of ``names``."""
        known = list(names)
        if value is None or value in known:  # None: of a wrong kind, which is told already
            return
        alike = nearest(str(value), known)
        shown = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
        self.wrong(key, repr(value), shown, f"did you mean {alike!r}?" if alike else "use one")

    # ---- one component ----

    def component(self, table: Table, pathways: Iterable[str]) -> Component | None:
        """Return the component that ``table`` declares, or None where that is not plain."""
        name = str(table.get("name") or "")
        key = f"component {name!r}"
        kind = table.get("kind", "")
        before = len(self.faults)
        if not name and not _told(table, "name"):
            self.wrong("component", "no name", "a name, unique in the design", "add name = …")
        self.named(kind, KINDS, f"{key}: kind")
        if kind not in KINDS:
            self._people(table, key)
            return None
        one = KINDS[str(kind)]
        known = {each.name: each for each in fields(one)}
        for written in table:
            if written not in (*known, *PEOPLE, "kind", "effects"):
                self.named(written, (*known, *PEOPLE, "effects"), f"{key}: {written}")
        given: dict[str, Any] = {"people": self._people(table, key)}
        for parameter, about in known.items():
            if parameter == "people" or _told(table, parameter):
                continue
            value = table.get(parameter, self._own(name, parameter))
            if value is not None:
                given[parameter] = self._value(parameter, value, f"{key}: {parameter}", name)
            elif about.default is MISSING and about.default_factory is MISSING:
                allowed = RANGES[parameter].allowed if parameter in RANGES else "a value"
                remedy = f'add it, or an evidence row with the key "{name}.{parameter}"'
                self.wrong(f"{key}: {parameter}", "nothing", allowed, remedy)
        if kind == "offer":
            self.named(table.get("of", ""), pathways, f"{key}: of")
        emptied = any(_told(table, each) for each in table)
        return None if emptied or len(self.faults) > before else one(**given)

    def _own(self, name: str, parameter: str) -> Any:
        row = self.values.get(f"{name}.{parameter}")
        if row is None and parameter in ("reach", "support"):
            return {}
        return None if row is None else row.get("value")

    def _people(self, table: Table, key: str) -> People:
        # What is no text is None here, and told already.
        rules = {part: [one for one in table.get(part) or () if one is not None] for part in PEOPLE}
        for part, texts in rules.items():
            for text in texts:
                for fault in rule_faults(text, self.conditions, self.traits):
                    self.wrong(
                        f"{key}: {part} {fault.key}", fault.found, fault.allowed, fault.remedy
                    )
        return People(**{part: tuple(texts) for part, texts in rules.items()})

    def _value(self, parameter: str, value: Any, key: str, name: str) -> Any:
        """Return a checked value in the type of its field."""
        if parameter in ("reach", "support"):
            return self._section(parameter, value, key, name)
        if parameter == "set":
            self.faults += check_settings(flat(value), self.where, key)
            return flat(value)
        if parameter in ("process", "to", "activity", "part"):
            names = {"process": PROCESSES, "part": PARTS}.get(parameter, ACTIVITY)
            self.named(value, names, key)
            return value
        if parameter in ("conditions", "places"):
            for one in value if parameter == "conditions" else ():
                self.named(one, self.conditions, key)
            return tuple(value)
        if parameter in ("levels", "by_place", "enablers"):
            return self._maturity(parameter, value, key)
        if parameter in RANGES:
            return self._number(parameter, value, key)
        return value

    def _number(self, parameter: str, value: Any, key: str) -> Any:
        values = value if isinstance(value, list) else [value]
        fifths = parameter == "coverage"
        right = len(values) in (1, 5) if fifths else not isinstance(value, list)
        limits = RANGES[parameter]
        for one in values:
            number = isinstance(one, int | float) and not isinstance(one, bool)
            right = right and number and limits.low <= one <= limits.high
        if not right:
            self.wrong(key, repr(value), limits.allowed, "write a number in this range")
            return value
        if fifths:
            return tuple(float(one) for one in (values * 5)[:5])
        return int(value) if parameter == "slots" else float(value)

    def _maturity(self, parameter: str, value: Any, key: str) -> Any:
        if parameter == "enablers":
            for colour in value.values():
                self.named(colour, ENABLERS, key)
            return dict(value)
        rows = value if parameter == "by_place" else {"levels": value}
        for row in rows.values():
            for level in row:
                if level not in (0, *LEVELS):
                    self.wrong(key, repr(level), "levels 0 to 4", "write one number a quarter")
        quarters = {place: tuple(row) for place, row in rows.items()}
        return quarters if parameter == "by_place" else quarters["levels"]

    def _section(self, section: str, value: Table, key: str, name: str) -> Any:
        """Return reach or support: what is written, else the design's own number."""
        kind: type[Any] = Reach if section == "reach" else Support
        known = {one.name: one for one in fields(kind)}
        for written in value:
            self.named(written, known, f"{key}.{written}")
        given: dict[str, Any] = {}
        for parameter, about in known.items():
            row = self.values.get(f"{name}.{section}.{parameter}")
            found = value.get(parameter, None if row is None else row.get("value"))
            if found is None:
                if about.default is MISSING:
                    remedy = f'add it, or an evidence row "{name}.{section}.{parameter}"'
                    self.wrong(f"{key}.{parameter}", "nothing", "a number", remedy)
                continue
            given[parameter] = self._part(section, parameter, found, f"{key}.{parameter}")
        return kind(**given) if len(given) >= len(known) - 1 else None

    def _part(self, section: str, parameter: str, value: Any, key: str) -> Any:
        if parameter == "order":
            self.named(value, ("risk", "chance"), key)
            return value
        values = value if isinstance(value, list) else [value]
        by_fifth = parameter == "acceptance"
        most = 1.0 if parameter.endswith("_share") or by_fifth else 20_000.0
        if isinstance(value, list) > by_fifth or not all(
            isinstance(one, int | float) and not isinstance(one, bool) and 0.0 <= one <= most
            for one in values
        ):
            self.wrong(key, repr(value), f"a number from 0 to {most:g}", "write such a number")
            return value
        if by_fifth:
            return tuple(float(one) for one in (values * 5)[:5])
        whole = {"Reach": ("every_days",), "Support": _WHOLE}[section.capitalize()]
        return int(value) if parameter in whole else float(value)

    # ---- its effects ----

    def effects(self, table: Table) -> list[Effect]:
        """Return the effects that the component in ``table`` has."""
        found, seen = [], set()
        name = str(table.get("name") or "")
        for number, written in enumerate(table.get("effects") or [], 1):
            key = f"component {name!r}: effects {number}"
            effect = self._effect(written, name, KINDS.get(str(table.get("kind"))), key)
            if effect is None:
                continue
            if (effect.version, effect.target) in seen:
                self.wrong(
                    key,
                    f"{effect.version} {effect.target} again",
                    "each target once in a version",
                    "keep one, or make the other a component of its own",
                )
            seen.add((effect.version, effect.target))
            found.append(effect)
        self.faults += pressed_twice(seen, self.where, f"component {name!r}: effects")
        return found

    def _effect(
        self, written: Table, component: str, kind: type[Component] | None, key: str
    ) -> Effect | None:
        before = len(self.faults)
        known = {one.name for one in fields(Effect)} - NOT_WRITTEN
        for name in written:
            self.named(name, known, f"{key}: {name}")
        self.named(written.get("version", ""), VERSIONS, f"{key}: version")
        target, study = str(written.get("target", "")), str(written.get("evidence", ""))
        onset = target.startswith(ONSET) and target.removeprefix(ONSET) in self.conditions
        right_target = onset or kind is None or target in kind.targets
        if not right_target and kind and not _told(written, "target"):
            self.named(target, kind.targets, f"{key}: target")
        if not _told(written, "evidence"):
            self.named(study, (*self.studies, *self.values), f"{key}: evidence")
        size = self._size(written, study)
        change = size.get("change")
        if change is not None and right_target:
            row = self.studies.get(study)
            ends = size["low"], size["high"]
            self.faults += limit_faults(target, change, self.where, key) or size_faults(
                target, change, ends, row, self.where, key
            )
        elif change is None and (study in self.studies or study in self.values):
            remedy = "give change = …; the evidence row has none"
            if not _told(written, "change"):
                self.wrong(f"{key}: change", "nothing", change_range(target).allowed, remedy)
        if len(self.faults) > before or change is None or any(_told(written, n) for n in written):
            return None
        row = self.studies.get(study) or {}
        own = self.values.get(study) or {}
        return Effect(
            version=str(written["version"]),
            target=target,
            change=change,
            low=size["low"],
            high=size["high"],
            evidence=study,
            builds_over_years=float(written.get("builds_over_years", 0.5)),
            fades_over_years=float(written.get("fades_over_years", 1.0)),
            source=row.get("source", "") or str(own.get("source", "")),
            grade=row.get("evidence_grade", "assumption"),
            direct=bool(written.get("direct", target.startswith(("demand.", ONSET, "death")))),
            note=str(written.get("note", "")),
            component=component,
        )

    def _size(self, written: Table, study: str) -> dict[str, float | None]:
        """Return change and range: as written, else those of the evidence row, if there is one."""
        row = self.studies.get(study)
        found = study_size(row) if row else own_size(self.values.get(study) or {})
        if "change" in written:
            found = {"change": None, "low": None, "high": None}
        return {
            **found,
            **{
                name: float(written[name])
                for name in ("change", "low", "high")
                if isinstance(written.get(name), int | float)
            },
        }


def _told(table: Table, name: str) -> bool:
    """Say whether a value was of a wrong kind, and is told as such already."""
    return name in table and table[name] is None


_WHOLE = ("coordinator_contacts", "assessment_gp_slots", "review_slots", "group_sessions")
