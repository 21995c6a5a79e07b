"""The pieces a report is made of: sections, figure blocks, panels, tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes

from results.figures import canvas
from results.report_data import Option

ALT_WORDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The numbers behind a figure; ``numeric`` tells which columns are set to the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One drawing: its file name, its SVG (inline and alone), its PNG, and its heading."""

    stem: str
    inline: str
    svg: str
    png: bytes
    title: str = ""
    option: Option | None = None
    say: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One figure with everything around it; or, with ``missing``, the reason there is none."""

    number: int
    claim: str
    sub: str = ""
    panels: tuple[Panel, ...] = ()
    keys: tuple[Option, ...] = ()
    wide: bool = False
    how: str = ""
    table: Table | None = None
    aside: Table | None = None
    source: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One numbered part of the report."""

    number: int
    nav: str
    heading: str
    question: str
    blocks: tuple[Block, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
    starts_page: bool = True


def drawn(
    stem: str,
    alt: str,
    draw: Callable[[], Axes],
    *,
    title: str = "",
    option: Option | None = None,
    say: str = "",
) -> Panel:
    """Draw one panel in the report's style and return it in every form."""
    with canvas.styled():
        axes = draw()
    svg = canvas.svg_text(axes)
    return Panel(
        stem=stem,
        inline=canvas.inline_svg(svg, stem, alt),
        svg=svg,
        png=canvas.png_bytes(axes),
        title=title,
        option=option,
        say=say,
    )


def untitled(draw: Callable[[], Axes]) -> Callable[[], Axes]:
    """Return a drawing without its own title and the room for it: the block's claim says it."""

    def drawing() -> Axes:
        axes = draw()
        axes.set_title("", loc="left")
        canvas.close_top(axes)
        return axes

    return drawing


def alt_text(kind: str, axes: str, who: str, finding: str, exception: str = "") -> str:
    """Return alternative text of at most 60 words: kind, axes, who, finding, one exception."""
    parts = [part.strip().rstrip(".") for part in (kind, axes, who, finding, exception) if part]
    words = ". ".join(parts).split()
    if len(words) > ALT_WORDS:
        words = ". ".join(parts[:4]).split()[:ALT_WORDS]
    return " ".join(words) + "."


def columns(numeric: Sequence[int]) -> frozenset[int]:
    """Return which columns hold numbers."""
    return frozenset(numeric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One verdict of the first page: a sign, a word, the number and its interval under it."""

    label: str
    sign: str
    word: str
    detail: str = ""
    spread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One design's row on the first page."""

    option: Option
    cells: tuple[Cell, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A heading and the sentences under it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """Everything on the first page; ``table`` stands for the rows where nothing is compared."""

    headline: str
    stand: str
    meta: tuple[tuple[str, str], ...]
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[AnswerRow, ...]
    sayings: tuple[Saying, ...]
    box: Saying
    warnings: tuple[str, ...] = field(default=())
    table: Table | None = None
