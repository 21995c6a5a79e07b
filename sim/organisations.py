"""The organisations of a run: who decides for each service, and by which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from agents.decisions import (
    RULES,
    AtEndOfPlan,
    FirstCome,
    FixedShare,
    HeldBackLearning,
    HighestRiskFirst,
    Named,
    NeverEscalate,
    OpenWhenQueueing,
    QuickerWhenFull,
    ReferralOrder,
    SoonerWhenQueueing,
    SteadyDischarge,
)
from agents.organisations import (
    AcuteHospital,
    GeneralPractice,
    LinkWorkerService,
    Organisation,
    TeamMeeting,
)
from agents.segments import Segments
from pathways.caseload import Caseload
from pathways.demand import Demand
from pathways.hospital import Hospital
from pathways.pools import usual_valves
from pathways.practice import Practices
from pathways.teams import Meeting

PREFIX = "rules."  # of the settings that choose a rule by its position in ``RULES``


class Organisations:
    """Practices, hospital, link workers and team meeting as agents that decide.

    The services ask them; ``adopt`` changes the rules they decide by.

    Attributes
    ----------
    practices, hospital, link_workers, meeting : the agents
    """

    def __init__(
        self,
        model: Any,
        *,
        practices: Practices,
        hospital: Hospital,
        link_workers: Caseload,
        meeting: Meeting,
        settings: Mapping[str, float],
    ) -> None:
        self._rules = _rules(practices, hospital, settings)
        first = {kind: rules[0].name for kind, rules in RULES.items()}
        rule = {kind: self._rules[name] for kind, name in first.items()}
        self.practices = GeneralPractice(model, "practices", rule["practice_triage"])
        self.hospital = AcuteHospital(
            model, "hospital", rule["hospital_escalation"], rule["hospital_discharge"]
        )
        self.link_workers = LinkWorkerService(model, "link workers", rule["link_worker_closing"])
        self.meeting = TeamMeeting(model, "team meeting", rule["mdt_selection"])
        self._meeting = meeting
        practices.diary.triage = self.practices
        for site in hospital.sites:
            site.beds.decider = self.hospital
        link_workers.close_by(self.link_workers)
        meeting.select_by(self.meeting)

    @property
    def all(self) -> tuple[Organisation, ...]:
        """Every organisation that decides for a service."""
        return (self.practices, self.hospital, self.link_workers, self.meeting)

    @property
    def chosen(self) -> dict[str, str]:
        """The name of the rule that each kind of decision is taken by."""
        rules: dict[str, Named] = {
            "practice_triage": self.practices.triage,
            "hospital_escalation": self.hospital.escalation,
            "hospital_discharge": self.hospital.discharge,
            "link_worker_closing": self.link_workers.closing,
            "mdt_selection": self.meeting.selection,
        }
        return {kind: rule.name for kind, rule in rules.items()}

    def adopt(self, changes: Mapping[str, float]) -> None:
        """Decide from now on by the rules that settings ``rules.KIND`` name by position."""
        for key, number in changes.items():
            if key.startswith(PREFIX):
                kind = key.removeprefix(PREFIX)
                self._adopt(kind, self._rules[RULES[kind][int(number)].name])

    def _adopt(self, kind: str, rule: Any) -> None:
        if kind == "practice_triage":
            self.practices.triage = rule
        elif kind == "hospital_escalation":
            self.hospital.escalation = rule
        elif kind == "hospital_discharge":
            self.hospital.discharge = rule
        elif kind == "link_worker_closing":
            self.link_workers.closing = rule
        else:
            self.meeting.selection = rule
            self._meeting.select_by(self.meeting)  # order the queue anew


def _rules(
    practices: Practices, hospital: Hospital, settings: Mapping[str, float]
) -> dict[str, Any]:
    """Return every rule by name, with the numbers of this place and run."""
    rules = practices.diary.rules
    usual = usual_valves(hospital.rates, hospital.settings)
    early = settings["vcse.early_closing_share"], settings["vcse.early_closing_queue"]
    return {
        HeldBackLearning.name: HeldBackLearning(rules.held_back, rules.held_back_highest),
        FixedShare.name: FixedShare(rules.held_back),
        FirstCome.name: FirstCome(),
        OpenWhenQueueing.name: usual.escalation,
        NeverEscalate.name: NeverEscalate(),
        QuickerWhenFull.name: usual.discharge,
        SteadyDischarge.name: SteadyDischarge(),
        AtEndOfPlan.name: AtEndOfPlan(),
        SoonerWhenQueueing.name: SoonerWhenQueueing(*early),
        HighestRiskFirst.name: HighestRiskFirst(),
        ReferralOrder.name: ReferralOrder(),
    }


def needs_of_referred(segments: Segments, demand: Demand) -> Callable[[int], float]:
    """Return a function of a row: where its risk stands among people referred to a meeting.

    The yardstick is today's residents, weighted by their rates of referral, the same in every
    design; 0 is the lowest risk and 1 the highest.
    """
    here = np.flatnonzero(demand.population.present(0.0))
    risk, rate = segments.risk(here), demand.rate["mdt_review"][here]
    order = np.argsort(risk, kind="stable")
    reach = np.cumsum(rate[order]) / max(float(rate.sum()), 1e-12)
    lowest_first = risk[order]

    def need(row: int) -> float:
        return float(np.interp(segments.risk(np.array([row]))[0], lowest_first, reach))

    return need
