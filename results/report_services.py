"""Section 8: what fills up, who waits, and what would have to grow."""

from __future__ import annotations

import math
from collections.abc import Mapping

from results import findings_services, headlines_services
from results.figures import services as draw
from results.findings_services import UseRow, WaitRow
from results.report_blocks import Block, Panel, Section, Table, alt_text, columns, drawn
from results.report_data import USUAL, ReportData
from results.report_measures import WAIT_NAMES, spoken
from results.report_network import flows_block, services_block
from results.report_numbers import (
    capital,
    count_word,
    figures,
    listed,
    lower_first,
    percent,
    plain,
    plain_range,
    step_of,
)
from results.report_order import Fig
from results.report_searches import binding_block
from results.wording import Spread

FULL = 0.95
FILLING = 0.85  # services less full than this under every option stand in the table alone …
APART = 0.05  # … unless options differ by this much
MOST_WAITS = 6
# The waits that residents and boards ask about first, shown where none clearly moves.
CORE_WAITS = ("gp", "ed", "beds", "outpatients", "vcse", "mdt", "care_coordination", "ambulance")


FURTHER = (
    "A design fills a service further where, with the same people and the same luck, it uses at "
    "least a tenth of what is free under usual care, and the interval of that difference leaves "
    "out none. The intervals in the figure hold the luck of both, so they may overlap."
)


def services_section(data: ReportData) -> Section:
    """Return section 8: capacity and waits."""
    used, waits = findings_services.use_rows(data), findings_services.wait_rows(data)
    shown = data.designs or (data.baseline,)
    first = {o.letter: findings_services.fullest(used, o) for o in shown}
    known = {letter: row for letter, row in first.items() if row is not None}
    heading = headlines_services.capacity_headline(
        {letter: (row.name, _fuller(row)) for letter, row in known.items()}
    )
    if data.alone and known:
        row = known[data.baseline.letter]
        heading = f"{capital(row.name)} are the fullest, {percent(row.used.mean)} used"
    return Section(
        number=8,
        nav="Capacity and waits",
        heading=heading,
        question="What fills up, who waits, and what would have to grow?",
        blocks=tuple(
            block
            for block in (
                _waits_block(data, waits, known),
                _use_block(data, used),
                flows_block(data),
                services_block(data),
                binding_block(data),
            )
            if block is not None
        ),
        notes=() if data.alone else (" ".join(_constraint_notes(known)),),
    )


def _constraint_notes(first: dict[str, UseRow]) -> list[str]:
    """Return a sentence for each design that fills something, and one for those that do not."""
    filled = [_constraint_note(row) for row in first.values() if row.fuller]
    others = [letter for letter, row in first.items() if not row.fuller]
    if len(others) < 2 or not all(first[letter].paired for letter in others):
        return [_constraint_note(row) for row in first.values()]
    full = max((first[letter] for letter in others), key=lambda row: row.used.mean)
    return [
        *filled,
        f"Under {listed(others)}, as under usual care, {full.name} are the fullest, "
        f"{percent(full.used.mean)} used; nothing is clearly fuller.",
    ]


def _constraint_note(row: UseRow) -> str:
    return headlines_services.first_constraint_note(
        row.option.letter, row.name, row.used.mean, row.usual.mean, _fuller(row)
    )


def _fuller(row: UseRow) -> bool | None:
    """Return whether a service is fuller than under usual care; None where runs are missing."""
    return row.fuller if row.paired else None


