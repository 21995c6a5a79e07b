"""Every figure of the report as a function that returns Matplotlib axes.

``reach, squares, forest, over_time, fifths`` (people), ``cascade, cash_by_year`` (money),
``waits, capacity_used`` (services), ``readings, checks`` (belief). The records they draw come
from ``results.report_findings``; ``canvas.styled()`` gives them the report's look.
"""
