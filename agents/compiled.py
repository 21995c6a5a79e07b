"""Loops that would be slow in Python, compiled to machine code when they are first called.

Numba compiles them, without the liberties that would let numbers differ from plain Python's
(no ``fastmath``), so a compiled function gives the same bytes on every machine. The machine
code is kept beside the source, or with the user's files where that cannot be written to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Return ``function`` as one that compiles itself at its first call.

    It may only work on numbers and NumPy arrays, and call nothing but functions compiled in
    the same file: Numba keeps its machine code until that file changes. What it does to
    numbers outside their range is NumPy's way (division by nought gives infinity).
    """
    try:
        made = numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # nowhere to keep machine code: compile anew in each process
        made = numba.njit(error_model="numpy")(function)
    return cast(Function, made)
