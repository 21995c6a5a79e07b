"""Searches: an experiment run at several points of its input space, in a folder of its own.

A search is repeated with the same command to go on after an interruption; what is finished is
kept. Its folder holds tables and figures of its own and is no ordinary run folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.faults import BadInput, Fault, nearest
from agents.files import read_json, write_json
from experiments import program, running
from experiments.batch import fingerprint
from experiments.experiment import Arm, Experiment, experiment_table
from experiments.folder import prepare, slug
from experiments.inputs import inputs_inside
from experiments.manifests import SEARCH
from experiments.outcome import Outcome
from experiments.points import Point
from experiments.reading import Readings, read_measures
from experiments.running import Options
from experiments.structures import fixed

WHERE = "command line"
FEW = 5_000  # residents of a search unless asked otherwise
Table = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search: what is run where, and in which folder.

    ``name`` is the command; ``command`` what to type to go on.
    """

    name: str
    experiment: Experiment
    points: Sequence[Point]
    command: str = ""

    @property
    def digest(self) -> str:
        """What tells searches apart."""
        table = experiment_table(self.experiment)
        return fingerprint([table, list(self.points)])

    @property
    def default_folder(self) -> Path:
        """Where it is done unless another folder is named."""
        digest = fingerprint(self.digest, program.program_digest())
        return Path("runs") / f"{self.name}-{slug(self.experiment.name)}-{digest[:8]}"

    def do(self, folder: Path, options: Options | None = None, **how: Any) -> Outcome:
        """Do the runs that ``folder`` does not hold yet."""
        held = read_json(folder / SEARCH)
        if held is None and (folder / "experiment.toml").is_file():
            raise BadInput([_taken(folder, "the runs of an experiment")])
        if held is not None and held.get("digest") != self.digest:
            raise BadInput([_taken(folder, "another search")])
        prepare(folder, *inputs_inside(self.experiment))
        write_json(
            folder / SEARCH,
            {"search": self.name, "command": self.command, "digest": self.digest},
        )
        return running.run_experiment(
            self.experiment, folder, options, points=list(self.points), **how
        )

    def readings(self, folder: Path) -> Readings:
        """Return what the runs say."""
        return read_measures(folder, self.experiment.baseline)


def _taken(folder: Path, found: str) -> Fault:
    return Fault(
        where=str(folder),
        key="--out",
        found=found,
        allowed="a new folder, or one with this same search",
        remedy="choose another folder with --out",
    )


def refused(key: str, found: object, allowed: str, remedy: str) -> BadInput:
    """Return one fault of the command line."""
    fault = Fault(where=WHERE, key=key, found=repr(found), allowed=allowed, remedy=remedy)
    return BadInput([fault])


def design_of(experiment: Experiment, name: str | None, effects: str | None) -> tuple[Arm, str]:
    """Return the design that is searched and the version of its effects.

    Without a name it is the first that is not the baseline.
    """
    arms = [arm for arm in experiment.arms if arm.name != experiment.baseline]
    names = [arm.name for arm in arms]
    if not arms:
        raise refused("--design", "only the baseline", "an experiment with a design", "add one")
    if name and name not in names:
        close = nearest(name, names)
        raise refused("--design", name, ", ".join(names), f"did you mean {close or names[0]}?")
    arm = arms[names.index(name)] if name else arms[0]
    version = effects or arm.effects[0]
    return replace(arm, effects=(version,)), version


def alone(experiment: Experiment, arm: Arm) -> Experiment:
    """Return the experiment with its baseline and one design."""
    baseline = [one for one in experiment.arms if one.name == experiment.baseline]
    same = {name: (option,) for name, option in fixed(experiment.structure).items()}
    return replace(
        experiment,
        arms=(*baseline, arm),
        effects=arm.effects,
        uncertainty="none",
        structure=same,
    )


def write_found(
    folder: Path, tables: Mapping[str, Table], figures: Mapping[str, Callable[[], Any]]
) -> None:
    """Write a search's tables and figures, each whole or not at all."""
    import pandas as pd

    from results.csv_files import write_tables
    from results.figures.searches import save

    write_tables(folder / "tables", {name: pd.DataFrame(rows) for name, rows in tables.items()})
    for name, draw in figures.items():
        save(folder / "figures", name, draw)
