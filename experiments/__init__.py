"""Places, designs and experiment files; batches of runs; the command line.

From Python, ``experiments.run`` does what ``carepath run`` does (see ``experiments.python``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.python import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    """Import ``run`` only when somebody asks for it, so that the command line stays quick."""
    if name == "run":
        from experiments.python import run

        return run
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")
