"""What is wrong with an input, said so that its author can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_QUOTE = 60  # characters of a found value that are repeated in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one input.

    ``where`` is a file (or command-line option), ``key`` the place inside it,
    ``found`` what stands there, ``allowed`` what may stand there and ``remedy``
    what the author should do.
    """

    where: str
    key: str
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.key}: found {self.found}; allowed: {self.allowed}; {self.remedy}"
        )


class BadInput(Exception):  # noqa: N818 - the contract names it so
    """An input that cannot be used, with every fault found in it.

    Its ``args`` are the faults themselves: whoever makes it anew from them (pickle, or SimPy
    where it was raised within a simulated process) gets the same one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def shortened(said: str, longest: int = LONGEST_QUOTE) -> str:
    """Return ``said``, cut to ``longest`` characters with a mark where it was longer."""
    return said if len(said) <= longest else said[: longest - 1] + "…"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the valid name most like ``name``, whatever its case, or None where none is."""
    known = {valid.casefold(): valid for valid in names}
    close = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.5)
    return known[close[0]] if close else None
