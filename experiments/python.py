"""Experiments from Python: the pieces of the command line for notebooks and scripts.

``run`` does an experiment and hands back its tables. The searches have functions of their own:
``experiments.believe.believe``, ``experiments.sensitivity.sensitivity``,
``experiments.binding.binding`` and ``experiments.precision.run_until_precise``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import running
from experiments.experiment import Experiment
from experiments.outcome import Outcome
from experiments.progress import Progress
from experiments.resolving import read_experiment, resolve
from experiments.running import Options

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An experiment that has been done.

    ``tables`` are those of ``tables/*.csv`` by name; empty where runs are missing.
    """

    experiment: Experiment
    folder: Path
    outcome: Outcome
    tables: Mapping[str, pd.DataFrame]


def run(
    experiment: str | Path | Mapping[str, Any] = "southwark",
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    report: bool = False,
    quiet: bool = False,
    how: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Finished:
    """Do an experiment and return its tables; runs that the folder holds are kept.

    In a script, call it under ``if __name__ == "__main__":``, since runs are done by other
    processes.

    Parameters
    ----------
    experiment : a built-in name, the path of an experiment file, or what such a file says
    out : the run folder; by default ``runs/NAME-DIGEST``
    report : also make figures and ``report.html``
    quiet : show no progress
    how : ``work`` and ``engine`` for ``run_experiment``
    changes : keys of the experiment file with other values, as ``replications=4``,
        ``designs=["proactive-mltc"]`` or ``uncertainty="psa", draws=20``

    Raises
    ------
    BadInput
        With every fault of the experiment at once, or if the folder holds something else.

    Examples
    --------
    >>> done = run("southwark", population=2000, years=2, replications=4)  # doctest: +SKIP
    >>> done.tables["comparison"].query("measure == 'emergency_admissions'")  # doctest: +SKIP
    """
    asked = _asked(experiment, changes)
    folder = Path(out) if out else running.default_folder(asked)
    outcome = running.run_experiment(
        asked,
        folder,
        Options(workers=workers),
        progress=Progress(None if quiet else sys.stderr),
        **(how or {}),
    )
    tables: Mapping[str, pd.DataFrame] = {}
    if outcome.ready:
        from results.tables import build_tables

        tables = build_tables(folder)
        if report:
            from results.report import build_report

            build_report(folder)
    return Finished(experiment=asked, folder=folder, outcome=outcome, tables=tables)


def _asked(experiment: str | Path | Mapping[str, Any], changes: Mapping[str, Any]) -> Experiment:
    if isinstance(experiment, Mapping):
        from experiments.catalogue import installed

        return resolve(experiment, installed(), where="experiment", overrides=changes)
    return read_experiment(str(experiment), changes)
