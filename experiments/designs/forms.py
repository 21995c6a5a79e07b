"""What a design file may say, key by key, with the words for what is wrong."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from experiments.settings import SETTINGS

Share = Annotated[float, Field(ge=0.0, le=1.0, description="a share from 0 to 1", examples=["0.3"])]
Amount = Annotated[
    float, Field(ge=0.0, le=1e9, description="a number of 0 or more", examples=["1.0"])
]
Days = Annotated[
    float, Field(gt=0.0, le=3660.0, description="days, above 0 and up to 3660", examples=["91"])
]
Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,59}$",
        description="small letters, digits and hyphens, at most 60",
        examples=['"my-design"'],
    ),
]


Figure = Annotated[float, Field(description="a number", examples=["0.5"])]
Said = Annotated[str, Field(description="text in quotes", examples=['"a few words"'])]
PriceYear = Annotated[
    str,
    Field(
        pattern=r"^\d{4}/\d{2}$",
        description="a financial year such as 2023/24",
        examples=['"2023/24"'],
    ),
]
Spending = Annotated[
    Literal["recurrent", "non_recurrent", "capital"],
    Field(description="recurrent, non_recurrent or capital", examples=['"recurrent"']),
]
Payer = Annotated[
    Literal["nhs", "social_care", "vcse"],
    Field(description="nhs, social_care or vcse", examples=['"nhs"']),
]
Basis = Annotated[
    Literal["read", "derived", "recalled", "assumption"],
    Field(
        description="read, derived, recalled or assumption: how the number is known",
        examples=['"assumption"'],
    ),
]


UNITS = (
    "GBP per FTE year",
    "GBP per FTE once",
    "GBP per resident year",
    "GBP per resident once",
    "GBP per year",
    "GBP once",
)
CostUnit = Annotated[
    str,
    Field(
        description=", ".join(UNITS) + " or GBP per ACTIVITY (carepath list measures)",
        examples=['"GBP per FTE year"'],
    ),
]
PricedBy = Annotated[
    str,
    Field(
        description="the key of a unit cost or of a row of the design's own evidence",
        examples=['"nurse_year"'],
    ),
]


class Form(BaseModel):
    """A table that says nothing but what is listed."""

    model_config = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)


class PeopleForm(Form):
    """Whom a design is for: rules."""

    include: list[str] = Field(min_length=1)
    exclude: list[str] = []
    separately: list[str] = []


class ReachForm(Form):
    """How people are found and asked."""

    every_days: Annotated[int, Field(ge=1, le=3660)]
    invitations_per_10000_a_year: Annotated[float, Field(ge=0.0, le=20000.0)]
    acceptance: Annotated[list[Share], Field(min_length=5, max_length=5)]
    reply_days: Days
    again_after_days: Days
    order: Literal["risk", "chance"] = "risk"


class SupportForm(Form):
    """What people on a design's own pathway receive."""

    months: Annotated[float, Field(gt=0.0, le=240.0)]
    coordinator_contacts: Annotated[int, Field(ge=0, le=1000)]
    assessment_gp_slots: Annotated[int, Field(ge=0, le=20)]
    review_every_days: Days
    review_slots: Annotated[int, Field(ge=0, le=20)]
    mdt_share: Share
    link_worker_share: Share
    group_share: Share
    group_sessions: Annotated[int, Field(ge=0, le=200)]
    drop_out_per_year: Annotated[float, Field(ge=0.0, le=20.0)]


class EffectForm(Form):
    """An effect of a design's own pathway."""

    version: Literal["plan", "published"]
    target: str
    evidence: str
    change: Annotated[float, Field(ge=-100.0, le=100.0)]
    low: float | None = None
    high: float | None = None
    builds_over_years: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0
    fades_over_years: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0
    direct: bool = True
    note: str = ""


class CostForm(Form):
    """One line of what a design costs."""

    line: Said
    kind: Spending
    payer: Payer
    setting: Said
    role: str = ""
    fte_per_10000: Amount = 0.0
    amount: Amount
    unit: CostUnit
    price_year: PriceYear
    first_year: Annotated[int, Field(ge=1, le=100)] = 1
    evidence: PricedBy
    follows: str = ""
    above: Amount = 0.0


class SourceForm(Form):
    """Where one of a design's numbers comes from."""

    key: Said
    value: Figure
    low: Figure | None = None
    high: Figure | None = None
    unit: Said
    source: Said
    basis: Basis
    note: str = ""


class FileForm(Form):
    """A whole design file."""

    name: Name
    title: Annotated[
        str,
        Field(
            max_length=120, description="a text of at most 120 characters", examples=['"My design"']
        ),
    ]
    summary: Said
    source: Said
    systems: list[str] = []
    same_mechanism_as: str = ""
    component: list[dict[str, Any]] = []
    people: PeopleForm | None = None
    reach: ReachForm | None = None
    support: SupportForm | None = None
    set: dict[str, Any] = {}
    money: dict[str, Any] = {}
    effects: list[EffectForm] = []
    costs: list[CostForm] = []
    evidence: list[SourceForm] = []


TARGETS = (
    "demand.practice_consultation",
    "demand.ae_attendance",
    "demand.emergency_admission",
    "demand.outpatient_attendance",
    "demand.elective_admission",
    "blood_pressure",
    "control.hypertension",
    "control.type_2_diabetes",
    "activation",
)
# Settings that count posts, which a line of costs may follow.
POSTS = tuple(one.name for one in SETTINGS.values() if one.unit.startswith("FTE per 10,000"))
