"""Named alternatives to how the model is built: what may be switched, and what that replaces.

Where the evidence does not say how a mechanism works, or whether an association is a cause,
the model holds a default and its alternatives under names. An alternative is data: it replaces
evidence numbers by key, or it sets a ``rules.…`` or ``structure.…`` setting of a run, whose
number is the position of the option. Both go through ``RunSpec`` (``replaced`` and
``settings``), so a run's record says what it was built with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.decisions import RULES
from agents.faults import BadInput, Fault, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to build a mechanism.

    ``replaced`` are evidence numbers by key and ``settings`` settings of a run by name.
    """

    name: str
    about: str
    replaced: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A mechanism and the ways to build it; the first option is the default.

    ``acts_on`` are the evidence keys or settings that the options replace, ``measure`` what
    is expected to move first, ``source`` where the alternatives come from.
    """

    name: str
    about: str
    options: tuple[Option, ...]
    measure: str
    source: str

    @property
    def default(self) -> str:
        """The name of the option that the evidence was closed with."""
        return self.options[0].name

    @property
    def acts_on(self) -> tuple[str, ...]:
        """Evidence keys and settings that some option replaces."""
        keys = [key for one in self.options for key in (*one.replaced, *one.settings)]
        return tuple(dict.fromkeys(keys))

    def option(self, name: str) -> Option:
        """Return the option called ``name``; raise ``KeyError`` where there is none."""
        return {one.name: one for one in self.options}[name]


def _off_or(name: str, key: str, options: Mapping[str, tuple[str, float]]) -> tuple[Option, ...]:
    """Return a default option ``name`` that leaves ``key`` alone, and others that replace it."""
    default = Option(name=name, about="as in the evidence")
    others = (
        Option(name=other, about=about, replaced={key: value})
        for other, (about, value) in options.items()
    )
    return (default, *others)


def _rule(kind: str, measure: str) -> Alternative:
    options = tuple(
        Option(
            name=rule.name,
            about=rule.about,
            settings={f"rules.{kind}": float(number)},
        )
        for number, rule in enumerate(RULES[kind])
    )
    keys = [key for rule in RULES[kind] for key in rule.evidence]
    return Alternative(
        name=kind,
        about=f"by which rule the organisation decides: {kind.replace('_', ' ')}",
        options=options,
        measure=measure,
        source=", ".join(dict.fromkeys(keys)),
    )


STRUCTURE: Mapping[str, Alternative] = {
    one.name: one
    for one in (
        _rule("practice_triage", "same-day share of practice visits"),
        _rule("hospital_escalation", "over 12 hours in the emergency department"),
        _rule("hospital_discharge", "occupancy of emergency beds"),
        _rule("link_worker_closing", "vcse_contacts"),
        _rule("mdt_selection", "wait for the team meeting of people at high risk"),
        Alternative(
            name="gp_wait_to_ed",
            about="how many whose request to the practice is not met go to A&E",
            options=_off_or(
                "published",
                "care_settings.practice.leak.ed",
                {
                    "none": ("nobody does (Hull 2018 found no link)", 0.0),
                    "high": ("the upper bound of Cowling 2014", 0.265),
                },
            ),
            measure="ae_from_gp_wait",
            source="mechanisms.csv gp_access",
        ),
        Alternative(
            name="unmet_need",
            about="whether needs that the practice did not meet return worse, at A&E",
            options=(
                Option(name="ends", about="only as today's use already holds it"),
                Option(
                    name="returns",
                    about="one in twenty of those who did without come within weeks",
                    settings={"structure.unmet_returns": 1.0},
                ),
            ),
            measure="ae_from_gp_wait",
            source="mechanisms.csv gp_access; care_settings.csv unmet.*",
        ),
        Alternative(
            name="seasons",
            about="whether demand, stays, beds and staff follow the months",
            options=(
                Option(name="by-month", about="as in seasons.csv, mean one over a year"),
                Option(
                    name="flat",
                    about="the same every month",
                    settings={"structure.seasons": 1.0},
                ),
            ),
            measure="ae_over_12_hours",
            source="seasons.csv",
        ),
        Alternative(
            name="deconditioning",
            about="whether stays in hospital leave frail people a step frailer",
            options=(
                Option(name="off", about="only as published frailty by age already holds it"),
                Option(
                    name="published",
                    about="a third of those who lose independence, half of it by the stay",
                    settings={"structure.deconditioning": 1.0},
                ),
                Option(
                    name="all",
                    about="as published, all of it by the stay",
                    settings={"structure.deconditioning": 1.0},
                    replaced={"deconditioning.causal_share": 1.0},
                ),
            ),
            measure="emergency_admissions of the frail",
            source="mechanisms.csv deconditioning",
        ),
        Alternative(
            name="control",
            about="whether people treated to target are admitted as an emergency less often",
            options=(
                Option(name="published", about="as in control_crises.csv, its causal share"),
                Option(
                    name="none",
                    about="who is off target is just as often admitted",
                    replaced={
                        "control_crises.causal_share.type_2_diabetes": 0.0,
                        "control_crises.causal_share.hypertension": 0.0,
                    },
                ),
                Option(
                    name="all",
                    about="all of the association with blood glucose is caused",
                    replaced={"control_crises.causal_share.type_2_diabetes": 1.0},
                ),
            ),
            measure="emergency_admissions of people off target",
            source="control_crises.csv",
        ),
        Alternative(
            name="workload",
            about="whether heavy work makes practice staff leave",
            options=(
                Option(name="off", about="posts filled as today (no study gives a slope)"),
                Option(
                    name="leaving",
                    about="more leave where over 97% of slots are used; posts stand empty a while",
                    settings={"structure.workload": 1.0},
                ),
            ),
            measure="gp_contacts",
            source="mechanisms.csv workload; staff.csv",
        ),
        Alternative(
            name="giving_up",
            about="how long people will wait for a routine appointment",
            options=_off_or(
                "eight-days",
                "baseline_demand.practice_consultation.give_up.offered wait at which half decline",
                {
                    "five-days": ("half decline at five working days", 5.0),
                    "twelve-days": ("half decline at twelve working days", 12.0),
                },
            ),
            measure="gp_unmet",
            source="baseline_demand.csv practice_consultation give_up",
        ),
        Alternative(
            name="bed_pool",
            about="how large a pool of emergency beds acts as one",
            options=_off_or(
                "ward-group",
                "hospital_settings.beds.pool_size",
                {
                    "large": ("90 beds, the top of the range", 90.0),
                    "small": ("60 beds, below the range", 60.0),
                },
            ),
            measure="ae_over_4_hours",
            source="care_closure.md rule 2",
        ),
        Alternative(
            name="activation",
            about="how much of the association of activation with use is a cause",
            options=_off_or(
                "quarter",
                "design_settings.activation.causal_share",
                {"none": ("none of it", 0.0), "half": ("half of the log ratio", 0.5)},
            ),
            measure="emergency_admissions",
            source="mechanisms.csv activation",
        ),
        Alternative(
            name="continuity",
            about="how much of the association of one's own GP with admissions is a cause",
            options=_off_or(
                "none",
                "design_settings.continuity.causal_share",
                {"half": ("half of the log ratio", 0.5), "all": ("all of it", 1.0)},
            ),
            measure="emergency_admissions",
            source="mechanisms.csv continuity",
        ),
        Alternative(
            name="isolation",
            about="how much of the association of isolation with use is a cause",
            options=(
                Option(name="published", about="practice visits only, half of the log ratio"),
                Option(
                    name="none",
                    about="none of it",
                    replaced={"network.causal_share.practice_consultation": 0.0},
                ),
                Option(
                    name="all",
                    about="practice visits wholly, admissions and A&E by half",
                    replaced={
                        "network.causal_share.practice_consultation": 1.0,
                        "network.causal_share.emergency_admission": 0.5,
                        "network.causal_share.ed_attendance": 0.5,
                    },
                ),
            ),
            measure="gp_contacts",
            source="mechanisms.csv isolation",
        ),
    )
}


def chosen(choices: Mapping[str, str], where: str, key: str = "structure") -> Option:
    """Return what a choice of alternatives replaces and sets, all together.

    Raises
    ------
    BadInput
        With a fault for every unknown alternative or option.
    """
    faults = [fault for name in choices if (fault := _fault(name, choices[name], where, key))]
    if faults:
        raise BadInput(faults)
    replaced: dict[str, float] = {}
    settings: dict[str, float] = {}
    for name, option in choices.items():
        one = STRUCTURE[name].option(option)
        replaced |= one.replaced
        settings |= one.settings
    return Option(name="chosen", about="", replaced=replaced, settings=settings)


def _fault(name: str, option: object, where: str, key: str) -> Fault | None:
    alternative = STRUCTURE.get(name)
    if alternative is None:
        alike = nearest(name, STRUCTURE)
        return Fault(
            where=where,
            key=f"{key}: {name}",
            found="an unknown alternative",
            allowed=", ".join(STRUCTURE),
            remedy=f"did you mean {alike}?" if alike else "choose one of these",
        )
    names = [one.name for one in alternative.options]
    if option in names:
        return None
    alike = nearest(str(option), names)
    return Fault(
        where=where,
        key=f"{key}: {name}",
        found=repr(option),
        allowed=", ".join(names),
        remedy=f"did you mean {alike}?" if alike else "choose one of these",
    )
