"""The masthead and section 1: the answer on one page."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from results import findings_money, findings_services, headlines_belief, sayings, wording
from results import report_findings as find
from results.findings_services import UseRow, WaitRow
from results.planned import missing_note
from results.report_blocks import AnswerPage, AnswerRow, Cell, Saying
from results.report_data import READING_WORDS, Option, ReportData
from results.report_measures import Measure, measure_of
from results.report_money import price_year, stranded_shares
from results.report_numbers import capital, count_word, figures, percent, signed, signed_range
from results.report_order import Fig
from results.report_searches import drivers
from results.report_standing import saying, standing_of
from results.sayings import Answer
from results.wording import Change, Verdict, judgement, verdict, verdict_words

SIGNS = {"good": "+", "bad": "−", "same": "=", "unclear": "?", "shift": "±"}
FEWEST = 4  # replications under which an interval is hardly worth reading
MONTHS = calendar.month_name


def leading(data: ReportData) -> Option | None:
    """Return the design that comes first in 66% of draws on net health, or None without draws."""
    draws = data.table("draws")
    if draws is None or not data.with_knowledge:
        return None
    table = draws.pivot_table(index="draw", columns="design", values="net_qalys")
    table[data.baseline.key] = 0.0
    shares = table.idxmax(axis=1).value_counts(normalize=True).to_dict()
    name = wording.leader({str(key): float(share) for key, share in shares.items()})
    return next((option for option in data.designs if option.key == name), None)


def answers(data: ReportData) -> list[Answer]:
    """Return each design's verdicts on the main measure and on cash."""
    return [
        Answer(
            letter=option.letter,
            title=option.title,
            main=wording.verdict_unless_still(
                data.change(data.main_measure, option), data.smallest
            ),
            cash=verdict(findings_money.cascade(data, option).get("net_cash"), 0.0),
        )
        for option in data.designs
    ]


def answer_page(data: ReportData) -> AnswerPage:
    """Return everything on the first page."""
    measure = measure_of(data.main_measure)
    found, lead = answers(data), leading(data)
    letter = lead.letter if lead else None
    used, waits = findings_services.use_rows(data), findings_services.wait_rows(data)
    rows = tuple(
        AnswerRow(
            option=option,
            cells=_cells(data, option, measure, used, waits),
            mark=standing_of(data, option).mark,
        )
        for option in data.designs
    )
    return AnswerPage(
        headline=sayings.report_headline(
            found, measure, data.years, letter, without_effect=data.without_effect
        ),
        stand=_stand(data),
        meta=_meta(data),
        caption=_caption(data),
        columns=_columns(data, measure),
        rows=rows,
        sayings=_sayings(data, found, measure, letter),
        box=_box(data),
        warnings=warnings_of(data),
    )


def _stand(data: ReportData) -> str:
    count = len(data.designs)
    ways = "One way" if count == 1 else f"{capital(count_word(count))} ways"
    return (
        f"{ways} of organising neighbourhood care in {data.place_name}, "
        f"{'' if count == 1 else 'each '}compared with usual care for the same "
        f"{data.simulated:,} simulated residents over {count_word(data.years)} "
        f"{'year' if data.years == 1 else 'years'}."
    )


def _meta(data: ReportData) -> tuple[tuple[str, str], ...]:
    return (
        ("Compared with", f"{data.baseline.title}, same people, same luck"),
        ("Years", years_words(data)),
        ("Runs", runs_words(data)),
        ("Prices", f"{price_year(data)}, discounted {data.discount_rate} a year"),
    )


def runs_words(data: ReportData) -> str:
    """Return how many runs of each design the intervals rest on, draws of the evidence apart."""
    kind = "replication" if data.alone else "paired replication"
    each = data.replications // data.draws
    runs = f"{each:,} {kind}{'' if each == 1 else 's'}"
    return runs if data.draws < 2 else f"{data.draws:,} draws of the evidence with {runs} each"


