"""Results of an experiment from its run records alone: tables, comparison, figures, report.

``results.load(DIR)`` gives the tables as tidy DataFrames, ``results.build_tables(DIR)`` makes
them from the records, ``results.compare([DIR], …)`` one paired comparison. They are imported
when first used, so that the command line answers without pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from results.across import compare
    from results.csv_files import load
    from results.tables import build_tables

__all__ = ["build_tables", "compare", "load"]


def __getattr__(name: str) -> Any:
    if name == "build_tables":
        from results.tables import build_tables

        return build_tables
    if name == "load":
        from results.csv_files import load

        return load
    if name == "compare":
        from results.across import compare

        return compare
    raise AttributeError(f"module 'results' has no attribute {name!r}")