def _waits_block(data: ReportData, rows: list[WaitRow], first: dict[str, UseRow]) -> Block:
    if not rows:
        return Block(
            number=Fig.WAITS, claim="How long people wait", missing=data.why_missing("resources")
        )
    year = findings_services.middle_year(data)
    every = list(dict.fromkeys(row.service for row in rows))
    services = chosen_waits(rows)
    claim = _waits_claim(data, [row for row in rows if row.service in services], first)
    panels = tuple(_wait_panel(data, service, rows) for service in services)
    left = len(every) - len(services)
    more = f". {capital(count_word(left))} more services stand in the table" if left else ""
    return Block(
        number=Fig.WAITS,
        claim=claim,
        sub=f"Year {year}; disc: median wait; tick and number: the wait that 9 in 10 stay under; "
        f"thin lines are 95% intervals. Each panel has its own scale{more}"
        f"{findings_services.apart_note(rows)}",
        panels=panels,
        keys=data.options,
        table=Table(
            caption=f"Median wait and the wait that 9 in 10 stay under, year {year}",
            head=("Service", "Option", "Median", "9 in 10 within", "Unit"),
            rows=tuple(
                (
                    _wait_name(row.service),
                    row.option.letter,
                    _wait(row.median),
                    _wait(row.nine_in_ten),
                    row.unit,
                )
                for row in rows
            ),
            numeric=columns((2, 3)),
            wide=True,
        ),
    )


def _wait(spread: Spread) -> str:
    """Return a wait with its interval, to three figures at most."""
    step = step_of(spread.low, spread.high)
    if spread.mean > 0:
        step = max(step, 10.0 ** (math.floor(math.log10(spread.mean)) - 2))
    if not (math.isfinite(spread.low) and math.isfinite(spread.high)):
        return plain(spread.mean, step)
    return f"{plain(spread.mean, step)} ({plain_range(spread.low, spread.high, step)})"


def chosen_waits(rows: list[WaitRow]) -> list[str]:
    """Return the services whose waits are drawn: those that clearly move, then the core ones."""
    usual = {row.service: row for row in rows if row.option.letter == USUAL}
    every = list(dict.fromkeys(row.service for row in rows))
    moved = [
        name for name in every if any(_moved(row, usual) for row in rows if row.service == name)
    ]
    order = [*moved, *(name for name in CORE_WAITS if name in every), *every]
    return list(dict.fromkeys(order))[:MOST_WAITS]


def _moved(row: WaitRow, usual: Mapping[str, WaitRow]) -> bool:
    """Tell whether a wait's interval lies apart from that of usual care, at either point."""
    base = usual.get(row.service)
    if base is None or not row.paired:
        return False
    pairs = ((row.median, base.median), (row.nine_in_ten, base.nine_in_ten))
    return any(one.low > other.high or one.high < other.low for one, other in pairs)


def _wait_name(service: str) -> str:
    return WAIT_NAMES.get(service, capital(spoken(service)))


def _wait_panel(data: ReportData, service: str, rows: list[WaitRow]) -> Panel:
    mine = [row for row in rows if row.service == service]
    last = mine[-1]
    return drawn(
        f"{Fig.WAITS.stem}-{service.replace('_', '-')}",
        alt_text(
            "Dots for the median and ticks for 9 in 10",
            f"Down: options; across: wait in {last.unit}",
            f"{_wait_name(service)}, {data.place_name}",
            f"Under {last.option.letter} half wait under {figures(last.median.mean, 2)} and "
            f"9 in 10 under {figures(last.nine_in_ten.mean, 2)} {last.unit}",
        ),
        lambda: draw.waits(mine),
        title=_wait_name(service),
    )


def _waits_claim(data: ReportData, rows: list[WaitRow], first: dict[str, UseRow]) -> str:
    """Return the claim about the service that fills up first and has waits, else the longest."""
    option = data.designs[0] if data.designs else data.baseline
    mine = {row.service: row for row in rows if row.option == option}
    if not mine:
        return "Waits under the designs are not in this run"
    full = first.get(option.letter)
    longest = max(mine.values(), key=lambda row: row.nine_in_ten.mean)
    row = mine.get(full.service, longest) if full is not None else longest
    return headlines_services.waits_claim(
        lower_first(option.title) if data.alone else option.letter,
        _wait_name(row.service),
        row.median.mean,
        row.nine_in_ten.mean,
        row.unit,
    )


