"""Reading experiment files: checked as TOML, as ``ExperimentFile``, and with all they name.

Places and designs are loaded. Every fault is found in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from agents.faults import BadInput, Fault, nearest
from agents.place import Place
from experiments.catalogue import Catalogue, installed
from experiments.checking import absolute, faults_of, line_of, parse_toml, quoted, read_text
from experiments.experiment import Arm, Experiment
from experiments.form import DESIGN_NAME, ExperimentFile, name_of, path_like, texts
from experiments.grids import expanded, is_grid, told
from experiments.packaged import PARAMETERS, set_names
from experiments.schedules import KEY as SCHEDULE
from experiments.schedules import entries_of, schedule_faults
from experiments.settings import SETTINGS, check_settings, flat
from experiments.structures import choices_of
from pathways.design import NO_EFFECTS, Design

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
    check = _Check(catalogue, where, text, folder, dict(overrides or {}))
    data = check.merged(table)
    form = check.form(data)
    places = check.places(data.get("place"))
    arms = check.arms(data)
    check.measure(data.get("main_measure"))
    structure = check.structure(data)
    check.schedule(data, arms)
    check.money(data.get("money"))
    check.parameters(data.get("parameters"), places)
    if check.faults or form is None:
        raise BadInput(check.faults)
    return replace(_experiment(form, check, places, arms), structure=structure)


def _experiment(
    form: ExperimentFile, check: _Check, places: Sequence[Place], arms: Sequence[Arm]
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


class _Check:
    """One pass over an experiment's content, gathering faults."""

    def __init__(
        self, catalogue: Catalogue, where: str, text: str, folder: Path, overrides: dict[str, Any]
    ) -> None:
        self.catalogue = catalogue
        self.where = where
        self.folder = folder
        self.overrides = {key: value for key, value in overrides.items() if value is not None}
        self.text = "" if "designs" in self.overrides else text  # its designs moved
        self.faults: list[Fault] = []

    def add(self, loc: Sequence[int | str], key: str, **said: str) -> None:
        """Add a fault at ``loc`` of the file, or of the command line where it set that key."""
        option = "designs" if loc[0] == "design" else str(loc[0])
        if option in self.overrides:
            self.faults.append(Fault(where="command line", key=f"--{option}", **said))
        else:
            self.faults.append(Fault(where=self.at(loc), key=key, **said))

    def at(self, loc: Sequence[int | str]) -> str:
        """Return the file and, where it is plain, the line of the key at ``loc``."""
        line = line_of(self.text, loc)
        return f"{self.where}:{line}" if line else self.where

    def located(self, use: str, built_in: bool) -> str:
        """Return a built-in name as it is and a path as seen from the file's folder."""
        return use if built_in else str(absolute(self.folder / use))

    def merged(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Return the file's content with the command line's values in place of its own."""
        plain = {key: value for key, value in self.overrides.items() if key != "designs"}
        data = dict(table) | plain
        entries = data.get("design")
        if isinstance(entries, list) and any(is_grid(entry) for entry in entries):
            self.text = ""  # its designs moved
            data["design"], faults = expanded(entries, self.where)
            self.faults += faults
        if "designs" in self.overrides:
            data["design"] = self._chosen(data)
        return data

    def _chosen(self, data: dict[str, Any]) -> list[Any]:
        """Return the baseline and the designs that ``--designs`` names, adding built-in ones."""
        entries = data.get("design")
        own = {name_of(entry): entry for entry in entries} if isinstance(entries, list) else {}
        names = [str(data.get("baseline", "usual-care")), *self.overrides["designs"]]
        return [own.get(name, {"use": name}) for name in dict.fromkeys(names)]

    def form(self, data: dict[str, Any]) -> ExperimentFile | None:
        """Check keys and types."""
        try:
            return ExperimentFile.model_validate(data)
        except ValidationError as error:
            for fault in faults_of(error, self.where, ExperimentFile, text=self.text):
                top = fault.key.split(":")[0].split(" ")[0]
                if top in self.overrides:
                    fault = replace(fault, where="command line", key=f"--{top}")
                self.faults.append(fault)
            return None

    def places(self, uses: Any) -> list[Place]:
        """Load every place that ``uses`` names."""
        names = [name for name in texts(uses) if name]
        self._once(names, ("place",), "place")
        loaded = [self._loaded("place", name, ("place",)) for name in dict.fromkeys(names)]
        found = [place for place in loaded if place is not None]
        keys = [place.key for place in found]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.add(
                ("place",),
                "place",
                found=f"two places with the key {key!r}",
                allowed="places with different keys",
                remedy="give one of the files another key",
            )
        return found

    def arms(self, data: Mapping[str, Any]) -> list[Arm]:
        """Load every design, check its settings, and check the names against each other."""
        entries = data.get("design")
        entries = entries if isinstance(entries, list) else []
        entries = [entry if isinstance(entry, dict) else {} for entry in entries]
        names = [name_of(entry) for entry in entries]
        for number, name in enumerate(names):
            if name and name in names[:number]:
                self.add(
                    ("design", number, "name"),
                    f"design {number + 1}: name",
                    found=f"{name!r} again",
                    allowed="each design once",
                    remedy='give this one another name, as in name = "proactive-more-vcse"',
                )
        baseline = data.get("baseline", "usual-care")
        if isinstance(baseline, str) and baseline and entries and baseline not in names:
            self._no_baseline(baseline, [name for name in names if name])
        loaded = [self._arm(number, entry, data, baseline) for number, entry in enumerate(entries)]
        return [arm for arm in loaded if arm is not None]

    def _no_baseline(self, baseline: str, names: list[str]) -> None:
        alike = nearest(baseline, names)
        self.add(
            ("baseline",),
            "baseline",
            found=quoted(baseline),
            allowed="one of this file's designs: " + ", ".join(names),
            remedy=f"did you mean {alike}?" if alike else 'add [[design]] with use = "usual-care"',
        )

    def _arm(
        self, number: int, entry: dict[str, Any], data: Mapping[str, Any], baseline: Any
    ) -> Arm | None:
        use, name = entry.get("use"), name_of(entry)
        if not isinstance(use, str) or not use:
            self._settings(number, entry.get("set", {}))
            return None
        design = self._loaded("design", use, ("design", number, "use"))
        own, parameters = _split(entry.get("set", {}), design)
        settings = self._settings(number, own)
        if design is None or not self._is_name(number, entry, name):
            return None
        if parameters:
            design = self._changed(number, use, parameters)
            if design is None:
                return None
        chosen = entry.get("effects", data.get("effects", ["published"]))
        varied = told(flat(entry.get("set", {}))) if name != design.name else ""
        title = f"{design.title}: {varied}" if varied else design.title
        return Arm(
            use=self.located(use, use in self.catalogue.designs),
            design=replace(design, name=name, title=title),
            settings=settings,
            parameters=parameters,
            money=self._contract(number, design, entry.get("money")),
            effects=(NO_EFFECTS,) if name == baseline else tuple(texts(chosen)),
        )

    def _is_name(self, number: int, entry: Mapping[str, Any], name: str) -> bool:
        """Say whether a design can bear ``name``; add a fault where its file gave a bad one."""
        fits = re.fullmatch(DESIGN_NAME, name) is not None
        if not fits and name and entry.get("name") is None:  # its own name is of the form
            better = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "my-design"
            self.add(
                ("design", number, "use"),
                f"design {number + 1}: name",
                found=f"{quoted(name)}, which is the name of its file",
                allowed="small letters, digits and hyphens, at most 60",
                remedy=f'give it one beside use, as in name = "{better}"',
            )
        return fits

    def _changed(self, number: int, use: str, parameters: Mapping[str, Any]) -> Design | None:
        """Load a design with parameters of its components set; add the faults of these."""
        try:
            located = self.located(use, use in self.catalogue.designs)
            return self.catalogue.load_changed(located, parameters)
        except BadInput as bad:
            where = self.at(("design", number, "set"))
            key = f"design {number + 1}: set"
            self.faults += [
                replace(one, where=where, key=f"{key}: {one.key}") for one in bad.faults
            ]
            return None

    def _contract(self, number: int, design: Design, table: Any) -> dict[str, float]:
        """Return the numbers of a design's contract: its own, and the experiment's over them."""
        from results.settings import contract_faults

        written = table if isinstance(table, dict) else {}
        for fault in contract_faults(written, self.where):
            key = f"design {number + 1}: money: {fault.key}"
            where = self.at(("design", number, "money", fault.key))
            self.faults.append(replace(fault, where=where, key=key))
        own = {key: v for key, v in written.items() if isinstance(v, int | float)}
        return {**design.money, **own}

    def money(self, table: Any) -> None:
        """Check the experiment's prices and rules of money."""
        from results.settings import money_faults

        for fault in money_faults(table if isinstance(table, dict) else {}, self.where):
            where = self.at(("money", fault.key))
            self.faults.append(replace(fault, where=where, key=f"money: {fault.key}"))

    def _settings(self, number: int, table: Any) -> dict[str, float]:
        settings = flat(table) if isinstance(table, dict) else {}
        key = f"design {number + 1}: set"
        for fault in check_settings(settings, self.where, key):
            name = fault.key.removeprefix(f"{key}: ")
            self.faults.append(replace(fault, where=self.at(("design", number, "set", name))))
        return {name: value for name, value in settings.items() if isinstance(value, int | float)}

    def _loaded(self, kind: Literal["place", "design"], use: str, loc: Sequence[int | str]) -> Any:
        """Load a place or design; add its faults, or one here where its name is unknown."""
        names: Iterable[str] = getattr(self.catalogue, f"{kind}s")
        load: Callable[[str], Any] = getattr(self.catalogue, f"load_{kind}")
        if use not in names and not path_like(use):
            alike = nearest(use, names)
            see = f"see: carepath list {kind}s"
            self.add(
                loc,
                "place" if kind == "place" else f"design {int(loc[1]) + 1}: use",
                found=quoted(use),
                allowed=f"a {kind} that exists ({_some(names)}) or the path of a .toml file",
                remedy=f"did you mean {alike}?" if alike else see,
            )
            return None
        try:
            return load(self.located(use, use in names))
        except BadInput as bad:
            self.faults += bad.faults
            return None

    def _once(self, names: list[str], loc: Sequence[int | str], key: str) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.add(
                loc,
                key,
                found=f"{quoted(name)} {names.count(name)} times",
                allowed="each name once",
                remedy="keep one of them",
            )

    def measure(self, name: Any) -> None:
        """Check the main measure's name."""
        if not isinstance(name, str) or not name or name in self.catalogue.measures:
            return
        alike = nearest(name, self.catalogue.measures)
        self.add(
            ("main_measure",),
            "main_measure",
            found=quoted(name),
            allowed=f"a measure ({_some(self.catalogue.measures)})",
            remedy=f"did you mean {alike}?" if alike else "see: carepath list measures",
        )

    def structure(self, data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Check the alternatives that are chosen or varied."""

        def add(name: str, fault: Fault) -> None:
            self.faults.append(replace(fault, where=self.at(("structure", name))))

        return choices_of(data.get("structure"), data.get("uncertainty", "none"), add)

    def schedule(self, data: Mapping[str, Any], arms: Iterable[Arm]) -> None:
        """Check the services and days of the schedule."""
        ends = ".capacity_factor"
        names = [name for arm in arms for name in arm.settings if name.endswith(ends)]
        services = {name.removesuffix(ends) for name in names}
        for fault in schedule_faults(data, services):
            self.faults.append(replace(fault, where=self.at((SCHEDULE,))))

    def parameters(self, name: Any, places: Sequence[Place]) -> None:
        """Check that the parameter set is there, and that a place's own is used for that place."""
        if not isinstance(name, str) or not name or name == PARAMETERS.name:
            return
        if name in set_names():
            self.own_set(name, places)
        elif _is_folder(self.folder / name):
            self.faults += self.catalogue.parameter_faults(self.folder / name)
        else:
            self.add(
                ("parameters",),
                "parameters",
                found=quoted(name),
                allowed=f"{', '.join(set_names())} or a folder that carepath calibrate wrote",
                remedy="check the path"
                if "parameters" in self.overrides
                else "check the path; it is seen from the experiment file's folder",
            )

    def own_set(self, name: str, places: Sequence[Place]) -> None:
        """Refuse the set that was fitted to one place for people of another."""
        others = [place.key for place in places if place.key != name]
        if others:
            self.add(
                ("parameters",),
                "parameters",
                found=f"{quoted(name)} for {', '.join(others)}",
                allowed=f"{quoted(name)} for {name} alone",
                remedy="take parameters out: the default set serves every place",
            )


def _split(table: Any, design: Design | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a ``set`` says of services, and of components of the ``design``."""
    values = flat(table) if isinstance(table, dict) else {}
    parts = {part.name for part in design.components} if design else set()
    parts |= {design.name} if design and design.pathway else set()
    own = {key: v for key, v in values.items() if key in SETTINGS or key.split(".")[0] not in parts}
    return own, {key: value for key, value in values.items() if key not in own}


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _some(names: Iterable[str]) -> str:
    first = list(names)[:8]
    return ", ".join(first) + (", …" if len(list(names)) > len(first) else "")
