"""A researcher's own targets: one row of a CSV each, checked before anything is simulated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from pathlib import Path

from agents.faults import BadInput, Fault, nearest
from agents.population import SEXES
from calibration.targets import OLDEST, ROLES, ages_in_words

REQUIRED = ("measure", "value", "unit", "source")
OPTIONAL = (
    *("conditions", "at_least", "counted", "age_low", "age_high", "sex", "imd_quintile"),
    *("low", "high", "allowance", "role", "geography", "year", "note"),
)
COUNTED = ("diagnosed", "true", "ever")
LONGEST_FILE = 2_000_000
PERCENT, PROPORTION = "percent", "proportion"
# Each measure: its units, how many conditions it names (None: any number, none meaning all).
MEASURES: Mapping[str, tuple[tuple[str, ...], int | None]] = {
    "prevalence": ((PERCENT, PROPORTION), 1),
    "prevalence_at_least": ((PERCENT, PROPORTION), None),
    "mean_conditions": (("conditions",), None),
    "deprivation_ratio": (("ratio",), 1),
    "together": (("observed over expected",), None),
    "incidence": (("per 1,000 person-years",), 1),
    "life_expectancy_at_birth": (("years",), 0),
}
DEFAULT_ALLOWANCE = 0.10  # of the value, where a row gives none: the program's goal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTarget:
    """One row of a researcher's table, in the units of the model (percent, not proportion)."""

    line: int
    measure: str
    conditions: tuple[str, ...]
    at_least: int
    counted: str
    age_low: int
    age_high: int
    sex: str
    imd_quintile: int
    value: float
    low: float | None
    high: float | None
    allowance: float
    unit: str
    source: str
    role: str
    geography: str
    year: str
    note: str

    @property
    def name(self) -> str:
        """The measure as built-in targets call it."""
        if self.measure in ("prevalence", "incidence", "deprivation_ratio"):
            return f"{self.measure}_{self.conditions[0]}"
        if self.measure == "prevalence_at_least":
            return f"prevalence_{self.at_least}plus of {len(self.conditions) or 'all'}"
        if self.measure == "together":
            return "together " + ", ".join(self.conditions).replace("_", " ")
        return self.measure

    @property
    def group(self) -> str:
        """Of whom, as built-in targets say it."""
        if self.measure == "deprivation_ratio":
            return "1 over 5"
        sex = "" if self.sex == "all" else f" {self.sex}"
        fifth = f" fifth {self.imd_quintile}" if self.imd_quintile else ""
        if self.measure == "life_expectancy_at_birth":
            return (sex + fifth).strip() or "all ages"
        return ages_in_words(self.age_low, self.age_high) + sex + fifth

    @property
    def replaces(self) -> tuple[str, str] | None:
        """The built-in target whose place it takes, where there is such a one."""
        return (self.name, self.group) if self.counted == "diagnosed" else None


# -------------------------------------------------------------------- reading


