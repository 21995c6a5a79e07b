"""One pass over an experiment's content: what the command line replaces, and faults gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from agents.faults import BadInput, Fault, nearest
from experiments.catalogue import Catalogue
from experiments.checking import absolute, faults_of, line_of, quoted
from experiments.form import ExperimentFile, name_of, path_like
from experiments.grids import expanded, is_grid


class Check:
    """One pass over an experiment's content, gathering faults.

    Parameters
    ----------
    catalogue : what can be named
    where, text : the file's name as faults show it, and what it says
    folder : that the file's paths are seen from
    overrides : keys of the file that the command line replaces

    Attributes
    ----------
    faults : what is wrong, as far as it has been looked at
    """

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

    def loaded(self, kind: Literal["place", "design"], use: str, loc: Sequence[int | str]) -> Any:
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
                allowed=f"a {kind} that exists ({some(names)}) or the path of a .toml file",
                remedy=f"did you mean {alike}?" if alike else see,
            )
            return None
        try:
            return load(self.located(use, use in names))
        except BadInput as bad:
            self.faults += bad.faults
            return None


def some(names: Iterable[str]) -> str:
    """Return the first of ``names`` and a sign that there are more."""
    first = list(names)[:8]
    return ", ".join(first) + (", …" if len(list(names)) > len(first) else "")
