"""Reading experiment files: checked as TOML, as ``ExperimentFile``, and with all they name.

Places and designs are loaded. Every fault is found in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.faults import BadInput, Fault, nearest
from agents.place import Place
from experiments.arms import arms_of
from experiments.catalogue import Catalogue, installed
from experiments.checking import parse_toml, quoted, read_text
from experiments.experiment import Arm, Experiment
from experiments.form import ExperimentFile, path_like, texts
from experiments.gathering import Check, some
from experiments.packaged import PARAMETERS, set_names
from experiments.schedules import KEY as SCHEDULE
from experiments.schedules import entries_of, schedule_faults
from experiments.structures import choices_of

Override = Mapping[str, Any]


def read_experiment(
    name_or_path: str, overrides: Override | None = None, catalogue: Catalogue | None = None
) -> Experiment:
    """Read, check and resolve an experiment.

    Parameters
    ----------
    name_or_path : a built-in name, or the path of a TOML file
    overrides : keys of the file that the command line replaces (``designs`` keeps or adds
        designs by name)
    catalogue : what can be named; by default everything that is installed

    Raises
    ------
    BadInput
        With every fault of the file and of the files it names.
    """
    catalogue = catalogue or installed()
    path = _path(name_or_path, catalogue)
    text = read_text(path)
    shown = str(path) if path_like(name_or_path) else name_or_path
    table = parse_toml(text, shown)
    return resolve(
        table, catalogue, where=shown, text=text, folder=path.parent, overrides=overrides
    )


def _path(name_or_path: str, catalogue: Catalogue) -> Path:
    if name_or_path in catalogue.experiments:
        return catalogue.experiments[name_or_path]
    if path_like(name_or_path):
        return Path(name_or_path)
    alike = nearest(name_or_path, catalogue.experiments)
    raise BadInput(
        [
            Fault(
                where="command line",
                key="EXPERIMENT",
                found=quoted(name_or_path),
                allowed=", ".join(catalogue.experiments) + ", or the path of a .toml file",
                remedy=f"did you mean {alike}?" if alike else "see: carepath list experiments",
            )
        ]
    )


def resolve(
    table: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    where: str,
    text: str = "",
    folder: Path = Path(),
    overrides: Override | None = None,
) -> Experiment:
    """Turn the content of an experiment file into an ``Experiment``; see ``read_experiment``."""
    check = Check(catalogue, where, text, folder, dict(overrides or {}))
    data = check.merged(table)
    form = check.form(data)
    places = _places(check, data.get("place"))
    arms = arms_of(check, data)
    _measure(check, data.get("main_measure"))
    structure = _structure(check, data)
    _schedule(check, data, arms)
    _money(check, data.get("money"))
    _parameters(check, data.get("parameters"), places)
    if check.faults or form is None:
        raise BadInput(check.faults)
    return replace(_experiment(form, check, places, arms), structure=structure)


def _experiment(
    form: ExperimentFile, check: Check, places: Sequence[Place], arms: Sequence[Arm]
) -> Experiment:
    read = {"place", "design", "effects", "parameters", "structure", "schedule"}
    return Experiment(
        **form.model_dump(exclude=read),
        schedule=entries_of(form.schedule),
        effects=tuple(form.effects),
        parameters=check.located(form.parameters, form.parameters in set_names()),
        place_uses=tuple(check.located(use, use in check.catalogue.places) for use in form.place),
        places=tuple(places),
        arms=tuple(arms),
    )


def _places(check: Check, uses: Any) -> list[Place]:
    """Load every place that ``uses`` names."""
    names = [name for name in texts(uses) if name]
    _once(check, names)
    loaded = [check.loaded("place", name, ("place",)) for name in dict.fromkeys(names)]
    found = [place for place in loaded if place is not None]
    keys = [place.key for place in found]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        check.add(
            ("place",),
            "place",
            found=f"two places with the key {key!r}",
            allowed="places with different keys",
            remedy="give one of the files another key",
        )
    return found


def _once(check: Check, names: list[str]) -> None:
    """Add a fault for each place that is named more than once."""
    for name in sorted({name for name in names if names.count(name) > 1}):
        check.add(
            ("place",),
            "place",
            found=f"{quoted(name)} {names.count(name)} times",
            allowed="each name once",
            remedy="keep one of them",
        )


def _measure(check: Check, name: Any) -> None:
    """Check the main measure's name."""
    if not isinstance(name, str) or not name or name in check.catalogue.measures:
        return
    alike = nearest(name, check.catalogue.measures)
    check.add(
        ("main_measure",),
        "main_measure",
        found=quoted(name),
        allowed=f"a measure ({some(check.catalogue.measures)})",
        remedy=f"did you mean {alike}?" if alike else "see: carepath list measures",
    )


def _structure(check: Check, data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Check the alternatives that are chosen or varied."""

    def add(name: str, fault: Fault) -> None:
        check.faults.append(replace(fault, where=check.at(("structure", name))))

    return choices_of(data.get("structure"), data.get("uncertainty", "none"), add)


def _schedule(check: Check, data: Mapping[str, Any], arms: Iterable[Arm]) -> None:
    """Check the services and days of the schedule."""
    ends = ".capacity_factor"
    names = [name for arm in arms for name in arm.settings if name.endswith(ends)]
    services = {name.removesuffix(ends) for name in names}
    for fault in schedule_faults(data, services):
        check.faults.append(replace(fault, where=check.at((SCHEDULE,))))


def _money(check: Check, table: Any) -> None:
    """Check the experiment's prices and rules of money."""
    from results.settings import money_faults

    for fault in money_faults(table if isinstance(table, dict) else {}, check.where):
        where = check.at(("money", fault.key))
        check.faults.append(replace(fault, where=where, key=f"money: {fault.key}"))


def _parameters(check: Check, name: Any, places: Sequence[Place]) -> None:
    """Check that the parameter set is there, and that a place's own is used for that place."""
    if not isinstance(name, str) or not name or name == PARAMETERS.name:
        return
    if name in set_names():
        _own_set(check, name, places)
    elif _is_folder(check.folder / name):
        check.faults += check.catalogue.parameter_faults(check.folder / name)
    else:
        check.add(
            ("parameters",),
            "parameters",
            found=quoted(name),
            allowed=f"{', '.join(set_names())} or a folder that carepath calibrate wrote",
            remedy="check the path"
            if "parameters" in check.overrides
            else "check the path; it is seen from the experiment file's folder",
        )


def _own_set(check: Check, name: str, places: Sequence[Place]) -> None:
    """Refuse the set that was fitted to one place for people of another."""
    others = [place.key for place in places if place.key != name]
    if others:
        check.add(
            ("parameters",),
            "parameters",
            found=f"{quoted(name)} for {', '.join(others)}",
            allowed=f"{quoted(name)} for {name} alone",
            remedy="take parameters out: the default set serves every place",
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