def read_own(path: Path, conditions: Sequence[str]) -> tuple[tuple[OwnTarget, ...], list[str]]:
    """Return the targets of a CSV, and warnings by row.

    Raises
    ------
    BadInput
        If the file cannot be read or rows cannot be used; all faults at once.
    """
    rows, columns = _rows(path)
    faults = list(_faults_of_columns(path, columns))
    if faults:
        raise BadInput(faults)
    found = []
    for line, row in rows:
        target, wrong = _target(path, line, row, conditions)
        faults += wrong
        if target is not None:
            found.append(target)
    if not rows:
        faults.append(_fault(path, 1, "(rows)", "no targets", "at least one row", "add rows"))
    doubles, warnings = _overlaps(path, found)
    if faults + doubles:
        raise BadInput(faults + doubles)
    return tuple(found), warnings


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise BadInput(
                [
                    _fault(
                        path, 0, "(the file)", "over 2 MB", "a table of targets", "make it smaller"
                    )
                ]
            )
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        found = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else _reason(error)
        fault = _fault(path, 0, "(the file)", found, "a CSV of targets", "check the path and file")
        raise BadInput([fault]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        rows = [
            (reader.line_num, {str(k).strip(): _cell(v) for k, v in row.items() if k is not None})
            for row in reader
            if any(_cell(value) for value in row.values())
        ]
    except csv.Error as error:
        fault = _fault(path, reader.line_num, "(syntax)", str(error), "CSV", "mend this line")
        raise BadInput([fault]) from None
    return rows, [str(name).strip() for name in reader.fieldnames or []]


def _cell(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _faults_of_columns(path: Path, columns: Sequence[str]) -> Iterator[Fault]:
    known = (*REQUIRED, *OPTIONAL)
    for name in REQUIRED:
        if name not in columns:
            yield _fault(path, 1, name, "no such column", ", ".join(known), f"add {name}")
    for name in columns:
        if name not in known:
            alike = nearest(name, known)
            remedy = f"did you mean {alike}?" if alike else "take the column out"
            yield _fault(path, 1, _short(name), "an unknown column", ", ".join(known), remedy)


def _fault(path: Path, line: int, key: str, found: str, allowed: str, remedy: str) -> Fault:
    where = f"{path}:{line}" if line else str(path)
    return Fault(where=where, key=key, found=found, allowed=allowed, remedy=remedy)


def _short(text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return repr(shown)


# -------------------------------------------------------------------- one row


class _Row:
    """The cells of a row, and what is found wrong with them."""

    def __init__(self, path: Path, line: int, cells: Mapping[str, str]) -> None:
        self._path, self._line, self._cells = path, line, cells
        self.faults: list[Fault] = []

    def text(self, name: str, otherwise: str = "") -> str:
        return self._cells.get(name) or otherwise

    def wrong(self, key: str, found: str, allowed: str, remedy: str) -> None:
        self.faults.append(_fault(self._path, self._line, key, found, allowed, remedy))

    def number(self, name: str) -> float | None:
        text = self.text(name)
        try:
            number = float(text) if text else None
        except ValueError:
            number = float("nan")
        if number is not None and not isfinite(number):
            self.wrong(name, _short(text), "a number", f"give {name} a number such as 24.5")
            return None
        return number

    def whole(self, name: str, otherwise: int, low: int, high: int) -> int:
        number = self.number(name)
        if number is None:
            return otherwise
        if number != int(number) or not low <= number <= high:
            allowed = f"a whole number from {low} to {high}"
            self.wrong(name, _short(self.text(name)), allowed, f"change {name}")
            return otherwise
        return int(number)

    def one_of(self, name: str, allowed: Sequence[str], otherwise: str) -> str:
        text = self.text(name, otherwise)
        if text not in allowed:
            alike = nearest(text, allowed)
            remedy = f"did you mean {alike}?" if alike else "use one of these"
            self.wrong(name, _short(text), ", ".join(allowed), remedy)
        return text


def _target(
    path: Path, line: int, cells: Mapping[str, str], conditions: Sequence[str]
) -> tuple[OwnTarget | None, list[Fault]]:
    row = _Row(path, line, cells)
    measure = row.one_of("measure", tuple(MEASURES), "")
    named = _conditions(row, measure, conditions)
    unit, factor = _unit(row, measure)
    value, low, high = (_times(row.number(name), factor) for name in ("value", "low", "high"))
    if value is None and not row.text("value"):
        row.wrong("value", "nothing", "a number", "give the published value")
    _check_values(row, measure, value, low, high)
    age_low, age_high = row.whole("age_low", 0, 0, OLDEST), row.whole("age_high", OLDEST, 0, OLDEST)
    if age_low > age_high:
        row.wrong("age_low", str(age_low), f"at most age_high, {age_high}", "swap the ages")
    allowance = _times(row.number("allowance"), factor)
    if allowance is not None and allowance <= 0:
        row.wrong("allowance", str(allowance), "above 0", "say how far off is near enough")
    fifth = row.text("imd_quintile", "all")
    target = OwnTarget(
        line=line,
        measure=measure,
        conditions=named,
        at_least=row.whole("at_least", 2, 1, len(conditions)),
        counted=row.one_of("counted", COUNTED, "diagnosed"),
        age_low=age_low,
        age_high=age_high,
        sex=row.one_of("sex", ("all", *SEXES), "all"),
        imd_quintile=0 if fifth == "all" else row.whole("imd_quintile", 0, 1, 5),
        value=value if value is not None else 1.0,
        low=low,
        high=high,
        allowance=allowance if allowance is not None else DEFAULT_ALLOWANCE * abs(value or 1.0),
        unit=unit,
        source=row.text("source"),
        role=row.one_of("role", ROLES, ROLES[0]),
        geography=row.text("geography", "own"),
        year=row.text("year"),
        note=row.text("note"),
    )
    if not target.source:
        row.wrong("source", "nothing", "where the figure is from", "name the source")
    if target.counted == "ever" and measure not in ("together",):
        row.wrong(
            "counted",
            "ever",
            "diagnosed or true, for this measure",
            "conditions as ever recorded are simulated for the measure together alone",
        )
    return (None if row.faults else target), row.faults


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _conditions(row: _Row, measure: str, known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(part.strip() for part in row.text("conditions").split(";") if part.strip())
    for name in names:
        if name not in known:
            alike = nearest(name, known)
            remedy = f"did you mean {alike}?" if alike else "see: carepath list conditions"
            row.wrong("conditions", _short(name), "a condition of the model", remedy)
    wanted = MEASURES.get(measure, ((), None))[1]
    if wanted is not None and len(names) != wanted:
        said = "one condition" if wanted else "no conditions"
        row.wrong("conditions", f"{len(names)} conditions", said, f"{measure} takes {said}")
    if measure == "together" and len(names) < 2:
        row.wrong("conditions", f"{len(names)} conditions", "two or more", "part them with ;")
    if len(set(names)) < len(names):
        row.wrong("conditions", "a condition twice", "each once", "take the double out")
    return names


def _unit(row: _Row, measure: str) -> tuple[str, float]:
    """Return the model's unit of a measure, and what turns the row's numbers into it."""
    allowed = MEASURES.get(measure, ((), None))[0]
    unit = row.text("unit")
    if allowed and unit not in allowed:
        row.wrong("unit", _short(unit), " or ".join(allowed), f"give {measure} in this unit")
    if unit == PROPORTION:
        return PERCENT, 100.0
    return unit, 1.0


def _check_values(
    row: _Row, measure: str, value: float | None, low: float | None, high: float | None
) -> None:
    if low is not None and high is not None and low > high:
        row.wrong("low", row.text("low"), f"at most high, {row.text('high')}", "swap low and high")
    elif value is not None and (
        (low is not None and value < low) or (high is not None and value > high)
    ):
        remedy = "check the three numbers"
        row.wrong("value", row.text("value"), "inside low and high", remedy)
    for name, number in (("value", value), ("low", low), ("high", high)):
        if number is None:
            continue
        if number < 0 or (name == "value" and number == 0):
            row.wrong(name, row.text(name), "above 0", f"check {name}")
        elif measure.startswith("prevalence") and number > 100:
            given = row.text("unit")
            remedy = (
                "write unit = percent, if it is a percentage"
                if given == PROPORTION
                else "a share of people cannot be above 100 percent"
            )
            top = "1" if given == PROPORTION else "100"
            row.wrong(name, row.text(name), f"at most {top} {given}", remedy)


def _overlaps(path: Path, targets: Sequence[OwnTarget]) -> tuple[list[Fault], list[str]]:
    """Return doubles, which are refused, and overlaps, which are warned of."""
    faults, warnings = [], []
    for one, other in combinations(targets, 2):
        if not _same_thing(one, other):
            continue
        if (one.age_low, one.age_high) == (other.age_low, other.age_high):
            if one.year == other.year:
                faults.append(
                    _fault(
                        path,
                        other.line,
                        one.measure,
                        f"the same thing as line {one.line}",
                        "each figure once",
                        "take one out, or give their years",
                    )
                )
        elif one.age_low <= other.age_high and other.age_low <= one.age_high:
            warnings.append(
                f"{path}:{other.line}: its ages overlap those of line {one.line}: people of "
                "both ages count twice"
            )
    return faults, warnings


def _same_thing(one: OwnTarget, other: OwnTarget) -> bool:
    def what(target: OwnTarget) -> tuple[object, ...]:
        return (
            *(target.measure, frozenset(target.conditions), target.counted, target.sex),
            *(target.imd_quintile, target.role),
            target.at_least if target.measure == "prevalence_at_least" else 0,
        )

    return what(one) == what(other)


def suspicious(targets: Iterable[OwnTarget], built_in: Mapping[str, Sequence[float]]) -> list[str]:
    """Warn of figures ten times away from every built-in one of the same measure."""
    warnings = []
    for one in targets:
        known = [value for value in built_in.get(one.name, ()) if value > 0]
        if known and (one.value * 10 < min(known) or one.value > 10 * max(known)):
            hint = "; is it a proportion?" if one.unit == PERCENT and one.value <= 1 else ""
            warnings.append(
                f"line {one.line}: {one.name} of {one.value:g} {one.unit} is ten times away from "
                f"built-in figures ({min(known):g} to {max(known):g}){hint}"
            )
        elif one.measure == "prevalence_at_least" and one.unit == PERCENT and one.value < 1:
            warnings.append(f"line {one.line}: {one.value:g} percent; is it a proportion?")
    return warnings