def years_words(data: ReportData) -> str:
    """Return "April 2025 to March 2035"."""
    start = data.experiment.get("start")
    if not isinstance(start, date):
        return f"{data.years} years"
    end_month = (start.month - 2) % 12 + 1
    end_year = start.year + data.years - (1 if start.month == 1 else 0)
    return f"{MONTHS[start.month]} {start.year} to {MONTHS[end_month]} {end_year}"


def _caption(data: ReportData) -> str:
    readings = list(dict.fromkeys(READING_WORDS[o.effects] for o in data.designs))
    each = "The design" if len(data.designs) == 1 else "Each design"
    return (
        f"{each} against usual care, with {' or '.join(readings)}; brackets hold the 95% interval"
    )


def _columns(data: ReportData, measure: Measure) -> tuple[tuple[str, str], ...]:
    horizon = f"{data.years} years" if data.years > 1 else "1 year"
    return (
        ("Healthy life", f"QALYs per 10,000 people, {horizon}"),
        ("Deprivation gap", "in healthy life, QALYs per 10,000 a year"),
        (capital(measure.name), measure.change_unit.replace("people a year", "a year")),
        ("Cash", f"£ million, {horizon}"),
        ("What fills up first", f"in year {findings_services.middle_year(data)}"),
    )


def _cells(
    data: ReportData,
    option: Option,
    measure: Measure,
    used: Sequence[UseRow],
    waits: Sequence[WaitRow],
) -> tuple[Cell, ...]:
    health = find.qalys(data, option)
    gap = find.gap_change(data, option, "qalys")
    main = data.change(measure.key, option)
    cash = findings_money.cascade(data, option).get("net_cash")
    labels = [name for name, _ in _columns(data, measure)]
    narrows = ("narrows", "widens")
    put_in = option.effects not in ("null", "inert")
    return (
        _cell(labels[0], health, data.smallest, ("less", "more"), 1, put_in),
        _cell(labels[1], gap, data.smallest, narrows, -1, put_in),
        _cell(labels[2], main, data.smallest, (measure.less, measure.more), measure.better, put_in),
        _cell(labels[3], cash, 0.0, ("costs", "releases"), 1),
        _full_cell(labels[4], option, list(used), list(waits)),
    )


def _cell(
    label: str,
    change: Change | None,
    smallest: float,
    words: tuple[str, str],
    better: int,
    put_in: bool = True,
) -> Cell:
    found: Verdict = verdict(change, smallest)
    if change is None or found.case == "missing":
        return Cell(label=label, sign="?", word="Not in this run")
    if not put_in and change.still:
        return Cell(label=label, sign="", word="None, as put in")
    if change.still:
        return Cell(label=label, sign="?", word="Nobody differed", detail="in any simulated pair")
    return Cell(
        label=label,
        sign=SIGNS[judgement(found, better)],
        word=capital(verdict_words(found, *words)),
        detail=signed(change.mean, change.step),
        spread=f"({signed_range(change.low, change.high)})",
    )


def _full_cell(label: str, option: Option, used: list[UseRow], waits: list[WaitRow]) -> Cell:
    row = findings_services.fullest(used, option)
    if row is None:
        return Cell(label=label, sign="", word="Not in this run")
    if not row.paired:
        detail = f"runs are missing; fullest: {row.name}, {percent(row.used.mean)} used"
        return Cell(label=label, sign="?", word="Cannot be told", detail=detail)
    if not row.fuller:
        detail = f"fullest: {row.name}, {percent(row.used.mean)} used, as under usual care"
        return Cell(label=label, sign="", word="Nothing clearly fuller", detail=detail)
    wait = next((w for w in waits if w.option == option and w.service == row.service), None)
    detail = f"{percent(row.used.mean)} used"
    if wait is not None and math.isfinite(wait.nine_in_ten.mean):
        detail += f"; 9 in 10 wait under {figures(wait.nine_in_ten.mean, 2)} {wait.unit}"
    return Cell(label=label, sign="", word=capital(row.name), detail=detail)


