"""Experiment files: what to compare, where, for how long and how often.

A file is read as TOML, checked against ``ExperimentFile`` and resolved into an
``Experiment``, whose places and designs are loaded. Every fault is found in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from agents.faults import BadInput, Fault, nearest
from agents.place import Place
from experiments.catalogue import Catalogue, installed
from experiments.checking import faults_of, line_of, parse_toml, quoted, read_text
from experiments.grids import expanded, is_grid, told
from experiments.packaged import PARAMETERS, set_names
from experiments.schedules import KEY as SCHEDULE
from experiments.schedules import ScheduleEntry, entries_of, schedule_faults, schedule_table
from experiments.settings import SETTINGS, check_settings, flat, worded
from experiments.structures import choices_of, structure_table
from pathways.design import NO_EFFECTS, Design
from pathways.schedule import Entry

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2060, 12, 31)
LARGEST_SEED = 2**63 - 1
SAMPLED_ABOVE = 300_000  # larger places are simulated by a sample …
SAMPLE = 100_000  # … of this many residents, unless the file says otherwise

Override = Mapping[str, Any]


def _listed(value: Any) -> Any:
    """Let a single text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _different(values: list[str]) -> list[str]:
    doubles = sorted({value for value in values if values.count(value) > 1})
    if doubles:
        raise PydanticCustomError(
            "doubles",
            "each name once",
            {"allowed": "each name once", "remedy": f"keep one {doubles[0]!r}"[:80]},
        )
    return values


_Strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Effect = Literal["plan", "published", "null", "inert"]
_Effects = Annotated[list[_Effect], BeforeValidator(_listed), AfterValidator(_different)]
_EFFECTS_HELP = "any of plan, published, null, inert"
_NAME = r"^[a-z0-9][a-z0-9-]{0,59}$"


class DesignEntry(BaseModel):
    """One ``[[design]]`` of an experiment file."""

    model_config = _Strict

    use: str = Field(
        min_length=1,
        description="the name of a built-in design or the path of a design file",
        examples=['"proactive-mltc"'],
    )
    name: str | None = Field(
        None,
        pattern=_NAME,
        description="small letters, digits and hyphens, at most 60",
        examples=['"proactive-more-vcse"'],
    )
    effects: _Effects | None = Field(
        None, min_length=1, description=_EFFECTS_HELP, examples=['["published"]']
    )
    set: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of settings, or of parameters of the design's components",
        examples=['{ "gp.capacity_factor" = 0.5 }'],
    )
    money: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of numbers of the design's contract, pay_…",
        examples=["{ pay_fixed_share = 0.9 }"],
    )


