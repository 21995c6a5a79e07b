"""What an experiment file may say: its keys, their types and limits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from experiments.schedules import ScheduleEntry

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2060, 12, 31)
LARGEST_SEED = 2**63 - 1


def _listed(value: Any) -> Any:
    """Let a single text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _different(values: list[str]) -> list[str]:
    doubles = sorted({value for value in values if values.count(value) > 1})
    if doubles:
        raise PydanticCustomError(
            "doubles",
            "each name once",
            {"allowed": "each name once", "remedy": f"keep one {doubles[0]!r}"[:80]},
        )
    return values


_Strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Effect = Literal["plan", "published", "null", "inert"]
_Effects = Annotated[list[_Effect], BeforeValidator(_listed), AfterValidator(_different)]
_EFFECTS_HELP = "any of plan, published, null, inert"
DESIGN_NAME = r"^[a-z0-9][a-z0-9-]{0,59}$"


class DesignEntry(BaseModel):
    """One ``[[design]]`` of an experiment file."""

    model_config = _Strict

    use: str = Field(
        min_length=1,
        description="the name of a built-in design or the path of a design file",
        examples=['"proactive-mltc"'],
    )
    name: str | None = Field(
        None,
        pattern=DESIGN_NAME,
        description="small letters, digits and hyphens, at most 60",
        examples=['"proactive-more-vcse"'],
    )
    effects: _Effects | None = Field(
        None, min_length=1, description=_EFFECTS_HELP, examples=['["published"]']
    )
    set: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of settings, or of parameters of the design's components",
        examples=['{ "gp.capacity_factor" = 0.5 }'],
    )
    money: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of numbers of the design's contract, pay_…",
        examples=["{ pay_fixed_share = 0.9 }"],
    )


class ExperimentFile(BaseModel):
    """An experiment file as written; the descriptions say what each key allows."""

    model_config = _Strict

    name: str = Field(
        min_length=1,
        max_length=120,
        description="a text of 1 to 120 characters",
        examples=['"my-experiment"'],
    )
    title: str = Field(
        "", max_length=300, description="a text of at most 300 characters", examples=['"…"']
    )
    place: Annotated[list[str], BeforeValidator(_listed)] = Field(
        min_length=1,
        max_length=1000,
        description="a place's name or the path of a place file, or a list of these",
        examples=['"southwark"'],
    )
    population: int | None = Field(
        None,
        ge=100,
        le=2_000_000,
        description="a whole number of residents to simulate, 100 to 2000000",
        examples=["50000"],
    )
    start: date = Field(
        date(2025, 4, 1),
        ge=FIRST_DAY,
        le=LAST_DAY,
        description=f"a date from {FIRST_DAY} to {LAST_DAY}, without quotes",
        examples=["2025-04-01"],
    )
    years: int = Field(
        10, ge=1, le=40, description="a whole number of years, 1 to 40", examples=["10"]
    )
    replications: int = Field(
        10,
        ge=1,
        le=10_000,
        description="a whole number of replications, 1 to 10000",
        examples=["10"],
    )
    seed: int = Field(
        2025,
        ge=0,
        le=LARGEST_SEED,
        description="a whole number, 0 or more, below 2 to the power of 63",
        examples=["2025"],
    )
    effects: _Effects = Field(
        ["published"], min_length=1, description=_EFFECTS_HELP, examples=['["published"]']
    )
    uncertainty: Literal["none", "psa"] = Field(
        "none",
        description="none (every number at its central value) or psa (draws of the evidence)",
        examples=['"none"'],
    )
    draws: int = Field(
        50,
        ge=2,
        le=100_000,
        description="a whole number of draws of the evidence, 2 to 100000",
        examples=["50"],
    )
    baseline: str = Field(
        "usual-care",
        min_length=1,
        description="the name of one of this file's designs",
        examples=['"usual-care"'],
    )
    main_measure: str = Field(
        "emergency_admissions",
        min_length=1,
        description="the name of a measure (carepath list measures)",
        examples=['"emergency_admissions"'],
    )
    smallest_difference_that_matters: float = Field(
        0.01,
        ge=0.0,
        le=1.0,
        description="a share of the baseline's level, 0 to 1",
        examples=["0.01"],
    )
    parameters: str = Field(
        "default",
        min_length=1,
        description='"default", a place with a set of its own ("southwark"), or the path of a '
        "folder that carepath calibrate wrote",
        examples=['"default"'],
    )
    hold_population: bool = Field(
        False,
        description="true (one population for all replications) or false (redrawn)",
        examples=["false"],
    )
    keep_events: bool = Field(
        False, description="true (write events.parquet) or false", examples=["false"]
    )
    structure: dict[str, Any] = Field(
        default_factory=dict,
        description="a table of alternatives, each with an option or a list of options",
        examples=['{ activation = "none" }'],
    )
    money: dict[str, Any] = Field(
        default_factory=dict,
        description="a table as in a prices file: keys of results_settings.csv and unit_costs",
        examples=["{ plan_quarter_investment = 0.3 }"],
    )
    schedule: list[ScheduleEntry] = Field(
        default_factory=list,
        max_length=1000,
        description="[[schedule]] entries: capacity of services from a day on, in every design",
        examples=['[[schedule]] with service = "beds", from_day = 180 and factor = 0.9'],
    )
    design: list[DesignEntry] = Field(
        min_length=1,
        max_length=1000,
        description="one [[design]] or more",
        examples=['[[design]] with use = "usual-care"'],
    )


def path_like(name_or_path: str) -> bool:
    """Say whether a text is the path of a file rather than a built-in name."""
    return name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


def texts(value: Any) -> list[str]:
    """Return the texts among what a key holds, one or a list of them."""
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in values if isinstance(text, str)]


def name_of(entry: Any) -> str:
    """Return the name of a ``[[design]]``: its own, or the design's where it gives none."""
    if not isinstance(entry, dict):
        return ""
    name, use = entry.get("name"), entry.get("use", "")
    if isinstance(name, str) and name:
        return name
    return Path(use).stem if isinstance(use, str) and path_like(use) else str(use)