def _use_block(data: ReportData, rows: list[UseRow]) -> Block:
    if not rows:
        return Block(
            number=Fig.USE, claim="How full services are", missing=data.why_missing("resources")
        )
    year = findings_services.middle_year(data)
    claim = headlines_services.full_claim(
        _over(rows), _full_everywhere(data, rows), alone=data.alone
    )
    alt = alt_text(
        "Grid of percentages",
        "Down: services; across: usual care and each design",
        f"{data.place_name}, year {year}",
        claim,
    )
    shown = _filling(rows)
    posts = len({(row.service, row.role) for row in rows})
    left = posts - len({(row.service, row.role) for row in shown})
    more = (
        f". {capital(count_word(left))} more, less than {percent(FILLING)} full"
        f"{'' if data.alone else ' and alike under every option'}, stand in the table"
        if left
        else ""
    )
    return Block(
        number=Fig.USE,
        claim=claim,
        sub=f"Share of capacity used, year {year}, with 95% interval; darker is fuller; "
        f"▲ more is asked for than exists{more}{findings_services.apart_note(rows)}",
        panels=(drawn(Fig.USE.stem, alt, lambda: draw.capacity_used(shown, data.options)),),
        keys=data.options,
        wide=True,
        how="" if data.alone else FURTHER,
        table=_use_table(data, rows, year),
    )


def _filling(rows: list[UseRow]) -> list[UseRow]:
    """Return the services that are nearly full under some option, or used unlike; else all."""
    shares: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        shares.setdefault((row.service, row.role), []).append(row.used.mean)
    over = {(row.service, row.role) for row in rows if row.over}
    shown = {
        post
        for post, used in shares.items()
        if post in over or max(used) >= FILLING or max(used) - min(used) >= APART
    }
    return [row for row in rows if (row.service, row.role) in shown] or rows


def _use_table(data: ReportData, rows: list[UseRow], year: str) -> Table:
    services = {(row.service, row.role): row.name for row in rows}
    cells = {(row.service, row.role, row.option.letter): draw.use_words(row) for row in rows}
    return Table(
        caption=f"Share of capacity used, year {year} (▲ more is asked for than exists)",
        head=("Service", *(_option_name(option.letter) for option in data.options)),
        rows=tuple(
            (
                capital(name),
                *(cells.get((service, role, o.letter), "not used") for o in data.options),
            )
            for (service, role), name in services.items()
        ),
        numeric=columns(range(1, len(data.options) + 1)),
        wide=len(data.options) > draw.ONE_LINE,
    )


def _option_name(letter: str) -> str:
    return "Usual care" if letter == USUAL else letter


def _over(rows: list[UseRow]) -> dict[str, list[str]]:
    """Return, by design, the services asked for more than exists, though not so in usual care."""
    usual = {(row.service, row.role) for row in rows if row.option.letter == USUAL and row.over}
    over: dict[str, list[str]] = {}
    for row in rows:
        is_more = row.over and row.paired and (row.service, row.role) not in usual
        if row.option.letter != USUAL and is_more:
            over.setdefault(row.option.letter, []).append(row.name)
    return {letter: list(dict.fromkeys(names)) for letter, names in over.items()}


def _full_everywhere(data: ReportData, rows: list[UseRow]) -> list[str]:
    """Return the services that are full under every option, the fullest first."""
    used: dict[str, dict[str, float]] = {}
    for row in rows:
        of_service = used.setdefault(row.name, {})
        letter = row.option.letter
        of_service[letter] = max(of_service.get(letter, 0.0), row.used.mean)
    full = {
        name: min(of_service.values())
        for name, of_service in used.items()
        if len(of_service) == len(data.options)
    }
    ranked = sorted(full, key=lambda name: -full[name])
    return [name for name in ranked if full[name] >= FULL]
