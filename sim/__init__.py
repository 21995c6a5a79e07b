"""The model that ties people and care to one clock, and the record of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.model import CareModel, simulate
    from sim.recording import RunRecord, write_run
    from sim.spec import RunSpec

__all__ = ["CareModel", "RunRecord", "RunSpec", "simulate", "write_run"]

_HOMES = {
    "CareModel": "sim.model",
    "simulate": "sim.model",
    "RunRecord": "sim.recording",
    "write_run": "sim.recording",
    "RunSpec": "sim.spec",
}


def __getattr__(name: str) -> Any:
    """Import the parts only when they are asked for, so that ``--help`` stays quick."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