def _sayings(
    data: ReportData, found: list[Answer], measure: Measure, lead: str | None
) -> tuple[Saying, ...]:
    lines = {option.letter: findings_money.cascade(data, option) for option in data.designs}
    readings = list(dict.fromkeys(name for option in data.designs for name in option.readings))
    changes = {option.letter: find.reading_changes(data, option) for option in data.designs}
    headline = headlines_belief.readings_headline(
        {key: by["plan"] for key, by in changes.items() if "plan" in by},
        {key: by["published"] for key, by in changes.items() if "published" in by},
    )
    mains = [data.change(measure.key, option) for option in data.designs]
    still = all(change is not None and change.still for change in mains)
    doubt = saying([standing_of(data, option) for option in data.designs])
    pairs = (
        sayings.aim_saying(
            found,
            measure,
            _sentences(data, measure),
            lead,
            without_effect=data.without_effect,
        )
        if not still or data.without_effect
        else sayings.still_saying(measure, data.simulated, data.years),
        sayings.money_saying(found, stranded_shares(lines), data.years),
        sayings.belief_saying(readings, headline, doubt),
    )
    told = [Saying(heading=heading, text=text) for heading, text in pairs]
    told[0] = replace(told[0], text=" ".join(filter(None, [told[0].text, _worst(data)])))
    return tuple(told)


def _worst(data: ReportData) -> str:
    """Return what one design worsens most of all that section 3 compares, the aim apart."""
    if len(data.designs) != 1 or data.without_effect:
        return ""
    return worst_words([r for r in find.forest_rows(data) if r.measure.key != data.main_measure])


def worst_words(rows: Sequence[find.ForestRow]) -> str:
    """Return the row that is clearly worse by the largest share of usual care, in a sentence."""
    worse = [
        row
        for row in rows
        if row.found.case == "clear" and judgement(row.found, row.measure.better) == "bad"
    ]
    if not worse:
        return ""
    most = max(worse, key=lambda row: abs(row.relative.mean))
    return (
        f"What worsens most is {most.measure.name}: {percent(abs(most.relative.mean) / 100.0)} "
        f"{most.reading}."
    )


def _sentences(data: ReportData, measure: Measure) -> dict[str, str]:
    """Return one sentence a design on the main measure."""
    return {
        option.letter: wording.change_sentence(
            data.change(measure.key, option),
            measure,
            data.smallest,
        )
        for option in data.designs
    }


def _box(data: ReportData) -> Saying:
    basis = evidence_by_basis(data)
    heading, text = sayings.box_saying(
        drivers(data), basis.get("assumption", 0), sum(basis.values()), data.with_knowledge
    )
    return Saying(heading=heading, text=text)


def evidence_by_basis(data: ReportData) -> dict[str, int]:
    """Return how many numbers the run used by how they are known."""
    rows = data.rows("evidence")
    if not len(rows):
        return {}
    counts = rows["basis"].fillna("not stated").astype(str).value_counts()
    return {str(basis): int(count) for basis, count in counts.items()}


def warnings_of(data: ReportData) -> tuple[str, ...]:
    """Return what a reader must know before reading on, one sentence or two each."""
    found = []
    if data.without_effect:
        found.append(wording.NO_EFFECT)
    if data.chance_only:
        found.append(wording.CHANCE_ONLY)
    costless = [option.letter for option in data.designs if option.costless]
    if costless:
        found.append(sayings.no_costs(costless, alone=len(data.designs) == 1))
    missing = missing_note(data.folder)
    if missing:
        found.append(missing)
    if 2 <= data.replications < FEWEST:
        found.append(
            f"Only {count_word(data.replications)} replications: intervals over so few are wide "
            "and rough, and ‘not clear’ says little."
        )
    if data.replications < 2:
        found.append(
            "One run says nothing of chance, so no number here has an interval."
            if data.alone
            else "One replication gives no interval: every verdict here is ‘not in this run’."
        )
    if len(data.places) > 1:
        found.append(_other_places(data))
    return tuple(found)


def _other_places(data: ReportData) -> str:
    others = len(data.places) - 1
    many = f"{count_word(others)} more {'place' if others == 1 else 'places'}"
    if data.alone:
        return f"This report shows {data.place_name}; the tables hold {many}."
    return (
        f"This report shows {data.place_name}; figure {Fig.PLACES} sets it beside {many}, "
        "whose numbers stand in the tables."
    )
