"""The folder of a parameter set: which files runs read, and which draw a run takes.

The folder itself is the best set; ``draws/0001`` and so on are draws of the posterior, which
the draws of a run with ``uncertainty = "psa"`` take one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from pathways.rates import TABLE

TABLES, METADATA, DEMAND = "diseases.npz", "diseases.json", "demand.json"
DRAWS = "draws"
_BASE = ".base."


def is_set(folder: Path) -> bool:
    """Say whether a folder holds a finished parameter set."""
    return all((folder / name).is_file() for name in (TABLES, METADATA))


def draw_folders(parameters: Path) -> list[Path]:
    """Return the folders of a parameter set's posterior draws, in order; often none."""
    found = sorted((parameters / DRAWS).glob("[0-9]*"))
    return [folder for folder in found if is_set(folder)]


def set_files(parameters: Path) -> list[Path]:
    """Return the files of a parameter set that runs read: the best set's and its draws'."""
    folders = [parameters, *draw_folders(parameters)]
    names = (TABLES, METADATA, DEMAND)
    return [folder / name for folder in folders for name in names if (folder / name).is_file()]


def set_digest(parameters: Path) -> str:
    """Return a digest of what runs read of a parameter set."""
    total = blake2b(digest_size=16)
    for file in set_files(parameters):
        content = file.read_bytes()
        if file.suffix == ".json":
            content = content.replace(b"\r\n", b"\n")
        total.update(file.relative_to(parameters).as_posix().encode() + b"\0")
        total.update(blake2b(content).digest())
    return total.hexdigest()


def folder_of_draw(parameters: Path, draw: int) -> Path:
    """Return the folder of draw ``draw`` (1 is the first) of a run; the best set for draw 0.

    Where a run has more draws than there are sets, they are used again from the first.
    """
    folders = draw_folders(parameters) if draw else []
    return folders[(draw - 1) % len(folders)] if folders else parameters


def moved_levels(replaced: Mapping[str, float], parameters: Path, folder: Path) -> dict[str, float]:
    """Return numbers solved on the best set's people, moved to those of one draw's.

    Levels of use in ``replaced`` were solved with the best set. A draw has other people, whose
    levels differ as its own ``demand.json`` differs from the best set's.
    """
    if folder == parameters:
        return dict(replaced)
    from sim.world import replaced_numbers

    best, own = replaced_numbers(parameters, {}), replaced_numbers(folder, {})
    return {
        key: moved(key, value, best[key], own[key]) if key in best and key in own else value
        for key, value in replaced.items()
    }


def moved(key: str, value: float, before: float, now: float) -> float:
    """Return a level of use moved as another solution of it moved.

    Intercepts are logs of rates and move by the difference; the base of a stay is a number of
    days and moves by the ratio.
    """
    return value * now / before if _BASE in key else value + now - before


def is_level(key: str) -> bool:
    """Say whether a number is the level of a service, which is solved and not fitted or drawn."""
    return key.startswith(f"{TABLE}.") and (_BASE in key or ".intercept." in key)


def drawn_numbers(parameters: Path) -> frozenset[str]:
    """Return the numbers that differ between the posterior draws of a parameter set.

    A run that takes a draw of the set takes these with it and must not draw them again.
    """
    from sim.world import replaced_numbers

    draws = [replaced_numbers(folder, {}) for folder in draw_folders(parameters)]
    if not draws:
        return frozenset()
    everywhere = set(draws[0]).intersection(*draws[1:])
    return frozenset(
        key for key in everywhere if not is_level(key) and len({draw[key] for draw in draws}) > 1
    )
