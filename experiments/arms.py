"""The designs of an experiment file: loaded, changed by what it sets, and named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.faults import BadInput, nearest
from experiments.checking import quoted
from experiments.experiment import Arm
from experiments.form import DESIGN_NAME, name_of, texts
from experiments.gathering import Check
from experiments.grids import told
from experiments.settings import SETTINGS, check_settings, flat
from pathways.design import NO_EFFECTS, Design


def arms_of(check: Check, data: Mapping[str, Any]) -> list[Arm]:
    """Load every design, check its settings, and check the names against each other."""
    entries = data.get("design")
    entries = entries if isinstance(entries, list) else []
    entries = [entry if isinstance(entry, dict) else {} for entry in entries]
    names = [name_of(entry) for entry in entries]
    for number, name in enumerate(names):
        if name and name in names[:number]:
            check.add(
                ("design", number, "name"),
                f"design {number + 1}: name",
                found=f"{name!r} again",
                allowed="each design once",
                remedy='give this one another name, as in name = "proactive-more-vcse"',
            )
    baseline = data.get("baseline", "usual-care")
    if isinstance(baseline, str) and baseline and entries and baseline not in names:
        _no_baseline(check, baseline, [name for name in names if name])
    loaded = [_arm(check, number, entry, data, baseline) for number, entry in enumerate(entries)]
    return [arm for arm in loaded if arm is not None]


def _no_baseline(check: Check, baseline: str, names: list[str]) -> None:
    alike = nearest(baseline, names)
    check.add(
        ("baseline",),
        "baseline",
        found=quoted(baseline),
        allowed="one of this file's designs: " + ", ".join(names),
        remedy=f"did you mean {alike}?" if alike else 'add [[design]] with use = "usual-care"',
    )


def _arm(
    check: Check, number: int, entry: dict[str, Any], data: Mapping[str, Any], baseline: Any
) -> Arm | None:
    use, name = entry.get("use"), name_of(entry)
    if not isinstance(use, str) or not use:
        _settings(check, number, entry.get("set", {}))
        return None
    design = check.loaded("design", use, ("design", number, "use"))
    own, parameters = _split(entry.get("set", {}), design)
    settings = _settings(check, number, own)
    if design is None or not _is_name(check, number, entry, name):
        return None
    if parameters:
        design = _changed(check, number, use, parameters)
        if design is None:
            return None
    chosen = entry.get("effects", data.get("effects", ["published"]))
    varied = told(flat(entry.get("set", {}))) if name != design.name else ""
    title = f"{design.title}: {varied}" if varied else design.title
    return Arm(
        use=check.located(use, use in check.catalogue.designs),
        design=replace(design, name=name, title=title),
        settings=settings,
        parameters=parameters,
        money=_contract(check, number, design, entry.get("money")),
        effects=(NO_EFFECTS,) if name == baseline else tuple(texts(chosen)),
    )


def _is_name(check: Check, number: int, entry: Mapping[str, Any], name: str) -> bool:
    """Say whether a design can bear ``name``; add a fault where its file gave a bad one."""
    fits = re.fullmatch(DESIGN_NAME, name) is not None
    if not fits and name and entry.get("name") is None:  # its own name is of the form
        better = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "my-design"
        check.add(
            ("design", number, "use"),
            f"design {number + 1}: name",
            found=f"{quoted(name)}, which is the name of its file",
            allowed="small letters, digits and hyphens, at most 60",
            remedy=f'give it one beside use, as in name = "{better}"',
        )
    return fits


def _changed(check: Check, number: int, use: str, parameters: Mapping[str, Any]) -> Design | None:
    """Load a design with parameters of its components set; add the faults of these."""
    try:
        located = check.located(use, use in check.catalogue.designs)
        return check.catalogue.load_changed(located, parameters)
    except BadInput as bad:
        where = check.at(("design", number, "set"))
        key = f"design {number + 1}: set"
        check.faults += [replace(one, where=where, key=f"{key}: {one.key}") for one in bad.faults]
        return None


def _contract(check: Check, number: int, design: Design, table: Any) -> dict[str, float]:
    """Return the numbers of a design's contract: its own, and the experiment's over them."""
    from results.settings import contract_faults

    written = table if isinstance(table, dict) else {}
    for fault in contract_faults(written, check.where):
        key = f"design {number + 1}: money: {fault.key}"
        where = check.at(("design", number, "money", fault.key))
        check.faults.append(replace(fault, where=where, key=key))
    own = {key: v for key, v in written.items() if isinstance(v, int | float)}
    return {**design.money, **own}


def _settings(check: Check, number: int, table: Any) -> dict[str, float]:
    settings = flat(table) if isinstance(table, dict) else {}
    key = f"design {number + 1}: set"
    for fault in check_settings(settings, check.where, key):
        name = fault.key.removeprefix(f"{key}: ")
        check.faults.append(replace(fault, where=check.at(("design", number, "set", name))))
    return {name: value for name, value in settings.items() if isinstance(value, int | float)}


def _split(table: Any, design: Design | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a ``set`` says of services, and of components of the ``design``."""
    values = flat(table) if isinstance(table, dict) else {}
    parts = {part.name for part in design.components} if design else set()
    parts |= {design.name} if design and design.pathway else set()
    own = {key: v for key, v in values.items() if key in SETTINGS or key.split(".")[0] not in parts}
    return own, {key: value for key, value in values.items() if key not in own}
