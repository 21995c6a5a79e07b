"""What a design changes in the people it supports, and how that grows and fades.

Each effect has a strength between 0 and 1 for each person: it grows in a straight line while
the person is supported and fades when support has ended. Where several effects act on one
target, their multipliers are multiplied, and together they never take a rate below a floor
that none of them reaches alone (``overlap.floor``). An effect acts through a mechanism (blood
pressure on new disease, activation on use) where studies support one; a direct multiplier of
the rate of need is the last resort and is marked so in the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agents.control import CONDITIONS, Control
from agents.evidence import Evidence
from agents.population import Population
from pathways.calendar import YEAR
from pathways.crises import PRESSURE, PressureCrises
from pathways.crises import TABLE as CRISES
from pathways.design import Effect
from pathways.processes import EXPECTED, PROCESSES

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

# A design speaks of what a study measured; demand has finer processes.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "demand.elective_admission": ("day_case", "elective_inpatient"),
    "demand.outpatient_attendance": ("outpatient_first", "outpatient_follow_up"),
    "demand.ae_attendance": ("ed_attendance",),
}
DEMAND: tuple[str, ...] = (*TARGETS, *(f"demand.{name}" for name in (*PROCESSES, *EXPECTED)))
# What changes in a person while an effect lasts, beside rates of need; ``onset.CONDITION`` too.
CONTROL = "control."  # of the odds that a known condition is treated to target
LASTING = (
    *("blood_pressure", "activation", "continuity", "death"),
    *(f"{CONTROL}{condition}" for condition in CONDITIONS),
)
ONSET = "onset."
ADMITTED = "emergency_admission"
ACTIVATION_LEVELS = (1.0, 4.0)
# What studies of activation compared, and the processes that it acts on.
ACTIVATED: Mapping[str, tuple[str, ...]] = {
    "GP contacts": ("practice_consultation",),
    "A&E attendances": ("ed_attendance",),
    "emergency admissions": ("emergency_admission",),
    "outpatient attendances": ("outpatient_first", "outpatient_follow_up"),
}


def grown(strength: Floats, supported: Bools, days: float, effect: Effect) -> Floats:
    """Return the strength of ``effect`` after ``days`` more.

    Parameters
    ----------
    strength : (n,), 0 to 1
    supported : (n,), whose support goes on
    days : days that have passed
    """
    years = days / YEAR
    up = years / effect.builds_over_years if effect.builds_over_years else 1.0
    down = years / effect.fades_over_years if effect.fades_over_years else 1.0
    return np.clip(strength + np.where(supported, up, -down), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressure:
    """Relative risk of a new condition for each 10 mmHg lower systolic pressure."""

    conditions: tuple[str, ...]
    risk_ratios: tuple[float, ...]

    @classmethod
    def read(cls, evidence: Evidence) -> BloodPressure:
        """Take the ratios from the trials' meta-analysis (E097 to E099)."""
        studies = {
            "coronary_heart_disease": "E097",
            "stroke_tia": "E098",
            "heart_failure": "E099",
        }
        return cls(
            conditions=tuple(studies),
            risk_ratios=tuple(
                evidence.value("intervention_effects", effect_id=study)
                for study in studies.values()
            ),
        )

    def onset_factors(self, mmhg: Floats) -> Floats:
        """Return what a change of ``mmhg`` does to each onset hazard.

        Parameters
        ----------
        mmhg : (n,), change of systolic pressure, negative where lower

        Returns
        -------
        (n, n_conditions), multipliers in the order of ``conditions``
        """
        factors: Floats = np.power(np.array(self.risk_ratios), -mmhg[:, None] / 10.0)
        return factors


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """What one level more of activation does to the rate of each process (a ratio).

    Published ratios are associations, so only a share of their logarithm is taken as caused.
    """

    ratios: Mapping[str, float]

    @classmethod
    def read(cls, evidence: Evidence) -> Activation:
        """Take the ratios of level 4 against level 1 and the causal share."""
        causal = evidence.value("design_settings", key="activation.causal_share")
        levels = evidence.value("design_settings", key="activation.levels")
        found: dict[str, float] = {}
        for name, acted in ACTIVATED.items():
            ratio = evidence.value("mechanisms", mechanism="activation", to=name)
            found |= dict.fromkeys(acted, ratio ** (causal / levels))
        return cls(ratios=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """What seeing one's own GP more often does to the rate of emergency admission.

    Published for admissions that care in the community may prevent, by the usual-provider
    index (share of a person's visits that are with the GP they see most). It is an
    association, so only a share of its logarithm is taken as caused; none where the evidence
    is left as it is, since naming a GP for everybody over 75 changed nothing.

    Attributes
    ----------
    ratio : of the rate of preventable admissions for an index higher by 1
    share : preventable among all emergency admissions
    rise, fall : the most that the index can rise and fall from the mean
    """

    ratio: float
    share: float
    rise: float
    fall: float

    @classmethod
    def read(cls, evidence: Evidence) -> Continuity:
        """Take the study's ratio, the causal share and the mean index."""

        def setting(key: str) -> float:
            return evidence.value("design_settings", key=f"continuity.{key}")

        change = evidence.value("mechanisms", mechanism="continuity", to="ACSC admissions")
        admissions = (
            evidence.value("baseline_demand", service=name, term="england_mean", level="all ages")
            for name in ("emergency_admission_acsc", "emergency_admission")
        )
        preventable, every = admissions
        return cls(
            ratio=(1.0 + change / 100.0) ** (setting("causal_share") / setting("index_step")),
            share=preventable / every,
            rise=1.0 - setting("mean_index"),
            fall=setting("mean_index"),
        )

    def factor(self, change: Floats) -> Floats:
        """Return the multiplier of the rate of emergency admission; 1 where nothing changes."""
        within = np.clip(change, -self.fall, self.rise)
        factor: Floats = 1.0 + self.share * (np.power(self.ratio, within) - 1.0)
        return factor


def floored(product: Floats, strongest: Floats, floor: float) -> Floats:
    """Return the joint multiplier of several effects on one rate: their overlap rule.

    Parameters
    ----------
    product : (n,) all multipliers of the rate, multiplied
    strongest : (n,) the lowest of them
    floor : below this they go together only as far as the strongest goes alone
    """
    return np.maximum(product, np.minimum(floor, strongest))


class Effects:
    """The effects of a design at work in a population.

    ``continuity`` is what the design adds to each person's usual-provider index (None where
    it does nothing to it). ``demand_factor`` holds, by process, what the design does to each
    person's rate; rows are of the whole population. ``step`` moves time on and returns whose
    hazards changed. ``control`` settles who is at target; ``turned`` are the rows for whom the
    last step settled it anew.
    """

    def __init__(
        self,
        effects: Sequence[Effect],
        population: Population,
        evidence: Evidence,
        control: Control | None = None,
    ) -> None:
        self._effects = tuple(effects)
        self._population = population
        self._strength = np.zeros((len(self._effects), len(population)))
        self._pressure = BloodPressure.read(evidence)
        self._floor = evidence.value("design_settings", key="overlap.floor")
        keys = population.conditions
        self._columns = [keys.index(key) for key in self._pressure.conditions if key in keys]
        self._hypertension = keys.index("hypertension") if "hypertension" in keys else None
        self._activates = any(effect.target == "activation" for effect in self._effects)
        self._activation = Activation.read(evidence) if self._activates else None
        self._activation_before = population.activation.copy()
        joins = any(effect.target == "continuity" for effect in self._effects)
        self._continuity = Continuity.read(evidence) if joins else None
        self.continuity: Floats | None = np.zeros(len(population)) if joins else None
        acted = [process for effect in self._effects for process in processes(effect)]
        if self._continuity is not None:
            acted.append(ADMITTED)
        if self._activation is not None:
            acted += self._activation.ratios
        presses = any(effect.target == "blood_pressure" for effect in self._effects)
        self._crises = PressureCrises.read(evidence) if presses else None
        # By which pressure is changed now: of those off target, and of new disease in all.
        self._mmhg, self._mmhg_of_disease = np.zeros((2, len(population)))
        self._control, self.turned = control, np.empty(0, np.int64)
        raised = [one for one in CONDITIONS if self._of(f"{CONTROL}{one}") and one in keys]
        self._odds = {one: control.may_be_raised(one) for one in raised} if control else {}
        self._between = (
            evidence.value(CRISES, key=f"mmhg_off_target.{PRESSURE}")
            if PRESSURE in self._odds
            else 0.0
        )
        if self._crises is not None:
            acted.append(ADMITTED)
        self.demand_factor: dict[str, Floats] = {
            process: np.ones(len(population)) for process in acted
        }

    @property
    def any(self) -> bool:
        """Whether there is any effect at all."""
        return bool(self._effects)

    def step(
        self, reached: Bools | Mapping[str, Bools], days: float, day: float = 0.0
    ) -> tuple[Rows, Rows]:
        """Let ``days`` pass until ``day``; return rows whose demand and whose hazards moved.

        Parameters
        ----------
        reached : (n,), who is supported now, or that by name of the component
        """
        now = [
            reached[effect.component] if isinstance(reached, Mapping) else reached
            for effect in self._effects
        ]
        acting = self._strength.any(axis=0)
        for supported in {id(each): each for each in now}.values():
            acting |= supported
        rows = np.flatnonzero(acting)
        before = self._strength[:, rows]
        for number, effect in enumerate(self._effects):
            self._strength[number, rows] = grown(before[number], now[number][rows], days, effect)
        changed = self._strength[:, rows] != before
        self._raise_control(rows, day)
        # Who becomes known or reaches the target gains or loses by it, however long supported.
        moved = self._press(rows)
        self._activate(rows)
        self._apply_demand(rows)
        demand_rows = rows[changed.any(axis=0) | moved]
        lasting = [n for n, effect in enumerate(self._effects) if on_hazards(effect)]
        hazard_rows = rows[changed[lasting].any(axis=0) | moved]
        self._apply_hazards(hazard_rows)
        return demand_rows, hazard_rows

    def _of(self, target: str) -> list[int]:
        return [n for n, effect in enumerate(self._effects) if effect.target == target]

    def _total(self, target: str, rows: Rows) -> Floats:
        """Return the sum of the present changes of ``target`` in ``rows``."""
        start = np.zeros(len(rows))
        parts = (self._effects[n].change * self._strength[n, rows] for n in self._of(target))
        total: Floats = sum(parts, start)
        return total

    def _product(self, target: str, rows: Rows) -> Floats:
        """Return the product of the present multipliers of ``target`` in ``rows``."""
        product = np.ones(len(rows))
        for n in self._of(target):
            product *= 1.0 + self._effects[n].change * self._strength[n, rows]
        return product

    def _activate(self, rows: Rows) -> None:
        if self._activates:
            raised = self._activation_before[rows] + self._total("activation", rows)
            self._population.activation[rows] = np.clip(raised, *ACTIVATION_LEVELS)

    def _raise_control(self, rows: Rows, day: float) -> None:
        """Let what care adds to the odds of the target decide who of ``rows`` is at it."""
        if self._control is None or not self._odds:
            return
        for condition, odds in self._odds.items():
            odds[rows] = self._product(f"{CONTROL}{condition}", rows)
        self._control.settle(rows, day, self._odds)
        self.turned = rows

    def _press(self, rows: Rows) -> Bools:
        """Take up how far pressure is changed in ``rows``; say for whom it is changed anew."""
        mmhg = self._lowered(rows)
        of_disease = mmhg
        if self._control is not None and PRESSURE in self._odds:
            of_disease = mmhg - self._between * self._control.gained[PRESSURE][rows]
        moved: Bools = mmhg != self._mmhg[rows]
        moved |= of_disease != self._mmhg_of_disease[rows]
        self._mmhg[rows], self._mmhg_of_disease[rows] = mmhg, of_disease
        return moved

    def _apply_demand(self, rows: Rows) -> None:
        if self.continuity is not None:
            self.continuity[rows] = self._total("continuity", rows)
        for process, factor in self.demand_factor.items():
            factor[rows] = self._joint(process, rows)

    def _joint(self, process: str, rows: Rows) -> Floats:
        product, strongest = np.ones(len(rows)), np.ones(len(rows))
        for strength, effect in zip(self._strength, self._effects, strict=True):
            if process in processes(effect):
                multiplier = 1.0 + effect.change * strength[rows]
                product *= multiplier
                np.minimum(strongest, multiplier, out=strongest)
        if self._activation is not None and process in self._activation.ratios:
            gained = self._population.activation[rows] - self._activation_before[rows]
            product *= np.power(self._activation.ratios[process], gained)
        if self._continuity is not None and process == ADMITTED:
            product *= self._continuity.factor(self._total("continuity", rows))
        if self._crises is not None and process == ADMITTED:
            product *= self._crises.factor(self._mmhg[rows])
        return floored(product, strongest, self._floor)

    def _apply_hazards(self, rows: Rows) -> None:
        """Set what care does to the hazards of new disease and death of ``rows``."""
        if not len(rows):
            return
        population = self._population
        self._apply_pressure(rows)
        pressed = self._columns if self._presses else []
        for target in sorted({one.target for one in self._effects if one.target.startswith(ONSET)}):
            column = population.conditions.index(target.removeprefix(ONSET))
            before = population.onset_factor[rows, column] if column in pressed else 1.0
            population.onset_factor[rows, column] = before * self._product(target, rows)
        if self._of("death"):
            population.death_factor[rows] = self._product("death", rows)

    def _apply_pressure(self, rows: Rows) -> None:
        """Set the onset factors of ``rows`` from their change of blood pressure."""
        if self._hypertension is None or not self._presses:
            return
        population = self._population
        factors = self._pressure.onset_factors(self._mmhg_of_disease[rows])
        population.onset_factor[np.ix_(rows, np.array(self._columns))] = factors

    @property
    def _presses(self) -> bool:
        """Whether pressure is changed, in those off target or by bringing them to it."""
        return self._crises is not None or PRESSURE in self._odds

    def _lowered(self, rows: Rows) -> Floats:
        """Return the change of pressure (mmHg) of ``rows``: none but in known ones off target."""
        people, column = self._population, self._hypertension
        if column is None:
            return np.zeros(len(rows))
        treatable = people.diagnosed[rows, column] & ~people.controlled[rows, column]
        return np.where(treatable, self._total("blood_pressure", rows), 0.0)


def on_hazards(effect: Effect) -> bool:
    """Say whether ``effect`` changes hazards of disease or death."""
    return effect.target in ("blood_pressure", "death") or effect.target.startswith(ONSET)


def processes(effect: Effect) -> tuple[str, ...]:
    """Return the demand processes that ``effect`` acts on directly."""
    if not effect.target.startswith("demand."):
        return ()
    return TARGETS.get(effect.target, (effect.target.removeprefix("demand."),))