class ExperimentFile(BaseModel):
    """An experiment file as written; the descriptions say what each key allows."""

    model_config = _Strict

    name: str = Field(
        min_length=1,
        max_length=120,
        description="a text of 1 to 120 characters",
        examples=['"my-experiment"'],
    )
    title: str = Field(
        "", max_length=300, description="a text of at most 300 characters", examples=['"…"']
    )
    place: Annotated[list[str], BeforeValidator(_listed)] = Field(
        min_length=1,
        max_length=1000,
        description="a place's name or the path of a place file, or a list of these",
        examples=['"southwark"'],
    )
    population: int | None = Field(
        None,
        ge=100,
        le=2_000_000,
        description="a whole number of residents to simulate, 100 to 2000000",
        examples=["50000"],
    )
    start: date = Field(
        date(2025, 4, 1),
        ge=FIRST_DAY,
        le=LAST_DAY,
        description=f"a date from {FIRST_DAY} to {LAST_DAY}, without quotes",
        examples=["2025-04-01"],
    )
    years: int = Field(
        10, ge=1, le=40, description="a whole number of years, 1 to 40", examples=["10"]
    )
    replications: int = Field(
        10,
        ge=1,
        le=10_000,
        description="a whole number of replications, 1 to 10000",
        examples=["10"],
    )
    seed: int = Field(
        2025,
        ge=0,
        le=LARGEST_SEED,
        description="a whole number, 0 or more, below 2 to the power of 63",
        examples=["2025"],
    )
    effects: _Effects = Field(
        ["published"], min_length=1, description=_EFFECTS_HELP, examples=['["published"]']
    )
    uncertainty: Literal["none", "psa"] = Field(
        "none",
        description="none (every number at its central value) or psa (draws of the evidence)",
        examples=['"none"'],
    )
    draws: int = Field(
        50,
        ge=2,
        le=100_000,
        description="a whole number of draws of the evidence, 2 to 100000",
        examples=["50"],
    )
    baseline: str = Field(
        "usual-care",
        min_length=1,
        description="the name of one of this file's designs",
        examples=['"usual-care"'],
    )
    main_measure: str = Field(
        "emergency_admissions",
        min_length=1,
        description="the name of a measure (carepath list measures)",
        examples=['"emergency_admissions"'],
    )
    smallest_difference_that_matters: float = Field(
        0.01,
        ge=0.0,
        le=1.0,
        description="a share of the baseline's level, 0 to 1",
        examples=["0.01"],
    )
    parameters: str = Field(
        "default",
        min_length=1,
        description='"default", a place with a set of its own ("southwark"), or the path of a '
        "folder that carepath calibrate wrote",
        examples=['"default"'],
    )
    hold_population: bool = Field(
        False,
        description="true (one population for all replications) or false (redrawn)",
        examples=["false"],
    )
    keep_events: bool = Field(
        False, description="true (write events.parquet) or false", examples=["false"]
    )
    structure: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of alternatives, each with an option or a list of options",
        examples=['{ activation = "none" }'],
    )
    money: dict[str, Any] = Field(
        default_factory=dict,
        description="a table as in a prices file: keys of results_settings.csv and unit_costs",
        examples=["{ plan_quarter_investment = 0.3 }"],
    )
    schedule: list[ScheduleEntry] = Field(
        default_factory=list,
        max_length=1000,
        description="[[schedule]] entries: capacity of services from a day on, in every design",
        examples=['[[schedule]] with service = "beds", from_day = 180 and factor = 0.9'],
    )
    design: list[DesignEntry] = Field(
        min_length=1,
        max_length=1000,
        description="one [[design]] or more",
        examples=['[[design]] with use = "usual-care"'],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A design as one experiment uses it.

    ``design`` bears the name that the experiment gives it; ``use`` is the built-in name or
    the path it came from, ``settings`` the experiment's own changes of services, ``parameters``
    those of the design's components, ``effects`` the versions to run (the baseline has only
    ``none``), ``money`` the numbers of the contract under which it is paid.
    """

    use: str
    design: Design
    effects: tuple[str, ...]
    settings: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    money: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The design's name in this experiment."""
        return self.design.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A checked experiment with its places and designs loaded."""

    name: str
    title: str
    place_uses: tuple[str, ...]
    places: tuple[Place, ...]
    population: int | None
    start: date
    years: int
    replications: int
    seed: int
    effects: tuple[str, ...]
    uncertainty: str
    draws: int
    baseline: str
    main_measure: str
    smallest_difference_that_matters: float
    parameters: str
    hold_population: bool
    keep_events: bool
    arms: tuple[Arm, ...]
    structure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schedule: tuple[Entry, ...] = ()
    money: Mapping[str, Any] = field(default_factory=dict)

    def residents(self, place: Place) -> int:
        """Return how many residents of ``place`` are simulated."""
        if self.population is not None:
            return self.population
        return SAMPLE if place.population > SAMPLED_ABOVE else int(place.population)


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


def path_like(name_or_path: str) -> bool:
    """Say whether a text is the path of a file rather than a built-in name."""
    return name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


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
        return use if built_in else str((self.folder / use).resolve())

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
        own = {_name_of(entry): entry for entry in entries} if isinstance(entries, list) else {}
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
        names = [name for name in _texts(uses) if name]
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
        names = [_name_of(entry) for entry in entries]
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
        use, name = entry.get("use"), _name_of(entry)
        if not isinstance(use, str) or not use:
            self._settings(number, entry.get("set", {}))
            return None
        design = self._loaded("design", use, ("design", number, "use"))
        own, parameters = _split(entry.get("set", {}), design)
        settings = self._settings(number, own)
        if design is None or not re.match(_NAME, name):
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
            effects=(NO_EFFECTS,) if name == baseline else tuple(_texts(chosen)),
        )

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
                remedy="check the path; it is seen from the experiment file's folder",
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


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in values if isinstance(text, str)]


def _name_of(entry: Any) -> str:
    """Return the name of a ``[[design]]``: its own, or the design's where it gives none."""
    if not isinstance(entry, dict):
        return ""
    name, use = entry.get("name"), entry.get("use", "")
    if isinstance(name, str) and name:
        return name
    return Path(use).stem if isinstance(use, str) and path_like(use) else str(use)


def _some(names: Iterable[str]) -> str:
    first = list(names)[:8]
    return ", ".join(first) + (", …" if len(list(names)) > len(first) else "")


def experiment_table(experiment: Experiment) -> dict[str, Any]:
    """Return what an experiment file with these resolved inputs says."""
    table: dict[str, Any] = {"name": experiment.name, "title": experiment.title}
    uses = list(experiment.place_uses)
    table["place"] = uses[0] if len(uses) == 1 else uses
    if experiment.population is not None:
        table["population"] = experiment.population
    for key in (
        "start",
        "years",
        "replications",
        "seed",
        "effects",
        "uncertainty",
        "baseline",
        "main_measure",
        "smallest_difference_that_matters",
        "parameters",
        "hold_population",
        "keep_events",
    ):
        value = getattr(experiment, key)
        table[key] = list(value) if isinstance(value, tuple) else value
        if value == "psa":
            table["draws"] = experiment.draws
    if experiment.structure:
        table["structure"] = structure_table(experiment.structure)
    if experiment.money:
        table["money"] = dict(experiment.money)
    if experiment.schedule:
        table[SCHEDULE] = schedule_table(experiment.schedule)
    table["design"] = [_arm_table(arm, experiment) for arm in experiment.arms]
    return table


def _arm_table(arm: Arm, experiment: Experiment) -> dict[str, Any]:
    table: dict[str, Any] = {"use": arm.use, "name": arm.name}
    if arm.name != experiment.baseline and arm.effects != experiment.effects:
        table["effects"] = list(arm.effects)
    if arm.settings or arm.parameters:
        table["set"] = worded(arm.settings) | dict(arm.parameters)
    if arm.money:
        table["money"] = dict(arm.money)
    return table


def resolved_toml(experiment: Experiment) -> str:
    """Return an experiment file that resolves to this very experiment."""
    return tomli_w.dumps(experiment_table(experiment))
