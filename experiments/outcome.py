"""How an experiment's runs ended, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.batch import Result
from experiments.progress import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an experiment's runs ended.

    ``planned`` counts all its runs, ``complete`` those on disk.
    """

    folder: Path
    planned: int
    complete: int
    result: Result
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """True where no run is missing."""
        return self.complete == self.planned

    @property
    def ready(self) -> bool:
        """True where tables can be made: every run is complete or failed, some complete."""
        return bool(self.complete) and self.complete + len(self.result.failed) == self.planned


def say_outcome(outcome: Outcome) -> list[str]:
    """Return how the runs ended, in sentences."""
    folder = outcome.folder
    lines = [f"{outcome.complete} of {outcome.planned} runs complete in {folder}"]
    for ended in outcome.result.failed:
        lines.append(f"Failed: {ended.key}: {ended.error}")
    if outcome.result.failed:
        lines.append(f"Their errors are in {folder / 'failed'}; the other runs are kept.")
    if outcome.result.no_room:
        lines.append(
            f"The disk cannot be written ({outcome.result.no_room}). Make room, then finish with: "
            f"carepath resume {folder}"
        )
    elif outcome.result.cut_off:
        lines.append(
            "The cluster's scheduler is gone. Nothing finished is lost; start it again, then: "
            f"carepath resume {folder} --scheduler ADDRESS"
        )
    elif outcome.result.stopped:
        lines.append(f"Stopped. Nothing finished is lost; go on with: carepath resume {folder}")
    elif not outcome.whole:
        lines.append(f"Some runs are missing. Finish with: carepath resume {folder}")
    else:
        lines[0] += f", {duration(outcome.seconds)}"
    return lines
