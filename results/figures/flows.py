"""The referral network drawn: services in columns, and a band for each route between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from results.figures import canvas
from results.figures.canvas import INK, MUTE, SMALL, WIDE

# Where services stand: what people come to first, what hospitals do, what follows at home.
COLUMNS: tuple[tuple[str, ...], ...] = (
    ("people",),
    ("gp", "extended_access", "pharmacy", "nhs111", "out_of_hours", "ambulance", "utc"),
    (
        "advice_guidance",
        "specialist_clinics",
        "outpatients",
        "elective",
        "ed",
        "sdec",
        "beds",
        "mental_health",
        "talking_therapies",
    ),
    (
        "vcse",
        "vcse_groups",
        "mdt",
        "case_management",
        "community_nursing",
        "urgent_response",
        "virtual_ward",
        "reablement",
        "social_care",
        "care_home",
        "end_of_life",
    ),
)
NAMES = {
    "people": "people\nthemselves",
    "gp": "practice",
    "nhs111": "NHS 111",
    "ed": "emergency dept",
    "utc": "urgent treatment",
    "mdt": "team meeting",
    "vcse": "link workers",
    "beds": "hospital beds",
    "vcse_groups": "voluntary groups",
    "advice_guidance": "consultant’s advice",
    "extended_access": "evening hub",
    "specialist_clinics": "specialist clinics",
    "end_of_life": "end-of-life care",
    "sdec": "same-day care",
    "elective": "planned operations",
}
COLOURS = {"": "#768692", "refers": "#005EB8", "overflow": "#C45911", "tells": "#B3BCC3"}
WORDS = {
    "": "come as their own demand says",
    "refers": "referred after being seen",
    "overflow": "not seen there, so go here",
    "tells": "told or taken here (in this service's own demand already)",
}
WIDTH, HEIGHT = WIDE, 6.4
WIDEST = 16.0  # points, of the widest band
BOW = 0.42  # how far a band within a column swings out, in columns


@dataclass(frozen=True, slots=True)
class Flow:
    """One band: ``size`` decides its width, which goes with its square root."""

    origin: str
    to: str
    does: str
    size: float


def network(
    flows: Iterable[Flow], counts: Mapping[str, float] | None = None, widest: float = WIDEST
) -> Axes:
    """Draw flows; ``counts`` stand under the names of services, where given.

    ``widest`` is the width of the largest flow's band, in points.
    """
    bands = [flow for flow in flows if flow.size > 0.0]
    places = _places({name for flow in bands for name in (flow.origin, flow.to)})
    ax = canvas.new_axes(WIDTH, HEIGHT, left=0.1, right=0.1, top=0.1, bottom=0.9)
    largest = max((flow.size for flow in bands), default=1.0)
    for flow in sorted(bands, key=lambda one: -one.size):
        width = max(widest * float(np.sqrt(flow.size / largest)), 0.7)
        _band(ax, places[flow.origin], places[flow.to], flow, width)
    for name, (x, y) in places.items():
        words = NAMES.get(name, name.replace("_", " "))
        if counts and name in counts:
            words += f"\n{counts[name]:,.0f}"
        box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": MUTE, "lw": 0.8}
        ax.text(
            x, y, words, ha="center", va="center", fontsize=SMALL - 1, color=INK, bbox=box, zorder=5
        )
    columns = [x for x, _ in places.values()]
    ax.set_xlim(min(columns, default=0.0) - 0.25, max(columns, default=1.0) + BOW)
    ax.set_ylim(-0.04, 1.04)
    ax.axis("off")
    used = [does for does in COLOURS if any(flow.does == does for flow in bands)]
    lines = [Line2D([], [], color=COLOURS[does], lw=4, alpha=0.7) for does in used]
    ax.legend(
        lines,
        [WORDS[does] for does in used],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncol=2,
        frameon=False,
        title="Width grows with the square root of what is drawn",
        title_fontsize=SMALL,
        fontsize=SMALL,
    )
    return ax


def _places(names: set[str]) -> dict[str, tuple[float, float]]:
    """Return where each service stands, from the top of its column."""
    known = {name for column in COLUMNS for name in column}
    columns = [[name for name in column if name in names] for column in COLUMNS]
    columns[-1] += sorted(names - known)
    return {
        name: (float(x), 1.0 - (number + 0.5) / len(column))
        for x, column in enumerate(columns)
        for number, name in enumerate(column)
    }


def _band(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], flow: Flow, width: float
) -> None:
    (x0, y0), (x1, y1) = start, end
    if start == end:  # back to the same service: a loop above it
        points = [(x0, y0), (x0 - 0.25, y0 + 0.11), (x0 + 0.25, y0 + 0.11), (x0, y0)]
    elif x0 == x1:  # within a column: a bow to its right
        points = [(x0, y0), (x0 + BOW, y0), (x1 + BOW, y1), (x1, y1)]
    else:
        middle = (x0 + x1) / 2.0
        points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    dashed = "--" if flow.does == "tells" else "-"
    ax.add_patch(
        PathPatch(
            path,
            facecolor="none",
            edgecolor=COLOURS[flow.does],
            linewidth=width,
            linestyle=dashed,
            alpha=0.55,
            capstyle="butt",
            zorder=2,
        )
    )
